"""What generated code does not compute: counts and sources of the rules that make it short."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import assert_close

from jacobians import (
    compile,  # noqa: A004
    derivative,
    diag,
    matrix,
    scalar,
    sigmoid,
    softmax,
    tanh,
    tensor,
    vector,
)
from jacobians.chain_rule.symmetry import mirror
from jacobians.compiler.compiled import Compiled
from jacobians.compiler.planning import program_of
from jacobians.compiler.rewrites.signs import nonnegative
from jacobians.expressions.nodes import EinsumSum, EinsumTerm, Expression

RNG = np.random.default_rng(3)


def body(compiled: Compiled) -> list[str]:
    """The lines of the function, without what they say about shapes."""
    lines = compiled.source.partition("def program(")[2].splitlines()[1:]
    return [line.strip().partition("  #")[0] for line in lines]


# --- what is read once ------------------------------------------------------------------------------------------------


def test_an_adjoint_that_is_read_once_is_no_barrier() -> None:
    """∂²y/∂x² of y = w·tanh(A x) is Aᵀ diag(w ⊙ σ″) A: w meets σ″, and not A first."""
    A, w, x = matrix("A", 5, 3), vector("w", 5), vector("x", 3)
    hessian = derivative(derivative(w @ np.tanh(A @ x), x), x)
    compiled = hessian.compile(variables=["A", "w", "x"])
    program = compiled.program()
    unfused = program_of([hessian.expression], {}, order="optimal")
    forward = 5 * 3 + 5
    assert program.all_multiplications == forward + 5 + 5 + 5 + 5 * 3 + 5 * 3 * 3
    assert unfused.all_multiplications > program.all_multiplications
    values = {"A": RNG.normal(size=(5, 3)), "w": RNG.normal(size=5), "x": RNG.normal(size=3)}
    s = np.tanh(values["A"] @ values["x"])
    expected = values["A"].T @ np.diag(values["w"] * -2 * s * (1 - s * s)) @ values["A"]
    assert_close(compiled(**values), expected, 1e-13)


def test_a_hessian_is_contracted_from_its_half() -> None:
    """Aᵀ diag(…) A + W₁ᵀ diag(…) W₁ with A = W₂ diag(σ′) W₁ computed once: what the closed form by hand takes."""
    d, h = 5, 7
    W1, W2, w3, x = matrix("W1", h, d), matrix("W2", h, h), vector("w3", h), vector("x", d)
    y = w3 @ np.tanh(W2 @ np.tanh(W1 @ x))
    compiled = derivative(derivative(y, x), x).compile(variables=["W1", "W2", "w3", "x"])
    program = compiled.program()
    forward = h * d + h * h + 2 * h  # with the squares in σ′
    curvatures = 2 * (h + h)  # −2 σ′ σ, twice
    first = h * d + h * h * d + h + h * d + d * h * d  # diag(σ′) W₁, A, the weight, diag(…) A, Aᵀ diag(…) A
    second = h + h * h + h + h * d + d * h * d
    assert program.all_multiplications == forward + curvatures + first + second
    assert compiled.source.count("W2.dot(") == 2
    values = [RNG.normal(size=shape) for shape in ((h, d), (h, h), (h,), (d,))]
    A, B, c, at = values
    s1, s2 = np.tanh(A @ at), np.tanh(B @ np.tanh(A @ at))
    J = (B * (1 - s1 * s1)) @ A
    inner = (c * (1 - s2 * s2)) @ B
    expected = J.T @ np.diag(c * -2 * s2 * (1 - s2 * s2)) @ J + A.T @ np.diag(inner * -2 * s1 * (1 - s1 * s1)) @ A
    assert_close(compiled(*values), expected, 1e-13)


@pytest.mark.parametrize(
    ("groups", "output", "ids", "half"),
    [
        ([(2, 0), (3, 2), (3, 4), (4, 1)], (0, 1), [1, 2, 2, 1], ((0, 1), (3, 2))),
        ([(2, 0), (3, 2), (3,), (3, 4), (4, 1)], (0, 1), [1, 2, 3, 2, 1], ((0, 1), (4, 3))),
        ([(2, 0), (2, 1)], (0, 1), [1, 1], None),  # nothing is contracted twice
        ([(2, 0), (3, 2), (3, 4), (4, 1)], (0, 1), [1, 2, 2, 3], None),  # another array
        ([(2, 0), (2, 3), (3, 4), (4, 1)], (0, 1), [1, 2, 2, 1], None),  # transposed in one half
        ([(2, 0), (3, 2), (3, 4), (4, 1), (5,)], (0, 1), [1, 2, 2, 1, 3], None),  # a number beside it
        ([(2, 0), (3, 2), (3, 4), (4, 1)], (0,), [1, 2, 2, 1], None),
    ],
)
def test_mirror_images(groups: Any, output: Any, ids: Any, half: Any) -> None:
    found = mirror(groups, output, ids)
    assert (None if found is None else (found.half, found.image)) == half


def test_what_is_read_twice_is_computed_once() -> None:
    A, B, x = matrix("A", 7, 5), matrix("B", 5, 3), vector("x", 3)
    z = A @ (B @ x)
    program = compile([z, 2 * (B @ x)]).program()
    assert program.all_multiplications == 5 * 3 + 7 * 5 + 5


# --- common factors ---------------------------------------------------------------------------------------------------


def test_a_common_factor_is_taken_out_of_a_sum() -> None:
    W, x = matrix("W", 5, 3), vector("x", 3)
    compiled = derivative(softmax(W @ x), x).compile(variables=["W", "x"])
    assert body(compiled) == [
        "t1 = softmax(W.dot(x))",
        "return t1[:, None] * (W - t1.dot(W))",
    ]
    V, v = RNG.normal(size=(5, 3)), RNG.normal(size=3)
    p = np.exp(V @ v) / np.exp(V @ v).sum()
    assert_close(compiled(V, v), (np.diag(p) - np.outer(p, p)) @ V, 1e-14)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_factors_of_sums_that_are_broadcast(sign: float) -> None:
    a, b, c = vector("a", 4), vector("b", 3), scalar("c")
    M = matrix("M", 4, 3)
    cases: list[tuple[Expression, Any]] = [
        (M * np.outer(a, b) + sign * M * c, lambda M, a, b, c: M * np.outer(a, b) + sign * M * c),
        (M * b + sign * M, lambda M, a, b, c: M * b + sign * M),
        (M * M * b + sign * M * c, lambda M, a, b, c: M * M * b + sign * M * c),
        (np.outer(a, b) + sign * a[:, None] * c, lambda M, a, b, c: np.outer(a, b) + sign * a[:, None] * c),
        (np.outer(a, b * b) + sign * M * b, lambda M, a, b, c: np.outer(a, b * b) + sign * M * b),
    ]
    values = {"M": RNG.normal(size=(4, 3)), "a": RNG.normal(size=4), "b": RNG.normal(size=3), "c": np.float64(0.7)}
    for expression, by_hand in cases:
        f = compile(expression, variables=[M, a, b, c])
        assert_close(f(**values), by_hand(**values), 1e-14)


# --- products with their own transposes -------------------------------------------------------------------------------


def _weighted(weight: Expression, X: Expression) -> Expression:
    return X.T @ (weight[:, None] * X)


@pytest.mark.parametrize("order", ["reverse", "optimal"])
@pytest.mark.parametrize("rows", [1, 3])
def test_an_axis_that_no_operand_has_outlives_a_common_factor(rows: int, order: str) -> None:
    """Each row of the result is v ⊙ (u + w) for vectors: no term has the axis of the rows."""
    v, u, w = vector("v", 5), vector("u", 5), vector("w", 5)
    sizes = (rows, 5)
    terms = [EinsumTerm(1.0, (v, other), ((1,), (1,)), (0, 1), sizes) for other in (u, w)]
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=5) for name in "vuw"}
    program = program_of([EinsumSum.of(terms, sizes)], {}, order=order)
    (found,) = program.run(values)
    assert found.shape == sizes
    assert_close(found, np.broadcast_to(values["v"] * (values["u"] + values["w"]), sizes))


def test_a_weighted_square_is_a_product_with_its_own_transpose() -> None:
    X, w = matrix("X", 128, 64), vector("w", 64)
    hessian = derivative(derivative(np.mean(np.logaddexp(0.0, X @ w)), w), w)
    compiled = hessian.compile(variables=["X", "w"])
    lines = body(compiled)
    assert "X * np.sqrt(" in lines[-2]
    name = lines[-2].partition(" = ")[0]
    assert lines[-1] == f"return {name}.T @ {name}"
    values = {"X": RNG.normal(size=(128, 64)), "w": RNG.normal(size=64) / 8}
    s = 1 / (1 + np.exp(-values["X"] @ values["w"]))
    expected = values["X"].T @ np.diag(s * (1 - s) / 128) @ values["X"]
    found = compiled(**values)
    assert_close(found, expected, 1e-13)
    assert_close(found, found.T, 0)


def test_a_weight_of_unknown_sign_has_no_root() -> None:
    X, c = matrix("X", 128, 64), vector("c", 128)
    weight, value = RNG.normal(size=128), RNG.normal(size=(128, 64))
    for expression, applied in ((c, weight), (np.sin(c), np.sin(weight))):
        f = compile(_weighted(expression, X), variables=[X, c])
        assert "sqrt" not in f.source
        assert_close(f(value, weight), value.T @ np.diag(applied) @ value, 1e-13)


def test_a_negative_coefficient_stays_outside_the_root() -> None:
    X, c = matrix("X", 128, 64), vector("c", 128)
    f = compile(-3.0 * _weighted(np.exp(c), X), variables=[X, c])
    assert "sqrt" in f.source
    weight, value = RNG.normal(size=128), RNG.normal(size=(128, 64))
    assert_close(f(value, weight), -3 * value.T @ np.diag(np.exp(weight)) @ value, 1e-13)


def test_weights_along_two_axes_and_of_several_factors() -> None:
    """Σ_ab u_a² v_ab X_abi X_abj: a square by itself is never negative, whatever its sign."""
    X, u, v = tensor("X", 16, 16, 32), vector("u", 16), matrix("v", 16, 16)
    f = compile(np.einsum("abi,a,a,ab,abj->ij", X, u, u, abs(v), X), variables=[X, u, v])
    assert "sqrt" in f.source
    A, p, q = RNG.normal(size=(16, 16, 32)), RNG.normal(size=16), RNG.normal(size=(16, 16))
    assert_close(f(A, p, q), np.einsum("abi,a,a,ab,abj->ij", A, p, p, np.abs(q), A), 1e-12)


x = vector("x", 6)
y = vector("y", 6)


@pytest.mark.parametrize(
    ("expression", "known"),
    [
        (np.exp(x), True),
        (abs(x) * np.sqrt(abs(y)), True),
        (x * x, True),
        ((x * x) * (y * y) + 2 * abs(x), True),
        (softmax(x) / np.cosh(y), True),
        (np.maximum(x, np.exp(y)), True),
        (np.where(x > 0, abs(x), y * y), True),
        (abs(x) ** y, True),
        (sigmoid(x).named("s"), True),
        (derivative(tanh(x), x).operands[0][0], True),
        (derivative(sigmoid(x), x).operands[0][0], True),
        (x, False),
        (x * y, False),
        (x * x * x, False),
        (x * x - y * y, False),
        (-np.exp(x), False),
        (np.maximum(x, y), False),
        (np.sin(x), False),
        (tanh(x), False),
        (np.log(np.exp(x)), False),
    ],
    ids=str,
)
def test_signs_by_structure(expression: Expression, known: bool) -> None:
    assert nonnegative(expression) is known
    f = compile(expression, variables=[x, y])
    lowest = min(np.min(f(*RNG.normal(size=(2, 6), scale=3.0))) for _ in range(50))
    assert bool(lowest >= 0.0) is known


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_diagonal_of_a_fresh_matrix_is_a_slice() -> None:
    p = softmax(x)
    assert body(compile(derivative(p, x)))[-2:] == ["t3.reshape(-1)[::7] += t1", "return t3"]
    lines = body(compile(diag(x)))
    assert lines == ["t1 = np.zeros((6, 6))", "t1.reshape(-1)[::7] = x", "return t1"]


def test_a_matrix_and_a_vector_meet_without_a_transpose() -> None:
    A, b, c = matrix("A", 3, 5), vector("b", 5), vector("c", 3)
    assert body(compile([A @ b, b @ A.T, c @ A, A.T @ c]))[:2] == ["t1 = A.dot(b)", "t2 = c.dot(A)"]


@pytest.mark.parametrize("kept", ["ijk", "kji", "jik", "ik", "kil"])
def test_more_axes_are_reshaped_to_one_product(kept: str) -> None:
    T, S = tensor("T", 2, 3, 5, 7), tensor("S", 7, 5, 3, 11)
    for text in ("ijab,bakl->", "ajbi,bkal->", "abij,klab->", "iabj,klba->", "iajb,kbla->"):
        left, right = text.removesuffix("->").split(",")
        sizes = dict(zip(left, T.shape, strict=True))
        shape = tuple(sizes.get(letter, {"k": 4, "l": 11}.get(letter, 0)) for letter in right)
        S = tensor("S", *shape)
        f = compile(np.einsum(text + kept, T, S), variables=[T, S])
        assert "tensordot" not in f.source
        a, b = RNG.normal(size=(2, 3, 5, 7)), RNG.normal(size=shape)
        assert_close(f(a, b), np.einsum(text + kept, a, b), 1e-13)


def test_a_stack_of_products_is_one() -> None:
    a, b = RNG.normal(size=(4, 2, 3)), RNG.normal(size=(4, 5, 3))
    A, B = tensor("A", 4, 2, 3), tensor("B", 4, 5, 3)
    for output in ("nij", "nji", "inj", "ijn", "jin"):
        f = compile(np.einsum(f"nia,nja->{output}", A, B), variables=[A, B])
        assert " @ " in f.source
        assert_close(f(a, b), np.einsum(f"nia,nja->{output}", a, b), 1e-14)
