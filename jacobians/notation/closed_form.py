"""Matrix notation: a network printed as a product of matrices, where there is such a form.

Indices are vertices, matrices edges between them, vectors labels on them. A vertex that is no axis of the output is
contracted away: on a path it joins two edges into a product, at an end it turns an edge and a label into a vector.
Parallel edges are ⊙. What is left has the output's axes alone: one component with one axis is a vector, with two a
matrix (the path between them), two components are a column times a row, and three axes split as in items 6 and 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..expression import Expression, Term
from ..sizes import Shape, Size
from .alphabet import Alphabet


class Writer(Protocol):
    """Gives the text of an operand, and whether it stands without parentheses, in an alphabet."""

    alphabet: Alphabet

    def atom(self, node: Expression) -> tuple[str, bool]: ...


@dataclass(frozen=True)
class Factor:
    """One factor of a product: a matrix, or a vector at the end of a column (or at the front of a row)."""

    text: str
    turned: bool = False  # transposed
    symmetric: bool = False
    plain: bool = True  # stands without parentheses

    @property
    def T(self) -> Factor:
        return self if self.symmetric else Factor(self.text, not self.turned, False, self.plain)


Product = tuple[Factor, ...]


def turn(product: Product) -> Product:
    """The transpose of a product: its factors transposed, in reverse."""
    return tuple(factor.T for factor in reversed(product))


class _Speller:
    """Products of factors in an alphabet."""

    def __init__(self, alphabet: Alphabet) -> None:
        self.alphabet = alphabet

    def ones(self, size: Size) -> Factor:
        return Factor(self.alphabet.ones if size != 1 else self.alphabet.number(1.0))

    def factor(self, factor: Factor) -> str:
        text = self.alphabet.grouped(factor.text, factor.plain)
        return self.alphabet.transposed(text) if factor.turned else text

    def show(self, product: Product) -> tuple[str, bool]:
        """The product with its factors side by side, and whether it stands without parentheses."""
        if len(product) == 1 and not product[0].turned:
            return product[0].text, product[0].plain
        return self.alphabet.product([self.factor(factor) for factor in product]), len(product) == 1

    def grouped(self, product: Product, transposed: bool = False) -> str:
        """The product as one operand of ⊗ or ⊙: in parentheses where it has several factors."""
        if len(product) == 1:
            return self.factor(product[0].T if transposed else product[0])
        text = self.alphabet.parens(self.show(product)[0])
        return self.alphabet.transposed(text) if transposed else text

    def diag(self, vector: Product) -> Factor:
        name = self.alphabet.function("diag")
        return Factor(self.alphabet.call(name, [self.show(vector)[0]]), symmetric=True)

    def hadamard(self, vectors: Sequence[Product]) -> Product:
        """The element-wise product of columns: diag(v) in front of a product of matrices, v ⊙ w of plain vectors."""
        plain = [vector for vector in vectors if len(vector) == 1]
        long = [vector for vector in vectors if len(vector) > 1]
        if not long:
            return plain[0] if len(plain) == 1 else (self.entrywise(plain),)
        tail = long[0] if len(long) == 1 else (self.entrywise(long),)
        return (self.diag(self.hadamard(plain)), *tail) if plain else tail

    def entrywise(self, products: Sequence[Product]) -> Factor:
        return Factor(self.alphabet.hadamard([self.grouped(one) for one in products]), plain=False)


class _NoForm(Exception):
    """There is no matrix form."""


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


class _Graph:
    """One term as a graph, reduced until only the output's vertices are left."""

    def __init__(self, term: Term, writer: Writer) -> None:
        self.term = term
        self.speller = _Speller(writer.alphabet)
        self.outputs = set(term.output)
        self._labels: dict[int, list[tuple[int, Product]]] = {index: [] for index in range(len(term.sizes))}
        self.edges: list[_Edge] = []
        self.scalars: list[tuple[str, bool]] = []
        for place, (operand, group) in enumerate(zip(term.operands, term.indices, strict=True)):
            text, plain = writer.atom(operand)
            factor = Factor(text, plain=plain)
            if len(group) == 0:
                self.scalars.append((text, plain))
            elif len(group) == 1:
                self._labels[group[0]].append((place, (factor,)))
            elif len(group) == 2:
                self.edges.append(_Edge(group[0], group[1], (factor,), place))
            else:
                raise _NoForm
        self.reduce()

    def labels(self, vertex: int) -> list[Product]:
        """The vectors at a vertex, in the order of the chain."""
        return [product for _, product in sorted(self._labels[vertex], key=lambda entry: entry[0])]

    def at(self, vertex: int) -> list[_Edge]:
        return [edge for edge in self.edges if vertex in (edge.u, edge.v)]

    def reduce(self) -> None:
        inner = [vertex for vertex in self._labels if vertex not in self.outputs]
        while inner:
            self._merge_parallel()
            vertex = min(inner, key=self._readiness)
            self._contract(vertex)
            inner.remove(vertex)
        self._merge_parallel()
        if any(edge.u == edge.v for edge in self.edges):
            raise _NoForm

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
                    known.product = (self.speller.entrywise([known.product, edge.seen_from(known.u)]),)
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
        speller = self.speller
        edges = self.at(vertex)
        label = self.labels(vertex)
        if len(edges) == 0:
            if len(label) == 2:
                self._note((*turn(label[0]), *label[1]))
            elif len(label) == 1:
                one = speller.ones(self.term.sizes[vertex])
                self._note((one.T, *label[0]) if len(label[0]) == 1 else (*turn(label[0]), one))
            elif not label:
                size = speller.alphabet.size(self.term.sizes[vertex])
                self.scalars.append((size, not set("+-") & set(size)))
            else:
                self._note((*turn(label[0]), *speller.hadamard(label[1:])))
            return
        if len(edges) == 1 and edges[0].u == edges[0].v:
            (edge,) = edges
            middle = (speller.diag(speller.hadamard(label)),) if label else ()
            trace = speller.alphabet.function("tr")
            inner, _ = speller.show((*middle, *edge.product))
            self.scalars.append((speller.alphabet.call(trace, [inner]), True))
        elif len(edges) == 1:
            (edge,) = edges
            neighbour = edge.other(vertex)
            ending = speller.hadamard(label) if label else (speller.ones(self.term.sizes[vertex]),)
            place = min([edge.place, *(place for place, _ in self._labels[vertex])])
            self._labels[neighbour].append((place, (*edge.seen_from(neighbour), *ending)))
        elif len(edges) == 2 and all(edge.u != edge.v for edge in edges):
            first, second = edges
            middle = (speller.diag(speller.hadamard(label)),) if label else ()
            u, v = first.other(vertex), second.other(vertex)
            place = min(first.place, second.place)
            self.edges.append(_Edge(u, v, (*first.seen_from(u), *middle, *second.seen_from(vertex)), place))
        else:
            raise _NoForm
        self.edges = [edge for edge in self.edges if edge not in edges]

    def _note(self, scalar: Product) -> None:
        self.scalars.append(self.speller.show(scalar))

    def component(self, vertex: int) -> set[int]:
        found = {vertex}
        while True:
            more = {edge.other(v) for v in found for edge in self.at(v)} - found
            if not more:
                return found
            found |= more

    def column(self, vertex: int) -> Product:
        """The vector that a component with one output axis is."""
        label = self.labels(vertex)
        return self.speller.hadamard(label) if label else (self.speller.ones(self.term.sizes[vertex]),)

    def matrix(self, u: int, v: int) -> Product:
        """The matrix between two output axes, rows first; the same axis twice is a diagonal."""
        if u == v:
            if not self.labels(u):
                return (Factor(self.speller.alphabet.identity(self.term.sizes[u]), symmetric=True),)
            return self._diagonal(u)
        if self.component(u) != {u, v}:
            if v in self.component(u):
                raise _NoForm
            return (*self.column(u), *turn(self.column(v)))
        (edge,) = self.at(u)
        return (*self._diagonal(u), *edge.seen_from(u), *self._diagonal(v))

    def _diagonal(self, vertex: int) -> Product:
        """What hangs at a vertex, as a diagonal matrix; nothing where nothing does."""
        labels = self.labels(vertex)
        return (self.speller.diag(self.speller.hadamard(labels)),) if labels else ()

    def linked(self, u: int, v: int) -> bool:
        return v in self.component(u)

    def text(self, row: bool) -> tuple[str, bool]:
        """The term without its coefficient, and whether it stands without parentheses."""
        output = self.term.output
        parts = list(self.scalars)
        match len(output):
            case 0:
                pass
            case 1:
                column = self.column(output[0])
                parts.append(self.speller.show(turn(column) if row else column))
            case 2:
                parts.append(self.speller.show(self.matrix(*output)))
            case 3:
                parts.append((self._tensor(*output), False))
            case _:
                raise _NoForm
        if len(parts) == 1:
            return parts[0]
        alphabet = self.speller.alphabet
        scalars = [alphabet.grouped(text, plain) for text, plain in self.scalars]
        return alphabet.product([*scalars, *(text for text, _ in parts[len(scalars) :])]), False

    def _tensor(self, i: int, j: int, k: int) -> str:
        grouped, tensor = self.speller.grouped, self.speller.alphabet.tensor
        if not self.linked(j, i) and not self.linked(j, k):  # Y ⊗ x: entries x_j y_ki (item 7)
            if self.linked(i, k):
                return tensor(grouped(self.matrix(i, k), transposed=True), grouped(self.column(j)))
            return tensor(grouped(self.column(i)), grouped((*self.column(k), *turn(self.column(j)))))
        if not self.linked(i, j) and not self.linked(i, k):  # x ⊗ Y: entries x_i y_kj (item 6)
            return tensor(grouped(self.column(i)), grouped(self.matrix(k, j)))
        raise _NoForm


