"""`parse` and `shape_of`: a text as an expression, and its shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..errors import JacobiansError, ParseError, ShapeError
from ..expressions.nodes import Expression, Variable
from ..expressions.walks import walk
from ..shapes.sizes import Shape
from .meaning import repairs
from .meaning.declarations import Declarations
from .meaning.elaborated import Part
from .meaning.elaboration import Elaborator
from .meaning.statements import Statement, read_page
from .meaning.step_names import StepNames
from .syntax import tree as t
from .syntax.parser import read_tree
from .syntax.source_positions import Place, parse_error, with_hint


@dataclass(frozen=True)
class Reading:
    """A text that was read: its statements with their parts, and notes on what could be read in two ways."""

    text: str
    statements: tuple[Statement, ...]
    notes: tuple[str, ...]
    elaborator: Elaborator

    def source(self, place: Place) -> str:
        """The text of a place, on one line."""
        return " ".join(self.text[place.start : place.end].split())

    @property
    def part(self) -> Part:
        """The one expression, or the last definition. An equation is a `ParseError`."""
        node, parts = self.statements[-1]
        if isinstance(node, t.Equation):
            raise parse_error(
                self.text,
                node.sides[1].place,
                "an equation, where an expression is expected: `jacobians check` decides it",
            )
        loose = [
            one
            for one, parts in self.statements[:-1]
            if not isinstance(one, t.Definition) and not (isinstance(one, t.Equation) and len(parts) == 1)
        ]
        if loose:
            raise parse_error(
                self.text, loose[0].place, "several expressions; before the last stand definitions, z := …"
            )
        if self.elaborator.arbitrary:
            function = self.elaborator.arbitrary[0]
            place = next(
                (one.place for one in t.below(node) if isinstance(one, t.Name) and one.text in function.name),
                node.place,
            )
            raise parse_error(
                self.text,
                place,
                f"{function.name} is neither a declared name nor a function: define it before, {function.name}(…) := …",
            )
        if parts[0].declares:
            raise parse_error(self.text, node.place, "a declaration, where an expression is expected")
        loose_variables = [
            one
            for one in walk([parts[0].value.expression])
            if isinstance(one, Variable) and (one in self.elaborator.samples.arrays or self.elaborator.is_held(one))
        ]
        if loose_variables:
            one = loose_variables[0]
            array, letter = self.elaborator.samples.arrays.get(one, (one, ""))
            said = f"a sample of {array.name}, and no sum over {letter}" if letter else f"{one.name} has no value"
            raise parse_error(self.text, node.place, f"{said}: such a formula stands in an equation")
        return parts[0]


def read(
    text: str,
    sizes: Mapping[str, object] | None = None,
    activation: str = "sigmoid",
    steps: StepNames | None = None,
    expected: Shape | None = None,
    layout: str = "numerator",
    hints: bool = True,
) -> Reading:
    """Read a text: definitions `z := …`, expressions, equations, with `;` or line breaks between them.

    `sizes` has the shape of every name, as for `parse`; σ is the `activation`. `steps` gives names to the
    steps of a formula; `expected` is the shape of the last expression, where only that tells the size of a 1 or an I.
    Derivatives ∂y/∂x are in `layout`; ∇ has the shape of its argument in all of them. Raises `ParseError` and
    `ShapeError`, with line, column and a caret, and with `hints` the nearest repair of shapes that do not fit.
    """
    elaborator, page = _opened(text, sizes, activation, layout)
    elaborator.steps = steps
    return _elaborated(elaborator, page, sizes, expected, hints)


def _elaborated(
    elaborator: Elaborator,
    page: t.Page,
    sizes: Mapping[str, object] | None,
    expected: Shape | None = None,
    hints: bool = True,
) -> Reading:
    try:
        statements = tuple(read_page(elaborator, page, expected))
    except ShapeError as error:
        if not hints or not elaborator.failed or not error.excerpt:
            raise
        activation, layout = elaborator.activation, elaborator.layout
        hint = _hint(elaborator, page, error, lambda repaired: _reread(repaired, sizes, activation, layout))
        raise (with_hint(error, hint) if hint else error) from None
    return Reading(elaborator.text, statements, tuple(elaborator.notes), elaborator)


def _hint(
    elaborator: Elaborator, page: t.Page, error: ShapeError, reread: Callable[[str], Sequence[Statement] | None]
) -> str:
    """The nearest repair, shown as the statement it is in; of an equation, rather one whose sides have one shape."""
    place = max((part.place for part in elaborator.failed if _position(part.place) <= _position(error)), key=_position)
    statement = next((one for one in page.statements if one.place.end >= place.end), page)
    around = statement.place

    def fits(text: str) -> bool:
        return reread(text) is not None

    def balances(text: str) -> bool:
        statements = reread(text)
        return statements is not None and all(
            one.value.shape == other.value.shape for _, parts in statements for one, other in pairwise(parts)
        )

    found = ""
    for passes in (balances, fits) if isinstance(statement, t.Equation) else (fits,):
        found, repaired = repairs.hint(elaborator.text, elaborator.failed, place.start, around, passes)
        if repaired:
            break
    return found


def _position(located: Place | ShapeError) -> tuple[int, int]:
    return (located.line or 0, located.column or 0)


def read_in_steps(
    text: str, sizes: Mapping[str, object] | None = None, activation: str = "sigmoid", layout: str = "numerator"
) -> Reading:
    """A text without definitions is read with names for its steps; one with definitions has named what it wants.

    The tree is made once. Its values are made again only where a step turns out to be the single one of its kind, which
    needs no number.
    """
    elaborator, page = _opened(text, sizes, activation, layout)
    if len(page.statements) > 1 or isinstance(page.statements[0], t.Definition):
        return _elaborated(elaborator, page, sizes)
    first = elaborator.steps = StepNames(elaborator.is_known)
    reading = _elaborated(elaborator, page, sizes)
    if 1 not in first.counts.values():
        return reading
    again = Elaborator(text, Declarations(sizes), activation, StepNames(elaborator.is_known, first.counts), layout)
    return _elaborated(again, page, sizes)


def _opened(text: str, sizes: Mapping[str, object] | None, activation: str, layout: str) -> tuple[Elaborator, t.Page]:
    if not isinstance(text, str):
        raise ParseError(f"a text is a string, got {type(text).__name__}")
    elaborator = Elaborator(text, Declarations(sizes), activation, layout=layout)
    return elaborator, read_tree(text, elaborator.is_known)


def _reread(text: str, sizes: Mapping[str, object] | None, activation: str, layout: str) -> list[Statement] | None:
    """The statements of a text; None where it cannot be read."""
    try:
        elaborator, page = _opened(text, sizes, activation, layout)
        return list(read_page(elaborator, page))
    except JacobiansError:
        return None


def parse(text: str, /, **sizes: object) -> Expression:
    """The expression that `text` is, in Unicode, ASCII or LaTeX notation; `sizes` has the shape of every name.

    A shape is a tuple of sizes, or text such as "n h" or "n,h"; "" is a scalar. Vectors are columns: x r′ is an outer
    product (item 5), x′ A x a scalar, and a row such as r′ has shape 1 × n. ⊗ is that of items 6 and 7, σ the sigmoid.
    Definitions `z := W x + b; …` may stand before the expression. Raises `ParseError` for a text that is not in the
    grammar and `ShapeError` where shapes do not fit, both with line, column and a caret.

    >>> parse("x r' W2 diag(σ'(z))", x="d", r="n", W2="n h", z="h").shape
    ('d', 'h')
    """
    return read(text, sizes).part.value.whole


def shape_of(text: str, /, **sizes: object) -> Shape:
    """The shape of the expression that `text` is: a tuple of symbols and integers; 1 × h for a row, as in the notes.

    Arguments and errors are those of `parse`.

    >>> shape_of("r' W2", r="n", W2="n h"), shape_of("‖x‖²", x="d")
    ((1, 'h'), ())
    """
    return read(text, sizes).part.value.shape
