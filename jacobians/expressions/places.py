"""Entries and slices that lie beyond their axis: noticed when the sizes are bound, since a symbolic size hides them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..errors import ShapeError
from ..shapes.broadcasting import axis_of
from ..shapes.sizes import Size, bind_size, symbols_of
from .index_maps import Selector, Take
from .nodes import Expression, role
from .picks import Pick


def check_places(nodes: Iterable[Expression], sizes: Mapping[str, int]) -> None:
    """Raise a `ShapeError` if a node takes an entry, or a slice, that its axis does not have when `sizes` are bound."""
    for node, axis, whole, pick in _picks(nodes):
        if _bound((whole, pick.start, pick.length), sizes) and _beyond(whole, pick, sizes):
            raise ShapeError(_message(node, axis, whole, pick, sizes))


def outgrown(nodes: Iterable[Expression], sizes: Mapping[str, int]) -> set[str]:
    """The symbols of the axes that are too short under `sizes` for what is taken of them."""
    return {
        symbol
        for _, _, whole, pick in _picks(nodes)
        if _bound((whole, pick.start, pick.length), sizes) and _beyond(whole, pick, sizes)
        for symbol in symbols_of(whole)
    }


def _picks(nodes: Iterable[Expression]) -> Iterator[tuple[Expression | None, int, Size, Pick]]:
    """What is picked of an axis whose size is a symbol: the operand (where there is one), the axis, its size, the pick.

    On an axis of a known size the place was checked when the expression was made.
    """
    for node in nodes:
        if isinstance(node, Take):
            whole = node.body.shape[node.axis]
            if isinstance(whole, str):
                yield node.body, node.axis, whole, node.pick
        elif isinstance(node, Selector) and isinstance(node.shape[0], str):
            yield None, 0, node.shape[0], node.pick


def _bound(parts: Iterable[Size], sizes: Mapping[str, int]) -> bool:
    return all(symbol in sizes for part in parts for symbol in symbols_of(part))


def _beyond(whole: Size, pick: Pick, sizes: Mapping[str, int]) -> bool:
    first, last = _ends(pick, sizes)
    return bind_size(pick.length, sizes) < 1 or min(first, last) < 0 or max(first, last) >= bind_size(whole, sizes)


def _ends(pick: Pick, sizes: Mapping[str, int]) -> tuple[int, int]:
    """The lowest and the highest of listed places; otherwise the first and the last, which a step may exchange."""
    if pick.indices is not None:
        return int(pick.indices.array.min()), int(pick.indices.array.max())
    first = bind_size(pick.start, sizes)
    return first, first + (bind_size(pick.length, sizes) - 1) * pick.step


def _message(body: Expression | None, axis: int, whole: Size, pick: Pick, sizes: Mapping[str, int]) -> str:
    where = f"an axis of size {whole}" if body is None else axis_of(role(body, 0), body.ndim, axis)
    size = bind_size(whole, sizes)
    axis_text = f"{where}, which is {_shown(whole, sizes)}"
    first, last = _ends(pick, sizes)
    if bind_size(pick.length, sizes) < 1:
        start = _shown(pick.start, sizes)
        return f"indexing: a slice from entry {start} of {axis_text}, is empty; a slice here has at least one entry"
    if pick.length == 1 and pick.indices is None:
        return f"indexing: there is no entry {_shown(pick.start, sizes)} of {axis_text}; entries count from 0"
    wrong = max(first, last) if max(first, last) >= size else min(first, last)
    return (
        f"indexing: entries {first} to {last} of {axis_text}, are taken, and there is no entry {wrong}; entries count "
        "from 0, and a slice is not clipped to its axis"
    )


def _shown(size: Size, sizes: Mapping[str, int]) -> str:
    """A size and what it is bound to: `3`, `d = 3`, `d-5 = -2 with d = 3`."""
    if isinstance(size, int):
        return str(size)
    values = ", ".join(f"{symbol} = {sizes[symbol]}" for symbol in symbols_of(size))
    return values if size in sizes else f"{size} = {bind_size(size, sizes)} with {values}"
