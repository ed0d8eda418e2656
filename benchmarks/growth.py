"""How deriving, compiling, running and printing grow with the operations of f: `python -m benchmarks growth`.

Every family of `growing` is run at sizes that double, each family in a process of its own. A row has the seconds to
trace and derive, to compile, to run and to print, the peak memory of the process, and the calls of Python functions
that deriving and compiling made (counted by cProfile, the same on every machine). The exponents are those of the last
doubling. With `--peers`, autograd and JAX (first call and second) stand beside it where they are installed.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import importlib
import json
import multiprocessing
import resource
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import log
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from jacobians import compile as compile_
from jacobians import derivative, tensor

from .growing import FAMILIES, Family, Instance

#: Seconds that one size of a family may take; larger sizes are then left out.
LIMIT = 60.0


@dataclass
class Row:
    """One size of a family."""

    size: int
    derive: float
    compile: float
    run: float
    print: float
    peak_mb: float
    calls: int
    peers: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass
class Growth:
    """All sizes of a family, and the exponents of the last doubling."""

    family: str
    rows: list[Row]

    @property
    def exponent(self) -> float:
        """Of the seconds to derive and compile."""
        return self._slope(lambda row: row.derive + row.compile)

    @property
    def calls_exponent(self) -> float:
        """Of the calls to derive and compile."""
        return self._slope(lambda row: float(row.calls))

    def _slope(self, of: Callable[[Row], float]) -> float:
        if len(self.rows) < 2:
            return float("nan")
        before, last = self.rows[-2:]
        return log(of(last) / of(before)) / log(last.size / before.size)


def derived(instance: Instance) -> tuple[list[Any], list[Any]]:
    """The derivatives of an instance, and the variables that stand for its arguments."""
    variables = [tensor(f"x{k}", *np.shape(arg)) for k, arg in enumerate(instance.args)]
    y = instance.f(np, *variables)
    places = (instance.argnums,) if isinstance(instance.argnums, int) else instance.argnums
    wanted = [variables[k] for k in places]
    for _ in range({"hessian": 1, "third": 2}.get(instance.transform, 0)):
        y = derivative(y, wanted[0])
    return derivative(y, wanted), variables


def prepared(instance: Instance) -> Any:
    """The compiled derivatives, their program made for the shapes of the arguments."""
    derivatives, variables = derived(instance)
    compiled = compile_(derivatives, variables)
    compiled.program()
    return compiled


def calls(instance: Instance) -> int:
    """The calls of Python functions that deriving and compiling take: a number that no machine and no load changes."""
    gc.collect()
    profile = cProfile.Profile()
    profile.enable()
    compiled = prepared(instance)
    profile.disable()
    del compiled
    return sum(entry.callcount for entry in profile.getstats())


def measured(family: Family, size: int, peers: bool) -> Row:
    """One row, in this process."""
    instance = family.make(size)
    gc.collect()
    start = perf_counter()
    derivatives, variables = derived(instance)
    after = perf_counter()
    compiled = compile_(derivatives, variables)
    compiled.program()
    done = perf_counter()
    compiled(*instance.args)
    running = min(_seconds(lambda: compiled(*instance.args)) for _ in range(3))
    printing = _seconds(lambda: [str(derivatives[0]), compiled.source])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = Row(size, after - start, done - after, running, printing, peak, calls(instance))
    if peers:
        row.peers = {name: times for name in ("autograd", "jax") if (times := _peer(name, instance)) is not None}
    return row


def _seconds(job: Callable[[], Any]) -> float:
    start = perf_counter()
    job()
    return perf_counter() - start


def _peer(name: str, instance: Instance) -> tuple[float, float] | None:
    """Seconds of the first call and of the second, or None where the library is not there or has no rule."""
    if instance.transform == "third":
        return None
    try:
        library = importlib.import_module(name)
        module = importlib.import_module(f"{name}.numpy")
        if name == "jax":
            library.config.update("jax_enable_x64", True)
        transform = getattr(library, instance.transform)
        if name == "jax":
            function = library.jit(transform(lambda *args: instance.f(module, *args), instance.argnums))
            jobs = [lambda: library.block_until_ready(function(*instance.args))] * 2
        else:
            place = instance.argnums if isinstance(instance.argnums, int) else list(instance.argnums)
            function = transform(lambda *args: instance.f(module, *args), place)
            jobs = [lambda: function(*instance.args)] * 2
        first, second = map(_seconds, jobs)
    except Exception:
        return None
    return first, second


def _rows(name: str, peers: bool, quick: bool, queue: Any) -> None:
    family = next(one for one in FAMILIES if one.name == name)
    for size in family.sizes[:2] if quick else family.sizes:
        queue.put(asdict(measured(family, size, peers)))
    queue.put(None)


def grown(family: Family, peers: bool, quick: bool) -> Growth:
    """The rows of a family, made in another process, up to the first size that takes longer than the limit."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_rows, args=(family.name, peers, quick, queue))
    process.start()
    rows: list[Row] = []
    try:
        while (found := queue.get(timeout=LIMIT * (4 if peers else 1))) is not None:
            rows.append(Row(**found))
    except Exception:  # noqa: S110 - an empty queue: the limit is over
        pass
    process.terminate()
    process.join()
    return Growth(family.name, rows)


def table(grown_families: list[Growth], peers: bool) -> str:
    """The results as a table in Markdown, the largest size of each family."""
    heads = ["family", "size", "derive s", "compile s", "run ms", "print s", "peak MB", "time", "calls"]
    heads += ["autograd s", "JAX s"] if peers else []
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    for growth in grown_families:
        if not growth.rows:
            lines.append(" | ".join([growth.family, "–", *["" for _ in heads[2:]]]))
            continue
        row = growth.rows[-1]
        cells = [growth.family, f"{row.size:,}", f"{row.derive:.2f}", f"{row.compile:.2f}", f"{1e3 * row.run:.1f}"]
        cells += [f"{row.print:.2f}", f"{row.peak_mb:.0f}", f"{growth.exponent:.2f}", f"{growth.calls_exponent:.2f}"]
        if peers:
            shown = [row.peers.get(name) for name in ("autograd", "jax")]
            cells += ["–" if times is None else f"{times[0]:.2f}, {times[1]:.3f}" for times in shown]
        lines.append(" | ".join(cells))
    return "\n".join(f"| {line} |" for line in lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks growth", description=__doc__)
    parser.add_argument("--peers", action="store_true", help="autograd and JAX, too, where installed")
    parser.add_argument("--quick", action="store_true", help="the two smallest sizes of each family")
    parser.add_argument("--only", default="", metavar="TEXT", help="the families with this text in their names")
    parser.add_argument("--write", metavar="FILE", help="write the rows as JSON")
    options = parser.parse_args(arguments)
    found = []
    for family in FAMILIES:
        if options.only in family.name:
            found.append(grown(family, options.peers, options.quick))
            print(table(found[-1:], options.peers).splitlines()[-1], flush=True)
            if options.write:
                document = [
                    {**asdict(one), "exponent": one.exponent, "calls_exponent": one.calls_exponent} for one in found
                ]
                Path(options.write).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"\n{table(found, options.peers)}")
