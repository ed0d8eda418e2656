"""`draw`: a forward and a backward pass as a picture, in a file, in a notebook, or as text."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from ..errors import OptionError
from .backpropagation import backpropagation
from .chain_placement import chain_of, place_chain
from .files import as_png, write_whole
from .graph_placement import place_graph
from .picture import Picture
from .scene import Detail, Scene
from .svg import THEMES, as_svg
from .terminal import as_text, renderable

#: How a picture is written, by the end of the file's name.
FORMATS = (".svg", ".png")


class Drawing:
    """A picture of a forward and a backward pass. `svg()` and `png()` give it as a document, `save` writes a file."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    @cached_property
    def picture(self) -> Picture:
        """Everything at its place."""
        row = chain_of(self.scene)
        return place_graph(self.scene) if row is None else place_chain(self.scene, row)

    def svg(self, theme: str = "auto") -> str:
        """One SVG document; `theme` is "auto" (as the reader's), "light" or "dark"."""
        if theme not in THEMES:
            raise OptionError(f"unknown theme {theme!r}: choose one of {', '.join(map(repr, THEMES))}")
        return as_svg(self.picture, theme)

    def png(self, theme: str = "light", scale: float = 2.0) -> bytes:
        """The picture as PNG, `scale` pixels to a unit. Needs the extra `draw`."""
        return as_png(self.svg(theme), scale)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `path`, an .svg or a .png file, whole or not at all."""
        target, convert = _target(path)
        write_whole(target, convert(self))

    def _repr_svg_(self) -> str:
        return self.svg()

    def text(self) -> str:
        """The picture in characters, lines of at most 80 columns."""
        return as_text(self.scene)

    def __rich__(self) -> Any:
        return renderable(self.scene)

    def __repr__(self) -> str:
        return self.text()


def _target(path: str | os.PathLike[str]) -> tuple[Path, Callable[[Drawing], bytes]]:
    target = Path(path)
    match target.suffix.lower():
        case ".svg":
            return target, lambda drawing: drawing.svg().encode()
        case ".png":
            return target, lambda drawing: drawing.png()
    raise OptionError(f"a picture is written as {' or '.join(FORMATS)}, got {str(path)!r}")


def check_detail(detail: str) -> Detail:
    """`detail` itself, or an `OptionError` that lists the choices."""
    if detail not in get_args(Detail):
        raise OptionError(f"unknown detail {detail!r}: choose one of {', '.join(map(repr, get_args(Detail)))}")
    return detail  # type: ignore[return-value]


def draw(what: Any, path: str | os.PathLike[str] | None = None, detail: str = "full") -> Drawing:
    """Draw an expression or a network: its forward pass above, the backward pass below.

    With `detail="full"` (the notes' Diagram 1) every quantity has its dimension, every derivative its closed form, its
    shape and the item of the notes that gives its layout; the derivatives of an expression are by all its variables,
    those of a network's loss by its parameters. `detail="simple"` (Diagram 2) has the symbols alone. With a `path` the
    picture is written there, as .svg or .png. What comes back shows itself in a notebook.

    Raises `UnsupportedError` for anything else than an expression or a network, `OptionError` for a detail or a file
    format that is unknown.
    """
    checked = check_detail(detail)
    if path is not None:
        _target(path)
    drawing = Drawing(backpropagation(what, checked))
    if path is not None:
        drawing.save(path)
    return drawing
