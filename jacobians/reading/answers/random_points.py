"""Random points for the names of a text: a prime for every symbol of a size, and arrays of those sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from ...compiler.evaluation import evaluate_all
from ...expressions.nodes import Array, EinsumSum, Expression, SizeValue, Variable
from ...expressions.places import outgrown
from ...expressions.walks import walk
from ...shapes.facts import made_true
from ...shapes.memory import refuse_if_too_large
from ...shapes.sizes import Size, bind_size, symbols_of

_PRIMES = (5, 3, 7, 2, 11, 13, 17, 19, 23, 29, 31, 37)
#: The place of the last prime that is tried for a size.
_LAST_PRIME = 200
#: Kinds of numbers, tried in this order until every side has a value: any, positive, small and positive. There is
#: "wide", too: of any size.
KINDS = ("normal", "positive", "small")


#: So many assignments of numbers to the symbols of sizes are tried.
MOST_SIZES = 8
#: Arrays that are there for each value at once: several points, each with one close by, and what is computed on the
#: way.
COPIES = 12
NO_FACTS: Mapping[str, Sequence[str]] = MappingProxyType({})


def prime_for(place: int) -> int:
    """A small prime for each place: sizes that differ tell a transposed matrix from a right one."""
    if place < len(_PRIMES):
        return _PRIMES[place]
    candidate, count = _PRIMES[-1], len(_PRIMES) - 1
    while count < place:
        candidate += 2
        count += all(candidate % divisor for divisor in range(3, int(candidate**0.5) + 1, 2))
    return candidate


def bound_sizes(nodes: Iterable[Expression], given: Mapping[str, int] | None = None) -> dict[str, int]:
    """A number for every symbol that a shape has: as given, or a prime of its own.

    Where the nodes take an entry or a slice that a small prime does not reach, larger ones are tried; what does not fit
    then is refused where it is evaluated.
    """
    nodes, given = list(nodes), given or {}
    symbols = dict.fromkeys(symbol for node in nodes for size in _sizes_in(node) for symbol in symbols_of(size))
    places = {symbol: place for place, symbol in enumerate(symbols)}
    while True:
        bound = {symbol: given.get(symbol, prime_for(place)) for symbol, place in places.items()}
        short = outgrown(nodes, bound) - set(given)
        if not short or max(places.values()) > _LAST_PRIME:
            return bound
        for symbol in short:
            places[symbol] = places[symbol] + len(symbols) if places[symbol] >= 4 else 4 + places[symbol]


def _sizes_in(node: Expression) -> Iterator[Size]:
    """The sizes of a node: those of its axes, those that it sums over, and one that stands as a number."""
    yield from node.shape
    if isinstance(node, EinsumSum):
        for term in node.terms:
            yield from term.sizes
    elif isinstance(node, SizeValue):
        yield node.length


#: The facts that hold of the variables, by their names.
Facts = Mapping[str, Sequence[str]]


def random_values(
    variables: Sequence[Variable],
    sizes: Mapping[str, int],
    rng: np.random.Generator,
    kind: str,
    facts: Facts = NO_FACTS,
) -> dict[str, Array]:
    """An array for every variable, of which its facts hold.

    Raises `MaterializationError` before it allocates what would not fit, and `DataError` for facts that no array has.
    """
    shapes = [tuple(bind_size(size, sizes) for size in one.shape) for one in variables]
    refuse_if_too_large(shapes, "random values for the names", "Declare smaller sizes.")
    made: dict[str, Array] = {}
    for variable, shape in zip(variables, shapes, strict=True):
        drawn: Any = rng.normal(size=shape)
        if kind == "wide":
            drawn = drawn * 10.0 ** rng.uniform(-3, 6)
        elif kind != "normal":
            drawn = 0.1 + np.abs(drawn) if kind == "positive" else 0.05 + 0.4 * rng.random(size=shape)
        known = facts.get(variable.name, ())
        made[variable.name] = made_true(np.asarray(drawn), known) if known else np.asarray(drawn)
    return made


def values_at(roots: Sequence[Expression], sizes: Mapping[str, int], values: Mapping[str, Array]) -> list[Array]:
    """The values of `roots`, of whose names there are `values`; nan and infinity where there is none."""
    needed = {node.name: values[node.name] for node in walk(roots) if isinstance(node, Variable)}
    with np.errstate(all="ignore"):
        try:
            return evaluate_all(roots, needed, sizes)
        except np.linalg.LinAlgError:  # a singular matrix
            return [np.full([bind_size(size, sizes) for size in root.shape], np.nan) for root in roots]


def sampled(
    roots: Sequence[Expression],
    sizes: Mapping[str, int],
    seed: int,
    count: int,
    facts: Facts = NO_FACTS,
    kinds: Sequence[str] = KINDS,
) -> Iterator[tuple[dict[str, Array], list[Array]]]:
    """Up to `count` random points at which all of `roots` have finite values, with those values."""
    variables = [node for node in walk(roots) if isinstance(node, Variable)]
    shapes = [tuple(bind_size(size, sizes) for size in node.shape) for node in (*variables, *roots)]
    besides = COPIES * 8 * sum(map(prod, shapes))
    refuse_if_too_large(shapes, "both sides at random points", "Declare smaller sizes.", besides=besides)
    rng = np.random.default_rng(seed)
    found = 0
    for kind in kinds:
        for _ in range(2 * count):
            values = random_values(variables, sizes, rng, kind, facts)
            results = values_at(roots, sizes, values)
            if all(np.all(np.isfinite(one)) for one in results):
                yield values, results
                found += 1
                if found == count:
                    return
        if found:
            return


def several_sizes(symbols: Sequence[str]) -> Iterator[dict[str, int]]:
    """Numbers for the symbols of sizes, in orders of which each is larger than another once; last, all equal.

    A row of X may be longer than a column or shorter: where one of them makes a matrix singular the other does not.
    """
    if not symbols:
        yield {}
        return
    primes = [prime_for(place) for place in range(len(symbols) + 1)]
    first = dict(zip(symbols, primes, strict=False))
    yield first
    rng = np.random.default_rng(len(symbols))
    seen = {tuple(first.values())}
    orders = [sorted(primes)[1:], sorted(primes, reverse=True)[: len(symbols)]]
    for place in range(MOST_SIZES):
        order = orders[place] if place < len(orders) else [int(one) for one in rng.permutation(primes)][: len(symbols)]
        if tuple(order) not in seen:
            seen.add(tuple(order))
            yield dict(zip(symbols, order, strict=True))
    yield dict.fromkeys(symbols, 4)
