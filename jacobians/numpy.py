"""NumPy, whose arrays take traced numbers: `import jacobians.numpy as np`.

Everything is NumPy's. While a function is traced by `grad`, `jacobian` and the like, the functions here that make an
array make one that traced numbers can be written into (`y = np.zeros(3); y[0] = x[0]`), and those that take arrays from
lists take lists of traced ones (`np.array([x, 2 * x])`). Outside of tracing they are NumPy's own.

>>> import jacobians.numpy as np
>>> from jacobians import jacobian
>>> def cumulative(x):
...     y = np.zeros(3)
...     y[0] = x[0]
...     for k in range(1, 3):
...         y[k] = y[k - 1] * x[k]
...     return y
>>> jacobian(cumulative)(np.array([2.0, 3.0, 5.0])).tolist()
[[1.0, 0.0, 0.0], [3.0, 2.0, 0.0], [15.0, 10.0, 6.0]]
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as _numpy

from .expressions.array_protocol import TRACER
from .expressions.nodes import Expression, as_expression, holds_expressions
from .numpy_api.writable import WritableArray, settled

__all__ = list(_numpy.__all__)


def __getattr__(name: str) -> Any:
    found = getattr(_numpy, name)
    return _of_lists(found) if callable(found) and found in _REDUCING else found


def __dir__() -> list[str]:
    return dir(_numpy)


#: Functions of one array, which may be a list of traced arrays: NumPy looks for those in the argument itself only.
_REDUCING = frozenset(
    {
        *(
            _numpy.sum,
            _numpy.mean,
            _numpy.prod,
            _numpy.max,
            _numpy.min,
            _numpy.amax,
            _numpy.amin,
            _numpy.var,
            _numpy.std,
        ),
        *(
            _numpy.average,
            _numpy.median,
            _numpy.cumsum,
            _numpy.cumprod,
            _numpy.any,
            _numpy.all,
            _numpy.ptp,
            _numpy.sort,
        ),
        *(_numpy.argmax, _numpy.argmin, _numpy.argsort, _numpy.diff, _numpy.ravel, _numpy.reshape, _numpy.transpose),
        *(_numpy.squeeze, _numpy.dot, _numpy.inner, _numpy.outer, _numpy.trace, _numpy.diag, _numpy.clip, _numpy.flip),
        *(_numpy.ptp, _numpy.sort, _numpy.roll, _numpy.take, _numpy.repeat, _numpy.tile, _numpy.atleast_2d),
    }
)


def _of_lists(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy whose arguments may be lists of traced arrays."""

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*map(_stacked, args), **{name: _stacked(one) for name, one in kwargs.items()})

    return called


def _stacked(value: Any) -> Any:
    return settled(value) if isinstance(value, WritableArray) or holds_expressions(value) else value


def _made(make: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy that makes an array of floating-point numbers, writable while a function is traced."""

    @wraps(make)
    def making(*args: Any, **kwargs: Any) -> Any:
        if TRACER.get() is None:
            return make(*args, **kwargs)
        array_made = make(*args, **kwargs)
        kind = array_made.dtype.kind if isinstance(array_made, _numpy.ndarray) else "f"
        return WritableArray.of(array_made) if kind in "fO" else array_made

    return making


zeros = _made(_numpy.zeros)
ones = _made(_numpy.ones)
empty = _made(_numpy.empty)
eye = _made(_numpy.eye)
identity = _made(_numpy.identity)
zeros_like = _made(lambda a, *rest, **options: _numpy.zeros_like(settled(a), *rest, **options))
ones_like = _made(lambda a, *rest, **options: _numpy.ones_like(settled(a), *rest, **options))
full_like = _made(lambda a, value, *rest, **options: _numpy.full_like(settled(a), settled(value), *rest, **options))
empty_like = _made(lambda a, *rest, **options: _numpy.zeros_like(settled(a), *rest, **options))
copy = _made(lambda a, *rest, **options: _numpy.copy(settled(a), *rest, **options))


def full(shape: Any, fill_value: Any, *rest: Any, **options: Any) -> Any:
    """NumPy's, for a traced value or array too, which is broadcast to the shape."""
    value = settled(fill_value)
    if not isinstance(value, Expression):
        return _made(_numpy.full)(shape, value, *rest, **options)
    return WritableArray.of(_numpy.broadcast_to(value, shape))


def array(object: Any, dtype: Any = None, *, copy: Any = True, ndmin: int = 0, **options: Any) -> Any:  # noqa: A002
    """NumPy's, for traced numbers and arrays in nested lists too; the result can be written to."""
    value = _joined(object, dtype)
    if value is None:
        return _made(_numpy.array)(object, dtype, copy=copy, ndmin=ndmin, **options)
    return WritableArray.of(_numpy.reshape(value, (1,) * (ndmin - value.ndim) + tuple(value.shape)))


def asarray(a: Any, dtype: Any = None, *rest: Any, **options: Any) -> Any:
    """NumPy's; an array of traced numbers is returned as it is."""
    if isinstance(a, WritableArray):
        return a
    value = _joined(a, dtype)
    return _numpy.asarray(a, dtype, *rest, **options) if value is None else value


asanyarray = ascontiguousarray = asarray_chkfinite = asarray


def _joined(value: Any, dtype: Any) -> Expression | None:
    """What holds traced numbers as one expression; None where NumPy does all."""
    value = settled(value)
    if not isinstance(value, Expression) and not holds_expressions(value):
        return None
    if dtype is not None and _numpy.dtype(dtype).kind != "f":
        return None  # NumPy's conversion, which says that a traced number has no such type
    return as_expression(value)


class _Joining:
    """`np.r_` and `np.c_` with traced arrays, which NumPy's own take for objects."""

    def __init__(self, numpys: Any, join: Callable[[Any], Any]) -> None:
        self._numpys, self._join = numpys, join

    def __getitem__(self, key: Any) -> Any:
        parts = [settled(one) for one in (key if isinstance(key, tuple) else (key,))]
        if not any(isinstance(one, Expression) for one in parts):
            return self._numpys[key]
        return self._join([one if isinstance(one, Expression) else self._numpys[one] for one in parts])


r_ = _Joining(_numpy.r_, lambda parts: _numpy.concatenate([_numpy.atleast_1d(one) for one in parts]))
c_ = _Joining(_numpy.c_, lambda parts: _numpy.column_stack([_numpy.atleast_1d(one) for one in parts]))
