"""Names in the tree: an operand with its accent, subscript and label as one spelling; a word as several names."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..syntax import tree as t
from ..syntax.source_positions import Place

#: Words of more letters are not searched for names side by side.
LONGEST_WORD = 64


def stem(node: t.Node) -> str | None:
    """The spelling of a name without subscript: x, \\mathbf{x}, \\tilde{\\mathbf{x}}; None for what is no name."""
    match node:
        case t.Name():
            return node.text
        case t.Font():
            return stem(node.body)
        case t.Accent():
            inner = stem(node.body)
            return None if inner is None else f"{inner}_{node.mark}"
        case t.Group() if node.bracket == "{" and len(node.parts) == 1:
            return stem(node.parts[0])
        case t.Factor():
            inner = stem(node.atom)
            pieces = [piece(one) for one in node.postfixes]
            if inner is None or None in pieces:
                return None
            return "_".join([inner, *(one for one in pieces if one is not None)])
    return None


def piece(postfix: t.Postfix) -> str | None:
    """What a postfix adds to a name: the subscript of W_1, the label of W^{(1)} or W⁽¹⁾; None for what is no part."""
    body = postfix.body
    if postfix.kind == "subscript" and body is not None:
        return _plain_text(body)
    if postfix.kind == "label" and isinstance(body, (t.Number, t.Name)):
        return body.text
    if postfix.kind == "power" and isinstance(body, t.Group):
        inner = body.parts[0] if len(body.parts) == 1 else None
        if body.bracket == "(":
            return _plain_text(body)
        if isinstance(inner, t.Group) and inner.bracket in ("(", "["):
            return _plain_text(inner)
    return None


def _plain_text(node: t.Node) -> str | None:
    match node:
        case t.Number() | t.Name():
            return node.text
        case t.Group() if len(node.parts) == 1:
            return _plain_text(node.parts[0])
        case t.Font():
            return _plain_text(node.body)
    return None


def spellings(atom: t.Node, postfixes: Sequence[t.Postfix]) -> list[tuple[str, int]]:
    """The names that an operand may be, the longest first: each with the number of postfixes it takes up."""
    base = stem(atom)
    if base is None:
        return []
    found = [(base, 0)]
    for count, postfix in enumerate(postfixes, start=1):
        part = piece(postfix)
        if part is None:
            break
        found.append((f"{found[-1][0]}_{part}", count))
    return found[::-1]


def split_word(word: str, is_known: Callable[[str], bool], longest: int) -> list[int] | None:
    """Where a word falls into known names of at most `longest` characters, the longest first: the ends of the pieces.

    None where it does not.
    """
    if len(word) > LONGEST_WORD:
        return None
    dead: set[int] = set()
    ends: list[int] = []
    tries = [min(len(word), longest)]
    while True:
        start = ends[-1] if ends else 0
        if start == len(word):
            return ends
        for end in range(tries[-1], start, -1):
            if end not in dead and is_known(word[start:end]):
                tries[-1] = end - 1
                ends.append(end)
                tries.append(min(len(word), end + longest))
                break
        else:
            dead.add(start)
            tries.pop()
            if not ends:
                return None
            ends.pop()


def part_of(name: t.Name, start: int, end: int) -> t.Name:
    """A part of a word, with its place."""
    place = name.place
    return t.Name(Place(place.start + start, place.start + end, place.line, place.column + start), name.text[start:end])


def opened(node: t.Node) -> tuple[t.Node, tuple[t.Postfix, ...]]:
    """An operand, and what stands after it."""
    return (node.atom, node.postfixes) if isinstance(node, t.Factor) else (node, ())


def unbraced(node: t.Node) -> t.Node:
    """What brackets around a single part hold."""
    while isinstance(node, t.Group) and len(node.parts) == 1:
        node = node.parts[0]
    return node


def bare_name(node: t.Node) -> t.Name | None:
    """A word that stands in the source letter by letter, with fonts and braces around it or none."""
    while isinstance(node, t.Font) or (isinstance(node, t.Group) and node.bracket == "{" and len(node.parts) == 1):
        node = node.body if isinstance(node, t.Font) else node.parts[0]
    plain = isinstance(node, t.Name) and node.place.end - node.place.start == len(node.text)
    return node if isinstance(node, t.Name) and plain else None


def holds_factor(node: t.Node) -> bool:
    """Whether braces and fonts are around an operand with something after it."""
    while isinstance(node, t.Font) or (isinstance(node, t.Group) and len(node.parts) == 1):
        node = node.body if isinstance(node, t.Font) else node.parts[0]
    return isinstance(node, t.Factor)


def name_and_arguments(node: t.Node) -> tuple[str, t.Group] | None:
    """The f and the (x) of f(x); None for what is not a name and a bracket after it."""
    if not isinstance(node, t.Product) or len(node.factors) != 2 or node.operators[1] != "":
        return None
    (atom, postfixes), group = opened(node.factors[0]), node.factors[1]
    options = spellings(atom, postfixes)
    if not isinstance(group, t.Group) or group.bracket != "(" or not options or options[0][1] < len(postfixes):
        return None
    return options[0][0], group


def bare_names(group: t.Group) -> list[str] | None:
    """The names in brackets, where nothing else is."""
    found: list[str] = []
    for part in group.parts:
        atom, postfixes = opened(part)
        options = spellings(atom, postfixes)
        if not options or options[0][1] < len(postfixes):
            return None
        found.append(options[0][0])
    return found
