r"""The LaTeX alphabet, in the typography of the notes: `\mathbf{W}^{(1)}`, `\tilde{\mathbf{x}}`, `\sigma'(\mathbf{z})`.

Vectors and higher are bold, scalars and entries are not. The number of a vector stands below, that of a matrix above in
parentheses; an entry of either has it above, to make room for the index: `W_{jk}^{(2)}`, `b_j^{(2)}`. What comes out
needs `amsmath` and `amssymb`, as every page of mathematics loads them. A character of a name that is not a letter of
LaTeX's mathematics is escaped or stands in `\text`; nothing that a name holds can end a group or begin a command.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from ..shapes.sizes import Shape, Size
from .alphabet import Alphabet
from .names import GREEK, LETTERS, NameParts, number, take_apart

_COMMANDS = {letter: f"\\{name}" for name, letter in GREEK.items()} | {"ℓ": r"\ell", "ς": r"\varsigma"}
_ACCENTS = {
    "\u0303": "tilde", "\u0302": "hat", "\u0304": "bar", "\u0307": "dot", "\u0300": "grave", "\u0301": "acute",
    "\u0308": "ddot", "\u0306": "breve", "\u030c": "check", "\u030a": "mathring",
}  # fmt: skip
_WIDE = {"tilde": "widetilde", "hat": "widehat"}
#: Functions that LaTeX has a command for.
_KNOWN = {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan", "arcsin", "arccos", "det"}
_SPECIAL = {"_": r"\_", "\\": r"\backslash ", "{": r"\{", "}": r"\}", "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$"}


class LatexAlphabet(Alphabet):
    """LaTeX, for math mode."""

    minus = " - "
    negative = "-"
    ones = r"\mathbf{1}"
    sigma = r"\sigma"
    ellipsis = r"\ldots"
    unreadable = 1200
    longest = 240

    def name(self, name: str, rank: int) -> str:
        return _name(name, rank)

    def number(self, value: float) -> str:
        if value in (float("inf"), float("-inf")):
            return r"\infty" if value > 0 else r"-\infty"
        if value != value:
            return r"\mathrm{nan}"
        text = {"½": "1/2", "¼": "1/4", "¾": "3/4"}.get(number(value), number(value))
        if match := re.fullmatch(r"(-?)(\d+)/(\d+)", text):
            return rf"{match[1]}\frac{{{match[2]}}}{{{match[3]}}}"
        if match := re.fullmatch(r"(-?[\d.]+)e([+-])0*(\d+)", text):
            power = f"10^{{{match[2].strip('+')}{match[3]}}}"
            return power if match[1] == "1" else rf"{match[1]} \cdot {power}"
        return text

    def size(self, size: Size) -> str:
        return re.sub(r"[^\W\d]\w*", lambda match: _name(match[0], 0), str(size)).replace("*", r" \, ")

    def shape(self, shape: Shape) -> str:
        if not shape:
            return r"\text{scalar}"
        several = len(shape) > 1
        texts = [self.size(size) for size in shape]
        return r" \times ".join(f"({text})" if several and set("+-") & set(text) else text for text in texts)

    def dimensions(self, shape: Shape) -> str:
        return self.shape(shape)

    def space(self, shape: Shape) -> str:
        return r"\mathbb{R}" + _script("^", self.shape(shape))

    def member(self, space: str) -> str:
        return rf" \in {space}"

    def in_layout(self, text: str, layout: str) -> str:
        return rf"\left[{text}\right]_{{\mathrm{{{layout}}}}}"

    def ones_of(self, size: Size) -> str:
        return self.ones + _script("_", self.size(size))

    def identity(self, size: Size) -> str:
        return r"\mathbf{I}" + _script("_", self.size(size))

    def parens(self, text: str) -> str:
        tall = any(mark in text for mark in (r"\frac", r"\sum", r"\begin", r"\left"))
        return rf"\left({text}\right)" if tall else f"({text})"

    def numbers(self, first: str, second: str) -> str:
        return rf"{first} \cdot {second}"

    def hadamard(self, factors: Sequence[str]) -> str:
        return r" \odot ".join(factors)

    def tensor(self, first: str, second: str) -> str:
        return rf"{first} \otimes {second}"

    def transposed(self, text: str) -> str:
        return self._above(text, r"\top")

    def inverse(self, text: str, transposed: bool = False) -> str:
        return self._above(text, r"-\top" if transposed else "-1")

    def raised(self, text: str, exponent: int) -> str:
        return self._above(text, str(exponent))

    def norm(self, text: str, rank: int, exponent: int = 1) -> str:
        base = rf"\|{text}\|_{'2' if rank < 2 else 'F'}"
        return base if exponent == 1 else base + _script("^", str(exponent))

    def _above(self, text: str, script: str) -> str:
        return (f"{{{text}}}" if "^" in text or text.startswith("\\left(") else text) + _script("^", script)

    def function(self, name: str, order: int = 0) -> str:
        base = (
            name if name.startswith("\\") else rf"\{name}" if name in _KNOWN else rf"\operatorname{{{_escaped(name)}}}"
        )
        return base + ("'" * order if order < 4 else f"^{{({order})}}")

    def call(self, function: str, arguments: Sequence[str]) -> str:
        if function == r"\operatorname{sqrt}" and len(arguments) == 1:
            return rf"\sqrt{{{arguments[0]}}}"
        return function + self.parens(", ".join(arguments))

    def quotient(self, top: tuple[str, bool], bottom: tuple[str, bool]) -> str:
        return rf"\frac{{{top[0]}}}{{{bottom[0]}}}"

    def power(self, base: tuple[str, bool], exponent: tuple[str, bool]) -> str:
        return rf"{{{self.grouped(*base)}}}^{{{exponent[0]}}}"

    def row(self, letter: str, accents: Sequence[str], index: str) -> str:
        return _accented(_letter(letter, 1), accents, wide=False) + _script("_", index)

    def absolute(self, text: str) -> str:
        return rf"\left|{text}\right|"

    def subscript(self, text: str, plain: bool, letters: Sequence[str]) -> str:
        if not letters:
            return self.grouped(text, plain)
        return self.parens(text) + self.braces(letters)

    def entry(self, name: str, letters: Sequence[str]) -> str:
        parts = take_apart(name)
        if not letters or parts is None or len(parts.letter) > 1 or parts.rest:
            return self.subscript(self.name(name, len(letters)), True, letters)
        wide = len(letters) > 1
        number_above = f"^{{({parts.digits})}}" if parts.digits else ""
        return _accented(_letter(parts.letter, 0), parts.accents, wide) + self.braces(letters) + number_above

    def delta(self, letters: Sequence[str]) -> str:
        return r"\delta" + self.braces(letters)

    def place(self, long: str, place: str) -> str:
        return rf"\delta_{{{long},{place.replace('−', '-')}}}"

    def sum(self, letters: Sequence[str], sizes: Sequence[Size] | None = None) -> str:
        if sizes is None:
            return r"\sum" + self.braces(letters)
        bounds = zip(letters, sizes, strict=True)
        return " ".join(rf"\sum_{{{one}=1}}{_script('^', self.size(size))}" for one, size in bounds)

    def derivative(self, of: str, by: str, held: Sequence[str] = ()) -> str:
        text = rf"\frac{{\partial {of}}}{{\partial {by}}}"
        return rf"\left.{text}\right|_{{{', '.join(held)}}}" if held else text

    def chained(self, factors: Sequence[str]) -> str:
        return " ".join(factors)

    def joined(self, parts: Sequence[str]) -> str:
        return f"[{' | '.join(parts)}]"

    def stacked(self, parts: Sequence[str]) -> str:
        blocks = [r"\mathbf{0}" if part == "0" else part for part in parts]
        return r"\begin{bmatrix} " + r" \\ ".join(blocks) + r" \end{bmatrix}"

    def index_map(self, long: Size, short: Shape) -> str:
        return rf"\mathbf{{E}}_{{{self.size(long)} \leftarrow {self.shape(short)}}}"

    def part(self, text: str, cuts: Sequence[str]) -> str:
        shown = [re.sub(r"[^\W\d]\w*", lambda match: _name(match[0], 0), cut).replace("*", r" \, ") for cut in cuts]
        return f"{text}[{', '.join(shown).replace('…', self.ellipsis)}]"

    def cut(self, text: str, longest: int | None = None) -> str:
        return text if len(text) <= (longest or self.longest) else self.ellipsis  # a cut would leave groups open

    def unnamed_constant(self, shape: Shape) -> str:
        return rf"\mathbf{{c}}_{{{self.shape(shape)}}}"


def _script(mark: str, text: str) -> str:
    return f"{mark}{text}" if len(text) == 1 or text == r"\top" else f"{mark}{{{text}}}"


def _escaped(text: str) -> str:
    """`text` with LaTeX's special characters escaped, and what is not ASCII in `\\text`."""
    parts = re.findall(r"[ -~]+|[^ -~]+", text)
    return "".join(
        "".join(_SPECIAL.get(character, character) for character in part) if part.isascii() else rf"\text{{{part}}}"
        for part in parts
    )


