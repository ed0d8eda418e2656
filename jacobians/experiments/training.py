"""Gradient descent on mini-batches, with the gradients of the literal product or of the hand-written path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import implicit
from ..compiler.planning import plan
from ..errors import DataError
from ..networks import Network
from .comparison import gradients

Array = np.ndarray[Any, Any]

#: From {name: array} of parameters, x and t to {name: ∂ℓ/∂name}, in numerator layout and summed over the rows.
Gradient = Callable[[Mapping[str, Array]], Mapping[str, Array]]


@dataclass(frozen=True)
class Score:
    """Mean loss a row, and the share of rows whose largest output is the target's; None without classes."""

    loss: float
    accuracy: float | None


@dataclass(frozen=True)
class Epoch:
    """The scores of each of the runs on held-out rows after `number` epochs; 0 is before training."""

    number: int
    scores: tuple[Score, ...]


def literal_gradient(network: Network, order: str) -> Gradient:
    """The product of Jacobian tensors, contracted in `order`. It is derived once, and planned once for a batch size."""
    jacobians = gradients(network)
    programs: dict[int, Any] = {}

    def gradient(values: Mapping[str, Array]) -> dict[str, Array]:
        rows = len(values["x"])
        if rows not in programs:
            programs[rows] = plan(jacobians, order, {str(network.batch): rows})
        return dict(zip(network.parameter_names, programs[rows].run(values), strict=True))

    return gradient


def hand_written_gradient(network: Network) -> Gradient:
    """`implicit.backprop` of the network."""
    return lambda values: implicit.backprop(network, values)


def train(
    network: Network,
    parameters: Mapping[str, Array],
    runs: Sequence[Gradient],
    training: tuple[Array, Array],
    held_out: tuple[Array, Array],
    rng: np.random.Generator,
    batch: int,
    epochs: int,
    rate: float,
) -> Iterator[Epoch]:
    """Train once for each of `runs`, side by side on the same batches, and yield the scores epoch by epoch.

    `network` has a symbolic batch; `training` and `held_out` are (x, t), a row a sample. A step is `rate` times the
    mean gradient of a batch. Raises `DataError` if a loss is no longer finite.
    """
    states = [{name: array.copy() for name, array in parameters.items()} for _ in runs]
    x, t = training
    classes = t.shape[1] > 1
    yield Epoch(0, tuple(_score(network, state, held_out, classes) for state in states))
    for number in range(1, epochs + 1):
        order = rng.permutation(len(x))
        with np.errstate(over="ignore", invalid="ignore"):  # what diverges is told below
            for start in range(0, len(x), batch):
                rows = order[start : start + batch]
                data = {"x": x[rows], "t": t[rows]}
                for state, gradient in zip(states, runs, strict=True):
                    found = gradient({**state, **data})
                    for name in state:
                        state[name] -= rate / len(rows) * found[name].T  # ∇ℓ is the transpose of ∂ℓ/∂W (item 1a)
        scores = tuple(_score(network, state, held_out, classes) for state in states)
        if not all(np.isfinite(score.loss) for score in scores):
            raise DataError(f"training: the loss is no longer finite after epoch {number}; try a smaller --rate")
        yield Epoch(number, scores)


def _score(network: Network, state: Mapping[str, Array], data: tuple[Array, Array], classes: bool) -> Score:
    x, t = data
    values = {**state, "x": x, "t": t}
    with np.errstate(over="ignore", invalid="ignore"):
        loss = implicit.loss(replace(network, regularization=0.0), values) / len(x)
        if not classes:
            return Score(loss, None)
        guesses = implicit.output(network, values).argmax(axis=1)
    return Score(loss, float(np.mean(guesses == t.argmax(axis=1))))
