"""Kronecker's product of matrices: entries A_{mk} B_{nl} at the places (mn) and (kl) of two merged axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..expressions.flattening import flatten
from ..expressions.index_maps import Merge, Merger
from ..expressions.nodes import EinsumSum, EinsumTerm, Expression
from .forms import Kronecker, Monomial, Sum, multiplied
from .rewriting import as_monomial

#: The closed form of a sum of terms.
Closed = Callable[[Sequence[EinsumTerm]], Sum | None]


def merged_terms(node: Merge) -> list[EinsumTerm] | None:
    """The terms of a matrix whose two axes are merged from four, with the mergers as operands."""
    if node.ndim != 2:
        return None
    merges: list[Merge] = []
    inner: Expression = node
    while isinstance(inner, Merge):
        merges.append(inner)
        inner = inner.body
    axes = [[axis] for axis in range(inner.ndim)]
    for merge in reversed(merges):
        joined = [axis for group in axes[merge.axis : merge.axis + merge.count] for axis in group]
        axes[merge.axis : merge.axis + merge.count] = [joined]
    if not isinstance(inner, EinsumSum) or [len(group) for group in axes] != [2, 2]:
        return None
    found = []
    for term in flatten(inner.terms, len(inner.terms)):
        fresh = len(term.sizes)
        groups = [tuple(term.output[axis] for axis in group) for group in axes]
        mergers = [Merger.of(tuple(term.sizes[index] for index in group)) for group in groups]
        found.append(
            EinsumTerm(
                term.coefficient,
                (*term.operands, *mergers),
                (*term.indices, *((fresh + side, *group) for side, group in enumerate(groups))),
                (fresh, fresh + 1),
                (*term.sizes, *node.shape),
            )
        )
    return found


def kronecker(term: EinsumTerm, closed: Closed) -> Monomial | None:
    """A term as A ⊗ B of Kronecker, if it is one."""
    places = [place for place, operand in enumerate(term.operands) if isinstance(operand, Merger)]
    if len(term.output) != 2 or len(places) != 2:
        return None
    by_axis = {term.indices[place][0]: term.indices[place][1:] for place in places}
    rows, columns = (by_axis.get(index, ()) for index in term.output)
    if len(rows) != 2 or len(columns) != 2 or {rows[0], columns[0]} & {rows[1], columns[1]}:
        return None
    others = [place for place in range(len(term.operands)) if place not in places]
    scalars = {place for place in others if not term.indices[place]}
    first = _reached(term, {rows[0], columns[0]}, others) | scalars
    second = _reached(term, {rows[1], columns[1]}, others)
    if first & second or first | second != set(others):
        return None
    parts = [_part(term, sorted(first), (rows[0], columns[0])), _part(term, sorted(second), (rows[1], columns[1]))]
    forms = [closed([part]) for part in parts]
    if forms[0] is None or forms[1] is None:
        return None
    a, b = (as_monomial(form) for form in forms if form is not None)
    coefficient = term.coefficient * a.coefficient * b.coefficient
    return Monomial(coefficient, multiplied([*a.scalars, *b.scalars]), (Kronecker(a.body, b.body),))


def _reached(term: EinsumTerm, indices: set[int], places: Sequence[int]) -> set[int]:
    """The places of the operands that hang together with some indices."""
    found: set[int] = set()
    while True:
        more = {place for place in places if place not in found and set(term.indices[place]) & indices}
        if not more:
            return found
        found |= more
        indices = indices.union(*(term.indices[place] for place in more))


def _part(term: EinsumTerm, places: Sequence[int], output: tuple[int, int]) -> EinsumTerm:
    """Some operands of a term as a term of their own."""
    held = dict.fromkeys([*output, *(index for place in places for index in term.indices[place])])
    numbers = {index: place for place, index in enumerate(held)}
    return EinsumTerm(
        1.0,
        tuple(term.operands[place] for place in places),
        tuple(tuple(numbers[index] for index in term.indices[place]) for place in places),
        tuple(numbers[index] for index in output),
        tuple(term.sizes[index] for index in held),
    )
