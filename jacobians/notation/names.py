"""How names print: `W1` as W₁, `W1_tilde` as W̃₁, `ell` as ℓ, Greek by name."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

# fmt: off
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ",
    "Omega": "Ω",
}
# fmt: on
#: Python refuses `lambda` as a name, so `lam` stands for it.
LETTERS = {**GREEK, "lam": "λ", "ell": "ℓ"}
ACCENTS = {"tilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "dot": "\u0307"}
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class NameParts:
    """A name taken apart: `W1_tilde` is the letter W, the accent tilde, the digits 1; what is left over is `rest`."""

    letter: str
    accents: tuple[str, ...]
    digits: str
    rest: tuple[str, ...]


@lru_cache(maxsize=4096)
def take_apart(name: str) -> NameParts | None:
    """The parts of a name; None where it does not begin with a letter."""
    base, *marks = name.split("_")
    match = re.fullmatch(r"(.*?[^\W\d])(\d*)", base)
    if match is None:
        return None
    letter, digits = match.groups()
    accents: list[str] = []
    rest: list[str] = []
    for mark in marks:
        if mark in ACCENTS and not rest:
            accents.append(mark)
        elif mark.isdecimal() and not digits and not rest:
            digits = mark
        else:
            rest.append(mark)
    return NameParts(LETTERS.get(letter, letter), tuple(accents), digits, tuple(rest))


@lru_cache(maxsize=4096)
def typeset(name: str) -> str:
    """A name as it prints.

    >>> typeset("W1_tilde"), typeset("ell"), typeset("y_hat"), typeset("sigma2")
    ('W̃₁', 'ℓ', 'ŷ', 'σ₂')
    """
    parts = take_apart(name)
    if parts is None:
        return name
    letter = parts.letter + "".join(ACCENTS[accent] for accent in parts.accents)
    return "_".join([unicodedata.normalize("NFC", letter) + parts.digits.translate(_SUBSCRIPTS), *parts.rest])


def subscripted(symbol: str, size: object) -> str:
    """`I` with its size: I₃ for a number, I_h for a symbol, I_{d+1} for a sum.

    >>> subscripted("I", 12), subscripted("I", "h"), subscripted("I", "d+1")
    ('I₁₂', 'I_h', 'I_{d+1}')
    """
    text = str(size)
    if text.isdecimal():
        return symbol + text.translate(_SUBSCRIPTS)
    return f"{symbol}_{text}" if len(text) == 1 else f"{symbol}_{{{text}}}"


def number(value: float) -> str:
    """A coefficient: whole numbers without a point, ½ ¼ ¾ as such, 1/3 as a fraction, the rest as Python writes it.

    >>> number(2.0), number(0.5), number(1 / 3), number(0.6), number(0.2 * 0.2)
    ('2', '½', '1/3', '0.6', '0.04')
    """
    common = {0.5: "½", 0.25: "¼", 0.75: "¾"}
    if value in common:
        return common[value]
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "nan"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    rounded = float(f"{value:.14g}")
    if abs(rounded - value) <= 4 * math.ulp(value):  # 0.2 · 0.2 is 0.04
        value = rounded
    fraction = Fraction(value).limit_denominator(1000)
    exact = fraction.numerator / fraction.denominator == value
    short = exact and abs(fraction.numerator) < 1000 and len(repr(value)) > 8
    return f"{fraction}" if short else repr(value)
