"""The slope of a rough function: odd polynomials fitted by least squares at Chebyshev points over a wide interval.

Where noise hides the slope at every step that is small enough to extrapolate, many values over a wide interval average
it out. The slope is the first coefficient of the odd polynomial of 2p − 1 degrees; the next polynomial's is its check.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from ..expressions.nodes import Array
from .noise import BOUND, Noise

#: Half-widths of the interval relative to the scale of the line, and pairs of points in it.
WIDTHS, PAIRS = (0.1, 0.3, 0.75), 10
#: The terms of the polynomials.
TERMS = (1, 2, 3, 4)
#: Residuals up to so many σ are noise.
RESIDUAL = 2.5


def fitted_slope(
    line: Callable[[float], tuple[Array, float]], centre: Array, noise: Noise, scale: float
) -> tuple[Array, Array]:
    """The derivative along a line with its bound; the bound is infinite where no polynomial fits to within noise."""
    values, bounds = np.zeros(centre.shape), np.full(centre.shape, np.inf)
    nodes = np.cos(np.pi * (2.0 * np.arange(PAIRS) + 1.0) / (4.0 * PAIRS))
    for width in WIDTHS:
        sigma = noise.wide / BOUND
        pairs = [(line(width * scale * node)[0], line(-width * scale * node)[0]) for node in nodes]
        right, left = (np.array(side) for side in zip(*pairs, strict=True))
        odd, even = 0.5 * (right - left), 0.5 * (right + left) - centre
        smooth = _residual(even, nodes, [2, 4, 6, 8]) <= RESIDUAL * sigma
        found = []
        for terms in TERMS:
            powers = [2 * k + 1 for k in range(terms)]
            basis = nodes[:, None] ** powers
            functional = np.linalg.pinv(basis)[0]
            with np.errstate(invalid="ignore"):
                found.append((functional @ odd, float(np.linalg.norm(functional)), _residual(odd, nodes, powers)))
        for (slope, amplification, residual), (check, _, _) in pairwise(found):
            with np.errstate(invalid="ignore", over="ignore"):
                # each odd value is half a difference of two: its noise is σ/√2
                bound = 3.0 * np.abs(slope - check) + BOUND * sigma * (amplification + 2.0)
                fits = smooth & (residual <= RESIDUAL * sigma) & np.isfinite(slope)
                better = fits & (bound / (width * scale) < bounds)
            values = np.where(better, slope / (width * scale), values)
            bounds = np.where(better, bound / (width * scale), bounds)
    return values, bounds


def _residual(values: Array, nodes: Array, powers: list[int]) -> Array:
    """The root of the mean square of what a polynomial leaves, with regard to its degrees of freedom."""
    basis = nodes[:, None] ** powers
    with np.errstate(invalid="ignore"):
        rest = values - basis @ (np.linalg.pinv(basis) @ values)
        result: Array = np.sqrt(np.sum(rest**2, axis=0) / (len(nodes) - len(powers)))
    return result
