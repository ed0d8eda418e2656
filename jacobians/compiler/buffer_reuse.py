"""Writing results into arrays that nobody reads any more: `np.multiply(t6, t8, out=t6)`.

A fresh large array costs as much as the product that fills it. What is overwritten was computed by an earlier line, is
read here for the last time, and is neither returned nor seen through a view that is read later: never an argument, a
constant or a shared value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from math import prod

import numpy as np

from .statements import Step

#: Below so many elements a new array costs nothing.
LEAST = 32_768

_OPERAND = r"\(?-?\w[\w.]*\)?(?:\[[:None, ]+\])?(?:\.T)?"
_SUM = re.compile(rf"({_OPERAND})((?: [+-] {_OPERAND})+)")
_PRODUCT = re.compile(rf"({_OPERAND}) ([*/]) ({_OPERAND})")
_CALL = re.compile(rf"np\.(\w+)\(({_OPERAND})(?:, ({_OPERAND}))?\)")
_OPERATORS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}


def in_place(entries: Sequence[Step | str], own: Collection[str]) -> list[Step | str]:
    """The same statements, large element-wise results written into what is read for the last time.

    `own` are the names of arrays that a step of these statements made.
    """
    last = _last_readers(entries)
    shapes = {entry.target: entry.shape for entry in entries if isinstance(entry, Step)}
    changed: list[Step | str] = []
    for number, entry in enumerate(entries):
        text = None
        if isinstance(entry, Step) and prod(entry.shape) >= LEAST:

            def dead(operand: str, entry: Step = entry, number: int = number) -> bool:
                name = operand.removesuffix(".T")
                shape = shapes.get(name, ())[:: 1 if name == operand else -1]
                once = len(re.findall(rf"\b{re.escape(name)}\b", entry.text)) == 1
                return name in own and shape == entry.shape and last[name] == number and once

            text = _written(entry.text, dead)
        changed.append(entry if text is None or isinstance(entry, str) else replace(entry, text=text))
    return changed


def _last_readers(entries: Sequence[Step | str]) -> dict[str, int]:
    """The number of the last statement that reads each name, itself or through a view of it."""
    seen_through: dict[str, set[str]] = {}
    last: dict[str, int] = {}
    for number, entry in enumerate(entries):
        text = entry.text if isinstance(entry, Step) else entry
        names = set(re.findall(r"[^\W\d]\w*", text))
        names |= {base for name in names for base in seen_through.get(name, ())}
        last.update(dict.fromkeys(names, number))
        if isinstance(entry, Step):
            last.setdefault(entry.target, number)
            if entry.view:
                seen_through[entry.target] = names
    return last


def _written(text: str, dead: Callable[[str], bool]) -> str | None:
    """`text` with the place where its result goes, if one of its operands is such a place."""
    if (found := _PRODUCT.fullmatch(text)) is not None:
        return _call(_OPERATORS[found[2]], [found[1], found[3]], dead)
    if (found := _CALL.fullmatch(text)) is not None and _writes_doubles(found[1]):
        return _call(found[1], [operand for operand in found.groups()[1:] if operand], dead)
    if (found := _SUM.fullmatch(text)) is not None:
        return _sum(found[1], re.findall(rf"([+-]) ({_OPERAND})", found[2]), dead)
    if re.fullmatch(r"-\w+(\.T)?", text):
        return _call("negative", [text[1:]], dead)
    return None


def _writes_doubles(name: str) -> bool:
    """Whether a function of NumPy's gives float64, entry by entry, for float64."""
    function = getattr(np, name, None)
    return isinstance(function, np.ufunc) and ("d->d" in function.types or "dd->d" in function.types)


def _call(function: str, operands: Sequence[str], dead: Callable[[str], bool]) -> str | None:
    place = next((operand for operand in operands if dead(operand)), None)
    return None if place is None else f"np.{function}({', '.join(operands)}, out={place})"


def _sum(first: str, rest: Sequence[tuple[str, str]], dead: Callable[[str], bool]) -> str | None:
    place = next((operand for operand in (first, rest[0][1]) if dead(operand)), None)
    if place is None or (first.startswith("-") and place == first):
        return None
    total = first
    for sign, operand in rest:
        total = f"np.{_OPERATORS[sign]}({total}, {operand}, out={place})"
    return total
