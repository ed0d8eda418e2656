"""What is printed, in ASCII: for terminals, files and pipes whose encoding has no ∂, ᵀ or Σ.

The spellings are those that the commands read (`W1_tilde`, `x^T`, `sigma'(z)`, `.*`, `d ell/dW1`), so that what was
printed can be typed. Columns stay where they are: what a spelling is longer than its character is taken from the
spaces that follow, where there are two or more.
"""

from __future__ import annotations

import re
import unicodedata

from ..shapes.columns import width
from .names import ACCENTS, GREEK

_SPELLED = {
    **{character: name for name, character in GREEK.items()},
    "ς": "sigma", "µ": "u", "ℓ": "ell", "ℝ": "R", "𝟏": "1", "∞": "inf", "½": "1/2", "¼": "1/4", "¾": "3/4",
    "⊗": "\\otimes", "⊙": ".*", "∘": ".*", "·": "*", "⋅": "*", "∗": "*", "×": "x", "÷": "/", "∕": "/", "⁄": "/",
    "−": "-", "–": "-", "—": "-", "±": "+-", "‖": "||", "∥": "||", "⟨": "<", "⟩": ">", "√": "sqrt",
    "∈": "in", "≥": ">=", "≤": "<=", "≠": "!=", "≔": ":=", "≈": "~", "∇": "\\nabla", "…": "...",
    "′": "'", "ʹ": "'", "″": "''", "ʺ": "''", "‴": "'''", "’": "'", "‘": "'", "“": '"', "”": '"',
    "→": "->", "←": "<-", "↑": "^", "↓": "v", "│": "|", "─": "-", "├": "|", "└": "`", "━": "-",
}  # fmt: skip
_MARKS = {mark: name for name, mark in ACCENTS.items()}
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀ⊤"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
_TOKEN = re.compile(
    rf"(?P<spaces>  +)|(?P<accented>\w[\u0300-\u036f]+[{_LOWERED}]*)|(?P<raised>[{_RAISED}]+)"
    rf"|(?P<lowered>[{_LOWERED}]+)|∂(?=(?P<many>[{''.join(GREEK.values())}ℓ])?)|(?P<other>.)",
    re.DOTALL,
)


def ascii_form(text: str) -> str:
    """`text` with nothing but ASCII.

    >>> ascii_form("∂ℓ/∂W̃₁ = x̃ rᵀ W₂ diag(σ′(z))   1 × n")
    "d ell/dW1_tilde = x_tilde r^T W2 diag(sigma'(z)) 1 x n"
    """
    return text if text.isascii() else "\n".join(map(_line, text.split("\n")))


def ascii_excerpt(excerpt: str) -> str:
    """A line of text with carets under a place in it: they stand under what the place becomes.

    >>> print(ascii_excerpt("½ θ x\\n  ^"))
    1/2 theta x
        ^^^^^
    """
    text, _, carets = excerpt.rpartition("\n")
    start = len(carets) - len(carets.lstrip())
    before, marked = ascii_form(text[:start]), ascii_form(text[start : len(carets)])
    return f"{ascii_form(text)}\n{' ' * len(before)}{'^' * max(len(marked), len(carets) - start)}"


def _line(text: str) -> str:
    if text.isascii():
        return text
    line, longer = "", 0
    apart = "".join(unicodedata.normalize("NFD", one) if one.isalpha() else one for one in text)
    for match in _TOKEN.finditer(apart):
        token = match.group()
        if match.lastgroup == "spaces":
            taken = max(0, min(longer, len(token) - 1)) if line.strip() else 0
            line, longer = line + token[taken:], longer - taken
            continue
        spelled = _spelled(match, line)
        line += spelled
        longer += len(spelled) - width(token)
    return line


def _spelled(match: re.Match[str], before: str) -> str:
    found, kind = match.group(), match.lastgroup
    if found.startswith("∂"):
        return "d " if match["many"] else "d"
    match kind:
        case "accented":
            digits = found.rstrip(_LOWERED)
            return _accented(digits, _plain(found[len(digits) :]))
        case "raised":
            return "^" + _plain(found.replace("⊤", "T"))
        case "lowered":
            plain = _plain(found)
            return plain if before[-1:].isalpha() and plain.isdecimal() else f"_{plain}"
    if found == "×":  # between sizes, with or without spaces
        return "x" if before.endswith(" ") else " x "
    if found == "Σ" and match.string[match.end() : match.end() + 1] == "_":
        return "sum"
    return _character(found)


def _accented(letter: str, digits: str) -> str:
    """`W̃` and `1` as `W1_tilde`; marks that have no name are dropped."""
    names = "".join(f"_{_MARKS[mark]}" for mark in letter[1:] if mark in _MARKS)
    return _character(letter[0]) + digits + names


def _plain(text: str) -> str:
    return "".join(map(_character, unicodedata.normalize("NFKC", text)))


def _character(character: str) -> str:
    if character.isascii():
        return character
    if character in _SPELLED:
        return _SPELLED[character]
    simpler = unicodedata.normalize("NFKD", character)
    kept = "".join(one for one in simpler if one.isascii())
    if kept and all(one.isascii() or unicodedata.combining(one) for one in simpler):
        return kept
    if simpler != character and len(simpler) == 1:
        return _character(simpler)
    if "\u2500" <= character <= "\u257f":
        return "+"  # corners and crossings of lines
    return character.encode("ascii", "backslashreplace").decode()


def visible(text: str) -> str:
    """`text` with what a terminal would obey (escapes, other control characters, changes of direction) written out.

    >>> visible("a\\x1b[31mb"), visible("one\\ttwo\\n")
    ('a\\\\x1b[31mb', 'one\\ttwo\\n')
    """
    if text.isprintable():
        return text
    return "".join(one if one in "\n\t" or not _steers(one) else _escape(one) for one in text)


def _steers(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