def _letter(letter: str, rank: int) -> str:
    """A letter or a word, in the weight of its rank."""
    if letter in _COMMANDS:
        return rf"\boldsymbol{{{_COMMANDS[letter]}}}" if rank else _COMMANDS[letter]
    taken_apart = unicodedata.normalize("NFD", letter)
    base, marks = taken_apart[0], taken_apart[1:]
    if marks and all(mark in _ACCENTS for mark in marks):  # é and ŷ as letters of their own
        return _accented(_letter(base, rank), [_ACCENTS[mark] for mark in marks], wide=False)
    if rank:
        return rf"\mathbf{{{_escaped(letter)}}}"
    return letter if len(letter) == 1 and letter.isascii() and letter.isalnum() else rf"\mathit{{{_escaped(letter)}}}"


def _accented(text: str, accents: Sequence[str], wide: bool) -> str:
    for accent in accents:
        text = rf"\{_WIDE.get(accent, accent) if wide else accent}{{{text}}}"
    return text


@lru_cache(maxsize=4096)
def _name(name: str, rank: int) -> str:
    parts = take_apart(name)
    if parts is None:
        return _letter(name, rank)
    text = _accented(_letter(parts.letter, rank), parts.accents, wide=rank > 1 or len(parts.letter) > 1)
    below = _words(parts)
    if parts.digits:
        if rank > 1:
            text += f"^{{({parts.digits})}}"
        else:
            below = [parts.digits, *below]
    return text + (_script("_", ",".join(below)) if below else "")


def _words(parts: NameParts) -> list[str]:
    return [word if word.isdecimal() else rf"\mathrm{{{_escaped(word or '_')}}}" for word in parts.rest]


LATEX = LatexAlphabet()

assert set(LETTERS.values()) <= set(_COMMANDS)
