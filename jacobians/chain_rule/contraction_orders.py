"""Orders of contraction and their exact cost.

A network is contracted two operands at a time. One such step takes as many multiplications as the product of the
sizes of all indices that either operand has; an index that only one operand has and nobody needs is summed first,
which takes additions alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from ..errors import OptionError
from ..shapes.formatting import shown_value
from .symmetry import Mirror, mirror

#: How a chain is evaluated. "reverse" is left to right (a VJP), "forward" right to left (a JVP), "minimal-fill" takes
#: next the node that adds the fewest numbers to be kept, "optimal" is the cheapest of all these and of what a search
#: finds, "dense" the product of the factors written out with their zeros.
ORDERS = ("reverse", "forward", "minimal-fill", "optimal", "dense")

#: One of `ORDERS`, or names of expressions in the order in which they are to be eliminated.
Order = str | tuple[str, ...]

#: Number of operands up to which a search over subsets finds the order of a contraction.
SEARCH_LIMIT = 12
#: Number of operands up to which our own search is the faster one; unlike opt_einsum's it tries outer products, too.
EXACT = 7


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
            f"unknown order {shown_value(order)}: choose one of {', '.join(map(repr, ORDERS))}, or list names of "
            'expressions in the order in which to eliminate them, such as ["s", "z"]'
        )
    return order


def schedule(
    groups: Sequence[tuple[int, ...]],
    output: Sequence[int],
    sizes: Sequence[int],
    order: str,
    ids: Sequence[int] | None = None,
) -> Sequence[Pair]:
    """The steps in which operands with index `groups` are contracted to `output`.

    `order` is "reverse" (left to right), "forward" (right to left), or "optimal": the cheapest of those two and of what
    a search finds, by exact count; ties go to the order named first here. `ids` tell which operands are the same array:
    what is contracted twice alike is counted once, and such twins are tried first.
    """
    if len(groups) < 2:
        return ()
    if order == "optimal":
        return _cheapest(*_key(groups, output, sizes, ids))[0]
    pairs = {"reverse": _left_to_right, "forward": _right_to_left}[order](len(groups))
    return _steps(groups, output, sizes, pairs)


def price(
    groups: Sequence[tuple[int, ...]], output: Sequence[int], sizes: Sequence[int], ids: Sequence[int] | None = None
) -> int:
    """The multiplications of the cheapest schedule."""
    return _cheapest(*_key(groups, output, sizes, ids))[1] if len(groups) > 1 else 0


_Key = tuple[tuple[tuple[int, ...], ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def _key(
    groups: Sequence[tuple[int, ...]], output: Sequence[int], sizes: Sequence[int], ids: Sequence[int] | None
) -> _Key:
    """What a search depends on: operands that are the same array count by the place of the first."""
    first: dict[int, int] = {}
    same = range(len(groups)) if ids is None else [first.setdefault(one, k) for k, one in enumerate(ids)]
    return tuple(groups), tuple(output), tuple(sizes), tuple(same)


@lru_cache(maxsize=8192)
def _cheapest(
    groups: tuple[tuple[int, ...], ...], output: tuple[int, ...], sizes: tuple[int, ...], ids: tuple[int, ...]
) -> tuple[Sequence[Pair], int]:
    """The cheapest schedule and its multiplications."""
    count = len(groups)
    paths = [_left_to_right(count), _right_to_left(count)] if count > 2 else [_left_to_right(count)]
    if 2 < count <= SEARCH_LIMIT:
        if any(sizes[index] > 1 for group in groups for index in group):  # else every order costs the same
            paths.append(_searched(groups, output, sizes))
        if len(set(ids)) < count:
            twins = _twins(groups, output, ids)
            if twins:
                paths.append(_after(twins, groups, output, sizes))
            halves = mirror(groups, output, ids)
            if halves is not None:
                paths.append(_after(_halves(halves, groups, output, sizes), groups, output, sizes))
    plans = [_steps(groups, output, sizes, path) for path in paths]
    prices = [_price(plan, count, ids) for plan in plans]
    best = min(range(len(plans)), key=prices.__getitem__)
    return plans[best], prices[best]


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
    """The cheapest path where nothing is shared, by an exact search over subsets; of many operands by opt_einsum's."""
    if len(groups) > EXACT:
        return _searched_by_opt_einsum(groups, output, sizes)
    whole = (1 << len(groups)) - 1
    masks = [sum(1 << index for index in set(group)) for group in groups]
    outside = sum(1 << index for index in set(output))
    indices = [0] * (whole + 1)  # of a subset of operands: those that one of them has
    for subset in range(1, whole + 1):
        lowest = subset & -subset
        indices[subset] = indices[subset ^ lowest] | masks[lowest.bit_length() - 1]
    live = [indices[subset] & (outside | indices[whole ^ subset]) for subset in range(whole + 1)]
    volumes: dict[int, int] = {}
    best = [0] * (whole + 1)
    halves = [0] * (whole + 1)
    for subset in range(1, whole + 1):
        lowest = subset & -subset
        if subset == lowest:
            continue
        found = -1
        part = rest = subset ^ lowest
        while part:  # every part of the subset without its first operand
            other = subset ^ part
            both = live[part] | live[other]
            volume = volumes.get(both)
            if volume is None:
                volume = volumes[both] = prod(size for index, size in enumerate(sizes) if both >> index & 1)
            total = best[part] + best[other] + volume
            if found < 0 or total < found:
                found, halves[subset] = total, part
            part = (part - 1) & rest
        best[subset] = found
    pairs: list[tuple[int, int]] = []

    def contract(subset: int) -> int:
        if not halves[subset]:
            return subset.bit_length() - 1
        left, right = sorted((contract(subset ^ halves[subset]), contract(halves[subset])))
        pairs.append((left, right))
        return len(groups) + len(pairs) - 1

    contract(whole)
    return pairs


def _searched_by_opt_einsum(
    groups: Sequence[tuple[int, ...]], output: Sequence[int], sizes: Sequence[int]
) -> list[tuple[int, int]]:
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
    readers: dict[int, int] = dict.fromkeys(output, 1)  # how many operands, or the output, have an index
    for group in groups:
        for index in set(group):
            readers[index] = readers.get(index, 0) + 1
    live = {k: tuple(i for i in dict.fromkeys(group) if readers[i] > 1) for k, group in enumerate(groups)}
    steps: list[Pair] = []
    for number, (left, right) in enumerate(pairs, start=len(groups)):
        a, b = live.pop(left), live.pop(right)
        both = tuple(dict.fromkeys(a + b))
        for index in both:
            readers[index] -= (index in a) + (index in b)
        result = tuple(index for index in both if readers[index])
        for index in result:
            readers[index] += 1
        steps.append(Pair(left, right, a, b, result, prod([sizes[index] for index in both])))
        live[number] = result
    return steps
