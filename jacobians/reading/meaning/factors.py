"""The factors of a product: words taken apart into names, functions told from what is multiplied."""

from __future__ import annotations

from ...shapes.sizes import show_shape
from ..syntax import tree as t
from ..syntax.source_positions import Place
from ..syntax.spelling import key
from . import subscripts
from .context import Context
from .elaborated import Item
from .naming_parts import bare_name, opened, part_of, piece, spellings, split_word
from .vocabulary import Word, find

#: Names that are no variables where they are not declared: numbers, and the identity.
SPECIAL = {"pi", "e", "I"}


def items_of(context: Context, node: t.Node) -> list[Item]:
    """The factors of a product, words taken apart into the names they are."""
    factors, operators = ((node,), ("",)) if not isinstance(node, t.Product) else (node.factors, node.operators)
    items: list[Item] = []
    for operator, factor in zip(operators, factors, strict=True):
        atom, postfixes = opened(factor)
        items += _named_items(context, operator, atom, postfixes, factor.place)
    for item in items:
        say_function(context, item)
    return items


def _named_items(
    context: Context, operator: str, atom: t.Node, postfixes: tuple[t.Postfix, ...], place: Place
) -> list[Item]:
    plain = subscripts.label_first(context, Item(operator, atom, postfixes, place))
    options = spellings(atom, plain.postfixes)
    if not options or any(context.is_known(raw) for raw, _ in options):
        return [plain]
    indexed = subscripts.indexed_items(context, plain)
    if indexed:
        return indexed
    for raw, count in options:
        word = find(raw, context.activation)
        if word is not None:
            return [_function_item(context, plain, word, count)]
    name = bare_name(atom)
    if name is None or _is_constant(name.text):
        return [plain]
    head, _, suffix = name.text.partition("_")
    word = find(head, context.activation) if suffix else None
    if word is not None:  # softmax_i(z), log_b(x)
        first, rest = part_of(name, 0, len(head)), part_of(name, len(head), len(name.text))
        index: t.Node = part_of(name, len(head) + 1, len(name.text))
        if suffix.isdecimal():
            index = t.Number(index.place, suffix)
        subscript = t.Postfix(rest.place, "subscript", index)
        return [_function_item(context, Item(operator, first, (subscript, *plain.postfixes), place), word, 0)]
    if name.text == "d" and not context.is_size("d"):
        return [Item(operator, t.Total(name.place), (), name.place)]
    if name.text[0] == "d" and context.is_known(name.text[1:]):
        first, rest = part_of(name, 0, 1), part_of(name, 1, len(name.text))
        place = Place(rest.place.start, place.end, rest.place.line, rest.place.column)
        return [Item(operator, t.Total(first.place), (), first.place), Item("", rest, plain.postfixes, place)]
    ends = split_word(name.text, context.is_known, context.longest_name)
    if ends is None:
        return [plain]
    pieces = [part_of(name, start, end) for start, end in zip([0, *ends], ends, strict=False)]
    context.note(f"{name.text} is read as {' · '.join(one.text for one in pieces)}, which are declared")
    items = [Item("", one, (), one.place) for one in pieces]
    items[0].operator = operator
    last = items[-1]
    last.postfixes, last.place = postfixes, Place(last.place.start, place.end, last.place.line, last.place.column)
    return items


def _is_constant(raw: str) -> bool:
    return key(raw).partition("_")[0] in SPECIAL


def _function_item(context: Context, item: Item, word: Word, count: int) -> Item:
    """A function with the order of its derivative: σ′, σ″, σ⁽⁴⁾."""
    rest = item.postfixes[count:]
    used = 0
    while used < len(rest) and rest[used].kind == "prime":
        used += 1
    order = used
    label = piece(rest[0]) if rest and rest[0].kind in ("label", "power") else None
    if label is not None and label.isdecimal():
        used, order = 1, int(label) if len(label) < 3 else 99
    return Item(item.operator, item.atom, rest[used:], item.place, word, order)


def say_function(context: Context, item: Item) -> None:
    """Say that a name is the declared one, where it could be a function."""
    raw = next((raw for raw, _ in spellings(item.atom, item.postfixes) if context.is_known(raw)), None)
    if raw is not None and find(raw, context.activation) is not None:
        value = context.lookup(raw)
        assert value is not None
        context.note(f"{context.source(item.place)} is the declared name ({show_shape(value.shape)}), not the function")


def say_product(context: Context, item: Item, following: Item) -> None:
    """Say that `a(b)` is a product, where it could be a call."""
    known = any(context.is_known(raw) for raw, _ in spellings(item.atom, item.postfixes))
    adjacent = following.operator == "" and following.place.start == item.place.end
    if known and adjacent and isinstance(following.atom, t.Group) and following.atom.bracket == "(":
        both = context.source(item.place.to(following.place))
        context.note(f"{both} is a product, because {context.source(item.atom.place)} is declared")
