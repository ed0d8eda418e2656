"""What a check says: whether a claim is right, how far off, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..expressions.display import Displayed
from ..shapes.columns import COLUMNS, wrapped
from .diagnosis import Explanation
from .mistakes.case import show
from .verdicts import Verdict

#: Columns before the text of each part.
INDENT = 12
UNEXPLAINED = "no known mistake reproduces the claim"


@dataclass(frozen=True, repr=False)
class Report(Displayed):
    """The check of one claimed derivative; prints as text of 80 columns.

    `verdict` is "right", "wrong" or "undecided", in the layout asked for; `ok` is true for "right" alone. `diagnosis`
    names the mistakes that reproduce the claim, likeliest first, or why nothing can be told, and is None for a right
    claim; `explanations` has each with its evidence and its fix as code. `max_error` is the largest |claimed − right|
    and `worst_index` its place in the claimed array; where the shapes do not fit there is no such place, and the error
    is infinite. `estimate` bounds the error of the differences there, and `tolerance` is what is allowed: that and the
    rounding of the claim. `reports` are those of the single arguments, where there were several.

    >>> from jacobians import check_derivative
    >>> report = check_derivative(lambda x: x @ x, [1.0, 2.0], [-2.0, -4.0])
    >>> report.verdict, report.diagnosis
    ('wrong', 'sign')
    """

    verdict: Verdict
    symbol: str
    claimed_shape: tuple[int, ...]
    right_shape: tuple[int, ...]
    layout: str
    item: str | None
    max_error: float
    worst_index: tuple[int, ...] | None
    worst_claimed: float = 0.0
    worst_right: float = 0.0
    estimate: float = 0.0
    tolerance: float = 0.0
    explanations: tuple[Explanation, ...] = ()
    remarks: tuple[str, ...] = ()
    claimed_text: str = ""
    right_text: str = ""
    directions: int = 0
    reports: tuple[Report, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Whether the claim is right."""
        return self.verdict == "right"

    @property
    def diagnosis(self) -> str | None:
        """The names of the mistakes that reproduce the claim, likeliest first; None for a right claim."""
        if self.ok:
            return None
        return "; or: ".join(one.name for one in self.explanations) or UNEXPLAINED

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        if self.reports:
            return "\n\n".join(str(one) for one in self.reports)
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        if self.ok:
            head = f"{self.symbol} is right: {self._right_shape()} in {self.layout} layout, {self._worst()}"
            return [*wrapped(head, "", "  "), *(line for one in self.remarks for line in wrapped(one, "  ", "    "))]
        item = f", item {self.item}" if self.item and self.layout == "numerator" else ""
        head = self.explanations[0].name if self.explanations else UNEXPLAINED
        told = "cannot be told from the claim" if self.verdict == "undecided" else "is not what was claimed"
        lines = wrapped(f"{self.symbol} {told}: {head}", "", "  ")
        lines += _hanging(
            f"claimed   {show(self.claimed_shape)}{', ' * bool(self.claimed_text)}{self.claimed_text}",
        )
        form = f": {self.right_text}" if self.right_text else ""
        lines += _hanging(f"right     {self._right_shape()} in {self.layout} layout{item}{form}")
        lines += _hanging(f"worst     {self._worst()}")
        for number, one in enumerate(self.explanations, 1):
            what = "why       " if len(self.explanations) == 1 else f"{number}.        {one.name}: "
            lines += _hanging(what + one.evidence)
            lines += _code(one.fix)
        for remark in self.remarks:
            lines += _hanging(f"note      {remark}")
        return lines

    def _right_shape(self) -> str:
        """The shape; items 1a and 1b have two ways to write it."""
        (size, *_) = (*self.right_shape, 0)
        both = (
            {"1a": f"1 × {size} or ({size},)", "1b": f"{size} × 1 or ({size},)"} if self.layout == "numerator" else {}
        )
        return both.get(self.item or "", show(self.right_shape))

    def _worst(self) -> str:
        if self.worst_index is None and self.directions:
            what = "no disagreement" if self.ok else f"off by {self.max_error:.2e}"
            return f"{what} along {self.directions} random directions, whose slopes are known to {self.estimate:.1e}"
        if self.worst_index is None:
            return "no entry can be compared: the shapes differ"
        if self.ok:
            return f"largest error {self.max_error:.1e}, differences are good to {self.estimate:.1e}"
        if self.estimate == np.inf:
            return f"{list(self.worst_index)}: claimed {self.worst_claimed:.8g}, and differences tell nothing"
        return (
            f"{list(self.worst_index)}: claimed {self.worst_claimed:.8g}, right {self.worst_right:.8g}, error "
            f"{self.max_error:.2e} (differences are good to {self.estimate:.1e}, allowed {self.tolerance:.1e})"
        )


def combined(reports: Sequence[Report]) -> Report:
    """One report of several arguments: right if all are; the diagnosis is that of the first wrong, or undecided."""
    if len(reports) == 1:
        return reports[0]
    largest = max(reports, key=lambda one: one.max_error)
    first = next((one for kind in ("wrong", "undecided") for one in reports if one.verdict == kind), largest)
    return Report(**{**first.__dict__, "reports": tuple(reports)})


def _hanging(text: str) -> list[str]:
    """A line of the report with its label; what goes on below stands under the text, not under the label."""
    return wrapped(text, "  ", " " * INDENT)


def _code(fix: str) -> list[str]:
    """The fix as code that can be pasted: a line for each statement, broken within brackets alone; or as a formula."""
    if fix.startswith("∂"):
        return _hanging(f"try       {fix}")
    lines: list[str] = []
    for statement in re.split(r"; (?=\w+(?:\[[^\]]*\])? = )", fix):
        line, depth, opened = "", 0, False
        for word in statement.split(" "):
            if line and len(line) + len(word) + INDENT + 1 > COLUMNS and (depth > 0 or opened):
                lines.append(line)
                line = "    " + word
            else:
                line = f"{line} {word}" if line else word
            depth += sum(word.count(one) for one in "([{") - sum(word.count(one) for one in ")]}")
            opened |= word.startswith("#")
        lines.append(line)
    first, *rest = lines
    return ["  try       " + first, *(" " * INDENT + line for line in rest)]
