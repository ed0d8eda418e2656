"""The derivative of a text as it prints: the chain, the closed form, index notation, LaTeX, NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...compiler.compiling import compile  # noqa: A004 - the name is the field's
from ...differentiation.jacobian_tensor import Jacobian, derivative
from ...errors import NamingError
from ...expressions.nodes import Expression, Named
from ...expressions.walks import walk
from ...notation.names import typeset
from ...notation.text import describe, label
from ...shapes.columns import aligned, wrapped
from ...shapes.sizes import show_shape
from ..entry import Reading
from ..meaning.differentials import in_layout
from ..meaning.step_names import StepNames
from ..meaning.values import Chain
from .random_points import bound_sizes

#: Nothing but code and LaTeX is wider than this.
WIDEST = 80


def top(reading: Reading) -> Expression:
    """What is derived, under a name: the one it was given, or ℓ for a scalar and y for anything else."""
    whole = reading.part.value.whole
    if whole.name is not None:
        return whole
    steps = reading.elaborator.steps or StepNames(reading.elaborator.is_known)
    return steps.named(whole, "top" if whole.ndim else "scalar")


def forward_lines(reading: Reading) -> list[str]:
    """The steps, the last first, each with its shape; and the notes of the reading."""
    named = [node for node in walk([top(reading)]) if isinstance(node, Named)]
    rows = [(f"{typeset(node.name)} = {describe(node.body)}", show_shape(node.shape)) for node in reversed(named)]
    return [*(aligned(rows) if rows else []), *(f"note: {note}" for note in reading.notes)]


def derivations(
    reading: Reading, names: Sequence[str], sizes: Mapping[str, int], layout: str = "numerator"
) -> list[str]:
    """The derivative with respect to each of `names`, in `layout`.

    `sizes` are for the code, and small primes stand for those not given.
    """
    y = top(reading)
    lines: list[str] = []
    for name in names:
        jacobian = derivative(y, denominator(reading, name))
        lines += ["", *(_one(jacobian, sizes) if layout == "numerator" else _in_layout(jacobian, sizes, layout))]
    return lines


def denominator(reading: Reading, name: str) -> Expression:
    """What a name of the text stands for; one that is not there is a `NamingError` that lists those that are."""
    x = reading.elaborator.lookup(name)
    if x is None:
        known = [*reading.elaborator.declarations.names, *(typeset(step.name) for step in _named_below(top(reading)))]
        raise NamingError(f"--wrt {name}: no such name is declared or defined; the names are {', '.join(known)}")
    return x.expression


def _named_below(y: Expression) -> Iterable[Named]:
    return (node for node in walk([y]) if isinstance(node, Named))


def _one(jacobian: Jacobian, sizes: Mapping[str, int]) -> list[str]:
    factors = jacobian.factors
    title = f"{jacobian.symbol} = {' · '.join(factor.symbol for factor in factors)}"
    lines = wrapped(title, "", "    ") if len(factors) > 1 else [jacobian.symbol]
    if len(factors) > 1:
        heading = [("factor", "shape", "item", "structure")]
        rows = [_factor_row(factor, factor.symbol) for factor in factors]
        lines += aligned([*heading, *rows, _factor_row(jacobian, "product")], indent="  ")
    closed = jacobian.matrix_notation()
    item = f", item {jacobian.item}" if jacobian.item else ""
    operands = "; ".join(", ".join(map(label, term)) for term in jacobian.operands)
    wanted = {
        "shape": f"{show_shape(_matrix_shape(jacobian))}{item}",
        "closed form": closed or "none: the components below are all there is",
        "components": jacobian.index_notation(),
        "einsum": jacobian.einsum + (f"  over {operands}" if operands else ""),
        "LaTeX": jacobian.latex(),
    }
    lines += [line for name, text in wanted.items() for line in wrapped(text, f"  {name}".ljust(15), " " * 15)]
    return [*lines, *_code(jacobian, [jacobian.numerator, jacobian.denominator], sizes)]


def _in_layout(jacobian: Jacobian, sizes: Mapping[str, int], layout: str) -> list[str]:
    """The derivative in another layout than the one it is made in: its shape, its closed form, and its code."""
    value = in_layout(jacobian.expression, Chain(jacobian.numerator, jacobian.denominator, layout))
    wanted = {
        "shape": show_shape(value.shape),
        "closed form": describe(value.whole),
        "LaTeX": value.whole.latex(),
    }
    lines = [f"{jacobian.symbol} in {layout} layout"]
    lines += [line for name, text in wanted.items() for line in wrapped(text, f"  {name}".ljust(15), " " * 15)]
    return [*lines, *_code(value.expression, [jacobian.numerator, jacobian.denominator], sizes)]


def _code(item: Expression | Jacobian, sized: Sequence[Expression], sizes: Mapping[str, int]) -> list[str]:
    """NumPy code, and the sizes that it is for: those of `sizes`, and small primes for the others."""
    bound = bound_sizes(walk(sized), sizes)
    shown = ", ".join(f"{name} = {value}" for name, value in bound.items())
    source = compile(item, sizes=bound).source
    title = f"  NumPy{f', for {shown}' if shown else ''}"
    return [title, *(f"    {line}".rstrip() for line in source.rstrip().splitlines())]


def _matrix_shape(jacobian: Jacobian) -> Sequence[int | str]:
    return jacobian.as_matrix().shape if jacobian.ndim == 1 else jacobian.shape


def _factor_row(factor: Jacobian, name: str) -> tuple[str, ...]:
    structure = factor.matrix_notation() or factor.index_notation().partition(" = ")[2]
    return (name, show_shape(_matrix_shape(factor)), factor.item or "–", structure)
