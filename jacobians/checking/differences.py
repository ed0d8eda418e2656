"""The witness: a derivative by differences alone, with an estimate of its error. It knows nothing of the calculus.

Central differences at shrinking steps are extrapolated (Richardson 1911; the table and the estimate are Ridders',
*Advances in Engineering Software* 4 (1982) 75-76). Every entry takes the place of the table at which neighbours agree
best, and their disagreement, with the rounding of f, is the estimate. Where f takes complex numbers and the complex
step (Squire and Trapp, *SIAM Review* 40 (1998) 110-112) agrees with that everywhere, it is taken instead: it
subtracts nothing.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DataError, ShapeError, UnsupportedError
from ..expressions.nodes import Array, as_real_array
from ..shapes.memory import refuse_if_too_large

#: Where steps start, relative to the coordinate. No round number: a period of f is then no multiple of a step.
FIRST_STEP = 0.1173
#: A step is so many times the next. Its powers are no whole numbers either: at steps that are multiples of each other
#: (a half, a quarter, …) and of a period of f, all slopes would agree on nothing.
RATIO = 5.0**0.5
#: Steps that are always taken, and at most; between them as many as bring the estimate down.
FEWEST, MOST = 6, 38
#: The slope of f close by is counted up to so many times the slope at the point.
FAR = 1e3
#: Entries whose tables are kept at a time.
BLOCK = 1 << 16
#: How often the steps start again, nearer to the point, where a kink was seen from afar that is not there.
CLOSER, NEARER = 6, 2.0**-9
#: The powers of the step that extrapolation takes out of central differences, and out of second ones over the step.
EVEN, ODD = (2, 4, 6, 8), (1, 3, 5)
#: An estimate this small, relative to the largest entry, is good enough to stop.
ENOUGH = 1e-9
#: An estimate this large, relative to the largest entry, finds no derivative.
TOO_MUCH = 0.1
#: Unless it is this small beside the slopes of f close by: then the derivative is small, and f is smooth.
LITTLE = 1e-6
#: The table takes the least of many estimates; this allows for the luck in that.
SAFETY = 8.0
#: Of two evaluations of one formula, rounded differently: eight bits.
ROUNDING = 256.0
#: Of values of f that a claim is computed from: four bits.
VALUES = 16.0


@dataclass(frozen=True)
class Witness:
    """∂f/∂x by differences: `values` with the axes of f(x) and then those of x, as are the others.

    `errors` estimates what differences leave open; `jumps` is the derivative from the right less the one from the
    left: zero where f is smooth, infinite where there is none (f jumps, or is vertical). `rounding` is that
    of f(x), spread over x; `scale` is the largest entry here or close by; `sharpened` tells that the complex step was
    taken.
    """

    values: Array
    errors: Array
    jumps: Array
    rounding: Array
    scale: float
    of: tuple[int, ...]
    wrt: tuple[int, ...]
    sharpened: bool


def witness(f: Callable[[Array], Any], x: Array) -> Witness:
    """The derivative of f at x by differences. f takes an array like x and gives one array or number.

    Raises `DataError` where f(x) is not finite, `UnsupportedError` where f gives no array of real numbers.
    """
    x = np.array(x, dtype=float)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        centre = _value(f, x)
        if not np.all(np.isfinite(centre)):
            place = tuple(int(k) for k in np.argwhere(~np.isfinite(centre))[0])
            raise DataError(f"f at this point is {centre[place]} at entry {list(place)}: it has no derivative there")
        if not centre.size * x.size:
            raise ShapeError(
                f"f gives shape {centre.shape} at an x of shape {x.shape}: there is no entry to differentiate"
            )
        refuse_if_too_large(
            [centre.shape + x.shape] * 8, "differences of f", "Check a part of f, or at fewer entries of x."
        )
        places, together = list(np.ndindex(*x.shape)), max(1, BLOCK // max(1, centre.size))
        blocks = [places[start : start + together] for start in range(0, len(places), together)]
        parts = zip(*(_columns(f, x, centre, block, FIRST_STEP) for block in blocks), strict=True)
        values, errors, jumps, rounding, coarse = (
            np.concatenate(part, axis=-1).reshape(centre.shape + x.shape) for part in parts
        )
        scale = max(_largest(values), _largest(coarse))
        found = (errors <= TOO_MUCH * scale) | (errors <= 4.0 * rounding)
        jumps = np.where(found | (jumps != 0.0), jumps, np.inf)
        stepped = _complex_step(f, x, centre.shape)
    sharpened = stepped is not None and not np.any(jumps) and bool(np.all(np.abs(stepped - values) <= SAFETY * errors))
    if sharpened and stepped is not None:
        scale = max(scale, _largest(stepped))
        # What the size of f explains of the error, the complex step is free of. Other noise it shares.
        errors = np.where(errors <= 32.0 * rounding, np.minimum(errors, np.finfo(float).eps * scale), errors)
        values = stepped
    spread = np.maximum(np.abs(x), 1.0)
    own = _eps(centre) * np.abs(centre).reshape(centre.shape + (1,) * x.ndim) / spread
    return Witness(values, errors, jumps, own, scale, centre.shape, x.shape, sharpened)


def tolerances(found: Witness, claimed_eps: float) -> Array:
    """How far a right claim can be from the witness: its error with a margin, and the rounding of the claim itself.

    A claim may be computed from values of f, as 1 − tanh² is, and has their rounding then.
    """
    coarser = max(1.0, claimed_eps / float(np.finfo(float).eps))
    own = ROUNDING * claimed_eps * found.scale + VALUES * coarser * found.rounding
    return SAFETY * found.errors + own


def _value(f: Callable[[Array], Any], x: Array) -> Array:
    value = f(x.copy())
    if isinstance(value, (tuple, list, dict)) and not _is_array_like(value):
        raise UnsupportedError(f"f gives a {type(value).__name__}; check the derivative of one array at a time")
    return as_real_array(value, "the value of f")


def _is_array_like(value: Any) -> bool:
    return (
        isinstance(value, list)
        and np.asarray(value, dtype=object).dtype == object
        and not any(isinstance(one, (np.ndarray, dict, tuple)) for one in value)
    )


Place = tuple[int, ...]


def _columns(
    f: Callable[[Array], Any], x: Array, centre: Array, places: list[Place], first: float, tries: int = 0
) -> tuple[Array, ...]:
    """∂f/∂x at places of x, along the last axis: values, errors, jumps, what rounding explains, coarse slopes.

    All places take the same steps together; those that want more of them start again by themselves.
    """
    shape = (*centre.shape, len(places))
    slopes, bends = _Table(shape, [RATIO**k for k in EVEN]), _Table(shape, [RATIO**k for k in ODD])
    steps = first * np.array([max(abs(float(x[place])), 1.0) for place in places])
    coarse, slant, middle = np.zeros(shape), np.zeros(shape), centre[..., None]
    done = np.zeros(len(places), dtype=bool)
    axes = tuple(range(centre.ndim))
    for row in range(MOST):
        widths, right, left = _sides(f, x, places, steps, centre.shape)
        if not np.all(widths):
            break
        slope = (right - left) / widths
        rounding = _eps(right) * (np.abs(right) + np.abs(left)) / widths
        slopes.add(slope, rounding)
        bends.add((right - 2.0 * middle + left) / (0.5 * widths), 4.0 * rounding)
        if row < FEWEST:
            slant = np.maximum(np.abs(right - middle), np.abs(left - middle)) / (0.5 * widths)
            coarse = np.maximum(np.where(np.isfinite(slant), slant, 0.0), coarse)
        if row + 1 >= FEWEST:
            enough = ENOUGH * np.maximum(np.abs(slopes.values), slant).max(axis=axes)
            done = np.all((slopes.errors <= enough) | (slopes.errors <= rounding), axis=axes)
            if np.all(done) or (np.any(done) and len(places) > 1):
                break
        steps = steps / RATIO
    coarse = np.minimum(coarse, FAR * np.maximum(slant, np.abs(slopes.values)))
    result = [slopes.values, slopes.errors, np.zeros(shape), slopes.rounding, coarse]
    again: dict[float, list[int]] = {first: [], first * NEARER: []}
    for k, place in enumerate(places):
        if len(places) > 1 and not done[k]:
            again[first].append(k)
            continue
        result[2][..., k], closer = _confirmed(f, x, place, centre, slopes, bends, coarse[..., k], k, tries == CLOSER)
        if closer:
            again[first * NEARER].append(k)
    for start, waiting in again.items():
        groups = [waiting] if start != first else [[k] for k in waiting]
        for group in groups:
            if group:
                parts = _columns(f, x, centre, [places[k] for k in group], start, tries + (start != first))
                for whole, part in zip(result, parts, strict=True):
                    whole[..., group] = part
    return tuple(result)


def _sides(
    f: Callable[[Array], Any], x: Array, places: list[Place], steps: Array, shape: tuple[int, ...]
) -> tuple[Array, Array, Array]:
    """How far the points on both sides are apart, after rounding, and the values of f there, places along the last."""
    widths = np.empty(len(places))
    sides: tuple[list[Array], list[Array]] = ([], [])
    moved = x.copy()
    for k, place in enumerate(places):
        for side, sign in zip(sides, (1.0, -1.0), strict=True):
            moved[place] = x[place] + sign * steps[k]
            value = _value(f, moved)
            if value.shape != shape:
                raise ShapeError(f"f gives shape {shape} at x and {value.shape} at a point beside it, at {list(place)}")
            side.append(value)
        widths[k] = (x[place] + steps[k]) - (x[place] - steps[k])
        moved[place] = x[place]
    return widths, np.stack(sides[0], axis=-1), np.stack(sides[1], axis=-1)


class _Table:
    """An extrapolation table that keeps, for every entry, the value with the least estimate of error."""

    def __init__(self, shape: tuple[int, ...], powers: list[float]) -> None:
        self._powers = powers
        self._last: list[Array] = []
        self.values: Array = np.zeros(shape)
        self.errors: Array = np.full(shape, np.inf)
        self.rounding: Array = np.zeros(shape)

    def add(self, first: Array, rounding: Array) -> None:
        """One row more."""
        row = [np.asarray(first, dtype=float)]
        for power, rough in zip(self._powers, self._last, strict=False):
            row.append((power * row[-1] - rough) / (power - 1.0))
        for k in range(1, len(row)):
            last = self._last
            gaps = [np.abs(row[k] - row[k - 1]), np.abs(row[k] - last[k - 1])]
            gaps += [np.abs(row[k] - last[k])] if k < len(last) else []
            estimate = np.maximum.reduce(gaps) + rounding
            estimate = np.where(np.isfinite(estimate), estimate, np.inf)
            better = estimate < self.errors
            self.values = np.where(better, row[k], self.values)
            self.rounding = np.where(better, rounding, self.rounding)
            self.errors = np.where(better, estimate, self.errors)
        self._last = row


def _confirmed(
    f: Callable[[Array], Any],
    x: Array,
    place: Place,
    centre: Array,
    slopes: _Table,
    bends: _Table,
    coarse: Array,
    k: int,
    last: bool,
) -> tuple[Array, bool]:
    """The jumps of the derivative that are still there as near to the point as rounding allows to look.

    And whether one was seen from afar that is not: then the slopes were taken across something that is near. The
    `last` time that counts as a jump: it is too near to tell.
    """
    slope, bend = slopes.values[..., k], bends.values[..., k]
    size = np.maximum.reduce([np.abs(slope), np.abs(bend), coarse])
    known = np.maximum.reduce([TOO_MUCH * np.abs(slope), LITTLE * coarse, 4.0 * slopes.rounding[..., k]])
    lost = ~(slopes.errors[..., k] <= known)
    suspects = lost | ((np.abs(bend) > SAFETY * bends.errors[..., k]) & (np.abs(bend) > 1e-4 * size))
    jumps, closer = np.zeros(centre.shape), False
    at_x = abs(float(x[place]))
    for entry in np.argwhere(suspects & (size > 0.0)):
        at = tuple(int(axis) for axis in entry)
        jump = float(bend[at]) if not lost[at] else float(size[at])
        noise = _eps(centre) * max(abs(float(centre[at])), at_x, 1e-300)
        step = max(1e3 * noise / max(abs(jump), 1e-300), 64.0 * np.finfo(float).eps * at_x, 1e-100)
        (width,), right, left = _sides(f, x, [place], np.array([step]), centre.shape)
        forward = (right[..., 0][at] - centre[at]) / (0.5 * width)
        backward = (centre[at] - left[..., 0][at]) / (0.5 * width)
        if lost[at]:
            jumps[at] = np.inf if not max(abs(forward), abs(backward)) <= 1e3 * size[at] else 0.0
        elif last or abs(forward - backward - jump) <= 0.1 * abs(jump):
            jumps[at] = jump
        else:
            closer = True
    return jumps, closer


def _complex_step(f: Callable[[Array], Any], x: Array, shape: tuple[int, ...]) -> Array | None:
    """The derivative by the complex step; None where f does not take complex numbers."""
    result = np.empty(shape + x.shape)
    moved = x.astype(complex)
    for place in np.ndindex(*x.shape):
        step = 1e-30 * max(abs(float(x[place])), 1.0)
        moved[place] = complex(float(x[place]), step)
        try:
            value = np.asarray(f(moved.copy()))
        except Exception:  # whatever it is that f does not like about complex numbers
            return None
        if value.shape != shape or value.dtype.kind != "c":
            return None
        result[(..., *place)] = value.imag / step
        moved[place] = x[place]
    return result if np.all(np.isfinite(result)) else None


def _eps(array: Array) -> float:
    return float(np.finfo(array.dtype).eps)


def _largest(array: Array) -> float:
    return float(np.max(np.abs(array), initial=0.0))
