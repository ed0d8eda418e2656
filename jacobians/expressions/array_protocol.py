"""How an expression behaves where NumPy has an array: operators, methods, functions, conversions, what is refused.

NumPy's functions and operators build expressions, by the handlers in `UFUNCS` and `FUNCTIONS`. While a function of
arrays is traced, a `Tracer` stands in `TRACER`: it is asked for values (a branch, `int(x)`, a place found by
`np.argmax`), and it decides how the arrays and numbers that meet an expression enter the graph.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..errors import JacobiansError, ShapeError, UnsupportedError
from ..shapes.sizes import Shape
from .unsupported import full_name, no_rule

T = TypeVar("T")

#: Handlers by which NumPy's functions and operators build expressions, filled by `numpy_api.protocol`.
UFUNCS: dict[Any, Callable[..., Any]] = {}
FUNCTIONS: dict[Any, Callable[..., Any]] = {}

#: Functions that give places, counts and decisions: while a function is traced they see the present values.
BY_VALUE: dict[Any, Callable[..., Any]] = {
    **{
        function: function
        for function in (
            *(np.argmax, np.argmin, np.argsort, np.argpartition, np.lexsort, np.nonzero, np.flatnonzero, np.argwhere),
            *(np.count_nonzero, np.searchsorted, np.digitize, np.allclose, np.isclose, np.array_equal, np.array_equiv),
            *(np.bincount, np.histogram, np.nanargmax, np.nanargmin),
        )
    },
    **{name: getattr(np, name) for name in ("argmax", "argmin", "argsort", "argpartition", "nonzero", "searchsorted")},
}


class Tracer(Protocol):
    """What the protocol asks while a function of arrays is called with expressions in place of its arrays."""

    def value(self, node: Any) -> Any:
        """The value that an expression has in the present call; an `UnsupportedError` where it has none."""

    def number(self, node: Any) -> Any:
        """The same, but only of an expression that does not depend on what is differentiated."""

    def ufunc(self, ufunc: Any, method: str, inputs: Sequence[Any], options: Mapping[str, Any]) -> Any:
        """A call of a ufunc, or of one of its methods."""

    def function(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """A call of one of NumPy's functions, or of a method of its arrays, by its key in `FUNCTIONS`."""

    def lift(self, value: Any) -> Any:
        """What an array or a number that meets an expression is in the graph."""

    def boxed(self) -> None:
        """A traced number was put into an array of objects."""


#: The tracer, while a user's function is being called with expressions in place of its arrays.
TRACER: ContextVar[Tracer | None] = ContextVar("tracer", default=None)


def apart(rule: Callable[..., T], *args: Any) -> T:
    """A rule of the library runs as outside of tracing: its own numbers are part of the structure."""
    token = TRACER.set(None)
    try:
        return rule(*args)
    finally:
        TRACER.reset(token)


class Writable:
    """An array that is written to while a function is traced."""

    def settled(self) -> Any:
        """What it holds now: an array of numbers, or an expression."""
        raise NotImplementedError


_NO_NUMBER = (
    "an expression is not a number yet: evaluate(expr, {name: array}) gives its value; in place of float(x), "
    "math.exp(x) and the like use NumPy's function (np.exp(x)), and instead of np.array([a, b], dtype=float) leave "
    "dtype out"
)
_NO_ARRAY = (
    "cannot become an array of numbers here. With `import jacobians.numpy as np`, np.array, np.asarray, np.zeros, "
    "np.r_ and the like take traced arrays; otherwise np.stack([a, b, …]) makes one expression of several, "
    "s * np.ones(shape) fills a shape, and evaluate(expr, {name: array}) gives a value"
)


