"""The local rules, and the chain rule over a graph.

A local Jacobian ∂node/∂child is a list of terms whose output is the node's axes and then the child's, reversed
(items 1 to 4). The three rules of the notes:

- a product is *the same einsum with the child taken out and its indices appended, reversed, to the output*: that is
  `I_h ⊗ x` for W x (Proposition 1), and the identity for a sum;
- an element-wise function has `diag(σ′(z))`: operand σ′(z), output (i, i);
- an index map (append one, a slice) has a selector, which is never multiplied.

Primitives such as softmax give a sum of networks of their own.
"""

from __future__ import annotations

from functools import singledispatch

from ..expressions.index_maps import Concatenate, IndexMap, Merge, Merger, Selector, Split, Take
from ..expressions.linear_maps import Accumulate, RunningSum, WindowMap, Windows
from ..expressions.nodes import EinsumSum, EinsumTerm, Elementwise, Expansion, Expression, Named, Primitive
from ..expressions.picks import Pick
from ..expressions.terms import glue, tidy
from ..functions.elementwise import partials
from ..shapes.broadcasting import broadcast_indices
from ..shapes.sizes import Shape, Size

#: ∂node/∂child for the children of one node: a child may appear several times.
Edges = list[tuple[Expression, EinsumTerm]]


@singledispatch
def local_jacobians(node: Expression) -> Edges:
    """∂node/∂child for every child; leaves have none."""
    return []


@local_jacobians.register
def _product_or_sum(node: EinsumSum) -> Edges:
    return [
        (
            operand,
            tidy(
                term.coefficient,
                term.operands[:k] + term.operands[k + 1 :],
                term.indices[:k] + term.indices[k + 1 :],
                term.output + term.indices[k][::-1],
                dict(enumerate(term.sizes)),
            ),
        )
        for term in node.terms
        for k, operand in enumerate(term.operands)
    ]


@local_jacobians.register
def _elementwise(node: Elementwise) -> Edges:
    axes = tuple(range(node.ndim))
    edges: Edges = []
    for arg, partial in zip(node.args, partials(node), strict=True):
        sizes: dict[int, Size] = dict(enumerate(node.shape))

        def stretched(sizes: dict[int, Size] = sizes) -> int:
            sizes[len(sizes)] = 1
            return len(sizes) - 1

        at = broadcast_indices(partial.shape, node.shape, stretched)
        own = broadcast_indices(arg.shape, node.shape, stretched)
        edges.append((arg, tidy(1.0, [partial], [at], axes + own[::-1], sizes)))
    return edges


@local_jacobians.register
def _named(node: Named) -> Edges:
    return [(node.body, identity(node.shape))]


@local_jacobians.register(Expansion)
@local_jacobians.register
def _primitive(node: Primitive) -> Edges:
    return [(arg, term) for arg, terms in zip(node.args, node.rule.local(node), strict=True) for term in terms]


@local_jacobians.register
def _concatenate(node: Concatenate) -> Edges:
    edges: Edges = []
    for part, start in zip(node.parts, node.starts(), strict=True):
        selector = Selector.of(node.shape[node.axis], Pick(start, part.shape[node.axis]))
        edges.append((part, _embedding(selector, part.shape, node.axis, of_long=True)))
    return edges


@local_jacobians.register
def _take(node: Take) -> Edges:
    selector = Selector.of(node.body.shape[node.axis], node.pick)
    return [(node.body, _embedding(selector, node.shape, node.axis, of_long=False))]


@local_jacobians.register
def _merge(node: Merge) -> Edges:
    merger = Merger.of(node.body.shape[node.axis : node.axis + node.count])
    return [(node.body, _embedding(merger, node.body.shape, node.axis, of_long=True))]


@local_jacobians.register
def _split(node: Split) -> Edges:
    return [(node.body, _embedding(Merger.of(node.sizes), node.shape, node.axis, of_long=False))]


@local_jacobians.register
def _windows(node: Windows) -> Edges:
    count, width = node.shape[node.axis : node.axis + 2]
    return [(node.body, _embedding(WindowMap.of(count, width), node.shape, node.axis, of_long=False))]


@local_jacobians.register
def _accumulate(node: Accumulate) -> Edges:
    """L along the axis, deltas along the others."""
    axes, own = tuple(range(node.ndim)), node.ndim
    below = (*axes[: node.axis], own, *axes[node.axis + 1 :])
    pair = (own, node.axis) if node.backward else (node.axis, own)
    sizes = {**dict(enumerate(node.shape)), own: node.shape[node.axis]}
    return [(node.body, tidy(1.0, [RunningSum.of(node.shape[node.axis])], [pair], axes + below[::-1], sizes))]


def _embedding(index_map: IndexMap, short_shape: Shape, axis: int, of_long: bool) -> EinsumTerm:
    """The local Jacobian of an index map at `axis`: E there, deltas on the other axes.

    `short_shape` is the shape with the short axes; `of_long` tells whether the numerator has the long one.
    """
    short = tuple(range(len(short_shape)))
    count = index_map.ndim - 1
    big = len(short)
    long = (*short[:axis], big, *short[axis + count :])
    output = long + short[::-1] if of_long else short + long[::-1]
    sizes = {**dict(enumerate(short_shape)), big: index_map.shape[0]}
    return tidy(1.0, [index_map], [(big, *short[axis : axis + count])], output, sizes)


def identity(shape: Shape) -> EinsumTerm:
    """∂x/∂x: no operand, and an output that repeats every index."""
    axes = tuple(range(len(shape)))
    return EinsumTerm(1.0, (), (), axes + axes[::-1], shape)


def chain(left: EinsumTerm, right: EinsumTerm, middle: int) -> EinsumTerm:
    """∂y/∂z · ∂z/∂x for a middle z of `middle` axes: the left factor has them reversed, so they meet mirrored."""
    offset = len(left.sizes)
    inner = left.output[len(left.output) - middle :][::-1]
    pairs = [(a, b + offset) for a, b in zip(inner, right.output[:middle], strict=True)]
    kept = left.output[: len(left.output) - middle]
    return glue([left, right], pairs, [*kept, *(index + offset for index in right.output[middle:])])
