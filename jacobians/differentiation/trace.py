"""A trace: what an expression is told while a function of arrays is called with it.

It has the values behind the variables, for what decides by value, and it brings the arrays and numbers that meet an
expression into the graph.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..expressions.array_protocol import BY_VALUE, FUNCTIONS, UFUNCS, Writable, apart, call_function, call_ufunc
from ..expressions.nodes import Constant, Expression, Variable, as_expression, as_real_array, holds_expressions
from ..expressions.walks import walk
from ..functions.elementwise import is_condition
from .closed_over import SMALL, STRUCTURAL, ClosedOver
from .memory import Generations
from .node_values import value_of_node

#: What operations on nodes gave before: tracing a function again finds its nodes here, and derives nothing anew.
_operations: Generations[Any] = Generations(1 << 14)

#: Size up to which a number has a reciprocal that is one, too.
LARGEST = 1e300

#: Ufuncs whose second argument is part of the structure: another exponent is another program.
_EXPONENTS = frozenset({np.power, np.float_power})


_OF_CONDITIONS = frozenset({np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert})


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
        self._literals: frozenset[Any] = literals if outer is None else literals | outer._literals
        self.behind: dict[int, Any] = {}  # by the serial of a variable: an array, or an expression of the outer call
        self.independent: set[int] = set()  # serials of the variables with respect to which nothing is differentiated
        self.has_boxes = False
        self._values: dict[int, Any] = {}

    # --- values -----------------------------------------------------------------------------------------------

    def value(self, node: Expression) -> Any:
        """The value of an expression in the present call, computed when it is asked for, once."""
        if self.refusal is not None:
            raise UnsupportedError(self.refusal)
        return apart(self._valued_node, node)

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
            if self.closed is not None and (value := self.closed.value_of(node)) is not None:
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
                "float(x), math.exp(x) and the like use NumPy's function (np.exp(x)); instead of np.array([a, b], "
                "dtype=float) leave dtype out; and with `import jacobians.numpy as np` the arrays that np.zeros, "
                "np.empty and np.array make take traced numbers (y[0] = x)"
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
            return apart(call_ufunc, ufunc, method, lifted, options)
        operands = list(inputs)
        key: list[Any] = [ufunc]
        for place, one in enumerate(operands):
            if isinstance(one, Expression):
                key.append(one.serial)
            elif place == 1 and ufunc in _EXPONENTS:
                key += (type(one), one) if isinstance(one, (int, float)) else (None,)
            elif ufunc in _OF_CONDITIONS:  # truth values are structure: which of them hold is not differentiated
                key.append(None)
            else:
                if place == 1 and ufunc is np.divide and self._is_variable_number(one):
                    ufunc, one = np.multiply, 1.0 / one
                    key[0] = ufunc
                operands[place] = one = self.lift(one)
                key.append(one.serial)
        if ufunc not in UFUNCS and all(self._is_independent(one) for one in operands if isinstance(one, Expression)):
            return ufunc(*(self.value(one) if isinstance(one, Expression) else one for one in operands))
        if self.closed is None or None in key:
            return apart(call_ufunc, ufunc, method, operands, options)
        return _remembered(tuple(key), lambda: apart(call_ufunc, ufunc, method, operands, options))

    def function(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        by_value = BY_VALUE.get(function)
        if by_value is None and function == "astype":
            kind = np.dtype(args[1] if len(args) > 1 else kwargs["dtype"]).kind
            by_value = (
                None if kind == "f" else lambda value, *rest, **options: np.asarray(value).astype(*rest, **options)
            )
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
            return apart(call_function, function, args, kwargs)
        return _remembered(key, lambda: apart(call_function, function, args, kwargs))

    def _compared(self, function: Any, ufunc: Any, a: Any, b: Any) -> Any:
        """`==` and `!=`; what cannot be compared entry by entry is not equal, as for arrays."""
        if not isinstance(b, (Expression, np.ndarray, int, float, np.number)) and not holds_expressions(b):
            return apart(FUNCTIONS[function], a, b)
        return self.ufunc(ufunc, "__call__", (a, b), {})

    def lift(self, value: Any) -> Expression:
        """What an array or a number that meets an expression is in the graph."""
        if isinstance(value, Expression):
            return value
        if isinstance(value, Writable):
            return self.lift(value.settled())
        if self.closed is not None:
            if _is_number(value):
                if value in STRUCTURAL or (not isinstance(value, np.generic) and value in self._literals):
                    return _number(float(value), math.copysign(1.0, value))
                return self.closed.number(value)
            if isinstance(value, (list, tuple)) and not holds_expressions(value):
                value = as_real_array(value, "a constant")
            if isinstance(value, np.ndarray) and value.dtype != object:
                return self.closed.array(value)
        return apart(as_expression, value)

    def _is_variable_number(self, value: Any) -> bool:
        return (
            self.closed is not None
            and _is_number(value)
            and value not in STRUCTURAL
            and value not in self._literals
            and abs(value) > 1 / LARGEST
        )

    def _lifted(self, arg: Any) -> Any:
        """An argument of a function whose arrays and floats are all data; integers may be axes, and stay."""
        if isinstance(arg, (float, np.floating)) or (isinstance(arg, np.ndarray) and arg.dtype.kind in "fbiu"):
            return self.lift(arg)
        if isinstance(arg, (list, tuple)) and any(
            isinstance(one, (Expression, np.ndarray, list, tuple)) for one in arg
        ):
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


#: Functions whose arrays and floats are all data: what f closes over enters their graph as an argument. Anywhere else
#: it is a constant, and another value is another program.
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


def _is_number(value: Any) -> bool:
    """Whether a value is a real number that a double can be."""
    return isinstance(value, (int, float, np.floating, np.integer, np.bool_)) and bool(abs(value) < LARGEST)  # type: ignore[operator]


def _remembered(key: Hashable, make: Callable[[], Any]) -> Any:
    known = _operations.get(key)
    if known is None:
        known = make()
        _operations.keep(key, known)
    return known


@lru_cache(maxsize=1024)
def _number(value: float, sign: float) -> Constant:
    """The sign tells −0.0 from 0.0."""
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
