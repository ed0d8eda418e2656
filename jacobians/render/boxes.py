"""The boxes that both placements put up: quantities, derivatives, and the line at the foot."""

from __future__ import annotations

from .picture import Box, Line, Run, line, shape_line, wrapped
from .scene import Derivative, Quantity, Scene, size_text

#: Between the remarks of a line.
APART = 2 * "\N{EM SPACE}"
#: A closed form that is wider stands on several lines.
WIDEST = 215.0


def quantity_box(one: Quantity, full: bool) -> Box:
    """A value or a leaf: its symbol, what it is computed as, its dimension."""
    style = "forward" if one.role == "value" else "parameter" if one.role == "parameter" else "leaf"
    lines = [line(one.symbol, "symbol")]
    if full:
        if one.definition:
            lines.append(line(f"= {one.definition}"))
        lines.append(shape_line(one.shape))
    box = Box(tuple(lines), style, one.key)
    box.least = 0.9 * box.height
    return box


def derivative_box(one: Derivative, style: str, full: bool, kind: str) -> Box:
    lines = [line(one.symbol, "symbol")]
    if full:
        lines += [*wrapped(f"= {one.structure}", WIDEST), shape_line(one.shape, one.item)]
    return Box(tuple(lines), style, f"{kind} {one.wrt}")


def local_box(one: Derivative, full: bool) -> Box:
    key = f"local {one.of} {one.wrt}"
    if not full:
        return Box((line(one.structure),), "local", key)
    return Box((line(f"{one.symbol} = {one.structure}"), shape_line(one.shape, one.item)), "local", key)


def footer(scene: Scene) -> tuple[Line, ...]:
    """What the sizes, the letters and the numbers are."""
    runs: list[Run] = []
    for size, role in scene.roles if scene.detail == "full" else ():
        runs += [Run(size_text(size), size), Run(f" {role}{APART}", muted=True)]
    notes = list(scene.notes)
    if scene.detail == "full" and any(one.item for one in (*scene.local, *scene.total)):
        notes.append("numerator layout; items are those of the notes, section 1")
    if notes:
        runs.append(Run(APART.join(notes), muted=True))
    return (Line(tuple(runs), "small"),) if runs else ()
