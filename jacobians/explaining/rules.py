"""Why the rules of softmax, logsumexp and the cross-entropy hold: of a vector, from exponentials and logarithms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..expressions.nodes import Elementwise, Expression, Primitive, unnamed
from ..functions.activations import CROSS_ENTROPY, LOGSUMEXP, SOFTMAX
from ..functions.elementwise import DIVIDE, EXP, LOG, RECIPROCAL
from ..functions.operators import multiply, negative, subtract, sum_axes
from ..notation.components import Delta, Entry, EntryProduct, Factor, Partial
from ..shapes.sizes import Size

Lines = Iterator[tuple[tuple[EntryProduct, ...], str]]


def why(node: Primitive, target: Entry, sizes: dict[int, Size], rank: int) -> Lines:
    """Lines between ∂node_i/∂z_j, with z the `target`, and the rule; none where the rule is only quoted."""
    first, *others = node.args
    by = unnamed(target.node)
    if first.ndim != 1 or unnamed(first) is not by or any(unnamed(other) is by for other in others):
        return
    first = target.node  # under its name: an unnamed sum would be multiplied out
    all_sizes = {**sizes, rank: first.shape[0]}  # with an index that is summed
    start = EntryProduct(1.0, (), sizes, rank)
    if node.rule is SOFTMAX:
        yield from _softmax(first, target, start)
    elif node.rule is LOGSUMEXP:
        yield from _logsumexp(first, target, start, replace(start, sizes=all_sizes))
    elif node.rule is CROSS_ENTROPY:
        yield from _cross_entropy(first, others[0], target, start, replace(start, sizes=all_sizes))


def _of(product: EntryProduct, *factors: Factor, times: float = 1.0) -> EntryProduct:
    return replace(product, coefficient=times, factors=factors)


def _softmax(z: Expression, target: Entry, start: EntryProduct) -> Lines:
    exponentials = EXP(z)
    share = Elementwise.of(DIVIDE, (exponentials, sum_axes(exponentials, [0])))  # written out
    (j,) = target.indices
    top, at_j = Entry(share, (0,)), Entry(share, (j,))
    yield (_of(start, Partial(top, target)),), "definition"
    yield (_of(start, Delta(0, j), top), _of(start, top, at_j, times=-1.0)), "quotient rule"


def _logsumexp(z: Expression, target: Entry, start: EntryProduct, summed: EntryProduct) -> Lines:
    exponentials = EXP(z)
    total = sum_axes(exponentials, [0])
    (j,), k = target.indices, start.rank
    outer = Entry(RECIPROCAL(total), ())
    yield (_of(start, Partial(Entry(Elementwise.of(LOG, (total,)), ()), target)),), "definition"
    yield (_of(summed, outer, Partial(Entry(exponentials, (k,)), target)),), "chain rule"
    yield (_of(summed, outer, Entry(exponentials, (k,)), Delta(k, j)),), "exponential"
    yield (_of(start, outer, Entry(exponentials, (j,))),), "delta gone"


def _cross_entropy(z: Expression, t: Expression, target: Entry, start: EntryProduct, summed: EntryProduct) -> Lines:
    normaliser = Primitive.of(LOGSUMEXP, z)
    value = negative(sum_axes(multiply(t, subtract(z, normaliser)), [0]))
    (j,), k = target.indices, start.rank
    weight, at_j = Entry(t, (k,)), Entry(Primitive.of(SOFTMAX, z), (j,))
    yield (_of(start, Partial(Entry(value, ()), target)),), "definition"
    inner = Partial(Entry(z, (k,)), target), Partial(Entry(normaliser, ()), target)
    yield (_of(summed, weight, inner[0], times=-1.0), _of(summed, weight, inner[1])), "linearity"
    yield (_of(summed, weight, Delta(k, j), times=-1.0), _of(summed, weight, at_j)), "logsumexp"
    yield (_of(start, Entry(t, (j,)), times=-1.0), _of(summed, weight, at_j)), "delta gone"
