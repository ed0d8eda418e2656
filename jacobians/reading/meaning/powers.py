"""What stands after an operand: transpositions, powers, inverses, the order of a norm."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...errors import ShapeError
from ...expressions.nodes import constant
from ...functions import elementwise, reductions
from ...functions.linear_algebra import inverse, matrix_power
from ...functions.operators import matmul, sum_axes
from ..syntax import tree as t
from ..syntax.source_positions import Place, parse_error, shape_error, undetermined
from .context import Context
from .elaborated import Part, identity_of
from .entries import mapped
from .naming_parts import piece
from .places import at_places
from .subscripts import entry_of
from .unsized import ones_of, waiting
from .values import Value, as_entries, describe, has_entries, of_entries, transposed

#: Powers of a matrix are at most so high.
HIGHEST_POWER = 10_000


def after(context: Context, part: Part, postfixes: Sequence[t.Postfix]) -> Part:
    """A part with what stands after it, from left to right."""
    powers = 0
    for postfix in postfixes:
        place = part.place.to(postfix.place)
        body = postfix.body
        mark = body if isinstance(body, t.Mark) else None
        turning = postfix.kind in ("prime", "transposed") or (mark is not None and not mark.inverse)
        if turning and part.value.literal == 1.0:
            part = Part(place, waiting("ones", row=True))
        elif part.value.unsized or (part.value.literal == 1.0 and postfix.kind == "subscript"):
            part = _of_unsized(context, part, postfix, turning)
        elif turning:
            part = Part(place, transposed(part.value), _kept(part))
        elif mark is not None and has_entries(part.value):  # of a number it is the reciprocal
            part = _raised(context, place, part, Part(place, Value(constant(-1.0), literal=-1.0)), False)
        elif mark is not None:  # −ᵀ
            turned = transposed(_matrix_power(context, place, part, -1.0).value)
            part = Part(place, turned, _kept(part))
        elif postfix.kind == "places":
            part = at_places(context, part, postfix)
        elif postfix.kind == "pseudoinverse":
            part = _pseudoinverse(context, place, part)
        elif postfix.kind == "power" and _is_label(postfix):
            shown = context.source(part.place)
            raise parse_error(
                context.text,
                postfix.place,
                f"a label after {shown}, and no name with that label is declared; a power is written {shown}^2",
            )
        elif postfix.kind == "subscript" and part.squared is None and (one := entry_of(context, part, postfix)):
            part = one
        elif postfix.kind == "subscript":
            part = _norm_order(context, part, postfix)
        elif postfix.kind == "label" or body is None:
            raise parse_error(
                context.text,
                postfix.place,
                f"a label after {context.source(part.place)}, and no name with that label is declared",
            )
        else:
            powers += 1
            if powers > 1:
                raise parse_error(context.text, postfix.place, "a power of a power: put brackets around one of them")
            entrywise = postfix.kind == "entrywise" or (isinstance(body, t.Group) and body.bracket == "∘")
            part = _raised(context, place, part, context.part(body), entrywise)
    return part


def _of_unsized(context: Context, part: Part, postfix: t.Postfix, turning: bool) -> Part:
    """1ᵀ, 1_n and Iᵀ, where a 1 is a vector of ones."""
    value = part.value
    if postfix.kind == "subscript" and value.unsized != "identity":
        return ones_of(context, part, postfix)
    if turning:
        return Part(
            part.place.to(postfix.place), value if value.unsized == "identity" else waiting("ones", not value.row)
        )
    shown = context.source(part.place)
    raise undetermined(context.text, part.place, f"the size of {shown} is not determined here: write {shown}_n")


def _kept(part: Part) -> tuple[Part, ...]:
    """The part below a postfix, where there is something to see in it."""
    return (part,) if part.children else ()


def _raised(context: Context, place: Place, part: Part, exponent: Part, entrywise: bool) -> Part:
    base, power = part.value, exponent.value
    shown, text = context.source(part.place), context.text
    if has_entries(base, power):
        try:
            if has_entries(power):
                whole = mapped(elementwise.power, as_entries(base), as_entries(power))
            else:
                whole = mapped(lambda array: elementwise.power(array, power.expression), as_entries(base))
        except ShapeError as error:
            raise shape_error(text, place, str(error).replace("{0}", shown)) from None
        return Part(place, of_entries(whole), _kept(part))
    if base.expression is constant(math.e) and base.literal is None:
        if power.rank > 1:
            raise shape_error(
                text, exponent.place, "the exponential of a matrix is not read; exp(A) goes entry by entry"
            )
        return Part(place, Value(elementwise.EXP(power.expression), power.row), (exponent,))
    if power.rank and base.rank and power.shape != base.shape:
        raise shape_error(
            text,
            exponent.place,
            f"the exponent {context.source(exponent.place)} is {describe(power)} and {shown} is {describe(base)}: "
            "an exponent is a scalar, or of the same shape",
        )
    if part.squared is not None and power.literal == 2.0:
        return Part(place, Value(part.squared), part.children)
    if base.rank == 2 and not entrywise:
        if power.literal is None:
            raise shape_error(
                text, exponent.place, f"the exponent of a matrix is a whole number; entry by entry it is {shown}**p"
            )
        return _matrix_power(context, place, part, power.literal)
    if base.rank and power.literal == -1.0 and not entrywise:
        raise shape_error(
            text,
            exponent.place,
            f"{shown} is {describe(base)}, and only a square matrix has an inverse; entry by entry it is 1/{shown}",
        )
    if base.rank and not entrywise:
        context.note(f"{context.source(place)} goes entry by entry: {shown} is {describe(base)}")
    raised = elementwise.power(base.expression, power.expression)
    literal = None
    if base.literal is not None and power.literal is not None:
        literal = _number_power(base.literal, power.literal)
        raised = raised if literal is None else constant(literal)
    return Part(place, Value(raised, base.row or power.row, literal), _kept(part))


def _number_power(base: float, exponent: float) -> float | None:
    try:
        result = base**exponent
    except (OverflowError, ZeroDivisionError):
        return None
    return result if isinstance(result, float) and math.isfinite(result) else None


def _matrix_power(context: Context, place: Place, part: Part, exponent: float) -> Part:
    """A whole power of a square matrix; of a scalar its power."""
    base = part.value
    shown, text = context.source(part.place), context.text
    if base.rank == 0:
        return Part(place, Value(elementwise.power(base.expression, exponent)), _kept(part))
    if base.rank != 2 or base.row or base.shape[0] != base.shape[1]:
        what = "an inverse" if exponent < 0 else f"the power {exponent:g}, a product with itself,"
        raise shape_error(
            text,
            place,
            f"{shown} is {describe(base)}, and {what} is of a square matrix; entry by entry a power is {shown}**p",
        )
    if exponent != int(exponent) or abs(exponent) > HIGHEST_POWER:
        raise shape_error(
            text, place, f"the exponent of a matrix is a whole number, at most {HIGHEST_POWER:,}; got {exponent:g}"
        )
    if exponent == 0:
        return Part(place, Value(identity_of(base.shape[0])), _kept(part))
    if exponent == -1:
        return Part(place, Value(inverse(base.expression)), _kept(part))
    return Part(place, Value(matrix_power(base.expression, int(exponent))), _kept(part))


def _is_label(postfix: t.Postfix) -> bool:
    """Whether {(2)} stands after ^, which is a label in LaTeX and no power."""
    body = postfix.body
    return isinstance(body, t.Group) and body.bracket == "{" and piece(postfix) is not None


def _pseudoinverse(context: Context, place: Place, part: Part) -> Part:
    """X⁺ of full rank: (XᵀX)⁻¹Xᵀ, and Xᵀ(XXᵀ)⁻¹ where X has fewer rows than columns."""
    base = part.value
    shown = context.source(part.place)
    if base.rank != 2 or has_entries(base) or base.row:
        raise shape_error(context.text, place, f"{shown} is {describe(base)}, and a pseudo-inverse is of a matrix")
    a, turned = base.expression, transposed(base).expression
    rows, columns = a.shape
    if isinstance(rows, int) and isinstance(columns, int) and rows < columns:
        context.note(f"{context.source(place)} is {shown}ᵀ({shown} {shown}ᵀ)⁻¹: its rows are independent")
        return Part(place, Value(matmul(turned, inverse(matmul(a, turned)))), _kept(part))
    context.note(f"{context.source(place)} is ({shown}ᵀ{shown})⁻¹{shown}ᵀ: its columns are independent")
    return Part(place, Value(matmul(inverse(matmul(turned, a)), turned)), _kept(part))


def _norm_order(context: Context, part: Part, postfix: t.Postfix) -> Part:
    """‖x‖₁, ‖x‖₂, ‖x‖_∞, ‖A‖_F: the subscript of a norm."""
    order = piece(postfix) or ""
    place = part.place.to(postfix.place)
    if part.squared is None or len(part.children) != 1:
        shown = context.source(part.place)
        raise parse_error(context.text, postfix.place, f"a subscript after {shown}, and no such name is declared")
    body = part.children[0].value
    if order in ("2", "F", "fro") and (order != "2" or body.rank < 2):
        return Part(place, part.value, part.children, part.squared)
    if body.rank == 1 and order == "1":
        return Part(place, Value(sum_axes(elementwise.ABS(body.expression))), part.children)
    if body.rank == 1 and order in ("∞", "infty", "inf", "max"):
        return Part(place, Value(reductions.norm(body.expression, math.inf, [0])), part.children)
    raise shape_error(
        context.text,
        postfix.place,
        f"a norm of order {order or '?'} of {describe(body)}: vectors have ‖x‖₁, ‖x‖₂ and ‖x‖_∞, matrices ‖A‖_F",
    )
