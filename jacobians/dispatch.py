"""Telling quickly that arrays have the shapes and types that a function was made for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np


def guarded(
    function: Callable[..., Any], arrays: Sequence[np.ndarray[Any, Any]], otherwise: Callable[..., Any]
) -> Callable[..., Any]:
    """`function` for plain arrays of the shapes and types of `arrays`, `otherwise` for anything else."""
    shapes, types = (tuple(getattr(array, what) for array in arrays) for what in ("shape", "dtype"))
    return _maker(len(arrays))(function, otherwise, *shapes, *types)  # type: ignore[no-any-return]


@lru_cache(maxsize=64)
def _maker(count: int) -> Callable[..., Any]:
    """What makes guards of `count` arrays: a chain of comparisons is three times as fast as a key of a dictionary."""
    arrays = [f"a{k}" for k in range(count)]
    checks = [f"type(a{k}) is plain and a{k}.shape == s{k} and a{k}.dtype is d{k}" for k in range(count)]
    wanted = [f"{letter}{k}" for letter in "sd" for k in range(count)]
    text = (
        f"def make({', '.join(['function', 'otherwise', *wanted])}):\n"
        f"    def call({', '.join(arrays)}):\n"
        f"        if {' and '.join(checks) or 'True'}:\n"
        f"            return function({', '.join(arrays)})\n"
        f"        return otherwise({', '.join(arrays)})\n"
        f"    return call\n"
    )
    namespace: dict[str, Any] = {"plain": np.ndarray}
    exec(text, namespace)  # noqa: S102 - numbered names and nothing else
    return namespace["make"]  # type: ignore[no-any-return]
