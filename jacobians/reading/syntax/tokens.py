"""Text as tokens: Unicode, ASCII and LaTeX spellings of one thing become one kind of token.

Every token knows its place. What one means by what stands around it is decided in `disambiguation`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from ...notation.names import GREEK
from .source_positions import Place, parse_error


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its kind, its text as it stands in the source (LaTeX commands without \\), and its place."""

    kind: str
    text: str
    place: Place


#: What a kind of token is called in errors.
IN_WORDS = {
    "SEPARATOR": "the next statement",
    "EQUALS": "=",
    "ELEMENT": "∈",
    "DEFINED": ":=",
    "SIGN": "+ or −",
    "BOX": "⊙ or ⊗",
    "TIMES": "a product sign",
    "DIVIDE": "/",
    "PRIME": "′",
    "TRANSPOSED": "ᵀ",
    "SUPERSCRIPT": "a power",
    "LABEL": "a label such as ⁽¹⁾",
    "LOWERED": "a subscript",
    "POWER": "^",
    "ENTRYWISE_POWER": "**",
    "SUBSCRIPT": "_",
    "OPEN": "(",
    "OPEN_BRACE": "{",
    "OPEN_SQUARE": "[",
    "ABOVE": "; between blocks",
    "BESIDE": "| between blocks",
    "CLOSE": "a closing bracket",
    "NUMBER": "a number",
    "WORD": "a name",
    "NORM_OPEN": "‖",
    "NORM_CLOSE": "a closing ‖",
    "ABS_OPEN": "|",
    "ABS_CLOSE": "a closing |",
    "ACCENT": "an accent",
    "FONT": "a font",
    "FRACTION": "\\frac",
    "ROOT": "√",
    "PARTIAL": "∂",
    "NABLA": "∇",
    "COMMA": "a comma",
    "$END": "the end",
}

_FONTS = "mathbf mathrm mathit mathsf mathtt mathcal mathbb boldsymbol bm bf rm operatorname text textbf textrm vec pmb"
_ACCENTS = "tilde hat bar dot widetilde widehat overline"
_SKIPPED = "left right big Big bigl bigr Bigl Bigr bigg biggl biggr quad qquad displaystyle textstyle limits nolimits"

#: LaTeX commands, by the token they are.
COMMANDS = {
    **dict.fromkeys(_FONTS.split(), "FONT"),
    **dict.fromkeys(_ACCENTS.split(), "ACCENT"),
    **dict.fromkeys(_SKIPPED.split(), ""),
    **dict.fromkeys(["frac", "dfrac", "tfrac"], "FRACTION"),
    **dict.fromkeys(["cdot", "times", "ast"], "TIMES"),
    **dict.fromkeys(["odot", "circ", "otimes"], "BOX"),
    **dict.fromkeys(["top", "intercal", "transpose"], "TRANSPOSED"),
    **dict.fromkeys(["lVert", "rVert", "Vert"], "‖"),
    **dict.fromkeys(["lvert", "rvert", "vert"], "|"),
    "lbrace": "OPEN",
    "lbrack": "OPEN_SQUARE",
    **dict.fromkeys(["rbrace", "rbrack"], "CLOSE"),
    "sqrt": "ROOT",
    "partial": "PARTIAL",
    "in": "ELEMENT",
    "nabla": "NABLA",
    "prime": "PRIME",
    "coloneqq": "DEFINED",
    "div": "DIVIDE",
}
_VARIANTS = {"varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varrho": "rho", "varsigma": "sigma"}

