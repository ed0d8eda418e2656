"""Local Jacobians as einsum strings: `"-ik,lj->ijlk"` for the inverse, with `...` for stacks of arrays."""

from __future__ import annotations

import re

from ..errors import ShapeError
from ..expressions.nodes import EinsumTerm, Expression
from ..expressions.terms import tidy
from ..shapes.sizes import Size

_SPELLING = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]+)?)?([A-Za-z.,]*)->([A-Za-z.]*)")


def einsum_term(subscripts: str, *operands: Expression, **sizes: Size) -> EinsumTerm:
    """A term of a local Jacobian ∂Y/∂X, as `Rule.local` returns them, written as an einsum of `operands`.

    The output has the axes of Y and then those of X, reversed; an index that stands there twice is a Kronecker delta.
    `...` stands for the leading axes that all operands share: in the output first for those of Y, and then, at the end,
    for those of X, which come reversed. In front may stand a sign and a number. `sizes` gives the size of an index that
    no operand has. Raises `ShapeError` where the string does not fit the operands.

    >>> from jacobians import matrix
    >>> Y = matrix("Y", 3, 3)
    >>> einsum_term("-ik,lj->ijlk", Y, Y).output
    (0, 1, 2, 3)
    """
    found = _SPELLING.fullmatch(subscripts.replace(" ", ""))
    if found is None:
        raise ShapeError(f"the term {subscripts!r}: expected a sign, indices and an output, such as '-ik,lj->ijlk'")
    sign, factor, left, right = found.groups()
    groups = left.split(",") if left or operands else []
    if len(groups) != len(operands):
        raise ShapeError(f"the term {subscripts!r}: {len(groups)} groups of indices for {len(operands)} operands")
    named: dict[str, Size] = dict(sizes)
    stack: tuple[Size, ...] = ()
    for group, operand in zip(groups, operands, strict=True):
        letters = group.replace("...", "", 1)
        free = operand.ndim - len(letters)
        if free < 0 or (free > 0 and "..." not in group):
            raise ShapeError(f"the term {subscripts!r}: the indices {group!r} for an operand of shape {operand.shape}")
        stack = operand.shape[:free] if "..." in group else stack
        for letter, size in zip(letters, operand.shape[free:], strict=True):
            if named.setdefault(letter, size) != size:
                raise ShapeError(f"the term {subscripts!r}: the index {letter!r} has the sizes {named[letter]}, {size}")
    rows = tuple(range(len(stack)))
    numbers = {letter: len(rows) + place for place, letter in enumerate(named)}

    def numbered(group: str, leading: tuple[int, ...]) -> list[int]:
        before, dots, after = group.partition("...")
        return [*(numbers[one] for one in before), *(leading if dots else ()), *(numbers[one] for one in after)]

    unknown = set(right) - set(named) - {"."}
    if unknown:
        raise ShapeError(f"the term {subscripts!r}: no operand has the index {min(unknown)!r}; give its size")
    first, dots, rest = right.partition("...")
    output = [*numbered(first + dots, rows), *numbered(rest, rows[::-1])]
    return tidy(
        (-1.0 if sign == "-" else 1.0) * float(factor or 1.0),
        operands,
        [tuple(numbered(group, rows)) for group in groups],
        output,
        {**dict(enumerate(stack)), **{numbers[letter]: size for letter, size in named.items()}},
    )
