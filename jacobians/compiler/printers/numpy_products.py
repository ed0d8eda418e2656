"""NumPy source for products of two operands: `@` for a matrix product, `*` for an element-wise one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from math import prod
from typing import NamedTuple

from ...shapes.letters import lettered
from ..operations import Indices

#: Number of elements up to which a product of one column and one row is the fastest outer product; then einsum is.
OUTER = 16_384
#: Number of elements above which einsum is faster than broadcasting where both operands are stretched.
STRETCHED = 32_768
#: Number of multiplications up to which `.dot` is written: it takes a third of the time that `@` takes to begin.
SMALL = 65_536


class Level(IntEnum):
    """How tightly the parts of a text hold together."""

    SUM = 0
    PRODUCT = 1
    UNARY = 2
    ATOM = 3


class Text(NamedTuple):
    """Source of an expression and how tightly its parts hold together."""

    text: str
    level: Level = Level.ATOM

    def within(self, level: Level) -> str:
        """As an operand that must hold together at least as tightly as `level`."""
        return self.text if self.level >= level else f"({self.text})"

    @property
    def atom(self) -> str:
        return self.within(Level.ATOM)


class Operand(NamedTuple):
    """An operand of a product: its text and its indices."""

    text: Text
    indices: Indices


def product_text(a: Operand, b: Operand, result: Indices, sizes: Mapping[int, int]) -> Text:
    """Source for the einsum of two operands, with the axes in the order of `result`."""
    ia, ib = a.indices, b.indices
    contracted = [index for index in ia if index in ib and index not in result]
    if not contracted:
        return _without_sum(a, b, result, sizes)
    only_a = tuple(index for index in ia if index not in ib)
    only_b = tuple(index for index in ib if index not in ia)
    batch = tuple(index for index in result if index in ia and index in ib)
    if batch:
        if len(only_a) == len(only_b) == len(contracted) == 1 and result[: len(batch)] == batch:
            if result[-1:] == only_a:
                a, b, only_a, only_b = b, a, only_b, only_a
            first = turned_to(a, (*batch, *only_a, *contracted))
            return Text(f"{first} @ {turned_to(b, (*batch, *contracted, *only_b))}", Level.PRODUCT)
        return einsum(a, b, result)
    if result not in (only_a + only_b, only_b + only_a):
        return einsum(a, b, result)
    return _matrix_product(a, b, tuple(contracted), (only_a, only_b), result, sizes)


def is_outer(a: Indices, b: Indices, result: Indices, sizes: Mapping[int, int]) -> bool:
    """Whether a product is written as one of a column and a row, which is stored in C order."""
    return len(a) == len(b) == 1 and a != b and prod(sizes[index] for index in result) < OUTER


def _without_sum(a: Operand, b: Operand, order: Indices, sizes: Mapping[int, int]) -> Text:
    """Nothing is summed: an outer product, or an element-wise one."""
    ia, ib = a.indices, b.indices
    stretched = len({*ia, *ib}) > max(len(ia), len(ib))
    if is_outer(ia, ib, order, sizes):
        first, second = (a, b) if order == ia + ib else (b, a)
        return Text(f"{first.text.atom}[:, None].dot({second.text.atom}[None])")
    if stretched and prod(sizes[index] for index in order) >= (OUTER if len(order) == 2 else STRETCHED):
        return einsum(b, a, order) if len(order) == 2 and order != ia + ib else einsum(a, b, order)
    left, right = aligned(a, order), aligned(b, order)
    return Text(f"{left.within(Level.PRODUCT)} * {right.within(Level.UNARY)}", Level.PRODUCT)


def _matrix_product(
    a: Operand,
    b: Operand,
    common: Indices,
    apart: tuple[Indices, Indices],
    result: Indices,
    sizes: Mapping[int, int],
) -> Text:
    """Indices are summed and none is kept by both: one product of two matrices, reshaped where it takes more axes."""
    (_, ia), (_, ib), (only_a, only_b) = a, b, apart
    if not only_a and not only_b:
        if len(common) == 1:
            return Text(f"{a.text.atom}.dot({b.text.text})")
        if ia == ib and prod(sizes[index] for index in ia) < OUTER:
            return Text(f"{a.text.atom}.ravel().dot({b.text.atom}.ravel())")
        return Text(f"np.vdot({a.text.text}, {turned_to(b, ia)})")
    if only_a and only_b:
        swap = result != only_a + only_b
    else:  # the larger one comes first, as in W x
        swap = not only_a or (not only_b and len(ia) < len(ib))
    if swap:
        a, b, ia, ib, only_a, only_b = b, a, ib, ia, only_b, only_a
    if not only_b and ia[0] in common and len(common) == 1:  # v W, not Wᵀ v
        first, second = _as_matrix(b, (), common, sizes), _as_matrix(a, common, only_a, sizes)
    else:
        if len(common) > 1:  # the order in which they lie in the larger operand
            kept = ia if prod(sizes[i] for i in ia) >= prod(sizes[i] for i in ib) else ib
            common = tuple(index for index in kept if index in common)
        first, second = _as_matrix(a, only_a, common, sizes), _as_matrix(b, common, only_b, sizes, turn=True)
    small = prod(sizes[index] for index in {*ia, *ib}) < SMALL
    reshaped = len(only_a) > 1 or len(only_b) > 1
    if not small and not reshaped:
        return Text(f"{first} @ {second}", Level.PRODUCT)
    back = f".reshape({tuple(sizes[index] for index in result)})" if reshaped else ""
    return Text(f"{first}.dot({second}){back}")


def _as_matrix(operand: Operand, rows: Indices, columns: Indices, sizes: Mapping[int, int], turn: bool = False) -> str:
    """An operand as the matrix, or the vector, with these rows and columns; `turn`: as a transpose if it is copied."""
    own = operand.indices
    if len(rows) <= 1 and len(columns) <= 1:
        return turned_to(operand, rows + columns)
    shape = tuple(prod(sizes[index] for index in group) for group in (rows, columns) if group)
    if rows and columns and (own == columns + rows or (turn and own != rows + columns)):
        return f"{turned_to(operand, columns + rows)}.reshape({shape[::-1]}).T"
    return f"{turned_to(operand, rows + columns)}.reshape({shape if len(shape) > 1 else -1})"


def turned_to(operand: Operand, order: Indices) -> str:
    """An operand with its axes in `order`."""
    return transposed(operand.text, tuple(operand.indices.index(index) for index in order)).atom


def transposed(text: Text, axes: tuple[int, ...]) -> Text:
    """A text with its axes in another order."""
    if axes == tuple(range(len(axes))):
        return text
    if axes != tuple(range(len(axes)))[::-1]:
        return Text(f"{text.atom}.transpose({axes})")
    return Text(f"{text.atom}.T")


def einsum(a: Operand, b: Operand, order: Indices) -> Text:
    groups = lettered([a.indices, b.indices, order])
    return Text(f"np.einsum('{groups[0]},{groups[1]}->{groups[2]}', {a.text.text}, {b.text.text})")


def aligned(operand: Operand, order: Indices) -> Text:
    """An operand seen along `order`: transposed, with new axes where it has none."""
    own = operand.indices
    if not own:
        return operand.text
    turned = tuple(own.index(index) for index in order if index in own)
    return expanded(transposed(operand.text, turned), [index in own for index in order])


def expanded(text: Text, present: Sequence[bool]) -> Text:
    """`[:, None]` where an axis is missing; leading missing axes are NumPy's own broadcasting."""
    while present and not present[0]:
        present = present[1:]
    return text if all(present) else Text(f"{text.atom}[{', '.join(':' if here else 'None' for here in present)}]")
