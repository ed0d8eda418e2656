"""The literal product against hand-written backpropagation and central differences: values, counts, times, memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from .. import implicit
from ..chain_rule.contraction_orders import ORDERS
from ..checking.noise import measure_noise, scales
from ..checking.observed import Observed
from ..checking.slopes import derivative_along
from ..compiler.planning import plan
from ..differentiation.jacobian_tensor import Jacobian, derivative
from ..errors import JacobiansError, MaterializationError
from ..networks import Network
from .measure import paired_times, peak_memory

Array = np.ndarray[Any, Any]

HAND_WRITTEN = "hand-written"

#: Orders agree to this, relative to the largest entry of a gradient; and to that where a gradient vanishes, relative to
#: what the loss is made of over the size of the parameter: a saturated sigmoid loses 1e-181 in the last place of 1.
SAME, VANISHING = 1e-9, 1e-12


class DisagreementError(JacobiansError, AssertionError):
    """Two ways to one derivative that differ: nothing is timed before they agree."""


@dataclass(frozen=True)
class Measurement:
    """What the gradients of all parameters take in one order, forward pass included in time and memory.

    `largest` is in elements, `seconds` the median time, `ratio` that over the `seconds` of the hand-written path, which
    runs alone, and `quartiles` those of the times over the same; `peak` is in bytes. Where `skipped` says why it was
    not run, these are None.
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
    made_of = abs(implicit.loss(network, values)) + 0.5 * float(np.sum(np.square(values["t"])))

    def by_hand() -> Any:
        return implicit.backward(network, values, implicit.forward(network, values))

    jobs: dict[str, Callable[[], Any]] = {HAND_WRITTEN: by_hand}
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
        for name, array in zip(network.parameter_names, found, strict=True):
            nothing = VANISHING * made_of / float(np.max(scales(np.asarray(values[name]))))
            _agree(f"∂ℓ/∂{name} in order {order!r}", array, expected[name], nothing)
        del found
        arguments = [values[name] for name in program.arguments]
        jobs[order] = lambda function=program.function, arguments=arguments: function(*arguments)  # type: ignore[misc]
    paired_times([by_hand], min(budget, 0.1))  # the processor wakes up
    (alone,) = paired_times([by_hand], budget)
    baseline = median(alone)
    measured: list[Measurement] = []
    for order in (*ORDERS, HAND_WRITTEN):
        if order not in jobs:
            measured.append(Measurement(order, *costs[order], skipped=skipped[order]))
            continue
        # each in a loop of its own: an order that fills the memory slows down whatever runs beside it
        (own,) = [alone] if order == HAND_WRITTEN else paired_times([jobs[order]], budget)
        seconds = median(own)
        low, high = np.percentile(own, [25, 75]) / baseline
        measured.append(
            Measurement(
                order,
                *costs[order],
                seconds=seconds,
                ratio=seconds / baseline,
                quartiles=(float(low), float(high)),
                peak=peak_memory(jobs[order]),
            )
        )
    return measured


def _agree(what: str, actual: Array, expected: Array, nothing: float) -> None:
    allowed = max(SAME * float(np.max(np.abs(expected))), nothing)
    if actual.shape != expected.shape or not np.allclose(actual, expected, rtol=SAME, atol=allowed):
        raise DisagreementError(f"{what} differs from hand-written backpropagation")


def central_differences(network: Network, values: Mapping[str, Array], name: str, most: int) -> tuple[Array, Array]:
    """∂ℓ/∂`name` by central differences of the hand-written loss, extrapolated: (places, differences).

    Entries are those of the parameter, flat; at most `most` of them, evenly spread, and of those the ones where the
    loss has a derivative: at a kink (relu at 0) there is none to compare with. Steps shrink until a kink beside the
    point is no longer between them, as in `check_derivative`.
    """
    parameter = np.array(values[name], dtype=float)
    size = parameter.size
    places = np.arange(size) if size <= most else np.linspace(0, size - 1, most).astype(int)
    loss = Observed(lambda moved: implicit.loss(network, {**values, name: moved}), parameter)
    scale = scales(parameter)
    noise, limit = measure_noise(loss, scale), float(np.max(scale))
    found, smooth = np.empty(len(places)), np.ones(len(places), dtype=bool)
    for k, place in enumerate(places):
        entry = tuple(int(axis) for axis in np.unravel_index(place, parameter.shape))
        slope = derivative_along(loss.along(entry), loss.centre, noise, float(scale[entry]), None, limit, False)
        found[k], smooth[k] = slope.values[0], np.isfinite(slope.bounds[0])
    loss.done()
    return places[smooth], found[smooth]
