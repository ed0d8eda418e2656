"""NumPy's functions and operators on expressions: `np.tanh(W @ x + b)` builds an expression.

`UFUNCS` serves `np.add`, `np.exp`, … and with them the operators; `FUNCTIONS` serves `np.sum`, `np.dot`, ….
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import algebra, functions
from .errors import ShapeError, UnsupportedError
from .expression import FUNCTIONS, UFUNCS, Expression, Function, as_expression
from .products import outer


def _elementwise(function: Function) -> Callable[..., Expression]:
    return lambda *args: function(*(as_expression(arg) for arg in args))


UFUNCS.update(
    {
        np.add: algebra.add,
        np.subtract: algebra.subtract,
        np.multiply: algebra.multiply,
        np.divide: functions.divide,
        np.power: functions.power,
        np.float_power: functions.power,
        np.matmul: algebra.matmul,
        np.negative: algebra.negative,
        np.positive: as_expression,
        np.square: algebra.square,
        np.reciprocal: _elementwise(functions.RECIPROCAL),
        np.exp: _elementwise(functions.EXP),
        np.expm1: _elementwise(functions.EXPM1),
        np.log: _elementwise(functions.LOG),
        np.log1p: _elementwise(functions.LOG1P),
        np.logaddexp: _elementwise(functions.LOGADDEXP),
        np.sqrt: _elementwise(functions.SQRT),
        np.sin: _elementwise(functions.SIN),
        np.cos: _elementwise(functions.COS),
        np.tan: _elementwise(functions.TAN),
        np.sinh: _elementwise(functions.SINH),
        np.cosh: _elementwise(functions.COSH),
        np.tanh: _elementwise(functions.TANH),
        np.arctan: _elementwise(functions.ARCTAN),
        np.absolute: _elementwise(functions.ABS),
        np.fabs: _elementwise(functions.ABS),
        np.sign: _elementwise(functions.SIGN),
        np.maximum: _elementwise(functions.MAXIMUM),
        np.minimum: _elementwise(functions.MINIMUM),
    }
)


def _sum(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **rest: Any
) -> Expression:
    if dtype is not None or out is not None or rest:
        raise UnsupportedError("np.sum of an expression takes axis and keepdims only")
    a = as_expression(a)
    axes = None if axis is None else [axis] if isinstance(axis, int) else list(axis)
    for one in axes or []:
        if not -a.ndim <= one < a.ndim:
            raise ShapeError(f"np.sum: axis {one} of an expression with {a.ndim} axes (shape {a.shape})")
    return algebra.sum_axes(a, axes, bool(keepdims))


def _transpose(a: Any, axes: Any = None) -> Expression:
    a = as_expression(a)
    order = tuple(reversed(range(a.ndim))) if axes is None else tuple(int(axis) % a.ndim for axis in axes)
    if sorted(order) != list(range(a.ndim)):
        raise ShapeError(f"np.transpose: axes {axes} are no permutation of the {a.ndim} axes of shape {a.shape}")
    return algebra.permute(a, order)


def _dot(a: Any, b: Any, out: Any = None) -> Expression:
    a, b = as_expression(a), as_expression(b)
    return algebra.multiply(a, b) if not a.ndim or not b.ndim else algebra.matmul(a, b)


def _einsum(*args: Any, **options: Any) -> Expression:
    if any(option not in ("optimize",) for option in options):
        raise UnsupportedError(f"np.einsum of expressions takes no option {next(iter(options))!r}")
    return algebra.einsum(*args)


def _trace(a: Any, **options: Any) -> Expression:
    a = as_expression(a)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or options:
        raise ShapeError(f"np.trace: expected a square matrix, got shape {a.shape}")
    return algebra.einsum("ii->", a)


FUNCTIONS.update(
    {
        np.sum: _sum,
        np.transpose: _transpose,
        np.dot: _dot,
        np.outer: outer,
        np.einsum: _einsum,
        np.trace: _trace,
    }
)
