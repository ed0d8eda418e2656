"""`jacobian`, `grad`, `hessian`, `vjp`, `jvp` of ordinary functions of NumPy arrays, as in autograd and JAX.

A function is called once with variables in place of its arrays, for each set of shapes that it meets; what comes back
is derived, compiled and kept. So what it reads beside its arguments is taken as it was at that first call: pass as an
argument what changes. An argument may be an array, a number, or nested tuples, lists and dictionaries of them;
anything else (and integers, which are often sizes or places) is passed through as it is. An array of integers or truth
values by which nothing is differentiated is a variable too, as long as f does not need its values: where f indexes with
it (labels, a mask) it is a constant, and a derivative is compiled for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any

import numpy as np

from ..chain_rule.accumulation import accumulate_forward
from ..compiler import compiling
from ..compiler.compiling import Compiled
from ..errors import ShapeError, UnsupportedError
from ..expressions.nodes import EinsumSum, EinsumTerm, Expression, Variable, as_expression, scalar
from ..functions.operators import add, multiply, permute, sum_axes, zeros
from ..shapes.layout import check_layout, from_numerator
from .jacobian_tensor import Jacobian, derivative
from .pytrees import Tree, is_leaf, leaves, map_tree, signature_of
from .tracing import Traced, called, chosen, parameter_names, whole_numbers

#: Compiled derivatives that are kept where each is for certain values of integers.
REMEMBERED = 64


def _is_known(key: object, known: dict[object, Any]) -> bool:
    try:
        return key in known
    except TypeError as error:
        raise UnsupportedError(
            f"an argument that is no array is part of what is remembered, and so hashable: {error}; a tuple is"
        ) from None


class _Transform:
    """A function of arrays that is derived and compiled once for each signature."""

    def __init__(
        self, f: Callable[..., Any], build: Callable[[Traced, list[int]], Tree], argnums: Any, what: str
    ) -> None:
        self._f, self._build, self._argnums, self._what = f, build, argnums, what
        self._known: dict[object, tuple[Compiled, Callable[[Sequence[Any]], Any]]] = {}
        self.compiled: Compiled | None = None
        self._by_value = False  # f needs the values of arrays of integers, as places

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            key: object = tuple([arg.shape for arg in args]) if not kwargs else None
        except AttributeError:
            key = None
        if key is None or key not in self._known or any(isinstance(arg, Expression) for arg in args):
            return self._general(args, kwargs)
        compiled, shaped = self._known[key]
        return shaped(compiled(*args))

    def _general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Any arguments: arrays are found in their containers, expressions give an expression."""
        flat = [leaf for tree in (*args, *kwargs.values()) for leaf in leaves(tree) if is_leaf(leaf)]
        numbers = chosen(args, self._argnums, self._what)
        if any(isinstance(leaf, Expression) for leaf in flat):
            return self._symbolic(args, kwargs, numbers)
        whole = whole_numbers([*(arg for k, arg in enumerate(args) if k not in numbers), *kwargs.values()])
        constants = whole if self._by_value else []
        plain = not kwargs and not constants and all(isinstance(arg, np.ndarray) for arg in args)
        key: object = tuple(arg.shape for arg in args) if plain else (signature_of(args), signature_of(kwargs))
        if constants:
            key = (key, *(one.tobytes() for one in constants))
        if not _is_known(key, self._known):
            try:
                traced = Traced(self._f, args, kwargs, constants)
            except UnsupportedError:
                if self._by_value or not whole:
                    raise
                self._by_value = True
                return self._general(args, kwargs)
            if constants and len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[key] = _compiled(self._build(traced, numbers), traced.variables)
        compiled, shaped = self._known[key]
        self.compiled = compiled
        return shaped(compiled(*(leaf for leaf in flat if not any(leaf is one for one in constants))))

    def _symbolic(self, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: list[int]) -> Any:
        """Called while another function is traced: the derivative as an expression."""
        traced = Traced.__new__(Traced)

        def independent(leaf: Any, name: str) -> Any:
            expression = as_expression(leaf)
            return expression if expression.name is not None else expression.named(f"at_{name}_{expression.serial}")

        names = parameter_names(self._f, len(args))
        traced.by_argument = [
            map_tree(independent, arg, name) if k in numbers else arg
            for k, (arg, name) in enumerate(zip(args, names, strict=True))
        ]
        traced.variables = []
        traced.output = called(self._f, traced.by_argument, kwargs)
        return map_tree(lambda leaf, _: _as_array_expression(leaf), self._build(traced, numbers), "")


