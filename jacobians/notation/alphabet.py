"""What differs between one notation and another: how a name, a product, a transpose, a delta are spelled.

The writers of matrix notation (`closed_form`), of components (`index`) and of expressions (`writer`) know the structure
and ask an `Alphabet` for the spelling. `TEXT` is Unicode for terminals; `latex.LATEX` is LaTeX.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ..shapes.sizes import Shape, Size, show_shape
from .names import ACCENTS, number, subscripted, typeset

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: A name that ends in one of these is subscripted in parentheses: (W₁)_{ij}, (X²)_{ij}.
_SCRIPTS = frozenset("₀₁₂₃₄₅₆₇₈₉_[]()ᵀ⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PRIMES = ("", "′", "″", "‴")


class Alphabet:
    """Unicode text; another alphabet overrides what it spells otherwise.

    An operand comes as its text and whether it is `plain`: stands without parentheses.
    """

    plus = " + "
    minus = " − "
    negative = "−"
    equals = " = "
    ones = "1"
    sigma = "σ"
    ellipsis = "…"
    #: A part whose text is longer than this is written as an ellipsis.
    unreadable = 400
    #: A description that is longer than this is cut.
    longest = 60

    # --- names, numbers, sizes --------------------------------------------------------------------------------

    def name(self, name: str, rank: int) -> str:
        """A name as it prints, for a quantity of `rank` axes."""
        return typeset(name)

    def number(self, value: float) -> str:
        """A number."""
        return number(value)

    def size(self, size: Size) -> str:
        """The size of an axis, as a factor or a subscript."""
        return str(size)

    def count(self, size: Size) -> tuple[str, bool]:
        """The size of an axis as a number, and whether it stands without parentheses: d, d+1, N d."""
        sign = set("+-") & set(str(size))
        return self.size(size).replace("*", "*" if sign else " "), not (sign or "*" in str(size))

    def shape(self, shape: Shape) -> str:
        """`h × d × h`; a scalar is `scalar`."""
        return show_shape(shape)

    def dimensions(self, shape: Shape) -> str:
        """A shape as it is said, its symbols typeset: d × h₁."""
        return re.sub(r"[^\W\d]\w*", lambda match: typeset(match[0]), show_shape(shape)).replace("*", "·")

    def space(self, shape: Shape) -> str:
        """The space of arrays of a shape: R^{d×h₁}."""
        text = self.dimensions(shape).replace(" ", "")
        return f"R^{{{text}}}" if len(text) > 1 else f"R^{text}"

    def member(self, space: str) -> str:
        """Said behind a formula: that it is in a space."""
        return f" ∈ {space}"

    def in_layout(self, text: str, layout: str) -> str:
        """A derivative in another layout than the numerator's."""
        return f"[{text}]_{layout}"

    def ones_of(self, size: Size) -> str:
        """A vector of ones of a size."""
        return subscripted(self.ones, size)

    def identity(self, size: Size) -> str:
        """The identity matrix of a size."""
        return subscripted("I", size)

    # --- products and sums ------------------------------------------------------------------------------------

    def parens(self, text: str) -> str:
        """`text` in parentheses."""
        return f"({text})"

    def grouped(self, text: str, plain: bool) -> str:
        """An operand, in parentheses unless it stands without."""
        return text if plain else self.parens(text)

    def product(self, factors: Sequence[str]) -> str:
        """Factors side by side."""
        return " ".join(factors)

    def numbers(self, first: str, second: str) -> str:
        """A number times what begins with a number."""
        return f"{first} · {second}"

    def hadamard(self, factors: Sequence[str]) -> str:
        """The element-wise product (item 8)."""
        return " ⊙ ".join(factors)

    def tensor(self, first: str, second: str) -> str:
        """The tensor product (items 6 and 7)."""
        return f"{first} ⊗ {second}"

    def transposed(self, text: str) -> str:
        """The transpose of an operand that stands without parentheses."""
        return f"{text}ᵀ"

    def inverse(self, text: str, transposed: bool = False) -> str:
        """The inverse of an operand that stands without parentheses, or of its transpose."""
        return f"{text}⁻ᵀ" if transposed else f"{text}⁻¹"

    def raised(self, text: str, exponent: int) -> str:
        """A whole power of an operand that stands without parentheses."""
        return text + str(exponent).translate(_SUPERSCRIPTS)

    def norm(self, text: str, rank: int, exponent: int = 1) -> str:
        """A power of the root of the sum of the squares of all entries."""
        return f"‖{text}‖" if exponent == 1 else self.raised(f"‖{text}‖", exponent)

    # --- functions --------------------------------------------------------------------------------------------

    def function(self, name: str, order: int = 0) -> str:
        """A function, or its derivative of some order."""
        return name + (_PRIMES[order] if order < len(_PRIMES) else f"⁽{order}⁾")

    def call(self, function: str, arguments: Sequence[str]) -> str:
        """A function (as `function` spells it) of arguments."""
        return f"{function}({', '.join(arguments)})"

    def quotient(self, top: tuple[str, bool], bottom: tuple[str, bool]) -> str:
        """One operand divided by another, entry by entry."""
        return f"{self.grouped(*top)} / {self.grouped(*bottom)}"

    def power(self, base: tuple[str, bool], exponent: tuple[str, bool]) -> str:
        """One operand to the power of another, entry by entry."""
        return f"{self.grouped(*base)} ** {self.grouped(*exponent)}"

    def row(self, letter: str, accents: Sequence[str], index: str) -> str:
        """A row of a matrix, as the column that it is transposed: w_i."""
        return f"{unicodedata.normalize('NFC', letter + ''.join(ACCENTS[accent] for accent in accents))}_{index}"

    def absolute(self, text: str) -> str:
        """The absolute value, entry by entry."""
        return f"|{text}|"

    # --- indices ----------------------------------------------------------------------------------------------

    def braces(self, letters: Sequence[str]) -> str:
        """A subscript: `_i`, `_{ij}`; nothing for none."""
        if not letters:
            return ""
        return f"_{letters[0]}" if len(letters) == 1 and len(letters[0]) == 1 else f"_{{{''.join(letters)}}}"

    def subscript(self, text: str, plain: bool, letters: Sequence[str]) -> str:
        """The entry of an operand at `letters`."""
        if not letters:
            return self.grouped(text, plain)
        simple = plain and (len(text) == 1 or (len(text) == 2 and not set(text) & _SCRIPTS))
        return f"{text if simple else self.parens(text)}{self.braces(letters)}"

    def entry(self, name: str, letters: Sequence[str]) -> str:
        """The entry of a named quantity at `letters`."""
        return self.subscript(self.name(name, len(letters)), True, letters)

    def delta(self, letters: Sequence[str]) -> str:
        """Kronecker's delta; the second index may be a place such as `j+1`."""
        return f"δ{self.braces(letters)}"

    def place(self, long: str, place: str) -> str:
        """A delta between an index and a place that is made of others: δ_{i,j+3}, δ_{i,(jk)}."""
        return f"δ_{{{long},{place}}}"

    def sum(self, letters: Sequence[str], sizes: Sequence[Size] | None = None) -> str:
        """The sign of a sum over indices, which run up to `sizes` where there is room to say so."""
        return f"Σ{self.braces(letters)}"

    # --- derivatives and parts --------------------------------------------------------------------------------

    def derivative(self, of: str, by: str, held: Sequence[str] = ()) -> str:
        """∂`of`/∂`by`, both standing without parentheses, while what is `held` does not move."""
        return f"∂{of}/∂{by}" + (f"|{','.join(held)}" if held else "")

    def chained(self, factors: Sequence[str]) -> str:
        """Derivatives multiplied, as in the chain rule."""
        return " · ".join(factors)

    def joined(self, parts: Sequence[str]) -> str:
        """Arrays one after the other."""
        return f"[{' | '.join(parts)}]"

    def stacked(self, parts: Sequence[str]) -> str:
        """Blocks one above the other, as in [I_h; 0]."""
        return f"[{'; '.join(parts)}]"

    def index_map(self, long: Size, short: Shape) -> str:
        """A tensor of zeros and ones between a long axis and short ones."""
        return f"E[{show_shape([long])} ← {show_shape(short)}]"

    def part(self, text: str, cuts: Sequence[str]) -> str:
        """A slice, or listed entries."""
        return f"{text}[{', '.join(cuts)}]"

    def cut(self, text: str, longest: int | None = None) -> str:
        """`text`, cut where it is long."""
        longest = longest or self.longest
        return text if len(text) <= longest else text[: longest - 1] + self.ellipsis

    def unnamed_constant(self, shape: Shape) -> str:
        """An array of numbers that has no name."""
        return f"c[{show_shape(shape)}]"


TEXT = Alphabet()
