"""Guards removed one at a time: `python -m tests.guards` lists those that no test misses.

A guard is an `if` whose body ends in a `raise`, a `return`, a `continue` or a `break`. Each of a sample is taken out of
a copy of the repository, and the tests of its package run there until the first fails. Those whose removal passes are
printed: each wants a test, or a reason why no value depends on it.

    python -m tests.guards --count 40 --seed 1 shapes expressions
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: The modules of each group, and the tests that are theirs.
GROUPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "shapes": (("jacobians/shapes",), ("tests/shapes", "tests/test_errors.py")),
    "expressions": (("jacobians/expressions",), ("tests/expressions", "tests/test_errors.py")),
    "chain_rule": (("jacobians/chain_rule",), ("tests/chain_rule", "tests/test_errors.py")),
    "binding": (("jacobians/compiler/binding.py",), ("tests/compiler/test_binding.py", "tests/test_errors.py")),
}
#: Tests that start processes take too long here, and no guard of the algebra is theirs.
LEFT_OUT = ("--deselect=tests/expressions/test_pickling.py", "--ignore=tests/expressions/test_pickling.py")
_LEAVES = (ast.Raise, ast.Return, ast.Continue, ast.Break)


def guards(source: str) -> list[ast.If]:
    """The guards of a module, in order."""
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.If) and isinstance(node.body[-1], _LEAVES) and not _is_for_types(node)
    ]


def _is_for_types(node: ast.If) -> bool:
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def without(source: str, guard: ast.If) -> str:
    """The module without that guard: its condition is false."""
    lines = source.splitlines(keepends=True)
    test = guard.test
    assert test.end_lineno is not None
    assert test.end_col_offset is not None
    first, last = lines[test.lineno - 1].encode(), lines[test.end_lineno - 1].encode()
    changed = first[: test.col_offset] + b"False" + last[test.end_col_offset :]
    return "".join([*lines[: test.lineno - 1], changed.decode(), *lines[test.end_lineno :]])


def found(groups: list[str], count: int, seed: int) -> Iterator[tuple[str, Path, ast.If]]:
    """A sample of the guards of each group."""
    for group in groups:
        places = [ROOT / place for place in GROUPS[group][0]]
        files = sorted(path for place in places for path in (place.glob("*.py") if place.is_dir() else [place]))
        every = [(path, guard) for path in files for guard in guards(path.read_text(encoding="utf-8"))]
        chosen = every if len(every) <= count else random.Random(seed).sample(every, count)
        print(f"{group}: {len(chosen)} of {len(every)} guards", flush=True)
        for path, guard in chosen:
            yield group, path, guard


def survives(copy: Path, group: str, path: Path, guard: ast.If, limit: int) -> bool:
    """Whether the tests of the group pass without the guard."""
    source = path.read_text(encoding="utf-8")
    target = copy / path.relative_to(ROOT)
    target.write_text(without(source, guard), encoding="utf-8")
    tests = [*GROUPS[group][1], *LEFT_OUT]
    try:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *tests],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False  # it no longer ends, which is noticed
    finally:
        target.write_text(source, encoding="utf-8")
    return run.returncode == 0


def main() -> None:
    """Try them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--count", type=int, default=1000, help="at most so many of each group (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=120, help="seconds for the tests of one (default: 120)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        ignored = shutil.ignore_patterns(".git", "build", "__pycache__", ".venv", ".*_cache")
        shutil.copytree(ROOT, copy, ignore=ignored)
        tried = lost = 0
        for group, path, guard in found(options.groups or list(GROUPS), options.count, options.seed):
            tried += 1
            if survives(copy, group, path, guard, options.limit):
                lost += 1
                print(f"  {path.relative_to(ROOT)}:{guard.lineno}  if {ast.unparse(guard.test)}", flush=True)
        print(f"{lost} of {tried} removals pass")


if __name__ == "__main__":
    main()
