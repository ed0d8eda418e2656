"""The methods of ufuncs on expressions: `np.add.reduce`, `np.logaddexp.accumulate`, `np.multiply.outer`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..expressions.array_protocol import UFUNCS
from ..expressions.nodes import Expression, as_expression
from ..expressions.unsupported import full_name
from ..functions import activations, indexing, reductions
from ..functions import operators as algebra
from ..functions.indexing import axis_number
from .cutting_and_joining import along, known
from .products import np_cumprod
from .shaping_and_reductions import np_axes, np_cumsum, np_moveaxis, np_only, np_reduction


def _logsumexp(a: Expression, axes: list[int], keepdims: bool = False) -> Expression:
    """Over several axes one after the other, the last first."""
    for axis in sorted(axes, reverse=True):
        a = reductions.kept(activations.logsumexp(np_moveaxis(a, axis, -1)), [axis], keepdims)
    return a


_REDUCTIONS: dict[Any, Callable[..., Expression]] = {
    np.add: algebra.sum_axes,
    np.multiply: reductions.product,
    np.maximum: reductions.extreme(reductions.MAX),
    np.minimum: reductions.extreme(reductions.MIN),
    np.logaddexp: _logsumexp,
}


def ufunc_reduce(ufunc: Any, a: Any, axis: Any = 0, dtype: Any = None, keepdims: Any = False, **rest: Any) -> Any:
    """`np.add.reduce` is a sum along the first axis, and so on; any other ufunc of two goes from entry to entry."""
    what = full_name(ufunc, "reduce")
    if ufunc in _REDUCTIONS:
        return np_reduction(what, _REDUCTIONS[ufunc])(a, axis, dtype, None, keepdims, **rest)
    np_only(what, {"dtype": dtype, **rest})
    a = as_expression(a)
    axes = np_axes(what, axis, a.ndim)
    if len(axes) != 1:
        raise UnsupportedError(f"{what}: one axis at a time, got axis={axis!r}")
    return reductions.kept(_steps(ufunc, what, a, axes[0])[-1], axes, keepdims)


def ufunc_accumulate(ufunc: Any, array: Any, axis: Any = 0, dtype: Any = None) -> Expression:
    """`np.add.accumulate` is a cumulative sum; any other ufunc of two goes from entry to entry."""
    if ufunc in (np.add, np.multiply):
        return (np_cumsum if ufunc is np.add else np_cumprod)(array, axis, dtype)
    what = full_name(ufunc, "accumulate")
    np_only(what, {"dtype": dtype})
    a: Expression = as_expression(array)
    place = axis_number(what, axis, a.ndim)
    return indexing.stack(_steps(ufunc, what, a, place), place)


def ufunc_outer(ufunc: Any, a: Any, b: Any) -> Any:
    """The ufunc of every entry of one with every entry of the other."""
    a, b = as_expression(a), as_expression(b)
    return UFUNCS[ufunc](indexing.expand_axes(a, range(a.ndim, a.ndim + b.ndim)) if b.ndim else a, b)


def _steps(ufunc: Any, what: str, a: Expression, axis: int) -> list[Expression]:
    """The ufunc of the first entries along an axis, one more at each step."""
    if ufunc.nin != 2:
        raise UnsupportedError(f"{what}: {ufunc.__name__} takes {ufunc.nin} arguments, and a reduction two")
    parts = [along(a, axis, k) for k in range(known(what, a, axis))]
    steps = parts[:1]
    for part in parts[1:]:
        steps.append(UFUNCS[ufunc](steps[-1], part))
    return steps
