"""Closed forms rewritten: X X⁻¹ cancelled, vᵀ v as ‖v‖², traces read the short way, powers of scalars."""

from __future__ import annotations

from collections.abc import Sequence

from .forms import (
    Bracket,
    Call,
    Count,
    Diagonal,
    Entrywise,
    Factor,
    Group,
    Identity,
    Inner,
    Inverse,
    Monomial,
    Norm,
    Ones,
    Product,
    Scalar,
    Sum,
    Symbol,
    Trace,
    is_square,
    is_turned,
    rotations,
    turn,
)


def simplified(product: Product) -> Product:
    """The product without identities, and with X X⁻¹ cancelled; (A X)⁻¹ A is X⁻¹ where A is square."""
    factors = list(product)
    place = 0
    while place < len(factors):
        factor = factors[place]
        if len(factors) > 1 and (isinstance(factor, Identity) or factor == Ones(1)):
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
    if not product:  # a number, as a matrix of one entry
        return product
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
        return entrywise(plain)
    tail = entrywise(long)
    return (diagonal(hadamard(plain)), *tail) if plain else tail


def entrywise(products: Sequence[Product]) -> Product:
    """The element-wise product; a part that is one itself gives its own parts."""
    if len(products) == 1:
        return products[0]
    parts: list[Product] = []
    for product in products:
        factor = product[0]
        nested = len(product) == 1 and isinstance(factor, Entrywise) and not factor.turned
        parts += factor.products if nested and isinstance(factor, Entrywise) else [product]
    return (Entrywise(tuple(parts)),)


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


def trace(product: Product, first: Product) -> tuple[Scalar, int]:
    """tr of a product, read with few transposes, an inverse or else `first` in front; ‖A‖² where it is tr(Aᵀ A)."""
    cycle = simplified(product)
    if len(cycle) > 1 and isinstance(cycle[0], Inverse | Symbol):
        cycle = simplified(cycle[1:] + cycle[:1])
    if isinstance(cycle[0], Identity):
        return Count(cycle[0].rows), 1
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
    if product == (Ones(1),):
        return Inner(product), 0  # the number 1
    half = len(product) // 2
    if len(product) == 2 * half and turn(product[half:]) == product[:half] and not isinstance(product[half], Ones):
        return Norm((Monomial(body=product[half:]),), 1), 2
    return Inner(product), 1


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
