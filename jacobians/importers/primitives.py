"""What each primitive of a jaxpr is, in NumPy's functions on expressions.

A handler takes the equation and its inputs, some of them arrays. Index maps with known places (a gather, a slice with
steps, a padding) are found by running the primitive on the numbers of the entries.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..expressions.index_maps import Selector
from ..expressions.nodes import EinsumSum, EinsumTerm, Expression, Function, as_expression
from ..expressions.picks import Pick
from ..functions.activations import sigmoid
from ..functions.operators import zeros

#: Primitives that only call another jaxpr, and the parameter that holds it.
INLINED = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "remat": "jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
}

Handler = Callable[..., Any]

#: The identity with a derivative that is zero.
STOPPED = Function("stop_gradient", "np.positive({0})", lambda args, value: (zeros(()),))


def is_known(value: Any) -> bool:
    """Whether a value is an array and not an expression."""
    return not isinstance(value, Expression)


def _numbers(value: Any) -> Any:
    """A known value as NumPy's array, an expression as it is."""
    return np.asarray(value) if is_known(value) else value


def _pointwise(function: Callable[..., Any]) -> Handler:
    return lambda equation, *inputs: function(*map(_numbers, inputs))


def _reducing(function: Callable[..., Any]) -> Handler:
    def handler(equation: Any, x: Any) -> Any:
        axes = tuple(equation.params["axes"])
        return function(x, axis=axes) if axes else x

    return handler


def _cumulative(function: Callable[..., Any]) -> Handler:
    def handler(equation: Any, x: Any) -> Any:
        axis = equation.params["axis"]
        if equation.params.get("reverse"):
            return np.flip(function(np.flip(x, axis), axis=axis), axis)
        return function(x, axis=axis)

    return handler


def _integer_pow(equation: Any, x: Any) -> Any:
    return x ** equation.params["y"]


def _select(equation: Any, which: Any, *cases: Any) -> Any:
    if len(cases) != 2:
        raise UnsupportedError("a selection among more than two cases; nest jnp.where")
    if is_known(which):
        chosen = np.asarray(which)
        if not chosen.any():
            return _broadcast_as(cases[0], equation)
        if chosen.all():
            return _broadcast_as(cases[1], equation)
    return np.where(_numbers(which), _numbers(cases[1]), _numbers(cases[0]))


def _broadcast_as(value: Any, equation: Any) -> Any:
    shape = tuple(equation.outvars[0].aval.shape)
    return value if tuple(np.shape(value)) == shape else np.broadcast_to(value, shape)


def _maximum(equation: Any, a: Any, b: Any) -> Any:
    for known, other in ((a, b), (b, a)):
        if is_known(known) and np.all(np.asarray(known) == -np.inf):
            return _broadcast_as(other, equation)
    return np.maximum(_numbers(a), _numbers(b))


def _clamp(equation: Any, low: Any, x: Any, high: Any) -> Any:
    return np.clip(x, _numbers(low), _numbers(high))


def _broadcast_in_dim(equation: Any, x: Any, *_: Any) -> Any:
    shape, kept = tuple(equation.params["shape"]), tuple(equation.params["broadcast_dimensions"])
    placed = [1] * len(shape)
    for axis, place in enumerate(kept):
        placed[place] = x.shape[axis]
    x = np.reshape(x, tuple(placed)) if tuple(placed) != x.shape else x
    return np.broadcast_to(x, shape) if tuple(placed) != shape else x


def _dot_general(equation: Any, a: Any, b: Any) -> Any:
    (left, right), (batch_left, batch_right) = equation.params["dimension_numbers"]
    a, b = _numbers(a), _numbers(b)
    mine = list(range(a.ndim))
    its = list(range(a.ndim, a.ndim + b.ndim))
    for p, q in [*zip(batch_left, batch_right, strict=True), *zip(left, right, strict=True)]:
        its[q] = mine[p]
    output = [mine[p] for p in batch_left]
    output += [mine[p] for p in range(a.ndim) if p not in (*batch_left, *left)]
    output += [its[q] for q in range(b.ndim) if q not in (*batch_right, *right)]
    return np.einsum(a, mine, b, its, output)


def _transpose(equation: Any, x: Any) -> Any:
    return np.transpose(x, equation.params["permutation"])


def _reshape(equation: Any, x: Any, *_: Any) -> Any:
    return np.reshape(x, tuple(equation.params["new_sizes"]))


