"""The value of one node from the values of its children: what a traced function asks for when it branches.

A node is seen apart from its graph, with placeholders for its children. Nodes of one kind and shape are then one, and a
loop whose steps repeat compiles each kind of step once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..compiler.compiling import compile as compile_expressions
from ..expressions.index_maps import IndexMap
from ..expressions.nodes import Constant, Elementwise, Expression, Function, Named, Variable
from ..functions.elementwise import numpy_function


def value_of_node(node: Expression, known: Callable[[Expression], Any]) -> Any:
    """The value of `node`, where `known` gives those of its children."""
    if isinstance(node, Named):
        return known(node.body)
    if isinstance(node, Elementwise) and isinstance(node.function, Function):
        return numpy_function(node.function, len(node.args))(*map(known, node.args))
    if isinstance(node, IndexMap):
        return 0.0  # part of its parent
    children = [child for child in node.children if not isinstance(child, (IndexMap, Constant))]
    places = {child.serial: _placeholder(k, child) for k, child in enumerate(children)}
    alone = node.with_children(lambda child: places.get(child.serial, child))
    return _function(alone, tuple(places.values()))(*map(known, children))


def _placeholder(place: int, child: Expression) -> Variable:
    return Variable.private(f"a{place}", child.shape, ("placeholder", place))


@lru_cache(maxsize=2048)
def _function(node: Expression, arguments: tuple[Variable, ...]) -> Callable[..., Any]:
    compiled = compile_expressions(node, list(arguments), order="reverse")
    return compiled.program({}).function
