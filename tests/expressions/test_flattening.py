"""Flattening: shared nodes multiplied out, the value unchanged, within a budget that is counted before."""

from __future__ import annotations

import numpy as np
from by_definition import drawn_arrays, terms, total, value
from helpers import assert_close, search
from hypothesis import strategies as st

from jacobians import matrix, vector
from jacobians.expressions import flattening
from jacobians.expressions.flattening import extent, flatten, substitute
from jacobians.expressions.index_maps import Merge, Split, Take
from jacobians.expressions.nodes import Adjoint, EinsumSum, EinsumTerm, Expression
from jacobians.expressions.picks import Pick
from jacobians.expressions.terms import tidy

A, B, x = matrix("A", 3, 3), matrix("B", 3, 3), vector("x", 3)


def tidied(term: EinsumTerm) -> EinsumTerm:
    return tidy(term.coefficient, term.operands, term.indices, term.output, dict(enumerate(term.sizes)))


def adjoint(parts: list[EinsumTerm]) -> Expression:
    """A shared node, with distinct axes, of several terms."""
    cores = [EinsumTerm(one.coefficient, one.operands, one.indices, (0, 1), one.sizes) for one in parts]
    return Adjoint.between(A, x, cores)


def plain(operand: Expression) -> EinsumTerm:
    axes = tuple(range(operand.ndim))
    return EinsumTerm(1.0, (operand,), (axes,), axes, operand.shape)


@search(
    st.lists(terms(sizes=(3, 3, 3), rank=2), min_size=1, max_size=3),
    st.lists(terms(sizes=(3, 3, 3), rank=2), min_size=1, max_size=3),
    terms(sizes=(3, 3), rank=2, most=1),
    few=60,
    many=600,
)
def test_multiplied_out_the_value_is_the_same(
    inner: list[EinsumTerm], other: list[EinsumTerm], outer: EinsumTerm
) -> None:
    first, second = adjoint(inner), adjoint(other)
    operands, indices = (*outer.operands, first, second), (*outer.indices, (0, 1), (1, 0))
    parts = [tidied(EinsumTerm(2.0, operands, indices, outer.output, (3, 3)))]
    arrays = drawn_arrays(parts)
    for most in (1, 4, 100):
        flat = flatten(parts, most)
        assert_close(np.zeros((3, 3)) + total(flat, arrays), total(parts, arrays))
        assert len(flat) <= extent(parts, most).terms
        if len(inner) * len(other) <= most:
            assert not any(isinstance(operand, Adjoint) for term in flat for operand in term.operands)


def test_past_the_budget_sums_stay_nodes_and_products_are_opened() -> None:
    both = adjoint([plain(A), plain(B)])
    alone = adjoint([EinsumTerm(1.0, (A, B), ((0, 2), (2, 1)), (0, 1), (3, 3, 3))])
    term = EinsumTerm(1.0, (both, alone), ((0, 2), (2, 1)), (0, 1), (3, 3, 3))
    (kept,) = flatten([term], 1)
    assert kept.operands == (both, A, B)
    assert [one.operands for one in flatten([term], 2)] == [(A, A, B), (B, A, B)]


def test_what_is_read_again_and_again_stays_a_node_past_the_budget_of_operands() -> None:
    squares: list[Expression] = [A]
    for _ in range(12):
        squares.append(adjoint([EinsumTerm(1.0, (squares[-1],) * 2, ((0, 2), (2, 1)), (0, 1), (3, 3, 3))]))
    flat = flatten([plain(squares[-1])], 16)
    assert extent([plain(squares[5])], 16).operands == 32
    assert sum(len(term.operands) for term in flat) <= flattening.MOST_OPERANDS


def test_what_is_restricted_or_split_is_opened_behind_the_map() -> None:
    product = adjoint([EinsumTerm(1.0, (A, B), ((0, 2), (2, 1)), (0, 1), (3, 3, 3))])
    for node in (Take.of(product, 0, Pick(1, 2)), Split.of(product, 1, (3, 1)), Merge.of(product, 0, 2)):
        (found,) = flatten([plain(node)], 16)
        arrays = drawn_arrays([plain(A), plain(B)])
        assert_close(value(found, arrays), value(plain(node), arrays))
        assert found.operands == (node,) if isinstance(node, Merge) else len(found.operands) == 2


@search(terms(sizes=(3, 3, 3), rank=2), terms(sizes=(3, 3), rank=2), few=80, many=800)
def test_a_substituted_operand_stands_where_it_stood(inner: EinsumTerm, outer: EinsumTerm) -> None:
    inner = tidied(inner)
    node = EinsumSum.of([inner], inner.shape)
    place = len(outer.operands)
    whole = EinsumTerm(1.5, (*outer.operands, node, A), (*outer.indices, (1, 0), (0, 1)), outer.output, (3, 3))
    found = substitute(whole, place, inner)
    arrays = drawn_arrays([whole, inner])
    assert_close(value(found, arrays), value(whole, arrays))
    if inner.coefficient and not any(isinstance(operand, EinsumSum) for operand in inner.operands):
        assert found.operands == (*outer.operands, *inner.operands, A)
