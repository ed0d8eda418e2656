"""Index notation: `(∂z/∂W)_{ijk} = δ_{ik} x_j`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from ..expressions.nodes import Expression
from ..shapes.letters import letter
from .alphabet import Alphabet
from .components import Delta, Entry, EntryProduct, EntrySum, Factor, NumberFactor, Partial, Power, Row
from .spelling import signed_sum


class ComponentWriter(Protocol):
    """Gives the text of an entry, and whether it stands without parentheses, in an alphabet."""

    alphabet: Alphabet

    def atom(self, node: Expression) -> tuple[str, bool]: ...

    def entry(self, node: Expression, letters: Sequence[str]) -> tuple[str, bool]: ...

    def formula(self, node: Expression) -> tuple[str, bool]: ...

    def inner_entry(self, node: Expression, letters: Sequence[str]) -> tuple[str, bool]: ...

    def row(self, matrix: Expression, index: str) -> str: ...


def components(products: Iterable[EntryProduct], writer: ComponentWriter, bounds: bool = False) -> tuple[str, bool]:
    """The sum of products at the axes i, j, k, …, and whether it stands without parentheses.

    With `bounds` the sums tell how far they run, in an alphabet that can.
    """
    products = list(products)
    bodies = [_body(product, writer, bounds) for product in products]
    return signed_sum(writer.alphabet, [product.coefficient for product in products], bodies)


def _letters(indices: Iterable[int]) -> list[str]:
    return [letter(index) for index in indices]


def _body(product: EntryProduct, writer: ComponentWriter, bounds: bool) -> tuple[str, bool]:
    alphabet = writer.alphabet
    summed = product.summed
    deltas = [one for one in product.factors if isinstance(one, Delta)]
    settled = bool(summed) and not any(set(one.indices) & set(summed) for one in deltas)  # no sum is over a delta
    outside = deltas if settled else []
    inside = [one for one in product.factors if not (settled and isinstance(one, Delta))]
    parts = [alphabet.count(size) for size in product.counted]
    parts += [factor(one, writer) for one in outside]
    if summed:
        sizes = [product.sizes[index] for index in summed] if bounds else None
        parts.append((alphabet.sum(_letters(summed), sizes), True))
    parts += [factor(one, writer) for one in inside]
    if len(parts) == 1:
        return parts[0]
    return alphabet.product([alphabet.grouped(*part) for part in parts]), False


def factor(one: Factor, writer: ComponentWriter) -> tuple[str, bool]:
    """One factor, and whether it stands without parentheses."""
    alphabet = writer.alphabet
    match one:
        case Delta():
            return alphabet.delta(_letters(one.indices)), True
        case NumberFactor(value):
            return alphabet.number(value), value >= 0
        case Entry(node, indices, "whole"):
            return alphabet.subscript(*writer.formula(node), _letters(indices)), True
        case Entry(node, indices, "inside"):
            return writer.inner_entry(node, _letters(indices))
        case Entry(node, indices):
            return writer.entry(node, _letters(indices))
        case Power(entry, exponent):
            return alphabet.raised(alphabet.grouped(*factor(entry, writer)), exponent), True
        case Row(matrix, at, vector):
            row = alphabet.transposed(writer.row(matrix, letter(at)))
            return alphabet.product([row, alphabet.grouped(*writer.atom(vector))]), False
        case EntrySum(products):
            return components(products, writer)
        case Partial(of, by, held, _):
            top, bottom = (alphabet.grouped(*factor(part, writer)) for part in (of, by))
            top = alphabet.parens(top) if isinstance(of, Power) else top
            return alphabet.derivative(top, bottom, [writer.atom(node)[0] for node in held]), True
