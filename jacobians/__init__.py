"""`jacobians`: an explicit Jacobian-tensor calculus on NumPy and opt_einsum.

The derivative of a vector in R^p by an n×m matrix is a p×m×n tensor, the chain rule is a contraction, and
backpropagation is the product ∂ℓ/∂r · ∂r/∂s · ∂s/∂z · ∂z/∂W̃, written out.
"""

from . import implicit, networks, numpy_protocol, testing  # noqa: F401
from .compiling import Compiled, compile  # noqa: A004 - the name is the field's
from .errors import (
    DataError,
    JacobiansError,
    LayoutError,
    MaterializationError,
    NamingError,
    OptionError,
    ParseError,
    ShapeError,
    UnsupportedError,
)
from .evaluation import Cost, cost, evaluate
from .explaining.teacher import explain
from .expression import Expression, constant, matrix, scalar, tensor, vector
from .functions import (
    append_one,
    cross_entropy,
    half_squared_norm,
    logsumexp,
    relu,
    sigmoid,
    softmax,
    softplus,
    tanh,
)
from .jacobian_tensor import Jacobian, derivative
from .layers import attention, layer_norm, log_softmax
from .layout import LAYOUTS, collapse, convert_layout, derivative_item, derivative_shape
from .products import diag, outer, tensor_product, vector_tensor
from .reading.entry import parse, shape_of
from .render import notebook as _notebook  # noqa: F401
from .render.drawing import Drawing, draw
from .reports import Report
from .transforms import grad, hessian, jacobian, jvp, vjp
from .verification import check_derivative

__version__ = "0.1.0"

__all__ = [
    "LAYOUTS",
    "Compiled",
    "Cost",
    "DataError",
    "Drawing",
    "Expression",
    "Jacobian",
    "JacobiansError",
    "LayoutError",
    "MaterializationError",
    "NamingError",
    "OptionError",
    "ParseError",
    "Report",
    "ShapeError",
    "UnsupportedError",
    "append_one",
    "attention",
    "check_derivative",
    "collapse",
    "compile",
    "constant",
    "convert_layout",
    "cost",
    "cross_entropy",
    "derivative",
    "derivative_item",
    "derivative_shape",
    "diag",
    "draw",
    "evaluate",
    "explain",
    "grad",
    "half_squared_norm",
    "hessian",
    "implicit",
    "jacobian",
    "jvp",
    "layer_norm",
    "log_softmax",
    "logsumexp",
    "matrix",
    "networks",
    "outer",
    "parse",
    "relu",
    "scalar",
    "shape_of",
    "sigmoid",
    "softmax",
    "softplus",
    "tanh",
    "tensor",
    "tensor_product",
    "testing",
    "vector",
    "vector_tensor",
    "vjp",
]
