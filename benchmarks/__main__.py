"""`python -m benchmarks [--quick] [--json]`."""

from __future__ import annotations

import argparse
import json
import os
import platform
from dataclasses import asdict
from statistics import geometric_mean

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from jacobians.units import show_bytes, show_count, show_seconds

from .gradients import HAND_WRITTEN, Measurement, cases, measure

#: Below this a call's overhead is what is measured.
LARGE = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the smaller sizes, within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    options = parser.parse_args()
    console = Console(width=80, highlight=False)
    results: list[Measurement] = []
    if not options.json:
        console.print(
            "Gradients of all parameters of a shallow network, forward pass included.\n"
            "Equality with the hand-written path is asserted before anything is timed.\n"
            f"Python {platform.python_version()}, NumPy {np.__version__}, {os.cpu_count()} CPUs; double precision."
        )
    for case in cases(options.quick):
        measured = measure(case, 0.5 if options.quick else 4.0, 1 << 26 if options.quick else None)
        results += measured
        if not options.json:
            console.print(_table(measured))
    if options.json:
        print(json.dumps([asdict(one) for one in results], indent=2))
    else:
        console.print(_summary(results))


def _table(measured: list[Measurement]) -> Table:
    seconds = next(one.seconds for one in measured if one.order == HAND_WRITTEN)
    assert seconds is not None
    table = Table(
        box=box.SIMPLE, title=f"{measured[0].case}; hand-written {show_seconds(seconds)}", title_justify="left"
    )
    table.add_column("order", no_wrap=True)
    for heading in ("× hand-written", "multiplications", "largest", "peak memory"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in measured:
        table.add_row(
            one.order,
            _ratio(one),
            show_count(one.multiplications),
            show_bytes(one.predicted),
            "–" if one.peak is None else show_bytes(one.peak),
        )
    return table


def _ratio(one: Measurement) -> str:
    """The median of the paired ratios and, in parentheses, their quartiles."""
    if one.ratio is None or one.quartiles is None:
        return one.skipped
    return f"{_short(one.ratio)} ({_short(one.quartiles[0])}–{_short(one.quartiles[1])})"


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _summary(results: list[Measurement]) -> str:
    baseline = {one.case: one.seconds or 0.0 for one in results if one.order == HAND_WRITTEN}
    lines = ["Time of the literal product over the hand-written path, by geometric mean:"]
    for order in ("reverse", "optimal"):
        for name, large in (("1 ms or more", True), ("less", False)):
            ratios = [
                one.ratio
                for one in results
                if one.order == order and one.ratio is not None and (baseline[one.case] >= LARGE) == large
            ]
            if ratios:
                lines.append(
                    f"  {order}, where that takes {name}: {geometric_mean(ratios):.2f} "
                    f"(largest {max(ratios):.2f}, {len(ratios)} cases)"
                )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
