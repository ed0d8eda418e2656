"""Large results go where nobody reads any more, and nowhere else."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from helpers import assert_close

from jacobians import (
    compile,  # noqa: A004
    constant,
    derivative,
    implicit,
    matrix,
    networks,
    tensor,
)
from jacobians.compiler.buffer_reuse import LEAST, in_place
from jacobians.compiler.statements import Step

RNG = np.random.default_rng(4)
N = 200  # a matrix of N × N is large


def step(target: str, text: str, shape: tuple[int, ...] = (N, N), view: bool = False) -> Step:
    return Step(target, text, shape, 0, False, "", view)


def texts(entries: list[Step | str], own: str) -> list[str]:
    return [entry.text if isinstance(entry, Step) else entry for entry in in_place(entries, own.split())]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("t1 * b", "np.multiply(t1, b, out=t1)"),
        ("b * t1", "np.multiply(b, t1, out=t1)"),
        ("b[:, None] * t1", "np.multiply(b[:, None], t1, out=t1)"),
        ("t1 / 3.0", "np.divide(t1, 3.0, out=t1)"),
        ("1.0 - t1", "np.subtract(1.0, t1, out=t1)"),
        ("t1 + b - c", "np.subtract(np.add(t1, b, out=t1), c, out=t1)"),
        ("np.tanh(t1)", "np.tanh(t1, out=t1)"),
        ("np.logaddexp(0.0, t1)", "np.logaddexp(0.0, t1, out=t1)"),
        ("-t1", "np.negative(t1, out=t1)"),
        ("t1.T + b", "np.add(t1.T, b, out=t1.T)"),
        ("t1 * t1", None),  # read twice
        ("t1 * t1.T", None),
        ("b + c + t1", None),  # b + c would be written over it before it is read
        ("t1[:, None] * b", None),
        ("t1 @ b", None),
        ("np.isnan(t1)", None),  # truth values
        ("np.cumsum(t1)", None),
        ("t11 * b", None),
    ],
)
def test_what_is_written_in_place(text: str, written: str | None) -> None:
    assert texts([step("t1", "a @ a"), step("t2", text), "return t2"], "t1 t2")[1] == (written or text)


def test_what_is_never_written_into() -> None:
    made, product = step("t1", "a @ a"), step("t2", "t1 * b")
    kept = "t1 * b"
    assert texts([made, product, "return t2, t1"], "t1 t2")[1] == kept  # returned
    assert texts([made, product, step("t3", "t1 @ t2"), "return t3"], "t1 t2 t3")[1] == kept  # read later
    assert texts([made, product, "t2.reshape(-1)[::3] += t1", "return t2"], "t1 t2")[1] == kept
    assert texts([product, "return t2"], "t2")[0] == kept  # an argument, or a constant
    view = step("t3", "np.einsum('ii->i', t1)", (N,), view=True)
    assert (
        texts([made, view, product, step("t4", "t2 * t3"), "return t4"], "t1 t2 t4")[2] == kept
    )  # a view of it is read
    assert texts([made, view, step("t4", "t3 * b"), product, "return t2, t4"], "t1 t2 t4")[3] != kept
    over = step("t5", "t3[:, None] * t3", view=True)
    assert texts([made, view, over, product, "return t2, t5"], "t1 t2")[3] == kept  # a view of a view
    assert texts([step("t1", "a.sum(axis=0)", (N,)), product, "return t2"], "t1 t2")[1] == kept  # another shape
    small = step("t1", "a @ a", (9, 9)), step("t2", "t1 * b", (9, 9))
    assert texts([*small, "return t2"], "t1 t2")[1] == kept
    assert LEAST <= N * N


def test_gradients_of_a_batch_reuse_their_arrays() -> None:
    network = networks.shallow(211, 223, 7, activation="tanh", batch=199)
    values = {**network.parameters(RNG), **network.sample(RNG)}
    before = {name: array.copy() for name, array in values.items()}
    jacobians = derivative(network.loss, [network.variables[name] for name in network.parameter_names])
    compiled = compile(jacobians, variables=list(values))
    found = compiled(**values)
    again = compiled(**values)
    witness = implicit.backprop(network, values)
    for name, gradient, same in zip(network.parameter_names, found, again, strict=True):
        assert_close(gradient, witness[name], 1e-12)
        assert_close(gradient, same, 0)
    for name, array in values.items():  # no argument was written into
        assert_close(array, before[name], 0)
    assert len(re.findall(r", out=", compiled.source)) >= 4


def test_arrays_of_other_types_are_not_written_into() -> None:
    """What is float32 cannot hold a float64 without loss."""
    A, B = matrix("A", N, N), matrix("B", N, N)
    f = compile(np.tanh(A @ A) * B, variables=[A, B])
    single, double = RNG.normal(size=(2, N, N))
    single = single.astype(np.float32) / 16
    expected = np.tanh(single @ single) * double
    assert_close(f(single, double), expected, 0)
    assert f(single, double).dtype == np.float64
    assert f(single, single).dtype == np.float32
    assert_close(f(double, double), np.tanh(double @ double) * double, 1e-13)
    table = constant(single)
    g = compile(np.tanh(2 * table) * A, variables=[A])
    assert_close(g(double), np.tanh(2 * single) * double, 0)


def test_the_source_in_place_runs_on_its_own() -> None:
    X, T = matrix("X", N, N), tensor("T", N, N)
    z = (X @ T + 1.0).named("z")
    y = np.exp(-np.tanh(z) * T) / 2 + X
    f = compile([y, z], variables=[X, T])
    assert ", out=" in f.source
    namespace: dict[str, Any] = {}
    exec(f.source, namespace)
    a, b = RNG.normal(size=(2, N, N))
    value = a @ b + 1.0
    expected = np.exp(-np.tanh(value) * b) / 2 + a
    assert_close(f(a, b)[0], expected, 1e-13)
    for found, wanted in zip(namespace["program"](a, b), (expected, value), strict=True):
        assert_close(found, wanted, 1e-13)
