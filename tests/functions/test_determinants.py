"""Determinants at matrices of any rank, against the polynomial written out; errors where there is no inverse."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from helpers import assert_close

from jacobians import (
    JacobiansError,
    SingularMatrixError,
    compile,  # noqa: A004 - the name is the field's
    derivative,
    evaluate,
    grad,
    hessian,
    jacobian,
    matrix,
    tensor,
    vector,
)

RNG = np.random.default_rng(11)


def leibniz(X):
    """det X as a polynomial."""
    n = X.shape[-1]
    total = 0.0
    for order in itertools.permutations(range(n)):
        product = round(float(np.linalg.det(np.eye(n)[list(order)])))
        for row, column in enumerate(order):
            product = product * X[..., row, column]
        total = total + product
    return total


def of_rank(n: int, rank: int) -> np.ndarray:
    return RNG.normal(size=(n, rank)) @ RNG.normal(size=(rank, n))


CASES = {f"{n} of rank {rank}": of_rank(n, rank) for n in (1, 2, 3) for rank in range(n + 1)}
CASES |= {"4 of rank 2": of_rank(4, 2)}
CASES |= {
    "identity": np.eye(3),
    "repeated": np.array([[1.0, 2, 3], [1, 2, 3], [4, 5, 6]]),
    "issue": np.array([[1.0, 2], [2, 4]]),
}


@pytest.mark.parametrize("X", CASES.values(), ids=CASES)
def test_first_and_second_derivatives_of_a_determinant_are_those_of_the_polynomial(X) -> None:
    assert_close(grad(np.linalg.det)(X), grad(leibniz)(X), 1e-12)
    assert_close(hessian(np.linalg.det)(X), hessian(leibniz)(X), 1e-12)


@pytest.mark.parametrize("X", CASES.values(), ids=CASES)
def test_third_derivatives_too(X) -> None:
    M = matrix("M", *X.shape)

    def third(f):
        return derivative(derivative(derivative(f(M), M).expression, M).expression, M).evaluate({"M": X})

    assert_close(third(np.linalg.det), third(leibniz), 1e-12)


def test_stacks_have_the_derivatives_of_each_matrix() -> None:
    stack = np.array([of_rank(3, 3), of_rank(3, 2), of_rank(3, 1)])
    weights = np.array([2.0, 3.0, 5.0])
    for transform in (grad, hessian):
        found = transform(lambda S: np.linalg.det(S) @ weights)(stack)
        assert_close(found, transform(lambda S: leibniz(S) @ weights)(stack), 1e-12)


def test_every_order_of_contraction_has_a_value_at_a_singular_matrix() -> None:
    X = matrix("X", 3, 3)
    singular = of_rank(3, 2)
    whole = derivative(derivative(np.linalg.det(X @ X.T), X).expression, X)
    expected = hessian(lambda X: leibniz(X @ X.T))(singular)
    for order in ("reverse", "forward", "optimal", "dense"):
        assert_close(whole.evaluate({"X": singular}, order=order), expected, 1e-10)


def test_the_closed_form_stays_the_cookbooks() -> None:
    X = matrix("X", 3, 3)
    first = derivative(np.linalg.det(X), X)
    assert first.matrix_notation() == "det(X) X⁻¹"
    assert derivative(first.expression, X).entry_notation() == "det(X) ((X⁻¹)_{ij} (X⁻¹)_{kl} − (X⁻¹)_{il} (X⁻¹)_{kj})"
    assert pickle.loads(pickle.dumps(first.expression)) is first.expression


def test_a_hessian_contracted_with_one_direction_never_stores_four_axes() -> None:
    K, S, t = matrix("K", "n", "n"), matrix("S", "n", "n"), vector("t", 1)
    value = np.linalg.det(K + t[0] * S)
    second = derivative(derivative(value, t).expression, t)
    assert second.cost({"n": 13}, order="optimal").peak_elements <= 2 * 13**3


def test_a_singular_matrix_that_has_no_inverse_is_named() -> None:
    A, b = matrix("A", "n", "n"), vector("b", "n")
    singular = np.array([[1.0, 2], [2, 4]])
    with pytest.raises(SingularMatrixError, match=r"solve of A²: the matrix \(shape \(2, 2\)\) is singular, of rank 1"):
        evaluate(np.linalg.solve(A @ A, b), {"A": singular, "b": np.ones(2)})
    with pytest.raises(SingularMatrixError, match="inv of X: "):
        grad(lambda X: np.linalg.slogdet(X)[1])(singular)
    f = compile(np.linalg.inv(A + A.T))
    for _ in range(3):
        f(np.eye(2))
    with pytest.raises(SingularMatrixError, match=r"inv of \(A \+ Aᵀ\)"):
        f(singular)
    with pytest.raises(SingularMatrixError, match="matrix 1 of the stack"):
        evaluate(np.linalg.inv(tensor("T", 2, 2, 2)), {"T": np.array([np.eye(2), singular])})
    for kind in (JacobiansError, np.linalg.LinAlgError):
        with pytest.raises(kind):
            jacobian(np.linalg.inv)(singular)


def test_slogdet_has_numpys_names() -> None:
    X = RNG.normal(size=(3, 3))
    assert_close(grad(lambda X: np.linalg.slogdet(X).logabsdet)(X), np.linalg.inv(X).T)
    assert_close(grad(lambda X: np.linalg.slogdet(X).sign)(X), np.zeros((3, 3)))
