"""Algebra on the structured form, by value against the dense arrays, and that nothing dense is formed."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers import assert_close, central_differences, relevant

from jacobians import (
    Expression,
    ShapeError,
    UnsupportedError,
    compile,  # noqa: A004
    derivative,
    evaluate,
    grad,
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


def test_the_hessian_of_a_factorisation_is_k_squared_numbers() -> None:
    """‖T − U Vᵀ‖² in U twice: 2 (VᵀV)_ac δ_bd, of which VᵀV is all there is to store."""
    T, U, V = matrix("T", "m", "p"), matrix("U", "m", "k"), matrix("V", "p", "k")
    H = derivative(derivative(np.sum((T - U @ V.T) ** 2), U), U)
    assert H.entry_notation() == "2 δ_{jl} (Vᵀ V)_{ik}"
    assert H.nbytes({"m": 100, "k": 5, "p": 80}) == (8 * 500**2, 8 * 5**2)
    v = RNG.normal(size=(5, 3))
    assert_close(H.evaluate({"V": v}, sizes={"m": 7}), 2 * np.einsum("ik,jl->ijkl", v.T @ v, np.eye(7)))


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


def test_an_entry_where_there_is_one_only() -> None:
    """`J[0]` where `y[0]` only drops an axis: it is simplified, and no longer computed from y."""
    x, A = vector("x", 3), matrix("A", 1, 3)
    values = {"x": np.array([7.0, 11.0, 13.0]), "A": np.array([[2.0, 3.0, 5.0]])}
    for y in (A @ x, x * A, np.sin(A) + np.sum(x), np.concatenate((A, A))):
        J = derivative(y, x if y is not np.concatenate((A, A)) else A)
        used = relevant(values, y)
        dense = J.evaluate(used)
        for key in (0, -1, slice(0, 1), [0, 0]):
            assert_close(J[key].evaluate(used), dense[key], 1e-15)
    assert_close(derivative(x, x)[1].evaluate({}), [0.0, 1.0, 0.0], 0)


def test_the_norm_of_terms_that_cancel() -> None:
    """Multiplied out, the squares add up to a rounding error, which may be negative."""
    a, b, c, v, x = (vector(name, 5) for name in "abcvx")
    norm = derivative((0.3 * a @ x) * v + (0.7 * b @ x) * v - (c @ x) * v, x).norm()
    rng = np.random.default_rng(0)
    for _ in range(50):
        one, other = rng.normal(size=5), rng.normal(size=5)
        assert 0.0 <= evaluate(norm, {"a": one, "b": one, "c": one, "v": other}) < 1e-6


def test_an_index_map_that_meets_itself_crosswise() -> None:
    """∂(x ⊗ x)/∂x of the flat product: the maps of both halves share an index with one another's other one."""
    x = vector("x", 2)
    value = np.array([2.0, 3.0])
    y = np.kron(x, x) * np.sum(x) + np.kron(x, x)
    J = derivative(y, x)
    dense = J.evaluate({"x": value})
    assert_close(evaluate(J.norm(), {"x": value}), np.linalg.norm(dense), 1e-14)
    assert_close(evaluate(J @ J.T, {"x": value}), dense @ dense.T, 1e-14)
    assert_close(evaluate(J.T @ J, {"x": value}), dense.T @ dense, 1e-14)


@pytest.mark.parametrize("places", [[0, 0, 2], [1, 1], [-1, 0, -1, 2]])
def test_an_entry_that_is_taken_twice(places: list[int]) -> None:
    """Then the map meets itself in more than the diagonal: Jᵀ J holds what both places have in common."""
    x = vector("x", 3)
    value = np.array([2.0, 3.0, 5.0])
    J = derivative(np.sin(x[places]) * np.arange(1.0, 1.0 + len(places)), x)
    dense = J.evaluate({"x": value})
    for product, expected in (
        (J @ J.T, dense @ dense.T),
        (J.T @ J, dense.T @ dense),
        (J.norm() ** 2, np.sum(dense**2)),
    ):
        assert_close(evaluate(product, {"x": value}), expected, 1e-14)
    total = np.sum(J.expression @ np.ones(3)) + np.sum(J.expression**2)  # derivatives of what holds the map twice
    H = derivative(derivative(total, x), x)
    assert_close(
        H.evaluate({"x": value}), central_differences(lambda at: derivative(total, x).evaluate({"x": at}), value), 1e-8
    )


def test_nothing_dense_is_allocated() -> None:
    """∂z/∂W of a layer of 300 × 400 has 36 million entries, 288 MB; what is computed of it takes none of that."""
    rng = np.random.default_rng(0)
    W, x = matrix("W", 300, 400), vector("x", 400)
    values = {"W": rng.normal(size=(300, 400)), "x": rng.normal(size=400)}
    z = np.tanh(W @ x)
    slope = 1.0 - np.tanh(values["W"] @ values["x"]) ** 2
    v, w = rng.normal(size=300), rng.normal(size=(300, 400))
    tracemalloc.start()
    J = derivative(z, W)
    found = {
        "v @ J": evaluate(v @ J, values),
        "J @ w": evaluate(J @ w, values),
        "kernel": evaluate(J @ J.T, values),
        "norm": evaluate(J.norm(), values),
        "row": J[7].evaluate(values),
    }
    bytes_of = J.nbytes()
    hvp = grad(lambda u: grad(lambda s: np.sum(s**4))(u) @ np.cos(u))(rng.normal(size=100_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2e7
    assert hvp.shape == (100_000,)
    assert bytes_of.dense == 8 * 300 * 400 * 300
    assert_close(found["v @ J"], np.outer(values["x"], slope * v), 1e-12)
    assert_close(found["J @ w"], slope * (w @ values["x"]), 1e-12)
    assert_close(found["kernel"], np.diag(slope**2 * (values["x"] @ values["x"])), 1e-12)
    assert_close(found["norm"], np.linalg.norm(slope) * np.linalg.norm(values["x"]), 1e-12)
    row = np.zeros((400, 300))
    row[:, 7] = slope[7] * values["x"]
    assert_close(found["row"], row, 1e-12)


def test_it_is_written_out_when_it_is_asked_for() -> None:
    x = vector("x", 3)
    J = derivative(x * x, x)
    value = {"x": np.array([1.0, 2.0, 3.0])}
    assert_close(J.materialize(value), np.diag([2.0, 4.0, 6.0]), 0)
    assert_close(derivative(np.outer(x, x), x).to_layout("denominator").materialize(value).shape, (3, 3, 3), 0)
    assert_close(derivative(vector("y", "d"), vector("y", "d")).materialize(sizes={"d": 2}), np.eye(2), 0)
    with pytest.raises(UnsupportedError, match=r"is not an array: \.materialize"):
        np.asarray(J)
    with pytest.raises(UnsupportedError, match="is not an array"):
        np.array([J.T, J.T])
    for wrong in (lambda: 2 * J, lambda: J - J, lambda: -J, lambda: np.ones(3) * J, lambda: J / 2):
        with pytest.raises(UnsupportedError, match=r"take \.expression"):
            wrong()
