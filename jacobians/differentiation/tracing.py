"""Tracing: a user's function, called with variables in place of its arrays.

The variables of a call are its own: they are known by how deep the call is nested in others and by their place among
its arguments, and never by their name alone. So a function that is traced again makes the same graph, node for node.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache, partial
from types import CodeType
from typing import Any

import numpy as np

from ..errors import DataError, JacobiansError, ShapeError, UnsupportedError
from ..expressions.array_protocol import TRACER, Writable
from ..expressions.nodes import Array, Expression, Variable, as_expression, as_real_array
from ..shapes.arguments import argument_numbers
from ..shapes.names import normalise
from ..shapes.sizes import check_size
from .closed_over import ClosedOver
from .pytrees import LEAF, Structure, Tree, flatten, is_leaf, labels
from .trace import Trace


class Traced:
    """A function of arrays, called with variables of their shapes in their place.

    `by_argument` has the variables in the containers of the arguments; `variables` and `arrays` are all of them and
    what is behind each; `output` is what the function gave. `differentiated` are the places of the arguments whose
    integers are variables too (default: all). The variables belong to `owner`, or to the level of the call.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        outer: Trace | None = None,
        closed: ClosedOver | None = None,
        refusal: str | None = None,
        differentiated: Sequence[int] | None = None,
        fixed: Sequence[Array] = (),
        owner: Hashable = None,
    ) -> None:
        self._owner = owner
        self.trace = Trace(outer, closed, refusal, literals_of(f))
        self.variables: list[Variable] = []
        self.arrays: list[Any] = []
        self.by_argument: list[Tree] = []
        structures: list[Structure] = []
        taken: set[str] = set()
        names = parameter_names(f, len(args))
        given: list[Any] = []
        for place, (arg, name) in enumerate([*zip(args, names, strict=True), *((kwargs[key], key) for key in kwargs)]):
            found, structure = ([arg], LEAF) if type(arg) is np.ndarray else flatten(arg)
            structures.append(structure)
            whole = place < len(args) if differentiated is None else place in differentiated
            called = [name] if structure is LEAF else labels(structure, name)
            parts = [
                self._variable(leaf, label, taken, whole) if _is_variable(leaf, whole, fixed) else leaf
                for leaf, label in zip(found, called, strict=True)
            ]
            given.append(parts[0] if structure is LEAF else structure.filled(iter(parts)))
        self.by_argument = given[: len(args)]
        self.inputs = tuple(structures)
        self.output = self._called(f, dict(zip(kwargs, given[len(args) :], strict=True)), args)

    def _variable(self, leaf: Any, label: str, taken: set[str], whole: bool) -> Variable:
        trace = self.trace
        name = label if label.isidentifier() and not trace.level else _identifier(label, trace.level)
        while name in taken or keyword.iskeyword(name):
            name += "_"
        taken.add(name)
        value = value_of_leaf(leaf, name)
        shape = () if type(leaf) is float else value.shape
        made = Variable.private(name, shape, ("argument", self._owner or trace.level, len(self.variables)))
        self.variables.append(made)
        self.arrays.append(value)
        trace.behind[made.serial] = value
        if not whole:
            trace.independent.add(made.serial)
        return made

    def _called(self, f: Callable[..., Any], kwargs: dict[str, Any], args: Sequence[Any]) -> Any:
        token = TRACER.set(self.trace)
        try:
            output = f(*self.by_argument, **kwargs)
            found, self.structure = flatten(output)
            self.outputs: list[Expression] = [self.trace.lift(leaf) for leaf in found]
        except (TypeError, ValueError) as error:
            if isinstance(error, JacobiansError):
                raise
            explained = self._explained(error, args)
            if explained is None:
                raise
            raise explained from error
        finally:
            TRACER.reset(token)
        if not found:
            name = getattr(f, "__name__", "f")
            raise UnsupportedError(f"{name} gives {output!r}, and a derivative is of what a function returns")
        return self.structure.filled(iter(self.outputs))

    def keep(self) -> None:
        """Copy the arrays behind the variables, which may be written to before they are used."""
        copied = [value.copy() if isinstance(value, np.ndarray) else value for value in self.arrays]
        self.arrays = copied
        if self.trace.closed is not None and self.trace.outer is None:
            self.trace.closed.keep()

    def _explained(self, error: Exception, args: Sequence[Any]) -> Exception | None:
        """What is behind an error of Python or NumPy, where it can be told."""
        if isinstance(error.__cause__, JacobiansError):  # NumPy says only that a conversion failed
            return error.__cause__
        if not isinstance(error, TypeError):
            return None
        if self.trace.has_boxes:
            return UnsupportedError(
                f"an array that was built of traced numbers met a function that takes no array of objects ({error}); "
                "with `import jacobians.numpy as np`, np.array gives an array that every function of NumPy takes"
            )
        if any(isinstance(arg, list) and arg and all(isinstance(one, (int, float)) for one in arg) for arg in args):
            return UnsupportedError(
                f"a list of numbers is a container of as many arguments, and f calculates with it ({error}); "
                "np.array(list) is a vector"
            )
        return None


