"""Pictures as SVG: text that can be selected, a title and a description, light and dark."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from html import escape

from ..placement.picture import LEADING, SUBSCRIPT, Picture, Stroke, TextBox, TextLine
from ..scenes.palette import HUES, INKS, PAGES

FONTS = "'DejaVu Sans', Verdana, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
_FORBIDDEN = re.compile("[^\\t\\n\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def as_svg(picture: Picture, theme: str = "auto") -> str:
    """The picture as one SVG document; `theme` is "auto" (as the reader's), "light" or "dark"."""
    width, height = round(picture.width, 1), round(picture.height, 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="jdraw" role="img" text-anchor="middle" width="{width:g}" '
        f'height="{height:g}" viewBox="0 0 {width:g} {height:g}">',
        f"<title>{clean(picture.title)}</title>",
        f"<desc>{clean(picture.description)}</desc>",
        f"<style>{style_sheet(theme)}</style>",
        f'<rect class="ground" width="{width:g}" height="{height:g}" rx="10"/>',
    ]
    for box in picture.boxes:
        if box.style in _BEHIND:
            parts += _box(box, picture.hues)
    parts += [_stroke(stroke) for stroke in picture.strokes]
    for box in picture.boxes:
        if box.style not in _BEHIND:
            parts += _box(box, picture.hues)
    return "\n".join([*parts, "</svg>"]) + "\n"


def clean(text: str) -> str:
    """`text` for XML: escaped, and without the characters that XML does not allow."""
    return escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text))


def style_sheet(theme: str) -> str:
    """The colours of every class of shape, by theme."""
    fixed = (
        f".jdraw{{max-width:100%;height:auto}}.jdraw text{{font-family:{FONTS};white-space:pre}}"
        ".jdraw .symbol{font-weight:bold}"
        ".jdraw path,.jdraw line{fill:none}"
    )
    if theme != "auto":
        return fixed + _colours("", theme == "dark")
    dark = _colours("", True)
    pages = "".join(_colours(page, is_dark) for page, is_dark in PAGES)
    return f"{fixed}{_colours('', False)}@media (prefers-color-scheme:dark){{{dark}}}{pages}"


def _colours(page: str, dark: bool) -> str:
    def ink(name: str) -> str:
        return INKS[name].dark if dark else INKS[name].light

    rules = {
        ".ground": f"fill:{ink('ground')}",
        "text": f"fill:{ink('text')}",
        ".muted": f"fill:{ink('muted')}",
        "rect.forward": f"fill:{ink('forward-fill')};stroke:{ink('forward')};stroke-width:1.6",
        "rect.leaf": f"fill:{ink('leaf-fill')};stroke:{ink('leaf')};stroke-width:1.2",
        "rect.parameter": f"fill:{ink('leaf-fill')};stroke:{ink('leaf')};stroke-width:2.2",
        "rect.backward": f"fill:{ink('backward-fill')};stroke:{ink('backward')};stroke-width:1.6;stroke-dasharray:7 3",
        "rect.gradient": f"fill:{ink('backward-fill')};stroke:{ink('backward')};stroke-width:2.4",
        "rect.local": f"fill:{ink('ground')};stroke:{ink('muted')};stroke-width:.8;stroke-dasharray:2 3",
        "rect.operand": f"fill:{ink('forward-fill')};stroke:{ink('forward')};stroke-width:1.8",
        "rect.delta": f"fill:{ink('ground')};stroke:{ink('text')};stroke-width:1.4;stroke-dasharray:3 2",
        "rect.axis": f"fill:{ink('ground')};stroke:none",
        "rect.wire": f"fill:{ink('ground')};stroke:none",
        "rect.joint": f"fill:{ink('ground')};stroke:{ink('text')};stroke-width:1.8",
        "rect.cell": f"fill:{ink('cell')};stroke:{ink('leaf')};stroke-width:.7",
        "rect.zero": f"fill:{ink('panel')};stroke:{ink('zero')};stroke-width:.7",
        "rect.frame": f"fill:{ink('panel')};stroke:{ink('leaf')};stroke-width:.8;stroke-dasharray:2 3",
        "path.wire": f"stroke:{ink('text')};stroke-width:1.6",
        "path.forward": f"stroke:{ink('forward')};stroke-width:1.8",
        "path.backward": f"stroke:{ink('backward')};stroke-width:1.8;stroke-dasharray:7 3",
        "path.local": f"stroke:{ink('muted')};stroke-width:.9;stroke-dasharray:2 3",
        "polygon.forward": f"fill:{ink('forward')}",
        "polygon.backward": f"fill:{ink('backward')}",
    }
    for number, hue in enumerate(HUES):
        colour = hue.dark if dark else hue.light
        rules[f".hue{number}"] = f"fill:{colour}"
        dashes = f";stroke-dasharray:{hue.dashes}" if hue.dashes else ""
        rules[f"line.hue{number}"] = f"stroke:{colour};stroke-width:1.6{dashes}"
    return "".join(f"{page}.jdraw {selector}{{{rule}}}" for selector, rule in rules.items())


