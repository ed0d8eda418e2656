"""A derivation on a page: text in 80 columns, LaTeX, Markdown. What is said is in its steps; here is how it looks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ..notation.alphabet import TEXT, Alphabet
from ..notation.latex import LATEX
from ..notation.names import width

if TYPE_CHECKING:
    from .steps import Board, Equation, Line, Prose, Step

COLUMNS = 80
_INDENT = 3
#: A left side that is longer stands on a line of its own.
_LEFT = 30
#: A sum in LaTeX that is wider than so many letters is broken into rows.
_WIDEST = 64


def said(board: Board, prose: Prose, alphabet: Alphabet, before: str = "", after: str = "") -> str:
    """Prose, with its formulas written in an alphabet between two marks."""
    writer = board.writer(alphabet)
    return "".join(part if isinstance(part, str) else f"{before}{part.write(writer)}{after}" for part in prose)


def _in_space(line: Line, alphabet: Alphabet) -> str:
    """∈ R^{h×d} where the line tells its shape."""
    return "" if line.space is None or not line.space else alphabet.member(alphabet.space(line.space))


# --- text -------------------------------------------------------------------------------------------------------------


def as_text(board: Board, heading: Prose, steps: Sequence[Step]) -> str:
    """The derivation in Unicode, no line longer than 80 columns."""
    blocks = ["\n".join(_wrapped(said(board, heading, TEXT), 0, 0)), *(step_as_text(board, step) for step in steps)]
    return "\n\n".join(blocks)


def step_as_text(board: Board, step: Step) -> str:
    """One step in Unicode, no line longer than 80 columns."""
    lines = list(_wrapped(said(board, step.title, TEXT), 0, _INDENT))
    for equation in step.equations:
        lines += _equation(board, equation)
    return "\n".join(line.rstrip() for line in lines)


def _equation(board: Board, equation: Equation) -> Iterator[str]:
    if equation.note:
        yield from _wrapped(said(board, equation.note, TEXT), _INDENT, _INDENT)
    first, *others = equation.lines
    indent = 2 * _INDENT - 1
    left = first.text
    if not others:
        yield from _wrapped(left + _in_space(first, TEXT), indent, indent + 2)
        return
    alone = width(left) > _LEFT
    if alone:
        yield from _wrapped(left, indent, indent + 2)
    column = indent + (2 if alone else width(left))
    for k, line in enumerate(others):
        ahead = " " * indent + left if k == 0 and not alone else " " * column
        body = TEXT.equals + line.text + _in_space(line, TEXT)
        reason = said(board, line.reason, TEXT)
        rows = list(_wrapped(body.lstrip(), column + 1, column + 5))
        rows[0] = ahead + " " + rows[0].lstrip()
        if reason and width(rows[-1]) + 3 + width(reason) <= COLUMNS:
            rows[-1] += " " * (COLUMNS - width(rows[-1]) - width(reason)) + reason
        elif reason and k > 0:
            rows += [" " * max(0, COLUMNS - width(reason)) + reason] if width(reason) <= COLUMNS else []
        yield from rows


def _wrapped(text: str, first: int, following: int) -> Iterator[str]:
    """`text` in lines of at most 80 columns, indented; a word that is longer is broken."""
    row, indent = "", first
    for word in text.split(" "):
        candidate = f"{row} {word}" if row else word
        if width(candidate) + indent <= COLUMNS:
            row = candidate
            continue
        if row:
            yield " " * indent + row
            indent = following
        while width(word) + indent > COLUMNS:
            cut = COLUMNS - indent
            while width(word[:cut]) < COLUMNS - indent and cut < len(word):
                cut += 1
            yield " " * indent + word[:cut]
            word, indent = word[cut:], following
        row = word
    yield " " * indent + row


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
        yield f"&{first.latex()}{_in_space(first, LATEX)}"
    for k, line in enumerate(others):
        left = first.latex() if k == 0 else ""
        reason = said(board, line.reason, LATEX, "$", "$")
        body, *more = _broken(line.latex() + _in_space(line, LATEX))
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
