"""The house: what an import loads, that no import runs upward or in a circle, and what the package exports."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import jacobians
from jacobians import _moved

ROOT = Path(jacobians.__file__).parent


def imports() -> dict[str, set[str]]:
    """The modules of the package that each one imports, wherever in its text, for type checking too."""
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in ROOT.rglob("*.py")
    }
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
        package = [] if name == "__init__" else package
        found[name] = set()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                ours = {alias.name for alias in node.names if alias.name.startswith("jacobians.")}
                found[name] |= {one.removeprefix("jacobians.") for one in ours} & modules.keys()
            if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "jacobians"):
                base = (package[: len(package) - node.level + 1] if node.level else []) + (node.module or "").split(".")
                base = [part for part in base if part]
                whole = ".".join(base).removeprefix("" if node.level else "jacobians.")
                base = whole.split(".") if whole else []
                if whole in modules:
                    found[name].add(whole)
                found[name] |= {
                    ".".join([*base, alias.name]) for alias in node.names if ".".join([*base, alias.name]) in modules
                }
    return found


def test_there_is_no_circle() -> None:
    graph = {name: others for name, others in imports().items() if name not in ("__init__", "__main__")}
    done: set[str] = set()
    while len(done) < len(graph):
        ready = {name for name, others in graph.items() if name not in done and others <= done | {name, "__init__"}}
        assert ready, f"a circle among {sorted(set(graph) - done)}"
        done |= ready


def floors() -> list[set[str]]:
    """The rooms of each floor, lowest first."""
    settings = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))
    return [set(row.split(", ")) for row in settings["tool"]["jacobians"]["floors"]]


def test_no_import_runs_upward() -> None:
    heights = {room: height for height, rooms in enumerate(floors()) for room in rooms}
    for module, others in imports().items():
        room = module.split(".")[0]
        if room in ("__init__", "__main__"):
            continue
        assert room in heights, f"{room} has no floor"
        for other in others - {"__init__"}:
            assert heights[other.split(".")[0]] <= heights[room], f"{module} imports {other}, which stands above it"


def test_the_house_stays_small() -> None:
    """Rooms at the top level, which of them import which, and the longest way down: what one has to know."""
    below: dict[str, set[str]] = {}
    for module, others in imports().items():
        room = module.split(".")[0]
        below.setdefault(room, set()).update({other.split(".")[0] for other in others} - {room, "__init__"})

    @cache
    def height(room: str) -> int:
        return 1 + max(map(height, below[room]), default=0)

    assert len(below) <= 30
    assert max(map(height, below)) <= 16
    assert sum(map(len, below.values())) <= 130


def test_an_import_is_light() -> None:
    code = "import sys; before = set(sys.modules); import jacobians; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    heavy = {"rich", "lark", "hypothesis", "autograd", "argparse", "csv", "json", "matplotlib", "scipy", "torch", "jax"}
    assert not loaded & heavy
    assert "numpy" in loaded
    later = ("jacobians.reading", "jacobians.explaining", "jacobians.checking.verification", "jacobians.render.drawing")
    assert not [name for name in done.stdout.split() if name.startswith(later)]


def test_what_is_loaded_later_is_there() -> None:
    code = "import jacobians as j; print(set(j.__all__) <= set(dir(j)), all(hasattr(j, name) for name in j.__all__))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"
    with pytest.raises(AttributeError, match="has no attribute 'jacobain'"):
        jacobians.jacobain  # noqa: B018


def test_no_module_bears_the_name_of_a_public_function() -> None:
    modules = {path.stem for path in ROOT.rglob("*.py")}
    functions = {name for name in jacobians.__all__ if callable(getattr(jacobians, name))}
    assert not modules & functions


def test_everything_public_has_a_docstring() -> None:
    for name in jacobians.__all__:
        thing = getattr(jacobians, name)
        assert isinstance(thing, tuple) or thing.__doc__, name


def test_a_module_that_moved_says_where_it_is() -> None:
    for name in ("expression", "jacobian_tensor", "reading.tokens", "closures"):
        sys.modules.pop(f"jacobians.{name}", None)
        new = _moved.MOVED[f"jacobians.{name}"]
        with pytest.warns(DeprecationWarning, match=rf"jacobians\.{name} is now {new}"):
            assert importlib.import_module(f"jacobians.{name}") is importlib.import_module(new)
        importlib.import_module(f"jacobians.{name}")  # warns once


def test_every_module_that_moved_is_there() -> None:
    names = {f"jacobians.{name}" for name in imports()}
    assert set(_moved.MOVED.values()) <= names
    assert not set(_moved.MOVED) & names
