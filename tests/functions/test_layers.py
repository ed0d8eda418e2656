"""Log-softmax, layer normalisation, attention, and a transformer block: all parameter Jacobians, by value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from helpers import ORDERS, assert_close, central_differences

from jacobians import (
    ShapeError,
    attention,
    derivative,
    evaluate,
    jacobian,
    layer_norm,
    log_softmax,
    logsumexp,
    matrix,
    scalar,
    softmax,
    tensor,
    vector,
)

RNG = np.random.default_rng(13)
TOKENS, WIDTH, HIDDEN = 3, 5, 7


def norm_by_autograd(x: Any, gain: Any, shift: Any) -> Any:
    centred = x - anp.mean(x, axis=-1, keepdims=True)
    return gain * centred / anp.sqrt(anp.mean(centred**2, axis=-1, keepdims=True) + 1e-5) + shift


def attention_by_autograd(q: Any, k: Any, v: Any) -> Any:
    scores = anp.dot(q, k.T) / anp.sqrt(q.shape[-1])
    weights = anp.exp(scores - anp.max(scores, axis=-1, keepdims=True))
    return anp.dot(weights / anp.sum(weights, axis=-1, keepdims=True), v)


def test_log_softmax() -> None:
    z = RNG.normal(size=(2, 5))
    expected = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    assert_close(log_softmax(z), expected, 1e-14)
    assert_close(evaluate(log_softmax(matrix("Z", 2, 5)), {"Z": z}), expected, 1e-14)
    assert np.all(np.isfinite(log_softmax(np.array([1e4, 0.0, -1e4]))))


def test_each_layer_against_autograd() -> None:
    x, gain, shift = RNG.normal(size=(3, 5)), RNG.normal(size=5), RNG.normal(size=5)
    for k in range(3):
        mine = jacobian(layer_norm, k, layout="ad")(x, gain, shift)
        assert_close(mine, autograd.jacobian(norm_by_autograd, k)(x, gain, shift), 1e-11)
    q, keys, values = RNG.normal(size=(2, 3)), RNG.normal(size=(7, 3)), RNG.normal(size=(7, 5))
    for k in range(3):
        mine = jacobian(attention, k, layout="ad")(q, keys, values)
        assert_close(mine, autograd.jacobian(attention_by_autograd, k)(q, keys, values), 1e-11)


SHAPES = {
    "x": (TOKENS, WIDTH),
    "gain1": (WIDTH,),
    "shift1": (WIDTH,),
    "Wq": (WIDTH, WIDTH),
    "Wk": (WIDTH, WIDTH),
    "Wv": (WIDTH, WIDTH),
    "Wo": (WIDTH, WIDTH),
    "gain2": (WIDTH,),
    "shift2": (WIDTH,),
    "W1": (WIDTH, HIDDEN),
    "b1": (HIDDEN,),
    "W2": (HIDDEN, WIDTH),
    "b2": (WIDTH,),
}


def block(p: dict[str, Any], norm: Callable[..., Any], attend: Callable[..., Any], tanh: Callable[..., Any]) -> Any:
    """Layer norm, attention, residual; layer norm, MLP, residual."""
    h = norm(p["x"], p["gain1"], p["shift1"])
    h = p["x"] + attend(h @ p["Wq"], h @ p["Wk"], h @ p["Wv"]) @ p["Wo"]
    inner = norm(h, p["gain2"], p["shift2"])
    return h + tanh(inner @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]


def test_a_transformer_block() -> None:
    """The Jacobian of the output of every token by every parameter and by the input, in two orders."""
    values = {name: RNG.normal(size=shape) / np.sqrt(shape[0]) for name, shape in SHAPES.items()}
    variables = {name: (vector if len(shape) == 1 else matrix)(name, *shape) for name, shape in SHAPES.items()}
    y = block(variables, layer_norm, attention, np.tanh)
    assert_close(evaluate(y, values), block(values, layer_norm, attention, np.tanh), 1e-13)
    found = derivative(y, list(variables.values()))
    for name, one in zip(SHAPES, found, strict=True):

        def f(value: Any, name: str = name) -> Any:
            return block({**values, name: value}, norm_by_autograd, attention_by_autograd, anp.tanh)

        expected = autograd.jacobian(f)(values[name])
        for order in ORDERS[:3] if name == "x" else ORDERS[:2]:
            assert_close(one.evaluate(values, layout="ad", order=order), expected, 1e-10)


def test_what_is_refused() -> None:
    with pytest.raises(ShapeError, match="log_softmax: z has at least one axis"):
        log_softmax(scalar("a"))
    with pytest.raises(ShapeError, match=r"attention: Q has shape \(2, 3\), K \(7, 5\)"):
        attention(np.ones((2, 3)), np.ones((7, 5)), np.ones((7, 2)))
    with pytest.raises(ShapeError, match="symbolic size 'd'"):
        attention(matrix("Q", 2, "d"), matrix("K", 7, "d"), matrix("V", 7, 5))


@pytest.mark.parametrize("axis", [0, 1, -1, -3])
def test_softmax_and_its_kin_along_any_axis(axis: int) -> None:
    z, Z = RNG.normal(size=(2, 3, 5)), tensor("Z", 2, 3, 5)
    e = np.exp(z)
    total = e.sum(axis=axis)
    for function, expected in (
        (logsumexp, np.log(total)),
        (softmax, e / e.sum(axis=axis, keepdims=True)),
        (log_softmax, z - np.log(e.sum(axis=axis, keepdims=True))),
    ):
        assert_close(function(z, axis), expected, 1e-14)
        assert_close(evaluate(function(Z, axis), {"Z": z}), expected, 1e-14)
        mine = jacobian(lambda at, function=function: np.sum(np.sin(function(at, axis))))(z)
        right = central_differences(lambda at, function=function: np.sum(np.sin(function(at, axis))), z)
        assert_close(mine.transpose(), right, 1e-9)
        with pytest.raises(ShapeError, match="axis 3 of shape"):
            function(Z, 3)
