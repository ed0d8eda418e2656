"""Mistakes that are common in practice, each made by hand on a function of plain NumPy, and told by its name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jacobians import check_derivative

RNG = np.random.default_rng(0)
X, y, w = RNG.normal(size=(11, 4)), RNG.normal(size=11), RNG.normal(size=4)
M, t, z = RNG.normal(size=(4, 4)), RNG.normal(size=4), RNG.normal(size=4)
W, V, b = RNG.normal(size=(4, 4)), RNG.normal(size=(7, 5)), RNG.normal(size=3)
k, s = RNG.normal(size=3), RNG.normal(size=8)
A = RNG.normal(size=(3, 3)) + 3 * np.eye(3)
Y = np.linalg.inv(A)
ONE_HOT = "one-hot term dropped: the derivative of a gather"
LABELS = np.array([0, 2, 1, 1, 0])


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any) -> Any:
    e = np.exp(z - z.max())
    return e / e.sum()


def ridge(w: Any) -> Any:
    return 0.5 * np.sum((X @ w - y) ** 2) + 0.15 * np.sum(w**2)


def through_softmax(z: Any) -> Any:
    return 0.5 * np.sum((M @ softmax(z) - t) ** 2)


def through_sigmoid(z: Any) -> Any:
    return np.sum(M @ sigmoid(W @ z) * t)


def filtered(s: Any) -> Any:
    return np.convolve(s, k, "valid")


def filter_loss(s: Any) -> Any:
    return 0.5 * np.sum((np.convolve(s, k, "valid") - 1.0) ** 2)


def biased(b: Any) -> Any:
    return 0.5 * np.sum((V @ V[:5, :3] + b) ** 2)


def negative_log_likelihood(z: Any) -> Any:
    return np.log(np.sum(np.exp(z))) - z[2]


def cross_entropy(Z: Any) -> Any:
    return np.mean(np.log(np.sum(np.exp(Z), axis=1)) - Z[np.arange(5), LABELS])


def trace(X: Any) -> Any:
    return np.sum((X @ M) * W)


p, q = softmax(z), sigmoid(W @ z)
flipped = np.array([np.convolve(one, k[::-1], "valid") for one in np.eye(8)]).T
Z = RNG.normal(size=(5, 3))
P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
TABLE = [
    ("2λw for λw", ridge, w, X.T @ (X @ w - y) + 0.6 * w, "wrong factor of a term"),
    ("λw/2 for λw", ridge, w, X.T @ (X @ w - y) + 0.15 * w, "wrong factor of a term"),
    ("Hessian", ridge, w, X.T @ X + 0.3 * np.eye(4), "Hessian given for gradient"),
    ("sum over axis 1", biased, b, (V @ V[:5, :3] + b).sum(axis=1), "summed over the wrong axis"),
    ("−X⁻²", np.linalg.inv, A, -Y @ Y, "−X⁻² for the derivative of X⁻¹"),
    (
        "diag(p(1 − p))",
        through_softmax,
        z,
        ((M @ p - t) @ M) * p * (1 - p),
        "only the diagonal of a factor",
    ),
    ("flipped kernel", filtered, s, flipped, "axes reversed: kernel flipped"),
    ("flipped kernel, chain", filter_loss, s, (filtered(s) - 1) @ flipped, "a vector reversed: kernel flipped"),
    ("no one-hot", negative_log_likelihood, z, np.exp(z) / np.exp(z).sum(), ONE_HOT),
    ("no one-hot, batch", cross_entropy, Z, P.T / 5, ONE_HOT),
    ("σ for σ′, by hand", through_sigmoid, z, ((t @ M) * q) @ W, "σ given for σ′"),
    ("no σ′, by hand", through_sigmoid, z, (t @ M) @ W, "missing σ′"),
    ("symmetric part", trace, W, (W @ M.T + M @ W.T) / 2, "symmetric part only"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "x", "claim", "name"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_common_mistake_is_told(f: Any, x: Any, claim: Any, name: str) -> None:
    report = check_derivative(f, x, claim)
    assert report.verdict == "wrong"
    assert name == report.explanations[0].name, str(report)
    assert "…" not in "".join(one.evidence + one.fix for one in report.explanations)
    assert max(len(line) for line in str(report).splitlines()) <= 80


def test_a_mistake_reproduces_the_claim_to_its_own_tolerance() -> None:
    """Noise of 1e-8 made "constant factor 1.0000005" of a right claim, and of a rounded one."""
    rng = np.random.default_rng(1)
    f = lambda x: np.sum(np.sin(x)) * (1 + 1e-8 * rng.normal())  # noqa: E731
    for claim in (np.cos(z), np.cos(z) * (1 + 5e-7), np.cos(z) * (1 + 1e-6 * rng.normal(size=4))):
        assert "factor" not in str(check_derivative(f, z, claim))


def test_a_repair_can_be_pasted() -> None:
    """Code is broken within brackets alone, and every statement stands on a line of its own."""
    rng = np.random.default_rng(2)
    B, D = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    right = np.einsum("ik,j->ijk", B, D[0])  # ∂(B X d)/∂X
    claim = right.transpose(0, 2, 1).copy()
    claim[0, 1, 2] += 1.0
    text = str(check_derivative(lambda X: B @ X @ D[0], D, claim))
    code = text.split("try       ", 1)[1].split("  note", 1)[0]
    scope = {"claimed": claim.copy(), "np": np}
    exec("\n".join(line.strip() for line in code.splitlines()), scope)
    np.testing.assert_allclose(scope["claimed"], right, atol=1e-9)
