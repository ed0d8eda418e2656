"""Element-wise functions, each with its NumPy source and its partial derivatives as expressions.

Where a derivative does not exist a convention holds: relu′(0) = 0, |x|′ = 0 at 0, at a tie of maximum or minimum each
side gets half, and functions that are constant by pieces (sign, floor, comparisons) have derivative 0. Where it is
infinite it is inf (√x at 0). Both sides of a `where` are computed: an infinite derivative of the one that is not taken
is multiplied by 0, which is nan, as in autograd and JAX; move the argument away from there in that branch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from math import log
from typing import Any

import numpy as np

from ..errors import DataError, ShapeError
from ..expressions.array_protocol import Writable
from ..expressions.nodes import (
    ALWAYS,
    Constant,
    EinsumSum,
    Elementwise,
    Expression,
    Function,
    Prime,
    Sign,
    as_expression,
    as_real_array,
    holds_expressions,
)
from ..shapes.sizes import Shape
from .operators import add, multiply, negative, ones, square, subtract, zeros


@lru_cache(maxsize=256)
def numpy_function(function: Function, arguments: int) -> Callable[..., Any]:
    """An element-wise function of arrays, from its template (never from a user's text); truth values are 1 and 0."""
    names = [f"a{k}" for k in range(arguments)]
    text = f"lambda {', '.join(names)}: {function.template.format(*names)}"
    evaluated: Callable[..., Any] = eval(text, {"np": np})  # noqa: S307
    if not function.condition:
        return evaluated
    return lambda *arrays: evaluated(*arrays).astype(np.result_type(*arrays))


def is_expression(*values: Any) -> bool:
    """Whether one of several values is an expression, or holds expressions as a list or a writable array does."""
    return any(isinstance(value, (Expression, Writable)) or holds_expressions(value) for value in values)


def apply(function: Function, *args: Any) -> Any:
    """`function` of arrays as an array, of expressions as an expression."""
    if is_expression(*args):
        return function(*(as_expression(arg) for arg in args))
    arrays = [as_real_array(arg, f"argument {k + 1} of {function.name}") for k, arg in enumerate(args)]
    return numpy_function(function, len(args))(*arrays)


# --- element-wise functions -----------------------------------------------------------------------------------------

#: The sign of what is never negative where its argument is not.
AS_ARGUMENT: Sign = ((0,),)

EXP: Function = Function("exp", "np.exp({0})", lambda args, value: (value,), sign=ALWAYS, monotone=1)
LOG: Function = Function("log", "np.log({0})", lambda args, value: (RECIPROCAL(args[0]),), monotone=1)
LOG1P: Function = Function(
    "log1p", "np.log1p({0})", lambda args, value: (RECIPROCAL(add(1.0, args[0])),), sign=AS_ARGUMENT, monotone=1
)
EXPM1: Function = Function("expm1", "np.expm1({0})", lambda args, value: (EXP(args[0]),), sign=AS_ARGUMENT, monotone=1)
SIN: Function = Function("sin", "np.sin({0})", lambda args, value: (COS(args[0]),))
COS: Function = Function("cos", "np.cos({0})", lambda args, value: (negative(SIN(args[0])),))
TAN: Function = Function("tan", "np.tan({0})", lambda args, value: (add(1.0, square(value)),))
SINH: Function = Function("sinh", "np.sinh({0})", lambda args, value: (COSH(args[0]),), sign=AS_ARGUMENT, monotone=1)
COSH: Function = Function("cosh", "np.cosh({0})", lambda args, value: (SINH(args[0]),), sign=ALWAYS)
ARCTAN: Function = Function(
    "arctan",
    "np.arctan({0})",
    lambda args, value: (RECIPROCAL(add(1.0, square(args[0]))),),
    sign=AS_ARGUMENT,
    monotone=1,
)
SQRT: Function = Function(
    "sqrt", "np.sqrt({0})", lambda args, value: (multiply(0.5, RECIPROCAL(value)),), sign=ALWAYS, monotone=1
)
#: Of a sum of squares that was multiplied out: rounding may leave it below zero.
ROOT_OF_SQUARES: Function = Function("sqrt", "np.sqrt(np.maximum({0}, 0.0))", SQRT.partials, sign=ALWAYS, monotone=1)
RECIPROCAL: Function = Function(
    "reciprocal", "1.0 / {0}", lambda args, value: (negative(square(value)),), sign=AS_ARGUMENT
)
SIGN: Function = Function("sign", "np.sign({0})", lambda args, value: (zeros(()),), sign=AS_ARGUMENT, monotone=1)
ABS: Function = Function("abs", "np.abs({0})", lambda args, value: (SIGN(args[0]),), sign=ALWAYS)
STEP: Function = Function("step", "np.heaviside({0}, 0.0)", lambda args, value: (zeros(()),), sign=ALWAYS, monotone=1)
HALF_STEP: Function = Function(
    "half_step", "np.heaviside({0}, 0.5)", lambda args, value: (zeros(()),), sign=ALWAYS, monotone=1
)
EXP2: Function = Function(
    "exp2", "np.exp2({0})", lambda args, value: (multiply(log(2.0), value),), sign=ALWAYS, monotone=1
)
LOG2: Function = Function(
    "log2", "np.log2({0})", lambda args, value: (multiply(1 / log(2.0), RECIPROCAL(args[0])),), monotone=1
)
LOG10: Function = Function(
    "log10", "np.log10({0})", lambda args, value: (multiply(1 / log(10.0), RECIPROCAL(args[0])),), monotone=1
)
CBRT: Function = Function(
    "cbrt",
    "np.cbrt({0})",
    lambda args, value: (multiply(1 / 3, RECIPROCAL(square(value))),),
    sign=AS_ARGUMENT,
    monotone=1,
)
ARCSIN: Function = Function(
    "arcsin", "np.arcsin({0})", lambda args, value: (_inverse_root(1.0, -1.0, args[0]),), sign=AS_ARGUMENT, monotone=1
)
ARCCOS: Function = Function(
    "arccos",
    "np.arccos({0})",
    lambda args, value: (negative(_inverse_root(1.0, -1.0, args[0])),),
    sign=ALWAYS,
    monotone=-1,
)
ARCSINH: Function = Function(
    "arcsinh", "np.arcsinh({0})", lambda args, value: (_inverse_root(1.0, 1.0, args[0]),), sign=AS_ARGUMENT, monotone=1
)
ARCCOSH: Function = Function(
    "arccosh", "np.arccosh({0})", lambda args, value: (_inverse_root(-1.0, 1.0, args[0]),), sign=ALWAYS, monotone=1
)
ARCTANH: Function = Function(
    "arctanh",
    "np.arctanh({0})",
    lambda args, value: (RECIPROCAL(subtract(1.0, square(args[0]))),),
    sign=AS_ARGUMENT,
    monotone=1,
)
FLOOR: Function = Function("floor", "np.floor({0})", lambda args, value: (zeros(()),), sign=AS_ARGUMENT, monotone=1)
CEIL: Function = Function("ceil", "np.ceil({0})", lambda args, value: (zeros(()),), sign=AS_ARGUMENT, monotone=1)
RINT: Function = Function("rint", "np.rint({0})", lambda args, value: (zeros(()),), sign=AS_ARGUMENT, monotone=1)
TRUNC: Function = Function("trunc", "np.trunc({0})", lambda args, value: (zeros(()),), sign=AS_ARGUMENT, monotone=1)
DIVIDE: Function = Function(
    "divide", "{0} / {1}", lambda args, value: (RECIPROCAL(args[1]), negative(DIVIDE(value, args[1]))), sign=((0, 1),)
)
#: a / b where a vanishes with b and faster: 0 at 0.
LIMIT_QUOTIENT: Function = Function(
    "divide",
    "{0} / np.where({1} == 0.0, 1.0, {1})",
    lambda args, value: (RECIPROCAL(args[1]), negative(DIVIDE(value, args[1]))),
    shown=lambda args: DIVIDE(*args),
)
#: Logarithms beside a factor that vanishes with their argument: x log x is 0 at 0.
LIMIT_LOG: dict[Function, Function] = {
    log_of: Function(
        log_of.name,
        log_of.template.format("np.where({0} == 0.0, 1.0, {0})"),
        log_of.partials,
        shown=lambda args, log_of=log_of: Elementwise.of(log_of, args),  # type: ignore[misc]
    )
    for log_of in (LOG, LOG2, LOG10)
}
POWER: Function = Function(
    "power",
    "{0} ** {1}",
    lambda args, value: (
        multiply(args[1], POWER(args[0], _one_less(args[1]))),
        multiply(value, LOG(args[0])),
    ),
    sign=AS_ARGUMENT,
)
MAXIMUM: Function = Function(
    "maximum",
    "np.maximum({0}, {1})",
    lambda args, value: (HALF_STEP(subtract(args[0], args[1])), HALF_STEP(subtract(args[1], args[0]))),
    sign=((0,), (1,)),
    monotone=1,
)
MINIMUM: Function = Function(
    "minimum",
    "np.minimum({0}, {1})",
    lambda args, value: (HALF_STEP(subtract(args[1], args[0])), HALF_STEP(subtract(args[0], args[1]))),
    sign=((0, 1),),
    monotone=1,
)
LOGADDEXP: Function = Function(
    "logaddexp",
    "np.logaddexp({0}, {1})",
    lambda args, value: (SIGMOID(subtract(args[0], args[1])), SIGMOID(subtract(args[1], args[0]))),
    sign=((0,), (1,)),
    monotone=1,
)

ARCTAN2: Function = Function(
    "arctan2",
    "np.arctan2({0}, {1})",
    lambda args, value: (
        DIVIDE(args[1], add(square(args[0]), square(args[1]))),
        negative(DIVIDE(args[0], add(square(args[0]), square(args[1])))),
    ),
)
HYPOT: Function = Function(
    "hypot", "np.hypot({0}, {1})", lambda args, value: (DIVIDE(args[0], value), DIVIDE(args[1], value)), sign=ALWAYS
)
REMAINDER: Function = Function(
    "remainder",
    "np.remainder({0}, {1})",
    lambda args, value: (ones(()), negative(FLOOR(DIVIDE(args[0], args[1])))),
)
FMOD: Function = Function(
    "fmod", "np.fmod({0}, {1})", lambda args, value: (ones(()), negative(TRUNC(DIVIDE(args[0], args[1]))))
)
FLOOR_DIVIDE: Function = Function(
    "floor_divide", "np.floor_divide({0}, {1})", lambda args, value: (zeros(()), zeros(())), sign=((0, 1),)
)
LOGADDEXP2: Function = Function(
    "logaddexp2",
    "np.logaddexp2({0}, {1})",
    lambda args, value: (
        SIGMOID(multiply(log(2.0), subtract(args[0], args[1]))),
        SIGMOID(multiply(log(2.0), subtract(args[1], args[0]))),
    ),
    sign=((0,), (1,)),
    monotone=1,
)
COPYSIGN: Function = Function(
    "copysign",
    "np.copysign({0}, {1})",
    lambda args, value: (multiply(SIGN(args[0]), COPYSIGN(Constant.of(1.0), args[1])), zeros(())),
)
HEAVISIDE: Function = Function(
    "heaviside",
    "np.heaviside({0}, {1})",
    lambda args, value: (zeros(()), COMPARISONS[np.equal](args[0], Constant.of(0.0))),
    sign=((1,),),
)
WHERE: Function = Function(
    "where",
    "np.where({0}, {1}, {2})",
    lambda args, value: (zeros(()), WHERE(args[0], ones(()), zeros(())), WHERE(args[0], zeros(()), ones(()))),
    sign=((1, 2),),
)


def _one_less(exponent: Expression) -> Expression:
    """The exponent of the derivative; of a number 0 it stays one, so that the derivative of 0⁰ is 0 · 0 and not nan."""
    if isinstance(exponent, Constant) and not np.all(exponent.value):
        return Constant.of(np.where(exponent.value == 0.0, 1.0, exponent.value - 1.0))
    return subtract(exponent, 1.0)


def _inverse_root(a: float, b: float, z: Expression) -> Expression:
    """1 / √(a + b z²)."""
    return RECIPROCAL(SQRT(add(a, multiply(b, square(z)))))


def _constant_by_all(args: tuple[Expression, ...], value: Expression) -> tuple[Expression, ...]:
    return tuple(zeros(()) for _ in args)


#: Comparisons are 1.0 where they hold and 0.0 elsewhere; their derivative is 0.
COMPARISONS: dict[Any, Function] = {
    ufunc: Function(ufunc.__name__, f"np.{ufunc.__name__}({{0}}, {{1}})", _constant_by_all, condition=True, sign=ALWAYS)
    for ufunc in (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)
}


def _same(a: Expression, b: Expression) -> bool:
    return a is b


#: What the operators == and != make: as above, and with a truth value, since each expression is there once.
SAME: Function = replace(COMPARISONS[np.equal], truth=_same)
DIFFERENT: Function = replace(COMPARISONS[np.not_equal], truth=lambda a, b: not _same(a, b))

#: Combinations of conditions, and conditions of one argument: 1.0 or 0.0, and what is not 0 counts as true.
CONDITIONS: dict[Any, Function] = {
    ufunc: Function(
        ufunc.__name__,
        f"np.{ufunc.__name__}({', '.join('{' + str(k) + '}' for k in range(ufunc.nin))})",
        _constant_by_all,
        condition=True,
        sign=ALWAYS,
    )
    for ufunc in (
        *(np.logical_and, np.logical_or, np.logical_xor, np.logical_not),
        *(np.isnan, np.isfinite, np.isinf, np.signbit),
    )
}


def is_condition(value: Any) -> bool:
    """Whether an expression is a comparison, or made of some; or an array is one of truth values."""
    if isinstance(value, Elementwise):
        return isinstance(value.function, Function) and value.function.condition
    return not isinstance(value, Expression) and np.asarray(value).dtype.kind == "b"


def compared(function: Function) -> Callable[[Expression, object], Any]:
    """`==` or `!=`; not implemented for what cannot be compared entry by entry."""

    def compare(a: Expression, b: object) -> Any:
        try:
            return function(a, as_expression(b))
        except (DataError, ShapeError):
            return NotImplemented

    return compare


SIGMOID: Function = Function(
    "sigmoid",
    "np.exp(np.minimum({0}, 0.0)) / (1.0 + np.exp(-np.abs({0})))",  # no exponential of a large number
    lambda args, value: (multiply(value, subtract(1.0, value)),),
    activation=True,
    sign=ALWAYS,
    monotone=1,
)
TANH: Function = Function(
    "tanh",
    "np.tanh({0})",
    lambda args, value: (subtract(1.0, square(value)),),
    activation=True,
    sign=AS_ARGUMENT,
    monotone=1,
)
RELU: Function = Function(
    "relu", "np.maximum({0}, 0.0)", lambda args, value: (STEP(args[0]),), activation=True, sign=ALWAYS, monotone=1
)
SOFTPLUS: Function = Function(
    "softplus",
    "np.logaddexp(0.0, {0})",
    lambda args, value: (SIGMOID(args[0]),),
    activation=True,
    sign=ALWAYS,
    monotone=1,
)

#: log(1 + eᶻ) as it is recognised: the softplus, which prints by its name and derives to σ(z).
LOG_ONE_PLUS_EXP: Function = Function("softplus", "np.logaddexp({0}, 0.0)", lambda args, value: (SIGMOID(args[0]),))

#: The activations that networks take, by name.
ACTIVATIONS = {function.name: function for function in (SIGMOID, TANH, RELU, SOFTPLUS)}


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
        if exponent in (3.0, 4.0):  # NumPy's own power is many times slower
            return multiply(square(base), base if exponent == 3.0 else square(base))
        if exponent == 0.5:
            return SQRT(base)
        if exponent == -1.0:
            return RECIPROCAL(base)
    return POWER(base, b)


# --- the derivative of an element-wise function with respect to its arguments ----------------------------------------


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
    return meaning if isinstance(meaning, EinsumSum) and not meaning.terms else node


@lru_cache(maxsize=256)  # each entry keeps a graph
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
    elif isinstance(value, EinsumSum):
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
