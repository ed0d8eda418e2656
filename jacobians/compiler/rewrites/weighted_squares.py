"""Xᵀ diag(c) X with c ≥ 0 is Yᵀ Y for Y = diag(√c) X: a product with its own transpose, of which half is computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from ...expressions.nodes import EinsumSum, EinsumTerm
from ...expressions.numbering import renumber
from ...functions.elementwise import SQRT
from .signs import nonnegative


def weighted_square(terms: Sequence[EinsumTerm]) -> list[EinsumTerm] | None:
    """Of a single term: how it is a product of Y with itself."""
    if len(terms) != 1 or len(terms[0].operands) < 3:
        return None
    (term,) = terms
    for left, right in combinations(range(len(term.operands)), 2):
        if term.operands[left] is term.operands[right]:
            shared = _shared_by_weights(term, left, right)
            if shared is not None:
                return [_square(term, left, right, shared)]
    return None


def _square(term: EinsumTerm, left: int, right: int, shared: tuple[int, ...]) -> EinsumTerm:
    """Yᵀ Y, with the roots of the weights, and of the size of the coefficient, in Y."""
    places = [k for k in range(len(term.operands)) if k not in (left, right)]
    weights = renumber(
        abs(term.coefficient),
        [term.operands[k] for k in places],
        [term.indices[k] for k in places],
        shared,
        {index: term.sizes[index] for index in shared},
    )
    root = SQRT(EinsumSum.of([weights], weights.shape))
    ours, theirs = term.indices[left], term.indices[right]
    sizes = {index: term.sizes[index] for index in ours}
    scaled = renumber(1.0, [term.operands[left], root], [ours, shared], ours, sizes)
    Y = EinsumSum.of([scaled], scaled.shape)
    both = {index: term.sizes[index] for index in {*ours, *theirs}}
    return renumber(1.0 if term.coefficient > 0 else -1.0, [Y, Y], [ours, theirs], term.output, both)


def _shared_by_weights(core: EinsumTerm, left: int, right: int) -> tuple[int, ...] | None:
    """The indices of the weights between two operands, if that is what all others are, and never negative."""
    ours, theirs = core.indices[left], core.indices[right]
    shared = [a for a, b in zip(ours, theirs, strict=True) if a == b]
    apart = [index for a, b in zip(ours, theirs, strict=True) if a != b for index in (a, b)]
    if (
        not shared
        or not apart
        or len({*shared, *apart}) < len(shared) + len(apart)
        or not set(apart) <= set(core.output)
        or set(shared) & set(core.output)
    ):
        return None
    places = [k for k in range(len(core.operands)) if k not in (left, right)]
    indices = {index for k in places for index in core.indices[k]}
    if not indices <= set(shared) or any(len(set(core.indices[k])) < len(core.indices[k]) for k in places):
        return None
    counts = Counter((core.operands[k].serial, core.indices[k]) for k in places)
    for k in places:
        if counts[core.operands[k].serial, core.indices[k]] % 2 and not nonnegative(core.operands[k]):
            return None
    return tuple(index for index in shared if index in indices)
