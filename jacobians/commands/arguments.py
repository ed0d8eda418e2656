"""Types of command-line arguments: what does not fit is refused with what was expected."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import OptionError
from ..functions.elementwise import ACTIVATIONS
from ..shapes.formatting import shortened
from ..shapes.layout import LAYOUTS
from ..shapes.sizes import LARGEST, check_size

if TYPE_CHECKING:
    from ..reading.entry import Reading
    from ..shapes.sizes import Shape


def size(text: str) -> int:
    """A size: a whole number of at least 1."""
    return whole(text, 1, "a size")


def count(text: str) -> int:
    """A count: a whole number of at least 1."""
    return whole(text, 1, "a count")


def seed(text: str) -> int:
    """A seed: a whole number of at least 0."""
    return whole(text, 0, "a seed")


def whole(text: str, least: int, what: str) -> int:
    """A whole number of at least `least`; `what` names it in the error."""
    try:
        value = int(text)
    except ValueError:
        most = f" of at most {LARGEST:,}" if text.strip().isdecimal() else ""
        raise argparse.ArgumentTypeError(f"{what} is a whole number{most}, got {shortened(repr(text))}") from None
    if value < least:
        raise argparse.ArgumentTypeError(f"{what} is at least {least}, got {shortened(str(value), 20)}")
    if value > LARGEST:
        raise argparse.ArgumentTypeError(f"{what} is at most {LARGEST:,}, got {shortened(str(value), 20)}")
    return value


def rate(text: str) -> float:
    """A positive, finite number."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a rate is a number, got {shortened(repr(text))}") from None
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"a rate is a positive number, got {shortened(text)}")
    return value


def add_text(parser: argparse.ArgumentParser) -> None:
    """The text to be read, the shapes of its names, and what σ is."""
    parser.add_argument("text", metavar="TEXT", help="the text, such as \"x r' W2 diag(σ'(z))\"")
    add_shapes(parser)


def add_shapes(parser: argparse.ArgumentParser) -> None:
    """The shapes of the names in a text, and what σ is."""
    parser.add_argument(
        "--where",
        metavar="SHAPES",
        default="",
        help='the shape of every name, such as "x:d r:n W2:n,h z:h"; c: is a scalar; facts after a second colon, '
        'joined by +, such as "A:n,n:symmetric+positive_definite c::positive"',
    )
    parser.add_argument("--activation", choices=tuple(ACTIVATIONS), default="sigmoid", help="σ (default: sigmoid)")


def add_layout(parser: argparse.ArgumentParser, auto: bool = False) -> None:
    """The layout of derivatives; with `auto`, the first in which an equation holds."""
    choices = (*LAYOUTS, "auto") if auto else LAYOUTS
    described = "; auto: the first in which the text holds" if auto else ""
    parser.add_argument(
        "--layout", choices=choices, default="numerator", help=f"of derivatives ∂y/∂x (default: numerator){described}"
    )


def shapes(options: argparse.Namespace) -> dict[str, Shape]:
    """The shapes of `--where`."""
    from ..reading.meaning.declarations import read_declarations

    return read_declarations(options.where)


def reading(options: argparse.Namespace) -> Reading:
    """The text of `add_text`, read."""
    from ..reading.entry import read

    return read(options.text, shapes(options), options.activation, layout=getattr(options, "layout", "numerator"))


def names(given: Sequence[str]) -> list[str]:
    """Names of an option that may be repeated, or have several at once."""
    return [name for text in given for name in re.split(r"[\s,]+", text) if name]


def size_values(text: str) -> dict[str, int]:
    """Sizes by symbol, from `d=64 h=128`."""
    found: dict[str, int] = {}
    for part in re.split(r"[\s,;]+", text):
        if part:
            name, equals, value = part.partition("=")
            if not equals or not value.isdecimal() or not value.strip("0"):
                raise OptionError(
                    f"{shortened(repr(part))} is not a size: write SYMBOL=NUMBER, such as d=64, with a number of at "
                    "least 1"
                )
            size = check_size(value, f"--sizes {name}")
            assert isinstance(size, int)
            found[name] = size
    return found
