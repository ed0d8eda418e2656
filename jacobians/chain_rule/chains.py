"""Chains: a derivative as products of derivatives along paths, and its networks in each order.

A `Chain` is the sum over paths of ∂y/∂z₁ · ∂z₁/∂z₂ · … · ∂z_k/∂x. Accumulated from the left it is the reverse order,
from the right the forward order; multiplied out it is flat; with every factor written out it is dense.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import Any

from ..expressions.flattening import extent, flatten
from ..expressions.nodes import Adjoint, EinsumSum, EinsumTerm, Expression, Named, unnamed
from ..expressions.pickling import Rebuilt
from ..expressions.terms import glue, merge_like
from ..notation.alphabet import TEXT, Alphabet
from ..notation.text import label
from ..shapes.sizes import Shape
from .accumulation import accumulate_forward, accumulate_reverse, between
from .contraction_orders import SEARCH_LIMIT, Order
from .elimination import accumulate_by_elimination
from .local_rules import identity
from .views import variable_behind

#: "optimal" tries minimal fill on graphs of at most so many nodes.
FILL_LIMIT = 128
#: A derivative is shown flat, all operands down to values, while it has at most so many terms.
FLAT_TERMS = 16


class Chain(Rebuilt):
    """∂`numerator`/∂`denominator` as a sum over `paths`, each the waypoints y, …, x of a product of derivatives.

    A path of two points is the whole derivative, over all paths of the graph. `reverse` may be given where it was
    accumulated together with other derivatives.
    """

    def __init__(self, paths: Sequence[tuple[Expression, ...]], reverse: Sequence[EinsumTerm] | None = None) -> None:
        self.paths = tuple(paths)
        self.numerator: Expression = self.paths[0][0]
        self.denominator: Expression = self.paths[0][-1]
        self.shape: Shape = self.numerator.shape + self.denominator.shape[::-1]
        self._given_reverse = None if reverse is None else tuple(reverse)

    def made_of(self) -> tuple[Any, ...]:
        return self.paths, None if self._given_reverse is None else [term.parts for term in self._given_reverse]

    @classmethod
    def rebuild(cls, paths: Sequence[tuple[Expression, ...]], reverse: Sequence[tuple[Any, ...]] | None) -> Chain:
        return cls(paths, None if reverse is None else [EinsumTerm(*parts) for parts in reverse])

    @cached_property
    def symbol(self) -> str:
        """`∂s/∂z`. A product that leaves paths out, and a sum, are written as such."""
        return self.spelled(TEXT)

    def spelled(self, alphabet: Alphabet) -> str:
        """The symbol in an alphabet."""
        return alphabet.plus.join(self._path_symbol(path, alphabet) for path in self.paths)

    @staticmethod
    def _path_symbol(path: tuple[Expression, ...], alphabet: Alphabet) -> str:
        points = [path[0]]
        for middle, following in pairwise(path[1:]):
            if not all_paths_pass(points[-1], following, middle):
                points.append(middle)
        points.append(path[-1])
        return alphabet.chained(
            [alphabet.derivative(label(a, alphabet), label(b, alphabet)) for a, b in pairwise(points)]
        )

    @cached_property
    def reverse(self) -> tuple[EinsumTerm, ...]:
        """The terms over shared adjoints, accumulated from the numerator down."""
        if self._given_reverse is not None:
            return self._given_reverse
        return tuple(merge_like(term for path in self.paths for term in _reverse_along(path)))

    @cached_property
    def forward(self) -> tuple[EinsumTerm, ...]:
        """The terms over shared tangents, accumulated from the denominator up."""
        return tuple(merge_like(term for path in self.paths for term in _forward_along(path)))

    @cached_property
    def flat(self) -> tuple[EinsumTerm, ...]:
        """The terms with all operands down to values, while they are few."""
        return tuple(flatten(self.reverse, FLAT_TERMS))

    @cached_property
    def factors(self) -> list[Chain]:
        """From one named expression to the next that every path crosses; see `Jacobian.factors`."""
        if len(self.paths) > 1 or not self.reverse:
            return [self]
        points = [self.numerator]
        for start, end in pairwise(self.paths[0]):
            points += [*_waypoints(start, end), end]
        if len(points) == 2:
            return [self]
        return [Chain([pair]) for pair in pairwise(points)]

    def then(self, other: Chain) -> Chain:
        """The product with a chain that starts where this one ends."""
        return Chain([(*left, *right[1:]) for left in self.paths for right in other.paths])

    def plus(self, other: Chain) -> Chain:
        """The sum with a chain between the same ends."""
        return Chain([*self.paths, *other.paths])

    def eliminated(
        self, sizes: Mapping[str, int], names: Sequence[str] = (), most: float = inf
    ) -> tuple[EinsumTerm, ...]:
        """The terms that are left when nodes are eliminated by minimal fill, or in an order of `names`.

        Raises `Swelling` where an edge comes to more than `most` terms on the way.
        """
        if any(variable_behind(point) is not None for path in self.paths for point in path):
            return self.reverse
        terms = (term for path in self.paths for term in accumulate_by_elimination(path, sizes, names, most))
        return tuple(merge_like(terms))

    def root(self, order: Order, sizes: Mapping[str, int], most: float = inf) -> Expression:
        """The expression whose nested contractions are this order; an order of elimination looks at `sizes`.

        Minimal fill raises `Swelling` where an edge has more than `most` terms."""
        if isinstance(order, tuple):
            return EinsumSum.of(self.eliminated(sizes, order), self.shape)
        match order:
            case "minimal-fill":
                return EinsumSum.of(self.eliminated(sizes, most=most), self.shape)
            case "forward":
                return EinsumSum.of(self.forward, self.shape)
            case "flat":
                return EinsumSum.of(self.flat, self.shape)
            case "dense":
                return _dense(self)
            case _:
                return EinsumSum.of(self.reverse, self.shape)

    def needed(self, order: Order) -> Expression:
        """An expression that needs the values that this order needs, whatever the sizes are."""
        return self.root(order if order in ("forward", "dense") else "reverse", {})

    @property
    def worth_eliminating(self) -> bool:
        """Whether minimal fill may beat both ends and the search: on graphs of a few nodes, unless one product."""
        nodes = sum(len(between(start, [end])) for path in self.paths for start, end in pairwise(path))
        return nodes <= FILL_LIMIT and not self.is_one_product

    @cached_property
    def is_one_product(self) -> bool:
        """Whether this is one term that is searched for the best order: no bracketing of the product is cheaper."""
        return len(self.flat) < 2 and (self.searchable or all(len(term.operands) < 2 for term in self.flat))

    @property
    def searchable(self) -> bool:
        """Whether every term is flat and small enough to search for the best order."""
        if extent(self.reverse, FLAT_TERMS).longest > SEARCH_LIMIT:
            return False
        return all(
            2 <= len(term.operands) <= SEARCH_LIMIT and not any(isinstance(one, Adjoint) for one in term.operands)
            for term in self.flat
        )


def _reverse_along(path: Sequence[Expression]) -> list[EinsumTerm]:
    terms: list[EinsumTerm] | None = None
    for start, end in pairwise(path):
        (terms,) = accumulate_reverse(start, [end], terms, path[0])
    return terms or []


def _forward_along(path: Sequence[Expression]) -> list[EinsumTerm]:
    terms: list[EinsumTerm] = [identity(path[-1].shape)]
    for start, end in reversed(list(pairwise(path))):
        terms = accumulate_forward(start, [(end, terms)], path[-1])
    return terms


def _path_counts(y: Expression, x: Expression) -> tuple[list[Expression], dict[int, int], dict[int, int]]:
    """The nodes between, children first, and for each the number of paths down to x and up to y."""
    nodes = between(y, [x])
    on_path = {node.serial for node in nodes}
    down: dict[int, int] = {unnamed(x).serial: 1}
    for node in nodes:
        if node.serial not in down:
            down[node.serial] = sum(down[child.serial] for child in node.children if child.serial in on_path)
    up: dict[int, int] = {node.serial: 0 for node in nodes}
    if nodes:
        up[y.serial] = 1
    for node in reversed(nodes):
        if node is unnamed(x):
            continue
        for child in node.children:
            if child.serial in on_path:
                up[child.serial] += up[node.serial]
    return nodes, down, up


def all_paths_pass(y: Expression, x: Expression, middle: Expression) -> bool:
    """Whether every path from y to x goes through `middle`."""
    _, down, up = _path_counts(y, x)
    total = down.get(y.serial, 0)
    serial = unnamed(middle).serial
    return down.get(serial, 0) * up.get(serial, 0) == total


def _waypoints(y: Expression, x: Expression) -> list[Expression]:
    """The expressions strictly between that every path crosses: the named ones, or all where nothing is named."""
    nodes, down, up = _path_counts(y, x)
    total = down.get(y.serial, 0)
    ends = {unnamed(y).serial, unnamed(x).serial}
    cuts = [
        node
        for node in reversed(nodes)
        if unnamed(node).serial not in ends and down[node.serial] * up[node.serial] == total
    ]
    named: list[Expression] = [node for node in cuts if isinstance(node, Named)]
    return named if named or y.name is not None else cuts


def _dense(chain: Chain) -> Expression:
    """The product of the factors, each written out with its zeros, left to right."""
    factors = chain.factors
    if len(factors) == 1 and len(chain.paths) > 1:
        parts = [_dense(Chain([path])) for path in chain.paths]
        terms = [_as_operand(part) for part in parts]
        return EinsumSum.of(merge_like(terms), chain.shape)
    result: Expression | None = None
    for factor in factors:
        written = Adjoint.between(factor.numerator, factor.denominator, factor.flat) if factor.flat else None
        if written is None:
            return EinsumSum.of((), chain.shape)
        if result is None:
            result = written
            continue
        rank = factor.numerator.ndim
        left, right = _as_operand(result), _as_operand(written)
        offset = len(left.sizes)
        kept = left.output[: len(left.output) - rank]
        pairs = list(zip(left.output[len(kept) :][::-1], (i + offset for i in right.output[:rank]), strict=True))
        product = glue([left, right], pairs, [*kept, *(i + offset for i in right.output[rank:])])
        result = Adjoint.between(chain.numerator, factor.denominator, [product])
    assert result is not None
    return result


def _as_operand(node: Expression) -> EinsumTerm:
    axes = tuple(range(node.ndim))
    return EinsumTerm(1.0, (node,), (axes,), axes, node.shape)
