"""Inverse, solution of linear systems, powers of matrices, and derivatives (leading axes are stacks, as in NumPy).

∂Y_ij/∂X_kl of Y = X⁻¹ is −Y_ik Y_lj: Petersen and Pedersen, *The Matrix Cookbook*, section 2.2.
"""

from __future__ import annotations

from typing import Any

from ..errors import DataError, ShapeError
from ..expressions.nodes import EinsumTerm, Expression, Primitive, Rule, as_expression
from ..shapes.sizes import Shape
from .determinants import INVERSE, square_matrix
from .einsum_terms import einsum_term
from .operators import matmul, network
from .reductions import power_of


def _solve_local(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    """Y = A⁻¹ B: ∂Y_ij/∂A_kl = −A⁻¹_ik Y_lj, ∂Y_ij/∂B_kj = A⁻¹_ik."""
    a, b = node.args
    inverse = Primitive.of(INVERSE, a)
    if b.ndim == 1:
        return ([einsum_term("-ik,l->ilk", inverse, node)], [einsum_term("ik->ik", inverse)])
    by_a = einsum_term("-...ik,...lj->...ijlk...", inverse, node)
    by_b = einsum_term("...ik->...ijjk...", inverse, j=b.shape[-1])
    return ([by_a], [by_b])


SOLVE: Rule = Rule("solve", "np.linalg.solve({0}, {1})", lambda args: args[1].shape, _solve_local)


def inverse(a: Any) -> Expression:
    """X⁻¹, of a square matrix or a stack of them."""
    return Primitive.of(INVERSE, square_matrix("np.linalg.inv", a))


def solution(a: Any, b: Any) -> Expression:
    """A⁻¹ b for a vector b, A⁻¹ B for a matrix; stacks have equal leading axes."""
    a, b = square_matrix("np.linalg.solve", a), as_expression(b)
    shape: Shape = b.shape if b.ndim == 1 else b.shape[:-1]
    if b.ndim not in (1, a.ndim) or (b.ndim == 1 and a.ndim > 2) or shape != a.shape[:-1]:
        raise ShapeError(
            f"np.linalg.solve: A has shape {a.shape} and b {b.shape}; b has as many rows as A, and the same stack"
        )
    return Primitive.of(SOLVE, a, b)


def matrix_power(a: Any, n: Any) -> Expression:
    """Xⁿ for a whole n; negative ones go through the inverse."""
    a = square_matrix("np.linalg.matrix_power", a)
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise DataError(f"np.linalg.matrix_power: the exponent is an integer, got {n!r}")
    if int(n) == 0:  # the identity, a delta
        axes = range(a.ndim - 1)
        return network([], [], (*axes, a.ndim - 2), dict(zip(axes, a.shape, strict=False)))
    return power_of(inverse(a) if int(n) < 0 else a, abs(int(n)))


def multi_dot(parts: Any) -> Expression:
    """The product of several matrices, left to right; the order of evaluation is found later."""
    result = as_expression(parts[0])
    for part in parts[1:]:
        result = matmul(result, part)
    return result
