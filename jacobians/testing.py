"""For tests: `assert_derivative`, which fails with the diagnosis of `check_derivative`, and points to check at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .checking.differences import witness
from .checking.verification import check_derivative
from .differentiation.jacobian_tensor import Jacobian
from .errors import OptionError
from .expressions.nodes import Array, Expression
from .shapes.arguments import as_whole, listed, real_number
from .shapes.formatting import shown_value
from .shapes.sizes import check_size

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


#: Entries of points that are smaller than this, relative to the range, are zero.
SMALLEST = 1e-9


def assert_derivative(
    f: Callable[..., Any] | Expression | Jacobian,
    x: Any,
    claimed: Any,
    layout: str | None = None,
    argnums: Any = None,
) -> None:
    """Raise an `AssertionError` with the report of `check_derivative` unless `claimed` is ∂f/∂x at x.

    >>> import numpy as np
    >>> assert_derivative(np.sin, np.array([0.0, 1.0]), lambda x: np.diag(np.cos(x)))
    """
    __tracebackhide__ = True
    report = check_derivative(f, x, claimed, layout, argnums)
    if not report.ok:
        raise AssertionError(str(report))


def points(
    shape: int | Sequence[int],
    *,
    low: float = -2.0,
    high: float = 2.0,
    away_from: Sequence[float] = (),
    distance: float = 0.1,
    smooth: Callable[[Array], Any] | None = None,
) -> SearchStrategy[Array]:
    """A Hypothesis strategy: arrays of `shape` with entries from `low` to `high`, to check derivatives at.

    Entries are zero where they are smaller than 1e-9 of the range: in a sum nothing shows of them. No entry is within
    `distance` of a number of `away_from`, where an element-wise function has its kinks (relu and abs: 0). `smooth` is a
    function of the array: points at which differences find a kink of it are left out, whatever makes it. Needs
    hypothesis. Raises `OptionError` if no number is left.

        @given(points(5, away_from=[0.0]))
        def test_relu(x):
            assert_derivative(relu, x, lambda x: np.diag(x > 0))
    """
    from hypothesis import strategies as st

    sizes = [shape] if as_whole(shape) is not None else listed(shape, "points: a shape is an integer or several")
    checked = [check_size(size, f"points, axis {axis}") for axis, size in enumerate(sizes)]
    if not all(isinstance(size, int) for size in checked):
        raise OptionError(f"points: a shape has integer sizes, got {shown_value(shape)}")
    shape = tuple(int(size) for size in checked)
    low, high = real_number(low, "points: low"), real_number(high, "points: high")
    distance = real_number(distance, "points: distance", 0.0)
    away_from = [real_number(one, "points: away_from") for one in listed(away_from, "points: away_from has numbers")]
    if smooth is not None and not callable(smooth):
        raise OptionError(f"points: smooth is a function of the array, got {shown_value(smooth)}")
    marks = [low, *sorted(one for one in away_from if low - distance < one < high + distance), high]
    ends = [(a + distance * (k > 0), b - distance * (k < len(marks) - 2)) for k, (a, b) in enumerate(pairwise(marks))]
    allowed = [(a, b) for a, b in ends if a <= b]
    if not allowed:
        raise OptionError(f"points from {low} to {high}, {distance} away from {list(away_from)}: no number is left")
    least = SMALLEST * max(abs(low), abs(high))
    entries = st.one_of([st.floats(a, b).map(partial(_rounded, a <= 0.0 <= b, least)) for a, b in allowed])
    size = int(np.prod(shape, dtype=int))
    arrays = st.lists(entries, min_size=size, max_size=size).map(lambda one: np.array(one, dtype=float).reshape(shape))
    return arrays if smooth is None else arrays.filter(lambda one: not np.any(witness(smooth, one).jumps))


def _rounded(zero: bool, least: float, number: float) -> float:
    return 0.0 if zero and abs(number) < least else number
