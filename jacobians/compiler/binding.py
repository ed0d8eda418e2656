"""Values for names: from what a user passes to checked arrays and bound sizes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DataError, NamingError, ShapeError
from ..expressions.nodes import Array, Expression, Named, Variable, as_real_array, name_key, variables_called
from ..expressions.walks import walk
from ..shapes.broadcasting import axis_of
from ..shapes.names import normalise
from ..shapes.sizes import Shape, Size, bind_size, check_size, solve_size, symbols_of


@dataclass(frozen=True)
class Binding:
    """Checked arrays by normalised name, the sizes they bind, and the named expressions among them."""

    arrays: dict[str, Array]
    sizes: dict[str, int]
    given: frozenset[str]

    @property
    def dtypes(self) -> dict[str, np.dtype[Any]]:
        """The dtypes of the arrays by name."""
        return {name: array.dtype for name, array in self.arrays.items()}


def name_table(roots: Iterable[Expression]) -> dict[str, Expression]:
    """Every name below `roots` and what it stands for; a name that stands for two things is a `NamingError`."""
    table: dict[str, Expression] = {}
    for node in walk(roots):
        key = name_key(node)
        if key is None or not isinstance(node, (Variable, Named)):
            continue
        other = table.setdefault(key, node)
        if other is node:
            continue
        if other.name != node.name:
            raise NamingError(
                f"{other.name!r} and {node.name!r} are one name in Python (NFKC), and here they stand for two things; "
                "rename one"
            )
        if isinstance(node, Variable) and isinstance(other, Variable):
            raise ShapeError(
                f"two variables are called {node.name!r}, of shapes {other.shape} and {node.shape}; one name is one "
                "variable of one shape"
            )
        kinds = ["the variable" if isinstance(one, Variable) else "an expression" for one in (other, node)]
        raise NamingError(
            f"{node.name!r} names {kinds[0]} of shape {other.shape} and {kinds[1]} of shape {node.shape}; rename one"
        )
    return table


def bind_sizes(sizes: Mapping[str, int] | None) -> dict[str, int]:
    """`sizes` checked: integers of at least 1. Symbols that occur nowhere are no error: one table serves many."""
    bound: dict[str, int] = {}
    if sizes is not None and not isinstance(sizes, Mapping):
        raise ShapeError(f"sizes are a dictionary {{symbol: integer}}, got {type(sizes).__name__}")
    for symbol, value in (sizes or {}).items():
        if not isinstance(symbol, str):
            raise NamingError(f"sizes: a symbol is a string such as 'd', got {symbol!r}")
        number = check_size(value, f"sizes[{symbol!r}]")
        if not isinstance(number, int):
            raise ShapeError(f"sizes[{symbol!r}]: expected an integer, got {value!r}")
        bound[normalise(symbol)] = number
    return bound


def bind_values(values: Mapping[str, Any], table: Mapping[str, Expression], sizes: Mapping[str, int] | None) -> Binding:
    """Check `values` against the names of `table`; every error names the operand, the axis by its role, both sizes."""
    if not isinstance(values, Mapping):
        raise DataError(f"values are a dictionary {{name: array}}, got {type(values).__name__}")
    bound = bind_sizes(sizes)
    origin = {symbol: f"sizes[{symbol!r}]" for symbol in bound}
    arrays: dict[str, Array] = {}
    if not table:
        table = _cancelled(values)
    for name, value in values.items():
        key = normalise(name) if isinstance(name, str) else name
        if key not in table:
            close = [name for name in table if name.lower() == str(key).lower()]
            close = close or difflib.get_close_matches(str(key), list(table), n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            names = f"the names are {', '.join(table)}" if table else "there are no names here"
            raise NamingError(f"a value for {name!r}, and no such name is here; {names}{hint}")
        if key in arrays:
            raise NamingError(
                f"two values for {key!r}: the spellings of the names differ, and Python reads them as one"
            )
        arrays[key] = _of_rank(as_real_array(value, f"the value of {name}"), table[key])
    pending: list[tuple[str, int, Size, int]] = [
        (key, axis, size, array.shape[axis])
        for key, array in arrays.items()
        for axis, size in enumerate(table[key].shape)
    ]
    pending.sort(key=lambda entry: (isinstance(entry[2], str), not str(entry[2]).isidentifier()))
    while pending:
        later: list[tuple[str, int, Size, int]] = []
        for key, axis, size, actual in pending:
            node = table[key]
            if all(symbol in bound for symbol in symbols_of(size)):
                expected = bind_size(size, bound)
                if expected != actual:
                    raise ShapeError(_mismatch(key, node, arrays[key], axis, size, expected, actual, origin, bound))
                continue
            solved = solve_size(size, actual, bound)
            if solved is None:
                later.append((key, axis, size, actual))
                continue
            bound[solved[0]] = solved[1]
            origin[solved[0]] = axis_of(key, node.ndim, axis)
        if len(later) == len(pending):
            key, axis, size, actual = later[0]
            raise ShapeError(
                f"the value of {key}: {axis_of(key, table[key].ndim, axis)} is {actual}, and {size!r} cannot be that"
            )
        pending = later
    given = frozenset(key for key in arrays if isinstance(table[key], Named))
    return Binding(arrays, bound, given)


def _cancelled(values: Mapping[str, Any]) -> dict[str, Expression]:
    """Of an expression without a name, such as x − x: the variables that `values` are given for, which tell sizes.

    Of several variables with that name, in other expressions, the one that was made last and that the value fits.
    """
    found: dict[str, Expression] = {}
    for name, value in values.items():
        key = normalise(name) if isinstance(name, str) else ""
        fitting = [one for one in variables_called(key) if _fits(one.shape, np.shape(value))]
        if fitting:
            found[key] = max(fitting, key=lambda one: one.serial)
    return found


def _fits(shape: Shape, lengths: tuple[int, ...]) -> bool:
    """Whether an array with axes of these lengths may have this shape, each symbol with one value."""
    if len(shape) != len(lengths):
        return False
    pairs = list(zip(shape, lengths, strict=True))
    symbols = dict(pairs)
    return all(size == length if isinstance(size, int) else symbols[size] == length for size, length in pairs)


def _of_rank(array: Array, node: Expression) -> Array:
    if array.ndim != node.ndim:
        kind = {0: "a scalar, shape ()", 1: "a vector with one axis", 2: "a matrix with two axes"}
        hint = ""
        if node.ndim == 1 and array.ndim == 2 and 1 in array.shape:
            hint = "; a column or a row becomes a vector with .ravel()"
        elif node.ndim == 0 and array.size == 1:
            hint = "; an array of one number becomes a scalar with .item()"
        raise ShapeError(
            f"the value of {node.name} (shape {node.shape}): expected "
            f"{kind.get(node.ndim, f'an array with {node.ndim} axes')}, got an array of shape {array.shape}{hint}"
        )
    return array


def _mismatch(
    key: str,
    node: Expression,
    array: Array,
    axis: int,
    size: Size,
    expected: int,
    actual: int,
    origin: Mapping[str, str],
    bound: Mapping[str, int],
) -> str:
    source = ""
    if isinstance(size, str):
        whence = [f"{symbol} = {bound[symbol]} from {origin[symbol]}" for symbol in symbols_of(size)]
        source = f" ({size} with {', '.join(whence)})" if size not in bound else f" ({whence[0]})"
    hint = ""
    if node.ndim == 2 and actual != array.shape[1 - axis] == expected:
        hint = f"; it looks transposed: pass {node.name}.T"
    if actual == 1:
        hint += "; a size of 1 does not broadcast here"
    return (
        f"the value of {node.name} (shape {node.shape}): {axis_of(key, node.ndim, axis)} should be {expected}{source}, "
        f"got {actual} (an array of shape {array.shape}){hint}"
    )


def needed_names(roots: Iterable[Expression], given: frozenset[str]) -> list[str]:
    """The variables and given expressions that `roots` are computed from; a given one hides what is below it."""
    found: list[str] = []
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.serial in seen:
            continue
        seen.add(node.serial)
        key = name_key(node)
        if isinstance(node, Variable) or (isinstance(node, Named) and key in given):
            found.append(key or "")
        else:
            stack.extend(reversed(node.children))
    return list(dict.fromkeys(found))


def require(names: Iterable[str], binding: Binding, table: Mapping[str, Expression], what: str) -> None:
    """Raise a `NamingError` for the first of `names` that has no value."""
    missing = [name for name in names if name not in binding.arrays]
    if missing:
        shapes = ", ".join(f"{name} (shape {table[name].shape})" for name in missing)
        raise NamingError(f"{what} needs {'a value' if len(missing) == 1 else 'values'} for {shapes}")
