"""Ones and identities: their sizes are written, as in 1_n and I_n, or are what the parts beside them ask for.

A 1 after a row or a matrix, or transposed, is the vector of ones: A 1 sums the rows of A, and 1ᵀ x the entries of x.
"""

from __future__ import annotations

from dataclasses import replace

from ...errors import JacobiansError
from ...expressions.nodes import SizeValue, constant
from ...functions.operators import ones
from ...shapes.sizes import Shape, Size, check_size
from ..syntax import tree as t
from ..syntax.source_positions import Place, parse_error, undetermined
from ..syntax.spelling import key
from .context import Context
from .elaborated import Item, Part, identity_of
from .naming_parts import spellings
from .values import Value

Factors = list[tuple[str, Part]]


def waiting(kind: str, row: bool = False) -> Value:
    """A vector of ones, or an identity, whose size is not known yet."""
    return Value(constant(1.0), row, unsized=kind)


def given_size(value: Value, size: Size) -> Value:
    """The value with its size."""
    return Value(identity_of(size)) if value.unsized == "identity" else Value(ones((size,)), value.row)


def sized(context: Context, parts: Factors, expected: Shape | None) -> Factors:
    """The factors of a product with sizes for those that have none; `expected` is the shape of the product, if known.

    Raises `UndeterminedError` where nothing tells a size.
    """
    parts = list(parts)
    scalars = all(part.value.rank == 0 and not part.value.unsized for _, part in parts)
    before: Value | None = None  # the nearest factor on the left that is no scalar
    for place, (operator, part) in enumerate(parts):
        if _is_vector(context, parts, place, before, expected, scalars):
            part = replace(part, value=waiting("ones"))
            context.note("1 is the vector of ones")
            parts[place] = (operator, part)
        before = part.value if part.value.rank or part.value.unsized else before
    neighbours = list(zip(_nearest(parts), reversed(_nearest(parts[::-1])), strict=True))
    for place, (operator, part) in enumerate(parts):
        if part.value.unsized:
            size = _size(part.value, *neighbours[place], len(parts) == 1, expected)
            if size is None:
                letter = "I" if part.value.unsized == "identity" else "1"
                message = f"the size of {letter} is not determined here: write {letter}_n"
                raise undetermined(context.text, part.place, message)
            parts[place] = (operator, replace(part, value=given_size(part.value, size)))
    return parts


def _nearest(parts: Factors) -> list[Value | None]:
    """For each factor the nearest before it that is no scalar."""
    found: list[Value | None] = []
    last: Value | None = None
    for _, part in parts:
        found.append(last)
        last = part.value if part.value.rank or part.value.unsized else last
    return found


def _is_vector(
    context: Context, parts: Factors, place: int, before: Value | None, expected: Shape | None, scalars: bool
) -> bool:
    """Whether a 1 in a product is the vector of ones and not the number."""
    operator, part = parts[place]
    if part.value.literal != 1.0 or context.text[part.place.start : part.place.end] != "1" or operator != "":
        return False
    following = parts[place + 1] if place + 1 < len(parts) else None
    vector = expected is not None and len(expected) == 1
    if before is not None:
        divided = context.text[part.place.end : part.place.end + 1] == "/"  # the half of A 1/2
        return (before.row or before.rank > 1) and (not divided or vector)
    if following is None or following[0] != "":
        return False
    after = following[1].value
    if after.row:
        return after.unsized != "" or (expected is not None and len(expected) == 2 and expected[0] != 1)
    return vector and scalars and place == 0


def _size(value: Value, before: Value | None, after: Value | None, alone: bool, expected: Shape | None) -> Size | None:
    """What the factors on both sides, or the shape of the whole product, say of the size of a 1 or an I."""
    takes_left = not value.row
    takes_right = value.row or value.unsized == "identity"
    if alone and expected is not None and len(expected) == 3:  # within a ⊗: the vector is its second axis
        return expected[0] if value.unsized == "identity" else expected[1]
    if takes_left and before is not None and not before.unsized and (before.row or before.rank > 1):
        return before.expression.shape[-1]
    if takes_right and after is not None and not after.unsized and not after.row:
        return after.expression.shape[0]
    if expected is None or not expected:
        return None
    if value.row:
        return expected[-1] if len(expected) == 2 and after is None else None
    if before is not None:
        return None
    return expected[0] if len(expected) == 2 or (len(expected) == 1 and after is None) else None


def beside_tensor(context: Context, part: Part, axes: Shape | None, place: int) -> Part:
    """A 1 before or after ⊗, where the shape of the product is known (items 6 and 7)."""
    if axes is None or part.value.literal != 1.0:
        return part
    return replace(part, value=Value(ones((axes[place],))))


def identity(context: Context, item: Item) -> Part | None:
    """I_n, the identity of a size, or I alone; the subscript is taken off `item`. None for what is no I."""
    for raw, count in spellings(item.atom, item.postfixes):
        letter, _, written = (raw if "_" in raw or raw == "I" else f"{raw[:1]}_{key(raw)[1:]}").partition("_")
        if letter != "I":
            continue
        used = item.postfixes[:count]
        text = written
        if not text and item.postfixes:
            text = _size_text(context, item.postfixes[0])
            used = item.postfixes[:1] if text else used
        place = item.atom.place.to(used[-1].place) if used else item.atom.place
        item.postfixes = item.postfixes[len(used) :]
        return Part(place, Value(identity_of(_checked(context, text, place))) if text else waiting("identity"))
    return None


def ones_of(context: Context, part: Part, postfix: t.Postfix) -> Part:
    """1_n, a vector of ones of a size."""
    place = part.place.to(postfix.place)
    return Part(place, Value(ones((_checked(context, _size_text(context, postfix), place),)), part.value.row))


def size_as_number(context: Context, raw: str, place: Place) -> Part | None:
    """A symbol of a size as the number it stands for, as in 1/n."""
    if not context.is_size(raw):
        return None
    context.note(f"{raw} is the size {raw}, because it is not declared")
    return Part(place, Value(SizeValue.of(raw)))


def _size_text(context: Context, postfix: t.Postfix) -> str:
    """The size in a subscript, such as the d+1 of I_{d+1}."""
    if postfix.kind != "subscript" or postfix.body is None:
        return ""
    body = postfix.body.place
    return "".join(mark for mark in context.text[body.start : body.end] if mark not in "{}() \t\n\\,_₀₁₂₃₄₅₆₇₈₉") or (
        postfix.body.text if isinstance(postfix.body, t.Number) else ""
    )


def _checked(context: Context, text: str, place: Place) -> Size:
    try:
        return check_size(text, f"the size of {context.source(place)}")
    except JacobiansError as error:
        raise parse_error(context.text, place, str(error)) from None
