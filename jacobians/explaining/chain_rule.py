"""The chain rule by components: along a path, or one station further down from where all paths are taken together."""

from __future__ import annotations

from itertools import count, pairwise, product

from ..expressions.nodes import Expression
from ..notation.components import Entry, EntryProduct, Factor, Partial, place
from ..shapes.sizes import Size
from .graph import Path, StationGraph
from .local import EntryProducts, placed


def along(graph: StationGraph, path: Path) -> tuple[EntryProduct, EntryProducts]:
    """The product of derivatives along a path, and the same with the terms of the local Jacobians in their place."""
    top = path[0].ndim
    shape = (*path[0].shape, *path[-1].shape[::-1])
    rank = len(shape)
    fresh = count(rank)
    sizes: dict[int, Size] = dict(enumerate(shape))
    axes = [tuple(range(top))]
    for station in path[1:-1]:
        axes.append(tuple(next(fresh) for _ in station.shape))
        sizes.update(zip(axes[-1], station.shape, strict=True))
    axes.append(tuple(range(top, rank))[::-1])
    pairs = list(zip(pairwise(path), pairwise(axes), strict=True))
    edges = (Partial(Entry(a, i), Entry(b, j), graph.held(a, b)) for (a, b), (i, j) in pairs)
    start = EntryProduct(1.0, tuple(edges), sizes, rank)
    first_inner = next(fresh)
    products = []
    for choice in product(*(graph.local(a, b) for (a, b), _ in pairs)):
        own = dict(sizes)
        inner = count(first_inner)
        factors: list[Factor] = []
        coefficient = 1.0
        for term, (_, (i, j)) in zip(choice, pairs, strict=True):
            coefficient *= term.coefficient
            factors += place(term, (*i, *j[::-1]), own, inner)
        products.append(EntryProduct(coefficient, tuple(factors), own, rank))
    return start, tuple(products)


def backward(graph: StationGraph, y: Expression, station: Expression) -> tuple[EntryProducts, EntryProducts]:
    """∂y/∂station as a sum over what is computed from the station, by what ∂y is by that along all paths.

    Once with the edges as derivatives, and once with the terms of the local Jacobians in their place.
    """
    shape = (*y.shape, *station.shape[::-1])
    rank = len(shape)
    at_y, at_x = tuple(range(y.ndim)), tuple(range(y.ndim, rank))[::-1]
    axes: dict[int, Size] = dict(enumerate(shape))
    first: list[EntryProduct] = []
    second: list[EntryProduct] = []
    for above in graph.above(station):
        held = graph.held(above, station)
        if above is y:
            first.append(EntryProduct(1.0, (Partial(Entry(y, at_y), Entry(station, at_x), held),), axes, rank))
            second += placed(graph.local(above, station), axes, rank)
            continue
        middle = tuple(range(rank, rank + above.ndim))
        sizes = {**axes, **dict(zip(middle, above.shape, strict=True))}
        so_far = Partial(Entry(y, at_y), Entry(above, middle), (), True)
        edge = Partial(Entry(above, middle), Entry(station, at_x), held)
        first.append(EntryProduct(1.0, (so_far, edge), sizes, rank))
        for term in graph.local(above, station):
            own = dict(sizes)
            factors = place(term, (*middle, *at_x[::-1]), own, count(rank + above.ndim))
            second.append(EntryProduct(term.coefficient, (so_far, *factors), own, rank))
    return tuple(first), tuple(second)
