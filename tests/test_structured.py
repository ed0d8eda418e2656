"""Algebra on the structured form, by value against the dense arrays, and that nothing dense is formed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers import assert_close, relevant

from jacobians import (
    Expression,
    ShapeError,
    UnsupportedError,
    compile,  # noqa: A004
    derivative,
    evaluate,
    half_squared_norm,
    matrix,
    networks,
    softmax,
    vector,
)

RNG = np.random.default_rng(9)
NETWORK = networks.shallow(5, 7, 3, activation="tanh", batch=4)
VALUES = {**NETWORK.parameters(RNG), **NETWORK.sample(RNG)}
r, W1, W2 = NETWORK.intermediates["r"], NETWORK.variables["W1"], NETWORK.variables["W2"]
J = derivative(r, W1)
DENSE = J.evaluate(VALUES)  # 4 × 3 × 5 × 7


def value_of(expression: Expression) -> np.ndarray:
    return evaluate(expression, relevant(VALUES, expression))


def test_vector_times_jacobian_is_backpropagation() -> None:
    v = RNG.normal(size=(4, 3))
    product = v @ J
    assert product.shape == (5, 7)
    assert_close(value_of(product), np.tensordot(v, DENSE, 2), 1e-12)
    largest = max(np.prod(step.shape, dtype=int) for step in compile(product).program().steps)
    assert largest <= 4 * 7 * 5


def test_jacobian_times_vector_is_forward_mode() -> None:
    t = RNG.normal(size=(7, 5))
    product = J @ t
    assert product.shape == (4, 3)
    assert_close(value_of(product), np.einsum("abij,ji->ab", DENSE, t), 1e-12)
    symbolic = J @ matrix("T", 7, 5)
    assert_close(evaluate(symbolic, {**relevant(VALUES, symbolic), "T": t}), value_of(product), 1e-14)


def test_the_tangent_kernel() -> None:
    kernel = J @ J.T
    assert kernel.shape == (4, 3, 3, 4)
    assert_close(value_of(kernel), np.einsum("abij,cdij->abdc", DENSE, DENSE), 1e-12)
    mixed = derivative(r, W2) @ derivative(NETWORK.intermediates["r"], W2).T
    assert mixed.shape == (4, 3, 3, 4)


def test_the_gauss_newton_matrix() -> None:
    matrix_ = J.T @ J
    assert matrix_.shape == (7, 5, 5, 7)
    assert_close(value_of(matrix_), np.einsum("nkij,nkab->jiab", DENSE, DENSE), 1e-12)
    across = J.T @ derivative(r, W2)
    other = derivative(r, W2).evaluate(VALUES)
    assert_close(value_of(across), np.einsum("nkij,nkab->jiab", DENSE, other), 1e-12)


def test_norm_slices_and_bytes() -> None:
    assert_close(value_of(J.norm()), np.linalg.norm(DENSE), 1e-12)
    for key in (2, slice(1, 3), (0, 1)):
        assert J[key].shape == DENSE[key].shape
        assert_close(J[key].evaluate(VALUES), DENSE[key], 1e-13)
    # W₂ (3 × 7), σ′ (4 × 7) and x (4 × 5), or the tensor itself
    assert J.nbytes() == (8 * 4 * 3 * 5 * 7, J.nbytes().stored)
    assert J.nbytes().stored < J.nbytes().dense / 3


def test_trace_and_diagonal() -> None:
    x = vector("x", 5)
    K = derivative(softmax(x), x)
    value = {"x": RNG.normal(size=5)}
    dense = K.evaluate(value)
    assert_close(evaluate(K.trace(), value), np.trace(dense), 1e-14)
    assert_close(evaluate(K.diagonal(), value), np.diag(dense), 1e-14)
    A, X, B = matrix("A", 3, 3), matrix("X", 3, 5), matrix("B", 5, 5)
    K = derivative(A @ X @ B, X)
    values = {"A": RNG.normal(size=(3, 3)), "B": RNG.normal(size=(5, 5))}
    assert_close(evaluate(K.trace(), values), np.trace(values["A"]) * np.trace(values["B"]), 1e-13)
    assert_close(evaluate(K.diagonal(), values), np.outer(np.diag(values["A"]), np.diag(values["B"])), 1e-14)


def test_the_norm_of_a_kronecker_hessian_is_two_small_traces() -> None:
    """½‖B X Aᵀ‖² by X twice is BᵀB ⊗ AᵀA: 80⁴ entries, of which none is formed."""
    d = 80
    B, X, A = matrix("B", d, d), matrix("X", d, d), matrix("A", d, d)
    H = derivative(derivative(half_squared_norm(B @ X @ A.T), X), X)
    norm = compile(H.norm())
    assert H.nbytes().dense == 8 * d**4
    assert max(np.prod(step.shape, dtype=int) for step in norm.program().steps) == d * d
    a, b = RNG.normal(size=(d, d)), RNG.normal(size=(d, d))
    expected = np.linalg.norm(b.T @ b) * np.linalg.norm(a.T @ a)
    assert norm(A=a, B=b) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("action", "error", "text"),
    [
        (lambda: J @ np.ones(3), ShapeError, "v has shape (3,) and W₁ has shape (7, 5)"),
        (lambda: np.ones(3) @ J, ShapeError, "v has shape (3,) and r has shape (4, 3)"),
        (J.trace, ShapeError, "r has shape (4, 3) and W₁ (7, 5)"),
        (J.diagonal, ShapeError, "a diagonal needs the same shape twice"),
        (lambda: J @ derivative(r, W2).T, ShapeError, "needs one denominator"),
        (lambda: J.T @ derivative(NETWORK.loss, W1), ShapeError, "needs one numerator"),
        (lambda: J.T @ np.ones(3), UnsupportedError, "J.T @ K of two Jacobians"),
    ],
)
def test_what_is_refused(action: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        action()
    assert text in str(caught.value)
