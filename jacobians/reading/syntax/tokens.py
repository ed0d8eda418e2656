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


_FONTS = (
    "mathbf mathrm mathit mathsf mathtt mathcal mathbb boldsymbol bm bf rm operatorname text textbf textrm vec pmb "
    "boxed"
)
_ACCENTS = "tilde hat bar dot widetilde widehat overline"
_SKIPPED = (
    "left right big Big bigl bigr Bigl Bigr bigg biggl biggr displaystyle textstyle limits nolimits nonumber notag"
)

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
    **dict.fromkeys(["quad", "qquad"], "SEPARATOR"),
    **dict.fromkeys(["triangleq", "doteq"], "DEFINED"),
    "equiv": "EQUALS",
    **dict.fromkeys(["approx", "simeq", "leq", "le", "geq", "ge", "neq", "ne", "lt", "gt"], "RELATION"),
    **dict.fromkeys(["to", "rightarrow", "mapsto"], "ARROW"),
    "langle": "OPEN",
    "rangle": "CLOSE",
    "mid": "|",
    "colon": "COLON",
}
#: Relations, by their commands and their spellings in ASCII.
RELATIONS = {
    **dict.fromkeys(["approx", "simeq", "≈", "≃"], "≈"),
    **dict.fromkeys(["leq", "le", "<=", "≤"], "≤"),
    **dict.fromkeys(["geq", "ge", ">=", "≥"], "≥"),
    **dict.fromkeys(["neq", "ne", "!=", "≠"], "≠"),
    **dict.fromkeys(["lt", "<"], "<"),
    **dict.fromkeys(["gt", ">"], ">"),
}
_VARIANTS = {"varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varrho": "rho", "varsigma": "sigma"}

#: Characters, by the token they are. What is here is no letter of a word.
CHARACTERS = {
    **dict.fromkeys("+-−–±∓", "SIGN"),
    **dict.fromkeys("*·⋅×@∗", "TIMES"),
    **dict.fromkeys("/÷∕⁄", "DIVIDE"),
    **dict.fromkeys("⊙∘⊗", "BOX"),
    **dict.fromkeys("'’′ʹ", "PRIME"),
    **dict.fromkeys("(⟨", "OPEN"),
    **dict.fromkeys("[", "OPEN_SQUARE"),
    **dict.fromkeys(")]}⟩", "CLOSE"),
    **dict.fromkeys("=≡", "EQUALS"),
    **dict.fromkeys("≈≃≤≥≠<>", "RELATION"),
    **dict.fromkeys("→↦", "ARROW"),
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
    ":": "COLON",
    "∞": "WORD",
}
_LONGER = (
    ("NUMBER", re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?")),
    ("ENTRYWISE_POWER", re.compile(r"\*\*|\.\^")),
    ("BOX", re.compile(r"\.\*")),
    ("DEFINED", re.compile(r":=")),
    ("RELATION", re.compile(r"<=|>=|!=")),
    ("ARROW", re.compile(r"->")),
    ("EQUALS", re.compile(r"==")),
    ("PSEUDOINVERSE", re.compile(r"⁺(?![⁰¹²³⁴⁵⁶⁷⁸⁹])|\^\s*(?:\+(?!\s*\d)|\{\s*\+\s*\}|\{?\s*(?:\\dagger|†)\s*\}?)")),
    ("SIGNS", re.compile(r"_\s*\{\s*\+{1,2}\s*\}|_\s*\+{1,2}")),
    ("STAR", re.compile(r"\^\s*(?:[*∗⋆]|\{\s*(?:[*∗⋆]|\\ast|\\star)\s*\}|\\ast(?![A-Za-z])|\\star(?![A-Za-z]))")),
    ("TRANSPOSED", re.compile(r"\.T(?!\w)")),
    ("‖", re.compile(r"\|\||\\\|")),
    ("LABEL", re.compile(r"⁽[⁰¹²³⁴⁵⁶⁷⁸⁹]+⁾")),
    ("SUPERSCRIPT", re.compile(r"⁻ᵀ|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")),
    ("LOWERED", re.compile(r"[₀₁₂₃₄₅₆₇₈₉]+")),
    ("SEPARATOR", re.compile(r"\\\\")),
    ("", re.compile(r"\\[,;:!>]|\\[()\[\]]|\.(?=\s*(?:\Z|\n|;|\\\\|\$))")),
    ("OPEN", re.compile(r"\\\{")),
    ("CLOSE", re.compile(r"\\\}")),
)
#: Blocks, determinants, and environments that only lay lines out.
_ENVIRONMENT = re.compile(
    r"\\(begin|end)\{(?:([bp]?matrix)|(vmatrix)|(?:align|aligned|alignat|equation|gather|gathered|split|multline)\*?)\}"
)
#: What numbers an equation and says nothing of it.
_ANNOTATION = re.compile(r"\\(?:tag|label)\*?\{[^{}]*\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
#: A text with commands is LaTeX: there ~ and a backslash before a space are spaces.
_LATEX = re.compile(r"\\[A-Za-z]|\$")
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
    latex = _LATEX.search(text) is not None

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
            opens = environment[1] == "begin"
            if environment[3]:  # the bars are of no width: both tokens stand for the one command
                for kind in ("|", "OPEN_SQUARE") if opens else ("CLOSE", "|"):
                    emit(kind, end)
            else:
                emit(("OPEN_SQUARE" if opens else "CLOSE") if environment[2] else "", end)
        elif (annotation := _ANNOTATION.match(text, position)) is not None:
            end = annotation.end()
        elif (command := _COMMAND.match(text, position)) is not None:
            end = command.end()
            name = _VARIANTS.get(command[1], command[1])
            if len(name) == 1:
                place = Place(position, end, line, position - line_start + 1)
                raise parse_error(
                    text,
                    place,
                    f"\\{name} is no command that is read: the name is written {name}, and A⁻¹ b is A^{{-1}} b "
                    "or solve(A, b)",
                )
            kind = COMMANDS.get(name, "WORD")
            if name in ("left", "right") and text[end : end + 1] == ".":
                end += 1
            shown = GREEK.get(name, name) if kind == "WORD" else RELATIONS.get(name, name)
            emit(kind, end, shown)
        elif character == "~" and not latex:
            place = Place(position, end, line, position - line_start + 1)
            raise parse_error(text, place, "the character '~' (TILDE) has no meaning here")
        elif text.startswith("\\ ", position):
            end += 1
            if not latex:
                place = Place(position, end, line, position - line_start + 1)
                raise parse_error(text, place, "\\ is no operator: A⁻¹ b is written A^{-1} b or solve(A, b)")
        else:
            for kind, pattern in _LONGER:
                found = pattern.match(text, position)
                if found is not None:
                    end = found.end()
                    emit(kind, end, RELATIONS.get(found[0]))
                    break
            else:
                if character in CHARACTERS:
                    emit(CHARACTERS[character], end, RELATIONS.get(character))
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
