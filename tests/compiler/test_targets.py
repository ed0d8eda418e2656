"""Compiled functions for JAX and PyTorch: equal to NumPy's on random graphs, and traceable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import assert_close
from random_graphs import random_expression

from jacobians import (
    DataError,
    OptionError,
    ShapeError,
    compile,  # noqa: A004
    derivative,
    matrix,
    networks,
    sigmoid,
    softmax,
    tensor,
    vector,
)

pytestmark = pytest.mark.peer
RNG = np.random.default_rng(31)
x, X, W, T = vector("x", 7), matrix("X", 5, 3), matrix("W", 2, 5), tensor("T", 3, 2, 5)
VALUES = {one.name: RNG.normal(size=one.shape) for one in (x, X, W, T)}
SLICES = derivative(x[1:] * x[:-1], x)
CASES = {
    "linear map": (W @ X, X),
    "element-wise": (np.tanh(X) * sigmoid(X), X),
    "diagonal and dense": (softmax(x), x),
    "residual": (x + np.sin(x) * x, x),
    "slices": (x[1:] * x[:-1] + np.exp(x[::-1][:6]), x),
    "listed entries, some twice": (np.sin(x)[[3, 0, 3, 6]], x),
    "stencil": (np.roll(x, 1) - 2.0 * x + np.roll(x, -1), x),
    "merged axes": (X.reshape(-1) ** 2, X),
    "broadcast": (X * X[0], X),
    "scalar": (np.sum(X**3) + np.max(X), X),
    "outer product": (x[:, None] * x, x),
    "rank three": (np.einsum("ijk,kl->ijl", T, X), T),
    "conditions": (np.where(x > 0.1, np.maximum(x, 0.3), np.abs(x)), x),
    "inverse": (np.linalg.inv(X.T @ X), X),
    "constant": (X * np.arange(15.0).reshape(5, 3), X),
    "zero": (W * 1.0, X),
    "concatenated": (np.concatenate((x, x * x)), x),
}


class Jax:
    def __init__(self) -> None:
        self.library = pytest.importorskip("jax")

    def array(self, value: np.ndarray) -> Any:
        return self.library.numpy.asarray(value)

    def traced(self, function: Any) -> Any:
        return self.library.jit(function)


class Torch:
    def __init__(self) -> None:
        self.library = pytest.importorskip("torch")

    def array(self, value: np.ndarray) -> Any:
        return self.library.as_tensor(value)

    def traced(self, function: Any) -> Any:
        return lambda *arrays: self.library.func.vmap(function)(*(one[None] for one in arrays))[0]


@pytest.fixture(params=["jax", "torch"])
def target(request: pytest.FixtureRequest) -> Any:
    if request.param == "torch":
        yield "torch", Torch()
        return
    jax = Jax()
    with jax.library.enable_x64(True):
        yield "jax", jax


@pytest.mark.parametrize("case", CASES)
def test_values_and_jacobians_are_those_of_numpy(case: str, target: Any) -> None:
    name, library = target
    y, by = CASES[case]
    for item in (y, derivative(y, by)):
        plain, other = compile(item), compile(item, target=name)
        values = [VALUES[one] for one in plain.variables]
        found = other(*map(library.array, values))
        assert_close(np.asarray(found), plain(*values), 1e-12)
        if values:
            assert_close(np.asarray(library.traced(other)(*map(library.array, values))), plain(*values), 1e-12)
        namespace: dict[str, Any] = {}
        exec(other.source, namespace)
        assert_close(np.asarray(namespace["program"](*map(library.array, values))), plain(*values), 1e-12)


@pytest.mark.parametrize("seed", range(80))
def test_random_expressions(seed: int, target: Any) -> None:
    from jacobians import UnsupportedError

    name, library = target
    drawn = random_expression(seed)
    for by in drawn.variables.values():
        item = derivative(drawn.expression, by)
        plain = compile(item)
        values = [np.asarray(drawn.values[one], dtype=float) for one in plain.variables]
        expected = plain(*values)
        if not np.all(np.isfinite(expected)) or np.max(np.abs(expected), initial=0.0) > 1e6:
            continue
        try:
            found = compile(item, target=name)(*map(library.array, values))
        except UnsupportedError as error:
            assert "no text in PyTorch yet" in str(error)  # noqa: PT017
            continue
        assert_close(np.asarray(found), expected, 1e-9)


def test_float32_stays_float32(target: Any) -> None:
    name, library = target
    network = networks.shallow(5, 4, 3)
    values = {**network.parameters(RNG), **network.sample(RNG)}
    for item in (
        *(derivative(network.loss, network.variables[one]) for one in ("W1", "b1")),
        derivative(network.intermediates["z"], network.variables["W1"]),
        SLICES,
    ):
        function, numbers = compile(item, target=name), VALUES if item is SLICES else values
        arrays = [library.array(np.float32(numbers[one])) for one in function.variables]
        assert str(function(*arrays).dtype).removeprefix("torch.") == "float32"


def test_bad_input(target: Any) -> None:
    name, library = target
    function = compile(derivative(W @ X, X), target=name)
    with pytest.raises(ShapeError, match="should be 5"):
        function(library.array(np.ones((2, 3))))
    with pytest.raises(DataError, match="expected a"):
        function("text")
    with pytest.raises(DataError, match="complex"):
        function(library.array(np.ones((2, 5), dtype=complex)))
    with pytest.raises(OptionError, match="'tensorflow' is not one of numpy, jax, torch"):
        compile(x * x, target="tensorflow")


def test_an_array_of_another_library_is_named() -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("jax")
    with pytest.raises(DataError, match=r"the value of x: expected an array of JAX, got torch\.Tensor"):
        compile(x * x, target="jax")(torch.ones(7))
    with pytest.raises(DataError, match=r"the value of x: expected a tensor of PyTorch, got numpy\.ndarray"):
        compile(x * x, target="torch")(np.ones(7))
