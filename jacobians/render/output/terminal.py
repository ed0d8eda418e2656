"""A scene as text of 80 columns: the forward pass downward on the left, the backward pass upward on the right."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ...shapes.letters import letter
from ..placement.chain_parts import chain_of
from ..placement.picture import TextLine, line, shape_line
from ..placement.slice_placement import number
from ..scenes.palette import HUES
from ..scenes.scene import Derivative, Quantity, Scene
from ..scenes.slices import SliceScene
from ..scenes.tensor_network import NetworkScene

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

WIDTH = 80


def as_text(shown: RenderableType) -> str:
    """Plain characters, lines of at most 80 columns."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=WIDTH,
        color_system=None,
        emoji=False,
        markup=False,
        highlight=False,
        force_jupyter=False,  # in a notebook too the text goes where it is asked for, and is not shown besides
    )
    console.print(shown)
    return "\n".join(row.rstrip() for row in out.getvalue().rstrip().splitlines())


def in_words(scene: NetworkScene) -> RenderableType:
    """A tensor network in sentences."""
    from rich.text import Text

    return Text(scene.description)


def slices_in_text(scene: SliceScene) -> RenderableType:
    """The slices as tables of numbers, structural zeros as dots."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    array, mask, _ = scene.grids
    parts: list[RenderableType] = [Text(scene.description)]
    leading = scene.places[: max(0, len(scene.places) - 2)]
    for index in np.ndindex(*array.shape[:-2]):
        at = ", ".join(f"{letter(axis)} = {leading[axis][place]}" for axis, place in enumerate(index))
        table = Table.grid(padding=(0, 2, 0, 0))
        for cells, allowed in zip(array[index], mask[index], strict=True):
            table.add_row(*(number(value) if can else "·" for value, can in zip(cells, allowed, strict=True)))
        parts += [Text(f"\n{at}"), table]
    return Group(*parts)


def passes(scene: Scene) -> RenderableType:
    """A forward and a backward pass, in the colours of the palette."""
    from rich.console import Group
    from rich.table import Table

    hues = scene.hues
    full = scene.detail == "full"
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(overflow="fold", max_width=24)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", max_width=14)
    table.add_column(no_wrap=True)
    heading = ["forward ↓", "", "backward ↑", "", "item" if full else ""]
    row = chain_of(scene)
    main = row if row is not None else [one for one in scene.quantities if one.role == "value"]
    others = [one for one in scene.quantities if one not in main]
    table.add_row(*heading, style="dim")
    for one in main if row is not None else [*others, *main]:
        table.add_row(*_quantity(one, scene, hues))
        steps = [_step(local, full, hues) for local in scene.local if local.wrt == one.key]
        for step in steps or ([["", "", ""]] if one is not main[-1] and row is not None else []):
            table.add_row("" if row is None else "│", "", *step)
    for one in others if row is not None else []:
        table.add_row()
        table.add_row(*_quantity(one, scene, hues))
        for local in (local for local in scene.local if local.wrt == one.key):
            table.add_row("", "", *_step(local, full, hues))
    return Group(table, *_footer(scene, hues))


def _quantity(one: Quantity, scene: Scene, hues: dict[str, int]) -> list[Text | str]:
    """A value with its dimension, and the derivative with respect to it."""
    full = scene.detail == "full"
    equals = f"{one.symbol} = {one.definition}" if full and one.definition else one.symbol
    left = [equals, _coloured(shape_line(one.shape), hues) if full and one.shape else ""]
    total = next((total for total in (*scene.total, scene.itself) if total.wrt == one.key), None)
    if total is not None:
        first = total is scene.itself
        if not full:
            return [*left, total.structure if first else total.symbol, "", ""]
        return [
            *left,
            f"{total.symbol} = {total.structure}",
            _coloured(shape_line(total.shape), hues) if total.shape or not first else "",
            total.item or "",
        ]
    return [*left, "", "", ""]


def _step(local: Derivative, full: bool, hues: dict[str, int]) -> list[Text | str]:
    """The arrow from a value up to what it is used in."""
    if not full:
        return [f"↑ {local.structure}", "", ""]
    return [f"↑ {local.symbol} = {local.structure}", _coloured(shape_line(local.shape), hues), local.item or ""]


def _coloured(shown: TextLine, hues: dict[str, int]) -> Text:
    from rich.text import Text

    text = Text()
    for run in shown.runs:
        text.append(run.text, f"bold {HUES[hues[run.hue]].terminal}" if run.hue in hues else "")
    return text


def _footer(scene: Scene, hues: dict[str, int]) -> Iterable[Text]:
    from rich.text import Text

    words = Text("   ").join(
        [
            *(
                _coloured(TextLine((*shape_line((size,)).runs, *line(f" {role}").runs)), hues)
                for size, role in scene.roles
            ),
            *map(Text, scene.notes),
        ]
    )
    if words and scene.detail == "full":
        words.end = "\n"
        yield Text()
        yield words
