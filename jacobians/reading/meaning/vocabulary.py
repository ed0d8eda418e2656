"""The functions that a text may call, by name: element-wise ones under NumPy's names, and functions of whole arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ...errors import ShapeError
from ...expressions.array_protocol import FUNCTIONS
from ...expressions.nodes import Expression, Function
from ...functions import activations as functions
from ...functions import determinants, elementwise, layers, linear_algebra, products
from ...functions.indexing import reshape
from ...functions.operators import multiply, network
from ...shapes.sizes import multiply_sizes
from ..syntax.spelling import key


@dataclass(frozen=True)
class Word:
    """A function: how many arguments it takes, and what it makes of their expressions.

    `entrywise` functions keep the shape, and a row a row; `function` is their rule, for f′. Others see a row as its
    vector.
    """

    name: str
    least: int
    most: int
    build: Callable[..., Expression]
    entrywise: bool = False
    function: Function | None = None
    keeps_rows: bool = False


_SYNONYMS = {
    "ln": "log",
    "sgn": "sign",
    "logistic": "sigmoid",
    "expit": "sigmoid",
    **{f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"ar{name}": f"arc{name}" for name in ("sinh", "cosh", "tanh")},
    "square_root": "sqrt",
    "absolute": "abs",
    "trace": "tr",
    "inverse": "inv",
    "amax": "max",
    "lse": "logsumexp",
    "amin": "min",
}


def _whole(a: Expression, what: str, rank: int) -> Expression:
    kinds = {1: "a vector", 2: "a matrix"}
    if a.ndim != rank:
        raise ShapeError(f"{what} takes {kinds[rank]}, got shape {a.shape}")
    return a


def _trace(a: Expression) -> Expression:
    result: Expression = FUNCTIONS[np.trace](_whole(a, "tr", 2))
    return result


def _diag(a: Expression) -> Expression:
    if a.ndim == 2:
        diagonal: Expression = FUNCTIONS[np.diagonal](a)
        return diagonal
    made: Expression = products.diag(a) if a.ndim else a  # of one entry there is one
    return made


def _vec(a: Expression) -> Expression:
    """Columns stacked."""
    turned = a if a.ndim < 2 else network([a], [tuple(range(a.ndim))], tuple(reversed(range(a.ndim))))
    return reshape(turned, [multiply_sizes(a.shape)])


def _squared_norm(a: Expression) -> Expression:
    return multiply(2.0, functions.half_squared_norm(a))


@lru_cache(maxsize=1)
def words() -> dict[str, Word]:
    """All functions by name."""
    table: dict[str, Word] = {}
    for name in dir(elementwise):
        function = getattr(elementwise, name)
        if isinstance(function, Function) and name.isupper():
            count = {"where": 3}.get(function.name, 2 if "{1}" in function.template else 1)
            table[function.name] = Word(function.name, count, count, function, True, function)
    for comparison in elementwise.COMPARISONS.values():
        table[comparison.name] = Word(comparison.name, 2, 2, comparison, True, comparison)
    table["power"] = Word("power", 2, 2, elementwise.power, True)
    table["divide"] = Word("divide", 2, 2, elementwise.divide, True)

    def reduction(function: Any) -> Callable[[Expression], Expression]:
        made: Callable[[Expression], Expression] = FUNCTIONS[function]
        return made

    whole: dict[str, tuple[int, Callable[..., Any]]] = {
        "diag": (1, _diag),
        "tr": (1, _trace),
        "det": (1, determinants.determinant),
        "logdet": (1, lambda a: determinants.sign_and_log_determinant(a)[1]),
        "signdet": (1, lambda a: determinants.sign_and_log_determinant(a)[0]),
        "inv": (1, linear_algebra.inverse),
        "solve": (2, linear_algebra.solution),
        "norm": (1, reduction(np.linalg.norm)),
        "squared_norm": (1, _squared_norm),
        "half_squared_norm": (1, functions.half_squared_norm),
        "sum": (1, reduction(np.sum)),
        "mean": (1, reduction(np.mean)),
        "var": (1, reduction(np.var)),
        "std": (1, reduction(np.std)),
        "prod": (1, reduction(np.prod)),
        "max": (1, reduction(np.max)),
        "min": (1, reduction(np.min)),
        "logsumexp": (1, functions.logsumexp),
        "cross_entropy": (2, functions.cross_entropy),
        "append_one": (1, functions.append_one),
        "attention": (3, layers.attention),
        "outer": (2, products.outer),
        "tensor_product": (2, products.tensor_product),
        "vector_tensor": (2, products.vector_tensor),
        "kron": (2, FUNCTIONS[np.kron]),
        "dot": (2, FUNCTIONS[np.dot]),
        "vec": (1, _vec),
        "reshape": (2, reshape),
    }
    for name, (count, build) in whole.items():
        table[name] = Word(name, count, count, build)
    for name, build in (("softmax", functions.softmax), ("log_softmax", layers.log_softmax)):
        table[name] = Word(name, 1, 1, build, keeps_rows=True)
    table["layer_norm"] = Word("layer_norm", 1, 3, layers.layer_norm, keeps_rows=True)
    return table


def find(raw: str, activation: str) -> Word | None:
    """The function that a name is, if it is one; σ is the activation."""
    name = key(raw)
    if name == "sigma":
        return words().get(activation)
    table = words()
    for one in (name, name.lower()):  # Tr, ReLU, LSE
        found = table.get(_SYNONYMS.get(one, one))
        if found is not None and (one == name or len(one) > 1):
            return found
    return None
