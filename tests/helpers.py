"""Independent witnesses for the tests: central differences, layouts by loops, products of arrays. No calculus here."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

ORDERS = ("reverse", "forward", "minimal-fill", "optimal", "dense")
LAYOUTS = ("numerator", "denominator", "ad", "vec")

#: How examples are searched for: the same ones in every run.
SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def search(*strategies: SearchStrategy[Any], few: int, many: int) -> Callable[[Callable[..., None]], Any]:
    """A test of a property on `few` examples, and on `many` where the long searches run (marked `slow`)."""

    def decorate(check: Callable[..., None]) -> Any:
        @pytest.mark.parametrize("examples", [few, pytest.param(many, marks=pytest.mark.slow)])
        def test(examples: int) -> None:
            settings(SETTINGS, max_examples=examples)(given(*strategies)(check))()

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return decorate


def central_differences(f: Callable[[np.ndarray], Any], x: np.ndarray, step: float = 2e-2) -> np.ndarray:
    """∂f/∂x with the axes of f(x) and then those of x; central differences, extrapolated three times (error step⁸)."""
    x = np.asarray(x, dtype=float)
    of = np.shape(f(x))
    result = np.zeros(of + x.shape)
    for place in np.ndindex(*x.shape):
        direction = np.zeros(x.shape)
        direction[place] = 1.0
        table = []
        for k in range(4):
            h = step / 2**k
            table.append((np.asarray(f(x + h * direction)) - np.asarray(f(x - h * direction))) / (2 * h))
        for power in (4, 16, 64):
            table = [(power * fine - rough) / (power - 1) for rough, fine in itertools.pairwise(table)]
        result[(..., *place)] = table[0]
    return result


def in_layout(ad: np.ndarray, of: Sequence[int], wrt: Sequence[int], layout: str) -> np.ndarray:
    """The definition of each layout, entry by entry, from an array with the axes of Y and then those of X."""
    of, wrt = tuple(of), tuple(wrt)
    shapes = {
        "numerator": of + wrt[::-1],
        "denominator": wrt + of[::-1],
        "ad": of + wrt,
        "vec": (int(np.prod(of, dtype=int)), int(np.prod(wrt, dtype=int))),
    }
    result = np.full(shapes[layout], np.nan)
    for a in np.ndindex(*of):
        for b in np.ndindex(*wrt):
            places = {
                "numerator": a + b[::-1],
                "denominator": b + a[::-1],
                "ad": a + b,
                "vec": (stacked(a, of), stacked(b, wrt)),
            }
            result[places[layout]] = ad[a + b]
    return result


def stacked(place: Sequence[int], shape: Sequence[int]) -> int:
    """The position of an entry in vec(·): columns stacked, so the first index runs fastest."""
    position, stride = 0, 1
    for index, size in zip(place, shape, strict=True):
        position += index * stride
        stride *= size
    return position


def numerator(ad: np.ndarray, rank_of: int) -> np.ndarray:
    """From the axes of Y and then X to those of Y and then X reversed."""
    return ad.transpose([*range(rank_of), *range(ad.ndim - 1, rank_of - 1, -1)])


def chain_product(left: np.ndarray, right: np.ndarray, middle: int) -> np.ndarray:
    """∂y/∂z · ∂z/∂x as arrays: the last `middle` axes of the left, mirrored, with the first of the right."""
    return np.tensordot(left, right, (list(range(left.ndim - middle, left.ndim))[::-1], list(range(middle))))


def literal_product(factors: Iterable[Any], values: Mapping[str, Any]) -> np.ndarray:
    """The factors of a Jacobian, each evaluated by itself to a full array, multiplied out by NumPy."""
    product: np.ndarray | None = None
    for factor in factors:
        array = factor.evaluate(relevant(values, factor.numerator, factor.denominator))
        product = array if product is None else chain_product(product, array, factor.numerator.ndim)
    assert product is not None
    return product


def below(*roots: Any) -> list[Any]:
    """Every node that `roots` are computed from, each once."""
    seen: dict[int, Any] = {}
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen[id(node)] = node
            waiting.extend(node.children)
    return list(seen.values())


def relevant(values: Mapping[str, Any], *roots: Any) -> dict[str, Any]:
    """The values whose names occur below `roots`."""
    names = {node.name for node in below(*roots)}
    return {name: value for name, value in values.items() if name in names}


def assert_close(actual: Any, expected: Any, tolerance: float = 1e-11) -> None:
    """Equal shapes, and equal values up to `tolerance` of the largest entry."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)
