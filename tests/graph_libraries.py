"""The array modules that a random graph runs with: ours and NumPy's, autograd's, JAX's.

`OURS` is NumPy with this library's functions beside it, on expressions or on arrays. The others have formulas of their
own for what they lack, written from the definitions; nothing here uses the calculus under test.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType, SimpleNamespace
from typing import Any

import graph_autograd
import numpy as np
from graph_autograd import value_of

import jacobians
from jacobians import Expression


class Library:
    """`functions` first, then those of an array module."""

    def __init__(self, module: ModuleType, functions: dict[str, Any], linalg: dict[str, Any]) -> None:
        self._module = module
        self.linalg = SimpleNamespace(**{**vars(module.linalg), **linalg})
        self.__dict__.update(functions)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


OURS = Library(
    np,
    {
        **{
            name: getattr(jacobians, name)
            for name in (
                *("sigmoid", "softplus", "relu", "softmax", "log_softmax", "logsumexp", "half_squared_norm"),
                *("cross_entropy", "layer_norm", "attention", "append_one", "tensor_product", "vector_tensor"),
            )
        },
        "our_outer": jacobians.outer,
        "our_diag": jacobians.diag,
        "flatten": lambda x: x.flatten(),
        "dotted": np.einsum,
        "reduce": lambda name, x, axis: getattr(np, name).reduce(x, axis=axis),
        "accumulate": lambda name, x, axis: getattr(np, name).accumulate(x, axis=axis),
        "outer_of": lambda name, a, b: getattr(np, name).outer(a, b),
        "method_transpose": lambda x, axes: x.transpose(*axes) if axes else x.transpose(),
        "method_dot": lambda a, b: a.dot(b) if isinstance(a, Expression) else np.dot(a, b),
        "named": lambda x, name: x.named(name) if isinstance(x, Expression) else x,
    },
    {},
)


def formulas(xp: Any) -> dict[str, Any]:
    """This library's functions from their definitions, by the functions of `xp` that every array library has."""

    def logsumexp(z: Any, keepdims: bool = False) -> Any:
        shift = np.max(value_of(z), axis=-1, keepdims=True)
        total = xp.log(xp.sum(xp.exp(z - shift), axis=-1, keepdims=True)) + shift
        return total if keepdims else total[..., 0]

    def log_softmax(z: Any) -> Any:
        return z - logsumexp(z, True)

    def layer_norm(x: Any, gain: Any, shift: Any) -> Any:
        centred = x - xp.mean(x, axis=-1, keepdims=True)
        return gain * centred / xp.sqrt(xp.mean(centred**2, axis=-1, keepdims=True) + 1e-5) + shift

    def attention(q: Any, k: Any, v: Any) -> Any:
        scores = xp.einsum("...id,...jd->...ij", q, k) / np.sqrt(q.shape[-1])
        return xp.einsum("...ij,...jv->...iv", xp.exp(log_softmax(scores)), v)

    def append_one(x: Any) -> Any:
        return xp.concatenate((x, np.ones((*x.shape[:-1], 1))), axis=-1)

    def tensor_product(a: Any, b: Any) -> Any:
        return xp.einsum("i,kj->ijk", a, b) if a.ndim == 1 else xp.einsum("ki,j->ijk", a, b)

    def einsum(subscripts: str, *operands: Any) -> Any:
        left, arrow, right = subscripts.partition("->")
        if not arrow:
            right = "".join(sorted(one for one in set(left) if left.count(one) == 1 and one != ","))
        letters = list(dict.fromkeys(right + left.replace(",", "")))
        product: Any = 1.0
        for group, operand in zip(left.split(","), operands, strict=True):
            own = list(dict.fromkeys(group))
            if len(own) < len(group):  # a diagonal, as a gather
                ranges = np.ogrid[tuple(slice(operand.shape[group.index(one)]) for one in own)]
                operand = operand[tuple(ranges[own.index(one)] for one in group)]
            own_order = sorted(own, key=letters.index)
            turned = xp.transpose(operand, tuple(own.index(one) for one in own_order))
            sizes = dict(zip(own_order, np.shape(turned), strict=True))
            product = product * xp.reshape(turned, tuple(sizes.get(one, 1) for one in letters))
        return xp.sum(product, axis=tuple(range(len(right), len(letters))))

    def kron(a: Any, b: Any) -> Any:
        rank = max(np.ndim(a), np.ndim(b))
        first, second = ((1,) * (rank - np.ndim(one)) + np.shape(one) for one in (a, b))
        wide = [xp.reshape(a, [size for one in first for size in (one, 1)])]
        wide += [xp.reshape(b, [size for one in second for size in (1, one)])]
        return xp.reshape(wide[0] * wide[1], tuple(m * n for m, n in zip(first, second, strict=True)))

    def tensordot(a: Any, b: Any, axes: Any) -> Any:
        mine = (
            tuple(range(np.ndim(a) - axes, np.ndim(a)))
            if isinstance(axes, int)
            else tuple(k % np.ndim(a) for k in axes[0])
        )
        its = tuple(range(axes)) if isinstance(axes, int) else tuple(k % np.ndim(b) for k in axes[1])
        first, second = "abcdefgh"[: np.ndim(a)], list("mnopqrst"[: np.ndim(b)])
        for one, other in zip(mine, its, strict=True):
            second[other] = first[one]
        free = [letter for k, letter in enumerate(first) if k not in mine] + [
            s for k, s in enumerate(second) if k not in its
        ]
        return einsum(f"{first},{''.join(second)}->{''.join(free)}", a, b)

    def norm(x: Any, order: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
        if order in (None, 2, "fro"):
            return xp.sqrt(xp.sum(x * x, axis=axis, keepdims=keepdims))
        size = np.sign(value_of(x)) * x
        if axis is None and np.ndim(x) == 2:
            sums = xp.sum(size, axis=0 if abs(order) == 1 else 1)
            total = (xp.max if order > 0 else xp.min)(sums)
            return xp.reshape(total, (1, 1)) if keepdims else total
        if order in (np.inf, -np.inf):
            return (xp.max if order > 0 else xp.min)(size, axis=axis, keepdims=keepdims)
        return xp.sum(size**order, axis=axis, keepdims=keepdims) ** (1.0 / order)

    return {
        "sigmoid": lambda z: 0.5 * (xp.tanh(0.5 * z) + 1.0),
        "softplus": lambda z: xp.log(1.0 + xp.exp(z)),
        "relu": lambda z: xp.where(value_of(z) > 0, z, 0.0 * z),
        "softmax": lambda z: xp.exp(log_softmax(z)),
        "log_softmax": log_softmax,
        "logsumexp": logsumexp,
        "half_squared_norm": lambda r: 0.5 * xp.sum(r * r),
        "cross_entropy": lambda z, t: -xp.sum(t * log_softmax(z)),
        "layer_norm": layer_norm,
        "attention": attention,
        "append_one": append_one,
        "tensor_product": tensor_product,
        "vector_tensor": lambda y, T: tensordot(y, T, ((0,), (0,))),
        "einsum": einsum,
        "kron": kron,
        "tensordot": tensordot,
        "outer": lambda a, b: xp.reshape(a, (-1, 1)) * xp.reshape(b, (1, -1)),
        "vdot": lambda a, b: xp.sum(xp.ravel(a) * xp.ravel(b)),
        "method_dot": xp.dot,
        "our_outer": lambda a, b: xp.reshape(a, (-1, 1)) * xp.reshape(b, (1, -1)),
        "our_diag": lambda a: xp.reshape(a, (-1, 1)) * np.eye(a.shape[0]),
        "flatten": xp.ravel,
        "named": lambda x, name: x,
        "norm": norm,
    }


def _power(xp: Any, inverse: Any, x: Any, n: int) -> Any:
    if n == 0:
        return x * 0.0 + np.eye(x.shape[-1])
    base = inverse(x) if n < 0 else x
    result = base
    for _ in range(abs(n) - 1):
        result = xp.matmul(result, base)
    return result


@lru_cache(maxsize=1)
def autograd_library() -> Library:
    import autograd.numpy as anp

    own = formulas(anp)
    made = {
        **{name: one for name, one in own.items() if name != "norm"},
        **graph_autograd.moves(anp),
        **graph_autograd.element_wise(anp),
        **graph_autograd.reductions(anp),
        **graph_autograd.products(anp),
    }
    matrix = {"axis1": -2, "axis2": -1}
    return Library(
        anp,
        made,
        {
            "norm": own["norm"],
            "matrix_power": lambda x, n: _power(anp, anp.linalg.inv, x, n),
            "multi_dot": lambda parts: anp.dot(anp.dot(parts[0], parts[1]), parts[2]),
            "vector_norm": own["norm"],
            "matrix_norm": lambda x: anp.sqrt(anp.sum(x * x, axis=(x.ndim - 2, x.ndim - 1))),
            "trace": lambda x: made["trace"](x, **matrix),
            "diagonal": lambda x: made["diagonal"](x, **matrix),
            "tensordot": own["tensordot"],
            "matmul": anp.matmul,
            **{name: made[name] for name in ("outer", "cross", "vecdot", "matrix_transpose")},
        },
    )


@lru_cache(maxsize=1)
def jax_library() -> Library:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    own = formulas(jnp)

    def logsumexp(z: Any) -> Any:
        return jax.scipy.special.logsumexp(z, axis=-1)

    return Library(
        jnp,
        {
            **{name: one for name, one in own.items() if name not in ("norm", "softmax", "log_softmax")},
            "logsumexp": logsumexp,
            "log_softmax": lambda z: jax.nn.log_softmax(z, axis=-1),
            "softmax": lambda z: jax.nn.softmax(z, axis=-1),
            "softplus": jax.nn.softplus,
            "sigmoid": jax.nn.sigmoid,
            "relu": jax.nn.relu,
            "layer_norm": own["layer_norm"],
            "cross_entropy": lambda z, t: -jnp.sum(t * jax.nn.log_softmax(z, axis=-1)),
            "attention": lambda q, k, v: jnp.matmul(
                jax.nn.softmax(jnp.matmul(q, jnp.swapaxes(k, -1, -2)) / np.sqrt(q.shape[-1]), axis=-1), v
            ),
            "flatten": jnp.ravel,
            "method_transpose": jnp.transpose,
            "dotted": jnp.einsum,
            "reduce": lambda name, x, axis: {"add": jnp.sum, "multiply": jnp.prod}[name](x, axis=axis),
            "accumulate": lambda name, x, axis: {"add": jnp.cumsum, "multiply": jnp.cumprod}[name](x, axis=axis),
            "outer_of": lambda name, a, b: getattr(jnp, name)(a.reshape(a.shape + (1,) * b.ndim), b),
            "meshgrid": lambda a, b, indexing: jnp.meshgrid(*map(jnp.atleast_1d, (a, b)), indexing=indexing),
            **{name: getattr(jnp, name) for name in ("einsum", "kron", "tensordot", "outer", "vdot")},
        },
        {},
    )
