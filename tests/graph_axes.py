"""The operations of random graphs that move entries: transposes, reshapes, indexing, joins."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from graph_operations import HIGHEST_RANK, LARGEST, Drawing, Drawn, add, axis_of, perhaps_no_axis, small_pair

# --- axes -------------------------------------------------------------------------------------------------------------


def order_of(d: Drawing, rank: int) -> tuple[int, ...]:
    rest = list(range(rank))
    return tuple(rest.pop(d.integer(0, len(rest) - 1)) for _ in range(rank))


def _transpose(d: Drawing) -> Drawn:
    place = d.node()
    assert place is not None
    rank = d.arrays[place].ndim
    order = None if d.flag() else tuple(axis - rank if d.flag() else axis for axis in order_of(d, rank))
    return [place], {"axes": order}


def _matrix(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim == 2)
    return None if place is None else ([place], {})


add("transpose", _transpose, lambda xp, x, axes: xp.transpose(x, axes), np.transpose)
add(
    "method transpose",
    _transpose,
    lambda xp, x, axes: xp.method_transpose(x, axes),
    np.transpose,
    "transpose",
)
add("T", _matrix, lambda xp, x: x.T, np.transpose, matrix=True)


def _two_axes(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim > 1)
    if place is None:
        return None
    first, second, *_ = order_of(d, d.arrays[place].ndim)
    return [place], {"first": first, "second": second - d.arrays[place].ndim}


add("swapaxes", _two_axes, lambda xp, x, first, second: xp.swapaxes(x, first, second), np.swapaxes, "swapaxes")
add("moveaxis", _two_axes, lambda xp, x, first, second: xp.moveaxis(x, first, second), np.moveaxis)
add(
    "moveaxis of two",
    _two_axes,
    lambda xp, x, first, second: xp.moveaxis(x, (first, second), (-1, 0)),
    np.moveaxis,
)


def _factored(d: Drawing, size: int) -> list[int]:
    """A shape with `size` entries."""
    shape: list[int] = []
    for prime in (2, 3, 5, 7, 11, 13):
        while size % prime == 0:
            size //= prime
            if shape and d.flag():
                shape[d.integer(0, len(shape) - 1)] *= prime
            else:
                shape.insert(d.integer(0, len(shape)), prime)
    shape += [size] if size > 1 else []
    while len(shape) > HIGHEST_RANK:
        shape[:2] = [shape[0] * shape[1]]
    if len(shape) < HIGHEST_RANK and d.integer(0, 2) == 0:
        shape.insert(d.integer(0, len(shape)), 1)
    return shape


def _reshape(d: Drawing) -> Drawn:
    place = d.node()
    assert place is not None
    shape = _factored(d, d.arrays[place].size)
    if shape and d.flag():
        shape[d.integer(0, len(shape) - 1)] = -1
    return [place], {"shape": tuple(shape)}


add("reshape", _reshape, lambda xp, x, shape: xp.reshape(x, shape), np.reshape)
add("method reshape", _reshape, lambda xp, x, shape: x.reshape(*shape) if shape else x.reshape(()), "reshape")
add("ravel", lambda d: ([d.node()], {}), lambda xp, x: xp.ravel(x), np.ravel, "ravel")
add("flatten", lambda d: ([d.node()], {}), lambda xp, x: xp.flatten(x), "flatten")


def _expand(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim < HIGHEST_RANK)
    if place is None:
        return None
    rank = d.arrays[place].ndim
    axis: Any = d.integer(-rank - 1, rank)
    return [place], {"axis": (0, 2) if 1 <= rank <= HIGHEST_RANK - 2 and d.flag() else axis}


def _squeeze(d: Drawing) -> Drawn:
    place = d.node(lambda a: 1 in a.shape)
    if place is None:
        return None
    ones = [axis for axis, size in enumerate(d.arrays[place].shape) if size == 1]
    return [place], {"axis": d.choice((None, d.choice(ones), tuple(ones)))}


add("expand_dims", _expand, lambda xp, x, axis: xp.expand_dims(x, axis), np.expand_dims)
add("squeeze", _squeeze, lambda xp, x, axis: xp.squeeze(x, axis), np.squeeze, "squeeze")
add("atleast_1d", lambda d: ([d.node()], {}), lambda xp, x: xp.atleast_1d(x), np.atleast_1d)
add("atleast_2d", lambda d: ([d.node()], {}), lambda xp, x: xp.atleast_2d(x), np.atleast_2d)


def _broadcast(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.size <= 12)
    if place is None:
        return None
    shape = tuple(d.integer(1, 3) if size == 1 else size for size in d.arrays[place].shape)
    wider = len(shape) < HIGHEST_RANK and d.flag() and 2 * np.prod(shape) <= LARGEST
    return [place], {"shape": (2, *shape) if wider else shape}


add("broadcast_to", _broadcast, lambda xp, x, shape: xp.broadcast_to(x, shape), np.broadcast_to)


# --- indexing ---------------------------------------------------------------------------------------------------------


def _slice(d: Drawing, size: int) -> slice:
    start, stop = sorted((d.integer(0, size), d.integer(0, size)))
    if start == stop:
        return slice(None, None, d.choice((None, 2, -1, -2)))
    if d.integer(0, 3) == 0:
        return slice(stop - 1, start - 1 if start else None, -1)
    return slice(
        start - size if d.flag() and start else start or None, stop if d.flag() or stop == size else stop - size
    )


def _getitem(d: Drawing) -> Drawn:
    """Integers, slices, None and … in any place; at most one of integer arrays (one or two) or a mask."""
    place = d.node(lambda a: a.ndim > 0)
    if place is None:
        return None
    shape = d.arrays[place].shape
    listed = d.integer(0, 3)
    key: list[Any] = []
    joint = (2,) if d.flag() else (2, 2) if len(shape) <= 2 else (3,)
    arrays = 0
    for size in shape:
        kind = d.integer(0, 4)
        if kind == 0:
            key.append(d.integer(-size, size - 1))
        elif listed == 1 and kind == 1 and arrays < 2:
            key.append(np.array([d.integer(-size, size - 1) for _ in range(int(np.prod(joint)))]).reshape(joint))
            arrays += 1
        elif listed == 2 and kind == 1 and not arrays:
            mask = np.array([d.flag() for _ in range(size)])
            mask[d.integer(0, size - 1)] = True
            key.append(mask)
            arrays += 1
        elif kind == 2:
            key.append(slice(None))
        else:
            key.append(_slice(d, size))
    if d.flag() and len(key) > 1:
        cut = d.integer(0, len(key) - 1)
        key[cut : cut + 1] = [Ellipsis]
    elif d.flag():
        del key[d.integer(1, len(key)) :]
    if not any(isinstance(one, np.ndarray) for one in key):
        for _ in range(d.integer(0, 1)):
            key.insert(d.integer(0, len(key)), None)
    return [place], {"key": tuple(key) if len(key) != 1 or d.flag() else key[0]}


add("getitem", _getitem, lambda xp, x, key: x[key], operator.getitem)


def _take(d: Drawing) -> Drawn:
    drawn = perhaps_no_axis(d)
    if drawn is None:
        return None
    ([place], options) = drawn
    x = d.arrays[place]
    size = x.size if options["axis"] is None else x.shape[options["axis"]]
    indices = [d.integer(-size, size - 1) for _ in range(d.integer(1, 3))]
    return [place], {"indices": np.array(indices), **options}


add("take", _take, lambda xp, x, indices, axis: xp.take(x, indices, axis=axis), np.take, "take")


def _counted(low: int, high: int, axis_is_optional: bool = True) -> Any:
    def draw(d: Drawing) -> Drawn:
        drawn = (perhaps_no_axis if axis_is_optional else axis_of)(d)
        return None if drawn is None else (drawn[0], {"count": d.integer(low, high), **drawn[1]})

    return draw


add("repeat", _counted(1, 3), lambda xp, x, count, axis: xp.repeat(x, count, axis=axis), np.repeat, "repeat")
add("roll", _counted(-3, 3), lambda xp, x, count, axis: xp.roll(x, count, axis=axis), np.roll)
add("flip", perhaps_no_axis, lambda xp, x, axis: xp.flip(x, axis), np.flip)


def _tile(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.size <= 12)
    if place is None:
        return None
    rank = d.arrays[place].ndim
    reps: Any = tuple(d.integer(1, 2) for _ in range(d.integer(1, min(rank + 1, HIGHEST_RANK))))
    return [place], {"reps": 2 if d.flag() else reps}


add("tile", _tile, lambda xp, x, reps: xp.tile(x, reps), np.tile)


# --- joins ------------------------------------------------------------------------------------------------------------


def _joined(d: Drawing) -> Drawn:
    drawn = axis_of(d)
    if drawn is None:
        return None
    ([place], options) = drawn
    shape = list(d.arrays[place].shape)
    shape[options["axis"]] = d.integer(1, 2)
    return [place, d.partner(tuple(shape)), place][: d.integer(2, 3)], options


def _alike(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim < HIGHEST_RANK)
    if place is None:
        return None
    rank = d.arrays[place].ndim
    return [place, d.partner(d.arrays[place].shape)], {"axis": d.integer(-rank - 1, rank)}


def _same_shape(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim > 0)
    return None if place is None else ([place, d.partner(d.arrays[place].shape)], {})


def _columns(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim in (1, 2))
    if place is None:
        return None
    rows = d.arrays[place].shape[0]
    return [place, d.partner((rows,) if d.flag() else (rows, 2))], {}


add("concatenate", _joined, lambda xp, *parts, axis: xp.concatenate(parts, axis=axis), np.concatenate)
add("concatenate all", small_pair, lambda xp, *parts: xp.concatenate(parts, axis=None), np.concatenate)
add("stack", _alike, lambda xp, *parts, axis: xp.stack(parts, axis=axis), np.stack)
add("hstack", _same_shape, lambda xp, *parts: xp.hstack(parts), np.hstack)
add("vstack", _same_shape, lambda xp, *parts: xp.vstack(parts), np.vstack)
add("column_stack", _columns, lambda xp, *parts: xp.column_stack(parts), np.column_stack)
