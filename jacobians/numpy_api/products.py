"""NumPy's products that are sums of others: cross, polynomials, convolution, covariance, methods of ufuncs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError
from ..expressions.nodes import Expression, as_expression
from ..functions import elementwise, indexing, reductions
from ..functions import operators as algebra
from ..functions.indexing import axis_number
from .contractions import np_tensordot
from .cutting_and_joining import along, known
from .shaping_and_reductions import np_axes, np_moveaxis, np_only, np_ravel, np_reduction

# --- products of vectors ----------------------------------------------------------------------------------------------


def np_vecdot(a: Any, b: Any, /, *, axis: Any = -1) -> Expression:
    a, b = as_expression(a), as_expression(b)
    if axis != -1:
        a, b = (np_moveaxis(part, axis, -1) for part in (a, b))
    _same_length("np.vecdot", a, -1, b, -1)
    return algebra.sum_axes(algebra.multiply(a, b), [-1])


def np_matvec(a: Any, b: Any) -> Expression:
    a, b = as_expression(a), as_expression(b)
    _same_length("np.matvec", a, -1, b, -1)
    return algebra.sum_axes(algebra.multiply(a, indexing.expand_axes(b, [b.ndim - 1])), [-1])


def np_vecmat(a: Any, b: Any) -> Expression:
    a, b = as_expression(a), as_expression(b)
    _same_length("np.vecmat", a, -1, b, -2)
    return algebra.sum_axes(algebra.multiply(indexing.expand_axes(a, [a.ndim]), b), [-2])


def _same_length(what: str, a: Expression, axis: int, b: Expression, other: int) -> None:
    if a.ndim < -axis or b.ndim < -other or a.shape[axis] != b.shape[other]:
        raise ShapeError(f"{what}: shapes {a.shape} and {b.shape}; the axes that meet are there and of one size")


def np_cross(a: Any, b: Any, axisa: Any = -1, axisb: Any = -1, axisc: Any = -1, axis: Any = None) -> Expression:
    """Of vectors of three entries."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np_moveaxis(a, axisa, -1), np_moveaxis(b, axisb, -1)
    if a.shape[-1:] != (3,) or b.shape[-1:] != (3,):
        raise ShapeError(f"np.cross: expected vectors of three entries, got shapes {a.shape} and {b.shape}")
    turns = [tuple(np.roll([0, 1, 2], -k)) for k in (1, 2)]
    product = algebra.subtract(
        algebra.multiply(a[..., list(turns[0])], b[..., list(turns[1])]),
        algebra.multiply(a[..., list(turns[1])], b[..., list(turns[0])]),
    )
    return np_moveaxis(product, -1, axisc)


# --- sequences --------------------------------------------------------------------------------------------------------


def np_polyval(p: Any, x: Any) -> Expression:
    """p₀ xⁿ + … + pₙ, by Horner's scheme."""
    coefficients = as_expression(p)
    if coefficients.ndim != 1:
        raise ShapeError(f"np.polyval: the coefficients are a vector, got shape {coefficients.shape}")
    x = as_expression(x)
    total: Any = 0.0
    for k in range(known("np.polyval", coefficients, 0)):
        total = algebra.add(algebra.multiply(total, x), coefficients[k])
    return algebra.multiply(total, algebra.ones(x.shape))


def np_trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Expression:
    y = as_expression(y)
    place = axis_number("np.trapezoid", axis, y.ndim)
    means = algebra.multiply(0.5, algebra.add(along(y, place, slice(1, None)), along(y, place, slice(None, -1))))
    if x is not None:
        x = as_expression(x)
        steps = reductions.difference(x, x.ndim - 1 if x.ndim == 1 else place)
        dx = indexing.expand_axes(steps, range(1, y.ndim - place)) if x.ndim == 1 else steps
    return algebra.sum_axes(algebra.multiply(means, dx), [place])


