"""A Jacobian as it is written: einsum strings, index notation, closed forms, LaTeX."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from ..chain_rule.chains import Chain
from ..expressions.flattening import opened_as_shown
from ..expressions.nodes import EinsumTerm, Expression
from ..functions.operators import ones
from ..notation.alphabet import TEXT, Alphabet
from ..notation.blocks import blocks
from ..notation.closed_form import network_text
from ..notation.components import by_components
from ..notation.index import components
from ..notation.latex import LATEX
from ..notation.writer import ExpressionWriter
from ..shapes.letters import fresh_letters, letter


class JacobianNotation:
    """What of a `Jacobian` is text; it is all read off `chain`, the sum of networks."""

    chain: Chain

    @property
    def einsum(self) -> str:
        """The networks as einsum strings, `+` between terms; an index twice in the output is a delta.

        Output axes are i, j, k, …, summed indices a, b, c, …: `j->iji` is I ⊗ x. A zero Jacobian is "0".
        """
        return " + ".join(_einsum_string(term) for term in self._shown) or "0"

    @property
    def operands(self) -> tuple[tuple[Expression, ...], ...]:
        """The operands of each term, in the order of the chain."""
        return tuple(term.operands for term in self._shown)

    @cached_property
    def _shown(self) -> list[EinsumTerm]:
        """The terms; an index that is summed and in no operand (a count) is given to a vector of ones."""
        shown = []
        for term in self.chain.flat:
            loose = [index for index in range(len(term.sizes)) if index not in term.held and index not in term.output]
            counted = tuple(ones((term.sizes[index],)) for index in loose)
            groups = tuple((index,) for index in loose)
            shown.append(replace(term, operands=term.operands + counted, indices=term.indices + groups))
        return shown

    @property
    def coefficients(self) -> tuple[float, ...]:
        """The coefficient of each term."""
        return tuple(term.coefficient for term in self.chain.flat)

    def index_notation(self) -> str:
        """Both sides by components: `(∂z/∂W)_{ijk} = δ_{ik} x_j`."""
        return self._by_index(TEXT)

    def matrix_notation(self) -> str | None:
        """The closed form: `x̃ rᵀ W₂ diag(σ′(z))`; None where there is none. Item 1a is a row."""
        return self._closed_form(TEXT)

    def entry_notation(self) -> str:
        """The entry at i, j, k, … with its sums as products of matrices, as `2 δ_{jl} (Vᵀ V)_{ik}`; the right side."""
        return blocks(self.chain.flat, self._writer(TEXT))[0]

    def latex(self, symbol: bool = True) -> str:
        r"""The equation in LaTeX's math mode, in the typography of the notes; it needs the package amsmath.

        `\frac{\partial \mathbf{z}}{\partial \mathbf{W}} = \mathbf{I}_h \otimes \mathbf{x}`; by components where there
        is no closed form. Without `symbol` the right side of the closed form alone (or, where there is none, both).
        """
        closed = self._closed_form(LATEX)
        if closed is None:
            return self._by_index(LATEX)
        return f"{self.chain.spelled(LATEX)}{LATEX.equals}{closed}" if symbol else closed

    def _writer(self, alphabet: Alphabet) -> ExpressionWriter:
        roots = [self.chain.numerator, *(operand for term in self.chain.flat for operand in term.operands)]
        return ExpressionWriter(roots, alphabet)

    def _by_index(self, alphabet: Alphabet) -> str:
        symbol = self.chain.spelled(alphabet)
        axes = [letter(place) for place in range(len(self.chain.shape))]
        left = alphabet.parens(symbol) + alphabet.braces(axes) if axes else symbol
        right, _ = components(map(by_components, opened_as_shown(self.chain.flat)), self._writer(alphabet))
        return left + alphabet.equals + right

    def _closed_form(self, alphabet: Alphabet) -> str | None:
        row = self.chain.numerator.ndim == 0 and self.chain.denominator.ndim == 1
        written = network_text(self.chain.flat, self.chain.shape, self._writer(alphabet), row)
        return written[0] if written else None


def _einsum_string(term: EinsumTerm) -> str:
    letters = dict(zip(dict.fromkeys(term.output), fresh_letters(), strict=False))
    inner = fresh_letters(tuple(letters.values()), first="a")
    for index in range(len(term.sizes)):
        if index not in letters:
            letters[index] = next(inner, "…")
    groups = ",".join("".join(letters[index] for index in group) for group in term.indices)
    return f"{groups}->{''.join(letters[index] for index in term.output)}"
