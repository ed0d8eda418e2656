"""`jacobian`, `grad`, `hessian`, `vjp`, `jvp` of ordinary functions of NumPy arrays, as in autograd and JAX.

A transform sees the present: it calls f at every call, with variables in place of the arrays and the values behind
them. So f may branch on a value, loop until something has converged, or take a place by `np.argmax`; and what it reads
beside its arguments (a batch, a mask, an attribute) is read anew. What is derived and compiled is found again by the
structure of the graph that f makes. `jit` calls f once for a signature instead, as in JAX, for the last tenth of a
millisecond.

An argument may be an array, a number, or nested tuples, lists and dictionaries of them. Integers and what is neither
array nor number are passed through as they are, and so are arrays of integers or truth values that nothing is
differentiated with respect to: labels, places, masks. Given expressions, a transform returns expressions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from functools import wraps
from typing import Any, NamedTuple

import numpy as np

from ..errors import ShapeError, UnsupportedError
from ..expressions.array_protocol import TRACER
from ..expressions.nodes import Expression, Variable, as_expression, as_real_array
from ..shapes.layout import check_layout
from .builders import gradient_of, hessian_matrix, hessian_of, jacobians_of, pulled_back, pushed_forward, scalar_output
from .closed_over import ClosedOver
from .outcomes import Outcome, Result
from .pytrees import Tree, aligned, flatten, labels
from .trace import Trace
from .tracing import Traced, chosen, parameter_names

#: What a transform forms of a traced function and the places of the chosen arguments.
Build = Callable[[Traced, list[int]], Tree]

_NO_VALUES = (
    "an expression has no truth value, and none as an integer or a place: it stands for numbers that are not there "
    "yet; np.where(condition, a, b) chooses entry by entry"
)


class Transform:
    """A function of arrays under a transform, which is known by its `key`."""

    def __init__(self, f: Callable[..., Any], build: Build, argnums: Any, what: str, key: Hashable) -> None:
        self.f, self.build, self.argnums, self.what, self.key = f, build, argnums, what, key
        self.face: Any = None  # the function that the user has
        self.finish: Callable[[Any, tuple[Any, ...]], Any] | None = None  # of the result and the arguments
        self._last: Outcome | None = None

    @property
    def compiled(self) -> Any:
        """The compiled function of the last call on arrays; None before."""
        return None if self._last is None else self._last.compiled

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        numbers = chosen(args, self.argnums, self.what)
        traced = traced_now(self.f, args, kwargs, numbers)
        result = Result(traced, self.key, lambda: self.build(traced, numbers))
        found = result()
        self._last = result.last
        return found if self.finish is None else self.finish(found, args)


def traced_now(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: dict[str, Any],
    differentiated: Sequence[int] | None = None,
) -> Traced:
    """f, called with variables: within the call that is being traced, if there is one."""
    outer = TRACER.get()
    if outer is not None:
        assert isinstance(outer, Trace)
        return Traced(f, args, kwargs, outer, outer.closed, outer.refusal, differentiated)
    if any(isinstance(leaf, Expression) for arg in (*args, *kwargs.values()) for leaf in flatten(arg)[0]):
        return Traced(f, args, kwargs, Trace(None, None, _NO_VALUES, frozenset()), None, _NO_VALUES, differentiated)
    closed = ClosedOver()
    try:
        return Traced(f, args, kwargs, None, closed, None, differentiated)
    except ValueError as error:
        if not closed.is_protecting or "read-only" not in str(error):
            raise
    finally:
        closed.release()
    return Traced(f, args, kwargs, None, ClosedOver(copies=True), None, differentiated)


def public(f: Callable[..., Any], transform: Transform, what: str) -> Callable[..., Any]:
    """The function that a transform gives to the user."""
    if not callable(f):
        raise UnsupportedError(f"{what} is of a function of arrays, got {type(f).__name__}")

    @wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return transform(args, kwargs)

    wrapped.__doc__ = f"{what} of {getattr(f, '__name__', 'f')}."
    wrapped.transform = transform  # type: ignore[attr-defined]
    transform.face = wrapped
    return wrapped


# --- the functions ----------------------------------------------------------------------------------------------------


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0, layout: str = "numerator") -> Callable[..., Any]:
    """∂f/∂x as a function of the same arguments, in any of the four layouts.

    `argnums` is a number, or several for a tuple; an argument or a result of nested containers gives such a container.
    The shape is that of f's result and then that of the argument, reversed ("ad": as it is, which is JAX's). f is
    called at every call. Raises `LayoutError` for an unknown layout.

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0])).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    check_layout(layout)
    single = _is_single(argnums)

    def build(traced: Traced, numbers: list[int]) -> Tree:
        return jacobians_of(traced.output, [traced.by_argument[k] for k in numbers], single, layout)

    return public(f, Transform(f, build, argnums, "jacobian", ("jacobian", _hashed(argnums), layout)), "The Jacobian")


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """∇f in the shape of its argument: the transpose of the derivative of a scalar (item 1a).

    Raises `ShapeError` if f's result is not a scalar.

    >>> grad(lambda x: x @ x)(np.array([1.0, 2.0])).tolist()
    [2.0, 4.0]
    """
    single = _is_single(argnums)

    def build(traced: Traced, numbers: list[int]) -> Tree:
        y = scalar_output(traced.outputs, traced.structure, "grad", "jacobian")
        return gradient_of(y, [traced.by_argument[k] for k in numbers], single)

    return public(f, Transform(f, build, argnums, "grad", ("grad", _hashed(argnums))), "The gradient")


