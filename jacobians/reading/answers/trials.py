"""Two sides of an equation at random points.

What is asked of a point is that both sides are well determined there: finite, and moved by no more than a multiple of a
tiny change of the point. Two sides differ by rounding, or they differ: what is far below the summands they are made of
is looked at again a little further on, where a difference stays and rounding does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...expressions.nodes import Array, Expression, Primitive
from ...expressions.walks import walk
from ...functions.operators import multiply, ones
from ..meaning.values import Value
from .random_points import KINDS, NO_FACTS, Facts, bound_sizes, sampled, values_at

#: Points at which an equation is tried, and points that are drawn to find so many that are fit for it.
POINTS, DRAWN = 3, 9
#: What rounding may make of two sides that are equal: relative to the sides, and to the largest of their parts.
RELATIVE, OF_PARTS = 1e-9, 1e-12
#: What it makes of them always, relative to the entry.
CERTAIN = 1e-13
#: A change of a point by NUDGE, relative, moves a side that is well determined by no more than MOST_MOVED.
NUDGE, MOST_MOVED = 1e-10, 1e-4
#: A change by STEP moves a difference that is there by less than STAYS of itself, and rounding by all of it; chance
#: lets rounding stay once, and not at all of STEPS.
STEP, STAYS, STEPS = 1e-4, 0.03, 4
#: The condition number of a matrix that has no inverse in floating point.
SINGULAR = 1e12


@dataclass(frozen=True)
class Tried:
    """Two sides at random points, and how far apart rounding may have put them there.

    `misses` are the points that were no use, by what was the matter.
    """

    lefts: list[Array]
    rights: list[Array]
    tolerances: list[Array]
    misses: dict[str, int] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Whether the sides agree everywhere."""
        return all(
            left.shape == right.shape and bool(np.all(np.abs(left - right) <= tolerance))
            for left, right, tolerance in zip(self.lefts, self.rights, self.tolerances, strict=True)
        )

    @property
    def vanishes(self) -> bool:
        """Whether both sides are zero everywhere."""
        return not any(np.any(one) for one in (*self.lefts, *self.rights))

    def seen(self, change: Callable[[Array], Array]) -> bool:
        """Whether the sides agree when the left one is changed."""
        changed = [change(left) for left in self.lefts]
        return Tried(changed, self.rights, [_relative(*both) for both in zip(changed, self.rights, strict=True)]).equal

    @property
    def flipped(self) -> Tried:
        """The sides exchanged."""
        return Tried(self.rights, self.lefts, self.tolerances)

    def worst(self) -> tuple[float, tuple[int, ...], tuple[float, float]] | None:
        """The largest difference relative to the sides, its entry, and both values; None for two shapes."""
        found: tuple[float, tuple[int, ...], tuple[float, float]] | None = None
        for left, right in zip(self.lefts, self.rights, strict=True):
            if left.shape != right.shape:
                return None
            scale = max(float(np.max(np.abs(left), initial=0.0)), float(np.max(np.abs(right), initial=0.0))) or 1.0
            apart = np.abs(left - right) / scale
            place = tuple(int(one) for one in np.unravel_index(int(np.argmax(apart)), apart.shape))
            if found is None or float(apart[place]) > found[0]:
                found = float(apart[place]), place, (float(left[place]), float(right[place]))
        return found


def _relative(left: Array, right: Array) -> Array:
    """The tolerance relative to the larger side."""
    scale = max(float(np.max(np.abs(left), initial=0.0)), float(np.max(np.abs(right), initial=0.0)))
    return np.asarray(RELATIVE * scale)


