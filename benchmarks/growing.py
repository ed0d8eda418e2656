"""Families of functions that grow: loops, recurrences, stencils, deep networks, fan-in. Each is plain NumPy.

A family is a function `f(np, *arrays)` of a size; `np` is the module whose functions are called, so that the very same
text runs under this library, autograd and JAX.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Instance:
    """One function of arrays, what is derived of it, and with respect to which arguments."""

    f: Callable[..., Any]
    args: tuple[Array, ...]
    transform: str = "grad"
    argnums: int | tuple[int, ...] = 0


@dataclass(frozen=True)
class Family:
    """Instances by size. `sizes` are those of the table, each double the one before."""

    name: str
    make: Callable[[int], Instance]
    sizes: tuple[int, ...]


def _random(*shape: int, scale: float = 1.0, seed: int = 0) -> Array:
    return scale * np.random.default_rng(seed).normal(size=shape)


# --- loops over time --------------------------------------------------------------------------------------------------


def _rnn(steps: int, transform: str = "grad") -> Instance:
    h, xs = 16, _random(7, 5, seed=1)

    def f(np: Any, W: Array, U: Array) -> Any:
        s = np.tanh(U @ xs[0])
        for t in range(1, steps):
            s = np.tanh(W @ s + U @ xs[t % 7])
        return np.sum(s * s) if transform == "grad" else s

    return Instance(f, (_random(h, h, scale=0.2), _random(h, 5, seed=2)), transform)


def _gru(steps: int) -> Instance:
    h, x = 8, _random(5, seed=1)

    def f(np: Any, W: Array, V: Array, U: Array, K: Array) -> Any:
        s = 0.0 * (W @ np.tanh(K @ x)[:8])
        for _ in range(steps):
            z = 1.0 / (1.0 + np.exp(-(W @ s + K @ x)))
            r = 1.0 / (1.0 + np.exp(-(V @ s + K @ x)))
            s = (1.0 - z) * s + z * np.tanh(U @ (r * s) + K @ x)
        return np.sum(s * s)

    weights = tuple(_random(h, h, scale=0.3, seed=k) for k in range(3))
    return Instance(f, (*weights, _random(h, 5, seed=4)), "grad", (0, 1, 2, 3))


def _lstm(steps: int) -> Instance:
    h, x = 6, _random(5, seed=1)

    def f(np: Any, W: Array, K: Array) -> Any:
        c = s = np.tanh(K @ x)[:h]
        for _ in range(steps):
            gates = W @ s + K @ x
            i, o = (1.0 / (1.0 + np.exp(-gates[k * h : (k + 1) * h])) for k in (0, 1))
            keep = 1.0 / (1.0 + np.exp(-gates[2 * h : 3 * h]))
            c = keep * c + i * np.tanh(gates[3 * h :])
            s = o * np.tanh(c)
        return np.sum(s * s)

    return Instance(f, (_random(4 * h, h, scale=0.3), _random(4 * h, 5, seed=2)), "grad", (0, 1))


def _explicit(steps: int) -> Instance:
    A = _random(6, 6, scale=0.3)

    def f(np: Any, y: Array, k: Array) -> Any:
        for _ in range(steps):
            y = y + 0.01 * (A @ np.tanh(k * y))
        return np.sum(y * y)

    return Instance(f, (_random(6), _random(6, seed=2)), "grad", (0, 1))


def _implicit(steps: int) -> Instance:
    A = np.eye(5) - 0.01 * _random(5, 5)

    def f(np: Any, y: Array, k: Array) -> Any:
        for _ in range(steps):
            y = np.linalg.solve(A, y + 0.01 * np.tanh(k * y))
        return np.sum(y * y)

    return Instance(f, (_random(5), _random(5, seed=2)), "grad", (0, 1))


# --- stencils ---------------------------------------------------------------------------------------------------------


def _shrinking(steps: int) -> Instance:
    def f(np: Any, p: Array) -> Any:
        for _ in range(steps):
            p = 0.7 * (p[1:] - 0.5 * p[:-1])
        return np.sum(p * p)

    return Instance(f, (_random(steps + 29),))


def _upwind(steps: int) -> Instance:
    def f(np: Any, u: Array, c: Array) -> Any:
        for _ in range(steps):
            u = np.concatenate([u[:1], u[1:] - c * (u[1:] - u[:-1])])
        return np.sum(u * u)

    return Instance(f, (_random(101), np.array(0.3)), "grad", (0, 1))


def _burgers(steps: int) -> Instance:
    def f(np: Any, u: Array) -> Any:
        for _ in range(steps):
            flux = 0.5 * u * u
            inner = u[1:-1] - 0.05 * (flux[2:] - flux[:-2]) + 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
            u = np.concatenate([u[:1], inner, u[-1:]])
        return np.sum(u * u)

    return Instance(f, (_random(53),))


def _jacobi(steps: int, transform: str = "grad") -> Instance:
    def f(np: Any, u: Array, b: Array) -> Any:
        for _ in range(steps):
            u = 0.25 * (np.roll(u, 1, 0) + np.roll(u, -1, 0) + np.roll(u, 1, 1) + np.roll(u, -1, 1) - b)
        return np.sum(u * u)

    return Instance(f, (_random(11, 13), _random(11, 13, seed=2)), transform, (0, 1))


def _gauss_seidel(steps: int) -> Instance:
    odd = (np.arange(31) % 2).astype(float)

    def f(np: Any, u: Array, b: Array) -> Any:
        for _ in range(steps):
            u = odd * u + (1.0 - odd) * 0.5 * (np.roll(u, 1) + np.roll(u, -1) + b)
            u = (1.0 - odd) * u + odd * 0.5 * (np.roll(u, 1) + np.roll(u, -1) + b)
        return np.sum(u * u)

    return Instance(f, (_random(31), _random(31, seed=2)), "grad", (0, 1))


def _roll_chain(steps: int, transform: str = "jacobian") -> Instance:
    def f(np: Any, x: Array) -> Any:
        for _ in range(steps):
            x = np.tanh(np.roll(x, 1) + x)
        return x

    return Instance(f, (_random(17),), transform)


# --- networks ---------------------------------------------------------------------------------------------------------


def _mlp(depth: int) -> Instance:
    x = _random(8, seed=99)

    def f(np: Any, *weights: Array) -> Any:
        h = x
        for W in weights:
            h = np.tanh(W @ h)
        return np.sum(h * h)

    return Instance(f, tuple(_random(8, 8, scale=0.4, seed=k) for k in range(depth)), "grad", tuple(range(depth)))


def _residual(blocks: int) -> Instance:
    def f(np: Any, x: Array, *weights: Array) -> Any:
        for W in weights:
            x = x + np.tanh(W @ x)
        return np.sum(x * x)

    weights = tuple(_random(4, 4, scale=0.3, seed=k) for k in range(blocks))
    return Instance(f, (_random(4), *weights), "grad", tuple(range(blocks + 1)))


def _transformer(blocks: int) -> Instance:
    n, d = 5, 8

    def norm(np: Any, x: Array) -> Any:
        centred = x - np.mean(x, axis=1, keepdims=True)
        return centred / np.sqrt(np.mean(centred * centred, axis=1, keepdims=True) + 1e-5)

    def f(np: Any, X: Array, *weights: Array) -> Any:
        for k in range(0, len(weights), 5):
            Q, K, V, A, B = weights[k : k + 5]
            x = norm(np, X)
            scores = np.exp((x @ Q) @ (x @ K).T / np.sqrt(d))
            X = X + (scores / np.sum(scores, axis=1, keepdims=True)) @ (x @ V)
            X = X + np.tanh(norm(np, X) @ A) @ B
        return np.sum(X * X)

    weights = []
    for k in range(blocks):
        shapes = [(d, d)] * 3 + [(d, 2 * d), (2 * d, d)]
        weights += [_random(*shape, scale=0.3, seed=5 * k + j) for j, shape in enumerate(shapes)]
    return Instance(f, (_random(n, d), *weights), "grad", tuple(range(len(weights) + 1)))


def _fan_in(count: int) -> Instance:
    def f(np: Any, x: Array, *parameters: Array) -> Any:
        total = 0.0
        for p in parameters:
            total = total + np.sin(p @ x)
        return total

    return Instance(
        f, (_random(3, seed=5), *(_random(3, seed=k) for k in range(count))), "grad", tuple(range(count + 1))
    )


# --- entries ----------------------------------------------------------------------------------------------------------


def _product(n: int, transform: str = "grad") -> Instance:
    return Instance(lambda np, x: np.prod(x), (1.0 + _random(n, scale=0.1),), transform)


def _python_product(n: int) -> Instance:
    def f(np: Any, x: Array) -> Any:
        total = x[0]
        for k in range(1, n):
            total = total * x[k]
        return total

    return Instance(f, (1.0 + _random(n, scale=0.1),))


def _entries(n: int) -> Instance:
    def f(np: Any, x: Array) -> Any:
        total = 0.0
        for i in range(n):
            total = total + np.sin(x[i]) * x[(i + 1) % n]
        return total

    return Instance(f, (_random(n),))


def _entries_sum(n: int) -> Instance:
    return Instance(lambda np, x: sum(np.sin(x[i]) * x[(i + 1) % n] for i in range(n)), (_random(n),))


def _stacked(n: int) -> Instance:
    def f(np: Any, x: Array) -> Any:
        rows = np.stack([np.sin((k + 1.0) * x) for k in range(n)])
        return np.sum(rows * rows)

    return Instance(f, (_random(3),))


def _cumulative_products(n: int) -> Instance:
    def f(np: Any, x: Array) -> Any:
        total, parts = x[0], [x[0]]
        for k in range(1, n):
            total = total * x[k]
            parts.append(total)
        return np.sum(np.stack(parts) * np.cos(np.stack(parts)))

    return Instance(f, (1.0 + _random(n, scale=0.1),))


def _bodies(n: int) -> Instance:
    def f(np: Any, x: Array) -> Any:
        energy = 0.0
        for i in range(n):
            for j in range(i):
                d = x[i] - x[j]
                energy = energy + 1.0 / np.sqrt(d @ d + 0.1)
        return energy

    return Instance(f, (_random(n, 3),))


def _sinkhorn(steps: int) -> Instance:
    def f(np: Any, C: Array) -> Any:
        K = np.exp(-C)
        u = 0.2 * np.sum(K, axis=1)
        for _ in range(steps):
            v = 0.25 / (K.T @ u)
            u = 0.2 / (K @ v)
        return np.sum((u[:, None] * K * v[None, :]) * C)

    return Instance(f, (np.abs(_random(5, 4)),))


# --- structured linear maps -------------------------------------------------------------------------------------------


def _cumsum(n: int) -> Instance:
    return Instance(lambda np, x: np.sum(np.tanh(np.cumsum(np.cumsum(x) * x)) ** 2), (_random(n, scale=0.01),))


def _convolve(n: int) -> Instance:
    kernel = _random(101, seed=3)
    return Instance(lambda np, x: np.sum(np.tanh(np.convolve(x, kernel)) ** 2), (_random(n),))


def _gather(n: int) -> Instance:
    places = np.random.default_rng(0).integers(0, n, size=2 * n)
    return Instance(lambda np, x: np.sum(np.sin(x[places]) ** 2), (_random(n),))


def _nll(n: int) -> Instance:
    labels = np.random.default_rng(0).integers(0, 16, size=n)

    def f(np: Any, Z: Array) -> Any:
        shifted = Z - np.log(np.sum(np.exp(Z), axis=1, keepdims=True))
        return -np.mean(shifted[np.arange(n), labels])

    return Instance(f, (_random(n, 16),))


def _third(depth: int) -> Instance:
    W = _random(3, 3, scale=0.4)

    def f(np: Any, x: Array) -> Any:
        for _ in range(depth):
            x = np.tanh(W @ x)
        return np.sum(x * x)

    return Instance(f, (_random(3),), "third")


FAMILIES: tuple[Family, ...] = (
    Family("RNN, shared W", _rnn, (100, 200, 400, 800, 1600)),
    Family("RNN, Jacobian of the last state", lambda n: _rnn(n, "jacobian"), (100, 200, 400, 800)),
    Family("GRU", _gru, (25, 50, 100, 200)),
    Family("LSTM", _lstm, (25, 50, 100, 200)),
    Family("explicit time steps", _explicit, (100, 200, 400, 800)),
    Family("implicit time steps", _implicit, (100, 200, 400, 800)),
    Family("shrinking stencil", _shrinking, (64, 128, 256, 512, 1024)),
    Family("upwind", _upwind, (50, 100, 200, 400)),
    Family("nonlinear stencil", _burgers, (32, 64, 128, 256)),
    Family("Jacobi sweeps by rolls", _jacobi, (32, 64, 128, 256)),
    Family("Gauss–Seidel by rolls", _gauss_seidel, (16, 32, 64, 128)),
    Family("Jacobian of rolls and tanh", _roll_chain, (32, 64, 128, 256)),
    Family("MLP", _mlp, (50, 100, 200, 400)),
    Family("residual blocks", _residual, (50, 100, 200, 400)),
    Family("transformer blocks", _transformer, (2, 4, 8, 16)),
    Family("fan-in of parameters", _fan_in, (250, 500, 1000, 2000)),
    Family("np.prod", _product, (400, 800, 1600, 3200)),
    Family("np.prod, Hessian", lambda n: _product(n, "hessian"), (40, 80, 160, 320)),
    Family("product in a loop", _python_product, (200, 400, 800, 1600)),
    Family("loop over entries", _entries, (400, 800, 1600, 3200)),
    Family("np.stack of vectors", _stacked, (250, 500, 1000, 2000)),
    Family("cumulative products", _cumulative_products, (200, 400, 800, 1600)),
    Family("bodies by pairs (pairs grow as n²)", _bodies, (10, 14, 20, 28, 40)),
    Family("Sinkhorn", _sinkhorn, (25, 50, 100, 200)),
    Family("np.cumsum, by length", _cumsum, (10_000, 100_000, 1_000_000)),
    Family("np.convolve, by length", _convolve, (8_000, 16_000, 32_000)),
    Family("gather, by length", _gather, (10_000, 100_000, 1_000_000)),
    Family("labels of log-softmax, by rows", _nll, (2_048, 8_192, 32_768)),
    Family("third derivative, by depth", _third, (4, 8, 16, 32)),
)
