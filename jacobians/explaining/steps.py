"""A derivation as objects: steps of equations of lines, each of which can be written and evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..expression import Array
from ..notation.alphabet import TEXT, Alphabet
from ..notation.latex import LATEX
from ..notation.writer import ExpressionWriter
from .formulas import Formula, Written
from .numbers import Numbers
from .pages import step_as_text

if TYPE_CHECKING:
    from ..jacobian_tensor import Jacobian
    from .graph import StationGraph

#: Prose: words and formulas in turn.
Prose = tuple["str | Written", ...]


class Board:
    """What the lines of one derivation share: how names are written, and what there is to evaluate."""

    def __init__(self, jacobian: Jacobian, graph: StationGraph) -> None:
        self.jacobian = jacobian
        self.graph = graph
        operands = [operand for term in jacobian.chain.flat for operand in term.operands]
        self._roots = [jacobian.numerator, jacobian.denominator, *operands, *graph.given]
        self._writers: dict[int, ExpressionWriter] = {}

    def writer(self, alphabet: Alphabet) -> ExpressionWriter:
        """The writer for an alphabet, under the names of this derivation."""
        key = id(alphabet)
        if key not in self._writers:
            self._writers[key] = ExpressionWriter(self._roots, alphabet)
        return self._writers[key]

    def numbers(self, values: Mapping[str, Any], sizes: Mapping[str, int] | None) -> Numbers:
        """The values of its formulas."""
        return Numbers(self.jacobian.points, self.graph.stations, self.graph.named, values, sizes)


@dataclass(frozen=True)
class Line:
    """One side of an equation. `reason` says why it equals the line before; `space` the shape that stands behind it."""

    board: Board
    formula: Formula
    reason: Prose = ()
    space: tuple[Any, ...] | None = None

    @property
    def text(self) -> str:
        """The formula in Unicode."""
        return self.write(TEXT)

    def latex(self) -> str:
        """The formula in LaTeX's math mode."""
        return self.write(LATEX)

    def write(self, alphabet: Alphabet) -> str:
        """The formula in an alphabet."""
        return self.formula.write(self.board.writer(alphabet))

    def evaluate(self, values: Mapping[str, Any], sizes: Mapping[str, int] | None = None) -> Array:
        """What the line is for values by name (see `Jacobian.evaluate`), computed from what stands in it and no more.

        Deltas are identity matrices and sums are summed: lines that are equal have the same array because they are.
        """
        return self.formula.value(self.board.numbers(values, sizes))

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Equation:
    """Lines that are equal, the first of them the left side. `note` is said before them."""

    lines: tuple[Line, ...]
    note: Prose = ()

    def __repr__(self) -> str:
        return " = ".join(line.text for line in self.lines)


@dataclass(frozen=True)
class Step:
    """What a teacher does in one go: a title and equations."""

    title: Prose
    equations: tuple[Equation, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines of its equations."""
        return tuple(line for equation in self.equations for line in equation.lines)

    @property
    def text(self) -> str:
        """The step in Unicode, in 80 columns."""
        return step_as_text(self.lines[0].board, self)

    def __repr__(self) -> str:
        return self.text
