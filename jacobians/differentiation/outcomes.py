"""From a traced call to its result: an array by a compiled program, or an expression inside of another call.

The program is found by the structure of the graph: by the nodes that the function gave and by its variables. Equal
structure is equal nodes, so that finding it is a look into a dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from ..compiler.compiled import Compiled
from ..compiler.compiling import compile as compile_items
from ..compiler.program import DType
from ..errors import UnsupportedError
from ..expressions.array_protocol import TRACER
from ..expressions.nodes import Expression, Named, Variable, as_expression
from ..expressions.walks import walk
from ..functions.operators import permute
from ..shapes.layout import axes_in_layout, from_numerator
from .jacobian_tensor import Jacobian
from .memory import Generations, Recent
from .pytrees import LEAF, Structure, Tree, flatten
from .trace import Trace
from .tracing import Traced

#: Number of programs that are kept, and of graphs of nested calls.
REMEMBERED = 256


class Laid:
    """A Jacobian to be given in a layout."""

    def __init__(self, jacobian: Jacobian, layout: str) -> None:
        self.jacobian, self.layout = jacobian, layout
        of, wrts = jacobian.differentiated
        self.rank, self.ranks = len(of), [len(wrt) for wrt in wrts]

    @property
    def order(self) -> list[int]:
        """The axes of the numerator layout, in the order that the layout has them."""
        rows, columns = axes_in_layout(self.rank, self.ranks, self.layout)
        return [*rows, *columns]

    @property
    def expression(self) -> Expression:
        if self.layout == "vec":
            raise UnsupportedError("the vec layout of a derivative inside another one; take another layout there")
        return permute(self.jacobian.expression, self.order)

    @property
    def arranged(self) -> Callable[[Any], Any] | None:
        """What brings the array of the numerator layout into this one; None for nothing to do."""
        if self.layout == "vec":
            rank, ranks = self.rank, self.ranks
            return lambda array: from_numerator(array, rank, ranks, "vec")
        order = tuple(self.order)
        return None if order == tuple(range(len(order))) else lambda array: array.transpose(order)


class Outcome:
    """A tree of expressions and Jacobians as one compiled function of the values of `variables`."""

    def __init__(self, tree: Tree, variables: Sequence[Variable]) -> None:
        found, self._structure = flatten(tree)
        items = [leaf.jacobian if isinstance(leaf, Laid) else as_expression(leaf) for leaf in found]
        arranged = [leaf.arranged if isinstance(leaf, Laid) else None for leaf in found]
        self._arranged = arranged if any(arranged) else None
        self.compiled: Compiled = compile_items(items, list(variables))
        self._count = len(found)
        self._functions: dict[Hashable, Callable[..., Any]] = {}

    def arranged(self, results: Sequence[Any]) -> Tree:
        """The results of the compiled function in their layouts and containers."""
        if self._arranged is not None:
            results = [one if move is None else move(one) for one, move in zip(results, self._arranged, strict=True)]
        return results[0] if self._structure is LEAF else self._structure.filled(iter(results))

    def __call__(self, values: Sequence[Any]) -> Tree:
        """The tree for values that have the shapes of the variables; a float stands for one of any precision."""
        if not self._count:
            return self._structure.filled(iter(()))
        dtypes = [value.dtype for value in values if type(value) is not float]
        weak: DType = dtypes[0] if dtypes and dtypes.count(dtypes[0]) == len(dtypes) else _DOUBLE
        arrays = [np.asarray(value, dtype=weak) if type(value) is float else value for value in values]
        key = tuple([array.dtype.char for array in arrays])
        function = self._functions.get(key)
        if function is None:
            names = self.compiled.variables
            program = self.compiled.program({}, {name: one.dtype for name, one in zip(names, arrays, strict=True)})
            program.check_memory()
            function = self._functions[key] = program.function
        return self.arranged(function(*arrays))


_DOUBLE: DType = np.dtype(np.float64)
#: Compiled functions by structure; what is closed over is an argument of theirs.
programs: Recent[Outcome] = Recent(REMEMBERED)
_graphs: Recent[tuple[list[Expression], Structure]] = Recent(REMEMBERED)
_nested: Generations[list[Expression]] = Generations(4 * REMEMBERED)
_is_closed: Recent[bool] = Recent(4 * REMEMBERED)


class Result:
    """What a transform forms of a traced call, by `make`, which is known by its `key`.

    `extra` are further variables and what is behind them: tangents, cotangents.
    """

    def __init__(
        self,
        traced: Traced,
        key: Hashable,
        make: Callable[[], Tree],
        extra: Sequence[tuple[Variable, Any]] = (),
    ) -> None:
        closed = self._surroundings = traced.trace.closed
        self.last: Outcome | None = None
        self._outputs, self._make = traced.outputs, make
        self._variables = [*traced.variables, *(variable for variable, _ in extra)]
        self._values = [*traced.arrays, *(value for _, value in extra)]
        self._closed = [] if closed is None else closed.variables[:]
        self._closed_values = [] if closed is None else closed.values[:]
        every = (*self._variables, *self._closed)
        outputs = tuple([output.serial for output in traced.outputs])
        self._key = (key, traced.structure, traced.inputs, outputs, tuple([one.serial for one in every]))

    @property
    def outcome(self) -> Outcome:
        """The compiled function; only one without constants is kept."""
        kept = self._surroundings is not None
        self.last = programs.get(self._key, self._compiled) if kept else self._compiled()
        return self.last

    def _compiled(self) -> Outcome:
        own = {one.serial for one in (*self._variables, *self._closed)}
        for node in walk(self._outputs):
            if isinstance(node, Variable) and node.owner is not None and node.serial not in own:
                raise UnsupportedError(
                    "the function uses an expression that was made in another call of a traced function, of its "
                    f"{node.name}; what is kept between calls is to be a number or an array"
                )
        return Outcome(self._make(), [*self._variables, *self._closed])

    def __call__(self) -> Tree:
        """As arrays; as expressions where it depends on what another call traces, or on a user's expressions."""
        current = TRACER.get()
        if current is None:
            if not any(isinstance(value, Expression) for value in self._values):
                return self.outcome([*self._values, *self._closed_values])
            return self._expressed(as_expression)
        token = TRACER.set(None)
        try:
            if self._is_numeric():
                return self.outcome([*self._values, *self._closed_values])
            assert isinstance(current, Trace)
            return self._expressed(current.lift, again=current.closed is not self._surroundings)
        finally:
            TRACER.reset(token)

    def _is_numeric(self) -> bool:
        """Whether nothing that the outputs depend on belongs to another call."""
        if any(isinstance(value, Expression) for value in self._values):
            return False
        if self._surroundings is None:
            return self._depends_on_nothing_else()
        return _is_closed.get(self._key, self._depends_on_nothing_else)

    def _depends_on_nothing_else(self) -> bool:
        own = {one.serial for one in (*self._variables, *self._closed)}
        return all(node.serial in own for node in walk(self._outputs) if isinstance(node, Variable))

    def _expressed(self, lift: Callable[[Any], Expression], again: bool = False) -> Tree:
        """The result with the values for the variables; `again`: what was closed over is not of the present call."""
        kept = self._surroundings is not None
        roots, structure = _graphs.get(self._key, self._graph) if kept else self._graph()
        replacements = {one.serial: lift(value) for one, value in zip(self._variables, self._values, strict=True)}
        if again:
            closed = zip(self._closed, self._closed_values, strict=True)
            replacements.update((one.serial, lift(value)) for one, value in closed)
        key = (self._key, tuple([new.serial for new in replacements.values()]))
        found = _nested.get(key) if kept else None
        if found is None:
            found = replaced(roots, replacements)
            if kept:
                _nested.keep(key, found)
        return structure.filled(iter(found))

    def _graph(self) -> tuple[list[Expression], Structure]:
        return expressions_of(self._make())


def expressions_of(tree: Tree) -> tuple[list[Expression], Structure]:
    """The leaves of a tree as expressions, Jacobians in their layouts, and the structure of the tree."""
    found, structure = flatten(tree)
    return [leaf.expression if isinstance(leaf, Laid) else as_expression(leaf) for leaf in found], structure


def replaced(roots: Sequence[Expression], replacements: dict[int, Expression]) -> list[Expression]:
    """The roots with expressions in the place of variables, known by their serials.

    What is changed below a name loses the name: in another call it stands for something else.
    """
    made = dict(replacements)
    for node in walk(roots, lambda node: () if node.serial in made else node.children):
        if node.serial not in made:
            if not any(made[child.serial] is not child for child in node.children):
                made[node.serial] = node
            elif isinstance(node, Named):
                made[node.serial] = made[node.body.serial]
            else:
                made[node.serial] = node.with_children(lambda child: made[child.serial])
    return [made[root.serial] for root in roots]
