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
    softmax,
    tensor,
    vector,
)
from jacobians.compiler.passes.buffer_reuse import LEAST, reuse_buffers
from jacobians.compiler.printers.numpy import NumpyCode
from jacobians.compiler.printers.numpy_statements import is_in_c_order, writes_by_entry
from jacobians.expressions.nodes import Expression

RNG = np.random.default_rng(4)
N = 200  # a matrix of N × N is large
A, B, c = matrix("A", N, N), matrix("B", N, N), vector("c", N)
T = A @ A  # a large array that the program makes


def lines(expression: Any, *more: Any) -> list[str]:
    """The lines of a program, without what they say about shapes."""
    compiled = compile([expression, *more], variables=[A, B, c])
    return [line.partition("  #")[0] for line in compiled.program().code.lines]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        (T * B, "np.multiply(t1, B, out=t1)"),
        (B * T, "np.multiply(B, t1, out=t1)"),
        (c[:, None] * T, "np.multiply(c[:, None], t1, out=t1)"),
        (T / (1.0 + B), "np.divide(t1, 1.0 + B, out=t1)"),
        (1.0 / T, "np.reciprocal(t1, out=t1)"),
        (T / 4.0, "np.multiply(0.25, t1, out=t1)"),
        (1.0 - T, "np.subtract(1.0, t1, out=t1)"),
        (T + B - c, "np.subtract(np.add(t1, B, out=t1), c, out=t1)"),
        (np.tanh(T), "np.tanh(t1, out=t1)"),
        (np.logaddexp(0.0, T), "np.logaddexp(0.0, t1, out=t1)"),
        (-np.tanh(T), "np.negative(t2, out=t2)"),
        (T.T + B, "np.add(t1.T, B, out=t1.T)"),
        (T * T, None),  # read twice
        (T * T.T, None),
        (B + c + T, None),  # B + c would be written over it before it is read
        (T @ B, None),
        (np.cumsum(T, axis=0), None),
        (np.sum(T, axis=0) * B, None),  # another shape
    ],
    ids=str,
)
def test_what_is_written_in_place(expression: Expression, written: str | None) -> None:
    found = [line.partition(" = ")[2] for line in lines(expression)]
    assert written in found if written else not any("out=" in line for line in found)


def test_what_is_never_written_into() -> None:
    product = (T * B).named("p")
    for results in ([product, T], [product, T @ B], [product, np.diag(T)], [product, T.T]):  # returned, or read later
        assert not any("out=" in line for line in lines(*results))
    assert any("out=" in line for line in lines(product, np.sum(T, axis=0)))  # read before
    assert not any("out=" in line for line in lines(A * B))  # an argument
    assert not any("out=" in line for line in lines(constant(np.ones((N, N))) * B))
    small = matrix("S", 9, 9)
    assert "out=" not in compile(np.tanh(small @ small)).source
    assert LEAST <= N * N


def test_what_a_target_cannot_write_into_stays() -> None:
    """A target says what it can do by two questions; a program is not changed for one that can do nothing."""
    program = compile(np.tanh(T)).program()
    assert reuse_buffers(program, writes_by_entry, is_in_c_order).overwritten
    assert not reuse_buffers(program, lambda function: False, lambda statement: False).overwritten


def test_a_diagonal_is_added_to_what_nobody_reads() -> None:
    x = vector("x", 4)
    p = softmax(x)
    source = compile(derivative(p, x)).source
    assert "np.array" not in source  # the outer product becomes the result
    shared = compile([derivative(p, x), np.outer(p, -p)]).source
    assert "np.array(t" in shared  # the outer product is a result of its own


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
    """What is float32 cannot hold a float64 without loss; what is float32 alone is reused as float64 is."""
    f = compile(np.tanh(A @ A) * B, variables=[A, B])
    single, double = RNG.normal(size=(2, N, N))
    single = single.astype(np.float32) / 16
    expected = np.tanh(single @ single) * double
    assert_close(f(single, double), expected, 0)
    assert f(single, double).dtype == np.float64
    assert f.source.count("out=") == 1  # the tanh, and not the product
    assert f(single, single).dtype == np.float32
    assert f.source.count("out=") == 2
    assert_close(f(double, double), np.tanh(double @ double) * double, 1e-13)
    table = constant(single)
    g = compile(np.tanh(2 * table) * A, variables=[A])
    assert_close(g(double), np.tanh(2 * single) * double, 0)


def test_the_source_in_place_runs_on_its_own() -> None:
    X, S = matrix("X", N, N), tensor("S", N, N)
    z = (X @ S + 1.0).named("z")
    y = np.exp(-np.tanh(z) * S) / 2 + X
    f = compile([y, z], variables=[X, S])
    assert ", out=" in f.source
    namespace: dict[str, Any] = {}
    exec(f.source, namespace)
    a, b = RNG.normal(size=(2, N, N))
    value = a @ b + 1.0
    expected = np.exp(-np.tanh(value) * b) / 2 + a
    assert_close(f(a, b)[0], expected, 1e-13)
    for found, wanted in zip(namespace["program"](a, b), (expected, value), strict=True):
        assert_close(found, wanted, 1e-13)


def test_the_printer_runs_its_passes() -> None:
    program = compile(np.tanh(T)).program()
    assert not program.overwritten
    assert NumpyCode.prepared(program).overwritten
