"""Blocks: [W | b] side by side, [x; 1] one above the other (Proposition 2's W̃ and x̃)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ...errors import JacobiansError
from ...expressions.nodes import Expression
from ...functions.indexing import concatenate, expand_axes
from ...functions.operators import multiply, ones
from ...shapes.sizes import Size, add_sizes
from ..syntax import tree as t
from ..syntax.source_positions import shape_error
from .context import Context
from .elaborated import Part
from .values import Value, describe


def block(context: Context, node: t.Block) -> Part:
    """Blocks as one array: a column of columns and scalars is a column, a row of rows a row, all else a matrix.

    A scalar is one entry; a 0 beside others is a column of as many zeros as its line has rows.
    """
    spread = _spread(context, node)
    if spread is not None:
        try:
            part = _block(context, spread)
        except JacobiansError:  # its shapes do not fit as blocks: the lines are products
            pass
        else:
            context.note(
                f"{context.source(node.place)} has blocks side by side; [A | B] and [(A B)] tell them from products"
            )
            return part
    return _block(context, node)


def _spread(context: Context, node: t.Block) -> t.Block | None:
    """[A B; C D] as four blocks: every line one product of as many operands with spaces between them.

    None for other lines, and for products that are columns, as in [A x; B y].
    """
    lines: list[tuple[t.Node, ...]] = []
    for line in node.lines:
        product = line[0]
        if len(line) > 1 or not isinstance(product, t.Product) or any(product.operators):
            return None
        gaps = [context.text[one.place.end : other.place.start] for one, other in pairwise(product.factors)]
        as_many = not lines or len(product.factors) == len(lines[0])
        if not as_many or not all(gap and gap.isspace() for gap in gaps):
            return None
        lines.append(product.factors)
    nested = any(isinstance(one, t.Block) for line in node.lines for one in t.below(line[0]))  # each is read again
    if len(lines) < 2 or nested:
        return None
    try:
        if all(context.part(line[0]).value.rank == 1 for line in node.lines):
            return None
    except JacobiansError:
        pass
    return t.Block(node.place, tuple(lines))


def _block(context: Context, node: t.Block) -> Part:
    lines = [[context.part(one) for one in line] for line in node.lines]
    parts = [part for line in lines for part in line]
    for part in parts:
        if part.value.rank > 2 or part.value.entries is not None:
            shown = f"{context.source(part.place)} is {describe(part.value)}"
            raise shape_error(context.text, part.place, f"{shown}: a block is a scalar, a vector or a matrix")
    lines = _wide_zeros(lines)
    parts = [part for line in lines for part in line]
    _check(context, lines)
    if all(len(line) == 1 for line in lines) and all(not one.value.row and one.value.rank < 2 for one in parts):
        return Part(node.place, Value(concatenate([_vector(one.value) for one in parts])), tuple(parts))
    if len(lines) == 1 and all(one.value.row or one.value.rank == 0 for one in parts):
        return Part(node.place, Value(concatenate([_vector(one.value) for one in parts]), row=True), tuple(parts))
    rows = [concatenate([_table(part.value, _rows(line)) for part in line], 1) for line in lines]
    return Part(node.place, Value(concatenate(rows, 0)), tuple(parts))


def _wide_zeros(lines: list[list[Part]]) -> list[list[Part]]:
    """A 0 that is a line of its own is a row of as many zeros as the other lines have columns: [I_h; 0]."""
    width = next((_columns(line) for line in lines if len(line) > 1 or line[0].value.literal != 0.0), 1)
    if width == 1:
        return lines
    zeros = Value(multiply(0.0, ones((width,))), row=True)
    return [
        [replace(line[0], value=zeros)] if len(line) == 1 and line[0].value.literal == 0.0 else line for line in lines
    ]


def _vector(value: Value) -> Expression:
    """A vector, or a scalar as one."""
    if value.rank:
        return value.expression
    return multiply(value.literal, ones((1,))) if value.literal is not None else expand_axes(value.expression, [0])


def _shape(value: Value) -> tuple[Size, Size]:
    shape = value.shape
    return (shape[0], shape[1]) if len(shape) == 2 else (shape[0] if shape else 1, 1)


def _first(line: Sequence[Part]) -> Part:
    """The first block of a line that is no zero."""
    return next((part for part in line if part.value.literal != 0.0), line[0])


def _rows(line: Sequence[Part]) -> Size:
    return _shape(_first(line).value)[0]


def _columns(line: Sequence[Part]) -> Size:
    return add_sizes(*(_shape(part.value)[1] for part in line))


def _table(value: Value, rows: Size) -> Expression:
    """A value with two axes; zeros with as many rows as their line."""
    if value.literal == 0.0 and rows != 1:
        return multiply(0.0, ones((rows, 1)))
    whole = value.whole
    return expand_axes(whole, {0: [0, 1], 1: [1]}[whole.ndim]) if whole.ndim < 2 else whole


def _check(context: Context, lines: Sequence[Sequence[Part]]) -> None:
    """The blocks of a line have as many rows, and all lines as many columns."""
    for line in lines:
        first = _first(line)
        for part in line:
            if part.value.literal != 0.0 and _shape(part.value)[0] != _rows(line):
                raise shape_error(
                    context.text,
                    part.place,
                    f"{context.source(part.place)} is {describe(part.value)} beside "
                    f"{context.source(first.place)}, {describe(first.value)}: blocks side by side have as many rows",
                )
        if _columns(line) != _columns(lines[0]):
            place = line[0].place.to(line[-1].place)
            raise shape_error(
                context.text,
                place,
                f"{context.source(place)} has {_columns(line)} columns, and the blocks above it "
                f"{_columns(lines[0])}: lines of blocks have as many columns",
            )
