"""Flattening: shared nodes multiplied out, until all operands are values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .index_maps import IndexMap, Merger, Selector, Split, Take
from .nodes import Adjoint, EinsumSum, EinsumTerm, Expression
from .terms import glue, merge_like
from .walks import walk

#: Operands of a term at most; what would multiply out to more (a square of a square of a square …) stays a node.
LONGEST_TERM = 1024


def flatten(terms: Sequence[EinsumTerm], most: int) -> list[EinsumTerm]:
    """The sum with shared adjoints and unnamed products multiplied out.

    While that stays within `most` terms; past that, adjoints that are sums themselves stay nodes. A node whose product
    would be longer than `LONGEST_TERM` stays one in any case.
    """
    measured: dict[int, tuple[int, int]] = {}

    def measure(node: EinsumSum) -> tuple[int, int]:
        """How many terms a node multiplies out to, and how many operands the longest of them has."""
        if node.serial not in measured:
            for part in walk([node], unmeasured):
                if part.serial not in measured and isinstance(part, EinsumSum):
                    measured[part.serial] = _sum(expanded(term) for term in part.terms)
        return measured[node.serial]

    def unmeasured(node: Expression) -> list[EinsumSum]:
        if node.serial in measured or not isinstance(node, EinsumSum):
            return []
        return [inner for term in node.terms for operand in term.operands if (inner := _opened(operand)) is not None]

    def expanded(term: EinsumTerm) -> tuple[int, int]:
        count, length = 1, 0
        for operand in term.operands:
            node = _opened(operand)
            if node is not None:
                terms, operands = measure(node)
                count, length = count * terms, length + operands
            else:
                length += 1
        return count, length

    keep_sums = _sum(expanded(term) for term in terms)[0] > most

    def place_to_open(term: EinsumTerm) -> int | None:
        for place, operand in enumerate(term.operands):
            node = _opened(operand)
            if node is None:
                continue
            if not (keep_sums and len(node.terms) > 1) and measure(node)[1] <= LONGEST_TERM:
                return place
        return None

    waiting, done = list(terms)[::-1], []
    while waiting:
        term = waiting.pop()
        place = place_to_open(term)
        if place is None:
            done.append(term)
            continue
        node = term.operands[place]
        if isinstance(node, (Take, Split)):
            waiting.append(_unmap(term, place, node))
        elif isinstance(node, EinsumSum):
            waiting += [substitute(term, place, inner) for inner in reversed(node.terms)]
    return merge_like(done)


def _opened(operand: Expression) -> EinsumSum | None:
    """What is multiplied out of an operand: a shared adjoint, also where it is restricted or split, a product."""
    node = operand.body if isinstance(operand, (Take, Split)) else operand
    if isinstance(node, Adjoint) or (node is operand and isinstance(node, EinsumSum) and len(node.terms) == 1):
        return node
    return None


def _sum(measures: Iterable[tuple[int, int]]) -> tuple[int, int]:
    counts, lengths = zip(*measures, strict=True) if (measures := list(measures)) else ((0,), (0,))
    return sum(counts), max(lengths)


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
