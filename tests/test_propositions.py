"""Propositions 1 and 2 with the formulas of their proofs, and Diagram 3: as algebra, and by value."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from helpers import LAYOUTS, ORDERS, assert_close, central_differences, in_layout, literal_product, numerator

from jacobians import append_one, derivative, evaluate, half_squared_norm, implicit, matrix, networks, sigmoid, vector
from jacobians.compiler.evaluation import evaluate_together

#: Distinct primes, and one case of equal sizes: there a wrong layout has the right shape.
SHALLOW_SIZES = [(5, 7, 3), (3, 2, 11), (4, 4, 4)]
DEEP_SIZES = [(5, 7, 2, 3), (3, 3, 3, 3)]
ACTIVATIONS = ("sigmoid", "tanh", "relu", "softplus")


def values_of(network: networks.Network, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {**network.parameters(rng), **network.sample(rng)}


# --- as algebra -----------------------------------------------------------------------------------------------------


def affine() -> tuple[Any, ...]:
    W, x, b = matrix("W", "h", "d"), vector("x", "d"), vector("b", "h")
    return W, x, b, (W @ x + b).named("z")


def test_proposition_1_algebra() -> None:
    W, x, b, z = affine()
    J = derivative(z, W)
    assert J.shape == ("h", "d", "h")
    assert (J.symbol, J.item, J.einsum) == ("∂z/∂W", "4", "j->iji")
    assert J.operands == ((x,),)
    assert J.index_notation() == "(∂z/∂W)_{ijk} = δ_{ik} x_j"
    assert J.matrix_notation() == "I_h ⊗ x"
    by_bias = derivative(z, b)
    assert (by_bias.einsum, by_bias.matrix_notation()) == ("->ii", "I_h")
    assert by_bias.index_notation() == "(∂z/∂b)_{ij} = δ_{ij}"


def test_proposition_1_by_value() -> None:
    W, _, b, z = affine()
    rng = np.random.default_rng(1)
    h, d = 7, 5
    x = rng.normal(size=d)
    tensor = derivative(z, W).evaluate({"x": x}, sizes={"h": h})
    for i in range(h):
        for j in range(d):
            for k in range(h):  # the proof's δ_ij x_k, at (∂z/∂W)_ijk = ∂z_i/∂w_kj
                assert tensor[i, j, k] == (x[j] if i == k else 0.0)
    assert_close(derivative(z, b).evaluate({}, sizes={"h": h}), np.eye(h), 0)


def test_proposition_2_algebra() -> None:
    network = networks.shallow("d", "h", "n", augmented=True)
    inner, outer = derivative(network.loss, [network.variables["W1_tilde"], network.variables["W2_tilde"]])
    assert inner.matrix_notation() == "x̃ rᵀ W₂ diag(σ′(z))"
    assert inner.shape == ("d+1", "h")
    assert inner.einsum == "a,aj,j,i->ij"
    assert outer.matrix_notation() == "s̃ rᵀ"
    assert outer.shape == ("h+1", "n")
    assert [factor.symbol for factor in inner.factors] == ["∂ℓ/∂r", "∂r/∂s̃", "∂s̃/∂s", "∂s/∂z", "∂z/∂W̃₁"]
    assert [factor.matrix_notation() for factor in inner.factors] == [
        "rᵀ",
        "W̃₂",
        "[I_h; 0]",
        "diag(σ′(z))",
        "I_h ⊗ x̃",
    ]
    assert [factor.item for factor in inner.factors] == ["1a", "1", "1", "1", "4"]
    assert [factor.shape for factor in inner.factors] == [
        ("n",),
        ("n", "h+1"),
        ("h+1", "h"),
        ("h", "h"),
        ("h", "d+1", "h"),
    ]


def test_proposition_2_with_weights_and_biases_apart() -> None:
    network = networks.shallow("d", "h", "n")
    jacobians = derivative(network.loss, [network.variables[name] for name in network.parameter_names])
    assert [one.matrix_notation() for one in jacobians] == [
        "x rᵀ W₂ diag(σ′(z))",
        "rᵀ W₂ diag(σ′(z))",
        "s rᵀ",
        "rᵀ",
    ]
    assert [one.shape for one in jacobians] == [("d", "h"), ("h",), ("h", "n"), ("n",)]
    assert [one.einsum for one in jacobians] == ["a,aj,j,i->ij", "a,ai,i->i", "j,i->ij", "i->i"]
    assert [factor.symbol for factor in jacobians[0].factors] == ["∂ℓ/∂r", "∂r/∂s", "∂s/∂z", "∂z/∂W₁"]


def test_proposition_2_the_formulas_of_the_proof() -> None:
    network = networks.shallow("d", "h", "n")
    ell, r, s, z = (network.intermediates[name] for name in ("ell", "r", "s", "z"))
    W1, W2 = network.variables["W1"], network.variables["W2"]
    assert derivative(ell, r).index_notation() == "(∂ℓ/∂r)_i = r_i"
    assert derivative(r, W2).index_notation() == "(∂r/∂W₂)_{ijk} = δ_{ik} s_j"
    assert derivative(r, W2).matrix_notation() == "I_n ⊗ s"
    assert derivative(r, s).matrix_notation() == "W₂"
    assert derivative(s, z).index_notation() == "(∂s/∂z)_{ij} = δ_{ij} σ′(z_i)"
    assert derivative(z, W1).index_notation() == "(∂z/∂W₁)_{ijk} = δ_{ik} x_j"
    J = derivative(r, W1)
    assert (J.matrix_notation(), J.einsum, J.shape) == ("(W₂ diag(σ′(z)))ᵀ ⊗ x", "ik,k,j->ijk", ("n", "d", "h"))


def test_diagram_3_algebra() -> None:
    """The gradient that the last page of the notes scrambles (slip 2), d × h₁."""
    network = networks.two_hidden("d", "h1", "h2", "n")
    J = derivative(network.loss, network.variables["W1"])
    assert J.matrix_notation() == "x rᵀ W₃ diag(σ′(z₂)) W₂ diag(σ′(z₁))"
    assert J.shape == ("d", "h1")
    assert [factor.symbol for factor in J.factors] == [
        "∂ℓ/∂r",
        "∂r/∂s₂",
        "∂s₂/∂z₂",
        "∂z₂/∂s₁",
        "∂s₁/∂z₁",
        "∂z₁/∂W₁",
    ]
    augmented = networks.two_hidden("d", "h1", "h2", "n", augmented=True)
    J = derivative(augmented.loss, augmented.variables["W1_tilde"])
    assert J.matrix_notation() == "x̃ rᵀ W₃ diag(σ′(z₂)) W₂ diag(σ′(z₁))"


def test_a_deeper_network_has_the_same_pattern() -> None:
    network = networks.mlp(("d", "a", "b", "c", "n"), activation="tanh")
    J = derivative(network.loss, network.variables["W2"])
    assert J.matrix_notation() == "s₁ rᵀ W₄ diag(σ′(z₃)) W₃ diag(σ′(z₂))"


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_prints_as_sigma(activation: str) -> None:
    network = networks.shallow("d", "h", "n", activation=activation)
    assert derivative(network.loss, network.variables["W1"]).matrix_notation() == "x rᵀ W₂ diag(σ′(z))"


def test_two_activations_print_by_name() -> None:
    W, V, x = matrix("W", "h", "d"), matrix("V", "n", "h"), vector("x", "d")
    z = (W @ x).named("z")
    y = sigmoid((V @ np.tanh(z)).named("u")).named("y")
    assert derivative(y, x).matrix_notation() == "diag(sigmoid′(u)) V diag(tanh′(z)) W"


def test_with_a_batch_the_chain_is_written_with_hadamard_products() -> None:
    network = networks.shallow("d", "h", "n", batch="N")
    J = derivative(network.loss, network.variables["W1"])
    assert J.matrix_notation() == "xᵀ ((r W₂) ⊙ σ′(z))"
    assert J.shape == ("d", "h")


def test_the_jacobian_of_a_sample_is_diagonal_in_the_batch() -> None:
    """∂rₙ/∂W exists for every sample, and ∂s/∂z repeats the index of the batch: zeros are not stored."""
    network = networks.shallow("d", "h", "n", batch="N")
    r, s, z = (network.intermediates[name] for name in ("r", "s", "z"))
    J = derivative(s, z)
    assert (J.shape, J.einsum) == (("N", "h", "h", "N"), "ij->ijji")
    per_sample = derivative(r, network.variables["W1"])
    assert per_sample.shape == ("N", "n", "d", "h")
    assert per_sample.einsum == "jl,il,ik->ijkl"
    sizes = {"N": 11, "d": 5, "h": 7, "n": 3}
    # the h × n slopes of a sample are made once, then one product with x: no zero is touched
    assert per_sample.cost(sizes).multiplications == 11 * (3 * 7 + 3 * 7 * 5)
    assert per_sample.cost(sizes).peak_elements == 11 * 3 * 5 * 7


# --- by value -------------------------------------------------------------------------------------------------------


def autograd_loss(network: networks.Network, values: dict[str, Any]) -> Any:
    """The loss, by autograd's NumPy: a third implementation of the forward pass."""
    depth = len(network.sizes) - 1
    activation = {
        "sigmoid": lambda z: 0.5 * (anp.tanh(0.5 * z) + 1),
        "tanh": anp.tanh,
        "relu": lambda z: anp.where(z > 0, z, 0.0),
        "softplus": lambda z: anp.logaddexp(0.0, z),
    }[network.activation]
    s = anp.atleast_2d(values["x"])
    for k in range(1, depth + 1):
        if network.augmented:
            W, b = values[f"W{k}_tilde"][:, :-1], values[f"W{k}_tilde"][:, -1]
        else:
            W, b = values[f"W{k}"], values[f"b{k}"]
        z = anp.dot(s, W.T) + b
        s = activation(z) if k < depth else z
    t = np.atleast_2d(values["t"])
    if network.loss_name == "squared":
        loss = 0.5 * anp.sum((s - t) ** 2)
    else:
        top = anp.max(s, axis=1, keepdims=True)
        loss = anp.sum(t * (top + anp.log(anp.sum(anp.exp(s - top), axis=1, keepdims=True)) - s))
    if network.regularization:
        loss = loss + network.regularization * anp.sum(values["W1_tilde" if network.augmented else "W1"] ** 2)
    return loss


