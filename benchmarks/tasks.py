"""The tasks of the scoreboard: a plain formula, what to derive of it, and the closed forms by hand.

A formula is a function of `xp` (NumPy's functions under the name that a library gives them) and of arrays, and is the
same for the library and for its peers. Results are in numerator layout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np

from jacobians import derivative, softmax, tensor
from jacobians.compiler.compiled import Compiled
from jacobians.compiler.compiling import compile as compile_
from jacobians.expressions.delta_patterns import split
from jacobians.expressions.terms import of_terms
from jacobians.shapes.layout import from_numerator

from . import by_hand

Array = np.ndarray[Any, Any]

#: NumPy's functions as formulas call them.
OURS = SimpleNamespace(
    tanh=np.tanh,
    exp=np.exp,
    log=np.log,
    sum=np.sum,
    mean=np.mean,
    softplus=lambda z: np.logaddexp(0.0, z),
    softmax=softmax,
)


@dataclass(frozen=True)
class Task:
    """`kind` of derivative of `formula` with respect to the arguments `wrt`; of the closed `forms` the fastest counts.

    `finish` makes the result of what was derived, for the library (of Jacobians) and for a peer (of `xp` and arrays).
    `apart`: the answer stays structured here, so a peer that forms it dense does another job.
    """

    name: str
    kind: str  # "gradient", "jacobian", "hessian"
    formula: Callable[..., Any]
    arguments: dict[str, Array]
    wrt: tuple[str, ...]
    forms: Sequence[Callable[..., Any]]
    finish: Callable[[list[Any]], Any] | None = None
    finish_peer: Callable[..., Any] | None = None
    apart: bool = False
    small: bool = False
    peers: bool = True
    _kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def values(self) -> tuple[Array, ...]:
        return tuple(self.arguments.values())

    @property
    def argnums(self) -> tuple[int, ...]:
        return tuple(list(self.arguments).index(name) for name in self.wrt)

    @cached_property
    def outputs(self) -> int:
        """How many entries the value of the formula has."""
        return int(np.size(self.formula(OURS, *self.values)))

    @property
    def inputs(self) -> int:
        """How many entries there are to differentiate by."""
        return sum(self.arguments[name].size for name in self.wrt)

    @cached_property
    def compiled(self) -> Compiled:
        """The derivative as the library compiles it, a function of all arguments."""
        variables = {name: tensor(name, *array.shape) for name, array in self.arguments.items()}
        y = self.formula(OURS, *variables.values())
        wanted = [variables[name] for name in self.wrt]
        found: Any = derivative(y, wanted)
        if self.kind == "hessian":
            found = [derivative(one, x) for one, x in zip(found, wanted, strict=True)]
        if self.finish is not None:
            found = self.finish(found)
        elif len(found) == 1:
            (found,) = found
        return compile_(found, variables=list(variables.values()))

    def in_numerator_layout(self, name: str, array: Array) -> Array:
        """What a peer found for the derivative by `name`, whose layout is "ad"."""
        x = self.arguments[name].ndim
        wrts = [x, x] if self.kind == "hessian" else [x]
        of = array.ndim - sum(wrts)
        order = np.argsort([size - 2 for size in from_numerator(_marked(array.ndim), of, wrts, "ad").shape])
        return array.transpose(order)


def _marked(rank: int) -> Array:
    """An array whose axes are known by their sizes."""
    return np.empty(tuple(range(2, rank + 2)), dtype=bool)


def tasks(quick: bool) -> Iterator[Task]:
    """All tasks; the quick run takes small sizes only."""
    rng = np.random.default_rng(0)

    def normal(*shape: int, scale: float = 1.0) -> Array:
        return rng.normal(size=shape) * scale

    yield from _gradients(quick, normal)
    yield from _first(quick, normal)
    yield from _second(quick, normal)
    yield from _structured(quick, normal)


Normal = Callable[..., Array]


# --- gradients --------------------------------------------------------------------------------------------------------


def _loss(xp: Any, W1: Any, b1: Any, W2: Any, b2: Any, x: Any, t: Any) -> Any:
    r = W2 @ xp.tanh(W1 @ x + b1) + b2 - t
    return 0.5 * xp.sum(r * r)


def _loss_of_batch(xp: Any, W1: Any, b1: Any, W2: Any, b2: Any, X: Any, T: Any) -> Any:
    R = xp.tanh(X @ W1.T + b1) @ W2.T + b2 - T
    return 0.5 * xp.sum(R * R)


#: (d, h, n), from a network one can write on a blackboard to one that fills a cache.
SIZES = ((4, 8, 3), (16, 32, 8), (64, 128, 32), (256, 256, 64), (784, 1024, 10), (2048, 2048, 512))


def _parameters(normal: Normal, d: int, h: int, n: int) -> dict[str, Array]:
    return {"W1": normal(h, d, scale=d**-0.5), "b1": normal(h), "W2": normal(n, h, scale=h**-0.5), "b2": normal(n)}


def _gradients(quick: bool, normal: Normal) -> Iterator[Task]:
    names = ("W1", "b1", "W2", "b2")
    for batch in (None, 128):
        for d, h, n in SIZES[:3] if quick else SIZES:
            what = "one sample" if batch is None else f"batch {batch}"
            rows = () if batch is None else (batch,)
            data = {"x": normal(*rows, d), "t": normal(*rows, n)}
            arguments = _parameters(normal, d, h, n) | data
            formula = _loss if batch is None else _loss_of_batch
            forms = by_hand.GRADIENTS if batch is None else by_hand.GRADIENTS_OF_BATCH
            yield Task(
                f"gradient, MLP ({d}, {h}, {n}), {what}", "gradient", formula, arguments, names, forms, small=d < 64
            )


# --- first derivatives ------------------------------------------------------------------------------------------------


def _residual(xp: Any, W1: Any, b1: Any, W2: Any, x: Any, t: Any) -> Any:
    return W2 @ xp.tanh(W1 @ x + b1) - t


def _losses(xp: Any, W1: Any, W2: Any, X: Any) -> Any:
    Y = xp.tanh(X @ W1.T) @ W2.T
    return 0.5 * xp.sum(Y * Y, axis=1)


def _layer(xp: Any, W: Any, b: Any, x: Any) -> Any:
    return xp.softmax(W @ x + b)


def _attention(xp: Any, Q: Any, K: Any, V: Any) -> Any:
    return xp.softmax((Q @ K.T) * Q.shape[-1] ** -0.5) @ V


def _network(xp: Any, W1: Any, W2: Any, W3: Any, X: Any) -> Any:
    return xp.tanh(xp.tanh(X @ W1.T) @ W2.T) @ W3.T


def _kernel(jacobians: list[Any]) -> Any:
    first, *others = [J @ J.T for J in jacobians]
    return sum(others, first)


def _kernel_of_peer(xp: Any, jacobians: Any) -> Any:
    """Σ_θ ∂f/∂θ ∂f/∂θᵀ, its last axes reversed as in numerator layout."""
    total: Any = 0.0
    for J in jacobians:
        a, i = J.shape[:2]
        flat = J.reshape(a * i, -1)
        total = total + xp.swapaxes((flat @ flat.T).reshape(a, i, a, i), 2, 3)
    return total


def _first(quick: bool, normal: Normal) -> Iterator[Task]:
    sizes = [(4, 8, 3), (64, 128, 32), *([] if quick else [(256, 512, 64)])]
    for d, h, n in sizes:
        given = _parameters(normal, d, h, n)
        arguments = {"W1": given["W1"], "b1": given["b1"], "W2": given["W2"], "x": normal(d), "t": normal(n)}
        small = d < 64
        where = f"MLP ({d}, {h}, {n})"
        if d < 256:
            yield Task(f"∂r/∂W₁, {where}", "jacobian", _residual, arguments, ("W1",), by_hand.BY_WEIGHTS, small=small)
        yield Task(f"∂r/∂x, {where}", "jacobian", _residual, arguments, ("x",), by_hand.BY_INPUT, small=small)

    for rows, d, h, n in [(8, 5, 7, 5), (128, 32, 16, 32) if quick else (512, 128, 64, 128)]:
        arguments = {"W1": normal(h, d, scale=d**-0.5), "W2": normal(n, h, scale=h**-0.5), "X": normal(rows, d)}
        name = f"per-sample ∂loss/∂W₁, {d}–{h}–{n}, batch {rows}"
        yield Task(name, "jacobian", _losses, arguments, ("W1",), by_hand.PER_SAMPLE, small=rows < 16)

    for d, n in [(5, 8), (32, 64) if quick else (256, 512)]:
        arguments = {"W": normal(n, d, scale=d**-0.5), "b": normal(n), "x": normal(d)}
        name = f"Jacobian of softmax(Wx + b) in x, {n}×{d}"
        yield Task(name, "jacobian", _layer, arguments, ("x",), by_hand.SOFTMAX_LAYER, small=d < 16)

    for n, d, v in [(3, 2, 5), (16, 8, 8) if quick else (64, 32, 32)]:
        arguments = {"Q": normal(n, d), "K": normal(n, d), "V": normal(n, v)}
        name = f"Jacobian of attention in Q, {n} tokens, {d} features"
        yield Task(name, "jacobian", _attention, arguments, ("Q",), by_hand.ATTENTION, small=n < 16)

    for rows, d, h, n in [(3, 5, 7, 2), (4, 64, 64, 8) if quick else (16, 512, 512, 8)]:
        arguments = {
            "W1": normal(h, d, scale=d**-0.5),
            "W2": normal(h, h, scale=h**-0.5),
            "W3": normal(n, h, scale=h**-0.5),
            "X": normal(rows, d),
        }
        yield Task(
            f"tangent kernel, {d}–{h}–{h}–{n}, {rows} samples",
            "jacobian",
            _network,
            arguments,
            ("W1", "W2", "W3"),
            by_hand.KERNEL,
            _kernel,
            _kernel_of_peer,
            small=rows < 4,
        )


# --- second derivatives -----------------------------------------------------------------------------------------------


def _quadratic(xp: Any, A: Any, x: Any) -> Any:
    return x @ A @ x


def _logistic(xp: Any, X: Any, w: Any) -> Any:
    return xp.mean(xp.softplus(X @ w))


def _log_of_sum(xp: Any, x: Any) -> Any:
    return xp.log(xp.sum(xp.exp(x)))


def _of_input(xp: Any, W1: Any, W2: Any, w3: Any, x: Any) -> Any:
    return w3 @ xp.tanh(W2 @ xp.tanh(W1 @ x))


def _factorisation(xp: Any, T: Any, U: Any, V: Any) -> Any:
    return xp.sum((T - U @ V.T) ** 2)


def _second(quick: bool, normal: Normal) -> Iterator[Task]:
    for n in [8, 256 if quick else 2048]:
        arguments = {"A": normal(n, n), "x": normal(n)}
        yield Task(
            f"Hessian of xᵀAx, n = {n}", "hessian", _quadratic, arguments, ("x",), by_hand.QUADRATIC, small=n < 16
        )
    for rows, d in [(20, 5), (256, 32) if quick else (2048, 256)]:
        arguments = {"X": normal(rows, d), "w": normal(d, scale=d**-0.5)}
        name = f"Hessian of the mean logistic loss, {rows}×{d}"
        yield Task(name, "hessian", _logistic, arguments, ("w",), by_hand.LOGISTIC, small=d < 16)
    for n in [8, 128 if quick else 1024]:
        name = f"Hessian of log Σ exp(x), n = {n}"
        yield Task(name, "hessian", _log_of_sum, {"x": normal(n)}, ("x",), by_hand.LOGSUMEXP, small=n < 16)
    for d, h in [(4, 8), (32, 64) if quick else (256, 512)]:
        arguments = {
            "W1": normal(h, d, scale=d**-0.5),
            "W2": normal(h, h, scale=h**-0.5),
            "w3": normal(h),
            "x": normal(d),
        }
        name = f"input Hessian of an MLP, {d}–{h}–{h}–1"
        yield Task(name, "hessian", _of_input, arguments, ("x",), by_hand.INPUT_HESSIAN, small=d < 16)
    for m, k in [(7, 2), (20, 3) if quick else (100, 5)]:
        arguments = {"T": normal(m, m), "U": normal(m, k), "V": normal(m, k)}
        name = f"Hessian of ‖T − UVᵀ‖² in U, dense, m = {m}, k = {k}"
        yield Task(name, "hessian", _factorisation, arguments, ("U",), by_hand.FACTORISATION, small=m < 16)


# --- answers that stay structured -------------------------------------------------------------------------------------


def _stored(jacobians: list[Any]) -> Any:
    """What a structured Jacobian of one term stores: the array without its deltas."""
    (J,) = jacobians
    (term,) = J.chain.flat
    _, core = split(term)
    return term.coefficient * of_terms([core], core.shape)


def _sandwich(xp: Any, B: Any, X: Any, A: Any) -> Any:
    Y = B @ X @ A.T
    return 0.5 * xp.sum(Y * Y)


def _structured(quick: bool, normal: Normal) -> Iterator[Task]:
    for m, k in [(20, 3) if quick else (100, 5)]:
        arguments = {"T": normal(m, m), "U": normal(m, k), "V": normal(m, k)}
        yield Task(
            f"Hessian of ‖T − UVᵀ‖² in U, its k² numbers, m = {m}, k = {k}",
            "hessian",
            _factorisation,
            arguments,
            ("U",),
            by_hand.FACTORISATION_STORED,
            _stored,
            lambda xp, hessians: hessians[0][0, :, 0, :],
            apart=True,
            small=True,
        )
    for d in [8] if quick else [8, 80]:
        arguments = {"B": normal(d, d), "X": normal(d, d), "A": normal(d, d)}
        yield Task(
            f"norm of the Hessian of ½‖B X Aᵀ‖² in X, d = {d}",
            "hessian",
            _sandwich,
            arguments,
            ("X",),
            by_hand.NORM,
            lambda jacobians: jacobians[0].norm(),
            lambda xp, hessians: xp.sum(hessians[0] * hessians[0]) ** 0.5,
            apart=True,
            small=d < 16,
        )
