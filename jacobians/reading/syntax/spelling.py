"""Spellings of names: W₁, W_1, W^{(1)} and W1 are one name, and so are x̃, x_tilde and a tilde over an x."""

from __future__ import annotations

import keyword
import unicodedata
from functools import lru_cache

from ...notation.names import ACCENTS, GREEK

_GREEK_NAMES = {character: name for name, character in GREEK.items()} | {"ς": "sigma"}
_MARKS = {mark: name for name, mark in ACCENTS.items()} | {"\u0305": "bar"}
_LATEX_ACCENTS = {"widetilde": "tilde", "widehat": "hat", "overline": "bar"}


@lru_cache(maxsize=4096)
def key(raw: str) -> str:
    """The one form under which all spellings of a name are looked up.

    >>> {key(raw) for raw in ("W1_tilde", "W̃₁", "W_tilde_1", "W_1_tilde")}, key("ℓ"), key("λ2")
    ({'W1_tilde'}, 'ell', 'lambda2')
    """
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", raw.replace("ℓ", "ell")))
    accents: list[str] = []
    plain = ""
    for character in text:
        if character in _MARKS:
            accents.append(_MARKS[character])
        else:
            plain += _GREEK_NAMES.get(character, character)
    base, *marks = plain.split("_")
    stem = base.rstrip("0123456789")
    digits = base[len(stem) :]
    rest: list[str] = []
    for mark in marks:
        if mark in ACCENTS:
            accents.append(mark)
        elif mark.isdecimal() and not digits and not rest:
            digits = mark
        elif mark:
            rest.append(_GREEK_NAMES.get(mark, mark))
    stem = "lambda" if stem == "lam" else stem
    return "_".join([stem + digits, *sorted(accents), *rest])


@lru_cache(maxsize=4096)
def keys(raw: str) -> tuple[str, ...]:
    """The keys to try, best first: ℓ is ell, and l where no ell is known, as Python reads it."""
    return tuple(dict.fromkeys([key(raw), key(raw.replace("ℓ", "l"))]))


def accent_name(command: str) -> str:
    """The accent that a LaTeX command puts on a letter: `widetilde` is a tilde."""
    return _LATEX_ACCENTS.get(command, command)


def identifier(raw: str) -> str:
    """The name of the variable that stands for a declared name: itself if Python can read it, else its key."""
    if raw.isidentifier() and not keyword.iskeyword(unicodedata.normalize("NFKC", raw)):
        return raw
    name = key(raw)
    return {"lambda": "lam"}.get(name, name.replace("lambda", "lam", 1) if keyword.iskeyword(name) else name)
