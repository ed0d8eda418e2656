"""NumPy source for single statements, given the texts of their operands."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import lru_cache, singledispatch
from typing import Any

import numpy as np

from ...expressions.nodes import Function
from ...functions.elementwise import WHERE
from ...shapes.letters import lettered
from ...shapes.sizes import Shape
from .. import operations as op
from ..program import Statement
from .numpy_products import Level, Operand, Text, aligned, expanded, product_text, transposed

DOUBLE = np.dtype(np.float64)
_UFUNCS = {"{0} / {1}": np.divide, "{0} * {1}": np.multiply, "{0} ** {1}": np.power, "1.0 / {0}": np.reciprocal}

#: What stands for an operand; for a constant, its name.
Texts = Callable[[Statement | op.Stored], Text]


def literal(value: float | list[Any]) -> str:
    """A number, or nested lists of them, as source: `np.inf` and `np.nan` where Python's own text is a bare name.

    >>> literal([1.0, [float("inf"), -float("inf")]])
    '[1.0, [np.inf, -np.inf]]'
    """
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    text = repr(value)
    return text.replace("inf", "np.inf") if "inf" in text else text.replace("nan", "np.nan")


@lru_cache(maxsize=1024)
def function_level(template: str) -> Level:
    """How tightly the source of a function holds together."""
    tree = ast.parse(template.format(*"abcdefgh"), mode="eval").body
    if isinstance(tree, ast.BinOp):
        return Level.SUM if isinstance(tree.op, (ast.Add, ast.Sub)) else Level.PRODUCT
    return Level.ATOM if isinstance(tree, (ast.Call, ast.Name, ast.Subscript)) else Level.SUM


@lru_cache(maxsize=1024)
def is_argument(template: str, place: int) -> bool:
    """Whether the source of a function mentions an operand as an argument of calls alone: it needs no parentheses."""
    name = "abcdefgh"[place]
    nodes = list(ast.walk(ast.parse(template.format(*"abcdefgh"), mode="eval")))
    arguments = [arg for node in nodes if isinstance(node, ast.Call) for arg in node.args]
    mentioned, passed = (
        sum(isinstance(node, ast.Name) and node.id == name for node in some) for some in (nodes, arguments)
    )
    return mentioned == passed


def filled(template: str, parts: Sequence[Text]) -> str:
    """The source of a function with its operands, in parentheses where they need them."""
    texts = [part.text if is_argument(template, place) else part.atom for place, part in enumerate(parts)]
    return template.format(*texts)


@lru_cache(maxsize=1024)
def ufunc_of(template: str) -> Any:
    """The ufunc of NumPy that a template calls, if it calls one with all its arguments in order and nothing else."""
    found = _UFUNCS.get(template) or getattr(np, template.removeprefix("np.").partition("(")[0], None)
    if not isinstance(found, np.ufunc):
        return None
    places = ", ".join(f"{{{k}}}" for k in range(found.nin))
    return found if template in _UFUNCS or template == f"np.{found.__name__}({places})" else None


def writes_by_entry(operation: op.Apply) -> bool:
    """Whether a function is a ufunc that gives floats for floats, and so takes a place for its result."""
    found = ufunc_of(operation.function.template)
    return found is not None and ("d->d" in found.types or "dd->d" in found.types)


def is_in_c_order(statement: Statement) -> bool:
    """Whether the result of a statement is surely stored in C order."""
    operation = statement.operation
    if isinstance(operation, op.Product):
        return len(operation.left) == len(operation.right) == 1 and len(operation.result) == 2
    return isinstance(operation, (op.Fill, op.Spread, op.Scatter))


def dtype_option(statement: Statement) -> str:
    """The option that says the dtype, where it is not NumPy's default."""
    return "" if statement.dtype in (None, DOUBLE) else f", dtype=np.{statement.dtype}"


@singledispatch
def expression(operation: op.Operation, statement: Statement, texts: Texts) -> Text:
    """The source of what a statement computes."""
    raise NotImplementedError(type(operation).__name__)


@expression.register
def _number(operation: op.Number, statement: Statement, texts: Texts) -> Text:
    text = literal(operation.value)
    return Text(text, Level.SUM if text.startswith("-") else Level.ATOM)


@expression.register
def _apply(operation: op.Apply, statement: Statement, texts: Texts) -> Text:
    template = operation.function.template
    parts = [texts(one) for one in statement.operands]
    if (
        operation.function is WHERE
        and statement.dtype != DOUBLE
        and all(isinstance(one.operation, op.Number) for one in statement.operands[1:])
    ):  # of two numbers NumPy makes its default dtype
        parts[1] = Text(f"np.{statement.dtype}({parts[1].text})")
    return Text(filled(template, parts), function_level(template))


@expression.register
def _cast(operation: op.Cast, statement: Statement, texts: Texts) -> Text:
    (body,) = map(texts, statement.operands)
    if statement.dtype == DOUBLE:
        return Text(f"1.0 * {body.within(Level.UNARY)}", Level.PRODUCT)
    return Text(f"{body.atom}.astype(np.{statement.dtype})")


