"""Equations (99) to (128): derivatives of traces."""

from __future__ import annotations

import numpy as np
from numpy import trace as tr
from numpy.linalg import inv
from numpy.linalg import matrix_power as power

from .row import Omitted, Row

X, XA, XB = {"X": "n m"}, {"X": "n m", "A": "m n"}, {"X": "n n", "B": "n n"}
ROWS_BY_ROWS = {"X": "n m", "B": "n n"}
COLUMNS_BY_COLUMNS = {"X": "n m", "B": "m m"}
QUOTIENT = {"X": "p q", "C": "p p", "B": "p p"}


def eye(A):
    return np.eye(len(A))


def both(X, B, C):
    """(123): both products with C, twice."""
    S = B @ B.T
    return C @ X @ X.T @ C @ X @ S + C.T @ X @ S @ X.T @ C.T @ X + C @ X @ S @ X.T @ C @ X + C.T @ X @ X.T @ C.T @ X @ S


def quotient(X, C, B, A=0.0):
    M = inv(A + X.T @ C @ X)
    return -2 * C @ X @ M @ X.T @ B @ X @ M + 2 * B @ X @ M


FIRST = [
    Row("99", "tr(X)", "X", {"X": "n n"}, tr, eye, "I_n"),
    Row("100", "tr(X A)", "X", XA, lambda X, A: tr(X @ A), lambda X, A: A.T, "A"),
    Row(
        "101",
        "tr(A X B)",
        "X",
        {"A": "p n", "X": "n m", "B": "m p"},
        lambda A, X, B: tr(A @ X @ B),
        lambda A, X, B: A.T @ B.T,
        "B A",
    ),
    Row(
        "102",
        "tr(A Xᵀ B)",
        "X",
        {"A": "p m", "X": "n m", "B": "n p"},
        lambda A, X, B: tr(A @ X.T @ B),
        lambda A, X, B: B @ A,
        "Aᵀ Bᵀ",
    ),
    Row("103", "tr(Xᵀ A)", "X", {"X": "n m", "A": "n m"}, lambda X, A: tr(X.T @ A), lambda X, A: A, "Aᵀ"),
    Row("104", "tr(A Xᵀ)", "X", {"X": "n m", "A": "n m"}, lambda X, A: tr(A @ X.T), lambda X, A: A, "Aᵀ"),
    Row(
        "105",
        "tr(kron(A, X))",
        "X",
        {"A": "m m", "X": "n n"},
        lambda A, X: tr(np.kron(A, X)),
        lambda A, X: tr(A) * eye(X),
        "tr(A) I_n",
        note="Kronecker's product",
    ),
]

SECOND = [
    Row("106", "tr(X²)", "X", {"X": "n n"}, lambda X: tr(X @ X), lambda X: 2 * X.T, "2 X"),
    Row("107", "tr(X² B)", "X", XB, lambda X, B: tr(X @ X @ B), lambda X, B: (X @ B + B @ X).T, "X B + B X"),
    Row(
        "108",
        "tr(Xᵀ B X)",
        "X",
        ROWS_BY_ROWS,
        lambda X, B: tr(X.T @ B @ X),
        lambda X, B: B @ X + B.T @ X,
        "Xᵀ (B + Bᵀ)",
    ),
    Row(
        "109",
        "tr(B X Xᵀ)",
        "X",
        ROWS_BY_ROWS,
        lambda X, B: tr(B @ X @ X.T),
        lambda X, B: B @ X + B.T @ X,
        "Xᵀ (B + Bᵀ)",
    ),
    Row(
        "110",
        "tr(X Xᵀ B)",
        "X",
        ROWS_BY_ROWS,
        lambda X, B: tr(X @ X.T @ B),
        lambda X, B: B @ X + B.T @ X,
        "Xᵀ (B + Bᵀ)",
    ),
    Row(
        "111",
        "tr(X B Xᵀ)",
        "X",
        COLUMNS_BY_COLUMNS,
        lambda X, B: tr(X @ B @ X.T),
        lambda X, B: X @ B.T + X @ B,
        "(B + Bᵀ) Xᵀ",
    ),
    Row(
        "112",
        "tr(B Xᵀ X)",
        "X",
        COLUMNS_BY_COLUMNS,
        lambda X, B: tr(B @ X.T @ X),
        lambda X, B: X @ B.T + X @ B,
        "(B + Bᵀ) Xᵀ",
    ),
    Row(
        "113",
        "tr(Xᵀ X B)",
        "X",
        COLUMNS_BY_COLUMNS,
        lambda X, B: tr(X.T @ X @ B),
        lambda X, B: X @ B.T + X @ B,
        "(B + Bᵀ) Xᵀ",
    ),
    Row(
        "114",
        "tr(A X B X)",
        "X",
        {"A": "m n", "X": "n m", "B": "m n"},
        lambda A, X, B: tr(A @ X @ B @ X),
        lambda A, X, B: A.T @ X.T @ B.T + B.T @ X.T @ A.T,
        "A X B + B X A",
    ),
    Row("115", "tr(X Xᵀ)", "X", X, lambda X: tr(X @ X.T), lambda X: 2 * X, "2 Xᵀ"),
    Row(
        "116",
        "tr(Bᵀ Xᵀ C X B)",
        "X",
        {"B": "m p", "X": "n m", "C": "n n"},
        lambda B, X, C: tr(B.T @ X.T @ C @ X @ B),
        lambda B, X, C: C.T @ X @ B @ B.T + C @ X @ B @ B.T,
        "B Bᵀ Xᵀ (C + Cᵀ)",
    ),
    Row(
        "117",
        "tr(Xᵀ B X C)",
        "X",
        {"X": "n m", "B": "n n", "C": "m m"},
        lambda X, B, C: tr(X.T @ B @ X @ C),
        lambda X, B, C: B @ X @ C + B.T @ X @ C.T,
        "C Xᵀ B + Cᵀ Xᵀ Bᵀ",
    ),
    Row(
        "118",
        "tr(A X B Xᵀ C)",
        "X",
        {"A": "p n", "X": "n m", "B": "m m", "C": "n p"},
        lambda A, X, B, C: tr(A @ X @ B @ X.T @ C),
        lambda A, X, B, C: A.T @ C.T @ X @ B.T + C @ A @ X @ B,
        "Bᵀ Xᵀ Aᵀ Cᵀ + B Xᵀ C A",
    ),
    Row(
        "119",
        "tr((A X B + C)(A X B + C)ᵀ)",
        "X",
        {"A": "p n", "X": "n m", "B": "m q", "C": "p q"},
        lambda A, X, B, C: tr((A @ X @ B + C) @ (A @ X @ B + C).T),
        lambda A, X, B, C: 2 * A.T @ (A @ X @ B + C) @ B.T,
        "2 B (A X B + C)ᵀ A",
    ),
    Row(
        "120",
        "tr(kron(X, X))",
        "X",
        {"X": "n n"},
        lambda X: tr(np.kron(X, X)),
        lambda X: 2 * tr(X) * eye(X),
        "2 tr(X) I_n",
        note="Kronecker's product",
    ),
]

