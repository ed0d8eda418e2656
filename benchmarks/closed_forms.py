"""Tasks whose derivative has a closed form: the compiled derivative of the plain formula against that form by hand.

Each task is a function of NumPy arrays as a user would write it, what to derive, and the best NumPy code that we know
for the result. Equality is asserted before anything is timed, and times are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from jacobians import derivative, half_squared_norm, matrix, softmax, vector
from jacobians.compiling import Compiled
from jacobians.compiling import compile as compile_
from jacobians.measure import paired_times, peak_memory, ratio

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Task:
    """`compiled` and `by_hand` are functions of the same arrays."""

    name: str
    compiled: Compiled
    by_hand: Callable[..., Any]
    arguments: tuple[Array, ...]


@dataclass(frozen=True)
class Result:
    """The paired ratio of a task, with quartiles, the time by hand, and both peaks of memory in bytes."""

    name: str
    ratio: float
    quartiles: tuple[float, float]
    seconds: float
    peak: int
    peak_by_hand: int
    multiplications: int


def tasks(quick: bool) -> Iterator[Task]:
    """The tasks, each with its own random numbers; the quick run takes a quarter of the sizes."""
    rng = np.random.default_rng(0)
    scale = 4 if quick else 1

    n = 2048 // scale
    x = vector("x", n)
    A = matrix("A", n, n)
    yield Task(
        f"Hessian of xᵀAx, n = {n}",
        derivative(derivative(x @ A @ x, x), x).compile(variables=["A"]),
        lambda A: A + A.T,
        (rng.normal(size=(n, n)),),
    )

    n = 1024 // scale
    x = vector("x", n)
    yield Task(
        f"Hessian of logsumexp, n = {n}",
        derivative(derivative(np.log(np.sum(np.exp(x))), x), x).compile(variables=["x"]),
        _hessian_of_logsumexp,
        (rng.normal(size=n),),
    )

    rows, d = 2048 // scale, 256 // scale
    X, w = matrix("X", rows, d), vector("w", d)
    loss = np.mean(np.logaddexp(0.0, X @ w))
    yield Task(
        f"Hessian of the mean logistic loss, X {rows}×{d}",
        derivative(derivative(loss, w), w).compile(variables=["X", "w"]),
        _hessian_of_logistic,
        (rng.normal(size=(rows, d)), rng.normal(size=d) / np.sqrt(d)),
    )

    m, k = 100, 5
    T, U, V = matrix("T", m, m), matrix("U", m, k), matrix("V", m, k)
    yield Task(
        f"Hessian of ‖T − UVᵀ‖² in U, dense, m = {m}, k = {k}",
        derivative(derivative(np.sum((T - U @ V.T) ** 2), U), U).compile(variables=["V"]),
        _hessian_of_factorisation,
        (rng.normal(size=(m, k)),),
    )

    n = 80
    B, X, C = matrix("B", n, n), matrix("X", n, n), matrix("C", n, n)
    hessian = derivative(derivative(half_squared_norm(B @ X @ C.T), X), X)
    yield Task(
        f"norm of the Hessian of ½‖B X Cᵀ‖², d = {n}",
        compile_(hessian.norm(), variables=["B", "C"]),
        lambda B, C: np.linalg.norm(B.T @ B) * np.linalg.norm(C.T @ C),
        (rng.normal(size=(n, n)), rng.normal(size=(n, n))),
    )

    rows, d, h, outputs = 512 // scale, 128, 64, 128
    X, W1, W2 = matrix("X", rows, d), matrix("W1", h, d), matrix("W2", outputs, h)
    output = np.tanh(X @ W1.T) @ W2.T
    per_sample = 0.5 * np.sum(output * output, axis=1)
    yield Task(
        f"per-sample Jacobian of a {d}–{h}–{outputs} tanh network, batch {rows}",
        derivative(per_sample, W1).compile(variables=["X", "W1", "W2"]),
        _per_sample,
        (rng.normal(size=(rows, d)), rng.normal(size=(h, d)) / d**0.5, rng.normal(size=(outputs, h)) / h**0.5),
    )

    n = 512 // scale
    x = vector("x", n)
    yield Task(
        f"Jacobian of softmax, n = {n}",
        derivative(softmax(x), x).compile(variables=["x"]),
        _jacobian_of_softmax,
        (rng.normal(size=n),),
    )

    d, h, outputs = 256 // scale, 512 // scale, 64
    W1, W2, x = matrix("W1", h, d), matrix("W2", outputs, h), vector("x", d)
    yield Task(
        f"∂r/∂x of a {d}–{h}–{outputs} tanh network",
        derivative(W2 @ np.tanh(W1 @ x), x).compile(variables=["W1", "W2", "x"]),
        lambda W1, W2, x: (W2 * (1.0 - np.tanh(W1 @ x) ** 2)) @ W1,
        (rng.normal(size=(h, d)) / d**0.5, rng.normal(size=(outputs, h)), rng.normal(size=d)),
    )


def _hessian_of_logsumexp(x: Array) -> Array:
    e = np.exp(x)
    p = e / e.sum()
    result = np.outer(-p, p)
    result.reshape(-1)[:: len(p) + 1] += p
    return result


def _hessian_of_logistic(X: Array, w: Array) -> Array:
    s = 1.0 / (1.0 + np.exp(-(X @ w)))
    result: Array = (X.T * (s * (1.0 - s) / len(X))) @ X
    return result


def _hessian_of_factorisation(V: Array) -> Array:
    m, k = V.shape
    result = np.zeros((k, m, k, m))
    np.einsum("ajcj->ajc", result)[...] = (2.0 * (V.T @ V))[:, None]
    return result


def _per_sample(X: Array, W1: Array, W2: Array) -> Array:
    s = np.tanh(X @ W1.T)
    delta = ((s @ W2.T) @ W2) * (1.0 - s * s)
    result: Array = X[:, :, None] * delta[:, None, :]
    return result


def _jacobian_of_softmax(x: Array) -> Array:
    e = np.exp(x - x.max())
    p = e / e.sum()
    result = np.outer(-p, p)
    result.reshape(-1)[:: len(p) + 1] += p
    return result


def measure_task(task: Task, budget: float) -> Result:
    """Assert equality, then time both in pairs."""
    found, expected = task.compiled(*task.arguments), task.by_hand(*task.arguments)
    if np.shape(found) != np.shape(expected) or not np.allclose(found, expected, rtol=1e-9, atol=1e-12):
        raise AssertionError(f"{task.name}: the compiled derivative differs from the closed form")
    jobs = [lambda: task.by_hand(*task.arguments), lambda: task.compiled(*task.arguments)]
    by_hand, own = paired_times(jobs, budget, rounds=7)
    low, high = np.percentile([a / b for a, b in zip(own, by_hand, strict=True)], [25, 75])
    return Result(
        task.name,
        ratio(own, by_hand),
        (float(low), float(high)),
        median(by_hand),
        peak_memory(jobs[1]),
        peak_memory(jobs[0]),
        task.compiled.program().multiplications,
    )
