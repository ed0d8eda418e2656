"""Sums of contractions as statements; what repeats an index in its output is put in place through views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from ..expressions.delta_patterns import split
from ..expressions.index_maps import Selector
from ..expressions.nodes import EinsumTerm, Expression
from ..expressions.numbering import renumber
from ..shapes.sizes import Shape
from .builder import Builder
from .contractions import ContractionWriter, Manner, Signed
from .operations import (
    Diagonal,
    Expand,
    Eye,
    Fill,
    Gather,
    Operation,
    Placement,
    Product,
    Reshape,
    Scatter,
    Slice,
    Spread,
)
from .program import Statement
from .rewrites.common_factors import CommonFactor, common_factor
from .written_places import is_listed, written_places


def picked(builder: Builder, selector: Selector, axis: int) -> Operation:
    """The view of a slice, or the listed entries."""
    pick = selector.pick
    if not pick.is_slice:
        return Gather(axis, builder.stored(np.asarray(pick.places()), "places"))
    return Slice(axis, builder.bound(pick.start), builder.bound(pick.length), pick.step)


def written_out(builder: Builder, index_map: Expression) -> Statement:
    """An index map that could not be applied, as an array."""
    big, *smalls = index_map.shape
    eye = builder.emit(Eye(), (), (big, big))
    if isinstance(index_map, Selector):
        return builder.emit(picked(builder, index_map, 1), (eye,), (big, *smalls))
    return builder.emit(Reshape(), (eye,), (big, *smalls))


def _distinct(indices: tuple[int, ...]) -> bool:
    return len(set(indices)) == len(indices)


class SumWriter:
    """Makes the statements of sums of terms; `value` gives what stands for an operand."""

    def __init__(self, builder: Builder, value: Callable[[Expression], Statement], order: str) -> None:
        self._builder, self._value = builder, value
        self._contractions = ContractionWriter(builder, value, order)

    def write(self, terms: Sequence[EinsumTerm], shape: Shape, manner: Manner) -> Statement:
        """The sum of `terms`, each of `shape`."""
        emit, derivative = self._builder.emit, manner.derivative
        if not terms:
            return emit(Fill(0.0), (), shape, 0, derivative)
        split_terms = [(term, *split(term)) for term in terms]
        plain = [len(outer.operands) == 1 and _distinct(term.output) for term, outer, _ in split_terms]
        whole = [one for one, is_plain in zip(split_terms, plain, strict=True) if is_plain]
        common = common_factor([term for term, _, _ in whole], self._builder.sizes)
        own = Manner(derivative, manner.free, signed=len(whole) > 1)
        if common is None:
            dense = [self._aligned(*one, own) for one in whole]
        else:
            dense = [(self._factored(common, shape, manner), 1)]
        scattered = [
            (outer, self._contractions.write(core, term.coefficient, Manner(derivative, manner.free)))
            for (term, outer, core), is_plain in zip(split_terms, plain, strict=True)
            if not is_plain
        ]
        base = self._spread(dense, terms, shape, manner) if dense else None
        if not scattered:
            assert base is not None
            return base
        placements = tuple(self._placement(outer, shape, sign) for outer, (_, sign) in scattered)
        operands = (*([] if base is None else [base]), *(value for _, (value, _) in scattered))
        return emit(Scatter(placements, base is not None), operands, shape, 0, derivative)

    def _spread(self, dense: list[Signed], terms: Sequence[EinsumTerm], shape: Shape, manner: Manner) -> Statement:
        """The sum of the dense parts, along axes too that none of them has."""
        emit, derivative = self._builder.emit, manner.derivative
        (first, sign), *others = dense
        if not others and not first.symbols and shape and first.dtype is None:  # the same number everywhere
            value = sign * first.operation.value  # type: ignore[attr-defined]
            return emit(Fill(value), (), shape, 0, derivative)
        lengths = self._builder.shape_of(shape)
        own = np.broadcast_shapes(*(value.shape for value, _ in dense))
        last = len(shape) - len(own)
        inner = tuple(size if own[k] == lengths[last + k] else 1 for k, size in enumerate(shape[last:]))
        total = self._builder.total(dense, inner, derivative)
        return total if own == lengths else emit(Spread(), (total,), shape, 0, derivative)

    def _aligned(self, term: EinsumTerm, outer: EinsumTerm, core: EinsumTerm, manner: Manner) -> Signed:
        """A term without deltas, with new axes where it has none: a difference of arrays takes no product with −1."""
        value, sign = self._contractions.write(core, term.coefficient, manner)
        return self._expanded(value, [index in outer.indices[0] for index in term.output]), sign

    def _expanded(self, value: Statement, present: Sequence[bool]) -> Statement:
        """An axis of length 1 where one is missing; leading missing axes are left to broadcasting."""
        while present and not present[0]:
            present = present[1:]
        if all(present):
            return value
        own = iter(value.symbols)
        shape = tuple(next(own) if here else 1 for here in present)
        return self._builder.emit(Expand(tuple(present)), (value,), shape)

    def _factored(self, common: CommonFactor, shape: Shape, manner: Manner) -> Statement:
        """A sum of terms that have a factor in common: the sum of what is left of them, times the factor."""
        own = Manner(manner.derivative, manner.free, signed=True)
        held = [any(index in term.held for term in common.rest) for index in common.output]
        kept = [place for place, here in enumerate(held) if here]
        parts = [self._aligned(term, *split(term), own) for term in (_restricted(term, held) for term in common.rest)]
        total = self._builder.total(parts, tuple(shape[place] for place in kept), manner.derivative)
        places = {index: place for place, index in enumerate(common.output)}
        product = Product(tuple(places[index] for index in common.indices), tuple(kept), tuple(range(len(shape))))
        factor = self._value(common.operand)
        count = prod(self._builder.shape_of(shape))
        return self._builder.product(product, factor, total, shape, count, manner.derivative)

    def _placement(self, outer: EinsumTerm, shape: Shape, sign: int) -> Placement:
        """Where the entries go that a structure writes: through deltas and index maps, and no zero is touched."""
        if is_listed(outer):
            return self._listed(outer, self._builder.shape_of(shape), sign)
        axes, symbols = list(outer.output), list(shape)
        path: list[tuple[Operation, tuple[int, ...]]] = []
        for index_map, (big, *smalls) in zip(outer.operands[1:], outer.indices[1:], strict=True):
            for place in [place for place, index in enumerate(axes) if index == big][::-1]:
                axes[place : place + 1] = smalls
                symbols[place : place + 1] = index_map.shape[1:]
                view = picked(self._builder, index_map, place) if isinstance(index_map, Selector) else Reshape()
                path.append((view, self._builder.shape_of(tuple(symbols))))
        distinct = list(dict.fromkeys(axes))
        if len(distinct) < len(axes):
            numbers = {index: place for place, index in enumerate(distinct)}
            diagonal = Diagonal(tuple(numbers[index] for index in axes), tuple(range(len(distinct))))
            lengths = dict(zip(axes, self._builder.shape_of(tuple(symbols)), strict=True))
            path.append((diagonal, tuple(lengths[index] for index in distinct)))
        present = tuple(index in outer.indices[0] for index in distinct)
        last = path[-1][1] if path else self._builder.shape_of(shape)
        return Placement(tuple(path), present, last, sign)

    def _listed(self, outer: EinsumTerm, shape: tuple[int, ...], sign: int) -> Placement:
        """Listed places: of one axis, the others being as they are; otherwise those in the flat array."""
        written = written_places(outer, shape, self._builder.sizes)
        places = self._builder.stored(written.places, "places")
        present = tuple(index in outer.indices[0] for index in written.axes)
        if written.axis is not None:
            path: tuple[tuple[Operation, tuple[int, ...]], ...] = ((Gather(written.axis, places), written.lengths),)
            return Placement(path, present, written.lengths, sign)
        path = ((Reshape(), (prod(shape),)), (Gather(0, places), written.places.shape))
        return Placement(path, present, written.lengths, sign, True, written.distinct)


def _restricted(term: EinsumTerm, held: Sequence[bool]) -> EinsumTerm:
    """A term without the axes of its output that are not held."""
    gone = {index for index, here in zip(term.output, held, strict=True) if not here}
    output = [index for index in term.output if index not in gone]
    sizes = {index: size for index, size in enumerate(term.sizes) if index not in gone}
    return renumber(term.coefficient, term.operands, term.indices, output, sizes)
