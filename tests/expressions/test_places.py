"""Entries and slices beyond an axis whose size is a symbol: refused on every route when the size is bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jacobians import ShapeError, derivative, evaluate, matrix, parse, vector
from jacobians import compile as compile_expression
from jacobians.reading.answers.random_points import bound_sizes

x, y, X = vector("x", "d"), vector("y", "h"), matrix("X", "n", "d")
V, W = np.array([10.0, 20.0, 30.0]), np.arange(15.0).reshape(5, 3)
VALUES = {"x": V, "y": V, "X": W}


def value(expression: Any) -> Any:
    names = [name for name in VALUES if f"'{name}'" in str({one.name for one in leaves(expression)})]
    return evaluate(expression, {name: VALUES[name] for name in names})


def leaves(expression: Any) -> list[Any]:
    return [expression] if not expression.children else [one for part in expression.children for one in leaves(part)]


BEYOND: list[tuple[str, Callable[[], Any], str]] = [
    ("an entry", lambda: value(x[5]), "no entry 5 of the length of x, which is d = 3"),
    ("the first that is not there", lambda: value(x[3]), "no entry 3"),
    ("an entry from the end", lambda: value(x[-5]), "no entry d-5 = -2 with d = 3"),
    ("a slice", lambda: value(np.mean(x[:5])), "entries 0 to 4 of the length of x.*no entry 4"),
    ("a slice from the end", lambda: value(x[-5:]), "no entry -2"),
    ("a slice that begins beyond", lambda: value(x[4:]), "a slice from entry 4 .* is empty"),
    ("a slice that leaves nothing", lambda: value(x[:-3]), "empty"),
    ("differences of a single entry", lambda: evaluate(np.diff(x), {"x": V[:1]}), "d = 1"),
    ("an entry of a column", lambda: value(X[5, 1]), "no entry 5 of the rows of X, which is n = 5"),
    ("an entry of a row", lambda: value(X[:, 3]), "no entry 3 of the columns of X, which is d = 3"),
    ("an entry of a product", lambda: value((X @ x)[5]), r"no entry 5 of the length of \(X x\)"),
    ("an entry of two parts", lambda: value(np.concatenate([x, y])[6]), "d.h = 6 with d = 3, h = 3"),
    ("an entry of a reshaped matrix", lambda: value(X.reshape(-1)[15]), r"d\*n = 15"),
    ("a list of entries", lambda: value(x[:5][[0, 4]]), "no entry 4"),
    ("an entry of the reversed", lambda: value(x[::-1][4]), "no entry d-5 = -2"),
    ("an entry of a slice", lambda: value(x[1:-1][1]), "no entry 1"),
    ("the last but one of a slice of one", lambda: value(x[2:][-2]), "no entry d-4 = -1"),
    ("an entry of a slice that is not there", lambda: value(x[-5:][4]), "no entry -2"),
    ("text", lambda: evaluate(parse("x_5 + x_1", x="d"), {"x": V}), "no entry 4"),
    ("a derivative", lambda: derivative(x[-5] ** 2, x).evaluate({"x": V}), "no entry d-5 = -2"),
    ("a constant derivative", lambda: derivative(x[5], x).evaluate({"x": V}), "no entry 5"),
    ("without values", lambda: derivative(x[5], x).evaluate({}, sizes={"d": 3}), "no entry 5"),
    ("a derivative by something else", lambda: derivative(x[5] + y, y).evaluate({"x": V, "y": V}), "no entry 5"),
    ("a compiled expression", lambda: compile_expression(x[5] * y)(V, V), "no entry 5"),
    ("a compiled derivative", lambda: derivative(x[5] ** 2, x).compile()(V), "no entry 5"),
    ("source", lambda: compile_expression(x[5], sizes={"d": 3}).source, "no entry 5"),
    ("a cost", lambda: derivative(x[5] ** 2, x).cost({"d": 3}), "no entry 5"),
]


@pytest.mark.parametrize(("form", "message"), [case[1:] for case in BEYOND], ids=[case[0] for case in BEYOND])
def test_what_lies_beyond_a_symbolic_axis_is_refused(form: Callable[[], Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        form()


def test_a_compiled_function_looks_again_for_every_size() -> None:
    f = compile_expression(x[3] * x)
    assert f(np.arange(5.0)).tolist() == [0, 3, 6, 9, 12]
    with pytest.raises(ShapeError, match="no entry 3"):
        f(V)
    assert f(np.arange(4.0)).tolist() == [0, 3, 6, 9]


@pytest.mark.parametrize("size", [3, 4, 5, 7])
@pytest.mark.parametrize(
    "taken",
    [
        lambda a: a[2], lambda a: a[-3], lambda a: a[1:], lambda a: a[:-1], lambda a: a[1:-1], lambda a: a[-2:],
        lambda a: a[:2], lambda a: a[1:][0], lambda a: a[1:][-1], lambda a: a[1:-1][-1], lambda a: a[::-1][1],
        lambda a: a[::-1][1:], lambda a: a[1:][1:], lambda a: a[1:][:-1], lambda a: a[::-1][::-1], lambda a: a[:3][2],
        lambda a: a[1:-1][0], lambda a: a[-3:][1], lambda a: a[:3][[0, 2]],
    ],
)  # fmt: skip
def test_what_lies_within_is_as_in_numpy(taken: Callable[[Any], Any], size: int) -> None:
    array = np.random.default_rng(size).normal(size=size)
    assert np.array_equal(evaluate(taken(x), {"x": array}), taken(array))
    weights = np.cos(np.arange(size))
    by_hand = np.zeros(size)
    by_hand[taken(np.arange(size))] = np.cos(taken(array))
    jacobian = derivative(np.sum(np.sin(taken(x))) + 0.0 * np.sum(weights), x)
    assert np.allclose(jacobian.evaluate({"x": array}), by_hand)


def test_slices_of_slices_are_one_where_nothing_is_hidden() -> None:
    assert x[1:][1:] is x[2:]
    assert x[1:][0] is x[1]
    assert x[1:-1][1:-1] is x[2:-2]
    assert x[::-1][::-1] is x


def test_random_sizes_reach_what_is_taken() -> None:
    taken = x[24] + y[0]
    sizes = bound_sizes([taken, taken.children[0], *taken.children[0].children, *taken.children, x, y])
    assert sizes["d"] > 24
    assert sizes["d"] != sizes["h"]
    assert bound_sizes([x[24], x], {"d": 3}) == {"d": 3}


CANCELLED = {"u_1": np.arange(3.0), "U_1": np.ones((5, 3)), "v_1": np.ones(5)}
u, U, v = vector("u_1", "d"), matrix("U_1", "h", "d"), vector("v_1", "h")


@pytest.mark.parametrize(
    ("zero", "shape"), [(u - u, (3,)), (0 * U, (5, 3)), (U @ u - U @ u, (5,)), (v[0] - v[0], ()), (np.sum(u - u), ())]
)
def test_what_cancels_takes_values_for_its_variables(zero: Any, shape: tuple[int, ...]) -> None:
    assert np.array_equal(evaluate(zero, CANCELLED), np.zeros(shape))
    with pytest.raises(ValueError, match="a value for 'nobody'"):
        evaluate(zero, {"nobody": V})
