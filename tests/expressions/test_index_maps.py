"""Index maps by themselves: what each does to an array, what is made of two in a row, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from by_definition import array
from helpers import assert_close, search
from hypothesis import strategies as st

from jacobians import ShapeError, matrix, tensor, vector
from jacobians.expressions.index_maps import Concatenate, Merge, Merger, Selector, Split, Take, is_zero
from jacobians.expressions.nodes import EinsumSum, Expression
from jacobians.expressions.picks import Pick

T, A, x = tensor("T", 3, 4, 5), matrix("A", 3, 4), vector("x", 7)
ARRAYS = {
    "T": np.arange(60.0).reshape(3, 4, 5),
    "A": np.arange(12.0).reshape(3, 4),
    "x": np.arange(7.0) ** 2,
    "B": -np.arange(8.0).reshape(2, 4),
}


def test_what_each_does_to_an_array() -> None:
    B = matrix("B", 2, 4)
    assert_close(array(Concatenate.of([A, B, A], 0), ARRAYS), np.concatenate([ARRAYS[one] for one in "ABA"]))
    assert Concatenate.of([A, B, A], 0).starts() == (0, 3, 5)
    assert_close(array(Take.of(T, 1, Pick(3, 2, -2)), ARRAYS), ARRAYS["T"][:, 3::-2])
    assert_close(array(Merge.of(T, 1, 2), ARRAYS), ARRAYS["T"].reshape(3, 20))
    assert_close(array(Split.of(Merge.of(T, 0, 3), 0, (5, 12)), ARRAYS), ARRAYS["T"].reshape(5, 12))


@st.composite
def picks(draw: Any, size: int) -> Pick:
    if draw(st.booleans()):
        return Pick.listed(np.array(draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=size))))
    start, step = draw(st.integers(0, size - 1)), draw(st.sampled_from((-2, -1, 1, 2)))
    longest = (size - 1 - start) // step + 1 if step > 0 else start // -step + 1
    return Pick(start, draw(st.integers(1, longest)), step)


@search(st.data(), few=80, many=1000)
def test_two_picks_in_a_row_are_one(data: Any) -> None:
    first = data.draw(picks(7))
    second = data.draw(picks(int(first.length)))
    node = Take.of(Take.of(x, 0, first), 0, second)
    assert not isinstance(node, Take) or not isinstance(node.body, Take)
    assert_close(array(node, ARRAYS), ARRAYS["x"][first.places()][second.places()])


def test_picks_along_two_axes_stay_two() -> None:
    node = Take.of(Take.of(A, 0, Pick(1, 2)), 1, Pick(0, 2))
    assert_close(array(node, ARRAYS), ARRAYS["A"][1:, :2])


def test_a_whole_axis_is_the_body_and_a_whole_part_that_part() -> None:
    assert Take.of(x, 0, Pick(0, 7)) is x
    assert Take.of(x, 0, Pick(0, 6)) is not x
    assert Take.of(x, 0, Pick(6, 7, -1)) is not x
    both = Concatenate.of([A, T[0].T], 0)  # 3 rows of A, 5 of the other
    assert Take.of(both, 0, Pick(0, 3)) is A
    assert Take.of(both, 0, Pick(3, 5)) is T[0].T
    assert isinstance(Take.of(both, 0, Pick(1, 3)), Take)
    assert isinstance(Take.of(both, 1, Pick(0, 3)), Take)  # along another axis


def test_merging_undoes_splitting_and_the_other_way_round() -> None:
    assert Split.of(Merge.of(T, 1, 2), 1, (4, 5)) is T
    assert Split.of(Merge.of(T, 1, 2), 1, (5, 4)) is not T
    assert Split.of(Merge.of(T, 0, 2), 1, (5,)).shape == (12, 5)  # another axis
    split = Split.of(x, 0, (7, 1))
    assert Merge.of(split, 0, 2) is x
    assert isinstance(Merge.of(Split.of(A, 1, (2, 2)), 0, 2), Merge)


@pytest.mark.parametrize(
    ("made", "shape"),
    [
        (lambda zero: Take.of(zero, 0, Pick(1, 2)), (2, 4)),
        (lambda zero: Merge.of(zero, 0, 2), (12,)),
        (lambda zero: Split.of(zero, 1, (2, 2)), (3, 2, 2)),
    ],
)
def test_what_is_made_of_zero_is_zero(made: Any, shape: tuple[int, ...]) -> None:
    found = made(EinsumSum.of((), (3, 4)))
    assert is_zero(found)
    assert found.shape == shape
    assert not is_zero(A)


def test_parts_that_do_not_fit_are_refused_with_their_shapes() -> None:
    with pytest.raises(ShapeError, match=r"along axis 0: the other axes differ, shapes \[\(3, 4\), \(7,\)\]"):
        Concatenate.of([A, x], 0)


def test_symbolic_sizes() -> None:
    W, b = matrix("W", "h", "d"), matrix("b", "h", 1)
    both = Concatenate.of([W, b], 1)
    assert both.shape == ("h", "d+1")
    assert both.starts() == (0, "d")
    assert Take.of(both, 1, Pick("d", 1)) is b
    assert Merge.of(W, 0, 2).shape == ("d*h",)


@pytest.mark.parametrize(
    "node",
    [
        Concatenate.of([A, T[0].T, A], 0),
        Take.of(T, 1, Pick(3, 2, -2)),
        Merge.of(T, 1, 2),
        Split.of(T, 1, (2, 2)),
        np.tanh(A),
        np.linalg.inv(A @ A.T),
        (A @ A.T).named("G"),
        A @ A.T + np.sin(A @ A.T),
    ],
)
def test_the_same_operation_on_other_children(node: Expression) -> None:
    assert node.with_children(lambda child: child) is node
    renamed = {child.serial: tensor(f"c{k}", *child.shape) for k, child in enumerate(node.children)}
    other = node.with_children(lambda child: renamed[child.serial])
    assert type(other) is type(node)
    assert other.shape == node.shape
    assert set(other.children) == set(renamed.values())
    back = {new.serial: old for old, new in zip(node.children, renamed.values(), strict=True)}
    assert other.with_children(lambda child: back[child.serial]) is node
    assert A.with_children(lambda child: x) is A


@pytest.mark.parametrize(
    "index_map",
    [Selector.of(4, Pick(3, 2, -2)), Selector.of(4, Pick.listed(np.array([1, 1, 0]))), Merger.of((2, 2))],
)
def test_restricting_is_the_product_with_the_map(index_map: Any) -> None:
    """E is at 1 where an entry of the long axis is an entry of the short ones: contraction with E is a view."""
    dense = array(index_map, {})
    assert dense.shape == index_map.shape
    restricted = array(index_map.restrict(A, 1), ARRAYS)
    assert_close(restricted, np.tensordot(ARRAYS["A"], dense, (1, 0)))
