"""How wide a text is in a picture: an upper estimate for sans-serif fonts, as fractions of the font size.

The widths are those of DejaVu Sans, rounded up: it is the widest of the fonts that the pictures ask for, so that a
text that fits by this estimate fits in the others too.
"""

from __future__ import annotations

import unicodedata

_WIDTHS = {
    0.30: "'Iijl′ᵢⱼJ",
    0.36: " ,./\\|:;",
    0.42: '()[]!-frtℓᵀ₀₁₂₃₄₅₆₇₈₉²³"″·',
    0.56: "*^`_?csz∂‖₊₋LF",
    0.66: "abdeghknopquvxy0123456789αβγδεζηθκλμνξπρστυφχψPRTYESΣ√${}Z",
    0.80: "ABCDGHKNOQUVXΓΔΘΛΞΠΦΨΩωℝ&w#+<=>~−×⊗⊙±≠→←↦∞",
}
_WIDTH_OF = {character: width for width, characters in _WIDTHS.items() for character in characters}
_WIDTH_OF |= dict.fromkeys("+<=>~−×⊗⊙±≠→←↦∞wωM#", 0.86)
_WIDTH_OF |= dict.fromkeys("∈", 0.9)
#: How much wider bold is.
BOLD = 1.14


def text_width(text: str, size: float, bold: bool = False) -> float:
    """The width of `text` at font size `size`, at most."""
    return sum(map(_character_width, unicodedata.normalize("NFC", text))) * size * (BOLD if bold else 1.0)


def _character_width(character: str) -> float:
    if character in _WIDTH_OF:
        return _WIDTH_OF[character]
    if unicodedata.combining(character):
        return 0.0
    bare = unicodedata.normalize("NFD", character)[0]
    if bare in _WIDTH_OF:
        return _WIDTH_OF[bare]
    return 1.1 if unicodedata.east_asian_width(character) in "WF" else 1.0


def cut(text: str, size: float, room: float, bold: bool = False) -> str:
    """`text`, or as much of its beginning as `room` holds, with …"""
    if text_width(text, size, bold) <= room:
        return text
    while text and text_width(text + "…", size, bold) > room:
        text = text[:-1]
    return text + "…"