def _squared_norm(term: Term, writer: Writer) -> str | None:
    """‖A‖² where a term is the sum of the squares of one operand's entries."""
    if term.output or len(term.operands) != 2 or term.operands[0] is not term.operands[1]:
        return None
    first, second = term.indices
    if first != second or len(set(first)) < len(first) or not first or len(term.sizes) != len(first):
        return None
    return writer.alphabet.squared_norm(writer.atom(term.operands[0])[0], len(first))


def network_text(terms: Sequence[Term], shape: Shape, writer: Writer, row: bool) -> tuple[str, bool] | None:
    """The sum of the terms in matrix notation, and whether it stands without parentheses.

    None where some term has no such form. `row`: a vector is a row.
    """
    bodies: list[tuple[str, bool]] = []
    for term in terms:
        try:
            norm = _squared_norm(term, writer)
            bodies.append((norm, True) if norm else _Graph(term, writer).text(row))
        except _NoForm:
            return None
    return signed_sum(writer.alphabet, [term.coefficient for term in terms], bodies)


def signed_sum(
    alphabet: Alphabet, coefficients: Sequence[float], bodies: Sequence[tuple[str, bool]]
) -> tuple[str, bool]:
    """Bodies times their coefficients, added up; and whether that stands without parentheses."""
    if not bodies:
        return "0", True
    text = ""
    for coefficient, (body, _) in zip(coefficients, bodies, strict=True):
        size = abs(coefficient)
        if not body:
            body = alphabet.number(size)
        elif size != 1.0:
            ahead = alphabet.number(size)
            body = alphabet.numbers(ahead, body) if body[0].isdecimal() else alphabet.product([ahead, body])
        sign = alphabet.minus if coefficient < 0 else alphabet.plus
        text += sign + body if text else (alphabet.negative if coefficient < 0 else "") + body
    body, plain = bodies[0]
    return text, len(bodies) == 1 and coefficients[0] > 0 and (not body or (plain and coefficients[0] == 1.0))
