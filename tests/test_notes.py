"""The eight items of the notes, each by its number, and the slips that the notes contain."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from helpers import assert_close, in_layout

from jacobians import (
    collapse,
    derivative,
    derivative_item,
    derivative_shape,
    diag,
    evaluate,
    matrix,
    outer,
    scalar,
    tensor_product,
    vector,
    vector_tensor,
)
from jacobians.errors import ShapeError

RNG = np.random.default_rng(20211001)
#: Distinct primes: n, m, p of the notes.
N, M, P = 3, 5, 2


def test_item_1_vector_by_vector_is_the_m_by_n_jacobian() -> None:
    assert derivative_shape(("m",), ("n",)) == ("m", "n")
    assert derivative_item((M,), (N,)) == "1"
    A, values = matrix("A", M, N), {"A": RNG.normal(size=(M, N)), "x": RNG.normal(size=N)}
    x = vector("x", N)
    y = np.sin(A @ x)
    entries = derivative(y, x).evaluate(values)
    reference = autograd.jacobian(lambda value: anp.sin(values["A"] @ value))(values["x"])
    for i in range(M):
        for j in range(N):
            assert entries[i, j] == pytest.approx(reference[i, j], rel=1e-13)


def test_item_1a_scalar_by_vector_is_the_row_of_the_gradient() -> None:
    assert derivative_shape((), ("n",)) == ("n",)
    assert derivative_item((), (N,)) == "1a"
    x, c = vector("x", N), vector("c", N)
    J = derivative(c @ x, x)
    assert (J.shape, J.as_matrix().shape, J.item) == ((N,), (1, N), "1a")
    assert J.matrix_notation() == "cᵀ"
    value = RNG.normal(size=N)
    assert_close(J.as_matrix().evaluate({"c": value}), value[None, :], 0)


def test_item_1b_vector_by_scalar_is_a_column() -> None:
    assert derivative_shape(("m",), ()) == ("m",)
    assert derivative_item((M,), ()) == "1b"
    a, c = scalar("a"), vector("c", M)
    J = derivative(a * c, a)
    assert (J.shape, J.as_matrix().shape, J.item) == ((M,), (M, 1), "1b")
    value = RNG.normal(size=M)
    assert_close(J.as_matrix().evaluate({"c": value}), value[:, None], 0)


def test_item_1c_of_a_linear_map_is_its_matrix() -> None:
    A, x = matrix("A", "m", "n"), vector("x", "n")
    J = derivative(A @ x, x)
    assert J.matrix_notation() == "A"
    assert J.einsum == "ij->ij"
    assert J.shape == ("m", "n")


def test_item_2_matrix_by_scalar_keeps_the_matrix() -> None:
    assert derivative_shape(("m", "n"), ()) == ("m", "n")
    assert derivative_item((M, N), ()) == "2"
    a, Y = scalar("a"), matrix("Y", M, N)
    J = derivative(np.exp(a) * Y, a)
    value = RNG.normal(size=(M, N))
    assert_close(J.evaluate({"a": 0.3, "Y": value}), np.exp(0.3) * value, 1e-15)


def test_item_3_scalar_by_matrix_is_transposed() -> None:
    assert derivative_shape((), ("n", "m")) == ("m", "n")
    assert derivative_item((), (N, M)) == "3"
    X, a, b = matrix("X", N, M), vector("a", N), vector("b", M)
    J = derivative(a @ X @ b, X)
    assert (J.shape, J.item, J.matrix_notation()) == ((M, N), "3", "b aᵀ")
    values = {"a": RNG.normal(size=N), "b": RNG.normal(size=M)}
    entries = J.evaluate(values)
    for i in range(M):
        for j in range(N):  # (∂y/∂X)_ij = ∂y/∂x_ji
            assert entries[i, j] == pytest.approx(values["a"][j] * values["b"][i], rel=1e-15)


def test_item_4_vector_by_matrix_is_a_tensor_of_three_axes() -> None:
    assert derivative_shape(("p",), ("n", "m")) == ("p", "m", "n")
    assert derivative_item((P,), (N, M)) == "4"
    X, A, b = matrix("X", N, M), matrix("A", P, N), vector("b", M)
    values = {"X": RNG.normal(size=(N, M)), "A": RNG.normal(size=(P, N)), "b": RNG.normal(size=M)}
    J = derivative(np.tanh(A @ X @ b), X)
    assert J.shape == (P, M, N)
    reference = autograd.jacobian(lambda value: anp.tanh(values["A"] @ value @ values["b"]))(values["X"])
    entries = J.evaluate(values)
    for i in range(P):
        for j in range(M):
            for k in range(N):  # (∂y/∂X)_ijk = ∂y_i/∂x_kj
                assert entries[i, j, k] == pytest.approx(reference[i, k, j], rel=1e-12)


def test_item_4_with_p_1_and_with_m_1_collapses() -> None:
    tensor = RNG.normal(size=(1, M, N))
    assert_close(collapse(tensor), tensor[0], 0)
    tensor = RNG.normal(size=(P, 1, N))
    assert_close(collapse(tensor), tensor[:, 0], 0)
    X, b = matrix("X", N, 1), vector("b", 1)
    J = derivative(X @ b, X)
    assert (J.shape, J.collapse().shape) == ((N, 1, N), (N, N))
    assert_close(J.collapse().evaluate({"b": [2.0]}), 2.0 * np.eye(N), 0)


@pytest.mark.parametrize("shape", [(2, 3, 1), (2, 3, 5), (2, 3), (2,), (1, 1, 2, 3)])
def test_item_4_the_rule_refuses_other_tensors(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="3D→2D rule"):
        collapse(np.zeros(shape))


def test_item_5_outer_product() -> None:
    x, y = RNG.normal(size=N), RNG.normal(size=M)
    product = outer(x, y)
    assert product.shape == (N, M)
    for i in range(N):
        for j in range(M):
            assert product[i, j] == x[i] * y[j]
    assert_close(evaluate(outer(vector("x", N), vector("y", M)), {"x": x, "y": y}), product, 0)


def test_item_6_vector_tensor_matrix() -> None:
    x, Y = RNG.normal(size=P), RNG.normal(size=(N, M))
    product = tensor_product(x, Y)
    assert product.shape == (P, M, N)
    for i in range(P):
        assert_close(product[i], x[i] * Y.T, 0)  # the blocks are x_i Yᵀ
        for j in range(M):
            for k in range(N):
                assert product[i, j, k] == x[i] * Y[k, j]
    symbolic = tensor_product(vector("x", P), matrix("Y", N, M))
    assert_close(evaluate(symbolic, {"x": x, "Y": Y}), product, 0)


def test_item_6_two_vectors_are_x_y_transposed() -> None:
    x, y = RNG.normal(size=P), RNG.normal(size=N)
    assert_close(tensor_product(x, y), np.outer(x, y), 0)
    assert_close(tensor_product(x, y), collapse(tensor_product(x, y[:, None])), 0)


def test_item_7_matrix_tensor_vector() -> None:
    Y, x = RNG.normal(size=(N, M)), RNG.normal(size=P)
    product = tensor_product(Y, x)
    assert product.shape == (M, P, N)
    for i in range(M):
        for j in range(P):
            for k in range(N):
                assert product[i, j, k] == x[j] * Y[k, i]
    symbolic = tensor_product(matrix("Y", N, M), vector("x", P))
    assert_close(evaluate(symbolic, {"x": x, "Y": Y}), product, 0)


def test_item_7_the_vector_tensor_product_of_the_identity() -> None:
    """yᵀ(I_m ⊗ x) = x yᵀ, p × m; NumPy's own y @ T contracts another axis."""
    y, x = RNG.normal(size=M), RNG.normal(size=P)
    tensor = tensor_product(np.eye(M), x)
    assert tensor.shape == (M, P, M)
    assert_close(vector_tensor(y, tensor), np.outer(x, y), 1e-15)
    by_name = vector_tensor(vector("y", M), tensor_product(matrix("I", M, M), vector("x", P)))
    assert_close(evaluate(by_name, {"y": y, "x": x, "I": np.eye(M)}), np.outer(x, y), 1e-15)


