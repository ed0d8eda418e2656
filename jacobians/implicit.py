"""Hand-written backpropagation: the witness of the calculus, and the baseline it is measured against.

Plain NumPy, as a good engineer writes it, and nothing of the calculus: no expression, no Jacobian, no einsum. A network
is read by its description alone (`sizes`, `activation`, `loss_name`, `augmented`, `batch`, `regularization`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .errors import DataError, NamingError, ShapeError, UnsupportedError

Array = np.ndarray[Any, Any]


class Described(Protocol):
    """What is read of a network; see `jacobians.networks.Network`."""

    @property
    def sizes(self) -> Sequence[int | str]: ...
    @property
    def activation(self) -> str: ...
    @property
    def loss_name(self) -> str: ...
    @property
    def augmented(self) -> bool: ...
    @property
    def batch(self) -> int | str | None: ...
    @property
    def regularization(self) -> float: ...


@dataclass
class Tape:
    """What the forward pass leaves for the backward pass.

    `inputs[k]` is what layer k + 1 multiplies (with its column of ones if augmented), `before[k]` and `after[k]` are
    z and σ(z) of hidden layer k + 1.
    """

    inputs: list[Array]
    before: list[Array]
    after: list[Array]
    output: Array


def backprop(network: Described, values: Mapping[str, Any]) -> dict[str, Array]:
    """∂ℓ/∂parameter for every parameter, by name, in numerator layout: d×h for an h×d matrix, (h,) for a bias.

    `values` has the parameters, x and t. A batch is summed over. The weights W₂ of an augmented layer lose their last
    column on the way back: the appended one depends on nothing. Raises `NamingError` for a missing array, `ShapeError`
    for sizes that do not meet, `DataError` for values that are not real numbers.
    """
    arrays = _checked(network, values)
    return backward(network, arrays, forward(network, arrays))


def loss(network: Described, values: Mapping[str, Any]) -> float:
    """ℓ, summed over the batch, and with the regulariser; errors as for `backprop`."""
    arrays = _checked(network, values)
    output, t = forward(network, arrays).output, arrays["t"]
    if network.loss_name == "squared":
        total = 0.5 * np.sum((output - t) ** 2)
    else:
        shifted = output - output.max(axis=-1, keepdims=True)
        total = np.sum(t * (np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted))
    if network.regularization:
        total += network.regularization * np.sum(arrays["W1_tilde" if network.augmented else "W1"] ** 2)
    return float(total)


def output(network: Described, values: Mapping[str, Any]) -> Array:
    """ŷ for the x in `values`; no target is needed. Errors as for `backprop`."""
    return forward(network, _checked(network, values, ("x",))).output


def forward(network: Described, values: Mapping[str, Array]) -> Tape:
    """The forward pass, on arrays that are known to fit."""
    depth = len(network.sizes) - 1
    inputs: list[Array] = []
    before: list[Array] = []
    after: list[Array] = []
    s = values["x"]
    for k in range(1, depth + 1):
        if network.augmented:
            s = _with_one(s)
            weights = values[f"W{k}_tilde"]
            z = weights @ s if s.ndim == 1 else s @ weights.T
        else:
            weights = values[f"W{k}"]
            z = (weights @ s if s.ndim == 1 else s @ weights.T) + values[f"b{k}"]
        inputs.append(s)
        if k < depth:
            s = _activate(network.activation, z)
            before.append(z)
            after.append(s)
    return Tape(inputs, before, after, z)


def backward(network: Described, values: Mapping[str, Array], tape: Tape) -> dict[str, Array]:
    """The backward pass, from the output to the first layer, one gradient at a time."""
    delta = _loss_gradient(network.loss_name, tape.output, values["t"])
    gradients: dict[str, Array] = {}
    for k in range(len(network.sizes) - 1, 0, -1):
        s = tape.inputs[k - 1]
        outer = np.outer(s, delta) if s.ndim == 1 else s.T @ delta
        if network.augmented:
            weights = values[f"W{k}_tilde"]
            gradients[f"W{k}_tilde"] = outer
        else:
            weights = values[f"W{k}"]
            gradients[f"W{k}"] = outer
            gradients[f"b{k}"] = delta if delta.ndim == 1 else delta.sum(axis=0)
        if k > 1:
            if network.augmented:
                weights = weights[:, :-1]
            delta = (delta @ weights) * _slope(network.activation, tape.before[k - 2], tape.after[k - 2])
    if network.regularization:
        first = "W1_tilde" if network.augmented else "W1"
        gradients[first] += 2.0 * network.regularization * values[first].T
    return gradients


def cost(network: Described, sizes: Mapping[str, int] | None = None) -> tuple[int, int]:
    """(multiplications, largest array in elements) of the backward pass, counted by hand; symbols bound by `sizes`.

    For each layer one outer product ∂ℓ/∂W, and, but for the first, one product with W and one with σ′(z); forward
    values and those of σ′ are not counted. The regulariser takes one multiplication for each weight.
    """
    bound = sizes or {}
    widths = [size if isinstance(size, int) else bound[size] for size in network.sizes]
    rows = 1 if network.batch is None else network.batch if isinstance(network.batch, int) else bound[network.batch]
    multiplications, largest = 0, rows * widths[-1]
    for k in range(len(widths) - 1, 0, -1):
        columns = widths[k - 1] + network.augmented
        multiplications += rows * columns * widths[k]
        largest = max(largest, columns * widths[k], rows * widths[k])
        if k > 1:
            multiplications += rows * widths[k - 1] * (widths[k] + 1)
    if network.regularization:
        multiplications += (widths[0] + network.augmented) * widths[1]
    return multiplications, largest


def _with_one(s: Array) -> Array:
    extended = np.empty((*s.shape[:-1], s.shape[-1] + 1))
    extended[..., :-1] = s
    extended[..., -1] = 1.0
    return extended


def _logistic(z: Array) -> Array:
    """1 / (1 + e^−z) through tanh, which never overflows."""
    result: Array = 0.5 * np.tanh(0.5 * z) + 0.5
    return result


def _activate(name: str, z: Array) -> Array:
    match name:
        case "sigmoid":
            return _logistic(z)
        case "tanh":
            return np.tanh(z)
        case "relu":
            return np.maximum(z, 0.0)
        case "softplus":
            return np.logaddexp(0.0, z)
    raise NotImplementedError(name)


def _slope(name: str, z: Array, s: Array) -> Array:
    """σ′(z), from s = σ(z) where that is cheaper."""
    match name:
        case "sigmoid":
            return s * (1.0 - s)
        case "tanh":
            return 1.0 - s * s
        case "relu":
            return z > 0.0
        case "softplus":
            return _logistic(z)
    raise NotImplementedError(name)


def _loss_gradient(name: str, output: Array, t: Array) -> Array:
    """∂ℓ/∂ŷ: ŷ − t, or softmax(ŷ) Σt − t, which is p − t for probabilities."""
    if name == "squared":
        return output - t
    e = np.exp(output - output.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    result: Array = p * t.sum(axis=-1, keepdims=True) - t
    return result


def _checked(network: Described, values: Mapping[str, Any], data: Sequence[str] = ("x", "t")) -> dict[str, Array]:
    """The arrays that the network needs, as floats; sizes are those of the network, or read off the weights."""
    if not all(hasattr(network, name) for name in ("sizes", "augmented", "batch", "activation", "loss_name")):
        raise UnsupportedError(f"backpropagation is through a network, got {type(network).__name__}")
    if not isinstance(values, Mapping):
        raise DataError(f"backpropagation: values are a dictionary {{name: array}}, got {type(values).__name__}")
    depth = len(network.sizes) - 1
    parameters = [f"W{k}_tilde" for k in range(1, depth + 1)] if network.augmented else []
    if not network.augmented:
        parameters = [name for k in range(1, depth + 1) for name in (f"W{k}", f"b{k}")]
    arrays: dict[str, Array] = {}
    for name in (*parameters, *data):
        if name not in values:
            raise NamingError(
                f"backpropagation needs an array for {name!r}; given: {', '.join(map(str, values)) or 'none'}"
            )
        try:
            array = np.asarray(values[name])
        except (ValueError, TypeError) as error:
            raise DataError(f"backpropagation: {name} is not an array of numbers: {error}") from None
        if array.dtype.kind not in "biuf":
            raise DataError(f"backpropagation: {name} has values of type {array.dtype}; real numbers are needed")
        arrays[name] = array.astype(float, copy=False)
    x = arrays["x"]
    rank = 1 if network.batch is None else 2
    if x.ndim != rank:
        kind = "a vector, shape (d,)" if rank == 1 else "a matrix with a row a sample, shape (N, d)"
        raise ShapeError(f"backpropagation: x is {kind}; got shape {x.shape}")
    rows = x.shape[:-1]
    width, origin = x.shape[-1], "x"
    for k in range(1, depth + 1):
        name = f"W{k}_tilde" if network.augmented else f"W{k}"
        weights = arrays[name]
        columns = width + network.augmented
        if weights.ndim != 2 or weights.shape[1] != columns:
            plus = " and its appended one" if network.augmented else ""
            turned = weights.ndim == 2 and weights.shape[0] == columns
            raise ShapeError(
                f"backpropagation: {name} should have {columns} columns, one for each entry of {origin}{plus}; got "
                f"shape {weights.shape}" + (f"; it looks transposed: pass {name}.T" if turned else "")
            )
        width, origin = weights.shape[0], f"the output of layer {k}"
        if not network.augmented and arrays[f"b{k}"].shape != (width,):
            raise ShapeError(
                f"backpropagation: b{k} should have shape ({width},), one entry for each row of {name}; got "
                f"{arrays[f'b{k}'].shape}"
            )
    if "t" in arrays and arrays["t"].shape != (*rows, width):
        raise ShapeError(f"backpropagation: t should have the shape of ŷ, {(*rows, width)}; got {arrays['t'].shape}")
    return arrays
