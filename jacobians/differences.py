"""The witness: a derivative by differences alone, with an estimate of its error. It knows nothing of the calculus.

Central differences at halved steps are extrapolated (Richardson 1911; the table and the estimate are Ridders',
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

from .errors import DataError, ShapeError, UnsupportedError
from .expression import Array, as_real_array

#: Where steps start, relative to the coordinate. No round number: a period of f is then no multiple of a step.
FIRST_STEP = 0.1173
#: Steps that are always taken, and at most; between them as many as bring the estimate down.
FEWEST, MOST = 6, 44
#: How often the steps start again, nearer to the point, where a kink was seen from afar that is not there.
CLOSER, NEARER = 6, 2.0**-9
#: Columns of the extrapolation table: an error of order step^(2·COLUMNS).
COLUMNS = 5
#: An estimate this small, relative to the largest entry, is good enough to stop.
ENOUGH = 1e-9
#: An estimate this large, relative to the largest entry, finds no derivative.
TOO_MUCH = 0.1
#: The table takes the least of many estimates; this allows for the luck in that.
SAFETY = 8.0
#: Of two evaluations of one formula, rounded differently: eight bits.
ROUNDING = 256.0


@dataclass(frozen=True)
class Witness:
    """∂f/∂x by differences: `values` with the axes of f(x) and then those of x, as are the others.

    `errors` estimates what differences leave open; `jumps` is the derivative from the right less the one from the
    left: zero where f is smooth, infinite where there is none (f jumps, or is vertical). `scale` is the largest entry
    here or close by; `sharpened` tells that the complex step was taken.
    """

    values: Array
    errors: Array
    jumps: Array
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
        columns = [_column(f, x, centre, place) for place in np.ndindex(*x.shape)]
        values, errors, jumps, rounding, coarse = (
            np.stack(part, axis=-1).reshape(centre.shape + x.shape) for part in zip(*columns, strict=True)
        )
        scale = max(_largest(values), _largest(coarse))
        found = (errors <= TOO_MUCH * scale) | (errors <= 4.0 * rounding)
        jumps = np.where(found | (jumps != 0.0), jumps, np.inf)
        stepped = _complex_step(f, x, centre.shape)
    sharpened = stepped is not None and not np.any(jumps) and bool(np.all(np.abs(stepped - values) <= SAFETY * errors))
    if sharpened and stepped is not None:
        # What the size of f explains of the error, the complex step is free of. Other noise it shares.
        errors = np.where(errors <= 32.0 * rounding, np.minimum(errors, np.finfo(float).eps * scale), errors)
        values = stepped
    return Witness(values, errors, jumps, scale, centre.shape, x.shape, sharpened)


def tolerances(found: Witness, claimed_eps: float) -> Array:
    """How far a right claim can be from the witness: its error with a margin, and the rounding of the claim itself."""
    return SAFETY * found.errors + ROUNDING * claimed_eps * found.scale


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


def _column(
    f: Callable[[Array], Any],
    x: Array,
    centre: Array,
    place: tuple[int, ...],
    first: float = FIRST_STEP,
    tries: int = 0,
) -> tuple[Array, ...]:
    """∂f/∂x_place: values, errors, jumps of the derivative, the error that rounding explains, and a coarse slope."""
    slopes, bends = _Table(centre.shape, [4.0**k for k in range(1, COLUMNS)]), _Table(centre.shape, [2.0, 8.0, 32.0])
    step = first * max(abs(float(x[place])), 1.0)
    coarse = np.zeros(centre.shape)
    for row in range(MOST):
        high, low, right, left = _sides(f, x, place, step, centre.shape)
        width = high - low
        if width == 0.0:
            break
        slope = (right - left) / width
        rounding = _eps(right) * (np.abs(right) + np.abs(left)) / width
        slopes.add(slope, rounding)
        bends.add((right - 2.0 * centre + left) / (0.5 * width), 4.0 * rounding)
        if row < FEWEST and np.all(np.isfinite(slope)):
            coarse = np.maximum(np.abs(right - centre), np.abs(left - centre)) / (0.5 * width)
        enough = ENOUGH * max(_largest(slopes.values), _largest(coarse))
        if row + 1 >= FEWEST and np.all((slopes.errors <= enough) | (slopes.errors <= rounding)):
            break
        step /= 2.0
    jumps, closer = _confirmed(f, x, place, centre, slopes, bends)
    if closer and tries < CLOSER:
        return _column(f, x, centre, place, first * NEARER, tries + 1)
    return slopes.values, slopes.errors, jumps, slopes.rounding, coarse


def _sides(
    f: Callable[[Array], Any], x: Array, place: tuple[int, ...], step: float, shape: tuple[int, ...]
) -> tuple[float, float, Array, Array]:
    """Both points, as they are after rounding, and the values of f there."""
    moved = x.copy()
    found: list[Any] = []
    for sign in (1.0, -1.0):
        moved[place] = x[place] + sign * step
        value = _value(f, moved)
        if value.shape != shape:
            raise ShapeError(f"f gives shape {shape} at x and {value.shape} at a point beside it, at {list(place)}")
        found += [float(moved[place]), value]
    return found[0], found[2], found[1], found[3]


class _Table:
    """An extrapolation table that keeps, for every entry, the value with the least estimate of error."""

    def __init__(self, shape: tuple[int, ...], powers: list[float]) -> None:
        self._powers = powers
        self._rows: list[list[Array]] = []
        self.values: Array = np.zeros(shape)
        self.errors: Array = np.full(shape, np.inf)
        self.rounding: Array = np.zeros(shape)

    def add(self, first: Array, rounding: Array) -> None:
        """One row more."""
        row = [np.asarray(first, dtype=float)]
        if self._rows:
            for power, rough in zip(self._powers, self._rows[-1], strict=False):
                row.append((power * row[-1] - rough) / (power - 1.0))
        for k in range(1, len(row)):
            last = self._rows[-1]
            gaps = [np.abs(row[k] - row[k - 1]), np.abs(row[k] - last[k - 1])]
            gaps += [np.abs(row[k] - last[k])] if k < len(last) else []
            estimate = np.maximum.reduce(gaps) + rounding
            estimate = np.where(np.isfinite(estimate), estimate, np.inf)
            better = estimate < self.errors
            self.values = np.where(better, row[k], self.values)
            self.rounding = np.where(better, rounding, self.rounding)
            self.errors = np.where(better, estimate, self.errors)
        self._rows.append(row)


def _confirmed(
    f: Callable[[Array], Any], x: Array, place: tuple[int, ...], centre: Array, slopes: _Table, bends: _Table
) -> tuple[Array, bool]:
    """The jumps of the derivative that are still there as near to the point as rounding allows to look.

    And whether one was seen from afar that is not: then the slopes were taken across something that is near.
    """
    size = np.maximum(np.abs(slopes.values), np.abs(bends.values))
    lost = ~(slopes.errors <= TOO_MUCH * size)
    suspects = lost | ((np.abs(bends.values) > SAFETY * bends.errors) & (np.abs(bends.values) > 1e-4 * size))
    jumps, closer = np.zeros(centre.shape), False
    at_x = abs(float(x[place]))
    for entry in np.argwhere(suspects & (size > 0.0)):
        at = tuple(int(k) for k in entry)
        jump = float(bends.values[at]) if not lost[at] else float(size[at])
        noise = _eps(centre) * max(abs(float(centre[at])), at_x, 1e-300)
        step = max(1e3 * noise / max(abs(jump), 1e-300), 64.0 * np.finfo(float).eps * at_x, 1e-100)
        high, low, right, left = _sides(f, x, place, step, centre.shape)
        forward, backward = (
            (sign * (side[at] - centre[at])) / (0.5 * (high - low)) for sign, side in ((1, right), (-1, left))
        )
        if lost[at]:
            jumps[at] = np.inf if not max(abs(forward), abs(backward)) <= 1e3 * size[at] else 0.0
        elif abs(forward - backward - jump) <= 0.1 * abs(jump):
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
