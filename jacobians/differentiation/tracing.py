"""Tracing: a user's function, called with variables in place of its arrays.

The variables of a call are its own: they are known by how deep the call is nested in others and by their place among its
arguments, and never by their name alone. So a function that is traced again makes the same graph, of the same nodes.
"""

from __future__ import annotations

import inspect
import keyword
import operator
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from types import CodeType
from typing import Any

import numpy as np

from ..errors import DataError, OptionError, ShapeError, UnsupportedError
from ..expressions.array_protocol import BY_VALUE, TRACER, UFUNCS, FUNCTIONS, call_function, call_ufunc
from ..expressions.nodes import (
    Array,
    Constant,
    Expression,
    Variable,
    as_expression,
    as_real_array,
    holds_expressions,
)
from ..expressions.walks import walk
from ..functions.elementwise import is_condition
from ..shapes.names import normalise
from ..shapes.sizes import check_size
from .closed_over import SMALL, STRUCTURAL, ClosedOver
from .memory import Generations
from .node_values import value_of_node
from .pytrees import LEAF, Structure, Tree, flatten, is_leaf, labels

#: What operations on nodes gave before: tracing a function again finds its nodes here, and derives nothing anew.
_operations: Generations[Any] = Generations(1 << 15)

#: Ufuncs whose second argument is part of the structure: another exponent is another program.
_EXPONENTS = frozenset({np.power, np.float_power})


