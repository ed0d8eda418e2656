"""Equations (69) to (98): matrices, vectors and scalar forms, first and second order, and higher."""

from __future__ import annotations

import numpy as np
from numpy.linalg import matrix_power as power

from .row import Omitted, Row, called

QUADRATIC = {"x": "n", "A": "n m", "s": "m", "W": "n n"}
NEAR = {"x": "n", "s": "n", "W": "n n"}


def form(x, A, s, W):
    return (x - A @ s) @ W @ (x - A @ s)


def near(x, s, W):
    return (x - s) @ W @ (x - s)


def eye(X, axis=0):
    return np.eye(X.shape[axis])


def ratio(A, x, B):
    return ((A @ x) @ (A @ x)) / ((B @ x) @ (B @ x))


def ratio_right(A, x, B):
    top, bottom = x @ A.T @ A @ x, x @ B.T @ B @ x
    return 2 * A.T @ A @ x / bottom - 2 * top * B.T @ B @ x / bottom**2


def squares(a, X, b):
    S = X @ X
    return sum(
        (power(X, 1 - r) @ np.outer(a, b) @ S.T @ power(X, r)).T
        + power(X, r).T @ S @ np.outer(a, b) @ power(X, 1 - r).T
        for r in range(2)
    )


FIRST = [
    Row("69", "xᵀ a", "x", {"x": "n", "a": "n"}, lambda x, a: x @ a, lambda x, a: a, "aᵀ"),
    Row(
        "70",
        "aᵀ X b",
        "X",
        {"a": "n", "X": "n m", "b": "m"},
        lambda a, X, b: a @ X @ b,
        lambda a, X, b: np.outer(a, b),
        "b aᵀ",
    ),
    Row(
        "71",
        "aᵀ Xᵀ b",
        "X",
        {"a": "m", "X": "n m", "b": "n"},
        lambda a, X, b: a @ X.T @ b,
        lambda a, X, b: np.outer(b, a),
        "a bᵀ",
    ),
    Row("72", "aᵀ X a", "X", {"a": "n", "X": "n n"}, lambda a, X: a @ X @ a, lambda a, X: np.outer(a, a), "a aᵀ"),
    Row(
        "73",
        "X",
        "X",
        {"X": "n m"},
        lambda X: +X,
        lambda X: np.einsum("ki,lj->klij", eye(X), eye(X, 1)),
        "δ_{il} δ_{jk}",
    ),
    Row(
        "74",
        "X A",
        "X",
        {"X": "n m", "A": "m p"},
        lambda X, A: X @ A,
        lambda X, A: np.einsum("im,nj->ijmn", eye(X), A),
        "δ_{il} A_{kj}",
    ),
    Row(
        "75",
        "Xᵀ A",
        "X",
        {"X": "n m", "A": "n p"},
        lambda X, A: X.T @ A,
        lambda X, A: np.einsum("in,mj->ijmn", eye(X, 1), A),
        "δ_{ik} A_{lj}",
    ),
]

SECOND = [
    Row(
        "76",
        "(1ᵀ X 1)²",
        "X",
        {"X": "n m"},
        lambda X: np.sum(X) * np.sum(X),
        lambda X: 2 * np.sum(X) * np.ones_like(X),
        "2 (1ᵀ X 1) 1 1ᵀ",
    ),
    Row(
        "77",
        "bᵀ Xᵀ X c",
        "X",
        {"b": "m", "X": "n m", "c": "m"},
        lambda b, X, c: b @ X.T @ X @ c,
        lambda b, X, c: X @ (np.outer(b, c) + np.outer(c, b)),
        "(c bᵀ + b cᵀ) Xᵀ",
    ),
    Row(
        "78",
        "(B x + b)ᵀ C (D x + d)",
        "x",
        {"B": "p n", "x": "n", "b": "p", "C": "p q", "D": "q n", "d": "q"},
        lambda B, x, b, C, D, d: (B @ x + b) @ C @ (D @ x + d),
        lambda B, x, b, C, D, d: B.T @ C @ (D @ x + d) + D.T @ C.T @ (B @ x + b),
        "(D x + d)ᵀ Cᵀ B + (B x + b)ᵀ C D",
    ),
    Row(
        "79, 80",
        "Xᵀ B X",
        "X",
        {"X": "n m", "B": "n n"},
        lambda X, B: X.T @ B @ X,
        lambda X, B: np.einsum("lj,ki->klij", eye(X, 1), X.T @ B) + np.einsum("kj,il->klij", eye(X, 1), B @ X),
        "δ_{jk} (Xᵀ B)_{il} + δ_{ik} (B X)_{lj}",
    ),
    Row("81", "xᵀ B x", "x", {"x": "n", "B": "n n"}, lambda x, B: x @ B @ x, lambda x, B: (B + B.T) @ x, "xᵀ (B + Bᵀ)"),
    Row(
        "82",
        "bᵀ Xᵀ D X c",
        "X",
        {"b": "m", "X": "n m", "D": "n n", "c": "m"},
        lambda b, X, D, c: b @ X.T @ D @ X @ c,
        lambda b, X, D, c: D.T @ X @ np.outer(b, c) + D @ X @ np.outer(c, b),
        "c bᵀ Xᵀ D + b cᵀ Xᵀ Dᵀ",
    ),
    Row(
        "83",
        "(X b + c)ᵀ D (X b + c)",
        "X",
        {"X": "n m", "b": "m", "c": "n", "D": "n n"},
        lambda X, b, c, D: (X @ b + c) @ D @ (X @ b + c),
        lambda X, b, c, D: (D + D.T) @ np.outer(X @ b + c, b),
        "b (X b + c)ᵀ (D + Dᵀ)",
    ),
    Row(
        "84",
        "(x − A s)ᵀ W (x − A s)",
        "s",
        QUADRATIC,
        form,
        lambda x, A, s, W: -2 * A.T @ W @ (x - A @ s),
        "−(x − A s)ᵀ (W + Wᵀ) A",
        symmetric=("W",),
    ),
    Row(
        "85",
        "(x − s)ᵀ W (x − s)",
        "x",
        NEAR,
        near,
        lambda x, s, W: 2 * W @ (x - s),
        "(x − s)ᵀ (W + Wᵀ)",
        symmetric=("W",),
    ),
    Row(
        "86",
        "(x − s)ᵀ W (x − s)",
        "s",
        NEAR,
        near,
        lambda x, s, W: -2 * W @ (x - s),
        "−(x − s)ᵀ (W + Wᵀ)",
        symmetric=("W",),
    ),
    Row(
        "87",
        "(x − A s)ᵀ W (x − A s)",
        "x",
        QUADRATIC,
        form,
        lambda x, A, s, W: 2 * W @ (x - A @ s),
        "(x − A s)ᵀ (W + Wᵀ)",
        symmetric=("W",),
    ),
    Row(
        "88",
        "(x − A s)ᵀ W (x − A s)",
        "A",
        QUADRATIC,
        form,
        lambda x, A, s, W: -2 * W @ np.outer(x - A @ s, s),
        "−s (x − A s)ᵀ (W + Wᵀ)",
        symmetric=("W",),
    ),
]

