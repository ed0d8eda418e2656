"""One contraction as statements: its operands two at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from ..chain_rule.contraction_orders import Pair, needed, schedule
from ..expressions.nodes import EinsumTerm, Expression
from ..shapes.sizes import Shape
from .axis_orders import Aim, order_of_product
from .builder import Builder
from .operations import Diagonal, Indices, Product, Reduce, Scale, Transpose
from .program import Statement


@dataclass(frozen=True)
class Manner:
    """How a term is written: as a step of the chain rule (`derivative`) or a forward value, with axes in the order
    that suits us (`free`), and whether a coefficient of −1 may be left to the caller (`signed`)."""

    derivative: bool
    free: bool
    signed: bool = False


#: Number of operands up to which a contraction is in its cheapest order, whatever the order of the chain is.
SHORT = 3

#: A value and its sign.
Signed = tuple[Statement, int]
#: A value and the indices of its axes.
Indexed = tuple[Statement, Indices]


class ContractionWriter:
    """Makes the statements of contractions; `value` gives what stands for an operand, `order` how chains nest."""

    def __init__(self, builder: Builder, value: Callable[[Expression], Statement], order: str) -> None:
        self._builder, self._value, self._order = builder, value, order

    def write(self, core: EinsumTerm, manner: Manner) -> Signed:
        """A term without structure in its output, contracted pair by pair."""
        sizes = self._builder.shape_of(core.sizes)
        held = core.held
        coefficient = core.coefficient * prod([size for index, size in enumerate(sizes) if index not in held])
        output = core.output
        if not core.operands:
            return self._builder.number(coefficient), 1
        values = [self._value(operand) for operand in core.operands]
        groups = list(core.indices)
        live = [needed(groups, k, output) for k in range(len(groups))]
        for k, value in enumerate(values):
            values[k] = self._reduced(value, groups[k], live[k], core.sizes, manner)
        inner = self._order if manner.derivative and len(values) > SHORT else "optimal"
        steps = schedule(groups, output, sizes, inner, [operand.serial for operand in core.operands])
        if coefficient != 1.0 and not (manner.signed and coefficient == -1.0):
            coefficient = self._scale_smallest(values, prod(sizes[i] for i in output), coefficient, manner)
        numbered: dict[int, Indexed] = dict(enumerate(zip(values, live, strict=True)))
        for number, step in enumerate(steps, start=len(values)):
            last = output if number == len(values) + len(steps) - 1 else None
            pair = numbered.pop(step.left), numbered.pop(step.right)
            numbered[number] = self._pair(*pair, step, last, core.sizes, manner)
        (result,) = numbered.values()
        return self._finished(*result, output, coefficient, core.sizes, manner)

    def _finished(
        self, value: Statement, order: Indices, output: Indices, coefficient: float, symbols: Shape, manner: Manner
    ) -> Signed:
        """A result turned to the order of its output, times what is left of the coefficient."""
        if order != output:
            value = self.turned(value, tuple(order.index(index) for index in output))
        if coefficient in (1.0, -1.0):
            return value, int(coefficient)
        return self._scaled(value, coefficient, manner), 1

    def turned(self, value: Statement, axes: tuple[int, ...]) -> Statement:
        """The axes in another order; what was turned before is turned once."""
        if isinstance(value.operation, Transpose):
            axes = tuple(value.operation.axes[axis] for axis in axes)
            (value,) = value.operands
        if axes == tuple(range(len(axes))):
            return value
        return self._builder.emit(Transpose(axes), (value,), tuple(value.symbols[axis] for axis in axes))

    def _scaled(self, value: Statement, factor: float, manner: Manner) -> Statement:
        count = 0 if factor == -1.0 else value.elements
        return self._builder.emit(Scale(factor), (value,), value.symbols, count, manner.derivative)

    def _scale_smallest(self, values: list[Statement], result: int, coefficient: float, manner: Manner) -> float:
        """Multiply the smallest operand by the coefficient, if none is larger than the result; returns what is left."""
        smallest = min(range(len(values)), key=lambda k: values[k].elements)
        if values[smallest].elements > result or len(values) == 1:
            return coefficient
        values[smallest] = self._scaled(values[smallest], coefficient, manner)
        return 1.0

    def _reduced(self, value: Statement, group: Indices, live: Indices, symbols: Shape, manner: Manner) -> Statement:
        """The diagonal of an operand that repeats an index, and the sum over indices that nobody else needs."""
        if group == live:
            return value
        kept = live
        turn = isinstance(value.operation, Transpose) and value.operation.reverses and len(set(group)) == len(group)
        if turn:  # the sum of a transpose is that of the array along its other axis
            (value,), group, kept = value.operands, group[::-1], live[::-1]
        numbers = {index: place for place, index in enumerate(dict.fromkeys(group))}
        own, left = tuple(numbers[index] for index in group), tuple(numbers[index] for index in kept)
        shape = tuple(symbols[index] for index in kept)
        if set(live) == set(group):
            return self._builder.emit(Diagonal(own, left), (value,), shape)
        result = self._builder.emit(Reduce(own, left), (value,), shape, 0, manner.derivative)
        return self.turned(result, tuple(range(len(live)))[::-1]) if turn and len(live) > 1 else result

    def _pair(
        self, left: Indexed, right: Indexed, step: Pair, output: Indices | None, symbols: Shape, manner: Manner
    ) -> Indexed:
        sizes = self._builder.shape_of(symbols)
        aim = Aim(None if manner.free else output, output)
        order = order_of_product(left, right, step.result, aim, sizes)
        numbers = {index: place for place, index in enumerate(dict.fromkeys(left[1] + right[1]))}
        groups = [tuple(numbers[index] for index in group) for group in (left[1], right[1], order)]
        shape = tuple(symbols[index] for index in order)
        operation = Product(*groups)
        value = self._builder.product(operation, left[0], right[0], shape, step.multiplications, manner.derivative)
        return value, order
