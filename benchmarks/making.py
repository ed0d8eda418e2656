"""How long deriving and compiling take, and what the convenience functions cost a call."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from jacobians import derivative, grad, hessian, jacobian, jit, networks, tensor, vector
from jacobians.compiler.compiling import compile as compile_
from jacobians.experiments.measure import paired_times
from jacobians.expressions.nodes import Expression


@dataclass(frozen=True)
class Making:
    """Seconds to derive and compile something, the bound for it if it has one, and how many lines the code has."""

    name: str
    seconds: float
    bound: float | None
    lines: int


@dataclass(frozen=True)
class Overhead:
    """What a call of `grad` and the like takes beyond the compiled function, in seconds; without `jit`, f is called."""

    name: str
    seconds: float

    @property
    def bound(self) -> float:
        return 5e-6 if self.name.startswith("jit") else 150e-6


def residual_blocks(count: int, size: int = 4) -> tuple[Expression, list[Any]]:
    """½‖h_L‖² for h_k = h_{k−1} + tanh(W_k h_{k−1} + b_k), and its parameters."""
    h: Any = vector("h", size)
    parameters: list[Any] = []
    for k in range(count):
        W, b = tensor(f"W{k}", size, size), tensor(f"b{k}", size)
        parameters += [W, b]
        h = h + np.tanh(W @ h + b)
    return 0.5 * (h @ h), parameters


def _shallow() -> tuple[Expression, list[Any]]:
    network = networks.shallow(784, 1024, 10, activation="tanh")
    return network.loss, [network.variables[name] for name in network.parameter_names]


def _deep(depth: int) -> tuple[Expression, list[Any]]:
    network = networks.mlp([8] * (depth + 1), activation="tanh")
    return network.loss, [network.variables[name] for name in network.parameter_names]


def made(build: Callable[[], tuple[Expression, list[Any]]]) -> int:
    """Derive the gradients of everything and compile them with the loss; the number of lines of the code."""
    loss, parameters = build()
    compiled = compile_([loss, *derivative(loss, parameters)])
    return len(compiled.program().steps)


def makings(quick: bool) -> list[Making]:
    """Deriving and compiling all gradients, from the first symbol to the function."""
    cases: list[tuple[str, Callable[[], Any], float | None]] = [("shallow network (784, 1024, 10)", _shallow, 0.05)]
    for depth in (5, 10, 20) if quick else (5, 10, 20, 40, 80):
        cases.append((f"network of {depth} layers", partial(_deep, depth), None))
    blocks = 200
    cases.append((f"{blocks} residual blocks", partial(residual_blocks, blocks), 2.0))
    found = []
    for name, build, bound in cases:
        times = []
        for _ in range(2 if quick else 5):
            gc.collect()  # nodes are kept only while somebody has them: each time starts from nothing
            start = perf_counter()
            lines = made(build)
            times.append(perf_counter() - start)
        found.append(Making(name, median(times), bound, lines))
    return found


def overheads(quick: bool) -> list[Overhead]:
    """The convenience functions on small arrays, beside the function that they compile."""
    rng = np.random.default_rng(0)
    W, x = rng.normal(size=(3, 4)), rng.normal(size=4)

    def layer(W: Any, x: Any) -> Any:
        return np.tanh(W @ x)

    def energy(W: Any, x: Any) -> Any:
        return np.sum(layer(W, x) ** 2)

    functions: list[tuple[str, Any]] = [
        ("jacobian(f)", jacobian(layer, argnums=1)),
        ("grad(f)", grad(energy)),
        ("hessian(f)", hessian(energy, argnums=1)),
        ("grad(f) of two arguments", grad(energy, argnums=(0, 1))),
    ]
    cases = [*functions, *((f"jit of {name}", jit(function)) for name, function in functions)]
    found = []
    for name, function in cases:
        function(W, x)
        program = function.transform.compiled.program().function
        jobs: list[Callable[[], Any]] = [lambda p=program: p(W, x), lambda f=function: f(W, x)]  # type: ignore[misc]
        bare, whole = paired_times(jobs, 0.1 if quick else 0.5, rounds=9)
        found.append(Overhead(name, median(b - a for a, b in zip(bare, whole, strict=True))))
    return found
