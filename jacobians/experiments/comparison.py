"""The literal product against hand-written backpropagation and central differences: values, counts, times, memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

from .. import implicit
from ..chain_rule.contraction_orders import ORDERS
from ..compiler.planning import plan
from ..differentiation.jacobian_tensor import Jacobian, derivative
from ..errors import JacobiansError, MaterializationError
from ..networks import Network
from .measure import paired_times, peak_memory, ratio

Array = np.ndarray[Any, Any]

HAND_WRITTEN = "hand-written"


class DisagreementError(JacobiansError, AssertionError):
    """Two ways to one derivative that differ: nothing is timed before they agree."""


@dataclass(frozen=True)
class Measurement:
    """What the gradients of all parameters take in one order, forward pass included in time and memory.

    `largest` is in elements, `seconds` the median time, `ratio` the median of its paired ratios to the hand-written
    path and `quartiles` theirs, `peak` in bytes. Where `skipped` says why it was not run, these are None.
    """

    order: str
    multiplications: int
    largest: int
    seconds: float | None = None
    ratio: float | None = None
    quartiles: tuple[float, float] | None = None
    peak: int | None = None
    skipped: str = ""


def gradients(network: Network) -> list[Jacobian]:
    """∂ℓ/∂parameter for every parameter, sharing intermediates."""
    jacobians: list[Jacobian] = derivative(network.loss, [network.variables[name] for name in network.parameter_names])
    return jacobians


def measure_orders(
    network: Network, values: Mapping[str, Array], budget: float = 0.3, limit: int | None = None
) -> list[Measurement]:
    """Every order, and the hand-written path, on the same arrays; `budget` is seconds for each.

    Raises `DisagreementError` if an order's gradients are not the hand-written ones, before anything is timed. An
    order that forms an array of more than `limit` bytes, or more than fits in memory, is counted and not run.
    """
    jacobians = gradients(network)
    expected = implicit.backprop(network, values)
    jobs: dict[str, Callable[[], Any]] = {
        HAND_WRITTEN: lambda: implicit.backward(network, values, implicit.forward(network, values))
    }
    costs = {HAND_WRITTEN: implicit.cost(network)}
    skipped: dict[str, str] = {}
    for order in ORDERS:
        program = plan(jacobians, order, {})
        costs[order] = (program.multiplications, program.peak_elements)
        if limit is not None and 8 * program.peak_elements > limit:
            skipped[order] = "not run"
            continue
        try:
            found = program.run(values)
        except MaterializationError:
            skipped[order] = "does not fit"
            continue
        _agree(order, network.parameter_names, found, expected)
        del found
        arguments = [values[name] for name in program.arguments]
        jobs[order] = lambda function=program.function, arguments=arguments: function(*arguments)  # type: ignore[misc]
    paired_times([jobs[HAND_WRITTEN]], min(budget, 0.1))  # the processor wakes up
    measured: list[Measurement] = []
    for order in (*ORDERS, HAND_WRITTEN):
        if order not in jobs:
            measured.append(Measurement(order, *costs[order], skipped=skipped[order]))
            continue
        # each order in a loop of its own: one that fills the memory would slow down whatever is timed after it
        baseline, own = paired_times([jobs[HAND_WRITTEN], jobs[order]], budget)
        low, high = np.percentile([a / b for a, b in zip(own, baseline, strict=True)], [25, 75])
        measured.append(
            Measurement(
                order,
                *costs[order],
                seconds=median(own),
                ratio=ratio(own, baseline),
                quartiles=(float(low), float(high)),
                peak=peak_memory(jobs[order]),
            )
        )
    return measured


def _agree(order: str, names: Sequence[str], actual: Sequence[Array], expected: Mapping[str, Array]) -> None:
    for name, array in zip(names, actual, strict=True):
        scale = float(np.max(np.abs(expected[name])))
        if array.shape != expected[name].shape or not np.allclose(array, expected[name], rtol=1e-9, atol=1e-9 * scale):
            raise DisagreementError(f"∂ℓ/∂{name} in order {order!r} differs from hand-written backpropagation")


def central_differences(
    network: Network, values: Mapping[str, Array], name: str, most: int, step: float = 1e-2
) -> tuple[Array, Array]:
    """∂ℓ/∂`name` by central differences of the hand-written loss, extrapolated: (places, differences).

    Entries are those of the parameter, flat; at most `most` of them, evenly spread. The error is of order step⁶.
    """
    parameter = np.array(values[name], dtype=float)
    size = parameter.size
    places = np.arange(size) if size <= most else np.linspace(0, size - 1, most).astype(int)
    moved = {**values, name: parameter}
    flat = parameter.reshape(-1)
    found = np.empty(len(places))
    for k, place in enumerate(places):
        centre = flat[place]
        table = []
        for h in (step, step / 2, step / 4):
            sides = []
            for sign in (1.0, -1.0):
                flat[place] = centre + sign * h
                sides.append(implicit.loss(network, moved))
            table.append((sides[0] - sides[1]) / (2 * h))
        flat[place] = centre
        once = [(4 * fine - rough) / 3 for rough, fine in pairwise(table)]
        found[k] = (16 * once[1] - once[0]) / 15
    return places, found
