"""NumPy source for single steps: one contraction of two operands, a sum, a slice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from typing import Any

LETTERS = "ijklmnopqrstuvwxyzabcdefghIJKLMNOPQRSTUVWXYZABCDEFGH"


#: Below so many elements a product of one column and one row is the fastest outer product, above it einsum.
OUTER = 16_384
#: Above so many elements einsum is faster than broadcasting where both operands are stretched.
STRETCHED = 32_768
#: Below so many multiplications `.dot` is written: it takes a third of the time that `@` takes to begin.
SMALL = 65_536

#: An operand: its text and its indices.
Operand = tuple[str, tuple[int, ...]]


def literal(value: float | list[Any]) -> str:
    """A number, or nested lists of them, as source: `np.inf` and `np.nan` where Python's own text is a bare name.

    >>> literal([1.0, [float("inf"), -float("inf")]])
    '[1.0, [np.inf, -np.inf]]'
    """
    return re.sub(r"\b(inf|nan)\b", r"np.\1", repr(value))


def factor(value: float) -> str:
    """A number as it stands in a product: in parentheses if a sign comes first."""
    text = literal(value)
    return f"({text})" if text.startswith("-") else text


def pair_source(
    left: Operand,
    right: Operand,
    result: tuple[int, ...],
    sizes: Sequence[int],
    wanted: tuple[int, ...] | None = None,
    preferred: tuple[int, ...] | None = None,
) -> Operand:
    """NumPy source for one contraction of two operands, and the order of the axes it gives.

    `wanted` is the order to aim for, where somebody cares, `preferred` one for results that are as good in any.
    """
    (_, ia), (_, ib) = left, right
    contracted = [index for index in ia if index in ib and index not in result]
    if not contracted:
        return _product(left, right, wanted, preferred, sizes)
    if any(index in ib and index in result for index in ia):
        return _batch(left, right, contracted, wanted or result, sizes)
    return _matrix_product(left, right, contracted, wanted, sizes)


def _product(
    left: Operand,
    right: Operand,
    wanted: tuple[int, ...] | None,
    preferred: tuple[int, ...] | None,
    sizes: Sequence[int],
) -> Operand:
    """Nothing is summed: an outer product, or an element-wise one."""
    (a, ia), (b, ib) = left, right
    stretched = len({*ia, *ib}) > max(len(ia), len(ib))  # an array of its own, stored as one likes
    order = wanted or (preferred if stretched else None) or _natural(left, right, sizes)
    elements = prod(sizes[index] for index in order)
    if len(ia) == len(ib) == 1 and ia != ib and elements < OUTER:
        first, second = (a, b) if order == ia + ib else (b, a)
        return f"{first}[:, None].dot({second}[None])", order
    if stretched and elements >= (OUTER if len(order) == 2 else STRETCHED):
        if len(order) == 2 and order != ia + ib:
            (a, ia), (b, ib) = (b, ib), (a, ia)
        return _einsum(a, ia, b, ib, order), order
    return f"{aligned(a, ia, order)} * {aligned(b, ib, order)}", order


def _batch(
    left: Operand, right: Operand, contracted: Sequence[int], order: tuple[int, ...], sizes: Sequence[int]
) -> Operand:
    """Indices that both operands have and the result keeps: a stack of matrix products where it is one."""
    (a, ia), (b, ib) = left, right
    only_a, only_b = ([index for index in own if index not in other] for own, other in ((ia, ib), (ib, ia)))
    batch = tuple(index for index in order if index in ia and index in ib)
    if len(only_a) == len(only_b) == len(contracted) == 1:
        if order[-1:] == tuple(only_a):
            (a, ia), (b, ib), only_a, only_b = (b, ib), (a, ia), only_b, only_a
        stack = (*batch, *only_a, *only_b)
        first = _turned_to(a, ia, (*batch, *only_a, *contracted))
        second = _turned_to(b, ib, (*batch, *contracted, *only_b))
        return f"{first} @ {second}", stack
    return _einsum(a, ia, b, ib, order), order


def _matrix_product(
    left: Operand, right: Operand, contracted: Sequence[int], wanted: tuple[int, ...] | None, sizes: Sequence[int]
) -> Operand:
    """Indices are summed and none is kept by both: one product of two matrices, reshaped where it takes more axes."""
    (a, ia), (b, ib) = left, right
    common = tuple(contracted)
    only_a = tuple(index for index in ia if index not in common)
    only_b = tuple(index for index in ib if index not in common)
    if not only_a and not only_b:
        if len(common) == 1:
            return f"{a}.dot({b})", ()
        if ia == ib and prod(sizes[index] for index in ia) < OUTER:
            return f"{a}.ravel().dot({b}.ravel())", ()
        if ia == ib:
            return f"np.vdot({a}, {b})", ()
        return f"np.vdot({a}, {_turned_to(b, ib, ia)})", ()
    if not only_a or (not only_b and len(ia) < len(ib)):  # the larger one comes first, as in W x
        swap = True
    elif not only_b:
        swap = False
    elif wanted is None:  # as few transposed operands as possible, so that what follows meets arrays stored alike
        swap = (ib != only_b + common) + (ia != common + only_a) < (ia != only_a + common) + (ib != common + only_b)
    else:
        swap = wanted[: len(only_b)] == only_b
    if swap:
        a, b, ia, ib, only_a, only_b = b, a, ib, ia, only_b, only_a
    order = only_a + only_b
    if not only_b and ia[0] in common and len(common) == 1:  # v W, not Wᵀ v
        first, second = _as_matrix(b, ib, (), common, sizes), _as_matrix(a, ia, common, only_a, sizes)
    else:
        if len(common) > 1:  # the order in which they lie in the larger operand
            kept = ia if prod(sizes[i] for i in ia) >= prod(sizes[i] for i in ib) else ib
            common = tuple(index for index in kept if index in common)
        first, second = _as_matrix(a, ia, only_a, common, sizes), _as_matrix(b, ib, common, only_b, sizes, True)
    small = prod(sizes[index] for index in {*ia, *ib}) < SMALL
    reshaped = len(only_a) > 1 or len(only_b) > 1
    text = f"{first}.dot({second})" if small or reshaped else f"{first} @ {second}"
    if reshaped:
        text += f".reshape({tuple(sizes[index] for index in order)})"
    return text, order


def _as_matrix(
    text: str,
    own: tuple[int, ...],
    rows: tuple[int, ...],
    columns: tuple[int, ...],
    sizes: Sequence[int],
    turn: bool = False,
) -> str:
    """An operand as the matrix, or the vector, with these rows and columns; `turn`: as a transpose if it is copied."""
    if len(rows) <= 1 and len(columns) <= 1:
        return text if own == rows + columns else turned(text)
    shape = tuple(prod(sizes[index] for index in group) for group in (rows, columns) if group)
    if rows and columns and (own == columns + rows or (turn and own != rows + columns)):
        return f"{_turned_to(text, own, columns + rows)}.reshape({shape[::-1]}).T"
    return f"{_turned_to(text, own, rows + columns)}.reshape({shape if len(shape) > 1 else -1})"


def _turned_to(text: str, own: tuple[int, ...], order: tuple[int, ...]) -> str:
    """An operand with its axes in `order`."""
    axes = tuple(own.index(index) for index in order)
    if axes == tuple(range(len(own))):
        return text
    return turned(text) if axes == tuple(reversed(range(len(own)))) else f"{text}.transpose({axes})"


def _einsum(a: str, ia: tuple[int, ...], b: str, ib: tuple[int, ...], order: tuple[int, ...]) -> str:
    letters = dict(zip(dict.fromkeys(ia + ib), LETTERS, strict=False))
    write = ["".join(letters[index] for index in group) for group in (ia, ib, order)]
    return f"np.einsum('{write[0]},{write[1]}->{write[2]}', {a}, {b})"


def _natural(left: Operand, right: Operand, sizes: Sequence[int]) -> tuple[int, ...]:
    """The axes as the larger operand has them, as they are stored."""
    (a, ia), (b, ib) = left, right
    if not set(ia) & set(ib):
        return ia + ib
    larger, text, other = (ia, a, ib) if prod(sizes[i] for i in ia) >= prod(sizes[i] for i in ib) else (ib, b, ia)
    if text.endswith(".T"):
        larger = larger[::-1]
    return larger + tuple(index for index in other if index not in larger)


def turned(text: str) -> str:
    """The transpose; that of a transpose is the array itself."""
    return text.removesuffix(".T") if text.endswith(".T") else f"{text}.T"


def aligned(text: str, own: tuple[int, ...], order: tuple[int, ...]) -> str:
    """An operand seen along `order`: transposed, with new axes where it has none."""
    if not own:
        return text
    text = _turned_to(text, own, tuple(index for index in order if index in own))
    return text + insert_axes([index in own for index in order])


def insert_axes(present: Sequence[bool]) -> str:
    """`[:, None]` where an axis is missing; leading missing axes are NumPy's own broadcasting."""
    while present and not present[0]:
        present = present[1:]
    return "" if all(present) else f"[{', '.join(':' if here else 'None' for here in present)}]"


def join_sum(texts: Sequence[str]) -> str:
    total = ""
    for text in texts:
        total = f"{total} - {text[1:]}" if total and text.startswith("-") else f"{total} + {text}" if total else text
    return total


def span(start: int, length: int, whole: int, step: int = 1) -> str:
    """A slice of `length` entries from `start` on, of an axis of `whole`."""
    stop = start + step * length
    if step > 0:
        return f"{start or ''}:{'' if stop >= whole else stop}" + (f":{step}" if step != 1 else "")
    return f"{'' if start == whole - 1 else start}:{'' if stop < 0 else stop}:{step}"
