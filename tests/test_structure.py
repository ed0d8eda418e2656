"""The house: what an import loads, that no import runs upward or in a circle, and what the package exports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import jacobians

ROOT = Path(jacobians.__file__).parent


def imports() -> dict[str, set[str]]:
    """The modules of the package that each one imports, wherever in its text, but for type checking alone."""
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
        skipped = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level and node not in skipped:
                base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
                whole = ".".join(base)
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


def test_no_import_runs_upward() -> None:
    """The table of floors in CONTRIBUTING.md is true and complete."""
    text = (ROOT.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "`" in line]
    floors = {name: number for number, row in enumerate(rows) for name in re.findall(r"`(\w+)/?`", row)}
    graph = imports()
    for module, others in graph.items():
        name = module.split(".")[0]
        if name in ("__init__", "__main__"):
            continue
        assert name in floors, f"{name} has no floor"
        for other in {one.split(".")[0] for one in others} - {"__init__"}:
            assert floors[other] <= floors[name], f"{module} imports {other}, which stands above it"


def test_the_calculus_does_not_know_who_uses_it() -> None:
    graph = imports()
    users = {"networks", "implicit", "comparison", "datasets", "training", "measure", "cli", "commands"}
    for name in set(graph) - users - {"__init__", "__main__"}:
        assert name.startswith("commands.") or not graph[name] & users, name


def test_an_import_is_light() -> None:
    code = "import sys; before = set(sys.modules); import jacobians; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    heavy = {"rich", "lark", "hypothesis", "autograd", "argparse", "csv", "json", "matplotlib", "scipy", "torch", "jax"}
    assert not loaded & heavy
    assert "numpy" in loaded
    later = ("jacobians.reading", "jacobians.explaining", "jacobians.verification", "jacobians.render.drawing")
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
