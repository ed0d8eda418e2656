"""Factors that cancel: √u √u is u, ‖x‖ · 1/‖x‖ is nothing, x / ‖x‖ is one operand of length 1.

A formula such as 2 ‖x‖ xᵀ/‖x‖ is 0/0 where x is zero, and the function is not. So powers of one base are added up
wherever factors of a term meet. What is left of x xᵀ/‖x‖ and of x log x has a limit at zero, and is computed with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..expressions import terms
from ..expressions.nodes import EinsumSum, Elementwise, Expression, Primitive, unnamed
from ..expressions.terms import is_view
from .determinants import ADJUGATE, DETERMINANT, INVERSE
from .elementwise import (
    DIVIDE,
    LIMIT_LOG,
    LIMIT_QUOTIENT,
    LOG,
    LOG2,
    LOG10,
    POWER,
    RECIPROCAL,
    ROOT_OF_SQUARES,
    SQRT,
)
from .indexing import expand_axes
from .norms import NORM, ROW_NORM

_ROOTS = (SQRT, ROOT_OF_SQUARES)
_QUOTIENTS = (DIVIDE, LIMIT_QUOTIENT)
#: log and its variant that is 0 at 0.
_LIMITS = {LOG: LIMIT_LOG[LOG], LOG2: LIMIT_LOG[LOG2], LOG10: LIMIT_LOG[LOG10]}
_PLAIN = {limit: log for log, limit in _LIMITS.items()}
_MAY_CANCEL = frozenset((*_ROOTS, *_QUOTIENTS, RECIPROCAL, *_LIMITS, *_PLAIN))

Group = tuple[int, ...]
Key = tuple[int, Group]


class _Power(NamedTuple):
    """A base at its indices, to an exponent."""

    base: Expression
    group: Group
    exponent: float

    @property
    def key(self) -> Key:
        return self.base.serial, self.group


def cancelled(operands: Sequence[Expression], indices: Sequence[Group]) -> tuple[list[Expression], list[Group]] | None:
    """The operands of a product with what cancels gone; None where nothing does."""
    if not any(_divides(operand) for operand in operands):
        return None
    parts = [_parts(operand, group, 1.0) for operand, group in zip(operands, indices, strict=True)]
    places = _involved(parts)
    found, groups = list(operands), list(indices)
    if places:
        rebuilt = _rebuilt([power for place in places for power in parts[place]])
        first = min(places)
        kept = [place for place in range(len(operands)) if place not in places]
        before = [place for place in kept if place < first]
        after = [place for place in kept if place > first]
        found = [*(operands[k] for k in before), *(one for one, _ in rebuilt), *(operands[k] for k in after)]
        groups = [*(indices[k] for k in before), *(group for _, group in rebuilt), *(indices[k] for k in after)]
    found = _with_limits(found, groups)
    same = len(found) == len(operands) and all(a is b for a, b in zip(found, operands, strict=True))
    return None if same and groups == list(indices) else (found, groups)


def _divides(operand: Expression) -> bool:
    """Whether an operand is a quotient, a root or a logarithm: without one nothing cancels."""
    node = unnamed(operand)
    return isinstance(node, Elementwise) and node.function in _MAY_CANCEL


def _may_cancel(operand: Expression) -> bool:
    """Whether an operand is one of those, or what they cancel against: a norm, a determinant, a power of one."""
    node = unnamed(operand)
    inner = [one for one, _ in _entrywise(node, tuple(range(node.ndim)))]
    return any(
        _divides(one) or (isinstance(one, Primitive) and one.rule in (NORM, ROW_NORM, DETERMINANT)) for one in inner
    )


def _entrywise(node: Expression, group: Group) -> list[tuple[Expression, Group]]:
    """The factors of a product entry by entry, with their indices; anything else is its own factor."""
    if type(node) is EinsumSum and len(node.terms) == 1:
        (term,) = node.terms
        plain = term.coefficient == 1.0 and len(term.operands) > 1 and len(set(term.output)) == len(term.sizes)
        if plain and _distinct_or_empty(term.output) and all(one in (term.output, ()) for one in term.indices):
            return [(operand, group if own else ()) for operand, own in zip(term.operands, term.indices, strict=True)]
    return [(node, group)]


def _distinct_or_empty(group: Group) -> bool:
    return len(set(group)) == len(group)


def _parts(operand: Expression, group: Group, exponent: float) -> list[_Power]:
    """An operand as a product of powers."""
    node = unnamed(operand)
    if isinstance(node, Elementwise):
        within = [_group_within(arg, node, group) for arg in node.args]
        if node.function in _ROOTS and within[0] is not None:
            return [_Power(unnamed(within[0][0]), within[0][1], exponent / 2)]
        if node.function is RECIPROCAL and within[0] is not None:
            return _parts(*within[0], -exponent)
        if node.function in _QUOTIENTS and within[0] is not None and within[1] is not None:
            return _parts(*within[0], exponent) + _parts(*within[1], -exponent)
    factors = _entrywise(node, group)
    if len(factors) > 1:
        return [power for one, own in factors for power in _parts(one, own, exponent)]
    return [_Power(operand, group, exponent)]


def _group_within(arg: Expression, node: Expression, group: Group) -> tuple[Expression, Group] | None:
    """An argument of an element-wise function and its indices; one that is stretched along axes of size 1 within."""
    if arg.shape == node.shape:
        return arg, group
    if not arg.shape:
        return arg, ()
    if arg.ndim == node.ndim and isinstance(arg, EinsumSum) and is_view(arg):
        (term,) = arg.terms
        if term.coefficient == 1.0 and term.operands and len(set(term.output)) == arg.ndim:
            return term.operands[0], tuple(group[term.output.index(index)] for index in term.indices[0])
    return None


def _involved(parts: Sequence[Sequence[_Power]]) -> set[int]:
    """The places of the operands that share a base which cancels, or a vector and its norm."""
    holders: dict[Key, list[tuple[int, float]]] = {}
    for place, powers in enumerate(parts):
        for power in powers:
            holders.setdefault(_key(power), []).append((place, power.exponent))
    found: set[int] = set()
    for entries in holders.values():
        fractional = [place for place, exponent in entries if exponent % 1 and exponent > 0]
        signs = {exponent > 0 for _, exponent in entries}
        if len({place for place, _ in entries}) > 1 and (len(signs) > 1 or len(fractional) > 1):
            found |= {place for place, _ in entries}
    for place, powers in enumerate(parts):
        for power in powers:
            if power.exponent < 0 and isinstance(power.base, Primitive):
                partner = _partner(power)
                others = {
                    k
                    for k, more in enumerate(parts)
                    for one in more
                    if k != place and one.exponent > 0 and partner(one)
                }
                found |= {place, *others} if others else set()
    return found


def _key(power: _Power) -> Key:
    return unnamed(power.base).serial, power.group


def _partner(power: _Power):  # type: ignore[no-untyped-def]
    """Whether another power goes with 1/‖x‖ (an x), or with 1/det X (an adjugate)."""
    node = power.base
    assert isinstance(node, Primitive)
    if node.rule in (NORM, ROW_NORM):
        inner = unnamed(node.args[0])
        rows = power.group
        return lambda one: unnamed(one.base) is inner and one.group[: len(rows)] == rows and _distinct(one.group)
    if node.rule is DETERMINANT:
        return lambda one: (
            isinstance(one.base, Primitive)
            and one.base.rule is ADJUGATE
            and one.base.args == node.args
            and one.group[: len(power.group)] == power.group
        )
    return lambda one: False


def _distinct(group: Group) -> bool:
    return len(set(group)) == len(group) > 0


def _rebuilt(powers: Sequence[_Power]) -> list[tuple[Expression, Group]]:
    """Operands whose product is that of the powers, each base once."""
    totals: dict[Key, _Power] = {}
    for power in powers:
        before = totals.get(_key(power))
        totals[_key(power)] = power._replace(exponent=power.exponent + (before.exponent if before else 0.0))
    result: list[tuple[Expression, Group]] = []
    for key, power in list(totals.items()):
        if power.exponent < 0 and isinstance(power.base, Primitive):
            result += _with_partners(key, totals)
    for power in totals.values():
        result += _written(power)
    return result


def _with_partners(key: Key, totals: dict[Key, _Power]) -> list[tuple[Expression, Group]]:
    """x / ‖x‖ as one operand as often as both are there, with its limit where an x is left; adj(X)/det X as X⁻¹."""
    divisor = totals[key]
    node = divisor.base
    assert isinstance(node, Primitive)
    partner = _partner(divisor)
    result: list[tuple[Expression, Group]] = []
    wanted = [name for name, one in totals.items() if name != key and one.exponent >= 1 and partner(one)]
    spare = sum(totals[name].exponent for name in wanted) + divisor.exponent > 0
    for name in wanted:
        one = totals[name]
        while totals[key].exponent <= -1 and totals[name].exponent >= 1:
            totals[key] = totals[key]._replace(exponent=totals[key].exponent + 1)
            totals[name] = totals[name]._replace(exponent=totals[name].exponent - 1)
            if node.rule is DETERMINANT:
                result.append((Primitive.of(INVERSE, *node.args), one.group))
                continue
            below = expand_axes(node, [node.ndim]) if node.ndim else node
            result.append(((LIMIT_QUOTIENT if spare else DIVIDE)(one.base, below), one.group))
    return result


def _written(power: _Power) -> list[tuple[Expression, Group]]:
    base, group, exponent = power
    whole, half = divmod(abs(exponent), 1.0)
    factors: list[Expression] = [base if exponent > 0 else RECIPROCAL(base)] * int(whole)
    if half:
        root = SQRT(base)
        factors.append(root if exponent > 0 else RECIPROCAL(root))
    return [(factor, group) for factor in factors]


def _with_limits(operands: Sequence[Expression], indices: Sequence[Group]) -> list[Expression]:
    """x log x with the logarithm that is 0 where x is, and a logarithm by itself as it is."""
    found = list(operands)
    for place, operand in enumerate(operands):
        if not isinstance(operand, Elementwise) or operand.function not in (*_LIMITS, *_PLAIN):
            continue
        zeros = {_key(one) for one in _parts(operand.args[0], indices[place], 1.0) if one.exponent > 0}
        beside = {_key(one) for k, other in enumerate(operands) if k != place for one in _vanishing(other, indices[k])}
        table = _LIMITS if zeros & beside else _PLAIN
        if operand.function in table:
            found[place] = Elementwise.of(table[operand.function], operand.args)
    return found


def _vanishing(operand: Expression, group: Group) -> list[_Power]:
    """The bases of which an operand is a positive power."""
    found = []
    for one in _parts(operand, group, 1.0):
        node = unnamed(one.base)
        if isinstance(node, Elementwise) and node.function is POWER:
            base = _group_within(node.args[0], node, one.group)
            one = one if base is None else _Power(*base, one.exponent)
        found += [one] if one.exponent > 0 else []
    return found


terms.CANCEL.append(cancelled)
terms.MAY_CANCEL.append(_may_cancel)
