"""Functions of JAX as expressions: values and Jacobians against JAX's own, chains, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers import assert_close

from jacobians import Expression, UnsupportedError, derivative, evaluate
from jacobians.compiler.binding import name_table

pytestmark = pytest.mark.peer
jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

from jacobians import from_jax  # noqa: E402

RNG = np.random.default_rng(23)


def draw(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def attention(x: Any, Q: Any, K: Any, V: Any) -> Any:
    q, k, v = x @ Q, x @ K, x @ V
    mask = jnp.tril(jnp.ones((x.shape[0], x.shape[0]), dtype=bool))
    scores = jnp.where(mask, q @ k.T / np.sqrt(q.shape[-1]), -1e9)
    return jax.nn.softmax(scores, axis=-1) @ v


def layer_norm(x: Any, gain: Any, shift: Any) -> Any:
    mean = x.mean(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(x.var(-1, keepdims=True) + 1e-5) * gain + shift


def block(x: Any, p: dict[str, Any]) -> Any:
    h = x + attention(layer_norm(x, p["g1"], p["s1"]), p["Q"], p["K"], p["V"])
    return h + jax.nn.gelu(layer_norm(h, p["g2"], p["s2"]) @ p["W1"]) @ p["W2"]


def lstm(x: Any, W: Any, U: Any) -> Any:
    def step(state: Any, at: Any) -> Any:
        h, c = state
        i, f, o, g = jnp.split(W @ at + U @ h, 4)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    (h, _), rows = lax.scan(step, (jnp.zeros(3), jnp.zeros(3)), x)
    return h + rows.sum(0)


def convolved(x: Any, w: Any, **options: Any) -> Any:
    return lax.conv_general_dilated(x, w, **options)


MATRIX = draw(3, 4)
LABELS = np.array([0, 2, 1, 2])
MODELS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "linear": (lambda W, x, b: W @ x + b, (draw(3, 2), draw(2), draw(3))),
    "mlp": (lambda x, W1, W2: W2 @ jnp.tanh(W1 @ x), (draw(2), draw(5, 2), draw(3, 5))),
    "relu": (jax.nn.relu, (draw(7),)),
    "softplus": (lambda x: jax.nn.softplus(x) * jax.nn.sigmoid(x), (draw(7),)),
    "silu and gelu": (lambda x: jax.nn.silu(x) + jax.nn.gelu(x), (draw(7),)),
    "softmax": (lambda x: jax.nn.softmax(x, axis=-1), (draw(2, 3),)),
    "logsumexp": (lambda x: jax.nn.logsumexp(x, axis=0), (draw(2, 3),)),
    "cross-entropy": (lambda z: -jnp.mean(jax.nn.log_softmax(z)[jnp.arange(4), LABELS]), (draw(4, 3),)),
    "one-hot": (lambda z: jnp.sum(jax.nn.one_hot(LABELS, 3) * jax.nn.log_softmax(z)), (draw(4, 3),)),
    "embedding": (lambda E: E[jnp.array([2, 0, 2])].sum(0), (draw(5, 3),)),
    "attention": (attention, (draw(5, 3), draw(3, 2), draw(3, 2), draw(3, 2))),
    "layer norm": (layer_norm, (draw(3, 5), draw(5), draw(5))),
    "batch norm": (lambda x: (x - x.mean(0)) / jnp.sqrt(x.var(0) + 1e-5), (draw(5, 3),)),
    "lstm": (lstm, (draw(4, 2), draw(12, 2), draw(12, 3))),
    "reversed scan": (
        lambda x: lax.scan(lambda c, a: (jnp.sin(c + a), c), jnp.zeros(2), x, reverse=True)[1],
        (draw(3, 2),),
    ),
    "convolution": (
        lambda x, w: convolved(x, w, window_strides=(1, 1), padding="SAME"),
        (draw(2, 2, 5, 4), draw(3, 2, 3, 2)),
    ),
    "strided, dilated, grouped": (
        lambda x, w: convolved(
            x, w, window_strides=(2, 1), padding=((1, 0), (2, 1)), rhs_dilation=(1, 2), feature_group_count=2
        ),
        (draw(1, 4, 7, 6), draw(6, 2, 2, 3)),
    ),
    "convolution, channels last": (
        lambda x, w: convolved(
            x, w, window_strides=(1,), padding="VALID", dimension_numbers=("NWC", "WIO", "NWC")
        ),
        (draw(2, 7, 3), draw(3, 3, 2)),
    ),
    "max pool": (
        lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2), (1, 2, 2), "VALID"),
        (draw(2, 4, 6),),
    ),
    "average pool": (
        lambda x: lax.reduce_window(x, 0.0, lax.add, (1, 3, 2), (1, 1, 2), "SAME") / 6.0,
        (draw(2, 4, 6),),
    ),
    "indexing": (lambda x: x[1:, ::2] * x[:-1, 1::2], (draw(3, 6),)),
    "set": (lambda x: jnp.zeros(5).at[jnp.array([1, 3])].set(x).at[0].add(x[0] * x[1]), (draw(2),)),
    "scatter-add": (lambda x: jnp.zeros(3).at[jnp.array([0, 2, 0, 5])].add(2.0 * x), (draw(4),)),
    "roll and flip": (lambda x: jnp.roll(x, 2) * jnp.flip(x), (draw(5),)),
    "pad": (lambda x: jnp.pad(x, ((1, 2), (0, 1))) ** 2, (draw(2, 3),)),
    "einsum": (lambda A, B: jnp.einsum("bij,bjk->bik", A, B), (draw(2, 3, 2), draw(2, 2, 3))),
    "cumulative": (lambda x: jnp.cumsum(x) * jnp.cumsum(x[::-1])[::-1], (draw(5),)),
    "norm": (jnp.linalg.norm, (draw(5),)),
    "maximum and clip": (lambda x: jnp.maximum(x, 0.1) + jnp.clip(x, -0.5, 0.5), (draw(7),)),
    "where": (lambda x: jnp.where(x > 0, x**2, jnp.sin(x)), (draw(7),)),
    "powers": (lambda x: x**3 + jnp.abs(x) ** 1.5 + 2.0**x, (draw(5),)),
    "trees": (lambda p: {"y": p["W"] @ p["b"][0], "n": p["b"][1] * 2.0}, ({"W": draw(3, 2), "b": (draw(2), draw(3))},)),
    "cond, decided": (lambda x: lax.cond(x.shape[0] > 2, jnp.sin, jnp.cos, x), (draw(3),)),
    "while with a trip count": (
        lambda x: lax.fori_loop(0, 4, lambda k, s: jnp.sin(s) + x, x),
        (draw(3),),
    ),
    "stop gradient": (lambda x: x * lax.stop_gradient(jnp.exp(x)), (draw(3),)),
    "checkpoint": (jax.checkpoint(lambda x: jnp.sin(x) * x), (draw(3),)),
    "vmap": (jax.vmap(lambda x: jnp.outer(x, jnp.tanh(x)).sum(0)), (draw(4, 3),)),
    "jit": (jax.jit(jnp.dot), (draw(3), draw(3))),
    "grad inside": (jax.grad(lambda y: jnp.sum(jnp.tanh(y) ** 3)), (draw(4),)),
    "closed-over": (lambda x: MATRIX @ x, (draw(4),)),
    "transformer block": (
        block,
        (
            draw(5, 4),
            {
                "Q": draw(4, 4), "K": draw(4, 4), "V": draw(4, 4), "W1": draw(4, 7), "W2": draw(7, 4),
                "g1": draw(4), "s1": draw(4), "g2": draw(4), "s2": draw(4),
            },
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_value_and_jacobians_are_those_of_jax(model: str) -> None:
    f, examples = MODELS[model]
    outputs = from_jax(f, *examples)
    leaves, _ = jax.tree_util.tree_flatten(outputs, is_leaf=lambda one: isinstance(one, Expression))
    with jax.enable_x64(True):
        expected = jax.tree_util.tree_leaves(f(*examples))
        table = name_table(leaves)
        arrays = dict(zip(_names(f, examples), jax.tree_util.tree_leaves(examples), strict=True))
        jacobians = jax.jacrev(f, argnums=tuple(range(len(examples))))(*examples)
        by_output = jax.tree_util.tree_structure(f(*examples)).flatten_up_to(jacobians)
    assert len(leaves) == len(expected)
    for y, right, one in zip(leaves, expected, by_output, strict=True):
        assert_close(evaluate(y, {name: arrays[name] for name in name_table([y])}), np.asarray(right), 1e-12)
        for name, theirs in zip(arrays, jax.tree_util.tree_leaves(one), strict=True):
            if name not in table:
                assert not np.any(theirs)
                continue
            J = derivative(y, table[name])
            ours = J.evaluate({key: arrays[key] for key in J._names}, layout="ad")
            assert_close(ours, np.asarray(theirs), 1e-10)


def _names(f: Any, examples: Any) -> list[str]:
    from jacobians.importers.jaxprs import _names

    return _names(f, examples)


def test_the_chain_of_a_model_is_literal() -> None:
    from jax.ad_checkpoint import checkpoint_name

    def loss(W1: Any, W2: Any, x: Any) -> Any:
        z = checkpoint_name(W1 @ x, "z")
        r = checkpoint_name(W2 @ jnp.tanh(z), "r")
        return checkpoint_name(0.5 * jnp.sum(r**2), "ell")

    ell = from_jax(loss, draw(5, 2), draw(3, 5), draw(2))
    J = derivative(ell, name_table([ell])["W1"])
    assert [factor.symbol for factor in J.factors] == ["∂ℓ/∂r", "∂r/∂z", "∂z/∂W₁"]
    assert J.matrix_notation() == "x rᵀ W₂ diag(σ′(z))"


@jax.custom_jvp
def _straight_through(x: Any) -> Any:
    return jnp.round(x)


_straight_through.defjvp(lambda primals, tangents: (_straight_through(*primals), tangents[0]))


@pytest.mark.parametrize(
    ("f", "examples", "message"),
    [
        (lambda x: _straight_through(x) ** 2, (draw(3),), "'custom_jvp_call'.*derivative of its own"),
        (lambda x: jnp.sort(2.0 * x), (draw(3),), "'sort'.*has no rule"),
        (lambda x: lax.while_loop(lambda s: s.sum() < 9.0, lambda s: 2.0 * s, x), (draw(3),), "'while'.*not known yet"),
        (lambda x: lax.cond(x[0] > 0, jnp.sin, jnp.cos, x), (draw(3),), "'cond'.*not known yet"),
    ],
)
def test_what_has_no_rule_says_so(f: Any, examples: Any, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        from_jax(f, *examples)


def test_the_error_names_the_line() -> None:
    with pytest.raises(UnsupportedError, match=r"line \d+ of test_jaxprs.py"):
        from_jax(lambda x: jnp.sort(2.0 * x), draw(3))
