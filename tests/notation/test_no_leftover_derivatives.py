"""No printed right side holds a ∂: what the chain rule shares is written out, or too long to be read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jacobians import derivative, matrix, parse

A, B = matrix("A", 3, 3), matrix("B", 3, 3)
inv, det = np.linalg.inv, np.linalg.det


def held(jacobian: Any) -> list[str]:
    """The right sides of a Jacobian, in text and in LaTeX, that hold a ∂."""
    texts = [
        jacobian.matrix_notation() or "",
        jacobian.entry_notation(),
        jacobian.index_notation().partition(" = ")[2],
        jacobian.latex().partition(" = ")[2],
        str(jacobian.expression),
    ]
    return [text for text in texts if "∂" in text or "partial" in text]


@pytest.mark.parametrize(
    "f",
    [
        parse("log det(kron(A, B) + kron(I_3, A))", A=(3, 3), B=(3, 3)),
        np.sum(inv(np.kron(A, B)) ** 2),
        det(np.reshape(np.sin(np.reshape(A @ B, -1)), (3, 3))),
        np.linalg.slogdet(np.block([[A @ A.T, B], [B.T, A @ B]]))[1],
        np.sum(np.tile(A @ A, (2, 2)) ** 3),
        np.sum(np.cumsum(A @ A, axis=0) ** 2),
        np.sum(np.roll(A @ A, 1, axis=0) * A),
        np.sum(np.reshape(inv(np.kron(A, B)), (9, 3, 3))[2] @ A),
    ],
)
def test_shared_parts_are_written_out(f: Any) -> None:
    for variable in (A, B):
        first = derivative(f, variable)
        assert held(first) == []
        for function in (lambda one: np.sum(one**2), lambda one: np.sum(np.sin(one) * np.exp(one))):
            assert held(derivative(function(first.expression), variable)) == []
