"""NumPy's functions and operators on expressions: `np.tanh(W @ x + b)` builds an expression.

`UFUNCS` serves `np.add`, `np.exp`, … and with them the operators; `FUNCTIONS` serves `np.sum`, `np.dot`, …, indexing
and the methods. What is not here is an `UnsupportedError` that names the function.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import algebra, elementwise, indexing, linear_algebra, reductions
from . import numpy_functions as fn
from .expression import FUNCTIONS, UFUNCS, Expression, Function, as_expression


def _elementwise(function: Function) -> Callable[..., Expression]:
    return lambda *args: function(*(as_expression(arg) for arg in args))


_OPERATIONS: dict[Any, Callable[..., Expression]] = {
    np.add: algebra.add,
    np.subtract: algebra.subtract,
    np.multiply: algebra.multiply,
    np.divide: elementwise.divide,
    np.power: elementwise.power,
    np.float_power: elementwise.power,
    np.matmul: algebra.matmul,
    np.negative: algebra.negative,
    np.positive: as_expression,
    np.square: algebra.square,
    np.absolute: _elementwise(elementwise.ABS),
    np.fabs: _elementwise(elementwise.ABS),
    np.fmax: _elementwise(elementwise.MAXIMUM),
    np.fmin: _elementwise(elementwise.MINIMUM),
    np.mod: _elementwise(elementwise.REMAINDER),
    np.deg2rad: lambda a: algebra.multiply(np.pi / 180.0, a),
    np.radians: lambda a: algebra.multiply(np.pi / 180.0, a),
    np.rad2deg: lambda a: algebra.multiply(180.0 / np.pi, a),
    np.degrees: lambda a: algebra.multiply(180.0 / np.pi, a),
}
UFUNCS.update(_OPERATIONS)
for _name in (
    *("reciprocal", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "sqrt", "cbrt"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"),
    *("sign", "floor", "ceil", "rint", "trunc", "maximum", "minimum", "arctan2", "hypot", "remainder"),
):
    UFUNCS[getattr(np, _name)] = _elementwise(getattr(elementwise, _name.upper()))
UFUNCS.update({ufunc: _elementwise(function) for ufunc, function in elementwise.COMPARISONS.items()})

FUNCTIONS.update(
    {
        np.sum: fn.np_reduction("np.sum", algebra.sum_axes),
        np.mean: fn.np_reduction("np.mean", reductions.mean),
        np.prod: fn.np_reduction("np.prod", reductions.product),
        np.max: fn.np_extreme("np.max", reductions.extreme(reductions.MAX)),
        np.min: fn.np_extreme("np.min", reductions.extreme(reductions.MIN)),
        np.var: fn.np_variance(root=False),
        np.std: fn.np_variance(root=True),
        np.average: fn.np_average,
        np.cumsum: fn.np_cumsum,
        np.diff: fn.np_diff,
        np.transpose: fn.np_transpose,
        np.swapaxes: fn.np_swapaxes,
        np.moveaxis: fn.np_moveaxis,
        np.dot: fn.np_dot,
        np.vdot: lambda a, b: fn.np_dot(fn.np_ravel(a), fn.np_ravel(b)),
        np.inner: fn.np_inner,
        np.outer: fn.np_outer,
        np.tensordot: fn.np_tensordot,
        np.kron: fn.np_kron,
        np.einsum: fn.np_einsum,
        np.trace: fn.np_trace,
        np.diagonal: fn.np_diagonal,
        np.diag: fn.np_diag,
        np.tril: fn.np_triangle(np.tril),
        np.triu: fn.np_triangle(np.triu),
        np.where: fn.np_where,
        np.clip: fn.np_clip,
        np.reshape: fn.np_reshape,
        np.ravel: fn.np_ravel,
        np.concatenate: fn.np_concatenate,
        np.stack: fn.np_stack,
        np.hstack: fn.np_joined(1, lambda rank: 0 if rank == 1 else 1),
        np.vstack: fn.np_joined(2, lambda rank: 0),
        np.column_stack: fn.np_column_stack,
        np.expand_dims: fn.np_expand_dims,
        np.squeeze: fn.np_squeeze,
        np.broadcast_to: fn.np_broadcast_to,
        np.atleast_1d: fn.np_atleast(1),
        np.atleast_2d: fn.np_atleast(2),
        np.take: fn.np_take,
        np.repeat: fn.np_along("np.repeat", indexing.repeat, None),
        np.tile: fn.np_tile,
        np.roll: fn.np_roll,
        np.flip: fn.np_flip,
        np.zeros_like: fn.np_like(0.0),
        np.ones_like: fn.np_like(1.0),
        np.full_like: lambda a, fill_value, **rest: algebra.multiply(fill_value, algebra.ones(as_expression(a).shape)),
        np.shape: lambda a: as_expression(a).shape,
        np.ndim: lambda a: as_expression(a).ndim,
        np.size: lambda a, axis=None: indexing.flat_size(a) if axis is None else a.shape[axis],
        np.copy: lambda a, **rest: as_expression(a),
        np.linalg.inv: linear_algebra.inverse,
        np.linalg.det: linear_algebra.determinant,
        np.linalg.slogdet: linear_algebra.sign_and_log_determinant,
        np.linalg.solve: linear_algebra.solution,
        np.linalg.matrix_power: linear_algebra.matrix_power,
        np.linalg.multi_dot: lambda arrays, **rest: linear_algebra.multi_dot(arrays),
        np.linalg.norm: fn.np_norm,
        operator.getitem: indexing.take_items,
        "reshape": fn.np_method(lambda a, shape: fn.np_reshape(a, shape if shape is not None else ())),
        "transpose": fn.np_method(fn.np_transpose),
    }
)
#: Methods of expressions that are NumPy's functions of the same name.
METHODS: Sequence[str] = (
    *("sum", "mean", "prod", "max", "min", "var", "std", "cumsum", "dot", "ravel", "swapaxes", "squeeze", "trace"),
    *("diagonal", "repeat", "take", "clip"),
)
FUNCTIONS.update({name: FUNCTIONS[getattr(np, name)] for name in METHODS})
FUNCTIONS["flatten"] = fn.np_ravel
FUNCTIONS["copy"] = as_expression
