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
from .errors import ShapeError, UnsupportedError
from .expression import FUNCTIONS, UFUNCS, Constant, Expression, Function, as_expression
from .indexing import axis_number
from .products import outer
from .sizes import multiply_sizes


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


# --- functions --------------------------------------------------------------------------------------------------------


def _axes(what: str, axis: Any, rank: int) -> list[int]:
    """All axes for None; otherwise those of `axis`, counted from the front."""
    if axis is None:
        return list(range(rank))
    axes = [axis_number(what, one, rank) for one in (axis if isinstance(axis, (list, tuple)) else [axis])]
    if len(set(axes)) < len(axes):
        raise ShapeError(f"{what}: an axis twice in {axis}")
    return axes


def _only(what: str, options: dict[str, Any]) -> None:
    """Refuse options that are given and have no meaning here."""
    given = [name for name, value in options.items() if value is not None and value is not np._NoValue]
    if given:
        raise UnsupportedError(f"{what} of an expression takes no option {given[0]!r}")


def _reduction(what: str, reduced: Callable[..., Expression]) -> Callable[..., Expression]:
    """A NumPy reduction with `axis` and `keepdims`."""

    def function(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = None, **rest: Any
    ) -> Any:
        _only(what, {"dtype": dtype, "out": out, **rest})
        a = as_expression(a)
        return reduced(a, _axes(what, axis, a.ndim), keepdims is not np._NoValue and bool(keepdims))

    return function


def _extreme(what: str, reduced: Callable[..., Expression]) -> Callable[..., Expression]:
    general = _reduction(what, reduced)

    def function(a: Any, axis: Any = None, out: Any = None, keepdims: Any = None, **rest: Any) -> Any:
        return general(a, axis, None, out, keepdims, **rest)

    return function


def _variance(root: bool) -> Callable[..., Expression]:
    what = "np.std" if root else "np.var"

    def function(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = None, **rest: Any
    ) -> Expression:
        _only(what, {"dtype": dtype, "out": out, **rest})
        a = as_expression(a)
        keep = keepdims is not np._NoValue and bool(keepdims)
        value = reductions.variance(a, _axes(what, axis, a.ndim), float(ddof), keep)
        return elementwise.SQRT(value) if root else value

    return function


def _transpose(a: Any, axes: Any = None) -> Expression:
    a = as_expression(a)
    order = (
        tuple(reversed(range(a.ndim)))
        if axes is None
        else tuple(axis_number("np.transpose", axis, a.ndim) for axis in axes)
    )
    if sorted(order) != list(range(a.ndim)):
        raise ShapeError(f"np.transpose: axes {axes} are no permutation of the {a.ndim} axes of shape {a.shape}")
    return algebra.permute(a, order)


def _swapaxes(a: Any, axis1: Any, axis2: Any) -> Expression:
    a = as_expression(a)
    order = list(range(a.ndim))
    first, second = axis_number("np.swapaxes", axis1, a.ndim), axis_number("np.swapaxes", axis2, a.ndim)
    order[first], order[second] = order[second], order[first]
    return algebra.permute(a, order)


