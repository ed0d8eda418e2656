"""Second and third derivatives that the Cookbook does not have: Hessians of norms, determinants, losses."""

from __future__ import annotations

import numpy as np
from numpy.linalg import det, inv, norm, slogdet

from jacobians import cross_entropy, logsumexp, softplus

from .row import Row

X = {"X": "n n"}


def softmax_hessian(x):
    p = np.exp(x) / np.exp(x).sum()
    return np.diag(p) - np.outer(p, p)


def second_of_log_determinant(X):
    return -np.einsum("jk,li->ijkl", inv(X), inv(X))


def second_of_determinant(X):
    outer = np.einsum("ji,lk->ijkl", inv(X), inv(X))
    return det(X) * (outer + second_of_log_determinant(X))


def second_of_norm(x):
    return np.eye(len(x)) / norm(x) - np.outer(x, x) / norm(x) ** 3


ROWS = [
    Row("a", "‖x‖", "x", {"x": "n"}, norm, second_of_norm, "I_n / ‖x‖ − x xᵀ / ‖x‖³", order=2),
    Row(
        "b",
        "ln |det(X)|",
        "X",
        X,
        lambda X: slogdet(X)[1],
        second_of_log_determinant,
        "−(X⁻¹)_{il} (X⁻¹)_{kj}",
        order=2,
    ),
    Row(
        "c",
        "det(X)",
        "X",
        X,
        det,
        second_of_determinant,
        "det(X) ((X⁻¹)_{ij} (X⁻¹)_{kl} − (X⁻¹)_{il} (X⁻¹)_{kj})",
        order=2,
    ),
    Row(
        "d",
        "‖T − U Vᵀ‖²",
        "U",
        {"T": "m p", "U": "m k", "V": "p k"},
        lambda T, U, V: np.sum((T - U @ V.T) ** 2),
        lambda T, U, V: 2 * np.einsum("bd,ac->abcd", V.T @ V, np.eye(len(U))),
        "2 δ_{jl} (Vᵀ V)_{ik}",
        order=2,
        note="k² numbers are stored",
    ),
    Row(
        "e",
        "½ ‖B X Aᵀ‖²",
        "X",
        {"B": "p n", "X": "n m", "A": "q m"},
        lambda B, X, A: 0.5 * np.sum((B @ X @ A.T) ** 2),
        lambda B, X, A: np.einsum("ac,bd->abcd", B.T @ B, A.T @ A),
        "(Bᵀ B)_{jl} (Aᵀ A)_{ik}",
        order=2,
    ),
    Row(
        "f",
        "logsumexp(x)",
        "x",
        {"x": "n"},
        logsumexp,
        softmax_hessian,
        "diag(softmax(x)) − softmax(x) softmax(x)ᵀ",
        order=2,
    ),
    Row(
        "g",
        "cross_entropy(x, t)",
        "x",
        {"x": "n", "t": "n"},
        cross_entropy,
        lambda x, t: t.sum() * np.exp(x) / np.exp(x).sum() - t,
        "((1ᵀ t) softmax(x) − t)ᵀ",
        note="with 1ᵀ t = 1, as probabilities have, p − t",
    ),
    Row(
        "h",
        "cross_entropy(x, t)",
        "x",
        {"x": "n", "t": "n"},
        cross_entropy,
        lambda x, t: t.sum() * softmax_hessian(x),
        "(1ᵀ t) (diag(softmax(x)) − softmax(x) softmax(x)ᵀ)",
        order=2,
    ),
    Row(
        "i",
        "1ᵀ softplus(A x)",
        "x",
        {"A": "m n", "x": "n"},
        lambda A, x: np.sum(softplus(A @ x)),
        lambda A, x: A.T @ np.diag(np.exp(A @ x) / (1 + np.exp(A @ x)) ** 2) @ A,
        "Aᵀ diag(σ″(A x)) A",
        order=2,
        sigma="softplus",
    ),
    Row(
        "j",
        "(aᵀ x)³",
        "x",
        {"a": "n", "x": "n"},
        lambda a, x: (a @ x) ** 3,
        lambda a, x: 6 * np.einsum("i,j,k->ijk", a, a, a),
        "6 a ⊗ (a aᵀ)",
        order=3,
    ),
    Row(
        "k",
        "xᵀ A x ‖x‖²",
        "x",
        {"x": "n", "A": "n n"},
        lambda x, A: (x @ A @ x) * (x @ x),
        lambda x, A: (
            (x @ A @ x) * 2 * np.eye(len(x))
            + (x @ x) * (A + A.T)
            + 2 * np.outer(x, (A + A.T) @ x)
            + 2 * np.outer((A + A.T) @ x, x)
        ),
        "2 (xᵀ A x) I_n + ‖x‖² (A + Aᵀ) + 2 (A + Aᵀ) x xᵀ + 2 x xᵀ (A + Aᵀ)",
        order=2,
    ),
]
