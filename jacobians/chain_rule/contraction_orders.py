"""Orders of contraction and their exact cost.

A network is contracted two operands at a time. One such step takes as many multiplications as the product of the
sizes of all indices that either operand has; an index that only one operand has and nobody needs is summed first,
which takes additions alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from ..errors import OptionError
from .symmetry import Mirror, mirror

#: How a chain is evaluated. "reverse" is left to right (a VJP), "forward" right to left (a JVP), "minimal-fill" takes
#: next the node that adds the fewest numbers to be kept, "optimal" is the cheapest of all these and of what a search
#: finds, "dense" the product of the factors written out with their zeros.
ORDERS = ("reverse", "forward", "minimal-fill", "optimal", "dense")

#: One of `ORDERS`, or names of expressions in the order in which they are to be eliminated.
Order = str | tuple[str, ...]

#: opt_einsum's exact search over subsets is used up to this many operands.
SEARCH_LIMIT = 12


@dataclass(frozen=True)
class Pair:
    """One step: operands `left` and `right` (numbers count on past the given operands) become `result`."""

    left: int
    right: int
    left_indices: tuple[int, ...]
    right_indices: tuple[int, ...]
    result: tuple[int, ...]
    multiplications: int


def check_order(order: object) -> Order:
    """`order` itself, a list of names as a tuple; an `OptionError` that lists the choices for anything else."""
    if isinstance(order, (list, tuple)) and order and all(isinstance(name, str) for name in order):
        if len(set(order)) < len(order):
            raise OptionError(f"an order of elimination names each expression once, got {', '.join(order)}")
        return tuple(order)
    if not isinstance(order, str) or order not in ORDERS:
        raise OptionError(
            f"unknown order {order!r}: choose one of {', '.join(map(repr, ORDERS))}, or list names of expressions in "
            'the order in which to eliminate them, such as ["s", "z"]'
        )
    return order


def schedule(
    groups: Sequence[tuple[int, ...]],
    output: Sequence[int],
    sizes: Sequence[int],
    order: str,
    ids: Sequence[int] | None = None,
) -> list[Pair]:
    """The steps in which operands with index `groups` are contracted to `output`.

    `order` is "reverse" (left to right), "forward" (right to left), or "optimal": the cheapest of those two and the
    path that opt_einsum's search finds, by exact count; ties go to the order named first here. `ids` tell which
    operands are the same array: what is contracted twice alike is counted once, and such twins are tried first.
    """
    if len(groups) < 2:
        return []
    nested = {"reverse": _left_to_right, "forward": _right_to_left}
    if order in nested:
        return _steps(groups, output, sizes, nested[order](len(groups)))
    plans = [_steps(groups, output, sizes, pairs(len(groups))) for pairs in nested.values()]
    same = list(ids) if ids is not None else list(range(len(groups)))
    if 2 < len(groups) <= SEARCH_LIMIT:
        if any(sizes[index] > 1 for group in groups for index in group):  # else every order costs the same
            plans.append(_steps(groups, output, sizes, _searched(groups, output, sizes)))
        twins = _twins(groups, output, same)
        if twins:
            plans.append(_steps(groups, output, sizes, _after(twins, groups, output, sizes)))
        halves = mirror(groups, output, same)
        if halves is not None:
            first = _halves(halves, groups, output, sizes)
            plans.append(_steps(groups, output, sizes, _after(first, groups, output, sizes)))
    return min(plans, key=lambda plan: _price(plan, len(groups), same))


def price(
    groups: Sequence[tuple[int, ...]], output: Sequence[int], sizes: Sequence[int], ids: Sequence[int] | None = None
) -> int:
    """The multiplications of the cheapest schedule."""
    same = list(ids) if ids is not None else list(range(len(groups)))
    return _price(schedule(groups, output, sizes, "optimal", same), len(groups), same)


def _twins(groups: Sequence[tuple[int, ...]], output: Sequence[int], ids: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of operands that occur twice alike: two of one array, which share an index at the same axis, twice."""
    pairs: dict[tuple[int, int], list[tuple[int, int]]] = {}
    used: set[int] = set()
    for a in range(len(groups)):
        for b in range(a + 1, len(groups)):
            if ids[a] != ids[b] or a in used or b in used:
                continue
            for axis, index in enumerate(groups[a]):
                shared = groups[b][axis] == index and index not in output
                if shared and sum(index in group for group in groups) == 2:
                    pairs.setdefault((ids[a], axis), []).append((a, b))
                    used |= {a, b}
                    break
    return [pair for found in pairs.values() if len(found) > 1 for pair in found]


