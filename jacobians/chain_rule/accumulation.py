"""Accumulation: the chain rule carried through a graph, from the numerator down or from the denominator up.

Both passes visit every node between y and x once. The reverse pass keeps for each node its adjoint ∂y/∂node, the
forward pass its tangent ∂node/∂x; either is a sum of terms. Before an adjoint is multiplied with a local Jacobian it is
shared (`share_by_delta_pattern`): what is dense in it becomes one node of the graph however many read it, while its
deltas and index maps stay outside, as long as they save zeros. The number of terms is therefore bounded at every
node, and a pass takes time proportional to the number of operations between y and x.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..expressions.delta_patterns import share_by_delta_pattern
from ..expressions.index_maps import Concatenate, Merge, Split, Take
from ..expressions.linear_maps import Accumulate, Windows
from ..expressions.nodes import EinsumTerm, Expression, Named, unnamed
from ..expressions.terms import merge_like
from ..expressions.walks import walk
from .local_rules import chain, identity, local_jacobians
from .views import embedded, restricted, variable_behind

Terms = list[EinsumTerm]


def between(y: Expression, targets: Iterable[Expression], held: Iterable[Expression] = ()) -> list[Expression]:
    """The nodes on paths from y down to a target, targets first; a path ends where it meets what is `held`."""
    goals = {unnamed(target).serial for target in targets}
    ends = {unnamed(node).serial for node in held} - {unnamed(y).serial}
    on_path: set[int] = set()
    nodes: list[Expression] = []
    for node in walk([y], lambda node: node.children[::-1]):  # the pass from y down then goes from left to right
        if node.serial in goals or (
            node.serial not in ends and any(child.serial in on_path for child in node.children)
        ):
            on_path.add(node.serial)
            nodes.append(node)
    return nodes


def accumulate_reverse(
    y: Expression,
    targets: Sequence[Expression],
    seed: Sequence[EinsumTerm] | None = None,
    top: Expression | None = None,
    held: Sequence[Expression] = (),
    by_entries: bool = True,
) -> list[Terms]:
    """∂y/∂target for every target, by one pass from y down; intermediates are shared between the targets.

    What is `held` does not move: paths that cross it do not count. `seed` is ∂top/∂y (the identity if not given), so
    that a pass can go on where another ended. A target is the quantity itself, whether a path reaches it under its name
    or not. A view of a variable stands for those entries, unless it is held itself; without `by_entries` it is an
    intermediate result like any other, and only paths through it count.
    """
    top = y if top is None else top
    fixed = {unnamed(node).serial for node in held}
    ends = [
        target if not by_entries or unnamed(target).serial in fixed or (x := variable_behind(target)) is None else x
        for target in targets
    ]
    nodes = between(y, ends, held)
    adjoints = _Adjoints(top, nodes, ends)
    adjoints.add(y, [identity(y.shape)] if seed is None else seed)
    for node in reversed(nodes):
        for child, terms in adjoints.pulled_back(node):
            adjoints.add(child, terms)
    found = [adjoints.found(end) for end in ends]
    return [
        terms if end is target or not terms else restricted(terms, _edges(target, end), _rank(terms, end), target.ndim)
        for target, end, terms in zip(targets, ends, found, strict=True)
    ]


def _edges(view: Expression, variable: Expression) -> Terms:
    """∂view/∂variable."""
    (edges,) = accumulate_reverse(view, [variable])
    return edges


def _rank(terms: Terms, denominator: Expression) -> int:
    """The number of axes of the numerator."""
    return len(terms[0].output) - denominator.ndim


class _Adjoints:
    """∂`numerator`/∂node for the nodes of a reverse pass, while they are collected."""

    def __init__(self, numerator: Expression, nodes: Sequence[Expression], targets: Sequence[Expression]) -> None:
        self._numerator = numerator
        self._on_path = {node.serial for node in nodes}
        self._names = _names(nodes)
        self._waiting: dict[int, Terms] = {}
        self._found: dict[int, Terms] = {unnamed(target).serial: [] for target in targets}

    def add(self, node: Expression, terms: Iterable[EinsumTerm]) -> None:
        """What one reader of a node adds to its adjoint."""
        self._waiting.setdefault(node.serial, []).extend(terms)

    def found(self, target: Expression) -> Terms:
        return self._found[unnamed(target).serial]

    def pulled_back(self, node: Expression) -> Iterator[tuple[Expression, Terms]]:
        """The adjoint of a node, all of whose readers were visited, times ∂node/∂child for each child."""
        adjoint = self._whole(node)
        if isinstance(node, Named):
            yield node.body, adjoint
        elif adjoint and any(child.serial in self._on_path for child in node.children):
            adjoint = self._shared(node, adjoint)
            for child, edge in local_jacobians(node):
                if child.serial in self._on_path and edge.coefficient:
                    yield child, [chain(term, edge, node.ndim) for term in adjoint]

    def _whole(self, node: Expression) -> Terms:
        """What the readers of a node added up to, kept if the node is a target."""
        adjoint = merge_like(self._waiting.pop(node.serial, []))
        if node.serial in self._found:
            self._found[node.serial] = adjoint
        return adjoint

    def _shared(self, node: Expression, adjoint: Terms) -> Terms:
        """The adjoint with its dense parts as nodes; a single term passes a map as it is, for one child to read."""
        if isinstance(node, (Concatenate, Take, Merge, Split, Windows, Accumulate)) and len(adjoint) == 1:
            return adjoint
        return share_by_delta_pattern(adjoint, self._numerator, self._names.get(node.serial, node))


def _names(nodes: Sequence[Expression]) -> dict[int, Expression]:
    """The names of the nodes that have one, by the serial number of what bears the name."""
    return {node.body.serial: node for node in nodes if isinstance(node, Named)}


def accumulate_forward(
    y: Expression, sources: Sequence[tuple[Expression, Sequence[EinsumTerm]]], bottom: Expression
) -> Terms:
    """Σ ∂y/∂x · ∂x/∂bottom over the `sources` (x, ∂x/∂bottom), by one pass from them up."""
    sources = [
        (x, seed) if (behind := variable_behind(x)) is None else (behind, embedded(_edges(x, behind), seed, x.ndim))
        for x, seed in sources
    ]
    nodes = between(y, [x for x, _ in sources])
    names = _names(nodes)
    seeds: dict[int, Terms] = {}
    for x, seed in sources:
        seeds.setdefault(unnamed(x).serial, []).extend(seed)
    tangents: dict[int, Terms] = {}
    for node in nodes:
        if node.serial in seeds:
            tangents[node.serial] = merge_like(seeds[node.serial])
        elif isinstance(node, Named):
            tangents[node.serial] = tangents[node.body.serial]
        else:
            terms = _pushed_forward(node, tangents)
            last = node is unnamed(y)
            tangents[node.serial] = (
                terms if last else share_by_delta_pattern(terms, names.get(node.serial, node), bottom)
            )
    return tangents.get(y.serial, [])


def _pushed_forward(node: Expression, tangents: dict[int, Terms]) -> Terms:
    """Σ ∂node/∂child · tangent over the children that have one."""
    return merge_like(
        chain(edge, tangent, child.ndim)
        for child, edge in local_jacobians(node)
        if child.serial in tangents and edge.coefficient
        for tangent in tangents[child.serial]
    )
