"""The value of a formula by components: entries, deltas and derivatives as arrays, multiplied and summed.

Nothing is simplified here: a delta is an identity matrix, a derivative the dense array of it, a sum a contraction. So
two lines of a derivation that say the same have the same value because they are true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import opt_einsum

from ..chain_rule.accumulation import accumulate_reverse
from ..compiler.binding import bind_values, name_table
from ..compiler.evaluation import evaluate_all
from ..errors import DataError
from ..expressions.index_maps import IndexMap, Selector
from ..expressions.linear_maps import WindowMap
from ..expressions.nodes import Array, EinsumSum, EinsumTerm, Expression, unnamed
from ..expressions.terms import glue
from ..notation.components import Delta, Entry, EntryProduct, EntrySum, Factor, NumberFactor, Partial, Power, Row
from ..shapes.memory import refuse_if_too_large
from ..shapes.sizes import Shape, Size, bind_size


class Numbers:
    """Values for the names of a derivation, and what its formulas are for them."""

    def __init__(
        self,
        points: Sequence[Expression],
        stations: Sequence[Expression],
        named: Mapping[int, Expression],
        values: Mapping[str, Any],
        sizes: Mapping[str, int] | None,
    ) -> None:
        self._points = points
        self._stations = stations
        self._named = named
        self.values = values
        self.given_sizes = sizes
        self._arrays: dict[int, Array] = {}

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return bind_values(self.values, name_table(self._points), self.given_sizes).sizes

    def size(self, size: Size) -> int:
        """The integer that a size is."""
        return bind_size(size, self._sizes)

    def array(self, node: Expression) -> Array:
        """The value of an expression; of a tensor of zeros and ones, written out."""
        if node.serial not in self._arrays:
            self._arrays[node.serial] = self._evaluated(node)
        return self._arrays[node.serial]

    def _evaluated(self, node: Expression) -> Array:
        if isinstance(node, IndexMap):
            return self._zeros_and_ones(node)
        node = self._named.get(node.serial, node)
        refuse_if_too_large([tuple(map(self.size, node.shape))], "evaluating a line", "Evaluate it for smaller sizes")
        return evaluate_all([node], self.values, self._sizes, self._points)[0]

    def _zeros_and_ones(self, node: IndexMap) -> Array:
        long, *short = (self.size(size) for size in node.shape)
        if isinstance(node, WindowMap):
            return np.lib.stride_tricks.sliding_window_view(np.eye(long), short[1], axis=1)
        if not isinstance(node, Selector):
            return np.eye(long).reshape(long, *short)
        pick = node.pick
        places = pick.places()
        if places is None:
            places = self.size(pick.start) + pick.step * np.arange(*short)
        return np.eye(long)[:, places]

    def network(self, terms: Sequence[EinsumTerm], shape: Shape) -> Array:
        """The value of a sum of terms."""
        return self.array(EinsumSum.of(terms, shape))

    # --- formulas by components ---------------------------------------------------------------------------------

    def components(self, products: Iterable[EntryProduct], shape: Shape) -> Array:
        """The sum of products, as an array with the axes 0, 1, … of the result."""
        total: Array = np.zeros(tuple(map(self.size, shape)))
        for product in products:
            total = total + self._product(product, range(len(shape)))
        return total

    def _product(self, product: EntryProduct, output: Sequence[int]) -> Array:
        value = product.coefficient
        for size in product.counted:
            value *= self.size(size)
        operands: list[Any] = []
        for factor in product.factors:
            if isinstance(factor, NumberFactor):
                value *= factor.value
            else:
                operands += [self._factor(factor, product.sizes), list(factor.indices)]
        held = product.held
        for index in output:
            if index not in held:
                operands += [np.ones(self.size(product.sizes[index])), [index]]
        shape = tuple(self.size(product.sizes[index]) for index in output)
        refuse_if_too_large([shape], "evaluating a line", "Evaluate it for smaller sizes")
        if not operands:
            return np.asarray(value)
        result: Array = opt_einsum.contract(*operands, list(output), optimize="greedy")
        return value * result

    def _factor(self, factor: Factor, sizes: Mapping[int, Size]) -> Array:
        match factor:
            case Delta(first, second):
                if self.size(sizes[first]) != self.size(sizes[second]):
                    raise DataError(f"a delta between axes of sizes {sizes[first]} and {sizes[second]}")
                return np.eye(self.size(sizes[first]))
            case Entry(node):
                return self.array(node)
            case Power(entry, exponent):
                power: Array = self.array(entry.node) ** exponent
                return power
            case Row(matrix, _, vector):
                rows: Array = self.array(matrix) @ self.array(vector)
                return rows
            case EntrySum(products):
                return sum((self._product(one, factor.indices) for one in products), np.zeros(()))
            case Partial():
                return self.derivative(_expression(factor.of, sizes), factor.by.node, factor.total)
            case _:
                return np.asarray(factor.value)

    def derivative(self, of: Expression, by: Expression, total: bool) -> Array:
        """∂of/∂by with the axes of both as they are: along all paths, or with all other stations held fixed."""
        body = unnamed(of)
        is_end = any(unnamed(by) is unnamed(point) for point in self._points)
        held = () if total else self._stations
        (terms,) = accumulate_reverse(body, [by], held=held, by_entries=is_end)
        array = self.network(terms, (*body.shape, *by.shape[::-1]))
        rank = body.ndim
        return array.transpose([*range(rank), *range(array.ndim - 1, rank - 1, -1)])


def as_term(product: EntryProduct, output: Sequence[int]) -> EinsumTerm:
    """A product of entries and deltas as one term, its deltas made one index."""
    entries: list[Entry] = []
    coefficient = product.coefficient
    for factor in product.factors:
        match factor:
            case Entry():
                entries.append(factor)
            case Power(entry, exponent):
                entries += [entry] * exponent
            case Row(matrix, at, vector):
                fresh = max(product.sizes) + 1 + len(entries)
                entries += [Entry(matrix, (at, fresh)), Entry(vector, (fresh,))]
            case NumberFactor(value):
                coefficient *= value
            case _:
                assert isinstance(factor, Delta)
    wanted = product.held | set(output)  # a free index that nothing has is no sum
    sizes = {index: size for index, size in product.sizes.items() if index >= product.rank or index in wanted}
    for entry in entries:
        sizes.update(zip(entry.indices, entry.node.shape, strict=True))
    numbers = {index: place for place, index in enumerate(sizes)}
    pairs = [(numbers[one.first], numbers[one.second]) for one in product.factors if isinstance(one, Delta)]
    whole = EinsumTerm(
        coefficient,
        tuple(entry.node for entry in entries),
        tuple(tuple(numbers[index] for index in entry.indices) for entry in entries),
        tuple(numbers[index] for index in output),
        tuple(sizes.values()),
    )
    return glue([whole], pairs, whole.output)


def _expression(of: Entry | Power | EntrySum, sizes: Mapping[int, Size]) -> Expression:
    """What a derivative is of, as an expression with an axis for each of its indices."""
    match of:
        case Entry(node):
            return node
        case Power(entry, exponent):
            axes = tuple(range(entry.node.ndim))
            return EinsumSum.of(
                [EinsumTerm(1.0, (entry.node,) * exponent, (axes,) * exponent, axes, entry.node.shape)],
                entry.node.shape,
            )
        case _:
            terms = [as_term(product, of.indices) for product in of.products]
            return EinsumSum.of(terms, tuple(sizes[index] for index in of.indices))
