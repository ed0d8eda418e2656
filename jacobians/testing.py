"""For tests: `assert_derivative`, which fails with the diagnosis of `check_derivative`, and points to check at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .expression import Expression
from .jacobian_tensor import Jacobian
from .verification import check_derivative


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
