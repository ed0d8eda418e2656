"""The list of rewrites: other terms for the same sum, over nodes that are made for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...expressions.nodes import EinsumTerm
from .common_factors import common_factor
from .effort import effort, nodes_made
from .weighted_squares import weighted_square

#: From terms without structure in their outputs to other terms, None where it does not apply. A rewrite does not ask
#: whether it pays.
Rewrite = Callable[[Sequence[EinsumTerm]], list[EinsumTerm] | None]

REWRITES: tuple[Rewrite, ...] = (weighted_square, common_factor)


def rewritten(terms: Sequence[EinsumTerm], sizes: Mapping[str, int]) -> Sequence[EinsumTerm]:
    """The sum after each rewrite that takes less effort than what it replaces."""
    for rewrite in REWRITES:
        other = rewrite(terms)
        if other is not None and effort(other, nodes_made(other, terms), sizes) < effort(terms, (), sizes):
            terms = other
    return terms
