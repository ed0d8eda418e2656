"""The witness: a derivative by differences of f alone, each entry with a bound on its error.

It knows nothing of the calculus. The noise of f is measured first (`noise`); then every entry of x is moved at
shrinking steps (`slopes`), and the slopes are extrapolated (`extrapolation`) or, where f is rough, fitted (`fits`).
The bound is calibrated on a bank of functions with known derivatives: `python -m tests.checking.witness_bank`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..expressions.nodes import Array
from ..shapes.memory import refuse_if_too_large
from .noise import SMALLEST, Noise, measure_noise, scales
from .observed import Observed
from .slopes import derivative_along

#: Rounding of a claim, in units in the last place of its own entry and of the largest terms it may be a sum of.
OWN, TERMS = 16.0, 64.0
#: Rounding never excuses more than this of an entry that is to be told right.
EXCUSED = 2e-4
#: No value of f is amplified more than to have no digit right.
LOST = 2.0**52
#: A square Jacobian is the inverse of one of the same condition, and a claim may be computed as such.
INVERTED, RESOLVED = 16.0, 3.0
#: Rounding of x reaches the derivative through f″: so many units in the last place of x.
MOVED_BY = 8.0
#: Distances, relative to the scale, at which an entry that f does not seem to depend on is looked at again.
FAR = (30.0, 1e3, 1e5)


@dataclass(frozen=True)
class Witness:
    """∂f/∂x by differences: arrays with the axes of f(x) and then those of x.

    `values` to within `bounds`; `jumps` is the derivative from the right less the one from the left: zero where f is
    smooth, infinite where there is no finite slope. `moved` tells which entries of f(x) moved with which of x, and
    `independent` where one did not even far away, `hidden` where one did so only there, and so slowly that the slope at
    x may be lost in the last places of f(x). `bend` is |∂²f/∂x_j²| s_j. `amplification` is the noise of each entry of
    f(x) in units of its last place, `rows` the largest entry of its derivative, `value` is f(x), `point` x; `condition`
    that of a square and regular Jacobian, else 1, and `reach` |f(x)| or what moves it, over the scale of each entry of
    x.
    """

    values: Array
    bounds: Array
    jumps: Array
    moved: Array
    independent: Array
    hidden: Array
    bend: Array
    amplification: Array
    rows: Array
    reach: Array
    value: Array
    point: Array
    condition: float
    noise: Noise
    one_sided: bool
    of: tuple[int, ...]
    wrt: tuple[int, ...]
    calls: int

    @property
    def scale(self) -> float:
        """The largest entry."""
        return float(np.max(np.abs(self.values), initial=0.0))

    def rounding(self, eps: float) -> Array:
        """How far a right claim of precision `eps` can be off because of the terms it is a sum of."""
        terms = TERMS * self.amplification + INVERTED * self.condition
        return eps * (terms * self.rows + MOVED_BY * self.bend)


def witness(f: Callable[[Array], Any] | Observed, x: Array, claimed: Array | None = None) -> Witness:
    """The derivative of f at x by differences. f takes an array like x and gives one array or number.

    `claimed`, with the axes of f(x) and then those of x, tells how small an error decides; without it the bounds are
    small relative to the entries themselves. Raises `DataError` where f(x) is not finite, `UnsupportedError` where f
    gives no array of real numbers, `MaterializationError` before anything is computed that would not fit in memory.
    """
    seen = f if isinstance(f, Observed) else Observed(f, x)
    x = seen.x
    shape = (*seen.of, *x.shape)
    refuse_if_too_large([shape] * 8, "differences of f", "Check a part of f, or at fewer entries of x.")
    scale = scales(x)
    noise = measure_noise(seen, scale)
    limit = FAR[0] * float(np.max(scale))
    size = seen.centre.size
    arrays = [np.empty((size, x.size)) for _ in range(4)]
    moved, independent, hidden = (np.zeros((size, x.size), dtype=bool) for _ in range(3))
    one_sided = False
    claims = None if claimed is None else claimed.reshape(size, x.size)
    for j, entry in enumerate(np.ndindex(*x.shape)):
        line, s = seen.along(entry), float(scale[entry])
        claim = None if claims is None else claims[:, j]
        slope = derivative_along(line, seen.centre, noise, s, claim, limit)
        for array, column in zip(arrays, (slope.values, slope.bounds, slope.jumps, slope.bend), strict=True):
            array[:, j] = column
        moved[:, j] = slope.moved
        one_sided |= bool(np.any(slope.one_sided))
        if not np.all(slope.moved):
            independent[:, j], hidden[:, j] = _far_away(line, seen.centre, slope.moved, noise, s)
    seen.done()
    values, bounds, jumps, bend = arrays
    found = np.isfinite(bounds) | (jumps != 0.0)
    values = np.where(found, values, 0.0)
    magnitude = np.where(seen.centre != 0.0, np.abs(seen.centre), np.maximum(noise.size, SMALLEST))
    with np.errstate(over="ignore"):
        amplification = np.clip(noise.sigma / (seen.eps * magnitude), 1.0, LOST)
    flat_scale = scale.ravel()
    known = np.where(np.abs(values) > bounds, np.abs(values), 0.0)
    rows = np.minimum(known.max(axis=1)[:, None], (known * flat_scale).max(axis=1)[:, None] / flat_scale)
    extent = np.maximum(np.abs(seen.centre), noise.slope)
    with np.errstate(over="ignore"):
        reach = np.where(extent > 0.0, extent, float(np.max(scale)))[:, None] / flat_scale
    shaped = [array.reshape(shape) for array in (values, bounds, jumps, bend)]
    amplification = np.broadcast_to(amplification[:, None], (size, x.size)).reshape(shape)
    return Witness(
        values=shaped[0],
        bounds=shaped[1],
        jumps=shaped[2],
        bend=shaped[3],
        moved=moved.reshape(shape),
        independent=independent.reshape(shape),
        hidden=hidden.reshape(shape),
        amplification=amplification,
        rows=rows.reshape(shape),
        reach=reach.reshape(shape),
        value=seen.centre.reshape(seen.of),
        point=x,
        condition=_condition(values, bounds),
        noise=noise,
        one_sided=one_sided,
        of=seen.of,
        wrt=x.shape,
        calls=seen.calls,
    )


def as_witness(values: Array, noise: Noise, seen: Observed) -> Witness:
    """A derivative that is known by other means, with the axes of f(x) and then those of x, as if it were measured."""
    none, nowhere = np.zeros(values.shape), np.zeros(values.shape, dtype=bool)
    scale = float(np.max(np.abs(values), initial=0.0))
    return Witness(
        values=values,
        bounds=np.full(values.shape, OWN * np.finfo(float).eps * scale),
        jumps=none,
        moved=~nowhere,
        independent=nowhere,
        hidden=nowhere,
        bend=none,
        amplification=none + 1.0,
        rows=none + scale,
        reach=none + scale,
        value=seen.centre.reshape(seen.of),
        point=seen.x,
        condition=1.0,
        noise=noise,
        one_sided=False,
        of=seen.of,
        wrt=seen.x.shape,
        calls=seen.calls,
    )


def _condition(values: Array, bounds: Array) -> float:
    """The condition of a square matrix, as far as its singular values are known; of others 1.

    Where the smallest are not known, the next one is taken to be as much smaller as the last one that is.
    """
    if values.shape[0] != values.shape[1] or not np.all(np.isfinite(bounds)):
        return 1.0
    sizes = np.linalg.svd(values, compute_uv=False)
    known = sizes[sizes > RESOLVED * np.linalg.norm(bounds)]
    condition = float(known[0] / known[-1]) if known.size else 1.0
    return condition * float(known[-2] / known[-1]) if 1 < known.size < sizes.size else condition


def _far_away(
    line: Callable[[float], tuple[Array, float]], centre: Array, moved: Array, noise: Noise, scale: float
) -> tuple[Array, Array]:
    """Where f stays as it is however far one goes; and where it moves far away, no faster than a hidden slope could.

    A function that stays where it is up to a corner, and then moves, moves faster than that.
    """
    still, hidden, last = ~moved, np.zeros(centre.shape, dtype=bool), 0.05
    for far in FAR:
        step = np.abs(line(far * scale)[0] - centre)
        hidden |= still & (step > 0.0) & (step * (last / far) <= 50.0 * noise.sigma)
        still &= step == 0.0
        last = far
    return still, hidden
