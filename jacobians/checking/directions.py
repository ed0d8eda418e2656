"""Large problems: a claim is compared along random directions, and entry by entry only where it disagrees.

Along d = Σ ±s_j e_j over a group of entries, f′ d is one slope, measured as any other (`slopes`), and the claim must
give Σ ±s_j C_j. With signs, never with random sizes, *one* wrong entry shows at its full size in every direction;
several can cancel each other along one direction in two at most, so they escape K directions with a probability of 2⁻ᴷ
at most. The groups hold entries of one size, 1.5 decades at most, so that a small one is not lost in the rounding of a
large one, and claims of zero are apart. What disagrees is bisected, with the same signs.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ..expressions.nodes import Array
from .differences import OWN
from .noise import Noise, measure_noise, scales
from .observed import Observed
from .slopes import Slope, derivative_along
from .verdicts import Verdict

#: Directions in each group, and the decades that a group spans.
DIRECTIONS, DECADES = 6, 1.5
#: Entries that are located one by one before it is enough to know that there are many.
LOCATED = 8
#: An error of this share of the median entry, in the group of the largest, must show for the claim to be right.
SEEN = 0.02
#: Noise above this, relative to f, is worth many calls along a direction.
NOISY = 1e-12


@dataclass(frozen=True)
class Group:
    """Entries of x whose claims are of one size: `resolution` is the error of one entry that would not be seen.

    It is relative to the median claim of the group in a row; for claims of zero to the largest claim of the row, or
    to f where all are zero.
    """

    places: Array
    zero: bool
    resolution: float


@dataclass(frozen=True)
class Comparison:
    """A claim along directions. `wrong` has the flat places of x found wrong, with the slopes that f has there.

    `claimed` and `found` are the slopes along all directions, `bounds` what their difference can be for a right claim.
    """

    verdict: Verdict
    groups: tuple[Group, ...]
    wrong: dict[int, Array]
    many: bool
    kink: bool
    claimed: Array
    found: Array
    bounds: Array
    noise: Noise
    calls: int


def compare_along_directions(f: Observed, claimed: Array, eps: float, seed: int = 7) -> Comparison:
    """The claim, with the axes of f(x) and then those of x, against slopes along random directions: some 300 calls."""
    return _Comparing(f, claimed.reshape(f.centre.size, f.x.size), eps, seed).run()


class _Comparing:
    def __init__(self, f: Observed, claims: Array, eps: float, seed: int) -> None:
        self._f, self._claims, self._eps = f, claims, eps
        scale = scales(f.x)
        self._scale = scale.ravel()
        self._noise = measure_noise(f, scale)
        self._thorough = bool(np.any(self._noise.sigma > NOISY * self._noise.size))
        self._rng = np.random.default_rng(seed)

    def run(self) -> Comparison:
        rows: list[tuple[Array, Array, Array]] = []
        groups: list[Group] = []
        kink, open_ = False, False
        disagreeing: list[tuple[Array, Array, Array, Array]] = []
        for places, zero in self._grouped():
            resolution = 0.0
            for _ in range(DIRECTIONS):
                signs = self._rng.choice([-1.0, 1.0], size=places.size)
                claim, slope, allowed = self._along(places, signs)
                kink |= bool(np.any(slope.jumps))
                rows.append((claim, slope.values, allowed))
                resolution = max(resolution, self._resolution(places, zero, allowed))
                if np.any(np.abs(claim - slope.values) > allowed):
                    disagreeing.append((places, signs, claim - slope.values, allowed))
            groups.append(Group(places, zero, resolution))
            decisive = zero or len(groups) == 1
            open_ |= not np.isfinite(resolution) or (decisive and resolution > SEEN)
        open_ |= self._noise.random
        wrong: dict[int, Array] = {}
        first = {int(places[0]): (places, *rest) for places, *rest in reversed(disagreeing)}  # of each group
        for places, signs, off, allowed in first.values():
            located = self._located(places, signs, off, allowed)
            wrong.update(islice(located, LOCATED - len(wrong)))
        self._f.done()
        verdict: Verdict = "wrong" if disagreeing else "undecided" if open_ or kink else "right"
        claimed, found, bounds = (np.array(one) for one in zip(*rows, strict=True))
        return Comparison(
            verdict,
            tuple(groups),
            wrong,
            len(wrong) == LOCATED,
            kink,
            claimed,
            found,
            bounds,
            self._noise,
            self._f.calls,
        )

    def _grouped(self) -> Iterator[tuple[Array, bool]]:
        """Places of x with claims of one size, the largest first, then those with claims of zero."""
        sizes = np.abs(self._claims) * self._scale
        largest = np.max(sizes, axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.max(np.where(largest > 0.0, sizes / largest, 0.0), axis=0)
            decade = np.floor(-np.log10(share) / DECADES)
        for one in np.unique(decade[np.isfinite(decade)]):
            yield np.flatnonzero(decade == one), False
        if not np.all(np.isfinite(decade)):
            yield np.flatnonzero(~np.isfinite(decade)), True

    def _along(self, places: Array, signs: Array) -> tuple[Array, Slope, Array]:
        """The claim along a direction, the slope there, and how far they may differ."""
        steps = signs * self._scale[places]
        direction = np.zeros(self._f.x.size)
        direction[places] = steps
        part = self._claims[:, places]
        claimed: Array = part @ steps
        line = self._f.towards(direction.reshape(self._f.x.shape))
        slope = derivative_along(line, self._f.centre, self._noise, 1.0, claimed, 1.0, self._thorough)
        terms = np.sqrt(np.abs(part) ** 2 @ steps**2) + np.max(np.abs(part * steps), axis=1)
        magnitude = np.maximum(np.abs(self._f.centre), 1e-300)
        amplified = np.clip(self._noise.sigma / (self._f.eps * magnitude), 1.0, 2.0**40)
        return claimed, slope, slope.bounds + OWN * self._eps * amplified * terms

    def _resolution(self, places: Array, zero: bool, allowed: Array) -> float:
        sizes = np.abs(self._claims) * self._scale
        largest = np.max(sizes, axis=1)
        largest = np.where(largest > 0.0, largest, self._noise.size)  # of a row that is all zero: what f is
        if not zero:
            part = sizes[:, places]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a row without any claim in this group
                largest = np.nanmedian(np.where(part > 0.0, part, np.nan), axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = 2.0 * allowed / largest
        counted = np.isfinite(largest) & (largest > 0.0)
        return float(np.max(shares[counted])) if np.any(counted) else 0.0

    def _located(self, places: Array, signs: Array, off: Array, allowed: Array) -> Iterator[tuple[int, Array]]:
        """Places of one disagreeing direction that disagree by themselves, by bisection with the same signs."""
        waiting = [(places, signs, off, allowed)]
        while waiting:
            places, signs, off, allowed = waiting.pop()
            if places.size == 1:
                claimed, slope, known = self._along(places, signs)
                if np.any(np.abs(claimed - slope.values) > known):
                    yield int(places[0]), slope.values * signs[0] / self._scale[places[0]]
                continue
            half = places.size // 2
            claimed, slope, known = self._along(places[:half], signs[:half])
            first, rest = claimed - slope.values, off - (claimed - slope.values)
            if np.any(np.abs(rest) > allowed + known):
                waiting.append((places[half:], signs[half:], rest, allowed + known))
            if np.any(np.abs(first) > known):
                waiting.append((places[:half], signs[:half], first, known))
