"""Xᵀ diag(c) X with c ≥ 0 is Yᵀ Y for Y = diag(√c) X: a product with its own transpose, of which half is computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

from ...expressions.nodes import EinsumTerm
from .signs import nonnegative

#: Below so many multiplications the root costs more than it saves.
LEAST = 1 << 18


@dataclass(frozen=True)
class WeightedSquare:
    """The places of X twice, of the weights, and the indices that the weights have."""

    left: int
    right: int
    weights: tuple[int, ...]
    indices: tuple[int, ...]


def weighted_square(core: EinsumTerm, sizes: Sequence[int]) -> WeightedSquare | None:
    """How a contraction is a weighted square, if it is one and is large."""
    if len(core.operands) < 3 or prod(sizes) < LEAST:
        return None
    for left, right in combinations(range(len(core.operands)), 2):
        if core.operands[left] is core.operands[right]:
            found = _weights(core, left, right)
            if found is not None:
                return found
    return None


def _weights(core: EinsumTerm, left: int, right: int) -> WeightedSquare | None:
    ours, theirs = core.indices[left], core.indices[right]
    shared = [a for a, b in zip(ours, theirs, strict=True) if a == b]
    apart = [index for a, b in zip(ours, theirs, strict=True) if a != b for index in (a, b)]
    places = [k for k in range(len(core.operands)) if k not in (left, right)]
    indices = {index for k in places for index in core.indices[k]}
    counts = Counter((core.operands[k].serial, core.indices[k]) for k in places)
    if (
        not shared
        or not apart
        or len({*shared, *apart}) < len(shared) + len(apart)
        or not set(apart) <= set(core.output)
        or set(shared) & set(core.output)
        or not indices <= set(shared)
        or any(len(set(core.indices[k])) < len(core.indices[k]) for k in places)
    ):
        return None
    for k in places:
        if counts[core.operands[k].serial, core.indices[k]] % 2 and not nonnegative(core.operands[k]):
            return None
    return WeightedSquare(left, right, tuple(places), tuple(index for index in shared if index in indices))
