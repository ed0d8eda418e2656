"""What a check says: whether a claim is right, how far off, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..expressions.display import Displayed
from ..shapes.columns import wrapped
from .diagnosis import Explanation
from .mistakes.case import show

UNEXPLAINED = "no known mistake reproduces the claim"


@dataclass(frozen=True, repr=False)
class Report(Displayed):
    """The check of one claimed derivative; prints as text of 80 columns.

    `ok` tells whether the claim is right in the layout asked for; `diagnosis` names the mistakes that reproduce it,
    likeliest first, and is None for a right claim; `explanations` has each with its evidence and its fix as code.
    `max_error` is the largest |claimed − right| and `worst_index` its place in the claimed array; where the shapes do
    not fit there is no such place, and the error is infinite. `estimate` is the error of the differences there,
    `tolerance` what it allows. `reports` are those of the single arguments, where there were several.
    """

    ok: bool
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
    reports: tuple[Report, ...] = field(default=(), repr=False)

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
        lines = wrapped(f"{self.symbol} is not what was claimed: {head}", "", "  ")
        lines += _hanging(
            f"claimed   {show(self.claimed_shape)}{', ' * bool(self.claimed_text)}{self.claimed_text}",
        )
        form = f": {self.right_text}" if self.right_text else ""
        lines += _hanging(f"right     {self._right_shape()} in {self.layout} layout{item}{form}")
        lines += _hanging(f"worst     {self._worst()}")
        for number, one in enumerate(self.explanations, 1):
            what = "why       " if len(self.explanations) == 1 else f"{number}.        {one.name}: "
            lines += _hanging(what + one.evidence)
            lines += _hanging(f"try       {one.fix}")
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
        if self.worst_index is None:
            return "no entry can be compared: the shapes differ"
        if self.ok:
            return f"largest error {self.max_error:.1e}, differences are good to {self.estimate:.1e}"
        return (
            f"{list(self.worst_index)}: claimed {self.worst_claimed:.8g}, right {self.worst_right:.8g}, error "
            f"{self.max_error:.2e} (differences are good to {self.estimate:.1e}, allowed {self.tolerance:.1e})"
        )


def combined(reports: Sequence[Report]) -> Report:
    """One report of several arguments: ok if all are; the diagnosis is that of the first that is not."""
    if len(reports) == 1:
        return reports[0]
    first = next((one for one in reports if not one.ok), max(reports, key=lambda one: one.max_error))
    return Report(**{**first.__dict__, "reports": tuple(reports)})


def _hanging(text: str) -> list[str]:
    """A line of the report with its label; what goes on below stands under the text, not under the label."""
    return wrapped(text, "  ", " " * 12)
