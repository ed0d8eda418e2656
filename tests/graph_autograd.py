"""What autograd lacks of NumPy, or mistakes, by gathers and by arithmetic that it has right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def value_of(x: Any) -> Any:
    """The number behind a traced one: the real part, under the complex step."""
    while hasattr(x, "_value"):
        x = x._value
    return np.real(x) if isinstance(x, (np.ndarray, np.generic, float, complex)) else x


def gathered(xp: Any, function: Callable[..., Any], parts: Sequence[Any], constant: float = 0.0) -> Any:
    """The entries of the parts where `function` of NumPy puts their numbers; −1 is the `constant`."""
    numbers, start = [], 0
    for part in parts:
        size = int(np.size(value_of(part)))
        numbers.append(np.arange(start, start + size).reshape(np.shape(value_of(part))))
        start += size
    places = np.asarray(function(*numbers))
    flat = xp.concatenate([*(xp.reshape(part, (-1,)) for part in parts), np.array([constant])])
    return xp.reshape(flat[np.ravel(places)], np.shape(places))


#: Functions that move the entries of their first argument.
MOVES = (
    *("take", "squeeze", "roll", "flip", "repeat", "tile", "broadcast_to", "diagonal", "transpose", "moveaxis"),
    *("swapaxes", "expand_dims", "delete", "take_along_axis", "rot90", "flipud", "fliplr", "rollaxis", "resize"),
)


def from_front(axis: Any, rank: int) -> Any:
    """Axes counted from the front: autograd mistakes some that are not."""
    if isinstance(axis, tuple):
        return tuple(one % rank for one in axis)
    return axis if axis is None else axis % rank


def moves(xp: Any) -> dict[str, Any]:
    """Functions of NumPy that move entries, as gathers."""

    def one(function: Any) -> Callable[..., Any]:
        return lambda x, *args, **options: gathered(xp, lambda n: function(n, *args, **options), [x])

    def several(function: Any) -> Callable[..., list[Any]]:
        def parts(x: Any, *args: Any, **options: Any) -> list[Any]:
            count = len(function(np.zeros(np.shape(value_of(x))), *args, **options))
            return [gathered(xp, lambda n, k=k: function(n, *args, **options)[k], [x]) for k in range(count)]

        return parts

    def pad(x: Any, widths: Any, mode: str, constant_values: float = 0.0) -> Any:
        options = {"constant_values": -1} if mode == "constant" else {}
        return gathered(xp, lambda n: np.pad(n, widths, mode=mode, **options), [x], constant_values)

    names = ("split", "array_split", "hsplit", "vsplit", "dsplit", "unstack")
    return {
        **{name: one(getattr(np, name)) for name in MOVES},
        **{name: several(getattr(np, name)) for name in names if hasattr(np, name)},
        "matrix_transpose": one(lambda n: np.swapaxes(n, -1, -2)),
        "method_transpose": lambda x, axes: gathered(xp, lambda n: np.transpose(n, axes), [x]),
        "compress": lambda mask, x, axis: gathered(xp, lambda n: np.compress(mask, n, axis=axis), [x]),
        "extract": lambda mask, x: gathered(xp, lambda n: np.extract(mask, n), [x]),
        "append": lambda a, b: gathered(xp, np.append, [a, b]),
        "dstack": lambda parts: gathered(xp, lambda *n: np.dstack(n), parts),
        "block": lambda rows: gathered(xp, lambda a, b: np.block([[a, b], [b, a]]), rows[0]),
        "broadcast_arrays": lambda a, b: [
            gathered(xp, lambda m, n, k=k: np.broadcast_arrays(m, n)[k], [a, b]) for k in range(2)
        ],
        "meshgrid": lambda a, b, indexing: [
            gathered(xp, lambda m, n, k=k: np.meshgrid(m, n, indexing=indexing)[k], [a, b]) for k in range(2)
        ],
        "pad": pad,
        "diag": lambda x, k=0: gathered(xp, lambda n: np.diag(n + 1, k) - 1, [x]),
        "trace": lambda x, offset=0, axis1=0, axis2=1: xp.sum(
            gathered(xp, lambda n: np.diagonal(n, offset, axis1, axis2), [x]), axis=np.ndim(value_of(x)) - 2
        ),
        "ediff1d": lambda x: xp.ravel(x)[1:] - xp.ravel(x)[:-1],
        "column_stack": lambda parts: gathered(xp, lambda *n: np.column_stack(n), parts),
    }


def element_wise(xp: Any) -> dict[str, Any]:
    """Functions that are constant by pieces, and those that autograd does not have."""

    def where(condition: Any, a: Any, b: Any) -> Any:
        return np.float64(value_of(condition) != 0) * a + np.float64(value_of(condition) == 0) * b

    def absolute(x: Any) -> Any:
        return np.sign(value_of(x)) * x

    def valued(name: str) -> Callable[..., Any]:
        return lambda *args, **options: getattr(np, name)(*(value_of(one) for one in args), **options)

    def remainder(a: Any, b: Any) -> Any:
        return a - np.floor(value_of(a) / value_of(b)) * b

    conditions = ("signbit", "isnan", "isinf", "isfinite", "logical_not", "logical_and", "logical_or", "logical_xor")
    return {
        **{name: valued(name) for name in (*conditions, "any", "all", "heaviside", "floor_divide", "trunc", "round")},
        "where": where,
        "select": lambda conditions, choices, default: where(
            conditions[0], choices[0], where(conditions[1], choices[1], default)
        ),
        "positive": lambda x: 1.0 * x,
        "conjugate": lambda x: 1.0 * x,
        "real": lambda x: 1.0 * x,
        "imag": lambda x: np.zeros(np.shape(x)),
        "copy": lambda x: 1.0 * x,
        "zeros_like": lambda x: np.zeros(np.shape(x)),
        "ones_like": lambda x: np.ones(np.shape(x)),
        "full_like": lambda x, fill: np.full(np.shape(x), fill),
        "cbrt": lambda x: x ** (1 / 3),
        "float_power": lambda a, b: a**b,
        "hypot": lambda a, b: xp.sqrt(a * a + b * b),
        "fabs": absolute,
        "copysign": lambda a, b: absolute(a) * np.copysign(1.0, value_of(b)),
        "logaddexp2": lambda a, b: xp.log(2.0**a + 2.0**b) / np.log(2.0),
        "remainder": remainder,
        "mod": remainder,
        "fmod": lambda a, b: a - np.trunc(value_of(a) / value_of(b)) * b,
        "divmod": lambda a, b: (np.floor(value_of(a) / value_of(b)), remainder(a, b)),
        "modf": lambda x: (x - np.trunc(value_of(x)), np.trunc(value_of(x))),
    }


def reductions(xp: Any) -> dict[str, Any]:
    """Reductions with axes counted from the front, and those that are made of others."""

    def counted(name: str) -> Callable[..., Any]:
        def reduced(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
            return getattr(xp, name)(x, axis=from_front(axis, np.ndim(x)), keepdims=keepdims)

        return reduced

    def diff(x: Any, n: int, axis: int) -> Any:
        for _ in range(n):
            before = (slice(None),) * (axis % x.ndim)
            x = x[(*before, slice(1, None))] - x[(*before, slice(None, -1))]
        return x

    def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        """By multiplication: autograd's own divides, by zeros too."""
        rank, shape = np.ndim(x), np.shape(x)
        axes = tuple(range(rank)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = tuple(one % rank for one in axes)
        rest = [one for one in range(rank) if one not in axes]
        lines = gathered(xp, lambda n: np.transpose(n, (*rest, *axes)), [x])
        lines = xp.reshape(lines, (*(shape[k] for k in rest), -1))
        result = lines[..., 0]
        for k in range(1, lines.shape[-1]):
            result = result * lines[..., k]
        return xp.reshape(result, tuple(1 if k in axes else shape[k] for k in range(rank))) if keepdims else result

    def cumprod(x: Any, axis: Any = None) -> Any:
        x = xp.ravel(x) if axis is None else x
        axis = (axis or 0) % x.ndim
        before = (slice(None),) * axis
        lines = [x[(*before, slice(0, 1))]]
        for k in range(1, x.shape[axis]):
            lines.append(lines[-1] * x[(*before, slice(k, k + 1))])
        return xp.concatenate(lines, axis=axis)

    def var(x: Any, axis: Any = None, ddof: float = 0.0, keepdims: bool = False) -> Any:
        axis = from_front(axis, np.ndim(x))
        centred = x - xp.mean(x, axis=axis, keepdims=True)
        total = xp.sum(centred**2, axis=axis, keepdims=keepdims)
        return total / (np.size(value_of(x)) / np.size(value_of(total)) - ddof)

    def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
        axis = from_front(axis, np.ndim(x))
        w = np.ones(np.shape(x)) if weights is None else weights
        if np.shape(w) != np.shape(x):
            w = xp.reshape(w, [size if k == axis else 1 for k, size in enumerate(np.shape(x))])
        return xp.sum(w * x, axis=axis) / xp.sum(w * np.ones(np.shape(x)), axis=axis)

    def trapezoid(y: Any, x: Any = None, axis: int = -1) -> Any:
        before = (slice(None),) * (axis % y.ndim)
        means = 0.5 * (y[(*before, slice(1, None))] + y[(*before, slice(None, -1))])
        if x is not None:
            means = means * xp.reshape(x[1:] - x[:-1], [-1] + [1] * (y.ndim - 1 - axis % y.ndim))
        return xp.sum(means, axis=axis % y.ndim)

    def cov(x: Any, rowvar: bool, bias: bool) -> Any:
        rows = x if rowvar else x.T
        centred = rows - xp.mean(rows, axis=1, keepdims=True)
        return xp.dot(centred, centred.T) / (rows.shape[1] - (not bias))

    plain = {name: counted(name) for name in ("sum", "mean", "max", "min")}
    return {
        **plain,
        "prod": prod,
        "var": var,
        "std": lambda x, **options: xp.sqrt(var(x, **options)),
        "ptp": lambda x, **options: plain["max"](x, **options) - plain["min"](x, **options),
        "diff": diff,
        "cumprod": cumprod,
        "average": average,
        "trapezoid": trapezoid,
        "cov": cov,
        "reduce": lambda name, x, axis: {"add": plain["sum"], "multiply": prod}[name](x, axis=axis),
        "accumulate": lambda name, x, axis: {"add": xp.cumsum, "multiply": cumprod}[name](x, axis=axis % x.ndim),
        "concatenate": lambda parts, axis=0: xp.concatenate(
            [xp.ravel(part) for part in parts] if axis is None else parts, axis=axis or 0
        ),
    }


def products(xp: Any) -> dict[str, Any]:
    """Products of vectors, polynomials and convolutions."""

    def cross(a: Any, b: Any) -> Any:
        x, y, z = (a[..., j] * b[..., k] - a[..., k] * b[..., j] for j, k in ((1, 2), (2, 0), (0, 1)))
        return xp.stack([x, y, z], axis=-1)

    def bilinear(name: str) -> Callable[..., Any]:
        def product(a: Any, v: Any, mode: str) -> Any:
            whole = np.array(
                [
                    [getattr(np, name)(e, f, mode) for f in np.eye(np.size(value_of(v)))]
                    for e in np.eye(np.size(value_of(a)))
                ]
            )
            flat = xp.reshape(xp.reshape(a, (-1, 1)) * xp.reshape(v, (1, -1)), (-1,))
            return xp.dot(flat, whole.reshape(-1, whole.shape[-1]))

        return product

    def polyval(p: Any, x: Any) -> Any:
        return sum(p[k] * x ** (p.shape[0] - 1 - k) for k in range(p.shape[0] - 1)) + p[-1] * np.ones(np.shape(x))

    def dotted(subscripts: str, a: Any, b: Any) -> Any:
        product = xp.dot(a, b)
        return gathered(xp, lambda n: np.moveaxis(n, -1, 0), [product]) if subscripts.endswith("j...") else product

    return {
        "cross": cross,
        "vecdot": lambda a, b: xp.sum(a * b, axis=np.ndim(a) - 1 if np.ndim(a) >= np.ndim(b) else np.ndim(b) - 1),
        "matvec": xp.dot,
        "vecmat": lambda y, a: xp.sum(xp.reshape(y, (-1, 1)) * a, axis=np.ndim(a) - 2),
        "convolve": bilinear("convolve"),
        "correlate": bilinear("correlate"),
        "polyval": polyval,
        "dotted": dotted,
        "outer_of": lambda name, a, b: getattr(xp, name)(xp.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b),
    }