@expression.register
def _call(operation: op.Call, statement: Statement, texts: Texts) -> Text:
    return Text(filled(operation.rule.template, [texts(one) for one in statement.operands]))


@expression.register
def _sum(operation: op.Sum, statement: Statement, texts: Texts) -> Text:
    total = ""
    for sign, operand in zip(operation.signs, statement.operands, strict=True):
        part = texts(operand)
        if not total:
            total = part.text if sign == 1 else f"-{part.atom}"
        else:
            total += f" {'+' if sign == 1 else '-'} {part.within(Level.PRODUCT)}"
    return Text(total, Level.SUM)


@expression.register
def _scale(operation: op.Scale, statement: Statement, texts: Texts) -> Text:
    part = texts(statement.operands[0])
    if operation.factor == -1.0:
        return Text(f"-{part.atom}", Level.UNARY)
    return Text(f"{literal(operation.factor)} * {part.within(Level.UNARY)}", Level.PRODUCT)


@expression.register
def _product(operation: op.Product, statement: Statement, texts: Texts) -> Text:
    groups = (operation.left, operation.right)
    correlated = _correlated(operation, statement, texts)
    if correlated is not None:
        return correlated
    a, b = (_untransposed(one, group, texts) for one, group in zip(statement.operands, groups, strict=True))
    return product_text(a, b, operation.result, sizes_of(statement))


def _correlated(operation: op.Product, statement: Statement, texts: Texts) -> Text | None:
    """The windows of a vector times a vector: a correlation, which copies no windows."""
    pairs = list(zip(statement.operands, (operation.left, operation.right), strict=True))
    for (windows, own), (kernel, other) in (pairs, pairs[::-1]):
        if isinstance(windows.operation, op.SlidingWindows) and len(own) == 2 and len(other) == 1:
            body = windows.operands[0]
            if other[0] in own and operation.result == tuple(index for index in own if index != other[0]):
                return Text(f"np.correlate({texts(body).text}, {texts(kernel).text})")
    return None


def _untransposed(operand: Statement, indices: op.Indices, texts: Texts) -> Operand:
    """An operand as it is stored: a product sees to the order of axes itself."""
    if not isinstance(operand.operation, op.Transpose):
        return Operand(texts(operand), indices)
    axes = operand.operation.axes
    stored = tuple(indices[axes.index(axis)] for axis in range(len(axes)))
    return Operand(texts(operand.operands[0]), stored)


def sizes_of(product: Statement) -> dict[int, int]:
    """The sizes of the indices of a product."""
    assert isinstance(product.operation, op.Product)
    left, right = product.operands
    return {
        **dict(zip(product.operation.left, left.shape, strict=True)),
        **dict(zip(product.operation.right, right.shape, strict=True)),
    }


@expression.register
def _reduce(operation: op.Reduce, statement: Statement, texts: Texts) -> Text:
    (body,) = map(texts, statement.operands)
    own, kept = operation.indices, operation.kept
    axes = tuple(place for place, index in enumerate(own) if index not in kept)
    if len(set(own)) == len(own) and kept == tuple(index for index in own if index in kept):
        axis = f"axis={axes[0] if len(axes) == 1 else axes}" if len(axes) < len(own) else ""
        return Text(f"{body.atom}.sum({axis})")
    return _einsum_of_one(own, kept, body)


@expression.register
def _diagonal(operation: op.Diagonal, statement: Statement, texts: Texts) -> Text:
    return _einsum_of_one(operation.indices, operation.kept, texts(statement.operands[0]))


def _einsum_of_one(own: op.Indices, kept: op.Indices, body: Text) -> Text:
    before, after = lettered([own, kept])
    return Text(f"np.einsum('{before}->{after}', {body.text})")


@expression.register
def _fill(operation: op.Fill, statement: Statement, texts: Texts) -> Text:
    option = dtype_option(statement)
    if operation.value == 0.0:
        return Text(f"np.zeros({statement.shape}{option})")
    return Text(f"np.full({statement.shape}, {literal(operation.value)}{option})")


@expression.register
def _eye(operation: op.Eye, statement: Statement, texts: Texts) -> Text:
    return Text(f"np.eye({statement.shape[0]}{dtype_option(statement)})")


@expression.register
def _spread(operation: op.Spread, statement: Statement, texts: Texts) -> Text:
    return Text(f"np.broadcast_to({texts(statement.operands[0]).text}, {statement.shape}).copy()")


@expression.register
def _copy(operation: op.Copy, statement: Statement, texts: Texts) -> Text:
    (value,) = statement.operands
    option = "" if value.dtype == statement.dtype else dtype_option(statement)
    return Text(f"np.array({texts(value).text}{option})")


@expression.register
def _concatenate(operation: op.Concatenate, statement: Statement, texts: Texts) -> Text:
    parts = ", ".join(texts(one).text for one in statement.operands)
    return Text(f"np.concatenate(({parts}), axis={operation.axis})")


