"""`jacobians.testing`: the strategy for points; and a thousand right claims, none of which is called wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from helpers import LAYOUTS, in_layout
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jacobians import OptionError, check_derivative, relu
from jacobians.testing import assert_derivative, points

SETTINGS = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

# --- points -------------------------------------------------------------------------------------------------------


@SETTINGS
@given(points((2, 3), low=-1.0, high=3.0, away_from=[0.0, 1.0], distance=0.2))
def test_points_keep_away(x: Any) -> None:
    assert x.shape == (2, 3)
    assert x.dtype == float
    assert np.all((x >= -1.0) & (x <= 3.0))
    assert np.all(np.abs(x) >= 0.2)
    assert np.all(np.abs(x - 1.0) >= 0.2 - 1e-15)


@SETTINGS
@given(points(3, away_from=[0.0]))
def test_relu_away_from_its_kink(x: Any) -> None:
    assert_derivative(relu, x, lambda x: np.diag((x > 0).astype(float)))


@SETTINGS
@given(points(3, smooth=np.max))
def test_the_largest_entry_away_from_ties(x: Any) -> None:
    assert np.sum(x == x.max()) == 1
    assert_derivative(np.max, x, lambda x: (x == x.max()).astype(float))


@SETTINGS
@given(st.tuples(points((2, 3)), points(3)))
def test_points_for_several_arguments(point: Any) -> None:
    assert_derivative(lambda W, x: np.sin(W @ x), point, lambda W, x: np.cos(W @ x)[:, None] * W, argnums=1)


def test_points_that_cannot_be() -> None:
    with pytest.raises(OptionError, match="no number is left"):
        points(3, low=-0.1, high=0.1, away_from=[0.0], distance=0.2)
    assert points((), away_from=[5.0]).example is not None


# --- right claims -------------------------------------------------------------------------------------------------


def softmax(lib: Any, z: Any) -> Any:
    e = lib.exp(z - lib.max(z))
    return e / lib.sum(e)


def random_claim(rng: np.random.Generator) -> tuple[Callable[[Any, Any], Any], Any]:
    """A function (of NumPy's functions or autograd's, and of an array), and a point, of random shapes."""
    m, n, k = (int(size) for size in rng.integers(1, 5, size=3))
    A, B, S = rng.normal(size=(m, n)), rng.normal(size=(k, m)), rng.normal(size=(n, n))
    u, t, c = rng.normal(size=m), rng.normal(size=k), 10.0 ** rng.uniform(-3, 3)
    X, x = rng.normal(size=(k, n)), rng.normal(size=n)
    activation = ["tanh", "sin", "exp", "arctan", "cos"][rng.integers(5)]

    def sigma(lib: Any, z: Any) -> Any:
        return getattr(lib, activation)(z)

    families: list[tuple[Callable[[Any, Any], Any], Any]] = [
        (lambda lib, x: c * (A @ x) + u, x),
        (lambda lib, W: sigma(lib, W @ x), A),
        (lambda lib, W: c * (B @ sigma(lib, W @ x)) - t, A),
        (lambda lib, W: 0.5 * lib.sum((B @ sigma(lib, W @ x) - t) ** 2), A),
        (lambda lib, x: sigma(lib, c * x), x),
        (lambda lib, x: softmax(lib, S @ x), x),
        (lambda lib, x: x @ S @ x + c * lib.sum(x), x),
        (lambda lib, x: lib.log(c + x @ x), x),
        (lambda lib, x: lib.sqrt(c + lib.sum(x * x)), x),
        (lambda lib, s: sigma(lib, s) * u, np.asarray(rng.normal())),
        (lambda lib, s: sigma(lib, s) / (1.0 + s * s), np.asarray(rng.normal())),
        (lambda lib, s: sigma(lib, s) * A, np.asarray(rng.normal())),
        (lambda lib, X: sigma(lib, X @ A.T), X),
        (lambda lib, X: c * lib.mean(sigma(lib, X @ A.T) ** 2), X),
        (lambda lib, b: lib.sum(sigma(lib, X @ A.T + b), axis=0), u),
        (lambda lib, X: A @ X, X.T),
        (lambda lib, X: lib.dot(X, X.T) @ t, X),
        (lambda lib, x: x + sigma(lib, S @ x), x),
        (lambda lib, x: lib.abs(x) * sigma(lib, x), x + 0.1 * np.sign(x)),
        (lambda lib, x: lib.maximum(S @ x, 0.0), x),
        (lambda lib, M: lib.linalg.inv(M) @ x, S @ S.T + 3 * np.eye(n)),
        (lambda lib, M: lib.log(lib.linalg.det(M)), S @ S.T + 3 * np.eye(n)),
        (lambda lib, x: lib.outer(x, sigma(lib, x)), x),
        (lambda lib, x: c + lib.prod(x), x),
        (lambda lib, x: lib.linalg.norm(S @ x), x),
    ]
    return families[rng.integers(len(families))]


def check_right_claims(seeds: range) -> None:
    """No right claim is refused, and of a hundred no more than one cannot be told."""
    undecided = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        f, x = random_claim(rng)
        ad = np.asarray(autograd.jacobian(lambda x, f=f: f(anp, x))(x))
        layout = LAYOUTS[rng.integers(4)]
        claim = in_layout(ad, np.shape(f(np, x)), np.shape(x), layout)
        report = check_derivative(lambda x, f=f: f(np, x), x, claim, layout=layout)
        assert report.verdict != "wrong", f"seed {seed}\n{report}"
        undecided += report.verdict == "undecided"
        if not report.ok:
            continue
        assert report.diagnosis is None
        assert report.tolerance <= 1e-5 * max(1.0, np.abs(ad).max()), f"seed {seed}: a check that cannot fail"
    assert undecided <= len(seeds) / 100


def test_a_hundred_right_claims() -> None:
    check_right_claims(range(1000, 1100))


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 1000, 100))
def test_a_thousand_right_claims(start: int) -> None:
    check_right_claims(range(start, start + 100))


@pytest.mark.parametrize("start", range(0, 150, 50))
def test_claims_of_any_shape_and_value_are_answered(start: int) -> None:
    """No exception, no line that is too long, and nothing that is wrong is called right."""
    for seed in range(start, start + 50):
        rng = np.random.default_rng(seed)
        f, x = random_claim(rng)
        full = np.shape(f(np, x)) + np.shape(x)[::-1]
        shapes = [tuple(rng.integers(1, 4, size=rng.integers(0, 4))), rng.permutation(full), full, full[1:]]
        claim = np.array(rng.normal(size=tuple(int(size) for size in shapes[seed % 4])))
        if seed % 7 == 0:
            claim.reshape(-1)[0] = rng.choice([np.nan, np.inf, 1e300])
        report = check_derivative(lambda x, f=f: f(np, x), x, claim, layout=LAYOUTS[rng.integers(4)])
        assert not report.ok
        assert report.diagnosis
        assert all(len(line) <= 80 for line in str(report).splitlines())


# --- the page -----------------------------------------------------------------------------------------------------


def test_each_of_the_twelve_confusions_has_a_line_whose_output_is_tested() -> None:
    text = (Path(__file__).parent.parent / "docs" / "confusions.md").read_text(encoding="utf-8")
    sections = re.split(r"^## \d+\. ", text, flags=re.MULTILINE)[1:]
    assert len(sections) == 12
    for section in sections:
        assert section.splitlines()[0].endswith("?")
        lines = section.splitlines()
        assert any(
            line.startswith((">>>", "...")) and following and not following.startswith((">>>", "...", "```"))
            for line, following in pairwise(lines)
        )
