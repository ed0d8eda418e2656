"""Formulas by components: products of entries, deltas and derivatives, with sums; what index notation writes.

Indices are numbers: first the axes of the result, then those that are summed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..expressions.nodes import EinsumTerm, Expression
from ..shapes.sizes import Size


class Delta(NamedTuple):
    """Kronecker's δ of two indices."""

    first: int
    second: int

    @property
    def indices(self) -> tuple[int, ...]:
        return (self.first, self.second)


class Entry(NamedTuple):
    """The entry of an expression at indices. Its `form`: s_i, or spelled out, "whole" (σ(z))_i or "inside" σ(z_i)."""

    node: Expression
    indices: tuple[int, ...]
    form: str = "name"


class Power(NamedTuple):
    """An entry to a whole power: r_j²."""

    entry: Entry
    exponent: int

    @property
    def indices(self) -> tuple[int, ...]:
        return self.entry.indices


class NumberFactor(NamedTuple):
    """A number that is not yet multiplied into the coefficient."""

    value: float

    @property
    def indices(self) -> tuple[int, ...]:
        return ()


class Row(NamedTuple):
    """A row of a matrix times a vector: w_iᵀ x."""

    matrix: Expression
    at: int
    vector: Expression

    @property
    def indices(self) -> tuple[int, ...]:
        return (self.at,)


class EntrySum(NamedTuple):
    """A sum of products as one factor."""

    products: tuple[EntryProduct, ...]

    @property
    def indices(self) -> tuple[int, ...]:
        free = (i for product in self.products for i in product.held if i < product.rank)
        return tuple(dict.fromkeys(free))


class Partial(NamedTuple):
    """∂y_i/∂x_j: the derivative of a factor with respect to an entry, along one edge or (`total`) along all paths.

    `held` are the expressions of which it must be said that they do not move.
    """

    of: Entry | Power | EntrySum
    by: Entry
    held: tuple[Expression, ...] = ()
    total: bool = False

    @property
    def indices(self) -> tuple[int, ...]:
        return self.of.indices + self.by.indices


Factor = Delta | Entry | Power | NumberFactor | Row | EntrySum | Partial


@dataclass(frozen=True)
class EntryProduct:
    """`coefficient` times Σ of `factors`: indices below `rank` are the axes of the result, the others are summed.

    `sizes` has every index; a summed one that no factor has is a factor of its size.
    """

    coefficient: float
    factors: tuple[Factor, ...]
    sizes: Mapping[int, Size]
    rank: int

    @property
    def held(self) -> frozenset[int]:
        """The indices that some factor has."""
        return frozenset(index for factor in self.factors for index in factor.indices)

    @property
    def summed(self) -> list[int]:
        """The indices that are summed and that some factor has."""
        held = self.held
        return [index for index in self.sizes if index >= self.rank and index in held]

    @property
    def counted(self) -> list[Size]:
        """The sizes of the indices that are summed and that no factor has."""
        held = self.held
        return [size for index, size in self.sizes.items() if index >= self.rank and index not in held]


def by_components(term: EinsumTerm) -> EntryProduct:
    """A term, with a delta for every repeated index of its output."""
    rank = len(term.output)
    sizes = dict(enumerate(term.shape))
    factors = place(term, range(rank), sizes, iter(range(rank, rank + len(term.sizes))))
    return EntryProduct(term.coefficient, factors, sizes, rank)


def place(
    term: EinsumTerm, output: Sequence[int], sizes: dict[int, Size], fresh: Iterator[int]
) -> tuple[Delta | Entry, ...]:
    """The factors of a term whose output is at the indices `output`; the term's own sums are `fresh` ones.

    An index that is twice in the term's output becomes a delta. `sizes` is filled in.
    """
    numbers: dict[int, int] = {}
    deltas: list[Delta] = []
    for own, index in zip(term.output, output, strict=True):
        if own in numbers:
            deltas.append(Delta(numbers[own], index))
        else:
            numbers[own] = index
    held = term.held
    for own in sorted((i for i in range(len(term.sizes)) if i not in numbers), key=lambda i: i not in held):
        numbers[own] = next(fresh)
        sizes[numbers[own]] = term.sizes[own]
    entries = (
        Entry(operand, tuple(numbers[own] for own in group))
        for operand, group in zip(term.operands, term.indices, strict=True)
    )
    return (*sorted(deltas), *entries)
