"""Subscripts that are indices: x_i, W_{jk}, (W x)_i, δ_{ij}, Σ_k, and entries by number, x_1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...errors import JacobiansError, ShapeError
from ...functions.indexing import take_items
from ...functions.operators import sum_axes
from ...shapes.formatting import shortened
from ...shapes.letters import SMALL
from ...shapes.sizes import Shape, Size, check_size
from ..syntax import tree as t
from ..syntax.source_positions import Place, parse_error, shape_error
from ..syntax.spelling import key
from . import entries
from .context import Context
from .elaborated import Item, Part
from .entries import Monomial
from .naming_parts import bare_name, opened, part_of, piece, spellings, stem, unbraced
from .samples import over_samples
from .values import Value, as_entries, describe, has_entries, of_entries

#: Functions of the entries of an index, by how they are written.
_REDUCTIONS = {"max": "max", "min": "min", "prod": "prod", "Pi": "prod"}


def letters_of(context: Context, body: t.Node | None) -> str:
    """The indices that a subscript is made of, letters or digits; nothing for another subscript."""
    if isinstance(body, t.Equation):
        body = body.sides[0]
    if body is None:
        return ""
    written = context.text[body.place.start : body.place.end]
    if isinstance(body, t.Number) and not written.isdecimal():  # ₁₂
        written = body.text
    marks = [mark for mark in written if mark not in "{}(), \t"]
    fits = bool(marks) and all(mark in SMALL or (mark.isdecimal() and mark != "0") for mark in marks)
    return "".join(marks) if fits else ""


def label_first(context: Context, item: Item) -> Item:
    """W_{jk}^{(2)} as the entry jk of W^{(2)}, where that is declared."""
    base = stem(item.atom)
    if base is None or len(item.postfixes) < 2 or item.postfixes[0].kind != "subscript":
        return item
    subscript, label, *rest = item.postfixes
    spelled = piece(label) if label.kind in ("label", "power") else None
    if spelled is None or not letters_of(context, subscript.body) or not context.is_known(f"{base}_{spelled}"):
        return item
    return replace(item, postfixes=(label, subscript, *rest))


def indexed_items(context: Context, item: Item) -> list[Item]:
    """x_i, δ_ij and Σ_k as one word, and W_{jk}^{(2)}, as an operand with its subscript apart; else nothing."""
    name = bare_name(item.atom)
    if name is not None and "_" in name.text:
        cut = name.text.index("_")
        suffix = part_of(name, cut + 1, len(name.text))
        if letters_of(context, suffix):
            base = part_of(name, 0, cut)
            subscript = t.Postfix(part_of(name, cut, len(name.text)).place, "subscript", suffix)
            item = replace(item, atom=base, postfixes=(subscript, *item.postfixes))
    labels = [one for one in item.postfixes if one.kind in ("label", "power") and piece(one) is not None]
    rest = [one for one in item.postfixes if one not in labels]
    subscripted = bool(rest) and rest[0].kind == "subscript" and bool(letters_of(context, rest[0].body))
    base_name = stem(item.atom)
    if not subscripted or base_name is None:
        return []
    if key(base_name) in ("Sigma", "sum") and not context.is_known(base_name):
        return [_summation(context, item)]
    if key(base_name) in _REDUCTIONS and not context.is_known(base_name):
        return [_summation(context, item, _REDUCTIONS[key(base_name)])]
    spelled = "_".join([base_name, *(piece(one) or "" for one in labels)])
    if key(base_name) == "delta" and not context.is_known(base_name):
        return [replace(item, atom=t.Name(item.atom.place, "δ"), postfixes=(*labels, *rest))]
    for candidate in (spelled, spelled.swapcase()):  # the notes write x_{ij} for an entry of X
        value = context.lookup(candidate)
        if value is not None and (candidate == spelled or value.rank > 1):
            if candidate != spelled:
                atom: t.Node = t.Name(item.atom.place, candidate)
                return [replace(item, atom=atom, postfixes=tuple(rest))]
            return [replace(item, postfixes=(*labels, *rest))]
    return []


def _summation(context: Context, item: Item, kind: str = "sum") -> Item:
    subscript, *rest = item.postfixes
    upper = ""
    if rest and rest[0].kind == "power" and rest[0].body is not None:
        place = rest[0].body.place
        upper = context.text[place.start : place.end].strip("{} ")
        rest = rest[1:]
    if isinstance(subscript.body, t.Equation):
        first = subscript.body.sides[1]
        if not isinstance(first, t.Number) or first.text != "1":
            raise parse_error(context.text, first.place, "a sum runs over a whole axis, from 1 to its size")
    atom = t.Summation(item.place, letters_of(context, subscript.body), upper, kind)
    return replace(item, atom=atom, postfixes=tuple(rest))


def delta(context: Context, item: Item) -> Part | None:
    """δ_{ij}; None for what is no delta."""
    if not isinstance(item.atom, t.Name) or key(item.atom.text) != "delta" or not item.postfixes:
        return None
    subscript, *rest = item.postfixes
    letters = letters_of(context, subscript.body)
    place = item.atom.place.to(subscript.place)
    if len(letters) != 2 or letters[0] == letters[1] or not letters.isalpha():
        raise parse_error(context.text, place, "δ has two different letters as indices, as in δ_{ij}")
    item.postfixes = tuple(rest)
    return Part(place, of_entries((Monomial(deltas=((letters[0], letters[1]),)),)))


def entry_of(context: Context, part: Part, postfix: t.Postfix) -> Part | None:
    """(W x)_i, W_{jk}, x_1: an entry of a part; None where the subscript is no index."""
    letters = letters_of(context, postfix.body)
    value = part.value
    if not letters or value.rank == 0 or has_entries(value):
        return None
    place = part.place.to(postfix.place)
    if len(letters) != value.rank:
        shown = context.source(part.place)
        raise shape_error(
            context.text,
            postfix.place,
            f"{shown} is {describe(value)}: an entry of it has {value.rank} "
            f"{'indices' if value.rank > 1 else 'index'}, got {len(letters)}",
        )
    operand = value.expression
    for letter in letters:
        if letter.isdecimal() and (not letter.strip("0") or len(letter) > 18):
            raise shape_error(
                context.text, postfix.place, f"entries count from 1; there is no entry {shortened(letter, 20)}"
            )
    if any(letter.isdecimal() for letter in letters):
        which: tuple[Any, ...] = tuple(int(one) - 1 if one.isdecimal() else slice(None) for one in letters)
        try:
            operand = take_items(operand, which)
        except JacobiansError as error:
            raise shape_error(context.text, place, str(error)) from None
    return Part(place, of_entries(entries.entry(operand, [one for one in letters if one.isalpha()])), _below(part))


def _below(part: Part) -> tuple[Part, ...]:
    return (part,) if part.children else ()


def denominator(context: Context, node: t.Node) -> tuple[Value, str] | None:
    """What a derivative is by, and its indices: the W and the jk of ∂z_i/∂W_{jk}; None for what is no name."""
    atom, postfixes = opened(unbraced(node))
    for raw, count in spellings(atom, postfixes):
        value = context.lookup(raw)
        if value is not None and count == len(postfixes):
            return value, ""
    for item in indexed_items(context, Item("", atom, postfixes, node.place)):
        *rest, subscript = item.postfixes
        for raw, count in spellings(item.atom, rest):
            value = context.lookup(raw)
            letters = letters_of(context, subscript.body)
            if value is not None and count == len(rest) and len(letters) == value.rank and letters.isalpha():
                return value, letters
    return None


def summed(context: Context, atom: t.Summation, argument: Part) -> Part:
    """Σ_k of what follows."""
    place = atom.place.to(argument.place)
    if not has_entries(argument.value) and atom.kind == "sum":
        over = over_samples(context.samples, argument.value, atom.letters)
        if over is not None:
            return Part(place, replace(over, expression=sum_axes(over.expression, [0])), (argument,))
    if argument.value.rank == 0 and not has_entries(argument.value) and atom.upper and atom.kind == "sum":
        argument = replace(argument, value=of_entries(as_entries(argument.value)))
    if not has_entries(argument.value):
        shown = context.source(argument.place)
        raise parse_error(context.text, atom.place, f"a sum over {atom.letters}, and {shown} has no such index")
    try:
        whole = argument.value
        for letter in atom.letters:
            whole = over_samples(context.samples, whole, letter) or whole
        given = as_entries(whole)
        sizes = entries.sizes_of(given)
        if atom.upper:
            known = sizes.get(atom.letters[0])
            upper = check_size(atom.upper, "the limit of a sum")
            if known is not None and known != upper:
                raise ShapeError(f"a sum over {atom.letters} to {upper}, and the index runs to {known}")
            sizes.setdefault(atom.letters[0], upper)
        if atom.kind != "sum":
            return Part(place, of_entries(entries.reduced(given, atom.letters, atom.kind)), (argument,))
        return Part(place, of_entries(entries.summed(given, atom.letters, sizes)), (argument,))
    except JacobiansError as error:
        raise shape_error(context.text, place, str(error)) from None


def defined(context: Context, name: t.Node, raw: str, given: entries.Entries) -> tuple[str, Value]:
    """z_i := …, by entries: the name z, and the array with the indices of its left side as axes."""
    base, _, letters = raw.partition("_")
    free = entries.free_letters(given)
    if not free and not context.is_known(raw):  # a sum over all indices
        return raw, Value(entries.expression(given, (), {}))
    if not base or sorted(letters) != sorted(free) or context.is_known(base):
        shown = context.source(name.place)
        has = f"has {', '.join(free)}" if free else "is a scalar"
        message = (
            f"{shown} is defined by entries, and the right side {has}: the left side is a new name with these indices"
        )
        raise parse_error(context.text, name.place, message)
    try:
        return base, Value(entries.expression(given, tuple(letters), {}))
    except JacobiansError as error:
        raise shape_error(context.text, name.place, str(error)) from None


def settled(context: Context, parts: Sequence[Part], expected: Shape | None) -> list[Part]:
    """The sides of an equation, or one expression, with the letters as axes, in the order i, j, k, …"""
    if not has_entries(*(part.value for part in parts)):
        return list(parts)
    every: list[entries.Entries] = []
    for part in parts:
        try:
            every.append(as_entries(part.value, context.source(part.place)))
        except ShapeError as error:
            raise shape_error(context.text, part.place, str(error)) from None
    letters = entries.free_letters(tuple(one for side in every for one in side))
    sizes: dict[str, Size] = dict(zip(letters, expected, strict=False)) if expected is not None else {}
    found: list[Part] = []
    place: Place = parts[0].place
    try:
        for part, side in zip(parts, every, strict=True):
            place = part.place
            for letter, size in entries.sizes_of(side).items():
                if letter in letters and sizes.setdefault(letter, size) != size:
                    raise ShapeError(f"the index {letter} runs to {sizes[letter]} and to {size}: an index has one size")
        for part, side in zip(parts, every, strict=True):
            place = part.place
            whole = entries.expression(side, letters, sizes)
            found.append(replace(part, value=Value(whole)))
    except JacobiansError as error:
        raise shape_error(context.text, place, str(error)) from None
    return found
