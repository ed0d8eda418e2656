"""`check_derivative`: right claims pass, wrong ones are told apart, and the report says why."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from jacobians import (
    DataError,
    Expression,
    LayoutError,
    NamingError,
    ShapeError,
    check_derivative,
    derivative,
    evaluate,
    implicit,
    jacobian,
    networks,
    testing,
    vector,
)
from jacobians.checking.named_constants import with_named_constants

RNG = np.random.default_rng(4)
A, x, W = RNG.normal(size=(3, 5)), RNG.normal(size=5), RNG.normal(size=(3, 5))
IX = np.einsum("ik,j->ijk", np.eye(3), x)


def test_a_right_claim() -> None:
    report = check_derivative(lambda x: A @ x, x, A)
    assert report.ok
    assert report.diagnosis is None
    assert report.max_error < 1e-13
    assert "right" in str(report)


@pytest.mark.parametrize("claimed", [2 * x, 2 * x[None]])
def test_the_row_of_item_1a_has_one_axis_or_two(claimed: Any) -> None:
    report = check_derivative(lambda x: x @ x, x, claimed)
    assert report.ok
    assert "1 × 5 or (5,)" in repr(report)


@pytest.mark.parametrize("claimed", [A[:, 0], A[:, :1]])
def test_the_column_of_item_1b(claimed: Any) -> None:
    assert check_derivative(lambda t: A[:, 0] * t, 2.0, claimed).ok


@pytest.mark.parametrize("layout", ["numerator", "denominator", "ad", "vec"])
def test_a_layout_is_asked_for_and_the_others_are_named(layout: str) -> None:
    B = RNG.normal(size=(2, 3))  # ∂(B W x)/∂W has entries b_ik x_j, and no symmetry: I ⊗ x is its own reversal
    right = np.einsum("ik,j->ijk", B, x)
    rights = {
        "numerator": right,
        "denominator": right.T,
        "ad": right.transpose(0, 2, 1),
        "vec": np.kron(x, B),
    }
    words = {"numerator": "numerator", "denominator": "denominator", "ad": '"ad"', "vec": "vec with columns"}
    for name, claimed in rights.items():
        report = check_derivative(lambda W: B @ W @ x, W, claimed, layout=layout)
        assert report.ok == (name == layout)
        if name != layout:
            assert words[name] in (report.diagnosis or "")
            assert name.strip('"') in str(report)


def test_a_function_claims() -> None:
    assert check_derivative(np.tanh, x, lambda x: np.diag(1 - np.tanh(x) ** 2)).ok


def test_several_arguments() -> None:
    def f(W: Any, x: Any) -> Any:
        return W @ x

    assert check_derivative(f, (W, x), (IX, W)).ok
    assert check_derivative(f, (W, x), W, argnums=1).ok
    assert check_derivative(f, (W, x), IX).ok
    assert check_derivative(f, (W, x), lambda W, x: (np.einsum("ik,j->ijk", np.eye(3), x), W)).ok
    assert check_derivative(f, (W, x), jacobian(f, argnums=(0, 1))).ok
    report = check_derivative(f, (W, x), (IX, 2 * W))
    assert not report.ok
    assert report.diagnosis == "factor 2"
    assert "∂f/∂W is right" in str(report)
    assert "∂f/∂x is not" in str(report)
    report = check_derivative(f, (W, x), (W, IX))
    assert "another argument" in (report.diagnosis or "")


def test_an_opaque_function() -> None:
    def opaque(x: Any) -> Any:
        return np.array([float(x[0]) * float(x[1]), max(float(one) for one in x)])

    at = np.array([1.0, 2.0, 5.0])
    assert check_derivative(opaque, at, [[2.0, 1.0, 0.0], [0.0, 0.0, 1.0]]).ok
    report = check_derivative(opaque, at, [[2.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    assert report.worst_index in [(1, 1), (1, 2)]
    assert report.max_error == pytest.approx(1.0)


def test_the_report() -> None:
    wrong = A.copy()
    wrong[1, 2] += 1e-6
    report = check_derivative(lambda x: A @ x, x, wrong)
    assert report.worst_index == (1, 2)
    assert report.max_error == pytest.approx(1e-6, rel=1e-3)
    assert report.diagnosis == "correct except at listed entries"
    assert f"claimed[1, 2] = {A[1, 2]:.6f}"[:-2] in str(report)
    assert "[1, 2]" in str(report)
    assert max(len(line) for line in str(report).splitlines()) <= 80


def test_values_tell_where_shapes_cannot() -> None:
    S = RNG.normal(size=(3, 3))
    report = check_derivative(lambda x: S @ x, x[:3], S.T)
    assert report.diagnosis == "transposed: denominator layout"
    assert "shapes cannot tell" in str(report)
    assert "claimed.T" in str(report)
    assert "shapes cannot tell" not in str(check_derivative(lambda x: A @ x, x, A.T))


def test_a_kink() -> None:
    at = np.array([0.0, 1.0])
    report = check_derivative(np.abs, at, np.diag(np.sign(at)))
    assert not report.ok
    assert report.diagnosis == "the point is a kink"
    text = " ".join(str(report).split())
    assert "-1 from the left" in text
    assert "subgradient" in text
    assert report.worst_index == (0, 0)
    assert check_derivative(np.abs, 0.0, 0.0).diagnosis == "the point is a kink"
    assert "no finite slope" in str(check_derivative(np.cbrt, at, np.eye(2)))
    both = check_derivative(np.abs, at, np.diag([0.5, -1.0]))
    assert "kink" in (both.diagnosis or "")
    assert both.worst_index == (1, 1)
    shapeless = check_derivative(np.abs, at, np.sign(at))
    assert "kink" in (shapeless.diagnosis or "")


def test_an_assertion_has_the_same_text() -> None:
    testing.assert_derivative(np.sin, x, lambda x: np.diag(np.cos(x)))
    report = check_derivative(np.sin, x, np.cos(x))
    with pytest.raises(AssertionError) as caught:
        testing.assert_derivative(np.sin, x, np.cos(x))
    assert str(caught.value) == str(report)


def test_what_cannot_be_checked() -> None:
    with pytest.raises(LayoutError, match="unknown layout"):
        check_derivative(np.sin, x, x, layout="row")
    with pytest.raises(DataError, match="claimed"):
        check_derivative(np.sin, x, "cos")
    with pytest.raises(DataError, match="finite"):
        check_derivative(np.sin, np.array([np.nan]), 1.0)
    with pytest.raises(ShapeError, match="argnums 2"):
        check_derivative(np.sin, x, x, argnums=2)
    with pytest.raises(ShapeError, match="3 derivatives"):
        check_derivative(lambda W, x: W @ x, (W, x), (x, x, x))


# --- the chain ----------------------------------------------------------------------------------------------------


def loss(W: Any, x: Any) -> Any:
    r = B @ np.tanh(W @ x) - t
    return 0.5 * np.sum(r**2)


B, t = RNG.normal(size=(3, 3)), RNG.normal(size=3)
s = np.tanh(W @ x)
r = B @ s - t
delta = (r @ B) * (1 - s**2)


@pytest.mark.parametrize(
    ("claimed", "name", "told"),
    [
        (np.outer(x, r @ B), "missing σ′", "σ′(W x)"),
        (np.outer(r @ B, x), "missing σ′; and denominator layout", "σ′(W x)"),
        (np.outer(x, r * (1 - s**2)), "missing factor of the chain", "without its factor 4"),
        (np.outer(x, (r @ B.T) * (1 - s**2)), "J given for Jᵀ in a product", "transposed"),
        (np.outer(x, (r @ B) * s), "σ given for σ′", "σ(W x)"),
        (np.outer(x, (r @ B) * (1 - np.tanh(s) ** 2)), "σ′ at the wrong place", "at its value"),
    ],
)
def test_mistakes_in_the_chain(claimed: Any, name: str, told: str) -> None:
    assert check_derivative(loss, (W, x), np.outer(x, delta)).ok
    report = check_derivative(loss, (W, x), claimed)
    assert report.explanations[0].name == name
    assert told in " ".join(str(report).split())
    assert report.explanations[0].fix == "∂loss/∂W = x (B σ(W x) − t)ᵀ B diag(σ′(W x))"  # B and t by their names


def test_the_names_of_what_f_finds_outside() -> None:
    inner, scale = RNG.normal(size=(2, 5)), 2.0

    def f(x: Any, *, power: float = 3.0) -> Any:
        return scale * (inner @ x) ** power

    np.testing.assert_allclose(evaluate(with_named_constants(f)(vector("x", 5)), {"x": x}), f(x))
    assert isinstance(inner, np.ndarray)
    report = check_derivative(f, x, np.zeros((2, 5)))
    assert "inner" in report.right_text
    assert with_named_constants(np.tanh) is np.tanh
    assert "c[2 × 5]" in check_derivative(partial(np.dot, inner), x, np.zeros((2, 5))).right_text


def test_a_name_outside_that_is_also_an_argument() -> None:
    x = RNG.normal(size=3)

    def f(y: Any) -> Any:
        return np.sum(x * y) ** 2

    assert check_derivative(f, x, 4 * x * (x @ x)).diagnosis == "factor 2"


def test_containers_of_arrays() -> None:
    def f(p: Any, x: Any) -> Any:
        return p["W"] @ x + p["b"][0]

    point = ({"W": W, "b": [np.zeros(3)]}, x)
    right = {"W": IX, "b": [np.eye(3)]}
    assert check_derivative(f, point, right).ok
    assert check_derivative(f, point, (right, W)).ok
    report = check_derivative(f, point, ({"W": IX, "b": [2 * np.eye(3)]}, W))
    assert report.symbol == "∂f/∂p_b_0"
    assert "factor 2" in (report.diagnosis or "")
    assert check_derivative(f, point, (None, W)).ok
    with pytest.raises(ShapeError, match="missing 'b'"):
        check_derivative(f, point, {"W": IX})


@pytest.mark.parametrize(
    ("f", "at", "claimed"),
    [
        (lambda x: x * x, 3, 6.0),
        (lambda x: x * x, np.array([1, 2]), np.diag([2, 4])),
        (lambda x: [x[0] * x[1], 1.0], [2.0, 3.0], [[3.0, 2.0], [0.0, 0.0]]),
        (lambda x: float(x[0]), np.array([1.0, 2.0]), [1.0, 0.0]),
        (lambda n, x: np.sum(x) * n, (2, np.ones(3)), (3.0, 2 * np.ones(3))),
        (lambda x: x, np.ones((1, 1)), np.ones((1, 1, 1, 1))),
    ],
)
def test_numbers_lists_and_integers(f: Any, at: Any, claimed: Any) -> None:
    assert check_derivative(f, at, claimed).ok


def test_nothing_to_differentiate() -> None:
    with pytest.raises(ShapeError, match="no entry"):
        check_derivative(lambda x: x, np.ones(0), np.ones((0, 0)))
    with pytest.raises(ShapeError, match="nothing is claimed"):
        check_derivative(lambda x: x, x, None)
    with pytest.raises(ShapeError, match="1 derivatives"):
        check_derivative(lambda W, x: W @ x, (W, x), W, argnums=(0, 1))


def test_a_rough_function_is_said_to_be_rough() -> None:
    def rough(x: Any) -> Any:
        return np.asarray(np.sin(x), dtype=np.float16)

    report = check_derivative(rough, x, np.diag(np.cos(x)))
    assert report.verdict == "undecided"
    assert report.diagnosis == "f is too rough to tell"
    assert check_derivative(rough, x, np.diag(np.cos(x)) + 1.0).verdict == "wrong"
    single = check_derivative(lambda x: np.sin(np.float32(x)), x, np.diag(np.cos(x)))
    assert single.ok
    assert "noisy or rough" in str(single)
    assert "noisy or rough" not in str(check_derivative(np.sin, x, np.diag(np.cos(x))))


def test_digits_that_are_right() -> None:
    h = 1e-6
    quotients = np.stack([(np.sin(A @ (x + h * e)) - np.sin(A @ x)) / h for e in np.eye(5)], axis=1)
    report = check_derivative(lambda x: np.sin(A @ x), x, quotients)
    assert report.diagnosis == "right to some digits"
    assert "difference quotient" in str(report)
    single = (np.cos(A @ x)[:, None] * A).astype(np.float32)
    assert check_derivative(lambda x: np.sin(A @ x), x, single).ok
    assert "single precision" in str(check_derivative(lambda x: np.sin(A @ x), x, single.astype(float)))


def test_a_layout_that_the_shape_fits_is_named() -> None:
    report = check_derivative(lambda W: B @ W @ x, W, RNG.normal(size=(3, 3, 5)))
    assert report.diagnosis == "no known mistake reproduces the claim"
    assert 'claimed   3 × 3 × 5, the shape of "ad" layout' in str(report)


def test_missing_terms_and_wrong_signs() -> None:
    S = RNG.normal(size=(5, 5))
    report = check_derivative(lambda x: x @ S @ x, x, S @ x)
    assert report.diagnosis == "missing term: the product rule, or a path"
    report = check_derivative(lambda x: np.sin(x) / np.cosh(x), 0.3, np.cos(0.3) / np.cosh(0.3))
    assert report.diagnosis == "missing term: the product rule, or a path"
    wrong = np.cos(0.3) / np.cosh(0.3) + np.sin(0.3) * np.sinh(0.3) / np.cosh(0.3) ** 2
    assert check_derivative(lambda x: np.sin(x) / np.cosh(x), 0.3, wrong).diagnosis == "wrong sign of a term"


def test_factors_that_are_large_are_not_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jacobians.checking.mistakes.chain.LARGEST", 10)
    report = check_derivative(loss, (W, x), np.outer(x, r @ B))
    assert report.diagnosis == "missing σ′"


def test_a_trace_is_never_its_own_witness() -> None:
    """f does another thing with expressions than with arrays; the arrays count."""

    def two_faced(x: Any) -> Any:
        return x * 3.0 if isinstance(x, Expression) else x * 2.0

    assert check_derivative(two_faced, x, 2.0 * np.eye(5)).ok
    report = check_derivative(two_faced, x, 3.0 * np.eye(5))
    assert not report.ok
    assert report.right_text == ""
    assert "differences find" in " ".join(str(report).split())


def test_an_expression_and_a_jacobian_of_ours() -> None:
    network = networks.shallow(5, 3, 2, activation="tanh")
    values = {**network.parameters(RNG), **network.sample(RNG)}
    right = implicit.backprop(network, values)
    assert check_derivative(network.loss, values, right).ok
    assert check_derivative(network.loss, values, right["b1"], argnums="b1").ok
    report = check_derivative(network.loss, values, {**right, "W2": right["W2"].T})
    assert "transposed: denominator layout" in (report.diagnosis or "")
    assert report.symbol == "∂ℓ/∂W₂"
    J = derivative(network.loss, network.variables["W1"])
    assert check_derivative(J, values, right["W1"]).ok
    z = values["W1"] @ values["x"] + values["b1"]
    no_prime = right["W1"] / (1 - np.tanh(z) ** 2)
    report = check_derivative(J, values, no_prime)
    assert report.explanations[0].name == "missing σ′"
    assert "∂s/∂z" in str(report)
    by_z = J.factors[0] @ J.factors[1] @ J.factors[2]
    assert check_derivative(by_z, values, right["b1"]).ok


def test_names_that_are_missing() -> None:
    network = networks.shallow(5, 3, 2)
    values = {**network.parameters(RNG), **network.sample(RNG)}
    with pytest.raises(NamingError, match="argnums"):
        check_derivative(network.loss, values, np.ones(3))
    with pytest.raises(NamingError, match="W9"):
        check_derivative(network.loss, values, {"W9": np.ones(3)})
    with pytest.raises(NamingError, match="needs"):
        check_derivative(network.loss, {"W1": values["W1"]}, {"W1": values["W1"]})
