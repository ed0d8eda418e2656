"""Containers of arrays: nested tuples, named tuples, lists and dictionaries, as the arguments and results of functions.

A tree is such a container, or a leaf by itself. None is a container of nothing, as in JAX. Two trees are put side by
side by their keys, never by the order in which those were written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..expressions.array_protocol import Writable
from ..expressions.nodes import Expression

Tree = Any  # nested tuples, lists and dictionaries of leaves


def is_leaf(value: object) -> bool:
    """Whether a value is something to differentiate with respect to: an array, a float, or an expression."""
    return isinstance(value, (np.ndarray, float, np.floating, Expression, Writable))


@dataclass(frozen=True)
class Structure:
    """A tree without its leaves: the type of the container, its keys, and the structures of what is in it.

    `kind` is None for a leaf; `extra` is what the constructor needs beside the parts.
    """

    kind: type | None
    keys: tuple[Any, ...] = ()
    parts: tuple[Structure, ...] = ()
    extra: Any = None

    def filled(self, values: Iterator[Any]) -> Tree:
        """The tree with the next of `values` for each leaf."""
        if self.kind is None:
            return next(values)
        parts = [part.filled(values) for part in self.parts]
        if issubclass(self.kind, dict):
            items = zip(self.keys, parts, strict=True)
            return defaultdict(self.extra, items) if self.kind is defaultdict else self.kind(items)
        if issubclass(self.kind, tuple) and hasattr(self.kind, "_fields"):
            return self.kind(*parts)
        return self.kind(parts) if issubclass(self.kind, (tuple, list)) else None


LEAF = Structure(None)


def flatten(tree: Tree) -> tuple[list[Any], Structure]:
    """The leaves of a tree, in order, and what is left of it without them."""
    if not isinstance(tree, (tuple, list, dict)) and tree is not None:
        return [tree], LEAF
    found: list[Any] = []
    parts = []
    for _, part in _items(tree):
        below, structure = flatten(part)
        found += below
        parts.append(structure)
    keys = tuple(key for key, _ in _items(tree))
    extra = tree.default_factory if isinstance(tree, defaultdict) else None
    return found, Structure(type(tree), keys, tuple(parts), extra)


def _items(tree: Tree) -> list[tuple[Any, Any]]:
    """The parts of a container by their keys: those of a dictionary, the names of a named tuple's fields, places."""
    if tree is None:
        return []
    if isinstance(tree, dict):
        return list(tree.items())
    return list(zip(getattr(tree, "_fields", range(len(tree))), tree, strict=True))


def leaves(tree: Tree) -> Iterator[Any]:
    """The leaves, in order."""
    yield from flatten(tree)[0]


def map_tree(function: Callable[[Any, str], Any], tree: Tree, name: str) -> Tree:
    """`function(leaf, name)` for every leaf; a leaf of a container is called by its place in it: `p_layers_0`."""
    found, structure = flatten(tree)
    return structure.filled(map(function, found, labels(structure, name)))


def labels(structure: Structure, name: str) -> Iterator[str]:
    """The names of the leaves: that of the tree, and the keys on the way to the leaf."""
    if structure.kind is None:
        yield name
    for key, part in zip(structure.keys, structure.parts, strict=True):
        yield from labels(part, f"{name}_{key}")


def aligned(like: Structure, tree: Tree, what: str, place: str = "") -> list[Any]:
    """The leaves of `tree` in the order of the leaves of `like`, matched by key.

    Raises `ShapeError` where the keys or the kinds of container differ, and names them. `what` is what the tree is, as
    in "jvp: the tangent of argument 0".
    """
    if like.kind is None:
        return [tree]
    here = f"{what}{place}"
    if like.kind is type(None) or tree is None:
        if (like.kind is type(None)) is not (tree is None):
            raise ShapeError(f"{here}: expected {_described(like)}, got {type(tree).__name__}")
        return []
    if not isinstance(tree, (tuple, list, dict)) or issubclass(like.kind, dict) is not isinstance(tree, dict):
        raise ShapeError(f"{here}: expected {_described(like)}, got {type(tree).__name__}")
    parts = dict(_items(tree))
    if not hasattr(like.kind, "_fields") and not isinstance(tree, dict):
        parts = dict(enumerate(tree))
    if set(parts) != set(like.keys):
        missing = [key for key in like.keys if key not in parts]
        unknown = [key for key in parts if key not in like.keys]
        differences = [
            f"{name} {', '.join(map(repr, keys))}"
            for name, keys in (("missing", missing), ("not there", unknown))
            if keys
        ]
        if isinstance(tree, dict) or hasattr(tree, "_fields"):
            raise ShapeError(f"{here}: other keys than {_described(like)}: {'; '.join(differences)}")
        raise ShapeError(f"{here}: expected {_described(like)}, got {len(parts)} of them")
    return [
        leaf
        for key, part in zip(like.keys, like.parts, strict=True)
        for leaf in aligned(part, parts[key], what, f"{place}[{key!r}]")
    ]


def _described(like: Structure) -> str:
    if like.kind is type(None):
        return "None"
    assert like.kind is not None
    if issubclass(like.kind, dict) or hasattr(like.kind, "_fields"):
        return f"a {like.kind.__name__} with {', '.join(map(repr, like.keys))}"
    return f"a {like.kind.__name__} of {len(like.keys)}"
