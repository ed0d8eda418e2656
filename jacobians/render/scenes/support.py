"""Where a Jacobian can be other than zero, by its structure alone: which entries its deltas and index maps leave.

`count` is exact for sizes and for symbols, `support` is the entries themselves. An entry that is zero by structure is
zero whatever the values are; one that happens to be zero is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from ...compiler.planning import program_of
from ...expressions.delta_patterns import viewed_axes, writing_maps
from ...expressions.index_maps import IndexMap
from ...expressions.nodes import EinsumSum, EinsumTerm, Expression, tensor
from ...shapes.sizes import Shape, Size, add_sizes, bind_size, multiply_sizes
from ...shapes.union_find import UnionFind

#: Sums of more patterns than this are not counted out.
MOST_PATTERNS = 8


def count(terms: Sequence[EinsumTerm], shape: Shape) -> Size | None:
    """How many entries can be other than zero; None where index maps of several terms leave that open."""
    if not terms:
        return 0
    if any(writing_maps(term) for term in terms):
        if len(terms) > 1:
            return None
        (term,) = terms
        axes = dict.fromkeys(viewed_axes(term, writing_maps(term)))
        return multiply_sizes(term.sizes[axis] for axis in axes)
    patterns = list(dict.fromkeys(_classes(term.output) for term in terms))
    patterns = [one for one in patterns if not any(other != one and _finer(other, one) for other in patterns)]
    if len(patterns) > MOST_PATTERNS:
        return None
    parts: list[Size] = []
    for size in range(1, len(patterns) + 1):  # inclusion and exclusion
        for group in combinations(patterns, size):
            entries = multiply_sizes(shape[axis] for axis in _representatives(group, len(shape)))
            parts.append(entries if size % 2 else multiply_sizes([-1, entries]))
    return add_sizes(*parts)


def repeated(terms: Sequence[EinsumTerm], shape: Shape) -> Size | None:
    """For one pattern of deltas: the size of the axes that they take away, so that 1 entry in so many is left."""
    patterns = {_classes(term.output) for term in terms}
    if len(patterns) != 1 or any(writing_maps(term) for term in terms):
        return None
    (pattern,) = patterns
    return multiply_sizes(shape[axis] for axis, first in enumerate(pattern) if axis != first)


def _classes(output: Sequence[int]) -> tuple[int, ...]:
    """For every axis the first axis that it equals."""
    return tuple(output.index(index) for index in output)


def _finer(loose: tuple[int, ...], strict: tuple[int, ...]) -> bool:
    """Whether every equality of `loose` is one of `strict`: then it has all of its entries."""
    return all(strict[axis] == strict[first] for axis, first in enumerate(loose))


def _representatives(patterns: Iterable[tuple[int, ...]], rank: int) -> list[int]:
    """One axis of each class when the equalities of all patterns hold."""
    equal = UnionFind[int]()
    for pattern in patterns:
        for axis, first in enumerate(pattern):
            equal.join(axis, first)
    return [axis for axis in range(rank) if equal.find(axis) == axis]


def support(terms: Sequence[EinsumTerm], shape: Shape, sizes: Mapping[str, int]) -> np.ndarray[Any, Any]:
    """A Boolean array: the entries that can be other than zero. Every operand but the index maps counts as ones."""
    values: dict[str, np.ndarray[Any, Any]] = {}
    if not terms:
        return np.zeros([bind_size(size, sizes) for size in shape], dtype=bool)

    def filled(operand: Expression) -> Expression:
        if isinstance(operand, IndexMap):
            return operand
        one = tensor(f"ones_{len(values)}", *operand.shape)
        values[one.name] = np.ones([bind_size(size, sizes) for size in operand.shape])
        return one

    counted = [replace(term, coefficient=1.0, operands=tuple(map(filled, term.operands))) for term in terms]
    (result,) = program_of([EinsumSum.of(counted, shape)], sizes).run(values)
    found: np.ndarray[Any, Any] = np.asarray(result) != 0
    return found
