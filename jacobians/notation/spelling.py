"""Closed forms as text, in an alphabet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import copysign

from .alphabet import Alphabet
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
    Kronecker,
    Monomial,
    Norm,
    Ones,
    Product,
    Scalar,
    Sum,
    Symbol,
    Tensor,
    Total,
    Trace,
    Value,
    is_square,
)

#: A text, and whether it stands without parentheses.
Spelled = tuple[str, bool]


class Speller:
    """Sums, monomials, products and factors in an alphabet. What is `plain` stands without parentheses."""

    def __init__(self, alphabet: Alphabet) -> None:
        self.alphabet = alphabet

    def sum(self, body: Sum) -> Spelled:
        """Monomials added up."""
        coefficients = [one.coefficient if _in_front(one) else copysign(1.0, one.coefficient) for one in body]
        alone = len(body) == 1 and body[0].coefficient == 1.0
        return signed_sum(self.alphabet, coefficients, [self.monomial(one, alone) for one in body])

    def monomial(self, monomial: Monomial, alone: bool) -> Spelled:
        """A monomial without its coefficient; but 1 / x and 2 / x with its size.

        A sum in parentheses keeps them unless it is `alone`.
        """
        above = [self.raised(*entry) for entry in _ordered(monomial.scalars) if entry[1] > 0]
        below = [self.raised(scalar, -exponent) for scalar, exponent in _ordered(monomial.scalars) if exponent < 0]
        parts = [*above, *([self.product(monomial.body)] if monomial.body else [])]
        if len(parts) > 1 or below or not alone:
            *ahead, last = parts or [("", True)]
            loose = _needs_parentheses(monomial, last, bool(ahead), bool(below))
            texts = [self.alphabet.grouped(*part) for part in ahead]
            parts = [
                (self.alphabet.product([*texts, self.alphabet.grouped(last[0], not loose)]), last[1] and not ahead)
            ]
        if not below:
            return parts[0] if parts else ("", True)
        text = parts[0][0] if _in_front(monomial) else self.alphabet.number(abs(monomial.coefficient))
        divisor = self._divisor(below)
        return self.alphabet.quotient((text, True), divisor), False

    def _divisor(self, below: Sequence[Spelled]) -> Spelled:
        if len(below) == 1:
            return below[0]
        return self.alphabet.product([self.alphabet.grouped(*part) for part in below]), False

    # --- scalars ----------------------------------------------------------------------------------------------

    def raised(self, scalar: Scalar, exponent: int) -> Spelled:
        """A scalar to a positive power."""
        alphabet = self.alphabet
        if isinstance(scalar, Norm):
            return alphabet.norm(self.sum(scalar.body)[0], scalar.rank, exponent), True
        text, plain = self.scalar(scalar)
        return (text, plain) if exponent == 1 else (alphabet.raised(alphabet.grouped(text, plain), exponent), True)

    def scalar(self, scalar: Scalar) -> Spelled:
        """A scalar by itself."""
        alphabet = self.alphabet
        match scalar:
            case Value(text, plain):
                return text, plain
            case Count(size):
                return alphabet.count(size)
            case Total(text):
                return text, True
            case Call(name, body):
                return alphabet.call(alphabet.function(name), [self.sum(body)[0]]), True
            case Trace(product):
                return alphabet.call(alphabet.function("tr"), [self._periodic(product)]), True
            case Inner((factor,)):  # an entry
                return self.product((factor,))
            case Inner(product):
                return self.product(product)[0], False
            case Bracket(body):
                return self.sum(body)[0], False
            case Norm(body, rank):
                return alphabet.norm(self.sum(body)[0], rank, 1), True

    def _periodic(self, product: Product) -> str:
        """A product, as a power where it is one of several factors: (Y⁻¹ B)²."""
        for length in range(2, len(product) // 2 + 1):
            times, rest = divmod(len(product), length)
            if not rest and product == product[:length] * times:
                return self.alphabet.raised(self.alphabet.parens(self.product(product[:length])[0]), times)
        return self.product(product)[0]

    # --- products ---------------------------------------------------------------------------------------------

    def product(self, product: Product) -> Spelled:
        """Factors side by side, equal ones as a power."""
        runs = [(factor, len(list(run))) for factor, run in groupby(product)]
        if len(runs) == 1:
            (factor, count), *_ = runs
            return self.factor(factor) if count == 1 else (self.power(factor, count), True)
        texts = [self.power(factor, count) for factor, count in runs]
        if isinstance(product[0], Ones) and product[0].columns == 1 and not isinstance(product[1], Ones):
            texts[0] = self.alphabet.ones_of(product[0].rows)  # not the number 1
        return self.alphabet.product(texts), False

    def power(self, factor: Factor, count: int) -> str:
        """A factor as it stands in a product, to a power."""
        alphabet = self.alphabet
        if count == 1 or not is_square(factor):
            return alphabet.product([alphabet.grouped(*self.factor(factor))] * count)
        if isinstance(factor, Inverse):
            return alphabet.raised(self.grouped(factor.body), -count)
        text = alphabet.grouped(*self.factor(factor))
        turned = isinstance(factor, Symbol | Group | Entrywise) and factor.turned
        return alphabet.raised(alphabet.parens(text) if turned else text, count)

    def factor(self, factor: Factor) -> Spelled:
        """A single factor."""
        alphabet = self.alphabet
        match factor:
            case Symbol(text, plain):
                return self._maybe_turned(text, plain, factor.turned)
            case Group(body):
                return self._maybe_turned(self.sum(body)[0], False, factor.turned)
            case Entrywise(products):
                return self._maybe_turned(
                    alphabet.hadamard([self.grouped(one) for one in products]), False, factor.turned
                )
            case Identity(size):
                return alphabet.identity(size), True
            case Ones(rows, columns):
                ones = alphabet.number(1.0) if rows == columns == 1 else alphabet.ones
                return self._maybe_turned(ones, True, rows == 1 and columns != 1)
            case Diagonal(vector):
                return alphabet.call(alphabet.function("diag"), [self.product(vector)[0]]), True
            case Inverse(body):
                if len(body) == 1 and isinstance(body[0], Symbol | Group) and body[0].turned:
                    return alphabet.inverse(self.grouped((body[0].T,)), transposed=True), True
                return alphabet.inverse(self.grouped(body)), True
            case Kronecker(first, second):
                return alphabet.call(alphabet.function("kron"), [self.product(one)[0] for one in (first, second)]), True
            case Tensor(first, second):
                text = self.grouped(first)
                text = alphabet.transposed(text) if factor.first_turned else text
                return alphabet.tensor(text, self.grouped(second)), False

    def grouped(self, product: Product) -> str:
        """A product as one operand: in parentheses where it has several factors."""
        if len(product) == 1:
            return self.alphabet.grouped(*self.factor(product[0]))
        return self.alphabet.parens(self.product(product)[0])

    def _maybe_turned(self, text: str, plain: bool, turned: bool) -> Spelled:
        if not turned:
            return text, plain
        return self.alphabet.transposed(self.alphabet.grouped(text, plain)), True


def _ordered(scalars: Sequence[tuple[Scalar, int]]) -> list[tuple[Scalar, int]]:
    """Sizes and names before functions, then parentheses, and sums last."""

    def rank(entry: tuple[Scalar, int]) -> int:
        match entry[0]:
            case Count():
                return 0
            case Value(text, plain):
                return 1 if plain and text[-1] not in ")|]" else 2
            case Bracket():
                return 3
            case Total():
                return 4
        return 2

    return sorted(scalars, key=rank)


def _in_front(monomial: Monomial) -> bool:
    """Whether the coefficient stands in front of what is multiplied; in 2 / x it is all that is divided."""
    positive = any(exponent > 0 for _, exponent in monomial.scalars)
    return positive or bool(monomial.body) or not monomial.scalars


def _needs_parentheses(monomial: Monomial, last: Spelled, ahead: bool, divided: bool) -> bool:
    """Whether the last part of a product needs parentheses: a sum always, a ⊙ b and a ⊗ b beside others."""
    if last[1]:
        return False
    if not monomial.body:
        above = [scalar for scalar, exponent in _ordered(monomial.scalars) if exponent > 0]
        return ahead or (bool(above) and isinstance(above[-1], Bracket))
    if len(monomial.body) > 1:
        return False
    (factor,) = monomial.body
    if isinstance(factor, Entrywise | Tensor):
        return ahead or divided
    return not isinstance(factor, Symbol) or ahead or divided or abs(monomial.coefficient) != 1.0


def signed_sum(alphabet: Alphabet, coefficients: Sequence[float], bodies: Sequence[Spelled]) -> Spelled:
    """Bodies times their coefficients, added up; and whether that stands without parentheses."""
    if not bodies:
        return "0", True
    text = ""
    for coefficient, (body, _) in zip(coefficients, bodies, strict=True):
        size = abs(coefficient)
        if not body:
            body = alphabet.number(size)
        elif size != 1.0:
            ahead = alphabet.number(size)
            body = alphabet.numbers(ahead, body) if body[0].isdecimal() else alphabet.product([ahead, body])
        sign = alphabet.minus if coefficient < 0 else alphabet.plus
        text += sign + body if text else (alphabet.negative if coefficient < 0 else "") + body
    body, plain = bodies[0]
    return text, len(bodies) == 1 and coefficients[0] > 0 and (not body or (plain and coefficients[0] == 1.0))