class Block(NamedTuple):
    """Where the entries of one array are in a Hessian that is one matrix: `H[block.place, other.place]`."""

    name: str
    place: slice
    shape: tuple[int, ...]


def hessian(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, layout: str = "numerator", as_matrix: bool = False
) -> Callable[..., Any]:
    """∂(∂f/∂x)/∂x as a function of the same arguments; the layout applies to both differentiations.

    With several arguments, or containers of them, a container of containers, as JAX has it. "ad" is f, x, x.
    `as_matrix` gives one symmetric matrix instead, over the entries of all arrays, each in C order, and a list that
    says where each array is: (H, [Block(name, place, shape), …]). The result of f is a scalar then; `layout` has no
    meaning.

    >>> hessian(lambda x: x @ x)(np.array([1.0, 2.0])).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    >>> H, table = hessian(lambda p: p["a"] @ p["b"], as_matrix=True)({"a": np.ones(2), "b": np.ones(2)})
    >>> H[table[0].place, table[1].place].tolist(), table[1].name
    ([[1.0, 0.0], [0.0, 1.0]], 'p_b')
    """
    check_layout(layout)
    single = _is_single(argnums)
    if as_matrix:
        return _hessian_as_matrix(f, argnums)

    def build(traced: Traced, numbers: list[int]) -> Tree:
        return hessian_of(traced.output, [traced.by_argument[k] for k in numbers], single, layout)

    return public(f, Transform(f, build, argnums, "hessian", ("hessian", _hashed(argnums), layout)), "The Hessian")


def _hessian_as_matrix(f: Callable[..., Any], argnums: int | Sequence[int]) -> Callable[..., Any]:
    def build(traced: Traced, numbers: list[int]) -> Tree:
        y = scalar_output(traced.outputs, traced.structure, "hessian as a matrix", "hessian without as_matrix")
        return hessian_matrix(y, [traced.by_argument[k] for k in numbers])

    def with_table(matrix: Any, args: tuple[Any, ...]) -> tuple[Any, list[Block]]:
        names = parameter_names(f, len(args))
        table: list[Block] = []
        start = 0
        for number in chosen(args, argnums, "hessian"):
            found, structure = flatten(args[number])
            for leaf, name in zip(found, labels(structure, names[number]), strict=True):
                shape = tuple(np.shape(leaf))
                table.append(Block(name, slice(start, start + math.prod(shape)), shape))
                start += math.prod(shape)
        return matrix, table

    transform = Transform(f, build, argnums, "hessian", ("hessian as a matrix", _hashed(argnums)))
    transform.finish = with_table
    return public(f, transform, "The Hessian as one matrix")


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """`f(*args)`, and the function from a cotangent in the shape of the result to one for each argument, in its shape.

    A vector–Jacobian product, by one pass backward: what backpropagation computes. f is called once, so that the value
    and the product are those of one call, whatever changes afterwards: the arrays are copied. Containers are matched by
    key. Raises `ShapeError` for a cotangent of another shape, or with other keys.

    >>> value, pull = vjp(lambda x: x * x, np.array([1.0, 2.0]))
    >>> pull(np.array([1.0, 10.0]))[0].tolist()
    [2.0, 40.0]
    """
    _check_callable(f, "vjp")
    traced = traced_now(f, args, {})
    traced.keep()
    value = Result(traced, "value", lambda: traced.output)()

    def pull(cotangent: Any) -> Any:
        what = "vjp: the cotangent"
        given = aligned(traced.structure, cotangent, what)
        places = labels(traced.structure, "")
        given = [
            _direction(v, y, f"{what}{_at(place)}", "f's result")
            for y, v, place in zip(traced.outputs, given, places, strict=True)
        ]
        variables = _further("cotangent", given, traced)
        return Result(
            traced,
            "vjp",
            lambda: pulled_back(traced.outputs, variables, traced.by_argument),
            list(zip(variables, given, strict=True)),
        )()

    return value, pull