def tried(
    sides: tuple[Expression, Expression],
    parts: Sequence[Expression],
    sizes: dict[str, int],
    seed: int,
    facts: Facts = NO_FACTS,
    kinds: Sequence[str] = KINDS,
) -> Tried:
    """Both sides at random points at which they are well determined; `parts` are what they are made of."""
    found = Tried([], [], [])
    roots = [*sides, *parts]
    for values, (left, right, *others) in sampled(roots, sizes, seed, DRAWN, facts, kinds):
        missing = _singular(sides, sizes, values)
        nudged = None if missing else _moved(sides, sizes, values, NUDGE, seed)
        if not missing and (nudged is None or not _steady((left, right), nudged)):
            missing = "both sides are ill-conditioned: a change in the tenth digit changes them"
        if missing:
            found.misses[missing] = found.misses.get(missing, 0) + 1
            continue
        found.lefts.append(left)
        found.rights.append(right)
        found.tolerances.append(_tolerance(sides, sizes, values, left, right, others, seed))
        if len(found.lefts) == POINTS:
            break
    return found


def _moved(
    sides: Sequence[Expression], sizes: Mapping[str, int], values: Mapping[str, Array], by: float, seed: int
) -> list[Array] | None:
    """The sides at a point close by; None where one of them has no value there."""
    rng = np.random.default_rng(seed + 1)
    near = {name: value * (1.0 + by * rng.uniform(0.5, 1.0, size=value.shape)) for name, value in values.items()}
    moved = values_at(sides, sizes, near)
    return moved if all(np.all(np.isfinite(one)) for one in moved) else None


def _steady(sides: Sequence[Array], moved: Sequence[Array]) -> bool:
    """Whether a tiny change of the point left the sides nearly as they were."""
    return all(
        float(np.max(np.abs(one - other), initial=0.0)) <= MOST_MOVED * float(np.max(np.abs(one), initial=0.0))
        for one, other in zip(sides, moved, strict=True)
    )


def _tolerance(
    sides: Sequence[Expression],
    sizes: Mapping[str, int],
    values: Mapping[str, Array],
    left: Array,
    right: Array,
    parts: Sequence[Array],
    seed: int,
) -> Array:
    """How far apart rounding may have put the sides: for each entry, or one number."""
    if left.shape != right.shape:
        return _relative(left, right)
    apart = np.abs(left - right)
    own = CERTAIN * np.maximum(np.abs(left), np.abs(right))
    doubtful = apart > own
    if not doubtful.any():
        return np.asarray(own)
    largest = max((float(np.max(np.abs(one), initial=0.0)) for one in parts), default=0.0)
    loose = float(_relative(left, right)) + OF_PARTS * largest
    if np.any(apart > loose):
        return np.asarray(own)
    before = (left - right)[doubtful]
    stays = np.ones(before.shape, bool)
    for step in range(STEPS):
        moved = _moved(sides, sizes, values, STEP, seed + step)
        if moved is None:
            return np.asarray(own)
        stays &= np.abs((moved[0] - moved[1])[doubtful] - before) <= STAYS * np.abs(before)
    return np.asarray(own) if stays.any() else np.maximum(own, loose)


def _singular(sides: Sequence[Expression], sizes: Mapping[str, int], values: Mapping[str, Array]) -> str:
    """The first matrix of a side that is inverted and has no inverse; "" where there is none."""
    matrices = list(inverted(sides))
    for matrix, value in zip(matrices, values_at(matrices, sizes, values), strict=True) if matrices else ():
        with np.errstate(all="ignore"):
            if not np.all(np.linalg.cond(value) < SINGULAR):
                return f"{matrix} is singular"
    return ""


def inverted(sides: Sequence[Expression]) -> Iterator[Expression]:
    """The matrices of which an inverse, a solution or the logarithm of a determinant is taken."""
    for node in walk(sides):
        if isinstance(node, Primitive) and node.rule.name in ("inv", "solve", "logdet"):
            yield node.args[0]


def as_side(value: Value, other: Value) -> Expression:
    """A side; a number that is written out, such as 0, stands for an array of the other side's shape."""
    return multiply(value.literal, ones(other.shape)) if value.literal is not None and other.rank else value.whole


def equal_by_value(left: Value, right: Value, seed: int = 0, facts: Facts = NO_FACTS) -> bool:
    """Whether two values have one shape and agree at random points."""
    if left.shape != right.shape:
        return False
    sides: Any = (left.whole, right.whole)
    found = tried(sides, [], bound_sizes(walk(sides)), seed, facts)
    return bool(found.lefts) and found.equal
