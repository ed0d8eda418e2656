"""Tables of the orders of contraction of gradients."""

from __future__ import annotations

from statistics import geometric_mean

from rich import box
from rich.table import Table

from jacobians.experiments.comparison import HAND_WRITTEN, Measurement
from jacobians.shapes.formatting import show_bytes, show_count, show_ratio, show_seconds

from .gradients import Case

#: Below this a call's overhead is what is measured.
LARGE = 1e-3


def _hand_written(measured: list[Measurement]) -> float:
    return next(one.seconds or 0.0 for one in measured if one.order == HAND_WRITTEN)


def table(case: Case, measured: list[Measurement]) -> Table:
    """Every order of one case."""
    title = f"{case}; hand-written {show_seconds(_hand_written(measured))}"
    found = Table(box=box.SIMPLE, title=title, title_justify="left")
    found.add_column("order", no_wrap=True)
    for heading in ("× hand-written", "multiplications", "largest", "peak memory"):
        found.add_column(heading, justify="right", no_wrap=True)
    for one in measured:
        found.add_row(
            one.order,
            _ratio(one),
            show_count(one.multiplications),
            show_bytes(8 * one.largest),
            "–" if one.peak is None else show_bytes(one.peak),
        )
    return found


def _ratio(one: Measurement) -> str:
    """The time over that of the hand-written path and, in parentheses, the quartiles."""
    if one.ratio is None or one.quartiles is None:
        return one.skipped
    return f"{show_ratio(one.ratio)} ({show_ratio(one.quartiles[0])}–{show_ratio(one.quartiles[1])})"


def summary(results: dict[Case, list[Measurement]]) -> str:
    """The means of the ratios of the reverse and the optimal order."""
    lines = ["Time of the literal product over the hand-written path, by geometric mean:"]
    for order in ("reverse", "optimal"):
        for name, large in (("1 ms or more", True), ("less", False)):
            ratios = [
                one.ratio
                for measured in results.values()
                for one in measured
                if one.order == order and one.ratio is not None and (_hand_written(measured) >= LARGE) == large
            ]
            if ratios:
                lines.append(
                    f"  {order}, where that takes {name}: {geometric_mean(ratios):.2f} "
                    f"(largest {max(ratios):.2f}, {len(ratios)} cases)"
                )
    return "\n".join(lines)
