"""The local rules: every kind of node against differences of what it computes, and the three rules of the notes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from by_definition import total
from helpers import assert_close, central_differences, numerator, relevant

from jacobians import evaluate, matrix, softmax, tensor, vector
from jacobians.chain_rule.local_rules import identity, local_jacobians
from jacobians.expressions.index_maps import Concatenate, IndexMap, Merge, Split, Take
from jacobians.expressions.nodes import EinsumTerm, Expression
from jacobians.expressions.picks import Pick

A, B, x, y = matrix("A", 3, 5), matrix("B", 5, 3), vector("x", 5), vector("y", 3)
NODES: dict[str, Expression] = {
    "a product": A @ x,
    "a sum": A @ x + 2.0 * y,
    "the same operand twice": np.einsum("ij,jk->ik", A @ B, A @ B),
    "element-wise": np.tanh(x),
    "element-wise, of two": np.arctan2(x, np.exp(x)),
    "broadcast": tensor("C", 3, 1) / np.exp(A),
    "of whole arrays": softmax(x),
    "an inverse": np.linalg.inv(A @ B),
    "named": (A @ x).named("z"),
    "concatenated": Concatenate.of([A, B.T, A], 0),
    "taken": Take.of(A, 1, Pick(4, 2, -3)),
    "taken twice": Take.of(A, 0, Pick.listed(np.array([1, 1, 2]))),
    "merged": Merge.of(A, 0, 2),
    "split": Split.of(tensor("T", 2, 6), 1, (2, 3)),
}


def value(node: Expression, arrays: dict[int, Any]) -> Any:
    """The value of a node from those of its children, which become variables."""
    names = {child.serial: tensor(f"v{child.serial}", *child.shape) for child in node.children}
    given = {f"v{serial}": array for serial, array in arrays.items()}
    return evaluate(node.with_children(lambda child: names[child.serial]), given)


@pytest.mark.parametrize("kind", NODES)
def test_local_jacobians_are_what_differences_find(kind: str) -> None:
    node = NODES[kind]
    rng = np.random.default_rng(3)
    arrays = {child.serial: rng.uniform(0.5, 1.5, size=child.shape) for child in node.children}
    stand_ins = {child.serial: tensor(f"v{child.serial}", *child.shape) for child in node.children}
    same = node.with_children(lambda child: stand_ins[child.serial])
    given = {f"v{serial}": array for serial, array in arrays.items()}
    for child in node.children:
        found = [term for at, term in local_jacobians(same) if at is stand_ins[child.serial]]
        operands: dict[str, Any] = {}
        actual = total([over_variables(term, given, operands) for term in found], operands)

        def f(array: Any, child: Expression = child) -> Any:
            return value(node, {**arrays, child.serial: array})

        expected = numerator(central_differences(f, arrays[child.serial], 1e-2), node.ndim)
        assert_close(np.zeros(expected.shape) + actual, expected, 1e-7)


def over_variables(term: EinsumTerm, given: dict[str, Any], values: dict[str, Any]) -> EinsumTerm:
    """The term over variables, which get the values of its operands; an index map stays: it has a definition."""
    made = [one if isinstance(one, IndexMap) else tensor(f"o{one.serial}", *one.shape) for one in term.operands]
    for old, new in zip(term.operands, made, strict=True):
        if new is not old:
            values[new.name or ""] = evaluate(old, relevant(given, old))
    return EinsumTerm(term.coefficient, tuple(made), term.indices, term.output, term.sizes)


def test_a_product_has_the_same_einsum_with_the_child_taken_out() -> None:
    """Proposition 1: ∂(A x)/∂A = I ⊗ x, and ∂(A x)/∂x = A."""
    (_, by_A), (_, by_x) = local_jacobians(A @ x)
    assert by_A == EinsumTerm(1.0, (x,), ((1,),), (0, 1, 0), (3, 5))
    assert by_x == EinsumTerm(1.0, (A,), ((0, 1),), (0, 1), (3, 5))


def test_a_sum_has_the_identity_and_an_element_wise_function_a_diagonal() -> None:
    (_, one), (_, two) = local_jacobians(y + 2.0 * vector("u", 3))
    assert one == identity((3,)) == EinsumTerm(1.0, (), (), (0, 0), (3,))
    assert two.coefficient == 2.0
    ((_, diagonal),) = local_jacobians(np.tanh(x))
    assert (diagonal.output, len(diagonal.operands)) == ((0, 0), 1)


def test_a_leaf_has_none() -> None:
    assert local_jacobians(x) == []
    assert local_jacobians(tensor("S")) == []


def test_the_identity_of_a_matrix_has_its_axes_mirrored() -> None:
    assert identity((2, 3)).output == (0, 1, 1, 0)
