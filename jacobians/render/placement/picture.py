"""A picture before it is drawn: boxes with lines of text, and strokes, each at its place."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, Protocol

from ...shapes.sizes import Shape
from ..scenes.scene import hue, size_text
from .metrics import cut, text_width

#: Font sizes of a line, by its kind.
FONT = {"symbol": 17.0, "body": 15.0, "small": 13.0}
LEADING = 1.42
PADDING = (11.0, 8.0)


#: A subscript that has no character of its own: `I_h`, `I_{d+1}`, `δ_{ik}`.
_SUBSCRIPT = re.compile(r"_(?:\{([^{}]*)\}|(?<=[^\W_]_)([^\W_])(?![^\W_]))")
#: Font size of a subscript, as a part of the line's.
SUBSCRIPT = 0.76


@dataclass(frozen=True)
class Run:
    """A piece of a line; `hue` is the size whose colour it has, if it stands for one."""

    text: str
    hue: str | None = None
    muted: bool = False
    low: bool = False  # a subscript

    def width(self, size: float, bold: bool) -> float:
        return text_width(self.text, size * (SUBSCRIPT if self.low else 1.0), bold)


@dataclass(frozen=True)
class TextLine:
    """A line of text of one font size: "symbol" (bold), "body" or "small"."""

    runs: tuple[Run, ...]
    kind: str = "body"

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    @property
    def size(self) -> float:
        return FONT[self.kind]

    @property
    def bold(self) -> bool:
        return self.kind == "symbol"

    @property
    def width(self) -> float:
        return sum(self.widths)

    @property
    def widths(self) -> list[float]:
        return [run.width(self.size, self.bold) for run in self.runs]

    @property
    def height(self) -> float:
        return self.size * LEADING


#: A line that is longer is cut with …, and what takes more lines has … for the rest; descriptions have everything.
LONGEST = 460.0
MOST_LINES = 6
LONGEST_SIZE = 150.0


def line(text: str, kind: str = "body", muted: bool = False, room: float = LONGEST) -> TextLine:
    """A line of mathematics: `_h` and `_{h1}` in it become subscripts. What does not fit in `room` is cut."""
    text = cut(text, FONT[kind], room, kind == "symbol")
    runs: list[Run] = []
    end = 0
    for match in _SUBSCRIPT.finditer(text):
        low = match.group(1) if match.group(1) is not None else match.group(2)
        runs += [Run(text[end : match.start()], muted=muted), Run(low, muted=muted, low=True)]
        end = match.end()
    runs.append(Run(text[end:], muted=muted))
    return TextLine(tuple(run for run in runs if run.text) or (Run(""),), kind)


def wrapped(text: str, room: float, kind: str = "body") -> list[TextLine]:
    """A product or a sum over as many lines as it takes, broken at spaces outside of parentheses, as even as can be."""
    shorter = cut(text, FONT[kind], MOST_LINES * room, kind == "symbol")
    if shorter != text and " " in shorter.rstrip():
        shorter = shorter[: shorter.rstrip().rindex(" ")] + " …"
    text = shorter
    words = _words(text)
    if max(line(word.rstrip(), kind).width for word in words) > 1.2 * room:
        words = _words(text, inside=True)
    pieces = [(line(word, kind, room=math.inf).width, line(word.rstrip(), kind, room=math.inf).width) for word in words]
    count = max(1, math.ceil(_joined(pieces) / room))
    spans = [pieces[start:end] for start in range(len(words)) for end in range(start + 1, len(words) + 1)]
    for limit in sorted(set(map(_joined, spans))):
        lengths = _filled(pieces, limit)
        if len(lengths) <= count:
            break
    rows = [
        line("".join(words[end - length : end]), kind) for length, end in zip(lengths, accumulate(lengths), strict=True)
    ]
    return rows if len(rows) <= MOST_LINES else [*rows[: MOST_LINES - 1], line("…", kind)]


def _joined(pieces: Sequence[tuple[float, float]]) -> float:
    """The width of words side by side: each with the space behind it, the last without."""
    return sum(width for width, _ in pieces[:-1]) + pieces[-1][1]


def _filled(pieces: Sequence[tuple[float, float]], limit: float) -> list[int]:
    """How many words stand on each line if no line is longer than `limit`."""
    lengths, used = [0], 0.0
    for width, bare in pieces:
        if lengths[-1] and used + bare > limit:
            lengths.append(0)
            used = 0.0
        lengths[-1] += 1
        used += width
    return lengths


def _words(text: str, inside: bool = False) -> list[str]:
    """What stays on a line: factors of a product, and signs with what follows them; `inside` parentheses too."""
    words, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        after_sign = text[start:place] in ("=", "+", "−")
        if character == " " and not after_sign and (depth == 0 or inside):
            words.append(text[start : place + 1])
            start = place + 1
    return [*words, text[start:]]


def shape_line(shape: Shape, item: str | None = None) -> TextLine:
    """`h × d × h  item 4`, each size in its colour."""
    runs: list[Run] = []
    for place, size in enumerate(shape):
        if place:
            runs.append(Run(" × ", muted=True))
        text = cut(size_text(size, len(shape) > 1), FONT["small"], LONGEST_SIZE)
        runs.append(Run(text, muted=True) if size == 1 else Run(text, hue(size)))
    if not shape:
        runs.append(Run("scalar", muted=True))
    if item:
        runs.append(Run(f"   item {item}", muted=True))
    return TextLine(tuple(runs), "small")


@dataclass
class TextBox:
    """Lines of text in a frame of a `style`; `x`, `y` is its centre."""

    lines: tuple[TextLine, ...]
    style: str
    key: str = ""
    x: float = 0.0
    y: float = 0.0
    least: float = 0.0  # the least width
    fixed: tuple[float, float] | None = None  # the width and the height, where the text does not tell
    weight: float | None = None  # how full the frame is of its colour, from 0 to 1

    @property
    def width(self) -> float:
        if self.fixed:
            return self.fixed[0]
        return max(self.least, max((one.width for one in self.lines), default=0.0) + 2 * PADDING[0])

    @property
    def height(self) -> float:
        if self.fixed:
            return self.fixed[1]
        return sum(one.height for one in self.lines) + 2 * PADDING[1]

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height / 2


Place = tuple[float, float]


@dataclass(frozen=True)
class Stroke:
    """A line through `places`: straight; bent, starting and ending along "x" or "y"; or cubic curves ("curve").

    Of curves the places are the control points: the start, and then three for every piece.
    """

    places: tuple[Place, ...]
    style: str
    arrow: bool = True
    along: Literal["x", "y", "curve"] | None = None


class Shown(Protocol):
    """A scene: what a picture shows, and in words."""

    @property
    def title(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def latex(self) -> str: ...


@dataclass
class Picture:
    """Everything at its place. `hues` gives the number of the colour of each size."""

    title: str
    description: str
    width: float
    height: float
    boxes: list[TextBox]
    strokes: list[Stroke]
    hues: dict[str, int]

    @property
    def texts(self) -> list[str]:
        return [one.text for box in self.boxes for one in box.lines]


def spread(boxes: Sequence[TextBox], gap: float) -> None:
    """Move boxes of one row along it, as little as need be, so that they are `gap` apart; their order stays.

    Boxes that would overlap are gathered into a block, and each block stands where its boxes wish to be on average.
    """
    blocks: list[tuple[list[TextBox], float, float]] = []  # boxes, centre, width
    for box in boxes:
        members, centre, width = [box], box.x, box.width
        while blocks and blocks[-1][1] + blocks[-1][2] / 2 + gap > centre - width / 2:
            before, other_centre, other_width = blocks.pop()
            count, own = len(before), len(members)
            middle = (other_centre * count + centre * own) / (count + own)
            members, width = before + members, other_width + gap + width
            centre = middle
        blocks.append((members, centre, width))
    for members, centre, width in blocks:
        left = centre - width / 2
        for box in members:
            box.x = left + box.width / 2
            left += box.width + gap
