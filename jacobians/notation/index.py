"""Index notation: `(∂z/∂W)_{ijk} = δ_{ik} x_j`.

A `Product` is a coefficient, sums and factors by component, its indices numbered: first the axes of the result, then
those that are summed. `Delta`, `Entry` and `Partial` are the factors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..expression import Expression, Term
from ..sizes import Size
from .alphabet import Alphabet
from .spelling import signed_sum

_LETTERS = "ijklmnopqrstuvwxyzabcdefgh"


def letter(position: int) -> str:
    """i, j, k, …; past the alphabet with a number."""
    cycle, place = divmod(position, len(_LETTERS))
    return _LETTERS[place] + (str(cycle) if cycle else "")


class ComponentWriter(Protocol):
    """Gives the text of an entry, and whether it stands without parentheses, in an alphabet."""

    alphabet: Alphabet

    def entry(self, node: Expression, letters: Sequence[str]) -> tuple[str, bool]: ...


@dataclass(frozen=True)
class Delta:
    """δ of two indices."""

    first: int
    second: int

    @property
    def indices(self) -> tuple[int, ...]:
        return (self.first, self.second)


@dataclass(frozen=True)
class Entry:
    """The entry of an expression at indices."""

    node: Expression
    indices: tuple[int, ...]


@dataclass(frozen=True)
class Partial:
    """∂y_i/∂x_j: the derivative of an entry by an entry, axes of y and then axes of x as they are."""

    of: Entry
    by: Entry

    @property
    def indices(self) -> tuple[int, ...]:
        return self.of.indices + self.by.indices


Factor = Delta | Entry | Partial


@dataclass(frozen=True)
class Product:
    """`coefficient` times Σ of `factors`: indices below `rank` are the axes of the result, the others are summed.

    `sizes` has every index; a summed one that no factor has is a factor of its size.
    """

    coefficient: float
    factors: tuple[Factor, ...]
    sizes: Mapping[int, Size]
    rank: int

    @property
    def held(self) -> frozenset[int]:
        """The indices that some factor has."""
        return frozenset(index for factor in self.factors for index in factor.indices)

    @property
    def summed(self) -> list[int]:
        """The indices that are summed and that some factor has."""
        held = self.held
        return [index for index in self.sizes if index >= self.rank and index in held]


def by_components(term: Term) -> Product:
    """A term, with a delta for every repeated index of its output."""
    numbers: dict[int, int] = {}
    deltas: list[Factor] = []
    for place, index in enumerate(term.output):
        if index in numbers:
            deltas.append(Delta(numbers[index], place))
        else:
            numbers[index] = place
    rank = len(term.output)
    sizes = dict(enumerate(term.shape))
    held = term.held
    for index in sorted((i for i in range(len(term.sizes)) if i not in numbers), key=lambda i: i not in held):
        numbers[index] = len(sizes)
        sizes[len(sizes)] = term.sizes[index]
    entries = (
        Entry(operand, tuple(numbers[index] for index in group))
        for operand, group in zip(term.operands, term.indices, strict=True)
    )
    return Product(term.coefficient, (*deltas, *entries), sizes, rank)


def components(products: Iterable[Product], writer: ComponentWriter) -> tuple[str, bool]:
    """The sum of products at the axes i, j, k, …, and whether it stands without parentheses."""
    products = list(products)
    bodies = [_body(product, writer) for product in products]
    return signed_sum(writer.alphabet, [product.coefficient for product in products], bodies)


def _body(product: Product, writer: ComponentWriter) -> tuple[str, bool]:
    alphabet = writer.alphabet
    held, summed = product.held, product.summed
    counts = [alphabet.size(size) for i, size in product.sizes.items() if i >= product.rank and i not in held]
    deltas = [factor for factor in product.factors if isinstance(factor, Delta)]
    outside = [delta for delta in deltas if not set(delta.indices) & set(summed)]
    inside = [delta for delta in deltas if delta not in outside]
    others = [factor for factor in product.factors if not isinstance(factor, Delta)]
    parts = [(alphabet.grouped(size, not set("+-") & set(size)), True) for size in counts]
    parts += [(text, True) for text in sorted(_delta(delta, alphabet) for delta in outside)]
    if summed:
        parts.append((alphabet.sum([letter(index) for index in summed]), True))
    parts += [(_delta(delta, alphabet), True) for delta in inside]
    parts += [_factor(factor, writer) for factor in others]
    if len(parts) == 1:
        return parts[0]
    return alphabet.product([alphabet.grouped(*part) for part in parts]), False


def _delta(delta: Delta, alphabet: Alphabet) -> str:
    return alphabet.delta([letter(index) for index in delta.indices])


def _factor(factor: Entry | Partial, writer: ComponentWriter) -> tuple[str, bool]:
    if isinstance(factor, Partial):
        of, by = (writer.entry(one.node, [letter(index) for index in one.indices]) for one in (factor.of, factor.by))
        return writer.alphabet.derivative(writer.alphabet.grouped(*of), writer.alphabet.grouped(*by)), True
    return writer.entry(factor.node, [letter(index) for index in factor.indices])
