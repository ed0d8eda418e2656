"""Sparse arrays, linear operators and block diagonals, against the dense arrays."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from helpers import LAYOUTS, assert_close
from random_graphs import random_expression
from scipy import optimize

from jacobians import (
    Expression,
    MaterializationError,
    NamingError,
    OptionError,
    ShapeError,
    UnsupportedError,
    derivative,
    diag,
    evaluate,
    matrix,
    networks,
    relu,
    softmax,
    tensor,
    vector,
)
from jacobians.compiler.binding import name_table

RNG = np.random.default_rng(17)
x, X, W, T = vector("x", 7), matrix("X", 5, 3), matrix("W", 2, 5), tensor("T", 3, 2, 5)
VALUES = {one.name: RNG.normal(size=one.shape) for one in (x, X, W, T)}
CASES = {
    "linear map": (W @ X, X),
    "element-wise": (np.tanh(X), X),
    "diagonal and dense": (softmax(x), x),
    "residual": (x + np.sin(x) * x, x),
    "slices": (x[1:] * x[:-1], x),
    "steps and reversal": (x[::2] * x[::-2], x),
    "listed entries, one twice": (np.sin(x)[[3, 0, 3, 6]], x),
    "stencil": (np.roll(x, 1) - 2.0 * x + np.roll(x, -1), x),
    "merged axes": (X.reshape(-1) * 2.0, X),
    "split axes": (x[:6].reshape(2, 3) ** 2, x),
    "concatenated": (np.concatenate((x, x * x)), x),
    "broadcast": (X * X[0], X),
    "scalar": (np.sum(X**3), X),
    "outer product": (x[:, None] * x, x),
    "diagonal matrix": (diag(x), x),
    "identity": (1.0 * x, x),
    "rank three": (np.einsum("ijk,kl->ijl", T, X), T),
    "zero": (W * 1.0, X),
    "matrix with a row": (relu(X @ X.T), X),
    "constant entries": (np.cumsum(x), x),
}


def values_of(*nodes: Expression) -> dict[str, np.ndarray]:
    """The values that the expressions can be given."""
    return {name: VALUES[name] for name in name_table(nodes)}


def dense_of(array: Any) -> np.ndarray:
    return np.asarray(array.toarray() if hasattr(array, "toarray") else array.todense())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", CASES)
def test_a_sparse_array_has_the_entries_of_the_dense_one(case: str, layout: str) -> None:
    y, by = CASES[case]
    J, values = derivative(y, by), values_of(y, by)
    assert_close(dense_of(J.to_sparse(values, layout=layout)), J.evaluate(values, layout=layout), 1e-13)


@pytest.mark.parametrize("format", ["coo", "csr", "csc", "dia", "bsr"])
@pytest.mark.parametrize("case", ["residual", "merged axes", "element-wise", "zero"])
def test_a_format_can_be_chosen(case: str, format: str) -> None:  # noqa: A002
    y, by = CASES[case]
    J, values = derivative(y, by), values_of(y, by)
    found = J.to_sparse(values, format=format)
    assert found.format == format
    assert_close(found.toarray(), J.evaluate(values, layout="vec"), 1e-13)


def test_the_structure_chooses_the_format() -> None:
    assert derivative(np.tanh(X), X).to_sparse(values_of(X)).format == "dia"
    assert derivative(x[1:] - x[:-1], x).to_sparse(values_of(x)).format == "dia"
    blocks = derivative(W @ X, X).to_sparse(values_of(W, X))
    assert (blocks.format, blocks.blocksize, blocks.data.shape) == ("bsr", (2, 5), (3, 2, 5))
    assert derivative(softmax(x), x).to_sparse(values_of(x)).format == "csr"


def test_only_what_is_not_zero_by_structure_is_stored() -> None:
    J = derivative(x[1:] * x[:-1], x).to_sparse(values_of(x), format="coo")
    assert J.nnz == 12
    tensor_of = derivative(W @ X, X).to_sparse(values_of(W, X), layout="numerator")
    assert (tensor_of.shape, tensor_of.nnz) == ((2, 3, 3, 5), 2 * 3 * 5)


def test_a_five_point_stencil_on_a_large_grid() -> None:
    u = matrix("u", 300, 300)
    laplacian = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
    J = derivative(laplacian, u)
    value = RNG.normal(size=(300, 300))
    tracemalloc.start()
    found = J.to_sparse({"u": value})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.shape == (298**2, 90_000)
    assert found.nnz == 5 * 298**2
    assert peak < 40 * 8 * found.nnz  # the dense array takes 64 GB
    applied = found @ value.reshape(-1, order="F")
    expected = value[:-2, 1:-1] + value[2:, 1:-1] + value[1:-1, :-2] + value[1:-1, 2:] - 4.0 * value[1:-1, 1:-1]
    assert_close(applied, expected.reshape(-1, order="F"), 1e-12)


@pytest.mark.parametrize("case", CASES)
def test_a_linear_operator_multiplies_as_the_dense_matrix_does(case: str) -> None:
    y, by = CASES[case]
    J, values = derivative(y, by), values_of(y, by)
    dense = J.evaluate(values, layout="vec")
    operator = J.as_linear_operator(values)
    assert operator.shape == dense.shape
    v, u = RNG.normal(size=dense.shape[1]), RNG.normal(size=dense.shape[0])
    V, U = RNG.normal(size=(dense.shape[1], 4)), RNG.normal(size=(dense.shape[0], 4))
    for found, expected in (
        (operator.matvec(v), dense @ v),
        (operator.rmatvec(u), dense.T @ u),
        (operator.matmat(V), dense @ V),
        (operator.rmatmat(U), dense.T @ U),
        ((operator.H @ operator).matvec(v), dense.T @ (dense @ v)),
    ):
        assert_close(found, expected, 1e-12)


def test_named_values_may_be_given_to_an_operator() -> None:
    network = networks.shallow(5, 4, 3)
    values = {**network.parameters(RNG), **network.sample(RNG)}
    J = derivative(network.intermediates["r"], network.variables["W1"])
    given = {**values, "z": RNG.normal(size=4)}
    operator, dense = J.as_linear_operator(given), J.evaluate(given, layout="vec")
    v = RNG.normal(size=dense.shape[1])
    assert_close(operator.matvec(v), dense @ v, 1e-12)
    assert_close(dense_of(J.to_sparse(given)), dense, 1e-13)


@pytest.mark.parametrize("seed", range(60))
def test_random_expressions(seed: int) -> None:
    drawn = random_expression(seed)
    for by in drawn.variables.values():
        J = derivative(drawn.expression, by)
        dense = J.evaluate(drawn.values, layout="vec")
        if not np.all(np.isfinite(dense)) or np.max(np.abs(dense), initial=0.0) > 1e6:
            continue
        assert_close(dense_of(J.to_sparse(drawn.values)), dense, 1e-9)
        v = RNG.normal(size=dense.shape[1])
        assert_close(J.as_linear_operator(drawn.values).matvec(v), dense @ v, 1e-8)


def test_least_squares_takes_the_sparse_array_and_the_operator() -> None:
    a = vector("a", 30)
    r = np.concatenate((10.0 * (a[1:] - a[:-1] ** 2), 1.0 - a[:-1]))
    J = derivative(r, a)
    start = np.full(30, 0.5)
    for jacobian in (
        lambda at: J.to_sparse({"a": at}, format="csr"),
        lambda at: J.as_linear_operator({"a": at}),
    ):
        found = optimize.least_squares(lambda at: evaluate(r, {"a": at}), start, jac=jacobian, tr_solver="lsmr")
        assert_close(found.x, np.ones(30), 1e-6)


def test_the_blocks_of_a_batch() -> None:
    J = derivative(np.tanh(X @ W[:, :3].T), X)
    blocks = J.block_diagonal()
    assert blocks.shape == (5, 2, 3)
    dense = J.evaluate(values_of(X, W))  # 5 × 2 × 3 × 5
    assert_close(evaluate(blocks, values_of(X, W)), np.einsum("aija->aij", dense), 1e-13)
    with pytest.raises(ShapeError, match="the samples are the first axis of both"):
        derivative(W @ X, X).block_diagonal()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda J: J.to_sparse(values_of(x), format="lil"), OptionError, "unknown format 'lil': choose one of 'coo'"),
        (lambda J: J.to_sparse({}), NamingError, "needs a value for x"),
        (lambda J: J.as_linear_operator({}), NamingError, "needs a value for x"),
        (lambda J: J.to_sparse({"x": np.ones(3)}), ShapeError, "should be 7"),
    ],
)
def test_bad_input(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(derivative(np.sin(x) * x[::-1], x))


def test_what_does_not_fit_is_refused_before_it_is_made() -> None:
    n = 1_000_000
    v = vector("v", n)
    J = derivative(softmax(v), v)
    with pytest.raises(MaterializationError, match="as_linear_operator"):
        J.to_sparse({"v": np.zeros(n)})
    assert J.as_linear_operator({"v": np.zeros(n)}).matvec(np.ones(n)).shape == (n,)


def test_without_scipy_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "scipy", None)
    with pytest.raises(UnsupportedError, match=r"jacobians\[scipy\]"):
        derivative(x * x, x).to_sparse(values_of(x))
