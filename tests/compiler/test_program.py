"""Programs as data: what a back end gets, dtypes, aliasing, exact cost, and memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers import assert_close
from random_graphs import random_expression

from jacobians import (
    append_one,
    compile,  # noqa: A004
    constant,
    cost,
    derivative,
    evaluate,
    grad,
    hessian,
    jacobian,
    matrix,
    networks,
    relu,
    sigmoid,
    softmax,
    softplus,
    tensor,
    vector,
)
from jacobians.chain_rule.contraction_orders import ORDERS
from jacobians.compiler import operations as op
from jacobians.compiler.builder import Builder
from jacobians.compiler.program import Program, Statement, Step
from jacobians.expressions.nodes import Function
from jacobians.shapes.letters import lettered

RNG = np.random.default_rng(6)


# --- a back end -------------------------------------------------------------------------------------------------------


class Toy:
    """A language of one word a line: the operation, its operands by number, and the shape of the result."""

    def __init__(self, program: Program) -> None:
        self.numbers = {one: k for k, one in enumerate(program.statements)}
        self.program = program

    @staticmethod
    def prepared(program: Program) -> Program:
        return program

    def word(self, one: Statement) -> str:
        match one.operation:
            case op.Argument(name):
                return f"take {name}"
            case op.Number(value):
                return f"push {value}"
            case op.Product(left, right, result):
                return f"einsum {left} {right} {result}"
            case op.Apply(function):
                return function.name
            case operation:
                return type(operation).__name__.lower()

    @property
    def source(self) -> str:
        lines = [
            f"{k}: {self.word(one)} {' '.join(str(self.numbers[of]) for of in one.operands)}".rstrip()
            for one, k in self.numbers.items()
        ]
        return "\n".join([*lines, f"give {' '.join(str(self.numbers[one]) for one in self.program.results)}"])

    function: Any = None

    def guarded(self, arrays: Any, otherwise: Any) -> Any: ...

    def steps(self) -> list[Step]:
        return []


def test_a_back_end_needs_nothing_but_a_printer() -> None:
    W, x = matrix("W", 3, 2), vector("x", 2)
    program = compile(derivative(np.exp(W @ x), x), variables=[W, x]).program()
    assert replace(program, printer=Toy).code.source.splitlines() == [  # type: ignore[attr-defined]
        "0: take W",
        "1: take x",
        "2: einsum (0, 1) (1,) (0,) 0 1",
        "3: exp 2",
        "4: einsum (0,) (0, 1) (0, 1) 3 0",
        "give 4",
    ]


# --- structure --------------------------------------------------------------------------------------------------------


def test_the_same_operation_on_the_same_operands_is_one_statement() -> None:
    builder = Builder({"n": 3})
    x, y = (builder.emit(op.Argument(name), (), ("n",)) for name in "xy")
    product = op.Product((0,), (1,), (0, 1))
    first = builder.product(product, x, y, ("n", "n"), 9, True)
    assert builder.product(product, x, y, (3, 3), 9, True) is first
    assert builder.product(op.Product((0,), (1,), (1, 0)), y, x, ("n", "n"), 9, True) is first  # operands exchanged
    assert builder.product(product, y, x, ("n", "n"), 9, True) is not first
    places = builder.stored(np.arange(3), "places")
    assert builder.stored(np.arange(3), "other") is places
    assert builder.stored(np.arange(3.0), "other") is not places
    assert first.derivative
    assert not builder.product(product, x, y, ("n", "n"), 9, False).derivative  # a forward value takes it, too


def test_aliasing_is_a_field() -> None:
    builder = Builder({})
    x = builder.emit(op.Argument("x"), (), (3, 2))
    turned = builder.emit(op.Transpose((1, 0)), (x,), (2, 3))
    part = builder.emit(op.Slice(0, 0, 1, 1), (turned,), (1, 3))
    total = builder.emit(op.Sum((1, 1)), (part, part), (1, 3))
    assert turned.base is part.base is x
    assert not part.owns
    assert total.base is total
    assert total.owns


@pytest.mark.parametrize("order", ["reverse", "optimal"])
def test_a_result_is_nobody_elses_array(order: str) -> None:
    x, A = vector("x", 3), matrix("A", 3, 3)
    z = np.tanh(A @ A)
    M = constant(np.ones((3, 3)))
    items = [z, z.T, z, z[:2], np.reshape(z, (9,)), A, A.T, A[1], x, M, M.T, np.diag(z), z + 0 * A, softmax(z)]
    f = compile(items, variables=[A, x], order=order)
    arrays = RNG.normal(size=(3, 3)), RNG.normal(size=3)
    found = [*f(*arrays), *arrays, *f(*arrays)]
    for k, one in enumerate(found):
        for other in found[:k]:
            assert not np.shares_memory(one, other)
    expected = np.tanh(arrays[0] @ arrays[0])
    found[0][:] = 0.0  # nobody sees it
    assert_close(found[1], expected.T, 1e-14)
    assert_close(f(*arrays)[0], expected, 1e-14)
    assert_close(f(*arrays)[9], np.ones((3, 3)), 0)


def test_tensors_of_many_axes() -> None:
    T, S = tensor("T", *[1] * 30), tensor("S", *[2] * 16)
    assert_close(compile(T * T)(np.full([1] * 30, 3.0)), np.full([1] * 30, 9.0), 0)
    value = RNG.normal(size=[2] * 16)
    assert_close(derivative(np.sum(S * S), S).evaluate({"S": value}), 2 * value.T, 1e-14)
    assert cost([derivative(np.sum(T * T), T)]).steps
    assert len(set(lettered([tuple(range(70))])[0])) == 70


# --- dtypes -----------------------------------------------------------------------------------------------------------

X = RNG.normal(size=5)
A = RNG.normal(size=(4, 5))
FUNCTIONS: dict[str, tuple[Callable[..., Any], Any]] = {
    "a delta": (np.tanh, X),
    "an identity": (lambda x: x + 1.0, X),
    "a slice": (lambda x: x[1:3] * 2, X),
    "listed places": (lambda x: x[[0, 0, 2]] ** 2, X),
    "softmax": (softmax, X),
    "joined": (lambda x: np.concatenate([x, x * x]), X),
    "a one appended": (append_one, X),
    "numbers chosen": (lambda x: np.where(x > 0, 2.0 + 0 * x, 1.0) * x, X),
    "a choice": (lambda x: np.where((x > 0) & (x < 1), x, 0.0), X),
    "a comparison": (lambda x: x * (x > 0), X),
    "a larger one": (lambda x: np.maximum(x, 0.0), X),
    "deviation": (np.std, X),
    "sums": (lambda A: A.sum(axis=0), A),
    "the largest": (lambda A: A.max(axis=1), A),
    "reshaped": (lambda A: A.reshape(-1) * 2, A),
    "nothing": (lambda x: 0.0 * x, X),
    "a diagonal": (np.diag, X),
    "rolled": (lambda x: np.roll(x, 1) - x, X),
    "activations": (lambda x: sigmoid(x) + relu(x) * softplus(x), X),
    "a power": (lambda x: abs(x) ** 1.5, X),
}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_goes_in_comes_out(name: str, dtype: str) -> None:
    """Values, Jacobians and Hessians have the dtype of f's own value; Python's numbers are weak."""
    f, value = FUNCTIONS[name]
    value = value.astype(dtype)
    exact = jacobian(f)(value.astype(float))
    found = jacobian(f)(value)
    assert found.dtype == np.asarray(f(value)).dtype == dtype
    assert_close(found.astype(float), exact, {"float16": 2e-2, "float32": 1e-5, "float64": 1e-14}[dtype])
    assert hessian(lambda z: (f(z) * f(z)).sum())(value).dtype == dtype


def test_the_dtype_of_a_statement_is_that_of_its_value() -> None:
    """Each statement by itself, in a program of a float32 array with conditions, choices, deltas and places."""
    x = vector("x", 6)
    y = np.where(x > 0.5, x[[5, 4, 3, 2, 1, 0]], 1.0) * (x < 1) + np.where(x > 0, 1.0, 0.5) + softmax(x)
    items = [y, derivative(y, x), derivative(np.sum(y * y), x)]
    single = np.linspace(-1, 1, 6, dtype=np.float32)
    program = compile(items).program(dtypes={"x": single.dtype})
    one_by_one = [one for one in program.computed if one.dtype != np.bool_]
    each = replace(program, results=one_by_one, names={})
    for statement, value in zip(one_by_one, each.function(single), strict=True):
        assert np.asarray(value).dtype == statement.dtype == np.float32, statement


def test_arrays_of_float64_promote() -> None:
    single = X.astype(np.float32)
    assert jacobian(lambda x: x * X)(single).dtype == np.float64
    assert jacobian(lambda x: x * single)(single).dtype == np.float32
    assert grad(lambda x: (x**3).sum())(np.arange(3)).dtype == np.float64
    assert evaluate(2 * vector("x", 5), {"x": single}).dtype == np.float32
    assert jacobian(lambda x, y: x * y)(single, X).dtype == np.float64


# --- exact cost -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", range(0, 60, 15))
def test_optimal_is_never_dearer(first: int) -> None:
    """By exact count, than any other order, of random graphs."""
    for seed in range(first, first + 15):
        drawn = random_expression(seed)
        jacobians = derivative(drawn.expression, list(drawn.variables.values()))
        for some in ([jacobians[0]], jacobians):
            counts = {order: cost(some, order=order).multiplications for order in ORDERS}
            assert counts["optimal"] == min(counts.values()), (seed, counts)


def test_what_orders_share_is_counted_in_each() -> None:
    """Plans share their statements, and yet each counts as it would alone."""
    n = networks.mlp([3, 5, 7, 2])
    jacobians = derivative(n.output, [n.variables[name] for name in n.parameter_names])
    alone = [cost([one]).multiplications for one in jacobians]
    assert cost(jacobians).multiplications < sum(alone)
    assert cost(jacobians, order="optimal").multiplications <= cost(jacobians).multiplications


# --- signs ------------------------------------------------------------------------------------------------------------


def test_an_activation_that_does_not_increase_gets_no_root() -> None:
    """What a function does not say of itself is not taken for granted."""

    def partials(args: Any, value: Any) -> Any:
        s = sigmoid(args[0])
        return (s + args[0] * s * (1.0 - s),)

    silu = Function("silu", "{0} / (1.0 + np.exp(-{0}))", partials, activation=True)
    W, x = matrix("W", 128, 64), vector("x", 64)
    z = (W @ x).named("z")
    gram = W.T @ (derivative(silu(z), z).operands[0][0][:, None] * W)
    f = compile(gram, variables=[W, x])
    assert "sqrt" not in f.source
    w, at = RNG.normal(size=(128, 64)), RNG.normal(size=64)
    s = 1 / (1 + np.exp(-w @ at))
    slope = s + (w @ at) * s * (1 - s)
    assert slope.min() < 0
    assert_close(f(w, at), w.T @ (slope[:, None] * w), 1e-12)
    tanh = compile(W.T @ (derivative(np.tanh(z), z).operands[0][0][:, None] * W), variables=[W, x])
    assert "sqrt" in tanh.source  # it increases, and says so


@pytest.mark.parametrize("link", [softplus, lambda z: np.logaddexp(0.0, z), lambda z: np.logaddexp(z, 0.0)])
def test_the_same_function_in_other_words_gets_the_same_code(link: Callable[..., Any]) -> None:
    X, w = matrix("X", 128, 64), vector("w", 64)
    f = derivative(derivative(np.mean(link(X @ w)), w), w).compile(variables=[X, w])
    assert f.source.count("np.sqrt(") == 1
    assert f.program().all_multiplications == 128 * 64 + 3 * 128 + 128 * 64 + 128 * 64 * 64 - 128


# --- memory -----------------------------------------------------------------------------------------------------------


def peak(f: Callable[..., Any], *args: Any) -> int:
    f(*args)
    tracemalloc.start()
    f(*args)
    _, found = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return found


def test_arrays_are_let_go() -> None:
    """The gradient of a deep network by its input holds as much as what a person writes."""
    n, depth = 300, 6
    names = [f"W{k}" for k in range(depth)]
    x = matrix("x", n, n)
    h: Any = x
    for name in names:
        h = np.tanh(h @ matrix(name, n, n))
    J = derivative(np.sum(h * h), x)
    f = J.compile(variables=["x", *names])

    def by_hand(x: Any, *weights: Any) -> Any:
        values = []
        h = x
        for W in weights:
            h = np.tanh(h @ W)
            values.append(h)
        back = 2 * h
        for W in reversed(weights):
            h = values.pop()
            back = (back * (1 - h * h)) @ W.T
        return back.T

    arrays = [RNG.normal(size=(n, n)) / 20 for _ in range(depth + 1)]
    assert_close(f(*arrays), by_hand(*arrays), 1e-11)
    assert "del " in f.source
    assert peak(f, *arrays) <= 1.2 * peak(by_hand, *arrays)


def test_a_product_that_is_read_once_is_not_formed_where_it_is_large() -> None:
    """(a bᵀ) b is a (bᵀ b): two vectors, where the outer product takes 80 GB."""
    a, b = vector("a", "n"), vector("b", "n")
    values = {"a": np.linspace(-1.0, 2.0, 100_003), "b": np.linspace(0.5, 1.5, 100_003)}
    x, y = values["a"], values["b"]
    np.testing.assert_allclose(evaluate(np.outer(a, b) @ b, values), x * (y @ y), rtol=1e-12)
    np.testing.assert_allclose(evaluate(np.outer(a, b).T @ a + a, values), y * (x @ x) + x, rtol=1e-12)
