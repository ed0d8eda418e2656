"""Exact counts of multiplications, the orders that run, and dense results that are refused."""

from __future__ import annotations

import itertools
import re
import time
from typing import Any

import numpy as np
import pytest
from helpers import ORDERS

from jacobians import MaterializationError, cost, derivative, implicit, matrix, networks, scalar, vector
from jacobians.compiler.evaluation import evaluate_together
from jacobians.compiler.planning import plan
from jacobians.shapes import memory

DEPTHS = (1, 2, 3, 10, 50)


def sizes_of_depth(depth: int) -> tuple[int, ...]:
    """A network of `depth` layers whose sizes go round distinct primes."""
    return tuple((5, 7, 3, 2)[k % 4] for k in range(depth + 1))


def by_hand(sizes: tuple[int, ...], rows: int, augmented: bool) -> int:
    """Multiplications of backpropagation: an outer product a layer; with W and with σ′ for all layers but the first."""
    total = 0
    for k in range(1, len(sizes)):
        total += rows * (sizes[k - 1] + augmented) * sizes[k]
        if k > 1:
            total += rows * sizes[k] * sizes[k - 1] + rows * sizes[k - 1]
    return total


@pytest.mark.parametrize("batch", [None, 11])
@pytest.mark.parametrize("augmented", [False, True])
@pytest.mark.parametrize("depth", DEPTHS)
def test_gradients_of_all_parameters_cost_what_hand_written_backpropagation_costs(
    depth: int, augmented: bool, batch: int | None
) -> None:
    sizes = sizes_of_depth(depth)
    network = networks.mlp(sizes, activation="tanh", augmented=augmented, batch=batch)
    jacobians = derivative(network.loss, [network.variables[name] for name in network.parameter_names])
    expected = by_hand(sizes, batch or 1, augmented)
    assert cost(jacobians).multiplications == expected
    assert implicit.cost(network)[0] == expected
    assert cost(jacobians, order="optimal").multiplications <= expected


