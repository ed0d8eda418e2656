"""Two sides of an equation at random points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import ShapeError
from ...expressions.nodes import Array, Expression
from ...expressions.walks import walk
from ...functions.operators import multiply, ones
from ..meaning.values import Value
from .random_points import bound_sizes, sampled

#: Points at which an equation is tried.
POINTS = 3
#: What rounding may make of two sides that are equal: relative to the sides, and to the largest of their parts.
RELATIVE, OF_PARTS = 1e-9, 1e-12


@dataclass(frozen=True)
class Tried:
    """Two sides at random points, and how far apart rounding may have put them there."""

    lefts: list[Array]
    rights: list[Array]
    tolerances: list[float]

    @property
    def equal(self) -> bool:
        """Whether the sides agree everywhere."""
        return all(
            left.shape == right.shape and bool(np.all(np.abs(left - right) <= tolerance))
            for left, right, tolerance in zip(self.lefts, self.rights, self.tolerances, strict=True)
        )

    def seen(self, change: Callable[[Array], Array]) -> bool:
        """Whether the sides agree when the left one is changed."""
        return Tried([change(left) for left in self.lefts], self.rights, self.tolerances).equal

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


def tried(sides: tuple[Expression, Expression], parts: Sequence[Expression], sizes: dict[str, int], seed: int) -> Tried:
    """Both sides at random points; `parts` are what they are made of. Raises `ShapeError` where they have no value."""
    lefts: list[Array] = []
    rights: list[Array] = []
    tolerances: list[float] = []
    for _, (left, right, *others) in sampled([*sides, *parts], sizes, seed, POINTS):
        largest = max((float(np.max(np.abs(one), initial=0.0)) for one in others), default=0.0)
        scale = max(float(np.max(np.abs(left), initial=0.0)), float(np.max(np.abs(right), initial=0.0)))
        lefts.append(left)
        rights.append(right)
        tolerances.append(RELATIVE * scale + OF_PARTS * largest)
    if not lefts:
        raise ShapeError(
            "no random point was found at which both sides have a value; a logarithm, a root or an inverse in them may "
            "have none"
        )
    return Tried(lefts, rights, tolerances)


def as_side(value: Value, other: Value) -> Expression:
    """A side; a number that is written out, such as 0, stands for an array of the other side's shape."""
    return multiply(value.literal, ones(other.shape)) if value.literal is not None and other.rank else value.whole


def equal_by_value(left: Value, right: Value, seed: int = 0) -> bool:
    """Whether two values have one shape and agree at random points."""
    if left.shape != right.shape:
        return False
    sides = (left.whole, right.whole)
    return tried(sides, [], bound_sizes(walk(sides)), seed).equal
