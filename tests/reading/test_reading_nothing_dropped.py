"""What stands in a text is used, or it is an error: every value against NumPy, every error by its words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers import assert_close

from jacobians import JacobiansError, evaluate, parse
from jacobians.reading.entry import read
from jacobians.reading.meaning.declarations import read_declarations

DECLARED = read_declarations("x:d y:d z:h c: n: A:d,d B:d,d X:n,d")
SIZES = {"d": 5, "h": 7, "n": 3}


def values() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {name: rng.uniform(0.2, 0.9, size=[SIZES[str(one)] for one in shape]) for name, shape in DECLARED.items()}


def sigma(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


def softmax(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum()


READ: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    (r"\frac12 c^2", lambda v: v["c"] ** 2 / 2),
    (r"\tfrac12c", lambda v: v["c"] / 2),
    (r"\dfrac13 c", lambda v: v["c"] / 3),
    (r"\frac1n c", lambda v: v["c"] / v["n"]),
    (r"\frac cn", lambda v: v["c"] / v["n"]),
    (r"\frac12\|x\|^2", lambda v: v["x"] @ v["x"] / 2),
    (r"\frac12(c + 1)", lambda v: (v["c"] + 1) / 2),
    (r"\frac12x^\top Ax", lambda v: v["x"] @ v["A"] @ v["x"] / 2),
    (r"\frac123 c", lambda v: v["c"] * 3 / 2),
    (r"\frac{1}2c", lambda v: v["c"] / 2),
    (r"\frac1e3", lambda v: 3 / np.e),
    (r"\frac1c2", lambda v: 2 / v["c"]),
    (r"\sqrt2 c", lambda v: np.sqrt(2) * v["c"]),
    (r"\sqrt23", lambda v: np.sqrt(2) * 3),
    (r"\tanh^2(z)", lambda v: np.tanh(v["z"]) ** 2),
    (r"\tanh^2 z", lambda v: np.tanh(v["z"]) ** 2),
    (r"\tanh^{2}\left(z\right)", lambda v: np.tanh(v["z"]) ** 2),
    ("σ²(z)", lambda v: sigma(v["z"]) ** 2),
    (r"\sigma^\top(z)", lambda v: sigma(v["z"])[None, :]),
    (r"\sigma_i(z)", lambda v: sigma(v["z"])),
    (r"\operatorname{softmax}_i(z)", lambda v: softmax(v["z"])),
    ("softmax_3(z)", lambda v: softmax(v["z"])[2]),
    (r"\det^{-1}(A)", lambda v: 1 / np.linalg.det(v["A"])),
    (r"\operatorname{tr}^2(A)", lambda v: np.trace(v["A"]) ** 2),
    (r"\log_2(c)", lambda v: np.log2(v["c"])),
    (r"\log_{10} c", lambda v: np.log10(v["c"])),
    ("log_n(c)", lambda v: np.log(v["c"]) / np.log(v["n"])),
    (r"\sin^{-1}(c)", lambda v: np.arcsin(v["c"])),
    ("tanh⁻¹(c)", lambda v: np.arctanh(v["c"])),
    ("∇_x² (x' A x)", lambda v: v["A"] + v["A"].T),
    (r"\nabla_x^2 x^TAx", lambda v: v["A"] + v["A"].T),
    (r"\nabla^2_x x^TAx", lambda v: v["A"] + v["A"].T),
    (r"\frac{\partial^2 x^TAx}{\partial x\partial x^\top}", lambda v: v["A"] + v["A"].T),
    ("∂²(x'A x)/∂x²", lambda v: v["A"] + v["A"].T),
    ("∂²(x'A y)/∂x∂y'", lambda v: v["A"]),
    (r"\frac{\partial}{\partial x_{i}} x^TAx", lambda v: (v["A"] + v["A"].T) @ v["x"]),
    ("𝟙' A 𝟙", lambda v: v["A"].sum()),
    ("𝟏ᵀ A 𝟏", lambda v: v["A"].sum()),
    ("tr AB", lambda v: np.trace(v["A"] @ v["B"])),
    (r"\operatorname{tr} A B A", lambda v: np.trace(v["A"] @ v["B"] @ v["A"])),
    ("tr(A) c", lambda v: np.trace(v["A"]) * v["c"]),
    ("tr A tr B", lambda v: np.trace(v["A"]) * np.trace(v["B"])),
    ("det A B", lambda v: np.linalg.det(v["A"] @ v["B"])),
    (r"\log x^T x", lambda v: np.log(v["x"] @ v["x"])),
    ("sin 2z", lambda v: np.sin(2 * v["z"])),
    ("sin c cos c", lambda v: np.sin(v["c"]) * np.cos(v["c"])),
    ("log c (1 + c)", lambda v: np.log(v["c"]) * (1 + v["c"])),
    ("|A| + c", lambda v: np.linalg.det(v["A"]) + v["c"]),
    (r"\log|A'A|", lambda v: np.log(np.linalg.det(v["A"].T @ v["A"]))),
    ("|X|", lambda v: np.abs(v["X"])),
    ("J := x'x; ∇_x J(x)", lambda v: 2 * v["x"]),
    ("J(x) := x'A x; J(y) + J(x)", lambda v: v["y"] @ v["A"] @ v["y"] + v["x"] @ v["A"] @ v["x"]),
    ("f(t) := t^2 + 1; f(c) + f(2)", lambda v: v["c"] ** 2 + 6),
    ("u := A x; J(x) := u'u; J(y)", lambda v: np.sum((v["A"] @ v["y"]) ** 2)),
    (r"X^{\mathsf T} X", lambda v: v["X"].T @ v["X"]),
    (r"X^{\rm T} X", lambda v: v["X"].T @ v["X"]),
    (r"X^\mathrm{T} X", lambda v: v["X"].T @ v["X"]),
    (r"\hat xy", lambda v: v["x"] * 0),
    ("X' ^+ X'", lambda v: np.linalg.pinv(v["X"].T) @ v["X"].T),
    (r"\begin{vmatrix} A & x \\ y^T & c \end{vmatrix}", lambda v: np.linalg.det(
        np.block([[v["A"], v["x"][:, None]], [v["y"][None, :], np.array([[v["c"]]])]]))),
    ("∂(x' A x)/∂x'", lambda v: ((v["A"] + v["A"].T) @ v["x"])[None, :]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meaning"), READ, ids=[text for text, _ in READ])
def test_every_token_is_used(text: str, meaning: Callable[..., Any]) -> None:
    if text == r"\hat xy":  # the accent is on the x alone
        with pytest.raises(JacobiansError, match="hat"):
            parse(text, **DECLARED)
        return
    given = values()
    expression = parse(text, **DECLARED)
    from helpers import below

    names = {node.name for node in below(expression) if node.name in given}
    assert_close(evaluate(expression, {name: given[name] for name in names}, SIZES), meaning(given))


REFUSED = {
    "A \\ x": "is no operator",
    "A\\b": "\\b is no command",
    "x ~ y": "TILDE",
    "x^{(2)}": "a label after x",
    "σ^{-1}(z)": "the inverse function, or 1 divided by it",
    "∇_x^3 x'x": "order 1 and 2",
    "tanh^2'(z)": "after a power",
    "\\tr_i(A)": "a subscript after",
    "\\begin{cases} x \\end{cases}": "begin",
    "c ± 1": "two expressions",
    "c ∓ 1": "two expressions",
    "x^+ c": "a pseudo-inverse is of a matrix",
    "∂²(x'x)/∂x": "of order 2 above",
    "f(c)": "f is neither a declared name nor a function",
    "sofmax(z)": "did you mean softmax",
    "x y; c": "a column meets a row",
    "f(t) := t^2": "a declaration, where an expression",
    "f: R^n → R": "a declaration, where an expression",
    "for symmetric A": "a declaration, where an expression",
    "dX": "dX has no value",
    "f(q) := q; f(c, c)": "is defined of 1 arguments, and given 2",
    "f(c) := f(c) + 1; f(c)": "calls itself",
    "f(t) := f(t) + 1; f(c)": "calls itself",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_has_no_use_is_refused(text: str) -> None:
    with pytest.raises(JacobiansError, match=re.escape(REFUSED[text])):
        parse(text, **DECLARED)


NOTED = {
    "tr(exp(A))": "exp(A) goes entry by entry",
    "log(A)": "log(A) goes entry by entry",
    "|A|": "|A| is the determinant",
    "‖A‖": "‖A‖ is the Frobenius norm",
    "tr AB": "tr AB is read as tr(AB)",
    "sin 2c": "sin 2c is read as sin(2c)",
    "sin⁻¹(c)": "the inverse function, arcsin",
    "J := x'x; J(x)": "J(x) is J, which is defined",
    "X^+ X": "its columns are independent",
}


@pytest.mark.parametrize("text", NOTED)
def test_of_two_readings_a_note_says_which(text: str) -> None:
    assert any(NOTED[text] in note for note in read(text, DECLARED).notes)
