"""The arrays that a function finds outside of itself, under their names: so that a trace prints B and not c[3 × 3]."""

from __future__ import annotations

from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any

import numpy as np

from ..errors import JacobiansError
from ..expressions.nodes import constant


def with_named_constants(f: Callable[..., Any]) -> Callable[..., Any]:
    """A copy of `f` for which the arrays of its closure and of its module are constants with a name.

    `f` itself is not touched, nor what it calls. What is not a Python function is given back as it is.
    """
    if not isinstance(f, FunctionType):
        return f
    cells = tuple(CellType(_named(name, _content(cell))) for name, cell in _cells(f))
    used = {name: _named(name, f.__globals__[name]) for name in f.__code__.co_names if name in f.__globals__}
    copy = FunctionType(f.__code__, {**f.__globals__, **used}, f.__name__, f.__defaults__, cells)
    copy.__kwdefaults__ = f.__kwdefaults__
    return copy


def _cells(f: FunctionType) -> list[tuple[str, CellType]]:
    return list(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _named(name: str, value: Any) -> Any:
    """An array of real numbers with an axis as a constant; anything else as it is."""
    if isinstance(value, np.ndarray) and value.ndim and value.size and value.dtype.kind == "f":
        try:
            return constant(value, name)
        except JacobiansError:  # no name for an expression
            return value
    return value
