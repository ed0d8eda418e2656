"""Nested tuples, lists and dictionaries of arrays: the arguments and the results of functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..expressions.nodes import Expression

Tree = Any  # nested tuples, lists and dictionaries of leaves


def is_leaf(value: object) -> bool:
    """Whether a value is something to differentiate by: an array, a floating-point number, or an expression."""
    return isinstance(value, (np.ndarray, float, np.floating, Expression))


def map_tree(function: Callable[[Any, str], Any], tree: Tree, name: str) -> Tree:
    """`function(leaf, name)` for every leaf; a leaf of a container is called by its place in it."""
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(map_tree(function, one, f"{name}_{k}") for k, one in zip(tree._fields, tree, strict=True)))
    if isinstance(tree, (tuple, list)):
        return type(tree)(map_tree(function, one, f"{name}_{k}") for k, one in enumerate(tree))
    if isinstance(tree, dict):
        return {key: map_tree(function, one, f"{name}_{key}") for key, one in tree.items()}
    return function(tree, name)


def leaves(tree: Tree) -> Iterator[Any]:
    """The leaves, in order."""
    if isinstance(tree, (tuple, list)):
        for one in tree:
            yield from leaves(one)
    elif isinstance(tree, dict):
        for one in tree.values():
            yield from leaves(one)
    else:
        yield tree


def signature_of(tree: Tree) -> object:
    """What a compiled function depends on: the shapes of leaves, and the values of everything else."""
    if isinstance(tree, np.ndarray):
        return tree.shape
    if isinstance(tree, (tuple, list)):
        return (type(tree), *(signature_of(one) for one in tree))
    if isinstance(tree, dict):
        return tuple((key, signature_of(one)) for key, one in tree.items())
    return float if isinstance(tree, (float, np.floating)) else (type(tree), tree)
