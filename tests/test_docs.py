"""The documentation's code runs, page by page, and its reference has every public name.

The build runs the same cells in a notebook's kernel and shows what they give. Here they run as plain Python, without
Sphinx; the claims of the prose are asserted in cells that the build does not show.
"""

from __future__ import annotations

import ast
import re
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import jacobians

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {str(page.relative_to(DOCS)): page for page in sorted(DOCS.rglob("*.md"))}
#: What a lesson compares with, and only the documentation's build is sure to have.
PEERS = ("autograd", "sympy")
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
OPTIONS = re.compile(r"\A(:[^\n]*\n)+")


#: Columns of code that a page shows without scrolling.
COLUMNS = 88


@dataclass(frozen=True)
class Cell:
    """Its code, at the line where it stands, whether the page shows it, and whether it shows the error it raises."""

    code: str
    shown: bool
    raises: bool


def cells(page: Path) -> list[Cell]:
    """The cells of a page."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in CELL.finditer(text):
        options = OPTIONS.match(match[1])
        start = match.start(1) + (options.end() if options else 0)
        code = "\n" * text.count("\n", 0, start) + text[start : match.end(1)]
        tags = options[0] if options else ""
        found.append(Cell(code, "remove" not in tags, "raises-exception" in tags))
    return found


def run(page: Path) -> None:
    """Run a page's cells in order, as a notebook does: the value at the end of a cell is shown, so it has a repr."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    for cell in cells(page):
        tree = ast.parse(cell.code, str(page))
        last = tree.body[-1]
        if isinstance(last, ast.Expr):
            tree.body[-1] = ast.copy_location(ast.Assign([ast.Name("_shown", ast.Store())], last.value), last)
            ast.fix_missing_locations(tree)
        with pytest.raises(Exception, match=r"\S") if cell.raises else nullcontext():
            exec(compile(tree, str(page), "exec"), namespace)
        assert isinstance(repr(namespace.pop("_shown", None)), str)


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if cells(page)])
def test_the_cells_of_a_page_run(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for peer in PEERS:
        if any(f"import {peer}" in cell.code for cell in cells(PAGES[name])):
            pytest.importorskip(peer)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(DOCS.parent))  # for the commands that a page runs
    run(PAGES[name])


def test_the_code_of_a_page_is_shown_without_scrolling() -> None:
    for name, page in PAGES.items():
        for cell in cells(page):
            for number, line in enumerate(cell.code.splitlines(), 1):
                assert not cell.shown or len(line) <= COLUMNS, f"{name}:{number} has {len(line)} columns"


def test_a_cell_that_fails_is_found_at_its_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n\n```{code-cell}\n:tags: [remove-cell]\n\nx = 1\nassert x == 2\n```\n")
    with pytest.raises(AssertionError) as caught:
        run(page)
    assert caught.traceback[-1].lineno + 1 == 7


def test_every_lesson_asserts_what_its_prose_claims() -> None:
    lessons = [page for name, page in PAGES.items() if "lesson" in name]
    assert len(lessons) >= 4
    for page in lessons:
        hidden = re.findall(r"^:tags: \[remove-cell\]\n\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
        assert any("assert " in cell for cell in hidden), page.name


@pytest.mark.peer
@pytest.mark.parametrize("peer", ["jax", "torch"])
def test_the_lesson_on_layouts_tells_the_layout_of(peer: str) -> None:
    rng = np.random.default_rng(0)
    A, X, c = rng.normal(size=(2, 3)), rng.normal(size=(3, 5)), rng.normal(size=5)
    if peer == "jax":
        jax = pytest.importorskip("jax")
        theirs = np.asarray(jax.jacobian(lambda X: A @ X @ c)(X))
    else:
        torch = pytest.importorskip("torch")
        at, by, on = (torch.from_numpy(array) for array in (X, A, c))
        theirs = torch.func.jacrev(lambda X: by @ X @ on)(at).numpy()
    ours = jacobians.jacobian(lambda X: A @ X @ c, layout="ad")(X)
    assert theirs.shape == ours.shape == (2, 3, 5)
    np.testing.assert_allclose(theirs, ours, rtol=1e-5)


def test_every_public_name_is_in_the_reference() -> None:
    text = "\n".join(page.read_text("utf-8") for name, page in PAGES.items() if name.startswith("reference/"))
    documented = set(re.findall(r"^\s*\.\. auto\w+:: (?:jacobians\.)?([\w.]+)", text, re.MULTILINE))
    assert set(jacobians.__all__) <= documented, set(jacobians.__all__) - documented


def test_every_page_that_is_linked_exists() -> None:
    for page in PAGES.values():
        words = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", words):
            assert (page.parent / target).exists(), f"{page.relative_to(DOCS)}: {target}"