def _is_variable(leaf: Any, whole: bool, fixed: Sequence[Array]) -> bool:
    """Whether a leaf becomes a variable: any array where it is differentiated, elsewhere not what may be a place."""
    if isinstance(leaf, np.ndarray):
        return (whole or leaf.dtype.kind not in "biu") and not any(leaf is one for one in fixed)
    return is_leaf(leaf)


def value_of_leaf(leaf: Any, name: str) -> Any:
    """What stands behind a variable: an array of real numbers, a float, or an expression."""
    if isinstance(leaf, Writable):
        leaf = leaf.settled()
    if isinstance(leaf, Expression) or type(leaf) is float:
        return leaf
    if isinstance(leaf, np.matrix):
        raise DataError(f"{name}: an np.matrix, whose * is not that of arrays; np.asarray({name}) is an array")
    if isinstance(leaf, np.ndarray) and leaf.dtype == object:
        return as_expression(leaf)
    value = leaf if type(leaf) is np.ndarray and leaf.dtype.kind == "f" else as_real_array(leaf, name)
    if 0 in value.shape:
        check_size(0, f"{name}, axis {value.shape.index(0)}")
    return value


def _identifier(label: str, level: int) -> str:
    """A name for a variable of a nested call, which no other level has."""
    name = "".join(mark if mark.isalnum() else "_" for mark in normalise(label))
    return f"{name}__{level}" if level else name


@lru_cache(maxsize=512)
def _literals_of_code(code: CodeType) -> frozenset[Any]:
    found: set[Any] = set()
    for one in code.co_consts:
        if isinstance(one, CodeType):
            found |= _literals_of_code(one)
        elif isinstance(one, (int, float)):
            found.add(one)
    return frozenset(found)


def literals_of(f: Any) -> frozenset[Any]:
    """The numbers that are written in the code of a function."""
    for _ in range(20):
        f = getattr(f, "__wrapped__", None) or (f.func if isinstance(f, partial) else f)
        f = getattr(f, "__func__", f)
    code = getattr(f, "__code__", None) or getattr(type(f).__call__, "__code__", None)
    return _literals_of_code(code) if isinstance(code, CodeType) else frozenset()


def parameter_names(f: Callable[..., Any], count: int) -> list[str]:
    """The names of the first parameters of f, or x0, x1, … where Python does not tell."""
    plain = getattr(f, "__func__", f)
    code = getattr(plain, "__code__", None)
    if isinstance(code, CodeType) and not hasattr(f, "__wrapped__") and not hasattr(f, "__signature__"):
        known: Sequence[str] = code.co_varnames[plain is not f : code.co_argcount]
    else:
        try:
            parameters = inspect.signature(f).parameters.values()
        except (TypeError, ValueError):
            return [f"x{k}" for k in range(count)]
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        known = [parameter.name for parameter in parameters if parameter.kind in kinds]
    return [known[k] if k < len(known) else f"x{k}" for k in range(count)]


def chosen(args: Sequence[Any], argnums: Any, what: str) -> list[int]:
    """The places of the arguments with respect to which is differentiated; each is one of arrays and floats."""
    numbers = argument_numbers(argnums, what, 0 if what == "jit" else 1)
    for number in numbers:
        if not -len(args) <= number < len(args):
            raise ShapeError(f"{what}: argnums {number} of a function that was called with {len(args)} arguments")
    numbers = [number % len(args) for number in numbers]
    for number in numbers:
        if type(args[number]) is not np.ndarray:
            _check_leaves(args[number], f"{what}: argument {number}")
    return numbers


def _check_leaves(arg: Any, what: str) -> None:
    found, structure = flatten(arg)
    for leaf, place in zip(found, labels(structure, ""), strict=True):
        if not is_leaf(leaf):
            hint = "; write a float, such as 2.0" if isinstance(leaf, int) and not isinstance(leaf, bool) else ""
            where = f" at {place.removeprefix('_')}" if place else ""
            kind = type(leaf).__name__
            article = "an" if kind[0] in "aeiouAEIOU" else "a"
            raise UnsupportedError(
                f"{what} has {article} {kind}{where}, and derivatives are with respect to arrays and "
                f"floating-point numbers{hint}"
            )