def check_gradients(network: networks.Network, seed: int = 0) -> None:
    """All gradients, in every order, against hand-written backpropagation, autograd and central differences."""
    values = values_of(network, seed)
    assert float(evaluate(network.loss, values)) == pytest.approx(implicit.loss(network, values), rel=1e-13)
    witness = implicit.backprop(network, values)
    names = network.parameter_names
    jacobians = derivative(network.loss, [network.variables[name] for name in names])
    for order in ORDERS:
        for name, array in zip(names, evaluate_together(jacobians, values, order), strict=True):
            assert_close(array, witness[name], 1e-12)
    for name, jacobian in zip(names, jacobians, strict=True):
        ad = autograd.grad(lambda value, name=name: autograd_loss(network, {**values, name: value}))(values[name])
        for order in ORDERS:
            assert_close(jacobian.evaluate(values, layout="ad", order=order), ad, 1e-12)
        differences = central_differences(
            lambda value, name=name: implicit.loss(network, {**values, name: value}), values[name]
        )
        if network.activation != "relu":  # a step over its kink is no derivative; autograd is the witness there
            assert_close(jacobian.evaluate(values, layout="ad"), differences, 1e-8)


@pytest.mark.parametrize("augmented", [False, True])
@pytest.mark.parametrize("sizes", SHALLOW_SIZES)
def test_proposition_2_by_value(sizes: tuple[int, int, int], augmented: bool) -> None:
    check_gradients(networks.shallow(*sizes, augmented=augmented))


