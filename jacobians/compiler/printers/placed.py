"""Scatters for languages whose arrays are not written to: every value is embedded in zeros, and the parts are added."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Protocol

from .. import operations as op
from .numpy_products import Level, Text


class Embeddings(Protocol):
    """The steps by which a language puts an array into a larger one of zeros."""

    def reshaped(self, text: Text, shape: tuple[int, ...]) -> Text: ...

    def turned(self, text: Text, axes: tuple[int, ...]) -> Text: ...

    def stretched(self, text: Text, shape: tuple[int, ...]) -> Text: ...

    def on_diagonal(self, text: Text, masks: Sequence[tuple[int, tuple[bool, ...]]], shape: tuple[int, ...]) -> Text:
        """The value where all masks hold, zero elsewhere; a mask is an identity matrix with axes where it is True."""
        ...

    def in_slice(self, text: Text, cut: op.Slice, shape: tuple[int, ...], whole: tuple[int, ...]) -> Text: ...

    def at_places(self, text: Text, gather: op.Gather, shape: tuple[int, ...], whole: tuple[int, ...]) -> Text: ...


def embedded(value: Text, placement: op.Placement, whole: tuple[int, ...], steps: Embeddings) -> Text:
    """The source of an array of shape `whole` that has the value where a placement puts it."""
    number = not any(placement.present)  # the same everywhere: it has no axes
    full = all(placement.present)
    text = value if number else _with_axes(value, placement.present)
    if placement.flat:
        gather = placement.path[-1][0]
        assert isinstance(gather, op.Gather)
        count = prod(placement.lengths)
        text = text if full else steps.stretched(text, placement.lengths)
        text = text if len(placement.lengths) == 1 else steps.reshaped(text, (count,))
        return steps.reshaped(steps.at_places(text, op.Gather(0, gather.places), (count,), (prod(whole),)), whole)
    shapes = [whole, *(shape for _, shape in placement.path)]
    for (operation, after), before in reversed(list(zip(placement.path, shapes, strict=False))):
        if not full and not isinstance(operation, (op.Diagonal, op.Transpose)):
            text, full, number = steps.stretched(text, after), True, False
        match operation:
            case op.Reshape():
                text = steps.reshaped(text, before)
            case op.Transpose(axes) if not number:
                text = steps.turned(text, tuple(axes.index(axis) for axis in range(len(axes))))
            case op.Slice():
                text = steps.in_slice(text, operation, after, before)
            case op.Gather():
                text = steps.at_places(text, operation, after, before)
            case op.Diagonal(indices, kept):
                text = text if number else _aligned(text, indices, kept, steps)
                text, full, number = steps.on_diagonal(text, _masks(indices, before), before), True, False
    return text if full else steps.stretched(text, whole)


def _with_axes(text: Text, present: Sequence[bool]) -> Text:
    return text if all(present) else Text(f"{text.atom}[{', '.join(':' if here else 'None' for here in present)}]")


def _aligned(text: Text, indices: op.Indices, kept: op.Indices, steps: Embeddings) -> Text:
    """The axes `kept` of a value at the first places that have them among `indices`, axes of length 1 elsewhere."""
    order = [index for index in dict.fromkeys(indices) if index in kept]
    text = steps.turned(text, tuple(kept.index(index) for index in order))
    return _with_axes(text, [indices.index(index) == place for place, index in enumerate(indices)])


def _masks(indices: op.Indices, shape: tuple[int, ...]) -> list[tuple[int, tuple[bool, ...]]]:
    """For each axis that repeats an index, its length and the two axes that are equal where the value stands."""
    return [
        (shape[place], tuple(axis in (indices.index(index), place) for axis in range(len(indices))))
        for place, index in enumerate(indices)
        if indices.index(index) != place
    ]


def total(parts: Sequence[tuple[int, Text]]) -> Text:
    """Parts with their signs, added up."""
    (sign, first), *others = parts
    text = first.text if sign > 0 else f"-{first.atom}"
    for sign, part in others:
        text += f" {'+' if sign > 0 else '-'} {part.within(Level.PRODUCT)}"
    return Text(text, Level.SUM) if others or sign < 0 else first
