"""A Jacobian as slices with its values: what is zero by structure is told apart from what happens to be zero.

A large one is sampled: axes of one size are sampled at the same places, so that a diagonal stays a diagonal, and only
the sample is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...compiler.binding import bind_values, name_table, needed_names, require
from ...compiler.planning import program_of
from ...differentiation.jacobian_tensor import Jacobian
from ...expressions.index_maps import IndexMap, Take
from ...expressions.nodes import Array, EinsumSum, EinsumTerm, Expression
from ...expressions.picks import Pick
from ...shapes.layout import derivative_item
from ...shapes.letters import letter
from ...shapes.sizes import Shape, Size, bind_size
from .hues import hues_of
from .scene import element_of
from .summary import Axis, axes, structure
from .support import support

#: A slice has at most so many rows and columns, and a picture so many slices.
ROWS, COLUMNS, SLICES = 6, 6, 6


@dataclass(frozen=True)
class SliceScene:
    """The entries of a Jacobian at `places` of every axis, and which can be other than zero. The last two axes are
    the rows and columns of a slice; the axes before them number the slices. A single axis is a row, or a `column`."""

    symbol: str
    structure: str
    axes: tuple[Axis, ...]
    lengths: tuple[int, ...]
    places: tuple[tuple[int, ...], ...]
    values: Array
    support: Array
    latex: str
    hues: dict[str, int]
    column: bool = False

    @property
    def grids(self) -> tuple[Array, Array, list[tuple[int, ...]]]:
        """Values, what can be other than zero, and places, with two axes at least: item 1a is a row, 1b a column."""
        array, mask, places = self.values, self.support, list(self.places)
        while array.ndim < 2:
            after = self.column and array.ndim == 1
            array, mask = (array[:, None], mask[:, None]) if after else (array[None], mask[None])
            places.insert(1 if after else 0, ())
        return array, mask, places

    @property
    def title(self) -> str:
        return f"Slices of {self.symbol}"

    @property
    def sampled(self) -> str:
        """What of it is shown, if that is not all."""
        parts = [
            f"{letter(axis)} of {length}: {', '.join(map(str, places))}"
            for axis, (length, places) in enumerate(zip(self.lengths, self.places, strict=True))
            if len(places) < length
        ]
        return f"a sample: {'; '.join(parts)}" if parts else ""

    @property
    def description(self) -> str:
        lines = [f"{self.title}: {self.symbol} = {self.structure} {element_of(self.lengths)}."]
        lines += [f"Axis {letter(place)}: {axis.role}, {self.lengths[place]}." for place, axis in enumerate(self.axes)]
        if self.sampled:
            lines.append(f"Shown is {self.sampled}.")
        shown, all_shown = int(np.count_nonzero(self.support)), self.values.size
        chance = int(np.count_nonzero(self.support & (self.values == 0)))
        lines.append(
            f"Of {all_shown} entries shown {all_shown - shown} are zero by structure, and {chance} happen to be zero."
        )
        return "\n".join(lines)


def slice_scene(jacobian: Jacobian, values: Mapping[str, Any], sizes: Mapping[str, int] | None = None) -> SliceScene:
    """The scene of `jacobian` at `values`; errors are those of `Jacobian.evaluate`."""
    names = name_table(jacobian.points)
    binding = bind_values(values, names, sizes)
    terms = jacobian.chain.flat
    wanted = EinsumSum.of(terms, jacobian.shape)
    what = f"drawing {jacobian.symbol}"
    require(needed_names([wanted], binding.given), binding, names, what)
    lengths = tuple(bind_size(size, binding.sizes) for size in jacobian.shape)
    places = sample(lengths)
    shown_terms, shape = restricted(terms, jacobian.shape, lengths, places)
    program = program_of([EinsumSum.of(shown_terms, shape)], binding.sizes, binding.given, "optimal", what)
    (array,) = program.run(binding.arrays)
    mask = support(shown_terms, shape, binding.sizes)
    if shape == jacobian.shape and any(len(own) < length for own, length in zip(places, lengths, strict=True)):
        where = np.ix_(*places)
        array, mask = array[where], mask[where]
    column = derivative_item(jacobian.numerator.shape, jacobian.denominator.shape) == "1b"
    return SliceScene(
        jacobian.symbol,
        structure(jacobian),
        axes(jacobian),
        lengths,
        places,
        array,
        mask,
        jacobian.latex(),
        hues_of([jacobian.numerator]),
        column,
    )


def sample(lengths: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """The places that are shown of every axis: all, or some at even distances, the same for equal lengths."""
    rank = len(lengths)
    most = [SLICES if axis < rank - 2 else ROWS if axis == rank - 2 else COLUMNS for axis in range(rank)]
    for axis in range(rank - 3, -1, -1):  # axes in front of the first share the slices
        most[axis] = SLICES if axis == rank - 3 else 2
    least = {length: min(m for own, m in zip(lengths, most, strict=True) if own == length) for length in lengths}
    return tuple(
        tuple(int(place) for place in np.unique(np.linspace(0, length - 1, min(length, least[length])).round()))
        for length in lengths
    )


def restricted(
    terms: Sequence[EinsumTerm], shape: Shape, lengths: Sequence[int], places: Sequence[Sequence[int]]
) -> tuple[list[EinsumTerm], Shape]:
    """The terms with their operands cut down to the sample; as they are where index maps do not allow that."""
    cut = [axis for axis, own in enumerate(places) if len(own) < lengths[axis]]
    if not cut or any(isinstance(operand, IndexMap) for term in terms for operand in term.operands):
        return list(terms), shape
    new_shape = tuple(
        len(own) if axis in cut else size for axis, (own, size) in enumerate(zip(places, shape, strict=True))
    )
    return [_cut_down(term, cut, places) for term in terms], new_shape


def _cut_down(term: EinsumTerm, cut: Sequence[int], places: Sequence[Sequence[int]]) -> EinsumTerm:
    picks = {term.output[axis]: tuple(places[axis]) for axis in cut}
    operands = []
    for operand, group in zip(term.operands, term.indices, strict=True):
        taken: Expression = operand
        for axis, index in enumerate(group):
            if index in picks:
                taken = Take.of(taken, axis, Pick.listed(picks[index]))
        operands.append(taken)
    sizes: list[Size] = [len(picks[index]) if index in picks else size for index, size in enumerate(term.sizes)]
    return replace(term, operands=tuple(operands), sizes=tuple(sizes))
