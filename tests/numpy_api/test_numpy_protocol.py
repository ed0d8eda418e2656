"""NumPy's own functions on expressions: values, first and second derivatives, against NumPy and differences."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers import ORDERS, assert_close, central_differences

import jacobians
from jacobians import ShapeError, UnsupportedError, derivative, evaluate, matrix, tensor, vector

rng = np.random.default_rng(0)
A, B, T, v = rng.normal(size=(4, 4)), rng.normal(size=(3, 5)), rng.normal(size=(2, 3, 5)), rng.normal(size=6)
P = A @ A.T + 4 * np.eye(4)

CASES: list[tuple[str, Any, Callable[[Any], Any]]] = [
    ("x[1]", v, lambda x: x[1] * x),
    ("x[-2:]", v, lambda x: x[-2:] ** 2),
    ("x[::2]", v, lambda x: np.sin(x[::2])),
    ("x[::-1]", v, lambda x: x[::-1] * x),
    ("x[[0,2,2]]", v, lambda x: np.sin(x[[0, 2, 2]]) * 2),
    ("B[1]", B, lambda x: np.exp(x[1])),
    ("B[:,1]", B, lambda x: np.exp(x[:, 1])),
    ("B[0,2]", B, lambda x: x[0, 2] ** 2),
    ("B[[0,1],[2,2]]", B, lambda x: x[np.array([0, 1]), np.array([2, 2])] ** 2),
    ("B[[0,0,2]]", B, lambda x: np.tanh(x[[0, 0, 2]])),
    ("a place twice, and broadcast", v, lambda x: x * x + np.sum(np.sin(x[[1, 0, 1]]))),
    ("B[:,None]", B, lambda x: np.tanh(x[:, None]) * x),
    ("T[...,0]", T, lambda x: x[..., 0] ** 2),
    ("T[:,[0,2],1:]", T, lambda x: x[:, [0, 2], 1:] ** 2),
    ("T[0,:,[1,1]]", T, lambda x: x[0][:, [1, 1]] ** 2),
    ("T[:, 1, [0,3]]", T, lambda x: x[:, 1, [0, 3]] ** 2),
    ("T idx2d", T, lambda x: np.sin(x[:, np.array([[0, 1], [2, 0]])])),
    ("mask", v, lambda x: x[np.array([True, False, True, True, False, False])] ** 2),
    ("reshape", B, lambda x: np.tanh(np.reshape(x, (5, 3))) @ x),
    ("ravel", B, lambda x: np.ravel(x) ** 2),
    ("reshape T", T, lambda x: np.reshape(x, (6, 5)) @ np.ones(5)),
    ("reshape -1", T, lambda x: np.reshape(x, (-1, 3)) ** 2),
    ("reshape chain", T, lambda x: np.reshape(np.tanh(np.reshape(x, (5, 6))), (3, 10)) @ np.arange(10.0)),
    ("reshape in Fortran order", T, lambda x: np.reshape(x, (6, 5), order="F") @ np.arange(5.0) + x.ravel("F")[:6]),
    ("reshape as a method", B, lambda x: x.reshape(5, 3, order="F") * x.T.flatten("F").reshape((-1, 3))),
    ("a mask of two axes", B, lambda x: x[np.arange(15.0).reshape(3, 5) % 4 > 1] ** 2),
    ("cumprod with a zero", np.array([2.0, 0.0, 3.0, 0.0, 5.0, 7.0, -1.0]), np.cumprod),
    ("concat", B, lambda x: np.concatenate((x, x**2), axis=0)),
    ("concat1", B, lambda x: np.concatenate((np.sin(x), x, x), axis=1) @ np.arange(15.0)),
    ("concat of one", B, lambda x: np.concatenate([x], axis=1) + np.concatenate([x[:, 0], x[1]])[0]),
    ("stack of one", v, lambda x: np.stack([x]) @ x + np.hstack([x])),
    ("stack", B, lambda x: np.stack((x, x**2), axis=1)),
    ("hstack", v, lambda x: np.hstack((x, x * x))),
    ("vstack", v, lambda x: np.vstack((x, x * x))),
    ("mean", B, lambda x: np.mean(x * x)),
    ("mean0", B, lambda x: np.mean(x * x, axis=0)),
    ("var", B, lambda x: np.var(x, axis=1)),
    ("std", B, np.std),
    ("prod", v, np.prod),
    ("prod axis", B, lambda x: np.prod(x, axis=0)),
    ("max", v, lambda x: np.max(x) * x),
    ("max1", B, lambda x: np.max(x, axis=1)),
    ("min", B, lambda x: np.min(x, axis=0)),
    ("inv", A, np.linalg.inv),
    ("det", A, np.linalg.det),
    ("slogdet", P, lambda x: np.linalg.slogdet(x)[1]),
    ("solve A", P, lambda x: np.linalg.solve(x, np.arange(4.0))),
    ("solve B", B, lambda x: np.linalg.solve(P[:3, :3], x)),
    ("solve both", A, lambda x: np.linalg.solve(x @ x.T + np.eye(4), x)),
    ("norm", v, np.linalg.norm),
    ("normF", B, np.linalg.norm),
    ("norm1", v, lambda x: np.linalg.norm(x, 1)),
    ("norm ax", B, lambda x: np.linalg.norm(x, axis=1)),
    ("kron", B, lambda x: np.kron(x, np.arange(4.0).reshape(2, 2))),
    ("trace", A, lambda x: np.trace(x @ x)),
    ("diagonal", A, lambda x: np.diagonal(x) ** 2),
    ("diag", v, lambda x: np.diag(x * x)),
    ("tril", A, lambda x: np.tril(x) @ x),
    ("where", v, lambda x: np.where(x > 0, x * x, np.sin(x))),
    ("clip", v, lambda x: np.clip(x, -0.5, 0.5) * x),
    ("tensordot", T, lambda x: np.tensordot(x, x, ([0, 1], [0, 1]))),
    ("inner", B, lambda x: np.inner(x, x)),
    ("dot with three axes", T, lambda x: np.dot(np.arange(12.0).reshape(4, 3), x)),
    ("swapaxes", T, lambda x: np.swapaxes(x, 0, 2) ** 2),
    ("moveaxis", T, lambda x: np.moveaxis(x, 0, 2) ** 2),
    ("expand", v, lambda x: np.expand_dims(x, 0) * np.ones((2, 1))),
    ("squeeze", rng.normal(size=(1, 4)), lambda x: np.squeeze(x) ** 2),
    ("cumsum", v, np.cumsum),
    ("cumsum1", B, lambda x: np.cumsum(x, axis=1) ** 2),
    ("diff", v, lambda x: np.diff(x) ** 2),
    ("roll", v, lambda x: np.roll(x, 2) * x),
    ("flip", B, lambda x: np.flip(x, 0) * x),
    ("tile", v, lambda x: np.tile(x, 2) ** 2),
    ("repeat", v, lambda x: np.repeat(x, 2) ** 2),
    ("outer2", B, lambda x: np.outer(x, x)),
    ("matpow", A, lambda x: np.linalg.matrix_power(x, 3)),
    ("arctan2", v, lambda x: np.arctan2(x, x * x + 1)),
    ("hypot", v, lambda x: np.hypot(x, 2.0)),
    ("exp2", v, np.exp2),
    ("arcsinh", v, np.arcsinh),
    ("log10", v, lambda x: np.log10(x * x + 1)),
    ("bcast", B, lambda x: x - np.mean(x, axis=1, keepdims=True)),
    ("softmaxlike", B, lambda x: np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)),
    ("iter", B, lambda x: sum(row @ row for row in x)),
    ("matmul3", T, lambda x: x @ np.swapaxes(x, 1, 2)),
    ("det3", rng.normal(size=(2, 3, 3)), np.linalg.det),
    ("inv3", rng.normal(size=(2, 3, 3)), np.linalg.inv),
    ("solve3", rng.normal(size=(2, 3, 3)), lambda x: np.linalg.solve(x, np.ones((2, 3, 1)) * np.arange(2.0))),
    ("x**3", v, lambda x: x**3),
    ("2**x", v, lambda x: 2**x),
    ("sum methods", B, lambda x: x.sum(axis=0).reshape(5, 1) * x.T.mean()),
    ("x%", v, lambda x: np.mod(x, 0.7) * x),
]
#: These have kinks: the steps of the differences are short.
KINKS = ("where", "clip", "x%")


@pytest.mark.parametrize(("name", "value", "f"), CASES, ids=[case[0] for case in CASES])
def test_values_and_derivatives(name: str, value: Any, f: Callable[[Any], Any]) -> None:
    """The same function of an array and of an expression; every order; the derivative of a derivative."""
    step = 1e-3 if name in KINKS else 1e-2
    X = tensor("X", *value.shape)
    y = f(X)
    assert_close(evaluate(y, {"X": value}), f(value), 1e-12)
    J = derivative(y, X)
    differences = central_differences(f, value, step)
    for order in ORDERS:
        assert_close(J.evaluate({"X": value}, layout="ad", order=order), differences, 1e-8)
    total = np.sum(np.sin(y))
    first = derivative(total, X)
    H = derivative(first, X)
    differences = central_differences(lambda at: first.evaluate({"X": at}, layout="ad"), value, step)
    for order in ORDERS:
        assert_close(H.evaluate({"X": value}, layout="ad", order=order), differences, 1e-6)
    assert "object at" not in f"{y} {J} {J.index_notation()} {J.einsum}"


def test_index_maps_take_no_multiplication() -> None:
    """What reaches a slice or a reshape is restricted or seen otherwise: only the contraction itself is counted."""
    W, x = matrix("W", 7, 11), vector("x", 11)
    u = vector("u", 3)
    J = derivative(u @ (W @ x)[2:5], x)
    assert J.cost().multiplications == 3 * 11
    Y = np.reshape(W @ x, (7, 1))
    assert derivative(np.sum(Y * Y), x).cost().multiplications <= 7 + 7 * 11


def test_symbolic_sizes_slice_and_reshape() -> None:
    x, X = vector("x", "d"), matrix("X", "n", "m")
    assert x[:-1].shape == ("d-1",)
    assert x[1:].shape == ("d-1",)
    assert x[-1].shape == ()
    assert x[::-1].shape == ("d",)
    assert np.reshape(X, ("n*m",)).shape == ("m*n",)
    assert np.ravel(X).reshape("n", "m") is X
    value = np.arange(5.0)
    assert_close(evaluate(np.mean(x[1:] * x[:-1]), {"x": value}), np.mean(value[1:] * value[:-1]), 1e-15)
    J = derivative(x[::-1], x)
    assert_close(J.evaluate({}, sizes={"d": 5}), np.eye(5)[::-1], 0)


@pytest.mark.parametrize(
    ("action", "error", "text"),
    [
        (lambda: vector("x", 3)[3], ShapeError, "3 is out of range on axis 0 of size 3"),
        (lambda: vector("x", 3)[[0, 3]], ShapeError, "3 is out of range on axis 0 of size 3"),
        (lambda: vector("x", 3)[2:2], ShapeError, "2:2:None of an axis of size 3 is empty"),
        (lambda: vector("x", 3)[0, 1], ShapeError, "2 indices for an expression with 1 axes"),
        (lambda: vector("x", 3)["a"], ShapeError, "an integer, a slice or an array"),
        (lambda: vector("x", "d")[[0, 1]], ShapeError, "symbolic size"),
        (lambda: np.reshape(vector("x", 6), (4, 2)), ShapeError, "has 6 entries and (4, 2) has 8"),
        (lambda: np.reshape(vector("x", 6), (4, -1)), ShapeError, "the sizes do not divide"),
        (lambda: np.concatenate((matrix("A", 2, 3), matrix("B", 2, 5))), ShapeError, "the other axes differ"),
        (lambda: np.stack((vector("a", 2), vector("b", 3))), ShapeError, "different shapes"),
        (lambda: np.linalg.inv(matrix("A", 2, 3)), ShapeError, "np.linalg.inv: expected a square matrix"),
        (lambda: np.linalg.solve(matrix("A", 2, 2), vector("b", 3)), ShapeError, "as many rows as A"),
        (lambda: np.sum(vector("x", 3), axis=1), ShapeError, "np.sum: axis 1 of an expression with 1 axes"),
        (lambda: np.sum(vector("x", 3), dtype=float), UnsupportedError, "takes no option 'dtype'"),
        (
            lambda: np.tensordot(matrix("A", 2, 3), vector("b", 2), 1),
            ShapeError,
            "axis 1 of the first operand has size 3",
        ),
        (lambda: np.squeeze(matrix("A", 2, 3), axis=0), ShapeError, "axis 0 has size 2"),
        (lambda: np.linalg.norm(matrix("A", 2, 3), "nuc"), UnsupportedError, "order 'nuc'"),
        (
            lambda: np.linalg.svd(matrix("A", 2, 3)),
            UnsupportedError,
            "np.linalg.svd has no rule for expressions; det, slogdet, inv",
        ),
        (lambda: np.sort(vector("x", 3)), UnsupportedError, "np.sort has no rule"),
        (lambda: np.nextafter.reduce(vector("x", 3)), UnsupportedError, "np.nextafter.reduce has no rule"),
        (lambda: np.add.reduceat(vector("x", 3), [0, 1]), UnsupportedError, "np.add.reduceat has no rule"),
        (lambda: np.exp(vector("x", 3), out=np.zeros(3)), UnsupportedError, "np.exp writes an expression into"),
        (lambda: np.exp(vector("x", 3), where=np.ones(3) > 0), UnsupportedError, "use np.where(condition, np.exp(…)"),
        (lambda: np.exp(vector("x", 3), dtype=np.float32), UnsupportedError, "np.exp of an expression takes no option"),
        (
            lambda: np.array([vector("x", 3), vector("x", 3)]),
            UnsupportedError,
            "np.stack([a, b, …]) makes one expression of several",
        ),
        (
            lambda: np.linalg.pinv(matrix("A", 3, 2)),
            UnsupportedError,
            "np.linalg.pinv has no rule for expressions; np",
        ),
        (
            lambda: np.nanmean(vector("x", 3)),
            UnsupportedError,
            "np.nanmean has no rule for expressions; np.where(np.",
        ),
        (lambda: np.fft.fft(vector("x", 3)), UnsupportedError, "np.fft.fft has no rule"),
        (lambda: vector("x", 3)[vector("x", 3) > 0], UnsupportedError, "np.where(x > 0, x, 0.0) keeps the shape"),
        (lambda: vector("x", 3) & 1, UnsupportedError, "combines conditions, such as (x > 0) & (x < 1)"),
        (lambda: bool(vector("x", 3) > 0), UnsupportedError, "an expression has no truth value"),
        (lambda: operator.setitem(vector("x", 3), 0, 1.0), UnsupportedError, "an expression is not written to"),
        (lambda: np.ones_like(vector("x", 3), shape=(2,)), UnsupportedError, "takes no option 'shape'"),
        (lambda: vector("x", 3)[True], UnsupportedError, "a mask is an array"),
        (lambda: vector("x", 3)[::0], ShapeError, "the step of a slice is not 0"),
        (lambda: np.ravel(matrix("X", 2, 3), "K"), UnsupportedError, "in order 'C' or 'F', got order='K'"),
        (lambda: np.split(vector("x", 3), 2), ShapeError, "an axis of size 3 has no 2 equal parts"),
        (lambda: np.cross(vector("x", 2), vector("x", 2)), ShapeError, "vectors of three entries"),
        (lambda: np.trace(matrix("A", 2, 3), 5), ShapeError, "has no diagonal at offset 5"),
        (lambda: np.vecdot(vector("x", 3), vector("y", 2)), ShapeError, "np.vecdot: shapes (3,) and (2,)"),
        (lambda: np.einsum("i...,i", matrix("A", 2, 3), vector("b", 3)), ShapeError, "index 'i' has size 2"),
        (lambda: vector("x", 3).argmax(), UnsupportedError, "np.argmax has no rule"),
    ],
)
def test_what_is_refused(action: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        action()
    assert text in str(caught.value)


def test_the_power_zero_is_a_delta() -> None:
    """Of a stack of matrices, and of symbolic size, as of any."""
    assert_close(evaluate(np.linalg.matrix_power(tensor("A", 2, 3, 3), 0), {}), np.stack([np.eye(3)] * 2), 0)
    assert str(np.linalg.matrix_power(matrix("B", "n", "n"), 0)) == "I_n"


def test_comparisons_are_by_entry() -> None:
    """`==` too, for np.where; of two expressions it has a truth value, since equal expressions are one."""
    x, y = vector("x", 3), vector("y", 3)
    value = np.array([-1.0, 2.0, 3.0])

    def f(x: Any) -> Any:
        return np.where((x > 0) & ~(x == 2) | (x != x) | np.isnan(x), x * x, -x)

    assert_close(evaluate(f(x), {"x": value}), f(value), 0)
    assert_close(derivative(f(x), x).evaluate({"x": value}), np.diag([-1.0, -1.0, 6.0]), 0)
    assert_close(
        evaluate(np.where(x == y, 1.0, 0.0), {"x": value, "y": np.array([-1.0, 0.0, 3.0])}), [1.0, 0.0, 1.0], 0
    )
    assert x == x
    assert x != y
    assert x != 0
    assert x in [y, x]
    assert x not in [y, vector("x", 4), None, "x"]
    assert {x: 1, y: 2}[x] == 1
    assert_close(evaluate(np.any(x > 2), {"x": value}), 1.0, 0)
    assert_close(evaluate(np.all(x > 2), {"x": value}), 0.0, 0)


def test_a_zero_by_structure_is_seen_through_index_maps() -> None:
    """No zero is an operand: neither of the value nor of its derivative, so that nothing is computed with it."""
    x = vector("x", 6)
    y = np.select([x > 0.5, x > 0.0], [x, np.zeros_like(x)], x * x)
    for part in (y[:3] * np.zeros_like(x)[:3], np.reshape(np.zeros_like(x), (2, 3))):
        assert derivative(part, x).is_zero
        assert "sin" not in jacobians.compile(np.sum(np.sin(x)[:3] * np.reshape(0.0 * x, (2, 3))) + x[0]).source
    assert str(derivative(derivative(np.sum(y), x), x))
