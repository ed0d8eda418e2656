"""Matrix notation: a network as a closed form, where there is one.

Indices are vertices, matrices edges between them, vectors labels on them. A vertex that is not an axis of the output is
contracted away: on a path it joins two edges into a product, at an end it turns an edge and a label into a vector.
Parallel edges are ⊙. What is left has the output's axes alone: one component with one axis is a vector, with two a
matrix (the path between them), two components are a column times a row, and three axes split as in items 6 and 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..expressions.flattening import opened_as_shown
from ..expressions.nodes import EinsumTerm, Expression
from ..shapes.sizes import Shape
from .alphabet import Alphabet
from .factoring import collected
from .forms import Count, Identity, Monomial, Norm, Ones, Product, Scalar, Sum, Tensor, multiplied, turn
from .kronecker import kronecker
from .rewriting import as_monomial, diagonal, diagonal_of, entrywise, hadamard, inner, simplified, trace
from .spelling import Spelled, Speller


class Writer(Protocol):
    """Gives the closed form of an operand, and the alphabet to spell it in."""

    alphabet: Alphabet
    unreadable: set[int]  # serials of what is too long to be written
    flattened: dict[int, list[EinsumTerm]]  # what was multiplied out, by serial

    def form(self, node: Expression) -> Sum: ...


class _NoForm(Exception):
    """There is no matrix form."""


class _IsZero(Exception):
    """An operand adds up to zero once it is written down."""


@dataclass
class _Edge:
    u: int
    v: int
    product: Product
    place: int  # of its first operand in the term: a chain is read in that order

    def seen_from(self, vertex: int) -> Product:
        """The matrix with `vertex` as its row index."""
        return self.product if self.u == vertex else turn(self.product)

    def other(self, vertex: int) -> int:
        return self.v if self.u == vertex else self.u


class _IndexGraph:
    """One term as a graph, reduced until only the output's vertices are left."""

    def __init__(self, term: EinsumTerm, writer: Writer) -> None:
        self.term = term
        self.outputs = set(term.output)
        self._labels: dict[int, list[tuple[int, Product]]] = {index: [] for index in range(len(term.sizes))}
        self.edges: list[_Edge] = []
        self.coefficient = term.coefficient
        self.scalars: list[tuple[Scalar, int]] = []
        self.first: Product = ()  # the first matrix: a trace is read from it on
        for place, (operand, group) in enumerate(zip(term.operands, term.indices, strict=True)):
            if len(group) > 2:
                raise _NoForm
            form = as_monomial(writer.form(operand))
            if not form.coefficient:
                raise _IsZero
            self.coefficient *= form.coefficient
            self.scalars += form.scalars
            if not form.body:  # a scalar, or one number along axes of size 1
                continue
            if len(group) == 1:
                self._labels[group[0]].append((place, form.body))
            else:
                self.first = self.first or form.body
                self.edges.append(_Edge(group[0], group[1], form.body, place))
        self.reduce()

    def labels(self, vertex: int) -> list[Product]:
        """The vectors at a vertex, in the order of the chain."""
        return [product for _, product in sorted(self._labels[vertex], key=lambda entry: entry[0])]

    def at(self, vertex: int) -> list[_Edge]:
        return [edge for edge in self.edges if vertex in (edge.u, edge.v)]

    def reduce(self) -> None:
        inner_vertices = [vertex for vertex in self._labels if vertex not in self.outputs]
        while inner_vertices:
            self._merge_parallel()
            vertex = min(inner_vertices, key=self._readiness)
            self._contract(vertex)
            inner_vertices.remove(vertex)
        self._merge_parallel()
        for vertex in self.outputs:
            self._hang_loops(vertex)

    def _hang_loops(self, vertex: int) -> None:
        """Make a matrix from a vertex to itself the vector of its diagonal."""
        loops = [edge for edge in self.at(vertex) if edge.u == edge.v]
        self._labels[vertex] += [(edge.place, diagonal_of(edge.product)) for edge in loops]
        self.edges = [edge for edge in self.edges if edge not in loops]

    def _readiness(self, vertex: int) -> tuple[int, int, int]:
        """Ends first, then vertices between neighbours in the chain."""
        edges = self.at(vertex)
        places = [edge.place for edge in edges]
        return (len(edges), max(places) - min(places) if places else 0, vertex)

    def _merge_parallel(self) -> None:
        merged: list[_Edge] = []
        for edge in sorted(self.edges, key=lambda one: one.place):
            for known in merged:
                if edge.u != edge.v and {known.u, known.v} == {edge.u, edge.v} and not self._is_cycle(edge):
                    known.product = entrywise([known.product, edge.seen_from(known.u)])
                    break
            else:
                merged.append(edge)
        self.edges = merged

    def _is_cycle(self, edge: _Edge) -> bool:
        """Whether two summed vertices have two edges between them and nothing else: a trace."""
        return all(
            vertex not in self.outputs and len(self.at(vertex)) == 2 and not self._labels[vertex]
            for vertex in (edge.u, edge.v)
        )

    def _contract(self, vertex: int) -> None:
        if len(self.at(vertex)) > 1:
            self._hang_loops(vertex)
        edges = self.at(vertex)
        labels = self.labels(vertex)
        size = self.term.sizes[vertex]
        if not edges and not labels:
            self.scalars += [(Count(size), 1)] if size != 1 else []
        elif not edges and len(labels) == 1:
            ones: Product = (Ones(size),) if size != 1 else ()  # of one entry there is nothing to sum
            (column,) = labels
            self.scalars.append(inner((*turn(ones), *column) if len(column) == 1 else (*turn(column), *ones)))
        elif not edges:
            self.scalars.append(inner((*turn(labels[0]), *hadamard(labels[1:]))))
        elif len(edges) == 1 and edges[0].u == edges[0].v:
            self.scalars.append(trace((*self._diagonal(vertex), *edges[0].product), self.first))
        elif len(edges) == 1:
            (edge,) = edges
            neighbour = edge.other(vertex)
            ending = hadamard(labels) if labels else (Ones(size),) if size != 1 else ()
            place = min([edge.place, *(place for place, _ in self._labels[vertex])])
            self._labels[neighbour].append((place, simplified((*edge.seen_from(neighbour), *ending))))
        elif len(edges) == 2 and all(edge.u != edge.v for edge in edges):
            first, second = edges
            u, v = first.other(vertex), second.other(vertex)
            product = (*first.seen_from(u), *self._diagonal(vertex), *second.seen_from(vertex))
            self.edges.append(_Edge(u, v, simplified(product), min(first.place, second.place)))
        else:
            raise _NoForm
        self.edges = [edge for edge in self.edges if edge not in edges]

    def component(self, vertex: int) -> set[int]:
        found = {vertex}
        while True:
            more = {edge.other(v) for v in found for edge in self.at(v)} - found
            if not more:
                return found
            found |= more

    def column(self, vertex: int) -> Product:
        """The vector that a component with one output axis is."""
        labels = self.labels(vertex)
        return hadamard(labels) if labels else (Ones(self.term.sizes[vertex]),)

    def matrix(self, u: int, v: int) -> Product:
        """The matrix between two output axes, rows first; the same axis twice is a diagonal."""
        if u == v:
            return self._diagonal(u) or (Identity(self.term.sizes[u]),)
        if self.component(u) != {u, v}:
            if v in self.component(u):
                raise _NoForm
            return (*self.column(u), *turn(self.column(v)))
        (edge,) = self.at(u)
        return (*self._diagonal(u), *edge.seen_from(u), *self._diagonal(v))

    def _diagonal(self, vertex: int) -> Product:
        """What hangs at a vertex, as a diagonal matrix; nothing where nothing does."""
        labels = self.labels(vertex)
        return (diagonal(hadamard(labels)),) if labels else ()

    def linked(self, u: int, v: int) -> bool:
        return v in self.component(u)

    def monomial(self, row: bool) -> Monomial:
        """The term, a vector as a row or as a column."""
        output = self.term.output
        match len(output):
            case 0:
                body: Product = ()
            case 1:
                column = self.column(output[0])
                body = turn(column) if row else column
            case 2:
                body = self.matrix(*output)
            case 3:
                body = (self._tensor(*output),)
            case _:
                raise _NoForm
        body = simplified(body)
        return Monomial(self.coefficient, multiplied(self.scalars), body if body != (Ones(1),) else ())

    def _tensor(self, i: int, j: int, k: int) -> Tensor:
        if not self.linked(j, i) and not self.linked(j, k):  # Y ⊗ x: entries x_j y_ki (item 7)
            if self.linked(i, k):
                matrix = self.matrix(i, k)
                several = len(matrix) > 1
                return Tensor(matrix if several else turn(matrix), self.column(j), several)
            return Tensor(self.column(i), (*self.column(k), *turn(self.column(j))))
        if not self.linked(i, j) and not self.linked(i, k):  # x ⊗ Y: entries x_i y_kj (item 6)
            return Tensor(self.column(i), self.matrix(k, j))
        raise _NoForm


