"""Writing a file whole or not at all, and a picture as PNG."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from ..errors import OptionError, UnsupportedError

#: What to install for pictures as PNG, and for the placement of graphs.
EXTRA = "pip install 'jacobians[draw]'"


def write_whole(path: Path, content: bytes) -> None:
    """Write to a temporary file beside `path` and put it in its place; what was there stays if anything fails."""
    import tempfile

    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = file.name
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise OptionError(f"cannot write {path}: {error.strerror or error}") from None


def as_png(svg: str, scale: float = 2.0) -> bytes:
    """An SVG document as PNG, by resvg. Raises `UnsupportedError` where that, or any font, is not installed."""
    try:
        import resvg_py
    except ImportError:
        raise UnsupportedError(f"a picture as PNG needs resvg-py: {EXTRA}; or write .svg") from None
    if not _has_fonts(resvg_py.svg_to_bytes):
        raise UnsupportedError(
            "a picture as PNG needs a font, and none is installed here: install DejaVu Sans (Debian: apt install "
            "fonts-dejavu-core); or write .svg"
        )
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=scale))


@cache
def _has_fonts(convert: Callable[..., bytes]) -> bool:
    """Whether a letter leaves a mark: without fonts a picture would come out without its words."""
    frame = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{}</svg>'
    letter = '<text x="2" y="15" font-family="sans-serif">W</text>'
    return bytes(convert(svg_string=frame.format(letter))) != bytes(convert(svg_string=frame.format("")))