HIGHER = [
    Row("121", "tr(X⁴)", "X", {"X": "n n"}, lambda X: tr(X @ X @ X @ X), lambda X: 4 * power(X, 3).T, "4 X³"),
    Row(
        "122",
        "tr(A X³)",
        "X",
        {"A": "n n", "X": "n n"},
        lambda A, X: tr(A @ X @ X @ X),
        lambda A, X: sum(power(X, r) @ A @ power(X, 2 - r) for r in range(3)).T,
        "A X² + X A X + X² A",
    ),
    Row(
        "123",
        "tr(Bᵀ Xᵀ C X Xᵀ C X B)",
        "X",
        {"X": "n m", "B": "m p", "C": "n n"},
        lambda X, B, C: tr(B.T @ X.T @ C @ X @ X.T @ C @ X @ B),
        both,
        "B Bᵀ Xᵀ C X Xᵀ C + Xᵀ Cᵀ X B Bᵀ Xᵀ Cᵀ + Xᵀ C X B Bᵀ Xᵀ C + B Bᵀ Xᵀ Cᵀ X Xᵀ Cᵀ",
    ),
]

OTHER = [
    Row(
        "124",
        "tr(A X⁻¹ B)",
        "X",
        {"A": "m n", "X": "n n", "B": "n m"},
        lambda A, X, B: tr(A @ inv(X) @ B),
        lambda A, X, B: -inv(X).T @ A.T @ B.T @ inv(X).T,
        "−X⁻¹ B A X⁻¹",
    ),
    Row(
        "125",
        "tr((Xᵀ C X)⁻¹ A)",
        "X",
        {"X": "p q", "C": "p p", "A": "q q"},
        lambda X, C, A: tr(inv(X.T @ C @ X) @ A),
        lambda X, C, A: -(C @ X @ inv(X.T @ C @ X)) @ (A + A.T) @ inv(X.T @ C @ X),
        "−(Xᵀ C X)⁻¹ A (Xᵀ C X)⁻¹ Xᵀ C − (Xᵀ Cᵀ X)⁻¹ Aᵀ (Xᵀ Cᵀ X)⁻¹ Xᵀ Cᵀ",
        symmetric=("C",),
    ),
    Row(
        "126",
        "tr((Xᵀ C X)⁻¹ Xᵀ B X)",
        "X",
        QUOTIENT,
        lambda X, C, B: tr(inv(X.T @ C @ X) @ (X.T @ B @ X)),
        quotient,
        "−(Xᵀ C X)⁻¹ Xᵀ B X (Xᵀ C X)⁻¹ Xᵀ C − (Xᵀ Cᵀ X)⁻¹ Xᵀ Bᵀ X (Xᵀ Cᵀ X)⁻¹ Xᵀ Cᵀ + (Xᵀ C X)⁻¹ Xᵀ B + (Xᵀ Cᵀ X)⁻¹ Xᵀ Bᵀ",  # noqa: E501
        symmetric=("B", "C"),
    ),
    Row(
        "127",
        "tr((A + Xᵀ C X)⁻¹ Xᵀ B X)",
        "X",
        {**QUOTIENT, "A": "q q"},
        lambda X, C, B, A: tr(inv(A + X.T @ C @ X) @ (X.T @ B @ X)),
        quotient,
        "−(A + Xᵀ C X)⁻¹ Xᵀ B X (A + Xᵀ C X)⁻¹ Xᵀ C − (A + Xᵀ C X)⁻ᵀ Xᵀ Bᵀ X (A + Xᵀ C X)⁻ᵀ Xᵀ Cᵀ + (A + Xᵀ C X)⁻¹ Xᵀ B + (A + Xᵀ C X)⁻ᵀ Xᵀ Bᵀ",  # noqa: E501
        symmetric=("A", "B", "C"),
    ),
]

ROWS = FIRST + SECOND + HIGHER + OTHER

OMITTED = [
    Omitted("128", "tr(sin(X))", "the sine of a matrix, a power series, has no rule; np.sin here is by entries"),
]