def _moveaxis(a: Any, source: Any, destination: Any) -> Expression:
    a = as_expression(a)
    sources, places = _axes("np.moveaxis", source, a.ndim), _axes("np.moveaxis", destination, a.ndim)
    if len(sources) != len(places):
        raise ShapeError(f"np.moveaxis: {len(sources)} axes to {len(places)} places")
    order = [axis for axis in range(a.ndim) if axis not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return algebra.permute(a, order)


def _dot(a: Any, b: Any, out: Any = None) -> Expression:
    _only("np.dot", {"out": out})
    a, b = as_expression(a), as_expression(b)
    if not a.ndim or not b.ndim:
        return algebra.multiply(a, b)
    return algebra.matmul(a, b) if b.ndim <= 2 and a.ndim <= 2 else _tensordot(a, b, ([-1], [-2 if b.ndim > 1 else 0]))


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Expression:
    a, b = as_expression(a), as_expression(b)
    if isinstance(axes, int):
        axes = (list(range(a.ndim - axes, a.ndim)), list(range(axes)))
    left, right = (_axes("np.tensordot", one, part.ndim) for one, part in zip(axes, (a, b), strict=True))
    if len(left) != len(right):
        raise ShapeError(f"np.tensordot: {len(left)} axes of the first operand meet {len(right)} of the second")
    for first, second in zip(left, right, strict=True):
        if a.shape[first] != b.shape[second]:
            raise ShapeError(
                f"np.tensordot: axis {first} of the first operand has size {a.shape[first]} and axis {second} of the "
                f"second {b.shape[second]} (shapes {a.shape} and {b.shape}); the sizes must be equal"
            )
    groups = [list(range(a.ndim)), list(range(a.ndim, a.ndim + b.ndim))]
    for first, second in zip(left, right, strict=True):
        groups[1][second] = first
    output = [index for k, index in enumerate(groups[0]) if k not in left]
    output += [index for k, index in enumerate(groups[1]) if k not in right]
    return algebra.network([a, b], [tuple(group) for group in groups], output)


def _inner(a: Any, b: Any) -> Expression:
    a, b = as_expression(a), as_expression(b)
    return algebra.multiply(a, b) if not a.ndim or not b.ndim else _tensordot(a, b, ([-1], [-1]))


def _kron(a: Any, b: Any) -> Expression:
    a, b = as_expression(a), as_expression(b)
    rank = max(a.ndim, b.ndim)
    a, b = (indexing.expand_axes(part, range(rank - part.ndim)) if part.ndim < rank else part for part in (a, b))
    groups = [tuple(range(0, 2 * rank, 2)), tuple(range(1, 2 * rank, 2))]
    product = algebra.network([a, b], groups, range(2 * rank))
    return indexing.reshape(product, [multiply_sizes(pair) for pair in zip(a.shape, b.shape, strict=True)])


def _outer(a: Any, b: Any, out: Any = None) -> Any:
    _only("np.outer", {"out": out})
    return outer(_ravel(a), _ravel(b))


def _ravel(a: Any, order: Any = "C") -> Expression:
    if order != "C":
        raise UnsupportedError(f"a reshape of an expression is in C order, got order={order!r}; transpose it first")
    flat: Expression = as_expression(a)
    return flat if flat.ndim == 1 else indexing.reshape(flat, [multiply_sizes(flat.shape)])


def _reshape(a: Any, shape: Any = None, order: Any = "C", **rest: Any) -> Expression:
    _only("np.reshape", rest)
    if order != "C":
        raise UnsupportedError(f"a reshape of an expression is in C order, got order={order!r}; transpose it first")
    return indexing.reshape(as_expression(a), shape if isinstance(shape, (list, tuple)) else [shape])


def _einsum(*args: Any, **options: Any) -> Expression:
    _only("np.einsum", {name: value for name, value in options.items() if name != "optimize"})
    if not args or not isinstance(args[0], str):
        raise UnsupportedError("np.einsum of expressions takes a string of indices, and then the operands")
    return algebra.einsum(*args)


def _trace(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, **rest: Any) -> Expression:
    _only("np.trace", rest)
    a = _square("np.trace", as_expression(a), offset, axis1, axis2)
    return algebra.network([a], [(0, 0)], ())


def _diagonal(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Expression:
    a = _square("np.diagonal", as_expression(a), offset, axis1, axis2)
    return algebra.network([a], [(0, 0)], (0,))


def _square(what: str, a: Expression, offset: Any, axis1: Any, axis2: Any) -> Expression:
    if a.ndim != 2 or a.shape[0] != a.shape[1] or offset or (axis1, axis2) not in ((0, 1), (-2, -1)):
        raise ShapeError(
            f"{what}: expected a square matrix and its main diagonal, got shape {a.shape}, offset {offset}"
        )
    return a


def _diag(a: Any, k: Any = 0) -> Expression:
    a = as_expression(a)
    if k or a.ndim not in (1, 2):
        raise ShapeError(f"np.diag: expected a vector or a square matrix and k=0, got shape {a.shape}, k={k}")
    return algebra.network([a], [(0,)], (0, 0)) if a.ndim == 1 else _diagonal(a)


def _triangle(keep: Callable[..., Any]) -> Callable[..., Expression]:
    def function(m: Any, k: Any = 0) -> Expression:
        m = as_expression(m)
        if m.ndim < 2 or not all(isinstance(size, int) for size in m.shape[-2:]):
            raise ShapeError(f"np.{keep.__name__}: expected a matrix of integer sizes, got shape {m.shape}")
        return algebra.multiply(m, Constant.of(keep(np.ones(m.shape[-2:]), k)))

    return function


def _where(condition: Any, x: Any = None, y: Any = None) -> Expression:
    if x is None or y is None:
        raise UnsupportedError("np.where of an expression takes a condition and two values")
    return elementwise.WHERE(as_expression(condition), as_expression(x), as_expression(y))


def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **rest: Any) -> Expression:
    low, high = rest.pop("min", None), rest.pop("max", None)
    _only("np.clip", {"out": out, **rest})
    result = as_expression(a)
    low, high = (a_min if low in (None, np._NoValue) else low), (a_max if high in (None, np._NoValue) else high)
    if low is not None and low is not np._NoValue:
        result = elementwise.MAXIMUM(result, as_expression(low))
    if high is not None and high is not np._NoValue:
        result = elementwise.MINIMUM(result, as_expression(high))
    return result


def _concatenate(parts: Any, axis: Any = 0, **rest: Any) -> Expression:
    _only("np.concatenate", {name: value for name, value in rest.items() if name != "casting"})
    if axis is None:
        parts, axis = [_ravel(part) for part in parts], 0
    return indexing.concatenate(parts, axis)


def _stack(parts: Any, axis: Any = 0, **rest: Any) -> Expression:
    _only("np.stack", {name: value for name, value in rest.items() if name != "casting"})
    return indexing.stack(parts, axis)


def _joined(rank: int, axis: Callable[[int], int]) -> Callable[..., Expression]:
    """hstack and vstack: parts of at least `rank` axes, joined."""

    def function(parts: Any, **rest: Any) -> Expression:
        _only("np.hstack and np.vstack", {name: value for name, value in rest.items() if name != "casting"})
        expressions = [as_expression(part) for part in parts]
        wide = [
            indexing.expand_axes(part, range(rank - part.ndim)) if part.ndim < rank else part for part in expressions
        ]
        return indexing.concatenate(wide, axis(wide[0].ndim))

    return function


def _column_stack(parts: Any) -> Expression:
    columns = [as_expression(part) for part in parts]
    return indexing.concatenate([indexing.expand_axes(c, [1]) if c.ndim == 1 else c for c in columns], 1)


def _expand_dims(a: Any, axis: Any) -> Expression:
    a = as_expression(a)
    count = len(axis) if isinstance(axis, (list, tuple)) else 1
    return indexing.expand_axes(a, sorted(_axes("np.expand_dims", axis, a.ndim + count)))


def _squeeze(a: Any, axis: Any = None) -> Expression:
    a = as_expression(a)
    axes = [k for k, size in enumerate(a.shape) if size == 1] if axis is None else _axes("np.squeeze", axis, a.ndim)
    for one in axes:
        if a.shape[one] != 1:
            raise ShapeError(
                f"np.squeeze: axis {one} has size {a.shape[one]}, and only a size of 1 can go (shape {a.shape})"
            )
    return indexing.squeeze_axes(a, axes) if axes else a


def _broadcast_to(a: Any, shape: Any, subok: bool = False) -> Expression:
    a = as_expression(a)
    return algebra.multiply(a, algebra.ones(tuple(shape) if isinstance(shape, (list, tuple)) else (shape,)))


def _take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: Any = None) -> Expression:
    _only("np.take", {"out": out, "mode": None if mode == "raise" else mode})
    a = _ravel(a) if axis is None else as_expression(a)
    place = 0 if axis is None else axis_number("np.take", axis, a.ndim)
    return indexing.take_items(a, (*[slice(None)] * place, indices))


