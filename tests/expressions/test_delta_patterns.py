"""The structure of sums: deltas and index maps outside, what is dense inside one shared node a pattern."""

from __future__ import annotations

from by_definition import drawn_arrays, terms, total, value
from helpers import assert_close, search
from hypothesis import strategies as st

from jacobians import matrix, vector
from jacobians.expressions.delta_patterns import (
    PLACEHOLDER,
    core_shape,
    is_single,
    pattern,
    share_by_delta_pattern,
    split,
    viewed_axes,
    writing_maps,
)
from jacobians.expressions.index_maps import Merger, Selector
from jacobians.expressions.nodes import Adjoint, EinsumSum, EinsumTerm
from jacobians.expressions.picks import Pick
from jacobians.expressions.terms import tidy

x, y = vector("x", 3), vector("y", 3)
A, B = matrix("A", 3, 3), matrix("B", 3, 3)


def tidied(term: EinsumTerm) -> EinsumTerm:
    return tidy(term.coefficient, term.operands, term.indices, term.output, dict(enumerate(term.sizes)))


@search(terms(), few=100, many=1000)
def test_structure_and_core_are_the_term(term: EinsumTerm) -> None:
    term = tidied(term)
    structure, core = split(term)
    assert structure.operands[0] is PLACEHOLDER
    assert core.shape == core_shape(term)
    assert len(set(core.output)) == len(core.output)
    assert core.coefficient == 1.0 or not core.operands or len(core.sizes) == len(set(core.output))
    node = EinsumSum.of([core], core.shape)
    whole = EinsumTerm(
        structure.coefficient,
        (node, *structure.operands[1:]),
        structure.indices,
        structure.output,
        structure.sizes,
    )
    arrays = drawn_arrays([term])
    axes = {*structure.output, *(index for group in structure.indices for index in group)}
    loose = {index for index in range(len(structure.sizes)) if index not in axes}
    if not loose:  # the core has what is summed
        assert_close(value(whole, arrays), value(term, arrays))


@search(st.lists(terms(sizes=(3, 3), rank=2), min_size=1, max_size=6), few=100, many=1000)
def test_a_shared_sum_has_the_same_value_and_no_more_terms_than_patterns(parts: list[EinsumTerm]) -> None:
    parts = [tidied(one) for one in parts]
    shared = share_by_delta_pattern(parts, A, x)
    assert len(shared) <= len({pattern(one) for one in parts})
    assert len({pattern(one) for one in shared}) == len(shared)
    arrays = drawn_arrays(parts)
    assert_close(total(shared, arrays) + 0.0, total(parts, arrays) + 0.0)


def test_a_delta_beside_what_is_dense_stays_a_delta() -> None:
    """diag(x) − x xᵀ, and diag(y) with it: two terms, of which the first is as small as a vector."""
    deltas = [EinsumTerm(1.0, (one,), ((0,),), (0, 0), (3,)) for one in (x, y)]
    dense = EinsumTerm(-1.0, (x, x), ((0,), (1,)), (0, 1), (3, 3))
    diagonal, product = share_by_delta_pattern([deltas[0], dense, deltas[1]], A, x)
    assert diagonal.output == (0, 0)
    assert diagonal.operands[0].shape == (3,)
    assert product.output == (0, 1)
    assert isinstance(product.operands[0], Adjoint)


def test_patterns_tell_which_axes_are_equal_and_which_no_operand_has() -> None:
    dense = EinsumTerm(1.0, (A,), ((0, 1),), (0, 1), (3, 3))
    turned = EinsumTerm(2.0, (B,), ((1, 0),), (0, 1), (3, 3))
    delta = EinsumTerm(1.0, (x,), ((0,),), (0, 0), (3,))
    row = EinsumTerm(1.0, (x,), ((0,),), (0, 1), (3, 3))
    column = EinsumTerm(1.0, (x,), ((1,),), (0, 1), (3, 3))
    identity = EinsumTerm(1.0, (), (), (0, 0), (3,))
    assert pattern(dense) == pattern(turned)
    assert len({pattern(one) for one in (dense, delta, row, column, identity)}) == 5


def test_an_operand_by_itself_is_not_wrapped() -> None:
    plain = EinsumTerm(-2.0, (A,), ((1, 0),), (0, 1), (3, 3))
    assert share_by_delta_pattern([plain], A, x) == [plain]
    identity = EinsumTerm(2.0, (), (), (0, 0), (3,))
    assert share_by_delta_pattern([identity], A, x) == [identity]
    assert is_single(split(plain)[1])
    for core in (
        EinsumTerm(1.0, (A, x), ((0, 1), (1,)), (0,), (3, 3)),  # a product
        EinsumTerm(1.0, (A,), ((0, 1),), (0,), (3, 3)),  # a sum
        EinsumTerm(1.0, (A,), ((0, 0),), (0,), (3,)),  # a diagonal
    ):
        assert not is_single(core)


def test_maps_that_write_are_found_from_the_output_inwards() -> None:
    """∂(a slice of the merged axes): what is selected of the long axis, and that split, are both written through."""
    merger, selector = Merger.of((3, 2)), Selector.of(8, Pick(1, 6))
    term = EinsumTerm(1.0, (A, selector, merger), ((2, 3), (0, 1), (1, 2, 4)), (0, 3, 4), (8, 6, 3, 3, 2))
    assert writing_maps(term) == [1, 2]
    assert viewed_axes(term, [1, 2]) == [2, 4, 3, 4]
    assert writing_maps(EinsumTerm(1.0, (selector, x), ((0, 1), (2,)), (1, 2), (8, 6, 3))) == []  # summed, not written
