"""Containers of arrays are matched by key, and what is not a container is refused by name."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from helpers import assert_close

from jacobians import (
    DataError,
    OptionError,
    ShapeError,
    UnsupportedError,
    check_derivative,
    grad,
    hessian,
    jacobian,
    jit,
    jvp,
    vjp,
)
from jacobians.differentiation.pytrees import LEAF, aligned, flatten

X, Y = np.array([1.0, 2.0, 3.0]), np.array([0.5, -1.0])
ONE = np.ones(2)
MATRIX = np.ones((2, 2)).view(np.matrix)


class Layer(NamedTuple):
    weights: Any
    bias: Any


@dataclass
class Settings:
    rate: Any


def test_dictionaries_are_matched_by_key() -> None:
    """Whatever the order in which the keys were written, at any depth."""

    def f(p: Any) -> Any:
        return p["a"] * 2.0 + p["inner"]["b"] * 10.0 + p["inner"]["c"][0]

    args = {"a": ONE, "inner": {"b": ONE, "c": [ONE]}}
    first, second, third = np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([3.0, 5.0])
    tangent = {"inner": {"c": [third], "b": second}, "a": first}
    assert_close(jvp(f, (args,), (tangent,))[1], 2.0 * first + 10.0 * second + third, 0)
    assert_close(
        jvp(lambda p: p["a"] * 2 + p["b"] * 10, ({"a": ONE, "b": ONE},), ({"b": second, "a": first},))[1], [2, 10], 0
    )

    value, pull = vjp(lambda x: {"left": x[:2], "right": {"sum": np.sum(x), "rest": x[2:]}}, X)
    assert list(value) == ["left", "right"]
    (found,) = pull({"right": {"rest": np.array([7.0]), "sum": 100.0}, "left": np.array([1.0, 2.0])})
    assert_close(found, [101.0, 102.0, 107.0], 0)

    gradient = grad(lambda p: np.sum(p["b"] * X) + np.sum(p["a"] ** 2))
    for order in ({"a": Y, "b": X}, {"b": X, "a": Y}):
        found = gradient(order)
        assert list(found) == list(order)
        assert_close(found["a"], 2.0 * Y, 0)
        assert_close(found["b"], X, 0)
    right = {"b": X, "a": 2.0 * Y}
    assert check_derivative(lambda p: np.sum(p["b"] * X) + np.sum(p["a"] ** 2), ({"a": Y, "b": X},), right).ok
    both = jacobian(lambda p: {"u": p["x"], "v": 2.0 * p["y"]})({"y": Y, "x": Y})
    assert_close(both["u"]["x"], np.eye(2), 0)
    assert_close(both["u"]["y"], np.zeros((2, 2)), 0)
    assert_close(both["v"]["y"], 2.0 * np.eye(2), 0)
    second_derivative = hessian(lambda p: np.sum(p["x"] ** 2 * p["y"]))({"y": Y, "x": ONE})
    assert_close(second_derivative["x"]["y"], 2.0 * np.eye(2), 0)
    assert_close(second_derivative["y"]["y"], np.zeros((2, 2)), 0)


@pytest.mark.parametrize(
    "tree",
    [
        OrderedDict([("a", X), ("b", None)]),
        defaultdict(list, {"a": X}),
        Layer(X, [2.0, None]),
        (X, {"k": (X, Layer(1.0, 2.0))}, []),
        None,
    ],
)
def test_containers_come_back_as_they_are(tree: Any) -> None:
    found, structure = flatten(tree)
    again = structure.filled(iter(found))
    assert type(again) is type(tree)
    assert flatten(again)[1] == structure
    assert [id(leaf) for leaf in flatten(again)[0]] == [id(leaf) for leaf in found]
    if found:
        gradient = grad(lambda t: sum(np.sum(leaf * leaf) for leaf in flatten(t)[0]))(tree)
        assert flatten(gradient)[1] == structure
        for mine, leaf in zip(flatten(gradient)[0], found, strict=True):
            assert_close(mine, 2.0 * np.asarray(leaf), 0)


@pytest.mark.parametrize(
    ("action", "error", "text"),
    [
        (lambda: vjp(lambda x: {"a": x, "b": x}, X)[1]({"a": X}), ShapeError, "missing 'b'"),
        (lambda: vjp(lambda x: {"a": x}, X)[1]({"a": X, "c": X}), ShapeError, "not there 'c'"),
        (lambda: vjp(lambda x: (x, x), X)[1]((X,)), ShapeError, "expected a tuple of 2, got 1"),
        (lambda: vjp(lambda x: (x, x), X)[1](X), ShapeError, "expected a tuple of 2, got ndarray"),
        (lambda: vjp(lambda x: {"a": [x]}, X)[1]({"a": [Y]}), ShapeError, "the cotangent at a_0 has shape (2,)"),
        (lambda: vjp(lambda x: x, X)[1](None), DataError, "the cotangent"),
        (lambda: jvp(lambda p: p["a"], ({"a": X},), ({"b": X},)), ShapeError, "tangent of argument 0: other keys"),
        (lambda: jvp(lambda p: p["a"]["b"], ({"a": {"b": X}},), ({"a": {"c": X}},)), ShapeError, "0['a']: other keys"),
        (lambda: jvp(lambda p: p.bias, (Layer(X, X),), ({"weights": X, "bias": X},)), ShapeError, "a Layer with"),
        (lambda: jvp(lambda x: x, None, None), ShapeError, "the arguments are a tuple"),  # type: ignore[arg-type]
        (lambda: jvp(lambda x: x, (X,), X), ShapeError, "the tangents are a tuple"),  # type: ignore[arg-type]
        (lambda: jvp(lambda x: x, (X,), (None,)), DataError, "the tangent of argument 0"),
        (lambda: grad(lambda p: np.sum(p.rate))(Settings(X)), UnsupportedError, "argument 0 has a Settings"),
        (lambda: grad(lambda p: np.sum(p["s"].rate))({"s": Settings(X)}), UnsupportedError, "a Settings at s"),
        (lambda: grad(lambda p: p["a"] * p["n"])({"a": 1.0, "n": 2}), UnsupportedError, "an int at n"),
        (lambda: grad(lambda x: x @ x)([1.0, 2.0]), UnsupportedError, "np.array(list) is a vector"),
        (lambda: grad(lambda x: x @ x, 1.0)(X), OptionError, "got 1.0"),  # type: ignore[arg-type]
        (lambda: grad(lambda x: x @ x, None)(X), OptionError, "got None"),  # type: ignore[arg-type]
        (
            lambda: grad(lambda x: np.sum(x * x))(MATRIX),
            DataError,
            "np.asarray(x) is an array",
        ),
        (
            lambda: grad(lambda x: np.sum(MATRIX * x))(Y),
            DataError,
            "np.asarray(M) is an array",
        ),
        (lambda: vjp(None, X), UnsupportedError, "vjp is of a function"),  # type: ignore[arg-type]
    ],
)
def test_what_does_not_fit_is_named(action: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        action()
    assert text in str(caught.value)


def test_arguments_that_are_not_differentiated_may_be_anything() -> None:
    assert_close(grad(lambda x, s: np.sum(s.rate * x))(X, Settings(2.0)), np.full(3, 2.0), 0)
    assert_close(grad(lambda x, s: np.sum(x) if s is None else x[0])(X, None), np.ones(3), 0)
    assert_close(grad(lambda x, s: x[s], np.int64(0))(X, 1), [0.0, 1.0, 0.0], 0)


def test_alignment_keeps_the_order_of_the_first() -> None:
    _, structure = flatten({"b": 1.0, "a": [2.0, None]})
    assert aligned(structure, {"a": [20.0, None], "b": 10.0}, "it") == [10.0, 20.0]
    assert aligned(LEAF, [1.0, 2.0], "it") == [[1.0, 2.0]]
    with pytest.raises(ShapeError, match="expected None"):
        aligned(structure, {"a": [20.0, 3.0], "b": 10.0}, "it")


def test_the_hessian_of_a_tree_as_one_matrix() -> None:
    A = np.random.default_rng(2).normal(size=(3, 2))
    p = {"W": A, "b": [np.ones(3)], "s": 0.7}

    def f(p: Any, x: Any) -> Any:
        return np.sum(np.tanh(p["W"] @ x + p["b"][0]) ** 2) * p["s"] ** 2

    H, table = hessian(f, as_matrix=True)(p, Y)
    blocks = hessian(f, layout="ad")(p, Y)
    assert [(block.name, block.shape) for block in table] == [("p_W", (3, 2)), ("p_b_0", (3,)), ("p_s", ())]
    assert H.shape == (10, 10)
    assert_close(H, H.T, 1e-14)
    rows = [blocks["W"], blocks["b"][0], blocks["s"]]
    for one, row in zip(table, rows, strict=True):
        for other, block in zip(table, [row["W"], row["b"][0], row["s"]], strict=True):
            assert_close(H[one.place, other.place].reshape(one.shape + other.shape), block, 1e-14)
    only, _ = hessian(lambda x, y: x @ x + np.sum(x) * y**3, argnums=(1, 0), as_matrix=True)(X, 2.0)
    assert_close(
        only,
        np.block([[np.full((1, 1), 72.0), np.full((1, 3), 12.0)], [np.full((3, 1), 12.0), 2.0 * np.eye(3)]]),
        1e-14,
    )
    frozen = jit(hessian(f, as_matrix=True))
    assert_close(frozen(p, Y)[0], H, 1e-15)
    assert frozen(p, Y)[1] == table
    assert grad(lambda p: 1.0)({}) == {}
    with pytest.raises(ShapeError, match="a scalar is needed"):
        hessian(lambda x: x * x, as_matrix=True)(X)