def _squeeze(equation: Any, x: Any) -> Any:
    return np.squeeze(x, axis=tuple(equation.params["dimensions"]))


def _expand_dims(equation: Any, x: Any) -> Any:
    return np.expand_dims(x, tuple(equation.params["dimensions"]))


def _slice(equation: Any, x: Any) -> Any:
    p = equation.params
    steps = p["strides"] or (1,) * x.ndim
    return x[tuple(map(slice, p["start_indices"], p["limit_indices"], steps))]


def _split(equation: Any, x: Any) -> list[Any]:
    axis, ends = equation.params["axis"], np.cumsum(equation.params["sizes"])
    return list(np.split(x, [int(end) for end in ends[:-1]], axis=axis))


def _concatenate(equation: Any, *parts: Any) -> Any:
    return np.concatenate([as_expression(_numbers(one)) for one in parts], axis=equation.params["dimension"])


def _reversed(equation: Any, x: Any) -> Any:
    return np.flip(x, tuple(equation.params["dimensions"]))


def _pad(equation: Any, x: Any, value: Any) -> Any:
    widths = equation.params["padding_config"]
    plain = all(low >= 0 and high >= 0 and inside == 0 for low, high, inside in widths)
    if plain and is_known(value):
        return np.pad(x, [(low, high) for low, high, _ in widths], constant_values=float(value))
    if not is_known(value) or float(value) != 0.0:
        raise UnsupportedError("padding between entries with something else than 0")
    return _by_places(equation, x, np.zeros((), dtype=np.int64))


def _by_places(equation: Any, x: Any, *others: Any) -> Any:
    """A linear map that moves entries: run on the numbers of the entries, it tells where each comes from."""
    if not all(map(is_known, others)):
        raise UnsupportedError("its places are computed from values that are not known yet")
    size = int(np.prod(x.shape, dtype=int))
    numbers = np.arange(1, size + 1, dtype=np.int64).reshape(x.shape)
    parameters = dict(equation.params)
    if "fill_value" in parameters:
        parameters["fill_value"] = 0
    places = np.asarray(equation.primitive.bind(numbers, *others, **parameters))
    flat = np.reshape(x, (size,))
    picked = flat[np.maximum(places.reshape(-1) - 1, 0)].reshape(places.shape)
    return picked if np.all(places > 0) else picked * (places > 0).astype(float)


def _scatter_add(equation: Any, x: Any, places: Any, updates: Any) -> Any:
    """x with updates added at known places."""
    if not is_known(places):
        raise UnsupportedError("its places are computed from values that are not known yet")
    x, updates = as_expression(_numbers(x)), as_expression(_numbers(updates))
    target = _targets(equation, x.shape, places, updates.shape)
    inside = target >= 0
    size, count = int(np.prod(x.shape, dtype=int)), int(np.prod(updates.shape, dtype=int))
    flat: Any = np.reshape(updates, (count,))
    if not inside.all():
        flat = flat[np.flatnonzero(inside)]
        target, count = target[inside], int(inside.sum())
    moved = Selector.of(size, Pick.listed(target))
    added = EinsumSum.of([EinsumTerm(1.0, (moved, flat), ((0, 1), (1,)), (0,), (size, count))], (size,))
    return x + np.reshape(added, x.shape)


def _scatter(equation: Any, x: Any, places: Any, updates: Any) -> Any:
    """x with updates in place of what stood at known places, each of them once."""
    if not is_known(places):
        raise UnsupportedError("its places are computed from values that are not known yet")
    target = _targets(equation, tuple(x.shape), places, tuple(updates.shape))
    written = target[target >= 0]
    if len(set(written.tolist())) < len(written):
        raise UnsupportedError("an entry is written twice")
    kept = np.ones(int(np.prod(x.shape, dtype=int)))
    kept[written] = 0.0
    return _scatter_add(equation, _numbers(x) * kept.reshape(x.shape), places, updates)


