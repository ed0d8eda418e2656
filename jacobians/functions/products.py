"""The products of items 5 to 8: arrays in, array out; expressions in, expression out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..expressions.nodes import Expression, as_expression, as_real_array
from ..shapes.memory import refuse_if_too_large
from . import operators as algebra
from .elementwise import is_expression


def _einsum(subscripts: str, *operands: Any) -> Any:
    """One einsum for both worlds; on arrays an output that repeats an index is written through a diagonal view."""
    if any(isinstance(operand, Expression) for operand in operands):
        return algebra.einsum(subscripts, *operands)
    left, right = subscripts.split("->")
    sizes = dict(zip("".join(left.split(",")), [s for operand in operands for s in operand.shape], strict=True))
    shape = tuple(sizes[letter] for letter in right)
    itemsize = np.result_type(*operands).itemsize
    refuse_if_too_large([shape], f"the product {subscripts}", "Expressions form no product.", itemsize)
    if len(set(right)) == len(right):
        return np.einsum(subscripts, *operands)
    core = np.einsum(f"{left}->{''.join(dict.fromkeys(right))}", *operands)
    result = np.zeros(shape, dtype=core.dtype)
    np.einsum(f"{right}->{''.join(dict.fromkeys(right))}", result)[...] = core
    return result


def _operands(product: str, **values: Any) -> list[Any]:
    """The operands as expressions if one is, else as arrays of real numbers."""
    if is_expression(*values.values()):
        return [as_expression(value) for value in values.values()]
    return [as_real_array(value, f"{role} of {product}") for role, value in values.items()]


def _expect_rank(product: str, role: str, operand: Any, *ranks: int) -> None:
    if len(operand.shape) not in ranks:
        kinds = {0: "a scalar", 1: "a vector", 2: "a matrix", 3: "a tensor of three axes"}
        wanted = " or ".join(kinds[rank] for rank in ranks)
        got = kinds.get(len(operand.shape), f"a tensor of {len(operand.shape)} axes")
        raise ShapeError(f"{product}: {role} is {wanted}, got {got} of shape {tuple(operand.shape)}")


def outer(x: Any, y: Any) -> Any:
    """x yᵀ, shape n×m, of vectors of sizes n and m (item 5): entries x_i y_j.

    >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0])).tolist()
    [[3.0, 4.0], [6.0, 8.0]]
    """
    x, y = _operands("outer(x, y)", x=x, y=y)
    _expect_rank("outer(x, y)", "x", x, 1)
    _expect_rank("outer(x, y)", "y", y, 1)
    return _einsum("i,j->ij", x, y)


def tensor_product(a: Any, b: Any) -> Any:
    """a ⊗ b, as the notes have it.

    x ⊗ Y, vector p and matrix n×m: shape p×m×n, entries x_i y_kj (item 6). Y ⊗ x, matrix n×m and vector p: shape
    m×p×n, entries x_j y_ki (item 7). x ⊗ y, two vectors: the p×n matrix x yᵀ (item 6). Raises `ShapeError`
    for two matrices: the notes define no such product, and the Kronecker product, `np.kron`, is another thing.

    >>> tensor_product(np.ones(2), np.ones((3, 5))).shape, tensor_product(np.ones((3, 5)), np.ones(2)).shape
    ((2, 5, 3), (5, 2, 3))
    """
    a, b = _operands("a ⊗ b", a=a, b=b)
    _expect_rank("a ⊗ b", "a", a, 1, 2)
    _expect_rank("a ⊗ b", "b", b, 1, 2)
    match len(a.shape), len(b.shape):
        case 1, 1:
            return _einsum("i,j->ij", a, b)
        case 1, 2:
            return _einsum("i,kj->ijk", a, b)
        case 2, 1:
            return _einsum("ki,j->ijk", a, b)
    raise ShapeError(
        f"a ⊗ b: a matrix of shape {tuple(a.shape)} with a matrix of shape {tuple(b.shape)}; the notes define ⊗ for a "
        "vector and a matrix (items 6 and 7). The Kronecker product is np.kron; any other product is an einsum"
    )


def diag(x: Any) -> Any:
    """diag(x), the n×n matrix with the vector x on its diagonal (item 8).

    >>> diag(np.array([1.0, 2.0])).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    (x,) = _operands("diag(x)", x=x)
    _expect_rank("diag(x)", "x", x, 1)
    return _einsum("i->ii", x)


def vector_tensor(y: Any, T: Any) -> Any:
    """yᵀ T for a vector of size m and a tensor m×p×n: Σ_i y_i T_ijk, shape p×n (item 7).

    It contracts the first axis of T, where NumPy's `y @ T` contracts the second. T may have any rank ≥ 1.
    Raises `ShapeError` if the first axis of T is not as long as y.

    >>> I = np.eye(3)
    >>> np.array_equal(vector_tensor(np.arange(3.0), tensor_product(I, np.ones(2))), outer(np.ones(2), np.arange(3.0)))
    True
    """
    y, T = _operands("vector_tensor(y, T)", y=y, T=T)
    _expect_rank("vector_tensor(y, T)", "y", y, 1)
    if not T.shape:
        raise ShapeError("vector_tensor(y, T): T has at least one axis, got a scalar")
    if y.shape[0] != T.shape[0]:
        raise ShapeError(
            f"vector_tensor(y, T): y has size {y.shape[0]} and the first axis of T has size {T.shape[0]} (T has shape "
            f"{tuple(T.shape)}); yᵀT contracts the first axis, and the sizes must be equal"
        )
    rest = "jklmnopqrstuvwxyz"[: len(T.shape) - 1]
    return _einsum(f"i,i{rest}->{rest}", y, T)
