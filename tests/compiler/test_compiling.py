"""`compile`: one function of arrays, source that runs on its own, common parts once, and no code from names."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from helpers import assert_close

import jacobians
from jacobians import (
    DataError,
    JacobiansError,
    NamingError,
    ShapeError,
    compile,  # noqa: A004
    constant,
    derivative,
    grad,
    half_squared_norm,
    implicit,
    matrix,
    networks,
    sigmoid,
    softmax,
    tensor,
    vector,
)
from jacobians.compiler import compiled as compiling
from jacobians.compiler.printers import numpy as printer
from jacobians.expressions.index_maps import Merger
from jacobians.expressions.nodes import EinsumSum, EinsumTerm

RNG = np.random.default_rng(5)


def test_values_and_derivatives_together() -> None:
    network = networks.shallow(5, 7, 3)
    values = {**network.parameters(RNG), **network.sample(RNG)}
    names = network.parameter_names
    jacobians = derivative(network.loss, [network.variables[name] for name in names])
    f = compile([network.loss, *jacobians], variables=list(values), order="reverse")
    loss, *gradients = f(*values.values())
    assert loss == pytest.approx(implicit.loss(network, values))
    witness = implicit.backprop(network, values)
    for name, gradient in zip(names, gradients, strict=True):
        assert_close(gradient, witness[name], 1e-13)
    assert_close(f(**values)[1], witness["W1"], 1e-13)


def test_the_source_runs_on_its_own() -> None:
    x, A = vector("x", 4), matrix("A", 3, 4)
    z = (A @ x).named("z")
    f = compile([softmax(z).named("p"), derivative(softmax(z), x)], name="layer")
    values = {"A": RNG.normal(size=(3, 4)), "x": RNG.normal(size=4)}
    expected = f(**values)
    arguments = ", ".join(f"np.array({values[name].tolist()})" for name in f.variables)
    program = f"{f.source}\np, J = layer({arguments})\nprint(p.tolist(), J.tolist(), sep=';')\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    for text, array in zip(done.stdout.split(";"), expected, strict=True):
        assert_close(
            np.array([float(one) for one in text.replace("[", "").replace("]", "").split(",")]), array.ravel(), 1e-15
        )
    assert "def layer(" in f.source
    assert "z = " in f.source  # names that the user gave


def test_the_source_is_what_a_person_would_have_written() -> None:
    network = networks.shallow(5, 7, 3)
    J = derivative(network.loss, network.variables["W1"])
    f = J.compile()
    assert f.source.splitlines() == [
        "import numpy as np",
        "",
        "",
        "def program(W2, W1, x, b1, b2, t):",
        "    z = W1.dot(x) + b1  # (7,)",
        "    s = np.exp(np.minimum(z, 0.0)) / (1.0 + np.exp(-np.abs(z)))  # (7,)",
        "    r = W2.dot(s) + b2 - t  # (3,)",
        "    t1 = r.dot(W2) * (s * (1.0 - s))  # (7,)",
        "    return x[:, None].dot(t1[None])",
    ]
    assert derivative(network.loss, network.variables["W1"]).compile().source == f.source


def test_common_parts_are_computed_once() -> None:
    x = vector("x", 3)
    B = matrix("B", 5, 3)
    H = derivative(derivative(half_squared_norm(B @ x), x), x)
    source = compile([H.norm(), H]).source
    assert source.count("B.T.dot(B)") == 1
    assert source.count(".dot(") == 2
    value = RNG.normal(size=(5, 3))
    norm, hessian = compile([H.norm(), H])(value)
    assert norm == pytest.approx(np.linalg.norm(value.T @ value))
    assert_close(hessian, value.T @ value, 1e-14)


def test_a_shared_value_is_never_written_into() -> None:
    """The outer product is a result by itself, and the start of the Jacobian that adds a diagonal to it."""
    x = vector("x", 4)
    p = softmax(x)
    f = compile([-np.outer(p, p), derivative(p, x), np.outer(p, p)])
    value = RNG.normal(size=4)
    e = np.exp(value) / np.exp(value).sum()
    first, second, third = f(value)
    assert_close(first, -np.outer(e, e), 1e-15)
    assert_close(second, np.diag(e) - np.outer(e, e), 1e-15)
    assert_close(third, np.outer(e, e), 1e-15)


def test_symbolic_sizes_are_those_of_the_arrays() -> None:
    W, x = matrix("W", "h", "d"), vector("x", "d")
    J = derivative(sigmoid(W @ x), x)
    f = J.compile()
    with pytest.raises(ShapeError, match="has no value"):
        assert f.source
    for h, d in ((3, 5), (2, 7), (4, 4)):
        values = {"W": RNG.normal(size=(h, d)), "x": RNG.normal(size=d)}
        assert_close(f(**values), J.evaluate(values), 1e-14)
    assert "# (h,)" in f.source  # a shape is in symbols where they are known


def test_a_result_is_the_callers_own() -> None:
    x, A = vector("x", 3), matrix("A", 2, 3)
    f = compile(derivative(A @ x, x), variables=["A", "x"])
    value = RNG.normal(size=(2, 3))
    result = f(value, np.ones(3))
    result[:] = 0.0
    assert_close(f(value, np.ones(3)), value, 0)


@pytest.mark.parametrize(
    "name",
    [
        "x; import os",
        "x\nimport os",
        "__import__('os').system('true')",
        "x)",
        "x = 1 #",
        "lambda",
        "",
        "x y",
        "x.y",
        "'x'",
    ],
)
def test_names_cannot_inject_code(name: str) -> None:
    with pytest.raises(NamingError):
        vector(name, 3)
    with pytest.raises(NamingError):
        (vector("x", 3) * 2).named(name)
    with pytest.raises(NamingError):
        compile(vector("x", 3) * 2, name=name)


@pytest.mark.parametrize(
    "name", ["np", "program", "softmax", "t1", "t2", "print", "exec", "c_value", "places", "__builtins__"]
)
def test_names_that_the_code_uses_itself_are_kept_apart(name: str) -> None:
    v, w = vector(name, 3), vector(f"{name}_", 3)  # the nearest other spelling is taken, too
    y = (softmax(v * w)[[0, 2, 2]] * np.array([1.0, 2.0, 3.0])).named("y")
    f = compile([y, derivative(y, v)], variables=[name, f"{name}_"])
    value, other = RNG.normal(size=3), RNG.normal(size=3)
    reference = compile([y, derivative(y, w)], variables=[name, f"{name}_"])(value, other)
    e = np.exp(value * other) / np.exp(value * other).sum()
    assert_close(f(value, other)[0], e[[0, 2, 2]] * [1.0, 2.0, 3.0], 1e-14)
    local = (np.diag(e) - np.outer(e, e))[[0, 2, 2]] * np.array([[1.0], [2.0], [3.0]])
    assert_close(f(value, other)[1], local * other, 1e-14)
    assert_close(reference[1], local * value, 1e-14)


def test_a_variable_that_nothing_needs_is_an_argument_all_the_same() -> None:
    x, y = vector("x", 3), vector("y", 3)
    f = compile(2 * x, variables=[y, x])
    assert f(np.ones(3), np.arange(3.0)).tolist() == [0.0, 2.0, 4.0]
    with pytest.raises(ShapeError, match="the length of y should be 3"):
        f(np.ones(4), np.arange(3.0))


def test_a_function_is_made_once_for_its_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the arguments are: lists and numbers, arrays of other types, other shapes in between."""
    made: list[Any] = []
    plan = compiling.plan
    monkeypatch.setattr(compiling, "plan", lambda *args, **options: made.append(args) or plan(*args, **options))
    f = compile(2 * vector("x", "n"))
    large, small = np.ones(3), np.arange(2.0)
    for argument in (large, [1, 1, 1], large, small, (1.0, 1.0, 1.0), small, large, np.ones(3, dtype=int), large[::-1]):
        assert_close(f(argument), 2 * np.asarray(argument, dtype=float), 0)
    assert len(made) == 2
    assert f(np.ones(3, dtype="f4")).dtype == np.float32
    assert_close(f(large.astype(">f8")), 2 * large, 0)


