"""Places for slices: a grid of cells for each, side by side, wrapped to the width of a page."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...shapes.letters import letter
from ..scenes.scene import hue, size_text
from ..scenes.slices import SliceScene
from .boxes import APART
from .picture import Picture, Run, TextBox, TextLine, line

MARGIN = 26.0
CELL = (62.0, 30.0)
GAP = 34.0
WIDTH = 940.0


def place_slices(scene: SliceScene) -> Picture:
    """The picture: a heading, the axes, the slices, and what the marks mean."""
    boxes = [_note(line(f"{scene.symbol} = {scene.structure}", "symbol", room=WIDTH), MARGIN, MARGIN)]
    top = boxes[-1].bottom
    runs: list[Run] = []
    for place, axis in enumerate(scene.axes):
        runs += [Run(f"{letter(place)} ", muted=False), Run(f"{axis.role}  ", muted=True)]
        runs += [Run(size_text(scene.lengths[place]), hue(axis.size)), Run(APART)]
    if runs:
        boxes.append(_note(TextLine(tuple(runs), "small"), MARGIN, top))
        top = boxes[-1].bottom
    if scene.sampled:
        boxes.append(_note(line(scene.sampled, "small", muted=True, room=WIDTH), MARGIN, top))
        top = boxes[-1].bottom
    array, mask, names = scene.grids
    largest = float(np.max(np.abs(array), initial=0.0))
    left, row_top, row_bottom = MARGIN, top + 12, top + 12
    for index in np.ndindex(*array.shape[:-2]):
        grid = _grid(array[index], mask[index], names[-2:], largest)
        at = ", ".join(f"{letter(axis)} = {names[axis][place]}" for axis, place in enumerate(index))
        width = max(*(box.right for box in grid), line(at, "small").width)
        if left > MARGIN and left + width > WIDTH:
            left, row_top = MARGIN, row_bottom + GAP
        caption = _note(line(at, "small"), left, row_top) if at else None
        down = caption.bottom if caption else row_top
        for box in grid:
            box.x, box.y = box.x + left, box.y + down
        boxes += [*([caption] if caption else []), *grid]
        row_bottom = max(row_bottom, *(box.bottom for box in grid))
        left += width + GAP
    note = TextLine(
        (Run("·\N{EM SPACE}zero by structure\N{EM SPACE}\N{EM SPACE}0\N{EM SPACE}zero by value", muted=True),), "small"
    )
    boxes.append(_note(note, MARGIN, row_bottom + 14))
    return Picture(
        scene.title,
        scene.description,
        max(box.right for box in boxes) + MARGIN,
        boxes[-1].bottom + MARGIN,
        boxes,
        [],
        scene.hues,
    )


def _note(text: TextLine, left: float, top: float) -> TextBox:
    box = TextBox((text,), "note", text.text)
    box.fixed = (text.width, text.height + 6)
    box.x, box.y = left + box.width / 2, top + box.height / 2
    return box


def _grid(values: Any, mask: Any, names: list[tuple[int, ...]], largest: float) -> list[TextBox]:
    """The cells of one slice from (0, 0) on, with the numbers of its rows and columns at its edges."""
    boxes = []
    edge, above = (26.0, 20.0) if any(names) else (0.0, 0.0)
    for row, (cells, allowed) in enumerate(zip(values, mask, strict=True)):
        if names[0]:
            boxes.append(_label(f"{names[0][row]}", edge / 2, above + (row + 0.5) * CELL[1]))
        for column, (value, can) in enumerate(zip(cells, allowed, strict=True)):
            text = line(number(value) if can else "·", "small", muted=not can)
            box = TextBox((text,), "cell" if can else "zero")
            box.fixed = CELL
            box.weight = 0.12 + 0.88 * abs(value) / largest if can and value and largest else 0.0
            box.x, box.y = edge + (column + 0.5) * CELL[0], above + (row + 0.5) * CELL[1]
            boxes.append(box)
    for column, name in enumerate(names[1]):
        boxes.append(_label(f"{name}", edge + (column + 0.5) * CELL[0], above / 2))
    return boxes


def _label(text: str, x: float, y: float) -> TextBox:
    box = TextBox((line(text, "small", muted=True),), "label")
    box.fixed = (20.0, 18.0)
    box.x, box.y = x, y
    return box


def number(value: float) -> str:
    """A value in at most seven characters."""
    text = f"{float(value):.3g}"
    return text.replace("e+0", "e").replace("e-0", "e-").replace("-", "−")
