"""Points where the formula is singular and the function is not, and values at the edges of floating point."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from helpers import assert_close

from jacobians import derivative, evaluate, grad, hessian, jacobian, logsumexp, matrix, parse, scalar, softmax, vector

mpmath = pytest.importorskip("mpmath")
mpmath.mp.dps = 50
x = vector("x", 3)
ZERO = np.zeros(3)
ORDERS = ("reverse", "forward", "optimal")

#: f, and its first and second derivative at 0.
AT_ZERO = {
    "‖x‖²": (lambda x: np.linalg.norm(x) ** 2, np.zeros(3), 2 * np.eye(3)),
    "‖x‖ ‖x‖": (lambda x: np.linalg.norm(x) * np.linalg.norm(x), np.zeros(3), 2 * np.eye(3)),
    "√(x'x)²": (lambda x: np.sqrt(x @ x) ** 2, np.zeros(3), 2 * np.eye(3)),
    "√Σx² · √Σx²": (lambda x: np.sqrt(np.sum(x**2)) * np.sqrt(np.sum(x * x)), np.zeros(3), 2 * np.eye(3)),
    "‖x‖³": (lambda x: np.linalg.norm(x) ** 3, np.zeros(3), np.zeros((3, 3))),
    "‖x‖⁴": (lambda x: np.linalg.norm(x) ** 4, np.zeros(3), np.zeros((3, 3))),
    "√(xᵀAx)²": (lambda x: np.sqrt(x @ np.diag([1.0, 2.0, 3.0]) @ x) ** 2, np.zeros(3), np.diag([2.0, 4.0, 6.0])),
    "½‖x‖² + ‖x‖⁴": (lambda x: 0.5 * np.linalg.norm(x) ** 2 + np.linalg.norm(x) ** 4, np.zeros(3), np.eye(3)),
    "√(v ⊙ v) ⊙ v": (lambda x: np.sum(np.sqrt(x * x) * x), np.zeros(3), None),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("case", AT_ZERO)
def test_derivatives_exist_at_zero(case: str, order: str) -> None:
    f, first, second = AT_ZERO[case]
    once = derivative(f(x), x)
    assert_close(once.evaluate({"x": ZERO}, order=order), first)
    if second is not None:
        assert_close(derivative(once.expression, x).evaluate({"x": ZERO}, order=order), second)
        assert_close(hessian(f)(ZERO), second)


def test_a_vector_times_its_norm_has_derivative_zero_at_zero() -> None:
    for f in (lambda x: x * np.linalg.norm(x), lambda x: np.sqrt(x @ x) * x):
        assert_close(jacobian(f)(ZERO), np.zeros((3, 3)))
        v = np.array([1.0, 2.0, 2.0])
        assert_close(jacobian(f)(v), 3.0 * np.eye(3) + np.outer(v, v) / 3.0)


def test_a_norm_alone_has_no_derivative_at_zero() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isnan(grad(np.linalg.norm)(ZERO)).all()


@pytest.mark.parametrize("point", [[0.0, 0.0, 3.0], [0.0, 2.0, 3.0], [0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
def test_products_with_zeros(point) -> None:
    a, b, c = point
    assert_close(jacobian(np.prod)(np.array(point)), np.array([b * c, a * c, a * b]))
    assert_close(hessian(np.prod)(np.array(point)), np.array([[0, c, b], [c, 0, a], [b, a, 0.0]]))


def test_powers_of_zero() -> None:
    assert grad(lambda y: 0.0**y)(2.0) == 0.0
    assert hessian(lambda y: 0.0**y)(2.0) == 0.0
    assert_close(grad(lambda a, y: a**y, argnums=(0, 1))(0.0, 3.0)[0], 0.0)
    assert_close(grad(lambda a, y: a**y, argnums=(0, 1))(0.0, 3.0)[1], 0.0)
    assert_close(grad(lambda y: np.sum(np.array([0.0, 2.0]) ** y))(3.0), 8.0 * np.log(2.0))


def test_the_deviation_of_one_entry_is_constant() -> None:
    for f in (np.std, np.var):
        assert_close(grad(f)(np.array([3.0])), np.zeros(1))
        assert_close(hessian(f)(np.array([3.0])), np.zeros((1, 1)))


def test_x_log_x_is_zero_at_zero_and_its_derivative_is_not() -> None:
    p = np.array([0.0, 0.25, 0.75])
    entropy = derivative(-np.sum(x * np.log(x)), x)
    assert_close(evaluate(-np.sum(x * np.log(x)), {"x": p}), -np.sum(p[1:] * np.log(p[1:])))
    assert_close(evaluate(parse("p' log(p)", p="n"), {"p": p}), np.sum(p[1:] * np.log(p[1:])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert entropy.evaluate({"x": p})[0] == np.inf
    q = np.array([0.5, 0.25, 0.25])
    divergence = grad(lambda q: np.sum(x_log_ratio(p, q)))(q)
    assert_close(divergence, -p / q)


def x_log_ratio(p, q):
    return p * np.log(p / q) if np.all(p) else np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0) / q), 0.0)


FORMS = {
    "log(1 + exp(x))": (lambda x: np.log(1 + np.exp(x)), "softplus(x)"),
    "log1p(exp(x))": (lambda x: np.log1p(np.exp(x)), "softplus(x)"),
    "1/(1 + exp(−x))": (lambda x: 1 / (1 + np.exp(-x)), "σ(x)"),
    "(1 + exp(−x)) ** −1": (lambda x: (1 + np.exp(-x)) ** -1, "σ(x)"),
    "exp(x)/(1 + exp(x))": (lambda x: np.exp(x) / (1 + np.exp(x)), "σ(x)"),
    "exp(−x)/(1 + exp(−x))": (lambda x: np.exp(-x) / (np.exp(-x) + 1), "σ(−x)"),
    "exp(x)/Σexp(x)": (lambda x: np.exp(x) / np.sum(np.exp(x)), "softmax(x)"),
    "shifted": (lambda x: np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x))), "softmax(x)"),
    "log Σexp(x)": (lambda x: np.log(np.sum(np.exp(x))), "logsumexp(x)"),
    "log softmax": (lambda x: np.log(softmax(x)), "log_softmax(x)"),
    "log of exp/Σexp": (lambda x: np.log(np.exp(x) / np.sum(np.exp(x))), "log_softmax(x)"),
    "√(x²)": (lambda x: np.sqrt(x**2), "|x|"),
    "e ** x": (lambda x: np.e**x, "exp(x)"),
    "log(exp(x))": (lambda x: np.log(np.exp(x)), "x"),
}


@pytest.mark.parametrize("case", FORMS)
def test_stable_forms_print_by_their_names_and_hold_at_large_arguments(case: str) -> None:
    f, text = FORMS[case]
    assert str(f(x)) == text
    point = np.array([0.3, -1.2, 2.0])
    assert_close(evaluate(f(x), {"x": point}), f(point))
    for scale in (1e3, 1e5):
        y = f(x)
        for one in (y, derivative(y, x).expression, derivative(derivative(y, x).expression, x).expression):
            if case != "e ** x":
                assert np.isfinite(np.asarray(one.ndim and evaluate_at(one, scale * point))).all()


def evaluate_at(expression, point):
    return evaluate(expression, {"x": point}) if "x" in str(expression) else np.zeros(1)


def test_softmax_along_any_axis_and_what_is_none() -> None:
    X = matrix("X", 3, 5)
    value = np.random.default_rng(3).normal(size=(3, 5))
    for written, axis in (
        (np.exp(X) / np.exp(X).sum(axis=1, keepdims=True), 1),
        (np.exp(X) / np.exp(X).sum(axis=0, keepdims=True), 0),
        (np.exp(X) / np.exp(X).sum(axis=0), 0),
    ):
        assert "softmax" in str(written)
        assert_close(evaluate(written, {"X": value}), softmax(value, axis=axis))
    S = matrix("S", 3, 3)
    square = value[:, :3]
    other = np.exp(S) / np.exp(S).sum(axis=1)  # each column is divided by the sum of the row of its number
    assert_close(evaluate(other, {"S": square}), np.exp(square) / np.exp(square).sum(axis=1))
    for axis in (0, 1, None):
        written = np.log(np.mean(np.exp(X), axis=axis, keepdims=True))
        assert_close(evaluate(written, {"X": value}), np.log(np.mean(np.exp(value), axis=axis, keepdims=True)))


def test_the_logistic_loss_holds_at_large_arguments() -> None:
    w, y = vector("w", 3), scalar("y")
    loss = derivative(np.log(1 + np.exp(-y * (w @ x))), w)
    for sign in (-1.0, 1.0):
        values = {"w": sign * np.array([1e3, 1e3, 1e3]), "x": np.ones(3), "y": 1.0}
        assert_close(loss.evaluate(values), np.full(3, -1.0 if sign < 0 else 0.0))


SCALES = [10.0**k for k in (-300, -250, -160, -120, -10, 0, 10, 110, 160, 250, 300)]


@pytest.mark.parametrize("scale", SCALES)
def test_norms_and_their_derivatives_at_every_scale(scale: float) -> None:
    point = scale * np.array([3.0, -4.0, 12.0]) / 13.0
    exact = [mpmath.mpf(float(one)) for one in point]
    r = mpmath.sqrt(sum(one**2 for one in exact))
    first = np.array([float(one / r) for one in exact])
    second = np.array(
        [[float(((i == j) - a * b / r**2) / r) for j, b in enumerate(exact)] for i, a in enumerate(exact)]
    )
    assert_close(evaluate(np.linalg.norm(x), {"x": point}), float(r), 1e-13)
    assert_close(grad(np.linalg.norm)(point), first, 1e-13)
    assert np.allclose(hessian(np.linalg.norm)(point) * scale, second * scale, rtol=1e-12, atol=1e-13)
    rows = np.array([point, 2.0 * point])
    assert_close(jacobian(lambda X: np.linalg.norm(X, axis=1))(rows)[1][:, 1], first, 1e-13)


@pytest.mark.parametrize("scale", [1e-300, 1e-10, 1.0, 30.0, 700.0, 1e5, 1e300])
def test_softmax_and_its_kin_against_many_digits(scale: float) -> None:
    point = scale * np.array([0.3, -1.0, 0.9])
    exact = [mpmath.mpf(float(one)) for one in point]
    top = max(exact)
    total = sum(mpmath.exp(one - top) for one in exact)
    p = np.array([float(mpmath.exp(one - top) / total) for one in exact])
    assert_close(softmax(point), p, 1e-14)
    assert_close(logsumexp(point), float(top + mpmath.log(total)), 1e-14)
    assert_close(grad(logsumexp)(point), p, 1e-14)
    assert_close(jacobian(softmax)(point), np.diag(p) - np.outer(p, p), 1e-14)
    assert_close(hessian(logsumexp)(point), np.diag(p) - np.outer(p, p), 1e-14)
    log_p = np.array([float(one - top - mpmath.log(total)) for one in exact])
    assert_close(evaluate(np.log(softmax(x)), {"x": point}), log_p, 1e-14)
    assert_close(jacobian(lambda z: np.log(softmax(z)))(point), np.eye(3) - p, 1e-14)
    for z in point:
        assert_close(grad(lambda z: 1 / (1 + np.exp(-z)))(z), _sigma(z) * (1.0 - _sigma(z)), 1e-14)


def _sigma(z: float) -> float:
    return float(1 / (1 + mpmath.exp(-mpmath.mpf(float(z)))))


def test_infinite_arguments() -> None:
    inf = np.inf
    assert logsumexp(np.full(3, -inf)) == -inf
    assert logsumexp(np.array([0.0, inf])) == inf
    assert np.isnan(logsumexp(np.array([0.0, np.nan])))
    assert_close(softmax(np.array([-inf, 0.0, 0.0])), np.array([0.0, 0.5, 0.5]))
    assert_close(grad(logsumexp)(np.array([-inf, 0.0, 0.0])), np.array([0.0, 0.5, 0.5]))
    assert np.linalg.norm(np.array([inf, 1.0])) == evaluate(np.linalg.norm(x), {"x": np.array([inf, 1.0, 0.0])})
    assert np.isnan(evaluate(np.linalg.norm(x), {"x": np.array([np.nan, 1.0, 0.0])}))
    assert evaluate(np.linalg.norm(x), {"x": np.full(3, 5e-324)}) > 0.0


def test_what_is_named_is_not_taken_apart() -> None:
    s = (1 + np.exp(-x)).named("s")
    assert str(1 / s) == "1 / s"
    u = (x @ x).named("u")
    assert derivative(np.sqrt(u), u).matrix_notation() == "½ / sqrt(u)"
