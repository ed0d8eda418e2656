"""`jacobians`: an explicit Jacobian-tensor calculus on NumPy and opt_einsum.

The derivative of a vector in R^p with respect to an n×m matrix is a p×m×n tensor, the chain rule is a contraction, and
backpropagation is the product ∂ℓ/∂r · ∂r/∂s · ∂s/∂z · ∂z/∂W̃, written out.
"""

from . import _starting  # noqa: F401 - first: from here on Ctrl-C ends the program quietly

# isort: split
from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import _moved, implicit, networks  # noqa: F401
from .compiler.compiled import Compiled
from .compiler.compiling import compile  # noqa: A004 - the name is the field's
from .compiler.costs import Cost, cost
from .compiler.evaluation import evaluate
from .differentiation.freezing import jit
from .differentiation.jacobian_tensor import Jacobian, derivative
from .differentiation.transforms import grad, hessian, jacobian, jvp, vjp
from .errors import (
    DataError,
    JacobiansError,
    LayoutError,
    MaterializationError,
    NamingError,
    OptionError,
    ParseError,
    ShapeError,
    SingularMatrixError,
    UnsupportedError,
)
from .expressions.nodes import Expression, constant, matrix, scalar, tensor, vector
from .functions.activations import (
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
from .functions.layers import attention, layer_norm, log_softmax
from .functions.products import diag, outer, tensor_product, vector_tensor
from .numpy_api import protocol as numpy_protocol  # noqa: F401
from .render.output import notebook as _notebook  # noqa: F401
from .shapes.layout import LAYOUTS, collapse, convert_layout, derivative_item, derivative_shape

if TYPE_CHECKING:
    from . import testing
    from .checking.reports import Report
    from .checking.verification import check_derivative
    from .explaining.derivation_builder import explain
    from .importers.jaxprs import from_jax
    from .importers.torch_exports import from_torch
    from .reading.entry import parse, shape_of
    from .render.drawing import Drawing, draw

__version__ = "0.1.0"

#: What reads, checks, explains and draws is loaded when it is first asked for: who only derives does not wait for it.
_LOADED_LATER = {
    "Drawing": "render.drawing",
    "Report": "checking.reports",
    "check_derivative": "checking.verification",
    "draw": "render.drawing",
    "from_jax": "importers.jaxprs",
    "from_torch": "importers.torch_exports",
    "explain": "explaining.derivation_builder",
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
    "SingularMatrixError",
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
    "from_jax",
    "from_torch",
    "grad",
    "half_squared_norm",
    "hessian",
    "implicit",
    "jacobian",
    "jit",
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
