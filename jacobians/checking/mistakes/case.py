"""What a claim is compared with, and what a mistake is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ...expressions.nodes import Array
from ...shapes.layout import axes_in_layout, from_numerator
from ...shapes.sizes import show_shape
from ..differences import OWN, Witness


@dataclass(frozen=True)
class Candidate:
    """What a mistake makes of the right derivative: the array, and how far it is known; the evidence, and the fix.

    The evidence may be what writes it. The fix is code, in which `claimed` is the claimed array; where it can be
    computed from that alone it gives the right derivative. `oriented` is for an array whose very shape is
    the mistake: sizes of 1 are then not overlooked.
    """

    value: Array
    tolerance: Array
    evidence: str | Callable[[], str]
    fix: str
    oriented: bool = False


@dataclass(frozen=True)
class Mistake:
    """One entry of the catalogue: a name, and the candidates it has in a case."""

    name: str
    candidates: Callable[[Case], Iterator[Candidate]]


@dataclass(frozen=True)
class Case:
    """A claim of ∂y/∂x beside the witness: `ad` has the axes of y and then those of x, `right` the layout asked for.

    `sizes` are sizes that may be a batch's, with what they are sizes of. `others` are derivatives with respect to other
    arguments.
    """

    found: Witness
    claimed: Array
    layout: str = "numerator"
    x: str = "x"
    y: str = "f"
    sizes: Mapping[int, str] = field(default_factory=dict)
    others: Mapping[str, Array] = field(default_factory=dict)

    @property
    def of(self) -> tuple[int, ...]:
        return self.found.of

    @property
    def wrt(self) -> tuple[int, ...]:
        return self.found.wrt

    @property
    def ad(self) -> Array:
        return self.found.values

    @property
    def symbol(self) -> str:
        return f"∂{self.y}/∂{self.x}"

    @cached_property
    def eps(self) -> float:
        """The precision of the claim."""
        kind = self.claimed.dtype
        return float(np.finfo(kind).eps) if kind.kind == "f" else float(np.finfo(float).eps)

    @cached_property
    def tolerance(self) -> Array:
        """How far a right claim can be from `ad`, entry by entry: the bound of the differences, and rounding."""
        own: Array = self.found.bounds + self.found.rounding(self.eps) + OWN * self.eps * np.abs(self.ad)
        return own

    def laid(self, ad: Array, layout: str) -> Array:
        """An array with the axes of y and then x, in a layout."""
        rank = len(self.of)
        numerator = ad.transpose([*range(rank), *range(ad.ndim - 1, rank - 1, -1)])
        return from_numerator(numerator, rank, [len(self.wrt)], layout)

    def order(self, layout: str) -> tuple[int, ...]:
        """The axes of `ad` in the order of a layout; vec, which merges them, is told from its own."""
        rank = len(self.of)
        rows, columns = axes_in_layout(rank, [self.ad.ndim - rank], layout)
        # of the numerator layout, which reverses the axes of x
        return tuple(axis if axis < rank else self.ad.ndim - 1 + rank - axis for axis in (*rows, *columns))

    def restoring(self, axes: tuple[int, ...], text: str = "claimed") -> str:
        """The code that makes the right derivative of an array that has these axes of `ad`, called `text`."""
        target = range(len(axes)) if self.layout == "vec" else self.order(self.layout)
        code = transposing([axes.index(axis) for axis in target], text)
        return self.into(code, "ad") if self.layout == "vec" else code

    def into(self, text: str, source: str) -> str:
        """The code that brings an array from a layout into the one asked for."""
        return f"convert_layout({text}, {self.of}, {self.wrt}, {source!r}, {self.layout!r})"

    @cached_property
    def right(self) -> Array:
        return self.laid(self.ad, self.layout)

    @cached_property
    def right_tolerance(self) -> Array:
        return self.laid(self.tolerance, self.layout)

    def made(
        self, make: Callable[[Array], Array], evidence: str, fix: str, *, oriented: bool = False, factor: float = 1.0
    ) -> Candidate:
        """The candidate that a linear map makes of `ad`; the same map, entry by entry, carries the tolerances."""
        return Candidate(factor * make(self.ad), abs(factor) * make(self.tolerance), evidence, fix, oriented)

    def exact(self, value: Array, evidence: str | Callable[[], str], fix: str) -> Candidate:
        """A candidate that is known to the precision of the claim."""
        scale = float(np.max(np.abs(value), initial=0.0))
        return Candidate(value, np.full(value.shape, 1024.0 * self.eps * scale), evidence, fix)

    def zero(self, array: Array, tolerance: Array) -> bool:
        """Whether all entries are zero, as far as is known."""
        return bool(np.all(np.abs(array) <= tolerance))

    @cached_property
    def deltas(self) -> list[tuple[int, int]]:
        """The pairs (axis of y, axis of x), as axes of `ad`, off whose diagonal everything is zero: the δ's."""
        pairs = []
        rank = len(self.of)
        for a, b in itertools.product(range(rank), range(rank, self.ad.ndim)):
            if self.ad.shape[a] == self.ad.shape[b] > 1:
                off = ~np.eye(self.ad.shape[a], dtype=bool)
                moved, known = (np.moveaxis(one, (a, b), (0, 1))[off] for one in (self.ad, self.tolerance))
                if self.zero(moved, known):
                    pairs.append((a, b))
        return pairs

    @cached_property
    def separable(self) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """The ways to split the axes of `ad` in two so that it is a product of two arrays."""
        axes = range(self.ad.ndim)
        splits = []
        for count in range(1, self.ad.ndim // 2 + 1):
            for one in itertools.combinations(axes, count):
                rest = tuple(axis for axis in axes if axis not in one)
                if (len(one) < len(rest) or 0 in one) and self._is_product(one, rest):
                    splits.append((one, rest))
        return splits

    def _is_product(self, one: tuple[int, ...], rest: tuple[int, ...]) -> bool:
        rows = int(np.prod([self.ad.shape[axis] for axis in one], dtype=int))
        flat = self.ad.transpose((*one, *rest)).reshape(rows, -1)
        row, column = np.unravel_index(int(np.argmax(np.abs(flat))), flat.shape)
        pivot = flat[row, column]
        if pivot == 0.0 or min(flat.shape) == 1:
            return False
        product = np.outer(flat[:, column], flat[row] / pivot)
        return bool(np.all(np.abs(product - flat) <= 4.0 * float(np.max(self.tolerance))))


def show(shape: tuple[int, ...]) -> str:
    """A shape in a sentence: `3 × 5`, `a number`."""
    return show_shape(shape) if shape else "a number"


def transposing(order: Sequence[int], text: str = "claimed") -> str:
    """The code that brings axes into an order."""
    order = tuple(int(axis) for axis in order)
    if order == tuple(range(len(order))):
        return text
    if order == tuple(range(len(order)))[::-1]:
        return f"{text}.T"
    return f"{text}.transpose{order}"
