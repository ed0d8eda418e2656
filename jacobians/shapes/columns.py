"""Text in the columns of a terminal: words wrapped, and cells of a table aligned."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

#: The columns that a line of text takes at most, where it can be broken.
COLUMNS = 80
#: The columns of a table's cell at most, its last one apart.
_CELL = 48
#: The columns that a table's last cell has at least.
_ROOM = 24


def width(text: str) -> int:
    """Columns that a text takes in a terminal: combining marks take none."""
    return sum(1 for character in text if not unicodedata.combining(character))


def wrapped(
    text: str, first: str = "", following: str | None = None, columns: int = COLUMNS, broken: bool = False
) -> list[str]:
    """`text` in lines of at most `columns`, indented by `first` and then by `following` (`first` if not given).

    Lines end between words. A word that is wider than a line stays whole, unless it may be `broken`.

    >>> wrapped("the derivative of a vector", "* ", "  ", columns=18)
    ['* the derivative', '  of a vector']
    """
    following = first if following is None else following
    lines: list[str] = []
    row, indent = "", first
    for word in text.split(" "):
        candidate = f"{row} {word}" if row else word
        if width(indent + candidate) <= columns:
            row = candidate
            continue
        if row:
            lines.append(indent + row)
            indent = following
        while broken and width(indent + word) > columns:
            cut = columns - width(indent)
            while cut < len(word) and width(word[: cut + 1]) <= columns - width(indent):
                cut += 1
            lines.append(indent + word[:cut])
            word, indent = word[cut:], following
        row = word
    return [*lines, indent + row]


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = (), indent: str = "") -> list[str]:
    """Rows as columns, two spaces apart, those of `right` with their cells at the right; a long last cell is wrapped.

    >>> print(*aligned([("order", "steps"), ("reverse", "3")], right={1}), sep="\\n")
    order    steps
    reverse      3
    """
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    *inner, last = [min(one, _CELL) for one in widths[:-1]] + [widths[-1]]
    lines: list[str] = []
    for row in rows:
        cells = [
            _padded(cell, wide, place in right) for place, (cell, wide) in enumerate(zip(row, inner, strict=False))
        ]
        start = indent + "".join(f"{cell}  " for cell in cells)
        end = _padded(row[-1], last, True) if len(inner) in right else row[-1]
        lines += wrapped(end, start, " " * width(start), max(COLUMNS, width(start) + _ROOM))
    return [line.rstrip() for line in lines]


def _padded(text: str, columns: int, right: bool) -> str:
    space = " " * (columns - width(text))
    return space + text if right else text + space