def _along(what: str, function: Callable[[Expression, int, int], Expression], default: int | None) -> Any:
    """Functions of an expression, a number and an axis; without an axis they work on the flat expression."""

    def wrapped(a: Any, number: Any, axis: Any = default) -> Expression:
        a = _ravel(a) if axis is None else as_expression(a)
        if not hasattr(number, "__index__"):
            raise UnsupportedError(f"{what} of an expression takes one integer, got {number!r}")
        return function(a, int(number), 0 if axis is None else axis_number(what, axis, a.ndim))

    return wrapped


def _tile(a: Any, reps: Any) -> Expression:
    tiled: Expression = as_expression(a)
    counts = [reps] if isinstance(reps, int) else list(reps)
    if len(counts) > tiled.ndim:
        tiled = indexing.expand_axes(tiled, range(len(counts) - tiled.ndim))
    for axis, count in enumerate(counts, start=tiled.ndim - len(counts)):
        tiled = tiled if count == 1 else indexing.tile(tiled, count, axis)
    return tiled


def _roll(a: Any, shift: Any, axis: Any = None) -> Expression:
    a = as_expression(a)
    flat = _ravel(a) if axis is None else a
    rolled = indexing.roll(flat, int(shift), 0 if axis is None else axis_number("np.roll", axis, a.ndim))
    return indexing.reshape(rolled, a.shape) if axis is None else rolled


def _flip(m: Any, axis: Any = None) -> Expression:
    m = as_expression(m)
    return indexing.flip(m, _axes("np.flip", axis, m.ndim))


def _cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Expression:
    _only("np.cumsum", {"dtype": dtype, "out": out})
    a = _ravel(a) if axis is None else as_expression(a)
    return reductions.cumulative_sum(a, 0 if axis is None else axis_number("np.cumsum", axis, a.ndim))