def _squared_norm(term: EinsumTerm, writer: Writer) -> Monomial | None:
    """‖A‖² where a term is the sum of the squares of one operand's entries."""
    if term.output or len(term.operands) != 2 or term.operands[0] is not term.operands[1]:
        return None
    first, second = term.indices
    if first != second or len(set(first)) < len(first) or not first or len(term.sizes) != len(first):
        return None
    form = writer.form(term.operands[0])
    if len(form) == 1:
        (one,) = form
        scalars = [(scalar, 2 * exponent) for scalar, exponent in one.scalars]
        norms = [(Norm((Monomial(body=one.body),), len(first)), 2)] if one.body else []
        return Monomial(term.coefficient * one.coefficient**2, multiplied([*scalars, *norms]))
    return Monomial(term.coefficient, ((Norm(form, len(first)), 2),))


def closed_form(terms: Sequence[EinsumTerm], writer: Writer, row: bool = False) -> Sum | None:
    """The sum of the terms in matrix notation; None where some term has no such form. `row`: a vector is a row."""
    found = []
    for term in opened_as_shown(terms):
        try:
            known = _squared_norm(term, writer) or kronecker(term, lambda terms: closed_form(terms, writer))
            found.append(known or _IndexGraph(term, writer).monomial(row))
        except _IsZero:
            continue
        except _NoForm:
            return None
    return collected(found)


def network_text(terms: Sequence[EinsumTerm], shape: Shape, writer: Writer, row: bool) -> Spelled | None:
    """The closed form as text, and whether it stands without parentheses; None where there is none."""
    form = closed_form(terms, writer, row)
    return None if form is None else Speller(writer.alphabet).sum(form)