@pytest.mark.parametrize("augmented", [False, True])
@pytest.mark.parametrize("sizes", DEEP_SIZES)
def test_diagram_3_by_value(sizes: tuple[int, int, int, int], augmented: bool) -> None:
    check_gradients(networks.two_hidden(*sizes, augmented=augmented))


@pytest.mark.parametrize("batch", [None, 13])
@pytest.mark.parametrize("loss", ["squared", "cross-entropy"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_losses_and_batches_by_value(activation: str, loss: str, batch: int | None) -> None:
    for augmented in (False, True):
        network = networks.mlp((3, 7, 5, 2), activation=activation, loss=loss, augmented=augmented, batch=batch)
        check_gradients(network, seed=2)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("sizes", SHALLOW_SIZES)
def test_the_tensor_of_residuals_by_inner_weights_in_every_layout(sizes: tuple[int, int, int], layout: str) -> None:
    network = networks.shallow(*sizes, activation="tanh")
    values = values_of(network)
    J = derivative(network.intermediates["r"], network.variables["W1"])

    def residual(W1: Any) -> Any:
        s = anp.tanh(anp.dot(W1, values["x"]) + values["b1"])
        return anp.dot(values["W2"], s) + values["b2"] - values["t"]

    ad = autograd.jacobian(residual)(values["W1"])
    expected = in_layout(ad, (sizes[2],), (sizes[1], sizes[0]), layout)
    for order in ORDERS:
        assert_close(J.evaluate(values, layout=layout, order=order), expected, 1e-12)
    assert J.to_layout(layout).shape == expected.shape
    assert_close(J.to_layout(layout).evaluate(values), expected, 1e-12)


@pytest.mark.parametrize("sizes", SHALLOW_SIZES)
def test_the_per_sample_jacobian_by_value(sizes: tuple[int, int, int]) -> None:
    network = networks.shallow(*sizes, activation="tanh", batch=11)
    single = networks.shallow(*sizes, activation="tanh")
    values = values_of(network)
    J = derivative(network.intermediates["r"], network.variables["W1"])
    one = derivative(single.intermediates["r"], single.variables["W1"])
    tensors = J.evaluate(values)
    for row in range(11):
        sample = {**values, "x": values["x"][row], "t": values["t"][row]}
        assert_close(tensors[row], one.evaluate(sample), 1e-12)


def test_the_literal_product_is_the_product_of_dense_tensors() -> None:
    """Every factor written out, multiplied by NumPy: nothing of the calculus but the factors themselves."""
    network = networks.two_hidden(5, 7, 2, 3, augmented=True)
    values = values_of(network)
    witness = implicit.backprop(network, values)
    for name in network.parameter_names:
        factors = derivative(network.loss, network.variables[name]).factors
        assert_close(literal_product(factors, values), witness[name], 1e-12)


# --- two paths ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("augmented", [False, True])
def test_a_regulariser_makes_two_paths(augmented: bool) -> None:
    network = networks.shallow(5, 7, 3, augmented=augmented, regularization=0.3)
    check_gradients(network)
    name = "W1_tilde" if augmented else "W1"
    W1, ell, r = network.variables[name], network.loss, network.intermediates["r"]
    whole = derivative(ell, W1)
    x, W = ("x̃", "W̃₁") if augmented else ("x", "W₁")
    assert whole.matrix_notation() == f"{x} rᵀ W₂ diag(σ′(z)) + 0.6 {W}ᵀ"
    values = values_of(network)
    through = derivative(ell, r) @ derivative(r, W1)
    # the product through r is the sum over the paths that pass r, and one path does not
    part = through.evaluate(values)
    assert_close(whole.evaluate(values) - part, 0.6 * values[name].T, 1e-12)
    assert through.symbol != whole.symbol
    assert len(whole.factors) == 1


def test_without_a_regulariser_the_product_is_the_derivative() -> None:
    network = networks.shallow(5, 7, 3)
    W1, ell, r = network.variables["W1"], network.loss, network.intermediates["r"]
    through, whole = derivative(ell, r) @ derivative(r, W1), derivative(ell, W1)
    assert (through.einsum, through.symbol, through.shape) == (whole.einsum, whole.symbol, whole.shape)


def test_a_residual_connection_is_a_sum_with_an_identity() -> None:
    W, x = matrix("W", "d", "d"), vector("x", "d")
    y = (x + np.tanh((W @ x).named("z"))).named("y")
    J = derivative(y, x)
    assert J.matrix_notation() == "I_d + diag(σ′(z)) W"
    rng = np.random.default_rng(3)
    values = {"W": rng.normal(size=(7, 7)), "x": rng.normal(size=7)}
    expected = autograd.jacobian(lambda v: v + anp.tanh(anp.dot(values["W"], v)))(values["x"])
    for order in ORDERS:
        assert_close(J.evaluate(values, order=order), expected, 1e-12)


def test_second_derivatives_of_a_network_by_value() -> None:
    """The Hessian of the loss by the input: derivatives of derivatives follow the same rules."""
    network = networks.shallow(3, 5, 2, activation="tanh")
    values = values_of(network)
    x = network.variables["x"]
    H = derivative(derivative(network.loss, x), x)
    expected = autograd.hessian(lambda v: autograd_loss(network, {**values, "x": v}))(values["x"])
    for order in ("reverse", "forward", "optimal"):
        assert_close(H.evaluate(values, order=order), numerator(expected, 1), 1e-11)


def test_a_restricted_weight_prints_by_its_own_name_only_where_that_is_free() -> None:
    x = vector("x", "d")
    W_tilde, W = matrix("W_tilde", "h", "d+1"), matrix("W", "h", "d")
    assert derivative(W_tilde @ append_one(x), x).matrix_notation() == "W"
    assert derivative(W_tilde @ append_one(x) + W @ x, x).matrix_notation() == "W̃[:, :d] + W"


def test_append_one_is_the_notes_x_tilde() -> None:
    x = vector("x", "d")
    assert append_one(x).shape == ("d+1",)
    assert derivative(append_one(x), x).matrix_notation() == "[I_d; 0]"
    assert half_squared_norm(x).shape == ()
