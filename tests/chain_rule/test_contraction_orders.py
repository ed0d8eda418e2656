"""Orders of contraction: every schedule computes the einsum, and the optimal one is the cheapest there is."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from helpers import assert_close, search
from hypothesis import strategies as st

from jacobians import OptionError
from jacobians.chain_rule.contraction_orders import ORDERS, Pair, check_order, needed, price, schedule

Groups = list[tuple[int, ...]]


@st.composite
def networks(draw: Any, most: int = 5) -> tuple[Groups, list[int], list[int]]:
    """Operands by their indices, an output, and sizes."""
    sizes = draw(st.lists(st.sampled_from((1, 2, 3, 5)), min_size=1, max_size=6))
    index = st.integers(0, len(sizes) - 1)
    groups = draw(st.lists(st.lists(index, max_size=3, unique=True).map(tuple), min_size=2, max_size=most))
    met = sorted({one for group in groups for one in group})
    output = draw(st.lists(st.sampled_from(met), max_size=3, unique=True)) if met else []
    return groups, output, sizes


def run(steps: Any, groups: Groups, output: list[int], arrays: list[Any]) -> Any:
    """Carry out a schedule with NumPy's einsum, a pair at a time."""
    live = {k: (array, group) for k, (array, group) in enumerate(zip(arrays, groups, strict=True))}
    for number, step in enumerate(steps, start=len(groups)):
        (a, ia), (b, ib) = live.pop(step.left), live.pop(step.right)
        assert step.multiplications >= prod(np.shape(a)[ia.index(i)] for i in step.left_indices)
        live[number] = (np.einsum(a, list(ia), b, list(ib), list(step.result)), step.result)
    ((array, group),) = live.values()
    return np.einsum(array, list(group), output)


@search(networks(), st.sampled_from(["reverse", "forward", "optimal"]), few=120, many=1500)
def test_every_schedule_computes_the_einsum(network: tuple[Groups, list[int], list[int]], order: str) -> None:
    groups, output, sizes = network
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=[sizes[index] for index in group]) for group in groups]
    expected = np.einsum(*(part for pair in zip(arrays, map(list, groups), strict=True) for part in pair), output)
    assert_close(run(schedule(groups, output, sizes, order), groups, output, arrays), expected)


def cheapest(live: Groups, output: list[int], sizes: list[int]) -> int:
    """The fewest multiplications of any order of pairs, by trying them all."""
    if len(live) < 2:
        return 0
    found = []
    for a in range(len(live)):
        for b in range(a):
            rest = [group for k, group in enumerate(live) if k not in (a, b)]
            wanted = set(output).union(*rest)
            left, right = ({i for i in live[k] if i in wanted or i in live[other]} for k, other in ((a, b), (b, a)))
            both = left | right
            made = tuple(both & wanted)
            found.append(prod(sizes[i] for i in both) + cheapest([*rest, made], output, sizes))
    return min(found)


@search(networks(most=4), few=120, many=1500)
def test_optimal_is_the_cheapest_of_all_orders(network: tuple[Groups, list[int], list[int]]) -> None:
    groups, output, sizes = network
    assert price(groups, output, sizes) == cheapest(groups, output, sizes)
    assert price(groups, output, sizes) == sum(
        step.multiplications for step in schedule(groups, output, sizes, "optimal")
    )


def test_reverse_goes_from_the_left_and_forward_from_the_right() -> None:
    groups: Groups = [(0,), (0, 1), (1, 2), (2, 3)]
    sizes = [2, 3, 5, 7]
    reverse, forward = (schedule(groups, [3], sizes, order) for order in ("reverse", "forward"))
    assert [(step.left, step.right) for step in reverse] == [(0, 1), (4, 2), (5, 3)]
    assert [step.multiplications for step in reverse] == [6, 15, 35]
    assert [(step.left, step.right) for step in forward] == [(2, 3), (1, 4), (0, 5)]
    assert [step.multiplications for step in forward] == [3 * 5 * 7, 2 * 3 * 7, 2 * 7]
    assert reverse[0] == Pair(0, 1, (0,), (0, 1), (1,), 6)


def test_one_operand_takes_no_step() -> None:
    assert list(schedule([(0, 1)], [0], [2, 3], "optimal")) == []
    assert price([(0, 1)], [0], [2, 3]) == 0


def test_what_nobody_needs_is_summed_first() -> None:
    assert needed([(0, 1), (1, 2)], 0, [2]) == (1,)
    assert needed([(0, 1), (1, 2)], 0, [0]) == (0, 1)
    assert needed([(0, 0, 1), (2,)], 0, [0, 1, 2]) == (0, 1)
    (step,) = schedule([(0, 1), (1, 2)], [2], [100, 3, 5], "reverse")
    assert step.multiplications == 15


def test_the_same_product_twice_is_paid_once() -> None:
    """(A x)(A x)ᵀ: with one array for both A and one for both x, A x is computed once."""
    groups: Groups = [(0, 1), (1,), (2, 3), (3,)]
    sizes = [5, 7, 5, 7]
    assert price(groups, [0, 2], sizes, ids=[1, 2, 3, 4]) == 35 + 35 + 25
    assert price(groups, [0, 2], sizes, ids=[1, 2, 1, 2]) == 35 + 25


def test_the_halves_of_a_symmetric_product_are_paid_once() -> None:
    """J Jᵀ for J = W V X: each half is contracted in its own best order, and the second is the first again."""
    groups: Groups = [(0, 1), (1, 2), (2, 3), (4, 3), (5, 4), (6, 5)]
    sizes = [2, 11, 13, 17, 13, 11, 2]
    half = 2 * 11 * 13 + 2 * 13 * 17
    assert price(groups, [0, 6], sizes, ids=[1, 2, 3, 3, 2, 1]) == half + 2 * 17 * 2
    assert price(groups, [0, 6], sizes, ids=[1, 2, 3, 4, 5, 6]) > half + 2 * 17 * 2


@pytest.mark.parametrize("order", ORDERS)
def test_the_orders_are_known_by_name(order: str) -> None:
    assert check_order(order) == order


def test_a_list_of_names_is_an_order() -> None:
    assert check_order(["s", "z"]) == ("s", "z")


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("best", "unknown order 'best': choose one of 'reverse', 'forward'"),
        (3, "unknown order 3"),
        (None, "unknown order None"),
        ([], r"unknown order \[\]"),
        (["s", 3], r"unknown order \['s', 3\]"),
        (["s", "z", "s"], "names each expression once, got s, z, s"),
    ],
)
def test_another_order_is_refused_with_the_choices(order: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        check_order(order)
