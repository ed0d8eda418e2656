"""What terms cost, in multiplications: the one measure by which rewrites are taken or left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

from ...chain_rule.contraction_orders import price
from ...expressions.delta_patterns import split
from ...expressions.index_maps import IndexMap
from ...expressions.nodes import EinsumSum, EinsumTerm, Elementwise, Expression
from ...expressions.walks import walk
from ...shapes.sizes import bind_size

#: Number of multiplications from which a product of an array with its own transpose takes half of them.
HALVED = 1 << 18
#: Multiplications that the root of one entry takes as long as.
ROOT = 16


def multiplications(term: EinsumTerm, sizes: Mapping[str, int]) -> int:
    """The multiplications of a term, contracted in the best order."""
    if any(isinstance(operand, IndexMap) for operand in term.operands):
        term = split(term)[1]
    bound = [bind_size(size, sizes) for size in term.sizes]
    output = tuple(index for index in dict.fromkeys(term.output) if index in term.held)
    if len(term.operands) < 2:
        return 0 if term.coefficient in (1.0, -1.0) else prod(bound[index] for index in output)
    return price(term.indices, output, bound, [operand.serial for operand in term.operands])


def effort(terms: Iterable[EinsumTerm], made: Iterable[Expression], sizes: Mapping[str, int]) -> int:
    """The multiplications of `terms` and of the nodes `made` for them; half of those of a large symmetric product."""
    total = 0
    for node in made:
        if isinstance(node, EinsumSum):
            total += effort(node.terms, (), sizes)
        elif isinstance(node, Elementwise):
            total += ROOT * prod(bind_size(size, sizes) for size in node.shape)
    for term in terms:
        count = multiplications(term, sizes)
        total += count // 2 if is_symmetric(term) and count >= HALVED else count
    return total


def is_symmetric(term: EinsumTerm) -> bool:
    """Whether a term is the product of an array with its own transpose."""
    return len(term.operands) == 2 and term.operands[0] is term.operands[1] and term.indices[0] != term.indices[1]


def nodes_made(terms: Iterable[EinsumTerm], known: Iterable[EinsumTerm]) -> list[Expression]:
    """The nodes below `terms` that are not operands of the `known` ones, inputs first."""
    there = {operand.serial for term in known for operand in term.operands}
    operands = (operand for term in terms for operand in term.operands)
    nodes = walk(operands, lambda node: () if node.serial in there else node.children)
    return [node for node in nodes if node.serial not in there]