def _targets(equation: Any, shape: tuple[Any, ...], places: Any, of_updates: tuple[Any, ...]) -> Any:
    """The flat place that each update goes to, −1 for one that is dropped: the transpose of the gather, by vjp."""
    from jax import lax, linear_transpose

    p = equation.params
    count = int(np.prod(of_updates, dtype=int))

    def adding(updates: Any) -> Any:
        return lax.scatter_add(
            np.zeros(shape),
            places,
            updates,
            p["dimension_numbers"],
            indices_are_sorted=p["indices_are_sorted"],
            unique_indices=p["unique_indices"],
            mode=p["mode"],
        )

    (transposed,) = (linear_transpose(adding, np.zeros(of_updates)),)
    size = int(np.prod(shape, dtype=int))
    (found,) = transposed(np.arange(1.0, size + 1).reshape(shape))
    return np.asarray(found).reshape(count).astype(np.int64) - 1


def _update_slice(equation: Any, x: Any, update: Any, *starts: Any) -> Any:
    if not all(map(is_known, starts)):
        raise UnsupportedError("its place is computed from values that are not known yet")
    x, update = as_expression(_numbers(x)), as_expression(_numbers(update))
    begins = [int(np.clip(int(at), 0, n - m)) for at, n, m in zip(starts, x.shape, update.shape, strict=True)]
    widths = [(at, n - at - m) for at, n, m in zip(begins, x.shape, update.shape, strict=True)]
    kept = np.ones(tuple(x.shape))
    kept[tuple(slice(at, at + m) for at, m in zip(begins, update.shape, strict=True))] = 0.0
    return x * kept + np.pad(update, widths)


