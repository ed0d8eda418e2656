"""Evenly spaced numbers between ends that are expressions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..expressions.nodes import Expression, as_expression
from ..functions import elementwise, indexing
from ..functions import operators as algebra
from .shaping_and_reductions import np_moveaxis, np_only


def np_linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: Any = True,
    retstep: Any = False,
    dtype: Any = None,
    axis: Any = 0,
    **rest: Any,
) -> Any:
    np_only("np.linspace", {"dtype": dtype, **rest})
    start, stop = as_expression(start), as_expression(stop)
    fractions = np.linspace(0.0, 1.0, int(num), endpoint=bool(endpoint))
    difference = algebra.subtract(stop, start)
    at = indexing.expand_axes(as_expression(fractions), range(1, difference.ndim + 1)) if difference.ndim else fractions
    result: Expression = np_moveaxis(algebra.add(start, algebra.multiply(at, difference)), 0, axis)
    if not retstep:
        return result
    steps = int(num) - bool(endpoint)
    return result, algebra.multiply(1.0 / steps if steps else np.nan, difference)


def np_logspace(
    start: Any, stop: Any, num: Any = 50, endpoint: Any = True, base: Any = 10.0, **rest: Any
) -> Expression:
    return elementwise.power(base, np_linspace(start, stop, num, endpoint, **rest))


def np_geomspace(start: Any, stop: Any, num: Any = 50, endpoint: Any = True, **rest: Any) -> Expression:
    """Of ends of one sign."""
    start, stop = as_expression(start), as_expression(stop)
    logarithm = elementwise.LOG(elementwise.ABS(elementwise.divide(stop, start)))
    exponents = np_linspace(as_expression(np.zeros(logarithm.shape)), logarithm, num, endpoint, **rest)
    return algebra.multiply(start, elementwise.EXP(exponents))
