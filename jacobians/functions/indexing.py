"""Indexing, reshaping, joining: what NumPy does to axes, on expressions. All of it is views and index maps."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError
from ..expressions.index_maps import Concatenate, Merge, Split, Take
from ..expressions.nodes import Expression, as_expression
from ..expressions.picks import Pick
from ..shapes.arguments import as_whole
from ..shapes.formatting import shown_value
from ..shapes.sizes import Shape, Size, add_sizes, check_size, multiply_sizes
from .operators import network, permute


def axis_number(what: str, axis: Any, rank: int) -> int:
    """`axis` counted from the front; out of range is a `ShapeError`."""
    number = as_whole(axis)
    if number is None:
        raise ShapeError(f"{what}: an axis is an integer, got {shown_value(axis)}")
    if not -rank <= number < rank:
        raise ShapeError(f"{what}: axis {number} of an expression with {rank} axes")
    return number % rank


def squeeze_axes(a: Expression, axes: Sequence[int]) -> Expression:
    """`a` without its axes `axes`, each of size 1."""
    return network([a], [range_of(a)], [axis for axis in range(a.ndim) if axis not in axes])


def expand_axes(a: Expression, places: Sequence[int]) -> Expression:
    """`a` with new axes of size 1 at `places` of the result."""
    rank = a.ndim + len(places)
    own = [place for place in range(rank) if place not in places]
    output = list(range(rank))
    return network([a], [tuple(own)], output, dict.fromkeys(places, 1))


def range_of(a: Expression) -> tuple[int, ...]:
    """The indices 0, 1, … of the axes of `a`."""
    return tuple(range(a.ndim))


# --- indexing ---------------------------------------------------------------------------------------------------------


def take_items(a: Expression, key: Any) -> Expression:
    """`a[key]` as NumPy has it: integers, slices, …, None, lists and arrays of integers or truth values.

    Raises `ShapeError` for an index out of range, and where a symbolic size leaves open what is meant.
    """
    keys = list(key) if isinstance(key, tuple) else [key]
    keys = [_plain_key(one) for one in keys]
    keys = [one for part in keys for one in (part if isinstance(part, tuple) else (part,))]
    used = sum(1 for one in keys if one is not None and one is not Ellipsis)
    if used > a.ndim:
        raise ShapeError(f"indexing: {used} indices for an expression with {a.ndim} axes (shape {a.shape})")
    if not any(one is Ellipsis for one in keys):
        keys.append(Ellipsis)
    place = next(k for k, one in enumerate(keys) if one is Ellipsis)
    keys[place : place + 1] = [slice(None)] * (a.ndim - used)
    result, axis = a, 0
    dropped: list[int] = []
    added: list[int] = []
    listed: list[tuple[int, np.ndarray[Any, Any]]] = []
    for one in keys:
        if one is None:
            added.append(axis + len(added))
            continue
        if isinstance(one, np.ndarray):
            listed.append((axis, one))
        elif isinstance(one, slice):
            result = Take.of(result, axis, _slice_pick(one, result.shape[axis]))
        else:
            result = Take.of(result, axis, Pick(_place(one, result.shape[axis], axis), 1))
            dropped.append(axis)
        axis += 1
    if listed:
        if added:
            raise UnsupportedError("indexing with arrays and None together: index first, then add the axis")
        return _listed(result, listed, dropped)
    if dropped:
        added = [place - sum(1 for axis in dropped if axis < place - k) for k, place in enumerate(added)]
        result = squeeze_axes(result, dropped)
    return expand_axes(result, added) if added else result


def _plain_key(key: Any) -> Any:
    if isinstance(key, slice) and key.step == 0:
        raise ShapeError("indexing: the step of a slice is not 0")
    if isinstance(key, slice):
        given = (key.start, key.stop, key.step)
        if any(one is not None and as_whole(one) is None for one in given):
            raise ShapeError(f"indexing: the ends and the step of a slice are integers, got {shown_value(key)}")
        return key
    if key is None or key is Ellipsis:
        return key
    if isinstance(key, Expression):
        raise UnsupportedError(
            "indexing with an expression: an index is a number, a slice or an array of integers; "
            "np.where(x > 0, x, 0.0) keeps the shape where x[x > 0] would not"
        )
    try:
        array = np.asarray(key)
    except ValueError:
        raise ShapeError(
            f"indexing: an index is an integer, a slice or an array of them, got {shown_value(key)}"
        ) from None
    if array.dtype.kind == "b":
        if not array.ndim:
            raise UnsupportedError(f"indexing with {key!r}: a mask is an array; x[None] adds an axis")
        return tuple(np.nonzero(array))
    if array.dtype.kind not in "iu" and array.size:
        raise ShapeError(f"indexing: an index is an integer, a slice or an array of them, got {shown_value(key)}")
    return int(array) if array.ndim == 0 else array.astype(int)


def _place(index: int, size: Size, axis: int) -> Size:
    if isinstance(size, int) and not -size <= index < size:
        raise ShapeError(f"indexing: {index} is out of range on axis {axis} of size {size}")
    return index if index >= 0 else add_sizes(size, index) if isinstance(size, str) else index + size


def _slice_pick(key: slice, size: Size) -> Pick:
    if isinstance(size, int):
        numbers = range(*key.indices(size))
        if not numbers:
            raise ShapeError(
                f"indexing: the slice {key.start}:{key.stop}:{key.step} of an axis of size {size} is empty"
            )
        return Pick(numbers.start, len(numbers), numbers.step)
    step = 1 if key.step is None else int(key.step)
    if step == -1 and key.start is None and key.stop is None:
        return Pick(add_sizes(size, -1), size, -1)
    if step != 1:
        raise ShapeError(f"indexing: a step of {step} along an axis of symbolic size {size!r}; bind the size first")
    start: Size = 0 if key.start is None else _place(int(key.start), size, 0)
    stop: Size = size if key.stop is None else _place(int(key.stop), size, 0)
    return Pick(start, check_size(add_sizes(stop, multiply_sizes([-1, start])), "the length of a slice"))


def _listed(a: Expression, listed: list[tuple[int, np.ndarray[Any, Any]]], dropped: list[int]) -> Expression:
    """Indexing with arrays of integers: the axes are merged, listed entries taken, and the array's shape given."""
    # an integer beside arrays is an array of no axes
    listed = sorted([*listed, *((axis, np.zeros((), int)) for axis in dropped)], key=lambda pair: pair[0])
    axes = [axis for axis, _ in listed]
    sizes = [a.shape[axis] for axis in axes]
    if not all(isinstance(size, int) for size in sizes):
        raise ShapeError(f"indexing with an array: the axis has symbolic size {sizes}; bind the size first")
    whole = [int(size) for size in sizes]
    try:
        arrays = np.broadcast_arrays(*(array for _, array in listed))
    except ValueError:
        shapes = [array.shape for _, array in listed]
        raise ShapeError(f"indexing: the index arrays have shapes {shapes}, which do not broadcast") from None
    for array, size, axis in zip(arrays, whole, axes, strict=True):
        if array.size and (array.min() < -size or array.max() >= size):
            wrong = array.max() if array.max() >= size else array.min()
            raise ShapeError(f"indexing: {wrong} is out of range on axis {axis} of size {size}")
    if arrays[0].size == 0:
        raise ShapeError("indexing: the index array is empty")
    together = axes == list(range(axes[0], axes[0] + len(axes)))
    front = axes[0] if together else 0
    order = [axis for axis in range(a.ndim) if axis not in axes]
    order[front:front] = axes
    merged = permute(a, order) if order != list(range(a.ndim)) else a
    if len(axes) > 1:
        merged = Merge.of(merged, front, len(axes))
    flat = np.ravel_multi_index([array % size for array, size in zip(arrays, whole, strict=True)], whole)
    taken = Take.of(merged, front, Pick.listed(np.ravel(flat)))
    shape = arrays[0].shape
    if len(shape) == 0:
        return squeeze_axes(taken, [front])
    return taken if len(shape) == 1 else Split.of(taken, front, tuple(shape))


