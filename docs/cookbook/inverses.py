"""Equations (59) to (68): derivatives of an inverse, and of eigenvalues."""

from __future__ import annotations

import numpy as np
from numpy.linalg import det, eigvals, inv

from .determinants import Y_OF_T, moving
from .row import Omitted, Row

X = {"X": "n n"}


def inverse_of_moving(A, B, t):
    Y = A + t * t * B
    return -inv(Y) @ (2 * t * B) @ inv(Y)


def entries_of_inverse(X):
    return -np.einsum("ki,jl->klij", inv(X), inv(X))


ROWS = [
    Row(
        "59",
        "Y⁻¹",
        "t",
        Y_OF_T,
        lambda A, B, t: inv(moving(A, B, t)),
        inverse_of_moving,
        "−2 t Y⁻¹ B Y⁻¹",
        where="Y := A + t² B",
    ),
    Row("60", "X⁻¹", "X", X, inv, entries_of_inverse, "−(X⁻¹)_{il} (X⁻¹)_{kj}"),
    Row(
        "61",
        "aᵀ X⁻¹ b",
        "X",
        {"a": "n", "X": "n n", "b": "n"},
        lambda a, X, b: a @ inv(X) @ b,
        lambda a, X, b: -inv(X).T @ np.outer(a, b) @ inv(X).T,
        "−X⁻¹ b aᵀ X⁻¹",
    ),
    Row(
        "62",
        "det(X⁻¹)",
        "X",
        X,
        lambda X: det(inv(X)),
        lambda X: -det(inv(X)) * inv(X).T,
        "−det(X⁻¹) X⁻¹",
    ),
    Row(
        "63",
        "tr(A X⁻¹ B)",
        "X",
        {"A": "m n", "X": "n n", "B": "n m"},
        lambda A, X, B: np.trace(A @ inv(X) @ B),
        lambda A, X, B: -(inv(X) @ B @ A @ inv(X)).T,
        "−X⁻¹ B A X⁻¹",
    ),
    Row(
        "64",
        "tr((X + A)⁻¹)",
        "X",
        {"X": "n n", "A": "n n"},
        lambda X, A: np.trace(inv(X + A)),
        lambda X, A: -(inv(X + A) @ inv(X + A)).T,
        "−(X + A)⁻²",
    ),
    Row(
        "65",
        "tr(X)",
        "X",
        X,
        np.trace,
        lambda X: np.eye(len(X)),
        "I_n",
        note="the sum of the eigenvalues is the trace",
    ),
    Row(
        "66",
        "det(X)",
        "X",
        X,
        det,
        lambda X: np.prod(eigvals(X)).real * inv(X).T,
        "det(X) X⁻¹",
        note="the product of the eigenvalues is the determinant",
    ),
]

OMITTED = [
    Omitted("67", "∂λᵢ", "single eigenvalues have no rule here (NumPy's eigh on expressions says so)"),
    Omitted("68", "∂vᵢ", "eigenvectors have no rule here, nor has the pseudo-inverse"),
]
