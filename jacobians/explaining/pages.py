"""A derivation on a page: text in 80 columns, LaTeX, Markdown. What is said is in its steps; here is how it looks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..notation.alphabet import TEXT
from ..notation.latex import LATEX
from ..shapes.columns import wrapped
from .steps import Board, Equation, Prose, Step, in_space, said, step_as_text

#: A sum in LaTeX that is wider than so many letters is broken into rows.
_WIDEST = 64


# --- text -------------------------------------------------------------------------------------------------------------


def as_text(board: Board, heading: Prose, steps: Sequence[Step]) -> str:
    """The derivation in Unicode, no line longer than 80 columns."""
    blocks = [
        "\n".join(wrapped(said(board, heading, TEXT), broken=True)),
        *(step_as_text(board, step) for step in steps),
    ]
    return "\n\n".join(blocks)


# --- LaTeX ------------------------------------------------------------------------------------------------------------


def as_latex(board: Board, heading: Prose, steps: Sequence[Step]) -> str:
    r"""Paragraphs and `align` environments; the last line of an equation has its number."""
    blocks = [r"% \usepackage{amsmath, amssymb}", said(board, heading, LATEX, "$", "$")]
    for step in steps:
        blocks.append(rf"\subsection*{{{said(board, step.title, LATEX, '$', '$')}}}")
        for equations in _together(step):
            if equations[0].note:
                blocks.append(said(board, equations[0].note, LATEX, "$", "$"))
            numbered = (_numbered(list(_rows(board, equation))) for equation in equations)
            body = " \\\\\n".join(row for rows in numbered for row in rows)
            blocks.append(f"\\begin{{align}}\n{body}\n\\end{{align}}")
    return "\n\n".join(blocks) + "\n"


def _together(step: Step) -> Iterator[list[Equation]]:
    """Definitions that nothing is said between stand in one environment; a page may break between others."""
    group: list[Equation] = []
    for equation in step.equations:
        if group and (equation.note or max(len(equation.lines), len(group[-1].lines)) > 2):
            yield group
            group = []
        group.append(equation)
    if group:
        yield group


def _numbered(rows: list[str]) -> list[str]:
    return [f"  {row} \\notag" for row in rows[:-1]] + [f"  {rows[-1]}"]


def _rows(board: Board, equation: Equation) -> Iterator[str]:
    first, *others = equation.lines
    if not others:
        yield f"&{first.latex()}{in_space(first, LATEX)}"
    for k, line in enumerate(others):
        left = first.latex() if k == 0 else ""
        reason = said(board, line.reason, LATEX, "$", "$")
        body, *more = _broken(line.latex() + in_space(line, LATEX))
        yield f"{left} &= {body}" + (rf" && \text{{{reason}}}" if reason else "")
        yield from (rf"&\quad {{}}{part}" for part in more)


def _broken(latex: str) -> list[str]:
    """A sum that is too wide for a page, in rows: broken before a sign that stands in no group and no parentheses."""
    places, depth = [0], 0
    for found in re.finditer(r"\\[a-zA-Z]+|\\.|[{}()\[\]]| [+-] ", latex):
        mark = found[0]
        depth += (mark in "{([") - (mark in "})]")
        if depth == 0 and mark in (" + ", " - "):
            places.append(found.start() + 1)
    parts = [latex[a:b].rstrip() for a, b in pairwise([*places, len(latex)])]
    rows = parts[:1]
    for part in parts[1:]:
        if _breadth(rows[-1]) + _breadth(part) > _WIDEST:
            rows.append(part)
        else:
            rows[-1] += f" {part}"
    return rows


def _breadth(latex: str) -> int:
    """Roughly how many letters wide a formula is: what only changes how a letter looks has no width."""
    bare = re.sub(
        r"\\(mathbf|boldsymbol|mathit|mathrm|operatorname|text|frac|left|right|\w*tilde|\w*hat|bar)\b", "", latex
    )
    return len(re.findall(r"\\[a-zA-Z]+|\\.|[^\s{}^_]", bare))


# --- Markdown ---------------------------------------------------------------------------------------------------------


def as_markdown(board: Board, heading: Prose, steps: Sequence[Step]) -> str:
    """Headings, prose and formulas between dollar signs, as notebooks and GitHub show them."""
    blocks = [said(board, heading, LATEX, "$", "$")]
    for step in steps:
        blocks.append(f"### {said(board, step.title, LATEX, '$', '$')}")
        for equations in _together(step):
            if equations[0].note:
                blocks.append(said(board, equations[0].note, LATEX, "$", "$"))
            body = " \\\\\n".join(row for equation in equations for row in _rows(board, equation))
            blocks.append(f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$")
    return "\n\n".join(blocks) + "\n"
