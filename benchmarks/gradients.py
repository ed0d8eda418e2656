"""Gradients of all parameters of a shallow network: the literal product in every order against hand-written code.

Every measurement runs the forward pass and gives all gradients. Before anything is timed each order's gradients are
compared with the hand-written ones. Times are paired: in every round the order and the hand-written path run once
each, and what is reported is the median of the ratios within the rounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from jacobians import networks
from jacobians.experiments.comparison import Measurement, measure_orders

#: (d, h, n), from a network one can write on a blackboard to one that fills a cache.
SIZES = ((4, 8, 3), (16, 32, 8), (64, 128, 32), (256, 256, 64), (784, 1024, 10), (2048, 2048, 512))
BATCHES = (None, 128)


@dataclass(frozen=True)
class Case:
    """One network and how many samples it gets at once; None is a single sample without a batch axis."""

    d: int
    h: int
    n: int
    batch: int | None

    def __str__(self) -> str:
        samples = "one sample" if self.batch is None else f"a batch of {self.batch}"
        return f"(d, h, n) = ({self.d}, {self.h}, {self.n}), {samples}"


def cases(quick: bool) -> Iterator[Case]:
    """The cases to run; the quick ones leave the largest out."""
    for batch in BATCHES:
        for d, h, n in SIZES[:5] if quick else SIZES:
            yield Case(d, h, n, batch)


def measure(case: Case, quick: bool) -> list[Measurement]:
    """Every order of one case, and the hand-written path; the quick run leaves out arrays of more than 64 MB."""
    network = networks.shallow(case.d, case.h, case.n, activation="tanh", batch=case.batch)
    rng = np.random.default_rng(0)
    values = {**network.parameters(rng), **network.sample(rng)}
    return measure_orders(network, values, 0.4 if quick else 3.0, 1 << 26 if quick else None)
