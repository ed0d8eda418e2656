"""What is checked: a function of one array, the point, and the claim, for each argument whose derivative is claimed."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..compiler.binding import Binding, bind_values, name_table, needed_names, require
from ..compiler.evaluation import evaluate
from ..compiler.planning import plan
from ..differentiation.jacobian_tensor import Jacobian, derivative
from ..differentiation.pytrees import aligned, flatten, leaves, map_tree
from ..differentiation.tracing import Traced, parameter_names
from ..errors import DataError, NamingError, ShapeError, UnsupportedError
from ..expressions.nodes import Array, Expression, Variable, as_expression, as_real_array
from ..expressions.walks import walk
from ..notation.names import typeset
from ..notation.text import label
from ..shapes.arguments import argument_numbers
from ..shapes.formatting import shown_value
from ..shapes.names import normalise
from .mistakes.chain import Chain
from .named_constants import with_named_constants
from .observed import from_library, to_library


@dataclass(frozen=True)
class Claim:
    """∂y/∂x of `f`, a function of one array, at `point`, which is claimed to be `claimed`.

    `sizes` may be a batch's. `chain` gives ∂y/∂x of the calculus with the values of its variables, where f is an
    expression or can be traced, and else None.
    """

    f: Callable[[Array], Any]
    point: Array
    claimed: Array
    x: str
    y: str
    sizes: dict[int, str]
    chain: Callable[[], Chain | None]


def claims_about_function(
    f: Callable[..., Any], x: Any, claimed: Any, argnums: int | Sequence[int] | None
) -> list[Claim]:
    """One claim for every array among the chosen arguments of a function of arrays.

    A tuple x is the arguments; anything else is the only one. `claimed` is an array, a tuple with one for each chosen
    argument (None: nothing is claimed), or a function of the arguments that gives such.
    """
    args = list(x) if isinstance(x, tuple) else [x]
    _check_call(f, args, "f")
    if callable(claimed):
        _check_call(claimed, args, "claimed")
    claims = claimed(*args) if callable(claimed) else claimed
    numbers = _chosen(len(args), claims, argnums)
    given = list(args)
    for number in numbers:
        args[number] = _floating(args[number], f"argument {number}")
    taken = _taking(f, given)
    claims = [claims] if isinstance(argnums, int) or not _listed(claims, len(numbers)) else list(claims)
    names, y = parameter_names(f, len(args)), _name_of(f)
    sizes = batch_sizes(dict(zip(names, args, strict=True)))
    found_claims = []
    for number, claim in zip(numbers, claims, strict=True):
        if claim is None:
            continue
        points, structure = flatten(args[number])
        parts = aligned(structure, claim, f"check_derivative: what is claimed for argument {number}")
        labels = list(_labels(args[number], names[number]))
        for place, (point, part) in enumerate(zip(points, parts, strict=True)):
            what = f"the claimed ∂{y}/∂{labels[place]}"
            found_claims.append(
                Claim(
                    _of_one(taken, args, number, place),
                    np.asarray(point),
                    as_claim(part, what),
                    labels[place],
                    y,
                    sizes,
                    partial(_traced, f, args, number, place),
                )
            )
    return found_claims


def claims_about_expression(
    f: Expression | Jacobian, x: Any, claimed: Any, wrt: str | Sequence[str] | None
) -> list[Claim]:
    """One claim for every name whose derivative is claimed, of an expression or of the numerator of a Jacobian.

    x has values by name, or is the value of the only variable. A Jacobian is by its denominator; of an expression
    `wrt` names variables or named expressions, if `claimed` is not a dictionary that does.
    """
    y = f if isinstance(f, Expression) else f.numerator
    table = name_table([y] if isinstance(f, Expression) else [y, f.denominator])
    values = dict(x) if isinstance(x, Mapping) else {_only_name(y): x}
    bind_values(values, table, None)  # before they are handed to a function
    claims = claimed(**values) if callable(claimed) else claimed
    if not isinstance(f, Expression):
        named = f.denominator if f.denominator.name else None
        if named is None:
            raise NamingError(f"{f.symbol}: what it is by has no name, so no value can be given for it")
        wrt = str(f.denominator.name)
        if wrt not in values:
            values[wrt] = evaluate(f.denominator, {key: values[key] for key in values if key in name_table([named])})
    if wrt is None and not isinstance(claims, Mapping):
        wrt = _only_name(y) if len(values) > 1 else next(iter(values))
    if not isinstance(claims, Mapping):
        claims = dict(
            zip([wrt], [claims], strict=True) if isinstance(wrt, str) else zip(wrt or (), claims, strict=True)
        )
    binding = bind_values(values, table, None)
    sizes = batch_sizes(binding.arrays)
    return [_of_name(f, y, table, binding, sizes, name, claim) for name, claim in claims.items() if claim is not None]


def _of_name(
    f: Expression | Jacobian,
    y: Expression,
    table: Mapping[str, Expression],
    binding: Binding,
    sizes: dict[int, str],
    name: str,
    claim: Any,
) -> Claim:
    if not isinstance(name, str):
        raise NamingError(f"derivatives are claimed by the name of a variable, got {shown_value(name)}")
    key = normalise(name)
    if key not in binding.arrays:
        raise NamingError(f"∂{label(y)}/∂{typeset(name)} is claimed, and {name!r} has no value; give it in x")
    require(needed_names([y], binding.given), binding, table, f"evaluating {label(y)}")
    program = plan([y], "reverse", binding.sizes, binding.given)
    found: Jacobian = derivative(y, table[key]) if isinstance(f, Expression) else f
    return Claim(
        lambda array: program.run({**binding.arrays, key: array})[0],
        np.array(binding.arrays[key], dtype=float),
        as_claim(claim, f"the claimed ∂{label(y)}/∂{typeset(name)}"),
        typeset(name),
        label(y),
        sizes,
        lambda: Chain(found, binding),
    )


def _only_name(y: Expression) -> str:
    names = [str(node.name) for node in walk([y]) if isinstance(node, Variable)]
    if len(names) != 1:
        raise NamingError(
            f"{label(y)} depends on {', '.join(names) or 'nothing'}: give x as {{name: array}}, and claimed as such or "
            "argnums the name that the claim is by"
        )
    return names[0]


def as_claim(claimed: Any, what: str) -> Array:
    """The claimed array; a `DataError` where it is not one of real numbers."""
    return as_real_array(from_library(claimed), what)


def batch_sizes(arguments: dict[str, Any]) -> dict[int, str]:
    """Sizes that a mean may be over, with what they are: axes of the arguments first, then all their entries."""
    found: dict[int, str] = {}
    arrays = [
        (typeset(name), np.shape(leaf))
        for name, arg in arguments.items()
        for leaf in leaves(arg)
        if isinstance(leaf, np.ndarray)
    ]
    for name, shape in arrays:
        for axis, size in enumerate(shape):
            found.setdefault(size, f"axis {axis} of {name}" if len(shape) > 1 else f"the size of {name}")
    for name, shape in arrays:
        found.setdefault(int(np.prod(shape, dtype=int)), f"the entries of {name}")
    return found


def _chosen(count: int, claims: Any, argnums: int | Sequence[int] | None) -> list[int]:
    if argnums is None:
        return list(range(count)) if isinstance(claims, tuple) and count > 1 else [0]
    numbers = argument_numbers(argnums, "check_derivative")
    for number in numbers:
        if not -count <= number < count:
            raise ShapeError(f"check_derivative: argnums {number} of a function that was given {count} arguments")
    return [number % count for number in numbers]


def _check_call(f: Any, args: Sequence[Any], what: str) -> None:
    """Refuse what cannot be called, and a point with more or fewer arguments than f takes."""
    if not callable(f):
        raise UnsupportedError(f"check_derivative: f is a function, an expression or a Jacobian, got {shown_value(f)}")
    if not args:
        raise ShapeError("check_derivative: the point is an empty tuple; it has an array for each argument of f")
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):  # some built-in functions tell nothing
        return
    try:
        signature.bind(*args)
    except TypeError as error:
        raise ShapeError(
            f"check_derivative: the point has {len(args)} argument{'s' * (len(args) > 1)}, and of {what} {error}; a "
            "tuple is the arguments of f, anything else the only one"
        ) from None


def _listed(claims: Any, count: int) -> bool:
    claimed = len(claims) if isinstance(claims, tuple) else 1
    if claimed != count and count != 1:
        raise ShapeError(
            f"check_derivative: {claimed} derivatives are claimed, by {count} arguments; claimed is a tuple with one "
            "for each, or argnums tells which"
        )
    return isinstance(claims, tuple) and len(claims) == count


def _floating(arg: Any, what: str) -> Any:
    """An argument with floating-point arrays for its leaves; a list of numbers is an array."""
    if isinstance(arg, list) and not any(isinstance(one, (np.ndarray, dict, tuple)) for one in leaves(arg)):
        arg = as_real_array(arg, what)

    def floating(leaf: Any, _: str) -> Array:
        array = as_real_array(from_library(leaf), what)
        if not np.all(np.isfinite(array)):
            raise DataError(f"{what}: the point has entries that are not finite numbers; choose another point")
        return array.astype(float)

    return map_tree(floating, arg, "")


def _taking(f: Callable[..., Any], given: Sequence[Any]) -> Callable[..., Any]:
    """f as a function of NumPy arrays, where arguments were given as arrays of JAX or PyTorch: it gets such again."""
    makers = [[to_library(leaf) for leaf in leaves(arg)] for arg in given]
    if not any(make is not None for one in makers for make in one):
        return f

    def taking(*args: Any) -> Any:
        made = []
        for arg, own in zip(args, makers, strict=True):
            waiting = iter(own)

            def again(leaf: Any, _: str, waiting: Iterator[Any] = waiting) -> Any:
                make = next(waiting)
                return leaf if make is None else make(leaf)

            made.append(map_tree(again, arg, ""))
        return f(*made)

    return taking


def _labels(arg: Any, name: str) -> Iterator[str]:
    names: list[str] = []
    map_tree(lambda _, label: names.append(label), arg, name)
    return map(typeset, names)


def _of_one(f: Callable[..., Any], args: Sequence[Any], number: int, place: int) -> Callable[[Array], Any]:
    """f as a function of the one array that stands at `place` among those of argument `number`."""

    def of_one(array: Array) -> Any:
        counter = iter(range(1 << 30))
        moved = map_tree(lambda leaf, _: array[()] if next(counter) == place else leaf, args[number], "")
        return f(*args[:number], moved, *args[number + 1 :])

    return of_one


def _traced(f: Callable[..., Any], args: Sequence[Any], number: int, place: int) -> Chain | None:
    """The derivative of the calculus, where f takes expressions for its arrays; None where it is opaque."""
    for version in (with_named_constants(f), f):
        with suppress(Exception), warnings.catch_warnings():  # whatever an opaque function does with an expression
            warnings.simplefilter("ignore")
            traced = Traced(version, args, {})
            variable = list(leaves(traced.by_argument[number]))[place]
            found = derivative(as_expression(traced.output), variable)
            values = {one.name: np.asarray(value) for one, value in zip(traced.variables, traced.arrays, strict=True)}
            return Chain(found, Binding(values, {}, frozenset()))
    return None


def _name_of(f: Any) -> str:
    name = getattr(f, "__name__", "f")
    return typeset(name) if name.isidentifier() else "f"
