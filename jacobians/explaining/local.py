"""Local Jacobians by components, as the proofs of Propositions 1 and 2 derive them.

The entry of the numerator is written out, the derivative goes to the factors
that it meets (linearity or the product rule), ∂x_i/∂x_j is δ_ij, and deltas are eliminated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from ..expressions.nodes import EinsumSum, EinsumTerm, Elementwise, Expression, Primitive, unnamed
from ..functions.elementwise import partials
from ..notation.components import Delta, Entry, EntryProduct, EntrySum, Factor, NumberFactor, Partial, Power, Row, place
from ..notation.writer import ExpressionWriter
from ..shapes.broadcasting import broadcast_indices
from ..shapes.sizes import Size
from .deltas import collect_numbers
from .graph import StationGraph
from .rules import why

EntryProducts = tuple[EntryProduct, ...]
Sizes = dict[int, Size]


def written_out(graph: StationGraph, node: Expression, rank: int) -> EntryProducts:
    """A product or a sum by components: its axes are 0, 1, …, its sums begin at `rank`."""
    products = []
    for term in graph.terms(node):
        sizes: Sizes = dict(enumerate(node.shape))
        factors = place(term, range(node.ndim), sizes, count(rank))
        products.append(EntryProduct(term.coefficient, powers(factors), sizes, rank))
    return tuple(products)


def split(graph: StationGraph, node: Expression) -> EntryProducts:
    """The entries of the terms of a sum: (W x)_i + b_i."""
    axes = tuple(range(node.ndim))
    products = []
    for term in graph.terms(node):
        alone = EinsumSum.of([replace(term, coefficient=1.0)], node.shape)
        single = len(term.operands) == 1 and term.indices[0] == term.output == axes
        entry = Entry(term.operands[0], axes) if single else Entry(alone, axes, "whole")
        products.append(EntryProduct(term.coefficient, (entry,), dict(enumerate(node.shape)), node.ndim))
    return tuple(products)


def powers(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    """The same entry several times as a power: r_j²."""
    found: list[Factor] = []
    for factor in dict.fromkeys(factors):
        times = factors.count(factor)
        found.append(Power(factor, times) if isinstance(factor, Entry) and times > 1 else factor)
    return tuple(found)


def by_rows(products: EntryProducts, writer: ExpressionWriter) -> EntryProducts:
    """The products that are a row of a matrix times a vector written so: w_iᵀ x."""
    matrices = {one.factors[0].node.serial for one in products if _is_row(one, writer)}  # type: ignore[union-attr]
    if len(matrices) > 1:  # rows bear no number: only one matrix may have them
        return products
    return tuple(_as_row(product) if _is_row(product, writer) else product for product in products)


def _is_row(product: EntryProduct, writer: ExpressionWriter) -> bool:
    match product.factors:
        case (Entry(matrix, (i, j)), Entry(_, (k,))):
            return i < product.rank <= j and j == k and writer.has_rows(matrix)
        case _:
            return False


def _as_row(product: EntryProduct) -> EntryProduct:
    matrix, vector = product.factors
    assert isinstance(matrix, Entry)
    assert isinstance(vector, Entry)
    sizes = {index: size for index, size in product.sizes.items() if index != matrix.indices[1]}
    return replace(product, factors=(Row(matrix.node, matrix.indices[0], vector.node),), sizes=sizes)


def local_lines(
    graph: StationGraph, of: Expression, by: Expression, writer: ExpressionWriter
) -> Iterator[tuple[EntryProducts, str]]:
    """What ∂of/∂by at its axes is, line by line and with the reason for each, until only deltas are to be eliminated.

    The last line is the local rule's own terms by components.
    """
    rank = of.ndim + by.ndim
    at_of = tuple(range(of.ndim))
    at_by = tuple(range(of.ndim, rank))[::-1]
    sizes: Sizes = {**dict(enumerate(of.shape)), **dict(zip(at_by, by.shape, strict=True))}
    target = Entry(by, at_by)

    def derivative(top: Entry | EntrySum) -> EntryProducts:
        held = graph.held(of, by) if isinstance(top, Entry) else ()
        return (EntryProduct(1.0, (Partial(top, target, held),), sizes, rank),)

    body = unnamed(of)
    yield derivative(Entry(of, at_of)), ""
    if isinstance(body, EinsumSum):
        products = tuple(replace(one, rank=rank) for one in written_out(graph, of, rank))
        yield derivative(EntrySum(by_rows(products, writer))), "definition"
        depending = tuple(one for one in products if _occurrences(one, by))
        yield derivative(EntrySum(depending)), "constant" if len(depending) < len(products) else "sum"
        yield from _product_rule(depending, target, sizes)
    elif isinstance(body, Elementwise):
        yield derivative(Entry(body, at_of, "whole")), "definition"
        if of.ndim:  # a scalar has no entries to go to
            yield derivative(Entry(body, at_of, "inside")), "entry by entry"
        yield from _outer_times_inner(body, target, sizes, rank)
    else:
        if isinstance(body, Primitive):
            yield from why(body, target, sizes, rank)
        called = body.rule.name.replace("_", " ") if isinstance(body, Primitive) else ""
        rule = f"the rule of {called}" if called else "entries are carried over"
        yield placed(graph.local(of, by), sizes, rank), rule


def placed(terms: Sequence[EinsumTerm], sizes: Sizes, rank: int) -> EntryProducts:
    """Terms by components: their output is 0, 1, …."""
    products = []
    for term in terms:
        own = dict(sizes)
        factors = place(term, range(rank), own, count(rank))
        products.append(EntryProduct(term.coefficient, factors, own, rank))
    return tuple(products)


def _is(node: Expression, other: Expression) -> bool:
    return unnamed(node) is unnamed(other)


def _occurrences(product: EntryProduct, by: Expression) -> list[int]:
    """The places of the factors that are entries of `by`, or powers of one."""
    return [
        k
        for k, one in enumerate(product.factors)
        if (isinstance(one, Entry) and _is(one.node, by)) or (isinstance(one, Power) and _is(one.entry.node, by))
    ]


def _product_rule(products: EntryProducts, target: Entry, sizes: Sizes) -> Iterator[tuple[EntryProducts, str]]:
    def lines(change: Callable[[Entry | Power], tuple[Factor, ...]]) -> EntryProducts:
        return tuple(
            replace(
                one,
                factors=(*one.factors[:k], *change(one.factors[k]), *one.factors[k + 1 :]),  # type: ignore[arg-type]
                sizes={**one.sizes, **sizes},
            )
            for one in products
            for k in _occurrences(one, target.node)
        )

    def power_rule(factor: Entry | Power) -> tuple[Factor, ...]:
        if isinstance(factor, Entry):
            return (Partial(factor, target),)
        entry, exponent = factor
        lower = entry if exponent == 2 else Power(entry, exponent - 1)
        return (NumberFactor(float(exponent)), lower, Partial(entry, target))

    single = all(len(_occurrences(one, target.node)) < 2 for one in products)
    yield lines(lambda factor: (Partial(factor, target),)), "linearity" if single else "product rule"
    if any(isinstance(one.factors[k], Power) for one in products for k in _occurrences(one, target.node)):
        yield lines(power_rule), "power rule"
    yield tuple(collect_numbers(_with_deltas(one)) for one in lines(power_rule)), "delta"


def _outer_times_inner(
    body: Elementwise, target: Entry, sizes: Sizes, rank: int
) -> Iterator[tuple[EntryProducts, str]]:
    """σ′(z_i) ∂z_i/∂z_j, for every argument that is what the derivative is with respect to."""
    products = []
    for argument, partial in zip(body.args, partials(body), strict=True):
        if not _is(argument, target.node):
            continue
        own: Sizes = dict(sizes)

        def stretched(own: Sizes = own) -> int:
            fresh = max(own, default=-1) + 1
            own[max(fresh, rank)] = 1
            return max(fresh, rank)

        outer = Entry(partial, broadcast_indices(partial.shape, body.shape, stretched))
        inner = Entry(argument, broadcast_indices(argument.shape, body.shape, stretched))
        products.append(EntryProduct(1.0, (outer, Partial(inner, target)), own, rank))
    yield tuple(products), "chain rule"
    yield tuple(_with_deltas(one) for one in products), "delta"


def _with_deltas(product: EntryProduct) -> EntryProduct:
    """Every ∂x_i/∂x_j as deltas, one for each axis."""
    factors: list[Factor] = []
    for factor in product.factors:
        if isinstance(factor, Partial) and isinstance(factor.of, Entry) and _is(factor.of.node, factor.by.node):
            pairs = zip(factor.of.indices, factor.by.indices, strict=True)
            scalar = factor.by.indices == (
                0,
            )  # of a scalar with respect to a vector the notes write δ_ij for ∂r_j/∂r_i
            factors += [Delta(own, by) if not scalar else Delta(by, own) for own, by in pairs]
        else:
            factors.append(factor)
    return replace(product, factors=tuple(factors))
