"""Places in brackets: x[0], y[4:7], X[:, 1] and x[::-1], counted from 0 as Python does; reshape(x, 3 × 5)."""

from __future__ import annotations

import re
from typing import Any

from ...errors import JacobiansError
from ...expressions.index_maps import Take
from ...expressions.picks import Pick
from ...functions.indexing import reshape, squeeze_axes, take_items
from ...shapes.sizes import Size, add_sizes, check_size
from ..syntax import tree as t
from ..syntax.source_positions import shape_error
from .context import Context
from .elaborated import Part
from .values import Value, describe, has_entries, product

#: Commas between the places of axes: those that stand in no list, and are no space of LaTeX.
_COMMAS = re.compile(r"(?<!\\),(?![^\[\]]*\])")


def at_places(context: Context, part: Part, postfix: t.Postfix) -> Part:
    """The entries of a part at the places of a postfix; a row of a matrix is a row. Of a number it is a product."""
    place = part.place.to(postfix.place)
    value = part.value
    assert isinstance(postfix.body, t.Name)
    cuts = [_cut(one) for one in _COMMAS.split(postfix.body.text)]
    if not value.rank and not has_entries(value) and len(cuts) == 1 and isinstance(cuts[0], int):
        return Part(place, product(value, context.part(t.Number(postfix.place, str(cuts[0]))).value), (part,))
    shown = context.source(postfix.place)
    if has_entries(value) or not value.rank or len(cuts) > len(value.shape):
        what = f"{context.source(part.place)} is {describe(value)}: it has no {shown}"
        raise shape_error(context.text, postfix.place, what)
    if value.row and len(cuts) == 2:  # the one line of a row
        first = cuts.pop(0)
        if first not in (0, -1, slice(None)):
            raise shape_error(context.text, postfix.place, f"{context.source(part.place)} is a row: it has no {shown}")
    try:
        found = value.expression
        for axis, cut in enumerate(cuts):
            found = _taken(found, axis, cut)
        dropped = [axis for axis, cut in enumerate(cuts) if isinstance(cut, (int, str))]
        found = squeeze_axes(found, dropped) if dropped else found
    except JacobiansError as error:
        raise shape_error(context.text, postfix.place, str(error)) from None
    row = value.row or (value.rank == 2 and dropped == [0])
    return Part(place, Value(found, row and found.ndim == 1), (part,))


def _cut(text: str) -> Any:
    """What stands between commas: a place, a list of places, or a slice whose bounds are whole numbers or sizes."""
    if "[" in text:
        return [int(one) for one in text.strip("[] ").split(",")]
    bounds = [_bound(one) for one in text.split(":")]
    return bounds[0] if len(bounds) == 1 else slice(*bounds)


def _bound(text: str) -> Size | None:
    plain = re.sub(r"[{}\s_]", "", text.replace("\\,", "*"))
    try:
        return int(plain) if plain else None
    except ValueError:
        return plain


def _taken(array: Any, axis: int, cut: Any) -> Any:
    """Entries along an axis, which stays."""
    given = (cut.start, cut.stop, cut.step) if isinstance(cut, slice) else (cut,)
    if isinstance(cut, list):
        return take_items(array, (*[slice(None)] * axis, cut))
    if not any(isinstance(one, str) for one in given):
        whole = cut if isinstance(cut, slice) else slice(cut, None if cut == -1 else cut + 1)
        if not isinstance(cut, slice):
            take_items(array, (*[slice(None)] * axis, cut))  # beyond the axis it is an error
        return take_items(array, (*[slice(None)] * axis, whole))
    if not isinstance(cut, slice):
        return Take.of(array, axis, Pick(check_size(cut, "a place"), 1))
    first = cut.start or 0
    stop = array.shape[axis] if cut.stop is None else cut.stop
    length = add_sizes(stop, -first if isinstance(first, int) else f"-{first}".replace("+", "-"))
    return Take.of(array, axis, Pick(first, check_size(length, "a slice"), 1))


def reshaped(context: Context, group: t.Group) -> Part:
    """reshape(x, 3 × 5)."""
    if len(group.parts) != 2:
        raise shape_error(context.text, group.place, "reshape takes an array and its new shape: reshape(x, 3 × 5)")
    body = context.part(group.parts[0])
    written = context.text[group.parts[1].place.start : group.parts[1].place.end]
    sizes = [re.sub(r"[{}()\s_]", "", one.replace("\\,", "*")) for one in re.split(r"×|\\times", written)]
    try:
        shape = [check_size(int(one) if one.isdecimal() else one, "reshape") for one in sizes]
        return Part(group.place, Value(reshape(body.value.whole, shape)), (body,))
    except JacobiansError as error:
        raise shape_error(context.text, group.parts[1].place, str(error)) from None
