"""The scoreboard as tables for a terminal of 80 columns, and as Markdown."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from rich import box
from rich.table import Table

from jacobians.shapes.formatting import show_bytes, show_count, show_ratio

from .making import Making, Overhead
from .peers import NOTES, PEERS
from .scoreboard import Against, Goal, Score


def machine() -> str:
    """The kind of machine, and the versions of what runs on it."""
    kind = platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        kind = f"{len(models)} × {models[0]} ({kind})" if models else kind
    except OSError:
        pass
    return f"{kind}; Python {platform.python_version()}, NumPy {version('numpy')}; double precision"


def peers_installed() -> str:
    """Which peers are there, in which version, and which are not."""
    found = ", ".join(f"{peer.name} {peer.version}" if peer.version else f"{peer.name} not installed" for peer in PEERS)
    return f"{found}. {' '.join(NOTES)}"


def closed_forms(scores: Sequence[Score]) -> Table:
    """Against the closed forms."""
    table = Table(box=box.SIMPLE, title="\nAgainst closed forms by hand", title_justify="left")
    table.add_column("task")
    for heading in ("× by hand", "peak", "by hand", "mult.", "order"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in scores:
        peaks = (show_bytes(one.peak), show_bytes(one.peak_by_hand))
        quartiles = f"({show_ratio(one.quartiles[0])}–{show_ratio(one.quartiles[1])})"
        table.add_row(
            one.name, f"{show_ratio(one.ratio)}\n{quartiles}", *peaks, show_count(one.multiplications), one.order
        )
    return table


def against_peers(scores: Sequence[Score], apart: bool) -> Table | None:
    """How many times longer the peers take; None where nothing was compared."""
    chosen = [one for one in scores if one.apart == apart and one.peers]
    if not chosen:
        return None
    title = "\nWhere the answer stays structured, a peer's time over ours" if apart else "\nA peer's time over ours"
    table = Table(box=box.SIMPLE, title=title, title_justify="left")
    table.add_column("task")
    names = list(dict.fromkeys(name for one in chosen for name in one.peers))
    for name in names:
        table.add_column(name, justify="right")
    for one in chosen:
        table.add_row(one.name, *(_cell(one.peers.get(name)) for name in names))
    return table


def _cell(found: Against | None) -> str:
    if found is None:
        return "–"
    return found.skipped if found.ratio is None else f"{show_ratio(found.ratio)} {found.way}"


def summary(
    goals: Sequence[Goal], scores: Sequence[Score], makings: Sequence[Making], extra: Sequence[Overhead]
) -> str:
    """What it comes to, and which goals hold."""
    lines = []
    for goal in goals:
        sign = "≥" if goal.at_least else "≤"
        verdict = "holds" if goal.holds else "MISSED"
        lines.append(f"{goal.text}: {goal.value:.2f} (goal {sign} {goal.bound:g}: {verdict})")
    above = [f"{one.name} {one.ratio:.2f}" for one in scores if one.ratio > 1.4]
    lines += [f"  above 1.4: {text}" for text in above]
    for made in makings:
        bound = "" if made.bound is None else f" (goal ≤ {1e3 * made.bound:g} ms: {_verdict(made.seconds, made.bound)})"
        lines.append(f"derive and compile, {made.name}: {1e3 * made.seconds:.0f} ms, {made.lines} lines{bound}")
    for one in extra:
        bound = f"(goal ≤ {1e6 * one.bound:g} µs: {_verdict(one.seconds, one.bound)})"
        lines.append(f"extra cost of a call of {one.name}: {1e6 * one.seconds:.1f} µs {bound}")
    return "\n".join(lines)


def _verdict(value: float, bound: float) -> str:
    return "holds" if value <= bound else "MISSED"


def markdown(
    scores: Sequence[Score], goals: Sequence[Goal], makings: Sequence[Making], extra: Sequence[Overhead]
) -> str:
    """The whole scoreboard as a page."""
    names = list(dict.fromkeys(name for one in scores for name in one.peers))
    rows = ["# Benchmarks", ""]
    rows += [
        "Every derivative here is derived by the library from the plain formula, and compared with every closed form",
        "and every peer before anything is timed. Numbers are ratios of times measured side by side; absolute times",
        "are the machine's and are told only of deriving. `× by hand` is our time over that of the fastest closed form",
        "that an expert would write (smaller is better; in parentheses the quartiles), the columns after it a peer's",
        "time over ours by its fastest way (larger is better). Our time has the dispatch on shapes in it.",
        "",
        f"Made by `python -m benchmarks --peers --write docs/benchmarks.md` on {machine()}; {peers_installed()}",
    ]
    for title, apart in (("Dense results", False), ("Answers that stay structured", True)):
        chosen = [one for one in scores if one.apart == apart]
        if not chosen:
            continue
        rows += ["", f"## {title}", ""]
        if apart:
            rows += ["The peers form the dense Hessian on the way; the ratios say what that costs.", ""]
        rows.append("| task | × by hand | " + "".join(f"{name} | " for name in names) + "peak, by hand | mult. |")
        rows.append("| --- | ---: | " + "---: | " * len(names) + "---: | ---: |")
        for one in chosen:
            low, high = map(show_ratio, one.quartiles)
            peers = "".join(f"{_cell(one.peers.get(name))} | " for name in names)
            peaks = f"{show_bytes(one.peak)}, {show_bytes(one.peak_by_hand)}"
            ratio = f"{show_ratio(one.ratio)} ({low}–{high})"
            rows.append(f"| {one.name} | {ratio} | {peers}{peaks} | {show_count(one.multiplications)} |")
    rows += ["", "## What it comes to", ""]
    rows += [f"- {line.strip()}" for line in summary(goals, scores, makings, extra).splitlines()]
    rows += ["", "## Orders of contraction", ""]
    rows += ["How each result is contracted: the order that is cheapest by exact count, and its steps.", ""]
    for one in scores:
        if not one.small:
            rows.append(f"- {one.name}: {one.order}; {', '.join(f'`{step}`' for step in one.contractions) or 'none'}")
    return "\n".join(rows) + "\n"
