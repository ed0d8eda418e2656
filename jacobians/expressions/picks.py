"""Picks: some entries of an axis, in an order. They compose, intersect and turn round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..shapes.sizes import Size, add_sizes, multiply_sizes

Array = np.ndarray[Any, Any]


class Places:
    """Listed places along an axis: an array of integers that nobody changes, known by its content.

    It is hashed once, so that a gather of a million entries is looked up as fast as one of three.
    """

    __slots__ = ("_distinct", "_hash", "array")

    def __init__(self, places: Any) -> None:
        self.array: Array = np.array(places, dtype=np.intp)
        self.array.flags.writeable = False
        self._hash = hash((self.array.size, self.array.tobytes()))
        self._distinct: bool | None = None

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Places) and self._hash == other._hash and np.array_equal(self.array, other.array)
        )

    def __len__(self) -> int:
        return len(self.array)

    @property
    def are_distinct(self) -> bool:
        """Whether no place occurs twice."""
        if self._distinct is None:
            self._distinct = not self.array.size or int(np.bincount(self.array).max()) == 1
        return self._distinct

    def __getitem__(self, key: Any) -> Any:
        return self.array[key]

    def __reduce__(self) -> tuple[Any, ...]:
        return Places, (self.array,)


@dataclass(frozen=True)
class Pick:
    """Some entries of an axis: `length` from `start` on, every `step`-th; or those of `indices`.

    With a `modulus`, the length of the axis, the entries go on from its beginning past its end: that is what
    `np.roll` picks, `length` and `modulus` being equal and `step` 1.
    """

    start: Size
    length: Size
    step: int = 1
    indices: Places | None = None
    modulus: int | None = None

    @classmethod
    def listed(cls, places: Any) -> Pick:
        """The entries at `places`; a slice where they are one."""
        array = np.asarray(places, dtype=np.intp)
        if len(array) == 1:
            return cls(int(array[0]), 1)
        step = int(array[1] - array[0])
        if step and np.array_equal(array, array[0] + step * np.arange(len(array))):
            return cls(int(array[0]), len(array), step)
        return cls(0, len(array), 1, Places(array))

    @classmethod
    def rolled(cls, size: int, shift: int) -> Pick:
        """All entries of an axis, moved on by `shift`."""
        start = -shift % size
        return cls(start, size, 1, None, size) if start else cls(0, size)

    @property
    def is_slice(self) -> bool:
        """Whether the entries are a slice, which is a view."""
        return self.indices is None and self.modulus is None

    @property
    def injective(self) -> bool:
        """Whether no entry is picked twice."""
        return self.indices is None or self.indices.are_distinct

    def is_whole(self, size: Size) -> bool:
        """Whether every entry of an axis of `size` is picked, in order."""
        return self.is_slice and self == Pick(0, size)

    def then(self, following: Pick) -> Pick | None:
        """The entries that `following` picks of those that this one picks.

        None where symbols leave that open, and where it is two steps rather than one: a slice of a roll that is no
        slice itself.
        """
        if self.is_slice and following.is_slice:
            start = add_sizes(self.start, multiply_sizes([self.step, following.start]))
            return Pick(start, following.length, self.step * following.step)
        if self.modulus is not None and following.modulus == self.modulus:
            assert isinstance(self.start, int)
            assert isinstance(following.start, int)
            return Pick.rolled(self.modulus, -self.start - following.start)
        mine, its = self.places(), following.places()
        if mine is None or its is None:
            return None
        both = Pick.listed(mine[its])
        listed = self.indices is not None or following.indices is not None
        return both if both.is_slice or listed else None

    def places(self) -> Array | None:
        """The numbers of the entries, where they are known."""
        if self.indices is not None:
            return self.indices.array
        if not isinstance(self.start, int) or not isinstance(self.length, int):
            return None
        places = self.start + self.step * np.arange(self.length)
        return places if self.modulus is None else places % self.modulus

    def turned_round(self) -> Pick | None:
        """What undoes a roll; None for anything else."""
        if self.modulus is None:
            return None
        assert isinstance(self.start, int)
        return Pick.rolled(self.modulus, self.start)


def common(one: Pick, other: Pick) -> tuple[Pick, Pick] | None:
    """Which of the entries of `one`, and which of those of `other`, are the same entries of the axis, in pairs.

    Empty picks where there are none. None where symbols leave that open, or where entries that both list several times
    make more pairs than there are entries.
    """
    if one.is_slice and other.is_slice and one.step == other.step == 1:
        return _common_run(one, other)
    mine, its = one.places(), other.places()
    if mine is None or its is None:
        return None
    order = np.argsort(its, kind="stable")
    ordered = its[order]
    first, last = np.searchsorted(ordered, mine, "left"), np.searchsorted(ordered, mine, "right")
    counts = last - first
    total = int(counts.sum())
    if total > len(mine) + len(its):
        return None
    if not total:
        return Pick(0, 0), Pick(0, 0)
    own = np.repeat(np.arange(len(mine)), counts)
    within = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    return Pick.listed(own), Pick.listed(order[np.repeat(first, counts) + within])


def _common_run(one: Pick, other: Pick) -> tuple[Pick, Pick] | None:
    """The overlap of two runs of entries; of symbolic ones where they are the same, or begin at one place."""
    if one == other:
        return Pick(0, one.length), Pick(0, one.length)
    sizes = (one.start, one.length, other.start, other.length)
    if not all(isinstance(size, int) for size in sizes):
        return _common_symbolic(one, other)
    a, m, b, n = (int(size) for size in sizes)
    first, last = max(a, b), min(a + m, b + n)
    return (Pick(first - a, last - first), Pick(first - b, last - first)) if last > first else (Pick(0, 0), Pick(0, 0))


def _common_symbolic(one: Pick, other: Pick) -> tuple[Pick, Pick] | None:
    """Runs whose ends differ by known numbers, such as x[1:] and x[:-1]; or that meet end to end.

    Only where one lies within the other: what else they have in common may be nothing for some sizes.
    """
    mine, its = add_sizes(one.start, one.length), add_sizes(other.start, other.length)
    if other.start == mine or one.start == its:
        return Pick(0, 0), Pick(0, 0)
    before = add_sizes(other.start, multiply_sizes([-1, one.start]))
    after = add_sizes(its, multiply_sizes([-1, mine]))
    if not isinstance(before, int) or not isinstance(after, int):
        return None
    first = one.start if before <= 0 else other.start
    length = add_sizes(mine if after >= 0 else its, multiply_sizes([-1, first]))
    if length not in (one.length, other.length):
        return None
    return Pick(max(before, 0), length), Pick(max(-before, 0), length)
