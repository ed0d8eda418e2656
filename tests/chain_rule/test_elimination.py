"""Orders of elimination: minimal fill, names in an order, and what each costs before anything runs."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from helpers import ORDERS, assert_close

from jacobians import OptionError, derivative, matrix, networks, softmax, vector
from jacobians.expressions.nodes import Expression


def linear_chain(sizes: list[int]) -> tuple[Expression, Expression, list[str]]:
    """y = A₁ A₂ … A_k x with every product named, and the names from y down."""
    y: Expression = vector("x", sizes[-1])
    x, names = y, []
    for k in range(len(sizes) - 2, -1, -1):
        y = (matrix(f"A{k}", sizes[k], sizes[k + 1]) @ y).named(f"y{k}")
        names.append(f"y{k}")
    return y, x, names[::-1][1:]


def values_of(y: Expression, rng: np.random.Generator) -> dict[str, np.ndarray]:
    from jacobians.expressions.nodes import Variable
    from jacobians.expressions.walks import walk

    return {node.name: rng.normal(size=node.shape) for node in walk([y]) if isinstance(node, Variable)}


def test_minimal_fill_beats_both_ends_where_wide_and_narrow_alternate() -> None:
    """11 ← 2 ← 13 ← 2 ← … : each wide one in the middle is taken out first, at 2·13·2 multiplications a time."""
    y, x, _ = linear_chain([11, 2, 13, 2, 13, 2, 13, 2, 13, 2, 13, 2, 13, 2, 13, 2, 7])
    J = derivative(y, x)
    found = J.costs()
    wide, narrow = 7, 7
    assert (
        found["minimal-fill"].multiplications == wide * 2 * 13 * 2 + (narrow - 1) * 2 * 2 * 2 + 2 * 2 * 7 + 11 * 2 * 7
    )
    assert found["optimal"].multiplications <= found["minimal-fill"].multiplications
    assert found["minimal-fill"].multiplications < found["forward"].multiplications / 3
    assert found["minimal-fill"].multiplications < found["reverse"].multiplications / 3
    values = values_of(y, np.random.default_rng(0))
    expected = np.linalg.multi_dot([values[f"A{k}"] for k in range(16)])
    for order in ORDERS:
        assert_close(J.evaluate(values, order=order), expected)


@pytest.mark.parametrize("names", list(itertools.permutations(["y1", "y2", "y3"])))
def test_an_order_of_names_is_the_parenthesisation_that_is_counted(names: tuple[str, ...]) -> None:
    sizes = [11, 2, 7, 3, 5]
    y, x, inner = linear_chain(sizes)
    assert inner == ["y1", "y2", "y3"]
    live, count = list(range(5)), 0
    for name in names:
        at = live.index(int(name[1:]))
        count += sizes[live[at - 1]] * sizes[live[at]] * sizes[live[at + 1]]
        del live[at]
    J = derivative(y, x)
    found = J.cost(order=names)
    assert found.multiplications == count
    assert found.order == ", ".join(names)
    values = values_of(y, np.random.default_rng(1))
    expected = np.linalg.multi_dot([values[f"A{k}"] for k in range(4)])
    assert_close(J.evaluate(values, order=list(names)), expected)
    matrices = {name: array for name, array in values.items() if name != "x"}
    assert_close(J.compile(order=names)(**matrices), expected)


def test_the_shallow_network_in_the_order_of_its_names() -> None:
    """rᵀ W₂ first, or W₂ diag(σ′) first, as the notes could have put their parentheses."""
    network = networks.shallow("d", "h", "n")
    J = derivative(network.loss, network.variables["W1"])
    sizes = {"d": 5, "h": 7, "n": 3}
    assert J.cost(sizes, order=["r", "s", "z"]).multiplications == J.cost(sizes).multiplications == 3 * 7 + 7 + 7 * 5
    assert J.cost(sizes, order=["s", "r", "z"]).multiplications == 3 * 7 + 3 * 7 + 7 * 5
    assert J.cost(sizes, order=["z", "s", "r"]).multiplications == 7 * 5 + 3 * 7 * 5 + 3 * 7 * 5
    rng = np.random.default_rng(0)
    bound = networks.shallow(5, 7, 3)
    values = {**bound.parameters(rng), **bound.sample(rng)}
    for names in itertools.permutations(["r", "s", "z"]):
        assert_close(J.evaluate(values, order=names), J.evaluate(values))


def test_names_that_are_given_values_are_not_computed_in_any_order() -> None:
    z = np.tanh(matrix("A", 3, 2) @ vector("x", 2)).named("z")
    J = derivative(z * z, z)
    for order in ORDERS:
        assert_close(J.evaluate({"z": [1.0, 2.0, 3.0]}, order=order), np.diag([2.0, 4.0, 6.0]))


def test_fan_out_softmax_and_residuals_by_minimal_fill() -> None:
    rng = np.random.default_rng(2)
    x = vector("x", 5)
    y: Expression = x
    for k in range(6):
        y = (y + matrix(f"B{k}", 5, 3) @ softmax(matrix(f"A{k}", 3, 5) @ y)).named(f"y{k}")
    J = derivative(y, x)
    values = values_of(y, rng)
    assert_close(J.evaluate(values, order="minimal-fill"), J.evaluate(values, order="forward"))
    assert J.cost(order="optimal").multiplications <= min(J.cost(order=one).multiplications for one in ORDERS)


def test_a_chain_rule_through_a_middle_is_eliminated_within_its_paths() -> None:
    """ℓ = ‖r‖² + ‖W‖²: the product through r leaves the second path out, in every order."""
    W, x = matrix("W", 3, 2), vector("x", 2)
    r = (W @ x).named("r")
    loss = (r @ r + np.sum(W * W)).named("ell")
    product = derivative(loss, r) @ derivative(r, W)
    values = {"W": np.arange(6.0).reshape(3, 2), "x": np.array([2.0, -1.0])}
    expected = 2 * np.outer(values["x"], values["W"] @ values["x"])
    for order in ORDERS:
        assert_close(product.evaluate(values, order=order), expected)


def test_eliminating_is_linear_in_depth() -> None:
    def seconds(blocks: int) -> float:
        x = vector("x", 5)
        y: Expression = x
        for k in range(blocks):
            y = y + np.tanh(matrix(f"W{k}", 5, 5) @ y)
        start = time.process_time()
        derivative(y, x).cost(order="minimal-fill")
        return time.process_time() - start

    seconds(4)
    assert seconds(80) < 7 * seconds(20)


def test_the_table_of_costs_has_every_order_cheapest_first() -> None:
    network = networks.shallow("d", "h", "n")
    J = derivative(network.loss, network.variables["W1"])
    lines = repr(J.costs({"d": 5, "h": 7, "n": 3})).splitlines()
    assert len(lines) == 1 + len(ORDERS)
    assert lines[0].split() == ["order", "multiplications", "largest", "array", "steps"]
    counts = [int(line.split()[-3].replace(",", "")) for line in lines[1:]]
    assert counts == sorted(counts)
    assert all(len(line) <= 80 for line in lines)


def test_bad_orders_of_names() -> None:
    network = networks.shallow("d", "h", "n")
    J = derivative(network.loss, network.variables["W1"])
    sizes = {"d": 5, "h": 7, "n": 3}
    with pytest.raises(
        OptionError, match=r"what lies between ell and W1, and 'q' does not; the names there are r, s, z"
    ):
        J.cost(sizes, order=["r", "q"])
    with pytest.raises(OptionError, match="names each expression once, got s, s"):
        J.cost(sizes, order=["s", "s"])
    with pytest.raises(OptionError, match="unknown order"):
        J.cost(sizes, order=[])


@pytest.mark.parametrize("order", ORDERS)
def test_a_variable_by_itself_and_a_name_by_a_name(order: str) -> None:
    x, W = vector("x", "d"), matrix("W", "h", "d")
    values = {"x": np.arange(1.0, 4.0), "W": np.arange(6.0).reshape(2, 3)}
    z = (W @ x).named("z")
    assert_close(derivative(z.named("y"), z).evaluate(values, order=order), np.eye(2), 0.0)
    for J in (derivative(x, x), derivative(x[:], x), derivative(x.named("y"), x)):
        assert_close(J.evaluate({"x": values["x"]}, order=order), np.eye(3), 0.0)
    assert_close((derivative(z, x) @ derivative(x, x)).evaluate(values, order=order), values["W"], 0.0)
