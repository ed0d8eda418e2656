"""Calls with NumPy's own names of parameters, taken from its signatures: no call gives a raw TypeError."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from helpers import assert_close

from jacobians import Expression, JacobiansError, evaluate, matrix, vector
from jacobians.compiler.binding import name_table
from jacobians.expressions.array_protocol import FUNCTIONS
from jacobians.expressions.unsupported import full_name

x, X = vector("x", 5), matrix("X", 3, 4)
VALUES = {"x": np.linspace(-1.0, 2.0, 5), "X": np.linspace(0.5, 3.0, 12).reshape(3, 4) ** 2}
CALLS: dict[str, tuple[Any, dict[str, Any]]] = {
    "repeat": (np.repeat, {"a": x, "repeats": 2}),
    "stack": (np.stack, {"arrays": [x, x], "axis": 1}),
    "hstack": (np.hstack, {"tup": [x, x]}),
    "vstack": (np.vstack, {"tup": [x, x]}),
    "column_stack": (np.column_stack, {"tup": [x, x]}),
    "dstack": (np.dstack, {"tup": [X, X]}),
    "broadcast_to": (np.broadcast_to, {"array": x, "shape": (2, 5)}),
    "tile": (np.tile, {"A": x, "reps": 2}),
    "full_like": (np.full_like, {"a": x, "fill_value": x[1]}),
    "hsplit": (np.hsplit, {"ary": X, "indices_or_sections": 2}),
    "vsplit": (np.vsplit, {"ary": X, "indices_or_sections": 3}),
    "split": (np.split, {"ary": x, "indices_or_sections": [2], "axis": 0}),
    "multi_dot": (np.linalg.multi_dot, {"arrays": [X, X.T, X]}),
    "sum": (np.sum, {"a": X, "axis": 1, "keepdims": True}),
    "clip": (np.clip, {"a": x, "a_min": 0.0, "a_max": 1.0}),
    "take": (np.take, {"a": x, "indices": [0, 3]}),
    "fix": (np.fix, {"x": x}),
    "real": (np.real, {"val": x}),
    "outer": (np.outer, {"a": x, "b": x}),
    "dot": (np.dot, {"a": X, "b": X.T}),
    "cross": (np.cross, {"a": x[:3], "b": x[1:4]}),
    "trace": (np.trace, {"a": X, "offset": 1}),
    "diff": (np.diff, {"a": x, "n": 2}),
    "roll": (np.roll, {"a": x, "shift": 2}),
    "moveaxis": (np.moveaxis, {"a": X, "source": 0, "destination": 1}),
    "expand_dims": (np.expand_dims, {"a": x, "axis": 0}),
    "norm": (np.linalg.norm, {"x": x, "ord": 2}),
    "solve": (np.linalg.solve, {"a": X @ X.T + 40.0 * np.eye(3), "b": X[:, 0]}),
    "inv": (np.linalg.inv, {"a": X @ X.T + 40.0 * np.eye(3)}),
    "pad": (np.pad, {"array": x, "pad_width": 1}),
}


def _bound(value: Any) -> Any:
    """A value with numbers in place of expressions."""
    if isinstance(value, list):
        return [_bound(one) for one in value]
    return evaluate(value, _needed(value)) if isinstance(value, Expression) else value


def _needed(value: Any) -> dict[str, Any]:
    return {name: VALUES[name] for name in name_table([value])}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_with_keywords_alone(name: str) -> None:
    function, options = CALLS[name]
    found = function(**options)
    expected = function(**{key: _bound(value) for key, value in options.items()})
    pairs = zip(found, expected, strict=True) if isinstance(found, (list, tuple)) else [(found, expected)]
    for ours, theirs in pairs:
        assert_close(evaluate(ours, _needed(ours)), theirs, 1e-13)


NAMED = [
    (function, name)
    for function in FUNCTIONS
    if not isinstance(function, str) and full_name(function).startswith("np.")
    for name, one in inspect.signature(function).parameters.items()
    if one.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
]


@pytest.mark.parametrize(("function", "name"), NAMED, ids=lambda one: one if isinstance(one, str) else full_name(one))
def test_every_parameter_of_numpy_is_known_by_its_name(function: Any, name: str) -> None:
    """By itself it may be too little or not fit: then the error says so, and is not about its name."""
    handler = FUNCTIONS[function]
    try:
        handler(**{name: x})
    except JacobiansError:
        return
    except Exception as error:  # what NumPy itself, or a function of Python, says of the value
        assert "unexpected keyword" not in str(error), error  # noqa: PT017


def test_an_option_that_is_not_there_is_named() -> None:
    with pytest.raises(JacobiansError, match=r"np\.ediff1d of an expression takes no option 'to_end'"):
        np.ediff1d(x, to_end=1.0)


def test_flat_runs_through_the_entries() -> None:
    total = sum(X.flat)
    assert_close(evaluate(total, {"X": VALUES["X"]}), VALUES["X"].sum(), 1e-13)
