"""Making statements: each one is there once, and its dtype and aliasing follow from its operands."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np

from ..expressions.nodes import Array
from ..shapes.sizes import Shape, Size, bind_size
from .operations import Apply, Argument, Copy, Number, Operation, Product, Scale, Stored, Sum
from .program import DType, Statement

DOUBLE = np.dtype(np.float64)
BOOL = np.dtype(np.bool_)


class Builder:
    """Statements for given `sizes` and `dtypes` of the arguments; what was computed before is not computed again.

    `dtype` is that of arrays which depend on no argument: what all arguments promote to.
    """

    def __init__(self, sizes: Mapping[str, int], dtypes: Mapping[str, DType] | None = None) -> None:
        self.sizes = sizes
        self.dtypes = dtypes or {}
        self.dtype: DType = np.result_type(*self.dtypes.values()) if self.dtypes else DOUBLE
        self.names: dict[Statement, str] = {}  # those that the user gave
        self._known: dict[Hashable, Statement] = {}
        self._stored: dict[Hashable, Stored] = {}
        self._bound: dict[Size, int] = {}

    def bound(self, size: Size) -> int:
        """A size as an integer."""
        found = self._bound.get(size)
        if found is None:
            found = self._bound[size] = bind_size(size, self.sizes)
        return found

    def shape_of(self, symbols: Shape) -> tuple[int, ...]:
        return tuple([self.bound(size) for size in symbols])

    def emit(
        self,
        operation: Operation,
        operands: tuple[Statement, ...],
        symbols: Shape,
        multiplications: int = 0,
        derivative: bool = False,
        dtype: DType | None = None,
    ) -> Statement:
        """The statement that does `operation` to `operands`, with a result of shape `symbols`.

        Its `dtype` is what the operands promote to, where none is given.
        """
        shape = self.shape_of(symbols)
        key = (operation, operands, shape)
        known = self._known.get(key)
        if known is None:
            dtype = dtype or self._dtype(operation, operands)
            known = Statement(operation, operands, shape, symbols, dtype, multiplications, derivative)
            self._known[key] = known
        elif not derivative:  # what a forward value takes is not counted, whoever comes first
            known.derivative = False
        return known

    def product(
        self,
        operation: Product,
        left: Statement,
        right: Statement,
        symbols: Shape,
        multiplications: int,
        derivative: bool,
    ) -> Statement:
        """A product; the same one with its operands exchanged is found, too."""
        if (operation, (left, right), self.shape_of(symbols)) not in self._known:
            mirrored = operation.mirrored
            if (mirrored, (right, left), self.shape_of(symbols)) in self._known:
                operation, left, right = mirrored, right, left
        return self.emit(operation, (left, right), symbols, multiplications, derivative)

    def _dtype(self, operation: Operation, operands: tuple[Statement, ...]) -> DType | None:
        if isinstance(operation, Number):
            return None
        if isinstance(operation, Argument):
            return self.dtypes.get(operation.name, DOUBLE)
        if isinstance(operation, Stored):
            return np.dtype(operation.array.dtype)
        if isinstance(operation, Apply) and operation.function.condition:
            return BOOL
        known = {one.dtype for one in operands if one.dtype is not None and one.dtype is not BOOL}
        if len(known) == 1:
            return known.pop()
        return np.result_type(*known) if known else self.dtype

    def number(self, value: float) -> Statement:
        return self.emit(Number(value), (), ())

    def stored(self, array: Array, stem: str) -> Stored:
        """A constant array, by its content."""
        key = (array.dtype.str, array.shape, array.tobytes())
        return self._stored.setdefault(key, Stored(array, stem))

    def signed(self, value: Statement, sign: int, derivative: bool = False) -> Statement:
        """The value, or its negative."""
        if sign == 1:
            return value
        if isinstance(value.operation, Number):
            return self.number(-value.operation.value)
        return self.emit(Scale(-1.0), (value,), value.symbols, 0, derivative)

    def total(self, parts: list[tuple[Statement, int]], symbols: Shape, derivative: bool) -> Statement:
        """Signed values of shapes that broadcast to `symbols`, added up."""
        if len(parts) == 1:
            return self.signed(*parts[0], derivative)
        numbers = [part.operation for part, _ in parts]
        if all(isinstance(one, Number) for one in numbers):
            return self.number(sum(sign * one.value for one, (_, sign) in zip(numbers, parts, strict=True)))  # type: ignore[attr-defined]
        signs = tuple(sign for _, sign in parts)
        return self.emit(Sum(signs), tuple(part for part, _ in parts), symbols, 0, derivative)

    def copied(self, value: Statement) -> Statement:
        """A copy of its own, even where there is one already."""
        return Statement(Copy(), (value,), value.shape, value.symbols, value.dtype or self.dtype, 0, False)
