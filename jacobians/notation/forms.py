"""What a closed form is made of: sums of monomials, each a number, scalars with exponents and a product of factors.

Factors are matrices, or vectors at the ends: a vector is a column, and a row is one that is turned. Everything here is
structure; `spelling` writes it in an alphabet, and `factoring` puts it as a person would.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from ..shapes.sizes import Size, multiply_sizes


@dataclass(frozen=True)
class Symbol:
    """An operand by its text. `plain` texts stand without parentheses; two of one `key` are the same operand."""

    text: str
    plain: bool
    key: Hashable
    rows: Size
    columns: Size
    turned: bool = False

    @property
    def T(self) -> Symbol:
        return replace(self, rows=self.columns, columns=self.rows, turned=not self.turned)


@dataclass(frozen=True)
class Identity:
    """The identity matrix."""

    rows: Size

    @property
    def columns(self) -> Size:
        return self.rows

    @property
    def T(self) -> Identity:
        return self


@dataclass(frozen=True)
class Ones:
    """A column of ones, or a row."""

    rows: Size
    columns: Size = 1

    @property
    def T(self) -> Ones:
        return Ones(self.columns, self.rows)


@dataclass(frozen=True)
class Inverse:
    """The inverse of a product; the transpose of one is the inverse of the transposed product."""

    body: Product

    @property
    def rows(self) -> Size:
        return self.body[0].rows

    @property
    def columns(self) -> Size:
        return self.body[0].rows

    @property
    def T(self) -> Inverse:
        return Inverse(turn(self.body))


@dataclass(frozen=True)
class Group:
    """A sum as one factor: (A + B)."""

    body: Sum
    turned: bool = False

    @property
    def rows(self) -> Size:
        return _end(self.body, self.turned)

    @property
    def columns(self) -> Size:
        return _end(self.body, not self.turned)

    @property
    def T(self) -> Group:
        symmetric = self.rows == self.columns and set(turned(self.body)) == set(self.body)
        return self if symmetric else Group(self.body, not self.turned)


@dataclass(frozen=True)
class Entrywise:
    """The element-wise product of products of one shape (item 8)."""

    products: tuple[Product, ...]
    turned: bool = False

    @property
    def rows(self) -> Size:
        return self.products[0][-1].columns if self.turned else self.products[0][0].rows

    @property
    def columns(self) -> Size:
        return self.products[0][0].rows if self.turned else self.products[0][-1].columns

    @property
    def T(self) -> Entrywise:
        if 1 in (self.rows, self.columns):
            return Entrywise(self.products, not self.turned)
        return Entrywise(tuple(turn(product) for product in self.products))


@dataclass(frozen=True)
class Diagonal:
    """diag(v) of a column v."""

    vector: Product

    @property
    def rows(self) -> Size:
        return self.vector[0].rows

    @property
    def columns(self) -> Size:
        return self.vector[0].rows

    @property
    def T(self) -> Diagonal:
        return self


@dataclass(frozen=True)
class Kronecker:
    """Kronecker's product of two matrices."""

    first: Product
    second: Product

    @property
    def rows(self) -> Size:
        return multiply_sizes([self.first[0].rows, self.second[0].rows])

    @property
    def columns(self) -> Size:
        return multiply_sizes([self.first[-1].columns, self.second[-1].columns])

    @property
    def T(self) -> Kronecker:
        return Kronecker(turn(self.first), turn(self.second))


@dataclass(frozen=True)
class Tensor:
    """The tensor product of items 6 and 7, which has three axes: the only factor of its product."""

    first: Product
    second: Product
    first_turned: bool = False  # as (A B)ᵀ, not as Bᵀ Aᵀ

    rows: Size = 0
    columns: Size = 0

    @property
    def T(self) -> Tensor:
        raise NotImplementedError("a tensor of three axes is not turned")


Factor = Symbol | Identity | Ones | Inverse | Group | Entrywise | Diagonal | Kronecker | Tensor
Product = tuple[Factor, ...]


@dataclass(frozen=True)
class Value:
    """A scalar by its text."""

    text: str
    plain: bool
    key: Hashable


@dataclass(frozen=True)
class Count:
    """The size of an axis."""

    size: Size


@dataclass(frozen=True)
class Total:
    """A sum over indices, written out: it stands last."""

    text: str


@dataclass(frozen=True)
class Call:
    """A scalar function of a closed form: det(X)."""

    name: str
    body: Sum


@dataclass(frozen=True)
class Trace:
    body: Product


@dataclass(frozen=True)
class Norm:
    """The Frobenius or Euclidean norm of what has `rank` axes."""

    body: Sum
    rank: int


@dataclass(frozen=True)
class Inner:
    """A row times a column."""

    body: Product


@dataclass(frozen=True)
class Bracket:
    """A sum of scalars as one."""

    body: Sum


Scalar = Value | Count | Total | Call | Trace | Norm | Inner | Bracket


@dataclass(frozen=True)
class Monomial:
    """`coefficient` times `scalars`, each with its exponent, times the product `body`, which a scalar has none of."""

    coefficient: float = 1.0
    scalars: tuple[tuple[Scalar, int], ...] = ()
    body: Product = ()

    def times(self, other: Monomial) -> Monomial:
        """The scalars of both, and the body of the one that has one."""
        return Monomial(
            self.coefficient * other.coefficient,
            multiplied([*self.scalars, *other.scalars]),
            self.body + other.body,
        )

    def to_the(self, exponent: int) -> Monomial:
        """A power of a scalar."""
        return Monomial(self.coefficient**exponent, tuple((scalar, power * exponent) for scalar, power in self.scalars))


Sum = tuple[Monomial, ...]


def _end(body: Sum, last: bool) -> Size:
    """The number of columns, or of rows, of a sum."""
    for monomial in body:
        if monomial.body:
            return monomial.body[-1].columns if last else monomial.body[0].rows
    return 1


def turn(product: Product) -> Product:
    """The transpose of a product: its factors transposed, in reverse."""
    return tuple(factor.T for factor in reversed(product))


def turned(body: Sum) -> Sum:
    """The transpose of a sum."""
    return tuple(replace(monomial, body=turn(monomial.body)) for monomial in body)


def is_square(factor: Factor) -> bool:
    return factor.rows == factor.columns != 1


def multiplied(scalars: Iterable[tuple[Scalar, int]]) -> tuple[tuple[Scalar, int], ...]:
    """Scalars with equal ones taken together, in order of first appearance; what cancels is gone."""
    found: dict[Hashable, tuple[Scalar, int]] = {}
    for scalar, exponent in scalars:
        first, before = found.get(meaning(scalar), (scalar, 0))
        found[meaning(scalar)] = (first, before + exponent)
    return tuple((scalar, exponent) for scalar, exponent in found.values() if exponent)


def meaning(scalar: Scalar) -> Hashable:
    """Equal for scalars that are equal however they are read: xᵀ A y and yᵀ Aᵀ x, tr(A B) and tr(B A)."""
    if isinstance(scalar, Inner):
        return frozenset({scalar.body, turn(scalar.body)})
    if isinstance(scalar, Trace):
        return ("tr", frozenset(rotations(scalar.body)))
    return scalar


def rotations(cycle: Product) -> list[Product]:
    """Every way to read a cycle of factors."""
    found = []
    for one in (cycle, turn(cycle)):
        found += [one[k:] + one[:k] for k in range(len(one))]
    return found


def is_turned(factor: Factor) -> bool:
    """Whether a factor is written with a transpose."""
    if isinstance(factor, Inverse):
        return all(is_turned(one) for one in factor.body)
    return isinstance(factor, Symbol | Group | Entrywise) and factor.turned
