"""Repairs: what a small change would make of a text whose shapes do not fit.

Transposing one factor is tried first, then exchanging two neighbours, two others, transposing two. Each candidate is
read again in full: what is proposed is a text that fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from .parts import Part
from .places import Place

#: So many candidates are tried, and so many of the same kind are proposed.
MOST_TRIED = 250
MOST_SHOWN = 3
_TURNED = re.compile(r"(?:['’′ᵀ]|\^\s*(?:\\top|\\intercal|⊤|T|\{\s*(?:\\top|T|⊤)\s*\})|\.T)\s*\Z")

_Edit = tuple[Place, str]


def hint(text: str, parts: Sequence[Part], fits: Callable[[str], bool]) -> str:
    """`this fits: …` with the nearest repairs of the parts that do not fit; nothing where none was found."""
    found = nearest(text, parts, fits)
    shown = [" ".join(one.split()) for one in found]
    if not shown:
        return "no transposition and no exchange of its parts fits"
    return f"this fits: {' or '.join(shown)}" if all(len(one) <= 200 for one in shown) else ""


def nearest(text: str, parts: Sequence[Part], fits: Callable[[str], bool]) -> list[str]:
    """The texts that fit after the smallest change, all of the same kind of change, at most `MOST_SHOWN`."""
    tried = 0
    for candidates in (_turnings(text, parts), _exchanges(text, parts), _double_turnings(text, parts)):
        found: list[str] = []
        for edits in candidates:
            tried += 1
            if tried > MOST_TRIED:
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


def _units(parts: Sequence[Part]) -> list[Part]:
    """The parts that may be transposed, and, after them, the factors within them."""
    inner = [child for part in parts for child in part.children if part.value.rank and len(part.children) > 1]
    return [part for part in [*parts, *inner] if part.value.rank]


def _turnings(text: str, parts: Sequence[Part]) -> Iterator[list[_Edit]]:
    for part in _units(parts):
        yield [(part.place, turned(text, part))]


def _exchanges(text: str, parts: Sequence[Part]) -> Iterator[list[_Edit]]:
    pairs = sorted(combinations(range(len(parts)), 2), key=lambda pair: (pair[1] - pair[0], pair))
    for first, second in pairs:
        one, other = parts[first].place, parts[second].place
        yield [(one, text[other.start : other.end]), (other, text[one.start : one.end])]


def _double_turnings(text: str, parts: Sequence[Part]) -> Iterator[list[_Edit]]:
    for pair in combinations([part for part in parts if part.value.rank], 2):
        yield [(part.place, turned(text, part)) for part in pair]
