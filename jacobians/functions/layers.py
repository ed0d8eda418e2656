"""Layers made of the functions below them: log-softmax, layer normalisation, attention. Stable for large inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..expressions.nodes import as_expression, as_real_array
from ..shapes.arguments import real_number
from ..shapes.sizes import Shape
from .activations import logsumexp, softmax
from .elementwise import is_expression


def _rows(what: str, name: str, value: Any) -> Any:
    operand = as_expression(value) if is_expression(value) else as_real_array(value, f"{name} of {what}")
    if not operand.shape:
        raise ShapeError(f"{what}: {name} has at least one axis, got a scalar")
    return operand


def log_softmax(z: Any, axis: int = -1) -> Any:
    """z − log Σ e^z along an axis, the last one by default, in the shape of z. Raises `ShapeError` for another axis.

    >>> log_softmax(np.zeros(4)).round(4).tolist()
    [-1.3863, -1.3863, -1.3863, -1.3863]
    """
    z = _rows("log_softmax", "z", z)
    return z - np.expand_dims(logsumexp(z, axis), axis)


def layer_norm(x: Any, gain: Any = 1.0, shift: Any = 0.0, epsilon: float = 1e-5) -> Any:
    """(x − mean) / √(variance + ε) along the last axis, times `gain`, plus `shift` (Ba, Kiros and Hinton 2016).

    `gain` and `shift` are numbers, or vectors as long as the last axis; the shape is that of x. Raises `ShapeError` for
    another shape.

    >>> layer_norm(np.array([1.0, 3.0]), epsilon=0.0).tolist()
    [-1.0, 1.0]
    """
    x = _rows("layer_norm", "x", x)
    epsilon = real_number(epsilon, "layer_norm: epsilon", 0.0)
    gain, shift = (_along(name, one, x.shape) for name, one in (("gain", gain), ("shift", shift)))
    centred = x - np.mean(x, axis=-1, keepdims=True)
    return gain * (centred / np.sqrt(np.mean(centred * centred, axis=-1, keepdims=True) + epsilon)) + shift


def _along(name: str, value: Any, shape: Shape) -> Any:
    """A number, or a vector as long as the last axis."""
    operand = as_expression(value) if is_expression(value) else as_real_array(value, f"{name} of layer_norm")
    if operand.shape not in ((), shape[-1:]):
        raise ShapeError(
            f"layer_norm: {name} is a number, or a vector as long as the last axis of x (size {shape[-1]}); got shape "
            f"{operand.shape}"
        )
    return operand


def attention(queries: Any, keys: Any, values: Any) -> Any:
    """softmax(Q Kᵀ / √d) V for Q of shape n × d, K of m × d and V of m × v: shape n × v (Vaswani et al. 2017).

    d is an integer; leading axes are a stack. Raises `ShapeError` where the sizes do not meet.

    >>> attention(np.eye(2), np.zeros((3, 2)), np.ones((3, 5))).shape
    (2, 5)
    """
    q, k, v = (_rows("attention", name, one) for name, one in (("Q", queries), ("K", keys), ("V", values)))
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(
            f"attention: Q has shape {q.shape}, K {k.shape} and V {v.shape}; Q and K have rows of one length, "
            "and K and V as many rows"
        )
    if not isinstance(q.shape[-1], int):
        raise ShapeError(
            f"attention: the rows of Q have the symbolic size {q.shape[-1]!r}; the scale 1/√d needs a number"
        )
    return softmax((q @ np.swapaxes(k, -1, -2)) * (1.0 / np.sqrt(q.shape[-1]))) @ v
