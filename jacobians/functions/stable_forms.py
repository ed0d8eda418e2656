"""Stable forms, recognised when an expression is built: log Σ eᶻ, eᶻ/Σ eᶻ, 1/(1 + e⁻ᶻ), √(Σ x²), log |det X|.

Written out, they leave the range of floating point where their values do not (Higham, *Accuracy and Stability of
Numerical Algorithms*, section 1.15; Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax
functions", *IMA J. Numer. Anal.* 41, 2021). What is recognised prints by its name.
"""

from __future__ import annotations

from math import e, log

from ..expressions.nodes import (
    RECOGNISED,
    Adjoint,
    Constant,
    EinsumSum,
    EinsumTerm,
    Elementwise,
    Expression,
    Function,
    Primitive,
)
from ..expressions.terms import of_terms
from .activations import LOG_SOFTMAX, LOGSUMEXP, SOFTMAX
from .determinants import DETERMINANT, LOG_DETERMINANT
from .elementwise import (
    ABS,
    DIVIDE,
    EXP,
    LOG,
    LOG1P,
    LOG_ONE_PLUS_EXP,
    LOGADDEXP,
    POWER,
    RECIPROCAL,
    SIGMOID,
    SQRT,
)
from .indexing import expand_axes, reshape
from .norms import NORM, ROW_NORM
from .operators import add, multiply, negative, permute


def _argument(node: Expression, function: Function) -> Expression | None:
    """z where a node is `function`(z)."""
    return node.args[0] if isinstance(node, Elementwise) and node.function is function else None


def _plain_sum(node: Expression) -> tuple[EinsumTerm, ...]:
    """The terms of a sum that is not one of the chain rule's own."""
    return node.terms if isinstance(node, EinsumSum) and not isinstance(node, Adjoint) else ()


def _entries(term: EinsumTerm) -> Expression | None:
    """The operand of a term that is just that operand, entry by entry."""
    whole = len(term.operands) == 1 and term.indices[0] == term.output and len(set(term.output)) == len(term.sizes)
    return term.operands[0] if whole else None


def _beside_one(node: Expression, coefficient: float) -> Expression | None:
    """a where a node is 1 + `coefficient` · a, entry by entry."""
    terms = _plain_sum(node)
    if len(terms) != 2:
        return None
    one, other = sorted(terms, key=lambda term: len(term.operands))
    is_one = one.coefficient == 1.0 and not one.operands and len(set(one.output)) == len(one.output) == len(one.sizes)
    return _entries(other) if is_one and other.coefficient == coefficient else None


def _one_plus_exp(node: Expression) -> Expression | None:
    """z where a node is 1 + eᶻ."""
    beside = _beside_one(node, 1.0)
    return None if beside is None else _argument(beside, EXP)


def _summed_exp(node: Expression) -> tuple[float, Expression, list[int]] | None:
    """(c, z, axes) where a node is c Σ eᶻ over some axes, which are kept with size 1 or gone."""
    terms = _plain_sum(node)
    if len(terms) != 1 or len(terms[0].operands) != 1 or terms[0].coefficient <= 0.0:
        return None
    (term,), (group,) = terms, terms[0].indices
    z = _argument(term.operands[0], EXP)
    kept = [index for index in term.output if index in group]
    places = [group.index(index) for index in kept]
    ones = [size for index, size in enumerate(term.sizes) if index not in group]
    straight = len(set(group)) == len(group) and places == sorted(set(places)) and len(kept) < len(group)
    if z is None or not straight or any(size != 1 for size in ones):
        return None
    if ones and [place for place, index in enumerate(term.output) if index in group] != places:
        return None  # kept axes stand where they stood
    return term.coefficient, z, [axis for axis in range(len(group)) if axis not in places]


def _log(a: Expression) -> Expression | None:
    if (z := _argument(a, EXP)) is not None:
        return z
    if (z := _one_plus_exp(a)) is not None:
        return LOG_ONE_PLUS_EXP(z)
    if (z := _argument(a, SIGMOID)) is not None:
        return negative(LOG_ONE_PLUS_EXP(negative(z)))
    beside = _beside_one(a, -1.0)
    if beside is not None and (z := _argument(beside, SIGMOID)) is not None:
        return negative(LOG_ONE_PLUS_EXP(z))
    if isinstance(a, Primitive) and a.rule is SOFTMAX:
        return Primitive.of(LOG_SOFTMAX, *a.args)
    inner = _argument(a, ABS)
    if isinstance(inner, Primitive) and inner.rule is DETERMINANT:
        return Primitive.of(LOG_DETERMINANT, *inner.args)
    return _log_of_sum(a)


