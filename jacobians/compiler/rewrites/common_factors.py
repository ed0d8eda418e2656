"""A factor that all terms of a sum have: p ⊙ W − p ⊙ (Wᵀp)ᵀ is p ⊙ (W − (Wᵀp)ᵀ)."""

from __future__ import annotations

from collections.abc import Sequence

from ...expressions.index_maps import IndexMap
from ...expressions.nodes import EinsumSum, EinsumTerm
from ...expressions.numbering import renumber


def common_factor(terms: Sequence[EinsumTerm]) -> list[EinsumTerm] | None:
    """The largest operand that every term has at the same axes of the output, times the sum of what is left of them."""
    if len(terms) < 2:
        return None
    places = [_places(term) for term in terms]
    shared = [key for key in places[0] if all(key in other for other in places[1:])]
    if not shared:
        return None
    key = max(shared, key=lambda one: len(one[1]))
    rest = [_without(term, found[key]) for term, found in zip(terms, places, strict=True)]
    first, axes = terms[0], key[1]
    kept = [axis for axis in range(len(first.output)) if any(term.output[axis] in term.held for term in rest)]
    if len({*axes, *kept}) < len(first.output):
        return None  # an axis that no operand has would be lost
    shape = first.shape
    inner = EinsumSum.of([_restricted(term, kept) for term in rest], tuple(shape[axis] for axis in kept))
    whole = tuple(range(len(shape)))
    return [EinsumTerm(1.0, (first.operands[places[0][key]], inner), (axes, tuple(kept)), whole, shape)]


def _places(term: EinsumTerm) -> dict[tuple[int, tuple[int, ...]], int]:
    """Where in a term the operands are that nothing is summed over, by identity and axes of the output."""
    found: dict[tuple[int, tuple[int, ...]], int] = {}
    for place, (operand, group) in enumerate(zip(term.operands, term.indices, strict=True)):
        distinct = len(set(group)) == len(group) > 0
        if (
            distinct
            and not _writes_without(term, place)
            and set(group) <= set(term.output)
            and not isinstance(operand, IndexMap)
        ):
            found[(operand.serial, tuple(term.output.index(index) for index in group))] = place
    return found


def _writes_without(term: EinsumTerm, place: int) -> bool:
    """Whether a map's long axis is held by this operand alone: without it the map would write, not restrict."""
    held = {
        index
        for k, (operand, group) in enumerate(zip(term.operands, term.indices, strict=True))
        if k != place and not isinstance(operand, IndexMap)
        for index in group
    }
    longs = {
        group[0] for operand, group in zip(term.operands, term.indices, strict=True) if isinstance(operand, IndexMap)
    }
    return bool(longs & set(term.indices[place]) - held)


def _without(term: EinsumTerm, place: int) -> EinsumTerm:
    operands = term.operands[:place] + term.operands[place + 1 :]
    return EinsumTerm(
        term.coefficient, operands, term.indices[:place] + term.indices[place + 1 :], term.output, term.sizes
    )


def _restricted(term: EinsumTerm, kept: Sequence[int]) -> EinsumTerm:
    """A term with the axes `kept` of its output; no operand has the others."""
    output = [term.output[axis] for axis in kept]
    gone = set(term.output) - set(output)
    sizes = {index: size for index, size in enumerate(term.sizes) if index not in gone}
    return renumber(term.coefficient, term.operands, term.indices, output, sizes)
