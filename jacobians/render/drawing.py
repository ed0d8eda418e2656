"""`draw`: a forward and a backward pass as a picture, in a file, in a notebook, or as text."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..errors import OptionError
from ..shapes.arguments import choice

if TYPE_CHECKING:
    from rich.console import RenderableType

    from .placement.picture import Picture, Shown
    from .scenes.scene import Detail

#: How much a picture of two passes has in it.
DETAILS = ("full", "simple")
THEMES = ("auto", "light", "dark")
#: How a picture is written, by the end of the file's name.
FORMATS = (".svg", ".png")


class Drawing:
    """A picture. `svg()` and `png()` give it as a document, `text()` in characters, `save` writes a file.

    >>> from jacobians import draw, vector
    >>> draw(2 * vector("x", 3)).svg().startswith("<svg")
    True
    """

    def __init__(self, scene: Shown, place: Callable[[], Picture], write: Callable[[], RenderableType]) -> None:
        self.scene = scene
        self._place = place
        self._write = write

    @cached_property
    def picture(self) -> Picture:
        """Everything at its place."""
        return self._place()

    def svg(self, theme: str = "auto") -> str:
        """One SVG document; `theme` is "auto" (as the reader's), "light" or "dark"."""
        choice(theme, THEMES, "theme")
        from .output.svg import as_svg

        return as_svg(self.picture, theme)

    def png(self, theme: str = "light", scale: float = 2.0) -> bytes:
        """The picture as PNG, `scale` pixels to a unit. Needs the extra `draw`."""
        from .files import as_png

        return as_png(self.svg(theme), scale)

    def save(self, path: str | os.PathLike[str], force: bool = True) -> None:
        """Write `path`, an .svg or a .png file, whole or not at all; without `force` not over a file that exists."""
        from .files import write_whole

        target, convert = target_format(path)
        write_whole(target, convert(self), force)

    def _repr_svg_(self) -> str:
        return self.svg()

    def text(self) -> str:
        """The picture in characters, lines of at most 80 columns."""
        from .output.terminal import as_text

        return as_text(self._write())

    def latex(self) -> str:
        """What the picture shows, in LaTeX's math mode: the equations of both passes, or the closed form."""
        return self.scene.latex

    def __rich__(self) -> RenderableType:
        return self._write()

    def __repr__(self) -> str:
        return self.text()


def target_format(path: str | os.PathLike[str]) -> tuple[Path, Callable[[Drawing], bytes]]:
    if not isinstance(path, (str, os.PathLike)):
        raise OptionError(f"a picture is written to a file, such as 'picture.svg', got {type(path).__name__}")
    target = Path(path)
    match target.suffix.lower():
        case ".svg":
            return target, lambda drawing: drawing.svg().encode()
        case ".png":
            return target, lambda drawing: drawing.png()
    raise OptionError(f"a picture is written as {' or '.join(FORMATS)}, got {str(path)!r}")


def check_detail(detail: str) -> Detail:
    """`detail` itself, or an `OptionError` that lists the choices."""
    return cast("Detail", choice(detail, DETAILS, "detail"))


def draw(
    what: Any,
    path: str | os.PathLike[str] | None = None,
    detail: str = "full",
    values: Mapping[str, Any] | None = None,
) -> Drawing:
    """Draw an expression or a network: its forward pass above, the backward pass below. Or draw a Jacobian.

    With `detail="full"` (the notes' Diagram 1) every quantity has its dimension, every derivative its closed form, its
    shape and the item of the notes that gives its layout; the derivatives of an expression are by all its variables,
    those of a network's loss by its parameters. `detail="simple"` (Diagram 2) has the symbols alone.

    Of a Jacobian the picture is its tensor network: operands as nodes, indices as wires, a delta as a bare wire; with
    "full" beside it the product of the chain, before its deltas are eliminated. With `values`, arrays by name as for
    `Jacobian.evaluate`, it is the tensor itself, in slices; a large one is sampled, and says so.

    With a `path` the picture is written there, as .svg or .png. What comes back shows itself in a notebook. Raises
    `UnsupportedError` for anything else, `OptionError` for a detail or a file format that is unknown.

    >>> from jacobians import networks
    >>> "∂ℓ/∂W₁" in draw(networks.shallow(2, 3, 1), detail="simple").text()
    True
    """
    checked = check_detail(detail)
    if path is not None:
        target_format(path)
    from .dispatch_drawing import drawn  # what draws is loaded when there is something to draw

    drawing = Drawing(*drawn(what, checked, values))
    if path is not None:
        drawing.save(path)
    return drawing
