"""The statements of a text: definitions, declarations, equations, and what is said of a name."""

from __future__ import annotations

from ...errors import JacobiansError
from ...expressions.nodes import constant
from ...shapes.names import check_name
from ...shapes.sizes import Shape
from ..syntax import tree as t
from ..syntax.source_positions import Place, parse_error, shape_error
from ..syntax.spelling import identifier, key
from . import claims, subscripts, sums
from .context import Context
from .elaborated import Item, Part
from .naming_parts import bare_names, name_and_arguments, opened, spellings
from .smooth_functions import NamedFunction
from .uses import Uses
from .values import Value
from .vocabulary import find

#: A statement with its parts.
Statement = tuple[t.Node, tuple[Part, ...]]


def read_page(context: Context, page: t.Page, expected: Shape | None = None) -> list[Statement]:
    """Every statement with its parts: the two sides of an equation, the body of a definition, an expression."""
    context.uses = Uses(page, lambda raw: None if (one := context.declarations.find(raw)) is None else one.shape)
    context.later = {
        key(options[0][0]): one
        for one in page.statements
        if isinstance(one, t.Definition) and (options := spellings(*opened(one.name)))
    }
    last = page.statements[-1]
    found: list[Statement] = []
    for one in page.statements:
        try:
            found.append(_statement(context, one, one is last, expected if one is last else None))
        except JacobiansError as error:
            if error.excerpt:
                raise
            raise shape_error(context.text, one.place, str(error)) from None
    return found


def _statement(context: Context, statement: t.Node, last: bool, expected: Shape | None) -> Statement:
    match statement:
        case t.Claim():
            return _claimed(context, statement, last)
        case t.Definition():
            options = spellings(*opened(statement.name))
            early = context.early.pop(key(options[0][0]), None) if options else None
            return statement, (early or define(context, statement),)
        case t.Mapping():
            function = claims.mapping(context, statement)
            context.functions[key(function.name)] = function
            return t.Definition(statement.place, statement.name, statement.target), (_nothing(statement.place),)
        case t.Equation() if _says_arguments(context, statement):
            value = context.lookup(spellings(*opened(statement.sides[0]))[0][0])
            assert value is not None
            return t.Definition(statement.place, *statement.sides), (Part(statement.place, value),)
        case t.Equation() if not last and _defines(context, statement):
            name, body = statement.sides
            return statement, (define(context, t.Definition(statement.place, name, body)),)
        case t.Equation():
            return statement, tuple(subscripts.settled(context, sums.alike(context, statement.sides, expected), None))
        case _ if said := claims.said_facts(context, statement):
            for spelled, facts in said:
                value = context.lookup(spelled)
                assert value is not None
                context.declarations.assume(value.expression, facts, context.source(statement.place))
            return t.Definition(statement.place, statement, statement), (_nothing(statement.place),)
        case _:
            return statement, tuple(subscripts.settled(context, [context.part(statement, expected)], expected))


def _claimed(context: Context, statement: t.Claim, last: bool) -> Statement:
    """x ∈ ℝ^d declares a new name; of anything else it is compared with the shape that is found."""
    shape = claims.shape_in(context, statement.space)
    facts = claims.facts_in(context, statement.space)
    atom, postfixes = opened(statement.body)
    options = spellings(atom, postfixes)
    if options and options[0][1] == len(postfixes) and not any(context.is_known(raw) for raw, _ in options):
        try:
            context.declarations.declare(options[0][0], shape, facts)
        except JacobiansError as error:
            raise parse_error(context.text, statement.body.place, str(error)) from None
        variable = context.lookup(options[0][0])
        assert variable is not None
        named = t.Definition(statement.place, statement.body, statement.space)
        return named, (Part(statement.body.place, variable),)
    node, parts = _statement(context, statement.body, last, shape)
    for part in parts:
        claims.compare(context, statement, part, shape)
        if facts:
            context.declarations.assume(part.value.expression, facts, context.source(statement.place))
    return node, parts


def _defines(context: Context, statement: t.Equation) -> bool:
    """Whether an equation that is not the last statement defines its left side: one unknown name."""
    if len(statement.sides) != 2:
        return False
    atom, postfixes = opened(statement.sides[0])
    options = spellings(atom, postfixes)
    known = any(context.is_known(raw) or find(raw, context.activation) is not None for raw, _ in options)
    known = known or bool(subscripts.indexed_items(context, Item("", atom, postfixes, statement.place)))
    return bool(options) and options[0][1] == len(postfixes) and not known


def _says_arguments(context: Context, statement: t.Equation) -> bool:
    """L = L(z): of what a name is a function."""
    if len(statement.sides) != 2 or statement.relations != ("=",):
        return False
    applied = name_and_arguments(statement.sides[1])
    options = spellings(*opened(statement.sides[0]))
    if applied is None or not options or options[0][0] != applied[0]:
        return False
    return key(applied[0]) not in context.functions and context.declarations.find(applied[0]) is not None


def define(context: Context, statement: t.Definition) -> Part:
    """The part of a definition, which gives a value or a function its name."""
    node = statement.name
    applied = name_and_arguments(node)
    if applied is not None:
        node = node.factors[0] if isinstance(node, t.Product) else node
    atom, postfixes = opened(node)
    raw, count = next(iter(spellings(atom, postfixes)), ("", 0))
    if not raw or count < len(postfixes):
        raise parse_error(context.text, statement.name.place, "expected one name before :=")
    context.later.pop(key(raw), None)
    context.defining.add(key(raw))
    place = statement.name.place
    if context.is_known(raw) or key(raw) in context.functions:
        raise parse_error(context.text, place, f"{context.source(place)} is defined already")
    if applied is not None:
        names = bare_names(applied[1])
        if names is None:
            said = "the arguments of a function that is defined are names: f(x, y) := …"
            raise parse_error(context.text, applied[1].place, said)
        context.functions[key(raw)] = NamedFunction(raw, tuple(map(key, names)), statement.body)
        if not all(context.is_known(one) for one in names):  # known when it is called
            return _nothing(place)
    part = context.part(statement.body)
    value = part.value
    if value.entries is not None:  # z_i := Σ_j W_{ij} x_j
        raw, value = subscripts.defined(context, statement.name, raw, value.entries)
    name = identifier(raw) if raw.isidentifier() else identifier(key(raw))
    try:
        check_name(name, "a definition")
    except JacobiansError as error:
        raise parse_error(context.text, place, str(error)) from None
    value = Value(value.expression.named(name), value.row)
    context.defined[key(raw)] = value
    return Part(part.place, value, (part,))


def _nothing(place: Place) -> Part:
    """The part of a statement that only declares."""
    return Part(place, Value(constant(0.0)), declares=True)
