"""What each transform forms of a traced function: Jacobians and expressions in the containers of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..chain_rule.accumulation import accumulate_forward
from ..errors import ShapeError
from ..expressions.nodes import EinsumSum, EinsumTerm, Expression, scalar
from ..functions.indexing import concatenate, flat_size, reshape
from ..functions.operators import add, multiply, sum_axes, zeros
from .jacobian_tensor import Jacobian, derivative
from .outcomes import Laid
from .pytrees import LEAF, Structure, Tree, flatten, map_tree


def jacobians_of(output: Tree, arguments: Sequence[Tree], single: bool, layout: str) -> Tree:
    """∂output/∂argument for every leaf of the output, and in it for every leaf of the arguments."""
    variables = _variables(arguments)

    def one(y: Expression) -> Tree:
        found = _derivatives(y, variables)
        return _by_argument(arguments, single, lambda x: Laid(found[x.serial], layout))

    return map_tree(lambda y, _: one(y), output, "")


def gradient_of(y: Expression, arguments: Sequence[Tree], single: bool) -> Tree:
    """∇y for every leaf of the arguments, in its shape."""
    found = _derivatives(y, _variables(arguments))
    return _by_argument(arguments, single, lambda x: Laid(found[x.serial], "ad"))


def hessian_of(output: Tree, arguments: Sequence[Tree], single: bool, layout: str) -> Tree:
    """∂(∂output/∂x)/∂x′ for every pair of leaves of the arguments."""
    variables = _variables(arguments)

    def one(y: Expression) -> Tree:
        firsts = _derivatives(y, variables)
        seconds = {serial: _derivatives(first, variables) for serial, first in firsts.items()}
        return _by_argument(
            arguments,
            single,
            lambda x: _by_argument(arguments, single, lambda again: Laid(seconds[x.serial][again.serial], layout)),
        )

    return map_tree(lambda y, _: one(y), output, "")


def hessian_matrix(y: Expression, arguments: Sequence[Tree]) -> Expression:
    """The Hessian as one matrix, over the entries of all leaves, each in C order, one after another.

    Blocks that vanish are zeros of the structure.
    """
    variables = _variables(arguments)
    rows = []
    for x, first in zip(variables, _derivatives(y, variables).values(), strict=True):
        seconds = _derivatives(first, variables)
        blocks = [
            reshape(Laid(seconds[again.serial], "ad").expression, (flat_size(x), flat_size(again)))
            for again in variables
        ]
        rows.append(concatenate(blocks, 1))
    return concatenate(rows, 0)


def pulled_back(outputs: Sequence[Expression], cotangents: Sequence[Expression], arguments: Sequence[Tree]) -> Tree:
    """Σ cotangent · ∂output/∂x for every leaf x of the arguments, by one pass backward; None for a constant."""
    total = add(zeros(()), *(sum_axes(multiply(y, v)) for y, v in zip(outputs, cotangents, strict=True)))
    found = _derivatives(total, [leaf for leaf in _leaves(arguments) if isinstance(leaf, Expression)])
    return tuple(
        map_tree(lambda x, _: Laid(found[x.serial], "ad") if isinstance(x, Expression) else None, tree, "")
        for tree in arguments
    )


def pushed_forward(output: Tree, pairs: Sequence[tuple[Expression, Expression]]) -> Tree:
    """The output, and Σ ∂output/∂x · v over pairs of a variable and its tangent, by one pass from the inputs up."""
    seeds = [(x, [EinsumTerm(1.0, (v,), (axes := tuple(range(x.ndim)),), axes, x.shape)]) for x, v in pairs]

    def pushed(y: Expression) -> Expression:
        return EinsumSum.of(accumulate_forward(y, seeds, scalar("tangent")), y.shape)

    return output, map_tree(lambda y, _: pushed(y), output, "")


def scalar_output(outputs: Sequence[Expression], structure: Structure, what: str, other: str) -> Expression:
    """The only output, which has no axis."""
    if structure != LEAF:
        kind = structure.kind.__name__ if structure.kind else ""
        raise ShapeError(f"{what}: f gives a {kind}, and a scalar is needed; {other} takes any result")
    (y,) = outputs
    if y.shape:
        raise ShapeError(f"{what}: f gives shape {y.shape}, and a scalar is needed; {other} takes any result")
    return y


def _leaves(trees: Sequence[Tree]) -> list[Any]:
    return flatten(tuple(trees))[0]


def _variables(arguments: Sequence[Tree]) -> list[Expression]:
    found: list[Expression] = _leaves(arguments)
    return found


def _by_argument(arguments: Sequence[Tree], single: bool, one: Callable[[Any], Any]) -> Tree:
    """`one(variable)` for every leaf of the chosen arguments, in their containers."""
    trees = [map_tree(lambda leaf, _: one(leaf), tree, "") for tree in arguments]
    return trees[0] if single else tuple(trees)


def _derivatives(y: Any, variables: Sequence[Expression]) -> dict[int, Jacobian]:
    """∂y/∂x for several x, sharing intermediates, by their serial numbers."""
    found: list[Jacobian] = derivative(y, list(variables)) if variables else []
    return {x.serial: one for x, one in zip(variables, found, strict=True)}
