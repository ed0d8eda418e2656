"""Bounded memories for graphs and programs: what was used last is kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """The `bound` values that were used last."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._known: OrderedDict[Hashable, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of `key`, made if it is not there."""
        try:
            value = self._known[key]
            self._known.move_to_end(key)
        except KeyError:  # never there, or dropped by another thread in between
            value = self._known[key] = make()
            while len(self._known) > self._bound:
                self._known.popitem(last=False)
        return value

    def values(self) -> list[T]:
        """What is kept, the one used last at the end."""
        return list(self._known.values())

    def clear(self) -> None:
        self._known.clear()


class Generations(Generic[T]):
    """A dictionary of the `bound` values that were used last, and of up to as many before: cheaper than exact."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._young: dict[Hashable, T] = {}
        self._old: dict[Hashable, T] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: Hashable) -> T | None:
        value = self._young.get(key)
        if value is None and (value := self._old.get(key)) is not None:
            self.keep(key, value)
        return value

    def keep(self, key: Hashable, value: T) -> None:
        if len(self._young) >= self._bound:
            self._old, self._young = self._young, {}
        self._young[key] = value

    def clear(self) -> None:
        self._young, self._old = {}, {}
