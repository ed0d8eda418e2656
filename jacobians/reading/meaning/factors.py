"""The factors of a product: words taken apart into names, functions told from what is multiplied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...shapes.letters import SMALL
from ...shapes.sizes import show_shape
from ..syntax import tree as t
from ..syntax.source_positions import Place
from ..syntax.spelling import key
from . import subscripts
from .context import Context
from .elaborated import Item
from .naming_parts import bare_name, opened, part_of, piece, spellings, split_word, stem, unbraced
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
    known = next((count for raw, count in options if context.is_known(raw)), None)
    label = next((count for count, one in enumerate(plain.postfixes, start=1) if _letter(one)), None)
    if label is not None and (known is None or known < label) and (row := sample(context, plain)) is not None:
        return [row]
    if not options or known is not None:
        return [plain]
    operator_ = _operator(context, plain)
    if operator_ is not None:
        return [operator_]
    row = sample(context, plain)
    if row is not None:
        return [row]
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
    if name.text[0] == "d" and context.is_known(name.text[1:]) and not context.is_known("d"):
        first, rest = part_of(name, 0, 1), part_of(name, 1, len(name.text))
        place = Place(rest.place.start, place.end, rest.place.line, rest.place.column)
        return [Item(operator, t.Total(first.place), (), first.place), Item("", rest, plain.postfixes, place)]
    run = _indexed_run(context, name)
    if run:
        run[0].operator, run[-1].postfixes = operator, (*run[-1].postfixes, *plain.postfixes)
        return run
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


def _operator(context: Context, item: Item) -> Item | None:
    """grad(f), Hess(f) and D_x f, where these are no names of the text: the same as ∇f, ∇²f and ∂f/∂x."""
    base = stem(item.atom)
    if base is None:
        return None
    head, _, name = base.partition("_")
    postfixes = item.postfixes
    if not name and postfixes and postfixes[0].kind == "subscript" and postfixes[0].body is not None:
        node: t.Node | None = unbraced(postfixes[0].body)
        postfixes = postfixes[1:]
    else:
        node = t.Name(item.atom.place, name) if name else None
    below = (node,) if node is not None else ()
    if key(head) in ("grad", "Hess", "hess") and not context.is_known(base):
        order = 1 if key(head) == "grad" else 2
        atom = t.Operator(item.place, below, order, gradient=True, named=True)
    elif head == "D" and node is not None and any(context.is_known(raw) for raw, _ in spellings(*opened(node))):
        atom = t.Operator(item.place, below, 1, named=True)
    else:
        return None
    return replace(item, atom=atom, postfixes=postfixes)


def sample(context: Context, item: Item) -> Item | None:
    """x^{(i)}, and x_i where x is no name and X a matrix, as an item of its own; None for anything else."""
    base = stem(item.atom)
    if base is None:
        return None
    postfixes = list(item.postfixes)
    label = next((one for one in postfixes if _letter(one)), None)
    least = 1
    if label is not None:
        letter = _letter(label)
        postfixes.remove(label)
        head, _, suffix = base.partition("_")
        if suffix and len(suffix) == 1 and not context.is_known(base) and isinstance(item.atom, t.Name):  # x_j^{(i)}
            base, node = head, part_of(item.atom, len(head) + 1, len(item.atom.text))
            postfixes.insert(0, t.Postfix(node.place, "subscript", node))
    else:
        if "_" in base and isinstance(item.atom, t.Name):
            base, _, letter = base.rpartition("_")
        elif postfixes and postfixes[0].kind == "subscript":
            letter = piece(postfixes.pop(0)) or ""
        else:
            return None
        if len(letter) != 1 or letter not in SMALL:
            return None
        least = 2
        if context.is_known(base):
            value = context.lookup(base)
            if letter not in context.sample_letters or value is None or value.rank != 1:
                return None
            least = 1
    values = [context.lookup(raw) for raw in (base, base.swapcase())]
    array = next((one.expression for one in values if one is not None and not one.row and one.entries is None), None)
    if array is None or array.ndim < least:
        return None
    name = context.sample(array, letter).name
    return replace(item, atom=t.Sample(item.place, name), postfixes=tuple(postfixes))


def sample_letters(context: Context, items: Sequence[Item]) -> list[str]:
    """The letters of the sums in a product that go over samples: y_i is the sample of y there, too."""
    found: list[str] = []
    for place, item in enumerate(items):
        if isinstance(item.atom, t.Summation) and len(item.atom.letters) == 1:
            under = [node for one in items[place + 1 :] for node in t.below(t.with_postfixes(one.atom, one.postfixes))]
            rows = [one.atom for one in items[place + 1 :] if isinstance(one.atom, t.Sample)]
            if rows or any(_is_sample(context, node, item.atom.letters) for node in under):
                found.append(item.atom.letters)
    return found


def _is_sample(context: Context, node: t.Node, letter: str) -> bool:
    """Whether a node is x^{(i)}, or x_i where X alone is declared."""
    atom, postfixes = opened(node)
    base = stem(atom)
    if base is None or not isinstance(node, (t.Factor, t.Name)):
        return False
    if any(_letter(one) == letter for one in postfixes):
        return True
    if "_" in base and isinstance(atom, t.Name):
        base, _, own = base.rpartition("_")
    else:
        own = (piece(postfixes[0]) or "") if postfixes and postfixes[0].kind == "subscript" else ""
    array = context.lookup(base.swapcase()) if own == letter and not context.is_known(base) else None
    return array is not None and array.rank == 2


def _letter(postfix: t.Postfix) -> str:
    """The i of ^{(i)}."""
    body = postfix.body
    inner = body.parts[0] if isinstance(body, t.Group) and len(body.parts) == 1 else body
    bracketed = isinstance(inner, t.Group) or (isinstance(body, t.Group) and body.bracket == "(")
    found = piece(postfix) if postfix.kind in ("label", "power") and bracketed else None
    return found if found is not None and len(found) == 1 and found in SMALL else ""


def _indexed_run(context: Context, name: t.Name) -> list[Item]:
    """p_ip_j, which is one word in the text, as p_i and p_j: LaTeX takes one letter for a subscript."""
    items: list[Item] = []
    start = 0 if "_" in name.text else len(name.text)
    while start < len(name.text):
        mark = name.text.find("_", start)
        if mark < 0:
            mark = len(name.text)
        elif mark + 1 >= len(name.text) or name.text[mark + 1] not in SMALL:
            return []
        names = split_word(name.text[start:mark], context.is_known, context.longest_name)
        if names is None:
            return []
        for first, last in zip([0, *names], names, strict=False):
            one = part_of(name, start + first, start + last)
            items.append(Item("", one, (), one.place))
        if mark < len(name.text):
            body = part_of(name, mark + 1, mark + 2)
            subscript = t.Postfix(part_of(name, mark, mark + 2).place, "subscript", body)
            items[-1].postfixes, items[-1].place = (subscript,), items[-1].place.to(subscript.place)
        start = mark + 2
    return items if len(items) > 1 else []


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
