"""What is said between formulas."""

from __future__ import annotations

from ..expressions.nodes import Expression
from ..shapes.layout import derivative_item
from ..shapes.sizes import Shape
from .formulas import Dimensions, OwnDerivative, Quantity, Space, Written
from .steps import Prose

#: Reasons for a line, by what the local derivations call them.
REASONS: dict[str, str | Written] = {
    "definition": "definition",
    "constant": "constants drop out",
    "sum": "",
    "entry by entry": "entry by entry",
    "linearity": "linearity",
    "product rule": "product rule",
    "quotient rule": "quotient rule",
    "power rule": "power rule",
    "delta": OwnDerivative(),
    "delta gone": "the delta eliminated",
    "exponential": "exp is its own derivative",
    "logsumexp": "the rule of logsumexp",
    "chain rule": "chain rule",
}

#: How the other layouts are introduced.
INTRODUCTIONS = {
    "denominator": "Denominator layout, all axes reversed, ",
    "ad": "The layout of JAX and PyTorch, axes of both as they are, ",
    "vec": "Magnus and Neudecker's, a matrix of stacked columns, ",
}


def kind(node: Expression) -> Prose:
    """A quantity as it is introduced: the vector z in R^h."""
    kinds = {0: "the scalar ", 1: "the vector ", 2: "the matrix "}
    text: Prose = (kinds.get(node.ndim, "the tensor "), Quantity(node))
    return (*text, " in ", Space(node.shape)) if node.shape else text


def shape_words(of: Expression, by: Expression) -> Prose:
    """What a derivative is, the item that gives its layout, and its shape."""
    item = derivative_item(of.shape, by.shape)
    kinds = {0: "scalar", 1: "vector", 2: "matrix"}
    what = f"a {kinds.get(of.ndim, 'tensor')} with respect to a {kinds.get(by.ndim, 'tensor')}"
    cited = f" (item {item})" if item else " (as items 1 to 4)"
    return (f", {what}{cited}, is ", Dimensions(as_matrix(of, by)))


def as_matrix(of: Expression, by: Expression) -> Shape:
    """The shape as the notes have it: with respect to a vector a scalar is a row, with respect to a scalar a column."""
    shape = (*of.shape, *by.shape[::-1])
    if of.ndim + by.ndim == 1:
        return (1, *shape) if by.ndim else (*shape, 1)
    return shape
