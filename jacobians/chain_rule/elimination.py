"""Elimination: a derivative by taking the nodes between y and x out of the graph, one after the other.

An edge from a node down to another carries the Jacobian of the one by the other. To take a node out is to multiply
each edge that leads to it with each edge that leads on, and to add the product to the edge that bridges it. When only
y and x are left, the edge between them is ∂y/∂x, whatever the order was; what it costs is decided by the order. From y
down it is the reverse order, from x up the forward order, and everything in between is "cross-country" (Griewank and
Walther, Evaluating Derivatives, chapter 9). Minimal fill takes next the node that adds the fewest numbers to be kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import pairwise
from math import inf, prod

from ..errors import OptionError
from ..expressions.delta_patterns import core_shape, pattern, share_by_delta_pattern
from ..expressions.nodes import EinsumTerm, Expression, Named, unnamed
from ..expressions.terms import merge_like
from ..shapes.sizes import bind_size
from .accumulation import between
from .local_rules import chain, identity, local_jacobians

#: A place in the graph: the segment of the path it lies in, and the node.
_Place = tuple[int, int]


class Swelling(Exception):
    """An edge has come to more terms than were allowed: the sum over paths is being multiplied out."""


class _EliminationGraph:
    """The nodes between the points of a path, with Jacobians on the edges from each node down to its children.

    Two segments of a path meet in their common point alone, so that no edge leads past it.
    """

    def __init__(self, path: Sequence[Expression], sizes: Mapping[str, int], most: float = inf) -> None:
        self._sizes, self._most = sizes, most
        self.nodes: dict[_Place, Expression] = {}
        self.names: dict[str, list[_Place]] = {}
        self.down: dict[_Place, dict[_Place, list[EinsumTerm]]] = {}
        self.up: dict[_Place, set[_Place]] = {}
        self._patterns: dict[tuple[_Place, _Place], dict[object, int]] = {}
        last = len(path) - 2
        for segment, (start, end) in enumerate(pairwise(path)):
            ends = {unnamed(start).serial: (segment, 0), unnamed(end).serial: (segment + 1, 0)}
            nodes = between(start, [end])
            bodies = [node for node in nodes if not isinstance(node, Named)]
            for node in reversed(bodies):
                self.nodes.setdefault(ends.get(node.serial, (segment, node.serial)), node)
            for node in nodes:
                place = ends.get(unnamed(node).serial, (segment, unnamed(node).serial))
                if isinstance(node, Named):
                    self.nodes[place] = node
                    self.names.setdefault(node.name, []).append(place)
            on_path = {node.serial for node in nodes}
            for node in bodies:
                if node is unnamed(end):
                    continue
                place = ends.get(node.serial, (segment, node.serial))
                for child, term in local_jacobians(node):
                    if child.serial in on_path and term.coefficient:
                        below = unnamed(child).serial
                        self._add(place, ends.get(below, (segment, below)), [term])
        self.top: _Place = (0, 0)
        self.bottom: _Place = (last + 1, 0)

    def _add(self, above: _Place, below: _Place, terms: list[EinsumTerm]) -> None:
        edges = self.down.setdefault(above, {})
        edges[below] = merge_like([*edges.get(below, []), *terms])
        if len(edges[below]) > self._most:
            raise Swelling
        self._patterns.pop((above, below), None)
        self.up.setdefault(below, set()).add(above)

    @property
    def inner(self) -> list[_Place]:
        """What may be taken out, from the numerator down."""
        return [place for place in self.nodes if place not in (self.top, self.bottom)]

    def _products(self, place: _Place) -> Iterator[tuple[_Place, _Place, list[EinsumTerm]]]:
        middle = self.nodes[place].ndim
        for above in sorted(self.up.get(place, ())):
            for below, right in self.down.get(place, {}).items():
                left = self.down[above][place]
                yield above, below, [chain(a, b, middle) for a in left for b in right]

    def fill(self, place: _Place) -> int:
        """The numbers to be kept that taking `place` out adds: those of new edges, less what they already hold."""
        total = 0
        for above, below, terms in self._products(place):
            new = self._stored(terms)
            total += sum(new[key] for key in new.keys() - self._kept(above, below))
        return total

    def _kept(self, above: _Place, below: _Place) -> Set[object]:
        terms = self.down[above].get(below)
        if terms is None:
            return set()
        if (above, below) not in self._patterns:
            self._patterns[above, below] = self._stored(terms)
        return self._patterns[above, below].keys()

    def _stored(self, terms: Sequence[EinsumTerm]) -> dict[object, int]:
        """The numbers that a sum of networks is kept as: each pattern of deltas once, without its zeros."""
        return {pattern(term): prod(bind_size(size, self._sizes) for size in core_shape(term)) for term in terms}

    def eliminate(self, place: _Place) -> set[_Place]:
        """Take `place` out; returns the places whose fill may have changed."""
        node = self.nodes[place]
        for above in self.up.get(place, ()):
            self.down[above][place] = share_by_delta_pattern(self.down[above][place], self.nodes[above], node)
            self._patterns.pop((above, place), None)
        for below, terms in self.down.get(place, {}).items():
            self.down[place][below] = share_by_delta_pattern(terms, node, self.nodes[below])
            self._patterns.pop((place, below), None)
        touched: set[_Place] = set()
        for above, below, terms in list(self._products(place)):
            self._add(above, below, terms)
            touched |= {above, below} | (self.down[above].keys() & self.up[below])
        for above in self.up.pop(place, set()):
            del self.down[above][place]
        for below in self.down.pop(place, {}):
            self.up[below].discard(place)
        del self.nodes[place]
        return touched


def accumulate_by_elimination(
    path: Sequence[Expression], sizes: Mapping[str, int], names: Sequence[str] = (), most: float = inf
) -> list[EinsumTerm]:
    """∂y/∂x along `path` (y, …, x), nodes taken out by minimal fill; `sizes` bind the symbols of all shapes.

    With `names`, unnamed nodes first, by minimal fill; then the named ones in that order; then what is left, from
    the numerator down. Raises `OptionError` for a name that is not strictly between y and x, and `Swelling` as soon as
    an edge has more than `most` terms.
    """
    path = [path[0], *(end for start, end in pairwise(path) if unnamed(start) is not unnamed(end))]
    if len(path) == 1:  # x by itself
        return [identity(path[0].shape)]
    graph = _EliminationGraph(path, sizes, most)
    inner = graph.inner
    if not names:
        _by_fill(graph, inner)
    else:
        places = {place: name for name, found in graph.names.items() for place in found if place in graph.nodes}
        between_them = {name for place, name in places.items() if place in set(inner)}
        for name in names:
            if name not in between_them:
                ends = f"{path[0].name or 'y'} and {path[-1].name or 'x'}"
                raise OptionError(
                    f"an order of elimination names what lies between {ends}, and {name!r} does not; the names there "
                    f"are {', '.join(sorted(between_them)) or 'none'}"
                )
        _by_fill(graph, [place for place in inner if place not in places])
        for name in names:
            for place in graph.names[name]:
                if place in graph.nodes:
                    graph.eliminate(place)
        for place in graph.inner:
            graph.eliminate(place)
    return graph.down.get(graph.top, {}).get(graph.bottom, [])


def _by_fill(graph: _EliminationGraph, places: Sequence[_Place]) -> None:
    """Take out `places`, each time the one with the least fill; of equals the one nearest to the numerator."""
    rank = {place: number for number, place in enumerate(places)}
    fills = {place: graph.fill(place) for place in places}
    while fills:
        place = min(fills, key=lambda one: (fills[one], rank[one]))
        del fills[place]
        for changed in graph.eliminate(place) & fills.keys():
            fills[changed] = graph.fill(changed)
