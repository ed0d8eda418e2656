"""`python -m docs.cookbook` writes docs/cookbook.md from the rows; `--check` tells whether it is up to date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import OMITTED, ROWS, SECTIONS, Row

PAGE = Path(__file__).parents[1] / "cookbook.md"

HEAD = """\
# The Matrix Cookbook's derivatives

Section 2 of Petersen and Pedersen, *The Matrix Cookbook* (version of November 15, 2012), as this library derives and
prints it: {count} rows, and some of higher order beyond it. In the first column is the Cookbook's equation number, then
what is differentiated and by what, then the closed form that `derivative(y, x).matrix_notation()` prints, or where
there is none the entry at i, j, k, … that `entry_notation()` prints.

The layout here is the numerator layout: the axes of y, and then those of x reversed. The Cookbook keeps the axes of x
as they stand, so that its derivative of a scalar with respect to a matrix has the shape of that matrix; it is
`layout="ad"` here, and for a scalar with respect to a matrix the transpose of what this page shows.

Every row is a test (`tests/test_cookbook.py`). The derivative's value is compared with the Cookbook's own right side in
NumPy, its axes reversed, and with extrapolated central differences of the left side, on matrices of distinct and of
equal sizes. The printed form is evaluated by a small reader that knows no calculus; and the row is read back as the
equation that it is, ∂(left)/∂x = form, which `jacobians check` decides to be true. The calculus is not told that a
matrix is symmetric: where the Cookbook assumes it, W + Wᵀ here is its 2 W.

This page is generated: `python -m docs.cookbook` writes it from `docs/cookbook/`, and `--check` compares.
"""


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def line(row: Row) -> str:
    remarks = [f"{' and '.join(row.symmetric)} symmetric"] if row.symmetric else []
    remarks += [row.note] if row.note else []
    by = "" if row.moving else ", ".join([row.by] * row.order)
    of = f"{row.left}, {row.where}" if row.where else row.left
    return f"| ({row.number}) | {cell(of)} | {by} | {cell(row.printed())} | {cell('; '.join(remarks))} |"


def page() -> str:
    """The page's text."""
    parts = [HEAD.format(count=sum(row.number[0].isdecimal() for row in ROWS))]
    for title, rows in SECTIONS.items():
        parts += [f"\n## {title}\n", "| | of | by | derivative | |", "| --- | --- | --- | --- | --- |"]
        parts += [line(row) for row in rows]
    parts += ["\n## What cannot be expressed\n", "| | left side | reason |", "| --- | --- | --- |"]
    parts += [f"| ({one.number}) | {cell(one.left)} | {cell(one.reason)} |" for one in OMITTED]
    return "\n".join(parts) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m docs.cookbook", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the page as it is; write nothing")
    check = parser.parse_args(arguments).check
    text = page()
    if not check:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE.name} is not what the rows give: python -m docs.cookbook writes it", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
