"""Calls of the functions that a text names: f(x) := …, and arbitrary smooth ones, L = L(z), f : ℝ^n → ℝ."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from ...errors import ShapeError
from ...expressions.nodes import Expression, Named, Variable
from ...expressions.walks import substituted, walk
from ...shapes.sizes import Shape, show_shape
from ..syntax import tree as t
from ..syntax.source_positions import Place, parse_error, shape_error, undetermined
from ..syntax.spelling import key
from . import differentials, subscripts
from .context import Context
from .elaborated import Item, Part
from .naming_parts import bare_names, spellings
from .smooth_functions import NamedFunction, applied_to_each, arbitrary, with_facts
from .values import Value, describe
from .vocabulary import find, words

#: Calls within calls of functions that a text defines.
DEEPEST_CALL = 20
#: Calls of functions that a text defines: f(t) := g(t) + g(t), g(t) := h(t) + h(t), … doubles with every line.
MOST_CALLS = 500


def call_of(context: Context, caller: Item, group: t.Group, expected: Shape | None) -> Part | None:
    """f(x) for a function of the text, and J(w) for a J that is defined and depends on w; None for a product."""
    if group.bracket not in ("(", "{{", "[") or caller.word is not None:
        return None
    place = caller.place.to(group.place)
    for raw, count in spellings(caller.atom, caller.postfixes):
        name = key(raw)
        order = sum(one.kind == "prime" for one in caller.postfixes[count:])
        if order < len(caller.postfixes) - count:
            continue
        jacobian = raw[:2] == "J_" and not order and not context.is_known(raw)
        if jacobian and (key(raw[2:]) in context.functions or context.is_known(raw[2:])):  # J_f(x)
            raw, name, order = raw[2:], key(raw[2:]), 1
        value = context.lookup(raw)
        if value is not None and defined_of(context, value, raw, group):
            if order == 1 and (jacobian or not value.rank) and name not in context.functions:
                return _differentiated(context, Part(place, value), [context.part(one) for one in group.parts], place)
            if not order:
                given = tuple(context.part(one).value.expression for one in group.parts)
                context.note(f"{context.source(place)} is {context.source(caller.place)}, which is defined")
                return Part(place, value, arguments=given)
        function = context.functions.get(name)
        if function is None and value is None and context.uses is not None and context.uses.is_called(name):
            if find(raw, context.activation) is not None or subscripts.indexed_items(context, caller):
                return None
            close = difflib.get_close_matches(raw, words(), n=1, cutoff=0.8) if len(raw) > 2 else ()
            if close:
                said = f"{raw} is neither a declared name nor a function; did you mean {close[0]}?"
                raise parse_error(context.text, caller.place, said)
            function = NamedFunction(raw, entrywise=context.uses.is_primed(name))
        if function is None:
            continue
        arguments = [context.part(one) for one in group.parts]
        if function.body is not None or (order and not function.entrywise):
            if order > 1:
                raise parse_error(context.text, caller.place, f"{function.name}′ is read, and no higher derivative")
            arguments = [replace(one, value=under_a_name(one.value)) for one in arguments]
            if function.body is not None:
                part = _substituted(context, function, arguments, place)
            else:
                part = called(context, function, arguments, place, expected, 0)
            return _differentiated(context, part, arguments, place) if order else part
        part = called(context, function, arguments, place, expected, order)
        context.functions[name] = function
        context.note(f"{function.name} is taken as an arbitrary smooth function")
        return part
    return None


def _differentiated(context: Context, value: Part, arguments: Sequence[Part], place: Place) -> Part:
    """f′(x) and J_f(x): the derivative of what f(x) is, in the layout of the text."""
    if len(arguments) != 1:
        raise parse_error(context.text, place, "the derivative of a function of several arguments: write ∂f(x, y)/∂x")
    return differentials.with_respect_to(context, place, value, arguments[0].value.expression)


def _substituted(context: Context, function: NamedFunction, arguments: Sequence[Part], place: Place) -> Part:
    """The body of a function of the text with its arguments for its parameters."""
    if len(arguments) != len(function.parameters):
        said = f"{function.name} is defined of {len(function.parameters)} arguments, and given {len(arguments)}"
        raise shape_error(context.text, place, said)
    value = context.defined.get(key(function.name))
    if value is not None:
        known = [context.lookup(one) for one in function.parameters]
        pairs = {old.expression: new.value.expression for old, new in zip(known, arguments, strict=True) if old}
        rows = any(one.value.row for one in arguments)  # another shape than the column that it was defined of
        if not rows and all(old.shape == new.shape for old, new in pairs.items()):
            inner = value.expression.body if isinstance(value.expression, Named) else value.expression
            made = Value(substituted(inner, pairs), value.row)
            return Part(place, made, tuple(arguments), arguments=tuple(pairs.values()))
    context.call_count += 1
    if context.call_count > MOST_CALLS:
        raise parse_error(context.text, place, f"more than {MOST_CALLS} calls of the functions of the text")
    if len(context.scopes) >= DEEPEST_CALL:
        said = f"{function.name} calls itself, or functions within functions are too deep"
        raise parse_error(context.text, place, said)
    context.scopes.append({name: one.value for name, one in zip(function.parameters, arguments, strict=True)})
    try:
        assert function.body is not None
        part = context.part(function.body)
    finally:
        context.scopes.pop()
    return Part(place, part.value, tuple(arguments), arguments=tuple(one.value.expression for one in arguments))


def dependent(context: Context, name: str) -> Value | None:
    """L, where the text has L(z) and L is declared without a definition: an arbitrary function of z."""
    assert context.uses is not None
    group = context.uses.functions.pop(name)
    variable = context.declarations.find(name)
    if variable is None:
        return None
    function = context.functions.setdefault(name, NamedFunction(name, shape=variable.shape))
    arguments = [context.part(one) for one in group.parts]
    shape = None if function.entrywise else variable.shape
    part = called(context, function, arguments, group.place, shape, 0)
    try:
        made = with_facts(part.value.expression, context.declarations.facts.get(variable.name, ()))
    except ShapeError as error:
        raise parse_error(context.text, group.place, f"{variable.name}: {error}") from None
    value = Value(made.named(variable.name), part.value.row)
    shown = ", ".join(context.source(one.place) for one in group.parts)
    context.note(f"{variable.name} is taken as an arbitrary smooth function of {shown}")
    context.defined[name] = value
    return value


def called(
    context: Context,
    function: NamedFunction,
    arguments: Sequence[Part],
    place: Place,
    expected: Shape | None,
    order: int,
) -> Part:
    """f(x), f′(z): the value of a function of the text."""
    given = [one.value for one in arguments]
    given = [under_a_name(one) for one in given]
    expressions = tuple(one.expression for one in given)
    if any(one.entries is not None for one in given) and not function.entrywise:
        raise shape_error(
            context.text, place, f"{function.name} is given an entry: ({function.name}(x))_i is an entry of it"
        )
    for one in arguments:
        if one.value.row and not function.entrywise:
            shown = f"{context.source(one.place)} is {describe(one.value)}"
            raise shape_error(context.text, one.place, f"{shown}: {function.name} is given columns and matrices")
    if function.entrywise:
        if len(given) != 1:
            raise shape_error(context.text, place, f"{function.name} takes 1 argument, got {len(given)}")
        value = applied_to_each(function, given[0], order, context.text, place)
        return Part(place, value, tuple(arguments), arguments=expressions)
    if order:
        raise parse_error(
            context.text, place, f"{function.name}′ is read for functions of a number: write ∂{function.name}(x)/∂x"
        )
    if function.source is not None and [one.shape for one in given] != [function.source]:
        said = f"{function.name} is declared of {show_shape(function.source)}, and given {describe(given[0])}"
        raise shape_error(context.text, place, said)
    shape = function.shape if function.shape is not None else expected
    if shape is None:
        raise undetermined(
            context.text,
            place,
            f"{function.name} is neither a declared name nor a function whose shape is known here: declare its value, "
            f"{function.name}: for a number or {function.name}:n for a column, or define {function.name}(…) := …",
        )
    function.shape = shape
    row = len(shape) == 2 and shape[0] == 1
    value = Value(arbitrary(function, expressions, shape[1:] if row else shape), row=row)
    return Part(place, value, tuple(arguments), arguments=expressions)


def under_a_name(argument: Value) -> Value:
    """An argument with a name, so that a gradient may be with respect to it: ∇f(A x)."""
    if argument.entries is not None or isinstance(argument.expression, (Variable, Named)):
        return argument
    return replace(argument, expression=argument.expression.named(f"argument_{argument.expression.serial}"))


def depends(value: Value, on: Expression) -> bool:
    """Whether a value is computed from an expression."""
    return on in walk([value.expression])


def defined_of(context: Context, value: Value, raw: str, group: t.Group) -> bool:
    """Whether J(w) is J, which is defined in the text and depends on w."""
    if not isinstance(value.expression, Named):
        return False
    names = bare_names(group)
    if names is None:
        return False
    found = [context.lookup(one) for one in names]
    return all(one is not None and one.expression.name and depends(value, one.expression) for one in found)
