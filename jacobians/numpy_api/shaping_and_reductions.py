"""What NumPy's functions do with expressions: their arguments are checked, and the work is that of the algebra below.

Each bears NumPy's name after `np_`, and takes NumPy's arguments; what has no meaning here is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError
from ..expressions.index_maps import is_zero
from ..expressions.nodes import Expression, as_expression
from ..functions import elementwise, indexing, reductions
from ..functions import operators as algebra
from ..functions.indexing import axis_number
from ..shapes.arguments import as_whole
from ..shapes.formatting import shown_value
from ..shapes.sizes import multiply_sizes


def np_axes(what: str, axis: Any, rank: int) -> list[int]:
    """All axes for None; otherwise those of `axis`, counted from the front."""
    if axis is None:
        return list(range(rank))
    axes = [axis_number(what, one, rank) for one in (axis if isinstance(axis, (list, tuple)) else [axis])]
    if len(set(axes)) < len(axes):
        raise ShapeError(f"{what}: an axis twice in {axis}")
    return axes


def np_only(what: str, options: dict[str, Any]) -> None:
    """Refuse options that are given and have no meaning here."""
    given = [name for name, value in options.items() if value is not None and value is not np._NoValue]
    if given:
        raise UnsupportedError(f"{what} of an expression takes no option {given[0]!r}")


def np_reduction(what: str, reduced: Callable[..., Expression]) -> Callable[..., Expression]:
    """A NumPy reduction with `axis` and `keepdims`."""

    def function(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = None, **rest: Any
    ) -> Any:
        np_only(what, {"dtype": dtype, "out": out, **rest})
        a = as_expression(a)
        return reduced(a, np_axes(what, axis, a.ndim), keepdims is not np._NoValue and bool(keepdims))

    return function


def np_extreme(what: str, reduced: Callable[..., Expression]) -> Callable[..., Expression]:
    general = np_reduction(what, reduced)

    def function(a: Any, axis: Any = None, out: Any = None, keepdims: Any = None, **rest: Any) -> Any:
        return general(a, axis, None, out, keepdims, **rest)

    return function


def np_variance(root: bool) -> Callable[..., Expression]:
    what = "np.std" if root else "np.var"

    def function(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = None, **rest: Any
    ) -> Expression:
        correction = rest.pop("correction", np._NoValue)
        np_only(what, {"dtype": dtype, "out": out, **rest})
        a = as_expression(a)
        ddof = ddof if correction is np._NoValue else correction
        keep = keepdims is not np._NoValue and bool(keepdims)
        value = reductions.variance(a, np_axes(what, axis, a.ndim), float(ddof), keep)
        return elementwise.SQRT(value) if root and not is_zero(value) else value

    return function


def np_transpose(a: Any, axes: Any = None) -> Expression:
    a = as_expression(a)
    order = (
        tuple(reversed(range(a.ndim)))
        if axes is None
        else tuple(axis_number("np.transpose", axis, a.ndim) for axis in axes)
    )
    if sorted(order) != list(range(a.ndim)):
        raise ShapeError(f"np.transpose: axes {axes} are not a permutation of the {a.ndim} axes of shape {a.shape}")
    return algebra.permute(a, order)


def np_swapaxes(a: Any, axis1: Any, axis2: Any) -> Expression:
    a = as_expression(a)
    order = list(range(a.ndim))
    first, second = axis_number("np.swapaxes", axis1, a.ndim), axis_number("np.swapaxes", axis2, a.ndim)
    order[first], order[second] = order[second], order[first]
    return algebra.permute(a, order)


def np_moveaxis(a: Any, source: Any, destination: Any) -> Expression:
    a = as_expression(a)
    sources, places = np_axes("np.moveaxis", source, a.ndim), np_axes("np.moveaxis", destination, a.ndim)
    if len(sources) != len(places):
        raise ShapeError(f"np.moveaxis: {len(sources)} axes to {len(places)} places")
    order = [axis for axis in range(a.ndim) if axis not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return algebra.permute(a, order)


def np_ravel(a: Any, order: Any = "C") -> Expression:
    flat: Expression = as_expression(a)
    return flat if flat.ndim == 1 else np_reshape(flat, [multiply_sizes(flat.shape)], order)


def np_reshape(a: Any, shape: Any = None, order: Any = "C", **rest: Any) -> Expression:
    """In C order, or in Fortran's: columns stacked, which is the vec of matrix calculus."""
    np_only("np.reshape", rest)
    if order not in ("C", "F"):
        raise UnsupportedError(f"np.reshape of an expression is in order 'C' or 'F', got order={order!r}")
    a = as_expression(a)
    sizes = list(shape) if isinstance(shape, (list, tuple)) else [shape]
    return indexing.reshape(a, sizes) if order == "C" else indexing.reshape(a.T, sizes[::-1]).T


