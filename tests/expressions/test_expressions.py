"""Expressions: what they are, that they are shared, their values, and how they print."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from helpers import ORDERS, assert_close, central_differences, numerator

import jacobians
from jacobians import (
    append_one,
    constant,
    cross_entropy,
    derivative,
    diag,
    evaluate,
    half_squared_norm,
    logsumexp,
    matrix,
    outer,
    scalar,
    sigmoid,
    softmax,
    tensor,
    vector,
)
from jacobians.chain_rule.chains import FLAT_TERMS

RNG = np.random.default_rng(7)


# --- one structure, one object --------------------------------------------------------------------------------------


def test_equal_structures_are_one_object() -> None:
    x = vector("x", "d")
    W = matrix("W", "h", "d")
    assert vector("x", "d") is x
    assert (W @ x) is (matrix("W", "h", "d") @ vector("x", "d"))
    assert (x + 2 * x) is (3 * x)
    assert (x - x + x) is x
    assert W.T.T is W
    assert (W @ x).named("z") is (W @ x).named("z")
    assert vector("x", "d") is not vector("x", 3)


def test_symbols_are_different_sizes_until_bound() -> None:
    x, y = vector("x", "d"), vector("y", "h")
    with pytest.raises(jacobians.ShapeError):
        x + y
    assert vector("x", "d + 1").shape == ("d+1",)
    assert append_one(append_one(x)).shape == ("d+2",)
    assert np.array_equal(evaluate(append_one(x), {"x": [3.0, 5.0]}), [3.0, 5.0, 1.0])


def test_integers_and_symbols_mix() -> None:
    W = matrix("W", 3, "d")
    y = W @ vector("x", "d")
    assert y.shape == (3,)
    assert derivative(y, W).shape == (3, "d", 3)


def test_only_a_literal_one_broadcasts() -> None:
    row, W = tensor("u", 1, "d"), matrix("W", "h", "d")
    assert (row + W).shape == ("h", "d")
    values = {"u": RNG.normal(size=(1, 5)), "W": RNG.normal(size=(3, 5))}
    J = derivative(np.exp(row * W), row)
    reference = autograd.jacobian(lambda u: anp.exp(u * values["W"]))(values["u"])
    assert J.shape == ("h", "d", "d", 1)
    for order in ORDERS:
        assert_close(J.evaluate(values, layout="ad", order=order), reference, 1e-13)
    with pytest.raises(jacobians.ShapeError, match="does not broadcast"):
        evaluate(vector("a", "d") + vector("b", "d"), {"a": np.ones(5), "b": np.ones(1)})


def test_a_constant_keeps_its_values() -> None:
    source = np.array([1.0, 2.0])
    c = constant(source, "c")
    source[:] = 0.0
    assert_close(evaluate(c, {}), [1.0, 2.0], 0)
    result = evaluate(c, {})
    result[:] = 9.0
    assert_close(evaluate(c, {}), [1.0, 2.0], 0)


def test_an_evaluated_array_belongs_to_the_caller() -> None:
    """The Jacobian of Wx by x is W: the array that comes back is not the one that went in."""
    W, x = matrix("W", 3, 2), vector("x", 2)
    value = RNG.normal(size=(3, 2))
    result = derivative(W @ x, x).evaluate({"W": value})
    assert not np.shares_memory(result, value)
    assert result.flags.writeable


# --- values against autograd ------------------------------------------------------------------------------------------

UNARY: dict[str, tuple[Any, Any]] = {
    "sigmoid": (jacobians.sigmoid, lambda z: 1 / (1 + anp.exp(-z))),
    "tanh": (np.tanh, anp.tanh),
    "relu": (jacobians.relu, lambda z: anp.where(z > 0, z, 0.0)),
    "softplus": (jacobians.softplus, lambda z: anp.logaddexp(0.0, z)),
    "exp": (np.exp, anp.exp),
    "expm1": (np.expm1, anp.expm1),
    "log": (lambda z: np.log(z**2 + 1.0), lambda z: anp.log(z**2 + 1.0)),
    "log1p": (lambda z: np.log1p(z**2), lambda z: anp.log1p(z**2)),
    "square": (np.square, anp.square),
    "sqrt": (lambda z: np.sqrt(z**2 + 1.0), lambda z: anp.sqrt(z**2 + 1.0)),
    "reciprocal": (lambda z: 1 / (z**2 + 1.0), lambda z: 1 / (z**2 + 1.0)),
    "sin": (np.sin, anp.sin),
    "cos": (np.cos, anp.cos),
    "tan": (np.tan, anp.tan),
    "sinh": (np.sinh, anp.sinh),
    "cosh": (np.cosh, anp.cosh),
    "arctan": (np.arctan, anp.arctan),
    "abs": (abs, anp.abs),
    "negative": (lambda z: -z, lambda z: -z),
    "power": (lambda z: (z * z + 1.0) ** 1.5, lambda z: (z * z + 1.0) ** 1.5),
    "cube": (lambda z: z**3, lambda z: z**3),
    "rational": (lambda z: (z - 2.0) / (z * z + 3.0), lambda z: (z - 2.0) / (z * z + 3.0)),
    "maximum": (lambda z: np.maximum(z, 0.3), lambda z: anp.maximum(z, 0.3)),
    "minimum": (lambda z: np.minimum(z, 0.3), lambda z: anp.minimum(z, 0.3)),
    "logaddexp": (lambda z: np.logaddexp(z, -z), lambda z: anp.logaddexp(z, -z)),
    "softmax": (softmax, lambda z: anp.exp(z) / anp.sum(anp.exp(z))),
    "logsumexp": (logsumexp, lambda z: anp.log(anp.sum(anp.exp(z)))),
    "sum": (np.sum, anp.sum),
}


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_a_vector(name: str) -> None:
    """Value, first and second derivative, in every order."""
    ours, theirs = UNARY[name]
    z = vector("z", "n")
    y = ours(z)
    value = RNG.normal(size=5)
    assert_close(evaluate(y, {"z": value}, sizes={"n": 5}), theirs(value), 1e-13)
    J = derivative(y, z)
    first = autograd.jacobian(theirs)(value)
    for order in ORDERS:
        assert_close(J.evaluate({"z": value}, order=order), first, 1e-12)
    # autograd warns where a derivative is constant, so it is given something that is not
    second = autograd.jacobian(lambda v: autograd.jacobian(theirs)(v) + 0.0 * anp.sum(v))(value)
    H = derivative(J, z)
    for order in ORDERS:
        assert_close(H.evaluate({"z": value}, order=order, layout="ad"), second, 1e-11)


def test_functions_take_arrays_too() -> None:
    value = RNG.normal(size=(3, 5))
    for name in ("sigmoid", "relu", "softplus", "softmax", "logsumexp", "tanh"):
        result = getattr(jacobians, name)(value)
        expression = getattr(jacobians, name)(matrix("z", 3, 5))
        assert isinstance(result, np.ndarray)
        assert_close(result, evaluate(expression, {"z": value}), 0)


def test_functions_are_stable_for_large_arguments() -> None:
    large = np.array([-1000.0, 0.0, 1000.0])
    assert_close(jacobians.sigmoid(large), [0.0, 0.5, 1.0], 0)
    assert_close(jacobians.softplus(large), [0.0, np.log(2.0), 1000.0], 1e-15)
    assert_close(jacobians.softmax(large), [0.0, 0.0, 1.0], 0)
    assert jacobians.logsumexp(large) == pytest.approx(1000.0)
    assert np.isfinite(jacobians.cross_entropy(large, np.array([1.0, 0.0, 0.0])))


def test_conventions_at_kinks() -> None:
    z = vector("z", 1)
    at = {"z": np.zeros(1)}
    assert derivative(jacobians.relu(z), z).evaluate(at) == 0.0
    assert derivative(abs(z), z).evaluate(at) == 0.0
    assert derivative(np.maximum(z, 0.0), z).evaluate(at) == 0.5


@pytest.mark.parametrize("shape", [(5,), (3, 5)])
def test_cross_entropy_by_logits_and_by_target(shape: tuple[int, ...]) -> None:
    logits, target = tensor("y", *shape), tensor("t", *shape)
    ell = cross_entropy(logits, target)
    values = {"y": RNG.normal(size=shape), "t": RNG.uniform(size=shape)}

    def theirs(y: Any, t: Any) -> Any:
        return -anp.sum(t * (y - anp.log(anp.sum(anp.exp(y), axis=-1, keepdims=True))))

    assert evaluate(ell, values) == pytest.approx(theirs(values["y"], values["t"]), rel=1e-13)
    for k, variable in enumerate((logits, target)):
        reference = autograd.grad(theirs, k)(values["y"], values["t"])
        for order in ORDERS:
            assert_close(derivative(ell, variable).evaluate(values, layout="ad", order=order), reference, 1e-12)


def test_cross_entropy_prints_its_derivative() -> None:
    y, t = vector("y_hat", "n"), vector("t", "n")
    assert derivative(cross_entropy(y, t), y).matrix_notation() == "((1ᵀ t) softmax(ŷ) − t)ᵀ"


OPERATIONS: dict[str, tuple[Any, Any]] = {
    "matrix vector": (lambda A, x: A @ x, anp.dot),
    "vector matrix": (lambda A, x: x @ A.T, lambda A, x: anp.dot(x, A.T)),
    "gram": (lambda A, x: A @ A.T, lambda A, x: anp.dot(A, A.T)),
    "quadratic form": (lambda A, x: x @ A.T @ A @ x, lambda A, x: anp.dot(anp.dot(A, x), anp.dot(A, x))),
    "outer": (lambda A, x: outer(x, A @ x), lambda A, x: anp.outer(x, anp.dot(A, x))),
    "diag": (lambda A, x: A @ diag(x), lambda A, x: A * x),
    "diag of a product": (lambda A, x: diag(A @ x) @ A, lambda A, x: anp.dot(A, x)[:, None] * A),
    "sum of rows": (lambda A, x: np.sum(A, axis=0) * x, lambda A, x: anp.sum(A, axis=0) * x),
    "sum with kept axis": (
        lambda A, x: A / np.sum(A * A, axis=1, keepdims=True),
        lambda A, x: A / anp.sum(A * A, axis=1, keepdims=True),
    ),
    "trace": (lambda A, x: np.trace(A @ A.T), lambda A, x: anp.trace(anp.dot(A, A.T))),
    "einsum": (lambda A, x: np.einsum("ij,kj,j->ik", A, A, x), lambda A, x: anp.einsum("ij,kj,j->ik", A, A, x)),
    "batch": (lambda A, x: np.tanh(A * x) @ x, lambda A, x: anp.dot(anp.tanh(A * x), x)),
    "norm": (lambda A, x: half_squared_norm(A @ x) * x, lambda A, x: 0.5 * anp.sum(anp.dot(A, x) ** 2) * x),
    "append one": (
        lambda A, x: append_one(A @ x) * 2.0,
        lambda A, x: anp.concatenate((anp.dot(A, x), np.ones(1))) * 2.0,
    ),
    "append one to rows": (
        lambda A, x: np.sin(append_one(A)),
        lambda A, x: anp.sin(anp.concatenate((A, np.ones((A.shape[0], 1))), axis=1)),
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("sizes", [(3, 5), (4, 4)])
def test_operations_by_matrix_and_by_vector(name: str, sizes: tuple[int, int]) -> None:
    ours, theirs = OPERATIONS[name]
    A, x = matrix("A", "m", "n"), vector("x", "n")
    values = {"A": RNG.normal(size=sizes), "x": RNG.normal(size=sizes[1])}
    y = ours(A, x)
    used = {n for n in values if any(getattr(node, "name", None) == n for node in _below(y))}
    given = {n: values[n] for n in used}
    assert_close(evaluate(y, given), theirs(*values.values()), 1e-12)
    for k, variable in enumerate((A, x)):
        if variable.name not in used:
            assert derivative(y, variable).is_zero
            continue
        reference = np.asarray(autograd.jacobian(theirs, k)(values["A"], values["x"]))
        for order in ORDERS:
            found = derivative(y, variable).evaluate(given, order=order)
            assert_close(found, numerator(reference, y.ndim), 1e-11)


def _below(y: Any) -> list[Any]:
    from jacobians.expressions.walks import walk

    return walk([y])


def test_a_derivative_by_an_intermediate_takes_it_as_independent() -> None:
    x = vector("x", 3)
    z = np.sin(x).named("z")
    y = x * z
    assert derivative(y, z).matrix_notation() == "diag(x)"
    value = RNG.normal(size=3)
    assert_close(derivative(y, z).evaluate({"x": value}), np.diag(value), 0)
    # a value given for z is used, and nothing below it is needed
    ell = half_squared_norm(z).named("ell")
    assert_close(derivative(ell, z).evaluate({"z": value}), value, 0)


def test_the_derivative_by_something_unused_is_zero() -> None:
    x, u = vector("x", "d"), matrix("U", "p", "q")
    J = derivative(np.sin(x), u)
    assert (J.is_zero, J.shape, J.einsum, J.matrix_notation()) == (True, ("d", "q", "p"), "0", "0")
    assert J.operands == ()
    assert_close(J.evaluate({"x": [0.0] * 3}, sizes={"p": 5, "q": 2}), np.zeros((3, 2, 5)), 0)


def test_a_sum_over_nothing_is_counted_in_every_notation() -> None:
    k, w, A = scalar("k"), matrix("w", 2, 1), matrix("A", 2, 3)
    J = derivative(np.sum(vector("y", "n") + k), k)
    assert (J.einsum, J.matrix_notation()) == ("a->", "n")
    assert J.index_notation().endswith("= n")
    assert [operand.shape for operand in J.operands[0]] == [("n",)]
    J = derivative(np.sum(A - w, axis=1), w)
    assert (J.einsum, J.coefficients, J.operands) == ("->iji", (-3.0,), ((),))
    x = vector("x", 4)  # a number that is known is in the coefficient, where like terms meet
    J = derivative(2.0 * (x - np.mean(x)), x)
    assert J.matrix_notation() == "2 I₄ − ½ · 1 1ᵀ"
    J = derivative(derivative(np.sum((x - np.mean(x)) ** 2), x), x)
    assert J.matrix_notation() == "2 I₄ − ½ · 1 1ᵀ"


def test_values_for_what_dropped_out_are_no_error() -> None:
    x, b = vector("x", 2), vector("b", 2)
    H = derivative(derivative(x @ x + b @ b, x), x)
    assert_close(H.evaluate({"x": [1.0, 2.0], "b": [1.0, 2.0]}), 2 * np.eye(2), 0)


def test_what_cancels_is_zero() -> None:
    x = vector("x", "d")
    assert derivative(np.sin(x) - np.sin(x), x).is_zero


def test_a_matrix_factorisation_has_a_sparse_hessian_of_one_term() -> None:
    """½‖X − U Vᵀ‖² by U twice: δ times VᵀV, no block of zeros (a trap of an early trial)."""
    U, V, X = matrix("U", "m", "r"), matrix("V", "n", "r"), matrix("X", "m", "n")
    ell = half_squared_norm(X - U @ V.T)
    H = derivative(derivative(ell, U), U)
    assert len(H.operands) == 1
    sizes = {"m": 20, "n": 7, "r": 5}
    assert H.cost(sizes).multiplications == 5 * 5 * 7
    values = {"U": RNG.normal(size=(2, 3)), "V": RNG.normal(size=(5, 3)), "X": RNG.normal(size=(2, 5))}
    reference = autograd.jacobian(
        autograd.grad(lambda u: 0.5 * anp.sum((values["X"] - anp.dot(u, values["V"].T)) ** 2))
    )(values["U"])
    assert_close(H.evaluate(values, layout="ad"), reference, 1e-12)


def test_like_terms_are_merged() -> None:
    x = vector("x", "d")
    assert len(derivative(x * x, x).operands) == 1
    assert derivative(x * x, x).coefficients == (2.0,)
    y = x
    for _ in range(12):
        y = y * y
    assert len(derivative(y, x).operands) == 1
    assert len(derivative(y, x).operands[0]) <= 1024  # what is longer stays shared: not x 4,095 times
    assert_close(
        evaluate(derivative(y, x).diagonal(), {"x": [1.001, 0.999]}), 4096 * np.array([1.001, 0.999]) ** 4095, 1e-9
    )


def test_sums_behind_slices_are_not_multiplied_out_without_bound() -> None:
    W = tensor("W", 1, 5, 2)
    y = np.cumprod(np.swapaxes(np.dstack([W, W]), -1, -2))
    J = derivative(y, W)
    assert len(J.operands) <= FLAT_TERMS  # multiplied out it is 486 terms, and more with every entry
    value = RNG.normal(size=W.shape)
    differences = central_differences(lambda W: evaluate(y, {"W": W}), value)
    assert_close(J.evaluate({"W": value}, layout="ad"), differences, 1e-8)


def test_random_directions_against_differences() -> None:
    """One expression with everything in it, by central differences of its own value."""
    A, x, t = matrix("A", 5, 3), vector("x", 3), vector("t", 5)
    z = (A @ x).named("z")
    y = cross_entropy(np.tanh(z) * sigmoid(z) + softmax(z), t) + np.sum(np.exp(A)) * np.log(1.0 + x @ x)
    values = {"A": 0.3 * RNG.normal(size=(5, 3)), "x": RNG.normal(size=3), "t": RNG.uniform(size=5)}
    for variable in (A, x, t):
        differences = central_differences(
            lambda value, name=variable.name: evaluate(y, {**values, name: value}), values[variable.name]
        )
        for order in ORDERS:
            assert_close(derivative(y, variable).evaluate(values, layout="ad", order=order), differences, 1e-9)


# --- how they print ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: matrix("W1", "h", "d") @ vector("x", "d") + vector("b1", "h"), "W₁ x + b₁"),
        (lambda: sigmoid(vector("z", "h")), "σ(z)"),
        (lambda: half_squared_norm(vector("r", "n")), "½ ‖r‖²"),
        (lambda: vector("x", "d") * vector("y", "d"), "x ⊙ y"),
        (lambda: outer(vector("x", "d"), vector("y", "h")), "x yᵀ"),
        (lambda: diag(vector("x", "d")), "diag(x)"),
        (lambda: matrix("A", "n", "m").T, "Aᵀ"),
        (lambda: np.trace(matrix("A", "n", "n")), "tr(A)"),
        (lambda: vector("x", "d") - 2 * vector("y", "d"), "x − 2 y"),
        (lambda: append_one(vector("x", "d")), "[x; 1]"),
        (lambda: softmax(vector("y_hat", "d")), "softmax(ŷ)"),
        (lambda: scalar("lam") * vector("alpha", "d"), "λ α"),
    ],
)
def test_expressions_print_as_mathematics(make: Any, text: str) -> None:
    assert str(make()) == text


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda A, x, b: (A @ x, x), "A"),
        (lambda A, x, b: (x @ A.T @ A @ x, x), "2 xᵀ Aᵀ A"),
        (lambda A, x, b: (np.trace(A @ A.T), A), "2 Aᵀ"),
        (lambda A, x, b: (b @ A @ x, A), "x bᵀ"),
        (lambda A, x, b: (softmax(x), x), "diag(softmax(x)) − softmax(x) softmax(x)ᵀ"),
        (lambda A, x, b: (outer(b, x), b), "I_m ⊗ x"),
        (lambda A, x, b: (A * A, A), None),
        (lambda A, x, b: (half_squared_norm(A @ x - b), x), "(A x − b)ᵀ A"),
        (lambda A, x, b: (np.sum(x), x), "1ᵀ"),
    ],
)
def test_closed_forms(make: Any, text: str | None) -> None:
    y, by = make(matrix("A", "m", "n"), vector("x", "n"), vector("b", "m"))
    assert derivative(y, by).matrix_notation() == text


def test_what_has_a_name_prints_by_it_wherever_it_is_met() -> None:
    y = vector("y", "n")
    p = softmax(y).named("p")
    assert derivative(p, y).matrix_notation() == "diag(p) − p pᵀ"
    assert str(p) == "p := softmax(y)"


def test_without_a_closed_form_there_is_index_notation() -> None:
    A, x = matrix("A", "m", "n"), vector("x", "n")
    J = derivative((A * x).named("Y"), A)
    assert J.matrix_notation() is None
    assert J.index_notation() == "(∂Y/∂A)_{ijkl} = δ_{il} δ_{jk} x_j"


# --- NumPy's protocol -------------------------------------------------------------------------------------------------


def test_numpy_functions_build_expressions() -> None:
    A, x = matrix("A", 3, 5), vector("x", 5)
    assert np.matmul(A, x) is (A @ x)
    assert np.dot(A, x) is (A @ x)
    assert np.add(x, 1.0) is (x + 1.0)
    assert np.transpose(A) is A.T
    assert np.multiply(2.0, x) is (2 * x)
    assert np.outer(x, x) is outer(x, x)
    assert np.einsum("ij,j->i", A, x) is (A @ x)
    assert np.ones(3) @ A is constant(np.ones(3)) @ A


def test_augmented_assignment_rebinds() -> None:
    x = vector("x", 3)
    y = x
    y += 1.0
    assert y is (x + 1.0)
    assert x is vector("x", 3)


def test_no_digits_are_lost_by_multiplying_out() -> None:
    """(x − x̄)² and ‖x_i − y_j‖² are computed as they are written, far from zero too; NumPy is the witness."""
    rng = np.random.default_rng(0)
    x, X, Y = vector("x", 50), matrix("X", 4, 3), matrix("Y", 5, 3)
    far = {"x": 1e6 + rng.normal(size=50), "X": 1e6 + rng.normal(size=(4, 3)), "Y": 1e6 + rng.normal(size=(5, 3))}

    def distances(X: Any, Y: Any) -> Any:
        return np.sum((X[:, None] - Y[None]) ** 2, axis=-1)

    assert_close(evaluate(np.var(x), {"x": far["x"]}), np.var(far["x"]), 1e-12)
    mine = evaluate(distances(X, Y), {"X": far["X"], "Y": far["Y"]})
    assert_close(mine, distances(far["X"], far["Y"]), 1e-12)
    J = derivative(np.var(x), x)
    assert_close(J.evaluate({"x": far["x"]}), 2.0 * (far["x"] - far["x"].mean()) / 50, 1e-9)


def test_what_is_zero_once_it_is_written_down() -> None:
    """a ⊙ b − b ⊙ a as an operand: the term that has it is left out."""
    w, x = vector("w", 3), vector("x", 3)
    a, b = w[[1, 2, 0]], w[[2, 0, 1]]
    y = np.sum(np.sin(x) * (a * b - b * a))
    assert str(y) == "0"
    assert derivative(y, x).matrix_notation() == "0"
    assert derivative(y + np.sum(x), x).matrix_notation() == "1ᵀ"


def test_an_entry_prints_as_one() -> None:
    x, X = vector("x", 3), matrix("X", 3, 4)
    assert [str(one) for one in (x[0], x[0] * x[1], x[0] * x)] == ["x[0]", "x[0] x[1]", "x[0] x"]
    assert [str(one) for one in (X[0], X[:, 1], X[0] @ X[1])] == ["X[0]ᵀ", "X[:, 1]", "X[0] X[1]ᵀ"]
    assert str(derivative(x[0] * x[1], x)) == "∂(x[0] x[1])/∂x = (x[1] I₃[:, 0] + x[0] I₃[:, 1])ᵀ  (1 × 3, item 1a)"
