"""Algebra on the structured form: products, norms, traces and diagonals of Jacobians, without materialising one.

Everything here is an expression again. A Jacobian's terms are glued along the contracted axes; deltas stay deltas, and
the order of contraction is found when the expression is evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

from ..chain_rule.accumulation import accumulate_forward, accumulate_reverse
from ..chain_rule.chains import Chain
from ..compiler.binding import bind_sizes
from ..errors import ShapeError, UnsupportedError
from ..expressions.delta_patterns import core_shape, pattern
from ..expressions.flattening import flatten
from ..expressions.nodes import EinsumTerm, Expression, as_expression, scalar
from ..expressions.terms import glue, merge_like, of_terms
from ..functions.elementwise import ROOT_OF_SQUARES, SQRT
from ..notation.text import label
from ..shapes.sizes import Shape, Size, bind_size

#: Stands for the scalar above or below a chain that is accumulated from a vector.
_END = scalar("end")
#: A structured form is multiplied out while it has at most so many terms.
_TERMS = 16


class Bytes(NamedTuple):
    """What a Jacobian takes written out, and what its structured form takes."""

    dense: int
    stored: int


def _as_term(value: Expression) -> EinsumTerm:
    axes = tuple(range(value.ndim))
    return EinsumTerm(1.0, (value,), (axes,), axes, value.shape)


def _expect(what: str, found: Shape, shape: Shape, of: str) -> None:
    if found != shape:
        raise ShapeError(f"{what}: v has shape {found} and {of} has shape {shape}; the shapes must be equal")


def from_left(vector: Any, chain: Chain, columns: int = 0) -> Expression:
    """v · ∂y/∂x for v in the shape of y: the axes of x, reversed. It costs what backpropagation costs.

    Where v has `columns` more axes behind those of y, the result has them in front of those of x, reversed.
    """
    v = as_expression(vector)
    rank = v.ndim - columns
    _expect(f"v @ {chain.symbol}", v.shape[:rank], chain.numerator.shape, label(chain.numerator))
    axes = tuple(range(v.ndim))
    seed = EinsumTerm(1.0, (v,), (axes,), axes[rank:][::-1] + axes[:rank][::-1], v.shape)
    seed = glue([seed], [], seed.output)
    found: list[EinsumTerm] = []
    for path in chain.paths:
        terms: list[EinsumTerm] = [seed]
        for start, end in pairwise(path):
            (terms,) = accumulate_reverse(start, [end], terms, _END)
        found += terms
    return of_terms(merge_like(found), v.shape[rank:][::-1] + chain.denominator.shape[::-1])


def from_right(chain: Chain, vector: Any, columns: int = 0) -> Expression:
    """∂y/∂x · v for v in the shape of x: the axes of y. It costs what forward mode costs.

    Where v has `columns` more axes behind those of x, the result has them behind those of y.
    """
    v = as_expression(vector)
    rank = v.ndim - columns
    _expect(f"{chain.symbol} @ v", v.shape[:rank], chain.denominator.shape, label(chain.denominator))
    found: list[EinsumTerm] = []
    for path in chain.paths:
        terms: list[EinsumTerm] = [_as_term(v)]
        for start, end in reversed(list(pairwise(path))):
            terms = accumulate_forward(start, [(end, terms)], _END)
        found += terms
    return of_terms(merge_like(found), chain.numerator.shape + v.shape[rank:])


def _flat(chain: Chain) -> list[EinsumTerm]:
    return flatten(chain.reverse, _TERMS)


def _products(
    left: Sequence[EinsumTerm],
    right: Sequence[EinsumTerm],
    pairs: Sequence[tuple[int, int]],
    kept: Sequence[tuple[int, int]],
    shape: Shape,
) -> Expression:
    """Σ over terms of both, with output axes `pairs` made equal and the axes `kept` (side, place) in the result."""
    found: list[EinsumTerm] = []
    for a in left:
        for b in right:
            offset = len(a.sizes)
            equal = [(a.output[i], b.output[j] + offset) for i, j in pairs]
            output = [a.output[place] if side == 0 else b.output[place] + offset for side, place in kept]
            found.append(glue([a, b], equal, output))
    return of_terms(merge_like(found), shape)


def times_transposed(left: Chain, right: Chain) -> Expression:
    """J Kᵀ for J = ∂y/∂x and K = ∂z/∂x: the axes of y and those of z, reversed. For J = K the tangent kernel."""
    if left.denominator is not right.denominator:
        raise ShapeError(
            f"({left.symbol}) @ ({right.symbol}).T: the two are by {label(left.denominator)} and by "
            f"{label(right.denominator)}; a product over one set of axes needs one denominator"
        )
    y, z, x = left.numerator.ndim, right.numerator.ndim, left.denominator.ndim
    pairs = [(y + k, z + k) for k in range(x)]
    kept = [(0, k) for k in range(y)] + [(1, k) for k in reversed(range(z))]
    return _products(_flat(left), _flat(right), pairs, kept, left.numerator.shape + right.numerator.shape[::-1])


def transposed_times(left: Chain, right: Chain) -> Expression:
    """Jᵀ K for J = ∂y/∂x and K = ∂y/∂w: the axes of x and those of w, reversed. For J = K the Gauss–Newton matrix."""
    if left.numerator is not right.numerator:
        raise ShapeError(
            f"({left.symbol}).T @ ({right.symbol}): the two are of {label(left.numerator)} and of "
            f"{label(right.numerator)}; a product over one set of axes needs one numerator"
        )
    y, x, w = left.numerator.ndim, left.denominator.ndim, right.denominator.ndim
    kept = [(0, y + k) for k in reversed(range(x))] + [(1, y + k) for k in range(w)]
    shape = left.denominator.shape + right.denominator.shape[::-1]
    return _products(_flat(left), _flat(right), [(k, k) for k in range(y)], kept, shape)


def squared_norm(chain: Chain) -> Expression:
    """The sum of the squares of all entries."""
    terms = _flat(chain)
    return _products(terms, terms, [(k, k) for k in range(len(chain.shape))], [], ())


def norm(chain: Chain) -> Expression:
    """The Frobenius norm: the root of the sum of the squares of all entries.

    A sum of terms is squared by multiplying out, so that nothing dense is formed. Where the terms cancel, the norm has
    half of the digits that it has elsewhere.
    """
    return (SQRT if len(_flat(chain)) < 2 else ROOT_OF_SQUARES)(squared_norm(chain))


def _mirrored(chain: Chain, what: str) -> list[tuple[int, int]]:
    if chain.numerator.shape != chain.denominator.shape:
        raise ShapeError(
            f"the {what} of {chain.symbol}: {label(chain.numerator)} has shape {chain.numerator.shape} and "
            f"{label(chain.denominator)} {chain.denominator.shape}; a {what} needs the same shape twice"
        )
    rank = chain.numerator.ndim
    return [(k, 2 * rank - 1 - k) for k in range(rank)]


def trace(chain: Chain) -> Expression:
    """Σ ∂y_k/∂x_k, for y and x of one shape: the divergence."""
    pairs = _mirrored(chain, "trace")
    terms = [glue([term], [(term.output[i], term.output[j]) for i, j in pairs], []) for term in _flat(chain)]
    return of_terms(merge_like(terms), ())


def diagonal(chain: Chain) -> Expression:
    """∂y_k/∂x_k in the shape of y, for y and x of one shape."""
    pairs = _mirrored(chain, "diagonal")
    terms = [
        glue([term], [(term.output[i], term.output[j]) for i, j in pairs], term.output[: len(pairs)])
        for term in _flat(chain)
    ]
    return of_terms(merge_like(terms), chain.numerator.shape)


def block_diagonal(chain: Chain, batch: bool = False) -> Expression:
    """∂y_k/∂x_k for the samples k of the first axis of both: samples, the other axes of y, those of x reversed.

    With `batch` a derivative that is not block diagonal by structure is refused, since its samples mix.
    """
    y, x = chain.numerator, chain.denominator
    if not y.ndim or not x.ndim or y.shape[0] != x.shape[0]:
        raise ShapeError(
            f"the block diagonal of {chain.symbol}: {label(y)} has shape {y.shape} and {label(x)} {x.shape}; the "
            "samples are the first axis of both, of one size"
        )
    last = len(chain.shape) - 1
    if batch:
        mixed = [term for term in chain.reverse if term.output[0] != term.output[last]]
        if mixed:
            raise UnsupportedError(
                f"{chain.symbol}: the samples of axis 0 mix, so that it is not block diagonal: {label(y)} at a sample "
                f"depends on {label(x)} at others; take the whole Jacobian"
            )
    terms = [
        glue([term], [(term.output[0], term.output[last])], term.output[:last])
        for term in (chain.reverse if batch else _flat(chain))
    ]
    return of_terms(merge_like(terms), chain.shape[:last])


def _bytes(shape: Sequence[Size], sizes: Mapping[str, int]) -> int:
    return 8 * prod(bind_size(size, sizes) for size in shape)


def nbytes(chain: Chain, sizes: Mapping[str, int] | None) -> Bytes:
    """Bytes of the dense array, and of the structured form with shared adjoints or down to values, the less of both."""
    bound = bind_sizes(sizes)
    return Bytes(_bytes(chain.shape, bound), min(_stored(terms, bound) for terms in (chain.reverse, chain.flat)))


def _stored(terms: Sequence[EinsumTerm], sizes: Mapping[str, int]) -> int:
    """For each pattern of deltas the operands, or their product without its zeros, whichever is less."""
    groups: dict[object, list[EinsumTerm]] = {}
    for term in terms:
        groups.setdefault(pattern(term), []).append(term)
    total = 0
    for alike in groups.values():
        operands = {one.serial: one for term in alike for one in term.operands}
        apart = sum(_bytes(one.shape, sizes) for one in operands.values())
        total += min(apart, _bytes(core_shape(alike[0]), sizes))
    return total
