"""Equations (129) to (132): derivatives of norms."""

from __future__ import annotations

import numpy as np
from numpy.linalg import norm

from .row import Row

PAIR = {"x": "n", "a": "n"}


def direction_right(x, a):
    return np.eye(len(x)) / norm(x - a) - np.outer(x - a, x - a) / norm(x - a) ** 3


ROWS = [
    Row(
        "129",
        "‖x − a‖",
        "x",
        PAIR,
        lambda x, a: norm(x - a),
        lambda x, a: (x - a) / norm(x - a),
        "(x − a)ᵀ / ‖x − a‖",
    ),
    Row(
        "130",
        "(x − a) / ‖x − a‖",
        "x",
        PAIR,
        lambda x, a: (x - a) / norm(x - a),
        direction_right,
        "I_n / ‖x − a‖ − (x − a) (x − a)ᵀ / ‖x − a‖³",
    ),
    Row(
        "131",
        "‖x‖²",
        "x",
        {"x": "n"},
        lambda x: norm(x) ** 2,
        lambda x: 2 * x,
        "2 xᵀ",
    ),
    Row(
        "132",
        "‖X‖²",
        "X",
        {"X": "n m"},
        lambda X: np.trace(X @ X.T),
        lambda X: 2 * X,
        "2 Xᵀ",
        note="the Frobenius norm",
    ),
]
