"""Sums as a person puts them: like terms merged, and what all terms share pulled out, as in xᵀ (A + Aᵀ)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace

from .forms import Bracket, Group, Monomial, Product, Scalar, Sum, is_turned, meaning, turn
from .rewriting import simplified


def collected(monomials: Iterable[Monomial]) -> Sum:
    """The sum with like terms added up, and with common factors in front of or behind parentheses."""
    terms = merged(monomials)
    if len(terms) < 2:
        return tuple(terms)
    return (_together(terms),) if _shares(terms) else tuple(_in_pairs(terms))


def _key(monomial: Monomial) -> Hashable:
    return frozenset((meaning(scalar), exponent) for scalar, exponent in monomial.scalars), monomial.body


def merged(monomials: Iterable[Monomial]) -> list[Monomial]:
    """The sum with like terms added up; what cancels is gone."""
    found: dict[Hashable, Monomial] = {}
    for one in monomials:
        one = replace(one, body=simplified(one.body))
        first = found.get(_key(one))
        found[_key(one)] = replace(first, coefficient=first.coefficient + one.coefficient) if first else one
    return [one for one in found.values() if one.coefficient]


def _ends(terms: list[Monomial]) -> tuple[int, int]:
    """How many factors all bodies begin with, and end with, alike, so that something is left of each.

    Terms that are divided by different scalars are left apart.
    """
    if len({frozenset((meaning(scalar), power) for scalar, power in one.scalars if power < 0) for one in terms}) > 1:
        return 0, 0
    shortest = min(len(one.body) for one in terms)
    first = terms[0].body
    front = 0
    while front < shortest - 1 and all(one.body[front] == first[front] for one in terms):
        front += 1
    back = 0
    while back < shortest - 1 - front and all(one.body[-1 - back] == first[-1 - back] for one in terms):
        back += 1
    return front, back


def _common_scalars(terms: list[Monomial]) -> list[tuple[Scalar, int]]:
    """The scalars that every term has: the smallest exponent, or a negative one that all have."""
    powers = [{meaning(scalar): exponent for scalar, exponent in one.scalars} for one in terms]
    found = []
    for scalar, _ in terms[0].scalars:
        exponents = [power.get(meaning(scalar), 0) for power in powers]
        if min(exponents) > 0 or (min(exponents) == max(exponents) < 0):
            found.append((scalar, min(exponents)))
    return found


def _common_number(terms: list[Monomial]) -> float:
    """The number that every term has in front, with the sign where all are negative."""
    sizes = {abs(one.coefficient) for one in terms}
    sign = -1.0 if all(one.coefficient < 0 for one in terms) else 1.0
    return sign * (sizes.pop() if len(sizes) == 1 else 1.0)


def _is_row(terms: list[Monomial]) -> bool:
    """Whether all bodies are single vectors, turned: aᵀ + bᵀ is (a + b)ᵀ."""
    return all(len(one.body) == 1 and is_turned(one.body[0]) and one.body[0].rows == 1 for one in terms)


def _shares(terms: list[Monomial]) -> bool:
    number = abs(_common_number(terms)) != 1.0 and not any(one.scalars for one in terms)
    return number or bool(_common_scalars(terms)) or sum(_ends(terms)) > 0 or _is_row(terms)


def _together(terms: list[Monomial]) -> Monomial:
    """All terms as one monomial: what they share, and the rest in parentheses."""
    number, scalars = _common_number(terms), _common_scalars(terms)
    front, back = _ends(terms)
    shared = {meaning(scalar): exponent for scalar, exponent in scalars}
    rest = [
        Monomial(
            one.coefficient / number,
            tuple(
                (scalar, exponent - shared.get(meaning(scalar), 0))
                for scalar, exponent in one.scalars
                if exponent != shared.get(meaning(scalar), 0)
            ),
            one.body[front : len(one.body) - back],
        )
        for one in terms
    ]
    body = terms[0].body
    before, after = body[:front], body[len(body) - back :]
    if not any(one.body for one in rest):
        return Monomial(number, (*scalars, (Bracket(tuple(rest)), 1)), ())
    return Monomial(number, tuple(scalars), (*before, *_middle(rest), *after))


def _middle(rest: list[Monomial]) -> Product:
    if _is_row(rest):
        return turn((Group(tuple(replace(one, body=turn(one.body)) for one in rest)),))
    first, *others = rest
    if len(others) == 1 and first.body and is_turned(first.body[0]) and first.body == turn(others[0].body):
        rest = [*others, first]  # (A + Aᵀ)
    return (Group(tuple(rest)),)


def _in_pairs(terms: list[Monomial]) -> list[Monomial]:
    """Terms that differ in a single factor put together: xᵀ A + xᵀ Aᵀ + bᵀ is xᵀ (A + Aᵀ) + bᵀ."""
    done: list[Monomial] = []
    waiting = list(terms)
    while waiting:
        first, *waiting = waiting
        alike = [first]
        for one in waiting:
            if _differ_in_one(first, one) and sum(_ends([*alike, one])) == len(first.body) - 1:
                alike.append(one)
        waiting = [one for one in waiting if one not in alike]
        done.append(_together(alike) if len(alike) > 1 else first)
    return done


def _differ_in_one(first: Monomial, second: Monomial) -> bool:
    return (
        len(first.body) == len(second.body)
        and (len(first.body) > 1 or bool(first.scalars))
        and abs(first.coefficient) == abs(second.coefficient)
        and _key(replace(first, body=())) == _key(replace(second, body=()))
    )
