"""Slopes at shrinking steps, extrapolated to the step zero with a bound on the error that is left.

Richardson's extrapolation (1911) in the table of Ridders ("Accurate computation of F′(x) and F′(x) F″(x)", Advances in
Engineering Software 4 (1982) 75-76). With steps in the ratio ρ and errors in powers q₁ < q₂ < … of the step,

    R[k, p] = (ρ^q_p R[k, p−1] − R[k−1, p−1]) / (ρ^q_p − 1),

and the disagreement of an entry with its neighbours estimates its error. Here the estimate is made a bound: three times
the larger disagreement, never less than half of what the disagreement one row above lets expect, and the noise of the
values, carried through the same formula. All these bounds must agree: where the intervals about two entries of the
table have nothing in common (on a stair, which is flat at small steps; beside a pole), neither is believed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..expressions.nodes import Array

#: The factor on disagreement, and the share of the expected one that is always assumed.
SAFETY, EXPECTED = 3.0, 0.5


class ExtrapolationTable:
    """A table that is filled row by row, for many functions at once; each keeps the value with the least bound."""

    def __init__(self, size: int, ratio: float, powers: Sequence[int]) -> None:
        self._factors = [ratio**power for power in powers]
        self._row: list[Array] = []
        self._noise: list[Array] = []
        self._gaps: list[Array] = []
        self._best: tuple[Array, Array] = np.zeros(size), np.full(size, np.inf)
        self._first: tuple[Array, Array] = np.zeros(size), np.full(size, np.inf)
        self._least: Array = np.full(size, -np.inf)
        self._most: Array = np.full(size, np.inf)

    @property
    def torn(self) -> Array:
        """Where entries of the table contradict each other."""
        return self._least > self._most

    @property
    def values(self) -> Array:
        """The values with the least bounds."""
        return np.where(self._first_holds, self._first[0], self._best[0])

    @property
    def bounds(self) -> Array:
        """The bounds on the errors of the values; infinite where nothing is known."""
        bounds = np.where(self._first_holds, self._first[1], self._best[1])
        return np.where(self.torn, np.inf, bounds)

    @property
    def _first_holds(self) -> Array:
        """Two slopes may agree by chance: the second row counts where all later ones agree with it."""
        values, bounds = self._first
        with np.errstate(invalid="ignore"):
            agrees = (self._least <= values + bounds) & (values - bounds <= self._most)
        holds: Array = agrees & (bounds < self._best[1])
        return holds

    def add(self, slopes: Array, noise: Array, doubt: Array | float = 0.0) -> None:
        """One more row: slopes at the next smaller step, each known to within `noise`; `doubt` goes into its bounds."""
        with np.errstate(invalid="ignore", over="ignore"):
            row, carried, gaps = [slopes], [noise], []
            for factor, rough, rough_noise in zip(self._factors, self._row, self._noise, strict=False):
                row.append((factor * row[-1] - rough) / (factor - 1.0))
                carried.append((factor * carried[-1] + rough_noise) / (factor - 1.0))
            for p in range(len(row)):
                near = [self._row[p - 1], row[p - 1]] if p else self._row[:1]
                if not near:
                    continue
                gap = np.maximum.reduce([np.abs(row[p] - one) for one in near])
                gaps.append(gap)
                if p < len(self._gaps):
                    factor = self._factors[min(p, len(self._factors) - 1)]
                    gap = np.maximum(gap, EXPECTED * self._gaps[p] / factor)
                bound = SAFETY * gap + carried[p] + doubt
                self._keep(row[p], bound, first=not self._gaps)
        self._row, self._noise, self._gaps = row, carried, gaps

    def _keep(self, value: Array, bound: Array, first: bool) -> None:
        values, bounds = self._first if first else self._best
        better = bound < bounds  # false where anything is not a number
        kept = np.where(better, value, values), np.where(better, bound, bounds)
        if first:
            self._first = kept
            return
        self._best = kept
        self._least = np.fmax(self._least, value - bound)
        self._most = np.fmin(self._most, value + bound)
