"""A factor that all terms of a sum have: p ⊙ W − p ⊙ (Wᵀp)ᵀ is p ⊙ (W − (Wᵀp)ᵀ)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from ...expressions.index_maps import IndexMap
from ...expressions.nodes import EinsumTerm, Expression
from ...shapes.sizes import bind_size
from .fusion import cost_of


@dataclass(frozen=True)
class CommonFactor:
    """`operand` at the axes `indices` of `output`, and the terms that are left without it."""

    operand: Expression
    indices: tuple[int, ...]
    output: tuple[int, ...]
    rest: tuple[EinsumTerm, ...]


def common_factor(terms: Sequence[EinsumTerm], sizes: Mapping[str, int]) -> CommonFactor | None:
    """The largest operand that every term has at the same axes of the output, where taking it out is cheaper."""
    if len(terms) < 2:
        return None
    places = [_places(term) for term in terms]
    shared = [key for key in places[0] if all(key in other for other in places[1:])]
    if not shared:
        return None
    key = max(shared, key=lambda one: len(one[1]))
    rest = tuple(_without(term, found[key]) for term, found in zip(terms, places, strict=True))
    result = prod(bind_size(size, sizes) for size in terms[0].shape)
    if result + sum(cost_of(term, sizes) for term in rest) >= sum(cost_of(term, sizes) for term in terms):
        return None
    first = terms[0]
    place = places[0][key]
    if not set(first.output) <= set(first.indices[place]).union(*(term.held for term in rest)):
        return None  # an axis that no operand has would be lost
    return CommonFactor(first.operands[place], first.indices[place], first.output, rest)


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