def test_a_subclass_of_arrays_is_read_as_an_array() -> None:
    """`*` of two matrices of NumPy would be a matrix product."""
    A = matrix("A", 2, 2)
    f = compile(A * A)
    value = np.arange(4.0).reshape(2, 2)
    for _ in range(2):
        assert_close(f(value), value * value, 0)
        found = f(value.view(np.recarray))
        assert type(found) is np.ndarray
        assert_close(found, value * value, 0)
        assert type(f(np.ma.masked_array(value))) is np.ndarray
        with pytest.raises(DataError, match="masked entries"):  # what is masked is not to be computed with
            f(np.ma.masked_array(value, mask=value > 2))


def test_wrong_calls() -> None:
    x = vector("x", 3)
    f = compile(x * 2, name="double")
    calls: list[tuple[Any, type[Exception], str]] = [
        (f, ShapeError, "double takes 1 arrays (x), got 0"),
        (lambda: f(np.ones(4)), ShapeError, "the length of x should be 3"),
        (lambda: f(y=np.ones(3)), NamingError, "'y'"),
        (lambda: compile(x * 2, variables=["y"]), NamingError, "need 'x'"),
    ]
    for call, error, text in calls:
        with pytest.raises(error) as caught:
            call()
        assert text in str(caught.value)
    assert f([1, 2, 3]).tolist() == [2.0, 4.0, 6.0]


