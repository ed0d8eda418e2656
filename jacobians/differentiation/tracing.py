"""Tracing: a user's function, called with variables in place of its arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import OptionError, ShapeError, UnsupportedError
from ..expressions.array_protocol import TRACING
from ..expressions.nodes import Array, Variable, tensor
from .pytrees import Tree, is_leaf, leaves, map_tree


class Traced:
    """A function of arrays, called with variables of their shapes."""

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], constants: Sequence[Array] = ()
    ) -> None:
        fixed = {id(one) for one in constants}
        self.variables: list[Variable] = []
        self.by_argument: list[Tree] = []
        taken: set[str] = set()

        def variable(leaf: Any, name: str) -> Any:
            if not is_leaf(leaf) or id(leaf) in fixed:
                return leaf
            unique = "".join(mark if mark.isalnum() else "_" for mark in name)
            while unique in taken:
                unique += "_"
            taken.add(unique)
            made = tensor(unique, *np.shape(leaf))
            self.variables.append(made)
            return made

        names = parameter_names(f, len(args))
        self.by_argument = [map_tree(variable, arg, name) for arg, name in zip(args, names, strict=True)]
        given = {key: map_tree(variable, value, key) for key, value in kwargs.items()}
        self.output = called(f, self.by_argument, given)


def called(f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """f of expressions, in which `==` has no truth value."""
    before = TRACING.set(True)
    try:
        result = f(*args, **kwargs)
    finally:
        TRACING.reset(before)
    if any(one is None for one in leaves(result)):
        raise UnsupportedError(
            f"{getattr(f, '__name__', 'f')} gives None, and a derivative is of what a function returns"
        )
    return result


def parameter_names(f: Callable[..., Any], count: int) -> list[str]:
    """The names of the first parameters of f, or x0, x1, … where Python does not tell."""
    names: list[str] = []
    try:
        for parameter in inspect.signature(f).parameters.values():
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                names.append(parameter.name)
    except (TypeError, ValueError):
        pass
    return [names[k] if k < len(names) else f"x{k}" for k in range(count)]


def chosen(args: Sequence[Any], argnums: int | Sequence[int], what: str) -> list[int]:
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    for number in numbers:
        if not hasattr(number, "__index__"):
            raise OptionError(f"{what}: argnums is a number, or several, of arguments by their place, got {argnums!r}")
        if not -len(args) <= number < len(args):
            raise ShapeError(f"{what}: argnums {number} of a function that was called with {len(args)} arguments")
    numbers = [number % len(args) for number in numbers]
    for number in numbers:
        for leaf in leaves(args[number]):
            if not is_leaf(leaf):
                hint = "; write a float, such as 2.0" if isinstance(leaf, int) and not isinstance(leaf, bool) else ""
                raise UnsupportedError(
                    f"{what}: argument {number} has a {type(leaf).__name__}, and derivatives are by arrays and "
                    f"floating-point numbers{hint}"
                )
    return numbers


def whole_numbers(trees: Sequence[Tree]) -> list[Array]:
    """The arrays of integers or truth values among leaves: labels, places, masks."""
    arrays = [leaf for tree in trees for leaf in leaves(tree) if isinstance(leaf, np.ndarray)]
    return [one for one in arrays if one.dtype.kind in "biu"]
