"""Arrays that traced numbers can be written into: what `jacobians.numpy` makes while a function is traced.

An entry is a number, or stands at a place of an expression that was written. Two arrays of integers say which, so that
a write touches the entries that are written and builds nothing; and since those are arrays of NumPy, a slice of a
writable array is a view, as NumPy has it. An expression is made when the array is read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..errors import ShapeError, UnsupportedError
from ..expressions.array_protocol import TRACER, Writable, apart
from ..expressions.index_maps import Selector
from ..expressions.nodes import Array, Expression, as_expression, holds_expressions
from ..expressions.picks import Pick
from ..expressions.unsupported import full_name
from ..functions import indexing
from ..functions import operators as algebra
from ..functions.elementwise import is_condition

_ADDED = {np.add: 1.0, np.subtract: -1.0}


class WritableArray(Writable, NDArrayOperatorsMixin):
    """An array of numbers and of entries of expressions; views of it share what is written."""

    __array_priority__ = 2000.0

    def __init__(self, numbers: Array, pieces: list[Expression], source: Array, place: Array) -> None:
        self._numbers = numbers  # the entries that are numbers
        self._pieces = pieces  # the expressions that were written, each as a vector; shared with views
        self._source = source  # 0 for a number, else 1 + the number of the piece
        self._place = place  # where in the piece

    @classmethod
    def of(cls, value: Any) -> WritableArray:
        """A new array with the entries of an array of numbers, or of an expression of known sizes."""
        value = settled(value)
        shape = np.shape(value)
        if not all(isinstance(size, int) for size in shape):
            raise ShapeError(f"an array that is written to has sizes that are numbers, got shape {shape}")
        numbers = np.zeros(shape) if isinstance(value, Expression) else np.array(value)
        made = cls(numbers, [], np.zeros(shape, dtype=int), np.zeros(shape, dtype=int))
        if isinstance(value, Expression):
            made[...] = value
        return made

    # --- reading ----------------------------------------------------------------------------------------------

    def settled(self) -> Any:
        """The entries as they are now: an array where all are numbers, else an expression."""
        if not self._source.any():
            return self._numbers
        tracer = TRACER.get()
        numbers = self._numbers[self._source == 0]
        known: Any = None
        if numbers.size:
            known = tracer.lift(numbers) if tracer is not None and numbers.any() else apart(_constant, numbers)
        return apart(self._gathered, known)

    def _gathered(self, numbers: Expression | None) -> Expression:
        parts: list[Expression] = []
        places = np.empty(self._source.shape, dtype=int)
        start = 0
        for source in np.unique(self._source).tolist():
            here = self._source == source
            if source == 0:
                assert numbers is not None
                part, at = numbers, np.arange(np.count_nonzero(here))
            else:
                part, at = self._pieces[source - 1], self._place[here]
            places[here] = start + at
            parts.append(part)
            start += int(part.shape[0])
        joined = indexing.concatenate(parts, 0)
        if not places.ndim:
            return indexing.take_items(joined, int(places))
        taken = indexing.take_items(joined, places.ravel())
        return indexing.reshape(taken, places.shape)

    def __getitem__(self, key: Any) -> Any:
        key = _by_value(key)
        part = WritableArray(self._numbers[key], self._pieces, self._source[key], self._place[key])
        return part.settled() if np.ndim(part._source) == 0 else part

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        value = self.settled()
        return np.array(value, dtype=dtype)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.settled(), name)

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Any:
        return (self[k] for k in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.settled())

    def __float__(self) -> float:
        return float(self.settled())

    def __int__(self) -> int:
        return int(self.settled())

    def __repr__(self) -> str:
        return repr(self.settled())

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self._source.shape
        return shape

    @property
    def ndim(self) -> int:
        return self._source.ndim

    @property
    def size(self) -> int:
        return self._source.size

    @property
    def dtype(self) -> Any:
        return self._numbers.dtype

    @property
    def T(self) -> WritableArray:
        return self._view("transpose")

    def transpose(self, *axes: Any) -> WritableArray:
        return self._view("transpose", *axes)

    def reshape(self, *shape: Any) -> WritableArray:
        return self._view("reshape", *shape)

    def ravel(self) -> WritableArray:
        return self._view("ravel")

    def copy(self) -> WritableArray:
        return self._view("copy")

    def flatten(self) -> WritableArray:
        return self._view("flatten")

    def _view(self, method: str, *args: Any) -> WritableArray:
        """A view or a copy, whichever NumPy makes of an array."""
        numbers, source, place = (getattr(one, method)(*args) for one in (self._numbers, self._source, self._place))
        return WritableArray(numbers, self._pieces, source, place)

    # --- writing ----------------------------------------------------------------------------------------------

    def __setitem__(self, key: Any, value: Any) -> None:
        key, value = _by_value(key), settled(value)
        if not isinstance(value, Expression):
            self._numbers[key] = value
            self._source[key] = 0
            return
        target = self._source[key].shape
        shape: Any = value.shape
        numbers = np.arange(indexing.flat_size(value)).reshape(shape)
        while numbers.ndim > len(target) and numbers.shape[0] == 1:
            numbers = numbers[0]
        try:
            places = np.broadcast_to(numbers, target)
        except ValueError:
            raise ShapeError(f"writing an expression of shape {value.shape} into entries of shape {target}") from None
        self._pieces.append(apart(_flat, value))
        self._place[key] = places
        self._source[key] = len(self._pieces)

    def fill(self, value: Any) -> None:
        self[...] = value

    # --- NumPy ------------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "at":
            return _at(ufunc, *inputs)
        out = options.pop("out", None)
        result = getattr(ufunc, method)(*map(settled, inputs), **options)
        if out is None:
            return result
        for target, one in zip(out, result if isinstance(result, tuple) else (result,), strict=True):
            if target is not None:
                target[...] = one
        return out[0] if len(out) == 1 else out

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        result = function(*_deep(args), **{name: _deep(one) for name, one in kwargs.items()})
        if out is None:
            return result
        out[...] = result
        return out


def settled(value: Any) -> Any:
    """A writable array, or a list with traced numbers, as the expression that it is now; else the value itself."""
    if isinstance(value, WritableArray):
        return value.settled()
    if isinstance(value, (list, tuple)):
        parts = [settled(one) for one in value]
        return apart(as_expression, parts) if holds_expressions(parts) else parts
    if isinstance(value, np.ndarray) and value.dtype == object:
        return apart(as_expression, value)
    return value


def _deep(value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)(map(_deep, value))
    return settled(value) if isinstance(value, WritableArray) else value


def _constant(numbers: Array) -> Expression:
    return as_expression(numbers) if numbers.any() else algebra.zeros(numbers.shape)


def _flat(value: Expression) -> Expression:
    return indexing.reshape(value, (-1,))


def _by_value(key: Any) -> Any:
    """An index with conditions by their present values."""
    if isinstance(key, tuple):
        return tuple(map(_by_value, key))
    key = settled(key) if isinstance(key, WritableArray) else key
    tracer = TRACER.get()
    if isinstance(key, Expression) and is_condition(key) and tracer is not None:
        return np.asarray(tracer.value(key), dtype=bool)
    if isinstance(key, Expression):
        raise UnsupportedError("an index is an integer, a slice or a condition: int(x) is the value of a traced number")
    return key


def _at(ufunc: Any, target: Any, where: Any, *values: Any) -> None:
    """`np.add.at(y, places, values)`: entries that are named twice are changed twice."""
    if not isinstance(target, WritableArray):
        raise UnsupportedError(
            f"{full_name(ufunc, 'at')} writes traced numbers into an array of numbers; make that array with "
            "`import jacobians.numpy as np`, whose np.zeros, np.empty and np.array take them"
        )
    if not any(isinstance(settled(one), Expression) for one in (target, *values)):
        ufunc.at(target.settled(), where, *map(settled, values))
        return
    numbers = np.arange(target.size).reshape(target.shape)[_by_value(where)]
    given = [np.broadcast_to(value, numbers.shape) for value in map(settled, values)]
    flat = target.ravel()
    if ufunc in _ADDED and numbers.size:
        added = given[0].reshape((numbers.size,))
        spread = apart(_scattered, _ADDED[ufunc], added, tuple(numbers.ravel().tolist()), target.size)
        target[...] = np.add(target.settled(), np.reshape(spread, target.shape))
        return
    for k, place in enumerate(numbers.ravel().tolist()):
        flat[place] = ufunc(flat[place], *(np.ravel(value)[k] for value in given))
    target[...] = flat.reshape(target.shape)


def _scattered(sign: float, values: Any, places: tuple[int, ...], size: int) -> Expression:
    """The vector of `size` entries in which each of `values` is added at its place."""
    selector = Selector.of(size, Pick.listed(places))
    return algebra.network([selector, as_expression(values)], [(0, 1), (1,)], [0], coefficient=sign)
