"""Building networks: sums, products, matrix products, einsum, permutations of axes.

These are what the operators `+ - * @ .T` and NumPy's functions of the same names make of expressions.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError
from ..expressions.index_maps import is_zero
from ..expressions.nodes import Constant, EinsumSum, EinsumTerm, Expansion, Expression, as_expression, role
from ..expressions.terms import glue, merge_like, of_terms, tidy
from ..shapes.broadcasting import axis_of, broadcast_indices, broadcast_shape
from ..shapes.sizes import Shape, Size, add_sizes


def network(
    operands: Sequence[Expression],
    indices: Sequence[tuple[int, ...]],
    output: Sequence[int],
    sizes: dict[int, Size] | None = None,
    coefficient: float = 1.0,
) -> Expression:
    """One einsum as an expression: `operands` with their `indices`, and an `output` that may repeat an index.

    `sizes` is needed for indices that no operand has. A product with a zero is a zero, and an operand that carries a
    delta in a sum is multiplied out, so that no delta is ever stored.
    """
    all_sizes = dict(sizes or {})
    for operand, group in zip(operands, indices, strict=True):
        all_sizes.update(zip(group, operand.shape, strict=True))
    shape = tuple(all_sizes[index] for index in output)
    if any(is_zero(operand) for operand in operands) or coefficient == 0.0:
        return zeros(shape)
    choices = [_distributed(operand) for operand in operands]
    terms = [tidy(coefficient, choice, indices, output, all_sizes) for choice in itertools.product(*choices)]
    return of_terms(merge_like(terms), shape)


#: A sum of more terms stays one operand of a longer sum: residual networks add to the same sum again and again.
LONGEST_SUM = 8


def _distributed(operand: Expression) -> list[Expression]:
    """The terms of a sum of which one has a delta; anything else as it is.

    Without a delta nothing is gained, and digits may be lost: (x − x̄)² is not x² − 2 x x̄ + x̄² in floating point.
    """
    if isinstance(operand, EinsumSum) and len(operand.terms) > 1:
        for term in operand.terms:
            if len(set(term.output)) < len(term.output):
                return [EinsumSum.of([one], operand.shape) for one in operand.terms]
    return [operand]


def zeros(shape: Shape) -> Expression:
    """Zero, as a sum of no terms."""
    return EinsumSum.of((), shape) if shape else Constant.of(0.0)


def ones(shape: Shape) -> Expression:
    """All ones, as an einsum of no operand: nothing is stored."""
    axes = tuple(range(len(shape)))
    return of_terms([EinsumTerm(1.0, (), (), axes, shape)], shape)


def _common_shape(what: str, parts: Sequence[Expression]) -> Shape:
    return broadcast_shape(what, [part.shape for part in parts], lambda k: role(parts[k], k))


def add(*values: Any) -> Expression:
    """The sum, broadcast as in NumPy where a literal 1 or a missing axis asks for it."""
    return _sum([(1.0, as_expression(value)) for value in values], "a sum")


def subtract(a: Any, b: Any) -> Expression:
    """The difference a − b."""
    return _sum([(1.0, as_expression(a)), (-1.0, as_expression(b))], "a difference")


def _sum(parts: Sequence[tuple[float, Expression]], what: str) -> Expression:
    shape = _common_shape(what, [part for _, part in parts])
    axes = tuple(range(len(shape)))
    terms: list[EinsumTerm] = []
    for sign, part in parts:
        fresh = itertools.count(len(shape))
        group = broadcast_indices(part.shape, shape, lambda fresh=fresh: next(fresh))  # type: ignore[misc]
        sizes: dict[int, Size] = dict(enumerate(shape))
        sizes.update(zip(group, part.shape, strict=True))
        count = len(part.terms) if isinstance(part, EinsumSum) and not isinstance(part, Expansion) else 1
        if count != 1 and (count <= LONGEST_SUM or len(_distributed(part)) > 1):
            assert isinstance(part, EinsumSum)
            outer = EinsumTerm(sign, (), (), axes, tuple(sizes[index] for index in sorted(sizes)))
            for term in part.terms:
                pairs = [(a, b + len(outer.sizes)) for a, b in zip(group, term.output, strict=True)]
                terms.append(glue([outer, term], pairs, axes))
        else:
            terms.append(tidy(sign, [part], [group], axes, sizes))
    return of_terms(merge_like(terms), shape)


def multiply(a: Any, b: Any) -> Expression:
    """The element-wise product a ⊙ b (item 8), broadcast as in NumPy."""
    a, b = as_expression(a), as_expression(b)
    shape = _common_shape("a product", [a, b])
    fresh = itertools.count(len(shape))
    groups = [broadcast_indices(part.shape, shape, lambda: next(fresh)) for part in (a, b)]
    return network([a, b], groups, range(len(shape)), dict(enumerate(shape)))


def negative(a: Any) -> Expression:
    """−a."""
    return multiply(-1.0, a)


def square(a: Any) -> Expression:
    """a ⊙ a."""
    return multiply(a, a)


def permute(a: Expression, axes: Sequence[int]) -> Expression:
    """The axes of `a` in another order: axis k of the result is axis `axes[k]` of `a`."""
    return network([a], [tuple(range(a.ndim))], axes)


def matmul(a: Any, b: Any) -> Expression:
    """The product `a @ b` of matrices and vectors, as NumPy's; stacks of matrices broadcast.

    A vector before a tensor of three axes is refused: NumPy would contract the tensor's second axis, item 7 of the
    notes the first; `vector_tensor` is the latter.
    """
    a, b = as_expression(a), as_expression(b)
    if a.ndim == 0 or b.ndim == 0:
        scalar = role(a, 0) if a.ndim == 0 else role(b, 1)
        raise ShapeError(f"a matrix product takes vectors and matrices, and {scalar} is a scalar; use *")
    if a.ndim == 1 and b.ndim >= 3:
        raise ShapeError(
            f"{role(a, 0)} @ {role(b, 1)}: a vector before a tensor of {b.ndim} axes contracts different axes in NumPy "
            "and in item 7 of the notes; use vector_tensor(y, T) for the notes' product, einsum for any other"
        )
    inner_a, inner_b = a.shape[-1], b.shape[-2 if b.ndim > 1 else 0]
    if inner_a != inner_b:
        raise ShapeError(_matmul_message(a, b, inner_a, inner_b))
    stacks = [a.shape[:-2], b.shape[:-2]]
    stack = broadcast_shape("a matrix product", stacks, lambda k: f"the stack {role((a, b)[k], k)}")
    rank = len(stack)
    row, column, inner = rank, rank + 1, rank + 2
    fresh = itertools.count(rank + 3)
    sizes: dict[int, Size] = dict(enumerate(stack))
    groups: list[tuple[int, ...]] = []
    for part, tail in ((a, (row, inner)), (b, (inner, column))):
        if part.ndim == 1:
            groups.append((inner,))
        else:
            head = broadcast_indices(part.shape[:-2], stack, lambda: next(fresh))
            groups.append((*head, *tail))
    output = [*range(rank), *([row] if a.ndim > 1 else []), *([column] if b.ndim > 1 else [])]
    return network([a, b], groups, output, sizes)


def _matmul_message(a: Expression, b: Expression, inner_a: Size, inner_b: Size) -> str:
    first, second = role(a, 0), role(b, 1)
    axis_a = axis_of(first, a.ndim, a.ndim - 1)
    axis_b = axis_of(second, b.ndim, max(b.ndim - 2, 0))
    tries = []
    if b.ndim == 2 and b.shape[-1] == inner_a:
        tries.append(f"{first} @ {_turned(second)}")
    if a.ndim == 2 and a.shape[0] == inner_b:
        tries.append(f"{_turned(first)} @ {second}")
    if a.ndim and b.ndim and b.shape[-1] == a.shape[0]:
        tries.append(f"{second} @ {first}")
    if add_sizes(inner_b, 1) == inner_a and b.ndim == 1:
        tries.append(f"{first} @ append_one({second})")
    hint = f"; try {' or '.join(tries)}" if tries else ""
    return (
        f"{first} @ {second}: {first} has shape {a.shape} and {second} {b.shape}; the product contracts {axis_a} "
        f"(size {inner_a}) with {axis_b} (size {inner_b}), and the sizes must be equal{hint}"
    )


def _turned(label: str) -> str:
    return label.removesuffix("ᵀ") if label.endswith("ᵀ") else f"{label}.T"


def einsum(subscripts: str, *operands: Any) -> Expression:
    """NumPy's einsum on expressions; the output may repeat an index (`"j->jj"` is diag).

    Raises `ShapeError` where one index has two sizes, naming both operands.
    """
    parts = [as_expression(operand) for operand in operands]
    text = subscripts.replace(" ", "")
    if "..." in text:
        raise ShapeError(f"einsum {subscripts!r}: write every index out; '...' is not read here")
    left, arrow, right = text.partition("->")
    letters = left.split(",") if parts or left else []
    if len(letters) != len(parts):
        raise ShapeError(f"einsum {subscripts!r}: {len(letters)} groups of indices for {len(parts)} operands")
    if not arrow:
        flat = "".join(letters)
        right = "".join(sorted(letter for letter in set(flat) if flat.count(letter) == 1))
    sizes: dict[str, Size] = {}
    holders: dict[str, tuple[int, int]] = {}  # an operand is described only in an error: its text can be long
    for position, (group, part) in enumerate(zip(letters, parts, strict=True)):
        if len(group) != part.ndim:
            raise ShapeError(
                f"einsum {subscripts!r}: {role(part, position)} has shape {part.shape} with {part.ndim} axes, "
                f"and its indices are {group!r}"
            )
        for axis, letter in enumerate(group):
            if not letter.isalpha():
                raise ShapeError(f"einsum {subscripts!r}: an index is a letter, got {letter!r}")
            size = part.shape[axis]
            if sizes.setdefault(letter, size) != size:
                holder, place = holders[letter]
                raise ShapeError(
                    f"einsum {subscripts!r}: index {letter!r} has size {sizes[letter]} in "
                    f"{role(parts[holder], holder)} (axis {place}) and size "
                    f"{size} on axis {axis} of {role(part, position)}; the sizes must be equal"
                )
            holders.setdefault(letter, (position, axis))
    unknown = [letter for letter in right if letter not in sizes]
    if unknown:
        raise ShapeError(f"einsum {subscripts!r}: the output has index {unknown[0]!r}, which no operand has")
    number = {letter: index for index, letter in enumerate(sizes)}
    return network(
        parts, [tuple(number[letter] for letter in group) for group in letters], [number[letter] for letter in right]
    )


def sum_axes(a: Any, axes: Sequence[int] | None = None, keepdims: bool = False) -> Expression:
    """The sum over `axes` (all of them for None)."""
    a = as_expression(a)
    gone = set(range(a.ndim)) if axes is None else {axis % a.ndim for axis in axes}
    indices = tuple(range(a.ndim))
    if not keepdims and isinstance(a, EinsumSum) and len(a.terms) == 1:  # the sum of a product is one contraction
        (term,) = a.terms
        output = [index for axis, index in enumerate(term.output) if axis not in gone]
        return network(term.operands, term.indices, output, dict(enumerate(term.sizes)), term.coefficient)
    if not keepdims:
        return network([a], [indices], [axis for axis in indices if axis not in gone])
    sizes: dict[int, Size] = {a.ndim + axis: 1 for axis in gone}
    return network([a], [indices], [a.ndim + axis if axis in gone else axis for axis in indices], sizes)