def test_item_7_with_equal_sizes_by_value() -> None:
    """With y and x of one size a contraction of the wrong axis has the right shape."""
    y, x = RNG.normal(size=M), RNG.normal(size=M)
    tensor = tensor_product(np.eye(M), x)
    assert_close(vector_tensor(y, tensor), np.outer(x, y), 1e-15)
    assert not np.allclose(y @ tensor, np.outer(x, y))


def test_item_8_elementwise_product_is_diag_times_vector() -> None:
    x, y = RNG.normal(size=N), RNG.normal(size=N)
    assert_close(diag(x) @ y, x * y, 0)
    a, b = vector("x", N), vector("y", N)
    values = {"x": x, "y": y}
    assert_close(evaluate(a * b, values), x * y, 0)
    assert (diag(a) @ b) is (a * b)  # one expression, not two: no diagonal matrix is ever stored
    assert derivative(a * b, b).matrix_notation() == "diag(x)"
    assert_close(derivative(a * b, b).evaluate({"x": x}), np.diag(x), 0)


# --- the slips ------------------------------------------------------------------------------------------------------


def test_slip_1_the_vector_tensor_product_is_x_y_transposed_and_not_its_transpose() -> None:
    r, x = RNG.normal(size=M), RNG.normal(size=P)
    product = vector_tensor(r, tensor_product(np.eye(M), x))
    assert product.shape == (P, M)
    assert_close(product, np.outer(x, r), 1e-15)


