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
from ..sizes import Shape
from .names import number, subscripted


class Writer(Protocol):
    """Gives the text of an operand, and whether it stands without parentheses."""

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

    def __str__(self) -> str:
        text = self.text if self.plain else f"({self.text})"
        return f"{text}ᵀ" if self.turned else text


Product = tuple[Factor, ...]


def turn(product: Product) -> Product:
    """The transpose of a product: its factors transposed, in reverse."""
    return tuple(factor.T for factor in reversed(product))


def show(product: Product) -> str:
    """The product with its factors side by side; a single factor needs no parentheses unless it is transposed."""
    if len(product) == 1 and not product[0].turned:
        return product[0].text
    return " ".join(map(str, product))


def grouped(product: Product, transposed: bool = False) -> str:
    """The product as one operand of ⊗: in parentheses where it has several factors."""
    if len(product) == 1:
        return str(product[0].T if transposed else product[0])
    return f"({show(product)})" + ("ᵀ" if transposed else "")


def diag(vector: Product) -> Factor:
    return Factor(f"diag({show(vector)})", symmetric=True)


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
        self.outputs = set(term.output)
        self._labels: dict[int, list[tuple[int, Product]]] = {index: [] for index in range(len(term.sizes))}
        self.edges: list[_Edge] = []
        self.scalars: list[str] = []
        for place, (operand, group) in enumerate(zip(term.operands, term.indices, strict=True)):
            text, plain = writer.atom(operand)
            factor = Factor(text, plain=plain)
            if len(group) == 0:
                self.scalars.append(text)
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
                    text = f"{grouped_factor(known.product)} ⊙ {grouped_factor(edge.seen_from(known.u))}"
                    known.product = (Factor(text, plain=False),)
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
        edges = self.at(vertex)
        label = self.labels(vertex)
        if len(edges) == 0:
            if len(label) == 2:
                self.scalars.append(show((*turn(label[0]), *label[1])))
            elif len(label) == 1:
                one = Factor("1")
                self.scalars.append(show((one.T, *label[0]) if len(label[0]) == 1 else (*turn(label[0]), one)))
            elif not label:
                self.scalars.append(str(self.term.sizes[vertex]))
            else:
                self.scalars.append(show((*turn(label[0]), *hadamard(label[1:]))))
            return
        if len(edges) == 1 and edges[0].u == edges[0].v:
            (edge,) = edges
            middle = (diag(hadamard(label)),) if label else ()
            self.scalars.append(f"tr({show((*middle, *edge.product))})")
        elif len(edges) == 1:
            (edge,) = edges
            neighbour = edge.other(vertex)
            ending = hadamard(label) if label else (Factor("1"),)
            place = min([edge.place, *(place for place, _ in self._labels[vertex])])
            self._labels[neighbour].append((place, (*edge.seen_from(neighbour), *ending)))
        elif len(edges) == 2 and all(edge.u != edge.v for edge in edges):
            first, second = edges
            middle = (diag(hadamard(label)),) if label else ()
            u, v = first.other(vertex), second.other(vertex)
            place = min(first.place, second.place)
            self.edges.append(_Edge(u, v, (*first.seen_from(u), *middle, *second.seen_from(vertex)), place))
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
        label = self.labels(vertex)
        return hadamard(label) if label else (Factor("1"),)

    def matrix(self, u: int, v: int) -> Product:
        """The matrix between two output axes, rows first; the same axis twice is a diagonal."""
        if u == v:
            if not self.labels(u):
                return (Factor(subscripted("I", self.term.sizes[u]), symmetric=True),)
            return (diag(hadamard(self.labels(u))),)
        if self.component(u) != {u, v}:
            if v in self.component(u):
                raise _NoForm
            return (*self.column(u), *turn(self.column(v)))
        (edge,) = self.at(u)
        before = (diag(hadamard(self.labels(u))),) if self.labels(u) else ()
        after = (diag(hadamard(self.labels(v))),) if self.labels(v) else ()
        return (*before, *edge.seen_from(u), *after)

    def linked(self, u: int, v: int) -> bool:
        return v in self.component(u)

    def text(self, row: bool) -> str:
        output = self.term.output
        match len(output):
            case 0:
                body = ""
            case 1:
                column = self.column(output[0])
                body = show(turn(column) if row else column)
            case 2:
                body = show(self.matrix(*output))
            case 3:
                body = self._tensor(*output)
            case _:
                raise _NoForm
        parts = [*self.scalars, body] if body else self.scalars
        if len(parts) == 1:
            return parts[0]
        scalars = [f"({text})" if " " in text else text for text in self.scalars]
        return " ".join([*scalars, body] if body else scalars)

    def _tensor(self, i: int, j: int, k: int) -> str:
        if not self.linked(j, i) and not self.linked(j, k):  # Y ⊗ x: entries x_j y_ki (item 7)
            if self.linked(i, k):
                return f"{grouped(self.matrix(i, k), transposed=True)} ⊗ {grouped(self.column(j))}"
            return f"{grouped(self.column(i))} ⊗ {grouped((*self.column(k), *turn(self.column(j))))}"
        if not self.linked(i, j) and not self.linked(i, k):  # x ⊗ Y: entries x_i y_kj (item 6)
            return f"{grouped(self.column(i))} ⊗ {grouped(self.matrix(k, j))}"
        raise _NoForm


def grouped_factor(product: Product) -> str:
    return str(product[0]) if len(product) == 1 else f"({show(product)})"


def hadamard(vectors: Sequence[Product]) -> Product:
    """The element-wise product of columns: diag(v) in front of a product of matrices, v ⊙ w of plain vectors."""
    plain = [vector for vector in vectors if len(vector) == 1]
    long = [vector for vector in vectors if len(vector) > 1]
    if not long:
        return plain[0] if len(plain) == 1 else (Factor(" ⊙ ".join(str(v[0]) for v in plain), plain=False),)
    tail = long[0] if len(long) == 1 else (Factor(" ⊙ ".join(f"({show(v)})" for v in long), plain=False),)
    return (diag(hadamard(plain)), *tail) if plain else tail


def _squared_norm(term: Term, writer: Writer) -> str | None:
    """‖A‖² where a term is the sum of the squares of one operand's entries."""
    if term.output or len(term.operands) != 2 or term.operands[0] is not term.operands[1]:
        return None
    first, second = term.indices
    if first != second or len(set(first)) < len(first) or not first or len(term.sizes) != len(first):
        return None
    return f"‖{writer.atom(term.operands[0])[0]}‖²"


def network_text(terms: Sequence[Term], shape: Shape, writer: Writer, row: bool) -> str | None:
    """The sum of the terms in matrix notation; None where some term has no such form. `row`: a vector is a row."""
    if not terms:
        return "0"
    text = ""
    for term in terms:
        try:
            body = _squared_norm(term, writer) or _Graph(term, writer).text(row)
        except _NoForm:
            return None
        size = abs(term.coefficient)
        if not body:
            body = number(size)
        elif size != 1.0:
            body = f"{number(size)} {body}" if not body[0].isdecimal() else f"{number(size)} · {body}"
        negative = term.coefficient < 0
        text += (" − " if negative else " + ") + body if text else ("−" if negative else "") + body
    return text
