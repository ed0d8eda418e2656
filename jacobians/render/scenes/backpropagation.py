"""The scene of a forward and a backward pass, of a network or of any expression (the notes' three diagrams)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from ...differentiation.jacobian_tensor import Jacobian, derivative
from ...errors import UnsupportedError
from ...expressions.nodes import Expression, Variable, as_expression
from ...notation.alphabet import TEXT, Alphabet
from ...notation.closed_form import network_text
from ...notation.components import by_components
from ...notation.index import components
from ...notation.latex import LATEX
from ...notation.names import typeset
from ...notation.text import label
from ...notation.writer import ExpressionWriter
from .hues import hues_of
from .named_steps import Point, leaves_of, name_steps, points_of
from .scene import Derivative, Detail, Quantity, Role, Scene


@runtime_checkable
class HasLoss(Protocol):
    """A network of `networks`, seen from below."""

    @property
    def loss(self) -> Expression: ...

    @property
    def parameter_names(self) -> tuple[str, ...]: ...


def backpropagation(what: Any, detail: Detail) -> Scene:
    """The scene of `what`: an expression, or a network and its loss.

    Of a network the derivatives are by its parameters, of an expression by every variable.
    """
    if isinstance(what, HasLoss):
        root, parameters = what.loss, what.parameter_names
    elif not isinstance(what, Expression):
        raise UnsupportedError(f"draw takes an expression, a network or a Jacobian, got {type(what).__name__}")
    else:
        root, parameters = as_expression(what), None
    top = name_steps(root)
    points = points_of(top)
    leaves = leaves_of(points)
    wanted = [leaf for leaf in leaves if isinstance(leaf, Variable) and (parameters is None or leaf.name in parameters)]
    steps = _Writers([point.step for point in points])  # no name in them but those of what a step reads
    locals_ = _local(points, wanted, steps)
    needed = {one.wrt for one in locals_}
    inner = [point.node for point in reversed(points) if point.node.name in needed]
    whole = _Writers([top])
    itself, *total = (_shown(one, whole) for one in derivative(top, [top, *inner, *wanted]))
    locals_ = [_told_apart(one, total, points) for one in locals_]
    quantities = [_leaf(leaf, parameters) for leaf in leaves] + [_value(point, steps) for point in points]
    edges = tuple((str(use.name), point.node.name) for point in points for use in point.uses)
    notes = () if steps.text.sigma is None else (f"σ = {steps.text.sigma}",)
    symbol = typeset(top.name)
    title = f"Forward and backward pass of {symbol}"
    return Scene(
        title,
        tuple(quantities),
        edges,
        tuple(locals_),
        tuple(total),
        notes,
        _roles(what),
        detail,
        itself,
        hues_of([top]),
    )


class _Writers:
    """The same formulas as text and in LaTeX."""

    def __init__(self, roots: Sequence[Expression]) -> None:
        self.text = ExpressionWriter(roots)
        self.latex = ExpressionWriter(roots, LATEX)


def _roles(what: Any) -> tuple[tuple[str, str], ...]:
    """What the sizes of a network are, where they are all different."""
    sizes = getattr(what, "sizes", ())
    batch = getattr(what, "batch", None)
    names = ["input", *["hidden"] * (len(sizes) - 2), "output"] if len(sizes) > 1 else []
    pairs = [(str(size), name) for size, name in zip(sizes, names, strict=True)]
    pairs += [(str(batch), "batch")] if batch is not None else []
    return tuple(pairs) if len({size for size, _ in pairs}) == len(pairs) else ()


def _local(points: Sequence[Point], wanted: Sequence[Expression], writers: _Writers) -> list[Derivative]:
    """∂point/∂use for every use that a wanted leaf is below, or that is one."""
    found: list[Derivative] = []
    reached = {leaf.name for leaf in wanted}
    for point in points:
        uses = [use for use in point.uses if use.name in reached]
        if uses:
            reached.add(point.node.name)
            found += [_shown(one, writers) for one in derivative(point.step.named(point.node.name), uses)]
    return found


def _told_apart(one: Derivative, total: Sequence[Derivative], points: Sequence[Point]) -> Derivative:
    """A derivative along one arrow alone says what it holds fixed, where the same symbol is the one over all paths."""
    whole = [other for other in total if (other.of, other.wrt) == (one.of, one.wrt)]
    if not whole or whole[0].structure == one.structure:
        return one
    (uses,) = [point.uses for point in points if point.node.name == one.of]
    steps = {point.node.name for point in points}
    held = [use for use in uses if use.name in steps and use.name != one.wrt]
    of, wrt = (
        next(node for point in points for node in (point.node, *point.uses) if node.name == key)
        for key in (one.of, one.wrt)
    )
    return replace(one, symbol=_symbol(of, wrt, TEXT, held), latex=(_symbol(of, wrt, LATEX, held), one.latex[1]))


def _symbol(of: Expression, wrt: Expression, alphabet: Alphabet, held: Sequence[Expression] = ()) -> str:
    return alphabet.derivative(label(of, alphabet), label(wrt, alphabet), [label(one, alphabet) for one in held])


def _shown(jacobian: Jacobian, writers: _Writers) -> Derivative:
    terms = jacobian.chain.flat
    row = jacobian.numerator.ndim == 0 and jacobian.denominator.ndim == 1
    forms = []
    for writer in (writers.text, writers.latex):
        written = network_text(terms, jacobian.shape, writer, row) or components(map(by_components, terms), writer)
        forms.append(written[0])
    shape = jacobian.as_matrix().shape if jacobian.ndim == 1 else jacobian.shape
    of, wrt = jacobian.numerator, jacobian.denominator
    latex = (_symbol(of, wrt, LATEX), forms[1])
    return Derivative(str(of.name), str(wrt.name), _symbol(of, wrt, TEXT), forms[0], shape, jacobian.item, latex)


def _leaf(leaf: Expression, parameters: Sequence[str] | None) -> Quantity:
    role: Role = "parameter" if parameters is not None and leaf.name in parameters else "input"
    if not isinstance(leaf, Variable):
        role = "constant"
    name = str(leaf.name)
    return Quantity(name, typeset(name), "", leaf.shape, role)


def _value(point: Point, writers: _Writers) -> Quantity:
    name = point.node.name
    latex = (label(point.node, LATEX), writers.latex.atom(point.step)[0])
    return Quantity(name, typeset(name), writers.text.atom(point.step)[0], point.node.shape, "value", latex)