def _convolution(equation: Any, x: Any, w: Any) -> Any:
    """A convolution as a sum over the places of the kernel: a slice of x contracted with a slice of w."""
    p = equation.params
    numbers = p["dimension_numbers"]
    if p["batch_group_count"] != 1 or set(p["lhs_dilation"]) != {1}:
        raise UnsupportedError("a transposed convolution, or one with groups of samples")
    x = np.transpose(_numbers(x), numbers.lhs_spec)  # samples, channels, space
    w = np.transpose(_numbers(w), numbers.rhs_spec)  # out, in of a group, space
    groups, space = p["feature_group_count"], x.ndim - 2
    x = np.pad(x, [(0, 0), (0, 0), *((max(low, 0), max(high, 0)) for low, high in p["padding"])])
    cuts = tuple(
        slice(-min(low, 0), n + min(high, 0)) for (low, high), n in zip(p["padding"], x.shape[2:], strict=True)
    )
    x = x[(slice(None), slice(None), *cuts)]
    kernel = tuple(int(n) for n in w.shape[2:])
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, p["rhs_dilation"], strict=True)]
    lengths = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], reach, p["window_strides"], strict=True)]
    n, channels, outputs = x.shape[0], x.shape[1], w.shape[0]
    axes = list(range(4, 4 + space))

    def part(place: tuple[int, ...]) -> Any:
        steps = zip(place, p["rhs_dilation"], p["window_strides"], lengths, strict=True)
        window = tuple(slice(k * d, k * d + (length - 1) * s + 1, s) for k, d, s, length in steps)
        piece = np.reshape(x[(slice(None), slice(None), *window)], (n, groups, channels // groups, *lengths))
        weight = np.reshape(w[(slice(None), slice(None), *place)], (groups, outputs // groups, w.shape[1]))
        return np.einsum(piece, [0, 1, 2, *axes], weight, [1, 3, 2], [0, 1, 3, *axes])

    total = reduce(lambda a, b: a + b, map(part, np.ndindex(*kernel)))
    y = np.reshape(total, (n, outputs, *lengths))
    return np.transpose(y, np.argsort(numbers.out_spec))


def _windows(reducing: Callable[..., Any]) -> Handler:
    """A pooling: the windows stacked on a last axis, and reduced there."""

    def handler(equation: Any, x: Any) -> Any:
        p = equation.params
        if set(p["base_dilation"]) != {1} or any(width for pair in p["padding"] for width in pair):
            if reducing is not np.sum:
                raise UnsupportedError("a pooling with padding")
            x = np.pad(x, [tuple(pair) for pair in p["padding"]])
        window, steps, apart = p["window_dimensions"], p["window_strides"], p["window_dilation"]
        reach = [(k - 1) * d + 1 for k, d in zip(window, apart, strict=True)]
        lengths = [(n - r) // s + 1 for n, r, s in zip(x.shape, reach, steps, strict=True)]

        def part(place: tuple[int, ...]) -> Any:
            along = zip(place, apart, lengths, steps, strict=True)
            return x[tuple(slice(k * d, k * d + (length - 1) * s + 1, s) for k, d, length, s in along)]

        parts = list(map(part, np.ndindex(*window)))
        return reducing(np.stack(parts, axis=-1), axis=-1)

    return handler


def _convert(equation: Any, x: Any) -> Any:
    if np.dtype(equation.params["new_dtype"]).kind in "iub":
        return np.trunc(x)
    return x


def _named(equation: Any, x: Any) -> Any:
    return x.named("".join(mark if mark.isalnum() else "_" for mark in equation.params["name"]))


def _identity(equation: Any, x: Any) -> Any:
    return x


HANDLERS: dict[str, Handler] = {
    "add": _pointwise(lambda a, b: a + b),
    "add_any": _pointwise(lambda a, b: a + b),
    "sub": _pointwise(lambda a, b: a - b),
    "mul": _pointwise(lambda a, b: a * b),
    "div": _pointwise(lambda a, b: a / b),
    "neg": _pointwise(lambda a: -a),
    "pow": _pointwise(lambda a, b: a**b),
    "rem": _pointwise(np.fmod),
    "min": _pointwise(np.minimum),
    "atan2": _pointwise(np.arctan2),
    "exp": _pointwise(np.exp),
    "exp2": _pointwise(np.exp2),
    "log": _pointwise(np.log),
    "expm1": _pointwise(np.expm1),
    "log1p": _pointwise(np.log1p),
    "sin": _pointwise(np.sin),
    "cos": _pointwise(np.cos),
    "tan": _pointwise(np.tan),
    "asin": _pointwise(np.arcsin),
    "acos": _pointwise(np.arccos),
    "atan": _pointwise(np.arctan),
    "sinh": _pointwise(np.sinh),
    "cosh": _pointwise(np.cosh),
    "tanh": _pointwise(np.tanh),
    "asinh": _pointwise(np.arcsinh),
    "acosh": _pointwise(np.arccosh),
    "atanh": _pointwise(np.arctanh),
    "sqrt": _pointwise(np.sqrt),
    "rsqrt": _pointwise(lambda a: 1.0 / np.sqrt(a)),
    "cbrt": _pointwise(np.cbrt),
    "square": _pointwise(np.square),
    "abs": _pointwise(np.abs),
    "sign": _pointwise(np.sign),
    "floor": _pointwise(np.floor),
    "ceil": _pointwise(np.ceil),
    "round": _pointwise(np.round),
    "logistic": _pointwise(sigmoid),
    "eq": _pointwise(np.equal),
    "ne": _pointwise(np.not_equal),
    "lt": _pointwise(np.less),
    "le": _pointwise(np.less_equal),
    "gt": _pointwise(np.greater),
    "ge": _pointwise(np.greater_equal),
    "and": _pointwise(np.logical_and),
    "or": _pointwise(np.logical_or),
    "not": _pointwise(np.logical_not),
    "is_finite": _pointwise(lambda a: np.equal(a - a, 0.0)),
    "max": _maximum,
    "clamp": _clamp,
    "integer_pow": _integer_pow,
    "select_n": _select,
    "broadcast_in_dim": _broadcast_in_dim,
    "dot_general": _dot_general,
    "transpose": _transpose,
    "reshape": _reshape,
    "squeeze": _squeeze,
    "expand_dims": _expand_dims,
    "slice": _slice,
    "split": _split,
    "concatenate": _concatenate,
    "rev": _reversed,
    "pad": _pad,
    "gather": _by_places,
    "dynamic_slice": _by_places,
    "dynamic_update_slice": _update_slice,
    "scatter-add": _scatter_add,
    "scatter_add": _scatter_add,
    "scatter": _scatter,
    "reduce_sum": _reducing(np.sum),
    "reduce_max": _reducing(np.max),
    "reduce_min": _reducing(np.min),
    "reduce_prod": _reducing(np.prod),
    "cumsum": _cumulative(np.cumsum),
    "cumprod": _cumulative(np.cumprod),
    "reduce_window_sum": _windows(np.sum),
    "reduce_window_max": _windows(np.max),
    "reduce_window_min": _windows(np.min),
    "conv_general_dilated": _convolution,
    "convert_element_type": _convert,
    "reduce_precision": _identity,
    "copy": _identity,
    "copy_p": _identity,
    "optimization_barrier": lambda equation, *inputs: list(inputs),
    "real": _identity,
    "stop_gradient": _pointwise(STOPPED),
    "name": _named,
}
