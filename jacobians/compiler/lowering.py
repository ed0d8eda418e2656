"""From expressions to statements: one function for each kind of node.

A new kind of node registers here what it becomes; everything after this module knows operations only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import singledispatch

import numpy as np

from ..expressions import index_maps
from ..expressions.index_maps import IndexMap, Merge, Selector, Split, Take
from ..expressions.linear_maps import Accumulate, RunningSum, Windows
from ..expressions.nodes import (
    Adjoint,
    Constant,
    EinsumSum,
    EinsumTerm,
    Elementwise,
    Expression,
    Named,
    Prime,
    Primitive,
    SizeValue,
    Variable,
    name_key,
)
from ..expressions.walks import walk
from ..functions.elementwise import WHERE, apply, definition
from ..shapes.sizes import Shape
from .builder import Builder
from .contractions import SHORT, Manner
from .operations import (
    Apply,
    Argument,
    Call,
    Cast,
    Concatenate,
    Cumulate,
    Number,
    Operation,
    Reshape,
    Roll,
    SlidingWindows,
    Triangle,
)
from .program import Statement
from .sums import SumWriter, picked, written_out

#: The statements of nodes by serial, and whether they are derivatives.
Settled = dict[tuple[int, bool], Statement]


class Lowering:
    """The statements of `roots`, made with `builder`.

    `order` is the order in which the operands of chains are contracted; what is `given` is an argument instead of being
    computed; `counted` are the serials of roots that are derivatives; `terms` are others for some sums, by serial.
    `settled` holds the statements of nodes that no order of contraction changes, for other lowerings with the same
    builder, by serial and by whether they are derivatives.
    """

    def __init__(
        self,
        builder: Builder,
        order: str,
        given: frozenset[str] = frozenset(),
        counted: frozenset[int] = frozenset(),
        terms: Mapping[int, tuple[EinsumTerm, ...]] | None = None,
        settled: Settled | None = None,
    ) -> None:
        self.builder, self.given = builder, given
        self._counted, self._terms = counted, terms or {}
        self._settled: Settled = {} if settled is None else settled
        self.values: dict[int, Statement] = {}
        self._sums = SumWriter(builder, self.value, self._make, order)

    def results(self, roots: Sequence[Expression]) -> list[Statement]:
        """The statements that compute `roots`."""
        changed: set[int] = set()
        for node in walk(roots, self.inputs if self._terms else self._unsettled_inputs):
            key = self._key(node)
            value = self._settled.get(key)
            if self._terms and (node.serial in self._terms or any(one.serial in changed for one in self.inputs(node))):
                changed.add(node.serial)
                value = None
            if value is None:
                value = lower(node, self)
                if node.serial not in changed and self._is_settled(node):
                    self._settled[key] = value
            self.values[node.serial] = value
        return [self.values[root.serial] for root in roots]

    def _key(self, node: Expression) -> tuple[int, bool]:
        return node.serial, node.serial in self._counted

    def _unsettled_inputs(self, node: Expression) -> Iterable[Expression]:
        return () if self._key(node) in self._settled else self.inputs(node)

    def _is_settled(self, node: Expression) -> bool:
        """Whether all orders of contraction give the same statements: the order is that of chains of many operands."""
        if isinstance(node, EinsumSum) and any(len(term.operands) > SHORT for term in node.terms):
            return False
        return all(self._key(one) in self._settled for one in self.inputs(node))

    def inputs(self, node: Expression) -> Iterable[Expression]:
        """What a node is computed from; a given expression and σ′ hide what is below them."""
        if isinstance(node, Named) and name_key(node) in self.given:
            return ()
        if isinstance(node, Elementwise) and isinstance(node.function, Prime):
            return (definition(node),)
        if node.serial in self._terms:
            operands = (one for term in self._terms[node.serial] for one in term.operands)
            return tuple(one for one in dict.fromkeys(operands) if not isinstance(one, IndexMap))
        return tuple(child for child in node.children if not isinstance(child, IndexMap))

    def value(self, node: Expression) -> Statement:
        """What stands for an operand."""
        if isinstance(node, IndexMap):
            return written_out(self.builder, node)
        return self.values[node.serial]

    def emit(self, operation: Operation, operands: Iterable[Expression], shape: Shape) -> Statement:
        """A forward value of `shape`."""
        return self.builder.emit(operation, tuple(self.value(one) for one in operands), shape)

    def _make(self, nodes: Sequence[Expression], manner: Manner) -> None:
        """The values of nodes that a rewrite made, inputs first; they are written in the manner of their reader."""
        for node in nodes:
            if isinstance(node, EinsumSum):
                self.values[node.serial] = self._sums.write(node.terms, node.shape, Manner(manner.derivative, False))
            else:
                self.values[node.serial] = lower(node, self)

    def sum_of_terms(self, node: EinsumSum) -> Statement:
        """A sum of einsums; what is an adjoint or a counted root is a step of the chain rule."""
        adjoint = isinstance(node, Adjoint)
        manner = Manner(derivative=adjoint or node.serial in self._counted, free=adjoint)
        return self._sums.write(self._terms.get(node.serial, node.terms), node.shape, manner)


@singledispatch
def lower(node: Expression, to: Lowering) -> Statement:
    """The statement that computes a node, made from those of what it is computed from."""
    raise NotImplementedError(type(node).__name__)


@lower.register
def _variable(node: Variable, to: Lowering) -> Statement:
    return to.builder.emit(Argument(name_key(node) or ""), (), node.shape)


@lower.register
def _named(node: Named, to: Lowering) -> Statement:
    key = name_key(node) or ""
    if key in to.given:
        return to.builder.emit(Argument(key), (), node.shape)
    value = to.value(node.body)
    if not value.is_given and not value.is_view:
        to.builder.names.setdefault(value, key)
    return value


@lower.register
def _constant(node: Constant, to: Lowering) -> Statement:
    if not node.shape and node.name is None:
        return to.builder.number(float(node.value))
    return to.builder.emit(to.builder.stored(node.value, f"{name_key(node) or 'c'}_value"), (), node.shape)


@lower.register
def _size(node: SizeValue, to: Lowering) -> Statement:
    return to.builder.number(float(to.builder.bound(node.length)))


@lower.register
def _elementwise(node: Elementwise, to: Lowering) -> Statement:
    if isinstance(node.function, Prime):
        return to.value(definition(node))
    numbers = [to.value(one).operation for one in node.args]
    if all(isinstance(one, Number) for one in numbers):  # computed now: a scalar of NumPy is not a number of the source
        with np.errstate(all="ignore"):
            return to.builder.number(float(apply(node.function, *(one.value for one in numbers))))  # type: ignore[attr-defined]
    values = [to.value(one) for one in node.args]
    known = [one.dtype for one in values if one.dtype is not None]
    if node.function.condition:
        truth = to.builder.emit(Apply(node.function), tuple(map(_truth, values)), node.shape)
        return to.builder.emit(Cast(), (truth,), node.shape, dtype=np.result_type(*known) if known else None)
    if node.function is WHERE:
        known = [one.dtype for one in values[1:] if one.dtype is not None]
        values[0] = _truth(values[0])
    dtype = np.result_type(*known) if known else to.builder.dtype
    return to.builder.emit(Apply(node.function), tuple(values), node.shape, dtype=dtype)


def _truth(value: Statement) -> Statement:
    """The truth values that were made numbers, where another condition takes them."""
    return value.operands[0] if isinstance(value.operation, Cast) else value


@lower.register
def _primitive(node: Primitive, to: Lowering) -> Statement:
    return to.emit(Call(node.rule, node), node.args, node.shape)


@lower.register
def _concatenate(node: index_maps.Concatenate, to: Lowering) -> Statement:
    return to.emit(Concatenate(node.axis), node.parts, node.shape)


@lower.register
def _take(node: Take, to: Lowering) -> Statement:
    if node.pick.modulus is not None:
        return to.emit(Roll(-to.builder.bound(node.pick.start), node.axis), (node.body,), node.shape)
    selector = Selector.of(node.body.shape[node.axis], node.pick)
    return to.emit(picked(to.builder, selector, node.axis), (node.body,), node.shape)


@lower.register
def _windows(node: Windows, to: Lowering) -> Statement:
    return to.emit(SlidingWindows(node.axis, to.builder.bound(node.width)), (node.body,), node.shape)


@lower.register
def _accumulate(node: Accumulate, to: Lowering) -> Statement:
    return to.emit(Cumulate(node.axis, node.backward), (node.body,), node.shape)


@lower.register
def _running_sum(node: RunningSum, to: Lowering) -> Statement:
    return to.emit(Triangle(), (), node.shape)


@lower.register(Merge)
@lower.register(Split)
def _reshaped(node: Merge | Split, to: Lowering) -> Statement:
    return to.emit(Reshape(), (node.body,), node.shape)


@lower.register
def _sum(node: EinsumSum, to: Lowering) -> Statement:
    return to.sum_of_terms(node)


def kept_by_the_caller(builder: Builder, results: Sequence[Statement]) -> list[Statement]:
    """The results, none of them somebody else's array: what shows the memory of another one, of an argument or of a
    constant is copied."""
    taken: set[Statement] = set()
    found: list[Statement] = []
    for value in results:
        whole = value.owns and value.base not in taken and value.elements == value.base.elements
        taken.add(value.base)
        found.append(value if whole else builder.copied(value))
    return found
