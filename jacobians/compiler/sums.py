"""Sums of contractions as statements; what repeats an index in its output is put in place through views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

import numpy as np

from ..expressions.delta_patterns import split, writing_maps
from ..expressions.index_maps import IndexMap, Selector
from ..expressions.linear_maps import WindowMap
from ..expressions.nodes import EinsumTerm, Expression
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
    Reshape,
    Scatter,
    Slice,
    SlidingWindows,
    Spread,
)
from .program import Statement
from .rewrites.effort import nodes_made
from .rewrites.rewriting import rewritten
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
    if isinstance(index_map, WindowMap):
        return builder.emit(SlidingWindows(1, builder.bound(smalls[1])), (eye,), (big, *smalls))
    return builder.emit(Reshape(), (eye,), (big, *smalls))


def _is_plain(term: EinsumTerm) -> bool:
    """Whether the output of a term repeats no index, and no index map writes into it."""
    if len(set(term.output)) < len(term.output):
        return False
    return not any(isinstance(one, IndexMap) for one in term.operands) or not writing_maps(term)


class SumWriter:
    """Makes the statements of sums of terms; `value` gives what stands for an operand, `make` sees to new nodes."""

    def __init__(
        self,
        builder: Builder,
        value: Callable[[Expression], Statement],
        make: Callable[[Sequence[Expression], Manner], None],
        order: str,
    ) -> None:
        self._builder, self._make = builder, make
        self._contractions = ContractionWriter(builder, value, order)

    def write(self, terms: Sequence[EinsumTerm], shape: Shape, manner: Manner) -> Statement:
        """The sum of `terms`, each of `shape`."""
        emit, derivative = self._builder.emit, manner.derivative
        if not terms:
            return emit(Fill(0.0), (), shape, 0, derivative)
        whole = [term for term in terms if _is_plain(term)]
        summands = self._rewritten(whole, manner)
        signed = Manner(derivative, manner.free, signed=len(summands) > 1)
        dense = [self._aligned(term, signed) for term in summands]
        scattered = [self._scattered(term, manner) for term in terms if len(whole) < len(terms) and not _is_plain(term)]
        base = self._spread(dense, shape, manner) if dense else None
        if not scattered:
            assert base is not None
            return base
        placements = tuple(self._placement(outer, shape, sign) for outer, (_, sign) in scattered)
        operands = (*([] if base is None else [base]), *(value for _, (value, _) in scattered))
        return emit(Scatter(placements, base is not None), operands, shape, 0, derivative)

    def _spread(self, dense: list[Signed], shape: Shape, manner: Manner) -> Statement:
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

    def _rewritten(self, terms: Sequence[EinsumTerm], manner: Manner) -> Sequence[EinsumTerm]:
        """The cheapest terms for the same sum; the nodes that are made for them get their statements."""
        other = rewritten(terms, self._builder.sizes)
        if other is not terms:
            self._make(nodes_made(other, terms), manner)
        return other

    def _aligned(self, term: EinsumTerm, manner: Manner) -> Signed:
        """A term without deltas, with new axes where it has none: a difference of arrays takes no product with −1."""
        held = term.held
        if all(index in held for index in term.output):
            return self._contractions.write(term, manner)
        outer, core = split(term)
        value, sign = self._contractions.write(replace(core, coefficient=term.coefficient), manner)
        return self._expanded(value, [index in outer.indices[0] for index in term.output]), sign

    def _scattered(self, term: EinsumTerm, manner: Manner) -> tuple[EinsumTerm, Signed]:
        """The structure of a term with deltas, and its dense part."""
        outer, core = split(term)
        (dense,) = self._rewritten([replace(core, coefficient=term.coefficient)], manner)
        return outer, self._contractions.write(dense, Manner(manner.derivative, manner.free))

    def _expanded(self, value: Statement, present: Sequence[bool]) -> Statement:
        """An axis of length 1 where one is missing; leading missing axes are left to broadcasting."""
        while present and not present[0]:
            present = present[1:]
        if all(present):
            return value
        own = iter(value.symbols)
        shape = tuple(next(own) if here else 1 for here in present)
        return self._builder.emit(Expand(tuple(present)), (value,), shape)

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