def test_numbers_that_are_not_finite() -> None:
    """A mask of −∞ is a common thing; the code runs on its own with it, and as a number in a formula."""
    x, value = vector("x", 3), np.array([1.0, 2.0, 3.0])
    mask = np.array([0.0, -np.inf, 0.0])
    f = jacobians.compile(softmax(np.where(x > 1.5, x, -np.inf) + mask))
    assert_close(f(value), [0.0, 0.0, 1.0], 0)
    namespace: dict[str, Any] = {}
    exec(f.source, namespace)
    assert_close(namespace["program"](value), [0.0, 0.0, 1.0], 0)
    assert_close(derivative(np.logaddexp(x, -np.inf), x).evaluate({"x": value}), np.eye(3), 0)
    assert np.all(np.isnan(jacobians.evaluate(x * np.nan, {"x": value})))
    assert np.all(jacobians.evaluate(x * -np.inf, {"x": value}) == -np.inf)
    assert_close(jacobians.evaluate(np.clip(x, -np.inf, 2.5), {"x": value}), [1.0, 2.0, 2.5], 0)


def test_the_derivative_of_zero_to_the_zero() -> None:
    x = vector("x", 3)
    J = derivative(x ** np.array([0.0, 1.0, 2.0]), x)
    assert_close(J.evaluate({"x": np.zeros(3)}), np.diag([0.0, 1.0, 0.0]), 0)


def test_shapes_that_alternate_are_compiled_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    guarded = printer.guarded
    monkeypatch.setattr(printer, "guarded", lambda *args: made.append(args) or guarded(*args))
    f = compile(2 * vector("x", "n"))
    for _ in range(5):
        for size in (2, 3):
            assert f(np.ones(size)).tolist() == [2.0] * size
    assert len(made) == 2


@pytest.mark.parametrize("name", ["_name", "_rest", "_missing", "_plain", "_otherwise", "_type", "_type1", "guarded"])
def test_names_of_the_guard_are_kept_apart(name: str) -> None:
    x = vector(name, 3)
    f = compile(2 * x)
    for _ in range(3):
        assert f(np.ones(3)).tolist() == [2.0, 2.0, 2.0]
        with pytest.raises(ShapeError, match=f"the length of {name} should be 3"):
            f(np.ones(4))
        with pytest.raises(ShapeError, match="takes 1 arrays"):
            f(np.ones(3), np.ones(3))
        with pytest.raises(ShapeError, match="takes 1 arrays"):
            f()


