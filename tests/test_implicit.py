"""Hand-written backpropagation, by itself: against differences of its own loss and against autograd elsewhere."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from helpers import assert_close, central_differences

from jacobians import implicit, networks


@pytest.mark.parametrize("batch", [None, 13])
@pytest.mark.parametrize("augmented", [False, True])
@pytest.mark.parametrize("loss", ["squared", "cross-entropy"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softplus"])
def test_backprop_against_differences(activation: str, loss: str, augmented: bool, batch: int | None) -> None:
    for sizes in ((3, 5, 2), (2, 7, 3, 5), (4, 4, 4), (3, 2)):
        check(sizes, activation, loss, augmented, batch)


def check(sizes: tuple[int, ...], activation: str, loss: str, augmented: bool, batch: int | None) -> None:
    network = networks.mlp(
        sizes, activation=activation, loss=loss, augmented=augmented, batch=batch, regularization=0.2
    )
    rng = np.random.default_rng(3)
    values = {**network.parameters(rng), **network.sample(rng)}
    found = implicit.backprop(network, values)
    assert set(found) == set(network.parameter_names)
    for name, gradient in found.items():
        differences = central_differences(
            lambda value, name=name: implicit.loss(network, {**values, name: value}), values[name]
        )
        assert_close(gradient, differences.T, 1e-9)  # numerator layout: the axes of W, reversed


def test_a_target_that_does_not_sum_to_one() -> None:
    network = networks.shallow(3, 5, 2, loss="cross-entropy")
    rng = np.random.default_rng(4)
    values = {**network.parameters(rng), **network.sample(rng), "t": np.array([0.3, 1.9])}
    differences = central_differences(lambda b: implicit.loss(network, {**values, "b2": b}), values["b2"])
    assert_close(implicit.backprop(network, values)["b2"], differences, 1e-9)


def test_relu_has_slope_zero_at_zero() -> None:
    network = networks.shallow(2, 3, 2, activation="relu")
    values = {"W1": np.zeros((3, 2)), "b1": np.zeros(3), "W2": np.ones((2, 3)), "b2": np.ones(2)}
    values |= {"x": np.ones(2), "t": np.zeros(2)}
    assert_close(implicit.backprop(network, values)["W1"], np.zeros((2, 3)), 0)


def test_the_arguments_are_left_as_they_are() -> None:
    network = networks.shallow(3, 5, 2, regularization=0.2)
    rng = np.random.default_rng(5)
    values = {**network.parameters(rng), **network.sample(rng)}
    before = {name: value.copy() for name, value in values.items()}
    implicit.backprop(network, values)
    for name, value in values.items():
        np.testing.assert_array_equal(value, before[name])


def test_the_witness_shares_no_code_with_the_calculus() -> None:
    tree = ast.parse(Path(implicit.__file__).read_text(encoding="utf-8"))
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert imported == {"__future__", "collections.abc", "dataclasses", "typing", "numpy", "errors"}
    text = Path(implicit.__file__).read_text(encoding="utf-8")
    assert "einsum(" not in text