def np_where(condition: Any, x: Any = None, y: Any = None) -> Expression:
    if x is None or y is None:
        raise UnsupportedError("np.where of an expression takes a condition and two values")
    return elementwise.WHERE(as_expression(condition), as_expression(x), as_expression(y))


BITWISE: dict[Any, Any] = {
    np.bitwise_and: np.logical_and,
    np.bitwise_or: np.logical_or,
    np.bitwise_xor: np.logical_xor,
    np.invert: np.logical_not,
}


def np_bitwise(bitwise: Any, logical: Any) -> Callable[..., Expression]:
    """`&`, `|`, `^`, `~` of conditions; of other expressions they have no meaning."""

    def function(*args: Any) -> Expression:
        if not all(elementwise.is_condition(arg) for arg in args):
            raise UnsupportedError(
                f"np.{bitwise.__name__} of expressions combines conditions, such as (x > 0) & (x < 1); of numbers "
                f"np.{logical.__name__} takes what is not 0 as true"
            )
        return elementwise.CONDITIONS[logical](*(as_expression(arg) for arg in args))

    return function


def np_clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **rest: Any) -> Expression:
    low, high = rest.pop("min", None), rest.pop("max", None)
    np_only("np.clip", {"out": out, **rest})
    result = as_expression(a)
    low, high = (a_min if low in (None, np._NoValue) else low), (a_max if high in (None, np._NoValue) else high)
    if low is not None and low is not np._NoValue:
        result = elementwise.MAXIMUM(result, as_expression(low))
    if high is not None and high is not np._NoValue:
        result = elementwise.MINIMUM(result, as_expression(high))
    return result


def np_round(a: Any, decimals: Any = 0, out: Any = None) -> Expression:
    """Constant by pieces, so that its derivative is 0."""
    np_only("np.round", {"out": out})
    places = as_whole(decimals)
    if places is None or abs(places) > 300:
        raise ShapeError(f"np.round: decimals is a whole number, got {shown_value(decimals)}")
    if not places:
        return elementwise.RINT(as_expression(a))
    scale = 10.0**places
    return algebra.multiply(1.0 / scale, elementwise.RINT(algebra.multiply(scale, a)))


def np_astype(a: Expression, dtype: Any, **rest: Any) -> Expression:
    """The expression itself, for a floating-point type: the values that are bound decide on the precision."""
    if np.dtype(dtype).kind != "f":
        raise UnsupportedError(
            f"an expression has real values, and none of type {np.dtype(dtype)}; see np.trunc, np.rint"
        )
    return a


def np_concatenate(parts: Any, axis: Any = 0, **rest: Any) -> Expression:
    np_only("np.concatenate", {name: value for name, value in rest.items() if name != "casting"})
    if axis is None:
        parts, axis = [np_ravel(part) for part in parts], 0
    return indexing.concatenate(parts, axis)


def np_stack(parts: Any, axis: Any = 0, **rest: Any) -> Expression:
    np_only("np.stack", {name: value for name, value in rest.items() if name != "casting"})
    return indexing.stack(parts, axis)


def np_joined(rank: int, axis: Callable[[int], int]) -> Callable[..., Expression]:
    """hstack and vstack: parts of at least `rank` axes, joined."""

    def function(parts: Any, **rest: Any) -> Expression:
        np_only("np.hstack and np.vstack", {name: value for name, value in rest.items() if name != "casting"})
        expressions = [as_expression(part) for part in parts]
        wide = [
            indexing.expand_axes(part, range(rank - part.ndim)) if part.ndim < rank else part for part in expressions
        ]
        return indexing.concatenate(wide, axis(wide[0].ndim))

    return function


def np_column_stack(parts: Any) -> Expression:
    columns = [as_expression(part) for part in parts]
    return indexing.concatenate([indexing.expand_axes(c, [1]) if c.ndim == 1 else c for c in columns], 1)


def np_expand_dims(a: Any, axis: Any) -> Expression:
    a = as_expression(a)
    count = len(axis) if isinstance(axis, (list, tuple)) else 1
    return indexing.expand_axes(a, sorted(np_axes("np.expand_dims", axis, a.ndim + count)))


def np_squeeze(a: Any, axis: Any = None) -> Expression:
    a = as_expression(a)
    axes = [k for k, size in enumerate(a.shape) if size == 1] if axis is None else np_axes("np.squeeze", axis, a.ndim)
    for one in axes:
        if a.shape[one] != 1:
            raise ShapeError(
                f"np.squeeze: axis {one} has size {a.shape[one]}, and only a size of 1 can go (shape {a.shape})"
            )
    return indexing.squeeze_axes(a, axes) if axes else a


def np_broadcast_to(a: Any, shape: Any, subok: bool = False) -> Expression:
    a = as_expression(a)
    return algebra.multiply(a, algebra.ones(tuple(shape) if isinstance(shape, (list, tuple)) else (shape,)))