@expression.register
def _cumulate(operation: op.Cumulate, statement: Statement, texts: Texts) -> Text:
    body = texts(statement.operands[0])
    if not operation.backward:
        return Text(f"np.cumsum({body.text}, axis={operation.axis})")
    turned = f"[{', '.join([':'] * operation.axis + ['::-1'])}]"
    return Text(f"np.cumsum({body.atom}{turned}, axis={operation.axis}){turned}")


@expression.register
def _triangle(operation: op.Triangle, statement: Statement, texts: Texts) -> Text:
    return Text(f"np.tri({statement.shape[0]}{dtype_option(statement)})")


@expression.register
def _windows(operation: op.SlidingWindows, statement: Statement, texts: Texts) -> Text:
    (body,) = statement.operands
    text = f"np.lib.stride_tricks.sliding_window_view({texts(body).text}, {operation.width}, axis={operation.axis})"
    if operation.axis == len(body.shape) - 1:
        return Text(text)
    order = [*range(len(body.shape)), len(body.shape)]
    order.insert(operation.axis + 1, order.pop())
    return Text(f"{text}.transpose({tuple(order)})")


@expression.register
def _roll(operation: op.Roll, statement: Statement, texts: Texts) -> Text:
    return Text(f"np.roll({texts(statement.operands[0]).text}, {operation.shift}, axis={operation.axis})")


@expression.register
def _transpose(operation: op.Transpose, statement: Statement, texts: Texts) -> Text:
    return transposed(texts(statement.operands[0]), operation.axes)


@expression.register
def _expand(operation: op.Expand, statement: Statement, texts: Texts) -> Text:
    return expanded(texts(statement.operands[0]), operation.present)


@expression.register(op.Reshape)
@expression.register(op.Slice)
@expression.register(op.Gather)
def _picked(operation: op.Operation, statement: Statement, texts: Texts) -> Text:
    (body,) = statement.operands
    return Text(viewed(operation, texts(body).atom, body.shape, statement.shape, texts))


def viewed(operation: op.Operation, body: str, before: Shape, shape: Shape, texts: Texts) -> str:
    """The source of a view of `body`, from shape `before` to `shape`."""
    if isinstance(operation, op.Reshape):
        return f"{body}.reshape({shape})"
    if isinstance(operation, op.Diagonal):
        return _einsum_of_one(operation.indices, operation.kept, Text(body)).text
    if isinstance(operation, op.Slice):
        whole = before[operation.axis]
        assert isinstance(whole, int)
        entries = span(operation.start, operation.length, whole, operation.step)
    else:
        assert isinstance(operation, op.Gather)
        entries = texts(operation.places).text
    return f"{body}[{', '.join([':'] * operation.axis + [entries])}]"


def span(start: int, length: int, whole: int, step: int = 1) -> str:
    """A slice of `length` entries from `start` on, of an axis of `whole`."""
    stop = start + step * length
    if step > 0:
        return f"{start or ''}:{'' if stop >= whole else stop}" + (f":{step}" if step != 1 else "")
    return f"{'' if start == whole - 1 else start}:{'' if stop < 0 else stop}:{step}"


def written_over(statement: Statement, place: Statement, texts: Texts) -> str:
    """The source of an element-wise statement whose result goes where an operand is."""
    operation, operands = statement.operation, statement.operands
    if isinstance(operation, op.Product):
        groups = (operation.left, operation.right)
        pair = [_untransposed(one, group, texts) for one, group in zip(operands, groups, strict=True)]
        parts = [aligned(one, operation.result).text for one in pair]
        return _call_into("multiply", parts, parts[operands.index(place)])
    parts = [texts(one).text for one in operands]
    out = parts[operands.index(place)]
    if isinstance(operation, op.Apply):
        return _call_into(ufunc_of(operation.function.template).__name__, parts, out)
    if isinstance(operation, op.Scale):
        if operation.factor == -1.0:
            return _call_into("negative", parts, out)
        return _call_into("multiply", [literal(operation.factor), *parts], out)
    assert isinstance(operation, op.Sum)
    total = parts[0] if operation.signs[0] == 1 else f"np.negative({parts[0]}, out={out})"
    for sign, part in zip(operation.signs[1:], parts[1:], strict=True):
        total = _call_into("add" if sign == 1 else "subtract", [total, part], out)
    return total


def _call_into(name: str, parts: Sequence[str], out: str) -> str:
    return f"np.{name}({', '.join(parts)}, out={out})"


def mentions(statement: Statement, place: int) -> int:
    """How often the text of a statement mentions an operand."""
    operation = statement.operation
    if isinstance(operation, op.Apply):
        return operation.function.template.count(f"{{{place}}}")
    if isinstance(operation, op.Call):
        return operation.rule.template.count(f"{{{place}}}")
    return 1


def weight(statement: Statement) -> int:
    """How many operations the text of a statement shows."""
    operation = statement.operation
    return _weight_of(operation.function) if isinstance(operation, op.Apply) else 1


def _weight_of(function: Function) -> int:
    return 1 if len(function.template) < 24 else 4
