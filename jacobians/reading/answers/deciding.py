"""Deciding an equation: by shape, then by value at random points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from ...expressions.nodes import Expression
from ...expressions.walks import walk
from ...shapes.sizes import show_shape
from ..entry import Reading
from ..meaning.elaborated import Part
from ..syntax import tree as t
from . import remedies
from .random_points import bound_sizes
from .trials import as_side, tried


@dataclass(frozen=True)
class Verdict:
    """Whether two sides are equal, how that was decided, and, where they are not, what was found.

    `difference` is the largest, relative to the sides; `worst` its entry and `values` what both sides have there.
    `remedies` say what would make the equation true.
    """

    true: bool
    left: str
    right: str
    shapes: tuple[str, str]
    sizes: dict[str, int]
    points: int
    difference: float = 0.0
    worst: tuple[int, ...] | None = None
    values: tuple[float, float] | None = None
    remedies: tuple[str, ...] = ()


def decide(reading: Reading, seed: int, again: Callable[[str], Reading]) -> list[Verdict]:
    """A verdict for every two neighbouring sides of the equations of a text; `again` reads a changed text.

    Raises `ShapeError` where no random point gives both sides a value.
    """
    verdicts: list[Verdict] = []
    for node, parts in reading.statements:
        if isinstance(node, t.Equation) and len(parts) > 1:
            verdicts += [_decided(reading, left, right, seed, again) for left, right in pairwise(parts)]
    return verdicts


def _decided(reading: Reading, left: Part, right: Part, seed: int, again: Callable[[str], Reading]) -> Verdict:
    sides = (as_side(left.value, right.value), as_side(right.value, left.value))
    parts = _all_parts(left, right)
    sizes = bound_sizes(walk([*sides, *parts]))
    found = tried(sides, parts, sizes, seed)
    texts = (reading.source(left.place), reading.source(right.place))
    shapes = (show_shape(sides[0].shape), show_shape(sides[1].shape))
    difference, worst, values = found.worst() or (0.0, None, None)
    if sides[0].shape == sides[1].shape and found.equal:
        return Verdict(True, *texts, shapes, sizes, len(found.lefts), difference)
    said = remedies.remedies(reading, left, right, found, again)
    return Verdict(False, *texts, shapes, sizes, len(found.lefts), difference, worst, values, tuple(said))


def _all_parts(*parts: Part) -> list[Expression]:
    """The parts of both sides: their values tell what rounding can do."""
    found: list[Expression] = []
    waiting = list(parts)
    while waiting and len(found) < 64:
        part = waiting.pop()
        found.append(part.value.expression)
        waiting += part.children
    return found
