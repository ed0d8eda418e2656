"""A derivation as objects: steps of equations of lines, each of which can be written and evaluated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..expressions.nodes import Array
from ..notation.alphabet import TEXT, Alphabet
from ..notation.latex import LATEX
from ..notation.writer import ExpressionWriter
from ..shapes.columns import COLUMNS, width, wrapped
from .formulas import Formula, Written
from .numbers import Numbers

if TYPE_CHECKING:
    from ..differentiation.jacobian_tensor import Jacobian
    from .graph import StationGraph

_INDENT = 3
#: A left side that is longer stands on a line of its own.
_LEFT = 30

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


# --- text: no line longer than 80 columns ------------------------------------------------------------------------


def said(board: Board, prose: Prose, alphabet: Alphabet, before: str = "", after: str = "") -> str:
    """Prose, with its formulas written in an alphabet between two marks."""
    writer = board.writer(alphabet)
    return "".join(part if isinstance(part, str) else f"{before}{part.write(writer)}{after}" for part in prose)


def in_space(line: Line, alphabet: Alphabet) -> str:
    """∈ R^{h×d} where the line tells its shape."""
    return "" if line.space is None or not line.space else alphabet.member(alphabet.space(line.space))


def step_as_text(board: Board, step: Step) -> str:
    """One step in Unicode, no line longer than 80 columns."""
    lines = wrapped(said(board, step.title, TEXT), "", " " * _INDENT, broken=True)
    for equation in step.equations:
        lines += _equation(board, equation)
    return "\n".join(line.rstrip() for line in lines)


def _equation(board: Board, equation: Equation) -> Iterator[str]:
    if equation.note:
        yield from wrapped(said(board, equation.note, TEXT), " " * _INDENT, broken=True)
    first, *others = equation.lines
    indent = 2 * _INDENT - 1
    left = first.text
    if not others:
        yield from wrapped(left + in_space(first, TEXT), " " * indent, " " * (indent + 2), broken=True)
        return
    alone = width(left) > _LEFT
    if alone:
        yield from wrapped(left, " " * indent, " " * (indent + 2), broken=True)
    column = indent + (2 if alone else width(left))
    for k, line in enumerate(others):
        ahead = " " * indent + left if k == 0 and not alone else " " * column
        body = TEXT.equals + line.text + in_space(line, TEXT)
        reason = said(board, line.reason, TEXT)
        rows = wrapped(body.lstrip(), " " * (column + 1), " " * (column + 5), broken=True)
        rows[0] = ahead + " " + rows[0].lstrip()
        if reason and width(rows[-1]) + 3 + width(reason) <= COLUMNS:
            rows[-1] += " " * (COLUMNS - width(rows[-1]) - width(reason)) + reason
        elif reason and k > 0:
            rows += [" " * max(0, COLUMNS - width(reason)) + reason] if width(reason) <= COLUMNS else []
        yield from rows
