"""Parts side by side: products, and what functions and operators without brackets are of."""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import pairwise

from ...shapes.sizes import Shape
from ..syntax import tree as t
from ..syntax.source_positions import parse_error
from . import calls, differentials, factors, named_functions, powers, subscripts, unsized, values
from .context import Context
from .elaborated import Item, Part
from .operands import operand


def product(context: Context, node: t.Node, expected: Shape | None = None) -> Part:
    """Factors side by side, read from the right: what a function without brackets is of is known then."""
    items = differentials.gathered(context, factors.items_of(context, node))
    letters = factors.sample_letters(context, items)
    if letters:  # y_i beside x_i is a sample, too
        context.sample_letters += letters
        items = differentials.gathered(context, factors.items_of(context, node))
    numbers = next((place for place, one in enumerate(items) if not _is_number(one)), len(items))
    scalars = True  # whether all that was met so far is
    parts: list[tuple[str, Part]] = []  # from the right
    closed: set[int] = set()  # the places in `parts` of functions and of what stands in brackets
    while items:
        item = items.pop()
        group = item.atom if isinstance(item.atom, t.Group) and item.operator == "" and items else None
        if group is not None and group.bracket == "[" and len(items) > 1:
            direction = _direction_of(context, items, group, expected)  # f′(X)[dX]
            if direction is not None:
                parts.append((items.pop().operator, powers.after(context, direction, item.postfixes)))
                continue
        if group is not None and (called := _called(context, items[-1], item, group, expected)) is not None:
            parts.append((items.pop().operator, powers.after(context, called, item.postfixes)))
            closed.add(len(parts) - 1)
        elif item.word is not None or isinstance(item.atom, (t.Operator, t.Summation, t.Total)):
            parts.append((item.operator, _applied(context, item, parts, closed)))
            closed = {place for place in closed if place < len(parts)} | {len(parts) - 1}
        else:
            if group is not None:
                factors.say_product(context, items[-1], item)
            shape = expected if scalars and len(items) <= numbers and not item.postfixes else None
            parts.append((item.operator, powers.after(context, operand(context, item, shape), item.postfixes)))
            if isinstance(item.atom, (t.Group, t.Bars)):
                closed.add(len(parts) - 1)
        scalars = scalars and bool(parts) and parts[-1][1].value.rank == 0
    return _multiplied(context, parts[::-1], expected)


def _multiplied(context: Context, given: Sequence[tuple[str, Part]], expected: Shape | None = None) -> Part:
    """Parts side by side as their product, left to right."""
    parts = unsized.sized(context, list(given), expected)
    if len(parts) == 1:
        return parts[0][1]
    _say_division(context, parts)
    kinds = {"/": differentials.quotient, "·": values.dotted}
    functions = [kinds.get(operator, values.product) for operator, _ in parts[1:]]
    return context.combined([part for _, part in parts], functions)


def _say_division(context: Context, parts: Sequence[tuple[str, Part]]) -> None:
    for (operator, part), (following, after) in pairwise(parts[1:]):
        if operator == "/" and following == "" and part.value.literal is None:
            context.note(
                f"/ {context.source(part.place)} {context.source(after.place)}: the division is by "
                f"{context.source(part.place)} alone; brackets would say otherwise"
            )


def _called(context: Context, caller: Item, item: Item, group: t.Group, expected: Shape | None) -> Part | None:
    """A function, or an operator such as grad, of what stands in brackets after it; None for a product."""
    if caller.word is not None:
        return calls.after_name(context, caller, calls.call(context, caller, group))
    if isinstance(caller.atom, t.Operator) and caller.atom.named:
        argument = context.part(t.Group(group.place, group.parts, "("))
        return differentials.operated(context, caller.place.to(item.place), caller.atom, argument)
    return named_functions.call_of(context, caller, group, expected)


def _direction_of(context: Context, items: list[Item], group: t.Group, expected: Shape | None) -> Part | None:
    """f′(X)[H], the derivative in a direction; the last of `items` is then that of f."""
    bracket, caller = items[-1].atom, items[-2]
    if not isinstance(bracket, t.Group) or not any(one.kind == "prime" for one in caller.postfixes):
        return None
    part = named_functions.call_of(context, caller, bracket, expected)
    if part is None or part.value.chain is None:
        return None
    items.pop()
    return differentials.in_direction(context, part, context.part(t.Group(group.place, group.parts, "(")))


def _applied(context: Context, item: Item, parts: list[tuple[str, Part]], closed: Set[int]) -> Part:
    """A function, or ∂/∂x, of what follows it without brackets."""
    if not parts or parts[-1][0] != "":
        what = context.source(item.place)
        raise parse_error(context.text, item.place, f"{what} is a function: what is it of? Write {what}(…)")
    if isinstance(item.atom, t.Total):
        argument = parts.pop()[1]
        return differentials.total(context, item.place.to(argument.place), argument)
    if isinstance(item.atom, (t.Operator, t.Summation)):
        if item.postfixes:
            place = item.postfixes[0].place
            said = f"{context.source(place)} after an operator: put brackets around what it is of"
            raise parse_error(context.text, place, said)
        argument = _multiplied(context, parts[::-1])
        parts.clear()
        if isinstance(item.atom, t.Summation):
            if item.atom.letters in context.sample_letters:
                context.sample_letters.remove(item.atom.letters)
            return subscripts.summed(context, item.atom, argument)
        return differentials.operated(context, item.place.to(argument.place), item.atom, argument)
    argument = _argument(context, item, parts, closed)
    place = item.place.to(argument.place)
    if parts and parts[-1][0] == "":
        shown = context.source(argument.place)
        context.note(f"{context.source(place)} is of {shown} alone; brackets would say otherwise")
    return calls.after_name(context, item, calls.applied(context, item, place, [argument]))


def _argument(context: Context, item: Item, parts: list[tuple[str, Part]], closed: Set[int]) -> Part:
    """What a function without brackets is of: tr AB is tr(AB), sin 2x is sin(2x), log xᵀx is log(xᵀx).

    A function of whole arrays goes on to the next scalar, one of numbers to the next bracket or function.
    """
    assert item.word is not None
    count = 1
    if len(parts) - 1 not in closed or not item.word.entrywise:
        while count < len(parts) and parts[-count - 1][0] == "":
            place = len(parts) - count - 1
            follows = parts[place][1]
            if item.word.entrywise:
                if place in closed:
                    break
            elif (follows.value.rank == 0 and not follows.value.row) or not parts[-1][1].value.rank:
                break
            count += 1
    if count == 1:
        return parts.pop()[1]
    taken = parts[-count:]
    del parts[-count:]
    taken[-1] = ("", taken[-1][1])
    argument = _multiplied(context, taken[::-1])
    shown = context.source(item.place)
    context.note(f"{shown} {context.source(argument.place)} is read as {shown}({context.source(argument.place)})")
    return argument


def _is_number(item: Item) -> bool:
    return isinstance(item.atom, t.Number) and not item.postfixes
