"""The boxes that both placements put up: quantities, derivatives, and the line at the foot."""

from __future__ import annotations

from ..scenes.scene import Derivative, Quantity, Scene, size_text
from .picture import Run, TextBox, TextLine, line, shape_line, wrapped

#: Between the remarks of a line.
APART = 2 * "\N{EM SPACE}"
#: A closed form that is wider stands on several lines.
WIDEST = 215.0
FOOT = 760.0  # of a line at the foot


def quantity_box(one: Quantity, full: bool) -> TextBox:
    """A value or a leaf: its symbol, what it is computed as, its dimension."""
    style = "forward" if one.role == "value" else "parameter" if one.role == "parameter" else "leaf"
    lines = [line(one.symbol, "symbol")]
    if full:
        if one.definition:
            lines.append(line(f"= {one.definition}"))
        lines.append(shape_line(one.shape))
    box = TextBox(tuple(lines), style, one.key)
    box.least = 0.9 * box.height
    return box


def derivative_box(one: Derivative, style: str, full: bool, kind: str) -> TextBox:
    lines = [line(one.symbol, "symbol")]
    if full:
        lines += [*wrapped(f"= {one.structure}", WIDEST), shape_line(one.shape, one.item)]
    return TextBox(tuple(lines), style, f"{kind} {one.wrt}")


def beginning_box(one: Derivative, full: bool) -> TextBox:
    """Where the backward pass begins: the derivative of the last quantity with respect to itself."""
    lines = [line(f"{one.symbol} = {one.structure}" if full else one.structure)]
    if full and one.shape:
        lines.append(shape_line(one.shape, one.item))
    return TextBox(tuple(lines), "backward", f"adjoint {one.wrt}")


def local_box(one: Derivative, full: bool) -> TextBox:
    key = f"local {one.of} {one.wrt}"
    if not full:
        return TextBox((line(one.structure),), "local", key)
    return TextBox((line(f"{one.symbol} = {one.structure}"), shape_line(one.shape, one.item)), "local", key)


def footer(scene: Scene) -> tuple[TextLine, ...]:
    """What the sizes, the letters and the numbers are: remarks side by side, on as many lines as it takes."""
    full = scene.detail == "full"
    remarks: list[tuple[Run, ...]] = []
    if full:
        remarks += [(Run(size_text(size), size), Run(f" {role}", muted=True)) for size, role in scene.roles]
    remarks += [(Run(note, muted=True),) for note in scene.notes]
    if full and any(one.item for one in (*scene.local, *scene.total)):
        remarks.append((Run("numerator layout; items are those of the notes, section 1", muted=True),))
    lines: list[TextLine] = []
    for remark in remarks:
        longer = TextLine((*lines[-1].runs, Run(APART), *remark), "small") if lines else None
        if longer is not None and longer.width <= FOOT:
            lines[-1] = longer
        else:
            lines.append(TextLine(remark, "small"))
    return tuple(lines)
