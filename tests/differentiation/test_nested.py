"""Transforms inside transforms: each has its own variables, whatever they are called and whatever f closes over."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

import jacobians
from jacobians import grad, hessian, jvp, scalar, vector, vjp

TRANSFORMS = ("grad", "jacobian", "hessian", "jvp", "vjp")
#: What the inner function is given, of the outer variable: itself, an expression of it, or a number.
GIVEN = (lambda x: x, lambda x: x * x + 0.5, lambda x: 0.7)


def applied(library: Any, transform: str, f: Callable[[Any], Any], x: Any) -> Any:
    """One number from a transform of a scalar function; the direction of a product depends on the point."""
    if library is autograd:
        return by_autograd(transform, f, x)
    match transform:
        case "jvp":
            return library.jvp(f, (x,), (1.3 * x,))[1]
        case "vjp":
            value, pull = library.vjp(f, x)
            return pull(0.4 * x)[0] + value
    return getattr(library, transform)(f)(x)


def by_autograd(transform: str, f: Callable[[Any], Any], x: Any) -> Any:
    match transform:
        case "jvp":
            return autograd.differential_operators.make_jvp(f)(x)(1.3 * x)[1]
        case "vjp":
            pull, value = autograd.make_vjp(f)(x)
            return pull(0.4 * x) + value
    return getattr(autograd, transform)(f)(x)


def composed(library: Any, xp: Any, transforms: tuple[str, ...], given: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Each transform is of a function that closes over the variables of all the outer ones; all are called x."""

    def level(depth: int, outer: tuple[Any, ...]) -> Callable[[Any], Any]:
        def f(x: Any) -> Any:
            variables = (*outer, x)
            total = sum((k + 1.5) * one for k, one in enumerate(variables))
            product = 1.0
            for one in variables:
                product = product * one
            here = xp.sin(product) + total * x * x
            if depth == len(transforms):
                return here
            return here * applied(library, transforms[depth], level(depth + 1, variables), given[depth](x))

        return f

    return level(0, ())


CASES = [
    (transforms, tuple(GIVEN[(sum(map(len, transforms)) + k + number) % 3] for k in range(depth)))
    for depth in (1, 2, 3)
    for number, transforms in enumerate(itertools.product(TRANSFORMS, repeat=depth))
]


def compare(library: Any, xp: Any, cases: list[Any], at: Any) -> None:
    for transforms, given in cases:
        outermost, *rest = transforms
        mine = applied(jacobians, outermost, composed(jacobians, np, tuple(rest), given), 0.8)
        theirs = applied(library, outermost, composed(library, xp, tuple(rest), given), at)
        assert np.shape(mine) == ()
        assert float(mine) == pytest.approx(float(theirs), rel=1e-10), transforms


@pytest.mark.parametrize("start", [pytest.param(k, marks=[pytest.mark.slow] * (k > 0)) for k in range(4)])
def test_every_composition_to_depth_three_against_autograd(start: int) -> None:
    compare(autograd, anp, CASES[start::4], 0.8)


@pytest.mark.parametrize(
    "first", [pytest.param(name, marks=[pytest.mark.slow] * (name != "vjp")) for name in TRANSFORMS]
)
@pytest.mark.peer
def test_every_composition_against_jax(first: str) -> None:
    jax = pytest.importorskip("jax")
    cases = [case for case in CASES if case[0][0] == first and (first != "vjp" or len(case[0]) < 3)]
    with jax.enable_x64(True):
        compare(jax, jax.numpy, cases, jax.numpy.float64(0.8))


