"""What the parts of a reading share: the text, what its names stand for, and how a part of its tree is read.

The functions that read one construct (a power, a sum over an index, a quotient of differentials) take a `Context`,
which `elaboration.Elaborator` is; so they do not import the reader that calls them.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...errors import ParseError, ShapeError
from ...expressions.nodes import Expression, Variable, tensor
from ...shapes.layout import check_layout
from ...shapes.sizes import Shape, symbols_of
from ..syntax import tree as t
from ..syntax.source_positions import Place, parse_error, shape_error, undetermined
from ..syntax.spelling import key
from .declarations import Declarations
from .elaborated import Part
from .samples import Samples
from .smooth_functions import NamedFunction
from .step_names import StepNames
from .uses import Uses
from .values import MOST_AXES, Value
from .vocabulary import words


@dataclass(frozen=True)
class Doubt:
    """Why an equation around a place cannot be decided.

    `vanishing`: only where both its sides vanish. `formula`: unless it says that the derivative of a formula is 0,
    which it is where declared names do not depend on each other.
    """

    place: Place
    reason: str
    vanishing: bool = False
    formula: bool = False


class Context(ABC):
    """A text while it is read. `notes` says how what could be read in two ways was read."""

    def __init__(
        self,
        text: str,
        declarations: Declarations,
        activation: str = "sigmoid",
        steps: StepNames | None = None,
        layout: str = "numerator",
    ) -> None:
        self.text = text
        self.declarations = declarations
        self.activation = activation
        self.steps = steps
        self.layout = check_layout(layout)
        self._notes: dict[str, None] = {}
        self.doubts: list[Doubt] = []
        self.defined: dict[str, Value] = {}
        self.functions: dict[str, NamedFunction] = {}
        self.call_count = 0  # of functions that the text defines
        self.scopes: list[dict[str, Value]] = []  # the arguments of the calls that are being read
        self.uses: Uses | None = None  # what the page does with its names
        self.later: dict[str, t.Definition] = {}  # definitions that were not reached yet
        self.early: dict[str, Part] = {}  # those of them that were used before
        self.defining: set[str] = set()
        self._directions: dict[Variable, Variable] = {}
        self.samples = Samples()
        self.sample_letters: list[str] = []  # of the sums over samples that are being read
        self.used_layout = False  # whether there is a derivative whose axes depend on the layout
        self.failed: tuple[Part, ...] = ()  # the parts that do not fit, where shapes are the reason

    @abstractmethod
    def lookup(self, raw: str) -> Value | None:
        """The value that a name stands for; None for an unknown name."""

    @abstractmethod
    def part(self, node: t.Node, expected: Shape | None = None) -> Part:
        """The value of a node of the tree; `expected` is the shape that it should have, where that is known."""

    def combined(self, parts: Sequence[Part], functions: Sequence[Callable[[Value, Value], Value]]) -> Part:
        """Parts joined from left to right; an error names them as the text does and points at the place."""
        value, done = parts[0].value, parts[0].place
        for function, part in zip(functions, parts[1:], strict=True):
            try:
                value = function(value, part.value)
            except ShapeError as error:
                self.failed = tuple(parts)
                message = str(error).replace("{0}", self.source(done)).replace("{1}", self.source(part.place))
                raise shape_error(self.text, part.place, message) from None
            if value.rank > MOST_AXES:
                raise shape_error(self.text, part.place, f"more than {MOST_AXES} axes")
            done = done.to(part.place)
        return Part(done, value, tuple(parts))

    @property
    def longest_name(self) -> int:
        """Number of characters of the longest spelling of a name: W1 may be W_1, and x̃ may be x_tilde."""
        names = [*self.declarations.names, *self.defined, *self.later, *(name for one in self.scopes for name in one)]
        return max((len(name) for name in names), default=0) + len("_tilde")

    def is_known(self, raw: str) -> bool:
        """Whether a name stands for something."""
        return self.lookup(raw) is not None

    def source(self, place: Place, longest: int = 32) -> str:
        """The text of a place on one line, cut where it is long."""
        text = " ".join(self.text[place.start : place.end].split())
        return text if len(text) <= longest else text[: longest - 1] + "…"

    def step(self, value: Value, kind: str) -> Value:
        """The value of a step, under a name where steps are given names."""
        if self.steps is None or not kind or value.entries is not None:
            return value
        return Value(self.steps.named(value.expression, kind), value.row, value.literal, value.chain)

    def doubt(self, place: Place, reason: str, vanishing: bool = False, formula: bool = False) -> None:
        """Say why an equation around `place` cannot be decided."""
        self.doubts.append(Doubt(place, reason, vanishing, formula))

    def sample(self, array: Expression, letter: str) -> Variable:
        """Row `letter` of an array, as a variable."""
        self.note(f"the samples of {array.name} are its rows")
        return self.samples.of(array, letter)

    def is_size(self, raw: str) -> bool:
        """Whether a name is a symbol of a size."""
        shapes = [variable.shape for variable in self.declarations.variables]
        return raw in {symbol for shape in shapes for size in shape for symbol in symbols_of(size)}

    def direction(self, variable: Variable) -> Variable:
        """The dX of a variable X."""
        if variable not in self._directions:
            name = f"d{variable.name}"
            name += "_direction" if self.is_known(name) else ""
            self._directions[variable] = tensor(name, *variable.shape)
        return self._directions[variable]

    def is_moved(self, variable: Variable) -> bool:
        """Whether a d stands right before a variable somewhere in the text, dX: the others are constant then."""
        return self.uses is not None and key(variable.name) in self.uses.moved

    def is_held(self, variable: Variable) -> bool:
        """Whether a variable is no variable of the text: a direction dX, or a coefficient of an arbitrary function."""
        coefficients = (one.coefficients.values() for one in self.functions.values())
        return any(variable in known for known in (self._directions.values(), *coefficients))

    @property
    def arbitrary(self) -> list[NamedFunction]:
        """The functions of the text that have no definition."""
        return [one for one in self.functions.values() if one.coefficients]

    def note(self, text: str) -> None:
        """Say something about the reading, once."""
        self._notes[text] = None

    @property
    def notes(self) -> list[str]:
        """What was said, in the order in which it was met."""
        return list(self._notes)

    def unknown(self, raw: str, place: Place, called: bool = False) -> ParseError:
        """The error for a name that stands for nothing."""
        known = [*self.declarations.names, *(value.expression.name or "" for value in self.defined.values())]
        close = difflib.get_close_matches(raw, [*known, *(words() if called else ())], n=1, cutoff=0.7)
        hint = f"; did you mean {close[0]}?" if close else ""
        shown = self.source(place)
        names = f"the names are {', '.join(known)}"
        listed = names if known else "no name is; give each its shape, such as x:d or W:h,d"
        kind = "is neither a declared name nor a function" if called else "is not declared"
        return (undetermined if called else parse_error)(self.text, place, f"{shown} {kind}: {listed}{hint}")
