"""The witness: values within the estimate, and honest where there is no derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jacobians import DataError, ShapeError, UnsupportedError
from jacobians.checking.differences import witness

EPS = float(np.finfo(float).eps)
VANDERMONDE = np.vander(np.linspace(1, 2, 9))


def logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize(
    ("f", "x", "slope", "good_to"),
    [
        (np.tanh, 0.3, 1 - np.tanh(0.3) ** 2, 1e-10),
        (np.log, 1e-3, 1e3, 1e-8),
        (np.log, 1e-7, 1e7, 1e-8),
        (np.sqrt, 1e-4, 50.0, 1e-8),
        (lambda x: 1 / x, 1e-3, -1e6, 1e-8),
        (np.sin, 1e6, np.cos(1e6), 1e-7),
        (lambda x: np.sin(1000 * x), 0.3, 1000 * np.cos(300.0), 1e-8),
        (lambda x: np.sin(16 * np.pi * x), 0.3, 16 * np.pi * np.cos(4.8 * np.pi), 1e-8),
        (
            lambda x: np.cos(859.3449114344348 * x),
            0.27301239,
            -859.3449114344348 * np.sin(859.3449114344348 * 0.27301239),
            1e-8,
        ),
        (lambda x: np.tanh(20 * x), 2.0, 0.0, 1e-13),  # saturated: what 1 − tanh² gives is right
        (np.exp, 40.0, np.exp(40.0), 1e-8),
        (np.abs, 1e-6, 1.0, 1e-10),
        (lambda x: np.maximum(x, 0), 1e-13, 1.0, 1e-10),
        (lambda x: np.maximum(x, 0), 1e-28, 1.0, 1e-10),
        (lambda x: np.maximum(x, 0) ** 2, 0.0, 0.0, 1e-8),
        (lambda x: np.abs(x) * x, 0.0, 0.0, 1e-8),
        (lambda x: np.abs(x) ** 3, 0.0, 0.0, 1e-8),
        (lambda x: x**3, 0.0, 0.0, 1e-8),
        (lambda x: np.logaddexp(0, 1e4 * x) / 1e4, 0.0, 0.5, 1e-8),
        (lambda x: np.logaddexp(0, 1e4 * x) / 1e4, 1e-4, logistic(1.0), 1e-8),
        (lambda x: np.exp(x) / (1 + x * x), 1.0, 0.0, 1e-10),  # two terms of size 1 that cancel
        (lambda x: 1e8 + x * x, 1.3, 2.6, 1e-5),
        (lambda x: 1e8 + x * np.abs(x), 1.3, 2.6, 1e-5),
        (lambda x: 1e-9 * np.tanh(x), 0.4, 1e-9 * (1 - np.tanh(0.4) ** 2), 1e-17),
        (
            lambda x: np.float32(1.0) * np.tanh(np.float32(x)) if np.isrealobj(x) else x,
            0.3,
            1 - np.tanh(0.3) ** 2,
            1e-4,
        ),
        (lambda x: 3.0, 0.0, 0.0, 1e-12),
        (lambda x: np.where(x > 3.0, 5.0, 7.0), 3.5, 0.0, 1e-12),
    ],
)
def test_values_are_within_the_estimate(f: Callable[..., Any], x: float, slope: float, good_to: float) -> None:
    found = witness(f, np.asarray(x))
    allowed = found.bounds + found.rounding(EPS)
    assert not np.any(found.jumps)
    assert np.abs(found.values - slope) <= allowed
    assert allowed <= good_to * max(abs(slope), 1.0)


def test_an_ill_conditioned_function_has_a_wide_estimate() -> None:
    """Two right ways to a derivative that differ by rounding: the estimate knows that f is computed no better."""
    found = witness(lambda b: np.linalg.solve(VANDERMONDE, b), np.ones(9))
    assert np.all(np.abs(found.values - np.linalg.inv(VANDERMONDE)) <= found.bounds + found.rounding(EPS))


@pytest.mark.parametrize("x", [0.0, 2.0])
def test_the_axes_are_those_of_f_and_then_those_of_x(x: float) -> None:
    A = np.arange(6.0).reshape(2, 3)
    found = witness(lambda X: A @ X + x, np.ones((3, 5)))
    assert found.values.shape == (2, 5, 3, 5)
    np.testing.assert_allclose(found.values, np.einsum("ik,jl->ijkl", A, np.eye(5)), atol=1e-13)


@pytest.mark.parametrize(
    ("f", "x", "jump"),
    [
        (np.abs, 0.0, 2.0),
        (lambda x: np.maximum(x, 0), 0.0, 1.0),
        (lambda x: np.maximum(2 * x, 3 * x) + np.sin(x), 0.0, 1.0),
        (lambda x: np.abs(x - 1.7) + 1e3 * x, 1.7, 2.0),
        (np.floor, 3.0, np.inf),
        (lambda x: np.heaviside(x, 0.5), 0.0, np.inf),
        (np.cbrt, 0.0, np.inf),
    ],
)
def test_kinks_and_jumps(f: Callable[..., Any], x: float, jump: float) -> None:
    assert witness(f, np.asarray(x)).jumps == pytest.approx(jump, rel=1e-6)


def test_stairs_are_not_a_slope_of_zero() -> None:
    """On a stair all differences are zero. Whether that is the function or the rounding of one, f does not show."""
    assert witness(np.floor, np.asarray(3.5)).bounds > 1.0
    assert witness(lambda x: np.round(x, 3), np.asarray(0.31234)).values == pytest.approx(1.0, abs=0.02)


def test_one_kink_among_smooth_entries() -> None:
    found = witness(lambda x: np.concatenate([np.abs(x), np.sin(x)]), np.array([0.0, 0.3]))
    assert np.argwhere(found.jumps).tolist() == [[0, 0]]


def test_what_is_no_derivative_is_refused() -> None:
    with np.errstate(all="ignore"), pytest.raises(DataError, match="inf at entry"):
        witness(lambda x: 1 / x, np.zeros(2))
    with pytest.raises(UnsupportedError, match="one array at a time"):
        witness(lambda x: (x, x), np.ones(2))
    with pytest.raises(DataError, match="value of f"):
        witness(lambda x: "text", np.ones(2))
    with pytest.raises(ShapeError, match="beside it"):
        witness(lambda x: np.ones(3 if x[0] > 1.0 else 2), np.ones(2))


def test_f_may_write_into_its_argument() -> None:
    def writing(x: Any) -> Any:
        x *= 2
        return x * x

    np.testing.assert_allclose(witness(writing, np.array([1.0, 2.0])).values, np.diag([8.0, 16.0]), atol=1e-9)
