"""A transform sees the present: f is called at every call, with the values behind its variables."""

from __future__ import annotations

import gc
import math
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers import assert_close

from jacobians import (
    DataError,
    ShapeError,
    UnsupportedError,
    cross_entropy,
    grad,
    hessian,
    jacobian,
    jit,
    jvp,
    softmax,
    vjp,
)
from jacobians.differentiation.outcomes import programs

X = np.array([1.0, 2.0, 3.0])


# --- what f reads beside its arguments --------------------------------------------------------------------------------


def test_value_and_derivative_are_of_one_call() -> None:
    scale = {"v": 2.0}

    def f(x: Any) -> Any:
        return scale["v"] * x

    vjp(f, X)[1](X)
    scale["v"] = 3.0
    y, pull = vjp(f, X)
    assert_close(y, 3.0 * X, 0)
    scale["v"] = 5.0
    assert_close(pull(X)[0], 3.0 * X, 0)
    assert_close(jvp(f, (X,), (X,)), (5.0 * X, 5.0 * X), 0)
    assert_close(vjp(f, X)[0], 5.0 * X, 0)


def test_a_pullback_keeps_what_it_was_made_of() -> None:
    """The arguments and what f closes over may be written to before it is called."""
    x, c = X.copy(), np.linspace(1.0, 2.0, 3000)
    large = np.ones(3000)
    _, pull = vjp(lambda x, large: np.sum(x * x) + np.sum(c * large * large), x, large)
    x[:], large[:], c[:] = 0.0, 0.0, 0.0
    by_x, by_large = pull(1.0)
    assert_close(by_x, 2.0 * X, 0)
    assert_close(by_large, 2.0 * np.linspace(1.0, 2.0, 3000), 0)


def test_batches_attributes_defaults_and_random_numbers() -> None:
    batch = X

    class Model:
        weight = 2.0

        def loss(self, x: Any) -> Any:
            return self.weight * np.sum(x)

    def with_default(x: Any, c: Any = [1.0]) -> Any:  # noqa: B006 - that it is mutable is the point
        return c[0] * np.sum(x)

    model = Model()
    by_batch, by_attribute, by_default = grad(lambda x: batch @ x), grad(model.loss), grad(with_default)
    assert_close(by_batch(X), X, 0)
    assert_close(by_attribute(X), np.full(3, 2.0), 0)
    assert_close(by_default(X), np.ones(3), 0)
    batch = -X
    model.weight = 5.0
    with_default.__defaults__[0][0] = 7.0  # type: ignore[index]
    assert_close(by_batch(X), -X, 0)
    assert_close(by_attribute(X), np.full(3, 5.0), 0)
    assert_close(by_default(X), np.full(3, 7.0), 0)
    rng, same = np.random.default_rng(3), np.random.default_rng(3)
    dropped = grad(lambda x: np.sum((rng.random(3) > 0.5) * x))
    for _ in range(4):
        assert_close(dropped(X), same.random(3) > 0.5, 0)


def test_numbers_that_change_are_arguments_of_one_program() -> None:
    programs.clear()
    rate = 0.0

    def f(x: Any) -> Any:
        return rate * np.sum(x * x) / (1.5 + rate) + 0.25 * np.sum(x) - rate

    for k in range(2, 12):
        rate = 0.31 * k
        assert_close(grad(f)(X), 2.0 * rate * X / (1.5 + rate) + 0.25, 1e-15)
    assert len(programs) == 1
    exponents = [grad(lambda x, n=n: np.sum(x**n))(X) for n in (2, 3, 5)]  # these are part of the structure
    assert len(programs) == 4
    for n, found in zip((2, 3, 5), exponents, strict=True):
        assert_close(found, n * X ** (n - 1), 1e-15)


def test_data_in_functions_of_ours_is_an_argument_too() -> None:
    programs.clear()
    for label in range(3):
        target = np.eye(3)[label]
        found = grad(lambda z: cross_entropy(z, target))(X)  # noqa: B023
        assert_close(found, softmax(X) - target, 1e-14)
    assert len(programs) == 1