def test_a_function_of_nothing() -> None:
    f = compile(2 * constant([1.0, 2.0]), variables=[])
    for _ in range(3):
        assert f().tolist() == [2.0, 4.0]
        with pytest.raises(ShapeError, match="takes 0 arrays"):
            f(np.ones(3))


@pytest.mark.parametrize(
    "text", ["__import__('os').abort()", "'); import os; os.abort() #", '"""', "\n    os.abort()", "\\"]
)
def test_no_text_of_a_user_gets_into_the_code(text: str) -> None:
    """Variables, named expressions, constants, functions, sizes, parameters of traced functions."""
    attempts: list[Any] = [
        lambda: vector(text, 3),
        lambda: matrix("A", text, 3),
        lambda: (vector("x", 3) * 2).named(text),
        lambda: constant([1.0], text),
        lambda: constant(text),
        lambda: compile(vector("x", 3), name=text),
        lambda: compile(vector("x", 3), variables=[text]),
        lambda: np.einsum(text, vector("x", 3)),
    ]
    for attempt in attempts:
        with pytest.raises((JacobiansError, ValueError)):
            attempt()

    assert text not in compile(vector("x", "n"), sizes={text: 3, "n": 2}).source

    def energy(**arrays: Any) -> Any:
        return sum(np.sum(one * one) for one in arrays.values())

    found = grad(lambda x, **rest: np.sum(x * x) + energy(**rest))(np.ones(2), **{text: np.ones(2)})
    assert found.tolist() == [2.0, 2.0]
    by_key = grad(lambda p: np.sum(p[text] ** 2))({text: np.ones(2)})
    assert by_key[text].tolist() == [2.0, 2.0]


def test_a_common_factor_of_a_sum_that_is_broadcast() -> None:
    """a ⊙ b + a ⊙ c in every row: the axis that no operand has stays an axis of the result."""
    from jacobians.expressions.nodes import EinsumSum, EinsumTerm

    a, b, c = (vector(name, 2) for name in "abc")
    terms = [EinsumTerm(1.0, (a, other), ((1,), (1,)), (0, 1), (rows, 2)) for rows in (3,) for other in (b, c)]
    values = {"a": np.array([2.0, 3.0]), "b": np.array([5.0, 7.0]), "c": np.array([11.0, 13.0])}
    found = jacobians.evaluate(EinsumSum.of(terms, (3, 2)), values)
    assert found.tolist() == [[32.0, 60.0]] * 3
    ones = [EinsumTerm(1.0, (a, other), ((1,), (1,)), (0, 1), (1, 2)) for other in (b, c)]
    assert jacobians.evaluate(EinsumSum.of(ones, (1, 2)), values).tolist() == [[32.0, 60.0]]


def test_a_common_factor_that_alone_holds_what_a_map_writes() -> None:
    """p_k Σ_c E_k(c,b) M_abc + p_k Σ_c E_k(c,b) N_abc: without p the map writes along k, so p stays where it is."""
    p, M, N, E = vector("p", 6), tensor("M", 2, 2, 3), tensor("N", 2, 2, 3), Merger.of((3, 2))
    indices, output, sizes = ((0, 1, 3), (2, 3, 1), (2,)), (0, 1, 2), (2, 2, 6, 3)
    y = EinsumSum.of([EinsumTerm(1.0, (one, E, p), indices, output, sizes) for one in (M, N)], (2, 2, 6))
    rng = np.random.default_rng(0)
    values = {"p": rng.normal(size=6), "M": rng.normal(size=(2, 2, 3)), "N": rng.normal(size=(2, 2, 3))}
    places = np.eye(6).reshape(6, 3, 2)
    expected = np.einsum("abc,kcb,k->abk", values["M"] + values["N"], places, values["p"])
    assert_close(jacobians.evaluate(y, values), expected, 1e-14)
