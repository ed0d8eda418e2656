"""Programs: expressions as straight-line NumPy code, with the exact cost of each line.

A program is made for given sizes and runs on arrays of those sizes. Each line is what a person would write for that
step: `@` for a matrix product, `*` for an element-wise one, a view where nothing is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from ..expressions.index_maps import Concatenate, IndexMap, Merge, Split, Take
from ..expressions.nodes import (
    Adjoint,
    Array,
    Constant,
    EinsumSum,
    EinsumTerm,
    Elementwise,
    Expression,
    Named,
    Prime,
    Primitive,
    SizeValue,
    Variable,
    name_key,
)
from ..expressions.places import check_places
from ..expressions.walks import walk
from ..functions.elementwise import definition
from ..shapes.memory import SMALL, refuse_if_too_large
from ..shapes.sizes import bind_size
from .buffer_reuse import in_place
from .contraction_code import cut, shape_of
from .fusion import below, fused
from .guards import guarded
from .network_code import NetworkWriter
from .numpy_source import factor, literal
from .statements import Lines, Step, Value

#: Names that generated code uses itself, besides those of helpers.
_RESERVED = frozenset({"np", "program"})


@dataclass(frozen=True)
class Signature:
    """How the function of a program looks from outside: its name, its parameters where they are to be these, and
    whether it returns one value instead of a tuple."""

    name: str = "program"
    parameters: tuple[str, ...] | None = None
    single: bool = False


@dataclass
class Program:
    """Straight-line code for `roots`. `order` is the order in which each network's operands are contracted."""

    roots: Sequence[Expression]
    sizes: Mapping[str, int]
    order: str = "reverse"
    given: frozenset[str] = frozenset()  # named expressions that are given a value instead of being computed
    counted: frozenset[int] = frozenset()  # serials of roots that are derivatives
    described: Callable[[], tuple[str, str]] = lambda: ("evaluating", "")  # what is formed, and advice, for errors
    order_name: str = ""  # what the order is called
    signature: Signature = Signature()
    fuse: bool = False  # whether what is read once is multiplied out where it is read
    in_place: bool = False  # whether large results may go into arrays that are read no more; all are float64 then
    arguments: list[str] = field(default_factory=list)
    helpers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._values: dict[int, Value] = {}
        nodes = walk(self.roots)
        check_places(nodes, self.sizes)
        reserved = _RESERVED | {self.signature.name} | {node.rule.name for node in nodes if isinstance(node, Primitive)}
        names = {key for node in nodes if (key := name_key(node)) is not None}
        self._lines = Lines(reserved | names)
        self._networks = NetworkWriter(self._lines, self.sizes, self._values, self.order)
        self._fused: dict[int, tuple[EinsumTerm, ...]] = {}
        if self.fuse:
            self._fused = fused(self.roots, self._inputs, self.sizes)
        # a name of the user that the code needs itself is spelled otherwise there
        self._spelled = {key: self._lines.fresh(f"{key}_") for key in sorted(names & reserved)}
        for node in below(self.roots, self._inputs):
            self._values[node.serial] = self._lower(node)
        self.results = [self._values[root.serial] for root in self.roots]
        texts = self._lines.handed_out(self.results)
        self._lines.write(f"return {', '.join(texts)}{',' if len(texts) == 1 and not self.signature.single else ''}")
        arrays = self._lines.constants.values()
        if self.in_place and all(array.dtype in (np.float64, np.intp) for array in arrays):
            self._lines.entries = in_place(self._lines.entries, self._lines.own)
        self._lines.finish()

    @property
    def is_fused(self) -> bool:
        """Whether there was anything to multiply out."""
        return bool(self._fused)

    @property
    def steps(self) -> list[Step]:
        return self._lines.steps

    # --- what it costs ----------------------------------------------------------------------------------------

    @property
    def multiplications(self) -> int:
        return sum(step.multiplications for step in self.steps if step.derivative)

    @property
    def all_multiplications(self) -> int:
        """Those of forward values too, which two ways to one result may share differently."""
        return sum(step.multiplications for step in self.steps)

    @property
    def peak_elements(self) -> int:
        derivative = [prod(step.shape) for step in self.steps if step.derivative]
        return max(derivative + [prod(value.shape) for value in self.results], default=0)

    # --- running it -------------------------------------------------------------------------------------------

    @cached_property
    def source(self) -> str:
        return f"{self._header}def {self.signature.name}({', '.join(self._parameters)}):\n{self._body}\n"

    @property
    def _header(self) -> str:
        return "".join(self.helpers[name] + "\n\n" for name in sorted(self.helpers))

    @property
    def _body(self) -> str:
        return "\n".join(f"    {line}" for line in self._lines.entries)

    @property
    def _parameters(self) -> list[str]:
        keys = self.arguments if self.signature.parameters is None else self.signature.parameters
        return [self._parameter(key) for key in keys]

    def _parameter(self, key: str) -> str:
        """How a name of the user stands in the code."""
        return self._spelled.get(key, key)

    @property
    def standalone(self) -> str:
        """The source with what it needs: it runs on its own. Constants are written out."""
        constants = "".join(
            f"{name} = np.array({literal(array.tolist())}).reshape({array.shape})\n"
            for name, array in self._lines.constants.items()
        )
        return "\n\n".join(part for part in ("import numpy as np\n", constants, self.source) if part)

    @cached_property
    def function(self) -> Callable[..., tuple[Any, ...]]:
        namespace: dict[str, Any] = {"np": np, **self._lines.constants}
        # The text is made of templates of this library and of identifiers that were checked: nothing a user typed.
        exec(compile(self.source, "<jacobians program>", "exec"), namespace)  # noqa: S102
        return namespace[self.signature.name]  # type: ignore[no-any-return]

    def guarded(self, arrays: Sequence[Array], otherwise: Callable[..., Any]) -> Callable[..., Any]:
        """The function for plain arrays of the shapes and types of `arrays`; anything else goes to `otherwise`."""
        namespace: dict[str, Any] = {"np": np, **self._lines.constants}
        names, fresh = self._parameters, self._lines.fresh
        return guarded(self._header, names, self._body, namespace, fresh, arrays, otherwise)

    def run(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of the roots, as arrays. Too large an array is refused before anything is computed."""
        self.check_memory()
        return tuple(np.asarray(value) for value in self.function(*(values[key] for key in self.arguments)))

    def check_memory(self) -> None:
        """Refuse if one step's result is over the limit, or all of them together are more than is free."""
        shapes = [step.shape for step in self.steps] + [value.shape for value in self.results]
        if 8 * sum(map(prod, shapes)) > SMALL:  # what it is called takes long to say for a deep graph
            refuse_if_too_large(shapes, *self.described())

    # --- lowering ---------------------------------------------------------------------------------------------

    def _inputs(self, node: Expression) -> tuple[Expression, ...]:
        """What a node is computed from; a given expression and σ′ hide what is below them."""
        if isinstance(node, Named) and name_key(node) in self.given:
            return ()
        if isinstance(node, Elementwise) and isinstance(node.function, Prime):
            return (definition(node),)
        if node.serial in self._fused:
            operands = (one for term in self._fused[node.serial] for one in term.operands)
            return tuple(one for one in dict.fromkeys(operands) if not isinstance(one, IndexMap))
        return tuple(child for child in node.children if not isinstance(child, IndexMap))

    def _lower(self, node: Expression) -> Value:
        shape = shape_of(node, self.sizes)
        if isinstance(node, Variable) or (isinstance(node, Named) and name_key(node) in self.given):
            key = name_key(node)
            assert key is not None
            self.arguments.append(key)
            return Value(self._parameter(key), shape, False)
        if isinstance(node, Constant):
            if not shape and node.name is None:
                return Value(factor(float(node.value)), shape, True)
            return Value(self._lines.constant(node.value, f"{name_key(node) or 'c'}_value"), shape, False)
        if isinstance(node, SizeValue):
            return Value(repr(float(bind_size(node.length, self.sizes))), (), True)
        if isinstance(node, Named):
            value = self._values[node.body.serial]
            self._lines.call(value, self._parameter(name_key(node) or ""))
            return value
        if isinstance(node, Elementwise):
            if isinstance(node.function, Prime):
                return self._values[definition(node).serial]
            args = [self._values[arg.serial].text for arg in node.args]
            return self._lines.emit(node.function.template.format(*args), shape)
        if isinstance(node, Primitive):
            if node.rule.helper:
                self.helpers[node.rule.name] = node.rule.helper
            args = [self._values[arg.serial].text for arg in node.args]
            return self._lines.emit(node.rule.template.format(*args), shape)
        if isinstance(node, Concatenate):
            parts = ", ".join(self._values[part.serial].text for part in node.parts)
            return self._lines.emit(f"np.concatenate(({parts}), axis={node.axis})", shape)
        if isinstance(node, Take):
            body = self._values[node.body.serial]
            part = cut(self._lines, self.sizes, node.pick, node.axis, body.shape[node.axis])
            # a slice is a view, listed entries are an array of their own
            view = Value(f"{body.text}{part}", shape, False)
            return view if node.pick.indices is None else self._lines.emit(view.text, shape)
        if isinstance(node, (Merge, Split)):
            return Value(f"{self._values[node.body.serial].text}.reshape({shape})", shape, False)
        assert isinstance(node, EinsumSum)
        derivative = isinstance(node, Adjoint) or node.serial in self.counted
        return self._networks.write(node, self._fused.get(node.serial, node.terms), derivative)
