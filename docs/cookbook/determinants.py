"""Equations (46) to (58): derivatives of a determinant."""

from __future__ import annotations

import numpy as np
from numpy.linalg import det, inv, matrix_power, pinv, slogdet

from .row import Row, called

X = {"X": "n n"}
Y_OF_T = {"A": "n n", "B": "n n", "t": ""}


def moving(A, B, t):
    """A matrix Y that depends on a scalar: A + t² B."""
    return called(A + t * t * B, "Y")


def through_pseudoinverse(P):
    """ln det(XᵀX) as a function of P = X⁺, for X of full column rank: X = Pᵀ(PPᵀ)⁻¹."""
    tall = P.T @ inv(P @ P.T)
    return slogdet(tall.T @ tall)[1]


def first_of_moving(A, B, t):
    Y = A + t * t * B
    return det(Y) * np.trace(inv(Y) @ (2 * t * B))


def second_of_moving(A, B, t):
    Y, first, second = A + t * t * B, 2 * t * B, 2 * B
    step = inv(Y) @ first
    return det(Y) * (np.trace(inv(Y) @ second) + np.trace(step) ** 2 - np.trace(step @ step))


ROWS = [
    Row(
        "46",
        "det(Y)",
        "t",
        Y_OF_T,
        lambda A, B, t: det(moving(A, B, t)),
        first_of_moving,
        "2 t det(Y) tr(Y⁻¹ B)",
        where="Y := A + t² B",
    ),
    Row(
        "47, 50",
        "X ∂det(X)/∂X",
        "X",
        X,
        det,
        lambda X: det(X) * np.eye(len(X)),
        "det(X) I_n",
        then=lambda J, X: X @ J,
    ),
    Row(
        "48",
        "det(Y)",
        "t",
        Y_OF_T,
        lambda A, B, t: det(moving(A, B, t)),
        second_of_moving,
        "det(Y) (2 tr(Y⁻¹ B) + 4 t² tr(Y⁻¹ B)² − 4 t² tr((Y⁻¹ B)²))",
        where="Y := A + t² B",
        order=2,
    ),
    Row("49", "det(X)", "X", X, det, lambda X: det(X) * inv(X).T, "det(X) X⁻¹"),
    Row(
        "51",
        "det(A X B)",
        "X",
        {"A": "n n", "X": "n n", "B": "n n"},
        lambda A, X, B: det(A @ X @ B),
        lambda A, X, B: det(A @ X @ B) * inv(X).T,
        "det(A X B) X⁻¹",
    ),
    Row(
        "52",
        "det(Xᵀ A X)",
        "X",
        {"X": "n n", "A": "n n"},
        lambda X, A: det(X.T @ A @ X),
        lambda X, A: 2 * det(X.T @ A @ X) * inv(X).T,
        "2 det(Xᵀ A X) X⁻¹",
    ),
    Row(
        "53",
        "det(Xᵀ A X)",
        "X",
        {"X": "p q", "A": "p p"},
        lambda X, A: det(X.T @ A @ X),
        lambda X, A: 2 * det(X.T @ A @ X) * A @ X @ inv(X.T @ A @ X),
        "det(Xᵀ A X) ((Xᵀ A X)⁻¹ Xᵀ A + (Xᵀ Aᵀ X)⁻¹ Xᵀ Aᵀ)",
        symmetric=("A",),
    ),
    Row(
        "54",
        "det(Xᵀ A X)",
        "X",
        {"X": "p q", "A": "p p"},
        lambda X, A: det(X.T @ A @ X),
        lambda X, A: det(X.T @ A @ X) * (A @ X @ inv(X.T @ A @ X) + A.T @ X @ inv(X.T @ A.T @ X)),
        "det(Xᵀ A X) ((Xᵀ A X)⁻¹ Xᵀ A + (Xᵀ Aᵀ X)⁻¹ Xᵀ Aᵀ)",
    ),
    Row(
        "55",
        "ln det(Xᵀ X)",
        "X",
        {"X": "p q"},
        lambda X: slogdet(X.T @ X)[1],
        lambda X: 2 * pinv(X).T,
        "2 (Xᵀ X)⁻¹ Xᵀ",
    ),
    Row(
        "56",
        "ln det(Xᵀ X)",
        "P",
        {"P": "q p"},
        through_pseudoinverse,
        lambda P: -2 * pinv(P).T,
        "−2 Pᵀ (P Pᵀ)⁻¹",
        where="X := Pᵀ (P Pᵀ)⁻¹",
    ),
    Row("57", "ln |det(X)|", "X", X, lambda X: slogdet(X)[1], lambda X: inv(X).T, "X⁻¹"),
    Row(
        "58",
        "det(X³)",
        "X",
        X,
        lambda X: det(X @ X @ X),
        lambda X: 3 * det(matrix_power(X, 3)) * inv(X).T,
        "3 det(X³) X⁻¹",
    ),
]
