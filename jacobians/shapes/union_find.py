"""Union–find: things that have become equal, each class with the one that stands for it."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=Any)  # of an ordered kind: indices, axes, letters


class UnionFind(Generic[T]):
    """Classes of equal things; of each class the smallest member stands for it.

    >>> equal = UnionFind[int]()
    >>> equal.join(4, 2)
    >>> equal.join(4, 7)
    >>> equal.find(7), equal.find(3)
    (2, 3)
    """

    def __init__(self) -> None:
        self._parents: dict[T, T] = {}

    def find(self, member: T) -> T:
        """What stands for the class of `member`; itself, where nothing was said about it."""
        parents = self._parents
        while member in parents:
            above = parents[member]
            if above in parents:
                parents[member] = parents[above]
            member = above
        return member

    def join(self, first: T, second: T) -> None:
        """Make two things, and so all that equals either, equal."""
        a, b = self.find(first), self.find(second)
        if a != b:
            self._parents[max(a, b)] = min(a, b)