# --- reshaping --------------------------------------------------------------------------------------------------------


def reshape(a: Expression, shape: Sequence[Any]) -> Expression:
    """`a` with another shape, in C order; one size may be −1."""
    sizes = [-1 if as_whole(one) == -1 else check_size(one, f"reshape, axis {axis}") for axis, one in enumerate(shape)]
    if sizes.count(-1) > 1:
        raise ShapeError(f"reshape: at most one size is -1, got {tuple(shape)}")
    if -1 in sizes:
        rest = _quotient(a.shape, [size for size in sizes if size != -1])
        if rest is None:
            raise ShapeError(f"reshape: {a.shape} cannot become {tuple(shape)}: the sizes do not divide")
        sizes[sizes.index(-1)] = rest
    target = tuple(sizes)
    if multiply_sizes(a.shape) != multiply_sizes(target):
        raise ShapeError(
            f"reshape: shape {a.shape} has {multiply_sizes(a.shape)} entries and {target} has {multiply_sizes(target)}"
        )
    ones = [axis for axis, size in enumerate(a.shape) if size == 1]
    result = squeeze_axes(a, ones) if ones else a
    wanted = tuple(size for size in target if size != 1)
    axis = 0
    for mine, its in _groups(result.shape, wanted):
        if mine != its:
            if len(mine) > 1:
                result = Merge.of(result, axis, len(mine))
            if len(its) > 1:
                result = Split.of(result, axis, its)
        axis += len(its)
    places = [axis for axis, size in enumerate(target) if size == 1]
    return expand_axes(result, places) if places else result


