"""`np.diag`, `np.diagonal`, `np.trace`, `np.tril` and `np.triu` on expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..expressions.nodes import Constant, Expression, as_expression
from ..functions import operators as algebra
from ..functions.indexing import axis_number
from ..shapes.memory import refuse_if_too_large
from .cutting_and_joining import along, known, np_pad
from .shaping_and_reductions import np_only


def np_diagonal(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Expression:
    """The diagonal comes last, as in NumPy; of symbolic sizes only the main one of a square matrix is known."""
    a = _meeting("np.diagonal", as_expression(a), offset, axis1, axis2)
    stack = tuple(range(a.ndim - 2))
    return algebra.network([a], [(*stack, a.ndim - 2, a.ndim - 2)], range(a.ndim - 1))


def np_trace(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, **rest: Any) -> Expression:
    np_only("np.trace", rest)
    a = _meeting("np.trace", as_expression(a), offset, axis1, axis2)
    stack = tuple(range(a.ndim - 2))
    return algebra.network([a], [(*stack, a.ndim - 2, a.ndim - 2)], stack)


def _meeting(what: str, a: Expression, offset: Any, axis1: Any, axis2: Any) -> Expression:
    """`a` with the two axes last, cut so that the diagonal is the main one of a square."""
    if a.ndim < 2:
        raise ShapeError(f"{what}: expected two axes or more, got shape {a.shape}")
    first, second = axis_number(what, axis1, a.ndim), axis_number(what, axis2, a.ndim)
    if first == second:
        raise ShapeError(f"{what}: axis1 and axis2 are both {first}")
    order = [axis for axis in range(a.ndim) if axis not in (first, second)] + [first, second]
    a = algebra.permute(a, order) if order != list(range(a.ndim)) else a
    if not offset and a.shape[-1] == a.shape[-2]:
        return a
    rows, columns = known(what, a, a.ndim - 2), known(what, a, a.ndim - 1)
    top, left = max(-int(offset), 0), max(int(offset), 0)
    length = min(rows - top, columns - left)
    if length < 1:
        raise ShapeError(f"{what}: a matrix of shape {(rows, columns)} has no diagonal at offset {offset}")
    a = along(a, a.ndim - 2, slice(top, top + length))
    return along(a, a.ndim - 1, slice(left, left + length))


def np_diag(v: Any, k: Any = 0) -> Expression:
    a = as_expression(v)
    if a.ndim not in (1, 2):
        raise ShapeError(f"np.diag: expected a vector or a matrix, got shape {a.shape}")
    if a.ndim == 2:
        return np_diagonal(a, k)
    square = algebra.network([a], [(0,)], (0, 0))
    below, right = max(-int(k), 0), max(int(k), 0)
    return np_pad(square, ((below, right), (right, below))) if k else square


def np_triangle(keep: Callable[..., Any]) -> Callable[..., Expression]:
    def function(m: Any, k: Any = 0) -> Expression:
        m = as_expression(m)
        if m.ndim < 2 or not all(isinstance(size, int) for size in m.shape[-2:]):
            raise ShapeError(f"np.{keep.__name__}: expected a matrix of integer sizes, got shape {m.shape}")
        refuse_if_too_large([m.shape[-2:]], f"the mask of {keep.__name__}", "Take a part of the matrix.")
        return algebra.multiply(m, Constant.of(keep(np.ones(m.shape[-2:]), k)))

    return function
