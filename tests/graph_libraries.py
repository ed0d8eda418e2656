"""The array modules that a random graph runs with: ours and NumPy's, autograd's, JAX's.

`OURS` is NumPy with this library's functions beside it, on expressions or on arrays. The others have formulas of their
own for what they lack, written from the definitions; nothing here uses the calculus under test.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

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
        size = xp.where(value_of(x) > 0, x, -x)
        return (xp.sum if order == 1 else xp.max)(size, axis=axis, keepdims=keepdims)

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


def value_of(x: Any) -> Any:
    """The number behind a traced one: the real part, under the complex step."""
    while hasattr(x, "_value"):
        x = x._value
    return np.real(x) if isinstance(x, (np.ndarray, np.generic, float, complex)) else x


def _power(xp: Any, inverse: Any, x: Any, n: int) -> Any:
    if n == 0:
        return x * 0.0 + np.eye(x.shape[-1])
    base = inverse(x) if n < 0 else x
    result = base
    for _ in range(abs(n) - 1):
        result = xp.matmul(result, base)
    return result


def _index_map(xp: Any, function: Any, x: Any, *args: Any, **options: Any) -> Any:
    """What `function` of NumPy moves where, as a gather."""
    places = function(np.arange(np.size(value_of(x))).reshape(np.shape(value_of(x))), *args, **options)
    return xp.reshape(xp.ravel(x)[np.ravel(places)], np.shape(places))


def from_front(axis: Any, rank: int) -> Any:
    """Axes counted from the front: autograd mistakes some that are not."""
    if isinstance(axis, tuple):
        return tuple(one % rank for one in axis)
    return axis if axis is None else axis % rank


@lru_cache(maxsize=1)
def autograd_library() -> Library:
    import autograd.numpy as anp

    own = formulas(anp)
    moves = ("take", "squeeze", "roll", "flip", "repeat", "tile", "broadcast_to", "diagonal")
    moves += ("transpose", "moveaxis", "swapaxes", "expand_dims")

    def concatenate(parts: Any, axis: Any = 0) -> Any:
        return anp.concatenate([anp.ravel(part) for part in parts] if axis is None else parts, axis=axis or 0)

    def diff(x: Any, n: int, axis: int) -> Any:
        for _ in range(n):
            before = (slice(None),) * (axis % x.ndim)
            x = x[(*before, slice(1, None))] - x[(*before, slice(None, -1))]
        return x

    def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        """By multiplication: autograd's own divides, by zeros too."""
        rank = np.ndim(x)
        axes = tuple(range(rank)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = tuple(one % rank for one in axes)
        rest = [one for one in range(rank) if one not in axes]
        shape = np.shape(x)
        lines = anp.reshape(_index_map(anp, np.transpose, x, (*rest, *axes)), (*(shape[k] for k in rest), -1))
        result = lines[..., 0]
        for k in range(1, lines.shape[-1]):
            result = result * lines[..., k]
        return anp.reshape(result, tuple(1 if k in axes else shape[k] for k in range(rank))) if keepdims else result

    def var(x: Any, axis: Any = None, ddof: float = 0.0, keepdims: bool = False) -> Any:
        axis = from_front(axis, np.ndim(x))
        centred = x - anp.mean(x, axis=axis, keepdims=True)
        total = anp.sum(centred**2, axis=axis, keepdims=keepdims)
        return total / (np.size(value_of(x)) / np.size(value_of(total)) - ddof)

    return Library(
        anp,
        {
            **{name: one for name, one in own.items() if name != "norm"},
            **{
                name: (lambda x, *args, name=name, **options: _index_map(anp, getattr(np, name), x, *args, **options))
                for name in moves
            },
            **{
                name: (
                    lambda x, axis=None, keepdims=False, name=name: getattr(anp, name)(
                        x, axis=from_front(axis, np.ndim(x)), keepdims=keepdims
                    )
                )
                for name in ("sum", "mean", "max", "min")
            },
            "where": lambda c, a, b: np.float64(value_of(c) != 0) * a + np.float64(value_of(c) == 0) * b,
            "prod": prod,
            "var": var,
            "std": lambda x, **options: anp.sqrt(var(x, **options)),
            "diff": diff,
            "concatenate": concatenate,
            "method_transpose": lambda x, axes: _index_map(anp, np.transpose, x, axes),
            "column_stack": lambda parts: anp.concatenate(
                [anp.reshape(part, (-1, 1)) if part.ndim == 1 else part for part in parts], axis=1
            ),
            "positive": lambda x: 1.0 * x,
            "cbrt": lambda x: x ** (1 / 3),
            "float_power": lambda a, b: a**b,
            "hypot": lambda a, b: anp.sqrt(a * a + b * b),
            "fabs": lambda x: anp.where(value_of(x) > 0, x, -x),
            "remainder": lambda a, b: a - np.floor(value_of(a) / value_of(b)) * b,
            "mod": lambda a, b: a - np.floor(value_of(a) / value_of(b)) * b,
            "average": lambda x, axis: anp.mean(x, axis=from_front(axis, np.ndim(x))),
            "copy": lambda x: 1.0 * x,
            "zeros_like": lambda x: np.zeros(np.shape(x)),
            "ones_like": lambda x: np.ones(np.shape(x)),
            "full_like": lambda x, fill: np.full(np.shape(x), fill),
        },
        {
            "norm": own["norm"],
            "matrix_power": lambda x, n: _power(anp, anp.linalg.inv, x, n),
            "multi_dot": lambda parts: anp.dot(anp.dot(parts[0], parts[1]), parts[2]),
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
            **{name: getattr(jnp, name) for name in ("einsum", "kron", "tensordot", "outer", "vdot")},
        },
        {},
    )