def _quotient(shape: Shape, known: Sequence[Size]) -> Size | None:
    whole, part = multiply_sizes(shape), multiply_sizes(known)
    if isinstance(whole, int) and isinstance(part, int):
        return whole // part if part and whole % part == 0 else None
    rest = list(shape)
    for size in known:
        if size in rest:
            rest.remove(size)
        elif size != 1:
            return None
    return multiply_sizes(rest)


def _groups(mine: Shape, its: Shape) -> list[tuple[Shape, Shape]]:
    """The shortest runs of axes on both sides with equal products."""
    groups: list[tuple[Shape, Shape]] = []
    while mine or its:
        pairs = ((i, j) for total in range(2, len(mine) + len(its) + 1) for i in range(1, total) for j in [total - i])
        i, j = next(
            (i, j)
            for i, j in pairs
            if i <= len(mine) and j <= len(its) and multiply_sizes(mine[:i]) == multiply_sizes(its[:j])
        )
        groups.append((mine[:i], its[:j]))
        mine, its = mine[i:], its[j:]
    return groups


# --- joining ----------------------------------------------------------------------------------------------------------


def concatenate(parts: Sequence[Any], axis: Any = 0) -> Expression:
    """The parts one after the other along `axis`."""
    expressions = [as_expression(part) for part in parts]
    if not expressions or any(part.ndim != expressions[0].ndim for part in expressions) or not expressions[0].ndim:
        ranks = [part.shape for part in expressions]
        raise ShapeError(f"concatenate: expected one or more parts with the same number of axes, got shapes {ranks}")
    place = axis_number("concatenate", axis, expressions[0].ndim)
    return expressions[0] if len(expressions) == 1 else Concatenate.of(expressions, place)


def stack(parts: Sequence[Any], axis: Any = 0) -> Expression:
    """The parts along a new axis."""
    expressions = [as_expression(part) for part in parts]
    if not expressions:
        raise ShapeError("stack: expected one or more parts, got none")
    place = axis_number("stack", axis, expressions[0].ndim + 1)
    if any(part.shape != expressions[0].shape for part in expressions):
        raise ShapeError(f"stack: the parts have different shapes, {[part.shape for part in expressions]}")
    return concatenate([expand_axes(part, [place]) for part in expressions], place)


def repeat(a: Expression, repeats: int, axis: int) -> Expression:
    """Each entry along `axis`, `repeats` times."""
    return expand_and_merge(a, repeats, axis, after=True)


def tile(a: Expression, repeats: int, axis: int) -> Expression:
    """The whole along `axis`, `repeats` times."""
    return expand_and_merge(a, repeats, axis, after=False)


def expand_and_merge(a: Expression, repeats: int, axis: int, after: bool) -> Expression:
    """A new axis beside `axis` over which `a` is constant, merged with it."""
    place = axis + after
    own = [k for k in range(a.ndim + 1) if k != place]
    wide = network([a], [tuple(own)], range(a.ndim + 1), {place: check_size(repeats, "repeats")})
    return Merge.of(wide, axis, 2)


def flip(a: Expression, axes: Sequence[int]) -> Expression:
    """The entries along `axes` in reversed order."""
    for axis in axes:
        a = Take.of(a, axis, _slice_pick(slice(None, None, -1), a.shape[axis]))
    return a


def roll(a: Expression, shift: int, axis: int) -> Expression:
    """The entries along `axis` moved on by `shift`, the last to the front."""
    size = a.shape[axis]
    if not isinstance(size, int):
        raise ShapeError(f"roll along an axis of symbolic size {size!r}; bind the size first")
    return Take.of(a, axis, Pick.rolled(size, shift))


def flat_size(a: Expression) -> int:
    """The number of entries; a symbolic one is a `ShapeError`."""
    if not all(isinstance(size, int) for size in a.shape):
        raise ShapeError(f"the number of entries of shape {a.shape} is symbolic; bind the sizes first")
    return prod(int(size) for size in a.shape)