def _diff(a: Any, n: Any = 1, axis: Any = -1, **rest: Any) -> Expression:
    _only("np.diff", rest)
    result: Expression = as_expression(a)
    for _ in range(int(n)):
        result = reductions.difference(result, axis_number("np.diff", axis, result.ndim))
    return result


def _average(a: Any, axis: Any = None, weights: Any = None, **rest: Any) -> Expression:
    _only("np.average", {"weights": weights, **{k: v for k, v in rest.items() if v is not False}})
    a = as_expression(a)
    return reductions.mean(a, _axes("np.average", axis, a.ndim))


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Expression:  # noqa: A002 - NumPy's name
    x = as_expression(x)
    if axis is None and ord is not None and x.ndim > 2:
        raise ShapeError(f"np.linalg.norm: with an order, x is a vector or a matrix, got shape {x.shape}")
    return reductions.norm(x, ord, _axes("np.linalg.norm", axis, x.ndim), bool(keepdims))


def _like(value: float) -> Callable[..., Expression]:
    def function(a: Any, **rest: Any) -> Expression:
        return algebra.multiply(value, algebra.ones(as_expression(a).shape))

    return function


def _method(function: Callable[..., Expression]) -> Callable[..., Expression]:
    """A method that takes a shape or axes as one tuple or as several arguments."""

    def method(a: Expression, *sizes: Any) -> Expression:
        single = len(sizes) == 1 and (sizes[0] is None or isinstance(sizes[0], (list, tuple)))
        return function(a, sizes[0] if single else list(sizes) or None)

    return method


def _atleast(rank: int) -> Callable[..., Expression]:
    def function(*arrays: Any) -> Any:
        wide = [as_expression(a) for a in arrays]
        wide = [indexing.expand_axes(a, range(rank - a.ndim)) if a.ndim < rank else a for a in wide]
        return wide[0] if len(wide) == 1 else tuple(wide)

    return function


FUNCTIONS.update(
    {
        np.sum: _reduction("np.sum", algebra.sum_axes),
        np.mean: _reduction("np.mean", reductions.mean),
        np.prod: _reduction("np.prod", reductions.product),
        np.max: _extreme("np.max", reductions.extreme(reductions.MAX)),
        np.min: _extreme("np.min", reductions.extreme(reductions.MIN)),
        np.var: _variance(root=False),
        np.std: _variance(root=True),
        np.average: _average,
        np.cumsum: _cumsum,
        np.diff: _diff,
        np.transpose: _transpose,
        np.swapaxes: _swapaxes,
        np.moveaxis: _moveaxis,
        np.dot: _dot,
        np.vdot: lambda a, b: _dot(_ravel(a), _ravel(b)),
        np.inner: _inner,
        np.outer: _outer,
        np.tensordot: _tensordot,
        np.kron: _kron,
        np.einsum: _einsum,
        np.trace: _trace,
        np.diagonal: _diagonal,
        np.diag: _diag,
        np.tril: _triangle(np.tril),
        np.triu: _triangle(np.triu),
        np.where: _where,
        np.clip: _clip,
        np.reshape: _reshape,
        np.ravel: _ravel,
        np.concatenate: _concatenate,
        np.stack: _stack,
        np.hstack: _joined(1, lambda rank: 0 if rank == 1 else 1),
        np.vstack: _joined(2, lambda rank: 0),
        np.column_stack: _column_stack,
        np.expand_dims: _expand_dims,
        np.squeeze: _squeeze,
        np.broadcast_to: _broadcast_to,
        np.atleast_1d: _atleast(1),
        np.atleast_2d: _atleast(2),
        np.take: _take,
        np.repeat: _along("np.repeat", indexing.repeat, None),
        np.tile: _tile,
        np.roll: _roll,
        np.flip: _flip,
        np.zeros_like: _like(0.0),
        np.ones_like: _like(1.0),
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
        np.linalg.norm: _norm,
        operator.getitem: indexing.take_items,
        "reshape": _method(lambda a, shape: _reshape(a, shape if shape is not None else ())),
        "transpose": _method(_transpose),
    }
)
#: Methods of expressions that are NumPy's functions of the same name.
METHODS: Sequence[str] = (
    *("sum", "mean", "prod", "max", "min", "var", "std", "cumsum", "dot", "ravel", "swapaxes", "squeeze", "trace"),
    *("diagonal", "repeat", "take", "clip"),
)
FUNCTIONS.update({name: FUNCTIONS[getattr(np, name)] for name in METHODS})
FUNCTIONS["flatten"] = _ravel
FUNCTIONS["copy"] = as_expression
