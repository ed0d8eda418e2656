"""What the parts of a reading share: the text, what its names stand for, and how a part of its tree is read.

The functions that read one construct (a power, a sum over an index, a quotient of differentials) take a `Context`,
which `elaboration.Elaborator` is; so they do not import the reader that calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ...errors import ParseError
from ...expressions.nodes import Expression, Variable
from ...shapes.sizes import Shape
from ..syntax import tree as t
from ..syntax.source_positions import Place
from .declarations import Declarations
from .elaborated import Part
from .samples import Samples
from .values import Value


class Context(Protocol):
    """A text while it is read."""

    text: str
    declarations: Declarations
    activation: str
    layout: str
    used_layout: bool
    samples: Samples
    sample_letters: list[str]

    @property
    def longest_name(self) -> int:
        """Number of characters of the longest spelling of a name."""

    def lookup(self, raw: str) -> Value | None:
        """The value that a name stands for; None for an unknown name."""

    def is_known(self, raw: str) -> bool:
        """Whether a name stands for something."""

    def source(self, place: Place, longest: int = 32) -> str:
        """The text of a place on one line, cut where it is long."""

    def step(self, value: Value, kind: str) -> Value:
        """The value of a step, under a name where steps are given names."""

    def note(self, text: str) -> None:
        """Record once how an ambiguous text was read."""

    def doubt(self, place: Place, reason: str, vanishing: bool = False, formula: bool = False) -> None:
        """Record why an equation around `place` cannot be decided.

        `vanishing`: only where both its sides vanish; `formula`: unless it says that the derivative is 0.
        """

    def sample(self, array: Expression, letter: str) -> Variable:
        """Row `letter` of an array, as a variable."""

    def is_size(self, raw: str) -> bool:
        """Whether a name is a symbol of a size."""

    def direction(self, variable: Variable) -> Variable:
        """The dX of a variable X."""

    def is_moved(self, variable: Variable) -> bool:
        """Whether a d stands right before a variable somewhere in the text: the others are constant then."""

    def is_held(self, variable: Variable) -> bool:
        """Whether a variable is no variable of the text, such as a parameter of an arbitrary function."""

    def unknown(self, raw: str, place: Place, called: bool = False) -> ParseError:
        """The error for a name that stands for nothing."""

    def part(self, node: t.Node, expected: Shape | None = None) -> Part:
        """The value of a node of the tree; `expected` is the shape that it should have, where that is known."""

    def combined(self, parts: Sequence[Part], functions: Sequence[Callable[[Value, Value], Value]]) -> Part:
        """Parts joined from left to right."""
