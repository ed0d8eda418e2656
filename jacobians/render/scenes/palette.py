"""Colours, one for the role of an axis, and the patterns that say the same without colour.

The hues are those of Okabe and Ito's palette for all kinds of colour vision, darkened for text on white and lightened
for text on black. Terminal, picture and page take them from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Hue:
    """A colour for light and for dark ground, its nearest in a terminal, and the dashes of a line of it."""

    light: str
    dark: str
    terminal: str
    dashes: str  # of an underline, as in SVG's stroke-dasharray


HUES = (
    Hue("#005fa3", "#6db6f2", "bright_blue", ""),
    Hue("#b34700", "#f0915a", "bright_red", "5 2"),
    Hue("#59616b", "#aab4c0", "bright_black", "1.5 1.5"),
    Hue("#00704f", "#4cc79d", "bright_green", "8 2 1.5 2"),
    Hue("#96367a", "#e094c4", "bright_magenta", "3 1.5"),
    Hue("#7d5a00", "#e3b448", "bright_yellow", "8 2"),
    Hue("#1c7293", "#79cbe6", "bright_cyan", "1.5 3"),
    Hue("#5a4fcf", "#aaa3f5", "blue", "8 2 1.5 2 1.5 2"),
)
#: Which hue an axis has by what it is.
ROLES = {"input": 0, "output": 1, "batch": 2}
#: What the symbols of the notes stand for: where nothing else is known, they have the hue of that.
SYMBOLS = {"d": 0, "n": 1, "N": 2, "h": 3, "h1": 3, "h2": 4, "h3": 5, "h4": 6, "h5": 7}


def assign(sizes: Iterable[str], roles: Mapping[str, str]) -> dict[str, int]:
    """The number of the hue of every size; `roles` tells which size is the input, the output, the batch.

    A size has the same hue wherever it is met, but for sizes that would share one: those move on to a free one.
    """
    found = {size: ROLES[role] for size, role in roles.items() if role in ROLES}
    for size in sorted(set(sizes) - set(found), key=lambda one: (one not in SYMBOLS, one)):
        wanted = SYMBOLS.get(size, 3 + (int(size) if size.isdecimal() else sum(map(ord, size))) % 5)
        others = [(wanted + step) % len(HUES) for step in range(len(HUES))]
        found[size] = next((number for number in others if number not in found.values()), wanted)
    return found


#: How a page says whether it is dark, where it does not leave that to the system: Jupyter, VS Code, Sphinx themes.
PAGES = (
    ("[data-jp-theme-light='true'] ", False),
    ("[data-jp-theme-light='false'] ", True),
    (".vscode-light ", False),
    (".vscode-dark ", True),
    ("[data-theme='light'] ", False),
    ("[data-theme='dark'] ", True),
)


#: What is drawn, by class: fill and stroke on light and on dark ground.
@dataclass(frozen=True)
class Ink:
    """Colours of a kind of shape, on light and on dark ground."""

    light: str
    dark: str


INKS = {
    "ground": Ink("#ffffff", "#15191f"),
    "text": Ink("#17202b", "#e8edf3"),
    "muted": Ink("#55606c", "#a3aebb"),
    "panel": Ink("#f5f7f9", "#1b2129"),
    "forward": Ink("#2b5f94", "#7fb4e8"),
    "forward-fill": Ink("#e9f1fa", "#1d3047"),
    "backward": Ink("#a5460f", "#f0a06c"),
    "backward-fill": Ink("#fcefe6", "#41291b"),
    "leaf": Ink("#4b5563", "#aab4c0"),
    "leaf-fill": Ink("#ffffff", "#232a33"),
    "cell": Ink("#9ec5ea", "#2c5a88"),
    "zero": Ink("#e3e7ec", "#2a323c"),
}
