"""Eliminating deltas, one at a time: the sum over an index that a delta ties to another is the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..expressions.index_maps import IndexMap
from ..notation.components import Delta, Entry, EntryProduct, EntrySum, Factor, NumberFactor, Partial, Power, Row


def rename(factor: Factor, names: Mapping[int, int]) -> Factor:
    """A factor with indices renamed."""

    def new(indices: Iterable[int]) -> tuple[int, ...]:
        return tuple(names.get(index, index) for index in indices)

    match factor:
        case Delta():
            return Delta(*new(factor.indices))
        case Entry(node, indices, form):
            return Entry(node, new(indices), form)
        case Power(entry, exponent):
            return Power(Entry(entry.node, new(entry.indices)), exponent)
        case Row(matrix, at, vector):
            return Row(matrix, names.get(at, at), vector)
        case EntrySum(products):
            return EntrySum(tuple(_renamed(product, names) for product in products))
        case Partial(of, by, held, total):
            of, by = rename(of, names), rename(by, names)  # type: ignore[assignment]
            return Partial(of, by, held, total)
        case _:
            return factor


def _renamed(product: EntryProduct, names: Mapping[int, int]) -> EntryProduct:
    sizes = {names.get(index, index): size for index, size in product.sizes.items()}
    return replace(product, factors=tuple(rename(factor, names) for factor in product.factors), sizes=sizes)


def collect_numbers(product: EntryProduct) -> EntryProduct:
    """The numbers among the factors multiplied into the coefficient."""
    coefficient = product.coefficient
    for factor in product.factors:
        if isinstance(factor, NumberFactor):
            coefficient *= factor.value
    kept = tuple(factor for factor in product.factors if not isinstance(factor, NumberFactor))
    return replace(product, coefficient=coefficient, factors=kept)


def eliminate_one(product: EntryProduct) -> tuple[EntryProduct, Delta | Entry] | None:
    """The product without one of its deltas, and that delta; None where there is none that a sum is over.

    A tensor of zeros and ones between a long axis and short ones is a delta too: the other factors are restricted.
    """
    for factor in product.factors:
        if isinstance(factor, Delta) and (one := _without(product, factor)):
            return one, factor
    for factor in product.factors:
        if isinstance(factor, Entry) and isinstance(factor.node, IndexMap) and (one := _applied(product, factor)):
            return one, factor
    return None


def _without(product: EntryProduct, delta: Delta) -> EntryProduct | None:
    first, second = delta
    if first == second:
        kept = list(product.factors)
        kept.remove(delta)
        return replace(product, factors=tuple(kept))
    if second >= product.rank:
        gone, stays = second, first
    elif first >= product.rank:
        gone, stays = first, second
    else:
        return None
    kept = list(product.factors)
    kept.remove(delta)
    sizes = {index: size for index, size in product.sizes.items() if index != gone}
    return replace(product, factors=tuple(rename(factor, {gone: stays}) for factor in kept), sizes=sizes)


def _applied(product: EntryProduct, entry: Entry) -> EntryProduct | None:
    index_map = entry.node
    assert isinstance(index_map, IndexMap)
    long, *short = entry.indices
    if long < product.rank or long in short:
        return None
    kept = list(product.factors)
    kept.remove(entry)
    for place, factor in enumerate(kept):
        if long not in factor.indices:
            continue
        if not isinstance(factor, Entry) or isinstance(factor.node, IndexMap):
            return None
        node, indices = factor.node, list(factor.indices)
        while long in indices:
            axis = indices.index(long)
            node = index_map.restrict(node, axis)
            indices[axis : axis + 1] = short
        kept[place] = Entry(node, tuple(indices))
    sizes = {index: size for index, size in product.sizes.items() if index != long}
    return replace(product, factors=tuple(kept), sizes=sizes)
