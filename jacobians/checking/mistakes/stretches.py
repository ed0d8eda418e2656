"""Mistakes in a stretch of the chain: several factors, from one intermediate result to another of its shape.

What is written out by hand has no factor of its own: the σ of 1 / (1 + exp(−z)) is three, a softmax is five. The
product of the factors between two results of one shape is their Jacobian; where it is diagonal, it is a σ′.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np

from ...differentiation.jacobian_tensor import Jacobian
from ...expressions.nodes import Array, Expression

#: Chains of more factors are not taken apart into stretches.
MOST_FACTORS = 12

Variant = tuple[Array, Callable[[], str]]


class EvaluatedChain(Protocol):
    """The part of `chain.Chain` that is needed here: a Jacobian, and values at its point."""

    @property
    def jacobian(self) -> Jacobian: ...

    @property
    def factors(self) -> list[Array]: ...

    @property
    def written_out(self) -> bool: ...

    def text(self, node: Expression) -> str: ...

    def evaluated(self, items: Sequence[Jacobian | Expression]) -> list[Array]: ...


def product(factors: list[tuple[Array, int]]) -> Array:
    """∂y/∂z · ∂z/∂x · … as arrays, each with the rank of its numerator: the left carries the middle reversed."""
    (result, _), *rest = factors
    for factor, rank in rest:
        middle = list(range(result.ndim - rank, result.ndim))[::-1]
        result = np.tensordot(result, factor, (middle, list(range(rank))))
    return result


def stretch_diagonal(chain: EvaluatedChain) -> Iterator[Variant]:
    """Of a stretch that is not element-wise only the diagonal: a softmax taken for one."""
    for start, stop, square in _stretches(chain):
        diagonal = np.diag(np.diagonal(square))
        if not np.array_equal(diagonal, square):
            text = "the claim has only the diagonal of ∂{}/∂{}, which is not element-wise"
            yield _with(chain, start, stop, diagonal), _told(chain, text, start, stop)


def stretch_dropped(chain: EvaluatedChain) -> Iterator[Variant]:
    """A stretch that is element-wise left out."""
    for start, stop, square in _stretches(chain):
        if _is_diagonal(square) and stop - start > 1:
            text = "the claim is the right derivative without ∂{}/∂{}, which is element-wise"
            yield _with(chain, start, stop, np.eye(len(square))), _told(chain, text, start, stop)


def stretch_value(chain: EvaluatedChain) -> Iterator[Variant]:
    """The value of an element-wise stretch where its derivative belongs."""
    for start, stop, square in _stretches(chain):
        if _is_diagonal(square) and stop - start > 1:
            value = chain.evaluated([chain.jacobian.factors[start].numerator])[0]
            text = "the claim has {0} where its derivative with respect to {1} belongs"
            yield _with(chain, start, stop, np.diag(value.ravel())), _told(chain, text, start, stop)


def _is_diagonal(square: Array) -> bool:
    diagonal = np.diagonal(square)
    return np.array_equal(np.diag(diagonal), square) and bool(np.any(diagonal != diagonal[0]))


def _stretches(chain: EvaluatedChain) -> Iterator[tuple[int, int, Array]]:
    """First factor, the factor after the last, and the Jacobian as a square matrix, rows stacked."""
    factors = chain.jacobian.factors
    if not chain.written_out or not 1 < len(factors) <= MOST_FACTORS:
        return
    for start in range(len(factors)):
        for stop in range(start + 1, len(factors) + 1):
            rank = factors[start].numerator.ndim
            if rank and factors[start].numerator.shape == factors[stop - 1].denominator.shape:
                array = product(_ranked(chain, start, stop))
                axes = [*range(rank), *range(2 * rank - 1, rank - 1, -1)]
                size = int(np.prod(array.shape[:rank], dtype=int))
                yield start, stop, array.transpose(axes).reshape(size, size)


def _ranked(chain: EvaluatedChain, start: int, stop: int) -> list[tuple[Array, int]]:
    factors = chain.jacobian.factors[start:stop]
    return [(array, one.numerator.ndim) for array, one in zip(chain.factors[start:stop], factors, strict=True)]


def _with(chain: EvaluatedChain, start: int, stop: int, square: Array) -> Array:
    """The product of the chain with another matrix for a stretch of it."""
    rank = chain.jacobian.factors[start].numerator.ndim
    shape = chain.factors[start].shape[:rank]
    axes = [*range(rank), *range(2 * rank - 1, rank - 1, -1)]
    stretch = square.reshape((*shape, *shape)).transpose(axes)
    rest = len(chain.factors)
    return product([*_ranked(chain, 0, start), (stretch, rank), *_ranked(chain, stop, rest)])


def _told(chain: EvaluatedChain, text: str, start: int, stop: int) -> Callable[[], str]:
    factors = chain.jacobian.factors
    return lambda: text.format(chain.text(factors[start].numerator), chain.text(factors[stop - 1].denominator))
