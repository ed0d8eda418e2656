"""The derivative of f along one line, with a bound on its error, and whether there is a kink at the point.

`derivative_along` takes central differences at steps 0.05 s / 4.2ᵏ, extrapolates them, and adds to the bound what does
not fall with the step as it must where f is smooth: E = |f(h) + f(−h) − 2 f(0)| / 2h, half the difference of the slopes
on both sides. Where noise leaves the slope unknown, larger steps are taken (while all slopes so far differ by noise
alone), and then odd polynomials are fitted (`fits`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..expressions.nodes import Array
from .extrapolation import ExtrapolationTable
from .fits import fitted_slope
from .noise import BOUND, LEAST, Noise

#: f at a parameter along the line, and the parameter as it is after rounding.
Line = Callable[[float], tuple[Array, float]]

#: The largest step relative to the scale of the line, and the ratio of steps. No whole numbers: at steps that are
#: multiples of each other and of a period of f, all slopes would agree on nothing.
FIRST, RATIO = 0.0513, 4.2
FEWEST, MOST = 4, 16
#: Powers of the step in the error of central slopes, of half their difference, and of a slope on one side.
EVEN, ODD, ALL = (2, 4, 6, 8), (1, 3, 5, 7), (1, 2, 3, 4, 5)
#: A bound that is this small relative to the slope is good enough to stop.
ENOUGH = 1e-9
#: A bound that is larger than this relative to the slope, or to its claim, is worth larger steps.
ROUGH = 2e-4
#: So many larger steps at most.
LARGER = 24
#: E falls to this share of its last value at least, where f is smooth: to 1/4.2 in theory.
FALLING = 0.6
#: Noise makes neighbouring slopes differ by more than this share of its bound, at one of a few steps.
SHOWS = 0.01
#: Noise in E, relative to E, at the end of a run.
IRREGULAR = 0.4
#: A run of steps is regular where E falls by 4.2, to this power of 4.2 at most, so many times.
REGULAR, LONG = 0.3, 3
#: A kink shows in so many steps in a row, at which E is constant to this share and above the last places of f.
SHOWN, CONSTANT, ABOVE = 5, 0.02, 50.0


@dataclass(frozen=True)
class Slope:
    """The derivative along a line, for every entry of f(x).

    `values` to within `bounds`; `jumps` is the slope on the right less the slope on the left: zero where f is smooth
    or where that cannot be seen, infinite where there is no finite slope. `bend` is |f″| times the scale of the
    line. `moved` tells where f moved at all; `one_sided` where f has values on one side only.
    """

    values: Array
    bounds: Array
    jumps: Array
    bend: Array
    moved: Array
    one_sided: Array


def derivative_along(
    line: Line, centre: Array, noise: Noise, scale: float, claimed: Array | None, limit: float, thorough: bool = True
) -> Slope:
    """The derivative along a line through x, whose natural step is `scale`, at steps of at most `limit`.

    `claimed` is what it is claimed to be: a bound that can tell is wanted of entries that are not zero. Unless
    `thorough`, no larger steps are taken for that.
    """
    ladder = _Ladder(line, centre, noise, scale)
    for k in range(MOST):
        ladder.step(FIRST / RATIO**k)
        if k + 1 >= FEWEST and ladder.settled(k):
            break
    values, bounds = ladder.slopes.values, ladder.slopes.bounds
    torn = ladder.slopes.torn
    jumps, doubt = ladder.kinks()
    bounds, kinked = bounds + doubt, jumps != 0.0
    poor = (bounds > _wanted(values, claimed, noise, scale)) & ladder.moved & ~kinked
    if np.any(poor):
        run_values, run_bounds = ladder.regular_run(poor)
        regular = run_bounds < bounds
        values, bounds = np.where(regular, run_values, values), np.where(regular, run_bounds, bounds)
        torn &= ~regular
    one_sided = ladder.one_sided()
    if np.any(one_sided):
        alone, steep = ladder.on_one_side()
        values, bounds = (np.where(one_sided, new, old) for new, old in zip(alone, (values, bounds), strict=True))
        jumps = np.where(one_sided & steep, np.inf, jumps)
        kinked = jumps != 0.0
    needed = (bounds > _wanted(values, claimed, noise, scale)) & ladder.moved & ~kinked & ~one_sided & ~torn
    needed &= np.isfinite(noise.wide) & thorough
    if np.any(needed):
        needed &= ladder.noise_shows()
    if np.any(needed):
        values, bounds = ladder.larger(values, bounds, needed, limit)
        needed &= bounds > _wanted(values, claimed, noise, scale)
    if np.any(needed):
        fit_values, fit_bounds = fitted_slope(line, centre, noise, scale)
        better = needed & (fit_bounds < bounds) & (np.abs(fit_values - values) <= fit_bounds + bounds)
        values, bounds = np.where(better, fit_values, values), np.where(better, fit_bounds, bounds)
    bounds = np.where(kinked, np.inf, bounds)
    return Slope(values, bounds, jumps, ladder.bend(), ladder.moved, one_sided)


def _wanted(values: Array, claimed: Array | None, noise: Noise, scale: float) -> Array:
    """The bound that decides: relative to the slope or its claim, and where that is zero to all that f moves."""
    known = np.abs(values) if claimed is None else np.maximum(np.abs(values), np.abs(claimed))
    nothing = 1e-9 * noise.slope / scale
    if claimed is None:
        return np.maximum(ROUGH * known, nothing)
    return np.where(claimed == 0.0, np.maximum(ROUGH * known, nothing), ROUGH * known)


class _Ladder:
    """Values of f at steps on both sides, and the tables made of them."""

    def __init__(self, line: Line, centre: Array, noise: Noise, scale: float) -> None:
        size = centre.size
        self._line, self._centre, self._noise, self._scale = line, centre, noise, scale
        self.slopes = ExtrapolationTable(size, RATIO, EVEN)
        self._bends = ExtrapolationTable(size, RATIO, ODD)
        self._right, self._left = ([], []), ([], [])  # type: tuple[list[Array], list[float]], tuple[list[Array], list[float]]
        self._halves: list[Array] = []  # E at each step
        self._raw: list[tuple[float, Array, Array]] = []  # relative step, slope, noise of it
        self.moved = np.zeros(size, dtype=bool)
        self._climbed: Array = np.full(size, np.inf)  # the least step of a value that moved on both sides
        ahead = [noise.at(FIRST / RATIO**k) / (FIRST * scale / RATIO**k) for k in range(MOST)]
        self._ahead = np.minimum.accumulate(np.array(ahead)[::-1], axis=0)[::-1]

    def _sides(self, h: float) -> tuple[Array, Array, float, Array, Array, Array]:
        """The values on both sides, their distance, the slope and E, and a bound on the noise of a value."""
        (right, ahead), (left, behind) = self._line(h * self._scale), self._line(-h * self._scale)
        width = ahead - behind
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            slope = (right - left) / width
            half = np.abs((right - self._centre) + (left - self._centre)) / width
        self.moved |= (right != self._centre) | (left != self._centre)
        last_places = self._noise.eps * np.fmax(np.abs(right), np.abs(left))
        return right, left, width, slope, half, last_places

    def step(self, h: float) -> None:
        """One smaller step."""
        right, left, width, slope, half, last_places = self._sides(h)
        if width <= 0.0:
            return
        noise = 2.0 * np.maximum(np.fmax(self._noise.at(h), last_places), self._stair(right, left)) / width
        stays = half > FALLING * self._halves[-1] if self._halves else np.ones(half.shape, dtype=bool)
        self.slopes.add(slope, noise, np.where(stays, np.where(half > noise, np.inf, half), 0.0))
        signed = (right - self._centre + left - self._centre) / (0.5 * width)
        self._bends.add(signed, 4.0 * noise)
        self._halves.append(half)
        self._raw.append((h, slope, noise))
        for side, value in ((self._right, right), (self._left, left)):
            side[0].append(value)
            side[1].append(0.5 * width)

    def _stair(self, right: Array, left: Array) -> Array:
        """The noise of a value that stays at this step, and moved on both sides at a larger one: it is rounded."""
        steps = np.fmin(np.abs(right - self._centre), np.abs(left - self._centre))
        self._climbed = np.where(steps > 0.0, np.fmin(self._climbed, steps), self._climbed)
        still = (right == self._centre) & (left == self._centre) & np.isfinite(self._climbed)
        stair: Array = np.where(still, BOUND * LEAST * self._climbed, 0.0)
        return stair

    def settled(self, k: int) -> bool:
        """Whether no smaller step is worth its calls."""
        bounds, bend = self.slopes.bounds, self._bends
        (_, before, _), (_, slope, noise) = self._raw[-2:]
        half, recent = self._halves[-1], np.array(self._halves[-3:])
        step = self._right[1][-1]
        with np.errstate(invalid="ignore"):
            unresolved = (half > FALLING * recent[-2]) & (half > 2.0 * noise)
            kink = (np.ptp(recent, axis=0) < 0.1 * half) & (half * step > ABOVE * self._last_place())
            jump = (np.abs(slope) > 1.3 * np.abs(before)) & (np.abs(slope) * step > ABOVE * self._last_place())
            far = (np.abs(bend.values) > bend.bounds) & ~bend.torn
        if np.any(unresolved | kink | jump | far):
            return False
        ahead = self._ahead[k + 1] if k + 1 < MOST else np.full(bounds.shape, np.inf)
        good = bounds <= ENOUGH * np.abs(self.slopes.values)
        return bool(np.all(good | (np.isfinite(bounds) & (ahead >= 0.5 * bounds))))

    def kinks(self) -> tuple[Array, Array]:
        """The jumps of the slope at the point, and what a kink that may be near adds to the bounds."""
        bend = self._bends
        near = np.where((np.abs(bend.values) > bend.bounds) & ~bend.torn, np.abs(bend.values), 0.0)
        jumps = np.zeros(near.shape)
        halves, slopes = np.array(self._halves), np.array([slope for _, slope, _ in self._raw])
        if len(halves) < SHOWN + 1:
            return jumps, near
        steps = np.array(self._right[1])[:, None]
        last_place = self._last_place()
        with np.errstate(invalid="ignore", divide="ignore"):
            clear = (halves * steps > ABOVE * last_place) & np.isfinite(halves)
            for start in range(len(halves) - SHOWN, -1, -1):
                part = slice(start, start + SHOWN)
                rest, shown = halves[start:], halves[part]
                sharp = np.all(clear[part], axis=0) & (np.ptp(shown, axis=0) <= CONSTANT * np.max(shown, axis=0))
                # …and at every finer step that still shows: a kink at some distance vanishes there
                finer = np.all(~clear[start:] | (np.abs(rest - rest[SHOWN - 1]) <= 0.1 * rest[SHOWN - 1]), axis=0)
                new = sharp & finer & (jumps == 0.0)
                if np.any(new):
                    exact = np.where(near > 0.0, bend.values, 2.0 * rest[SHOWN - 1] * np.sign(bend.values))
                    jumps = np.where(new, exact, jumps)
            steep = self._steep(slopes, halves, steps, last_place)
        return np.where(steep, np.inf, jumps), near

    def _last_place(self) -> Array:
        place: Array = np.spacing(np.maximum(np.abs(self._centre), 1e-300))
        return place

    def _steep(self, slopes: Array, halves: Array, steps: Array, last_place: Array) -> Array:
        """Where the slope grows without end as the step shrinks: f jumps, or is vertical."""
        sizes = np.maximum(np.abs(slopes), halves)[-SHOWN - 1 :]
        shown = sizes * steps[-SHOWN - 1 :] > ABOVE * last_place
        growth = sizes[1:] / sizes[:-1]
        steadily = (np.min(growth, axis=0) > 1.3) & (np.max(growth, axis=0) < 1.3 * np.min(growth, axis=0))
        result: Array = steadily & np.all(shown, axis=0)
        return result

    def regular_run(self, poor: Array) -> tuple[Array, Array]:
        """The slope from the only run of steps at which E falls as it must where f is smooth, for `poor` entries.

        Steps above the run reach across a pole or a bend; those below it stand on one stair of a rounded value. Two
        runs are two slopes, on the near and on the far side of a kink perhaps: then nothing is known. Noise is less
        than the least E of the run, so that what was measured along other lines need not count.
        """
        values, bounds = np.zeros(self._centre.shape), np.full(self._centre.shape, np.inf)
        halves, steps = np.array(self._halves), np.array(self._right[1])
        with np.errstate(invalid="ignore", divide="ignore"):
            falls = np.abs(np.log(halves[:-1] / halves[1:]) / np.log(RATIO) - 1.0) < REGULAR
        for place in np.flatnonzero(poor):
            found, start = [], 0
            for k, fell in enumerate([*falls[:, place], False]):
                if not fell:
                    found += [(start, k)] if k - start > 1 else []
                    start = k + 1
            if len(found) != 1 or found[0][1] - found[0][0] < LONG:
                continue
            first, last = found[0]
            least = BOUND * IRREGULAR * 2.0 * halves[last, place] * steps[last]
            noises = np.array([noise[place] for _, _, noise in self._raw])
            if np.any(halves[last + 1 :, place] > np.minimum(noises, least / steps)[last + 1 :]):
                continue
            table = ExtrapolationTable(1, RATIO, EVEN)
            for k in range(first, last + 1):
                _, slope, noise = self._raw[k]
                table.add(slope[[place]], np.minimum(noise[[place]], least / steps[k]))
            values[place], bounds[place] = table.values[0], table.bounds[0]
        return values, bounds

    def noise_shows(self) -> Array:
        """Where slopes at neighbouring steps differ as noise makes them; what was measured elsewhere is not noise."""
        for k in range(len(self._raw), SHOWN + FEWEST - 1):
            self.step(FIRST / RATIO**k)
        shows = np.zeros(self._centre.shape, dtype=bool)
        for (_, last, _), (_, slope, noise) in pairwise(self._raw[FEWEST - 2 :]):
            with np.errstate(invalid="ignore"):
                shows |= np.abs(slope - last) > SHOWS * noise
        result: Array = shows
        return result

    def one_sided(self) -> Array:
        """Where f has values on one side of the point at all steps, and on the other at none."""
        right, left = (np.isfinite(np.array(side[0])) for side in (self._right, self._left))
        alone = [np.all(one, axis=0) & ~np.any(other, axis=0) for one, other in ((right, left), (left, right))]
        result: Array = alone[0] | alone[1]
        return result

    def on_one_side(self) -> tuple[tuple[Array, Array], Array]:
        """The slope on the side where f has values with its bound, and where it grows without end."""
        slopes: list[Array] = []
        table = ExtrapolationTable(self._centre.size, RATIO, ALL)
        for (h, _, _), right, left, step in zip(self._raw, self._right[0], self._left[0], self._right[1], strict=True):
            forward, backward = (right - self._centre) / step, (self._centre - left) / step
            slopes.append(np.where(np.isfinite(forward), forward, backward))
            table.add(slopes[-1], 2.0 * self._noise.at(h) / step)
        steps, nothing = np.array(self._right[1])[:, None], np.zeros((len(slopes), self._centre.size))
        with np.errstate(invalid="ignore", divide="ignore"):
            steep = self._steep(np.array(slopes), nothing, steps, self._last_place())
        return (table.values, table.bounds), steep

    def larger(self, values: Array, bounds: Array, needed: Array, limit: float) -> tuple[Array, Array]:
        """Slopes at larger steps, for the entries that are `needed`, while all so far differ by noise alone."""
        h, slope, _ = self._raw[0]
        raw = [(h, slope, self._noise.wide / (h * self._scale))]
        open_ = needed & np.isfinite(slope)
        for _ in range(LARGER):
            h *= RATIO
            if not np.any(open_) or h * self._scale > limit:
                break
            _, _, width, slope, half, last_places = self._sides(h)
            noise = 2.0 * np.fmax(self._noise.wide, last_places) / width
            with np.errstate(invalid="ignore"):
                alike = np.isfinite(slope) & (half <= noise)
                for _, other, known in raw:
                    alike &= np.abs(other - slope) <= known + noise
            open_ &= alike
            raw.insert(0, (h, slope, noise))
            table = ExtrapolationTable(self._centre.size, RATIO, EVEN)
            for _, one, known in raw:
                table.add(one, known)
            better = open_ & (table.bounds < bounds) & (np.abs(table.values - values) <= table.bounds + bounds)
            values, bounds = np.where(better, table.values, values), np.where(better, table.bounds, bounds)
            open_ &= bounds > ROUGH * np.abs(values)
        return values, bounds

    def bend(self) -> Array:
        """|f″| times the scale, as the steps show it."""
        steps = np.array(self._right[1][:FEWEST])[:, None]
        result: Array = np.min(np.nan_to_num(np.array(self._halves[:FEWEST])) * (2.0 * self._scale / steps), axis=0)
        return result