#: Characters, by the token they are. What is here is no letter of a word.
CHARACTERS = {
    **dict.fromkeys("+-−–±", "SIGN"),
    **dict.fromkeys("*·⋅×@∗", "TIMES"),
    **dict.fromkeys("/÷∕⁄", "DIVIDE"),
    **dict.fromkeys("⊙∘⊗", "BOX"),
    **dict.fromkeys("'’′ʹ", "PRIME"),
    **dict.fromkeys("(⟨", "OPEN"),
    **dict.fromkeys("[", "OPEN_SQUARE"),
    **dict.fromkeys(")]}⟩", "CLOSE"),
    **dict.fromkeys("=", "EQUALS"),
    **dict.fromkeys("≔", "DEFINED"),
    **dict.fromkeys("∈", "ELEMENT"),
    **dict.fromkeys(";\n", "SEPARATOR"),
    **dict.fromkeys("‖∥", "‖"),
    **dict.fromkeys("⊤ᵀ", "TRANSPOSED"),
    **dict.fromkeys("∂", "PARTIAL"),
    **dict.fromkeys("√", "ROOT"),
    **dict.fromkeys("∇", "NABLA"),
    **dict.fromkeys(" \t\r\f\v$~\u00a0\u2009\u200a\u2061\u2062", ""),
    "{": "OPEN_BRACE",
    "|": "|",
    "&": "BESIDE",
    "^": "POWER",
    "_": "SUBSCRIPT",
    ",": "COMMA",
    "∞": "WORD",
}
_LONGER = (
    ("NUMBER", re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?")),
    ("ENTRYWISE_POWER", re.compile(r"\*\*|\.\^")),
    ("BOX", re.compile(r"\.\*")),
    ("DEFINED", re.compile(r":=")),
    ("EQUALS", re.compile(r"==")),
    ("TRANSPOSED", re.compile(r"\.T(?!\w)")),
    ("‖", re.compile(r"\|\||\\\|")),
    ("LABEL", re.compile(r"⁽[⁰¹²³⁴⁵⁶⁷⁸⁹]+⁾")),
    ("SUPERSCRIPT", re.compile(r"⁻ᵀ|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")),
    ("LOWERED", re.compile(r"[₀₁₂₃₄₅₆₇₈₉]+")),
    ("SEPARATOR", re.compile(r"\\\\")),
    ("", re.compile(r"\\[,;:! >]|\\[()\[\]]")),
    ("OPEN", re.compile(r"\\\{")),
    ("CLOSE", re.compile(r"\\\}")),
)
_ENVIRONMENT = re.compile(r"\\(begin|end)\{(?:([bp]?matrix)|[a-z]+\*?)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_DOUBLE_PRIMES = {"″": 2, "‴": 3, '"': 2}


def _is_letter(character: str) -> bool:
    return character.isalpha() and character not in CHARACTERS and character not in "ⁿⁱªºʺ"


def _goes_on(text: str, position: int) -> bool:
    """Whether the character at `position` belongs to the word before it."""
    character = text[position]
    if character == "_":  # W_1 and W1_tilde are words; in W_{1} the subscript stands apart
        following = text[position + 1 : position + 2]
        return bool(following) and (_is_letter(following) or following.isdecimal())
    return (
        _is_letter(character)
        or character.isdecimal()
        or unicodedata.combining(character) > 0
        or character in "₀₁₂₃₄₅₆₇₈₉"
    )


def tokens_of(text: str) -> list[Token]:
    """The tokens one by one, whatever stands around them. Raises `ParseError` for a character without a meaning."""
    tokens: list[Token] = []
    position, line, line_start = 0, 1, 0

    def emit(kind: str, end: int, value: str | None = None) -> None:
        if kind:
            place = Place(position, end, line, position - line_start + 1)
            tokens.append(Token(kind, text[position:end] if value is None else value, place))

    while position < len(text):
        character = text[position]
        end = position + 1
        if _is_letter(character):
            while end < len(text) and (_goes_on(text, end) or text.startswith("\\_", end)):
                end += 2 if text[end] == "\\" else 1
            emit("WORD", end, text[position:end].replace("\\_", "_"))
        elif (environment := _ENVIRONMENT.match(text, position)) is not None:
            end = environment.end()
            emit({"begin": "OPEN_SQUARE", "end": "CLOSE"}[environment[1]] if environment[2] else "", end)
        elif (command := _COMMAND.match(text, position)) is not None:
            end = command.end()
            name = _VARIANTS.get(command[1], command[1])
            kind = COMMANDS.get(name, "WORD")
            if name in ("left", "right") and text[end : end + 1] == ".":
                end += 1
            emit(kind, end, GREEK.get(name, name) if kind == "WORD" else name)
        else:
            for kind, pattern in _LONGER:
                found = pattern.match(text, position)
                if found is not None:
                    end = found.end()
                    emit(kind, end)
                    break
            else:
                if character in CHARACTERS:
                    emit(CHARACTERS[character], end)
                elif character in _DOUBLE_PRIMES:
                    for _ in range(_DOUBLE_PRIMES[character]):
                        emit("PRIME", end)
                elif unicodedata.category(character) == "No":  # ½, ¾, …
                    emit("NUMBER", end, str(unicodedata.numeric(character)))
                else:
                    place = Place(position, end, line, position - line_start + 1)
                    name = unicodedata.name(character, f"U+{ord(character):04X}")
                    raise parse_error(text, place, f"the character {character!r} ({name}) has no meaning here")
        newlines = text.count("\n", position, end)
        if newlines:
            line += newlines
            line_start = text.rfind("\n", position, end) + 1
        position = end
    return tokens
