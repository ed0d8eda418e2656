"""`jacobian`, `grad`, `hessian`, `vjp`, `jvp` on ordinary functions, against autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from helpers import LAYOUTS, assert_close, in_layout

import jacobians
from jacobians import (
    DataError,
    LayoutError,
    OptionError,
    ShapeError,
    UnsupportedError,
    grad,
    hessian,
    jacobian,
    jit,
    jvp,
    softmax,
    vjp,
)
from jacobians.differentiation.outcomes import programs

RNG = np.random.default_rng(11)
W, x = RNG.normal(size=(3, 5)), RNG.normal(size=5)


def layer(W: Any, x: Any) -> Any:
    return np.tanh(W @ x)


def layer_by_autograd(W: Any, x: Any) -> Any:
    return anp.tanh(anp.dot(W, x))


def energy(x: Any) -> Any:
    return np.log(np.sum(np.exp(x * x))) * np.sum(x)


def energy_by_autograd(x: Any) -> Any:
    return anp.log(anp.sum(anp.exp(x * x))) * anp.sum(x)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("argnums", [0, 1])
def test_jacobian_in_every_layout(layout: str, argnums: int) -> None:
    ad = autograd.jacobian(layer_by_autograd, argnums)(W, x)
    found = jacobian(layer, argnums, layout=layout)(W, x)
    assert_close(found, in_layout(ad, (3,), (W, x)[argnums].shape, layout), 1e-13)


def test_several_arguments_give_a_tuple() -> None:
    by_both = jacobian(layer, argnums=(1, 0))(W, x)
    assert isinstance(by_both, tuple)
    assert [one.shape for one in by_both] == [(3, 5), (3, 5, 3)]
    assert_close(jacobian(layer, argnums=-1)(W, x), by_both[0], 0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_hessian_in_every_layout(layout: str) -> None:
    expected = autograd.hessian(energy_by_autograd)(x)
    assert_close(hessian(energy, layout=layout)(x), expected, 1e-12)
    A = RNG.normal(size=(2, 3))
    ad = autograd.hessian(lambda A: anp.sum(anp.exp(anp.dot(A, A.T))))(A)
    found = hessian(lambda A: np.sum(np.exp(A @ A.T)), layout=layout)(A)
    numerator = ad.transpose(1, 0, 3, 2)
    wanted = {
        "ad": ad,
        "numerator": numerator,
        "denominator": numerator.T,
        "vec": ad.transpose(1, 0, 3, 2).reshape(6, 6),
    }
    assert_close(found, wanted[layout], 1e-11)


def test_transforms_compose() -> None:
    expected = autograd.hessian(energy_by_autograd)(x)
    assert_close(jacobian(grad(energy))(x), expected, 1e-12)
    v = RNG.normal(size=5)
    value, product = jvp(grad(energy), (x,), (v,))
    assert_close(product, expected @ v, 1e-12)
    assert_close(value, autograd.grad(energy_by_autograd)(x), 1e-12)
    third = grad(grad(grad(lambda a: a**5)))
    assert third(2.0) == pytest.approx(60 * 4.0)


def test_a_hessian_vector_product_never_forms_the_hessian() -> None:
    n = 60
    A = RNG.normal(size=(n, n))

    def f(x: Any) -> Any:
        return np.sum(np.tanh(A @ x) ** 2)

    jvp(grad(f), (np.ones(n),), (np.ones(n),))
    compiled = grad(f)
    compiled(np.ones(n))
    shapes = [step.shape for step in compiled.transform.compiled.program().steps]
    assert max(np.prod(shape, dtype=int) for shape in shapes) == n


def test_vjp_and_jvp() -> None:
    cotangent, tangents = RNG.normal(size=3), (RNG.normal(size=(3, 5)), RNG.normal(size=5))
    value, pull = vjp(layer, W, x)
    assert_close(value, layer(W, x), 0)
    theirs = autograd.make_vjp(layer_by_autograd, argnum=(0, 1))(W, x)[0](cotangent)
    for mine, its in zip(pull(cotangent), theirs, strict=True):
        assert_close(mine, its, 1e-13)
    value, tangent = jvp(layer, (W, x), tangents)
    by_W, by_x = (autograd.jacobian(layer_by_autograd, k)(W, x) for k in (0, 1))
    assert_close(tangent, np.tensordot(by_W, tangents[0], 2) + by_x @ tangents[1], 1e-13)
    assert_close(value, layer(W, x), 1e-15)


class Parameters(NamedTuple):
    weights: Any
    bias: Any


def test_containers_of_arguments_and_results() -> None:
    V, b = RNG.normal(size=(2, 3)), RNG.normal(size=2)

    def loss(p: Any, x: Any) -> Any:
        hidden = np.tanh(p["layers"][0] @ x)
        return np.sum((p["layers"][1].weights @ hidden + p["layers"][1].bias) ** 2)

    parameters = {"layers": [W, Parameters(V, b)]}
    found = grad(loss)(parameters, x)
    assert isinstance(found["layers"][1], Parameters)

    def theirs(W: Any, V: Any, b: Any) -> Any:
        return anp.sum((anp.dot(V, anp.tanh(anp.dot(W, x))) + b) ** 2)

    expected = autograd.grad(theirs, (0, 1, 2))(W, V, b)
    assert_close(found["layers"][0], expected[0], 1e-12)
    assert_close(found["layers"][1].weights, expected[1], 1e-12)
    assert_close(found["layers"][1].bias, expected[2], 1e-12)
    both = jacobian(lambda x: {"square": x * x, "sum": np.sum(x)})(x)
    assert_close(both["square"], np.diag(2 * x), 0)
    assert_close(both["sum"], np.ones(5), 0)
    value, tangent = jvp(lambda x: (x * x, [np.sum(x)]), (x,), (np.ones(5),))
    assert_close(tangent[0], 2 * x, 0)
    assert_close(tangent[1][0], 5.0, 0)
    assert_close(value[0], x * x, 0)


def test_what_is_no_array_is_passed_through() -> None:
    def f(x: Any, times: int, mode: str, scale: float = 1.0) -> Any:
        for _ in range(times):
            x = np.sin(x) if mode == "sin" else np.cos(x)
        return scale * np.sum(x)

    for times, mode in ((1, "sin"), (3, "cos"), (1, "sin")):
        expected = autograd.grad(lambda x, t=times, m=mode: 2.0 * anp.sum(_repeated(x, t, m)))(x)
        assert_close(grad(f)(x, times, mode, scale=2.0), expected, 1e-13)


def _repeated(x: Any, times: int, mode: str) -> Any:
    for _ in range(times):
        x = anp.sin(x) if mode == "sin" else anp.cos(x)
    return x


def test_a_function_is_called_at_every_call() -> None:
    """And what is derived and compiled is found again by the graph that it makes."""
    calls: list[tuple[int, ...]] = []

    def f(x: Any) -> Any:
        calls.append(x.shape)
        return np.sum(x * x)

    programs.clear()
    gradient = grad(f)
    for size in (3, 3, 5, 3, 5):
        gradient(np.ones(size))
    assert calls == [(3,), (3,), (5,), (3,), (5,)]
    assert len(programs) == 2
    assert_close(gradient(np.arange(3)), 2.0 * np.arange(3), 0)  # integers become floating-point numbers


def test_a_function_that_does_not_depend_on_its_argument() -> None:
    assert_close(jacobian(lambda x: np.ones(3))(x), np.zeros((3, 5)), 0)
    assert_close(grad(lambda x: 2.0)(x), np.zeros(5), 0)


def test_functions_of_ours_work_inside() -> None:
    p = softmax(x)
    assert_close(jacobian(softmax)(x), np.diag(p) - np.outer(p, p), 1e-14)


@pytest.mark.parametrize(
    ("action", "error", "text"),
    [
        (lambda: grad(layer)(W, x), ShapeError, "grad: f gives shape (3,), and a scalar is needed; jacobian takes any"),
        (lambda: grad(lambda x: (x, x))(1.0), ShapeError, "grad: f gives a tuple"),
        (lambda: grad(energy)(3), UnsupportedError, "write a float, such as 2.0"),
        (lambda: grad(energy)("x"), UnsupportedError, "argument 0 has a str"),
        (lambda: jacobian(layer, 5)(W, x), ShapeError, "argnums 5 of a function that was called with 2 arguments"),
        (lambda: jacobian(layer, layout="jax"), LayoutError, "unknown layout 'jax'"),
        (lambda: jacobian(lambda x: "a")(x), DataError, "the text 'a'"),
        (lambda: grad(lambda x: np.sort(x)[0])(x), UnsupportedError, "np.sort has no rule"),
        (lambda: jvp(layer, (W, x), (x, W)), ShapeError, "the tangent of argument 0 has shape (5,)"),
        (lambda: jvp(layer, (W, x), (W,)), ShapeError, "2 arguments and 1 tangents"),
        (lambda: vjp(layer, W, x)[1](x), ShapeError, "the cotangent has shape (5,), and f's result (3,)"),
        (lambda: jacobian(layer)(W, W), ShapeError, "the product contracts"),
    ],
)
def test_what_is_refused(action: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        action()
    assert text in str(caught.value)


def test_a_jvp_by_several_arguments_is_one_pass() -> None:
    """The tangents meet where the arguments meet, and go on together: W₂ is multiplied once for value and tangent."""

    def f(W2: np.ndarray, W1: np.ndarray, x: np.ndarray, b: np.ndarray) -> np.ndarray:
        return W2 @ (W1 @ x + b)

    rng = np.random.default_rng(0)
    shapes = [(2, 3), (3, 5), (5,), (3,)]
    args = tuple(rng.normal(size=shape) for shape in shapes)
    tangents = tuple(rng.normal(size=shape) for shape in shapes)
    programs.clear()
    _, tangent = jvp(f, args, tangents)
    W2, W1, x, b = args
    dW2, dW1, dx, db = tangents
    np.testing.assert_allclose(tangent, dW2 @ (W1 @ x + b) + W2 @ (dW1 @ x + W1 @ dx + db))
    (only,) = programs.values()
    program = only.compiled.program()
    forward = 2 * 3 + 3 * 5
    assert program.all_multiplications == forward + (2 * 3 + 3 * 5) + forward  # value, by matrices, by the rest


def test_an_argument_that_is_not_used() -> None:
    """It is checked like any other, and the derivative by it is zero."""

    def f(x: Any, unused: Any) -> Any:
        return np.sum(x * x)

    assert_close(jacobian(f)(x, W), 2 * x, 1e-15)
    assert_close(grad(f)(x, 3.0), 2 * x, 1e-15)
    assert_close(grad(f, 1)(x, W), np.zeros((3, 5)), 0)
    assert_close(hessian(f)(x, W), 2 * np.eye(5), 1e-15)
    v, w = jacobians.vector("v", "d"), jacobians.matrix("w", "d", 2)
    compiled = jacobians.compile(jacobians.derivative(v @ v, v), [v, w])
    assert_close(compiled(x, np.ones((5, 2))), 2 * x, 1e-15)
    with pytest.raises(ShapeError, match="w"):
        compiled(x[:3], np.ones((5, 2)))


@pytest.mark.parametrize("condition", [lambda x: x == 0.0, lambda x: x != 0.0, lambda x: x > 0.0, lambda x: x == x])
def test_a_branch_is_decided_by_value(condition: Callable[[Any], Any]) -> None:
    """`==` too; where there are no values it is refused and not taken by chance."""

    def f(x: Any) -> Any:
        return x * x if condition(x) else 2.0 * x

    for at in (3.0, 0.0, -1.0):
        right = 2.0 * at if condition(at) else 2.0
        assert jacobian(f)(at) == right
        assert_close(
            jacobian(lambda x: np.sum(jacobian(f)(x) * x))(np.array(at)), right * (2.0 if condition(at) else 1.0), 0
        )
    with pytest.raises(UnsupportedError, match=r"np\.where"):
        jacobian(f)(jacobians.scalar("x"))
    with pytest.raises(UnsupportedError, match=r"np\.where"):
        jit(f)(3.0)
    with pytest.raises(ShapeError, match="only one of a single entry is decided"):
        jacobian(lambda x: f(x) @ np.ones(2))(np.ones(2))
    assert_close(jacobian(lambda x: np.where(x == 0.0, 5.0 * x, x * x))(np.array([0.0, 3.0])), np.diag([5.0, 6.0]), 0)


def test_what_is_remembered_is_of_the_function_itself() -> None:
    """functools.wraps copies a function's attributes, and one function takes now one and now two arguments."""

    def f(x: Any) -> Any:
        return np.sum(x**3)

    at, tangent = np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.0, 5.0])
    assert_close(vjp(f, at)[1](1.0)[0], 3 * at**2, 1e-14)
    assert_close(jvp(f, (at,), (tangent,))[1], 3 * at**2 @ tangent, 1e-14)
    assert_close(vjp(grad(f), at)[1](tangent)[0], 6 * at * tangent, 1e-14)
    assert_close(jvp(grad(f), (at,), (tangent,))[1], 6 * at * tangent, 1e-14)

    def total(*xs: Any) -> Any:
        return sum(k * x * x for k, x in enumerate(xs, start=1))

    assert_close(vjp(total, at)[1](tangent)[0], 2 * at * tangent, 1e-14)
    assert_close(vjp(total, at, at)[1](tangent)[1], 4 * at * tangent, 1e-14)
    assert_close(jvp(total, (at,), (tangent,))[1], 2 * at * tangent, 1e-14)
    assert_close(jvp(total, (at, at), (tangent, tangent))[1], 6 * at * tangent, 1e-14)


