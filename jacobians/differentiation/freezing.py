"""`jit`: a function of arrays, or a transform of one, that calls f once for each signature, as in JAX."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any

import numpy as np

from ..compiler.compiled import Compiled
from ..errors import UnsupportedError
from ..expressions.array_protocol import TRACER, apart
from ..expressions.nodes import Array, Expression, Variable, as_expression
from .memory import Recent
from .outcomes import Outcome, expressions_of, replaced
from .pytrees import Structure, Tree, flatten, is_leaf
from .trace import Trace
from .tracing import Traced, chosen, value_of_leaf
from .transforms import Transform

#: Compiled functions that are kept for each function, one for each signature.
REMEMBERED = 64

_REFUSAL = (
    "under jit f is called once for a signature, and has no values to decide by: np.where(condition, a, b) chooses "
    "entry by entry; without jit, f is called at every call and may branch, loop and take places by value"
)


def jit(f: Callable[..., Any]) -> Callable[..., Any]:
    """f, or a transform of a function such as `grad(f)`, compiled once for each signature of its arguments.

    A signature is the shapes of the arrays, and the values of everything else. f is called once for it, with variables
    in place of the arrays: what f reads beside its arguments, random numbers too, is taken as it is then. So pass as an
    argument what changes. A branch on a value, `int(x)`, and places found by value are refused. A call takes the time
    of the compiled code, and a microsecond. Raises `UnsupportedError` for those, and for what is not a function.

    >>> norm = jit(lambda x: np.sqrt(x @ x))
    >>> float(norm(np.array([3.0, 4.0])))
    5.0
    """
    if not callable(f):
        raise UnsupportedError(f"jit is of a function of arrays, got {type(f).__name__}")
    transform = getattr(f, "transform", None)
    if not isinstance(transform, Transform) or transform.face is not f:  # functools.wraps copies attributes
        transform = Transform(f, _value, (), "jit", "value")
    frozen = Frozen(transform)

    @wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return frozen(args, kwargs)

    wrapped.transform = frozen  # type: ignore[attr-defined]
    return wrapped


def _value(traced: Traced, numbers: list[int]) -> Any:
    return traced.output


@dataclass(frozen=True)
class Graph:
    """What a transform forms of a function that was called once, and the variables that it is a function of."""

    tree: Tree
    variables: list[Variable]

    @cached_property
    def outcome(self) -> Outcome:
        return Outcome(self.tree, self.variables)

    @cached_property
    def expressions(self) -> tuple[list[Expression], Structure]:
        return expressions_of(self.tree)


class Frozen:
    """A transform that calls its function once for each signature."""

    def __init__(self, transform: Transform) -> None:
        self._transform = transform
        self._by_shapes: dict[Hashable, tuple[Compiled, Callable[[Sequence[Any]], Any]]] = {}
        self._graphs: Recent[Graph] = Recent(REMEMBERED)
        self._by_value = False  # f needs the values of arrays of integers, as places
        self.compiled: Compiled | None = None

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            compiled, arranged = self._by_shapes[None if kwargs else tuple([arg.shape for arg in args])]
        except (AttributeError, KeyError):
            return self._general(args, kwargs)
        if any(isinstance(arg, Expression) for arg in args) or TRACER.get() is not None:
            return self._general(args, kwargs)
        found = arranged(compiled(*args))
        return found if self._transform.finish is None else self._transform.finish(found, args)

    def _general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Any arguments: arrays are found in their containers, expressions give an expression."""
        numbers = chosen(args, self._transform.argnums, self._transform.what)
        trees = [*args, *kwargs.values()]
        others = flatten([tree for k, tree in enumerate(trees) if k not in numbers])[0]
        places = [leaf for leaf in others if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "biu"]
        fixed = places if self._by_value else []
        try:
            graph = self._graphs.get(_signature(args, kwargs, fixed), lambda: self._graph(args, kwargs, numbers, fixed))
        except UnsupportedError:
            if self._by_value or not places:
                raise
            self._by_value = True
            return self._general(args, kwargs)
        given = [leaf for leaf in flatten(trees)[0] if is_leaf(leaf) and not any(leaf is one for one in fixed)]
        if TRACER.get() is not None or any(isinstance(leaf, Expression) for leaf in given):
            found = self._within(given, graph)
        else:
            outcome = graph.outcome
            self.compiled = outcome.compiled
            if not kwargs and not fixed and all(type(arg) is np.ndarray for arg in args):
                self._by_shapes[tuple([arg.shape for arg in args])] = (outcome.compiled, outcome.arranged)
            found = outcome([value_of_leaf(leaf, f"argument {k}") for k, leaf in enumerate(given)])
        return found if self._transform.finish is None else self._transform.finish(found, args)

    def _graph(self, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: list[int], fixed: list[Array]) -> Graph:
        outer = TRACER.get()
        assert outer is None or isinstance(outer, Trace)
        if outer is None and any(isinstance(leaf, Expression) for leaf in flatten([args, kwargs])[0]):
            outer = Trace(None, None, _REFUSAL, frozenset())  # other names than the user's
        owner = ("jit", next(_owners))
        traced = Traced(self._transform.f, args, kwargs, outer, None, _REFUSAL, None, fixed, owner)
        return Graph(apart(self._transform.build, traced, numbers), traced.variables)

    def _within(self, values: list[Any], graph: Graph) -> Tree:
        """The result as an expression, within another call or of a user's expressions."""
        current = TRACER.get()
        lift = current.lift if current is not None else as_expression
        roots, structure = apart(getattr, graph, "expressions")
        replacements = {one.serial: lift(value) for one, value in zip(graph.variables, values, strict=True)}
        return structure.filled(iter(apart(replaced, roots, replacements)))


#: The variables of each graph are its own.
_owners = itertools.count()


def _signature(args: tuple[Any, ...], kwargs: dict[str, Any], fixed: list[Array]) -> Hashable:
    """What a compiled function depends on: the shapes of arrays, and the values of everything else."""
    found, structure = flatten((args, kwargs))
    key: list[Any] = [structure]
    for leaf in found:
        if any(leaf is one for one in fixed):
            key.append((leaf.shape, leaf.tobytes()))
        elif is_leaf(leaf):
            key.append(np.shape(leaf))
        else:
            key.append((type(leaf), leaf))
    try:
        hash(tuple(key))
    except TypeError as error:
        raise UnsupportedError(
            f"jit: an argument that is not an array is part of the signature, and so hashable: {error}; a tuple is"
        ) from None
    return tuple(key)
