"""The benchmark suite: `python -m benchmarks [--quick] [--peers] [--orders] [--json] [--only TEXT] [--write FILE]`."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from jacobians.experiments.comparison import Measurement

from . import growth, making, orders, report
from .gradients import Case, cases
from .gradients import measure as measure_orders
from .peers import PEERS, Peer
from .scoreboard import Score, against, goals, measure
from .tasks import Task, tasks


def main() -> None:
    if sys.argv[1:2] == ["growth"]:
        growth.main(sys.argv[2:])
        return
    options = _options()
    console = Console(width=80, highlight=False, quiet=options.json)
    console.print(
        "Derived by the library from the plain formula, against closed forms by hand.\n"
        "Equality is asserted before anything is timed; ratios are of paired times.\n" + report.machine()
    )
    chosen = [task for task in tasks(options.quick) if options.only in task.name]
    if not chosen:
        raise SystemExit(f"no task has {options.only!r} in its name")
    scores = _scores(chosen, options.quick)
    console.print(report.closed_forms(scores))
    everything = not options.only
    makings = making.makings(options.quick) if everything else []
    extra = making.overheads(options.quick) if everything else []
    if options.peers:
        console.print(report.peers_installed())
        for peer in PEERS:  # one after the other, so that the threads of one do not slow another
            if peer.version:
                _compare(chosen, scores, peer, options.quick)
                _write(options.write, scores, makings, extra)
        for apart in (False, True):
            table = report.against_peers(scores, apart)
            if table is not None:
                console.print(table)
    results: dict[Case, list[Measurement]] = {}
    if options.orders:
        console.print("\nGradients of a shallow network in every order, against hand-written backpropagation.")
        for case in cases(options.quick):
            results[case] = measure_orders(case, options.quick)
            console.print(orders.table(case, results[case]))
        console.print(orders.summary(results))
    found = goals(scores)
    console.print(f"\n{report.summary(found, scores, makings, extra)}")
    _write(options.write, scores, makings, extra)
    if options.json:
        document = {
            "gradients": [{**asdict(c), "orders": [asdict(m) for m in measured]} for c, measured in results.items()],
            "scores": [asdict(one) for one in scores],
            "goals": [{**asdict(goal), "holds": goal.holds} for goal in found],
            "making": [asdict(one) for one in makings],
            "overhead": [asdict(one) for one in extra],
        }
        print(json.dumps(document, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="The benchmark suite.")
    parser.add_argument("--quick", action="store_true", help="smaller sizes and shorter runs, within a minute")
    parser.add_argument("--peers", action="store_true", help="JAX, PyTorch and autograd, too, where installed")
    parser.add_argument("--orders", action="store_true", help="gradients in every order of contraction, too")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    parser.add_argument("--only", default="", metavar="TEXT", help="the tasks with this text in their names")
    parser.add_argument("--write", metavar="FILE", help="write the results as Markdown")
    return parser.parse_args()


def _scores(chosen: Sequence[Task], quick: bool) -> list[Score]:
    scores = []
    for task in chosen:
        print(f"\r{task.name:79.79}", end="", file=sys.stderr, flush=True)
        scores.append(measure(task, 0.15 if quick else 0.8))
    print(f"\r{'':79}\r", end="", file=sys.stderr, flush=True)
    return scores


def _compare(chosen: Sequence[Task], scores: Sequence[Score], peer: Peer, quick: bool) -> None:
    for task, score in zip(chosen, scores, strict=True):
        print(f"\r{peer.name}: {task.name:66.66}", end="", file=sys.stderr, flush=True)
        score.peers[peer.name] = against(task, peer, 0.1 if quick else 0.6)
        gc.collect()
    print(f"\r{'':79}\r", end="", file=sys.stderr, flush=True)


def _write(
    path: str | None, scores: Sequence[Score], makings: Sequence[making.Making], extra: Sequence[making.Overhead]
) -> None:
    """The page, as far as it is known: also after every peer, since a run takes minutes."""
    if path:
        Path(path).write_text(report.markdown(scores, goals(scores), makings, extra), encoding="utf-8")


if __name__ == "__main__":
    main()
