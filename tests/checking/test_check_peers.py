"""Derivatives of JAX and PyTorch as claims: right in their own layout, named in ours, and told when tampered with.

And the other way round: the functions may be theirs, opaque to us.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jacobians import check_derivative

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore")]

RNG = np.random.default_rng(8)
W, x, B, t = RNG.normal(size=(5, 3)), RNG.normal(size=3), RNG.normal(size=(2, 5)), RNG.normal(size=2)
AD = 'axis order of "ad" (JAX, PyTorch)'


def layer(lib: Any, W: Any) -> Any:
    return B @ np.tanh(W @ x) if lib is np else lib.tanh(W @ lib.asarray(x)) @ lib.asarray(B.T)


def loss(lib: Any, W: Any) -> Any:
    return 0.5 * ((layer(lib, W) - (t if lib is np else lib.asarray(t))) ** 2).sum()


def jax_derivative(f: Callable[[Any, Any], Any]) -> Any:
    jax = pytest.importorskip("jax")
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    return np.asarray(jax.jacrev(lambda W: f(jnp, W))(W))


def torch_derivative(f: Callable[[Any, Any], Any]) -> Any:
    torch = pytest.importorskip("torch")
    return torch.func.jacrev(lambda W: f(torch, W))(torch.as_tensor(W)).numpy()


PEERS = [pytest.param(jax_derivative, id="jax"), pytest.param(torch_derivative, id="torch")]


@pytest.mark.parametrize("theirs", PEERS)
@pytest.mark.parametrize("f", [layer, loss])
def test_their_derivatives(theirs: Callable[..., Any], f: Callable[[Any, Any], Any]) -> None:
    claim = theirs(f)
    assert check_derivative(lambda W: f(np, W), W, claim, layout="ad").ok
    report = check_derivative(lambda W: f(np, W), W, claim)
    assert not report.ok
    assert AD in [one.name for one in report.explanations]
    assert check_derivative(lambda W: f(np, W), W, np.moveaxis(claim, -1, -2)).ok
    tampered = claim.copy()
    tampered[(..., 1, 2)] *= 1 + 1e-7
    report = check_derivative(lambda W: f(np, W), W, tampered, layout="ad")
    assert report.worst_index is not None
    assert report.worst_index[-2:] == (1, 2)


@pytest.mark.parametrize("theirs", PEERS)
def test_a_claim_in_single_precision_has_its_own_rounding(theirs: Callable[..., Any]) -> None:
    claim = theirs(layer).astype(np.float32)
    assert check_derivative(lambda W: layer(np, W), W, claim, layout="ad").ok
    assert not check_derivative(lambda W: layer(np, W), W, claim.astype(float), layout="ad").ok
    assert not check_derivative(lambda W: layer(np, W), W, claim * np.float32(1.001), layout="ad").ok


def test_a_function_of_jax() -> None:
    jax = pytest.importorskip("jax")
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    f = jax.jit(lambda W: layer(jnp, W))
    right = jax.jacfwd(f)(W)
    assert check_derivative(f, W, right, layout="ad").ok
    assert check_derivative(f, W, jax.jacrev(f), layout="ad").ok
    assert check_derivative(f, W, 2 * np.asarray(right), layout="ad").explanations[0].name == "factor 2"


def test_a_function_of_torch() -> None:
    torch = pytest.importorskip("torch")

    def f(W: Any) -> Any:
        return layer(torch, torch.as_tensor(np.asarray(W)))

    right = torch_derivative(layer)
    assert check_derivative(f, W, right, layout="ad").ok
    assert check_derivative(f, W, right).diagnosis == AD


def test_arrays_of_other_libraries_as_values_points_and_claims() -> None:
    torch = pytest.importorskip("torch")
    at = np.array([0.3, -1.2, 2.0])
    weight = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
    assert check_derivative(lambda x: (torch.as_tensor(x) * weight).sum(), at, weight).ok
    for kind in (torch.float64, torch.float32):
        point = torch.tensor(at, dtype=kind)
        assert check_derivative(lambda x: torch.sin(x).sum(), point, torch.cos(point)).ok
        assert not check_derivative(lambda x: torch.sin(x).sum(), point, 1.01 * torch.cos(point)).ok
    narrow = check_derivative(lambda x: torch.sin(torch.as_tensor(x).to(torch.bfloat16)).sum(), at, np.cos(at))
    assert narrow.verdict == "undecided"


def test_arrays_of_jax_as_values_points_and_claims() -> None:
    jax = pytest.importorskip("jax")
    import jax.numpy as jnp

    at = jnp.asarray([0.3, -1.2, 2.0], dtype=jnp.float32)
    f = jax.jit(lambda x: jnp.sin(x).at[0].set(0.0).sum())
    assert check_derivative(f, at, jax.grad(f)(at)).ok
    assert not check_derivative(f, at, 1.01 * jax.grad(f)(at)).ok
