"""How wide a text is in a picture: an upper estimate for sans-serif fonts, as fractions of the font size.

The widths are those of DejaVu Sans, rounded up: it is the widest of the fonts that the pictures ask for, so that a
text that fits by this estimate fits in the others too.
"""

from __future__ import annotations

import unicodedata

_WIDTHS = {
    0.30: "'ijl′⁽⁾",
    0.35: " ,./:;IJ\\|ι·",
    0.40: "()-[]ftᵀ″",
    0.46: '!"rℓ²³₀₁₂₃₄₅₆₇₈₉⁴',
    0.53: "*_`sz∂‖‴₊",
    0.59: "?FLckεζνξυχΓ",
    0.64: "$0123456789EPSTYabdeghnopquvxy{}βγδηθκλμρτΞΣΥ√",
    0.71: "ABCKRVXZαπσφψΔΛ∇",
    0.79: "&DGHNOQUΘΠΦΨΩ",
    0.88: "#+<=>M^w~ω⊗⊙×−±ℝ→←↑↓∞≠∈",
    1.00: "%@Wm½¼¾…",
}
_WIDTH_OF = {character: width for width, characters in _WIDTHS.items() for character in characters}
#: How much wider bold is.
BOLD = 1.2


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
    text = unicodedata.normalize("NFC", text)
    if text_width(text, size, bold) <= room:
        return text
    left = room - text_width("…", size, bold)
    for place, character in enumerate(text):
        left -= text_width(character, size, bold)
        if left < 0:
            return text[:place] + "…"
    return text + "…"