class _Laid:
    """A Jacobian to be given in a layout."""

    def __init__(self, jacobian: Jacobian, layout: str) -> None:
        self.jacobian, self.layout = jacobian, layout


def _as_array_expression(leaf: Any) -> Expression:
    if isinstance(leaf, _Laid):
        of, wrts = leaf.jacobian.differentiated
        if leaf.layout == "vec":
            raise UnsupportedError("the vec layout of a derivative inside another one; take another layout there")
        order = _axis_order(len(of), [len(wrt) for wrt in wrts], leaf.layout)
        return permute(leaf.jacobian.expression, order)
    return as_expression(leaf)


def _axis_order(rank_of: int, ranks: Sequence[int], layout: str) -> list[int]:
    """The axes of the numerator layout, in the order that a layout has them."""
    total = rank_of + sum(ranks)
    marked = np.empty(tuple(range(2, total + 2)), dtype=bool)  # each axis is known by its size
    return [size - 2 for size in from_numerator(marked, rank_of, ranks, layout).shape]


def _compiled(tree: Tree, variables: Sequence[Variable]) -> tuple[Compiled, Callable[[Sequence[Any]], Any]]:
    """A tree of expressions and Jacobians as one function, and what brings its results into the shape of the tree."""
    items: list[Any] = []
    finish: list[Callable[[Any], Any]] = []

    def place(leaf: Any, _: str) -> int:
        if isinstance(leaf, _Laid):
            of, wrts = leaf.jacobian.differentiated
            ranks = [len(wrt) for wrt in wrts]
            items.append(leaf.jacobian)
            if leaf.layout == "vec":
                finish.append(lambda array: from_numerator(array, len(of), ranks, "vec"))
            else:
                order = tuple(_axis_order(len(of), ranks, leaf.layout))
                trivial = order == tuple(range(len(order)))
                finish.append((lambda array: array) if trivial else (lambda array: array.transpose(order)))
        else:
            items.append(as_expression(leaf))
            finish.append(lambda array: array)
        return len(items) - 1

    shape = map_tree(place, tree, "")
    compiled = compiling.compile(items, list(variables))
    if isinstance(shape, int):
        (only,) = finish
        return compiled, lambda results: only(results[0])
    return compiled, lambda results: map_tree(lambda k, _: finish[k](results[k]), shape, "")


def _public(f: Callable[..., Any], transform: _Transform, what: str) -> Callable[..., Any]:
    if not callable(f):
        raise UnsupportedError(f"{what} is of a function of arrays, got {type(f).__name__}")

    @wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return transform(args, kwargs)

    wrapped.__doc__ = f"{what} of {getattr(f, '__name__', 'f')}."
    wrapped.transform = transform  # type: ignore[attr-defined]
    return wrapped


def _by_arguments(traced: Traced, numbers: list[int], argnums: Any, one: Callable[[Any], Any]) -> Tree:
    """`one(variable)` for every leaf of the chosen arguments, in their containers."""
    trees = [map_tree(lambda leaf, _: one(leaf), traced.by_argument[number], "") for number in numbers]
    return trees[0] if isinstance(argnums, int) else tuple(trees)


