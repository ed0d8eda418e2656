"""How rough f is, measured before any step is chosen: the size of its noise at every scale of step.

The noise of a computed function is measured by difference tables, as ECnoise does (Moré and Wild, "Estimating
computational noise", SIAM Journal on Scientific Computing 33 (2011) 1292-1314): of equally spaced values a difference
of order k is f⁽ᵏ⁾ dᵏ, which vanishes as d does, and noise of standard deviation σ, which does not:

    σ_k² = γ_k mean(T_k²),    γ_k = (k!)² / (2k)!,    T_k the differences of order k.

The table is made at steps that span eleven decades, because roughness has a scale: the stairs of a value rounded to
float32 are flat at small steps; a curve is rough at large ones only. Two random directions serve however many entries
x has.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numpy as np

from ..expressions.nodes import Array
from .observed import Observed

#: The coarsest step, relative to the scale of each entry; each level's is so many times the next.
COARSEST, FINER = 0.0473, 31.6
LEVELS = 8
#: Values on each side of x, along each direction.
SIDE = 4
#: The lengths of the directions: not the same, so that even a scalar x has two sets of values.
DIRECTIONS = (1.0, 0.618)
#: Orders of difference that are looked at. Where each is this much smaller than the one before, f curves.
ORDERS, CURVES = (6, 7, 8), 0.33
#: σ grows by more than this from a level to the next coarser one where f curves or has a kink, not where it is rough.
GROWTH = 9.5
#: A bound of the noise is so many times σ.
BOUND = 5.0
#: The least noise: so many units in the last place of f(x), or of the width of a stair.
LEAST = 0.3
#: What is larger than this, relative to f, is not noise.
WILD = 0.02
#: And of what is the same at two levels, to be noise at all finer ones, a share of that.
FLAT = 0.1
#: Smaller numbers have fewer digits, or are zero in some libraries.
SMALLEST = 1e-307
#: f is random where the same x gives values that differ by more than this, relative to |f|.
RANDOM = 1e-5


@dataclass(frozen=True)
class Noise:
    """The noise of f, an entry for each entry of f(x): `at(h)` bounds it within a relative distance h of x.

    `sigma` is the noise at the smallest steps; `slope` is the size of the derivative along a random direction, and
    `unmoved` tells which entries never moved at all. `size` is how large its values are nearby.
    `spread` is the largest relative difference among values at the same x, `eps` the relative precision of its values.
    """

    steps: Array
    sigma: Array
    bounds: Array
    slope: Array
    unmoved: Array
    size: Array
    spread: float
    eps: float

    def at(self, h: float) -> Array:
        """A bound on the noise of values within a distance h, relative to the scale of each entry."""
        level = min(int(np.searchsorted(-self.steps, -h * (1.0 + 1e-9))), len(self.steps) - 1)
        bound: Array = self.bounds[level]
        return bound

    @property
    def wide(self) -> Array:
        """The bound over wide intervals: that of the coarsest level, unless it is the curve of f that is seen there."""
        bound: Array = np.where(self.bounds[0] > GROWTH * self.bounds[1], self.bounds[1], self.bounds[0])
        return bound

    @property
    def random(self) -> bool:
        """Whether f gives another value at every call."""
        return self.spread > RANDOM


def scales(x: Array) -> Array:
    """The natural size of a step along each entry: |x_j|, and the median of those where x_j is zero."""
    sizes = np.abs(x)
    filled = sizes[sizes > 0.0]
    return np.where(sizes > 0.0, sizes, float(np.median(filled)) if filled.size else 1.0)


def measure_noise(f: Observed, scale: Array, seed: int = 11) -> Noise:
    """The noise of f about x: some 150 calls, whatever the size of x."""
    rng = np.random.default_rng(seed)
    size = f.centre.size
    repeats = np.stack([f.centre, f.at(f.x), f.at(f.x)])
    magnitude = np.abs(f.centre)
    differing = np.ptp(repeats, axis=0)
    steps = COARSEST / FINER ** np.arange(LEVELS)
    sigmas = np.zeros((LEVELS, size))
    stair, flat = np.full(size, np.inf), np.zeros(size, dtype=bool)
    slope, largest = np.zeros(size), magnitude.copy()
    for length in DIRECTIONS:
        direction = length * rng.choice([-1.0, 1.0], size=f.x.shape) * scale
        for level, d in enumerate(steps):
            values = _values(f, d * direction)
            with np.errstate(invalid="ignore", over="ignore"):
                differences = np.abs(np.diff(values, axis=0))
                sigmas[level] = np.fmax(sigmas[level], sigma_of(values))
                largest = np.fmax(largest, np.nanmax(np.abs(values), axis=0))
                slope = np.fmax(slope, np.abs(values[SIDE + 1] - values[SIDE - 1]) / (2.0 * d * length))
            flat |= np.any(differences == 0.0, axis=0)
            climbs = (values[0] != values[SIDE]) & (values[-1] != values[SIDE])  # on both sides: not up to a kink
            least = np.min(np.where(differences > 0.0, differences, np.inf), axis=0)
            stair = np.where(climbs, np.fmin(stair, least), stair)
    unmoved = slope == 0.0
    spread = float(np.max(differing / np.maximum(largest, SMALLEST)))
    floor = LEAST * f.eps * np.maximum(magnitude, np.where(unmoved, float(np.max(scale)), 0.0))
    stairs = np.where(flat & np.isfinite(stair), LEAST * stair, SMALLEST)
    floor = np.maximum.reduce([floor, stairs, differing, np.full(size, SMALLEST)])
    sigmas = np.maximum(np.nan_to_num(sigmas), floor)
    return Noise(
        steps, sigmas[-1], _bounds(sigmas, np.maximum(WILD * largest, floor)), slope, unmoved, largest, spread, f.eps
    )


def sigma_of(values: Array) -> Array:
    """The noise of equally spaced values, along axis 0, by their differences of orders 6 to 8."""
    largest = np.max(np.abs(values), axis=0)
    unit = np.where(largest > 0.0, largest, 1.0)
    found = []
    for order in ORDERS:
        gamma = factorial(order) ** 2 / factorial(2 * order)
        found.append(np.sqrt(gamma * np.mean(np.diff(values / unit, n=order, axis=0) ** 2, axis=0)))
    curves = (found[1] < CURVES * found[0]) & (found[2] < CURVES * found[1])
    result: Array = unit * np.where(curves, found[-1], np.max(found, axis=0))
    return result


def _values(f: Observed, step: Array) -> Array:
    return np.stack([f.at(f.x + k * step) if k else f.centre for k in range(-SIDE, SIDE + 1)])


def _bounds(sigmas: Array, wild: Array) -> Array:
    """The bound on the noise at each level: its own, that of all finer ones, and what counts of the coarser ones.

    Stairs are flat at fine steps, so what is seen at coarser steps counts there: while σ does not grow, and wherever it
    is the same at two levels. A kink grows like the step and a curve faster still; those do not count at finer steps.
    What is as large as f is not noise but f itself, unresolved: nothing is known at such steps.
    """
    result = np.maximum.accumulate(sigmas[::-1], axis=0)[::-1].copy()
    noise = sigmas <= FLAT * wild
    for level in range(len(sigmas)):
        alike = np.ones(sigmas.shape[1], dtype=bool)
        for coarser in range(level - 1, -1, -1):
            alike &= sigmas[coarser] <= GROWTH * sigmas[coarser + 1]
            flat = (coarser > 0) & (sigmas[coarser - 1] <= GROWTH * sigmas[coarser])
            counts = (alike | (flat & noise[coarser])) & (sigmas[coarser] <= wild)
            result[level] = np.where(counts, np.maximum(result[level], sigmas[coarser]), result[level])
    return np.where(result <= wild, BOUND * result, np.inf)
