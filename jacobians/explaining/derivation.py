"""A derivation: its steps, and how they print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from ..expressions.nodes import Array
from .pages import as_latex, as_markdown, as_text
from .steps import Board, Equation, Line, Prose, Step


class Derivation(Sequence[Step]):
    """The steps of a derivation. Prints as text in 80 columns; `latex()` and `markdown()` are the same on a page."""

    def __init__(self, board: Board, heading: Prose, steps: Sequence[Step]) -> None:
        self.board = board
        self.heading = heading
        self.steps = tuple(steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, key: Any) -> Any:
        return self.steps[key]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    @property
    def equations(self) -> tuple[Equation, ...]:
        """The equations of all steps: consecutive lines of one are equal."""
        return tuple(equation for step in self.steps for equation in step.equations)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of all steps."""
        return tuple(line for step in self.steps for line in step.lines)

    def evaluate(self, values: Mapping[str, Any], sizes: Mapping[str, int] | None = None) -> list[list[Array]]:
        """For each equation the arrays of its lines, which are equal: what `Line.evaluate` gives of each, faster."""
        numbers = self.board.numbers(values, sizes)
        return [[line.formula.value(numbers) for line in equation.lines] for equation in self.equations]

    @cached_property
    def text(self) -> str:
        """The derivation in Unicode, in 80 columns."""
        return as_text(self.board, self.heading, self.steps)

    def latex(self) -> str:
        r"""The derivation in LaTeX: paragraphs and `align` environments. It needs amsmath and amssymb."""
        return as_latex(self.board, self.heading, self.steps)

    def markdown(self) -> str:
        """The derivation in Markdown, with formulas between dollar signs."""
        return as_markdown(self.board, self.heading, self.steps)

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.markdown()