def test_passes_inside_other_transforms() -> None:
    """A constant tangent and cotangent within a function that is differentiated."""
    at, v = np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.0, 5.0])
    assert_close(grad(lambda x: jvp(lambda y: np.sum(y**3), (x,), (v,))[1])(at), 6 * at * v, 1e-14)
    assert_close(grad(lambda x: np.sum(vjp(lambda y: y**3, x)[1](v)[0]))(at), 6 * at * v, 1e-14)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(3), [0.0, 2.0, 4.0]),
        (np.array([True, False]), [2.0, 0.0]),
        (np.arange(6.0)[::-2], [10.0, 6.0, 2.0]),
        (np.asfortranarray(np.arange(4.0).reshape(2, 2)), [[0.0, 2.0], [4.0, 6.0]]),
        (np.ones(2, ">f8"), [2.0, 2.0]),
        (np.array([1.0, np.nan]), [2.0, np.nan]),
        (np.array(3.0), 6.0),
        (np.float64(3.0), 6.0),
        (3.0, 6.0),
        (np.ma.masked_array([1.0, 2.0]), [2.0, 4.0]),
    ],
)
def test_kinds_of_arrays(values: Any, expected: Any) -> None:
    np.testing.assert_array_equal(grad(lambda x: np.sum(x * x))(values), expected)
    np.testing.assert_array_equal(grad(lambda c, x: np.sum(x * x) + np.sum(c), 1)(np.ones(2), values), expected)


