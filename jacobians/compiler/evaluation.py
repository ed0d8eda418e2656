"""Evaluating: values for names in, arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..chain_rule.contraction_orders import check_order
from ..expressions.nodes import Array, Expression, as_expression
from .binding import bind_values, name_table, needed_names, require
from .planning import HasChain, plan, program_of


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
    program = plan(jacobians, order, binding.sizes, binding.given, dtypes=binding.dtypes)
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
    program = program_of(nodes, binding.sizes, binding.given, what=what, dtypes=binding.dtypes)
    return list(program.run(binding.arrays))