# --- the functions ----------------------------------------------------------------------------------------------------


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0, layout: str = "numerator") -> Callable[..., Any]:
    """∂f/∂x as a function of the same arguments, in any of the four layouts.

    `argnums` is a number, or several for a tuple; an argument or a result of nested containers gives such a container.
    The shape is that of f's result and then that of the argument, reversed ("ad": as it is, which is JAX's). Compiled
    once for each set of shapes. Raises `LayoutError` for an unknown layout.

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0])).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    check_layout(layout)

    def build(traced: Traced, numbers: list[int]) -> Tree:
        return map_tree(
            lambda output, _: _by_arguments(
                traced, numbers, argnums, lambda x: _Laid(derivative(as_expression(output), x), layout)
            ),
            traced.output,
            "",
        )

    return _public(f, _Transform(f, build, argnums, "jacobian"), "The Jacobian")


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """∇f in the shape of its argument: the transpose of the derivative of a scalar (item 1a).

    Raises `ShapeError` if f's result is not a scalar.

    >>> grad(lambda x: x @ x)(np.array([1.0, 2.0])).tolist()
    [2.0, 4.0]
    """

    def build(traced: Traced, numbers: list[int]) -> Tree:
        y = _scalar(traced.output, "grad", "jacobian")
        found = _derivatives(y, [leaf for number in numbers for leaf in leaves(traced.by_argument[number])])
        return _by_arguments(traced, numbers, argnums, lambda x: _Laid(found[x.serial], "ad"))

    return _public(f, _Transform(f, build, argnums, "grad"), "The gradient")


def hessian(f: Callable[..., Any], argnums: int | Sequence[int] = 0, layout: str = "numerator") -> Callable[..., Any]:
    """∂(∂f/∂x)/∂x as a function of the same arguments; the layout applies to both differentiations.

    With several arguments, or containers of them, a container of containers, as JAX has it. "ad" is f, x, x.

    >>> hessian(lambda x: x @ x)(np.array([1.0, 2.0])).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    check_layout(layout)

    def build(traced: Traced, numbers: list[int]) -> Tree:
        y = as_expression(traced.output)
        return _by_arguments(
            traced,
            numbers,
            argnums,
            lambda x: _by_arguments(
                traced, numbers, argnums, lambda again: _Laid(derivative(derivative(y, x), again), layout)
            ),
        )

    return _public(f, _Transform(f, build, argnums, "hessian"), "The Hessian")


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """`f(*args)`, and the function from a cotangent in the shape of the result to one for each argument, in its shape.

    A vector–Jacobian product, by one pass backward: what backpropagation computes. Raises `ShapeError` for a cotangent
    of another shape.

    >>> value, pull = vjp(lambda x: x * x, np.array([1.0, 2.0]))
    >>> pull(np.array([1.0, 10.0]))[0].tolist()
    [2.0, 40.0]
    """

    def build(traced: Traced, numbers: list[int]) -> Tree:
        *inputs, cotangents = traced.by_argument
        outputs = list(leaves(traced.output))
        pairs = zip(outputs, leaves(cotangents), strict=True)
        total = add(zeros(()), *(sum_axes(multiply(as_expression(y), v)) for y, v in pairs))
        found = _derivatives(total, [leaf for tree in inputs for leaf in leaves(tree) if isinstance(leaf, Expression)])
        return tuple(
            map_tree(lambda x, _: _Laid(found[x.serial], "ad") if isinstance(x, Expression) else None, tree, "")
            for tree in inputs
        )

    value = f(*args)

    def pull(cotangent: Any) -> Any:
        for y, v in zip(leaves(value), leaves(cotangent), strict=True):
            if np.shape(y) != np.shape(v):
                raise ShapeError(f"vjp: the cotangent has shape {np.shape(v)} and f's result {np.shape(y)}")
        numbers = tuple(range(len(args)))
        transform = _remembered(
            "_jacobians_vjp", f, len(args), lambda: _Transform(_ignoring_last(f), build, numbers, "vjp")
        )
        return transform((*args, map_tree(_as_float, cotangent, "")), {})

    return value, pull