@pytest.mark.parametrize("precision", [np.float16, np.float32, np.longdouble])
def test_the_precision_is_that_of_the_arrays(precision: Any) -> None:
    found = grad(lambda x: np.sum(np.tanh(x) * x))(np.ones(3, precision))
    assert found.dtype == precision


@pytest.mark.parametrize(
    ("action", "error", "text"),
    [
        (lambda: grad(np.sum)(np.array([1j])), DataError, "complex values"),
        (lambda: grad(np.sum)(np.zeros(0)), ShapeError, "a size is at least 1, got 0"),
        (lambda: grad(np.sum)(np.array([1.0, None], object)), DataError, "expected real numbers"),
        (lambda: grad(np.sum)(np.ma.masked_array([1.0, 2.0], [0, 1])), DataError, "masked entries"),
        (lambda: grad(lambda x: None)(x), UnsupportedError, "gives None"),
        (lambda: grad(lambda x: x @ x, "x")(x), OptionError, "argnums is a number, or several"),
        (lambda: grad(lambda x: x @ x, 1)(x), ShapeError, "argnums 1 of a function that was called with 1 arguments"),
        (lambda: grad(lambda x: x * x)(3), UnsupportedError, "write a float, such as 2.0"),
        (lambda: jacobian(lambda x: np.array([x, x]))(x), UnsupportedError, "np.stack"),
        (lambda: grad(lambda x: float(x) * x)(2.0), UnsupportedError, "not a number yet"),
    ],
)
def test_what_is_no_input(action: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        action()
    assert text in str(caught.value)


def test_labels_and_masks_are_places() -> None:
    """Arrays of integers and truth values that f indexes with, beside what it is differentiated by."""
    W, X = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4))

    def loss(W: Any, X: Any, labels: Any, xp: Any = np) -> Any:
        z = xp.dot(X, W.T)
        normaliser = xp.log(xp.sum(xp.exp(z), axis=1))
        return xp.mean(normaliser - z[np.arange(5), labels])

    mine = grad(loss)
    for labels in (np.array([0, 2, 1, 1, 0]), np.array([2, 2, 0, 1, 0]), np.array([0, 2, 1, 1, 0])):
        assert_close(mine(W, X, labels), autograd.grad(lambda W, at=labels: loss(W, X, at, anp))(W), 1e-13)
    assert_close(grad(lambda x, mask: np.sum(x[mask]))(np.ones(3), np.array([True, False, True])), [1.0, 0.0, 1.0], 0)
    assert_close(grad(lambda x, at: np.sum(x[at["k"]] ** 2))(np.ones(3), {"k": np.array([0, 0])}), [4.0, 0.0, 0.0], 0)
    assert_close(grad(lambda x, at: np.sum(x[at]))(np.ones(3), at=np.array([0, 0])), [2.0, 0.0, 0.0], 0)
    programs.clear()
    whole = grad(lambda x, k: np.sum(x * k))  # here the values are not needed: one program
    for k in (np.arange(3), np.arange(3) + 5):
        assert_close(whole(np.ones(3), k), k, 0)
    assert len(programs) == 1
    assert_close(grad(lambda x, names: np.sum(x) * len(names))(np.ones(3), {1, 2}), np.full(3, 2.0), 0)
