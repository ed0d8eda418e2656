"""What a part of a text stands for, and the products and sums of such values.

Vectors are columns. A transposed vector is a row, of shape 1 × n: it is kept as its vector and a flag, so that
r′ W is computed as a vector is, x r′ is an outer product (item 5) and x′ y a scalar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ...errors import ShapeError
from ...expressions.nodes import Expression, constant
from ...functions.indexing import expand_axes
from ...functions.operators import add, einsum, matmul, multiply, network, permute
from ...functions.products import outer, tensor_product, vector_tensor
from ...shapes.sizes import Shape, show_shape
from . import entries
from .entries import Entries, Monomial, entry

#: No value has more axes than this.
MOST_AXES = 12


class Chain(NamedTuple):
    """What a derivative is of and with respect to, and the layout in which its axes stand."""

    numerator: Expression
    denominator: Expression
    layout: str = "numerator"

    @property
    def is_row(self) -> bool:
        """Whether the derivative, with one axis, is a row."""
        if self.layout == "denominator":
            return self.denominator.ndim == 0 and self.numerator.ndim == 1
        return self.numerator.ndim == 0 and self.denominator.ndim == 1 and self.layout != "ad"


@dataclass(frozen=True, slots=True)
class Value:
    """An expression; `row` for a transposed vector, whose expression is the vector.

    `literal` is a number that is written out. `chain` is there for a derivative and its multiples. `unsized`
    is "ones" or "identity" while the size of such a one is not known. `entries` are an entry with letters for indices;
    its expression is made when the letters become axes.
    """

    expression: Expression
    row: bool = False
    literal: float | None = None
    chain: Chain | None = None
    unsized: str = ""
    entries: Entries | None = None

    @property
    def shape(self) -> Shape:
        """The shape as it is read: 1 × n for a row."""
        return (1, *self.expression.shape) if self.row else self.expression.shape

    @property
    def rank(self) -> int:
        """The number of axes of the expression: 1 for a row."""
        return self.expression.ndim

    @property
    def whole(self) -> Expression:
        """The expression with the shape as it is read: a row has two axes."""
        return expand_axes(self.expression, [0]) if self.row else self.expression

    @property
    def kind(self) -> str:
        """What it is called: a scalar, a column, a row, a matrix, a tensor of three axes."""
        if self.entries is not None:
            return "an entry"
        if self.row:
            return "a row"
        names = ("a scalar", "a column", "a matrix")
        return names[self.rank] if self.rank < len(names) else f"a tensor of {self.rank} axes"


def describe(value: Value) -> str:
    """A value in an error: `a column (n)`, `a matrix (n × h)`."""
    return value.kind if not value.shape else f"{value.kind} ({show_shape(value.shape)})"


def transposed(value: Value) -> Value:
    """All axes reversed: a column becomes a row and a row a column."""
    if value.rank == 0:
        return value
    if value.rank == 1:
        return Value(value.expression, not value.row)
    return Value(permute(value.expression, list(reversed(range(value.rank)))), literal=value.literal)


def _sizes_error(a: Value, b: Value, a_axis: str, b_axis: str, left: object, right: object) -> ShapeError:
    verb = "meets" if a_axis.endswith(("column", "axis")) else "meet"
    return ShapeError(
        f"{{0}} is {describe(a)} and {{1}} is {describe(b)}: {a_axis} of {{0}} ({left}) {verb} {b_axis} of {{1}} "
        f"({right}), and the sizes must be equal"
    )


_LAST = {1: "the entries", 2: "the columns"}
_FIRST = {1: "the entries", 2: "the rows"}


def of_entries(given: Entries) -> Value:
    """An entry as a value."""
    return Value(constant(1.0), entries=given)


def as_entries(value: Value, what: str = "{0}") -> Entries:
    """A value among entries: an entry, or a scalar."""
    if value.entries is not None:
        return value.entries
    if value.rank:
        raise ShapeError(f"{what} is {describe(value)} among entries: give it its indices, or take those of the others")
    if value.literal is not None:
        return (Monomial(value.literal),)
    return entry(value.expression, ())


def has_entries(*given: Value) -> bool:
    """Whether one of the values is an entry."""
    return any(value.entries is not None for value in given)


def product(a: Value, b: Value) -> Value:
    """a b, side by side: scalars scale, rows meet columns, and a matrix meets what has as many rows as it columns.

    Raises `ShapeError` whose text has {0} and {1} where the two factors are to be named.
    """
    if has_entries(a, b):
        return of_entries(entries.product(as_entries(a), as_entries(b, "{1}")))
    if a.rank == 0 or b.rank == 0:
        literal = a.literal * b.literal if a.literal is not None and b.literal is not None else None
        return Value(multiply(a.expression, b.expression), a.row or b.row, literal, _scaled_chain(a, b))
    if a.chain is not None and b.chain is not None:
        return _chained(a, b)
    if a.rank == 1 and not a.row:
        return _after_column(a, b)
    if b.row:
        if not a.row and a.rank == 2 and a.shape[1] == 1:  # n × 1 times 1 × m
            return Value(einsum("ij,k->ik", a.expression, b.expression))
        if a.row:
            raise ShapeError(
                f"{{0}} is {describe(a)} and {{1}} is {describe(b)}: a row meets a column or a "
                "matrix, and {0} {1}ᵀ is a scalar"
            )
        raise _sizes_error(a, b, _LAST.get(a.rank, "the last axis"), "the one row", a.shape[-1], 1)
    last = a.expression.shape[-1]
    first = b.expression.shape[0]
    if last != first:
        raise _sizes_error(a, b, _LAST.get(a.rank, "the last axis"), _FIRST.get(b.rank, "the first axis"), last, first)
    if a.row:  # a scalar with a column, a row with a matrix, item 7 with a tensor
        return Value(vector_tensor(a.expression, b.expression), row=b.rank == 2)
    if a.rank == 2 and b.rank <= 2:
        return Value(matmul(a.expression, b.expression))
    return Value(_contracted(a.expression, b.expression, 1))


def _after_column(a: Value, b: Value) -> Value:
    if b.row:
        return Value(outer(a.expression, b.expression))
    if b.rank == 2 and b.shape[0] == 1:  # n × 1 times 1 × m
        return Value(einsum("i,jk->ik", a.expression, b.expression))
    if b.rank == 1:
        raise ShapeError(
            f"{{0}} is {describe(a)} and {{1}} is {describe(b)}: a column meets a row. {{0}} {{1}}ᵀ is the outer "
            "product (item 5), {0}ᵀ {1} a scalar, {0} ⊙ {1} goes entry by entry (item 8)"
        )
    raise _sizes_error(a, b, "the one column", _FIRST.get(b.rank, "the first axis"), 1, b.shape[0])


def _scaled_chain(a: Value, b: Value) -> Chain | None:
    if a.chain is not None and b.chain is not None:
        return _joined(a.chain, b.chain) or b.chain
    return a.chain or b.chain


def _joined(a: Chain, b: Chain) -> Chain | None:
    """The chain of ∂y/∂z ∂z/∂x; in denominator layout the factors stand in the other order. None for no chain."""
    if a.layout == "denominator":
        return Chain(b.numerator, a.denominator, a.layout) if a.numerator is b.denominator else None
    return Chain(a.numerator, b.denominator, a.layout) if a.denominator is b.numerator else None


def _chained(a: Value, b: Value) -> Value:
    """∂y/∂z ∂z/∂x: the axes of z meet, mirrored where the left factor has them reversed."""
    assert a.chain is not None
    assert b.chain is not None
    chain = _joined(a.chain, b.chain)
    if chain is None or chain.layout == "vec":
        return replace(product(Value(a.expression, a.row), Value(b.expression, b.row)), chain=chain)
    middle = a.chain.numerator if chain.layout == "denominator" else a.chain.denominator
    result = _contracted(a.expression, b.expression, middle.ndim, mirrored=chain.layout != "ad")
    return Value(result, row=chain.is_row, chain=chain)


def _contracted(a: Expression, b: Expression, count: int, mirrored: bool = True) -> Expression:
    """The last `count` axes of a with the first of b, in mirrored order or in their own."""
    if a.ndim + b.ndim - 2 * count > MOST_AXES:
        raise ShapeError(f"{{0}} {{1}} has {a.ndim + b.ndim - 2 * count} axes; at most {MOST_AXES} are read in a text")
    left = list(range(a.ndim))
    middle = left[a.ndim - count :]
    right = [*(reversed(middle) if mirrored else middle), *range(a.ndim, a.ndim + b.ndim - count)]
    return network([a, b], [tuple(left), tuple(right)], [*left[: a.ndim - count], *right[count:]])


def quotient(a: Value, b: Value, divide: Any) -> Value:
    """a / b: by a scalar, or entry by entry for equal shapes or a scalar above; `divide` does it."""
    if has_entries(a, b):
        if b.literal:
            return of_entries(entries.scaled(as_entries(a), 1.0 / b.literal))
        inverse = entries.mapped(lambda whole: divide(constant(1.0), whole), as_entries(b, "{1}"))
        return of_entries(entries.product(as_entries(a), inverse))
    if b.rank and a.rank and a.shape != b.shape:
        raise ShapeError(
            f"{{0}} is {describe(a)} and {{1}} is {describe(b)}: a division is by a scalar, or entry by entry for "
            "equal shapes; for a matrix write {1}⁻¹"
        )
    literal = a.literal / b.literal if a.literal is not None and b.literal else None
    return Value(divide(a.expression, b.expression), a.row or b.row, literal)


def entrywise(a: Value, b: Value) -> Value:
    """a ⊙ b, of equal shapes (item 8); a scalar goes with everything."""
    if has_entries(a, b):
        return product(a, b)
    if a.rank and b.rank and a.shape != b.shape:
        raise ShapeError(
            f"{{0}} is {describe(a)} and {{1}} is {describe(b)}: ⊙ goes entry by entry, and the shapes must be equal"
        )
    return Value(multiply(a.expression, b.expression), a.row or b.row)


def inner(a: Value, b: Value) -> Value:
    """⟨a, b⟩ and A : B, the sum of the products of all entries."""
    if has_entries(a, b) or a.shape != b.shape:
        raise ShapeError(
            f"{{0}} is {describe(a)} and {{1}} is {describe(b)}: an inner product is of two arrays of one shape"
        )
    axes = tuple(range(a.rank))
    return Value(network([a.expression, b.expression], [axes, axes], ()))


def dotted(a: Value, b: Value) -> Value:
    """a · b: the inner product of two columns, and a product of anything else."""
    if a.rank == b.rank == 1 and not a.row and not b.row and not has_entries(a, b):
        return inner(a, b)
    return product(a, b)


def boxed(a: Value, b: Value) -> Value:
    """a ⊗ b: items 6 and 7 of the notes for a vector and a matrix, and x yᵀ for two vectors."""
    if a.row or b.row:
        which = "{0}" if a.row else "{1}"
        raise ShapeError(
            f"{{0}} is {describe(a)} and {{1}} is {describe(b)}: ⊗ takes columns and matrices (items 6 and 7), and "
            f"{which} is a row"
        )
    if sorted((a.rank, b.rank)) not in ([1, 1], [1, 2]):
        raise ShapeError(
            f"{{0}} is {describe(a)} and {{1}} is {describe(b)}: ⊗ is for a vector and a matrix (items 6 and 7) or two "
            "vectors; the Kronecker product of matrices is kron(A, B)"
        )
    return Value(tensor_product(a.expression, b.expression))


def total(parts: Sequence[Value], signs: Sequence[int]) -> Value:
    """The sum. All parts have one shape; a scalar among others is added to every entry."""
    if has_entries(*parts):
        signed = zip(parts, signs, strict=True)
        return of_entries(
            tuple(one for part, sign in signed for one in entries.scaled(as_entries(part, "a summand"), sign))
        )
    shaped = [part for part in parts if part.rank]
    row = any(part.row for part in shaped)
    terms = [
        part.expression if sign > 0 else multiply(-1.0, part.expression)
        for part, sign in zip(parts, signs, strict=True)
    ]
    literals = [part.literal for part in parts]
    literal = (
        sum(sign * one for one, sign in zip(literals, signs, strict=True) if one is not None)
        if all(one is not None for one in literals)
        else None
    )
    return Value(add(*terms), row, literal)