class Trace:
    """The call of one function: the values behind its variables, and what it closes over.

    `closed` is None where constants stay constants: under `jit`, and where the arguments are a user's own expressions.
    `refusal` says why no value can be asked for, where that is so.
    """

    def __init__(
        self, outer: Trace | None, closed: ClosedOver | None, refusal: str | None, literals: frozenset[Any]
    ) -> None:
        self.outer, self.closed, self.refusal = outer, closed, refusal
        self.level: int = 0 if outer is None else outer.level + 1
        self._literals = literals if outer is None else literals | outer._literals
        self.behind: dict[int, Any] = {}  # by the serial of a variable: an array, or an expression of the outer call
        self.independent: set[int] = set()  # serials of the variables with respect to which nothing is differentiated
        self.has_boxes = False
        self._values: dict[int, Any] = {}

    # --- values -----------------------------------------------------------------------------------------------

    def value(self, node: Expression) -> Any:
        """The value of an expression in the present call, computed when it is asked for, once."""
        if self.refusal is not None:
            raise UnsupportedError(self.refusal)
        return _apart(self._valued_node, node)

    def _valued_node(self, node: Expression) -> Any:
        for one in walk([node], lambda one: () if self._known(one) is not None else one.children):
            if self._known(one) is None:
                self._values[one.serial] = value_of_node(one, self._known)
        return self._known(node)

    def _known(self, node: Expression) -> Any:
        if isinstance(node, Constant):
            return node.value
        trace: Trace | None = self
        while trace is not None:
            if node.serial in trace._values:
                return trace._values[node.serial]
            if node.serial in trace.behind:
                behind = trace.behind[node.serial]
                if isinstance(behind, Expression):
                    assert trace.outer is not None
                    behind = trace.outer.value(behind)
                trace._values[node.serial] = behind = np.asarray(behind)
                return behind
            trace = trace.outer
        if isinstance(node, Variable):
            if node.owner is not None and self.closed is not None:
                for variable, value in zip(self.closed.variables, self.closed.values, strict=True):
                    if variable is node:
                        return np.asarray(value)
            raise UnsupportedError(
                f"{node.name} has no value here: an expression that stands for numbers has no truth value, and none as "
                "an integer or a place; np.where(condition, a, b) chooses entry by entry"
            )
        return None

    def number(self, node: Expression) -> Any:
        """The value of an expression that does not depend on what is differentiated."""
        if not self._is_independent(node):
            raise UnsupportedError(
                "float() of a traced number would lose its derivative: an expression is not a number yet. In place of "
                "float(x), math.exp(x) and the like use NumPy's function (np.exp(x)); instead of "
                "np.array([a, b], dtype=float) leave dtype out; and with `import jacobians.numpy as np` the arrays that "
                "np.zeros, np.empty and np.array make take traced numbers (y[0] = x)"
            )
        return self.value(node)

    def _is_independent(self, node: Expression) -> bool:
        free = set()
        trace: Trace | None = self
        while trace is not None:
            free |= trace.independent
            trace = trace.outer
        if self.closed is not None:
            free |= {one.serial for one in self.closed.variables}
        return self.refusal is None and all(one.serial in free for one in walk([node]) if isinstance(one, Variable))

    def boxed(self) -> None:
        self.has_boxes = True

    # --- operations -------------------------------------------------------------------------------------------

    def ufunc(self, ufunc: Any, method: str, inputs: Sequence[Any], options: Mapping[str, Any]) -> Any:
        if method != "__call__" or options:
            lifted = [self.lift(one) if isinstance(one, (np.ndarray, float)) else one for one in inputs]
            return _apart(call_ufunc, ufunc, method, lifted, options)
        operands = list(inputs)
        key: list[Any] = [ufunc]
        for place, one in enumerate(operands):
            if isinstance(one, Expression):
                key.append(one.serial)
            elif place == 1 and ufunc in _EXPONENTS:
                key += (type(one), one) if isinstance(one, (int, float)) else (None,)
            else:
                if place == 1 and ufunc is np.divide and self._is_variable_number(one) and one:
                    ufunc, one = np.multiply, 1.0 / one
                    key[0] = ufunc
                operands[place] = one = self.lift(one)
                key.append(one.serial)
        if ufunc not in UFUNCS and all(self._is_independent(one) for one in operands if isinstance(one, Expression)):
            return ufunc(*(self.value(one) if isinstance(one, Expression) else one for one in operands))
        if self.closed is None or None in key:
            return _apart(call_ufunc, ufunc, method, operands, options)
        return _remembered(tuple(key), lambda: _apart(call_ufunc, ufunc, method, operands, options))

    def function(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        by_value = BY_VALUE.get(function)
        if by_value is None and function == "astype":
            kind = np.dtype(args[1] if len(args) > 1 else kwargs["dtype"]).kind
            by_value = None if kind == "f" else lambda value, *rest, **options: np.asarray(value).astype(*rest, **options)
        if by_value is not None:
            return by_value(*self._valued(args), **dict(zip(kwargs, self._valued(list(kwargs.values())), strict=True)))
        if function is operator.getitem:
            args = (args[0], self._place(args[1]))
        elif function in (np.compress, np.extract) and isinstance(args[0], Expression):
            args = (self._place(args[0]), *args[1:])
        elif function in (operator.eq, operator.ne):
            ufunc = np.equal if function is operator.eq else np.not_equal
            return self._compared(function, ufunc, *args)
        elif function in LIFTING:
            args = [self._lifted(one) for one in args]
            kwargs = {name: self._lifted(one) for name, one in kwargs.items()}
        if function not in FUNCTIONS and self._all_independent([*args, *kwargs.values()]):
            return function(*self._valued(args), **dict(zip(kwargs, self._valued(list(kwargs.values())), strict=True)))
        if function in CALLS_BACK:
            return call_function(function, args, kwargs)
        key = None if self.closed is None else _key_of((function, *args, *kwargs.items()))
        if key is None:
            return _apart(call_function, function, args, kwargs)
        return _remembered(key, lambda: _apart(call_function, function, args, kwargs))

    def _compared(self, function: Any, ufunc: Any, a: Any, b: Any) -> Any:
        """`==` and `!=`; what cannot be compared entry by entry is not equal, as for arrays."""
        if not isinstance(b, (Expression, np.ndarray, int, float, np.number)) and not holds_expressions(b):
            return _apart(FUNCTIONS[function], a, b)
        return self.ufunc(ufunc, "__call__", (a, b), {})

    def lift(self, value: Any) -> Expression:
        """What an array or a number that meets an expression is in the graph."""
        if isinstance(value, Expression):
            return value
        if self.closed is not None:
            if isinstance(value, (int, float, np.number, np.bool_)):
                if value in STRUCTURAL or (not isinstance(value, np.generic) and value in self._literals):
                    return _number(float(value))
                return self.closed.number(value)
            if isinstance(value, (list, tuple)) and not holds_expressions(value):
                value = as_real_array(value, "a constant")
            if isinstance(value, np.ndarray) and value.dtype != object:
                return self.closed.array(value)
        return _apart(as_expression, value)  # type: ignore[no-any-return]

    def _is_variable_number(self, value: Any) -> bool:
        return (
            self.closed is not None
            and isinstance(value, (int, float, np.number))
            and value not in STRUCTURAL
            and value not in self._literals
        )

    def _lifted(self, arg: Any) -> Any:
        """An argument of a function whose arrays and floats are all data; integers may be axes, and stay."""
        if isinstance(arg, (float, np.floating)) or (isinstance(arg, np.ndarray) and arg.dtype.kind in "fbiu"):
            return self.lift(arg)
        if isinstance(arg, (list, tuple)) and any(isinstance(one, (Expression, np.ndarray, list, tuple)) for one in arg):
            return type(arg)(self._lifted(one) for one in arg) if type(arg) in (list, tuple) else arg
        return arg

    def _place(self, key: Any) -> Any:
        """An index, with conditions and object arrays by value."""
        if isinstance(key, tuple):
            return tuple(self._place(one) for one in key)
        if isinstance(key, Expression) and is_condition(key):
            return np.asarray(self.value(key), dtype=bool)
        if isinstance(key, slice) and any(isinstance(one, Expression) for one in (key.start, key.stop, key.step)):
            raise UnsupportedError("a slice ends at an integer: int(x) is the present value of a traced number")
        return key

    def _all_independent(self, args: Any) -> bool:
        found = list(_expressions(args))
        return all(self._is_independent(one) for one in found)

    def _valued(self, args: Sequence[Any]) -> list[Any]:
        """Arguments with the values of expressions in their places; of conditions truth values."""
        return [self._one_valued(one) for one in args]

    def _one_valued(self, arg: Any) -> Any:
        if isinstance(arg, Expression):
            value = self.value(arg)
            return np.asarray(value, dtype=bool) if is_condition(arg) else value
        if type(arg) in (list, tuple):
            return type(arg)(map(self._one_valued, arg))
        if isinstance(arg, np.ndarray) and arg.dtype == object:
            return self.value(as_expression(arg))
        return arg


#: Functions whose arrays and floats are all data: what f closes over enters their graph as an argument. Anywhere else it
#: is a constant, and another value is another program.
LIFTING: frozenset[Any] = frozenset(
    {
        *(np.dot, np.vdot, np.inner, np.outer, np.tensordot, np.kron, np.einsum, np.cross, np.convolve, np.correlate),
        *(np.where, np.clip, np.select, np.full_like, np.average, np.trapezoid, np.polyval, np.pad, np.append),
        *(np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack, np.block, np.meshgrid),
        *(np.linalg.solve, np.linalg.multi_dot, np.linalg.matmul, np.linalg.outer, np.linalg.vecdot),
        *(np.linalg.tensordot, np.linalg.cross, np.broadcast_arrays, np.linspace, "dot", "clip"),
    }
)

#: Functions that call a function of the user.
CALLS_BACK: frozenset[Any] = frozenset({np.apply_along_axis, np.apply_over_axes, np.piecewise})


def _apart(rule: Callable[..., Any], *args: Any) -> Any:
    """A rule of the library runs as outside of tracing: its own numbers are part of the structure."""
    token = TRACER.set(None)
    try:
        return rule(*args)
    finally:
        TRACER.reset(token)


def _remembered(key: Hashable, make: Callable[[], Any]) -> Any:
    known = _operations.get(key)
    if known is None:
        known = make()
        _operations.keep(key, known)
    return known


@lru_cache(maxsize=1024)
def _number(value: float) -> Constant:
    return Constant.of(value)


def _key_of(args: Sequence[Any]) -> tuple[Any, ...] | None:
    """What tells a call from others; None where something in it is not known by its value at once."""
    key: list[Any] = []
    return tuple(key) if all(_add_key(one, key) for one in args) else None


def _add_key(arg: Any, key: list[Any]) -> bool:
    if isinstance(arg, Expression):
        key += ("expression", arg.serial)
    elif isinstance(arg, (tuple, list)):
        key += (type(arg), len(arg))
        return all(_add_key(one, key) for one in arg)
    elif isinstance(arg, slice):
        key.append(slice)
        return all(_add_key(one, key) for one in (arg.start, arg.stop, arg.step))
    elif isinstance(arg, np.ndarray):
        if arg.dtype.kind not in "biu" or arg.nbytes > SMALL:
            return False
        key += (arg.dtype.str, arg.shape, arg.tobytes())
    elif arg is None or arg is Ellipsis or isinstance(arg, (int, str, np.integer, np.bool)) or callable(arg):
        key += (type(arg), arg)
    else:
        return False
    return True


def _expressions(arg: Any) -> Iterator[Expression]:
    if isinstance(arg, Expression):
        yield arg
    elif isinstance(arg, (list, tuple)):
        for one in arg:
            yield from _expressions(one)
    elif isinstance(arg, np.ndarray) and arg.dtype == object:
        yield from (one for one in arg.flat if isinstance(one, Expression))


# --- calling ----------------------------------------------------------------------------------------------------------


class Traced:
    """A function of arrays, called with variables of their shapes in their place.

    `by_argument` has the variables in the containers of the arguments; `variables` and `arrays` are all of them and what
    is behind each; `output` is what the function gave. `differentiated` are the places of the arguments whose integers
    are variables too (default: all).
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
    ) -> None:
        self.trace = trace = Trace(outer, closed, refusal, literals_of(f))
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
        if isinstance(leaf, Expression):
            shape, value = leaf.shape, leaf
        elif isinstance(leaf, float) and not isinstance(leaf, np.floating):
            shape, value = (), leaf
        else:
            if isinstance(leaf, np.matrix):
                raise DataError(f"{name}: an np.matrix, whose * is not that of arrays; np.asarray({name}) is an array")
            if isinstance(leaf, np.ndarray) and leaf.dtype == object:
                value = as_expression(leaf)
            else:
                value = leaf if type(leaf) is np.ndarray and leaf.dtype.kind == "f" else as_real_array(leaf, name)
            shape = value.shape
            if 0 in shape:
                check_size(0, f"{name}, axis {shape.index(0)}")
        made = Variable.private(name, shape, ("argument", trace.level, len(self.variables)))
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
        except TypeError as error:
            raise self._explained(error, args) from error
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

    def _explained(self, error: TypeError, args: Sequence[Any]) -> Exception:
        """What is behind a TypeError of Python or NumPy, where it can be told."""
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
        return error


def _is_variable(leaf: Any, whole: bool, fixed: Sequence[Array]) -> bool:
    """Whether a leaf becomes a variable: any array where it is differentiated, elsewhere not what may be a place."""
    if isinstance(leaf, np.ndarray):
        return (whole or leaf.dtype.kind not in "biu") and not any(leaf is one for one in fixed)
    return is_leaf(leaf)


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
    if not hasattr(f, "__code__") and not inspect.isclass(f):
        f = getattr(type(f).__call__, "__func__", type(f).__call__) if hasattr(type(f), "__call__") else f
    code = getattr(f, "__code__", None)
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
            parameters = {}.values()  # type: ignore[assignment]
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        known = [parameter.name for parameter in parameters if parameter.kind in kinds]
    return [known[k] if k < len(known) else f"x{k}" for k in range(count)]


def chosen(args: Sequence[Any], argnums: Any, what: str) -> list[int]:
    """The places of the arguments with respect to which is differentiated; each is one of arrays and floats."""
    numbers = [argnums] if hasattr(argnums, "__index__") else argnums
    if not isinstance(numbers, (list, tuple)) or not all(hasattr(number, "__index__") for number in numbers):
        raise OptionError(f"{what}: argnums is a number, or several, of arguments by their place, got {argnums!r}")
    for number in numbers:
        if not -len(args) <= number < len(args):
            raise ShapeError(f"{what}: argnums {number} of a function that was called with {len(args)} arguments")
    numbers = [int(number) % len(args) for number in numbers]
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
            raise UnsupportedError(
                f"{what} has a {type(leaf).__name__}{where}, and derivatives are with respect to arrays and "
                f"floating-point numbers{hint}"
            )
