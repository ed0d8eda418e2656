"""Derivatives with respect to views of a variable: the entries for which they stand, in every order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import ORDERS, assert_close

from jacobians import Expression, NamingError, derivative, matrix, vector

RNG = np.random.default_rng(3)
x, X, A = vector("x", 7), matrix("X", 3, 5), matrix("A", 5, 3)
VALUES = {"x": RNG.normal(size=7), "X": RNG.normal(size=(3, 5)), "A": RNG.normal(size=(5, 3))}
PLACES = {"x": np.arange(7), "X": np.arange(15).reshape(3, 5)}
CASES: dict[str, tuple[Expression, Any, Any]] = {
    "entry": (x @ x, x, lambda v: v[0]),
    "negative entry": (np.sin(x) * x[::-1], x, lambda v: v[-2]),
    "slice": (np.sin(x) * x[::-1], x, lambda v: v[1:4]),
    "steps": (np.tanh(x)[:, None] * x, x, lambda v: v[::-3]),
    "listed": (x**3, x, lambda v: v[[4, 0, 2]]),
    "transpose": (A @ np.sin(X), X, lambda V: V.T),
    "column": (X @ A @ X, X, lambda V: V[:, 1]),
    "entry of a matrix": (np.sum(X**3), X, lambda V: V[2, 4]),
    "block": (X @ A, X, lambda V: V[1:, ::2]),
    "flat": (np.exp(X) @ A, X, lambda V: V.reshape(-1)),
    "unused": (A, X, lambda V: V[0]),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_a_view_stands_for_those_entries(case: str, named: bool, order: str) -> None:
    y, variable, view = CASES[case]
    seen = view(variable)
    J = derivative(y, seen.named("q") if named else seen)
    whole = derivative(y, variable).evaluate(_needed(y, variable), layout="ad")
    picked = view(PLACES[variable.name])
    expected = whole.reshape((*y.shape, -1))[..., picked]
    assert J.shape == (*y.shape, *seen.shape[::-1])
    assert_close(J.evaluate(_needed(y, variable), layout="ad", order=order), expected, 1e-12)


def _needed(*nodes: Expression) -> dict[str, np.ndarray]:
    from jacobians.compiler.binding import name_table

    return {name: VALUES[name] for name in name_table(nodes) if name in VALUES}


def test_what_is_used_apart_counts_too() -> None:
    z = x[2:5].named("z")
    assert str(derivative(z @ z + x @ x, z).matrix_notation()) is not None
    assert_close(derivative(z @ z + x @ x, z).evaluate({"x": VALUES["x"]}), 4.0 * VALUES["x"][2:5], 1e-13)


def test_second_derivatives() -> None:
    first = derivative(np.sum(x**3), x[1:3])
    assert_close(derivative(first, x[2]).evaluate({"x": VALUES["x"]}), [0.0, 6.0 * VALUES["x"][2]], 1e-12)


def test_products_with_vectors() -> None:
    J = derivative(np.sin(x) * x[::-1], x[1:4])
    from jacobians import evaluate

    dense = J.evaluate({"x": VALUES["x"]})
    v, u = RNG.normal(size=3), RNG.normal(size=7)
    assert_close(evaluate(J @ v, {"x": VALUES["x"]}), dense @ v, 1e-12)
    assert_close(evaluate(u @ J, {"x": VALUES["x"]}), u @ dense, 1e-12)


def test_it_prints() -> None:
    assert str(derivative(x @ x, x[0])).startswith("∂‖x‖²/∂x[0] = 2 x[0]")


@pytest.mark.parametrize("other", [np.sin(x), 2.0 * x, x[[0, 0]], x + x[0]])
def test_anything_else_without_a_name_is_refused(other: Expression) -> None:
    with pytest.raises(NamingError, match="name it"):
        derivative(x @ x, other)