def test_numbers_at_the_edges() -> None:
    for zero in (0.0, -0.0):
        assert vjp(lambda x: np.arctan2(x, zero), 0.0)[0] == np.arctan2(0.0, zero)  # noqa: B023
    for number in (1e-310, 1e308, math.inf, 5e-324):
        assert vjp(lambda x: x / number, 1e-310)[0] == 1e-310 / number  # noqa: B023
    assert math.isnan(vjp(lambda x: x * math.nan, 1.0)[0])
    with pytest.raises(DataError):
        grad(lambda x: x * 10**400)(1.0)


@pytest.mark.parametrize("size", [3, 3000])
def test_an_array_that_f_writes_to_between_two_uses(size: int) -> None:
    def f(x: Any) -> Any:
        buffer, total = np.zeros(size), 0.0
        for k in range(3):
            buffer[:] = k + 1
            total = total + np.sum(buffer * x * x)
        return total

    assert_close(grad(f)(np.ones(size)), np.full(size, 12.0), 0)
    shared = np.zeros(size)

    def g(x: Any) -> Any:
        first = np.sum(shared * x)
        shared[0] += 1.0
        return first + np.sum(shared * x)

    assert grad(g)(np.ones(size))[0] == 1.0
    assert grad(g)(np.ones(size))[0] in (3.0, 5.0)  # a large one was found out: the function was called again
    assert shared.flags.writeable


def test_closed_over_arrays_are_neither_held_nor_handed_out() -> None:
    A = np.random.default_rng(0).normal(size=(40, 40))
    found = jacobian(lambda x: A @ x)(np.ones(40))
    assert_close(found, A, 0)
    assert not np.shares_memory(found, A)
    assert_close(hessian(lambda x: x @ (A @ (A.T @ x)))(np.ones(40)), 2.0 * A @ A.T, 1e-12)
    assert A.flags.writeable

    def made() -> tuple[Any, Any]:
        data = np.ones(100_000)

        def f(x: Any) -> Any:
            return data @ x

        grad(f)(np.ones(100_000))
        return weakref.ref(data), weakref.ref(f)

    references = made()
    gc.collect()
    assert [reference() for reference in references] == [None, None]


def test_a_transposed_view_is_known_for_what_it_is() -> None:
    A = np.random.default_rng(0).normal(size=(40, 30))
    programs.clear()
    grad(lambda x: np.sum((A.T @ (A @ x)) ** 2))(np.ones(30))
    (only,) = programs.values()
    assert len(only.compiled.variables) == 2


def test_threads_share_programs_and_not_values() -> None:
    A = np.random.default_rng(0).normal(size=(60, 60)) / 60
    found: dict[int, Any] = {}

    def work(number: int) -> None:
        scale = number + 1.5
        for _ in range(20):
            found[number] = grad(lambda x: scale * np.sum(np.tanh(A @ x) * x))(np.ones(60)) / scale

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    for k in range(8):
        assert_close(found[k], found[0], 1e-14)
    assert A.flags.writeable


# --- decisions by value -----------------------------------------------------------------------------------------------


def newton(a: Any) -> Any:
    s = a
    while abs(s * s - a) > 1e-12:
        s = 0.5 * (s + a / s)
    return s


