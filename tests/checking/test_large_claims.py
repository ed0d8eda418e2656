"""Claims with many entries: a few calls of f, whatever their number, and single entries only where they disagree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jacobians import check_derivative
from jacobians.checking import observed

RNG = np.random.default_rng(0)


class Counted:
    """The sum of a sine and a square, opaque to expressions; it counts its calls."""

    def __init__(self, n: int) -> None:
        self.c, self.x, self.calls = RNG.normal(size=n), RNG.normal(size=n), 0

    def __call__(self, x: Any) -> float:
        self.calls += 1
        return float(np.sum(np.sin(np.asarray(x, dtype=float)) * self.c) + 0.5 * np.sum(x**2))

    @property
    def right(self) -> Any:
        return np.cos(self.x) * self.c + self.x


@pytest.mark.parametrize("n", [1_000, 30_000])
def test_a_right_claim_takes_a_few_calls(n: int) -> None:
    f = Counted(n)
    report = check_derivative(f, f.x, f.right)
    assert report.ok
    assert f.calls < 700
    assert "would not be seen" in " ".join(str(report).split())


@pytest.mark.parametrize("factor", [1.001, 1.1, -1.0, 0.0])
def test_one_wrong_entry_is_located(factor: float) -> None:
    f = Counted(30_000)
    claim = f.right.copy()
    claim[777] *= factor
    report = check_derivative(f, f.x, claim)
    assert report.verdict == "wrong"
    assert report.worst_index == (777,)
    assert report.worst_right == pytest.approx(f.right[777], rel=1e-4)
    assert f.calls < 1_500


def test_several_wrong_entries_are_located() -> None:
    f = Counted(30_000)
    claim, places = f.right.copy(), [5, 600, 7_000, 20_000]
    claim[places] += 1.0
    report = check_derivative(f, f.x, claim)
    assert report.verdict == "wrong"
    assert all(f"[{place}]" in str(report) for place in places)


@pytest.mark.parametrize(("factor", "name"), [(2.0, "factor 2"), (0.5, "factor ½"), (-1.0, "sign")])
def test_a_factor_of_all_entries(factor: float, name: str) -> None:
    f = Counted(30_000)
    report = check_derivative(f, f.x, factor * f.right)
    assert report.verdict == "wrong"
    assert report.diagnosis == name


def test_an_entry_claimed_as_zero_and_one_that_is() -> None:
    A = np.zeros((3, 200))
    A[0, :7], A[1, 50:60], A[2] = 1.0, 2.0, RNG.normal(size=200)
    x = RNG.normal(size=200)
    assert check_derivative(lambda x: A @ x, x, A).ok
    for place, value in (((0, 100), 1e-3), ((1, 55), 0.0)):
        claim = A.copy()
        claim[place] = value
        report = check_derivative(lambda x: A @ x, x, claim)
        assert report.verdict == "wrong"
        assert report.worst_index == place


def test_a_mistake_of_many_entries_is_named_by_the_calculus() -> None:
    """Where differences of every entry would take too long, the derivative of the calculus is confirmed by a few."""
    A, x = RNG.normal(size=(3, 3_000)), RNG.normal(size=3_000)

    def f(x: Any) -> Any:
        return np.sum(np.tanh(x) ** 2)

    right = 2 * np.tanh(x) * (1 - np.tanh(x) ** 2)
    assert check_derivative(f, x, right).ok
    assert "missing σ′" in (check_derivative(f, x, 2 * np.tanh(x)).diagnosis or "")
    assert check_derivative(lambda x: A @ x, x, 2 * A).diagnosis == "factor 2"


def test_a_claim_of_another_shape_is_refused_before_any_difference() -> None:
    f = Counted(150_000)
    report = check_derivative(f, f.x, f.right[:-1])
    assert report.verdict == "wrong"
    assert f.calls == 1
    assert "no difference" in str(report)
    column = check_derivative(f, f.x, f.right[:, None])
    assert f.calls == 2
    assert "denominator" in str(column)


def test_noise_of_single_precision_is_told() -> None:
    c, x = RNG.normal(size=90), RNG.normal(size=90)
    f = lambda x: float(np.sum(np.float32(np.sin(x) * c)))  # noqa: E731
    right = np.cos(x) * c
    assert check_derivative(f, x, right).verdict != "wrong"
    assert check_derivative(f, x, 2 * right).verdict == "wrong"
    assert check_derivative(f, x, 0 * right).verdict == "wrong"


def test_a_kink_among_many_entries() -> None:
    x = RNG.normal(size=300)
    x[17] = 0.0
    assert check_derivative(lambda x: np.sum(np.abs(x)), x, np.sign(x)).diagnosis == "the point is a kink"


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(observed, "PATIENCE", 0.0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    check_derivative(np.sin, np.ones(2), np.cos(1.0) * np.eye(2))
    assert "calls of f" in capsys.readouterr().err
    monkeypatch.setattr("sys.stderr.isatty", lambda: False)
    check_derivative(np.sin, np.ones(2), np.cos(1.0) * np.eye(2))
    assert not capsys.readouterr().err


def test_claims_that_are_all_zero() -> None:
    x = RNG.normal(size=300)
    assert check_derivative(lambda x: 3.0, x, 0 * x).ok
    assert check_derivative(lambda x: np.sum(np.exp(x) / np.sum(np.exp(x))), x, 0 * x).ok
    assert check_derivative(lambda x: np.sum(np.sin(x)), x, 0 * x).verdict == "wrong"
    rng = np.random.default_rng(0)
    dropout = lambda x: np.sum(x**2 * (rng.uniform(size=x.size) > 0.5))  # noqa: E731
    for claim in (0 * x, x, 2 * x):
        assert check_derivative(dropout, x, claim).diagnosis == "f is random"
