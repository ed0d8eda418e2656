"""Places in a text, and errors that point at them with a caret."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TypeVar

from ...errors import JacobiansError, ParseError, ShapeError

_E = TypeVar("_E", bound=JacobiansError)

#: An excerpt is no wider than this.
WIDEST = 74


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a text: offsets from `start` to `end`, and the line and column (from 1) of its start."""

    start: int
    end: int
    line: int
    column: int

    def to(self, other: Place) -> Place:
        """From the start of this place to the end of `other`."""
        return Place(self.start, max(self.end, other.end), self.line, self.column)


def place_at(text: str, start: int, end: int) -> Place:
    """The place between two offsets."""
    return Place(start, end, text.count("\n", 0, start) + 1, start - (text.rfind("\n", 0, start) + 1) + 1)


def excerpt(text: str, place: Place) -> str:
    """The line of a place, and under it a caret for every column that the place takes there.

    >>> print(excerpt("W x", Place(2, 3, 1, 3)))
      W x
        ^
    """
    begin = text.rfind("\n", 0, place.start) + 1
    stop = text.find("\n", place.start)
    stop = len(text) if stop < 0 else stop
    first, last = place.start, max(place.start + 1, min(place.end, stop))
    left = max(begin, min(first - WIDEST // 2, stop - WIDEST)) if stop - begin > WIDEST else begin
    right = min(stop, left + WIDEST)
    head, tail = ("…" if left > begin else ""), ("…" if right < stop else "")
    line = head + _visible(text[left:right]) + tail
    before = _columns(head + _visible(text[left:first]))
    marked = max(1, _columns(_visible(text[first : min(last, right)])))
    return f"  {line}\n  {' ' * before}{'^' * marked}"


def _visible(text: str) -> str:
    """Text without tabs or control characters, which would move the caret."""
    return "".join(" " if unicodedata.category(character) in ("Cc", "Zl", "Zp") else character for character in text)


def _columns(text: str) -> int:
    """Columns in a terminal: none for combining marks, two for wide characters."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def parse_error(text: str, place: Place, message: str) -> ParseError:
    """A `ParseError` that points at `place`; it has `.line`, `.column` and `.excerpt`."""
    return _located(ParseError, text, place, message)


class UndeterminedError(ParseError):
    """A size that the text around does not determine; more of the text may."""


def undetermined(text: str, place: Place, message: str) -> UndeterminedError:
    """An `UndeterminedError` that points at `place`."""
    return _located(UndeterminedError, text, place, message)


def shape_error(text: str, place: Place, message: str) -> ShapeError:
    """A `ShapeError` that points at `place`."""
    return _located(ShapeError, text, place, message)


def with_hint(error: _E, hint: str) -> _E:
    """The same error with a hint after its message, before the excerpt."""
    message = str(error).removesuffix(error.excerpt).rstrip()
    extended = type(error)(f"{message}; {hint}\n{error.excerpt}")
    extended.line, extended.column, extended.excerpt = error.line, error.column, error.excerpt
    return extended


def _located(kind: type[_E], text: str, place: Place, message: str) -> _E:
    shown = excerpt(text, place)
    error = kind(f"line {place.line}, column {place.column}: {message}\n{shown}")
    error.line, error.column, error.excerpt = place.line, place.column, shown
    return error
