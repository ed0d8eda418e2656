"""Element-wise functions and primitives, each with its NumPy source and its derivative.

Every function takes arrays and gives an array, or takes expressions and gives an expression. Where a derivative does
not exist a convention holds: relu′(0) = 0, |x|′ = 0 at 0, and at a tie of maximum or minimum each side gets half.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from .algebra import add, multiply, negative, network, ones, square, subtract, sum_axes, zeros
from .errors import ShapeError
from .expression import (
    Array,
    Constant,
    Elementwise,
    Expression,
    Function,
    Network,
    Prime,
    Primitive,
    Rule,
    Term,
    as_expression,
    as_real_array,
)
from .index_maps import Concatenate
from .sizes import Shape
from .terms import tidy


@lru_cache(maxsize=256)
def _callable(template: str, arguments: int) -> Callable[..., Any]:
    """A function from one of the templates of this module (never from a user's text)."""
    names = [f"a{k}" for k in range(arguments)]
    return eval(f"lambda {', '.join(names)}: {template.format(*names)}", {"np": np})  # type: ignore[no-any-return]  # noqa: S307


def _is_expression(*values: Any) -> bool:
    return any(isinstance(value, Expression) for value in values)


def apply(function: Function, *args: Any) -> Any:
    """`function` of arrays as an array, of expressions as an expression."""
    if _is_expression(*args):
        return function(*(as_expression(arg) for arg in args))
    arrays = [as_real_array(arg, f"argument {k + 1} of {function.name}") for k, arg in enumerate(args)]
    return _callable(function.template, len(args))(*arrays)


# --- element-wise functions -----------------------------------------------------------------------------------------

EXP: Function = Function("exp", "np.exp({0})", lambda args, value: (value,))
LOG: Function = Function("log", "np.log({0})", lambda args, value: (RECIPROCAL(args[0]),))
LOG1P: Function = Function("log1p", "np.log1p({0})", lambda args, value: (RECIPROCAL(add(1.0, args[0])),))
EXPM1: Function = Function("expm1", "np.expm1({0})", lambda args, value: (EXP(args[0]),))
SIN: Function = Function("sin", "np.sin({0})", lambda args, value: (COS(args[0]),))
COS: Function = Function("cos", "np.cos({0})", lambda args, value: (negative(SIN(args[0])),))
TAN: Function = Function("tan", "np.tan({0})", lambda args, value: (add(1.0, square(value)),))
SINH: Function = Function("sinh", "np.sinh({0})", lambda args, value: (COSH(args[0]),))
COSH: Function = Function("cosh", "np.cosh({0})", lambda args, value: (SINH(args[0]),))
ARCTAN: Function = Function("arctan", "np.arctan({0})", lambda args, value: (RECIPROCAL(add(1.0, square(args[0]))),))
SQRT: Function = Function("sqrt", "np.sqrt({0})", lambda args, value: (multiply(0.5, RECIPROCAL(value)),))
RECIPROCAL: Function = Function("reciprocal", "1.0 / {0}", lambda args, value: (negative(square(value)),))
SIGN: Function = Function("sign", "np.sign({0})", lambda args, value: (zeros(()),))
ABS: Function = Function("abs", "np.abs({0})", lambda args, value: (SIGN(args[0]),))
STEP: Function = Function("step", "np.heaviside({0}, 0.0)", lambda args, value: (zeros(()),))
HALF_STEP: Function = Function("half_step", "np.heaviside({0}, 0.5)", lambda args, value: (zeros(()),))
DIVIDE: Function = Function(
    "divide", "{0} / {1}", lambda args, value: (RECIPROCAL(args[1]), negative(DIVIDE(value, args[1])))
)
POWER: Function = Function(
    "power",
    "{0} ** {1}",
    lambda args, value: (
        multiply(args[1], POWER(args[0], subtract(args[1], 1.0))),
        multiply(value, LOG(args[0])),
    ),
)
MAXIMUM: Function = Function(
    "maximum",
    "np.maximum({0}, {1})",
    lambda args, value: (HALF_STEP(subtract(args[0], args[1])), HALF_STEP(subtract(args[1], args[0]))),
)
MINIMUM: Function = Function(
    "minimum",
    "np.minimum({0}, {1})",
    lambda args, value: (HALF_STEP(subtract(args[1], args[0])), HALF_STEP(subtract(args[0], args[1]))),
)
LOGADDEXP: Function = Function(
    "logaddexp",
    "np.logaddexp({0}, {1})",
    lambda args, value: (SIGMOID(subtract(args[0], args[1])), SIGMOID(subtract(args[1], args[0]))),
)

SIGMOID: Function = Function(
    "sigmoid",
    "np.exp(np.minimum({0}, 0.0)) / (1.0 + np.exp(-np.abs({0})))",  # no exponential of a large number
    lambda args, value: (multiply(value, subtract(1.0, value)),),
    activation=True,
)
TANH: Function = Function("tanh", "np.tanh({0})", lambda args, value: (subtract(1.0, square(value)),), activation=True)
RELU: Function = Function("relu", "np.maximum({0}, 0.0)", lambda args, value: (STEP(args[0]),), activation=True)
SOFTPLUS: Function = Function(
    "softplus", "np.logaddexp(0.0, {0})", lambda args, value: (SIGMOID(args[0]),), activation=True
)

#: The activations that networks take, by name.
ACTIVATIONS = {function.name: function for function in (SIGMOID, TANH, RELU, SOFTPLUS)}


def sigmoid(z: Any) -> Any:
    """1 / (1 + e^−z), entry by entry; stable for large |z|.

    >>> float(sigmoid(0.0))
    0.5
    """
    return apply(SIGMOID, z)


def tanh(z: Any) -> Any:
    """The hyperbolic tangent, entry by entry; `np.tanh` of an expression is the same."""
    return apply(TANH, z)


def relu(z: Any) -> Any:
    """max(z, 0), entry by entry; its derivative at 0 is 0 by convention."""
    return apply(RELU, z)


def softplus(z: Any) -> Any:
    """log(1 + e^z), entry by entry; stable for large |z|."""
    return apply(SOFTPLUS, z)


def divide(a: Any, b: Any) -> Expression:
    """a / b, entry by entry; by an unnamed number it is a product."""
    a, b = as_expression(a), as_expression(b)
    if isinstance(b, Constant) and b.name is None and not b.shape and float(b.value) != 0.0:
        return multiply(a, 1.0 / float(b.value))
    if isinstance(a, Constant) and a.name is None and not a.shape and float(a.value) == 1.0:
        return RECIPROCAL(b)
    return DIVIDE(a, b)


def power(a: Any, b: Any) -> Expression:
    """a ** b, entry by entry; whole exponents 0, 1, 2 are products."""
    base: Expression = as_expression(a)
    b = as_expression(b)
    if isinstance(b, Constant) and b.name is None and not b.shape:
        exponent = float(b.value)
        if exponent == 0.0:
            return ones(base.shape)
        if exponent == 1.0:
            return base
        if exponent == 2.0:
            return square(base)
        if exponent == 0.5:
            return SQRT(base)
        if exponent == -1.0:
            return RECIPROCAL(base)
    return POWER(base, b)


# --- the derivative of an element-wise function, by its arguments ----------------------------------------------------


def partials(node: Elementwise) -> tuple[Expression, ...]:
    """∂node/∂argument, entry by entry, for each argument: expressions that broadcast to the node's shape.

    An activation gives σ′(z), one further derivative for each time it was differentiated before.
    """
    function = node.function
    if isinstance(function, Prime):
        return (prime(function.base, function.order + 1, node.args[0]),)
    if function.activation:
        return (prime(function, 1, node.args[0]),)
    return tuple(as_expression(partial) for partial in function.partials(node.args, node))


def prime(base: Function, order: int, z: Expression) -> Expression:
    """The `order`-th derivative of an activation at z; zero where it is zero everywhere (relu″)."""
    node = Elementwise.of(Prime(base, order), (z,))
    meaning = definition(node)
    return meaning if isinstance(meaning, Network) and not meaning.terms else node


@lru_cache(maxsize=4096)
def definition(node: Elementwise) -> Expression:
    """What σ′(z), σ″(z), … are in terms of σ(z): `s ⊙ (1 − s)` and so on."""
    assert isinstance(node.function, Prime)
    base, order = node.function.base, node.function.order
    (z,) = node.args
    if order == 1:
        (first,) = base.partials((z,), base(z))
        return _full(as_expression(first), z.shape)
    below = Elementwise.of(Prime(base, order - 1), (z,))
    return _full(pointwise_derivative(definition(below), z, {}), z.shape)


def _full(value: Expression, shape: Shape) -> Expression:
    if value.shape == shape:
        return value
    return zeros(shape) if isinstance(value, Constant) and not value.value else multiply(value, ones(shape))


def pointwise_derivative(value: Expression, z: Expression, known: dict[int, Expression]) -> Expression:
    """The derivative, entry by entry, of an expression that is made of z by element-wise operations alone."""
    if value is z:
        return Constant.of(1.0)
    if value.serial in known:
        return known[value.serial]
    result: Expression = zeros(())
    if isinstance(value, Elementwise):
        for arg, partial in zip(value.args, partials(value), strict=True):
            result = add(result, multiply(partial, pointwise_derivative(arg, z, known)))
    elif isinstance(value, Network):
        for term in value.terms:
            for k, operand in enumerate(term.operands):
                inner = pointwise_derivative(operand, z, known)
                factors = [other for m, other in enumerate(term.operands) if m != k]
                product = multiply(term.coefficient, inner)
                for factor in factors:
                    product = multiply(product, factor)
                result = add(result, product)
    known[value.serial] = result
    return result


# --- functions of whole arrays ----------------------------------------------------------------------------------------


def _same_shape(args: tuple[Expression, ...]) -> Shape:
    return args[0].shape


def _without_last(args: tuple[Expression, ...]) -> Shape:
    return args[0].shape[:-1]


def _softmax_local(node: Primitive) -> tuple[list[Term], ...]:
    rank = node.ndim
    rows, i, j = tuple(range(rank - 1)), rank - 1, rank
    sizes = {**dict(enumerate(node.shape)), j: node.shape[-1]}
    tail = tuple(reversed(rows))
    diagonal = tidy(1.0, [node], [(*rows, i)], (*rows, i, i, *tail), sizes | {j: 1})
    outer = tidy(-1.0, [node, node], [(*rows, i), (*rows, j)], (*rows, i, j, *tail), sizes)
    return ([diagonal, outer],)


def _logsumexp_local(node: Primitive) -> tuple[list[Term], ...]:
    rank = node.ndim
    rows, i = tuple(range(rank)), rank
    (z,) = node.args
    p = Primitive.of(SOFTMAX, z)
    return ([tidy(1.0, [p], [(*rows, i)], (*rows, i, *reversed(rows)), dict(enumerate(z.shape)))],)


def _cross_entropy_local(node: Primitive) -> tuple[list[Term], ...]:
    logits, target = node.args
    rank = logits.ndim
    axes = tuple(range(rank))
    p = Primitive.of(SOFTMAX, logits)
    mass = sum_axes(target, [-1])
    by_logits = subtract(network([mass, p], [axes[:-1], axes], axes), target)
    normaliser = Primitive.of(LOGSUMEXP, logits)
    by_target = subtract(network([normaliser], [axes[:-1]], axes, dict(enumerate(logits.shape))), logits)
    return ([_term_of(by_logits, axes)], [_term_of(by_target, axes)])


def _term_of(value: Expression, axes: tuple[int, ...]) -> Term:
    return tidy(1.0, [value], [axes], tuple(reversed(axes)), dict(enumerate(value.shape)))


SOFTMAX: Rule = Rule("softmax", "softmax({0})", _same_shape, _softmax_local)
LOGSUMEXP: Rule = Rule("logsumexp", "logsumexp({0})", _without_last, _logsumexp_local)
CROSS_ENTROPY: Rule = Rule("cross_entropy", "cross_entropy({0}, {1})", lambda args: (), _cross_entropy_local)

#: NumPy source of the primitives, for generated code that runs on its own.
HELPERS = {
    "softmax": (
        "def softmax(z):\n"
        "    e = np.exp(z - z.max(axis=-1, keepdims=True))\n"
        "    return e / e.sum(axis=-1, keepdims=True)\n"
    ),
    "logsumexp": (
        "def logsumexp(z):\n"
        "    m = z.max(axis=-1, keepdims=True)\n"
        "    return np.log(np.exp(z - m).sum(axis=-1)) + m[..., 0]\n"
    ),
    "cross_entropy": (
        "def cross_entropy(z, t):\n"
        "    m = z.max(axis=-1, keepdims=True)\n"
        "    log_p = z - m - np.log(np.exp(z - m).sum(axis=-1, keepdims=True))\n"
        "    return -(t * log_p).sum()\n"
    ),
}


@lru_cache(maxsize=1)
def _helpers() -> dict[str, Callable[..., Any]]:
    namespace: dict[str, Any] = {"np": np}
    for source in HELPERS.values():
        exec(source, namespace)  # noqa: S102 - our own text, above
    return namespace


def _on_last_axis(rule: Rule, z: Any) -> Any:
    value = as_expression(z) if _is_expression(z) else as_real_array(z, f"the argument of {rule.name}")
    if not value.shape:
        raise ShapeError(f"{rule.name}: works along the last axis and got a scalar; give it a vector or a matrix")
    return Primitive.of(rule, value) if isinstance(value, Expression) else _helpers()[rule.name](value)


def softmax(z: Any) -> Any:
    """e^z divided by its sum, along the last axis; stable for large z. Its Jacobian is diag(p) − p pᵀ.

    >>> softmax(np.zeros(2)).tolist()
    [0.5, 0.5]
    """
    return _on_last_axis(SOFTMAX, z)


def logsumexp(z: Any) -> Any:
    """log Σ e^z along the last axis; stable for large z. Its derivative is softmax(z)."""
    return _on_last_axis(LOGSUMEXP, z)


def cross_entropy(logits: Any, target: Any) -> Any:
    """−Σ target ⊙ log softmax(logits), a scalar; softmax is along the last axis and the sum over all axes.

    `target` has the shape of `logits`: probabilities, or a one-hot row a sample. The derivative by the logits is
    softmax(logits) Σtarget − target; where the target sums to one, as probabilities do, that is p − t. Raises
    `ShapeError` if the shapes differ.
    """
    symbolic = _is_expression(logits, target)
    convert: Callable[[Any, str], Any] = (lambda value, _: as_expression(value)) if symbolic else as_real_array
    z, t = convert(logits, "the logits"), convert(target, "the target")
    if z.shape != t.shape or not z.shape:
        hint = "; class numbers become one-hot rows with np.eye(n)[labels]" if len(t.shape) == len(z.shape) - 1 else ""
        raise ShapeError(
            f"cross_entropy: the logits have shape {z.shape} and the target {t.shape}; both are vectors (or stacks of "
            f"them) of the same shape{hint}"
        )
    return Primitive.of(CROSS_ENTROPY, z, t) if symbolic else _helpers()["cross_entropy"](z, t)


def half_squared_norm(r: Any) -> Any:
    """½‖r‖², a scalar: half the sum of the squares of all entries. Its derivative is rᵀ (Proposition 2).

    >>> float(half_squared_norm(np.array([3.0, 4.0])))
    12.5
    """
    if isinstance(r, Expression):
        axes = tuple(range(r.ndim))
        return network([r, r], [axes, axes], (), coefficient=0.5)
    array = as_real_array(r, "the argument of half_squared_norm").ravel()
    return 0.5 * (array @ array)


def append_one(x: Any) -> Any:
    """x̃ = (x₁, …, x_d, 1): a vector with a 1 at its end (Proposition 2); each row of a matrix likewise.

    >>> append_one(np.array([2.0, 3.0])).tolist()
    [2.0, 3.0, 1.0]
    """
    if not isinstance(x, Expression):
        array: Array = as_real_array(x, "the argument of append_one")
        if not array.shape:
            raise ShapeError("append_one: expected a vector (or rows), got a scalar")
        return np.concatenate([array, np.ones((*array.shape[:-1], 1), dtype=array.dtype)], axis=-1)
    if not x.shape:
        raise ShapeError("append_one: expected a vector (or rows), got a scalar")
    return Concatenate.of([x, ones((*x.shape[:-1], 1))], x.ndim - 1)
