"""The walk over a graph: every node once, what it is computed from first; and substitution, which is such a walk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter

from .nodes import Expression

#: What a node is computed from.
Inputs = Callable[[Expression], Iterable[Expression]]

children: Inputs = attrgetter("children")


def walk(roots: Iterable[Expression], inputs: Inputs = children) -> list[Expression]:
    """Every node below `roots`, each once and after its inputs, from left to right.

    `inputs` says what a node is computed from, where that is not its children: nothing, for a node that is given. The
    walk keeps its own stack, so that a graph may be deeper than Python's recursion limit.

    >>> from jacobians import vector
    >>> x, y = vector("x", 2), vector("y", 2)
    >>> walk([y * x + y])
    [y, x, y ⊙ x, y ⊙ x + y]
    """
    order: list[Expression] = []
    seen: set[int] = set()
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node.serial not in seen:
            seen.add(node.serial)
            stack.append((node, True))
            stack += [(below, False) for below in reversed(list(inputs(node))) if below.serial not in seen]
    return order


def substituted(root: Expression, replacements: Mapping[Expression, Expression]) -> Expression:
    """`root` with other expressions, of the same shapes, in the place of some of those it is computed from.

    >>> from jacobians import vector
    >>> x, y, z = vector("x", 2), vector("y", 2), vector("z", 2)
    >>> substituted(x * y + y, {y: z})
    x ⊙ z + z
    """
    made = {old.serial: new for old, new in replacements.items()}
    for node in walk([root], lambda node: () if node.serial in made else node.children):
        if node.serial not in made:
            made[node.serial] = node.with_children(lambda child: made[child.serial])
    return made[root.serial]
