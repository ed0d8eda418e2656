"""Reductions along axes: mean, variance, product, maximum, minimum, norms, cumulative sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError
from ..expressions.index_maps import Concatenate, Take
from ..expressions.linear_maps import Accumulate, Windows
from ..expressions.nodes import Constant, EinsumTerm, Expression, Primitive, Rule, SizeValue
from ..expressions.picks import Pick
from ..expressions.terms import tidy
from ..shapes.sizes import add_sizes, multiply_sizes
from .elementwise import ABS, COMPARISONS, SQRT, divide, power
from .indexing import expand_axes, flip, reshape, squeeze_axes, take_items
from .operators import add, matmul, multiply, network, permute, square, subtract, sum_axes, zeros


def kept(value: Expression, axes: Sequence[int], keepdims: bool) -> Expression:
    """`value`, with axes of size 1 where `axes` were reduced if they are to be kept."""
    return expand_axes(value, sorted(axes)) if keepdims and axes else value


def mean(a: Expression, axes: Sequence[int], keepdims: bool = False) -> Expression:
    """The mean along `axes`; a symbolic number of entries is a value of its own."""
    count = multiply_sizes(a.shape[axis] for axis in axes)
    total = sum_axes(a, axes, keepdims)
    return multiply(1.0 / count, total) if isinstance(count, int) else divide(total, SizeValue.of(count))


def variance(a: Expression, axes: Sequence[int], ddof: float, keepdims: bool = False) -> Expression:
    """The mean squared distance from the mean, with `ddof` taken off the number of entries."""
    if multiply_sizes(a.shape[axis] for axis in axes) == 1 and not ddof:
        return multiply(0.0, sum_axes(a, axes, keepdims))
    centred = subtract(a, mean(a, axes, True))
    if not ddof:
        return mean(square(centred), axes, keepdims)
    count = multiply_sizes(a.shape[axis] for axis in axes)
    total = sum_axes(square(centred), axes, keepdims)
    number: Any = float(count) if isinstance(count, int) else SizeValue.of(count)
    return divide(total, subtract(number, ddof))


def product(a: Expression, axes: Sequence[int], keepdims: bool = False) -> Expression:
    """The product along `axes`, as a balanced tree of products: zeros are no exception in its derivatives."""
    if not axes:
        return a
    moved = _last(a, axes)
    count = moved.shape[-1]
    if not isinstance(count, int):
        raise ShapeError(f"np.prod along an axis of symbolic size {count!r}; bind the size first")
    axis = moved.ndim - 1
    parts = [squeeze_axes(Take.of(moved, axis, Pick(k, 1)), [axis]) for k in range(count)]
    while len(parts) > 1:
        pairs = [multiply(parts[k], parts[k + 1]) for k in range(0, len(parts) - 1, 2)]
        parts = pairs + ([parts[-1]] if len(parts) % 2 else [])
    return kept(parts[0], axes, keepdims)


def _last(a: Expression, axes: Sequence[int]) -> Expression:
    """`axes` moved to the end and merged into one."""
    rest = [axis for axis in range(a.ndim) if axis not in axes]
    moved = permute(a, [*rest, *axes]) if [*rest, *axes] != list(range(a.ndim)) else a
    if len(axes) == 1:
        return moved
    return reshape(moved, (*moved.shape[: len(rest)], multiply_sizes(moved.shape[len(rest) :])))


def _extreme_local(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    """1 where an entry is the extreme, shared equally where several are."""
    (a,) = node.args
    rows, i = tuple(range(node.ndim)), node.ndim
    hit = COMPARISONS[np.equal](a, expand_axes(node, [node.ndim]))
    share = divide(hit, sum_axes(hit, [-1], True))
    return ([tidy(1.0, [share], [(*rows, i)], (*rows, i, *reversed(rows)), dict(enumerate(a.shape)))],)


MAX: Rule = Rule("max", "{0}.max(axis=-1)", lambda args: args[0].shape[:-1], _extreme_local)
MIN: Rule = Rule("min", "{0}.min(axis=-1)", lambda args: args[0].shape[:-1], _extreme_local)


def extreme(rule: Rule) -> Callable[[Expression, Sequence[int], bool], Expression]:
    """The largest or smallest entry along axes; at a tie the derivative is shared equally."""

    def reduced(a: Expression, axes: Sequence[int], keepdims: bool = False) -> Expression:
        return kept(Primitive.of(rule, _last(a, axes)), axes, keepdims) if axes else a

    return reduced


def norm(a: Expression, order: Any, axes: Sequence[int], keepdims: bool = False) -> Expression:
    """NumPy's norms: of vectors those of any order, of matrices 1, ∞, −1, −∞ and Frobenius'.

    The derivative of a norm at zero does not exist: it is nan. Raises `UnsupportedError` for norms by singular values.
    """
    if order is None or (order == "fro" and len(axes) == 2) or (order == 2 and len(axes) == 1):
        return SQRT(sum_axes(square(a), axes, keepdims))
    largest = {np.inf: MAX, -np.inf: MIN, 1: MAX, -1: MIN}
    if len(axes) == 1 and not isinstance(order, str):
        if order in (np.inf, -np.inf):
            return extreme(largest[order])(ABS(a), axes, keepdims)
        if order == 0:
            return sum_axes(COMPARISONS[np.not_equal](a, Constant.of(0.0)), axes, keepdims)
        if order == 1:
            return sum_axes(ABS(a), axes, keepdims)
        return power(sum_axes(power(ABS(a), order), axes, keepdims), 1.0 / order)
    if len(axes) == 2 and order in largest:
        rows, columns = axes
        summed, kept_axis = (rows, columns) if order in (1, -1) else (columns, rows)
        total = sum_axes(ABS(a), [summed], True)
        result = extreme(largest[order])(total, [kept_axis], True)
        return result if keepdims else squeeze_axes(result, sorted(axes))
    if len(axes) == 2 and order in (2, -2, "nuc"):
        raise UnsupportedError(
            f"np.linalg.norm of order {order!r} of a matrix is by its singular values, which have no rule for "
            "expressions; 'fro', 1 and inf have one"
        )
    raise ShapeError(f"np.linalg.norm of order {order!r} along {len(axes)} axes; matrices have 'fro', 1, inf, -1, -inf")


def cumulative_sum(a: Expression, axis: int) -> Expression:
    """The running sum along `axis`."""
    return Accumulate.of(a, axis)


def correlation(a: Expression, v: Expression) -> Expression:
    """Σ_j a[i + j] v[j] for all i at which v lies within a: two vectors, a the longer one."""
    return matmul(Windows.of(a, 0, v.shape[0]), v)


def convolution(a: Expression, v: Expression) -> Expression:
    """Σ_j a[i − j] v[j] for all i: two vectors, a the longer one, as a correlation with zeros around a."""
    if v.shape[0] == 1:
        return multiply(a, v)
    side = zeros((add_sizes(v.shape[0], -1),))
    return correlation(Concatenate.of([side, a, side], 0), flip(v, [0]))


def difference(a: Expression, axis: int) -> Expression:
    """Each entry along `axis` minus the one before."""
    later: tuple[Any, ...] = (*[slice(None)] * axis, slice(1, None))
    earlier: tuple[Any, ...] = (*[slice(None)] * axis, slice(None, -1))
    return subtract(take_items(a, later), take_items(a, earlier))


def power_of(a: Expression, exponent: int) -> Expression:
    """A matrix times itself, by squaring."""
    result: Expression | None = None
    base = a
    while exponent:
        if exponent % 2:
            result = base if result is None else matmul(result, base)
        exponent //= 2
        base = matmul(base, base) if exponent else base
    return add(result, 0.0) if result is not None else network([], [], (0, 0), {0: a.shape[0]})
