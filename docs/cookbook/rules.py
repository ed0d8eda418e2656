"""Equations (33) to (45): the rules for differentials."""

from __future__ import annotations

import numpy as np
from numpy.linalg import det, inv

from .row import Omitted, Row

X = {"X": "n n"}
DX = {**X, "dX": "n n"}


def adjugate(X: np.ndarray) -> np.ndarray:
    """The transposed matrix of cofactors, by their definition."""
    n = len(X)
    minors = [[np.delete(np.delete(X, i, 0), j, 1) for i in range(n)] for j in range(n)]
    return np.array([[(-1.0) ** (i + j) * det(minors[j][i]) for i in range(n)] for j in range(n)])


ROWS = [
    Row("33", "A", "dX", {"A": "n m", "X": "n m", "dX": "n m"}, lambda A, X: A, lambda A, X, dX: 0.0 * A, "0"),
    Row(
        "34",
        "α X",
        "dX",
        {"alpha": "", "X": "n m", "dX": "n m"},
        lambda alpha, X: alpha * X,
        lambda alpha, X, dX: alpha * dX,
        "α dX",
    ),
    Row(
        "35",
        "X + Y",
        "dX dY",
        {"X": "n m", "Y": "n m", "dX": "n m", "dY": "n m"},
        lambda X, Y: X + Y,
        lambda X, Y, dX, dY: dX + dY,
        "dX + dY",
    ),
    Row("36", "tr(X)", "dX", DX, np.trace, lambda X, dX: np.trace(dX), "tr(dX)"),
    Row(
        "37",
        "X Y",
        "dX dY",
        {"X": "n m", "Y": "m p", "dX": "n m", "dY": "m p"},
        lambda X, Y: X @ Y,
        lambda X, Y, dX, dY: dX @ Y + X @ dY,
        "dX Y + X dY",
    ),
    Row(
        "38",
        "X ⊙ Y",
        "dX dY",
        {"X": "n m", "Y": "n m", "dX": "n m", "dY": "n m"},
        lambda X, Y: X * Y,
        lambda X, Y, dX, dY: dX * Y + X * dY,
        "Y ⊙ dX + X ⊙ dY",
    ),
    Row(
        "39",
        "kron(X, Y)",
        "dX dY",
        {"X": "2 3", "Y": "3 2", "dX": "2 3", "dY": "3 2"},
        np.kron,
        lambda X, Y, dX, dY: np.kron(dX, Y) + np.kron(X, dY),
        "kron(dX, Y) + kron(X, dY)",
        note="Kronecker's product",
    ),
    Row("40", "X⁻¹", "dX", DX, inv, lambda X, dX: -inv(X) @ dX @ inv(X), "−X⁻¹ dX X⁻¹"),
    Row(
        "41",
        "det(X)",
        "dX",
        DX,
        det,
        lambda X, dX: np.trace(adjugate(X) @ dX),
        "det(X) tr(X⁻¹ dX)",
        note="adj(X) is det(X) X⁻¹",
    ),
    Row("42", "det(X)", "dX", DX, det, lambda X, dX: det(X) * np.trace(inv(X) @ dX), "det(X) tr(X⁻¹ dX)"),
    Row(
        "43",
        "ln det(X)",
        "dX",
        DX,
        lambda X: np.linalg.slogdet(X)[1],
        lambda X, dX: np.trace(inv(X) @ dX),
        "tr(X⁻¹ dX)",
    ),
    Row("44", "Xᵀ", "dX", {"X": "n m", "dX": "n m"}, lambda X: X.T, lambda X, dX: dX.T, "dXᵀ"),
]

OMITTED = [
    Omitted("45", "∂Xᴴ", "complex values: derivatives here are real"),
]
