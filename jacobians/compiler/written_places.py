"""The places that a structure with listed or rolled picks writes: no slice is a view of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..expressions.index_maps import Merger, Selector
from ..expressions.linear_maps import WindowMap
from ..expressions.nodes import EinsumTerm
from ..shapes.sizes import bind_size

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class WrittenPlaces:
    """Where the entries of a core go in an array of the shape of its structure.

    `places` is along `axis`, the other axes being written as they are; or, where `axis` is None, in the flat array, one
    for each entry of the core whose axes are `axes`, of these `lengths`. `distinct` tells that no place occurs twice.
    """

    places: Array
    axis: int | None
    axes: tuple[int, ...]
    lengths: tuple[int, ...]
    distinct: bool


def is_listed(structure: EinsumTerm) -> bool:
    """Whether a map of a structure picks entries that are not a slice."""
    return any(
        isinstance(one, WindowMap) or (isinstance(one, Selector) and not one.pick.is_slice)
        for one in structure.operands[1:]
    )


def written_places(structure: EinsumTerm, shape: Sequence[int], sizes: Mapping[str, int]) -> WrittenPlaces:
    """The places, computed while the code is written."""
    pairs = zip(structure.operands[1:], structure.indices[1:], strict=True)
    maps = {group[0]: (one, group[1:]) for one, group in pairs}
    bound = [bind_size(size, sizes) for size in structure.sizes]

    def along(index: int) -> tuple[tuple[int, ...], Array]:
        """The short axes that an axis of the output becomes, and the place on it of each of their entries."""
        if index not in maps:
            return (index,), np.arange(bound[index])
        index_map, short = maps[index]
        parts = [along(one) for one in short]
        axes = tuple(axis for group, _ in parts for axis in group)
        if isinstance(index_map, Selector):
            pick = index_map.pick
            picked = pick.places()
            if picked is None:
                picked = bind_size(pick.start, sizes) + pick.step * np.arange(bind_size(pick.length, sizes))
            return axes, picked[parts[0][1]]
        lengths = [bind_size(size, sizes) for size in index_map.shape[1:]]
        if isinstance(index_map, WindowMap):
            lengths = [1, 1]
        total: Array = np.zeros((), dtype=np.intp)
        for (_, places), length in zip(parts, lengths, strict=True):
            total = np.multiply.outer(total, np.ones(places.shape, dtype=np.intp)) * length + places
        return axes, total

    found = [along(index) for index in structure.output]
    axes = tuple(dict.fromkeys(axis for group, _ in found for axis in group))
    lengths = tuple(bound[axis] for axis in axes)
    distinct = _are_distinct(structure, maps)
    mapped = [place for place, index in enumerate(structure.output) if index in maps]
    apart = sum(len(group) for group, _ in found) == len(axes)
    if apart and len(mapped) == 1 and len(found[mapped[0]][0]) == 1 and distinct:
        return WrittenPlaces(found[mapped[0]][1], mapped[0], axes, lengths, distinct)
    flat: Array = np.zeros(lengths, dtype=np.intp)
    for place, (group, places) in enumerate(found):
        order = sorted(range(len(group)), key=lambda k, group=group: axes.index(group[k]))  # type: ignore[misc]
        if len(set(group)) < len(group):  # an axis that meets itself
            letters = dict(zip(axes, range(len(axes)), strict=True))
            group_numbers = [letters[axis] for axis in group]
            places = np.einsum(places, group_numbers, sorted(set(group_numbers)))
            present = set(group)
        else:
            places, present = places.transpose(order), set(group)
        spread = places.reshape([bound[axis] if axis in present else 1 for axis in axes])
        flat += spread * prod(shape[place + 1 :])
    return WrittenPlaces(flat.reshape(-1), None, axes, lengths, distinct)


def _are_distinct(structure: EinsumTerm, maps: Mapping[int, Any]) -> bool:
    """Whether no place is written twice: a pick that repeats entries does, unless it is along an axis of the output.

    Windows overlap, unless one of their axes is of the output, too.
    """
    seen = {index for index in structure.output if index not in maps}
    for index_map, short in maps.values():
        if isinstance(index_map, Merger) or (isinstance(index_map, Selector) and index_map.pick.injective):
            seen |= {index for index in short if index not in maps}
    return all(
        any(index in seen for index in short)
        for index_map, short in maps.values()
        if isinstance(index_map, WindowMap) or (isinstance(index_map, Selector) and not index_map.pick.injective)
    )
