"""Verdicts on equations as they print."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import ParseError
from ...shapes.columns import wrapped
from ..entry import Reading
from ..syntax.source_positions import parse_error
from .deciding import Verdict


def verdict_lines(reading: Reading, verdicts: Sequence[Verdict]) -> list[str]:
    """What was decided about every equation, and the notes. Raises `ParseError` where there is no equation."""
    if not verdicts:
        raise no_equation(reading)
    lines: list[str] = []
    for verdict in verdicts:
        lines += [*([""] if lines else []), *_one(verdict)]
    return [*lines, *(f"note: {note}" for note in reading.notes)]


def no_equation(reading: Reading) -> ParseError:
    """The error for a text without =."""
    return parse_error(reading.text, reading.statements[-1][0].place, "no equation: write LEFT = RIGHT")


def _one(verdict: Verdict) -> list[str]:
    lines = [f"{verdict.left} {verdict.relation} {verdict.right}"]
    sizes = ", ".join(f"{symbol} = {size}" for symbol, size in verdict.sizes.items())
    where = f"{verdict.points} random points" + (f", {sizes}" if sizes else "")
    if verdict.true and verdict.relation in ("=", "≈"):
        return [
            *lines,
            f"true   {verdict.shapes[0]}; at {where}",
            f"       largest difference {verdict.difference:.1e}",
        ]
    if verdict.true:
        return [*lines, f"true   at {where}: a comparison is tried, not proved"]
    if verdict.undecided:
        return [*lines, *wrapped(f"undecided, because {verdict.undecided}", "", " " * 7)]
    if verdict.shapes[0] != verdict.shapes[1]:
        lines.append(f"false  by shape: the left side is {verdict.shapes[0]}, the right side {verdict.shapes[1]}")
    else:
        lines.append(f"false  by value: both sides are {verdict.shapes[0]}; at {where}")
        if verdict.values is not None and verdict.worst is not None:
            entry = f"entry {verdict.worst}" if verdict.worst else "the value"
            lines.append(f"       {entry}: left {verdict.values[0]:.6g}, right {verdict.values[1]:.6g}")
    facts = [f"true where {' or '.join(verdict.where)}"] if verdict.where else []
    factor = [verdict.multiple] if verdict.multiple and verdict.multiple not in verdict.remedies else []
    return [*lines, *(f"       {remedy}" for remedy in (*verdict.remedies, *factor, *facts))]
