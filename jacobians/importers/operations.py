"""What each operation of an exported PyTorch graph is, in NumPy's functions on expressions.

A handler takes the operation's own arguments, tensors as arrays or expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import prod
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..functions.activations import logsumexp, relu, sigmoid, softmax, softplus
from ..functions.layers import log_softmax

Handler = Callable[..., Any]


def _axes(x: Any, dim: Any) -> tuple[int, ...]:
    if dim is None or dim == []:
        return tuple(range(x.ndim))
    return tuple(one % x.ndim for one in ([dim] if isinstance(dim, int) else dim))


def _reduced(function: Callable[..., Any]) -> Handler:
    def handler(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
        axes = _axes(x, dim)
        return function(x, axis=axes, keepdims=keepdim) if axes else x

    return handler


def _variance(x: Any, dim: Any = None, *options: Any, correction: Any = 1, keepdim: bool = False, **_: Any) -> Any:
    if options:
        correction, keepdim = (int(options[0]) if isinstance(options[0], bool) else options[0]), options[-1]
    axes = _axes(x, dim)
    return np.var(x, axis=axes, ddof=1 if correction is None else correction, keepdims=keepdim)


def _scaled(sign: float) -> Handler:
    def handler(a: Any, b: Any, *, alpha: float = 1) -> Any:
        return a + b if sign * alpha == 1 else a - b if sign * alpha == -1 else a + (sign * alpha) * b

    return handler


def _division(a: Any, b: Any, *, rounding_mode: str | None = None) -> Any:
    if rounding_mode is not None:
        return np.floor(a / b) if rounding_mode == "floor" else np.trunc(a / b)
    return a / b


def _linear(x: Any, weight: Any, bias: Any = None) -> Any:
    y = x @ weight.T if x.ndim > 1 else weight @ x
    return y if bias is None else y + bias


def _addmm(c: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    return (c if beta == 1 else beta * c) + (a @ b if alpha == 1 else alpha * (a @ b))


def _gelu(x: Any, *, approximate: str = "none") -> Any:
    if approximate != "tanh":
        raise UnsupportedError("the exact GELU needs erf; approximate='tanh' is read")
    return 0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))


def _elu(x: Any, alpha: float = 1, scale: float = 1, inner: float = 1) -> Any:
    return scale * np.where(x > 0, x, alpha * np.expm1(inner * np.minimum(x, 0.0)))


def _softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    smooth = softplus(x) if beta == 1 else softplus(beta * x) / beta
    return np.where(beta * x > threshold, x, smooth)


def _expand(x: Any, size: Sequence[int], **_: Any) -> Any:
    own = (1,) * (len(size) - x.ndim) + tuple(x.shape)
    wanted = tuple(o if n == -1 else int(n) for n, o in zip(size, own, strict=True))
    return np.broadcast_to(x, wanted) if wanted != tuple(x.shape) else x


def _view(x: Any, size: Sequence[int], **_: Any) -> Any:
    return np.reshape(x, tuple(int(n) for n in size))


def _squeeze(x: Any, dim: Any = None) -> Any:
    axes = tuple(axis for axis in _axes(x, dim) if x.shape[axis] == 1)
    return np.squeeze(x, axis=axes) if axes else x


def _slice(x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    cuts = [slice(None)] * x.ndim
    end = None if end is not None and end >= x.shape[dim] else end
    cuts[dim] = slice(start, end, step)
    return x[tuple(cuts)]


def _select(x: Any, dim: int, index: int) -> Any:
    return x[(*[slice(None)] * (dim % x.ndim), index)]


def _split(x: Any, sizes: Any, dim: int = 0) -> list[Any]:
    length = x.shape[dim]
    ends = range(sizes, length, sizes) if isinstance(sizes, int) else [int(n) for n in np.cumsum(sizes)[:-1]]
    return list(np.split(x, list(ends), axis=dim))


def _unbind(x: Any, dim: int = 0) -> list[Any]:
    return [_select(x, dim, k) for k in range(x.shape[dim])]


def _index(x: Any, indices: Sequence[Any]) -> Any:
    return x[tuple(slice(None) if one is None else np.asarray(one) for one in indices)]


def _gather(x: Any, dim: int, index: Any, **_: Any) -> Any:
    return np.take_along_axis(x, np.asarray(index), dim)


def _embedding(weight: Any, places: Any, *_: Any, **__: Any) -> Any:
    return weight[np.asarray(places)]


def _layer_norm(x: Any, shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5, *_: Any) -> Any:
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    return _affine(_normalised(x, axes, eps), weight, bias)


def _normalised(x: Any, axes: tuple[int, ...], eps: float) -> Any:
    centred = x - np.mean(x, axis=axes, keepdims=True)
    return centred / np.sqrt(np.mean(centred * centred, axis=axes, keepdims=True) + eps)


def _affine(x: Any, weight: Any, bias: Any) -> Any:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def _by_channel(vector: Any, rank: int) -> Any:
    return None if vector is None else np.reshape(vector, (-1, *(1,) * (rank - 2)))


def _group_norm(x: Any, groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, *_: Any) -> Any:
    split = np.reshape(x, (x.shape[0], groups, -1))
    y = np.reshape(_normalised(split, (2,), eps), x.shape)
    return _affine(y, _by_channel(weight, x.ndim), _by_channel(bias, x.ndim))


def _batch_norm(
    x: Any, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, momentum: float, eps: float, *_: Any
) -> Any:
    if training or mean is None:
        y = _normalised(x, (0, *range(2, x.ndim)), eps)
    else:
        y = (x - _by_channel(mean, x.ndim)) / np.sqrt(_by_channel(variance, x.ndim) + eps)
    return _affine(y, _by_channel(weight, x.ndim), _by_channel(bias, x.ndim))


def _dropout(x: Any, p: float = 0.5, training: bool = False) -> Any:
    if training and p:
        raise UnsupportedError("dropout in training mode is random: .eval()")
    return x


def _attention(
    q: Any, k: Any, v: Any, mask: Any = None, dropout: float = 0.0, causal: bool = False, *, scale: Any = None, **_: Any
) -> Any:
    _dropout(q, dropout, training=True)
    scores = (q @ np.swapaxes(k, -1, -2)) * (1.0 / np.sqrt(q.shape[-1]) if scale is None else scale)
    if causal:
        mask = np.tril(np.ones((q.shape[-2], k.shape[-2]), dtype=bool))
    if mask is not None:
        boolean = isinstance(mask, np.ndarray) and mask.dtype == bool
        scores = scores + (np.where(mask, 0.0, -1e30) if boolean else np.maximum(mask, -1e30))
    return softmax(scores) @ v


def _pairs(value: Any, count: int) -> list[int]:
    listed = [value] if isinstance(value, int) else list(value)
    return [int(one) for one in (listed * count if len(listed) == 1 else listed)]


def _convolution(
    x: Any, w: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """A sum over the places of the kernel: a slice of x contracted with a slice of w."""
    space = w.ndim - 2
    single = x.ndim == space + 1
    x = x[None] if single else x
    strides, apart = _pairs(stride, space), _pairs(dilation, space)
    kernel = [int(n) for n in w.shape[2:]]
    if padding == "same":
        total = [(k - 1) * d for k, d in zip(kernel, apart, strict=True)]
        widths = [(t // 2, t - t // 2) for t in total]
    else:
        widths = [(n, n) for n in _pairs(0 if padding == "valid" else padding, space)]
    if any(n for pair in widths for n in pair):
        x = np.pad(x, [(0, 0), (0, 0), *widths])
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, apart, strict=True)]
    lengths = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], reach, strides, strict=True)]
    samples, channels, outputs = x.shape[0], x.shape[1], w.shape[0]
    axes = list(range(4, 4 + space))

    def part(place: tuple[int, ...]) -> Any:
        along = zip(place, apart, strides, lengths, strict=True)
        window = tuple(slice(k * d, k * d + (length - 1) * s + 1, s) for k, d, s, length in along)
        piece = np.reshape(x[(slice(None), slice(None), *window)], (samples, groups, channels // groups, *lengths))
        weight = np.reshape(w[(slice(None), slice(None), *place)], (groups, outputs // groups, w.shape[1]))
        return np.einsum(piece, [0, 1, 2, *axes], weight, [1, 3, 2], [0, 1, 3, *axes])

    y = np.reshape(reduce(lambda a, b: a + b, map(part, np.ndindex(*kernel))), (samples, outputs, *lengths))
    y = _affine(y, None, _by_channel(bias, y.ndim))
    return y[0] if single else y


def _general_convolution(
    x: Any, w: Any, bias: Any, stride: Any, padding: Any, dilation: Any, transposed: bool, _: Any, groups: int
) -> Any:
    if transposed:
        raise UnsupportedError("a transposed convolution")
    return _convolution(x, w, bias, stride, padding, dilation, groups)


def _windows(x: Any, size: Any, stride: Any, padding: Any, dilation: Any, space: int, fill: float) -> Any:
    """The windows of a pooling, on a last axis."""
    sizes, apart = _pairs(size, space), _pairs(dilation, space)
    strides = sizes if stride in (None, []) else _pairs(stride, space)
    widths = _pairs(padding, space)
    if any(widths):
        x = np.pad(x, [(0, 0)] * (x.ndim - space) + [(n, n) for n in widths], constant_values=fill)
    reach = [(k - 1) * d + 1 for k, d in zip(sizes, apart, strict=True)]
    lengths = [(n - r) // s + 1 for n, r, s in zip(x.shape[-space:], reach, strides, strict=True)]

    def part(place: tuple[int, ...]) -> Any:
        along = zip(place, apart, strides, lengths, strict=True)
        return x[(..., *(slice(k * d, k * d + (length - 1) * s + 1, s) for k, d, s, length in along))]

    return np.stack([part(place) for place in np.ndindex(*sizes)], axis=-1)


def _max_pool(space: int) -> Handler:
    def handler(x: Any, size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil: bool = False) -> Any:
        if ceil:
            raise UnsupportedError("a pooling with ceil_mode")
        return np.max(_windows(x, size, stride, padding, dilation, space, -1e30), axis=-1)

    return handler


def _average_pool(space: int) -> Handler:
    def handler(
        x: Any, size: Any, stride: Any = None, padding: Any = 0, ceil: bool = False, count_padding: bool = True,
        divisor: Any = None,
    ) -> Any:  # fmt: skip
        if ceil or (not count_padding and any(_pairs(padding, space))):
            raise UnsupportedError("a pooling with ceil_mode, or that does not count its padding")
        windows = _windows(x, size, stride, padding, 1, space, 0.0)
        return np.sum(windows, axis=-1) / (divisor or windows.shape[-1])

    return handler


def _adaptive_pool(x: Any, size: Any) -> Any:
    if _pairs(size, 2) != [1, 1]:
        raise UnsupportedError("an adaptive pooling to more than one place")
    return np.mean(x, axis=(-2, -1), keepdims=True)


def _norm(x: Any, order: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    if dim is None:
        return np.linalg.norm(np.reshape(x, (-1,)), order, axis=0, keepdims=keepdim)
    return np.linalg.norm(x, order, axis=_axes(x, dim)[0], keepdims=keepdim)


def _mse(x: Any, target: Any, reduction: int = 1) -> Any:
    return _summed((x - target) ** 2, reduction)


def _summed(values: Any, reduction: int) -> Any:
    return values if reduction == 0 else np.mean(values) if reduction == 1 else np.sum(values)


def _cross_entropy(
    x: Any, target: Any, weight: Any = None, reduction: int = 1, ignored: int = -100, smoothing: float = 0.0
) -> Any:
    if weight is not None or smoothing:
        raise UnsupportedError("a cross-entropy with class weights or smoothed labels")
    axis = 0 if x.ndim == 1 else 1
    logs = log_softmax(x, axis)
    target = np.asarray(target) if not hasattr(target, "serial") else target
    if isinstance(target, np.ndarray) and target.dtype.kind in "iu":
        if np.any(target == ignored):
            raise UnsupportedError("a cross-entropy with ignored labels")
        picked = np.squeeze(np.take_along_axis(logs, np.expand_dims(target, axis), axis), axis=axis)
        return _summed(-picked, reduction)
    return _summed(-np.sum(logs * target, axis=axis), reduction)


def _nll(x: Any, target: Any, weight: Any = None, reduction: int = 1, ignored: int = -100) -> Any:
    if weight is not None or np.any(np.asarray(target) == ignored):
        raise UnsupportedError("a negative log-likelihood with class weights or ignored labels")
    axis = 0 if x.ndim == 1 else 1
    places = np.expand_dims(np.asarray(target), axis)
    return _summed(-np.squeeze(np.take_along_axis(x, places, axis), axis=axis), reduction)


def _clamp(x: Any, low: Any = None, high: Any = None) -> Any:
    x = x if low is None else np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def _einsum(subscripts: str, operands: Sequence[Any], **_: Any) -> Any:
    return np.einsum(subscripts.replace(" ", ""), *operands)


def _flatten(x: Any, start: int = 0, end: int = -1) -> Any:
    start, end = start % x.ndim, end % x.ndim
    return np.reshape(x, (*x.shape[:start], prod(x.shape[start : end + 1]), *x.shape[end + 1 :]))


def _pad(x: Any, widths: Sequence[int], *rest: Any, **_: Any) -> Any:
    value = next((one for one in rest if isinstance(one, (int, float))), 0.0)
    pairs = [(widths[k], widths[k + 1]) for k in range(0, len(widths), 2)][::-1]
    return np.pad(x, [(0, 0)] * (x.ndim - len(pairs)) + pairs, constant_values=value)


def _identity(x: Any, *_: Any, **__: Any) -> Any:
    return x


def _like(value: float) -> Handler:
    return lambda x, *_, **__: np.full(tuple(x.shape), value)


HANDLERS: dict[str, Handler] = {
    "add": _scaled(1.0),
    "sub": _scaled(-1.0),
    "rsub": lambda a, b, alpha=1: b - alpha * a,
    "mul": lambda a, b: a * b,
    "div": _division,
    "neg": lambda a: -a,
    "pow": lambda a, b: a**b,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "rsqrt": lambda a: 1.0 / np.sqrt(a),
    "reciprocal": lambda a: 1.0 / a,
    "square": np.square,
    "abs": np.abs,
    "sign": np.sign,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": relu,
    "leaky_relu": lambda x, slope=0.01: np.where(x > 0, x, slope * x),
    "elu": _elu,
    "silu": lambda x: x * sigmoid(x),
    "gelu": _gelu,
    "softplus": _softplus,
    "hardtanh": lambda x, low=-1.0, high=1.0: np.clip(x, low, high),
    "log_sigmoid": lambda x: -softplus(-x),
    "minimum": np.minimum,
    "maximum": np.maximum,
    "clamp": _clamp,
    "clamp_min": np.maximum,
    "clamp_max": np.minimum,
    "where": np.where,
    "masked_fill": lambda x, mask, value: np.where(mask, value, x),
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_not": np.logical_not,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.round,
    "linear": _linear,
    "matmul": lambda a, b: a @ b,
    "mm": lambda a, b: a @ b,
    "bmm": lambda a, b: a @ b,
    "mv": lambda a, b: a @ b,
    "dot": lambda a, b: a @ b,
    "addmm": _addmm,
    "einsum": _einsum,
    "linalg_inv": np.linalg.inv,
    "linalg_vector_norm": _norm,
    "sum": _reduced(np.sum),
    "mean": _reduced(np.mean),
    "amax": _reduced(np.max),
    "amin": _reduced(np.min),
    "prod": _reduced(np.prod),
    "var": _variance,
    "std": lambda *args, **options: np.sqrt(_variance(*args, **options)),
    "cumsum": lambda x, dim, dtype=None: np.cumsum(x, axis=dim),
    "softmax": lambda x, dim, *_: softmax(x, dim),
    "log_softmax": lambda x, dim, *_: log_softmax(x, dim),
    "logsumexp": lambda x, dim, keepdim=False: logsumexp(x, _axes(x, dim)[0]) if not keepdim else np.expand_dims(
        logsumexp(x, _axes(x, dim)[0]), _axes(x, dim)[0]
    ),
    "view": _view,
    "reshape": _view,
    "_unsafe_view": _view,
    "flatten": _flatten,
    "permute": lambda x, dims: np.transpose(x, tuple(one % x.ndim for one in dims)),
    "transpose": np.swapaxes,
    "t": lambda x: x.T,
    "unsqueeze": np.expand_dims,
    "squeeze": _squeeze,
    "expand": _expand,
    "slice": _slice,
    "select": _select,
    "split": _split,
    "split_with_sizes": _split,
    "unbind": _unbind,
    "cat": lambda parts, dim=0: np.concatenate(list(parts), axis=dim),
    "stack": lambda parts, dim=0: np.stack(list(parts), axis=dim),
    "flip": lambda x, dims: np.flip(x, tuple(dims)),
    "roll": lambda x, shifts, dims=(): np.roll(x, tuple(shifts), tuple(dims) if dims else None),
    "index": _index,
    "gather": _gather,
    "embedding": _embedding,
    "constant_pad_nd": _pad,
    "pad": lambda x, widths, mode="constant", value=None: _pad(x, widths, value or 0.0),
    "diagonal": lambda x, offset=0, a=0, b=1: np.diagonal(x, offset, a, b),
    "tril": np.tril,
    "triu": np.triu,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "batch_norm": _batch_norm,
    "_native_batch_norm_legit_no_training": lambda x, w, b, mean, var, momentum, eps: [
        _batch_norm(x, w, b, mean, var, False, momentum, eps), None, None
    ],
    "dropout": _dropout,
    "scaled_dot_product_attention": _attention,
    "conv1d": _convolution,
    "conv2d": _convolution,
    "conv3d": _convolution,
    "convolution": _general_convolution,
    "max_pool1d": _max_pool(1),
    "max_pool2d": _max_pool(2),
    "avg_pool1d": _average_pool(1),
    "avg_pool2d": _average_pool(2),
    "adaptive_avg_pool2d": _adaptive_pool,
    "mse_loss": _mse,
    "cross_entropy_loss": _cross_entropy,
    "nll_loss": _nll,
    "clone": _identity,
    "contiguous": _identity,
    "alias": _identity,
    "lift_fresh_copy": _identity,
    "_to_copy": _identity,
    "to": _identity,
    "zeros_like": _like(0.0),
    "ones_like": _like(1.0),
}  # fmt: skip
