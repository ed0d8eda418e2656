"""Which colour every size has: by what its axis is in the graph, the same in every picture and page of that graph."""

from __future__ import annotations

from collections.abc import Iterable

from ...expressions.nodes import Constant, Expression, Variable
from ...expressions.walks import walk
from .palette import assign
from .scene import hue


def hues_of(roots: Iterable[Expression]) -> dict[str, int]:
    """The number of the hue of every size below `roots`.

    The input is the last axis of a variable x, the output that of the target t, the batch their first axis if they
    have two: those are the names in `networks`.
    """
    nodes = walk(roots)
    variables = {node.name: node for node in nodes if isinstance(node, Variable)}
    roles: dict[str, str] = {}
    for name, role in (("x", "input"), ("t", "output")):
        shape = variables[name].shape if name in variables else ()
        for size, what in [*((size, role) for size in shape[-1:]), *((size, "batch") for size in shape[:-1][:1])]:
            if what not in roles.values():
                roles.setdefault(hue(size), what)
    sizes = (hue(size) for node in nodes if not isinstance(node, Constant) for size in node.shape if size != 1)
    return assign(sizes, roles)