def np_convolve(a: Any, v: Any, mode: Any = "full") -> Expression:
    a, v = as_expression(a), as_expression(v)
    if a.ndim != 1 or v.ndim != 1:
        raise ShapeError(f"np.convolve: expected two vectors, got shapes {a.shape} and {v.shape}")
    if mode not in ("full", "same", "valid"):
        raise UnsupportedError(f"np.convolve: the mode is 'full', 'same' or 'valid', got {mode!r}")
    n, m = known("np.convolve", a, 0), known("np.convolve", v, 0)
    if n < m:
        a, v, n, m = v, a, m, n
    if mode == "valid":
        return reductions.correlation(a, indexing.flip(v, [0]))
    whole = reductions.convolution(a, v)
    return whole if mode == "full" else along(whole, 0, slice((m - 1) // 2, (m - 1) // 2 + n))


def np_correlate(a: Any, v: Any, mode: Any = "valid") -> Expression:
    a, v = as_expression(a), as_expression(v)
    if a.ndim != 1 or v.ndim != 1:
        raise ShapeError(f"np.correlate: expected two vectors, got shapes {a.shape} and {v.shape}")
    if mode not in ("full", "same", "valid"):
        raise UnsupportedError(f"np.correlate: the mode is 'full', 'same' or 'valid', got {mode!r}")
    n, m = known("np.correlate", a, 0), known("np.correlate", v, 0)
    if mode == "valid":
        return reductions.correlation(a, v) if n >= m else indexing.flip(reductions.correlation(v, a), [0])
    whole = np_convolve(a, indexing.flip(v, [0]))
    if mode == "full":
        return whole
    start = (min(n, m) - (n >= m)) // 2
    return along(whole, 0, slice(start, start + max(n, m)))


def np_cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Expression:
    np_only("np.cumprod", {"dtype": dtype, "out": out})
    products: Expression = np_ravel(a) if axis is None else as_expression(a)
    place = 0 if axis is None else axis_number("np.cumprod", axis, products.ndim)
    size, reach = known("np.cumprod", products, place), 1
    while reach < size:  # after each step an entry is the product of twice as many
        first, earlier = along(products, place, slice(None, reach)), along(products, place, slice(None, -reach))
        later = algebra.multiply(along(products, place, slice(reach, None)), earlier)
        products = indexing.concatenate([first, later], place)
        reach *= 2
    return products


# --- statistics -------------------------------------------------------------------------------------------------------


def np_ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = None) -> Expression:
    np_only("np.ptp", {"out": out})
    high, low = (np_reduction("np.ptp", reductions.extreme(rule)) for rule in (reductions.MAX, reductions.MIN))
    return algebra.subtract(high(a, axis, None, None, keepdims), low(a, axis, None, None, keepdims))


def np_truth(rule: Any, what: str) -> Callable[..., Expression]:
    """`np.any` and `np.all`: the largest or the smallest of 1.0 where an entry is not 0, and 0.0 where it is."""
    reduced = np_reduction(what, reductions.extreme(rule))

    def function(a: Any, axis: Any = None, out: Any = None, keepdims: Any = None, **rest: Any) -> Expression:
        holds = elementwise.COMPARISONS[np.not_equal](as_expression(a), as_expression(0.0))
        return reduced(holds, axis, None, out, keepdims, **rest)

    return function


def np_average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = None) -> Any:
    if returned:
        raise UnsupportedError("np.average with returned: the sum of the weights is np.sum(weights)")
    a = as_expression(a)
    axes = np_axes("np.average", axis, a.ndim)
    keep = keepdims is not np._NoValue and bool(keepdims)
    if weights is None:
        return reductions.mean(a, axes, keep)
    w = as_expression(weights)
    if w.shape != a.shape:
        if w.ndim != 1 or len(axes) != 1 or w.shape[0] != a.shape[axes[0]]:
            raise ShapeError(
                f"np.average: the weights have shape {w.shape}; they have that of the values, {a.shape}, or are a "
                "vector along the one axis"
            )
        w = indexing.expand_axes(w, [k for k in range(a.ndim) if k not in axes])
    total = algebra.sum_axes(algebra.multiply(w, algebra.ones(a.shape)), axes, keep)
    return elementwise.divide(algebra.sum_axes(algebra.multiply(a, w), axes, keep), total)


def np_cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None, **rest: Any) -> Expression:
    np_only("np.cov", {"y": y, **rest})
    a: Expression = as_expression(m)
    if a.ndim > 2:
        raise ShapeError(f"np.cov: expected a matrix, got shape {a.shape}")
    rows = indexing.expand_axes(a, [0]) if a.ndim < 2 else a if rowvar else a.T
    centred = algebra.subtract(rows, reductions.mean(rows, [1], True))
    count = known("np.cov", rows, 1) - (int(ddof) if ddof is not None else 0 if bias else 1)
    product = algebra.multiply(1.0 / count, algebra.matmul(centred, centred.T))
    return indexing.squeeze_axes(product, [0, 1]) if a.ndim < 2 else product


# --- norms -----------------------------------------------------------------------------------------------------------


def np_matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Expression:  # noqa: A002 - NumPy's name
    x = as_expression(x)
    return reductions.norm(x, ord, [x.ndim - 2, x.ndim - 1], keepdims)


def np_vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Expression:  # noqa: A002
    x = as_expression(x)
    axes = np_axes("np.linalg.vector_norm", axis, x.ndim)
    if len(axes) > 1:
        shape = tuple(1 if k in axes else size for k, size in enumerate(x.shape))
        rest = [k for k in range(x.ndim) if k not in axes]
        flat = indexing.reshape(algebra.permute(x, [*rest, *axes]), (*(x.shape[k] for k in rest), -1))
        result = reductions.norm(flat, ord, [len(rest)])
        return indexing.reshape(result, shape) if keepdims else result
    return reductions.norm(x, ord, axes, keepdims)


def np_linalg_tensordot(a: Any, b: Any, /, *, axes: Any = 2) -> Expression:
    return np_tensordot(a, b, axes)
