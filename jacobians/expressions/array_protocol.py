"""How an expression behaves where NumPy has an array: operators, methods and functions, and what is refused.

Nothing here knows a kind of node. What builds an expression is looked up in `UFUNCS` and `FUNCTIONS`, which `numpy_api`
fills from above.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..errors import UnsupportedError
from ..shapes.sizes import Shape
from .unsupported import full_name, no_rule

#: Handlers by which NumPy's functions and operators build expressions, filled by `numpy_api`.
UFUNCS: dict[Any, Callable[..., Any]] = {}
FUNCTIONS: dict[Any, Callable[..., Any]] = {}

#: Whether a user's function is being called with expressions in place of its arrays.
TRACING: ContextVar[bool] = ContextVar("tracing", default=False)


class ArrayProtocol(NDArrayOperatorsMixin):
    """The base of `Expression` that NumPy, and code written for arrays, talks to."""

    __slots__ = ()
    shape: Shape

    __array_priority__ = 1000.0
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Any:
        """Entry by entry, for `np.where`. As a truth value: whether the two are one expression."""
        return FUNCTIONS[operator.eq](self, other)

    def __ne__(self, other: object) -> Any:
        return FUNCTIONS[operator.ne](self, other)

    def __getitem__(self, key: object) -> Any:
        return FUNCTIONS[operator.getitem](self, key)

    def __getattr__(self, name: str) -> Any:
        """NumPy's methods: `x.sum(axis=0)` is `np.sum(x, axis=0)`."""
        if name in FUNCTIONS:
            return partial(FUNCTIONS[name], self)
        raise AttributeError(f"an expression has no attribute {name!r}")

    @property
    def mT(self) -> Any:
        """The last two axes exchanged."""
        return FUNCTIONS[np.swapaxes](self, -1, -2)

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's type of the entries of a constant; the arrays that are bound may have another precision."""
        return np.dtype(np.float64)

    @property
    def real(self) -> Self:
        """Itself: expressions are real."""
        return self

    def __len__(self) -> int:
        if not self.shape or not isinstance(self.shape[0], int):
            raise UnsupportedError(f"an expression of shape {self.shape} has no len(): use .shape")
        return self.shape[0]

    def __iter__(self) -> Any:
        if not self.shape or not isinstance(self.shape[0], int):
            raise UnsupportedError(f"an expression of shape {self.shape} cannot be iterated over: use .shape")
        return (self[k] for k in range(self.shape[0]))

    def truth(self) -> bool | None:
        """What an `if` makes of the expression before there are numbers; None where that is open."""
        return None

    def __bool__(self) -> bool:
        truth = self.truth()
        if truth is None:
            raise UnsupportedError(
                "an expression has no truth value: it stands for numbers that are not there yet; np.where(condition, "
                "a, b) chooses entry by entry"
            )
        return truth

    def __float__(self) -> float:
        raise UnsupportedError("an expression is not a number yet: evaluate(expr, {name: array}) gives its value")

    __int__: Callable[[ArrayProtocol], int] = __float__  # type: ignore[assignment]
    __complex__: Callable[[ArrayProtocol], complex] = __float__

    def __setitem__(self, key: object, value: object) -> None:
        raise UnsupportedError(
            "an expression is not written to: np.where, np.concatenate or np.stack make a new one from its parts"
        )

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        raise UnsupportedError(
            f"an expression of shape {self.shape} cannot become an array here: np.stack([a, b, …]) makes one "
            "expression of several, s * np.ones(shape) fills a shape, and evaluate(expr, {name: array}) gives a value"
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.pop("out", None)
        in_place = out is not None and isinstance(out[0], ArrayProtocol)  # x += y rebinds x
        called = full_name(ufunc, method)
        if ufunc not in UFUNCS or (method != "__call__" and method not in FUNCTIONS):
            raise no_rule(called, [known.__name__ for known in UFUNCS])
        if out is not None and not in_place:
            raise UnsupportedError(f"{called} with out: an expression is not an array; use what {called} returns")
        if "where" in options:
            raise UnsupportedError(f"{called} with where: use np.where(condition, {called}(…), other)")
        if method != "__call__":
            return FUNCTIONS[method](ufunc, *inputs, **options)
        if options:
            raise UnsupportedError(f"{called} of an expression takes no option {next(iter(options))!r}")
        return UFUNCS[ufunc](*inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function not in FUNCTIONS:
            raise no_rule(full_name(function), [known.__name__ for known in (*UFUNCS, *FUNCTIONS) if callable(known)])
        return FUNCTIONS[function](*args, **kwargs)
