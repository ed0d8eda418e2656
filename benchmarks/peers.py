"""Other libraries that derive: JAX, PyTorch, autograd. Each is optional, and what it is given is the same formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace
from typing import Any

import numpy as np

from .tasks import Task

Call = Callable[[], Any]


@dataclass(frozen=True)
class Peer:
    """`ways` gives every way of the library to do a task, as functions without arguments that are timed."""

    name: str
    package: str
    ways: Callable[[Task], dict[str, Call]]

    @property
    def version(self) -> str | None:
        """The version that is installed, or None."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None


#: Forward mode is not tried where there are so many more inputs than outputs, nor reverse mode the other way round: it
#: has no chance there, and takes gigabytes.
HOPELESS = 4


def _modes(task: Task, reverse: Callable[[], Any], forward: Callable[[], Any]) -> dict[str, Callable[[], Any]]:
    modes: dict[str, Callable[[], Any]] = {}
    if task.outputs <= HOPELESS * task.inputs:
        modes["jacrev"] = reverse
    if task.inputs <= HOPELESS * task.outputs:
        modes["jacfwd"] = forward
    return modes


def _finished(task: Task, xp: Any, derived: Callable[..., Any]) -> Callable[..., Any]:
    """`derived` gives a tuple, one derivative for each of `task.wrt`; followed by what the task makes of them."""
    if task.finish_peer is None:
        return derived
    return lambda *args: task.finish_peer(xp, derived(*args))  # type: ignore[misc]


def _jax(task: Task) -> dict[str, Call]:
    jax: Any = import_module("jax")
    jnp: Any = import_module("jax.numpy")
    jax.config.update("jax_enable_x64", True)
    xp = SimpleNamespace(
        tanh=jnp.tanh, exp=jnp.exp, log=jnp.log, sum=jnp.sum, mean=jnp.mean, swapaxes=jnp.swapaxes,
        softplus=partial(jnp.logaddexp, 0.0), softmax=jax.nn.softmax,
    )  # fmt: skip
    f, numbers = partial(task.formula, xp), task.argnums
    args = [jnp.asarray(value) for value in task.values]
    ways: dict[str, Any] = {
        "gradient": {"grad": lambda: jax.grad(f, numbers)},
        "jacobian": _modes(task, lambda: jax.jacrev(f, numbers), lambda: jax.jacfwd(f, numbers)),
        "hessian": {
            "hessian": lambda: _each([jax.hessian(f, k) for k in numbers]),
            "jacrev of grad": lambda: _each([jax.jacrev(jax.grad(f, k), k) for k in numbers]),
        },
    }[task.kind]

    def call(make: Callable[[], Any]) -> Call:
        compiled = jax.jit(_finished(task, xp, make()))
        return lambda: jax.block_until_ready(compiled(*args))

    return {f"jit {name}": call(make) for name, make in ways.items()}


def _torch(task: Task) -> dict[str, Call]:
    torch: Any = import_module("torch")
    xp = SimpleNamespace(
        tanh=torch.tanh, exp=torch.exp, log=torch.log, sum=torch.sum, mean=torch.mean, swapaxes=torch.swapaxes,
        softplus=lambda z: torch.logaddexp(torch.zeros_like(z), z), softmax=partial(torch.softmax, dim=-1),
    )  # fmt: skip
    f, numbers = partial(task.formula, xp), task.argnums
    args = [torch.tensor(value) for value in task.values]
    func: Any = torch.func
    ways: dict[str, Any] = {
        "gradient": {"grad": lambda: func.grad(f, numbers)},
        "jacobian": _modes(task, lambda: func.jacrev(f, numbers), lambda: func.jacfwd(f, numbers)),
        "hessian": {
            "hessian": lambda: _each([func.hessian(f, k) for k in numbers]),
            "jacrev of grad": lambda: _each([func.jacrev(func.grad(f, k), k) for k in numbers]),
        },
    }[task.kind]

    def call(make: Callable[[], Any]) -> Call:
        derived = _finished(task, xp, make())
        return lambda: derived(*args)

    return {name: call(make) for name, make in ways.items()}


def _autograd(task: Task) -> dict[str, Call]:
    autograd: Any = import_module("autograd")
    anp: Any = import_module("autograd.numpy")

    def softmax(z: Any) -> Any:
        e = anp.exp(z - anp.max(z, axis=-1, keepdims=True))
        return e / anp.sum(e, axis=-1, keepdims=True)

    xp = SimpleNamespace(
        tanh=anp.tanh, exp=anp.exp, log=anp.log, sum=anp.sum, mean=anp.mean, swapaxes=np.swapaxes,
        softplus=partial(anp.logaddexp, 0.0), softmax=softmax,
    )  # fmt: skip
    f, numbers, args = partial(task.formula, xp), task.argnums, task.values
    ways: dict[str, tuple[str, Callable[[], Any]]] = {
        "gradient": ("grad", lambda: autograd.grad(f, numbers)),
        "jacobian": ("jacobian", lambda: _each([autograd.jacobian(f, k) for k in numbers])),
        "hessian": ("hessian", lambda: _each([autograd.hessian(f, k) for k in numbers])),
    }
    name, derived = ways[task.kind]
    finished = _finished(task, xp, derived())
    return {name: lambda: finished(*args)}


def _each(functions: list[Callable[..., Any]]) -> Callable[..., Any]:
    return lambda *args: tuple(function(*args) for function in functions)


#: What was looked at and is not a peer here.
NOTES = (
    "tensorgrad 0.3 takes its values as PyTorch's named tensors, which PyTorch 2.13 no longer has: it is not run.",
)

PEERS = (
    Peer("JAX", "jax", _jax),
    Peer("torch.func", "torch", _torch),
    Peer("autograd", "autograd", _autograd),
)
