"""Writing a file whole or not at all, and a picture as PNG."""

from __future__ import annotations

import os
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
    """An SVG document as PNG, by resvg. Raises `UnsupportedError` where that is not installed."""
    try:
        import resvg_py
    except ImportError:
        raise UnsupportedError(f"a picture as PNG needs resvg-py: {EXTRA}; or write .svg") from None
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=scale))
