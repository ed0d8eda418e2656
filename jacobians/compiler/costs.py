"""Costs of derivatives, counted exactly before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..chain_rule.chains import Chain
from ..chain_rule.contraction_orders import ORDERS, check_order
from ..errors import ShapeError, UnsupportedError
from ..expressions.display import Displayed
from ..shapes.columns import aligned
from ..shapes.formatting import shown_value
from ..shapes.sizes import symbols_of
from .binding import bind_sizes
from .planning import HasChain, plan
from .program import Step


@dataclass(frozen=True)
class Cost(Displayed):
    """What an evaluation takes, exactly.

    `multiplications` are those of contractions and of products with σ′ (forward values are not counted);
    `peak_elements` is the number of entries of the largest array that is formed, materialised factors and the result
    included; `steps` are the lines carried out; `order` is the order that runs (for "optimal", the one chosen; for an
    order of elimination its names).

    >>> from jacobians import derivative, matrix, tanh, vector
    >>> W, x = matrix("W", 3, 5), vector("x", 5)
    >>> derivative(tanh(W @ x), W).cost().multiplications
    15
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


def cost(
    jacobians: Sequence[HasChain], sizes: Mapping[str, int] | None = None, order: str | Sequence[str] = "reverse"
) -> Cost:
    """The joint cost of several Jacobians, intermediates shared, for symbols bound by `sizes`.

    `order` is one of "reverse", "forward", "minimal-fill", "optimal", "dense", or a list of names of expressions in the
    order in which to eliminate them. Raises `ShapeError` for a symbol without a value,
    `UnsupportedError` for what is not a list of Jacobians.

    >>> from jacobians import derivative, matrix, tanh, vector
    >>> W, x = matrix("W", "n", "d"), vector("x", "d")
    >>> cost(derivative(tanh(W @ x), [W, x]), {"n": 3, "d": 5}).multiplications
    30
    """
    order = check_order(order)
    if not isinstance(jacobians, (list, tuple)):
        raise UnsupportedError(
            f"cost takes a list of Jacobians, got {type(jacobians).__name__}; one has its own .cost()"
        )
    for one in jacobians:
        if not isinstance(getattr(one, "chain", None), Chain):
            raise UnsupportedError(f"cost takes a list of Jacobians, and {shown_value(one)} is not one")
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
        return "\n".join(aligned(rows, right={1, 2, 3}))


def costs(jacobians: Sequence[HasChain], sizes: Mapping[str, int] | None = None) -> Costs:
    """The joint cost of several Jacobians in every order, before anything runs; see `cost`."""
    return Costs({order: cost(jacobians, sizes, order) for order in ORDERS})
