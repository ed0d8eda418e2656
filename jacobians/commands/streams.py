"""Standard output and error of the commands: characters that the encoding has, and none that steers a terminal."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from ..notation.ascii import ascii_form, visible

#: Characters of every kind that the commands print; an encoding that lacks one of them gets ASCII throughout.
_SAMPLE = "∂ℓσ′ᵀ₁⁻¹ŷ\u0303δΣ⊗⊙½‖·×−…→↑│─├∈ℝ"
#: Colours and weights of letters, as `rich` writes them.
_STYLES = re.compile(r"(\x1b\[[0-9;]*m)")


class Output(io.TextIOBase):
    """A stream of text in front of another, which gets what it can encode."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._failed: OSError | None = None  # argparse says nothing of what could not be written
        self.plain = not _can_encode(stream, _SAMPLE)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of what is written here: what is underneath may know fewer characters."""
        return "utf-8"

    def write(self, text: str) -> int:
        """Write `text`; control characters are written out."""
        self._pass_on(visible(text))
        return len(text)

    def write_styled(self, text: str) -> int:
        """Write `text` of `rich`, whose colours stay."""
        parts = _STYLES.split(text)
        self._pass_on("".join(part if place % 2 else visible(part) for place, part in enumerate(parts)))
        return len(text)

    def _pass_on(self, text: str) -> None:
        if self.plain:
            text = ascii_form(text)
        elif not _can_encode(self.stream, text):
            encoding = self.stream.encoding or "utf-8"
            text = text.encode(encoding, "backslashreplace").decode(encoding)
        try:
            self.stream.write(text)
        except OSError as error:
            self._failed = error
            raise

    def flush(self) -> None:
        """Hand on what was written; an `OSError` if that is, or was, not possible."""
        if self._failed is not None:
            raise self._failed
        self.stream.flush()

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    def writable(self) -> bool:
        return True


class Styled(io.TextIOBase):
    """The same stream as `rich` may write to it."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.write = output.write_styled  # type: ignore[method-assign]
        self.flush = output.flush  # type: ignore[method-assign]
        self.isatty = output.isatty  # type: ignore[method-assign]
        self.fileno = output.fileno  # type: ignore[method-assign]

    encoding = "utf-8"


def _can_encode(stream: Any, text: str) -> bool:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def styled(stream: Any) -> Any:
    """`stream` for `rich`."""
    return Styled(stream) if isinstance(stream, Output) else stream


def underneath(stream: Any) -> Any:
    """The stream that `rich` may steer, for a bar of progress."""
    return stream.stream if isinstance(stream, Output) else stream


def is_plain(stream: Any) -> bool:
    """Whether what is written to `stream` comes out in ASCII."""
    return isinstance(stream, Output) and stream.plain


@contextmanager
def guarded_streams() -> Iterator[None]:
    """Standard output and error behind an `Output`; where one is closed, behind one that leads nowhere."""
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        sys.stdout, sys.stderr = Output(before[0] or nowhere), Output(before[1] or nowhere)
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before


def abandon(stream: Any) -> None:
    """Lead a stream nowhere, so that what is left in its buffer is not tried again when Python ends."""
    with suppress(OSError, ValueError, AttributeError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
