"""Flattening: shared nodes multiplied out, until all operands are values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from .index_maps import IndexMap, Merger, Selector, Split, Take
from .nodes import Adjoint, EinsumSum, EinsumTerm, Expression, shown
from .terms import glue, merge_like
from .walks import walk

#: Budget of operands: for a flat form as a whole, and for each of its terms. A square of a square of a square …, or a
#: loop of a thousand steps, stays products of named parts.
MOST_OPERANDS = 512


@dataclass(frozen=True)
class Extent:
    """How large a sum is when it is multiplied out: terms, operands of all of them, operands of the longest."""

    terms: int
    operands: int
    longest: int


def flatten(
    terms: Sequence[EinsumTerm],
    most: int,
    closed: Container[int] = (),
    known: Mapping[int, Sequence[EinsumTerm]] | None = None,
) -> list[EinsumTerm]:
    """The sum with shared adjoints and unnamed products multiplied out.

    While that stays within `most` terms; past that, adjoints that are sums themselves stay nodes. Past
    `MOST_OPERANDS` operands whatever is read more than once stays a node, too. The size is counted before anything is
    written. Nodes whose serial numbers are `closed` stay nodes in any case; `known` has nodes that were flattened.
    """
    opening = _Opening(terms, most, closed)
    waiting, done = list(terms)[::-1], []
    while waiting:
        term = waiting.pop()
        place = next((place for place, operand in enumerate(term.operands) if opening.of(operand) is not None), None)
        if place is None:
            done.append(term)
            continue
        node = term.operands[place]
        if isinstance(node, (Take, Split)):
            waiting.append(_unmap(term, place, node))
        elif isinstance(node, EinsumSum):
            inside = node.terms if known is None else known.get(node.serial, node.terms)
            waiting += [substitute(term, place, inner) for inner in reversed(inside)]
    return merge_like(done)


def extent(terms: Sequence[EinsumTerm], most: int) -> Extent:
    """The size of `flatten(terms, most)`, before like terms are merged, without writing it."""
    return _Opening(terms, most).extent(terms)


class _Opening:
    """Which nodes below a sum are multiplied out."""

    def __init__(self, terms: Sequence[EinsumTerm], most: int, closed: Container[int] = ()) -> None:
        self._closed = closed
        self._keep_sums = self._keep_shared = False
        self._extents: dict[int, Extent] = {}
        whole = self.extent(terms)
        if whole.terms > most or whole.operands > MOST_OPERANDS:
            self._keep_sums, self._keep_shared = whole.terms > most, whole.operands > MOST_OPERANDS
            self._readers = self._counted(terms)
            self._extents = {}

    def of(self, operand: Expression) -> EinsumSum | None:
        """What is multiplied out of an operand, if anything is."""
        node = _opened(operand)
        if node is None or node.serial in self._closed or (self._keep_sums and len(node.terms) > 1):
            return None
        if self._keep_shared and self._readers[node.serial] > 1:
            return None
        return node if self._extent_of(node).longest <= MOST_OPERANDS else None

    def extent(self, terms: Iterable[EinsumTerm]) -> Extent:
        parts = [self._extent_of_term(term) for term in terms]
        return Extent(
            sum(part.terms for part in parts),
            sum(part.operands for part in parts),
            max((part.longest for part in parts), default=0),
        )

    def _extent_of_term(self, term: EinsumTerm) -> Extent:
        inner = [self._extent_of(node) for operand in term.operands if (node := self.of(operand)) is not None]
        plain = len(term.operands) - len(inner)
        count = prod(part.terms for part in inner)
        operands = plain * count + sum(part.operands * (count // part.terms) for part in inner if part.terms)
        return Extent(count, operands, plain + sum(part.longest for part in inner))

    def _extent_of(self, node: EinsumSum) -> Extent:
        if node.serial not in self._extents:
            for part in walk([node], self._unmeasured):
                if part.serial not in self._extents and isinstance(part, EinsumSum):
                    self._extents[part.serial] = self.extent(part.terms)
        return self._extents[node.serial]

    def _unmeasured(self, node: Expression) -> list[EinsumSum]:
        if node.serial in self._extents:
            return []
        return [inner for inner in _inner(node) if inner.serial not in self._closed]

    def _counted(self, terms: Sequence[EinsumTerm]) -> Counter[int]:
        """How many operands read each node that might be multiplied out, by serial number."""
        roots = [node for term in terms for operand in term.operands if (node := _opened(operand)) is not None]
        readers = Counter(node.serial for node in roots)
        for part in walk(roots, lambda node: [] if node.serial in self._closed else _inner(node)):
            readers.update(node.serial for node in _inner(part))
        return readers


def _inner(node: Expression) -> list[EinsumSum]:
    """The nodes among the operands of a sum that might be multiplied out."""
    if not isinstance(node, EinsumSum):
        return []
    return [inner for term in node.terms for operand in term.operands if (inner := _opened(operand)) is not None]


def opened_as_shown(terms: Iterable[EinsumTerm]) -> list[EinsumTerm]:
    """The sum with operands that print as sums of networks multiplied out: for printing alone."""
    waiting, done = list(terms)[::-1], []
    while waiting:
        term = waiting.pop()
        for place, operand in enumerate(term.operands):
            form = shown(operand)
            if form is not operand and isinstance(form, EinsumSum):
                waiting += [substitute(term, place, inner) for inner in reversed(form.terms)]
                break
        else:
            done.append(term)
    return merge_like(done)


def _opened(operand: Expression) -> EinsumSum | None:
    """What is multiplied out of an operand: a shared adjoint, also where it is restricted or split, a product."""
    node = operand.body if isinstance(operand, (Take, Split)) else operand
    if isinstance(node, Adjoint) or (node is operand and isinstance(node, EinsumSum) and len(node.terms) == 1):
        return node
    return None


def _unmap(term: EinsumTerm, place: int, node: Take | Split) -> EinsumTerm:
    """`term` with a restriction at `place` written as its body and an index map, to be applied within the body."""
    big = node.body.shape[node.axis]
    count = 1 if isinstance(node, Take) else len(node.sizes)
    index_map: IndexMap = Selector.of(big, node.pick) if isinstance(node, Take) else Merger.of(node.sizes)
    fresh = len(term.sizes)
    group = term.indices[place]
    body_group = (*group[: node.axis], fresh, *group[node.axis + count :])
    operands = (*term.operands[:place], node.body, *term.operands[place + 1 :], index_map)
    map_group = (fresh, *group[node.axis : node.axis + count])
    indices = (*term.indices[:place], body_group, *term.indices[place + 1 :], map_group)
    return EinsumTerm(term.coefficient, operands, indices, term.output, (*term.sizes, big))


def substitute(term: EinsumTerm, place: int, inner: EinsumTerm) -> EinsumTerm:
    """`term` with its operand at `place` replaced by the network `inner`, whose output are that operand's axes.

    The operands of `inner` stand where the operand stood, so that a chain keeps its order.
    """
    offset = len(term.sizes)
    operands = list(term.operands)
    indices = list(term.indices)
    axes = indices[place]
    operands[place : place + 1] = inner.operands
    indices[place : place + 1] = [tuple(index + offset for index in group) for group in inner.indices]
    outer = EinsumTerm(
        term.coefficient * inner.coefficient, tuple(operands), tuple(indices), term.output, term.sizes + inner.sizes
    )
    return glue([outer], [(a, b + offset) for a, b in zip(axes, inner.output, strict=True)], term.output)
