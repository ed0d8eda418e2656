"""Compiled functions: of arrays, made once for each set of sizes and dtypes that they meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..chain_rule.contraction_orders import Order
from ..errors import NamingError, ShapeError
from ..expressions.nodes import Expression
from ..expressions.pickling import Rebuilt
from ..shapes.names import normalise
from .binding import bind_sizes, bind_values, name_table
from .planning import HasChain, plan
from .printers.guards import MISSING
from .program import DType, Program, Signature


class Compiled(Rebuilt):
    """A function of arrays, made once for each set of sizes that it meets.

    Call it with the arrays in the order of `variables`, or by name. It returns one array, or a tuple of them where it
    was made of a list. `source` is the code for the sizes that are known: it runs on its own.

    >>> from jacobians import compile, vector
    >>> double = compile(2 * vector("x", "n"))
    >>> double([1.0, 2.0]).tolist(), double.variables
    ([2.0, 4.0], ('x',))
    """

    def __init__(
        self,
        items: Sequence[HasChain | Expression],
        order: Order,
        sizes: Mapping[str, int],
        signature: Signature,
        arguments: Sequence[Expression] = (),
    ) -> None:
        self.variables = signature.parameters or ()
        self._items = list(items)
        self._order = order
        self._sizes = dict(sizes)
        self._signature = signature
        self._arguments = list(arguments)
        self._table = name_table([*points_of(items), *arguments])
        self._programs: dict[tuple[object, ...], Program] = {}
        self._guarded: dict[tuple[object, ...], Any] = {}
        self._call = self._by_signature  # then the function for the signature of the last call, which comes back here
        self._last: Program | None = None

    def made_of(self) -> tuple[Any, ...]:
        return self._items, self._order, self._sizes, self._signature, self._arguments

    @classmethod
    def rebuild(cls, *parts: Any) -> Compiled:
        return cls(*parts)

    def __call__(self, *arrays: Any, **named: Any) -> Any:
        """The values, as arrays. Errors are those of `evaluate`."""
        if named:
            arrays = self._ordered(arrays, named)
        return self._call(*arrays)

    def _by_signature(self, *arrays: Any) -> Any:
        """Anything but plain arrays of the shapes and types of the last call."""
        arrays = tuple(array for array in arrays if array is not MISSING)
        if len(arrays) != len(self.variables):
            names = ", ".join(self.variables)
            raise ShapeError(f"{self._signature.name} takes {len(self.variables)} arrays ({names}), got {len(arrays)}")
        if not all(type(array) is np.ndarray for array in arrays):
            return self._checked(arrays)
        key = _key(arrays)
        program = self._programs.get(key)
        if program is None:
            return self._checked(arrays)
        if key not in self._guarded:
            self._guarded[key] = program.code.guarded(arrays, self._by_signature)
        self._call = self._guarded[key]
        return program.function(*arrays)

    def _ordered(self, arrays: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        rest = self.variables[len(arrays) :]
        keys = {normalise(name): value for name, value in named.items()}
        unknown = [name for name in keys if name not in rest]
        if unknown or len(keys) < len(rest):
            wrong = f"unknown or given twice: {unknown[0]!r}" if unknown else f"missing: {set(rest) - set(keys)}"
            raise NamingError(f"{self._signature.name} takes {', '.join(self.variables)}; {wrong}")
        return (*arrays, *(keys[name] for name in rest))

    def _checked(self, arrays: tuple[Any, ...]) -> Any:
        """Check and convert the arguments, make the function for their shapes if there is none yet, and call it."""
        binding = bind_values(dict(zip(self.variables, arrays, strict=True)), self._table, self._sizes)
        checked = [binding.arrays[name] for name in self.variables]
        key = _key(checked)
        program = self._programs.get(key)
        if program is None:
            program = self.program(binding.sizes, binding.dtypes)
            program.check_memory()
            self._programs[key] = program
        return program.function(*checked)

    def program(self, sizes: Mapping[str, int] | None = None, dtypes: Mapping[str, DType] | None = None) -> Program:
        """The straight-line program for given sizes, and dtypes of the arguments (float64 where none is given)."""
        bound = {**self._sizes, **bind_sizes(sizes)}
        self._last = plan(self._items, self._order, bound, signature=self._signature, dtypes=dtypes)
        return self._last

    @property
    def source(self) -> str:
        """The code, for the sizes of the last call or those that were given; it starts with its imports.

        Raises `ShapeError` while a symbolic size has no value.
        """
        return (self._last or self.program()).code.source


def _key(arrays: Sequence[Any]) -> tuple[object, ...]:
    return tuple((array.shape, array.dtype.char) for array in arrays)


def points_of(items: Sequence[HasChain | Expression]) -> list[Expression]:
    """The expressions among `items`, and the ends and middles of the derivatives."""
    roots: list[Expression] = []
    for item in items:
        if isinstance(item, Expression):
            roots.append(item)
        else:
            roots += [point for path in item.chain.paths for point in path]
    return roots
