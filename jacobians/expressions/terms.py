"""The algebra of terms: gluing two networks along indices, and merging like terms.

A Kronecker delta is never a tensor: gluing makes two indices one (union-find), and a repeated index of an output is a
delta. Every function here is exact on structure and touches no number but the coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..shapes.sizes import Shape, Size
from ..shapes.union_find import UnionFind
from .applying import Contraction
from .index_maps import IndexMap, is_zero
from .linear_maps import RunningSum
from .nodes import Adjoint, Change, Constant, EinsumSum, EinsumTerm, Expression
from .numbering import renumber


def glue(parts: Sequence[EinsumTerm], equal: Iterable[tuple[int, int]], output: Sequence[int]) -> EinsumTerm:
    """One term from several, with indices made equal.

    Indices count through: those of `parts[1]` follow those of `parts[0]`, and so on. `equal` are the pairs that
    become one index, `output` the output of the result. An index that is left out of it is summed.
    """
    coefficient = 1.0
    operands: list[Expression] = []
    indices: list[tuple[int, ...]] = []
    sizes: list[Size] = []
    for part in parts:
        offset = len(sizes)
        coefficient *= part.coefficient
        operands += part.operands
        indices += [tuple(index + offset for index in group) for group in part.indices]
        sizes += part.sizes
    same = UnionFind[int]()
    for a, b in equal:
        same.join(a, b)
    return tidy(
        coefficient,
        operands,
        [tuple(same.find(index) for index in group) for group in indices],
        [same.find(index) for index in output],
        {index: sizes[index] for index in range(len(sizes)) if same.find(index) == index},
    )


#: What cancels factors of a product, filled by `functions.cancelling`: (operands, indices) to what is left, or None.
CANCEL: list[Callable[[Sequence[Expression], Sequence[tuple[int, ...]]], Any]] = []
#: Whether an operand may cancel against others, filled likewise.
MAY_CANCEL: list[Callable[[Expression], bool]] = []


def tidy(
    coefficient: float,
    operands: Sequence[Expression],
    indices: Sequence[tuple[int, ...]],
    output: Sequence[int],
    sizes: dict[int, Size],
) -> EinsumTerm:
    """A term in normal form: scalar constants in the coefficient, index maps applied, views inlined, renumbered.

    `sizes` has every index that counts: one that is in no operand and not in the output is a factor of its size.
    """
    operands, indices, output, sizes = list(operands), list(indices), list(output), dict(sizes)
    if any(is_zero(operand) for operand in operands):
        return renumber(0.0, [], [], output, {index: sizes[index] for index in output})
    position = 0
    while position < len(operands):
        operand = operands[position]
        if isinstance(operand, Constant) and operand.name is None and not operand.shape:
            coefficient *= float(operand.value)
            del operands[position], indices[position]
        elif isinstance(operand, EinsumSum) and is_view(operand):
            (inner,) = operand.terms
            coefficient *= inner.coefficient
            output = _inline(operands, indices, output, sizes, position, inner)
        else:
            position += 1
    if any(isinstance(operand, (IndexMap, RunningSum)) for operand in operands):
        contraction = Contraction(operands, indices, output, sizes)
        if not contraction.apply_maps():
            return renumber(0.0, [], [], contraction.output, {i: contraction.sizes[i] for i in contraction.output})
        output = contraction.output
    for cancel in CANCEL:
        left = cancel(operands, indices)
        if left is not None:
            operands, indices = left
    return renumber(coefficient, operands, indices, output, sizes)


def is_view(network: EinsumSum) -> bool:
    """Whether a network is one operand seen otherwise (transposed, scaled, as a diagonal, broadcast), or none."""
    if isinstance(network, Adjoint) or len(network.terms) != 1:
        return False
    (term,) = network.terms
    return len(term.operands) == 0 or (
        len(term.operands) == 1
        and set(term.indices[0]) <= set(term.output)
        and len(term.sizes) == len(set(term.output))
    )


def _inline(
    operands: list[Expression],
    indices: list[tuple[int, ...]],
    output: Sequence[int],
    sizes: dict[int, Size],
    position: int,
    inner: EinsumTerm,
) -> list[int]:
    """Replace the operand at `position` by what it is made of; returns the new output."""
    outer = indices[position]
    fresh = max(sizes, default=-1) + 1
    renaming: dict[int, int] = {}  # inner index -> outer index
    same = UnionFind[int]()  # the outer indices
    for own, index in zip(inner.output, outer, strict=True):
        same.join(index, renaming.setdefault(own, index))  # the inner output may repeat an index: a delta
    for own, size in enumerate(inner.sizes):
        if own not in renaming:
            renaming[own] = fresh
            sizes[fresh] = size
            fresh += 1
    operands[position : position + 1] = inner.operands
    indices[position : position + 1] = [tuple(renaming[own] for own in group) for group in inner.indices]
    for index in outer:
        if same.find(index) != index:
            sizes.pop(index, None)
    indices[:] = [tuple(same.find(index) for index in group) for group in indices]
    return [same.find(index) for index in output]


def canonical(term: EinsumTerm) -> tuple[object, ...]:
    """A key that two terms share exactly when they are the same network up to order and names of summed indices.

    Operands are ordered by identity; where one occurs more than once, colour refinement tells its places apart.
    """
    if not term.operands:
        return ((), term.output, tuple(sorted(map(str, term.sizes))))
    serials = [operand.serial for operand in term.operands]
    colours: list[object] = [(-1,)] * len(term.sizes)
    for place, index in enumerate(term.output):
        colours[index] = (*colours[index], place)  # type: ignore[misc]
    order = sorted(range(len(serials)), key=serials.__getitem__)
    if len(set(serials)) < len(serials):
        ranks = _ranks(colours)
        for _ in range(len(term.sizes) + 1):
            groups = [(serials[k], tuple(ranks[i] for i in term.indices[k])) for k in range(len(serials))]
            touched: list[list[object]] = [[] for _ in ranks]
            for k, group in enumerate(term.indices):
                for axis, index in enumerate(group):
                    touched[index].append((groups[k], axis))
            refined = _ranks([(ranks[i], tuple(sorted(touched[i], key=repr))) for i in range(len(ranks))])
            if refined == ranks:
                break
            ranks = refined
        order = sorted(
            range(len(serials)), key=lambda k: (serials[k], tuple(ranks[index] for index in term.indices[k]))
        )
    numbers = {index: place for place, index in enumerate(dict.fromkeys(term.output))}
    for k in order:
        for index in term.indices[k]:
            numbers.setdefault(index, len(numbers))
    loose = tuple(sorted(str(term.sizes[index]) for index in range(len(term.sizes)) if index not in numbers))
    return (
        tuple((serials[k], tuple(numbers[index] for index in term.indices[k])) for k in order),
        tuple(numbers[index] for index in term.output),
        loose,
    )


def _ranks(colours: Sequence[object]) -> list[int]:
    distinct = {colour: rank for rank, colour in enumerate(sorted(set(colours), key=repr))}
    return [distinct[colour] for colour in colours]


def merge_like(terms: Iterable[EinsumTerm]) -> list[EinsumTerm]:
    """The sum with like terms added up, in order of first appearance; what cancels is gone."""
    kept: dict[tuple[object, ...], EinsumTerm] = {}
    for term in terms:
        key = canonical(term)
        before = kept.get(key)
        coefficient = term.coefficient + (before.coefficient if before else 0.0)
        first = before or term
        kept[key] = EinsumTerm(coefficient, first.operands, first.indices, first.output, first.sizes)
    return [term for term in kept.values() if term.coefficient != 0.0]


def of_terms(terms: Sequence[EinsumTerm], shape: Shape) -> Expression:
    """The sum of `terms` as an expression; a term that is just an operand is that operand."""
    if len(terms) == 1:
        (term,) = terms
        plain = term.coefficient == 1.0 and len(term.operands) == 1 and term.indices[0] == term.output
        if plain and len(set(term.output)) == len(term.output) == len(term.sizes):
            return term.operands[0]
        if not term.operands and not term.sizes:
            return Constant.of(term.coefficient)
    return EinsumSum.of(terms, shape)


def _rebuilt(node: EinsumSum, new: Change) -> Expression:
    """A sum with other operands, in normal form."""
    terms = [
        tidy(term.coefficient, [*map(new, term.operands)], term.indices, term.output, dict(enumerate(term.sizes)))
        for term in node.terms
    ]
    return of_terms(merge_like(terms), node.shape)


EinsumSum.rebuilt = staticmethod(_rebuilt)
