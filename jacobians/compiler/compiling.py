"""`compile`: expressions and Jacobians as one Python function of arrays, with source that can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..chain_rule.chains import Chain
from ..chain_rule.contraction_orders import Order, check_order
from ..errors import NamingError, ShapeError
from ..expressions.nodes import Expression, Variable, as_expression
from ..expressions.pickling import Rebuilt
from ..expressions.walks import walk
from ..shapes.arguments import listed as members
from ..shapes.formatting import shown_value
from ..shapes.names import check_name, normalise
from .binding import bind_sizes, bind_values, name_table
from .planning import HasChain, plan
from .printers.guards import MISSING
from .program import DType, Program, Signature


class Compiled(Rebuilt):
    """A function of arrays, made once for each set of sizes that it meets.

    Call it with the arrays in the order of `variables`, or by name. It returns one array, or a tuple of them where it
    was made of a list. `source` is the code for the sizes that are known: it runs on its own.
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
        self._table = name_table([*_roots(items), *arguments])
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


def _roots(items: Sequence[HasChain | Expression]) -> list[Expression]:
    roots: list[Expression] = []
    for item in items:
        if isinstance(item, Expression):
            roots.append(item)
        else:
            roots += [point for path in item.chain.paths for point in path]
    return roots


def _met(roots: Sequence[Expression]) -> list[Variable]:
    """The variables in the order in which a walk from left to right meets them."""
    found: list[Variable] = []
    seen: set[int] = set()
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        if node.serial not in seen:
            seen.add(node.serial)
            if isinstance(node, Variable):
                found.append(node)
            stack.extend(reversed(node.children))
    return found


def _name(argument: Any) -> str:
    name = argument.name if isinstance(argument, Expression) else argument
    if not isinstance(name, str):
        raise NamingError(
            f"compile: variables are names, variables or named expressions, got {shown_value(argument)}; .named('z') "
            "gives an expression a name"
        )
    return name


def compile(  # noqa: A001 - the name is the field's
    items: Any,
    variables: Sequence[Any] | None = None,
    order: str | Sequence[str] = "optimal",
    sizes: Mapping[str, int] | None = None,
    name: str = "program",
    target: str = "numpy",
) -> Compiled:
    """Expressions and Jacobians as one function of arrays; common parts are computed once.

    `items` is an expression or a Jacobian, or a list of them; `variables` gives the order of the arguments, as names or
    variables (default: those that are needed, in the order in which they are met from left to right). `target` is the
    library whose arrays the function takes and gives: "numpy", "jax" or "torch"; `.source` is in its words, and the
    function traces under `jax.jit`, `torch.compile` and the like. Raises `NamingError` if a variable that is needed is
    not among `variables`, `OptionError` for an unknown target.

    >>> from jacobians import derivative, vector
    >>> x = vector("x", 3)
    >>> f = compile(derivative(x @ x, x))
    >>> f(np.array([1.0, 2.0, 3.0])).tolist()
    [2.0, 4.0, 6.0]
    """
    order = check_order(order)
    check_name(name, "a function")
    single = not isinstance(items, (list, tuple))
    listed: list[Any] = [items] if single else list(items)
    wanted = [item if isinstance(getattr(item, "chain", None), Chain) else as_expression(item) for item in listed]
    needed = walk(item if isinstance(item, Expression) else item.chain.needed("reverse") for item in wanted)
    found = [node.name for node in needed if isinstance(node, Variable)]
    if variables is None:
        names = [normalise(one.name) for one in _met(_roots(wanted)) if one.name in found]
    else:
        variables = members(variables, "compile: variables is a list of names or variables, such as ['x', 'A']")
        names = [normalise(_name(one)) for one in variables]
        repeated = [name for name, count in Counter(names).items() if count > 1]
        if repeated:
            raise NamingError(f"compile: {repeated[0]!r} stands twice among the variables")
        missing = [one for one in found if normalise(one) not in names]
        if missing:
            raise NamingError(f"compile: the expressions need {missing[0]!r}, which is not among {', '.join(names)}")
    # an argument that nothing is computed from is checked all the same
    arguments = [one for one in variables or () if isinstance(one, Expression)]
    parts = (wanted, order, bind_sizes(sizes), Signature(name, tuple(names), single), arguments)
    if target != "numpy":
        from .targets import CompiledFor

        return CompiledFor(*parts, target)
    return Compiled(*parts)
