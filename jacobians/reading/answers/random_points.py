"""Random points for the names of a text: a prime for every symbol of a size, and arrays of those sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...compiler.evaluation import evaluate_all
from ...expressions.nodes import Array, EinsumSum, Expression, SizeValue, Variable
from ...expressions.places import outgrown
from ...expressions.walks import walk
from ...shapes.memory import refuse_if_too_large
from ...shapes.sizes import Size, bind_size, symbols_of

_PRIMES = (5, 3, 7, 2, 11, 13, 17, 19, 23, 29, 31, 37)
#: The place of the last prime that is tried for a size.
_LAST_PRIME = 200
#: Kinds of numbers, tried in this order until every side has a value: any, positive, small and positive.
KINDS = ("normal", "positive", "small")


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


def random_values(
    variables: Sequence[Variable], sizes: Mapping[str, int], rng: np.random.Generator, kind: str
) -> dict[str, Array]:
    """An array for every variable. Raises `MaterializationError` before it allocates what would not fit."""
    shapes = [tuple(bind_size(size, sizes) for size in one.shape) for one in variables]
    refuse_if_too_large(shapes, "random values for the names", "Declare smaller sizes.")
    made: dict[str, Array] = {}
    for variable, shape in zip(variables, shapes, strict=True):
        drawn: Any = rng.normal(size=shape)
        if kind != "normal":
            drawn = 0.1 + np.abs(drawn) if kind == "positive" else 0.05 + 0.4 * rng.random(size=shape)
        made[variable.name] = np.asarray(drawn)
    return made


def values_at(roots: Sequence[Expression], sizes: Mapping[str, int], values: Mapping[str, Array]) -> list[Array]:
    """The values of `roots`; nan and infinity where there is none."""
    with np.errstate(all="ignore"):
        try:
            return evaluate_all(roots, values, sizes)
        except np.linalg.LinAlgError:  # a singular matrix
            return [np.full([bind_size(size, sizes) for size in root.shape], np.nan) for root in roots]


def sampled(
    roots: Sequence[Expression], sizes: Mapping[str, int], seed: int, count: int
) -> Iterator[tuple[dict[str, Array], list[Array]]]:
    """Up to `count` random points at which all of `roots` have finite values, with those values."""
    variables = [node for node in walk(roots) if isinstance(node, Variable)]
    rng = np.random.default_rng(seed)
    found = 0
    for kind in KINDS:
        for _ in range(2 * count):
            values = random_values(variables, sizes, rng, kind)
            results = values_at(roots, sizes, values)
            if all(np.all(np.isfinite(one)) for one in results):
                yield values, results
                found += 1
                if found == count:
                    return
        if found:
            return
