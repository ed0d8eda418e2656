"""The numbering of the indices of a term: by first appearance in the output, then in the operands."""

from __future__ import annotations

from collections.abc import Sequence

from ..shapes.sizes import Size
from .nodes import EinsumTerm, Expression


def renumber(
    coefficient: float,
    operands: Sequence[Expression],
    indices: Sequence[tuple[int, ...]],
    output: Sequence[int],
    sizes: dict[int, Size],
) -> EinsumTerm:
    """A term with its indices renumbered; an integer size that nothing but `sizes` has goes into the coefficient."""
    numbers: dict[int, int] = {}
    for index in output:
        numbers.setdefault(index, len(numbers))
    for group in indices:
        for index in group:
            numbers.setdefault(index, len(numbers))
    for index, size in sizes.items():
        if index not in numbers and isinstance(size, int):
            coefficient *= size
        else:
            numbers.setdefault(index, len(numbers))
    return EinsumTerm(
        coefficient,
        tuple(operands),
        tuple(tuple(numbers[index] for index in group) for group in indices),
        tuple(numbers[index] for index in output),
        tuple(sizes[index] for index in numbers),
    )
