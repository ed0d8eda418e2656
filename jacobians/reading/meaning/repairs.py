"""Repairs: what a small change would make of a text whose shapes do not fit.

Transposing one factor is tried first, then exchanging two neighbours, two others, transposing two. Each candidate is
read again in full: what is proposed is a text that fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from ..syntax.source_positions import Place
from .elaborated import Part

#: So many candidates are tried, and so many of the same kind are proposed.
MOST_TRIED = 120
MOST_SHOWN = 3
#: Fewer in a long text: each is read again in full. And only among so many parts around the place.
MOST_WORK, MOST_PARTS = 1500, 24
#: A text that is longer is not repaired: every candidate is read in full.
LONGEST_REPAIRED = 2000
_TURNED = re.compile(r"(?:['’′ᵀ]|\^\s*(?:\\top|\\intercal|⊤|T|\{\s*(?:\\top|T|⊤)\s*\})|\.T)\s*\Z")

_Edit = tuple[Place, str]


def hint(text: str, parts: Sequence[Part], near: int, around: Place, fits: Callable[[str], bool]) -> tuple[str, bool]:
    """`this fits: …` with the nearest repairs of the parts that do not fit, and whether there is one.

    Of a longer text what stands `around` is shown.
    """
    if len(text) > LONGEST_REPAIRED:
        return "", False
    found = nearest(text, parts, fits, near)
    rest = len(text) - around.end
    shown = [" ".join(one[around.start : len(one) - rest].split()) for one in found]
    if not shown:
        return "no transposition and no exchange of its parts fits", False
    return f"this fits: {' or '.join(shown)}" if all(len(one) <= 200 for one in shown) else "", True


def nearest(text: str, parts: Sequence[Part], fits: Callable[[str], bool], near: int | None = None) -> list[str]:
    """The texts that fit after the smallest change, all of the same kind of change, at most `MOST_SHOWN`.

    Changes close to the offset `near` come first. The longer the text, the fewer are tried.
    """
    tried, most = 0, max(3, min(MOST_TRIED, MOST_WORK // len(parts)))
    parts = [part for part in parts if part.value.rank]
    if near is not None:
        parts = sorted(sorted(parts, key=lambda part: abs(part.place.start - near))[:MOST_PARTS], key=_start)
    kinds = (_turnings, _exchanges, _double_turnings)
    for candidates in (kind(text, parts, near) for kind in kinds):
        found: list[str] = []
        for edits in candidates:
            tried += 1
            if tried > most:
                return found
            repaired = edited(text, edits)
            if repaired not in found and fits(repaired):
                found.append(repaired)
                if len(found) == MOST_SHOWN:
                    return found
        if found:
            return found
    return []


def edited(text: str, edits: Sequence[_Edit]) -> str:
    """`text` with the stretches of `edits` replaced."""
    for place, new in sorted(edits, key=lambda edit: -edit[0].start):
        text = text[: place.start] + new + text[place.end :]
    return text


def turned(text: str, part: Part) -> str:
    """The transpose of a part as it is written around it: the mark taken away, or put there."""
    own = text[part.place.start : part.place.end]
    mark = _TURNED.search(own)
    if mark is not None:
        return own[: mark.start()]
    compound = any(sign in _outside(own) for sign in " +-−*/·⊙⊗")
    body = f"({own})" if compound else own
    marks = (("ᵀ", "ᵀ"), (r"\top", r"^\top"), ("⊤", "⊤"), ("^T", "^T"), ("\\", r"^\top"))
    return body + next((written for seen, written in marks if seen in text), "'")


def _outside(text: str) -> str:
    """The text without what stands in brackets."""
    depth, kept = 0, ""
    for character in text:
        depth -= character in ")]}"
        kept += character if depth == 0 else ""
        depth += character in "([{"
    return kept


def _start(part: Part) -> int:
    return part.place.start


def _turnings(text: str, parts: Sequence[Part], near: int | None) -> Iterator[list[_Edit]]:
    """Every part transposed, and, after them, the factors within."""
    inner = [child for part in parts for child in part.children if len(part.children) > 1 and child.value.rank]
    for group in (list(parts), inner):
        for part in sorted(group, key=lambda one: 0 if near is None else abs(one.place.start - near)):
            yield [(part.place, turned(text, part))]


def _exchanges(text: str, parts: Sequence[Part], near: int | None) -> Iterator[list[_Edit]]:
    """Two parts exchanged, neighbours first."""
    pairs = sorted(combinations(range(len(parts)), 2), key=lambda pair: (pair[1] - pair[0], pair))
    for first, second in pairs:
        one, other = parts[first].place, parts[second].place
        yield [(one, text[other.start : other.end]), (other, text[one.start : one.end])]


def _double_turnings(text: str, parts: Sequence[Part], near: int | None) -> Iterator[list[_Edit]]:
    """Two parts transposed."""
    for pair in combinations(parts, 2):
        yield [(part.place, turned(text, part)) for part in pair]
