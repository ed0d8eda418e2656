"""Functions that are rough, noisy or badly conditioned: what differences cannot show, no verdict may claim."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking.witness_bank import gaussian_process

from jacobians import check_derivative

RNG = np.random.default_rng(3)
AT = np.array([1.0, 2.0, 3.0])


def test_a_plateau_of_rounding_is_not_a_slope_of_zero() -> None:
    f = lambda x: float(np.sum(np.float32(x) ** 2))  # noqa: E731
    assert check_derivative(f, AT, 2 * AT).verdict == "right"
    for claim in (0 * AT, -2 * AT, 2.2 * AT, 2.01 * AT):
        assert check_derivative(f, AT, claim).verdict == "wrong"


def test_a_plateau_under_something_that_moves() -> None:
    """Most of f is rounded to single precision, and a small part moves in double precision."""
    f = lambda x: float(np.sum(np.float32(np.sin(x)))) + 1e-3 * np.sum(x)  # noqa: E731
    assert check_derivative(f, AT, np.cos(AT) + 1e-3).verdict != "wrong"
    assert check_derivative(f, AT, np.full(3, 1e-3)).verdict != "right"


@pytest.mark.parametrize(("factor", "verdict"), [(2, "right"), (-2, "wrong"), (0, "wrong"), (100, "wrong")])
def test_claims_in_single_precision_have_a_small_tolerance(factor: float, verdict: str) -> None:
    f = lambda x: np.sum(np.float32(x) ** 2)  # noqa: E731
    assert check_derivative(f, AT, np.float32(factor * AT)).verdict == verdict


@pytest.mark.parametrize("z", [-20.0, -10.0, -30.0, 3.0])
def test_log_of_one_plus_a_small_number(z: float) -> None:
    f = lambda z: np.log(1 + np.exp(z))  # noqa: E731
    right = 1 / (1 + np.exp(-np.array([z])))
    assert check_derivative(f, np.array([z]), np.diag(right)).verdict in ("right", "undecided" if z < -20 else "right")
    assert check_derivative(f, np.array([z]), np.zeros((1, 1))).verdict != "right"
    assert check_derivative(f, np.array([z]), np.diag(1.1 * right)).verdict != "right"


@pytest.mark.parametrize("claim", [4e-10, 0.0, -2e-10, 2e-10])
def test_an_entry_below_the_last_place_of_f_is_not_told(claim: float) -> None:
    f = lambda x: 1e10 * x[0] + 2e-10 * x[1]  # noqa: E731
    assert check_derivative(f, np.ones(2), np.array([1e10, claim])).verdict == "undecided"
    assert check_derivative(f, np.ones(2), np.array([1.001e10, claim])).verdict == "wrong"


def test_an_entry_that_f_does_not_depend_on_is_told() -> None:
    f = lambda x: 1e10 * x[0] + 0 * x[1]  # noqa: E731
    assert check_derivative(f, np.ones(2), np.array([1e10, 0.0])).verdict == "right"
    assert check_derivative(lambda x: np.maximum(x, 0.0), np.array([-1.0, 2.0]), np.diag([0.0, 1.0])).verdict == "right"


@pytest.mark.parametrize("seed", range(15))
def test_the_likelihood_of_a_gaussian_process_at_condition_1e7(seed: int) -> None:
    known = gaussian_process(np.random.default_rng(seed), condition=1e7)
    for claim in (known.right, *known.computed):
        assert check_derivative(known.f, known.x, claim).verdict == "right"
    assert check_derivative(known.f, known.x, known.right * [1.0, 1.01]).verdict != "right"


@pytest.mark.parametrize("n", [7, 20, pytest.param(30, marks=pytest.mark.slow)])
def test_inverses(n: int) -> None:
    A = np.random.default_rng(n).normal(size=(n, n))
    Y = np.linalg.inv(A)
    right = -np.einsum("ik,lj->ijlk", Y, Y)
    assert check_derivative(np.linalg.inv, A, right).verdict == "right"
    wrong = right.copy()
    wrong[0, 1, 2, 3] *= 1.5
    assert check_derivative(np.linalg.inv, A, wrong).verdict == "wrong"


@pytest.mark.parametrize("scale", [1.0, 10.0, 30.0, 100.0, 700.0])
def test_softmax_at_large_logits(scale: float) -> None:
    def softmax(z: Any) -> Any:
        e = np.exp(z - z.max())
        return e / e.sum()

    z = scale * np.array([0.3, -0.9, 1.1, 0.2, -0.5])
    p = softmax(z)
    report = check_derivative(softmax, z, np.diag(p) - np.outer(p, p))
    assert report.verdict == ("right" if scale <= 10 else report.verdict)
    assert report.verdict != "wrong"
    assert "kink" not in str(report)


@pytest.mark.parametrize("size", [1e-12, 1e-10, 1e-8, 1e-6])
def test_noise_is_not_a_factor(size: float) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=4)
    f = lambda x: np.sum(np.sin(x)) * (1 + size * rng.normal())  # noqa: E731
    report = check_derivative(f, x, np.cos(x))
    assert report.verdict == ("right" if size <= 1e-8 else report.verdict)
    assert report.verdict != "wrong"
    assert "factor" not in str(report)
    assert check_derivative(f, x, 2 * np.cos(x)).verdict != "right"


def test_dropout_is_random() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=6)
    report = check_derivative(lambda x: np.sum(x**2 * (rng.uniform(size=6) > 0.5)), x, 2 * x)
    assert report.verdict == "undecided"
    assert report.diagnosis == "f is random"
    assert "seed" in str(report)


@pytest.mark.parametrize("s", [1e-150, 1e-30, 1e30, 1e150])
def test_scales(s: float) -> None:
    x = s * np.array([0.5, 1.5])
    f = lambda x: np.sin(x / s)  # noqa: E731
    right = np.diag(np.cos(x / s) / s)
    assert check_derivative(f, x, right).verdict == "right"
    assert check_derivative(f, x, 1.001 * right).verdict == "wrong"


@pytest.mark.parametrize(
    ("f", "x", "claim", "verdict"),
    [
        (np.sqrt, 0.0, 0.0, "undecided"),  # no finite slope
        (np.log, 1e-8, 1e8, "right"),
        (np.log, 1e-8, 1.001e8, "wrong"),
        (lambda x: x**1.5, 0.0, 0.0, "undecided"),
        (lambda x: np.sqrt(1.0 - x), 1.0 - 1e-6, -500.0000000143, "right"),
        (lambda x: x**1.5 + 3 * x, 0.0, 6.0, "wrong"),
    ],
)
def test_domains_with_an_edge(f: Any, x: float, claim: float, verdict: str) -> None:
    with np.errstate(all="ignore"):
        assert check_derivative(f, x, claim).verdict == verdict


def test_no_finite_slope_on_one_side() -> None:
    report = check_derivative(np.sqrt, np.array([0.0, 1.0]), np.diag([0.0, 0.5]))
    assert report.verdict == "undecided"
    assert "no finite slope" in str(report)


def test_a_slope_on_one_side() -> None:
    """x log(1 + √x²) and the like: f has values on one side of the point only, and a slope there."""
    f = lambda x: 3 * x + x**2 if x >= 0 else np.nan  # noqa: E731
    report = check_derivative(f, 0.0, 3.0)
    assert report.ok
    assert "one side" in str(report)
    assert check_derivative(f, 0.0, 3.1).verdict == "wrong"


def test_a_function_that_fails_beside_the_point() -> None:
    def guarded(x: Any) -> Any:
        if np.any(x < 0.99):
            raise RuntimeError("out of range")
        return np.log(x)

    assert check_derivative(guarded, np.ones(2), np.eye(2)).verdict == "right"
