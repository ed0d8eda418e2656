"""Functions of arrays or expressions: activations, softmax and its kin, the losses.

Each takes arrays and gives an array, or takes expressions and gives an expression.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..expressions.index_maps import Concatenate
from ..expressions.nodes import ALWAYS, Array, EinsumTerm, Expression, Primitive, Rule, as_expression, as_real_array
from ..expressions.terms import tidy
from ..shapes.arguments import as_whole
from ..shapes.formatting import shown_value
from ..shapes.sizes import Shape
from .einsum_terms import einsum_term
from .elementwise import RELU, SIGMOID, SOFTPLUS, TANH, apply, is_expression
from .operators import network, ones, subtract, sum_axes


def sigmoid(z: Any) -> Any:
    """1 / (1 + e^−z), entry by entry; stable for large |z|.

    >>> float(sigmoid(0.0))
    0.5
    """
    return apply(SIGMOID, z)


def tanh(z: Any) -> Any:
    """The hyperbolic tangent, entry by entry; `np.tanh` of an expression is the same.

    >>> float(tanh(0.0))
    0.0
    """
    return apply(TANH, z)


def relu(z: Any) -> Any:
    """max(z, 0), entry by entry; its derivative at 0 is 0 by convention.

    >>> relu(np.array([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    return apply(RELU, z)


def softplus(z: Any) -> Any:
    """log(1 + e^z), entry by entry; stable for large |z|. Its derivative is the sigmoid.

    >>> float(softplus(1000.0))
    1000.0
    """
    return apply(SOFTPLUS, z)


# --- functions of whole arrays ----------------------------------------------------------------------------------------


def _same_shape(args: tuple[Expression, ...]) -> Shape:
    return args[0].shape


def _without_last(args: tuple[Expression, ...]) -> Shape:
    return args[0].shape[:-1]


def _softmax_local(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    """diag(p) − p pᵀ, for each row of a stack."""
    return ([einsum_term("...i->...ii...", node), einsum_term("-...i,...j->...ij...", node, node)],)


def _log_softmax_local(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    """I − 1 pᵀ, for p = softmax(z)."""
    p = Primitive.of(SOFTMAX, *node.args)
    axes = tuple(range(node.ndim))
    rows, i = axes[:-1], axes[-1]
    identity = tidy(1.0, [], [], (*rows, i, i, *rows[::-1]), dict(enumerate(node.shape)))
    outer = tidy(
        -1.0, [p], [(*rows, i + 1)], (*rows, i, i + 1, *rows[::-1]), {**dict(enumerate(node.shape)), i + 1: p.shape[-1]}
    )
    return ([identity, outer],)


def _logsumexp_local(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    """pᵀ, for each row of a stack."""
    return ([einsum_term("...i->...i...", Primitive.of(SOFTMAX, *node.args))],)


def _cross_entropy_local(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    logits, target = node.args
    rank = logits.ndim
    axes = tuple(range(rank))
    p = Primitive.of(SOFTMAX, logits)
    mass = sum_axes(target, [-1])
    by_logits = subtract(network([mass, p], [axes[:-1], axes], axes), target)
    normaliser = Primitive.of(LOGSUMEXP, logits)
    by_target = subtract(network([normaliser], [axes[:-1]], axes, dict(enumerate(logits.shape))), logits)
    return ([_term_of(by_logits, axes)], [_term_of(by_target, axes)])


def _term_of(value: Expression, axes: tuple[int, ...]) -> EinsumTerm:
    return tidy(1.0, [value], [axes], tuple(reversed(axes)), dict(enumerate(value.shape)))


SOFTMAX: Rule = Rule(
    "softmax",
    "softmax({0})",
    _same_shape,
    _softmax_local,
    "def softmax(z):\n"
    "    e = np.exp(z - z.max(axis=-1, keepdims=True))\n"
    "    return e / e.sum(axis=-1, keepdims=True)\n",
    sign=ALWAYS,
    vector_helper="def softmax(z):\n    e = np.exp(z - z.max())\n    return e / e.sum()\n",
)
LOGSUMEXP: Rule = Rule(
    "logsumexp",
    "logsumexp({0})",
    _without_last,
    _logsumexp_local,
    "def logsumexp(z):\n"
    "    m = z.max(axis=-1, keepdims=True)\n"
    "    m = np.where(np.isfinite(m), m, 0.0).astype(z.dtype)\n"
    "    with np.errstate(divide='ignore'):  # of −inf alone it is −inf\n"
    "        return np.log(np.exp(z - m).sum(axis=-1)) + m[..., 0]\n",
    vector_helper="def logsumexp(z):\n"
    "    m = z.max()\n"
    "    return m if abs(m) == np.inf else np.log(np.exp(z - m).sum()) + m\n",
    traced_helper="def logsumexp(z):\n"
    "    m = z.max(axis=-1, keepdims=True)\n"
    "    m = np.where(np.isfinite(m), m, 0.0).astype(z.dtype)\n"
    "    return np.log(np.exp(z - m).sum(axis=-1)) + m[..., 0]\n",
)
LOG_SOFTMAX: Rule = Rule(
    "log_softmax",
    "log_softmax({0})",
    _same_shape,
    _log_softmax_local,
    "def log_softmax(z):\n"
    "    shifted = z - z.max(axis=-1, keepdims=True)\n"
    "    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))\n",
)
CROSS_ENTROPY: Rule = Rule(
    "cross_entropy",
    "cross_entropy({0}, {1})",
    lambda args: (),
    _cross_entropy_local,
    "def cross_entropy(z, t):\n"
    "    m = z.max(axis=-1, keepdims=True)\n"
    "    log_p = z - m - np.log(np.exp(z - m).sum(axis=-1, keepdims=True))\n"
    "    return -np.where(t == 0.0, 0.0, t * log_p).sum()\n",
)


@lru_cache(maxsize=64)
def on_arrays(rule: Rule) -> Callable[..., Any]:
    """A rule as a function of arrays."""
    namespace: dict[str, Any] = {"np": np}
    exec(rule.helper, namespace)  # noqa: S102 - the text of a rule of this library
    return namespace[rule.name]  # type: ignore[no-any-return]


def _moved(what: str, z: Any, axis: int) -> tuple[Any, bool]:
    """z with `axis` last, and whether it was elsewhere."""
    place = as_whole(axis)
    if place == -1:
        return z, False
    value: Any = as_expression(z) if is_expression(z) else as_real_array(z, f"the argument of {what}")
    rank = len(value.shape)
    if place is None or not -rank <= place < rank:
        raise ShapeError(f"{what}: axis {shown_value(axis)} of shape {value.shape}")
    return (np.moveaxis(value, place, -1), True) if place % rank != rank - 1 else (value, False)


def _on_last_axis(rule: Rule, z: Any) -> Any:
    value = as_expression(z) if is_expression(z) else as_real_array(z, f"the argument of {rule.name}")
    if not value.shape:
        raise ShapeError(f"{rule.name}: works along the last axis and got a scalar; give it a vector or a matrix")
    if 0 in value.shape:
        raise ShapeError(f"{rule.name}: an array without entries has no value, got shape {value.shape}")
    return Primitive.of(rule, value) if isinstance(value, Expression) else on_arrays(rule)(value)


def softmax(z: Any, axis: int = -1) -> Any:
    """e^z divided by its sum along an axis, the last one by default, in the shape of z; stable for large z.

    Of a vector the Jacobian is diag(p) − p pᵀ, for p = softmax(z). Raises `ShapeError` for a scalar.

    >>> softmax(np.zeros(2)).tolist()
    [0.5, 0.5]
    """
    z, moved = _moved("softmax", z, axis)
    result = _on_last_axis(SOFTMAX, z)
    return np.moveaxis(result, -1, axis) if moved else result


def logsumexp(z: Any, axis: int = -1) -> Any:
    """log Σ e^z along an axis, the last by default, which it takes away; stable for large z.

    Its derivative with respect to a vector is the row softmax(z)ᵀ. Raises `ShapeError` for a scalar.

    >>> round(float(logsumexp(np.array([1000.0, 1000.0]))), 4)
    1000.6931
    """
    return _on_last_axis(LOGSUMEXP, _moved("logsumexp", z, axis)[0])


def cross_entropy(logits: Any, target: Any) -> Any:
    """−Σ target ⊙ log softmax(logits), a scalar; softmax is along the last axis and the sum over all axes.

    `target` has the shape of `logits`: probabilities, or a one-hot row a sample. The derivative with respect to the
    logits is softmax(logits) Σtarget − target; where the target sums to one, as probabilities do, that is p − t. Raises
    `ShapeError` if the shapes differ.

    >>> round(float(cross_entropy(np.zeros(2), np.array([0.0, 1.0]))), 4)
    0.6931
    """
    symbolic = is_expression(logits, target)
    convert: Callable[[Any, str], Any] = (lambda value, _: as_expression(value)) if symbolic else as_real_array
    z, t = convert(logits, "the logits"), convert(target, "the target")
    if z.shape != t.shape or not z.shape:
        hint = "; class numbers become one-hot rows with np.eye(n)[labels]" if len(t.shape) == len(z.shape) - 1 else ""
        raise ShapeError(
            f"cross_entropy: the logits have shape {z.shape} and the target {t.shape}; both are vectors (or stacks of "
            f"them) of the same shape{hint}"
        )
    return Primitive.of(CROSS_ENTROPY, z, t) if symbolic else on_arrays(CROSS_ENTROPY)(z, t)


def half_squared_norm(r: Any) -> Any:
    """½‖r‖², a scalar: half the sum of the squares of all entries. Its derivative is rᵀ (Proposition 2).

    Raises `DataError` for what is not real numbers.

    >>> float(half_squared_norm(np.array([3.0, 4.0])))
    12.5
    """
    if is_expression(r):
        r = as_expression(r)
        axes = tuple(range(r.ndim))
        return network([r, r], [axes, axes], (), coefficient=0.5)
    array = as_real_array(r, "the argument of half_squared_norm").ravel()
    return 0.5 * (array @ array)


def append_one(x: Any) -> Any:
    """x̃ = (x₁, …, x_d, 1): a vector with a 1 at its end (Proposition 2); each row of a matrix likewise.

    Raises `ShapeError` for a scalar.

    >>> append_one(np.array([2.0, 3.0])).tolist()
    [2.0, 3.0, 1.0]
    """
    if not is_expression(x):
        array: Array = as_real_array(x, "the argument of append_one")
        if not array.shape:
            raise ShapeError("append_one: expected a vector (or rows), got a scalar")
        return np.concatenate([array, np.ones((*array.shape[:-1], 1), dtype=array.dtype)], axis=-1)
    x = as_expression(x)
    if not x.shape:
        raise ShapeError("append_one: expected a vector (or rows), got a scalar")
    return Concatenate.of([x, ones((*x.shape[:-1], 1))], x.ndim - 1)
