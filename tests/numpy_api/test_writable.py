"""`jacobians.numpy`: arrays that traced numbers are written into, against differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import jacobians.numpy as np
from jacobians import ShapeError, UnsupportedError, append_one, grad, half_squared_norm, jacobian, softmax

X = numpy.array([1.3, 2.1, -0.7])


def by_differences(f: Callable[[Any], Any], x: Any) -> Any:
    steps = 1e-6 * numpy.eye(len(x))
    columns = [(numpy.asarray(f(x + step)) - numpy.asarray(f(x - step))) / 2e-6 for step in steps]
    return numpy.stack(columns, axis=-1)


def entries_and_slices(x: Any) -> Any:
    y = np.zeros(3)
    y[0] = x[0]
    y[1:] = x[1:] * x[0]
    y[2] += x[1]
    y *= 2.0
    return y


def blocks_and_views(x: Any) -> Any:
    B = np.zeros((3, 3))
    B[:2, :2] = np.outer(x[:2], x[1:])
    B[2] = x
    B.T[0, 2] = x[0] ** 2  # a transpose and a row are views
    B[1][2] = 7.0 * x[1]
    row = B[0]
    row[-1] = 5.0
    return B @ x


def recurrence(x: Any) -> Any:
    y = np.empty(3)
    for i in range(3):
        y[i] = x[i] * (y[i - 1] if i else 1.0)
    return np.sum(np.sin(y))


def several_times_one_place(x: Any) -> Any:
    y = np.zeros(4)
    np.add.at(y, [0, 1, 0, 2], np.array([x[0], x[1], x[2], x[0] * x[1]]))
    np.subtract.at(y, [1], x[:1])
    np.multiply.at(y, [0, 0], x[1])
    return y


def tridiagonal(x: Any) -> Any:
    A = np.zeros((4, 4))
    for i in range(4):
        A[i, i] = 2.0 + x[0]
        if i:
            A[i, i - 1] = A[i - 1, i] = -x[1]
    return np.linalg.solve(A, np.ones(4))


def by_condition(x: Any) -> Any:
    y = np.array(x)
    y[y > 1.5] = 0.0
    y[x < 0] = x[0] * x[1]
    return y


def into(x: Any) -> Any:
    y = np.ones(3)
    np.multiply(y, x, out=y)
    np.exp(y, out=y)
    return y


def overwritten(x: Any) -> Any:
    y = np.full((2, 3), x)
    y[0] *= x[0]
    y[1][:] = x**3
    y[0, 1] = 4.0
    return y.reshape(6)[1:]


def copies(x: Any) -> Any:
    y = np.zeros(3)
    y[0] = x[0]
    z = y.copy()
    z[0] = 9.0
    w = y[[0, 1]]
    w[0] = 8.0
    return y + 0.0 * np.sum(z)


@pytest.mark.parametrize(
    "f",
    [
        *(entries_and_slices, blocks_and_views, recurrence, several_times_one_place, tridiagonal, by_condition, into),
        *(overwritten, copies),
        lambda x: np.array([x, x * x]) @ x,
        lambda x: np.array([[x[0] * x[1], 1.0], [x[2], x[0]]]),
        lambda x: np.asarray(x) * np.asarray([x[0], 1.0, x[1]]),
        lambda x: np.r_[x, 1.0, x[0]] * 2.0,
        lambda x: np.c_[x, x * x],
        lambda x: np.mean([x, 2.0 * x * x], axis=0),
        lambda x: np.zeros((2, 2)) + x[0],
        lambda x: np.zeros_like(x) + x[:1],
        lambda x: np.eye(3) * x,
    ],
)
def test_what_is_written_is_derived(f: Callable[[Any], Any]) -> None:
    numpy.testing.assert_allclose(jacobian(f, layout="ad")(X), by_differences(f, X), atol=1e-7)


def added_to(y: Any, x: Any) -> Any:
    y += x
    return y


@pytest.mark.parametrize(
    "f",
    [
        lambda x: numpy.array([[x[0] * x[1], 1.0], [x[2], x[0]]]),
        lambda x: numpy.asarray([x[0], [x[1]][0]]),
        lambda x: numpy.r_[x[0], 2.0, x[1]],
        lambda x: numpy.c_[x[0], x[2]],
        lambda x: numpy.mean([x[0], x[1] * x[2]]),
        lambda x: numpy.std([x[0], x[1], x[2]]),
        lambda x: numpy.full(4, x[0]),
        lambda x: numpy.exp(numpy.array([x[0], x[1]])) @ numpy.array([x[1], 1.0]),
        lambda x: numpy.block([[x[0], x[1]], [1.0, x[2]]]),
        lambda x: numpy.linspace(x[0], x[1], 5),
        lambda x: numpy.linspace(x, 2.0 * x[0], 4, endpoint=False, axis=-1),
        lambda x: numpy.geomspace(x[0], x[1], 4),
        lambda x: numpy.logspace(x[0], x[1], 3, base=2.0),
        lambda x: numpy.multiply.outer(x, x),
        numpy.logaddexp.reduce,
        lambda x: numpy.logaddexp.reduce(numpy.outer(x, x), axis=None),
        numpy.logaddexp.accumulate,
        numpy.maximum.accumulate,
        numpy.subtract.reduce,
        lambda x: numpy.hypot.reduce(numpy.outer(x, x), axis=1, keepdims=True),
        lambda x: sum(x[i] * x[j] for i in range(3) for j in range(3)),
        lambda x: max(x[0], x[1]) * min(list(x)),
        lambda x: softmax(numpy.array([x[0], x[1]])) + softmax([x[0], x[2]]),
        lambda x: append_one([x[0] * x[1], x[2]]) * half_squared_norm(numpy.array([x[0], x[1]])),
        lambda x: added_to(numpy.array([x[0], 2.0, x[1]]), x * x),
    ],
)
def test_arrays_of_traced_scalars_without_a_numpy_of_our_own(f: Callable[[Any], Any]) -> None:
    numpy.testing.assert_allclose(jacobian(f, layout="ad")(X), by_differences(f, X), atol=1e-7)


def test_outside_of_tracing_it_is_numpy() -> None:
    assert type(np.zeros(3)) is numpy.ndarray
    assert np.pi == numpy.pi
    assert np.linalg is numpy.linalg
    assert np.zeros.__name__ == "zeros"
    assert grad(lambda x: x[np.arange(2)] @ np.zeros(2, int))(X).tolist() == [0.0, 0.0, 0.0]


def write(y: Any, value: Any) -> Any:
    y[0] = value
    return y


@pytest.mark.parametrize(
    ("f", "error", "text"),
    [
        (lambda x: write(numpy.zeros(3), x[0]), UnsupportedError, "jacobians.numpy"),
        (lambda x: write(numpy.zeros((3, 3)), x), UnsupportedError, "jacobians.numpy"),
        (lambda x: numpy.add.at(numpy.zeros(3), [0], x[:1]), UnsupportedError, "jacobians.numpy"),
        (lambda x: numpy.array([x, x]), UnsupportedError, "jacobians.numpy"),
        (lambda x: numpy.array([x[0], 1.0], dtype=float), UnsupportedError, "leave dtype out"),
        (lambda x: write(x, 1.0), UnsupportedError, "np.array(x) is an array that can be written to"),
        (lambda x: write(np.zeros((2, 2)), x), ShapeError, "shape (3,) into entries of shape (2,)"),
        (lambda x: numpy.linalg.det(numpy.array([[x[0], x[1]], [x[1], x[0]]])), UnsupportedError, "jacobians.numpy"),
    ],
)
def test_what_is_refused_says_how(f: Callable[[Any], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        jacobian(f)(X)
    assert text in str(caught.value)


def test_a_loop_over_entries_grows_linearly() -> None:
    """A write builds nothing, and reading an entry that was written gives what was written."""

    def f(x: Any) -> Any:
        y = np.zeros(200)
        y[0] = x[0]
        for k in range(1, 200):
            y[k] = 0.9 * y[k - 1] + x[k % 3]
        return y[-1]

    numpy.testing.assert_allclose(jacobian(f)(X), by_differences(f, X), atol=1e-6)


def test_entries_as_python_has_them() -> None:
    found = grad(lambda x: x[0].item() * x.item(1) + sum(x.tolist()) + sum(x.flat))(numpy.array([1.0, 2.0, 3.0]))
    numpy.testing.assert_allclose(found, [4.0, 3.0, 2.0])
