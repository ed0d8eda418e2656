"""What a function reads beside its arguments: arrays and numbers that enter its program as arguments.

A traced function may close over a batch, a mask, a learning rate. Each becomes a private variable, numbered in the
order in which the function uses them, so that equal code gives an equal graph whatever the values are. A large array is
known by where it lies in memory: it is neither copied nor read. It is write-protected while the function runs, so that
a function that changes it between two uses is found out; such a function is traced again with copies.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from ..errors import DataError
from ..expressions.array_protocol import FUNCTIONS
from ..expressions.nodes import Array, Constant, Expression, Variable, as_real_array

#: Size in bytes up to which an array is copied and known by its content.
SMALL = 2048
#: Numbers that are part of the structure of an expression.
STRUCTURAL = frozenset({0.0, 1.0, -1.0})


class ClosedOver:
    """The arrays and numbers that one call has met, with the variables that stand for them."""

    def __init__(self, copies: bool = False) -> None:
        self.variables: list[Variable] = []
        self.values: list[Any] = []
        self._places: dict[int, int] = {}
        self._known: dict[Any, Expression] = {}
        self._alive: list[Array] = []  # what is known by its identity
        self._protected: list[Array] = []
        self._copies = copies

    def value_of(self, variable: Variable) -> Any:
        """What a variable stands for; None where it is not one of these."""
        place = self._places.get(variable.serial)
        return None if place is None else self.values[place]

    @property
    def is_protecting(self) -> bool:
        """Whether an array is write-protected, so that a refused write may be our doing."""
        return bool(self._protected)

    def number(self, value: Any) -> Expression:
        """A Python number, or one of NumPy's; equal numbers are one variable."""
        key = (type(value), value)
        known = self._known.get(key)
        if known is None:
            # Python's numbers take the precision of the arrays that they meet, NumPy's have their own
            weak = type(value) in (int, float, bool)
            try:
                number: Any = float(value) if weak else as_real_array(value, "a number")
            except OverflowError:
                raise DataError("a whole number that is too large for floating point") from None
            known = self._known[key] = self._variable(number, ())
        return known

    def array(self, value: Array) -> Expression:
        """An array of real numbers; another view of the same memory is the same variable, transposed."""
        known = self._known.get(id(value))
        if known is not None:
            return known
        if isinstance(value, np.memmap):
            value = np.asarray(value)
        if type(value) is not np.ndarray or value.dtype.kind not in "fbiu" or not value.size:
            return Constant.of(value)  # which says what is wrong with it
        if value.ndim > 1 and not value.flags.c_contiguous:
            order = sorted(range(value.ndim), key=lambda axis: -abs(value.strides[axis]))
            if order != list(range(value.ndim)):
                straight = self.array(value.transpose(order))
                return FUNCTIONS[np.transpose](straight, [order.index(axis) for axis in range(value.ndim)])  # type: ignore[no-any-return]
        if value.nbytes <= SMALL or self._copies:
            key: Any = (value.dtype.str, value.shape, value.tobytes())
        else:
            key = (value.__array_interface__["data"][0], value.shape, value.strides, value.dtype.str)
        known = self._known.get(key)
        if known is None:
            kept = value
            if value.nbytes <= SMALL or self._copies:
                kept = value.copy()
            else:
                self._protected += _protect(value)
            known = self._variable(as_real_array(kept, "a constant"), value.shape)
            self._known[key] = known
        if value.nbytes > SMALL and not self._copies:
            self._known[id(value)] = known
            self._alive.append(value)
        return known

    def _variable(self, value: Any, shape: tuple[int, ...]) -> Variable:
        count = len(self.variables)
        made = Variable.private(f"closed_over_{count}", shape, ("closed over", count))
        self._places[made.serial] = count
        self.variables.append(made)
        self.values.append(value)
        return made

    def keep(self) -> None:
        """Copy what was not copied: it is used after the call has ended."""
        self.values = [value.copy() if isinstance(value, np.ndarray) else value for value in self.values]

    def release(self) -> None:
        """Let arrays be written to again."""
        _release(self._protected)
        self._protected = []


#: Arrays that are write-protected now, by identity, and how many calls protect each.
_held: dict[int, tuple[Array, int]] = {}
_holding = threading.Lock()


def _protect(array: Array) -> list[Array]:
    """Write-protect an array and what it is a view of; returned is what is to be released."""
    chain = [array] + ([array.base] if isinstance(array.base, np.ndarray) else [])
    taken = []
    with _holding:
        for one in chain:
            if id(one) in _held:
                _held[id(one)] = (one, _held[id(one)][1] + 1)
            elif one.flags.writeable:
                one.flags.writeable = False
                _held[id(one)] = (one, 1)
            else:
                continue
            taken.append(one)
    return taken


def _release(arrays: list[Array]) -> None:
    with _holding:
        for one in reversed(arrays):  # what was viewed first: a view of it cannot be writable before it is
            count = _held[id(one)][1] - 1
            if count:
                _held[id(one)] = (one, count)
            else:
                del _held[id(one)]
                one.flags.writeable = True