HIGHER = [
    Row(
        "90",
        "X³",
        "X",
        {"X": "n n"},
        lambda X: X @ X @ X,
        lambda X: sum(np.einsum("ki,jl->klij", power(X, r), power(X, 2 - r)) for r in range(3)),
        "δ_{jk} (X²)_{il} + δ_{il} (X²)_{kj} + X_{kj} X_{il}",
    ),
    Row(
        "91",
        "aᵀ X³ b",
        "X",
        {"a": "n", "X": "n n", "b": "n"},
        lambda a, X, b: a @ X @ X @ X @ b,
        lambda a, X, b: sum(power(X, r).T @ np.outer(a, b) @ power(X, 2 - r).T for r in range(3)),
        "b aᵀ X² + X b aᵀ X + X² b aᵀ",
    ),
    Row(
        "92",
        "aᵀ (X²)ᵀ X² b",
        "X",
        {"a": "n", "X": "n n", "b": "n"},
        lambda a, X, b: a @ (X @ X).T @ X @ X @ b,
        squares,
        "b aᵀ (Xᵀ)² X + X b aᵀ (Xᵀ)² + X a bᵀ (Xᵀ)² + a bᵀ (Xᵀ)² X",
        note="the Cookbook's first term is transposed by mistake; it is put right here",
    ),
    Row(
        "93",
        "sᵀ A r",
        "x",
        {"x": "n", "P": "p n", "Q": "q n", "A": "p q"},
        lambda x, P, Q, A: called(np.tanh(P @ x), "s") @ A @ called(np.tanh(Q @ x), "r"),
        lambda x, P, Q, A: (
            (P.T * (1 - np.tanh(P @ x) ** 2)) @ A @ np.tanh(Q @ x)
            + (Q.T * (1 - np.tanh(Q @ x) ** 2)) @ A.T @ np.tanh(P @ x)
        ),
        "rᵀ Aᵀ diag(σ′(P x)) P + sᵀ A diag(σ′(Q x)) Q",
        where="s := tanh(P x); r := tanh(Q x)",
    ),
    Row(
        "94, 95",
        "(A x)ᵀ (A x) / ((B x)ᵀ (B x))",
        "x",
        {"A": "p n", "x": "n", "B": "q n"},
        ratio,
        ratio_right,
        "2 xᵀ Aᵀ A / ‖B x‖² − 2 ‖A x‖² xᵀ Bᵀ B / ‖B x‖⁴",
    ),
    Row(
        "97",
        "xᵀ A x + bᵀ x",
        "x",
        {"x": "n", "A": "n n", "b": "n"},
        lambda x, A, b: x @ A @ x + b @ x,
        lambda x, A, b: (A + A.T) @ x + b,
        "xᵀ (A + Aᵀ) + bᵀ",
    ),
    Row(
        "98",
        "xᵀ A x + bᵀ x",
        "x",
        {"x": "n", "A": "n n", "b": "n"},
        lambda x, A, b: x @ A @ x + b @ x,
        lambda x, A, b: A + A.T,
        "A + Aᵀ",
        order=2,
    ),
]

ROWS = FIRST + SECOND + HIGHER

OMITTED = [
    Omitted("89", "(a − xᴴ b)²", "complex values: derivatives here are real"),
    Omitted("96", "f = xᵀ A x + bᵀ x", "no derivative: it defines the f of (97) and (98)"),
]
