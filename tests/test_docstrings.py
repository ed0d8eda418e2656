"""Public docstrings: each has an example that runs (as a doctest), and says which errors a call raises."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cached_property
from typing import Any

import pytest

import jacobians


def documented() -> dict[str, Any]:
    """What the package exports, but for tables of names, modules and the errors."""
    found = {name: getattr(jacobians, name) for name in jacobians.__all__}
    return {
        name: thing
        for name, thing in found.items()
        if callable(thing) and not (isinstance(thing, type) and issubclass(thing, BaseException))
    }


def raised(function: Any) -> set[str]:
    """The names of the errors that the body of a function raises itself."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)]
    return {call.func.id for call in calls if isinstance(call.func, ast.Name) and call.func.id.endswith("Error")}


@pytest.mark.parametrize("name", documented())
def test_an_example_that_runs(name: str) -> None:
    doc = inspect.getdoc(documented()[name]) or ""
    assert ">>> " in doc, f"{name} has no example"


@pytest.mark.parametrize("name", [name for name, thing in documented().items() if inspect.isfunction(thing)])
def test_errors_that_a_function_raises_are_told(name: str) -> None:
    function = documented()[name]
    doc = inspect.getdoc(function) or ""
    untold = {error for error in raised(function) if error not in doc}
    assert not untold or "as for" in doc, f"{name} does not tell of {untold}"


def test_what_is_read_off_a_jacobian_has_an_example() -> None:
    without = [
        name
        for name, member in vars(jacobians.Jacobian).items()
        if not name.startswith("_")
        and isinstance(member, (property, cached_property)) | inspect.isfunction(member)
        and name != "made_of"
        and ">>> " not in (inspect.getdoc(member) or "")
    ]
    assert not without