def formatted(x: Any) -> Any:
    assert (f"{x[0]:.2f}", f"{x[1]:8.3f}") == ("1.00", "   2.000")
    return round(x[1]) * x[0] + np.sum(round(x / 3.0, 1)) * 0.0


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x[0] if x[0] > x[1] else x[1] ** 2, [0.0, 4.0, 0.0]),
        (lambda x: x[np.argmax(x)] ** 2 + x[x.argmin()], [1.0, 0.0, 6.0]),
        (lambda x: np.sum(x[np.argsort(-x)][:2]), [0.0, 1.0, 1.0]),
        (lambda x: np.sum(x[x > 1.5] ** 2), [0.0, 4.0, 6.0]),
        (lambda x: np.sum(x[(x > 1.5) & (x < 2.5)]), [0.0, 1.0, 0.0]),
        (lambda x: sum(x[i] for i in range(int(x[2]))), [1.0, 1.0, 1.0]),
        (lambda x: x[int(x[1])] * x[0], [3.0, 0.0, 1.0]),
        (lambda x: np.sum(x[np.floor(x).astype(int) - 1] ** 2), [2.0, 4.0, 6.0]),
        (lambda x: sorted(x)[1] * max(x), [0.0, 3.0, 2.0]),
        (lambda x: x[0] if 2.0 in list(x) else x[1], [1.0, 0.0, 0.0]),
        (lambda x: np.sum(x) if np.any(x > 2.0) and not np.all(x > 2.0) else x[0], [1.0, 1.0, 1.0]),
        (lambda x: x[0] if 0 < x[0] < 2 else x[1], [1.0, 0.0, 0.0]),
        (lambda x: math.floor(x[1] + 0.5) * x[0] + math.ceil(x[0]) * x[2], [2.0, 0.0, 1.0]),
        (lambda x: x[0] if np.allclose(x, X) else x[1], [1.0, 0.0, 0.0]),
        (lambda x: x[np.searchsorted(x, 1.5)], [0.0, 1.0, 0.0]),
        (lambda x: np.sum(np.where(x > 1.5, x, 0.0)) if np.count_nonzero(x > 1.5) == 2 else x[0], [0.0, 1.0, 1.0]),
        (lambda x: np.sum(np.extract(x > 1.5, x)) + np.sum(np.compress(x < 1.5, x)), [1.0, 1.0, 1.0]),
        (formatted, [2.0, 0.0, 0.0]),
        (lambda x: grad(lambda y: y * y if y > x[0] else x[1] * y)(x[1]) * x[0], [4.0, 2.0, 0.0]),
    ],
)
def test_decided_at_every_call(f: Callable[[Any], Any], expected: Any) -> None:
    assert_close(grad(f)(X), expected, 1e-14)
    assert_close(jvp(f, (X,), (np.ones(3),))[1], np.sum(expected), 1e-14)


def test_a_loop_until_convergence() -> None:
    for at in (2.0, 9.0, 100.0):
        assert grad(newton)(at) == pytest.approx(0.5 / math.sqrt(at), rel=1e-9)
    assert hessian(newton)(2.0) == pytest.approx(-0.25 * 2.0**-1.5, rel=1e-6)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[0] if x[0] > 0.0 else x[1],
        lambda x: x[np.argmax(x)],
        lambda x: x[int(x[0])],
        lambda x: np.sum(x[x > 1.0]),
        lambda x: np.sum(x[np.floor(x).astype(int) - 1]),
        lambda x: x[0] * round(x[1]),
        lambda x: x[0] if x[0] == x[0] else x[1],
    ],
)
def test_under_jit_there_is_nothing_to_decide_by(f: Callable[[Any], Any]) -> None:
    for frozen in (jit(f), jit(grad(f)), grad(jit(f))):
        with pytest.raises(UnsupportedError, match="under jit f is called once"):
            frozen(X)


@pytest.mark.parametrize("f", [lambda x: float(x[0]) * x[1], lambda x: math.exp(x[0]), lambda x: complex(x[0]).real])
def test_what_would_lose_a_derivative_is_refused(f: Callable[[Any], Any]) -> None:
    with pytest.raises(UnsupportedError, match=r"use NumPy's function \(np.exp\(x\)\)"):
        grad(f)(X)


def test_errors_of_conversions_are_ours() -> None:
    with pytest.raises(UnsupportedError, match=r"int\(x\) is its present value"):
        grad(lambda x: sum(x[0] for _ in range(x[1])))(X)  # type: ignore[call-overload]
    with pytest.raises(ShapeError, match=r"format\(\) of an expression of shape \(3,\)"):
        grad(lambda x: (f"{x:.2f}",) and x[0])(X)
    with pytest.raises(ShapeError, match=r"np\.any and np\.all"):
        grad(lambda x: x[0] if x > 1.0 else x[1])(X)


