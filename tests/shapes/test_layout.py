"""The four layouts: definitions entry by entry, conversions both ways, on arrays and on Jacobians."""

from __future__ import annotations

import itertools

import autograd
import numpy as np
import pytest
from helpers import LAYOUTS, assert_close, in_layout

from jacobians import LayoutError, ShapeError, convert_layout, derivative, matrix, vector

SHAPES = [((), ()), ((), (3,)), ((2,), ()), ((2,), (3,)), ((), (3, 5)), ((2, 7), ()), ((2,), (3, 5)), ((2, 7), (3,))]
SHAPES += [((2, 7), (3, 5)), ((3, 3), (3, 3)), ((2,), (3, 5, 7)), ((1,), (1, 3))]


@pytest.mark.parametrize(("of", "wrt"), SHAPES)
def test_conversions_are_exact_both_ways(of: tuple[int, ...], wrt: tuple[int, ...]) -> None:
    ad = np.random.default_rng(0).normal(size=of + wrt)
    arrays = {layout: in_layout(ad, of, wrt, layout) for layout in LAYOUTS}
    for source, target in itertools.product(LAYOUTS, repeat=2):
        assert_close(convert_layout(arrays[source], of, wrt, source, target), arrays[target], 0)


def test_vec_is_the_kronecker_product_of_the_matrix_calculus_books() -> None:
    """∂vec(A X B)/∂vec(X)ᵀ = Bᵀ ⊗ A (Magnus and Neudecker)."""
    A, X, B = matrix("A", 2, 3), matrix("X", 3, 5), matrix("B", 5, 7)
    rng = np.random.default_rng(1)
    values = {"A": rng.normal(size=(2, 3)), "B": rng.normal(size=(5, 7))}
    J = derivative(A @ X @ B, X)
    assert_close(J.evaluate(values, layout="vec"), np.kron(values["B"].T, values["A"]), 1e-14)


def test_the_vec_of_a_transpose_is_the_commutation_matrix() -> None:
    X = matrix("X", 2, 3)
    K = derivative(X.T, X).evaluate({}, layout="vec")
    value = np.arange(6.0).reshape(2, 3)
    assert_close(K @ value.reshape(-1, order="F"), value.T.reshape(-1, order="F"), 0)


def test_the_denominator_layout_is_the_full_reversal() -> None:
    W, x = matrix("W", "h", "d"), vector("x", "d")
    J = derivative((W @ x).named("z"), W)
    assert J.T.shape == J.to_layout("denominator").shape == ("h", "d", "h")
    assert J.T.T is J
    value = np.array([2.0, 3.0])
    assert_close(J.T.evaluate({"x": value}, sizes={"h": 5}), J.evaluate({"x": value}, sizes={"h": 5}).T, 0)


def test_views_have_symbolic_shapes() -> None:
    W, x = matrix("W", "h", "d"), vector("x", "d")
    J = derivative((W @ x).named("z"), W)
    assert J.to_layout("numerator").shape == ("h", "d", "h")
    assert J.to_layout("ad").shape == ("h", "h", "d")
    assert J.to_layout("vec").shape == ("h", "d*h")
    assert J.to_layout("ad").to_layout("vec").shape == ("h", "d*h")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_second_derivatives_apply_the_layout_to_every_differentiation(layout: str) -> None:
    """ad is Y, X₁, X₂ as JAX has it; vec is ∂vec(∇f)/∂vec(X)ᵀ, symmetric; denominator the full reversal."""
    X, a, b = matrix("X", 3, 5), vector("a", 3), vector("b", 5)
    rng = np.random.default_rng(2)
    values = {"X": rng.normal(size=(3, 5)), "a": rng.normal(size=3), "b": rng.normal(size=5)}
    H = derivative(derivative(np.exp(a @ X @ b), X), X)
    hessian = autograd.hessian(lambda value: autograd.numpy.exp(values["a"] @ value @ values["b"]))(values["X"])
    found = H.evaluate(values, layout=layout)
    expected = {
        "ad": hessian,
        "vec": hessian.transpose(1, 0, 3, 2).reshape(15, 15),
        "numerator": hessian.transpose(1, 0, 3, 2),
        "denominator": hessian.transpose(1, 0, 3, 2).transpose(),
    }[layout]
    assert_close(found, expected, 1e-12)
    assert H.to_layout(layout).shape == expected.shape
    if layout == "vec":
        assert_close(found, found.T, 1e-12)


@pytest.mark.parametrize("layout", ["jax", "", "Numerator", None, 3])
def test_an_unknown_layout_lists_the_four(layout: object) -> None:
    with pytest.raises(LayoutError, match="'numerator', 'denominator', 'ad', 'vec'"):
        convert_layout(np.zeros((2, 3)), (2,), (3,), "numerator", layout)  # type: ignore[arg-type]


def test_a_wrong_shape_names_the_layouts_that_it_has() -> None:
    with pytest.raises(LayoutError, match=r"has shape \(2, 5, 3\), got an array of shape \(2, 3, 5\).*the 'ad' layout"):
        convert_layout(np.zeros((2, 3, 5)), (2,), (3, 5), "numerator", "vec")


def test_symbolic_shapes_are_refused_for_arrays() -> None:
    with pytest.raises(ShapeError, match="an array has integer sizes"):
        convert_layout(np.zeros((2, 3)), ("p",), (3,), "ad", "vec")  # type: ignore[arg-type]