def np_take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: Any = None) -> Expression:
    np_only("np.take", {"out": out, "mode": None if mode == "raise" else mode})
    a = np_ravel(a) if axis is None else as_expression(a)
    place = 0 if axis is None else axis_number("np.take", axis, a.ndim)
    return indexing.take_items(a, (*[slice(None)] * place, indices))


def np_along(what: str, function: Callable[[Expression, int, int], Expression], default: int | None) -> Any:
    """Functions of an expression, a number and an axis; without an axis they work on the flat expression."""

    def wrapped(a: Any, number: Any, axis: Any = default) -> Expression:
        a = np_ravel(a) if axis is None else as_expression(a)
        if np.ndim(number) and what == "np.repeat":
            size = a.shape[0 if axis is None else axis_number(what, axis, a.ndim)]
            if not isinstance(size, int):
                raise ShapeError(f"{what}: one number for each entry, along an axis of symbolic size {size!r}")
            return np_take(a, np.repeat(np.arange(size), number), 0 if axis is None else axis)
        if not hasattr(number, "__index__"):
            raise UnsupportedError(f"{what} of an expression takes one integer, got {number!r}")
        return function(a, int(number), 0 if axis is None else axis_number(what, axis, a.ndim))

    return wrapped


def np_tile(a: Any, reps: Any) -> Expression:
    tiled: Expression = as_expression(a)
    counts = [reps] if isinstance(reps, int) else list(reps)
    if len(counts) > tiled.ndim:
        tiled = indexing.expand_axes(tiled, range(len(counts) - tiled.ndim))
    for axis, count in enumerate(counts, start=tiled.ndim - len(counts)):
        tiled = tiled if count == 1 else indexing.tile(tiled, count, axis)
    return tiled


def np_roll(a: Any, shift: Any, axis: Any = None) -> Expression:
    a = as_expression(a)
    if isinstance(axis, (list, tuple)):
        rolled: Expression = a
        for one, by in zip(axis, np.broadcast_to(shift, len(axis)), strict=True):
            rolled = np_roll(rolled, int(by), one)
        return rolled
    flat = np_ravel(a) if axis is None else a
    rolled = indexing.roll(flat, int(shift), 0 if axis is None else axis_number("np.roll", axis, a.ndim))
    return indexing.reshape(rolled, a.shape) if axis is None else rolled


def np_flip(m: Any, axis: Any = None) -> Expression:
    m = as_expression(m)
    return indexing.flip(m, np_axes("np.flip", axis, m.ndim))


def np_cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Expression:
    np_only("np.cumsum", {"dtype": dtype, "out": out})
    a = np_ravel(a) if axis is None else as_expression(a)
    return reductions.cumulative_sum(a, 0 if axis is None else axis_number("np.cumsum", axis, a.ndim))


def np_diff(a: Any, n: Any = 1, axis: Any = -1, **rest: Any) -> Expression:
    np_only("np.diff", rest)
    result: Expression = as_expression(a)
    for _ in range(int(n)):
        result = reductions.difference(result, axis_number("np.diff", axis, result.ndim))
    return result


def np_norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Expression:  # noqa: A002 - NumPy's name
    x = as_expression(x)
    if axis is None and ord is not None and x.ndim not in (1, 2):
        raise ShapeError(f"np.linalg.norm: with an order, x is a vector or a matrix, got shape {x.shape}")
    return reductions.norm(x, ord, np_axes("np.linalg.norm", axis, x.ndim), bool(keepdims))


def np_like(what: str, value: float | None) -> Callable[..., Expression]:
    """`np.zeros_like`, `np.ones_like`, and `np.full_like` (without a value of its own)."""

    def alike(a: Any, fill: Any, dtype: Any = None, order: Any = "K", subok: Any = True, shape: Any = None) -> Any:
        np_only(what, {"shape": shape, "dtype": None if dtype is None or np.dtype(dtype).kind == "f" else dtype})
        return algebra.multiply(fill, algebra.ones(as_expression(a).shape))

    return alike if value is None else lambda a, *rest, **options: alike(a, value, *rest, **options)


def np_method(function: Callable[..., Expression]) -> Callable[..., Expression]:
    """A method that takes a shape or axes as one tuple or as several arguments."""

    def method(a: Expression, *sizes: Any, **options: Any) -> Expression:
        sizes = sizes or tuple(options.pop(name) for name in ("shape", "axes") if name in options)
        single = len(sizes) == 1 and (sizes[0] is None or isinstance(sizes[0], (list, tuple)))
        return function(a, sizes[0] if single else list(sizes) or None, **options)

    return method


def np_atleast(rank: int) -> Callable[..., Expression]:
    def function(*arrays: Any) -> Any:
        wide = [as_expression(a) for a in arrays]
        wide = [indexing.expand_axes(a, range(rank - a.ndim)) if a.ndim < rank else a for a in wide]
        return wide[0] if len(wide) == 1 else tuple(wide)

    return function
