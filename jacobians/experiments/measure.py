"""Measuring: paired times and peak memory of functions that do the same job."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import Any

Job = Callable[[], Any]


def paired_times(
    jobs: Sequence[Job], budget: float = 0.3, shortest: float = 2e-4, rounds: int = 3
) -> list[list[float]]:
    """Seconds a call of each job, round by round: in every round each job runs once, one after the other.

    A sample is as many calls as take `shortest` seconds. Rounds go on until `budget` seconds are spent, and there are
    at least `rounds` of them. So the k-th samples of two jobs were taken side by side, and their ratio is fair.
    """
    repeats = [max(1, int(shortest / max(_warm(job), 1e-9))) for job in jobs]
    samples: list[list[float]] = [[] for _ in jobs]
    enabled = gc.isenabled()
    gc.disable()
    try:
        started = perf_counter()
        while len(samples[0]) < rounds or perf_counter() - started < budget:
            # every other round goes backwards, so that no job always follows the same one
            order = range(len(jobs)) if len(samples[0]) % 2 == 0 else range(len(jobs) - 1, -1, -1)
            for k in order:
                samples[k].append(_seconds(jobs[k], repeats[k]))
    finally:
        if enabled:
            gc.enable()
    return samples


def _seconds(job: Job, repeats: int) -> float:
    start = perf_counter()
    for _ in range(repeats):
        job()
    return (perf_counter() - start) / repeats


def _warm(job: Job) -> float:
    """How long a call takes once it is warm; a long one is not called again to find out."""
    first = _seconds(job, 1)
    return first if first > 0.05 else _seconds(job, 1)


def ratio(samples: Sequence[float], baseline: Sequence[float]) -> float:
    """The median of the paired ratios."""
    return median(a / b for a, b in zip(samples, baseline, strict=True))


def peak_memory(job: Job) -> int:
    """The bytes that a call of `job` allocates at its peak, as NumPy reports them to `tracemalloc`."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        result = job()
        peak = tracemalloc.get_traced_memory()[1] - before
        del result
    finally:
        if not tracing:
            tracemalloc.stop()
    return peak