def jvp(f: Callable[..., Any], args: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """`f(*args)`, and ∂f/∂args times the tangents, by one pass forward. Tangents have the shapes of the arguments.

    A Jacobian–vector product, a directional derivative, in the shape of the result. Containers are matched by key.
    Raises `ShapeError` for tangents of another number or shape, or with other keys.

    >>> jvp(lambda x: x * x, (np.array([1.0, 2.0]),), (np.array([1.0, 10.0]),))[1].tolist()
    [2.0, 40.0]
    """
    _check_callable(f, "jvp")
    for name, one in (("arguments", args), ("tangents", tangents)):
        if not isinstance(one, (tuple, list)):
            raise ShapeError(
                f"jvp: the {name} are a tuple with one entry for each argument of f, got {type(one).__name__}"
            )
    if len(args) != len(tangents):
        raise ShapeError(f"jvp: {len(args)} arguments and {len(tangents)} tangents")
    pairs: list[tuple[Any, Any]] = []
    for k, (arg, tangent) in enumerate(zip(args, tangents, strict=True)):
        found, structure = flatten(arg)
        what = f"jvp: the tangent of argument {k}"
        given = aligned(structure, tangent, what)
        for x, v, place in zip(found, given, labels(structure, ""), strict=True):
            pairs.append((x, _direction(v, x, f"{what}{_at(place)}", "it")))
    traced = traced_now(f, args, {})
    leaves = flatten(tuple(traced.by_argument))[0]
    moving = [(x, v) for x, (_, v) in zip(leaves, pairs, strict=True) if isinstance(x, Variable)]
    variables = _further("tangent", [v for _, v in moving], traced)
    both: tuple[Any, Any] = Result(
        traced,
        "jvp",
        lambda: pushed_forward(traced.output, list(zip([x for x, _ in moving], variables, strict=True))),
        list(zip(variables, [v for _, v in moving], strict=True)),
    )()
    return both


def _further(name: str, values: Sequence[Any], traced: Traced) -> list[Variable]:
    """Variables for tangents or cotangents."""
    level = traced.trace.level
    return [Variable.private(f"{name}_{level}_{k}", value.shape, (name, level, k)) for k, value in enumerate(values)]


def _direction(v: Any, x: Any, what: str, whose: str) -> Any:
    """A tangent or a cotangent as an array or an expression, which has the shape of what it belongs to."""
    value = v if isinstance(v, Expression) else _real(v, what)
    shape = x.shape if isinstance(x, Expression) else np.shape(x)
    if value.shape != shape:
        raise ShapeError(f"{what} has shape {value.shape}, and {whose} {shape}")
    return value


def _real(v: Any, what: str) -> Any:
    if isinstance(v, np.ndarray) and v.dtype == object:
        return as_expression(v)
    return as_real_array(v, what)


def _at(place: str) -> str:
    return f" at {place.removeprefix('_')}" if place else ""


def _check_callable(f: Any, what: str) -> None:
    if not callable(f):
        raise UnsupportedError(f"{what} is of a function of arrays, got {type(f).__name__}")


def _is_single(argnums: Any) -> bool:
    return hasattr(argnums, "__index__")


def _hashed(argnums: Any) -> Hashable:
    return tuple(argnums) if isinstance(argnums, Sequence) else argnums
