"""Equations (133) to (144): the chain rule, and structured matrices through a parametrisation.

A symmetric matrix is M + Mᵀ − M ⊙ I of a matrix M, of which only one triangle need be there; a diagonal one is M ⊙ I; a
Toeplitz matrix has entries of a vector t, by their places. The derivative with respect to the parameter is the
Cookbook's.
"""

from __future__ import annotations

import numpy as np
from numpy import trace as tr
from numpy.linalg import det, inv, slogdet

from .row import Row, called

SIZE = 4
#: The place in t of each entry of a Toeplitz matrix, t from the last row's first entry to the first row's last.
PLACES = np.arange(SIZE)[None, :] - np.arange(SIZE)[:, None] + SIZE - 1
DISTANCES = abs(PLACES - SIZE + 1)
M, AM = {"M": "n n"}, {"A": "n n", "M": "n n"}


def diagonal(M):
    """M ⊙ I."""
    return np.diag(np.diagonal(M))


def symmetric(M):
    return called(M + M.T - diagonal(M), "X")


def alpha(A):
    """The Cookbook's α(A): a Toeplitz matrix of the sums along the diagonals of Aᵀ."""
    return np.array([[np.trace(A.T, j - i) for j in range(len(A))] for i in range(len(A))])


def structure_matrix(M):
    """Entries k, l of the S^ij of a symmetric matrix."""
    eye = np.eye(len(M))
    single = np.einsum("ik,jl->klij", eye, eye)
    return single + single.transpose(0, 1, 3, 2) - np.einsum("ki,li,ij->klij", eye, eye, eye)


def by_chain_rule(A, X, B):
    U, eye = X.T @ X, np.eye(X.shape[1])
    outer = det(A @ U @ B) * inv(U).T
    inner = np.einsum("ki,lj->ijkl", X, eye) + np.einsum("kj,li->ijkl", X, eye)  # ∂U_ij/∂X_kl
    return np.einsum("ij,ijkl->kl", outer, inner)


def of_symmetric(G):
    """(138)."""
    return G + G.T - G * np.eye(len(G))


ROWS = [
    Row(
        "133, 138",
        "aᵀ X² b",
        "M",
        {"a": "n", "M": "n n", "b": "n"},
        lambda a, M, b: a @ symmetric(M) @ symmetric(M) @ b,
        lambda a, M, b: of_symmetric(symmetric(M).T @ np.outer(a, b) + np.outer(a, b) @ symmetric(M).T),
        "b aᵀ X + X b aᵀ + Xᵀ a bᵀ + a bᵀ Xᵀ − diag(b ⊙ (Xᵀ a)) − diag(a ⊙ (X b))",
        where="X := M + Mᵀ − M ⊙ I_n",
    ),
    Row(
        "134",
        "X",
        "M",
        M,
        symmetric,
        structure_matrix,
        "δ_{il} δ_{jk} + δ_{ik} δ_{jl} − δ_{ij} δ_{ik} δ_{il}",
        where="X := M + Mᵀ − M ⊙ I_n",
    ),
    Row(
        "135–137",
        "det(A U B)",
        "X",
        {"A": "m m", "X": "n m", "B": "m m"},
        lambda A, X, B: det(A @ called(X.T @ X, "U") @ B),
        by_chain_rule,
        "det(A U B) (U⁻¹ + U⁻ᵀ) Xᵀ",
        where="U := Xᵀ X",
    ),
    Row(
        "139",
        "tr(A X)",
        "M",
        AM,
        lambda A, M: tr(A @ symmetric(M)),
        lambda A, M: A + A.T - A * np.eye(len(A)),
        "A + Aᵀ − A ⊙ I_n",
        where="X := M + Mᵀ − M ⊙ I_n",
    ),
    Row(
        "140",
        "det(X)",
        "M",
        M,
        lambda M: det(symmetric(M)),
        lambda M: det(symmetric(M)) * (2 * inv(symmetric(M)) - inv(symmetric(M)) * np.eye(len(M))),
        "det(X) (X⁻¹ + X⁻ᵀ − X⁻¹ ⊙ I_n)",
        where="X := M + Mᵀ − M ⊙ I_n",
    ),
    Row(
        "141",
        "ln det(X)",
        "M",
        M,
        lambda M: slogdet(symmetric(M))[1],
        lambda M: 2 * inv(symmetric(M)) - inv(symmetric(M)) * np.eye(len(M)),
        "X⁻¹ + X⁻ᵀ − X⁻¹ ⊙ I_n",
        where="X := M + Mᵀ − M ⊙ I_n",
    ),
    Row(
        "142",
        "tr(A X)",
        "M",
        AM,
        lambda A, M: tr(A @ diagonal(M)),
        lambda A, M: A * np.eye(len(A)),
        "A ⊙ I_n",
        where="X := M ⊙ I_n",
    ),
    Row(
        "143",
        "tr(A T)",
        "t",
        {"A": f"{SIZE} {SIZE}", "t": f"{2 * SIZE - 1}"},
        lambda A, t: tr(A @ t[PLACES]),
        lambda A, t: np.array([*alpha(A)[::-1, 0], *alpha(A)[0, 1:]]),
        "Σ_{jkl} A_{jk} δ_{l,(kj)} δ_{i,p(l)}",
        note="by the entries of t: the first column of α(A) upwards, then its first row",
    ),
    Row(
        "144",
        "tr(A T)",
        "t",
        {"A": f"{SIZE} {SIZE}", "t": f"{SIZE}"},
        lambda A, t: tr(A @ t[DISTANCES]),
        lambda A, t: (alpha(A) + alpha(A).T - alpha(A) * np.eye(SIZE))[0],
        "Σ_{jkl} A_{jk} δ_{l,(kj)} δ_{i,p(l)}",
        note="by the entries of t: the first row",
    ),
]
