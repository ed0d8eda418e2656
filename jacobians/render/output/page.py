"""Objects as HTML for a notebook: folds without JavaScript, needs no network, follows a light or a dark page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import singledispatch
from html import escape
from typing import Any

import numpy as np

from ...compiler.costs import Cost, Costs
from ...differentiation.jacobian_tensor import Jacobian
from ...differentiation.jacobian_views import JacobianView
from ...expressions.nodes import Expression, Named, Variable
from ...expressions.walks import walk
from ...notation.names import typeset
from ...notation.text import describe, label
from ...notation.writer import ExpressionWriter
from ...shapes.sizes import Shape
from ..placement.picture import line, shape_line
from ..placement.slice_placement import number
from ..scenes import palette
from ..scenes.hues import hues_of
from ..scenes.palette import HUES
from ..scenes.summary import Card, Values, card

#: At most so many rows and columns of values are shown.
ROWS, COLUMNS = 8, 8
#: What each item of the notes is about.
ITEMS = {
    "1": "a vector with respect to a vector",
    "1a": "a scalar with respect to a vector: a row",
    "1b": "a vector with respect to a scalar: a column",
    "2": "a matrix with respect to a scalar",
    "3": "a scalar with respect to a matrix",
    "4": "a vector with respect to a matrix",
}


@singledispatch
def as_html(thing: Any) -> str:
    """`thing` as HTML; of what has no form of its own the text, its first line in front."""
    first, _, rest = str(thing).partition("\n")
    return _fold(f"<b>{escape(first)}</b>", f"<pre>{escape(rest)}</pre>" if rest else "")


@as_html.register
def _jacobian(jacobian: Jacobian) -> str:
    shown = card(jacobian)
    numbers = hues_of([jacobian.numerator])
    item = f' <span class="jx-muted">item {escape(shown.item)}</span>' if shown.item else ""
    summary = (
        f"{mathematics(shown.latex, f'{shown.symbol} = {shown.structure}')} {shape_html(shown.shape, numbers)}{item}"
    )
    return _fold(summary, _rows(_facts(shown, numbers)) + _chain(shown, numbers) + _slice(shown.values))


@as_html.register
def _view(view: JacobianView) -> str:
    numbers = hues_of([view.jacobian.numerator])
    summary = f"{mathematics(view.jacobian.latex(), view.symbol)} {shape_html(view.shape, numbers)}"
    return _fold(f"{summary} <span class='jx-muted'>{escape(view.layout)} layout</span>", as_html(view.jacobian))


@as_html.register
def _expression(expression: Expression) -> str:
    nodes = [node for node in walk([expression]) if node is not expression]
    variables = [node for node in reversed(nodes) if isinstance(node, Variable)]
    parts = [*variables, *(node for node in nodes if isinstance(node, Named))]
    numbers = hues_of([expression])
    name = f"{typeset(expression.name)} := " if isinstance(expression, Named) else ""
    formula = mathematics(expression.latex(), describe(expression).partition(" := ")[2] or describe(expression))
    rows = [
        (
            escape(label(node)),
            mathematics(node.latex(), describe(node)) if isinstance(node, Named) else "",
            shape_html(node.shape, numbers),
        )
        for node in parts
    ]
    sigma = ExpressionWriter([expression]).sigma
    rows += [("σ", escape(sigma), "")] if sigma else []
    return _fold(f"{escape(name)}{formula} {shape_html(expression.shape, numbers)}", _table(("", "", "shape"), rows))


@as_html.register
def _cost(cost: Cost) -> str:
    summary = (
        f"<b>{cost.multiplications:,} multiplications</b>, largest array {cost.peak_elements:,} entries "
        f'<span class="jx-muted">order {escape(cost.order)}</span>'
    )
    rows = [(escape(str(step)),) for step in cost.steps]
    return _fold(summary, _table(("steps",), rows))


@as_html.register
def _costs(costs: Costs) -> str:
    ranked = sorted(costs.items(), key=lambda entry: entry[1].multiplications)
    rows = [
        (
            escape(name if one.order == name else f"{name} ({one.order})"),
            f"{one.multiplications:,}",
            f"{one.peak_elements:,}",
            str(len(one.steps)),
        )
        for name, one in ranked
    ]
    best = f"{len(ranked)} orders, cheapest: {escape(ranked[0][0])}" if ranked else "no orders"
    return _fold(f"<b>{best}</b>", _table(("order", "multiplications", "largest array", "steps"), rows))


def mathematics(latex: str, text: str) -> str:
    """A formula as MathML by latex2mathml; as text where that is not installed, or does not read it."""
    plain = formula_html(text)
    from xml.etree import ElementTree

    try:
        from latex2mathml.converter import convert
    except ImportError:
        return plain
    try:
        written = str(convert(latex))
        ElementTree.fromstring(written)  # noqa: S314 - our own text; what is not well formed must not get into a page
    except Exception:
        return plain
    return written.replace("<math ", '<math displaystyle="true" ', 1)


def formula_html(text: str) -> str:
    """A formula in text, with its subscripts lowered."""
    return "".join(
        f"<sub>{escape(run.text)}</sub>" if run.low else escape(run.text) for run in line(text, room=math.inf).runs
    )


def shape_html(shape: Shape, numbers: dict[str, int]) -> str:
    """`h × d × h`, each size in its colour."""
    spans = []
    for run in shape_line(shape).runs:
        hue = f"jx-hue{numbers[run.hue]}" if run.hue in numbers else "jx-muted"
        spans.append(f'<span class="{hue}">{escape(run.text)}</span>')
    return f'<span class="jx-shape">{"".join(spans)}</span>'


def _facts(shown: Card, numbers: dict[str, int]) -> Iterable[tuple[str, str]]:
    for place, axis in enumerate(shown.axes):
        yield f"axis {place}", f"{shape_html((axis.size,), numbers)} {escape(axis.role)}"
    if shown.item:
        yield "layout", f"item {escape(shown.item)}, {escape(ITEMS[shown.item])}"
    over = f" over {', '.join(shown.operands)}" if shown.operands else ""
    yield "einsum", f"<code>{escape(shown.einsum)}</code>{escape(over)}"
    yield "zeros", escape(shown.nonzero)
    yield "memory", escape(shown.memory)


def _chain(shown: Card, numbers: dict[str, int]) -> str:
    if not shown.chain:
        return ""
    rows = [
        (formula_html(one.symbol), formula_html(one.structure), shape_html(one.shape, numbers), escape(one.item or ""))
        for one in shown.chain
    ]
    return _details("chain", _table(("factor", "closed form", "shape", "item"), rows))


def _slice(values: Values | None) -> str:
    if values is None:
        return ""
    array, support = values.array, values.support
    where: tuple[int, ...] = ()
    if array.ndim > 2:
        lead = array.shape[:-2]
        full = np.argmax(support.reshape(-1, array.shape[-2] * array.shape[-1]).sum(axis=1))
        where = tuple(int(index) for index in np.unravel_index(int(full), lead))
    shown, mask = np.atleast_2d(array[where]), np.atleast_2d(support[where])
    rows = []
    for row, masked in zip(shown[:ROWS, :COLUMNS], mask[:ROWS, :COLUMNS], strict=True):
        cells = [
            number(value) if can else '<span class="jx-muted">·</span>' for value, can in zip(row, masked, strict=True)
        ]
        rows.append((*cells, "…") if shown.shape[1] > COLUMNS else tuple(cells))
    if shown.shape[0] > ROWS:
        rows.append(("…",))
    place = f"[{', '.join(map(str, where))}]" if where else ""
    note = "zero by structure: ·"
    return _details(f"values{place}", _table((), rows) + f'<div class="jx-muted">{note}</div>')


def _rows(pairs: Iterable[tuple[str, str]]) -> str:
    body = "".join(f"<tr><th>{escape(name)}</th><td>{text}</td></tr>" for name, text in pairs)
    return f"<table>{body}</table>"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{f'<tr>{head}</tr>' if any(headings) else ''}{body}</table>"


def _details(summary: str, body: str) -> str:
    return f"<details open><summary>{escape(summary)}</summary>{body}</details>"


def _fold(summary: str, body: str) -> str:
    """The whole of what is shown: open, and folding to its first line."""
    style = f"<style>{style_sheet()}</style>"
    if not body:
        return f'<div class="jx">{style}{summary}</div>'
    return f'<div class="jx">{style}<details open><summary>{summary}</summary>{body}</details></div>'


def style_sheet() -> str:
    """Colours of sizes by the palette, on a light and on a dark page; nothing else of the page is touched."""
    fixed = (
        ".jx{line-height:1.5}.jx summary{cursor:pointer}.jx details{margin:.2em 0 .2em .2em}"
        ".jx table{border-collapse:collapse;margin:.3em 0 .3em 1.2em;font-size:.93em}"
        ".jx th,.jx td{overflow-wrap:anywhere}"
        ".jx th,.jx td{text-align:left;padding:.1em .9em .1em 0;border:0;background:none;vertical-align:baseline}"
        ".jx th{font-weight:normal;opacity:.72}.jx-muted{opacity:.72}.jx-shape{white-space:nowrap;margin-left:.6em}"
        ".jx td .jx-shape{margin-left:0}"
    )
    return (
        fixed
        + _hues("", False)
        + f"@media (prefers-color-scheme:dark){{{_hues('', True)}}}"
        + "".join(_hues(page, dark) for page, dark in palette.PAGES)
    )


def _hues(page: str, dark: bool) -> str:
    styles = ("solid", "dashed", "dotted", "double")
    return "".join(
        f"{page}.jx-hue{number}{{color:{hue.dark if dark else hue.light};border-bottom:2px {styles[number % 4]}}}"
        for number, hue in enumerate(HUES)
    )