def _log_of_sum(a: Expression) -> Expression | None:
    pair = [_argument(part, EXP) for term in _plain_sum(a) if (part := _entries(term)) is not None]
    if len(pair) == len(_plain_sum(a)) == 2 and all(term.coefficient == 1.0 for term in _plain_sum(a)):
        first, second = pair
        return None if first is None or second is None else LOGADDEXP(first, second)
    found = _summed_exp(a)
    if found is None:
        return None
    coefficient, z, axes = found
    rest = [axis for axis in range(z.ndim) if axis not in axes]
    moved = permute(z, [*rest, *axes]) if [*rest, *axes] != list(range(z.ndim)) else z
    if len(axes) > 1:
        moved = reshape(moved, (*moved.shape[: len(rest)], -1))
    value: Expression = Primitive.of(LOGSUMEXP, moved)
    value = expand_axes(value, axes) if a.ndim == z.ndim else value
    return value if coefficient == 1.0 else add(value, log(coefficient))


def _log1p(a: Expression) -> Expression | None:
    z = _argument(a, EXP)
    return None if z is None else LOG_ONE_PLUS_EXP(z)


def _reciprocal(a: Expression) -> Expression | None:
    z = _one_plus_exp(a)
    return None if z is None else SIGMOID(negative(z))


def _divide(a: Expression, b: Expression) -> Expression | None:
    z = _one_plus_exp(b)
    if z is not None:
        return SIGMOID(z) if _argument(a, EXP) is z else multiply(a, SIGMOID(negative(z)))
    found, z = _summed_exp(b), _argument(a, EXP)
    if found is None or z is None or found[0] != 1.0 or found[1] is not z or len(found[2]) != 1:
        return None
    (axis,) = found[2]
    if b.ndim != z.ndim and axis != 0:  # NumPy aligns axes at their end
        return None
    rest = [k for k in range(z.ndim) if k != axis]
    z = _without_shift(z, axis)
    if axis == z.ndim - 1:
        return Primitive.of(SOFTMAX, z)
    order = [*rest, axis]
    return permute(Primitive.of(SOFTMAX, permute(z, order)), [order.index(k) for k in range(z.ndim)])


def _without_shift(z: Expression, axis: int) -> Expression:
    """z without terms that are the same along an axis: a softmax does not see them."""
    terms = [
        term for term in _plain_sum(z) if term.output[axis] in term.held or term.output.count(term.output[axis]) > 1
    ]
    return of_terms(terms, z.shape) if terms else z


def _power(base: Expression, exponent: Expression) -> Expression | None:
    terms = _plain_sum(base)
    number = float(base.value) if isinstance(base, Constant) and not base.shape and base.name is None else None
    if len(terms) == 1 and not terms[0].operands and len(set(terms[0].output)) == len(terms[0].sizes):
        number = terms[0].coefficient
    return EXP(exponent) if number == e and base.ndim <= exponent.ndim else None


def _root(a: Expression) -> Expression | None:
    """|x| for √(x²), the norm of x for √(Σ x²)."""
    terms = _plain_sum(a)
    if len(terms) != 1 or len(terms[0].operands) != 2 or terms[0].operands[0] is not terms[0].operands[1]:
        return None
    (term,) = terms
    (x, _), (group, other) = term.operands, term.indices
    factor = term.coefficient**0.5 if term.coefficient > 0.0 else 0.0
    if group != other or len(set(group)) != len(group) != 0 or len(term.sizes) != len(group) or not factor:
        return None
    if term.output == group:
        return multiply(factor, ABS(x))
    differences = x.ndim > 2 and len(_plain_sum(x)) > 1  # of all pairs: multiplied out, they are one matrix product
    if factor * factor != term.coefficient or term.output not in ((), group[:-1]) or differences:
        return None
    return multiply(factor, Primitive.of(ROW_NORM if term.output else NORM, x))


RECOGNISED.update({LOG: _log, LOG1P: _log1p, RECIPROCAL: _reciprocal, DIVIDE: _divide, POWER: _power, SQRT: _root})
