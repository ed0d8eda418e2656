"""The shapes of a text as it prints: under each factor, and beside each part of the tree."""

from __future__ import annotations

from collections.abc import Iterator

from ...shapes.columns import width
from ...shapes.sizes import show_shape
from ..entry import Reading
from ..meaning.elaborated import Part
from ..syntax.source_positions import parse_error

#: Nothing is wider than this.
WIDEST = 80


def shape_lines(reading: Reading) -> list[str]:
    """The report of a reading: factors over shapes, the tree of parts with their shapes, the result, the notes."""
    lines: list[str] = []
    said = [(node, parts) for node, parts in reading.statements if not parts[0].declares]
    if not said:
        raise parse_error(
            reading.text, reading.statements[-1][0].place, "declarations, where an expression is expected"
        )
    for number, (node, parts) in enumerate(said):
        if number:
            lines.append("")
        for part in parts:
            over = _side_by_side(reading, part)
            title = reading.source(node.place if len(parts) == 1 else part.place)
            lines += [*over, *([""] if over else []), *_tree(reading, part, title)]
    shapes = [show_shape(part.value.shape) for part in said[-1][1]]
    result = shapes[0] if len(set(shapes)) == 1 else f"{' ≠ '.join(shapes)}: the sides have different shapes"
    lines += ["", f"result  {result}"]
    return [*lines, *(f"note: {note}" for note in reading.notes)]


def _side_by_side(reading: Reading, part: Part) -> list[str]:
    """The parts of the top and what stands between them, each part with its shape under it, where that fits a line."""
    texts: list[str] = []
    shapes: list[str] = []
    done = part.place.start
    for child in part.children:
        between = "".join(reading.text[done : child.place.start].split())
        if between:
            texts.append(between)
            shapes.append("")
        texts.append(reading.source(child.place))
        shapes.append(show_shape(child.value.shape))
        done = child.place.end
    rest = reading.text[done : part.place.end].strip()
    widths = [max(width(text), width(shape)) for text, shape in zip(texts, shapes, strict=True)]
    brackets = rest or any(
        mark in text for text, shape in zip(texts, shapes, strict=True) if not shape for mark in "({[\\"
    )
    if len(part.children) < 2 or brackets or sum(widths) + 3 * len(widths) > WIDEST:
        return []
    rows = [[_padded(cell, wide) for cell, wide in zip(row, widths, strict=True)] for row in (texts, shapes)]
    return ["   ".join(row).rstrip() for row in rows]


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def _tree(reading: Reading, part: Part, title: str) -> list[str]:
    rows = [
        (prefix, reading.source(one.place) if prefix else title, show_shape(one.value.shape))
        for prefix, one in _walk(part, "", "")
    ]
    shapes = max(width(shape) for _, _, shape in rows)
    room = max(12, WIDEST - shapes - 2)
    lefts = [prefix + _cut(text, room - width(prefix)) for prefix, text, _ in rows]
    column = max(width(left) for left in lefts)
    return [f"{_padded(left, column)}  {shape}" for left, (_, _, shape) in zip(lefts, rows, strict=True)]


def _cut(text: str, longest: int) -> str:
    return text if width(text) <= longest else text[: max(1, longest - 1)] + "…"


def _walk(part: Part, first: str, rest: str) -> Iterator[tuple[str, Part]]:
    """Every part with the lines of the tree before it. The depth is that of the brackets, which is limited."""
    yield first, part
    for child in part.children:
        last = child is part.children[-1]
        yield from _walk(child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))
