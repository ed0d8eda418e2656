"""What a closed form is made of: sums of monomials, each a number, scalars with exponents and a product of factors.

Factors are matrices, or vectors at the ends: a vector is a column, and a row is one that is turned. Everything here is
structure; `spelling` writes it in an alphabet, and `factoring` puts it as a person would.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from ..sizes import Size


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


Factor = Symbol | Identity | Ones | Inverse | Group | Entrywise | Diagonal | Tensor
Product = tuple[Factor, ...]


@dataclass(frozen=True)
class Value:
    """A scalar by its text."""

    text: str
    plain: bool
    key: Hashable


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


Scalar = Value | Call | Trace | Norm | Inner | Bracket


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


# --- products ---------------------------------------------------------------------------------------------------------


def is_square(factor: Factor) -> bool:
    return factor.rows == factor.columns != 1


def simplified(product: Product) -> Product:
    """The product without identities, and with X X⁻¹ cancelled; (A X)⁻¹ A is X⁻¹ where A is square."""
    factors = list(product)
    place = 0
    while place < len(factors):
        factor = factors[place]
        if isinstance(factor, Identity) and len(factors) > 1:
            del factors[place]
            place = max(place - 1, 0)
        elif isinstance(factor, Inverse) and _cancel(factors, place, factor.body):
            place = 0
        else:
            place += 1
    return tuple(factors)


def _cancel(factors: list[Factor], place: int, body: Product) -> bool:
    """Cancel the inverse of `body` at `place` against what stands beside it; whether anything was."""
    count = len(body)
    for start in (place + 1, place - count):
        if start >= 0 and tuple(factors[start : start + count]) == body:
            low = min(start, place)
            factors[low : low + count + 1] = [Identity(body[0].rows)]
            return True
    if count == 1:
        return False
    if place + 1 < len(factors) and factors[place + 1] == body[0] and is_square(body[0]):
        factors[place : place + 2] = inverse(body[1:])
        return True
    if place and factors[place - 1] == body[-1] and is_square(body[-1]):
        factors[place - 1 : place + 1] = inverse(body[:-1])
        return True
    return False


def inverse(product: Product) -> Product:
    """The inverse of a product: of an inverse what it is of, of a power the power of the inverse."""
    if len(product) == 1:
        (factor,) = product
        if isinstance(factor, Inverse):
            return factor.body
        return product if isinstance(factor, Identity) else (Inverse(product),)
    if is_square(product[0]) and len(set(product)) == 1:
        return inverse(product[:1]) * len(product)
    return (Inverse(product),)


def hadamard(vectors: Sequence[Product]) -> Product:
    """The element-wise product of columns: diag(v) in front of a product of matrices, v ⊙ w of plain vectors."""
    plain = [vector for vector in vectors if len(vector) == 1]
    long = [vector for vector in vectors if len(vector) > 1]
    if not long:
        return plain[0] if len(plain) == 1 else (Entrywise(tuple(plain)),)
    tail = long[0] if len(long) == 1 else (Entrywise(tuple(long)),)
    return (diagonal(hadamard(plain)), *tail) if plain else tail


def diagonal(vector: Product) -> Factor:
    """diag(v); of the diagonal of A that is A ⊙ I."""
    if len(vector) == 2 and isinstance(vector[1], Ones) and _is_masked(vector[0]):
        return vector[0]
    if len(vector) > 1 and isinstance(vector[0], Diagonal):
        return Diagonal((Entrywise((vector[0].vector, vector[1:])),))
    return Diagonal(vector)


def diagonal_of(matrix: Product) -> Product:
    """The diagonal of a matrix as a column: (A ⊙ I) 1."""
    size = matrix[0].rows
    return (Entrywise((matrix, (Identity(size),))), Ones(size))


def _is_masked(factor: Factor) -> bool:
    return isinstance(factor, Entrywise) and factor.products[-1] == (Identity(factor.rows),)


# --- scalars ----------------------------------------------------------------------------------------------------------


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


def trace(product: Product, first: Product) -> tuple[Scalar, int]:
    """tr of a product, read with few transposes, an inverse or else `first` in front; ‖A‖² where it is tr(Aᵀ A)."""
    cycle = simplified(product)
    if len(cycle) > 1 and isinstance(cycle[0], Inverse | Symbol):
        cycle = simplified(cycle[1:] + cycle[:1])
    readings = rotations(cycle)
    half = len(cycle) // 2
    if len(cycle) == 2 * half:
        for reading in readings:
            if turn(reading[half:]) == reading[:half]:
                return Norm((Monomial(body=reading[half:]),), 2), 2
    heads = {*first, *turn(first)}

    def rank(reading: Product) -> tuple[int, bool, bool]:
        transposes = sum(is_turned(factor) for factor in reading)
        return transposes, not isinstance(reading[0], Inverse), reading[0] not in heads

    return Trace(min(readings, key=rank)), 1


def inner(product: Product) -> tuple[Scalar, int]:
    """A row times a column; ‖v‖² where it is vᵀ v."""
    product = simplified(product)
    half = len(product) // 2
    if len(product) == 2 * half and turn(product[half:]) == product[:half] and not isinstance(product[half], Ones):
        return Norm((Monomial(body=product[half:]),), 1), 2
    return Inner(product), 1


def is_turned(factor: Factor) -> bool:
    """Whether a factor is written with a transpose."""
    if isinstance(factor, Inverse):
        return all(is_turned(one) for one in factor.body)
    return isinstance(factor, Symbol | Group | Entrywise) and factor.turned


def root(body: Sum) -> Monomial:
    """The square root of a scalar: of squares of norms the norms."""
    if len(body) == 1 and body[0].coefficient > 0 and body[0].scalars:
        number, scalars = body[0].coefficient ** 0.5, body[0].scalars
        squares = all(isinstance(scalar, Norm) and exponent % 2 == 0 for scalar, exponent in scalars)
        if squares and number * number == body[0].coefficient:
            return Monomial(number, tuple((scalar, exponent // 2) for scalar, exponent in scalars))
    return Monomial(scalars=((Call("sqrt", body), 1),))


def as_monomial(body: Sum) -> Monomial:
    """A sum as one monomial: itself, or in parentheses."""
    if len(body) == 1:
        return body[0]
    if not body:
        return Monomial(coefficient=0.0)
    if any(monomial.body for monomial in body):
        return Monomial(body=(Group(body),))
    return Monomial(scalars=((Bracket(body), 1),))
