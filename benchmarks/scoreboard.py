"""Measuring the tasks: equality first, then paired times against the closed forms and, in blocks, against peers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import geometric_mean, median
from time import perf_counter, sleep
from typing import Any

import numpy as np

from jacobians.experiments.comparison import DisagreementError
from jacobians.experiments.measure import Job, paired_times, peak_memory, ratio

from .peers import Peer
from .tasks import Task

#: The goals: against the closed forms a mean and a largest ratio, against the peers a mean.
MEAN_BY_HAND, LARGEST_BY_HAND, MEAN_OF_PEERS = 1.1, 1.4, 5.0
#: A way of a peer that takes longer than this is timed once.
LONG = 2.0


@dataclass(frozen=True)
class Against:
    """A peer's time over ours for one task, by its fastest way; or why there is none."""

    ratio: float | None
    way: str = ""
    skipped: str = ""


@dataclass
class Score:
    """A task's paired ratio to the fastest closed form, peaks of memory in bytes, counts, and the peers."""

    name: str
    small: bool
    apart: bool
    form: str
    ratio: float
    quartiles: tuple[float, float]
    seconds: float
    peak: int
    peak_by_hand: int
    multiplications: int
    order: str
    contractions: list[str]
    peers: dict[str, Against] = field(default_factory=dict)


def _tuple(found: Any) -> tuple[Any, ...]:
    return tuple(found) if isinstance(found, (tuple, list)) else (found,)


def _agree(task: Task, who: str, found: Any, expected: Any, tolerance: float) -> None:
    for mine, its in zip(_tuple(found), _tuple(expected), strict=True):
        scale = float(np.max(np.abs(its)))
        if np.shape(mine) != np.shape(its) or not np.allclose(mine, its, rtol=tolerance, atol=tolerance * scale):
            raise DisagreementError(f"{task.name}: the compiled derivative differs from {who}")


def measure(task: Task, budget: float) -> Score:
    """Every closed form is compared with the compiled derivative, and timed beside it; the fastest counts."""
    compiled, values = task.compiled, task.values
    found = compiled(*values)
    for form in task.forms:
        _agree(task, f"the closed form {form.__name__}", found, form(*values), 1e-9)
    jobs: list[Job] = [lambda form=form: form(*values) for form in task.forms]  # type: ignore[misc]
    fastest = 0
    if len(jobs) > 1:
        times = paired_times(jobs, budget / 2, rounds=5)
        fastest = min(range(len(jobs)), key=lambda k: median(times[k]))
    own: Job = lambda: compiled(*values)  # noqa: E731
    by_hand, ours = paired_times([jobs[fastest], own], budget, rounds=7)
    low, high = np.percentile([a / b for a, b in zip(ours, by_hand, strict=True)], [25, 75])
    program = compiled.program()
    return Score(
        task.name,
        task.small,
        task.apart,
        task.forms[fastest].__name__,
        ratio(ours, by_hand),
        (float(low), float(high)),
        median(by_hand),
        peak_memory(own),
        peak_memory(jobs[fastest]),
        program.all_multiplications,
        program.order_name,
        [step.einsum for step in program.steps if step.einsum],
    )


def against(task: Task, peer: Peer, budget: float) -> Against:
    """How much longer the fastest way of a peer takes; the blocks of both alternate, since threads outlive a call."""
    expected = _tuple(task.compiled(*task.values))
    times: dict[str, float] = {}
    calls = peer.ways(task)
    problems = []
    for way, call in calls.items():
        try:
            found = _tuple(call())
        except Exception as error:
            problems.append(f"{way}: {type(error).__name__}")
            continue
        arrays = [np.asarray(one) for one in found]
        if task.finish_peer is None:
            arrays = [task.in_numerator_layout(name, one) for name, one in zip(task.wrt, arrays, strict=True)]
        _agree(task, f"{peer.name}'s {way}", expected, arrays, 1e-7)
        del found, arrays
        start = perf_counter()
        call()
        times[way] = perf_counter() - start
    if not times:
        return Against(None, skipped=", ".join(problems))
    way = min(times, key=times.__getitem__)
    own: Job = lambda: task.compiled(*task.values)  # noqa: E731
    if times[way] > LONG:
        return Against(times[way] / _block(own, 0.2), way)
    ratios = []
    for _ in range(5):
        mine = _block(own, budget / 10)
        ratios.append(_block(calls[way], budget / 10) / mine)
        sleep(0.002)
    return Against(median(ratios), way)


def _block(job: Job, budget: float) -> float:
    """The median time of a call, of as many as fit into `budget` seconds, once it is warm."""
    job()
    samples: list[float] = []
    started = perf_counter()
    while len(samples) < 3 or perf_counter() - started < budget:
        start = perf_counter()
        job()
        samples.append(perf_counter() - start)
    return median(samples)


# --- what it comes to -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Goal:
    """A sentence about a number, the number, its bound, and whether it holds."""

    text: str
    value: float
    bound: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def goals(scores: Iterable[Score]) -> list[Goal]:
    """The goals that the scores tell something about."""
    scores = list(scores)
    ratios = [one.ratio for one in scores]
    found = [
        Goal("geometric mean against closed forms", geometric_mean(ratios), MEAN_BY_HAND),
        Goal("largest ratio to a closed form", max(ratios), LARGEST_BY_HAND),
    ]
    dense = [one for one in scores if not one.apart]
    names = dict.fromkeys(name for one in dense for name in one.peers)
    for name in names:
        known = [r for one in dense if name in one.peers and (r := one.peers[name].ratio) is not None]
        if known:
            text = f"geometric mean of {name} over ours, {len(known)} tasks"
            found.append(Goal(text, geometric_mean(known), MEAN_OF_PEERS, at_least=True))
    fastest = [min(known) for one in dense if (known := [p.ratio for p in one.peers.values() if p.ratio is not None])]
    if len(names) > 1 and fastest:
        text = "geometric mean of the fastest peer of each task"
        found.append(Goal(text, geometric_mean(fastest), MEAN_OF_PEERS, at_least=True))
    return found
