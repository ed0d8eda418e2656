"""What stands in a line: something that can be written in an alphabet and evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..differentiation.jacobian_tensor import Jacobian
from ..expressions.nodes import Array, EinsumTerm, Expression
from ..notation.alphabet import Alphabet
from ..notation.closed_form import network_text
from ..notation.components import EntryProduct, Factor, by_components
from ..notation.index import components, factor
from ..notation.writer import ExpressionWriter
from ..shapes.letters import letter
from ..shapes.sizes import Shape, Size
from .numbers import Numbers


class Written(Protocol):
    """What can be written in an alphabet."""

    def write(self, writer: ExpressionWriter) -> str: ...


class Formula(Written, Protocol):
    """A formula: how it is written, and its value."""

    def value(self, numbers: Numbers) -> Array: ...


@dataclass(frozen=True)
class Quantity:
    """A quantity by its name."""

    node: Expression

    def write(self, writer: ExpressionWriter) -> str:
        return writer.atom(self.node)[0]

    def value(self, numbers: Numbers) -> Array:
        return numbers.array(self.node)


@dataclass(frozen=True)
class Components:
    """A sum of products, at the axes i, j, k, … of the result."""

    products: tuple[EntryProduct, ...]
    shape: Shape
    bounds: bool = False

    def write(self, writer: ExpressionWriter) -> str:
        return components(self.products, writer, self.bounds)[0]

    def value(self, numbers: Numbers) -> Array:
        return numbers.components(self.products, self.shape)


@dataclass(frozen=True)
class Closed:
    """A sum of terms in matrix notation; by components where there is no such form."""

    terms: tuple[EinsumTerm, ...]
    shape: Shape
    row: bool = False

    def closed(self, writer: ExpressionWriter) -> tuple[str, bool] | None:
        """The closed form if there is one, and whether it stands without parentheses."""
        return network_text(self.terms, self.shape, writer, self.row)

    def write(self, writer: ExpressionWriter) -> str:
        written = self.closed(writer)
        return writer.alphabet.ellipsis if written is None else written[0]

    def value(self, numbers: Numbers) -> Array:
        return numbers.network(self.terms, self.shape)


@dataclass(frozen=True)
class Edge:
    """∂of/∂by: one factor of a chain, with its terms in numerator layout."""

    of: Expression
    by: Expression
    held: tuple[Expression, ...] = ()
    total: bool = False

    @property
    def shape(self) -> Shape:
        return (*self.of.shape, *self.by.shape[::-1])

    def write(self, writer: ExpressionWriter) -> str:
        grouped = writer.alphabet.grouped
        held = [writer.atom(node)[0] for node in self.held]
        return writer.alphabet.derivative(grouped(*writer.atom(self.of)), grouped(*writer.atom(self.by)), held)

    def value(self, numbers: Numbers) -> Array:
        array = numbers.derivative(self.of, self.by, self.total)
        rank = self.of.ndim
        return array.transpose([*range(rank), *range(array.ndim - 1, rank - 1, -1)])


@dataclass(frozen=True)
class AtAxes:
    """A formula at the axes i, j, k, …: (∂z/∂W)_{ijk}."""

    formula: Formula
    rank: int

    def write(self, writer: ExpressionWriter) -> str:
        text = self.formula.write(writer)
        axes = [letter(place) for place in range(self.rank)]
        return writer.alphabet.parens(text) + writer.alphabet.braces(axes) if axes else text

    def value(self, numbers: Numbers) -> Array:
        return self.formula.value(numbers)


@dataclass(frozen=True)
class Chained:
    """A sum over paths of products: of derivatives, or of what they are in matrix notation."""

    paths: tuple[tuple[Edge | Closed, ...], ...]
    middles: tuple[tuple[int, ...], ...]  # for each path the ranks of what lies between its factors

    def write(self, writer: ExpressionWriter) -> str:
        return writer.alphabet.plus.join(self._product(path, writer) for path in self.paths)

    def _product(self, path: Sequence[Edge | Closed], writer: ExpressionWriter) -> str:
        alphabet = writer.alphabet
        if all(isinstance(one, Edge) for one in path):
            return alphabet.chained([one.write(writer) for one in path])
        written = [one.closed(writer) for one in path if isinstance(one, Closed)]
        texts = [one for one in written if one is not None]
        (first, *_) = path
        if len(texts) == 1 and isinstance(first, Closed) and (len(self.paths) == 1 or len(first.terms) == 1):
            return texts[0][0]
        return alphabet.product([alphabet.grouped(text, plain) for text, plain in texts])

    def value(self, numbers: Numbers) -> Array:
        return sum(
            (self._multiplied(path, ranks, numbers) for path, ranks in zip(self.paths, self.middles, strict=True)),
            np.zeros(()),
        )

    @staticmethod
    def _multiplied(path: Sequence[Edge | Closed], ranks: Sequence[int], numbers: Numbers) -> Array:
        result = path[0].value(numbers)
        for following, rank in zip(path[1:], ranks, strict=True):
            axes = list(range(result.ndim - rank, result.ndim))[::-1], list(range(rank))
            result = np.tensordot(result, following.value(numbers), axes)
        return result


@dataclass(frozen=True)
class Defined:
    """The formula of a quantity, even if that has a name."""

    body: Expression

    def write(self, writer: ExpressionWriter) -> str:
        return writer.formula(self.body)[0]

    def value(self, numbers: Numbers) -> Array:
        return numbers.array(self.body)


# --- layouts ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Permuted:
    """A derivative whose axes are in the order of a layout; for "vec" the first `rows` of them, and the others, merge.

    In matrix notation, or `by_entry`.
    """

    closed: Closed
    rows: int
    layout: str
    without_form: bool

    @property
    def stacked(self) -> bool:
        """Whether axes are merged."""
        return self.layout == "vec" and max(self.rows, len(self.closed.shape) - self.rows) > 1

    @property
    def by_entry(self) -> bool:
        """Whether it is written by entries: there is no matrix form, or none of what is stacked."""
        return self.without_form or (self.stacked and (self.rows > 0 or len(self.closed.shape) != 2))

    def write(self, writer: ExpressionWriter) -> str:
        written = None if self.by_entry else self.closed.closed(writer)
        if written is None:
            return components(map(by_components, self.closed.terms), writer)[0]
        if self.stacked and self.closed.terms:
            alphabet = writer.alphabet
            return alphabet.transposed(alphabet.call(alphabet.function("vec"), [written[0]]))
        return written[0]

    def value(self, numbers: Numbers) -> Array:
        array = self.closed.value(numbers)
        if self.layout != "vec":
            return array
        height = int(np.prod(array.shape[: self.rows], dtype=int))
        return array.reshape((height, array.size // height), order="F")

    def axes(self, alphabet: Alphabet) -> str:
        """The letters of its entry; of stacked columns the place."""
        shape = self.closed.shape
        if self.layout != "vec":
            return alphabet.braces([letter(place) for place in range(len(shape))])
        places = [_place(shape[: self.rows], 0, alphabet), _place(shape[self.rows :], self.rows, alphabet)]
        return alphabet.braces([", ".join(places)])


def _place(shape: Sequence[Size], first: int, alphabet: Alphabet) -> str:
    """The place of an entry in stacked columns: i + h (j − 1) + …, letters from the `first` on."""
    if not shape:
        return alphabet.number(1.0)
    text, stride = letter(first), [shape[0]]
    for k, size in enumerate(shape[1:], start=1):
        factors = [alphabet.grouped(alphabet.dimensions((one,)), not set("+-") & set(str(one))) for one in stride]
        text += alphabet.plus + alphabet.product([*factors, alphabet.parens(f"{letter(first + k)}{alphabet.minus}1")])
        stride.append(size)
    return text


@dataclass(frozen=True)
class InLayout:
    """A derivative in one of the layouts, as it is evaluated; at its axes where the other side is by entries."""

    jacobian: Jacobian
    whole: Formula
    other: Permuted

    def write(self, writer: ExpressionWriter) -> str:
        text = writer.alphabet.in_layout(self.whole.write(writer), self.other.layout)
        return writer.alphabet.parens(text) + self.other.axes(writer.alphabet) if self.other.by_entry else text

    def value(self, numbers: Numbers) -> Array:
        return self.jacobian.evaluate(numbers.values, layout=self.other.layout, sizes=numbers.given_sizes)


# --- in prose ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dimensions:
    """A shape as it is said: h × d × h."""

    shape: Shape

    def write(self, writer: ExpressionWriter) -> str:
        return writer.alphabet.dimensions(self.shape)


@dataclass(frozen=True)
class Space:
    """The space of arrays of a shape: R^{h×d}."""

    shape: Shape

    def write(self, writer: ExpressionWriter) -> str:
        return writer.alphabet.space(self.shape)


@dataclass(frozen=True)
class OwnDerivative:
    """∂x_i/∂x_j = δ_ij."""

    def write(self, writer: ExpressionWriter) -> str:
        alphabet = writer.alphabet
        entries = [alphabet.entry("x", [letter]) for letter in "ij"]
        return alphabet.derivative(*entries) + alphabet.equals + alphabet.delta(["i", "j"])


@dataclass(frozen=True)
class RowName:
    """The first row of a matrix that is spoken of: w_iᵀ."""

    matrix: Expression

    def write(self, writer: ExpressionWriter) -> str:
        return writer.alphabet.transposed(writer.row(self.matrix, letter(0)))


@dataclass(frozen=True)
class Letter:
    """The letter of an index."""

    index: int

    def write(self, writer: ExpressionWriter) -> str:
        return letter(self.index)


@dataclass(frozen=True)
class Sigma:
    """The letter for the one activation."""

    def write(self, writer: ExpressionWriter) -> str:
        return writer.alphabet.sigma


@dataclass(frozen=True)
class OneFactor:
    """A factor by itself."""

    factor: Factor

    def write(self, writer: ExpressionWriter) -> str:
        return factor(self.factor, writer)[0]
