"""`jacobians`: an explicit Jacobian-tensor calculus on NumPy and opt_einsum.

The derivative of a vector in R^p by an n×m matrix is a p×m×n tensor, the chain rule is a contraction, and
backpropagation is the product ∂ℓ/∂r · ∂r/∂s · ∂s/∂z · ∂z/∂W̃, written out.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import implicit, networks, numpy_protocol  # noqa: F401
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
from .render import notebook as _notebook  # noqa: F401
from .transforms import grad, hessian, jacobian, jvp, vjp

if TYPE_CHECKING:
    from . import testing
    from .explaining.teacher import explain
    from .reading.entry import parse, shape_of
    from .render.drawing import Drawing, draw
    from .reports import Report
    from .verification import check_derivative

__version__ = "0.1.0"

#: What reads, checks, explains and draws is loaded when it is first asked for: who only derives does not wait for it.
_LOADED_LATER = {
    "Drawing": "render.drawing",
    "Report": "reports",
    "check_derivative": "verification",
    "draw": "render.drawing",
    "explain": "explaining.teacher",
    "parse": "reading.entry",
    "shape_of": "reading.entry",
    "testing": "testing",
}


def __getattr__(name: str) -> Any:
    if name not in _LOADED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_LOADED_LATER[name]}", __name__)
    value = module if name == _LOADED_LATER[name] else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


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
