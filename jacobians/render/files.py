"""Writing a file whole or not at all, and a picture as PNG."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from ..errors import OptionError, UnsupportedError

#: What to install for pictures as PNG, and for the placement of graphs.
EXTRA = "pip install 'jacobians[draw]'"


def check_output(path: str | os.PathLike[str], force: bool = False) -> Path:
    """The file that is to be written under `path`, links followed; an `OptionError` where that cannot be.

    For a command to ask before it works: of a folder that is not there or may not be written to, of a folder in place
    of a file, of a file that exists, unless `force` says that it may go.
    """
    try:
        target = Path(path).resolve()
        if target.is_dir():
            raise OptionError(f"cannot write {path}: it is a folder")
        if target.exists():
            if not force:
                raise OptionError(f"{path} exists: --force writes over it")
            if not os.access(target, os.W_OK):
                raise OptionError(f"cannot write {path}: the file is read-only")
        elif not target.parent.is_dir():
            raise OptionError(f"cannot write {path}: there is no folder {target.parent}")
        elif not os.access(target.parent, os.W_OK):
            raise OptionError(f"cannot write {path}: the folder {target.parent} may not be written to")
    except OptionError:
        raise
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links, a name that is too long or has a NUL
        raise OptionError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from None
    return target


def write_whole(path: str | os.PathLike[str], content: bytes, force: bool = True) -> None:
    """Write to a temporary file beside `path` and put it in its place; what was there stays if anything fails.

    A link is followed, and stays one; a device or a pipe is written to as it is. A file that exists keeps its
    permissions; without `force` it is an `OptionError`, also when it appears while this writes.
    """
    target = check_output(path, force)
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(content)
        else:
            _put(target, content, force)
    except FileExistsError:
        raise OptionError(f"{path} exists: --force writes over it") from None
    except OSError as error:
        raise OptionError(f"cannot write {path}: {error.strerror or error}") from None


def _put(target: Path, content: bytes, force: bool) -> None:
    import tempfile

    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".jacobians-", delete=False) as file:
            temporary = file.name
            file.write(content)
        os.chmod(temporary, target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_mask())
        if not force:
            with suppress(AttributeError, NotImplementedError, PermissionError):  # a file system without hard links
                os.link(temporary, target)  # which fails where there is a file by now
                return
        os.replace(temporary, target)
        temporary = None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _mask() -> int:
    """The permissions that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


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
