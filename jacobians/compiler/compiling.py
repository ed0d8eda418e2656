"""`compile`: expressions and Jacobians as one Python function of arrays, with source that can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..chain_rule.chains import Chain
from ..chain_rule.contraction_orders import check_order
from ..errors import NamingError
from ..expressions.nodes import Expression, Variable, as_expression
from ..expressions.walks import walk
from ..shapes.arguments import listed as members
from ..shapes.formatting import shown_value
from ..shapes.names import check_name, normalise
from .binding import bind_sizes
from .compiled import Compiled, points_of
from .program import Signature
from .targets import CompiledFor


def _met(roots: Sequence[Expression]) -> list[Variable]:
    """The variables in the order in which a walk from left to right meets them."""
    found: list[Variable] = []
    seen: set[int] = set()
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        if node.serial not in seen:
            seen.add(node.serial)
            if isinstance(node, Variable):
                found.append(node)
            stack.extend(reversed(node.children))
    return found


def _name(argument: Any) -> str:
    name = argument.name if isinstance(argument, Expression) else argument
    if not isinstance(name, str):
        raise NamingError(
            f"compile: variables are names, variables or named expressions, got {shown_value(argument)}; .named('z') "
            "gives an expression a name"
        )
    return name


def compile(  # noqa: A001 - the name is the field's
    items: Any,
    variables: Sequence[Any] | None = None,
    order: str | Sequence[str] = "optimal",
    sizes: Mapping[str, int] | None = None,
    name: str = "program",
    target: str = "numpy",
) -> Compiled:
    """Expressions and Jacobians as one function of arrays; common parts are computed once.

    `items` is an expression or a Jacobian, or a list of them; `variables` gives the order of the arguments, as names or
    variables (default: those that are needed, in the order in which they are met from left to right). `target` is the
    library whose arrays the function takes and gives: "numpy", "jax" or "torch"; `.source` is in its words, and the
    function traces under `jax.jit`, `torch.func` and the like. Raises `NamingError` if a variable that is needed is
    not among `variables`, `OptionError` for an unknown target.

    >>> import numpy as np
    >>> from jacobians import derivative, vector
    >>> x = vector("x", 3)
    >>> f = compile(derivative(x @ x, x))
    >>> f(np.array([1.0, 2.0, 3.0])).tolist()
    [2.0, 4.0, 6.0]
    """
    order = check_order(order)
    check_name(name, "a function")
    single = not isinstance(items, (list, tuple))
    listed: list[Any] = [items] if single else list(items)
    wanted = [item if isinstance(getattr(item, "chain", None), Chain) else as_expression(item) for item in listed]
    needed = walk(item if isinstance(item, Expression) else item.chain.needed("reverse") for item in wanted)
    found = [node.name for node in needed if isinstance(node, Variable)]
    if variables is None:
        names = [normalise(one.name) for one in _met(points_of(wanted)) if one.name in found]
    else:
        variables = members(variables, "compile: variables is a list of names or variables, such as ['x', 'A']")
        names = [normalise(_name(one)) for one in variables]
        repeated = [name for name, count in Counter(names).items() if count > 1]
        if repeated:
            raise NamingError(f"compile: {repeated[0]!r} stands twice among the variables")
        missing = [one for one in found if normalise(one) not in names]
        if missing:
            raise NamingError(f"compile: the expressions need {missing[0]!r}, which is not among {', '.join(names)}")
    # an argument that nothing is computed from is checked all the same
    arguments = [one for one in variables or () if isinstance(one, Expression)]
    parts = (wanted, order, bind_sizes(sizes), Signature(name, tuple(names), single), arguments)
    if target != "numpy":
        return CompiledFor(*parts, target)
    return Compiled(*parts)