def test_slip_4_only_the_full_reversal_differs() -> None:
    """Y ⊗ x is not the full reversal of x ⊗ Y; exchanging the first two axes does turn one into the other."""
    x, Y = RNG.normal(size=N), RNG.normal(size=(N, N))
    assert not np.allclose(tensor_product(Y, x), tensor_product(x, Y).T)
    assert_close(tensor_product(Y, x), tensor_product(x, Y).transpose(1, 0, 2), 0)
    x, Y = RNG.normal(size=P), RNG.normal(size=(N, M))
    assert tensor_product(x, Y).T.shape == (N, M, P) != tensor_product(Y, x).shape
    assert_close(tensor_product(Y, x), tensor_product(x, Y).transpose(1, 0, 2), 0)


def test_slip_8_a_column_matrix_follows_item_7_and_two_matrices_are_an_error() -> None:
    u, v = RNG.normal(size=(N, 1)), RNG.normal(size=P)
    assert tensor_product(u, v).shape == (1, P, N)
    assert_close(collapse(tensor_product(u, v)), np.outer(v, u[:, 0]), 0)
    with pytest.raises(ShapeError, match="a matrix of shape"):
        tensor_product(np.ones((N, M)), np.ones((M, N)))


@pytest.mark.parametrize(
    ("of", "wrt", "shape", "item"),
    [
        ((), (), (), None),
        (("m", "n"), ("p",), ("m", "n", "p"), None),
        (("m", "n"), ("p", "q"), ("m", "n", "q", "p"), None),
        (("p",), ("a", "b", "c"), ("p", "c", "b", "a"), None),
    ],
)
def test_what_the_notes_do_not_list_follows_the_same_rule(of, wrt, shape, item) -> None:  # type: ignore[no-untyped-def]
    assert derivative_shape(of, wrt) == shape
    assert derivative_item(of, wrt) is item


def test_matrix_by_matrix_by_value() -> None:
    A, X, B = matrix("A", 2, 3), matrix("X", 3, 5), matrix("B", 5, 7)
    values = {"A": RNG.normal(size=(2, 3)), "X": RNG.normal(size=(3, 5)), "B": RNG.normal(size=(5, 7))}
    J = derivative(np.tanh(A @ X @ B), X)
    assert (J.shape, J.item) == ((2, 7, 5, 3), None)
    ad = autograd.jacobian(lambda value: anp.tanh(values["A"] @ value @ values["B"]))(values["X"])
    for layout in ("numerator", "denominator", "ad", "vec"):
        assert_close(J.evaluate(values, layout=layout), in_layout(ad, (2, 7), (3, 5), layout))