@pytest.mark.peer
def test_compositions_of_vectors() -> None:
    jax = pytest.importorskip("jax")
    A = np.array([[0.3, -0.2], [0.5, 0.9]])

    def nested(library: Any, xp: Any, inner: str) -> Callable[[Any], Any]:
        def f(x: Any) -> Any:
            def g(x_again: Any) -> Any:
                return xp.sum(xp.tanh(A @ x_again) * x) + x_again @ x_again * (x @ x)

            if inner == "jvp":
                return library.jvp(g, (x * 2.0,), (x,))[1]
            if inner == "vjp":
                return xp.sum(library.vjp(g, x * 2.0)[1](x[0])[0] * x)
            return xp.sum(getattr(library, inner)(g)(x) @ x)

        return f

    x = np.array([0.4, -1.1])
    with jax.enable_x64(True):
        for inner, outer in (("grad", "grad"), ("jvp", "grad"), ("vjp", "grad"), ("hessian", "hessian")):
            mine = getattr(jacobians, outer)(nested(jacobians, np, inner))(x)
            np.testing.assert_allclose(mine, getattr(jax, outer)(nested(jax, jax.numpy, inner))(x), rtol=1e-10)


@pytest.mark.parametrize(
    ("action", "right"),
    [
        (lambda: grad(lambda x: x * grad(lambda y: x + y)(x))(3.0), 1.0),
        (lambda: grad(lambda x: grad(lambda a, b: a * b * b)(x, x))(3.0), 6.0),
        (lambda: grad(lambda c: grad(lambda x: c * x)(2.0))(3.0), 1.0),
        (lambda: grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0), 6.0),
        (lambda: grad(lambda x: x * jvp(lambda y: x * y, (x,), (1.0,))[1])(3.0), 6.0),
        (lambda: grad(lambda x: x * vjp(lambda y: x * y, x)[1](1.0)[0])(3.0), 6.0),
        (lambda: grad(lambda x: x * vjp(lambda y: x * y, x)[1](x)[0])(3.0), 27.0),
        (
            lambda: grad(lambda p: hessian(lambda q: p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))(p))(0.3),
            -9.070294784580499,
        ),
    ],
)
def test_an_inner_variable_is_not_the_outer_one(action: Callable[[], Any], right: float) -> None:
    assert float(action()) == pytest.approx(right, rel=1e-12)


def test_expressions_in_expressions_out() -> None:
    """The result is in the variables of the caller, who may give one of them twice."""
    p, q, s = vector("p", "d"), vector("q", "d"), scalar("x")
    assert grad(lambda a, b: a @ b)(p, p) is p
    assert [one.name for one in grad(lambda a, b: a @ b, (0, 1))(p, q)] == ["q", "p"]
    assert grad(lambda a, b: a @ b, 1)(2 * p, q) is 2 * p
    assert grad(lambda x: x * x * s)(s) is 2 * s * s  # s is called as the parameter is, and is not it
    value, pull = vjp(lambda x: x * x, p)
    assert value is p * p
    assert repr(pull(q)[0]) == "2 q ⊙ p"
    with pytest.raises(jacobians.UnsupportedError, match=r"np\.where"):
        grad(lambda x: x if x > 0 else -x)(s)


def test_a_pullback_is_called_in_another_transform() -> None:
    _, pull = vjp(lambda u: u**3, 2.0)
    assert grad(lambda u: pull(u * u)[0])(1.5) == pytest.approx(12.0 * 3.0)
    assert float(grad(lambda x: grad(lambda u: vjp(lambda u: x * u * u, u)[1](u)[0])(x))(1.5)) == pytest.approx(
        8.0 * 1.5
    )


def test_what_is_left_of_another_call_is_refused() -> None:
    kept: list[Any] = []
    grad(lambda x: (kept.append(x * x), np.sum(x))[1])(np.ones(3))
    with pytest.raises(jacobians.UnsupportedError, match="made in another call of a traced function, of its x"):
        grad(lambda y: y @ kept[0])(np.ones(3))


def test_what_does_not_depend_on_the_outer_variable_is_an_array() -> None:
    """So that f may go on with it as with any array."""

    def f(x: Any) -> Any:
        slope = grad(lambda y: y**3)(2.0)
        assert isinstance(slope, (np.ndarray, float))
        return float(slope) * x

    assert grad(f)(1.0) == 12.0