def _halves(
    halves: Mirror, groups: Sequence[tuple[int, ...]], output: Sequence[int], sizes: Sequence[int]
) -> list[tuple[int, int]]:
    """Each half contracted by itself, the second in the order of the first."""
    pairs: list[tuple[int, int]] = []
    for half in (halves.half, halves.image):
        others = set(output).union(*(group for k, group in enumerate(groups) if k not in half))
        inner = [groups[k] for k in half]
        wanted = [index for index in dict.fromkeys(index for group in inner for index in group) if index in others]
        if half is halves.half:
            path = _searched(inner, wanted, sizes) if len(inner) > 2 else _left_to_right(len(inner))
        start = len(groups) + len(pairs)
        pairs += [
            tuple(half[k] if k < len(half) else start + k - len(half) for k in pair)  # type: ignore[misc]
            for pair in path
        ]
    return pairs


def _after(
    first: Sequence[tuple[int, int]], groups: Sequence[tuple[int, ...]], output: Sequence[int], sizes: Sequence[int]
) -> list[tuple[int, int]]:
    """The pairs `first`, and then what the search finds for what is left."""
    held: dict[int, tuple[int, ...]] = dict(enumerate(groups))
    for made, (a, b) in enumerate(first, start=len(groups)):
        left, right = held.pop(a), held.pop(b)
        others = set(output).union(*held.values())
        held[made] = tuple(index for index in dict.fromkeys(left + right) if index in others)
    numbers = list(held)
    following = len(groups) + len(first)
    rest = list(held.values())
    path = _searched(rest, output, sizes) if len(rest) > 2 else _left_to_right(len(rest))

    def number(k: int) -> int:
        return numbers[k] if k < len(rest) else following + k - len(rest)

    return [*first, *((number(a), number(b)) for a, b in path)]


def _price(plan: Sequence[Pair], count: int, ids: Sequence[int]) -> int:
    """The multiplications of a plan, where a step that repeats another one is free."""
    identity: dict[int, object] = dict(enumerate(ids))
    seen: set[object] = set()
    total = 0
    for number, step in enumerate(plan, start=count):
        groups_of_step = (step.left_indices, step.right_indices, step.result)
        numbers = {index: place for place, index in enumerate(dict.fromkeys(step.left_indices + step.right_indices))}
        shape = tuple(tuple(numbers[index] for index in group) for group in groups_of_step)
        key = (identity[step.left], identity[step.right], shape)
        identity[number] = key
        if key not in seen:
            total += step.multiplications
            seen.add(key)
    return total


def needed(groups: Sequence[tuple[int, ...]], position: int, output: Sequence[int]) -> tuple[int, ...]:
    """The indices of one operand, each once, that another operand or the output has: the rest is summed first."""
    others = set(output).union(*(group for k, group in enumerate(groups) if k != position))
    return tuple(index for index in dict.fromkeys(groups[position]) if index in others)


def _left_to_right(count: int) -> list[tuple[int, int]]:
    return [(0 if k == 1 else count + k - 2, k) for k in range(1, count)]


def _right_to_left(count: int) -> list[tuple[int, int]]:
    return [(count - 1 - k, count - 1 if k == 1 else count + k - 2) for k in range(1, count)]


def _searched(groups: Sequence[tuple[int, ...]], output: Sequence[int], sizes: Sequence[int]) -> list[tuple[int, int]]:
    """opt_einsum's path, from positions in a shrinking list to numbers that count on."""
    import opt_einsum

    live = [needed(groups, k, output) for k in range(len(groups))]
    text = ",".join("".join(opt_einsum.get_symbol(index) for index in group) for group in live)
    result = "".join(opt_einsum.get_symbol(index) for index in output)
    shapes = [tuple(sizes[index] for index in group) for group in live]
    path, _ = opt_einsum.contract_path(f"{text}->{result}", *shapes, shapes=True, optimize="dp")
    numbers = list(range(len(groups)))
    pairs: list[tuple[int, int]] = []
    following = len(groups)
    for positions in path:
        chosen = [numbers[position] for position in sorted(positions)]
        for position in sorted(positions, reverse=True):
            del numbers[position]
        last = chosen[0]
        for other in chosen[1:]:
            pairs.append((last, other))
            last = following
            following += 1
        numbers.append(last)
    return pairs


def _steps(
    groups: Sequence[tuple[int, ...]],
    output: Sequence[int],
    sizes: Sequence[int],
    pairs: Sequence[tuple[int, int]],
) -> list[Pair]:
    live = {k: needed(groups, k, output) for k in range(len(groups))}
    steps: list[Pair] = []
    for number, (left, right) in enumerate(pairs, start=len(groups)):
        a, b = live.pop(left), live.pop(right)
        wanted = set(output).union(*live.values())
        both = tuple(dict.fromkeys(a + b))
        result = tuple(index for index in both if index in wanted)
        steps.append(Pair(left, right, a, b, result, prod(sizes[index] for index in both)))
        live[number] = result
    return steps
