"""What there is to say about a Jacobian, said once: for the page, and for whoever draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...compiler.binding import needed_names
from ...differentiation.jacobian_tensor import Jacobian
from ...expressions.nodes import Array, Expression
from ...notation.text import label
from ...shapes.formatting import show_bytes
from ...shapes.sizes import Shape, Size, add_sizes, multiply_sizes
from .scene import Derivative, size_text
from .support import count, repeated, support

#: Values are worked out for a page only up to so many entries.
MOST_VALUES = 1 << 16


@dataclass(frozen=True)
class Axis:
    """An axis of a Jacobian: its size, and what of which quantity it counts."""

    size: Size
    role: str  # "entries of z", "columns of W"
    of_numerator: bool


@dataclass(frozen=True)
class Values:
    """The entries, and which of them can be other than zero."""

    array: Array
    support: Array


@dataclass(frozen=True)
class Card:
    """A Jacobian: names, axes, structure, what it takes, the factors of its chain, and values if it has any."""

    symbol: str
    structure: str
    latex: str
    axes: tuple[Axis, ...]
    item: str | None
    einsum: str
    operands: tuple[str, ...]
    nonzero: str
    memory: str
    chain: tuple[Derivative, ...]
    values: Values | None

    @property
    def shape(self) -> Shape:
        return tuple(axis.size for axis in self.axes)


def card(jacobian: Jacobian) -> Card:
    """Everything about `jacobian` that a page shows."""
    factors = jacobian.factors
    return Card(
        jacobian.symbol,
        structure(jacobian),
        jacobian.latex(),
        axes(jacobian),
        jacobian.item,
        jacobian.einsum,
        tuple(dict.fromkeys(label(operand) for term in jacobian.operands for operand in term)),
        _nonzero(jacobian),
        _memory(jacobian),
        tuple(map(derivative_of, factors)) if len(factors) > 1 else (),
        _values(jacobian),
    )


def structure(jacobian: Jacobian) -> str:
    """The closed form, or the components where there is none."""
    return jacobian.matrix_notation() or jacobian.index_notation().partition(" = ")[2]


def derivative_of(jacobian: Jacobian) -> Derivative:
    """A Jacobian in the words of a scene."""
    shape = jacobian.as_matrix().shape if jacobian.ndim == 1 else jacobian.shape
    of, wrt = label(jacobian.numerator), label(jacobian.denominator)
    return Derivative(of, wrt, jacobian.symbol, structure(jacobian), shape, jacobian.item)


def axes(jacobian: Jacobian) -> tuple[Axis, ...]:
    """The axes in numerator layout: the numerator's, and then the denominator's, reversed."""
    of = [Axis(size, role, True) for size, role in _roles(jacobian.numerator)]
    wrt = [Axis(size, role, False) for size, role in _roles(jacobian.denominator)]
    return (*of, *reversed(wrt))


def _roles(node: Expression) -> list[tuple[Size, str]]:
    names = {1: ["entries"], 2: ["rows", "columns"]}.get(node.ndim, [f"axis {axis}" for axis in range(node.ndim)])
    return [(size, f"{name} of {label(node)}") for size, name in zip(node.shape, names, strict=True)]


def polynomial(size: Size) -> str:
    """A number of entries as it prints: `2·h·h − h`."""
    text = size_text(size).replace("*", "·")
    return text[:1] + text[1:].replace("+", " + ").replace("-", " − ")


def _nonzero(jacobian: Jacobian) -> str:
    found, total = count(jacobian.chain.flat, jacobian.shape), multiply_sizes(jacobian.shape)
    if found is None:
        return f"at most {polynomial(total)} entries are not zero"
    if found == total:
        return f"no entry is zero by structure ({polynomial(total)})"
    share = ""
    if isinstance(found, int) and isinstance(total, int):
        share = f", {100 * found / total:.3g} %"
    elif (apart := repeated(jacobian.chain.flat, jacobian.shape)) is not None:
        share = f", 1 in {polynomial(apart)}"
    return f"{polynomial(found)} of {polynomial(total)} entries can be other than zero{share}"


def _memory(jacobian: Jacobian) -> str:
    operands = {one.serial: one for term in jacobian.chain.reverse for one in term.operands}
    dense = multiply_sizes(jacobian.shape)
    stored = add_sizes(*(multiply_sizes(one.shape) for one in operands.values())) if operands else 0
    return f"{_bytes(dense)} written out, {_bytes(stored)} stored"


def _bytes(entries: Size) -> str:
    if isinstance(entries, int):
        return show_bytes(8 * entries)
    text = polynomial(entries)
    return f"8 ({text}) bytes" if " " in text else f"8·{text} bytes"


def _values(jacobian: Jacobian) -> Values | None:
    """The values of a Jacobian that needs none from outside."""
    if needed_names([jacobian.chain.needed("reverse")], frozenset()):
        return None
    sizes: list[Any] = list(jacobian.shape)
    if not all(isinstance(size, int) for size in sizes) or np.prod(sizes, dtype=float) > MOST_VALUES:
        return None
    return Values(jacobian.evaluate({}), support(jacobian.chain.flat, jacobian.shape, {}))
