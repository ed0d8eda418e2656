"""Facts about variables: symmetric, positive definite, a probability vector, …; how one is drawn, and whether it holds.

Several facts are joined by +: `A:n,n:symmetric+positive_definite`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DataError, OptionError, ShapeError
from .sizes import Shape, show_shape

Array = np.ndarray[Any, Any]
#: How closely a fact must hold, relative to the largest entry.
RELATIVE = 1e-8


@dataclass(frozen=True)
class Fact:
    """A fact: the numbers of axes that it is about, and `near`, which makes an array into one of which it holds.

    `near` of an array of which it holds already is that array, up to rounding. `square` matrices have as many rows as
    columns.
    """

    words: str
    ranks: tuple[int, ...]
    near: Callable[[Array], Array]
    square: bool = False


def _orthogonal(a: Array) -> Array:
    """The nearest matrix with orthonormal columns, or rows where it has fewer of them."""
    u, _, v = np.linalg.svd(a, full_matrices=False)
    return np.asarray(u @ v)


def _idempotent(a: Array) -> Array:
    """A projection whose range is spanned by half of the columns; an orthogonal one where `a` is symmetric."""
    if np.allclose(a @ a, a, rtol=0.0, atol=1e-9):
        return a
    rank = (len(a) + 1) // 2
    if np.allclose(a, a.T):
        u = np.linalg.eigh(a)[1][:, :rank]
        return np.asarray(u @ u.T)
    inverse = np.linalg.inv(a)
    return np.asarray(a[:, :rank] @ inverse[:rank])


def _positive_definite(a: Array) -> Array:
    a = (a + a.T) / 2
    values, vectors = np.linalg.eigh(a)
    if values.min() > 0.0:
        return a
    if not np.any(a - np.diag(np.diag(a))):
        return np.asarray(np.diag(np.abs(np.diag(a)) + 0.25))
    return np.asarray((vectors * (np.abs(values) + 0.25)) @ vectors.T)


def _one_hot(a: Array) -> Array:
    flat = np.zeros_like(a)
    np.put_along_axis(flat, a.argmax(axis=-1, keepdims=True), 1.0, axis=-1)
    return flat


def _probability(a: Array) -> Array:
    positive = a if np.all(a >= 0) and np.any(a, axis=-1).all() else np.abs(a) + 0.1
    return np.asarray(positive / positive.sum(axis=-1, keepdims=True))


FACTS: dict[str, Fact] = {
    "symmetric": Fact("symmetric", (2,), lambda a: (a + a.T) / 2, square=True),
    "skew": Fact("skew-symmetric", (2,), lambda a: (a - a.T) / 2, square=True),
    "diagonal": Fact("diagonal", (2,), lambda a: np.diag(np.diag(a)), square=True),
    "lower": Fact("lower triangular", (2,), np.tril),
    "upper": Fact("upper triangular", (2,), np.triu),
    "orthogonal": Fact("orthogonal", (2,), _orthogonal),
    "idempotent": Fact("idempotent", (2,), _idempotent, square=True),
    "positive_definite": Fact("positive definite", (2,), _positive_definite, square=True),
    "positive": Fact("positive", tuple(range(33)), lambda a: np.where(a > 0, a, np.abs(a) + 0.1)),
    "one_hot": Fact("one-hot", (1, 2), _one_hot),
    "probability": Fact("a probability vector", (1, 2), _probability),
    "unit_norm": Fact("of norm 1", (1,), lambda a: a / np.linalg.norm(a)),
    "constant": Fact("constant", tuple(range(33)), lambda a: a),
}


def check_facts(names: Iterable[str], shape: Shape, what: str) -> tuple[str, ...]:
    """The names of facts, in the order of the table. Raises `OptionError` and `ShapeError`, naming the fact."""
    given = [name.strip().replace("-", "_") for name in names]
    for name in given:
        if name not in FACTS:
            close = difflib.get_close_matches(name, FACTS, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise OptionError(f"{name!r} is not a fact about {what}: there are {', '.join(FACTS)}{hint}")
        fact = FACTS[name]
        if len(shape) not in fact.ranks:
            kinds = {0: "a number", 1: "a vector", 2: "a matrix"}
            allowed = " or ".join(kinds[rank] for rank in fact.ranks[:2] if rank in kinds)
            raise ShapeError(
                f"{what} is declared {name}, which {allowed} can be, and has the shape {show_shape(shape)}"
            )
        if fact.square and shape[0] != shape[1]:
            raise ShapeError(f"{what} is declared {name}, which a square matrix can be, and is {show_shape(shape)}")
    return tuple(name for name in FACTS if name in given)


def made_true(array: Array, names: Sequence[str]) -> Array:
    """An array near `array` of which the facts hold. Raises `DataError` where no such array is found."""
    for _ in range(3):
        for name in names:
            array = np.asarray(FACTS[name].near(array), dtype=float)
        if not unmet(array, names):
            return array
    raise DataError(f"no value was found that is {' and '.join(FACTS[name].words for name in names)} at once")


def unmet(array: Array, names: Sequence[str]) -> list[str]:
    """The facts that do not hold of an array."""
    scale = float(np.max(np.abs(array), initial=0.0))
    found: list[str] = []
    for name in names:
        if name == "positive":
            holds = bool(np.all(array > 0))
        elif name == "positive_definite":
            holds = np.allclose(array, array.T, rtol=0.0, atol=RELATIVE * scale) and bool(
                np.linalg.eigvalsh((array + array.T) / 2).min() > 0
            )
        else:
            holds = bool(np.all(np.abs(FACTS[name].near(array) - array) <= RELATIVE * scale))
        if not holds:
            found.append(name)
    return found
