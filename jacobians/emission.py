"""NumPy source for single steps: one contraction of two operands, a sum, a slice."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

LETTERS = "ijklmnopqrstuvwxyzabcdefghIJKLMNOPQRSTUVWXYZABCDEFGH"


def pair_source(
    left: tuple[str, tuple[int, ...]],
    right: tuple[str, tuple[int, ...]],
    result: tuple[int, ...],
    wanted: tuple[int, ...] | None,
    sizes: Sequence[int],
) -> tuple[str, tuple[int, ...]]:
    """NumPy source for one contraction of two operands, and the order of the axes it gives.

    `wanted` is the order to aim for, where somebody cares.
    """
    (a, ia), (b, ib) = left, right
    contracted = [index for index in ia if index in ib and index not in result]
    batch = [index for index in ia if index in ib and index in result]
    only_a = tuple(index for index in ia if index not in ib)
    only_b = tuple(index for index in ib if index not in ia)
    if not contracted:
        order = wanted or _natural(ia, ib, sizes)
        if len(ia) == len(ib) == 1 and not batch:
            first, second = (a, b) if order == ia + ib else (b, a)
            return _outer_source(first, second, prod(sizes[index] for index in order)), order
        return f"{_aligned(a, ia, order)} * {_aligned(b, ib, order)}", order
    if batch:
        order = wanted or result
        letters = dict(zip(dict.fromkeys(ia + ib), LETTERS, strict=False))
        write = ["".join(letters[index] for index in group) for group in (ia, ib, order)]
        return f"np.einsum('{write[0]},{write[1]}->{write[2]}', {a}, {b})", order
    common = tuple(contracted)
    if wanted is None:  # as few transposed operands as possible, so that what follows meets arrays stored alike
        swap = (ib != only_b + common) + (ia != common + only_a) < (ia != only_a + common) + (ib != common + only_b)
    else:
        swap = wanted == only_b + only_a
    if swap:
        a, b, ia, ib, only_a, only_b = b, a, ib, ia, only_b, only_a
    order = only_a + only_b
    if len(contracted) == 1 and len(only_a) <= 1 and len(only_b) <= 1:
        return f"{_oriented(a, ia, only_a + common)} @ {_oriented(b, ib, common + only_b)}", order
    if not order and ia == ib:
        return f"np.vdot({a}, {b})", order
    axes = ([ia.index(index) for index in contracted], [ib.index(index) for index in contracted])
    return f"np.tensordot({a}, {b}, {axes})", order


def _natural(ia: tuple[int, ...], ib: tuple[int, ...], sizes: Sequence[int]) -> tuple[int, ...]:
    larger, other = (ia, ib) if prod(sizes[i] for i in ia) >= prod(sizes[i] for i in ib) else (ib, ia)
    if not set(ia) & set(ib):
        return ia + ib
    return larger + tuple(index for index in other if index not in larger)


def _outer_source(a: str, b: str, elements: int) -> str:
    """x yᵀ: below some 16,000 elements a matrix product of one column and one row is fastest, above it einsum."""
    return f"{a}[:, None].dot({b}[None])" if elements < 16_384 else f"np.einsum('i,j->ij', {a}, {b})"


def turned(text: str) -> str:
    """The transpose; that of a transpose is the array itself."""
    return text.removesuffix(".T") if text.endswith(".T") else f"{text}.T"


def _oriented(text: str, own: tuple[int, ...], order: tuple[int, ...]) -> str:
    return text if own == order else turned(text)


def _aligned(text: str, own: tuple[int, ...], order: tuple[int, ...]) -> str:
    """An operand seen along `order`: transposed, with new axes where it has none."""
    if not own:
        return text
    places = [index for index in order if index in own]
    if tuple(places) != own:
        axes = tuple(own.index(index) for index in places)
        text = turned(text) if axes == tuple(reversed(range(len(own)))) else f"{text}.transpose({axes})"
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