def _answered(called: Callable[[], str], handler: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> Any:
    """What a handler gives; what an argument does to it that it was not made for is an error of ours, with its name."""
    try:
        return handler(*args, **kwargs)
    except JacobiansError:
        raise
    except TypeError as error:
        raise UnsupportedError(f"{called()}: {error}") from error
    except (ValueError, IndexError, OverflowError, ZeroDivisionError, RecursionError) as error:
        raise ShapeError(f"{called()}: {error}") from error


def _written(function: Any) -> str:
    """How a function or a method is written: `np.sum`, `.sum`, `indexing`."""
    if isinstance(function, str):
        return f".{function}"
    return "indexing" if function is operator.getitem else full_name(function)


def call_function(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The handler of one of NumPy's functions, or of a method; an `UnsupportedError` where there is none."""
    if function not in FUNCTIONS:
        function = BY_VALUE.get(function, function)
        raise no_rule(full_name(function), [known.__name__ for known in (*UFUNCS, *FUNCTIONS) if callable(known)])
    return _answered(lambda: _written(function), FUNCTIONS[function], args, kwargs)


def call_ufunc(ufunc: Any, method: str, inputs: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """The handler of a ufunc, or of one of its methods; an `UnsupportedError` where there is none."""
    called = full_name(ufunc, method)
    if ufunc not in UFUNCS or (method != "__call__" and method not in FUNCTIONS):
        raise no_rule(called, [known.__name__ for known in UFUNCS])
    if "where" in options:
        raise UnsupportedError(f"{called} with where: use np.where(condition, {called}(…), other)")
    if method != "__call__":
        return _answered(lambda: called, FUNCTIONS[method], (ufunc, *inputs), options)
    if options:
        raise UnsupportedError(f"{called} of an expression takes no option {next(iter(options))!r}")
    return _answered(lambda: called, UFUNCS[ufunc], inputs, {})


def _called(function: Any, *args: Any, **kwargs: Any) -> Any:
    tracer = TRACER.get()
    return call_function(function, args, kwargs) if tracer is None else tracer.function(function, args, kwargs)


class ArrayProtocol(NDArrayOperatorsMixin):
    """The part of `Expression` that NumPy and Python's operators see."""

    __slots__ = ()
    shape: Shape

    __array_priority__ = 1000.0

    # --- NumPy ------------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "at" or isinstance(options.get("out", (None,))[0], (np.ndarray, Writable)):
            return self._into(ufunc, method, inputs, options)
        options.pop("out", None)  # `x += y` rebinds x
        tracer = TRACER.get()
        return (call_ufunc if tracer is None else tracer.ufunc)(ufunc, method, inputs, options)

    @staticmethod
    def _into(ufunc: Any, method: str, inputs: Sequence[Any], options: Mapping[str, Any]) -> Any:
        """What becomes of an expression that is written into something."""
        (target, *_) = options.get("out", (None,))
        if isinstance(target, Writable):
            return NotImplemented
        if target is not None and target.dtype == object and method == "__call__":  # built of traced numbers
            written = ufunc(*inputs)
            for place in np.ndindex(target.shape):
                target[place] = written[place]
            return target
        if method == "at":
            raise UnsupportedError(
                f"{full_name(ufunc, method)} writes traced numbers into an array of numbers, or into an expression; "
                "make that array with `import jacobians.numpy as np`, whose np.zeros, np.empty and np.array take them"
            )
        raise UnsupportedError(
            f"{full_name(ufunc, method)} writes an expression into an array of numbers (out=, or `y += x` for an array "
            "y); write `y = y + x`, or make y with `import jacobians.numpy as np`, whose np.zeros, np.empty and "
            "np.array take traced numbers"
        )

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _called(function, *args, **kwargs)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        """A scalar as an array of objects with itself in it, of which `as_expression` makes an expression again."""
        tracer = TRACER.get()
        if self.shape:
            raise UnsupportedError(f"an expression of shape {self.shape} {_NO_ARRAY}")
        if dtype is not None and np.dtype(dtype) != object:
            raise UnsupportedError(_NO_NUMBER)
        if tracer is not None:
            tracer.boxed()
        box = np.empty((), dtype=object)
        box[()] = self
        return box

    def __getattr__(self, name: str) -> Any:
        """NumPy's methods: `x.sum(axis=0)` is `np.sum(x, axis=0)`."""
        if name in FUNCTIONS or name in BY_VALUE:
            return partial(_called, name, self)
        ufunc = getattr(np, name, None)
        if ufunc is not None and ufunc in UFUNCS and not self.shape:  # np.exp of an array of objects asks so
            return partial(ufunc, self)
        raise AttributeError(f"an expression has no attribute {name!r}")

    @property
    def flat(self) -> Any:
        """The entries in C order, one after the other: `sum(x.flat)`."""
        return iter(_called("flatten", self))

    @property
    def mT(self) -> Any:
        """The last two axes exchanged."""
        return FUNCTIONS[np.swapaxes](self, -1, -2)

    @property
    def dtype(self) -> Any:
        """NumPy's type of the entries of a constant; the arrays that are bound may have another precision."""
        return _TRACED_NUMBER if not self.shape and TRACER.get() is not None else np.dtype(np.float64)

    def tolist(self) -> Any:
        """The entries as expressions, in nested lists."""
        return [one.tolist() for one in self] if self.shape else self

    def item(self, *place: Any) -> Any:
        """One entry, as an expression; without a place the only one."""
        flat = _called("ravel", self)
        if not place and flat.shape != (1,):
            raise ShapeError(f"item() of an expression of shape {self.shape}: only one of a single entry has one item")
        return flat[place[0] if place else 0] if len(place) < 2 else self[place]

    @property
    def real(self) -> Self:
        """Itself: expressions are real."""
        return self

    # --- Python's operators and conversions -------------------------------------------------------------------

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Any:
        """Entry by entry, for `np.where`. As a truth value: whether the two are one expression."""
        return _called(operator.eq, self, other)

    def __ne__(self, other: object) -> Any:
        return _called(operator.ne, self, other)

    def __getitem__(self, key: object) -> Any:
        return _called(operator.getitem, self, key)

    def __setitem__(self, key: object, value: object) -> None:
        raise UnsupportedError(
            "an expression is not written to: np.where, np.concatenate or np.stack make a new one from its parts; with "
            "`import jacobians.numpy as np`, np.array(x) is an array that can be written to"
        )

    def __len__(self) -> int:
        if not self.shape or not isinstance(self.shape[0], int):
            raise UnsupportedError(f"an expression of shape {self.shape} has no len(): use .shape")
        return self.shape[0]

    def __iter__(self) -> Any:
        if not self.shape or not isinstance(self.shape[0], int):
            raise UnsupportedError(f"an expression of shape {self.shape} cannot be iterated over: use .shape")
        return (self[k] for k in range(self.shape[0]))

    def truth(self) -> bool | None:
        """What an `if` makes of the expression before there are numbers; None where that is open."""
        return None

    def __bool__(self) -> bool:
        tracer = TRACER.get()
        if tracer is not None:
            return bool(self._one(tracer.value(self), "bool"))
        truth = self.truth()
        if truth is None:
            raise UnsupportedError(
                "an expression has no truth value: it stands for numbers that are not there yet; np.where(condition, "
                "a, b) chooses entry by entry"
            )
        return truth

    def __int__(self) -> int:
        return int(self._present("int"))

    def __trunc__(self) -> int:
        return int(self._present("math.trunc"))

    def __floor__(self) -> int:
        return int(np.floor(self._present("math.floor")))

    def __ceil__(self) -> int:
        return int(np.ceil(self._present("math.ceil")))

    def __round__(self, digits: int | None = None) -> Any:
        """To an integer by the present value; to `digits` as `np.round`."""
        return round(float(self._present("round"))) if digits is None else _called(np.round, self, digits)

    def __float__(self) -> float:
        tracer = TRACER.get()
        if tracer is None:
            raise UnsupportedError(_NO_NUMBER)
        return float(self._one(tracer.number(self), "float"))

    def __complex__(self) -> complex:
        return complex(float(self))

    def __index__(self) -> int:
        raise UnsupportedError("a traced number is not an index or a count: int(x) is its present value as an integer")

    def __format__(self, specification: str) -> str:
        """By its present value while a function is traced; otherwise as it prints."""
        tracer = TRACER.get()
        if specification and tracer is not None:
            return format(self._one(tracer.value(self), "format"), specification)
        if specification:
            try:
                return format(str(self), specification)
            except ValueError:
                raise UnsupportedError(
                    f"an expression is not a number yet, and {specification!r} formats one: {_NO_NUMBER}"
                ) from None
        return str(self)

    def _present(self, what: str) -> Any:
        tracer = TRACER.get()
        if tracer is None:
            raise UnsupportedError(f"{what}: {_NO_NUMBER}")
        return self._one(tracer.value(self), what)

    def _one(self, value: Any, what: str) -> Any:
        """The only entry of a value."""
        if np.size(value) != 1:
            raise ShapeError(
                f"{what}() of an expression of shape {self.shape}: only one of a single entry is decided; np.any and "
                "np.all make one truth value of several"
            )
        return np.asarray(value).reshape(())[()]


class _TracedNumber:
    """The dtype of a traced scalar: NumPy's np.mean of a list asks for `dtype.type(sum / n)`, and that stays traced."""

    dtype = np.dtype(np.float64)
    kind, char, name, itemsize = dtype.kind, dtype.char, dtype.name, dtype.itemsize

    @staticmethod
    def type(value: Any) -> Any:
        return value if isinstance(value, ArrayProtocol) else np.float64(value)

    def __eq__(self, other: object) -> bool:
        return bool(self.dtype == (other.dtype if isinstance(other, _TracedNumber) else other))

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return repr(self.dtype)


_TRACED_NUMBER = _TracedNumber()
