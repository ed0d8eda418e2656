"""A reader of printed forms that shares nothing with the calculus: the text of a closed form, with NumPy values.

Vectors are columns, `ᵀ` turns, side by side is the matrix product (a scalar multiplies), a quotient is by a scalar, and
⊗ is that of items 6 and 7 of the notes. A `1` is the number or a vector of ones: whatever lets the sizes agree.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MARKS = "ᵀ⁻⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉"
TOKEN = re.compile(
    r"\s*(?:1_(?P<ones>\w|\{[^}]*\})|(?P<number>\d+(?:\.\d+)?|[½¼¾])|I_(?P<size>\w|\{[^}]*\})|I(?P<digits>[₀-₉]+)"
    rf"|(?P<name>(?:[^\W\d_{MARKS}][\u0300-\u036f]*)+[₀-₉]*(?:[′″‴](?=\())?)"
    r"|(?P<power>ᵀ|⁻ᵀ|⁻?[⁰¹²³⁴-⁹]+)|(?P<mark>[()‖+−⊙⊗/·|,]))"
)
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉⁻", "01234567890123456789-")
FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75}


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def _softmax(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum()


FUNCTIONS: dict[str, Any] = {
    "det": lambda X: np.linalg.det(X).reshape(1, 1),
    "tr": lambda X: np.trace(X).reshape(1, 1),
    "diag": lambda v: np.diag(v[:, 0]),
    "kron": np.kron,
    "softmax": _softmax,
    "logdet": lambda X: np.linalg.slogdet(X)[1].reshape(1, 1),
    "log": np.log,
    "exp": np.exp,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "sqrt": np.sqrt,
}
PRIMES: dict[str, Any] = {
    "tanh′": lambda z: 1 - np.tanh(z) ** 2,
    "tanh″": lambda z: -2 * np.tanh(z) * (1 - np.tanh(z) ** 2),
    "softplus′": _sigmoid,
    "softplus″": lambda z: _sigmoid(z) * _sigmoid(-z),
    "sigmoid′": lambda z: _sigmoid(z) * _sigmoid(-z),
}


class SizesDisagreeError(Exception):
    """A `1` was read with the wrong length, or the form is wrong."""


class Reader:
    """Reads one text. `values` are arrays by their printed names, `sizes` the symbols, `sigma` what σ is.

    `ones` are the lengths of the ones, in the order in which they stand.
    """

    def __init__(
        self,
        text: str,
        values: Mapping[str, np.ndarray],
        sizes: Mapping[str, int],
        sigma: str,
        ones: Sequence[int] = (),
    ) -> None:
        self.ones = list(ones)
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text):
            match = TOKEN.match(text, place)
            assert match is not None, f"{text!r} at {place}"
            assert match.lastgroup is not None
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            place = match.end()
        self.place = 0
        self.values = {name: _column(value) for name, value in values.items()}
        self.sizes, self.sigma = sizes, sigma

    @property
    def ahead(self) -> tuple[str, str]:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("end", "")

    def take(self, *marks: str) -> bool:
        if self.ahead[1] in marks and self.ahead[0] == "mark":
            self.place += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        assert self.take(mark), f"{mark} expected at {self.place} of {self.tokens}"

    def sum(self) -> Any:
        negative = self.take("−")
        total = self.quotient()
        total = -total if negative else total
        while self.ahead[1] in ("+", "−"):
            sign = -1.0 if self.ahead[1] == "−" else 1.0
            self.place += 1
            other = self.quotient()
            agree(total.shape == other.shape)
            total = total + sign * other
        return total

    def quotient(self) -> Any:
        value = self.product()
        while self.ahead[1] in ("/", "⊙", "⊗"):
            mark = self.ahead[1]
            self.place += 1
            other = self.product()
            if mark == "⊗":
                vector = value.shape[1] == 1
                agree(vector or other.shape[1] == 1)
                value = (
                    np.einsum("i,kj->ijk", value[:, 0], other) if vector else np.einsum("j,ki->ijk", other[:, 0], value)
                )
            elif mark == "⊙":
                agree(value.shape == other.shape)
                value = value * other
            else:
                agree(other.shape == (1, 1) or value.shape == other.shape)
                value = value / (other if value.ndim < 3 else other[0, 0])
        return value

    def product(self) -> Any:
        value = self.power()
        while self.ahead[0] in ("number", "ones", "name", "size", "digits") or self.ahead[1] in ("(", "‖", "·", "|"):
            if self.ahead[1] in self.closing:
                break
            self.take("·")
            value = _times(value, self.power())
        return value

    closing: tuple[str, ...] = ()

    def power(self) -> Any:
        value = self.atom()
        while self.ahead[0] == "power":
            mark = self.ahead[1]
            self.place += 1
            if mark in ("ᵀ", "⁻ᵀ"):
                value = np.linalg.inv(value).T if "⁻" in mark else value.T
            else:
                exponent = int(mark.translate(DIGITS))
                value = value**exponent if value.shape == (1, 1) else np.linalg.matrix_power(value, exponent)
        return value

    def atom(self) -> Any:
        kind, text = self.ahead
        self.place += 1
        if kind == "number":
            return np.ones((self.ones.pop(0), 1)) if text == "1" else np.array([[FRACTIONS.get(text) or float(text)]])
        if kind == "ones":
            return np.ones((self.sizes[text.strip("{}")], 1))
        if kind in ("size", "digits"):
            size = text.strip("{}").translate(DIGITS)
            return np.eye(int(size) if size.isdecimal() else self.sizes[size])
        if kind == "name":
            if self.ahead[1] == "(" and text not in self.values:
                return self.call(text)
            return np.array([[float(self.sizes[text])]]) if text not in self.values else self.values[text]
        if text in ("‖", "|"):
            outside, self.closing = self.closing, (text,)
            inner = self.sum()
            self.closing = outside
            self.expect(text)
            return np.array([[np.linalg.norm(inner)]]) if text == "‖" else np.abs(inner)
        assert text == "(", self.tokens
        outside, self.closing = self.closing, ()
        inner = self.sum()
        self.closing = outside
        self.expect(")")
        return inner

    def call(self, name: str) -> np.ndarray:
        function = (PRIMES | FUNCTIONS)[name.replace("σ", self.sigma)]
        self.expect("(")
        outside, self.closing = self.closing, ()
        arguments = [self.sum()]
        while self.take(","):
            arguments.append(self.sum())
        self.closing = outside
        self.expect(")")
        return function(*arguments)


def _column(value: np.ndarray) -> np.ndarray:
    value = np.asarray(value, dtype=float)
    return value.reshape(-1, 1) if value.ndim < 2 else value


def agree(sizes: bool) -> None:
    if not sizes:
        raise SizesDisagreeError


def _times(a: Any, b: Any) -> Any:
    if (1, 1) in (a.shape, b.shape):
        return a * b
    agree(a.shape[1] == b.shape[0])
    return a @ b


def read_matrix(
    text: str,
    shape: tuple[int, ...],
    values: Mapping[str, np.ndarray],
    sizes: Mapping[str, int],
    sigma: str = "sigmoid",
) -> np.ndarray:
    """The value of a closed form, as an array of `shape`."""
    if text == "0":
        return np.zeros(shape)
    expected = {0: (1, 1), 1: (1, *shape)}.get(len(shape), shape)
    count = Reader(text, values, sizes, sigma).tokens.count(("number", "1"))
    for ones in itertools.product(sorted({1, *sizes.values(), *shape}, reverse=True), repeat=count):
        reader = Reader(text, values, sizes, sigma, ones)
        try:
            value = reader.sum()
            agree(value.shape in (expected, (*shape, 1)))
        except SizesDisagreeError:
            continue
        assert reader.ahead[0] == "end", f"{text!r}: left over {reader.tokens[reader.place :]}"
        return value.reshape(shape)
    raise AssertionError(f"{text!r} has no reading of shape {shape}")


def _terms(text: str) -> list[tuple[float, str]]:
    """The terms of a sum with their signs; a sign in parentheses is of a factor."""
    found: list[list[Any]] = [[1.0, ""]]
    depth, norm = 0, False
    for character in text:
        norm ^= character == "‖"
        depth += (character == "(") - (character == ")")
        if character in "+−" and not depth and not norm:
            found.append([-1.0 if character == "−" else 1.0, ""])
        else:
            found[-1][1] += character
    return [(sign, term) for sign, term in found if term.strip()]


def _pieces(text: str) -> list[str]:
    """The factors of a product: what is apart by spaces, outside parentheses."""
    found, depth, norm = [""], 0, False
    for character in text.strip():
        norm ^= character == "‖"
        depth += (character == "(") - (character == ")")
        if character == " " and not depth and not norm:
            found.append("")
        else:
            found[-1] += character
    return [piece for piece in found if piece]


LETTERS = "ijklmnop"


class UnreadableError(Exception):
    """A notation that this reader does not know."""


class Components:
    """Reads index notation: entries, functions of entries, deltas and sums over letters."""

    def __init__(self, values: Mapping[str, np.ndarray], sizes: Mapping[str, int], sigma: str) -> None:
        self.values, self.sizes, self.sigma = values, sizes, sigma

    def matrix(self, text: str, ones: Sequence[int] = ()) -> np.ndarray:
        """A closed form within."""
        reader = Reader(text, self.values, self.sizes, self.sigma, ones)
        if reader.tokens.count(("number", "1")) > len(ones):
            raise UnreadableError(text)
        return reader.sum()

    def entry(self, piece: str, shape: tuple[int, ...] = ()) -> tuple[np.ndarray, str]:
        """An array and the letters at which its entry is meant; a sum of entries has all of those of `shape`."""
        if piece.startswith("(") and piece.endswith(")") and "_" in piece:
            terms = _terms(piece[1:-1])
            return sum((sign * self.term(term, shape) for sign, term in terms), np.zeros(shape)), LETTERS[: len(shape)]
        raised = re.fullmatch(r"(.*_(?:\w|\{\w+\})\)*)([⁰¹²³⁴-⁹]+)", piece)
        if raised:
            inner, letters = self.entry(raised[1])
            return inner ** int(raised[2].translate(DIGITS)), letters
        outside = re.fullmatch(r"(\w+[′″]*)\((.*)\)", piece)
        name = outside[1].replace("σ", self.sigma) if outside else ""
        if outside and name in PRIMES | FUNCTIONS and re.search(r"_(\w|\{\w+\})\)*$", piece):
            inner, letters = self.entry(outside[2])
            return (PRIMES | FUNCTIONS)[name](inner), letters
        subscripted = re.fullmatch(r"(.*)_(?:(\w)|\{(\w+)\})", piece)
        if not subscripted or piece in self.values:
            return self.matrix(piece, [1])[0, 0], ""
        letters = subscripted[2] or subscripted[3]
        base = subscripted[1]
        base = base[1:-1] if base.startswith("(") and base.endswith(")") else base
        if "_" in base or "1" in base.split():
            raise UnreadableError(piece)
        value = self.values[base] if base in self.values else self.matrix(base)
        return (value[:, 0] if len(letters) == 1 and value.ndim == 2 else value), letters

    def term(self, text: str, shape: tuple[int, ...]) -> np.ndarray:
        """One product, at the axes i, j, k, …"""
        output = LETTERS[: len(shape)]
        lengths = dict(zip(output, shape, strict=True))
        pieces = _pieces(text)
        divisor = 1.0
        if len(pieces) > 2 and pieces[-2] == "/":
            divisor = self.matrix(pieces[-1])[0, 0]
            pieces = pieces[:-2]
        if any("δ" in piece and "," in piece for piece in pieces):
            raise UnreadableError(text)
        deltas = [piece.partition("_")[2].strip("{}") for piece in pieces if piece.startswith("δ")]
        pairs = [self.entry(piece, shape) for piece in pieces if piece[0] not in "δΣ"]
        for value, letters in pairs:
            lengths |= dict(zip(letters, np.shape(value), strict=True))
        pairs += [(np.eye(lengths[letters[0]]), letters) for letters in deltas]
        used = {letter for _, letters in pairs for letter in letters}
        pairs += [(np.ones(lengths[letter]), letter) for letter in output if letter not in used]
        return (
            1
            / divisor
            * np.einsum(",".join(letters for _, letters in pairs) + "->" + output, *(value for value, _ in pairs))
        )


def read_components(
    text: str,
    shape: tuple[int, ...],
    values: Mapping[str, np.ndarray],
    sizes: Mapping[str, int],
    sigma: str = "sigmoid",
) -> np.ndarray:
    """The value of index notation, whose free indices are i, j, k, … by place."""
    reader = Components(values, sizes, sigma)
    return sum((sign * reader.term(term, shape) for sign, term in _terms(text)), np.zeros(shape))
