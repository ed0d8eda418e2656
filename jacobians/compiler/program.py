"""Programs as data: typed statements in order, and what follows from them alone.

A program is made for given sizes and dtypes. Passes go from program to program, and the printer of a target language
makes text once, at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any, Protocol

import numpy as np

from ..expressions.display import Displayed
from ..shapes.memory import SMALL, refuse_if_too_large
from ..shapes.sizes import Shape
from .operations import Apply, Argument, Number, Operation, Stored, View

DType = np.dtype[Any]


class Statement:
    """One operation: its operands, and the shape, dtype, cost and aliasing of its result.

    `symbols` is the shape in symbols as far as they are known. `dtype` is None for a number, which takes the dtype of
    what it meets. `derivative` tells a step of the chain rule from a forward value. `base` is the statement whose
    memory the result shows: itself, unless this is a view.
    """

    __slots__ = ("base", "derivative", "dtype", "multiplications", "operands", "operation", "shape", "symbols")

    def __init__(
        self,
        operation: Operation,
        operands: tuple[Statement, ...],
        shape: tuple[int, ...],
        symbols: Shape,
        dtype: DType | None,
        multiplications: int,
        derivative: bool,
    ) -> None:
        self.operation, self.operands, self.shape, self.symbols = operation, operands, shape, symbols
        self.dtype, self.multiplications, self.derivative = dtype, multiplications, derivative
        self.base: Statement = operands[0].base if isinstance(operation, View) else self

    @property
    def is_given(self) -> bool:
        """Whether it is there before the program runs: an argument, a constant or a number."""
        return isinstance(self.operation, (Argument, Number, Stored))

    @property
    def is_view(self) -> bool:
        return isinstance(self.operation, View)

    @property
    def owns(self) -> bool:
        """Whether the memory that it shows was made by this program."""
        return not self.base.is_given

    @property
    def elements(self) -> int:
        return prod(self.shape)

    def __repr__(self) -> str:
        return f"{self.operation} -> {self.shape}"


@dataclass(frozen=True)
class Step(Displayed):
    """One step as it prints: `target = text`, the shape of the result, and its multiplications.

    `derivative` tells the steps of the chain rule from those that compute forward values.
    """

    target: str
    text: str
    shape: tuple[int, ...]
    multiplications: int
    derivative: bool
    einsum: str = ""

    def __str__(self) -> str:
        return f"{self.target} = {self.text}  # {self.einsum or 'shape'} {self.shape}"

    __repr__ = __str__


@dataclass(frozen=True)
class Signature:
    """How the function of a program looks from outside: its name, its parameters where they are to be these, and
    whether it returns one value instead of a tuple."""

    name: str = "program"
    parameters: tuple[str, ...] | None = None
    single: bool = False


class Code(Protocol):
    """A program in one language: what a printer makes of it. A back end is a class of this kind."""

    def __init__(self, program: Program) -> None: ...

    @staticmethod
    def prepared(program: Program) -> Program:
        """The program after the passes that suit the language."""
        ...

    @property
    def source(self) -> str:
        """The text, which runs on its own."""
        ...

    @property
    def function(self) -> Callable[..., Any]:
        """The function of the arrays, in the order of the parameters."""
        ...

    def guarded(self, arrays: Sequence[Any], otherwise: Callable[..., Any]) -> Callable[..., Any]:
        """The function for plain arrays of the shapes and dtypes of `arrays`; anything else goes to `otherwise`."""
        ...

    def steps(self) -> list[Step]:
        """Every statement that computes something, each by itself."""
        ...


@dataclass(frozen=True, eq=False)
class Program:
    """Statements in order, and the `results` among them.

    What passes find is kept beside the statements: `overwritten` tells which operand's memory a statement writes its
    result into, `inlined` which statements are written where they are read, `released` what is read for the last time
    by a statement.
    """

    statements: Sequence[Statement]
    results: Sequence[Statement]
    printer: type[Code]
    signature: Signature = Signature()
    names: Mapping[Statement, str] = field(default_factory=dict)  # those that the user gave
    order_name: str = ""
    described: Callable[[], tuple[str, str]] = lambda: ("evaluating", "")  # what is formed, and advice, for errors
    overwritten: Mapping[Statement, Statement] = field(default_factory=dict)
    inlined: frozenset[Statement] = frozenset()
    released: Mapping[Statement, tuple[Statement, ...]] = field(default_factory=dict)

    # --- what it costs ----------------------------------------------------------------------------------------

    @property
    def multiplications(self) -> int:
        return sum(one.multiplications for one in self.statements if one.derivative)

    @property
    def all_multiplications(self) -> int:
        """Those of forward values too, which two ways to one result may share differently."""
        return sum(one.multiplications for one in self.statements)

    @property
    def computed(self) -> list[Statement]:
        """The statements that compute something: neither given nor a view."""
        return [one for one in self.statements if not one.is_given and not one.is_view]

    @property
    def peak_elements(self) -> int:
        shapes = [one.shape for one in self.computed if one.derivative] + [one.shape for one in self.results]
        return max(map(prod, shapes), default=0)

    # --- running it -------------------------------------------------------------------------------------------

    @cached_property
    def arguments(self) -> list[str]:
        """The names of the arrays that it needs, in the order in which they are met."""
        return [one.operation.name for one in self.statements if isinstance(one.operation, Argument)]

    @property
    def parameters(self) -> list[str]:
        """The names of the arrays that its function takes."""
        return self.arguments if self.signature.parameters is None else list(self.signature.parameters)

    @cached_property
    def code(self) -> Code:
        """The program in the language of its printer."""
        return self.printer(self.printer.prepared(self))

    @cached_property
    def steps(self) -> list[Step]:
        return self.code.steps()

    @property
    def function(self) -> Callable[..., Any]:
        return self.code.function

    def run(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of the results, as arrays. Too large an array is refused before anything is computed."""
        self.check_memory()
        found = self.function(*(values[key] for key in self.parameters))
        return tuple(np.asarray(value) for value in ((found,) if self.signature.single else found))

    def check_memory(self) -> None:
        """Refuse if one step's result is over the limit, or all of them together are more than is free."""
        computed = self.computed
        shapes = [one.shape for one in dict.fromkeys((*computed, *self.results))]
        # a formula such as that of a sigmoid holds two more arrays while it is computed
        besides = 16 * max((one.elements for one in computed if isinstance(one.operation, Apply)), default=0)
        if 8 * sum(map(prod, shapes)) + besides > SMALL:  # what it is called takes long to say for a deep graph
            refuse_if_too_large(shapes, *self.described(), besides=besides)


def reachable(results: Iterable[Statement]) -> list[Statement]:
    """What `results` are computed from, themselves included, operands first."""
    order: list[Statement] = []
    seen: set[Statement] = set()
    stack: list[tuple[Statement, bool]] = [(one, False) for one in reversed(list(results))]
    while stack:
        one, expanded = stack.pop()
        if expanded:
            order.append(one)
        elif one not in seen:
            seen.add(one)
            stack.append((one, True))
            stack += [(operand, False) for operand in reversed(one.operands) if operand not in seen]
    return order
