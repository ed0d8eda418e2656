"""NumPy's functions that cut, join, turn and pad, on expressions; arguments are NumPy's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError
from ..expressions.nodes import Expression, as_expression, role
from ..functions import indexing
from ..functions import operators as algebra
from ..functions.indexing import axis_number
from ..shapes.broadcasting import broadcast_shape
from ..shapes.sizes import Size
from .shaping_and_reductions import np_concatenate, np_flip, np_only, np_ravel, np_swapaxes


def known(what: str, a: Expression, axis: int) -> int:
    """The length of an axis as a number; a symbol is a `ShapeError`."""
    size = a.shape[axis]
    if not isinstance(size, int):
        raise ShapeError(f"{what} along an axis of symbolic size {size!r}; bind the size first")
    return size


def along(a: Expression, axis: int, key: Any) -> Expression:
    """`a` indexed with `key` along one axis."""
    return indexing.take_items(a, (*[slice(None)] * axis, key))


def gathered(what: str, a: Expression, places: Callable[[Any], Any]) -> Expression:
    """The entries of `a` where `places` puts the numbers 0, 1, … that stand for them."""
    count = indexing.flat_size(a)
    numbers = places(np.arange(count).reshape(a.shape))
    if not np.size(numbers):
        raise ShapeError(f"{what}: nothing is left of shape {a.shape}")
    flat = indexing.take_items(np_ravel(a), np.ravel(numbers))
    return indexing.reshape(flat, np.shape(numbers))


# --- cutting ----------------------------------------------------------------------------------------------------------


def np_split(equal: bool) -> Callable[..., list[Expression]]:
    """`np.split` (`equal` parts, or an error) and `np.array_split`."""
    what = "np.split" if equal else "np.array_split"

    def function(ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Expression]:
        a = as_expression(ary)
        place = axis_number(what, axis, a.ndim)
        size = known(what, a, place)
        if isinstance(indices_or_sections, int):
            if equal and size % indices_or_sections:
                raise ShapeError(f"{what}: an axis of size {size} has no {indices_or_sections} equal parts")
            parts = np.array_split(np.arange(size), indices_or_sections)
        else:
            parts = np.split(np.arange(size), list(indices_or_sections))
        if not all(len(part) for part in parts):
            raise ShapeError(f"{what}: a part of an axis of size {size} is empty; axes have a size of 1 or more")
        return [along(a, place, slice(int(part[0]), int(part[-1]) + 1)) for part in parts]

    return function


def np_split_on(axis: Callable[[int], int]) -> Callable[..., list[Expression]]:
    """`np.hsplit`, `np.vsplit` and `np.dsplit`."""
    return lambda ary, parts: np_split(True)(ary, parts, axis(as_expression(ary).ndim))


def np_unstack(x: Any, /, *, axis: Any = 0) -> tuple[Expression, ...]:
    a = as_expression(x)
    place = axis_number("np.unstack", axis, a.ndim)
    return tuple(along(a, place, k) for k in range(known("np.unstack", a, place)))


def np_delete(arr: Any, obj: Any, axis: Any = None) -> Expression:
    a = np_ravel(arr) if axis is None else as_expression(arr)
    place = 0 if axis is None else axis_number("np.delete", axis, a.ndim)
    kept = np.delete(np.arange(known("np.delete", a, place)), obj)
    return along(a, place, kept)


def np_compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Expression:
    np_only("np.compress", {"out": out})
    a = np_ravel(a) if axis is None else as_expression(a)
    return along(a, 0 if axis is None else axis_number("np.compress", axis, a.ndim), _places(condition))


def np_extract(condition: Any, arr: Any) -> Expression:
    return along(np_ravel(arr), 0, _places(np.ravel(condition) if not isinstance(condition, Expression) else condition))


def _places(condition: Any) -> Any:
    if isinstance(condition, Expression):
        raise UnsupportedError(
            "the entries where an expression holds are not known before there are values; np.where(condition, x, 0.0) "
            "keeps the shape"
        )
    return np.flatnonzero(condition)


def np_take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Expression:
    a = np_ravel(arr) if axis is None else as_expression(arr)
    place = 0 if axis is None else axis
    return gathered("np.take_along_axis", a, lambda numbers: np.take_along_axis(numbers, np.asarray(indices), place))


# --- joining ----------------------------------------------------------------------------------------------------------


def np_append(arr: Any, values: Any, axis: Any = None) -> Expression:
    return np_concatenate([arr, values], axis)


def np_dstack(tup: Any) -> Expression:
    parts = [as_expression(part) for part in tup]
    deep = [
        indexing.expand_axes(part, [2])
        if part.ndim == 2
        else indexing.expand_axes(part, [0, part.ndim + 1])
        if part.ndim < 2
        else part
        for part in parts
    ]
    return indexing.concatenate([indexing.reshape(one, (1, 1, 1)) if one.ndim == 2 else one for one in deep], 2)


def np_block(arrays: Any) -> Expression:
    """Nested lists of blocks, the innermost joined along the last axis."""

    def depth(part: Any) -> int:
        return 1 + max(depth(one) for one in part) if isinstance(part, list) else 0

    rank = depth(arrays)

    def joined(part: Any, level: int) -> Expression:
        if not isinstance(part, list):
            a: Expression = as_expression(part)
            return indexing.expand_axes(a, range(rank - a.ndim)) if a.ndim < rank else a
        return indexing.concatenate([joined(one, level + 1) for one in part], level - rank)

    return joined(arrays, 0)


def np_pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Expression:
    """Constant values (0 by default), or entries of the array again: edge, reflect, symmetric, wrap."""
    a: Expression = as_expression(array)
    if not isinstance(mode, str) or mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise UnsupportedError(f"np.pad with mode {mode!r}: constant, edge, reflect, symmetric and wrap are supported")
    value = options.pop("constant_values", 0.0) if mode == "constant" else 0.0
    np_only("np.pad", options)
    if np.ndim(value):
        raise UnsupportedError("np.pad: one constant value for all sides; np.concatenate takes any")
    widths = np.broadcast_to(pad_width, (a.ndim, 2))
    for axis, (before, after) in enumerate(widths.tolist()):
        if before < 0 or after < 0:
            raise ShapeError(f"np.pad: the widths of axis {axis} are {before} and {after}, and not negative")
        if mode != "constant":
            a = along(a, axis, np.pad(np.arange(known("np.pad", a, axis)), (before, after), mode=mode))  # type: ignore[call-overload]
            continue
        sides = [
            [algebra.multiply(value, algebra.ones((*a.shape[:axis], width, *a.shape[axis + 1 :])))] if width else []
            for width in (before, after)
        ]
        a = indexing.concatenate([*sides[0], a, *sides[1]], axis) if before or after else a
    return a


# --- turning, broadcasting --------------------------------------------------------------------------------------------


def np_rot90(m: Any, k: Any = 1, axes: Any = (0, 1)) -> Expression:
    a: Expression = as_expression(m)
    if a.ndim < 2:
        raise ShapeError(f"np.rot90: expected two axes or more, got shape {a.shape}")
    first, second = axes
    for _ in range(int(k) % 4):
        a = np_flip(np_swapaxes(a, first, second), first)
    return a


def np_flipped(axis: int) -> Callable[[Any], Expression]:
    """`np.flipud` and `np.fliplr`."""
    return lambda m: np_flip(m, axis)


def np_rollaxis(a: Any, axis: Any, start: Any = 0) -> Expression:
    a = as_expression(a)
    place, end = axis_number("np.rollaxis", axis, a.ndim), axis_number("np.rollaxis", start, a.ndim + 1)
    order = [one for one in range(a.ndim) if one != place]
    order.insert(end - (end > place), place)
    return algebra.permute(a, order)


def np_resize(a: Any, new_shape: Any) -> Expression:
    return gathered("np.resize", as_expression(a), lambda numbers: np.resize(numbers, new_shape))


def np_broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Expression, ...]:
    parts = [as_expression(arg) for arg in args]
    shape = broadcast_shape("np.broadcast_arrays", [part.shape for part in parts], lambda k: role(parts[k], k))
    return tuple(algebra.multiply(part, algebra.ones(shape)) for part in parts)


def np_meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Expression, ...]:
    if indexing not in ("xy", "ij"):
        raise UnsupportedError(f"np.meshgrid: indexing is 'xy' or 'ij', got {indexing!r}")
    vectors = [np_ravel(one) for one in xi]
    places = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        places[:2] = [1, 0]
    sizes: Sequence[Size] = [size for _, size in sorted((p, v.shape[0]) for p, v in zip(places, vectors, strict=True))]
    shape = tuple(sizes)
    wide = [
        algebra.network([v], [(place,)], range(len(shape)), {k: 1 for k in range(len(shape)) if k != place})
        for v, place in zip(vectors, places, strict=True)
    ]
    return tuple(wide if sparse else (algebra.multiply(one, algebra.ones(shape)) for one in wide))


def np_select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    if len(condlist) != len(choicelist):
        raise ShapeError(f"np.select: {len(condlist)} conditions and {len(choicelist)} choices")
    result: Any = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = np.where(condition, choice, result)
    return result
