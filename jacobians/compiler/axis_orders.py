"""In which order the axes of a product are stored, so that what follows meets arrays that lie alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from .operations import Indices, Transpose
from .program import Statement


@dataclass(frozen=True)
class Aim:
    """The order to aim for: `wanted` where somebody cares, `preferred` for results that are as good in any order."""

    wanted: Indices | None
    preferred: Indices | None


def order_of_product(
    left: tuple[Statement, Indices],
    right: tuple[Statement, Indices],
    kept: Indices,
    aim: Aim,
    sizes: Sequence[int],
) -> Indices:
    """The order of the axes of a product of two operands that keeps the indices `kept`."""
    ia, ib = left[1], right[1]
    contracted = [index for index in ia if index in ib and index not in kept]
    if not contracted:
        stretched = len({*ia, *ib}) > max(len(ia), len(ib))  # an array of its own, stored as one likes
        return aim.wanted or (aim.preferred if stretched else None) or _as_stored(left, right, sizes)
    only_a = tuple(index for index in ia if index not in ib)
    only_b = tuple(index for index in ib if index not in ia)
    if any(index in ib and index in kept for index in ia):
        order = aim.wanted or kept
        if not len(only_a) == len(only_b) == len(contracted) == 1:
            return order
        batch = tuple(index for index in order if index in ia and index in ib)
        return (*batch, *only_b, *only_a) if order[-1:] == only_a else (*batch, *only_a, *only_b)
    if not only_a or not only_b:
        return only_a or only_b
    if aim.wanted is not None:
        swap = aim.wanted[: len(only_b)] == only_b
    else:  # as few transposed operands as possible
        common = tuple(contracted)
        swap = (ib != only_b + common) + (ia != common + only_a) < (ia != only_a + common) + (ib != common + only_b)
    return only_b + only_a if swap else only_a + only_b


def _as_stored(left: tuple[Statement, Indices], right: tuple[Statement, Indices], sizes: Sequence[int]) -> Indices:
    """The axes as the larger operand has them, as they are stored."""
    (a, ia), (b, ib) = left, right
    if not set(ia) & set(ib):
        return ia + ib
    first = prod(sizes[i] for i in ia) >= prod(sizes[i] for i in ib)
    larger, value, other = (ia, a, ib) if first else (ib, b, ia)
    if isinstance(value.operation, Transpose) and value.operation.reverses:
        larger = larger[::-1]
    return larger + tuple(index for index in other if index not in larger)
