"""Operands: numbers, what stands in brackets, and names."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

from ...expressions.nodes import constant
from ...functions.indexing import take_items
from ...notation.names import typeset
from ...shapes.sizes import Shape
from ..syntax import tree as t
from ..syntax.source_positions import parse_error
from ..syntax.spelling import key
from . import blocks, calls, differentials, subscripts, unsized, values
from .context import Context
from .elaborated import Item, Part
from .naming_parts import holds_factor, spellings
from .values import Value

_CONSTANTS = {"pi": math.pi, "e": math.e}


def operand(context: Context, item: Item, expected: Shape | None = None) -> Part:
    """An operand; the postfixes that belong to its name are taken off `item`."""
    atom = item.atom
    match atom:
        case t.Number():
            if atom.text in ("𝟏", "𝟙"):
                return Part(atom.place, unsized.waiting("ones"))
            return Part(atom.place, Value(constant(float(atom.text)), literal=float(atom.text)))
        case t.Group() if len(atom.parts) == 2 and atom.bracket in ("⟨", "langle"):
            made = context.combined([context.part(one) for one in atom.parts], [values.inner])
            return Part(atom.place, made.value, made.children)
        case t.Group() if len(atom.parts) > 1:
            said = "a comma, and no function before the bracket takes arguments"
            raise parse_error(context.text, atom.parts[1].place, said)
        case t.Group() if atom.bracket != "{" or not _is_one_name(context, atom):
            inner = context.part(atom.parts[0], expected)
            return Part(atom.place, inner.value, inner.children or (inner,), inner.squared)
        case t.Font() if not _is_one_name(context, atom):
            inner = context.part(atom.body, expected)
            return replace(inner, value=unsized.waiting("ones")) if inner.value.literal == 1.0 else inner
        case t.Signed() | t.Sum() | t.Box() | t.Product():
            return context.part(atom, expected)
        case t.Block():
            return blocks.block(context, atom)
        case t.Bars():
            return calls.bars(context, atom)
        case t.Fraction():
            return differentials.fraction(context, atom, expected)
        case t.Root():
            return calls.root(context, atom)
        case t.Derivative():
            numerator = context.part(atom.numerator)
            return differentials.differentiated(context, atom.place, numerator, atom.denominators, atom.order)
        case t.Sample():
            variable = next(one for one in context.samples.arrays if one.name == atom.name)
            return Part(atom.place, Value(variable))
        case t.Differential():
            raise parse_error(context.text, atom.place, "∂ alone: a derivative is written ∂y/∂x, or ∂(…)/∂x")
        case t.Accent() if not spellings(atom, ()):
            said = f"a {atom.mark} stands over a name, and {context.source(atom.body.place)} is none"
            raise parse_error(context.text, atom.place, said)
    return _name(context, item)


def _without_bias(context: Context, raw: str) -> Value | None:
    """W where W̃ = [W | b] is declared: all its columns but the last (Proposition 2)."""
    value = context.lookup(f"{raw}_tilde")
    if value is None or value.rank != 2:
        return None
    context.note(f"{typeset(key(raw))} is {typeset(f'{key(raw)}_tilde')} without its last column: it is not declared")
    return Value(take_items(value.expression, (slice(None), slice(None, -1))))


def _is_one_name(context: Context, atom: t.Node) -> bool:
    """Whether what braces or a font hold is a name, and no entry such as the A_{ij} of {A_{ij}}."""
    options = spellings(atom, ())
    return bool(options) and (not holds_factor(atom) or any(context.is_known(raw) for raw, _ in options))


def _name(context: Context, item: Item) -> Part:
    options = spellings(item.atom, item.postfixes)
    for find_value in (context.lookup, partial(_without_bias, context)):
        for raw, count in options:
            value = find_value(raw)
            if value is not None:
                used, item.postfixes = item.postfixes[:count], item.postfixes[count:]
                return Part(item.atom.place.to(used[-1].place) if used else item.atom.place, value)
    special = unsized.identity(context, item) or subscripts.delta(context, item)
    if special is not None:
        return special
    raw, place = options[-1][0], item.atom.place
    number = _CONSTANTS.get(key(raw))
    if number is not None:
        context.note(f"{context.source(place)} is the number {number:.5g}, because it is not declared")
        return Part(place, Value(constant(number)))
    size = unsized.size_as_number(context, raw, place)
    if size is not None:
        return size
    raise context.unknown(raw, place, called=context.text[place.end : place.end + 1] == "(")
