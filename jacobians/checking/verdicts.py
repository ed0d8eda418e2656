"""Right, wrong, or cannot tell: each entry of a claim against a bound on the error of the witness.

An entry is *wrong* where it differs from the differences by more than their bound and any rounding can explain. It is
*right* where it does not differ by more than the bound and 2e-4 of itself, and the bound is small enough to tell (5e-4
of the entry): a claim that is off by one part in a thousand would have been seen. Zero is told where f does not move,
or the bound is 1e-9 of the derivative's largest entry. What is neither cannot be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..expressions.nodes import Array
from .differences import EXCUSED, OWN, Witness
from .slopes import CONSTANT

Verdict = Literal["right", "wrong", "undecided"]

#: The bound that tells an entry, relative to the entry.
TOLD = 5e-4
#: The bound that tells a zero, relative to the largest entry of the row; and where f does not move at all.
ZERO, STILL = 1e-9, 1e-4
#: A claim that is no larger than rounding may be a zero; one that is far smaller than rounding is meant as it stands.
SMALLEST = 2.0**-6


@dataclass(frozen=True)
class Verdicts:
    """What holds of each entry of a claim: `wrong`, or `open` where it cannot be told; right otherwise."""

    wrong: Array
    open: Array

    @property
    def verdict(self) -> Verdict:
        """Of the whole claim."""
        return "wrong" if np.any(self.wrong) else "undecided" if np.any(self.open) else "right"


def judge(found: Witness, claimed: Array, eps: float) -> Verdicts:
    """Each entry of a claim of precision `eps`, with the axes of f(x) and then those of x."""
    tolerance = tolerances(found, claimed, eps)
    with np.errstate(invalid="ignore", over="ignore"):
        off = np.abs(claimed - found.values)
        wrong = ~(off <= tolerance + found.rounding(eps)) & (found.jumps == 0.0)
        wrong |= (found.jumps != 0.0) & _outside(found, claimed)
        told = (found.jumps == 0.0) & (off <= tolerance) & tells(found, claimed, eps)
    return Verdicts(wrong, ~wrong & ~told)


def tolerances(found: Witness, claimed: Array, eps: float) -> Array:
    """How far a claim can be from the differences and be told right."""
    rounding = np.minimum(EXCUSED * np.abs(found.values), found.rounding(eps))
    size = np.where(np.isfinite(claimed), np.abs(claimed), 0.0)
    own: Array = found.bounds + rounding + OWN * eps * np.maximum(size, np.abs(found.values))
    return np.where(_rounded_zero(found, claimed, eps), np.maximum(own, found.bounds + found.rounding(eps)), own)


def tells(found: Witness, claimed: Array, eps: float) -> Array:
    """Where the bounds are small enough to tell a right entry from a wrong one."""
    largest = np.maximum(found.rows, _rows_of(found, claimed))
    decided = found.bounds <= TOLD * np.maximum(np.abs(found.values), np.abs(claimed))
    still = ~found.moved & (found.bounds <= np.maximum(STILL * largest, 1e-12 * found.reach))
    small = found.bounds <= ZERO * np.where(largest > 0.0, largest, found.reach)
    zero = _rounded_zero(found, claimed, eps) & ~found.hidden & (found.independent | still | small)
    result: Array = decided | zero
    return result


def _rows_of(found: Witness, claimed: Array) -> Array:
    axes = tuple(range(len(found.of), claimed.ndim))
    size = np.where(np.isfinite(claimed), np.abs(claimed), 0.0)
    return np.max(size, axis=axes, keepdims=True) if axes else size


def _rounded_zero(found: Witness, claimed: Array, eps: float) -> Array:
    """Claims of zero; where f does not depend on the entry of x, those of rounding size too."""
    size, rounding = np.abs(claimed), found.rounding(eps)
    meant = size < SMALLEST * eps * found.rows
    result: Array = (claimed == 0.0) | (found.independent & (size <= rounding) & ~meant)
    return result


def _outside(found: Witness, claimed: Array) -> Array:
    """Where a claim is not between the slopes on both sides of a kink."""
    half = 0.5 * np.abs(found.jumps)
    result: Array = np.isfinite(half) & ~(np.abs(claimed - found.values) <= (1.0 + CONSTANT) * half)
    return result
