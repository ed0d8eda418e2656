"""Calls of functions, their derivatives σ′(z), and bars: norms and absolute values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...errors import JacobiansError, ShapeError
from ...expressions.nodes import Expression, Variable
from ...expressions.walks import substituted
from ...functions import determinants, elementwise
from ...functions.operators import multiply, ones
from ..syntax import tree as t
from ..syntax.source_positions import Place, parse_error, shape_error
from . import powers
from .context import Context
from .elaborated import Item, Part, squares
from .entries import mapped
from .naming_parts import unbraced
from .places import reshaped
from .values import Value, as_entries, describe, has_entries, of_entries
from .vocabulary import Word, words

#: Functions that are also functions of square matrices, by their series.
_OF_MATRICES = {"exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"}
#: The highest derivative of a function that primes may ask for.
MOST_PRIMES = 8


def call(context: Context, caller: Item, group: t.Group) -> Part:
    """A function of the arguments in brackets."""
    if caller.word is not None and caller.word.name == "reshape":
        return replace(reshaped(context, group), place=caller.place.to(group.place))
    arguments = [context.part(one) for one in group.parts]
    return applied(context, caller, caller.place.to(group.place), arguments)


def applied(context: Context, caller: Item, place: Place, arguments: Sequence[Part]) -> Part:
    """A function of arguments; `caller` has its word and the order of the derivative."""
    word = caller.word
    assert word is not None
    if not word.least <= len(arguments) <= word.most:
        count = f"{word.least}" if word.least == word.most else f"{word.least} to {word.most}"
        name = context.source(caller.place)
        raise shape_error(
            context.text, place, f"{name} takes {count} argument{'s' * (word.most > 1)}, got {len(arguments)}"
        )
    given = [context.step(one.value, _step_kind(word)) for one in arguments]
    try:
        if has_entries(*given):
            value = _of_entries(word, caller.order, given)
        elif caller.order:
            value = _primed(word, caller.order, given[0])
        elif word.entrywise:
            value = _entrywise(word, given)
            square = value.rank == 2 and value.shape[0] == value.shape[1]
            if square and len(given) == 1 and word.name in _OF_MATRICES:
                shown = context.source(place)
                context.note(f"{shown} goes entry by entry: it is not the {word.name} of the matrix as a series")
        else:
            built = word.build(*(one.expression for one in given))
            value = Value(built, word.keeps_rows and given[0].row)
    except JacobiansError as error:
        raise shape_error(context.text, place, str(error)) from None
    if word.function is not None and word.function.activation and not caller.order:
        value = context.step(value, "value")
    squared = squares(given[0].expression) if word.name == "norm" else None
    return Part(place, value, tuple(arguments), squared)


def after_name(context: Context, caller: Item, part: Part) -> Part:
    """What stands between a function and its argument: tanh²(z) is (tanh z)², log₂ x a logarithm, σ_i(z) an entry.

    f⁻¹ is the inverse function where it has a name, as arcsin has, and 1/f for a number that is made of a whole array.
    """
    word = caller.word
    assert word is not None
    for postfix in caller.postfixes:
        if word.name == "log" and not caller.order and postfix.kind == "subscript":
            base = context.part(postfix.body) if postfix.body is not None else part
            if base.value.rank or postfix.body is None:
                raise shape_error(context.text, postfix.place, "the base of a logarithm is a number")
            value = elementwise.divide(part.value.expression, elementwise.LOG(base.value.expression))
            part = Part(part.place, Value(value, part.value.row), part.children)
        elif _is_inverse(postfix):
            part = _inverse(context, caller, postfix, part)
        elif postfix.kind in ("prime", "label"):
            raise parse_error(
                context.text, postfix.place, f"{context.source(postfix.place)} after a power: put brackets around it"
            )
        else:
            part = powers.after(context, part, [postfix])
    return part


def _is_inverse(postfix: t.Postfix) -> bool:
    body = unbraced(postfix.body) if postfix.body is not None else None
    if isinstance(body, t.Sum) and len(body.parts) == 1:
        body = t.Signed(body.place, body.signs[0], body.parts[0])
    return (
        postfix.kind == "power"
        and isinstance(body, t.Signed)
        and body.sign < 0
        and isinstance(body.body, t.Number)
        and body.body.text == "1"
    )


def _inverse(context: Context, caller: Item, postfix: t.Postfix, part: Part) -> Part:
    """sin⁻¹ is arcsin, det⁻¹ is 1/det."""
    word = caller.word
    assert word is not None
    shown = context.source(caller.place)
    inverse = words().get(f"arc{word.name}") or words().get({"exp": "log", "log": "exp"}.get(word.name, ""))
    if word.entrywise:
        if inverse is None or caller.order or len(part.children) != 1:
            raise parse_error(
                context.text,
                postfix.place,
                f"{shown}: the inverse function, or 1 divided by it? Write 1/{word.name}(…)",
            )
        context.note(f"{shown} is the inverse function, {inverse.name}; 1/{word.name}(…) is its reciprocal")
        return applied(context, replace(caller, word=inverse, postfixes=()), part.place, part.children)
    if part.value.rank:
        return powers.after(context, part, [postfix])
    context.note(f"{shown} is 1/{word.name}")
    return Part(part.place, Value(elementwise.power(part.value.expression, -1.0)), part.children)


def _step_kind(word: Word) -> str:
    """What kind of step the argument of a function is."""
    if word.name in ("norm", "squared_norm", "half_squared_norm"):
        return "norm"
    activation = word.function is not None and word.function.activation
    return "argument" if activation or word.name in ("softmax", "cross_entropy") else ""


def _of_entries(word: Word, order: int, given: Sequence[Value]) -> Value:
    """σ(z_i), σ′(z_i), (x_i)²: an element-wise function of entries."""
    if not word.entrywise:
        raise ShapeError(
            f"{word.name} is of whole arrays, and here it is given an entry: ({word.name}(x))_i is an entry of it"
        )

    def function(*whole: Expression) -> Expression:
        return _primed(word, order, Value(whole[0])).expression if order else word.build(*whole)

    return of_entries(mapped(function, *(as_entries(one, "an argument") for one in given)))


def _entrywise(word: Word, given: Sequence[Value]) -> Value:
    shaped = [one for one in given if one.rank]
    for one in shaped[1:]:
        if one.shape != shaped[0].shape:
            raise ShapeError(
                f"{word.name} goes entry by entry, and its arguments are {describe(shaped[0])} and {describe(one)}: "
                "the shapes must be equal"
            )
    return Value(word.build(*(one.expression for one in given)), any(one.row for one in given))


def _primed(word: Word, order: int, given: Value) -> Value:
    """f′(z), f″(z), …, entry by entry."""
    if word.function is None or word.most > 1:
        raise ShapeError(
            f"{word.name}′: a prime is the derivative of an element-wise function of one argument; write "
            f"∂{word.name}(x)/∂x"
        )
    if order > MOST_PRIMES:
        raise ShapeError(f"a derivative of order {order}; at most {MOST_PRIMES} primes are read")
    z = given.expression
    if word.function.activation:
        return Value(elementwise.prime(word.function, order, z), given.row)
    at = Variable.of("at", z.shape)
    result: Expression = word.function(at)
    for _ in range(order):
        result = elementwise.pointwise_derivative(result, at, {})
    return Value(multiply(substituted(result, {at: z}), ones(z.shape)), given.row)


def bars(context: Context, node: t.Bars) -> Part:
    """‖x‖ and |x|."""
    body = context.part(node.body)
    value = context.step(body.value, "norm") if node.kind == "norm" else body.value
    if has_entries(value):
        if node.kind == "norm":
            raise shape_error(context.text, node.place, "a norm is of a whole array, and this is an entry")
        return Part(node.place, of_entries(mapped(elementwise.ABS, as_entries(value))), (body,))
    if node.kind == "absolute":
        if value.rank == 2 and not value.row and value.shape[0] == value.shape[1]:
            context.note(f"{context.source(node.place)} is the determinant; entry by entry it is abs(…)")
            try:
                return Part(node.place, Value(determinants.determinant(value.expression)), (body,))
            except JacobiansError as error:
                raise shape_error(context.text, node.place, str(error)) from None
        return Part(node.place, Value(elementwise.ABS(value.expression), value.row), (body,))
    if value.rank == 2 and not value.row:
        context.note(f"{context.source(node.place)} is the Frobenius norm")
    norm = elementwise.SQRT(squares(value.expression)) if value.rank else elementwise.ABS(value.expression)
    return Part(node.place, Value(norm), (body,), squares(value.expression))


def root(context: Context, node: t.Root) -> Part:
    """√x, entry by entry."""
    body = context.part(node.body)
    if has_entries(body.value):
        return Part(node.place, of_entries(mapped(elementwise.SQRT, as_entries(body.value))), (body,))
    return Part(node.place, Value(elementwise.SQRT(body.value.expression), body.value.row), (body,))
