"""The chain as a graph of stations: quantities that have a name, and the local Jacobians between them.

A station is a quantity on a path from y to x that the derivation speaks of: a named expression, and each unnamed step
that is not merely a factor of a product or a term of a sum. An edge is the local Jacobian of a station by another that
it is computed from, all others held fixed: one local rule. What has no name is given one (u₁, u₂, …), for the
derivation only.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import cached_property

from ..chain_rule.accumulation import between
from ..chain_rule.chains import Chain
from ..chain_rule.local_rules import local_jacobians
from ..expressions.flattening import substitute
from ..expressions.nodes import EinsumSum, EinsumTerm, Elementwise, Expression, Named, Primitive, unnamed
from ..expressions.terms import merge_like
from ..expressions.walks import walk
from ..notation.alphabet import TEXT
from ..notation.names import take_apart
from ..notation.writer import ExpressionWriter

#: An unnamed function of named things is called by its formula up to this length: σ′(z).
_SHORT = 8

Path = tuple[Expression, ...]


def folded(node: EinsumSum, kept: Container[int], gone: set[int]) -> tuple[EinsumTerm, ...]:
    """The terms with unnamed products multiplied out that occur once in a term and are not `kept`; `gone` has those."""
    waiting, done = list(node.terms)[::-1], []
    while waiting:
        term = waiting.pop()
        for place, operand in enumerate(term.operands):
            product = isinstance(operand, EinsumSum) and len(operand.terms) == 1 and operand.serial not in kept
            if product and isinstance(operand, EinsumSum) and term.operands.count(operand) == 1:
                gone.add(operand.serial)
                waiting.append(substitute(term, place, operand.terms[0]))
                break
        else:
            done.append(term)
    return tuple(merge_like(done))


class StationGraph:
    """The stations from y down to x, in the order of evaluation, and the terms of the edges between them."""

    def __init__(self, chain: Chain) -> None:
        self.y, self.x = chain.numerator, chain.denominator
        self._chain = chain
        named = {node.body.serial: node for node in walk([self.y, self.x]) if isinstance(node, Named)}
        self.named: dict[int, Expression] = {**named, unnamed(self.x).serial: self.x}
        self._kept = set(self.named)
        nodes = between(self.y, [self.x])
        self._on_path = {node.serial for node in nodes}
        self._edges: dict[int, dict[int, tuple[EinsumTerm, ...]]] = {}
        self._terms: dict[int, tuple[EinsumTerm, ...]] = {}
        self._gone: set[int] = set()
        found = self._discover()
        while clash := found & self._gone:  # multiplied out in one place and a station in another
            self._kept |= clash
            self._gone.clear()
            self._terms.clear()
            self._edges.clear()
            found = self._discover()
        ordered = self._pruned([node for node in dict.fromkeys(map(unnamed, nodes)) if node.serial in found])
        self._give_names(ordered)
        #: Stations by which something is a derivative or of which it is, x first and y last.
        self.stations: tuple[Expression, ...] = tuple(self.called(node) for node in ordered)

    def _discover(self) -> set[int]:
        goal = unnamed(self.x).serial
        found: set[int] = set()
        waiting = [unnamed(self.y)] if self._on_path else []
        while waiting:
            node = waiting.pop()
            if node.serial in found:
                continue
            found.add(node.serial)
            if node.serial == goal:
                continue
            targets: dict[int, list[EinsumTerm]] = {}
            for child, term in self._local(node):
                if child.serial in self._on_path and term.coefficient:
                    below = unnamed(child)
                    targets.setdefault(below.serial, []).append(term)
                    waiting.append(below)
            merged = {serial: tuple(merge_like(terms)) for serial, terms in targets.items()}
            self._edges[node.serial] = {serial: terms for serial, terms in merged.items() if terms}
        return found

    def _pruned(self, ordered: Sequence[Expression]) -> list[Expression]:
        """The stations between x and y; where a derivative is zero by rule (a step, a sign) a path ends."""
        leading: set[int] = set()
        for node in ordered:
            edges = self._edges.get(node.serial, {})
            kept = {child: terms for child, terms in edges.items() if child in leading}
            if node is unnamed(self.x) or kept:
                leading.add(node.serial)
            if node.serial in self._edges:
                self._edges[node.serial] = kept
        met = {unnamed(self.y).serial} & leading
        for node in reversed(ordered):
            if node.serial in met:
                met |= self._edges.get(node.serial, {}).keys()
        return [node for node in ordered if node.serial in met]

    def _local(self, node: Expression) -> Sequence[tuple[Expression, EinsumTerm]]:
        if isinstance(node, EinsumSum):
            return local_jacobians(EinsumSum.of(self.terms(node), node.shape))
        return local_jacobians(node)

    def terms(self, node: Expression) -> tuple[EinsumTerm, ...]:
        """The terms of a product or a sum, with what is named nowhere multiplied out."""
        body = unnamed(node)
        assert isinstance(body, EinsumSum)
        if body.serial not in self._terms:
            self._terms[body.serial] = folded(body, self._kept, self._gone)
        return self._terms[body.serial]

    # --- names ------------------------------------------------------------------------------------------------

    def _give_names(self, ordered: Sequence[Expression]) -> None:
        used = {node.name for node in walk([self.y, self.x]) if node.name is not None}
        writer = ExpressionWriter([self.y, self.x])
        without = [node for node in ordered if node.serial not in self.named and node.name is None]
        top = unnamed(self.y)
        inner = [node for node in without if node is not top and not _speaks_for_itself(node, writer, self.named)]
        letters = {_letter_of(name).lower() for name in used}
        given: dict[int, Named] = {}
        letter = next(one for one in _letters("uvacgpq") if one not in letters)
        for count, node in enumerate(inner, start=1):
            called = letter if node.ndim < 2 else letter.upper()
            given[node.serial] = Named.of(called if len(inner) == 1 else f"{called}{count}", node)
        if top in without:
            letter = next(one for one in _letters("fghyq") if one not in letters | {letter})
            given[top.serial] = Named.of(letter if top.ndim < 2 else letter.upper(), top)
        self.given = tuple(given.values())
        self.named.update(given)

    def called(self, node: Expression) -> Expression:
        """A quantity under its name, if it has one or was given one."""
        return self.named.get(unnamed(node).serial, node)

    # --- edges and paths --------------------------------------------------------------------------------------

    def below(self, station: Expression) -> list[Expression]:
        """The stations that a station is computed from directly, in the order of its formula."""
        return self._below[unnamed(station).serial]

    @cached_property
    def _below(self) -> dict[int, list[Expression]]:
        by_serial = {unnamed(one).serial: one for one in self.stations}
        return {serial: [by_serial[child] for child in self._edges.get(serial, {})] for serial in by_serial}

    def above(self, station: Expression) -> list[Expression]:
        """The stations that are computed from a station directly, y first."""
        return self._above[unnamed(station).serial]

    @cached_property
    def _above(self) -> dict[int, list[Expression]]:
        found: dict[int, list[Expression]] = {unnamed(one).serial: [] for one in self.stations}
        for of, by in self.edges:
            found[unnamed(by).serial].append(of)
        return found

    def local(self, of: Expression, by: Expression) -> tuple[EinsumTerm, ...]:
        """∂of/∂by, everything else that `of` is computed from held fixed."""
        return self._edges[unnamed(of).serial][unnamed(by).serial]

    def held(self, of: Expression, by: Expression) -> tuple[Expression, ...]:
        """What must be said to be held in ∂of/∂by: what `of` also depends on directly and what depends on `by`."""
        others = [one for one in self.below(of) if one is not by]
        return tuple(one for one in others if self._depends(one, by))

    def _depends(self, of: Expression, on: Expression) -> bool:
        return unnamed(on).serial in self._reachable[unnamed(of).serial]

    @cached_property
    def _reachable(self) -> dict[int, frozenset[int]]:
        found: dict[int, frozenset[int]] = {}
        for station in self.stations:
            children = list(self._edges.get(unnamed(station).serial, {}))
            found[unnamed(station).serial] = frozenset(children).union(*(found[child] for child in children))
        return found

    @property
    def edges(self) -> list[tuple[Expression, Expression]]:
        """Every pair of stations with a local Jacobian, from y down."""
        return [(of, by) for of in reversed(self.stations) for by in self.below(of)]

    def count_paths(self) -> int:
        """The number of paths from y to x."""
        count: dict[int, int] = {unnamed(self.x).serial: 1}
        for station in self.stations:
            serial = unnamed(station).serial
            if serial not in count:
                count[serial] = sum(count[child] for child in self._edges.get(serial, {}))
        return count.get(unnamed(self.y).serial, 0)

    def paths(self) -> list[Path]:
        """The paths from y to x; where the derivative is a product, those that pass its middles."""
        if not self.stations:
            return []
        found: list[Path] = []
        waiting: list[Path] = [(self.called(self.y),)]
        while waiting:
            path = waiting.pop()
            if unnamed(path[-1]) is unnamed(self.x):
                found.append(path)
            else:
                waiting += [(*path, one) for one in reversed(self.below(path[-1]))]
        return [path for wanted in self._chain.paths for path in found if _passes(path, wanted)]


def _passes(path: Path, wanted: Path) -> bool:
    serials = {unnamed(one).serial for one in path}
    return all(unnamed(one).serial in serials for one in wanted)


def _speaks_for_itself(node: Expression, writer: ExpressionWriter, named: dict[int, Expression]) -> bool:
    if not isinstance(node, (Elementwise, Primitive)):
        return False
    text, plain = writer.atom(node)
    return plain and len(text) <= _SHORT and TEXT.ellipsis not in text


def _letters(preferred: str) -> list[str]:
    return [*preferred, *(f"{preferred[0]}_{k}" for k in range(1, 1000))]


def _letter_of(name: str) -> str:
    parts = take_apart(name)
    return parts.letter if parts else name
