"""The parts of a text with their values: what elaboration makes, and what a shape report prints."""

from __future__ import annotations

from dataclasses import dataclass

from ...expressions.nodes import Expression
from ...functions.operators import network, square
from ...shapes.sizes import Size
from ..syntax import tree as t
from ..syntax.source_positions import Place
from .values import Value
from .vocabulary import Word


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text with its value; `squared` is what a norm is the root of, `arguments` what f(x) is given."""

    place: Place
    value: Value
    children: tuple[Part, ...] = ()
    squared: Expression | None = None
    arguments: tuple[Expression, ...] = ()
    declares: bool = False  # a statement that only declares, and has no value


@dataclass(slots=True)
class Item:
    """A factor of a product on its way: its operator, its operand, and what stands after it."""

    operator: str
    atom: t.Node
    postfixes: tuple[t.Postfix, ...]
    place: Place
    word: Word | None = None
    order: int = 0  # of the derivative of a function: the primes after its name


def identity_of(size: Size) -> Expression:
    """The identity of any size, numbers or symbols: a delta, nothing is stored."""
    return network([], [], (0, 0), {0: size})


def squares(a: Expression) -> Expression:
    """‖a‖²: the sum of the squares of all entries."""
    axes = tuple(range(a.ndim))
    return network([a, a], [axes, axes], ()) if axes else square(a)
