"""Inverse, solution of linear systems, determinants, and their derivatives (leading axes are stacks, as in NumPy).

∂Y_ij/∂X_kl of Y = X⁻¹ is −Y_ik Y_lj, and ∂ det X/∂X_kl is det(X) (X⁻¹)_lk: Petersen and Pedersen, *The Matrix
Cookbook*, sections 2.1 and 2.2.
"""

from __future__ import annotations

from typing import Any

from ..errors import DataError, ShapeError
from ..expressions.nodes import EinsumTerm, Expression, Primitive, Rule, as_expression
from ..expressions.terms import tidy
from ..shapes.sizes import Shape, Size
from .operators import matmul, network
from .reductions import power_of


def _rows(node: Expression, inner: int) -> tuple[tuple[int, ...], int]:
    """The indices of the stack, and the first free one."""
    count = node.ndim - inner
    return tuple(range(count)), count


def _inverse_local(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    rows, free = _rows(node, 2)
    i, j, k, m = range(free, free + 4)
    sizes = dict(enumerate(node.shape)) | {k: node.shape[-1], m: node.shape[-1]}
    output = (*rows, i, j, m, k, *reversed(rows))
    return ([tidy(-1.0, [node, node], [(*rows, i, k), (*rows, m, j)], output, sizes)],)


def _stack_sizes(matrices: Expression, rows: tuple[int, ...], k: int, m: int) -> dict[int, Size]:
    return dict(zip((*rows, k, m), matrices.shape, strict=True))


def _determinant_local(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    rows, free = _rows(node, 0)
    k, m = free, free + 1
    inverse = Primitive.of(INVERSE, node.args[0])
    output = (*rows, m, k, *reversed(rows))
    return ([tidy(1.0, [node, inverse], [rows, (*rows, m, k)], output, _stack_sizes(inverse, rows, m, k))],)


def _log_determinant_local(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    rows, free = _rows(node, 0)
    k, m = free, free + 1
    inverse = Primitive.of(INVERSE, node.args[0])
    return ([tidy(1.0, [inverse], [(*rows, m, k)], (*rows, m, k, *reversed(rows)), _stack_sizes(inverse, rows, m, k))],)


def _solve_local(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    """Y = A⁻¹ B: ∂Y/∂A_kl = −A⁻¹_ik Y_l…, ∂Y/∂B_k… = A⁻¹_ik."""
    a, b = node.args
    inverse = Primitive.of(INVERSE, a)
    vector = b.ndim == 1
    rows, free = _rows(node, 1 if vector else 2)
    i, k, m, j = range(free, free + 4)
    column = () if vector else (j,)
    n = a.shape[-1]
    sizes = {i: n, k: n} | ({} if vector else {j: b.shape[-1]}) | {row: a.shape[row] for row in rows}
    tail = tuple(reversed(rows))
    by_a = tidy(
        -1.0, [inverse, node], [(*rows, i, k), (*rows, m, *column)], (*rows, i, *column, m, k, *tail), sizes | {m: n}
    )
    by_b = tidy(1.0, [inverse], [(*rows, i, k)], (*rows, i, *column, *column, k, *tail), sizes)
    return ([by_a], [by_b])


INVERSE: Rule = Rule("inv", "np.linalg.inv({0})", lambda args: args[0].shape, _inverse_local)
DETERMINANT: Rule = Rule("det", "np.linalg.det({0})", lambda args: args[0].shape[:-2], _determinant_local)
LOG_DETERMINANT: Rule = Rule(
    "logdet", "np.linalg.slogdet({0})[1]", lambda args: args[0].shape[:-2], _log_determinant_local
)
SIGN_DETERMINANT: Rule = Rule(
    "signdet", "np.linalg.slogdet({0})[0]", lambda args: args[0].shape[:-2], lambda node: ([],)
)
SOLVE: Rule = Rule("solve", "np.linalg.solve({0}, {1})", lambda args: args[1].shape, _solve_local)


def _square(what: str, a: Any) -> Expression:
    matrix: Expression = as_expression(a)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise ShapeError(f"{what}: expected a square matrix, got shape {matrix.shape}")
    return matrix


def inverse(a: Any) -> Expression:
    """X⁻¹, of a square matrix or a stack of them."""
    return Primitive.of(INVERSE, _square("np.linalg.inv", a))


def determinant(a: Any) -> Expression:
    """det X. Its derivative goes through X⁻¹, so that of a singular matrix is not found."""
    return Primitive.of(DETERMINANT, _square("np.linalg.det", a))


def sign_and_log_determinant(a: Any) -> tuple[Expression, Expression]:
    """The sign of det X, whose derivative is zero, and log |det X|."""
    a = _square("np.linalg.slogdet", a)
    return Primitive.of(SIGN_DETERMINANT, a), Primitive.of(LOG_DETERMINANT, a)


def solution(a: Any, b: Any) -> Expression:
    """A⁻¹ b for a vector b, A⁻¹ B for a matrix; stacks have equal leading axes."""
    a, b = _square("np.linalg.solve", a), as_expression(b)
    shape: Shape = b.shape if b.ndim == 1 else b.shape[:-1]
    if b.ndim not in (1, a.ndim) or (b.ndim == 1 and a.ndim > 2) or shape != a.shape[:-1]:
        raise ShapeError(
            f"np.linalg.solve: A has shape {a.shape} and b {b.shape}; b has as many rows as A, and the same stack"
        )
    return Primitive.of(SOLVE, a, b)


def matrix_power(a: Any, n: Any) -> Expression:
    """Xⁿ for a whole n; negative ones go through the inverse."""
    a = _square("np.linalg.matrix_power", a)
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
