"""NumPy's functions and operators on expressions: `np.tanh(W @ x + b)` builds an expression.

`UFUNCS` serves `np.add`, `np.exp`, … and with them the operators; `FUNCTIONS` serves `np.sum`, `np.dot`, …, indexing
and the methods. What is not here is an `UnsupportedError` that names the function.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..expressions.array_protocol import FUNCTIONS, UFUNCS
from ..expressions.nodes import Expression, Function, as_expression
from ..expressions.unsupported import full_name
from ..functions import (
    cancelling,  # noqa: F401 - known once it is imported
    determinants,
    elementwise,
    indexing,
    linear_algebra,
    reductions,
    stable_forms,  # noqa: F401 - as above
)
from ..functions import operators as algebra
from . import contractions, diagonals, products, spacing, ufunc_methods
from . import cutting_and_joining as shapes
from . import shaping_and_reductions as fn
from .parameters import with_numpy_names


def _elementwise(function: Function) -> Callable[..., Expression]:
    return lambda *args: function(*(as_expression(arg) for arg in args))


_OPERATIONS: dict[Any, Callable[..., Any]] = {
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
    np.conjugate: as_expression,
    np.divmod: lambda a, b: (np.floor_divide(a, b), np.remainder(a, b)),
    np.modf: lambda a: (algebra.subtract(a, np.trunc(a)), np.trunc(a)),
}
UFUNCS.update(_OPERATIONS)
for _name in (
    *("reciprocal", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "sqrt", "cbrt"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"),
    *("sign", "floor", "ceil", "rint", "trunc", "maximum", "minimum", "arctan2", "hypot", "remainder"),
    *("fmod", "floor_divide", "logaddexp2", "copysign", "heaviside"),
):
    UFUNCS[getattr(np, _name)] = _elementwise(getattr(elementwise, _name.upper()))
UFUNCS.update({ufunc: _elementwise(function) for ufunc, function in elementwise.COMPARISONS.items()})
UFUNCS.update({ufunc: _elementwise(function) for ufunc, function in elementwise.CONDITIONS.items()})
UFUNCS.update({bitwise: fn.np_bitwise(bitwise, logical) for bitwise, logical in fn.BITWISE.items()})

FUNCTIONS.update(
    {
        np.sum: fn.np_reduction("np.sum", algebra.sum_axes),
        np.mean: fn.np_reduction("np.mean", reductions.mean),
        np.prod: fn.np_reduction("np.prod", reductions.product),
        np.max: fn.np_extreme("np.max", reductions.extreme(reductions.MAX)),
        np.min: fn.np_extreme("np.min", reductions.extreme(reductions.MIN)),
        np.var: fn.np_variance(root=False),
        np.std: fn.np_variance(root=True),
        np.average: products.np_average,
        np.cumsum: fn.np_cumsum,
        np.diff: fn.np_diff,
        np.transpose: fn.np_transpose,
        np.swapaxes: fn.np_swapaxes,
        np.moveaxis: fn.np_moveaxis,
        np.dot: contractions.np_dot,
        np.vdot: lambda a, b: contractions.np_dot(fn.np_ravel(a), fn.np_ravel(b)),
        np.inner: contractions.np_inner,
        np.outer: contractions.np_outer,
        np.tensordot: contractions.np_tensordot,
        np.kron: contractions.np_kron,
        np.einsum: contractions.np_einsum,
        np.trace: diagonals.np_trace,
        np.diagonal: diagonals.np_diagonal,
        np.diag: diagonals.np_diag,
        np.tril: diagonals.np_triangle(np.tril),
        np.triu: diagonals.np_triangle(np.triu),
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
        np.zeros_like: fn.np_like("np.zeros_like", 0.0),
        np.ones_like: fn.np_like("np.ones_like", 1.0),
        np.full_like: fn.np_like("np.full_like", None),
        np.shape: lambda a: as_expression(a).shape,
        np.ndim: lambda a: as_expression(a).ndim,
        np.size: lambda a, axis=None: indexing.flat_size(a) if axis is None else a.shape[axis],
        np.copy: lambda a, order="K", subok=False: as_expression(a),
        np.linalg.inv: linear_algebra.inverse,
        np.linalg.det: determinants.determinant,
        np.linalg.slogdet: determinants.sign_and_log_determinant,
        np.linalg.solve: linear_algebra.solution,
        np.linalg.matrix_power: linear_algebra.matrix_power,
        np.linalg.multi_dot: lambda arrays, **rest: linear_algebra.multi_dot(arrays),
        np.linalg.norm: fn.np_norm,
        np.split: shapes.np_split(equal=True),
        np.array_split: shapes.np_split(equal=False),
        np.hsplit: shapes.np_split_on(lambda rank: 1 if rank > 1 else 0),
        np.vsplit: shapes.np_split_on(lambda rank: 0),
        np.dsplit: shapes.np_split_on(lambda rank: 2),
        np.delete: shapes.np_delete,
        np.compress: shapes.np_compress,
        np.extract: shapes.np_extract,
        np.take_along_axis: shapes.np_take_along_axis,
        np.append: shapes.np_append,
        np.dstack: shapes.np_dstack,
        np.block: shapes.np_block,
        np.pad: shapes.np_pad,
        np.rot90: shapes.np_rot90,
        np.flipud: shapes.np_flipped(0),
        np.fliplr: shapes.np_flipped(1),
        np.rollaxis: shapes.np_rollaxis,
        np.resize: shapes.np_resize,
        np.broadcast_arrays: shapes.np_broadcast_arrays,
        np.meshgrid: shapes.np_meshgrid,
        np.select: shapes.np_select,
        np.cross: products.np_cross,
        np.polyval: products.np_polyval,
        np.convolve: products.np_convolve,
        np.correlate: products.np_correlate,
        np.cumprod: products.np_cumprod,
        np.ptp: products.np_ptp,
        np.any: products.np_truth(reductions.MAX, "np.any"),
        np.all: products.np_truth(reductions.MIN, "np.all"),
        np.cov: products.np_cov,
        np.ediff1d: lambda ary: fn.np_diff(fn.np_ravel(ary)),
        np.round: fn.np_round,
        np.around: fn.np_round,
        np.fix: _elementwise(elementwise.TRUNC),
        np.real: as_expression,
        np.iscomplexobj: lambda x: False,
        np.isrealobj: lambda x: True,
        np.result_type: lambda *types: np.result_type(
            *(float if isinstance(one, Expression) else one for one in types)
        ),
        np.imag: lambda a: algebra.zeros(as_expression(a).shape),
        np.linspace: spacing.np_linspace,
        np.logspace: spacing.np_logspace,
        np.geomspace: spacing.np_geomspace,
        "reduce": ufunc_methods.ufunc_reduce,
        "accumulate": ufunc_methods.ufunc_accumulate,
        "outer": ufunc_methods.ufunc_outer,
        operator.getitem: indexing.take_items,
        operator.eq: elementwise.compared(elementwise.SAME),
        operator.ne: elementwise.compared(elementwise.DIFFERENT),
        "reshape": fn.np_method(lambda a, shape, **rest: fn.np_reshape(a, () if shape is None else shape, **rest)),
        "transpose": fn.np_method(fn.np_transpose),
    }
)
#: Functions that not every NumPy has: those of the array API, in np.linalg, and new ufuncs.
_NEWER: dict[tuple[Any, str], Any] = {
    (np, "unstack"): shapes.np_unstack,
    (np, "trapezoid"): products.np_trapezoid,
    (np, "trapz"): products.np_trapezoid,
    (np, "matrix_transpose"): lambda x: fn.np_swapaxes(x, -1, -2),
    (np.linalg, "matrix_transpose"): lambda x: fn.np_swapaxes(x, -1, -2),
    (np.linalg, "matmul"): algebra.matmul,
    (np.linalg, "outer"): contractions.np_outer,
    (np.linalg, "tensordot"): products.np_linalg_tensordot,
    (np.linalg, "vecdot"): products.np_vecdot,
    (np.linalg, "cross"): lambda x1, x2, axis=-1: products.np_cross(x1, x2, axis=axis),
    (np.linalg, "trace"): lambda x, offset=0, **rest: diagonals.np_trace(x, offset, -2, -1, **rest),
    (np.linalg, "diagonal"): lambda x, offset=0: diagonals.np_diagonal(x, offset, -2, -1),
    (np.linalg, "vector_norm"): products.np_vector_norm,
    (np.linalg, "matrix_norm"): products.np_matrix_norm,
}
FUNCTIONS.update({getattr(home, name): rule for (home, name), rule in _NEWER.items() if name in vars(home)})
for _name, _rule in (("vecdot", products.np_vecdot), ("matvec", products.np_matvec), ("vecmat", products.np_vecmat)):
    if hasattr(np, _name):
        UFUNCS[getattr(np, _name)] = _rule
_NUMPYS = [one for one in FUNCTIONS if not isinstance(one, str) and full_name(one).startswith("np.")]
FUNCTIONS.update({function: with_numpy_names(function, FUNCTIONS[function]) for function in _NUMPYS})
#: Methods of expressions that are NumPy's functions of the same name.
METHODS: Sequence[str] = (
    *("sum", "mean", "prod", "max", "min", "var", "std", "cumsum", "dot", "ravel", "swapaxes", "squeeze", "trace"),
    *("diagonal", "repeat", "take", "clip", "round", "cumprod", "any", "all", "compress"),
)
FUNCTIONS.update({name: FUNCTIONS[getattr(np, name)] for name in METHODS})
FUNCTIONS["flatten"] = fn.np_ravel
FUNCTIONS["copy"] = as_expression
FUNCTIONS["conj"] = FUNCTIONS["conjugate"] = as_expression
FUNCTIONS["astype"] = fn.np_astype