@pytest.mark.parametrize("loss", ["squared", "cross-entropy"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu", "softplus"])
def test_the_count_does_not_depend_on_activation_or_loss(activation: str, loss: str) -> None:
    network = networks.mlp((5, 7, 3, 2), activation=activation, loss=loss)
    jacobians = derivative(network.loss, [network.variables[name] for name in network.parameter_names])
    assert cost(jacobians).multiplications == by_hand((5, 7, 3, 2), 1, False)


def test_with_a_regulariser_the_count_is_that_of_hand_written_code() -> None:
    network = networks.shallow(5, 7, 3, regularization=0.1)
    jacobians = derivative(network.loss, [network.variables[name] for name in network.parameter_names])
    assert cost(jacobians).multiplications == implicit.cost(network)[0] == by_hand((5, 7, 3), 1, False) + 5 * 7


def test_deriving_is_fast_and_linear_in_the_depth() -> None:
    network = networks.mlp(sizes_of_depth(50))
    variables = [network.variables[name] for name in network.parameter_names]
    start = time.perf_counter()
    jacobians = derivative(network.loss, variables)
    assert time.perf_counter() - start < 1.0
    # every adjoint is made once: all gradients together have at most a few nodes a layer
    adjoints = {id(operand) for one in jacobians for term in one.chain.reverse for operand in term.operands}
    assert len(adjoints) <= 4 * 50
    deep, shallow = (
        len(plan(derivative(n.loss, [n.variables[p] for p in n.parameter_names]), "reverse", {}).steps)
        for n in (networks.mlp(sizes_of_depth(48)), networks.mlp(sizes_of_depth(24)))
    )
    assert deep < 2.1 * shallow


def test_residual_blocks_do_not_multiply_the_terms() -> None:
    """Ten residual blocks have 1,024 paths; the adjoints are shared, and the work is linear."""
    steps = []
    for blocks in (10, 20):
        x = y = vector("x", 5)
        for k in range(blocks):
            y = y + np.tanh(matrix(f"W{k}", 5, 5) @ y)
        steps.append(derivative(y @ y, x).cost().multiplications)
    assert steps[1] < 2.2 * steps[0]


def test_two_hundred_residual_blocks() -> None:
    """The gradient by the input and by a weight that all blocks share: so many multiplications a block, and values."""

    def network(blocks: int, h: Any, W: Any) -> Any:
        for _ in range(blocks):
            h = h + np.tanh(W @ h)
        return h

    counts = {}
    for blocks in (199, 200):
        x, W = vector("x", 5), matrix("W", 3 + 2, 5)
        y = network(blocks, x, W)
        counts[blocks] = cost(derivative(y @ y, [x, W])).multiplications
    # a block: tanh′ times the adjoint, Wᵀ times that, and the outer product by W
    assert counts[200] - counts[199] == 5 + 25 + 25
    rng = np.random.default_rng(0)
    values = {"x": rng.normal(size=5), "W": rng.normal(size=(5, 5)) / 10}
    by_x, by_W = evaluate_together(derivative(y @ y, [x, W]), values)

    def loss(x: Any, W: Any) -> Any:
        return np.sum(network(200, x, W) ** 2)

    direction = rng.normal(size=5)
    slope = (
        loss(values["x"] + 1e-6 * direction, values["W"]) - loss(values["x"] - 1e-6 * direction, values["W"])
    ) / 2e-6
    np.testing.assert_allclose(by_x @ direction, slope, rtol=1e-6)
    step = 1e-6 * np.outer(direction, direction)
    slope = (loss(values["x"], values["W"] + step) - loss(values["x"], values["W"] - step)) / 2
    np.testing.assert_allclose(np.sum(by_W.T * step), slope, rtol=1e-5)


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_that_was_asked_for_is_the_one_that_runs(order: str) -> None:
    """∂r/∂x of a deep linear chain: matrix by matrix from the left, from the right, or the cheapest."""
    A, B, C, x = matrix("A", 11, 2), matrix("B", 2, 7), matrix("C", 7, 3), vector("x", 3)
    z = (C @ x).named("z")
    y = (A @ (B @ z).named("y")).named("r")
    J = derivative(y, x)
    expected = {
        "reverse": 11 * 2 * 7 + 11 * 7 * 3,
        "forward": 2 * 7 * 3 + 11 * 2 * 3,
        "minimal-fill": 2 * 7 * 3 + 11 * 2 * 3,
        "optimal": 2 * 7 * 3 + 11 * 2 * 3,
        "dense": 11 * 2 * 7 + 11 * 7 * 3,
    }
    found = J.cost(order=order)
    assert found.multiplications == expected[order]
    program = plan([J], order, {})
    first = next(step for step in program.steps if step.derivative and step.multiplications)
    rows = {"reverse": (11, 7), "forward": (2, 3), "minimal-fill": (2, 3), "optimal": (2, 3), "dense": (11, 7)}
    assert first.shape == rows[order]


def test_optimal_is_never_worse_than_reverse_or_forward() -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        sizes = [int(size) for size in rng.choice([2, 3, 5, 7, 11, 13], size=int(rng.integers(3, 16)))]
        y = x = vector("x", sizes[0])
        for k, (columns, rows) in enumerate(itertools.pairwise(sizes)):
            y = matrix(f"A{k}", rows, columns) @ y
        J = derivative(y, x)
        best = J.cost(order="optimal").multiplications
        assert best <= min(J.cost(order="reverse").multiplications, J.cost(order="forward").multiplications)


def test_the_dense_order_writes_every_factor_out() -> None:
    network = networks.shallow("d", "h", "n")
    J = derivative(network.loss, network.variables["W1"])
    sizes = {"d": 5, "h": 7, "n": 3}
    dense = J.cost(sizes, order="dense")
    # rᵀ W₂, then with diag(σ′) as h × h, then with I ⊗ x as h × d × h
    assert dense.multiplications == 3 * 7 + 7 * 7 + 7 * 5 * 7
    assert dense.peak_elements == 7 * 5 * 7
    assert dense.order == "dense"


def test_numbers_are_multiplied_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among arrays of one entry every order costs the same; the search through all of them takes its longest there."""

    def refused(*arguments: object, **options: object) -> None:
        raise AssertionError("searched")

    monkeypatch.setattr("opt_einsum.contract_path", refused)
    c, x = scalar("c"), vector("x", 1)
    J = derivative(np.exp(c) * np.sin(x) * np.cos(c * x) * np.tanh(x), x)
    assert J.cost({}, order="optimal").multiplications > 0


def test_a_cost_says_what_it_is_in_a_line() -> None:
    network = networks.shallow("d", "h", "n")
    J = derivative(network.loss, network.variables["W1"])
    assert (
        repr(J.cost({"d": 5000, "h": 3, "n": 2}))
        == "15,009 multiplications in 3 steps, largest array 15,000, order reverse"
    )


def test_a_cost_has_steps_and_the_largest_array() -> None:
    network = networks.shallow("d", "h", "n")
    found = derivative(network.loss, network.variables["W1"]).cost({"d": 5, "h": 7, "n": 3})
    assert found.multiplications == sum(step.multiplications for step in found.steps) == 3 * 7 + 7 + 7 * 5
    assert found.peak_elements == 35
    assert [step.shape for step in found.steps if step.multiplications] == [(7,), (7,), (5, 7)]


# --- too large for memory ---------------------------------------------------------------------------------------------

LARGE = {"d": 4096, "h": 4096, "n": 4096}


def test_the_large_tensor_is_instant_to_look_at() -> None:
    network = networks.shallow("d", "h", "n")
    J = derivative(network.intermediates["r"], network.variables["W1"])
    start = time.perf_counter()
    assert J.matrix_notation() == "(W₂ diag(σ′(z)))ᵀ ⊗ x"
    found = J.cost(LARGE)
    assert time.perf_counter() - start < 0.5
    assert found.peak_elements == 4096**3
    assert found.multiplications == 4096**2 + 4096**3
    through = derivative(network.loss, network.intermediates["r"]) @ J
    assert through.cost(LARGE).multiplications == 4096 * 4096 + 4096 + 4096 * 4096
    assert through.cost(LARGE).peak_elements == 4096 * 4096


@pytest.mark.parametrize("order", ORDERS)
def test_the_large_tensor_is_refused_before_it_is_allocated(order: str) -> None:
    network = networks.shallow("d", "h", "n")
    J = derivative(network.intermediates["r"], network.variables["W1"])
    row = np.broadcast_to(0.5, (4096, 4096))
    values = {"x": row[0], "W1": row, "b1": row[0], "W2": row}
    start = time.perf_counter()
    with pytest.raises(MaterializationError) as caught:
        J.evaluate(values, order=order)
    assert time.perf_counter() - start < 2.0
    text = str(caught.value)
    assert "evaluating ∂r/∂W₁" in text
    assert "4096 × 4096 × 4096 takes 550 GB" in text
    assert "multiply ∂r/∂W₁ from the left" in text
    assert ".matrix_notation()" in text
    assert isinstance(caught.value, MemoryError)


def test_the_limit_is_half_of_the_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1_000_000_000)
    memory.refuse_if_too_large([(499, 1000, 125)], "a", "b")
    with pytest.raises(MaterializationError, match=r"limit is 500 MB"):
        memory.refuse_if_too_large([(501, 1000, 125)], "a", "b")
    with pytest.raises(MaterializationError, match=r"3 arrays take 1\.20 GB together"):
        memory.refuse_if_too_large([(400, 1000, 125)] * 3, "a", "b")


def test_the_multiplied_chain_runs_where_the_tensor_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """∂ℓ/∂r @ ∂r/∂W₁ never forms ∂r/∂W₁."""
    monkeypatch.setattr(memory, "available", lambda: 150_000_000)
    network = networks.shallow(211, 223, 227, activation="tanh")
    rng = np.random.default_rng(0)
    values = {**network.parameters(rng), **network.sample(rng)}
    r, W1 = network.intermediates["r"], network.variables["W1"]
    with pytest.raises(MaterializationError, match=re.escape("227 × 211 × 223 takes 85.4 MB")):
        derivative(r, W1).evaluate({name: values[name] for name in ("W1", "b1", "W2", "b2", "x", "t")})
    gradient = (derivative(network.loss, r) @ derivative(r, W1)).evaluate(values)
    np.testing.assert_allclose(gradient, implicit.backprop(network, values)["W1"], rtol=1e-10, atol=1e-12)
