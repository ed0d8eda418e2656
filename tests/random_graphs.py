"""Random expression graphs over the whole table of functions, and the checks that each of them goes through.

A graph is a list of steps over variables and constants, drawn from a `Source`: a seeded generator (cheap) or Hypothesis
(which shrinks). It is written once against an array module, so the same graph is run by this library on expressions, by
NumPy on arrays, and by autograd or JAX for its derivatives. `python -m tests.random_graphs --seeds 0:1000` checks seeds
and prints those that fail; `--show` prints a graph.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import graph_axes  # noqa: F401 - these four fill the table
import graph_more  # noqa: F401
import graph_products  # noqa: F401
import graph_reductions  # noqa: F401
import numpy as np
from graph_libraries import OURS
from graph_operations import HIGHEST_RANK, LARGEST, OPERATIONS, Array, Operation
from helpers import below

from jacobians import Expression, tensor

LARGEST_VALUE = 12.0
VARIABLES = 3
NAMES = ("x", "W", "b", "u", "V")


class Seeded:
    """Numbers from a seed."""

    def __init__(self, seed: int | Sequence[int]) -> None:
        self.rng = np.random.default_rng(seed)

    def integer(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))


class ByHypothesis:
    """Numbers that Hypothesis draws, and shrinks; the entries of arrays come from a seed."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        from hypothesis import strategies

        self._draw, self._integers = draw, strategies.integers
        self.rng = np.random.default_rng(self.integer(0, 1000))

    def integer(self, low: int, high: int) -> int:
        return int(self._draw(self._integers(low, high)))


class Step(NamedTuple):
    """One operation on earlier results."""

    operation: Operation
    places: tuple[int, ...]
    options: dict[str, Any]


@dataclass
class Graph:
    """Leaves (variables by name, constants without one), and the steps that follow them in the list of nodes."""

    source: Any
    sizes: tuple[int, ...] = (1, 2, 3)
    ranks: tuple[int, ...] = (0, 1, 1, 2, 2, 3, 4)
    nodes: list[tuple[str | None, Array] | Step] = field(default_factory=list)
    arrays: list[Array] = field(default_factory=list)
    named: dict[int, str] = field(default_factory=dict)
    plain: bool = False

    # --- what operations draw from ---

    def integer(self, low: int, high: int) -> int:
        return int(self.source.integer(low, high))

    def flag(self) -> bool:
        return bool(self.integer(0, 1))

    def choice(self, options: Sequence[Any]) -> Any:
        return options[self.integer(0, len(options) - 1)]

    def node(self, fits: Callable[[Array], bool] = lambda array: True) -> int | None:
        """A node that fits, the last ones more often."""
        found = [k for k, array in enumerate(self.arrays) if fits(array)]
        if not found:
            return None
        if self.plain and self.integer(0, 3):
            return found[-1]
        return found[-1 - self.integer(0, min(1, len(found) - 1))] if self.integer(0, 3) else self.choice(found)

    def partner(self, shape: tuple[int, ...]) -> int:
        """A node of this shape, at hand or new."""
        found = [k for k, array in enumerate(self.arrays) if array.shape == tuple(shape)]
        return self.choice(found) if found and self.integer(0, 2) else self.leaf(shape)

    def leaf(self, shape: tuple[int, ...]) -> int:
        """A new variable, or a constant once there are enough of them."""
        count = sum(1 for node in self.nodes if not isinstance(node, Step) and node[0] is not None)
        variable = self.plain or count == 0 or (count < VARIABLES and self.flag())
        value = np.round(self.source.rng.uniform(-1.5, 1.5, size=shape), 3)
        self.nodes.append(
            (NAMES[count] if variable and count < len(NAMES) else f"x{count}" if variable else None, value)
        )
        self.arrays.append(value)
        return len(self.nodes) - 1

    # --- making one ---

    @property
    def variables(self) -> dict[str, Array]:
        return {node[0]: node[1] for node in self.nodes if not isinstance(node, Step) and node[0] is not None}

    @property
    def steps(self) -> list[Step]:
        return [node for node in self.nodes if isinstance(node, Step)]

    def apply(self, operation: Operation) -> bool:
        """Add a step of this kind, if it fits and its values are of moderate size."""
        before = len(self.nodes)
        drawn = operation.draw(self)
        if drawn is not None:
            places, options = drawn
            with np.errstate(all="ignore"):
                value = np.asarray(operation.run(OURS, *(self.arrays[k] for k in places), **options))
            small = value.ndim <= HIGHEST_RANK and 0 < value.size <= LARGEST
            if small and bool(np.all(np.isfinite(value))) and float(np.max(np.abs(value))) <= LARGEST_VALUE:
                self.nodes.append(Step(operation, tuple(places), options))
                self.arrays.append(value)
                return True
        del self.nodes[before:], self.arrays[before:]
        return False

    def finish(self) -> None:
        """Join what no step uses, so that nothing was drawn in vain."""
        used = {place for step in self.steps for place in step.places}
        loose = [k for k, node in enumerate(self.nodes[:-1]) if isinstance(node, Step) and k not in used]
        for place in loose:
            last = len(self.nodes) - 1
            for operation, places, options in (
                (OPERATIONS["sin"], (place,), {}),
                (OPERATIONS["sum"], (len(self.nodes),), {"axis": None, "keepdims": False}),
                (OPERATIONS["add sign"], (last, len(self.nodes) + 1), {}),
            ):
                self.nodes.append(Step(operation, places, options))
                self.arrays.append(np.asarray(operation.run(OURS, *(self.arrays[k] for k in places), **options)))

    def run(self, xp: Any, variables: dict[str, Any]) -> Any:
        """The result, with the functions of `xp`."""
        values: list[Any] = []
        for place, node in enumerate(self.nodes):
            if isinstance(node, Step):
                value = node.operation.run(xp, *(values[k] for k in node.places), **node.options)
                values.append(xp.named(value, self.named[place]) if place in self.named else value)
            else:
                name, array = node
                values.append(array if name is None else variables[name])
        return values[-1]

    def expression(self) -> Expression:
        result: Expression = self.run(
            OURS, {name: tensor(name, *value.shape) for name, value in self.variables.items()}
        )
        return result

    def __str__(self) -> str:
        lines = []
        for place, node in enumerate(self.nodes):
            if isinstance(node, Step):
                arguments = [f"v{k}" for k in node.places] + [f"{key}={value!r}" for key, value in node.options.items()]
                text = f"{node.operation.name}({', '.join(arguments)})" + (
                    f" named {self.named.get(place)}" if place in self.named else ""
                )
            else:
                text = f"{node[0] or 'constant'} = {node[1].tolist()}"
            lines.append(f"v{place} = {text}  # {self.arrays[place].shape}")
        return "\n".join(lines)


