"""Code for one contraction: its operands two at a time, each step as a person would write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from ..chain_rule.contraction_orders import Pair, needed, schedule
from ..expressions.index_maps import IndexMap, Pick, Selector
from ..expressions.nodes import EinsumTerm, Expression
from ..expressions.terms import renumber
from ..shapes.sizes import bind_size
from .numpy_source import LETTERS, factor, literal, pair_source, span, turned
from .statements import Lines, Value
from .weighted_squares import WeightedSquare, weighted_square


def shape_of(node: Expression, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The shape of a node, in numbers."""
    return tuple(bind_size(size, sizes) for size in node.shape)


def cut(lines: Lines, sizes: Mapping[str, int], pick: Pick, axis: int, whole: int) -> str:
    """`[:, 2:5]`, or `[:, places]` for listed entries."""
    if pick.indices is not None:
        entries = lines.constant(np.array(pick.indices), "places")
    else:
        entries = span(bind_size(pick.start, sizes), bind_size(pick.length, sizes), whole, pick.step)
    return f"[{', '.join([':'] * axis + [entries])}]"


class ContractionWriter:
    """Writes contractions into `lines`. `values` are those of the operands, by serial number."""

    def __init__(self, lines: Lines, sizes: Mapping[str, int], values: Mapping[int, Value], order: str) -> None:
        self._lines, self._sizes, self._values, self._order = lines, sizes, values, order

    def write(self, core: EinsumTerm, coefficient: float, derivative: bool, free: bool, signed: bool) -> Value:
        """A term without structure in its output, contracted pair by pair.

        `free`: how it is stored is up to us. `signed`: a coefficient of −1 may be left in front.
        """
        sizes = [bind_size(size, self._sizes) for size in core.sizes]
        loose = [index for index in range(len(sizes)) if index not in core.held]
        coefficient *= core.coefficient * prod(sizes[index] for index in loose)
        output = core.output
        values = [self.value(operand) for operand in core.operands]
        if not values:
            return Value(factor(coefficient), (), True)
        square = weighted_square(core, sizes)
        if square is not None:
            return self._square(core, square, coefficient, derivative, free, sizes)
        groups = list(core.indices)
        live = [needed(groups, k, output) for k in range(len(groups))]
        for k, value in enumerate(values):
            values[k] = self._reduced(value, groups[k], live[k], derivative)
        inner = self._order if derivative and len(values) > 3 else "optimal"
        steps = schedule(groups, output, sizes, inner, [operand.serial for operand in core.operands])
        if coefficient != 1.0 and not (signed and coefficient == -1.0):
            coefficient = self._scale_smallest(values, prod(sizes[i] for i in output), coefficient, derivative)
        numbered: dict[int, tuple[Value, tuple[int, ...]]] = dict(enumerate(zip(values, live, strict=True)))
        for number, step in enumerate(steps, start=len(values)):
            last = output if number == len(values) + len(steps) - 1 else None
            numbered[number] = self._pair(
                numbered.pop(step.left), numbered.pop(step.right), step, last, free, sizes, derivative
            )
        ((value, order),) = numbered.values()
        return self._finished(value, order, output, coefficient, derivative, sizes)

    def _finished(
        self,
        value: Value,
        order: tuple[int, ...],
        output: tuple[int, ...],
        coefficient: float,
        derivative: bool,
        sizes: Sequence[int],
    ) -> Value:
        """A result turned to the order of its output, times what is left of the coefficient."""
        if order != output:
            axes = [order.index(index) for index in output]
            whole = axes == list(range(len(axes)))[::-1]
            text = turned(value.text) if whole else f"{value.text}.transpose({tuple(axes)})"
            value = Value(text, tuple(sizes[index] for index in output), value.fresh)
        if coefficient == -1.0:
            return Value(f"-{value.text}", value.shape, False)
        if coefficient != 1.0:
            return self._lines.emit(
                f"{literal(coefficient)} * {value.text}", value.shape, prod(value.shape), derivative
            )
        return value

    def _square(
        self,
        core: EinsumTerm,
        square: WeightedSquare,
        coefficient: float,
        derivative: bool,
        free: bool,
        sizes: Sequence[int],
    ) -> Value:
        """Yᵀ Y, with the roots of the weights in Y."""
        weights = renumber(
            1.0,
            [core.operands[k] for k in square.weights],
            [core.indices[k] for k in square.weights],
            square.indices,
            {index: core.sizes[index] for index in square.indices},
        )
        weight = self.write(weights, abs(coefficient), derivative, False, False)
        root = self._lines.emit(f"np.sqrt({weight.text})", weight.shape, 0, derivative)
        left, right = core.indices[square.left], core.indices[square.right]
        scaling = Pair(0, 1, left, square.indices, left, prod(sizes[index] for index in left))
        value = self.value(core.operands[square.left])
        scaled, order = self._pair((value, left), (root, square.indices), scaling, left, False, sizes, derivative)
        twin = tuple(right[left.index(index)] for index in order)
        product = Pair(0, 0, order, twin, core.output, prod(sizes[index] for index in {*left, *right}))
        wanted = core.output
        result, order = self._pair((scaled, order), (scaled, twin), product, wanted, free, sizes, derivative)
        sign = 1.0 if coefficient > 0 else -1.0
        return self._finished(result, order, core.output, sign, derivative, sizes)

    def value(self, operand: Expression) -> Value:
        """What stands for an operand."""
        if isinstance(operand, IndexMap):  # one that could not be applied: written out
            shape = shape_of(operand, self._sizes)
            text = f"np.eye({shape[0]})"
            if isinstance(operand, Selector):
                text += cut(self._lines, self._sizes, operand.pick, 1, shape[0])
            return self._lines.emit(text if isinstance(operand, Selector) else f"{text}.reshape({shape})", shape)
        value = self._values[operand.serial]
        return Value(value.text, value.shape, False)

    def _reduced(self, value: Value, group: tuple[int, ...], live: tuple[int, ...], derivative: bool) -> Value:
        """The diagonal of an operand that repeats an index, and the sum over indices that nobody else needs."""
        if group == live:
            return value
        letters = dict(zip(dict.fromkeys(group), LETTERS, strict=False))
        shapes = dict(zip(group, value.shape, strict=True))
        if len(set(group)) == len(group):
            axes = tuple(place for place, index in enumerate(group) if index not in live)
            base = value.text.removesuffix(".T")  # the sum of a transpose is that of the array along its other axis
            if base != value.text:
                axes = tuple(len(group) - 1 - place for place in reversed(axes))
            ordered = base == value.text or len(live) < 2
            axis = f"axis={axes[0] if len(axes) == 1 else axes}" if len(axes) < len(group) else ""
            text = f"{base}.sum({axis})" + ("" if ordered else ".T")
        else:
            text = (
                f"np.einsum('{''.join(letters[i] for i in group)}->{''.join(letters[i] for i in live)}', {value.text})"
            )
        fresh = set(live) != set(group)
        return self._lines.emit(text, tuple(shapes[index] for index in live), 0, derivative, fresh=fresh)

    def _scale_smallest(self, values: list[Value], result: int, coefficient: float, derivative: bool) -> float:
        """Multiply the smallest operand by the coefficient, if none is larger than the result; returns what is left."""
        smallest = min(range(len(values)), key=lambda k: prod(values[k].shape))
        value = values[smallest]
        if prod(value.shape) > result or len(values) == 1:
            return coefficient
        if coefficient == -1.0:
            values[smallest] = self._lines.emit(f"-{value.text}", value.shape, 0, derivative)
        else:
            values[smallest] = self._lines.emit(
                f"{literal(coefficient)} * {value.text}", value.shape, prod(value.shape), derivative
            )
        return 1.0

    def _pair(
        self,
        left: tuple[Value, tuple[int, ...]],
        right: tuple[Value, tuple[int, ...]],
        step: Pair,
        wanted: tuple[int, ...] | None,
        free: bool,
        sizes: Sequence[int],
        derivative: bool,
    ) -> tuple[Value, tuple[int, ...]]:
        text, order = pair_source(
            (left[0].text, left[1]), (right[0].text, right[1]), step.result, sizes, None if free else wanted, wanted
        )
        shape = tuple(sizes[index] for index in order)
        letters = dict(zip(dict.fromkeys(left[1] + right[1]), "abcdefghijklmnopqrstuvwxyz", strict=False))
        write = ["".join(letters[index] for index in group) for group in (left[1], right[1], order)]
        einsum = f"{write[0]},{write[1]}->{write[2]}"
        return self._lines.emit(text, shape, step.multiplications, derivative, einsum), order
