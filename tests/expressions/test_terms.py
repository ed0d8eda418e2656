"""The algebra of terms against its definition: gluing, normal form, like terms, the key of a term."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from by_definition import array, drawn_arrays, numbered, terms, total, value
from helpers import assert_close, search
from hypothesis import strategies as st

from jacobians import constant, matrix, vector
from jacobians.expressions.nodes import EinsumSum, EinsumTerm, Expression
from jacobians.expressions.terms import canonical, glue, is_view, merge_like, of_terms, tidy
from jacobians.expressions.walks import substituted, walk

A, B = matrix("A", 2, 3), matrix("B", 2, 3)
x, y = vector("x", 3), vector("y", "n")


def tidied(term: EinsumTerm) -> EinsumTerm:
    return tidy(term.coefficient, term.operands, term.indices, term.output, dict(enumerate(term.sizes)))


@search(terms(), few=100, many=1000)
def test_a_tidy_term_has_the_same_value(term: EinsumTerm) -> None:
    tidy_term = tidied(term)
    arrays = drawn_arrays([term])
    assert numbered(tidy_term)
    assert_close(value(tidy_term, arrays), value(term, arrays))


@search(terms(), st.randoms(use_true_random=False), few=60, many=600)
def test_a_view_is_inlined(term: EinsumTerm, rng: random.Random) -> None:
    """An operand that is another one seen otherwise: transposed, scaled, as a diagonal, along more axes."""
    operands = []
    for operand, group in zip(term.operands, term.indices, strict=True):
        axes = tuple(range(len(group)))
        order = rng.sample(axes, len(axes))
        shape = tuple(operand.shape[axis] for axis in order)
        turned = EinsumSum.of([EinsumTerm(2.0, (operand,), (axes,), tuple(order), operand.shape)], shape)
        back = tuple(order.index(axis) for axis in axes)
        shown = EinsumSum.of([EinsumTerm(0.5, (turned,), (axes,), back, turned.shape)], operand.shape)
        assert is_view(shown)
        operands.append(shown)
    seen = EinsumTerm(term.coefficient, tuple(operands), term.indices, term.output, term.sizes)
    assert tidied(seen) == tidied(term)


def test_a_view_with_a_repeated_index_makes_two_indices_one() -> None:
    diagonal = EinsumSum.of([EinsumTerm(1.0, (x,), ((0,),), (0, 0), (3,))], (3, 3))
    assert tidy(1.0, [diagonal, A], [(0, 1), (2, 1)], [2, 0], {0: 3, 1: 3, 2: 2}) == EinsumTerm(
        1.0, (x, A), ((1,), (0, 1)), (0, 1), (2, 3)
    )


def test_what_is_no_view() -> None:
    def of(*parts: EinsumTerm) -> EinsumSum:
        return EinsumSum.of(parts, parts[0].shape)

    assert not is_view(of(EinsumTerm(1.0, (A, x), ((0, 1), (1,)), (0,), (2, 3))))  # a product
    assert not is_view(of(EinsumTerm(1.0, (A,), ((0, 1),), (0,), (2, 3))))  # a sum over an axis
    assert not is_view(of(EinsumTerm(1.0, (x,), ((0,),), (0,), (3, "n"))))  # a count of n
    assert not is_view(of(*[EinsumTerm(c, (A,), ((0, 1),), (0, 1), (2, 3)) for c in (1.0, 2.0)]))
    assert is_view(of(EinsumTerm(1.0, (), (), (0, 0), (3,))))


def test_a_product_with_zero_is_zero_and_keeps_its_shape() -> None:
    zero = EinsumSum.of((), (3,))
    assert tidy(4.0, [A, zero], [(0, 1), (1,)], [0, 0], {0: 2, 1: 3}) == EinsumTerm(0.0, (), (), (0, 0), (2,))


def test_an_unnamed_scalar_constant_is_a_coefficient_and_a_named_one_an_operand() -> None:
    assert tidy(2.0, [constant(3.0), x], [(), (0,)], [0], {0: 3}).coefficient == 6.0
    assert tidy(2.0, [constant(3.0, "c"), x], [(), (0,)], [0], {0: 3}).coefficient == 2.0


def test_the_size_of_an_index_of_nothing_counts_once() -> None:
    assert tidy(2.0, [x], [(0,)], [0], {0: 3, 1: 5}) == EinsumTerm(10.0, (x,), ((0,),), (0,), (3,))
    assert tidy(2.0, [x], [(0,)], [0], {0: 3, 1: "n"}) == EinsumTerm(2.0, (x,), ((0,),), (0,), (3, "n"))


@search(terms(sizes=(2, 3, 2), rank=2), terms(sizes=(3, 2, 3), rank=2), st.data(), few=100, many=1000)
def test_glued_terms_have_the_value_of_the_product(left: EinsumTerm, right: EinsumTerm, data: Any) -> None:
    offset = len(left.sizes)
    sizes = left.sizes + right.sizes
    fits = [(a, b) for a in range(len(sizes)) for b in range(a) if sizes[a] == sizes[b]]
    equal = data.draw(st.lists(st.sampled_from(fits), max_size=3))
    output = data.draw(st.lists(st.integers(0, len(sizes) - 1), max_size=3))
    arrays = drawn_arrays([left, right])
    classes = [{index} for index in range(len(sizes))]
    for a, b in equal:
        whole = classes[a] | classes[b]
        for index in whole:
            classes[index] = whole
    smallest = [min(one) for one in classes]  # the definition: the same letter in all its places
    kept = sorted(set(smallest))
    names = [kept.index(index) for index in smallest]
    groups = [*left.indices, *(tuple(index + offset for index in group) for group in right.indices)]
    expected = EinsumTerm(
        left.coefficient * right.coefficient,
        left.operands + right.operands,
        tuple(tuple(names[index] for index in group) for group in groups),
        tuple(names[index] for index in output),
        tuple(sizes[index] for index in kept),
    )
    assert_close(value(glue([left, right], equal, output), arrays), value(expected, arrays))


@search(terms(), st.randoms(use_true_random=False), few=150, many=2000)
def test_the_key_does_not_depend_on_order_and_names(term: EinsumTerm, rng: random.Random) -> None:
    term = tidied(term)
    places = rng.sample(range(len(term.operands)), len(term.operands))
    shuffled = tidy(
        term.coefficient,
        [term.operands[k] for k in places],
        [term.indices[k] for k in places],
        term.output,
        dict(enumerate(term.sizes)),
    )
    assert canonical(shuffled) == canonical(term)
    assert merge_like([term, shuffled])[0].coefficient == 2 * term.coefficient


@search(terms(sizes=(2, 2, 2), rank=1, most=4), terms(sizes=(2, 2, 2), rank=1, most=4), few=150, many=3000)
def test_terms_of_one_key_have_one_value(first: EinsumTerm, second: EinsumTerm) -> None:
    first, second = tidied(first), tidied(second)
    if canonical(first) == canonical(second):
        arrays = drawn_arrays([first, second])
        assert_close(
            value(first, arrays) / first.coefficient, value(second, arrays) / second.coefficient, tolerance=1e-10
        )


def test_loose_sizes_are_part_of_the_key() -> None:
    """d y + n y are two terms: d copies of y and n of them."""
    d, n = (EinsumTerm(1.0, (y,), ((0,),), (0,), ("n", size)) for size in ("d", "n"))
    assert canonical(d) != canonical(n)
    assert merge_like([d, n]) == [d, n]
    assert str(EinsumSum.of([d, n], ("n",))) in ("d y + n y", "n y + d y")
    bare = [EinsumTerm(1.0, (), (), (), (size,)) for size in ("d", "n")]
    assert merge_like(bare) == bare


def test_operands_that_occur_twice_are_told_apart() -> None:
    """A_ij A_jk is neither A_ij A_kj nor A_ij A_ij: colour refinement, not the order of operands, decides."""
    S = matrix("S", 3, 3)
    chain = EinsumTerm(1.0, (S, S), ((0, 2), (2, 1)), (0, 1), (3, 3, 3))
    gram = EinsumTerm(1.0, (S, S), ((0, 2), (1, 2)), (0, 1), (3, 3, 3))
    other = EinsumTerm(1.0, (S, S), ((2, 1), (0, 2)), (0, 1), (3, 3, 3))
    turned = EinsumTerm(1.0, (S, S), ((1, 2), (0, 2)), (0, 1), (3, 3, 3))
    assert canonical(chain) == canonical(other) != canonical(gram) == canonical(turned)
    assert len(merge_like([chain, gram, other, turned])) == 2


@search(st.lists(terms(sizes=(2, 3), rank=1), min_size=1, max_size=6), few=100, many=1000)
def test_like_terms_add_up_to_the_same_sum(parts: list[EinsumTerm]) -> None:
    parts = [tidied(one) for one in parts if one.sizes[one.output[0]] == 2]
    merged = merge_like(parts)
    arrays = drawn_arrays(parts)
    assert len({canonical(one) for one in merged}) == len(merged)
    assert all(one.coefficient for one in merged)
    assert_close(total(merged, arrays) + np.zeros(2), total(parts, arrays) + np.zeros(2))


def test_what_cancels_is_gone_and_order_is_that_of_first_appearance() -> None:
    first = EinsumTerm(2.0, (A,), ((0, 1),), (0, 1), (2, 3))
    second = EinsumTerm(1.0, (B,), ((0, 1),), (0, 1), (2, 3))
    minus = EinsumTerm(-2.0, (A,), ((0, 1),), (0, 1), (2, 3))
    assert merge_like([first, second, minus]) == [second]
    assert merge_like([second, first]) == [second, first]


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (EinsumTerm(1.0, (A,), ((0, 1),), (0, 1), (2, 3)), A),
        (EinsumTerm(1.0, (), (), (), ()), constant(1.0)),
        (EinsumTerm(3.0, (), (), (), ()), constant(3.0)),
    ],
)
def test_a_term_that_is_its_operand_is_that_operand(term: EinsumTerm, expected: Expression) -> None:
    assert of_terms([term], term.shape) is expected


@pytest.mark.parametrize(
    "term",
    [
        EinsumTerm(2.0, (A,), ((0, 1),), (0, 1), (2, 3)),
        EinsumTerm(1.0, (A,), ((1, 0),), (0, 1), (3, 2)),
        EinsumTerm(1.0, (x,), ((0,),), (0, 0), (3,)),
        EinsumTerm(1.0, (x,), ((0,),), (0,), (3, "n")),
        EinsumTerm(1.0, (), (), (), ("n",)),
    ],
)
def test_another_term_is_a_sum_of_its_own(term: EinsumTerm) -> None:
    assert isinstance(of_terms([term], term.shape), EinsumSum)


def test_a_substitution_is_in_normal_form() -> None:
    z = A @ x + 2.0 * (B @ x)
    replaced = substituted(z, {B: A})
    assert replaced is 3.0 * (A @ x)
    assert substituted(z, {A: EinsumSum.of((), A.shape)}) is 2.0 * (B @ x)
    assert substituted(z, {x: constant(np.zeros(3))}).shape == z.shape
    assert substituted(z, {}) is z
    arrays = {"A": np.arange(6.0).reshape(2, 3), "x": np.ones(3)}
    assert_close(array(replaced, arrays), 3 * arrays["A"] @ arrays["x"])


def test_the_walk_goes_from_left_to_right_inputs_first_and_only_as_deep_as_it_is_told() -> None:
    left, right = np.tanh(A @ x), np.tanh(B @ x)
    whole = left * right
    order = walk([whole])
    assert order[-1] is whole
    assert len(order) == len(set(map(id, order)))
    assert [node for node in order if not node.children] == [A, x, B]
    assert walk([whole], lambda node: () if node is left else node.children)[0] is left
    assert walk([x, A]) == [x, A]
    deep: Expression = x
    for _ in range(5000):
        deep = np.tanh(deep)
    assert len(walk([deep])) == 5001
