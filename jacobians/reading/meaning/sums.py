"""Parts between operators, which tell each other their shapes: sums, and the products ⊙, ⊗ and :."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ...expressions.array_protocol import FUNCTIONS
from ...shapes.sizes import Shape
from ..syntax import tree as t
from ..syntax.source_positions import UndeterminedError, shape_error
from . import unsized, values
from .context import Context
from .elaborated import Part
from .values import Value


def alike(context: Context, nodes: Sequence[t.Node], expected: Shape | None) -> list[Part]:
    """Parts of one shape: what one of them does not say of its size, another may."""
    found: list[Part | None] = []
    failed: UndeterminedError | None = None
    for node in nodes:
        try:
            found.append(context.part(node, expected))
        except UndeterminedError as error:
            found.append(None)
            failed = error
    shape = next((part.value.shape for part in found if part is not None and part.value.rank), None)
    table = next((part.value.shape for part in found if part is not None and part.value.rank == 2), None)
    for place, (node, part) in enumerate(zip(nodes, found, strict=True)):
        if table is not None and part is not None and part.value.rank == 1 and _starts_with_one(node):
            again = context.part(node, table)  # the 1 bᵀ of X W + 1 bᵀ
            found[place] = again if again.value.shape == table else part
    if failed is not None and (shape is None or shape == expected):
        raise failed
    return [context.part(node, shape) if part is None else part for node, part in zip(nodes, found, strict=True)]


def sum_of(context: Context, node: t.Sum, expected: Shape | None) -> Part:
    """a + b − c; a number is added to every entry."""
    parts = alike(context, node.parts, expected)
    shaped = [part for part in parts if part.value.rank]
    if values.has_entries(*(part.value for part in parts)) and shaped:
        shown = f"{context.source(shaped[0].place)} is {values.describe(shaped[0].value)}"
        raise shape_error(context.text, shaped[0].place, f"{shown} among entries: give it its indices")
    for part in shaped[1:]:
        first = shaped[0]
        if part.value.shape != first.value.shape:
            context.failed = tuple(parts)
            given = [f"{context.source(one.place)} is {values.describe(one.value)}" for one in (first, part)]
            raise shape_error(context.text, part.place, f"{' and '.join(given)}: the parts of a sum have one shape")
    for part in parts:
        if shaped and not part.value.rank:
            context.note(f"{context.source(part.place)} is a scalar, added to every entry")
    return Part(node.place, values.total([part.value for part in parts], node.signs), tuple(parts))


def box_of(context: Context, node: t.Box, expected: Shape | None) -> Part:
    """a ⊙ b, a ⊗ b and A : B, from left to right."""
    kinds: dict[str, Callable[[Value, Value], Value]] = {"⊗": partial(_boxed, context), ":": values.inner}
    functions = [kinds.get(operator, values.entrywise) for operator in node.operators]
    if "⊗" not in node.operators:
        return context.combined(alike(context, node.parts, expected), functions)
    axes = expected if expected is not None and len(expected) == 3 and len(node.parts) == 2 else None
    parts = [
        unsized.beside_tensor(context, context.part(one, axes), axes, place) for place, one in enumerate(node.parts)
    ]
    return context.combined(parts, functions)


def _boxed(context: Context, a: Value, b: Value) -> Value:
    """a ⊗ b; of two matrices, which have no tensor of rank 3 in the notes, the Kronecker product."""
    if a.rank == b.rank == 2 and not a.row and not b.row and not values.has_entries(a, b):
        context.note("⊗ of two matrices is the Kronecker product; of a vector and a matrix it is that of items 6 and 7")
        return Value(FUNCTIONS[np.kron](a.expression, b.expression))
    if a.rank == b.rank == 1 and a.shape == b.shape:
        context.note("⊗ of two vectors is the tensor product of item 6; the product entry by entry is ⊙")
    return values.boxed(a, b)


def _starts_with_one(node: t.Node) -> bool:
    first = node.factors[0] if isinstance(node, t.Product) else node
    return isinstance(first, t.Number) and first.text == "1"
