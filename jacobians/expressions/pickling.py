"""Pickling through constructors: what is unpickled meets its equal, and a deep graph needs no recursion.

An expression is known by its identity, which is one process's own. So an object is written as a table of what it is
made of: each entry a class and the arguments of its `rebuild`, children before parents, with a reference wherever an
entry is an argument of another. Reading the table calls the constructors again, and they find what is there already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class _Reference:
    """The entry of the table that stands at a place of the arguments."""

    entry: int


class Rebuilt:
    """The base of what never changes: copies are the object itself, and pickles go through `rebuild`."""

    __slots__ = ()

    def made_of(self) -> tuple[Any, ...]:
        """The arguments of `rebuild`: tuples, lists and dictionaries of plain data and of objects of this class."""
        raise NotImplementedError

    @classmethod
    def rebuild(cls, *parts: Any) -> Self:
        """The object that is made of `parts`."""
        raise NotImplementedError

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _read, (_table(self),)


def _table(root: Rebuilt) -> list[tuple[type[Rebuilt], tuple[Any, ...]]]:
    entries: dict[int, int] = {}
    table: list[tuple[type[Rebuilt], tuple[Any, ...]]] = []
    alive: list[Any] = []  # what `made_of` makes must not give its identity to the next
    stack: list[tuple[Rebuilt, tuple[Any, ...] | None]] = [(root, None)]
    while stack:
        one, parts = stack.pop()
        if id(one) in entries:
            continue
        if parts is None:
            parts = one.made_of()
            alive += [one, parts]
            stack.append((one, parts))
            stack.extend((part, None) for part in _objects(parts) if id(part) not in entries)
        else:
            entries[id(one)] = len(table)
            table.append((type(one), _mapped(parts, lambda part: _Reference(entries[id(part)]))))
    return table


def _read(table: list[tuple[type[Rebuilt], tuple[Any, ...]]]) -> Rebuilt:
    made: list[Rebuilt] = []
    for kind, parts in table:
        made.append(kind.rebuild(*_mapped(parts, lambda reference: made[reference.entry])))
    return made[-1]


def _objects(parts: Any) -> Iterator[Rebuilt]:
    if isinstance(parts, Rebuilt):
        yield parts
    elif isinstance(parts, dict):
        yield from _objects(list(parts.values()))
    elif isinstance(parts, (tuple, list)):
        for part in parts:
            yield from _objects(part)


def _mapped(parts: Any, change: Any) -> Any:
    """`parts` with every object, or every reference to one, changed."""
    if isinstance(parts, (Rebuilt, _Reference)):
        return change(parts)
    if isinstance(parts, dict):
        return {key: _mapped(part, change) for key, part in parts.items()}
    if type(parts) in (tuple, list):
        return type(parts)(_mapped(part, change) for part in parts)
    return parts
