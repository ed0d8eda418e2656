"""Evaluating and counting: programs for one derivative or several together, in the order that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Protocol

from ..chain_rule.chains import Chain
from ..chain_rule.contraction_orders import ORDERS, Order, check_order
from ..errors import ShapeError, UnsupportedError
from ..expressions.display import Displayed
from ..expressions.nodes import Array, Expression, as_expression
from ..expressions.places import check_places
from ..expressions.walks import walk
from ..shapes.sizes import bind_size, symbols_of
from .binding import bind_sizes, bind_values, name_table, needed_names, require
from .program import Program, Signature
from .statements import Step


class HasChain(Protocol):
    """A `Jacobian`, seen from below."""

    @property
    def chain(self) -> Chain: ...


@dataclass(frozen=True)
class Cost(Displayed):
    """What an evaluation takes, exactly.

    `multiplications` are those of contractions and of products with σ′ (forward values are not counted);
    `peak_elements` is the number of entries of the largest array that is formed, materialised factors and the result
    included; `steps` are the lines carried out; `order` is the order that runs (for "optimal", the one chosen; for an
    order of elimination its names).
    """

    multiplications: int
    peak_elements: int
    steps: tuple[Step, ...]
    order: str

    def __repr__(self) -> str:
        steps = "step" if len(self.steps) == 1 else "steps"
        return (
            f"{self.multiplications:,} multiplications in {len(self.steps)} {steps}, "
            f"largest array {self.peak_elements:,}, order {self.order}"
        )


def plan(
    items: Sequence[HasChain | Expression],
    order: Order,
    sizes: Mapping[str, int],
    given: frozenset[str] = frozenset(),
    signature: Signature = Signature(),  # noqa: B008 - immutable
    in_place: bool = False,
) -> Program:
    """The program that evaluates Jacobians, in `order`, and expressions together; what they share is computed once.

    `in_place` lets large results go into arrays that nobody reads any more, which needs all values to be float64.
    """
    chains = [item.chain for item in items if not isinstance(item, Expression)]
    # an entry that does not exist is an error in the value, even where its derivative vanishes
    check_places(walk(chain.numerator for chain in chains), sizes)

    def described() -> tuple[str, str]:
        """What is formed, and advice; only an error asks."""
        largest = max(chains, key=lambda one: len(one.shape), default=None)
        advice = (
            f"Instead, multiply {largest.symbol if largest else ''} from the left by what it is contracted with (∂ℓ/∂y "
            "@ ∂y/∂x costs what backpropagation costs), or read .matrix_notation(), .einsum and .cost()"
        )
        if order not in ("reverse", "optimal"):
            advice = f'The order "{_called(order)}" forms it: try order="reverse" or "optimal". {advice}'
        return "evaluating " + ", ".join(chain.symbol for chain in chains), advice

    def program(roots: Sequence[Expression], inner: str, called: str, fuse: bool = False) -> Program:
        counted = frozenset(
            root.serial for root, item in zip(roots, items, strict=True) if not isinstance(item, Expression)
        )
        return Program(roots, sizes, inner, given, counted, described, called, signature, fuse, in_place)

    def improved(best: Program) -> Program:
        """The same with what is read once multiplied out, where that is cheaper, or shorter for the same cost."""
        if len(best.steps) > FUSED:
            return best
        other = program(best.roots, "optimal", best.order_name, fuse=True)
        return min(best, other, key=lambda one: (one.multiplications, one.all_multiplications, len(one.steps)))

    def root(item: HasChain | Expression, kind: Order) -> Expression:
        return item if isinstance(item, Expression) else item.chain.root(kind, sizes)

    def nested(kind: Order) -> Program:
        inner = {"reverse": "reverse", "dense": "reverse", "forward": "forward"}.get(_called(kind), "optimal")
        return program([root(item, kind) for item in items], inner, _called(kind))

    if not chains:
        roots = [root(item, "") for item in items]
        if order != "optimal":
            return program(roots, "reverse", _called(order))
        return improved(program(roots, "optimal", "optimal"))
    if order != "optimal":
        return nested(order)
    candidates = [nested("reverse")]
    if _too_many_to_try(chains):
        if _elements(chains, "numerator", sizes) <= _elements(chains, "denominator", sizes):
            return improved(candidates[0])
        candidates.append(nested("forward"))
        return improved(min(candidates, key=lambda one: one.multiplications))
    candidates.append(nested("forward"))
    if any(chain.worth_eliminating for chain in chains):
        candidates.append(nested("minimal-fill"))
    if any(chain.searchable for chain in chains):
        roots = []
        for item in items:
            searchable = not isinstance(item, Expression) and item.chain.searchable
            own = [root(item, kind) for kind in ("reverse", "flat") if kind == "reverse" or searchable]
            roots.append(min(own, key=lambda one: Program([one], sizes, "optimal").all_multiplications))
        candidates.append(program(roots, "optimal", "searched"))
    return improved(min(candidates, key=lambda one: one.multiplications))


#: Programs of more lines than that are not looked through for what is read once.
FUSED = 200
#: Several derivatives of a graph are tried in every order while derivatives times nodes are at most so many.
TRIED = 400


def _too_many_to_try(chains: Sequence[Chain]) -> bool:
    """Whether each order by itself would take a pass over a deep graph for every derivative, as reverse does not."""
    return len(chains) > 1 and len(chains) * len(walk(chain.numerator for chain in chains)) > TRIED


def _elements(chains: Sequence[Chain], end: str, sizes: Mapping[str, int]) -> int:
    """The entries of all numerators, or of all denominators, each counted once."""
    nodes = {node.serial: node for node in (getattr(chain, end) for chain in chains)}
    return sum(prod(bind_size(size, sizes) for size in node.shape) for node in nodes.values())


def _called(order: Order) -> str:
    return order if isinstance(order, str) else ", ".join(order)


def cost(
    jacobians: Sequence[HasChain], sizes: Mapping[str, int] | None = None, order: str | Sequence[str] = "reverse"
) -> Cost:
    """The joint cost of several Jacobians, intermediates shared, for symbols bound by `sizes`.

    `order` is one of "reverse", "forward", "minimal-fill", "optimal", "dense", or a list of names of expressions in the
    order in which to eliminate them. Raises `ShapeError` for a symbol without a value.
    """
    order = check_order(order)
    if not isinstance(jacobians, (list, tuple)):
        raise UnsupportedError(
            f"cost takes a list of Jacobians, got {type(jacobians).__name__}; one has its own .cost()"
        )
    bound = bind_sizes(sizes)
    for one in (jacobian.chain for jacobian in jacobians):
        for size in one.shape:
            missing = [symbol for symbol in symbols_of(size) if symbol not in bound]
            if missing:
                raise ShapeError(
                    f"the cost of {one.symbol} depends on size {missing[0]!r}: pass sizes={{{missing[0]!r}: …}}"
                )
    program = plan(jacobians, order, bound)
    steps = tuple(step for step in program.steps if step.derivative)
    return Cost(program.multiplications, program.peak_elements, steps, program.order_name)


class Costs(Displayed, dict[str, Cost]):
    """The cost of every order, by its name; prints as a table, cheapest first."""

    def __repr__(self) -> str:
        rows = [("order", "multiplications", "largest array", "steps")]
        for name, one in sorted(self.items(), key=lambda entry: entry[1].multiplications):
            ran = f"{name} ({one.order})" if one.order != name else name
            rows.append((ran, f"{one.multiplications:,}", f"{one.peak_elements:,}", str(len(one.steps))))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(
                [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
            )
            for row in rows
        )


def costs(jacobians: Sequence[HasChain], sizes: Mapping[str, int] | None = None) -> Costs:
    """The joint cost of several Jacobians in every order, before anything runs; see `cost`."""
    return Costs({order: cost(jacobians, sizes, order) for order in ORDERS})


def evaluate_together(
    jacobians: Sequence[HasChain],
    values: Mapping[str, Any],
    order: str | Sequence[str] = "reverse",
    sizes: Mapping[str, int] | None = None,
) -> list[Array]:
    """The dense arrays of several Jacobians in numerator layout; what they share is computed once."""
    order = check_order(order)
    table = name_table(point for one in jacobians for path in one.chain.paths for point in path)
    binding = bind_values(values, table, sizes)
    what = "evaluating " + ", ".join(one.chain.symbol for one in jacobians)
    require(needed_names((one.chain.needed(order) for one in jacobians), binding.given), binding, table, what)
    program = plan(jacobians, order, binding.sizes, binding.given)
    return list(program.run(binding.arrays))


def evaluate(expression: Any, values: Mapping[str, Any], sizes: Mapping[str, int] | None = None) -> Array:
    """The value of an expression, with arrays by name; the checks and errors are those of `Jacobian.evaluate`.

    >>> from jacobians import vector
    >>> evaluate(2 * vector("x", "d"), {"x": [1.0, 2.0]}).tolist()
    [2.0, 4.0]
    """
    return evaluate_all([expression], values, sizes)[0]


def evaluate_all(
    expressions: Sequence[Any],
    values: Mapping[str, Any],
    sizes: Mapping[str, int] | None = None,
    within: Sequence[Expression] = (),
) -> list[Array]:
    """The values of several expressions; what they share is computed once.

    Values may be given for the names below the expressions, and below those that they are `within`.
    """
    nodes = [as_expression(expression) for expression in expressions]
    table = name_table([*nodes, *within])
    binding = bind_values(values, table, sizes)
    what = "evaluating " + (nodes[0].name or "the expression")
    require(needed_names(nodes, binding.given), binding, table, what)
    program = Program(nodes, binding.sizes, "reverse", binding.given, described=lambda: (what, ""))
    return list(program.run(binding.arrays))