def jvp(f: Callable[..., Any], args: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """`f(*args)`, and ∂f/∂args times the tangents, by one pass forward. Tangents have the shapes of the arguments.

    A Jacobian–vector product, a directional derivative, in the shape of the result. Raises `ShapeError` for tangents of
    another number or shape.

    >>> jvp(lambda x: x * x, (np.array([1.0, 2.0]),), (np.array([1.0, 10.0]),))[1].tolist()
    [2.0, 40.0]
    """
    if len(args) != len(tangents):
        raise ShapeError(f"jvp: {len(args)} arguments and {len(tangents)} tangents")
    for k, (arg, tangent) in enumerate(zip(args, tangents, strict=True)):
        for x, v in zip(leaves(arg), leaves(tangent), strict=True):
            if np.shape(x) != np.shape(v):
                raise ShapeError(f"jvp: the tangent of argument {k} has shape {np.shape(v)}, and it {np.shape(x)}")

    def build(traced: Traced, numbers: list[int]) -> Tree:
        inputs, directions = traced.by_argument[: len(args)], traced.by_argument[len(args) :]
        pairs = [
            (x, as_expression(v))
            for arg, tangent in zip(inputs, directions, strict=True)
            for x, v in zip(leaves(arg), leaves(tangent), strict=True)
            if isinstance(x, Expression)
        ]
        return map_tree(lambda y, _: (as_expression(y), _pushed(as_expression(y), pairs)), traced.output, "")

    def alone(*both: Any) -> Any:
        return f(*both[: len(args)])

    numbers = tuple(range(len(args)))
    transform = _remembered("_jacobians_jvp", f, len(args), lambda: _Transform(alone, build, numbers, "jvp"))
    both = transform((*args, *map_tree(_as_float, tuple(tangents), "")), {})
    return _unzipped(both, 0), _unzipped(both, 1)


def _pushed(y: Expression, pairs: Sequence[tuple[Expression, Expression]]) -> Expression:
    """Σ ∂y/∂x · v, by one pass from the inputs up."""
    seeds = [(x, [EinsumTerm(1.0, (v,), (axes := tuple(range(x.ndim)),), axes, x.shape)]) for x, v in pairs]
    return EinsumSum.of(accumulate_forward(y, seeds, scalar("tangent")), y.shape)


def _unzipped(tree: Tree, place: int) -> Tree:
    """One member of every pair in a tree of pairs."""
    if isinstance(tree, dict):
        return {key: _unzipped(one, place) for key, one in tree.items()}
    if len(tree) == 2 and not any(isinstance(one, (tuple, list, dict)) for one in tree):
        return tree[place]
    return type(tree)(_unzipped(one, place) for one in tree)


def _as_float(value: Any, _: str) -> Any:
    return value if isinstance(value, Expression) else np.asarray(value, dtype=float)


def _remembered(name: str, f: Any, count: int, make: Callable[[], _Transform]) -> _Transform:
    """A transform of f with `count` arguments, kept with the function itself: it goes when that goes."""
    owner: Any
    known: dict[int, _Transform]
    owner, known = getattr(f, name, (None, {}))
    if owner is not f:  # functools.wraps copies what a function bears
        known = {}
        with suppress(AttributeError, TypeError):  # a built-in function takes no attribute
            setattr(f, name, (f, known))
    if count not in known:
        known[count] = make()
    return known[count]


def _ignoring_last(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: f(*args[:-1])


def _derivatives(y: Expression, variables: Sequence[Any]) -> dict[int, Jacobian]:
    """∂y/∂x for several x, sharing intermediates, by their serial numbers."""
    found: list[Jacobian] = derivative(y, list(variables)) if variables else []
    return {x.serial: one for x, one in zip(variables, found, strict=True)}


def _scalar(output: Any, what: str, other: str) -> Expression:
    if isinstance(output, (tuple, list, dict)):
        raise ShapeError(f"{what}: f gives a {type(output).__name__}, and a scalar is needed; {other} takes any result")
    y = as_expression(output)
    if y.shape:
        raise ShapeError(f"{what}: f gives shape {y.shape}, and a scalar is needed; {other} takes any result")
    return y
