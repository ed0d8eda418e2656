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

from jacobians.comparison import HAND_WRITTEN, Measurement
from jacobians.units import show_bytes, show_count, show_ratio, show_seconds

from .closed_forms import Result, measure_task, tasks
from .gradients import Case, cases, measure

#: Below this a call's overhead is what is measured.
LARGE = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes and shorter runs, within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    options = parser.parse_args()
    console = Console(width=80, highlight=False)
    if not options.json:
        console.print(
            "Gradients of all parameters of a shallow network, forward pass included.\n"
            "Equality with the hand-written path is asserted before anything is timed.\n"
            f"Python {platform.python_version()}, NumPy {np.__version__}, {os.cpu_count()} CPUs; double precision."
        )
    results: dict[Case, list[Measurement]] = {}
    for case in cases(options.quick):
        results[case] = measure(case, options.quick)
        if not options.json:
            console.print(_table(case, results[case]))
    forms = [measure_task(task, 0.3 if options.quick else 1.0) for task in tasks(options.quick)]
    if options.json:
        gradients = [{**asdict(c), "orders": [asdict(m) for m in found]} for c, found in results.items()]
        print(json.dumps({"gradients": gradients, "closed_forms": [asdict(one) for one in forms]}, indent=2))
    else:
        console.print(_summary(results))
        console.print(_closed_forms(forms))


def _closed_forms(results: list[Result]) -> Table:
    title = "\nCompiled derivatives of plain formulas against closed forms by hand"
    mean = geometric_mean(one.ratio for one in results)
    caption = f"Geometric mean of the ratios {mean:.2f}, largest {max(one.ratio for one in results):.2f}."
    table = Table(box=box.SIMPLE, title=title, title_justify="left", caption=caption, caption_justify="left")
    table.add_column("task")
    for heading in ("× by hand", "by hand", "peak", "by hand"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in results:
        quartiles = f"{show_ratio(one.quartiles[0])}–{show_ratio(one.quartiles[1])}"
        peaks = (show_bytes(one.peak), show_bytes(one.peak_by_hand))
        table.add_row(one.name, f"{show_ratio(one.ratio)} ({quartiles})", show_seconds(one.seconds), *peaks)
    return table


def _hand_written(measured: list[Measurement]) -> float:
    return next(one.seconds or 0.0 for one in measured if one.order == HAND_WRITTEN)


def _table(case: Case, measured: list[Measurement]) -> Table:
    title = f"{case}; hand-written {show_seconds(_hand_written(measured))}"
    table = Table(box=box.SIMPLE, title=title, title_justify="left")
    table.add_column("order", no_wrap=True)
    for heading in ("× hand-written", "multiplications", "largest", "peak memory"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in measured:
        table.add_row(
            one.order,
            _ratio(one),
            show_count(one.multiplications),
            show_bytes(8 * one.largest),
            "–" if one.peak is None else show_bytes(one.peak),
        )
    return table


def _ratio(one: Measurement) -> str:
    """The median of the paired ratios and, in parentheses, their quartiles."""
    if one.ratio is None or one.quartiles is None:
        return one.skipped
    return f"{show_ratio(one.ratio)} ({show_ratio(one.quartiles[0])}–{show_ratio(one.quartiles[1])})"


def _summary(results: dict[Case, list[Measurement]]) -> str:
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


if __name__ == "__main__":
    main()