def draw_graph(source: Any, operations: Sequence[Operation] | None = None, longest: int = 14, **options: Any) -> Graph:
    """A graph of some steps; each operation of the table is as likely as any other, where it fits."""
    table = list(OPERATIONS.values()) if operations is None else list(operations)
    graph = Graph(source, **options)
    for _ in range(graph.integer(1, 2)):
        graph.leaf(tuple(graph.choice(graph.sizes) for _ in range(graph.choice(graph.ranks))))
    for _ in range(graph.integer(2, longest)):
        for _ in range(4):
            if graph.apply(graph.choice(table)):
                break
        if graph.integer(0, 5) == 0 and isinstance(graph.nodes[-1], Step):
            graph.named[len(graph.nodes) - 1] = f"z{len(graph.nodes)}"
    if not graph.steps:
        graph.apply(OPERATIONS["sin"])
    if not graph.plain:
        graph.finish()
    return graph


class RandomExpression(NamedTuple):
    """An expression of `variables`, with `values` for them, and the `graph` it came from."""

    expression: Expression
    variables: dict[str, Any]
    values: dict[str, Array]
    graph: Graph


def random_expression(seed: int, matrix_calculus: bool = False, longest: int = 7) -> RandomExpression:
    """A random expression; with `matrix_calculus` one of scalars, vectors and matrices that the notes' notation has.

    Such a one has no constant array, nothing in it broadcasts but scalars, and sizes start as 2, 3 and 5. `variables`
    and `values` are those that the expression depends on.
    """
    table = [operation for operation in OPERATIONS.values() if operation.matrix]
    for attempt in itertools.count():
        source = Seeded([seed, attempt])
        if matrix_calculus:
            graph = draw_graph(source, table, longest, sizes=(2, 3, 5), ranks=(0, 1, 1, 2, 2), plain=True)
        else:
            graph = draw_graph(source, longest=longest)
        variables = {name: tensor(name, *value.shape) for name, value in graph.variables.items()}
        expression = graph.run(OURS, variables)
        if not isinstance(expression, Expression):  # of constants alone
            continue
        used = {node.name for node in below(expression)}
        variables = {name: one for name, one in variables.items() if name in used}
        if variables:
            break
    return RandomExpression(expression, variables, {name: graph.variables[name] for name in variables}, graph)


# --- the command ---


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.random_graphs", description=__doc__)
    parser.add_argument("--seeds", default="0:100", metavar="FROM:TO")
    parser.add_argument("--against", choices=("autograd", "jax"), default="autograd")
    parser.add_argument("--show", action="store_true", help="print each graph")
    options = parser.parse_args(arguments)
    from graph_checks import autograd_oracle, check_seed, jax_oracle

    start, _, stop = options.seeds.partition(":")
    oracle = jax_oracle() if options.against == "jax" else autograd_oracle()
    failed: list[int] = []
    operations: Counter[str] = Counter()
    began = time.perf_counter()
    seeds = range(int(start), int(stop or int(start) + 1))
    for seed in seeds:
        try:
            if options.show:
                print(draw_graph(Seeded(seed)))
            operations.update(step.operation.name for step in check_seed(seed, oracle).steps)
        except Exception:
            failed.append(seed)
            print(f"--- seed {seed}\n{draw_graph(Seeded(seed))}\n{traceback.format_exc(limit=-3)}", flush=True)
    seconds = time.perf_counter() - began
    print(f"{len(seeds)} graphs in {seconds:.0f} s against {options.against}; failed: {failed or 'none'}")
    print("steps:", ", ".join(f"{name} {count}" for name, count in sorted(operations.items())))
    missing = sorted(set(OPERATIONS) - set(operations))
    print("not drawn:", ", ".join(missing) or "nothing")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
