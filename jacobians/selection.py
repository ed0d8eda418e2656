"""Applying index maps within a term: operands are restricted to what a map selects, and nothing is multiplied."""

from __future__ import annotations

from collections.abc import Sequence

from .expression import Expression
from .index_maps import IndexMap, Selector
from .sizes import Size


def apply_map(
    operands: list[Expression],
    indices: list[tuple[int, ...]],
    output: Sequence[int],
    sizes: dict[int, Size],
    position: int,
) -> list[int] | None:
    """Apply the index map E at `position` to the operands that share its long index; None if nothing changes.

    E[i, j…] is 1 where entry i is entry j…, so `i` may be replaced by `j…` in every other operand, restricted to the
    entries that E selects. E itself stays only where `i` is an axis of the output. The lists are changed in place;
    returned is the new output.
    """
    index_map = operands[position]
    assert isinstance(index_map, IndexMap)
    big, *smalls = indices[position]
    others = [k for k, group in enumerate(indices) if k != position and big in group]
    if not others and big in output:
        return None
    # another map, of which `big` is a short axis, or its long axis in another way: it is written through, or dense
    if any(isinstance(operands[k], IndexMap) and operands[k] is not index_map for k in others):
        return None
    twins = [k for k in others if operands[k] is index_map]
    if any(big in indices[k][1:] for k in twins) or big in smalls:
        return None
    if twins and isinstance(index_map, Selector) and not index_map.pick.injective:
        return None  # an entry that is picked twice has two short indices
    result = list(output)
    for k in others:
        if k in twins:  # the same map twice: their short indices are equal
            for place in range(len(smalls)):
                mine, its = smalls[place], indices[k][place + 1]  # as they are by now: one may have become another
                if its != mine:
                    indices[:] = [tuple(mine if index == its else index for index in group) for group in indices]
                    result = [mine if index == its else index for index in result]
                    smalls = [mine if index == its else index for index in smalls]
                    sizes.pop(its, None)
            continue
        operand, group = operands[k], list(indices[k])
        while big in group:
            axis = group.index(big)
            operand = index_map.restrict(operand, axis)
            group[axis : axis + 1] = smalls
        operands[k], indices[k] = operand, tuple(group)
    for k in sorted(twins, reverse=True):
        del operands[k], indices[k]
        position -= k < position
    if big not in result:
        del operands[position], indices[position]
        sizes.pop(big, None)
    return result