#: Styles of boxes that lines and other boxes go over, and those without a frame.
_BEHIND = ("frame", "zero")
_FRAMELESS = ("note", "label")
#: How round the corners of a box of a style are; "leaf" and "joint" end in half circles.
_CORNERS = {"parameter": 2.0, "local": 4.0, "delta": 2.0, "leaf": 18.0, "joint": 18.0, "cell": 0.0, "zero": 0.0}


def _box(box: TextBox, hues: dict[str, int]) -> Iterable[str]:
    if box.style not in _FRAMELESS:
        weight = "" if box.weight is None else f' fill-opacity="{box.weight:.2f}"'
        radius = min(_CORNERS.get(box.style, 9.0), box.height / 2)
        yield (
            f'<rect class="{box.style}" x="{box.left:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" '
            f'height="{box.height:.1f}" rx="{radius:g}"{weight}/>'
        )
    y = box.y - sum(line.height for line in box.lines) / 2
    for line in box.lines:
        baseline = y + line.size * (LEADING + 0.68) / 2
        yield from _line(line, box.left if box.style == "note" else box.x, baseline, hues, box.style == "note")
        y += line.height


def _line(line: TextLine, x: float, y: float, hues: dict[str, int], from_left: bool) -> Iterable[str]:
    """A line in the middle of `x`, or from `x` on."""
    place = f'y="{y:.1f}" font-size="{line.size:g}"'
    classes = "symbol" if line.bold else "muted" if all(run.muted for run in line.runs) else ""
    kind = f' class="{classes}"' if classes else ""
    if not any(run.hue for run in line.runs):
        anchor = ' text-anchor="start"' if from_left else ""
        yield f'<text{kind}{anchor} x="{x:.1f}" {place}>{"".join(_spans(line))}</text>'
        return
    left = x if from_left else x - line.width / 2
    spans, underlines = "", []
    for run, width in zip(line.runs, line.widths, strict=True):
        middle = left + width / 2
        hue = f"hue{hues[run.hue]}" if run.hue in hues else ""
        style = f' class="{hue or "muted"}"' if hue or run.muted else ""
        spans += f'<tspan{style} x="{middle:.1f}">{clean(run.text)}</tspan>'
        if hue:
            ends = f'x1="{left:.1f}" x2="{left + width:.1f}" y1="{y + 4:.1f}" y2="{y + 4:.1f}"'
            underlines.append(f'<line class="{hue}" {ends}/>')
        left += width
    yield f"<text{kind} {place}>{spans}</text>"
    yield from underlines


def _spans(line: TextLine) -> Iterable[str]:
    """The runs of a line one after the other, subscripts smaller and lower."""
    lowered = False
    for run in line.runs:
        shift = 0.22 * line.size * (run.low - lowered)
        lowered = run.low
        size = f' font-size="{line.size * SUBSCRIPT:.1f}"' if run.low else ""
        move = f' dy="{shift:.1f}"' if shift else ""
        text = clean(run.text)
        yield f"<tspan{size}{move}>{text}</tspan>" if size or move else text


def _stroke(stroke: Stroke) -> str:
    (x1, y1), (x2, y2) = stroke.places[0], stroke.places[-1]
    head = 9.0 if stroke.arrow else 0.0
    if stroke.along == "y":
        middle = (y1 + y2) / 2
        stop = y2 - head * (1 if y2 > y1 else -1)
        path = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {stop:.1f}"
        direction = (0.0, 1.0 if y2 > y1 else -1.0)
    elif stroke.along == "x":
        middle, stop = (x1 + x2) / 2, x2 - head * (1 if x2 > x1 else -1)
        path = f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {stop:.1f} {y2:.1f}"
        direction = (1.0 if x2 > x1 else -1.0, 0.0)
    elif stroke.along == "curve":
        # the last control point that is not, but for rounding, the end itself
        before = next(p for p in reversed(stroke.places[:-1]) if math.hypot(p[0] - x2, p[1] - y2) > 2)
        length = math.hypot(x2 - before[0], y2 - before[1])
        direction = ((x2 - before[0]) / length, (y2 - before[1]) / length)
        end = (x2 - head * direction[0], y2 - head * direction[1])
        first, *controls = [*stroke.places[:-2], end, end] if stroke.arrow else stroke.places
        path = f"M{first[0]:.1f} {first[1]:.1f}C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in controls)
    else:
        before = stroke.places[-2]
        length = max(1e-9, math.hypot(x2 - before[0], y2 - before[1]))
        direction = ((x2 - before[0]) / length, (y2 - before[1]) / length)
        ends = [*stroke.places[:-1], (x2 - head * direction[0], y2 - head * direction[1])]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ends)
    drawn = f'<path class="{stroke.style}" d="{path}"/>'
    if not stroke.arrow:
        return drawn
    dx, dy = direction
    base = (x2 - head * dx, y2 - head * dy)
    corners = [(x2, y2), (base[0] - 4.5 * dy, base[1] + 4.5 * dx), (base[0] + 4.5 * dy, base[1] - 4.5 * dx)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return f'{drawn}<polygon class="{stroke.style}" points="{points}"/>'
