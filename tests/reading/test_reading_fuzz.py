"""The reader under random texts: an expression or an error of our own with a place, in time linear in the length."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jacobians import JacobiansError, ParseError, ShapeError
from jacobians.reading.entry import read
from jacobians.reading.meaning.declarations import read_declarations

SIZES = {
    "x": "d",
    "y": "d",
    "r": "n",
    "z": "h",
    "W1": "h d",
    "W2": "n h",
    "b1": "h",
    "A": "d d",
    "X": "n d",
    "c": "",
    "lam": "",
    "x_tilde": "d+1",
    "T3": "d h n",
}
#: Pieces of texts, so that random texts are often nearly right.
PIECES = (
    *(
        "x",
        "y",
        "r",
        "z",
        "W1",
        "W_2",
        "W₂",
        "A",
        "X",
        "c",
        "λ",
        "x̃",
        "T3",
        "b_1",
        "I_d",
        "I_{d+1}",
        "q",
        "ℓ",
        "d",
        "dx",
    ),
    *("1", "2", "½", "0.5", "1e3", "π", "e", "0"),
    *("+", "-", "−", "*", "/", "·", "⊙", "⊗", "@", "=", ":=", ";", "\n", ",", " ", "  "),
    *("'", "ᵀ", "^T", "^\\top", "^2", "²", "⁻¹", "^{-1}", "^{-T}", "**2", "^", "_", "_{1}", "^{(1)}", "⁽¹⁾", "₁", "′"),
    *("(", ")", "[", "]", "{", "}", "|", "‖", "\\|", "\\left(", "\\right)", "√"),
    *("σ", "sigma'", "exp", "log", "diag(", "norm(", "tr ", "det(", "softmax(", "sum(", "tanh''(", "where(", "kron("),
    *(
        "∂",
        "∂ℓ/∂",
        "d(",
        ")/dx",
        "\\frac{",
        "}{",
        "\\partial ",
        "\\mathbf{",
        "\\tilde{",
        "\\sqrt{",
        "\\operatorname{tr}",
    ),
    *(
        "\\",
        "\\foo",
        "?",
        "\u0303",
        "\x00",
        "é",
        "∞",
        "Σ",
        "δ_{ij}",
        "Σ_k ",
        "_i",
        "_{jk}",
        "[x; 1]",
        "&",
        "\\\\",
        "∇_x ",
        "\\begin{bmatrix}",
        "\\end{bmatrix}",
        "1ᵀ",
        "I",
        "−ᵀ",
        "T",
        "\t",
    ),
    *(
        "\\mathrm{d}",
        "d ",
        "^*",
        "⁺",
        "^+",
        "^{(i)}",
        "x_i",
        "⟨",
        "⟩",
        "≤",
        "\\quad",
        "∇² ",
        "\\max_i ",
        "f(x)",
        "L(z)",
        "f'(",
    ),
    *(
        "S^n",
        "_{++}",
        "→",
        ":",
        "grad(",
        "D_x",
        "J_f(",
        "\\frac12",
        "\\frac",
        "||",
        "\\text{for}",
        "∂²",
        "[A A; A A]",
        "Σ_i ",
    ),
)
VALID = (
    "x r' W2 diag(σ'(z))",
    "1/2*norm(W2*sigma(W1*x+b1)-r)^2",
    r"\frac{\partial \|\mathbf{x}\|^2}{\partial \mathbf{x}} = 2 \mathbf{x}^\top",
    "z1 := W1 x + b1; s := σ(z1); ℓ := ½‖W2 s‖²; ∂ℓ/∂W1",
    "d(x'A x)/dx = x'(A + A')",
    r"\operatorname{tr}\left(A^{-1} x y^{\top}\right) + λ ‖x‖_2^2",
    "log det(X'X + c I_d) - y' A⁻¹ x / (2 c)",
    "softmax(W1 x) ⊙ (1 - tanh(z)**2)",
)


def try_reading(text: str) -> None:
    """Read a text; what it may raise is an error of ours, with a place in the text."""
    try:
        read(text, SIZES)
    except (ParseError, ShapeError) as error:
        caught = error
    else:
        return
    assert caught.line is not None
    assert caught.column is not None
    lines = text.split("\n")
    assert 1 <= caught.line <= len(lines)
    assert 1 <= caught.column <= len(lines[caught.line - 1]) + 1
    assert caught.excerpt.count("\n") == 1
    assert str(caught).endswith(caught.excerpt)
    kinds = ("$END", "OPEN_BRACE", "NORM_OPEN", "ENTRYWISE_POWER")
    assert not any(name in str(caught) and name not in text for name in kinds)


fuzzed = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@fuzzed
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_random_pieces(text: str) -> None:
    try_reading(text)


@fuzzed
@given(st.text(max_size=30))
def test_random_characters(text: str) -> None:
    try_reading(text)


@st.composite
def mutated(draw: Any) -> str:
    """A valid text with some characters taken away, doubled, exchanged or replaced by a piece."""
    text = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 4)))
        new = draw(st.sampled_from(("", text[start:end] * 2, text[start:end][::-1], *PIECES)))
        text = text[:start] + new + text[end:]
    return text


@fuzzed
@given(mutated())
def test_mutations_of_valid_texts(text: str) -> None:
    try_reading(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="xWr:,; ndh+*-12×()", max_size=20))
def test_random_declarations(line: str) -> None:
    with suppress(JacobiansError):
        read_declarations(line)


def test_the_valid_texts_are_read() -> None:
    for text in VALID:
        read(text, SIZES)


LONG = {
    "a sum": ("x", " + x"),
    "a product": ("A", " A"),
    "a product of scalars": ("c", " c"),
    "element-wise products": ("x", " ⊙ x"),
    "transpositions": ("x", "'"),
    "signs": ("x + x", " + -x"),
    "functions": ("", "exp "),
    "definitions": ("x", "; x"),
    "quotients": ("c", "/c"),
    "groups": ("x", " + (x - y)"),
    "one long word": ("x", "x"),
    "spaces": ("x", " "),
    "lines": ("x", "\n"),
    "norms": ("c", " + ‖x‖²"),
    "subscripts": ("x", "_1"),
    "wrong": ("x", " + )"),
    "fractions": ("c", r" + \frac{1}{c}"),
    "notes": ("c", " + A(x)"),
    "ones": ("A", " 1 1ᵀ A"),
    "numbers": ("c", " 1"),
    "what does not fit": ("x", " A A"),
    "columns beside columns": ("x", "'x'x"),
    "entries": ("x_i", " y_i"),
    "sums of entries": ("x_i", " + Σ_j A_{ij} y_j"),
    "deltas": ("δ_{ij} ", "δ_{ij} "),
    "blocks": ("1", " + [x; 1]'[x; c]"),
}


@pytest.mark.parametrize("kind", LONG)
def test_time_is_linear_in_the_length(kind: str) -> None:
    start, more = LONG[kind]

    def seconds(count: int) -> float:
        text = start + more * count if kind != "functions" else more * count + "x"
        best = float("inf")
        for _ in range(2):
            began = time.process_time()
            try_reading(text)
            best = min(best, time.process_time() - began)
        return best

    seconds(10)
    short, long = seconds(100), seconds(800)
    assert long < 8 * 2.5 * short + 0.05, f"{short:.4f} s and {long:.4f} s for 8 times the length"
