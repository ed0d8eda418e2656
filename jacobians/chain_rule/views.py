"""Views of a variable: an entry, a slice, a transpose, other axes. A derivative with respect to one is by its entries.

`derivative(x @ x, x[0])` is 2 x₀, although no path leads from x · x to the expression `x[0]`: the view stands for those
entries of x. So ∂y/∂view is ∂y/∂x restricted to them, which is ∂y/∂x · Eᵀ for the map E = ∂view/∂x of zeros and ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..expressions.index_maps import Merge, Split, Take
from ..expressions.nodes import EinsumSum, EinsumTerm, Expression, Variable, unnamed
from ..expressions.terms import glue, merge_like


def variable_behind(node: Expression) -> Variable | None:
    """The variable of which a node is a view; None for a variable itself and for anything else."""
    node = unnamed(node)
    if isinstance(node, Variable):
        return None
    while not isinstance(node, Variable):
        if (isinstance(node, Take) and node.pick.injective) or isinstance(node, (Merge, Split)):
            node = unnamed(node.body)
        elif isinstance(node, EinsumSum) and _is_permutation(node):
            node = unnamed(node.terms[0].operands[0])
        else:
            return None
    return node


def _is_permutation(node: EinsumSum) -> bool:
    """Whether a node only moves the axes of its operand, adds axes of length 1 or leaves them out."""
    if len(node.terms) != 1 or len(node.terms[0].operands) != 1:
        return False
    (term,) = node.terms
    (group,) = term.indices
    distinct = len(set(group)) == len(group) and len(set(term.output)) == len(term.output)
    apart = set(range(len(term.sizes))) - (set(group) & set(term.output))
    return term.coefficient == 1.0 and distinct and all(term.sizes[index] == 1 for index in apart)


def restricted(derivative: Iterable[EinsumTerm], view: Sequence[EinsumTerm], rank: int, axes: int) -> list[EinsumTerm]:
    """∂y/∂view from ∂y/∂x and ∂view/∂x, for a y of `rank` axes and a view of `axes`."""
    found = []
    for term in derivative:
        for edge in view:
            offset = len(term.sizes)
            pairs = zip(term.output[rank:], (index + offset for index in edge.output[axes:]), strict=True)
            shown = [index + offset for index in edge.output[:axes][::-1]]
            found.append(glue([term, edge], list(pairs), [*term.output[:rank], *shown]))
    return merge_like(found)


def embedded(view: Sequence[EinsumTerm], seed: Iterable[EinsumTerm], axes: int) -> list[EinsumTerm]:
    """∂x/∂bottom where the entries of a view of `axes` axes move as `seed` says, and the others do not."""
    found = []
    for edge in view:
        for term in seed:
            offset = len(edge.sizes)
            pairs = zip(edge.output[:axes], (index + offset for index in term.output[:axes]), strict=True)
            rest = [index + offset for index in term.output[axes:]]
            found.append(glue([edge, term], list(pairs), [*edge.output[axes:][::-1], *rest]))
    return merge_like(found)
