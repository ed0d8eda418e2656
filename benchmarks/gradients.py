"""Gradients of all parameters of a shallow network: the literal product in every order against hand-written code.

Every measurement runs the forward pass and gives all gradients. Before anything is timed each order's gradients are
compared with the hand-written ones. Times are paired: in every round each order runs once, and what is reported is the
median of the ratios within the rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from jacobians import MaterializationError, derivative, implicit, networks
from jacobians.contraction import ORDERS
from jacobians.evaluation import plan
from jacobians.measure import paired_times, peak_memory, ratio

HAND_WRITTEN = "hand-written"
#: (d, h, n), from a network one can write on a blackboard to one that fills a cache.
SIZES = ((4, 8, 3), (16, 32, 8), (64, 128, 32), (256, 256, 64), (512, 1024, 128), (2048, 2048, 512))
BATCHES = (None, 128)


@dataclass(frozen=True)
class Case:
    """One network and how many samples it gets at once; None is a single sample without a batch axis."""

    d: int
    h: int
    n: int
    batch: int | None

    def __str__(self) -> str:
        return f"(d, h, n) = ({self.d}, {self.h}, {self.n}), " + (
            "one sample" if self.batch is None else f"a batch of {self.batch}"
        )


@dataclass(frozen=True)
class Measurement:
    """One order of one case. `ratio` is its time over the hand-written time; None where the order was not run.

    `quartiles` are of the paired ratios; `predicted` is the bytes of the largest array.
    """

    case: Case
    order: str
    multiplications: int
    largest: int
    ratio: float | None = None
    quartiles: tuple[float, float] | None = None
    seconds: float | None = None
    peak: int | None = None
    skipped: str = ""

    @property
    def predicted(self) -> int:
        return 8 * self.largest


def cases(quick: bool) -> Iterator[Case]:
    """The cases to run; the quick ones leave the largest out."""
    for batch in BATCHES:
        for d, h, n in SIZES[:5] if quick else SIZES:
            yield Case(d, h, n, batch)


def measure(case: Case, budget: float, limit: int | None = None) -> list[Measurement]:
    """Every order of one case, and the hand-written path; `limit` bounds the bytes of one array."""
    network = networks.shallow(case.d, case.h, case.n, activation="tanh", batch=case.batch)
    rng = np.random.default_rng(0)
    values = {**network.parameters(rng), **network.sample(rng)}
    names = network.parameter_names
    jacobians = derivative(network.loss, [network.variables[name] for name in names])
    expected = implicit.backprop(network, values)

    jobs: dict[str, Callable[[], Any]] = {
        HAND_WRITTEN: lambda: implicit.backward(network, values, implicit.forward(network, values))
    }
    costs: dict[str, tuple[int, int]] = {HAND_WRITTEN: implicit.cost(network)}
    skipped: dict[str, str] = {}
    for order in ORDERS:
        program = plan(jacobians, order, {})
        costs[order] = (program.multiplications, program.peak_elements)
        if limit is not None and 8 * program.peak_elements > limit:
            skipped[order] = "not in --quick"
            continue
        try:
            gradients = program.run(values)
        except MaterializationError:
            skipped[order] = "does not fit"
            continue
        assert_equal(case, order, names, gradients, expected)
        arguments = [values[name] for name in program.arguments]
        jobs[order] = lambda function=program.function, arguments=arguments: function(*arguments)  # type: ignore[misc]
    found: list[Measurement] = []
    for order in (*ORDERS, HAND_WRITTEN):
        if order not in jobs:
            found.append(Measurement(case, order, *costs[order], skipped=skipped[order]))
            continue
        # each order in a loop of its own: one that fills the memory would slow down whatever is timed after it
        baseline, own = paired_times([jobs[HAND_WRITTEN], jobs[order]], budget)
        low, high = np.percentile([a / b for a, b in zip(own, baseline, strict=True)], [25, 75])
        quartiles = (float(low), float(high))
        found.append(
            Measurement(
                case, order, *costs[order], ratio(own, baseline), quartiles, median(own), peak_memory(jobs[order])
            )
        )
    return found


def assert_equal(
    case: Case, order: str, names: Sequence[str], actual: Sequence[Any], expected: Mapping[str, Any]
) -> None:
    """Refuse to time an order whose gradients are not the hand-written ones."""
    for name, array in zip(names, actual, strict=True):
        scale = float(np.max(np.abs(expected[name])))
        if array.shape != expected[name].shape or not np.allclose(array, expected[name], rtol=1e-9, atol=1e-9 * scale):
            raise AssertionError(f"{case}: ∂ℓ/∂{name} in order {order!r} differs from the hand-written one")
