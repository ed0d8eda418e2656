"""Fusing: an intermediate that is read once is multiplied out where it is read, if that costs no multiplication more.

A shared adjoint fixes an order: what is inside it is contracted before what is outside. Read once, it shares nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ...expressions.flattening import substitute
from ...expressions.index_maps import IndexMap
from ...expressions.nodes import EinsumSum, EinsumTerm, Expression
from ...expressions.terms import merge_like
from ...expressions.walks import Inputs, walk
from .effort import multiplications

#: A network is not multiplied out to more operands than that: the search for its order is exact up to here.
MOST = 9
#: Nor is a sum of more terms than that.
MOST_TERMS = 3


def fused(roots: Sequence[Expression], inputs: Inputs, sizes: Mapping[str, int]) -> dict[int, tuple[EinsumTerm, ...]]:
    """Other terms for networks below `roots`, by serial number; `inputs` tells what a node is computed from."""
    nodes = walk(roots, inputs)
    readers: Counter[int] = Counter(root.serial for root in roots)
    for node in nodes:
        if isinstance(node, EinsumSum):
            readers.update(operand.serial for term in node.terms for operand in term.operands)
        else:
            readers.update(child.serial for child in inputs(node))
    found: dict[int, tuple[EinsumTerm, ...]] = {}
    for node in nodes:
        if not isinstance(node, EinsumSum):
            continue
        opened = [_opened(term, readers, found, sizes) for term in node.terms]
        if any(terms[0] is not old for terms, old in zip(opened, node.terms, strict=True)):
            found[node.serial] = tuple(merge_like(term for terms in opened for term in terms))
    return found


def _opened(
    term: EinsumTerm, readers: Mapping[int, int], found: Mapping[int, tuple[EinsumTerm, ...]], sizes: Mapping[str, int]
) -> list[EinsumTerm]:
    """`term` with what only it reads multiplied out: a product if that costs nothing, a sum if it saves something."""
    waiting, done = [term], []
    while waiting:
        term = waiting.pop()
        opened = _opened_once(term, readers, found, sizes)
        if opened is None:
            done.append(term)
        else:
            waiting += reversed(opened)
    return done


def _opened_once(
    term: EinsumTerm, readers: Mapping[int, int], found: Mapping[int, tuple[EinsumTerm, ...]], sizes: Mapping[str, int]
) -> list[EinsumTerm] | None:
    for place, operand in enumerate(term.operands):
        if not isinstance(operand, EinsumSum) or readers[operand.serial] != 1 or not _plain(term, outer=True):
            continue
        inner = found.get(operand.serial, operand.terms)
        if not 1 <= len(inner) <= MOST_TERMS or not all(_plain(one) for one in inner):
            continue
        joint = [substitute(term, place, one) for one in inner]
        if any(len(one.operands) > MOST for one in joint):
            continue
        apart = sum(multiplications(one, sizes) for one in (*inner, term))
        together = sum(multiplications(one, sizes) for one in joint)
        if together < apart or (together == apart and len(inner) == 1):
            return joint
    return None


def _plain(term: EinsumTerm, outer: bool = False) -> bool:
    """Whether no index map is in a term and, of an inner one, every axis is that of an operand, and no two are one."""
    if any(isinstance(operand, IndexMap) for operand in term.operands):
        return False
    return outer or (len(set(term.output)) == len(term.output) and set(term.output) <= term.held)