def test_what_nothing_is_differentiated_with_respect_to_is_a_value() -> None:
    """Functions without a rule, and conversions, take it as it is."""
    A = np.diag([1.0, 2.0, 3.0])
    assert_close(grad(lambda x, A: np.linalg.eigvalsh(A) @ x)(X, A), [1.0, 2.0, 3.0], 1e-12)
    assert_close(grad(lambda x, c: float(c) * math.exp(c) * np.sum(x))(X, 0.5), np.full(3, 0.5 * math.exp(0.5)), 1e-15)
    assert_close(grad(lambda x, n: x[0] ** int(n))(X, 3.0), [3.0, 0.0, 0.0], 0)


# --- precision --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_numbers_of_python_take_the_precision_of_the_arrays(dtype: Any) -> None:
    x, rate = X.astype(dtype), 0.3
    assert grad(lambda x: rate * np.sum(x * x) / 3)(x).dtype == dtype
    assert grad(lambda x, c: np.sum(c * x * x))(x, 2.0).dtype == dtype
    assert vjp(lambda x: rate * x, x)[0].dtype == dtype
    assert jvp(lambda x: rate * x, (x,), (x,))[1].dtype == dtype
    assert grad(lambda x: X @ x)(x).dtype == np.float64  # what f closes over has its own


# --- jit --------------------------------------------------------------------------------------------------------------


def test_jit_calls_f_once_for_a_signature() -> None:
    calls: list[Any] = []
    scale = 2.0

    def f(x: Any, n: int = 1) -> Any:
        calls.append(x.shape)
        return scale * np.sum(x**n)

    frozen, gradient = jit(f), jit(grad(f))
    for size in (3, 3, 5, 3):
        assert frozen(np.ones(size), 2) == 2.0 * size
        assert_close(gradient(np.ones(size), 2), np.full(size, 4.0), 0)
    assert calls == [(3,), (3,), (5,), (5,)]
    scale = 7.0
    assert frozen(np.ones(3), 2) == 6.0  # as it was at the first call
    assert frozen(np.ones(3), 3) == 21.0
    assert_close(grad(frozen)(X, 2), 4.0 * X, 0)
    assert_close(hessian(frozen)(X, 2), 4.0 * np.eye(3), 0)
    assert_close(grad(lambda x: frozen(x * x, 2) * x[0])(X), grad(lambda x: 2.0 * np.sum(x**4) * x[0])(X), 1e-13)
    with pytest.raises(UnsupportedError, match="hashable"):
        jit(lambda x, names: np.sum(x) * len(names))(X, {1, 2})


def test_jit_of_a_wrapper_is_of_the_wrapper() -> None:
    """functools.wraps copies what a transform is known by."""
    import functools

    gradient = grad(lambda x: np.sum(x * x))

    @functools.wraps(gradient)
    def twice(x: Any) -> Any:
        return 2.0 * gradient(x)

    assert_close(jit(twice)(X), 4.0 * X, 0)


def test_jit_takes_labels_by_value_where_it_must() -> None:
    f = jit(grad(lambda W, labels: np.sum(W[np.arange(2), labels] ** 2)))
    W = np.arange(6.0).reshape(2, 3)
    for labels in (np.array([0, 2]), np.array([1, 1]), np.array([0, 2])):
        expected = np.zeros((2, 3))
        expected[np.arange(2), labels] = 2.0 * W[np.arange(2), labels]
        assert_close(f(W, labels), expected, 0)


def test_truth_values_that_f_closes_over_combine_with_conditions() -> None:
    mask, x = np.array([True, False, True]), np.array([1.0, 2.0, -3.0])
    for combined in (
        lambda x: (x > 0) & mask,
        lambda x: mask | (x > 1.5),
        lambda x: (x > 0) ^ np.bool_(True),
    ):
        expected = np.where(combined(x), 2.0 * x, 3.0)
        assert np.array_equal(grad(lambda x, c=combined: np.sum(np.where(c(x), x * x, 3.0 * x)))(x), expected)
