"""`explain`: the derivation of a Jacobian, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Any

from ..differentiation.jacobian_tensor import Jacobian
from ..differentiation.jacobian_views import JacobianView
from ..errors import UnsupportedError
from ..expressions.nodes import EinsumSum, EinsumTerm, Expression, Named, unnamed
from ..expressions.terms import merge_like
from ..expressions.walks import walk
from ..notation.alphabet import TEXT
from ..notation.closed_form import network_text
from ..notation.components import Delta, Entry, EntryProduct, Partial, Row, by_components
from ..notation.writer import activations_in
from ..shapes.layout import LAYOUTS, axes_in_layout, layout_shape
from ..shapes.sizes import Shape, Size
from .chain_rule import along, backward
from .deltas import eliminate_one
from .derivation import Derivation
from .formulas import (
    AtAxes,
    Chained,
    Closed,
    Components,
    Defined,
    Dimensions,
    Edge,
    Formula,
    InLayout,
    Letter,
    OneFactor,
    Permuted,
    Quantity,
    RowName,
    Sigma,
    Written,
)
from .graph import Path, StationGraph
from .local import EntryProducts, by_rows, local_lines, split, written_out
from .numbers import as_term
from .phrases import INTRODUCTIONS, REASONS, as_matrix, kind, shape_words
from .steps import Board, Equation, Line, Prose, Step

#: Paths, their steps, and the products of terms along them that are written out; where there are more, it is done
#: backwards, station by station.
PATHS = 6
STEPS = 24
PRODUCTS = 16


def explain(jacobian: Any) -> Derivation:
    """The derivation of a Jacobian: what a careful teacher writes on the board, in steps.

    The chain; each local Jacobian with its shape, the item of the notes that gives its layout, and its derivation by
    components as in the proofs of Propositions 1 and 2; the product by components; the deltas eliminated, one a line;
    the closed form with its shape, and how it reads in the other three layouts. Where several paths lead from the
    numerator to the denominator each is gone along, or, where they are many, all backwards together.

    The steps are objects: each of their lines has `.text`, `.latex()`, and `.evaluate(values)`, and consecutive lines
    of an equation are equal. The whole prints as text, and so does a step; `.latex()` and `.markdown()` are for a page.
    Raises `UnsupportedError` for what is not a Jacobian.

    >>> from jacobians import derivative, matrix, vector
    >>> W, x = matrix("W", "h", "d"), vector("x", "d")
    >>> steps = explain(derivative((W @ x).named("z"), W))
    >>> steps[1].lines[-1].text
    'I_h ⊗ x'
    """
    if not isinstance(jacobian, (Jacobian, JacobianView)):
        kind = type(jacobian).__name__
        raise UnsupportedError(f"explain takes a Jacobian, as derivative(y, x) gives one; got {kind}")
    return _Teacher(jacobian if isinstance(jacobian, Jacobian) else jacobian.jacobian).derivation()


class _Teacher:
    """Writes one derivation."""

    def __init__(self, jacobian: Jacobian) -> None:
        self.jacobian = jacobian
        self.graph = StationGraph(jacobian.chain)
        self.board = Board(jacobian, self.graph)
        self.text = self.board.writer(TEXT)
        self.y = self.graph.called(jacobian.numerator)
        self.x = self.graph.called(jacobian.denominator)
        self.flat = tuple(jacobian.chain.flat)
        few = self.graph.count_paths() <= PATHS
        self.paths = self.graph.paths() if few else []
        points = jacobian.chain.paths
        #: Whether it is the whole derivative, and not a product or a sum that leaves paths out.
        self.is_whole = len(points) == 1 and len(points[0]) == 2
        self.whole: Formula = Edge(self.y, self.x, total=True)
        if not self.is_whole:
            called = [tuple(map(self.graph.called, path)) for path in points]
            self.whole = Chained(
                tuple(tuple(Edge(a, b, total=True) for a, b in pairwise(path)) for path in called),
                tuple(tuple(middle.ndim for middle in path[1:-1]) for path in called),
            )

    def derivation(self) -> Derivation:
        steps = [self.chain_step()]
        if self.graph.edges:
            steps.append(self.local_step())
        if self.by_paths and not self.is_one_step:
            steps += self.path_steps()
        elif self.graph.edges and self.is_whole and not self.by_paths:
            steps.append(self.backward_step())
        steps += [self.closed_step(), self.layout_step()]
        numbered = [Step((f"{k}. ", *step.title), step.equations) for k, step in enumerate(steps, start=1)]
        return Derivation(self.board, self.heading(), numbered)

    @property
    def by_paths(self) -> bool:
        return 0 < len(self.paths) <= PATHS and all(
            1 < len(path) <= STEPS + 1 and prod(len(self.graph.local(a, b)) for a, b in pairwise(path)) <= PRODUCTS
            for path in self.paths
        )

    @property
    def is_one_step(self) -> bool:
        """Whether the derivative is a single local Jacobian."""
        return self.by_paths and len(self.paths) == 1 and len(self.paths[0]) == 2

    # --- lines ------------------------------------------------------------------------------------------------

    def line(self, formula: Formula, *reason: str | Written, space: Shape | None = None) -> Line:
        return Line(self.board, formula, reason, space)

    def equation(self, lines: Sequence[Line], *note: str | Written) -> Equation:
        """An equation in which no line reads as an earlier one: steps that lead back are left out."""
        kept = [lines[0]]
        for line in lines[1:]:
            texts = [one.text for one in kept]
            if line.text not in texts:
                kept.append(line)
                continue
            if line.text != texts[0]:  # the left side leads somewhere even where its own name is written again
                del kept[texts.index(line.text) + 1 :]
            if line.space is not None:
                kept[-1] = Line(kept[-1].board, kept[-1].formula, kept[-1].reason, line.space)
        return Equation(tuple(kept), note)

    # --- the heading and the chain --------------------------------------------------------------------------------

    def heading(self) -> Prose:
        sigma = [f.name for f in activations_in([self.jacobian.numerator])]
        said: Prose = ("The derivative ", self.whole, " of ", *kind(self.y), " by ", *kind(self.x))
        if len(sigma) == 1:
            function = sigma[0]
            said = (*said, ", where ", Sigma(), f" is {function}")
        inner = self.jacobian.inner
        if inner is not None:
            before = Edge(inner.numerator, inner.denominator, total=True)
            return (
                *said,
                ". Here ",
                Quantity(self.y),
                " is ",
                before,
                " in numerator layout. Items are those of the notes.",
            )
        return (*said, ". Items are those of the notes.")

    def chain_step(self) -> Step:
        equations = []
        for station in self.named_below():
            lines = [self.line(Quantity(station)), self.line(Defined(station), space=station.shape)]
            equations.append(self.equation(lines))
        lines = [self.line(self.whole)]
        if self.by_paths:
            lines.append(self.line(self.chained(self.paths)))
            note = "so that, by the chain rule," if len(self.paths) == 1 else "so that, summed over the paths,"
            if self.is_one_step:
                return Step(("The chain, of one step",), tuple(equations))
        elif not self.graph.edges:
            note = "every entry by itself:" if self.flat else "and no path leads from one to the other:"
            lines.append(self.line(Closed(self.flat, self.jacobian.shape)))
        elif self.is_whole:
            count = self.graph.count_paths()
            note = "step by step from above," if count == 1 else f"with {count} paths, taken together from above,"
            lines.append(self.line(self.one_step_up(self.x)))
        else:
            note = "a product of derivatives:"
        equations.append(self.equation(lines, note))
        return Step(("The chain",), tuple(equations))

    def named_below(self) -> list[Named]:
        """What y is computed from and has a name, down to x, in the order of evaluation; y is the last."""
        found: dict[int, Named] = {}
        bottom = unnamed(self.x).serial
        for node in walk([unnamed(self.y)], lambda node: () if node.serial == bottom else node.children):
            called = self.graph.called(node)
            if isinstance(called, Named) and unnamed(called).serial != bottom:
                found.setdefault(unnamed(called).serial, called)
        return list(found.values())

    def edge(self, of: Expression, by: Expression) -> Edge:
        return Edge(of, by, self.graph.held(of, by))

    def chained(self, paths: Sequence[Path]) -> Chained:
        return Chained(
            tuple(tuple(self.edge(a, b) for a, b in pairwise(path)) for path in paths),
            tuple(tuple(middle.ndim for middle in path[1:-1]) for path in paths),
        )

    # --- local Jacobians --------------------------------------------------------------------------------------

    def local_step(self) -> Step:
        equations: list[Equation] = []
        on_paths = {pair for path in self.paths for pair in pairwise(path)} if self.by_paths else None
        shown: set[int] = set()
        for of, by in self.graph.edges:
            if on_paths is not None and (of, by) not in on_paths:
                continue
            edge = self.edge(of, by)
            if of.serial not in shown:
                shown.add(of.serial)
                equations += self.entries_of(of)
            lines = self.local_equation(of, by, edge)
            equations.append(self.equation(lines, edge, *shape_words(of, by), ":"))
            closed = Closed(self.graph.local(of, by), edge.shape, of.ndim == 0 and by.ndim == 1)
            if closed.closed(self.text):
                hence = [self.line(edge), self.line(closed, space=as_matrix(of, by))]
                equations.append(self.equation(hence, "Hence"))
        return Step(("The local Jacobians",), tuple(equations))

    def entries_of(self, of: Expression) -> list[Equation]:
        """What an entry of a product or a sum is: z_i = (W x + b)_i = w_iᵀ x + b_i."""
        body = unnamed(of)
        if not isinstance(body, EinsumSum):
            return []
        axes = tuple(range(of.ndim))
        sizes: dict[int, Size] = dict(enumerate(of.shape))
        products = written_out(self.graph, of, of.ndim)
        lines = [self.line(Components((EntryProduct(1.0, (Entry(of, axes),), sizes, of.ndim),), of.shape))]
        if network_text(self.graph.terms(of), of.shape, self.text, row=False):
            lines.append(self.line(AtAxes(Defined(of), of.ndim)))
            if of.ndim:
                lines.append(self.line(Components(split(self.graph, of), of.shape)))
        rows = by_rows(products, self.text)
        lines.append(self.line(Components(rows, of.shape)))
        lines.append(self.line(Components(products, of.shape)))
        matrix = next((f.matrix for one in rows for f in one.factors if isinstance(f, Row)), None)
        if matrix is None:
            return [self.equation(lines, "By components,")]
        return [
            self.equation(
                lines, "By components, with ", RowName(matrix), " the row ", Letter(0), " of ", Quantity(matrix), ","
            )
        ]

    def local_equation(self, of: Expression, by: Expression, edge: Edge) -> list[Line]:
        lines = [self.line(AtAxes(edge, len(edge.shape)))] if len(edge.shape) > 1 else []
        last: EntryProducts = ()
        for last, reason in local_lines(self.graph, of, by, self.text):
            lines.append(self.line(Components(last, edge.shape), REASONS.get(reason, reason)))
        lines += self.eliminated(last, edge.shape)
        return lines

    # --- deltas -----------------------------------------------------------------------------------------------

    def eliminated(self, products: EntryProducts, shape: Shape, bounds: bool = False) -> list[Line]:
        """One delta a line, and then like terms together."""
        lines: list[Line] = []
        current = list(products)
        k = 0
        while k < len(current):
            done = eliminate_one(current[k])
            if done is None:
                k += 1
                continue
            current[k], delta = done
            lines.append(self.line(Components(tuple(current), shape, bounds), "by ", OneFactor(delta)))
        if all(isinstance(f, (Entry, Delta)) for one in current for f in one.factors):
            merged = merge_like(as_term(one, range(len(shape))) for one in current)
            if len(merged) < len(current):
                collected = tuple(map(by_components, merged))
                lines.append(self.line(Components(collected, shape, bounds), "like terms together"))
        return lines

    # --- products along paths ---------------------------------------------------------------------------------

    def path_steps(self) -> list[Step]:
        steps = []
        several = len(self.paths) > 1
        rank = len(self.jacobian.shape)
        for number, path in enumerate(self.paths, start=1):
            chained = self.chained([path])
            title: Prose = ("The product by components",)
            if several:
                title = (f"The product by components, path {number} of {len(self.paths)}: ", chained)
            shape = self.jacobian.shape
            start, factors = along(self.graph, path)
            lines = [self.line(AtAxes(chained if several else self.whole, rank))]
            lines.append(self.line(Components((start,), shape, True), "chain rule"))
            lines.append(self.line(Components(factors, shape, True), "the local Jacobians"))
            lines += self.eliminated(factors, shape, True)
            steps.append(Step(title, (self.equation(lines),)))
        return steps

    # --- all paths together -----------------------------------------------------------------------------------

    def one_step_up(self, station: Expression) -> Chained:
        """∂y/∂station as the sum over the stations that are computed from it directly."""
        paths: list[tuple[Edge, ...]] = []
        middles: list[tuple[int, ...]] = []
        for above in self.graph.above(station):
            last = self.edge(above, station)
            if above is self.y:
                paths.append((last,))
                middles.append(())
            else:
                paths.append((Edge(self.y, above, total=True), last))
                middles.append((above.ndim,))
        return Chained(tuple(paths), tuple(middles))

    def backward_step(self) -> Step:
        equations = []
        for station in reversed(self.graph.stations[:-1]):
            shape = (*self.y.shape, *station.shape[::-1])
            first, second = backward(self.graph, self.y, station)
            whole = Edge(self.y, station, total=True)
            lines = [self.line(AtAxes(whole, len(shape))), self.line(Components(first, shape), "chain rule")]
            lines.append(self.line(Components(second, shape), "the local Jacobians"))
            lines += self.eliminated(second, shape)
            equations.append(self.equation(lines))
        return Step(("Backwards, station by station",), tuple(equations))

    # --- the closed form --------------------------------------------------------------------------------------

    def closed_step(self) -> Step:
        shape = self.jacobian.shape
        row = self.y.ndim == 0 and self.x.ndim == 1
        closed = Closed(self.flat, shape, row)
        has_form = closed.closed(self.text) is not None
        if not has_form:
            by_index = Components(tuple(map(by_components, self.flat)), shape)
            lines = [self.line(AtAxes(self.whole, len(shape))), self.line(by_index, space=as_matrix(self.y, self.x))]
            return Step(("The result",), (self.equation(lines, *self.result_words()),))
        lines = [self.line(self.whole)]
        if self.by_paths and self.graph.edges:
            factors = tuple(
                tuple(
                    Closed(self.graph.local(a, b), (*a.shape, *b.shape[::-1]), a.ndim == 0 and b.ndim == 1)
                    for a, b in pairwise(path)
                )
                for path in self.paths
            )
            if all(one.closed(self.text) for path in factors for one in path):
                lines.append(self.line(self.chained(self.paths)))
                lines.append(self.line(Chained(factors, self.chained(self.paths).middles)))
        lines.append(self.line(closed, space=as_matrix(self.y, self.x)))
        return Step(("The closed form",), (self.equation(lines, *self.result_words()),))

    def result_words(self) -> Prose:
        return (self.whole, *shape_words(self.y, self.x), ":")

    def layout_step(self) -> Step:
        of, wrts = self.jacobian.differentiated
        ranks = [len(wrt) for wrt in wrts]
        equations = []
        for layout in LAYOUTS[1:]:
            rows, columns = axes_in_layout(len(of), ranks, layout)
            shape = layout_shape(of, wrts, layout)
            axes = [*rows, *columns]
            terms = tuple(
                EinsumTerm(one.coefficient, one.operands, one.indices, tuple(one.output[k] for k in axes), one.sizes)
                for one in self.flat
            )
            closed = Closed(terms, tuple(self.jacobian.shape[axis] for axis in axes), layout == "vec" and not rows)
            right = Permuted(closed, len(rows), layout, closed.closed(self.text) is None)
            left = InLayout(self.jacobian, self.whole, right)
            said: Prose = (INTRODUCTIONS[layout], Dimensions(shape), ":")
            lines = [self.line(left), self.line(right, space=shape)]
            if layout == "ad" and right.by_entry and self.is_whole and len(wrts) == 1:
                at_y, at_x = tuple(range(self.y.ndim)), tuple(range(self.y.ndim, len(axes)))
                entry = Partial(Entry(self.y, at_y), Entry(self.x, at_x), (), True)
                product = EntryProduct(1.0, (entry,), dict(enumerate(closed.shape)), len(axes))
                lines.insert(1, self.line(Components((product,), closed.shape)))
            equations.append(self.equation(lines, *said))
        return Step(("In the other layouts",), tuple(equations))
