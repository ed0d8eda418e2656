"""Reading text: shapes and values in Unicode, ASCII and LaTeX, against NumPy written by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers import assert_close

from jacobians import ParseError, ShapeError, evaluate, parse, shape_of
from jacobians.reading.entry import read
from jacobians.reading.meaning.declarations import read_declarations

SHAPES = "x:d y:d r:n t:n z:h s:h W1:h,d W2:n,h b1:h A:d,d M:h,h X:n,d c: lam: tau:"
SIZES = {"d": 5, "n": 3, "h": 7}
DECLARED = read_declarations(SHAPES)


def values(seed: int = 0, sizes: dict[str, int] = SIZES) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=[sizes[str(one)] for one in shape]) for name, shape in DECLARED.items()}


def value_of(text: str, given: dict[str, Any] | None = None) -> Any:
    given = values() if given is None else given
    expression = parse(text, **DECLARED)
    names = {name for name in given if name in str_names(expression)}
    return evaluate(expression, {name: given[name] for name in names}, SIZES)


def str_names(expression: Any) -> set[str]:
    from helpers import below

    return {node.name for node in below(expression) if node.name}


def sigma(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


def row(v: Any) -> Any:
    return np.asarray(v)[None, :]


#: A text, its shape, and what it is in NumPy.
MEANINGS: list[tuple[str, tuple[Any, ...], Callable[[dict[str, Any]], Any]]] = [
    ("x r' W2 diag(σ'(z))", ("d", "h"), lambda v: np.outer(v["x"], v["r"] @ v["W2"] * sigma(v["z"]) * sigma(-v["z"]))),
    ("r' W2", (1, "h"), lambda v: row(v["r"] @ v["W2"])),
    ("x' A x", (), lambda v: v["x"] @ v["A"] @ v["x"]),
    ("x^TAx", (), lambda v: v["x"] @ v["A"] @ v["x"]),
    ("x'y", (), lambda v: v["x"] @ v["y"]),
    ("x y'", ("d", "d"), lambda v: np.outer(v["x"], v["y"])),
    ("1/2*norm(W2*sigma(W1*x+b1)-t)^2", (),
     lambda v: np.sum((v["W2"] @ sigma(v["W1"] @ v["x"] + v["b1"]) - v["t"]) ** 2) / 2),
    (r"\frac{1}{2}\|\mathbf{r}\|_2^2", (), lambda v: v["r"] @ v["r"] / 2),
    ("½‖r‖²", (), lambda v: v["r"] @ v["r"] / 2),
    (r"\|\mathbf{r}\|^2_2", (), lambda v: v["r"] @ v["r"]),
    ("Σ_i x^2_i", (), lambda v: v["x"] @ v["x"]),
    ("½ x", ("d",), lambda v: v["x"] / 2),
    ("I_n ⊗ s", ("n", "h", "n"), lambda v: np.einsum("ij,k->ikj", np.eye(3), v["s"])),
    ("x ⊗ W1", ("d", "d", "h"), lambda v: np.einsum("i,kj->ijk", v["x"], v["W1"])),
    ("W1 ⊗ r", ("d", "n", "h"), lambda v: np.einsum("ki,j->ijk", v["W1"], v["r"])),
    ("x ⊗ r", ("d", "n"), lambda v: np.outer(v["x"], v["r"])),
    ("r'(I_n ⊗ s)", ("h", "n"), lambda v: np.outer(v["s"], v["r"])),
    ("W2' r ⊙ σ′(z)", ("h",), lambda v: v["W2"].T @ v["r"] * sigma(v["z"]) * sigma(-v["z"])),
    ("A^{-1}x", ("d",), lambda v: np.linalg.solve(v["A"], v["x"])),
    ("A⁻¹ x", ("d",), lambda v: np.linalg.solve(v["A"], v["x"])),
    ("inv(A) x", ("d",), lambda v: np.linalg.solve(v["A"], v["x"])),
    ("A^{-T}x", ("d",), lambda v: np.linalg.solve(v["A"].T, v["x"])),
    ("A^3", ("d", "d"), lambda v: v["A"] @ v["A"] @ v["A"]),
    ("A**3", ("d", "d"), lambda v: v["A"] ** 3),
    (r"A^{\circ 3}", ("d", "d"), lambda v: v["A"] ** 3),
    ("A + 2 I_d", ("d", "d"), lambda v: v["A"] + 2 * np.eye(5)),
    ("tr(A X'X)", (), lambda v: np.trace(v["A"] @ v["X"].T @ v["X"])),
    (r"\operatorname{tr} A", (), lambda v: np.trace(v["A"])),
    (r"\log \det(X^\top X + I_d)", (), lambda v: np.log(np.linalg.det(v["X"].T @ v["X"] + np.eye(5)))),
    (r"\exp\left(-\frac{\mathbf{x}^{\top}\mathbf{x}}{2\tau^2}\right)", (),
     lambda v: np.exp(-(v["x"] @ v["x"]) / (2 * v["tau"] ** 2))),
    ("e^{-c²}", (), lambda v: np.exp(-(v["c"] ** 2))),
    ("log'(3 + z**2)", ("h",), lambda v: 1 / (3 + v["z"] ** 2)),
    ("tanh''(z)", ("h",), lambda v: -2 * np.tanh(v["z"]) / np.cosh(v["z"]) ** 2),
    ("sin''(2z)", ("h",), lambda v: -np.sin(2 * v["z"])),
    ("z/norm(z)", ("h",), lambda v: v["z"] / np.linalg.norm(v["z"])),
    ("‖z‖₁ + ‖z‖_∞ + ‖A‖_F", (), lambda v: np.abs(v["z"]).sum() + np.abs(v["z"]).max() + np.linalg.norm(v["A"])),
    ("|z| y'y", ("h",), lambda v: np.abs(v["z"]) * (v["y"] @ v["y"])),
    ("λ x + tau y", ("d",), lambda v: v["lam"] * v["x"] + v["tau"] * v["y"]),
    (r"\lambda \mathbf x", ("d",), lambda v: v["lam"] * v["x"]),
    ("A(x + y)", ("d",), lambda v: v["A"] @ (v["x"] + v["y"])),
    ("x'(y x')", (1, "d"), lambda v: row((v["x"] @ v["y"]) * v["x"])),
    ("-x - -y", ("d",), lambda v: v["y"] - v["x"]),
    ("1/2 x'A x", (), lambda v: v["x"] @ v["A"] @ v["x"] / 2),
    ("vec(X)", ("d*n",), lambda v: v["X"].ravel(order="F")),
    ("softmax(W1 x)'", (1, "h"), lambda v: row(np.exp(v["W1"] @ v["x"]) / np.exp(v["W1"] @ v["x"]).sum())),
    ("∂(x'A x)/∂x", (1, "d"), lambda v: row((v["A"] + v["A"].T) @ v["x"])),
    ("d(x'A x)/dx", (1, "d"), lambda v: row((v["A"] + v["A"].T) @ v["x"])),
    (r"\frac{\partial \mathbf{x}^\top \mathbf{A}\mathbf{x}}{\partial \mathbf{A}}", ("d", "d"),
     lambda v: np.outer(v["x"], v["x"])),
    ("∂/∂A (y'A x)", ("d", "d"), lambda v: np.outer(v["x"], v["y"])),
    ("d(W1 x)/dW1", ("h", "d", "h"), lambda v: np.einsum("ik,j->ijk", np.eye(7), v["x"])),
    ("(∂(y'A x)/∂A)'", ("d", "d"), lambda v: np.outer(v["y"], v["x"])),
    ("1ᵀ x", (), lambda v: v["x"].sum()),
    ("A 1", ("d",), lambda v: v["A"].sum(axis=1)),
    ("1_d 1_n'", ("d", "n"), lambda v: np.ones((5, 3))),
    ("A + 1 1ᵀ", ("d", "d"), lambda v: v["A"] + 1),
    (r"\mathbf{A} - \lambda \mathbf{I}", ("d", "d"), lambda v: v["A"] - v["lam"] * np.eye(5)),
    ("X I A", ("n", "d"), lambda v: v["X"] @ v["A"]),
    ("1/d x", ("d",), lambda v: v["x"] / 5),
    ("σ⁽³⁾(z)", ("h",), lambda v: sigma(v["z"]) * sigma(-v["z"]) * (1 - 6 * sigma(v["z"]) * sigma(-v["z"]))),
    ("x_i", ("d",), lambda v: v["x"]),
    ("z_j r_i", ("n", "h"), lambda v: np.outer(v["r"], v["z"])),
    ("Σ_k W1_{jk} x_k", ("h",), lambda v: v["W1"] @ v["x"]),
    (r"\sum_{k=1}^{d} W_{jk}^{(1)} x_k", ("h",), lambda v: v["W1"] @ v["x"]),
    ("exp((W1 x)_j) / Σ_k exp((W1 x)_k)", ("h",),
     lambda v: np.exp(v["W1"] @ v["x"]) / np.exp(v["W1"] @ v["x"]).sum()),
    ("Σ_{ij} A_{ij}² - Σ_i A_{ii}", (), lambda v: (v["A"] ** 2).sum() - np.trace(v["A"])),
    ("(Σ_k x_k)(Σ_k y_k)", (), lambda v: v["x"].sum() * v["y"].sum()),
    ("∂(W1 x)_i/∂W1_{jk}", ("h", "h", "d"), lambda v: np.einsum("ij,k->ijk", np.eye(7), v["x"])),
    ("δ_{ij} z_j + σ′(z_i) z_j", ("h", "h"),
     lambda v: np.diag(v["z"]) + np.outer(sigma(v["z"]) * sigma(-v["z"]), v["z"])),
    ("A_{2j}", ("d",), lambda v: v["A"][1]),
    ("x_1 x_5", (), lambda v: v["x"][0] * v["x"][4]),
    ("∇_x x'A x", ("d",), lambda v: (v["A"] + v["A"].T) @ v["x"]),
    (r"\nabla_{\mathbf{A}} \mathbf{x}^\top \mathbf{A} \mathbf{y}", ("d", "d"), lambda v: np.outer(v["x"], v["y"])),
    ("∂(∂(x'A x)/∂x)/∂x", ("d", "d"), lambda v: v["A"] + v["A"].T),
    ("[x; 1]", ("d+1",), lambda v: np.append(v["x"], 1.0)),
    ("[c; x; 0; x]", ("2*d+2",), lambda v: np.concatenate([[v["c"]], v["x"], [0.0], v["x"]])),
    ("[W1 | z] [x; 1]", ("h",), lambda v: v["W1"] @ v["x"] + v["z"]),
    ("[x' | c]", (1, "d+1"), lambda v: row(np.append(v["x"], v["c"]))),
    ("[|x| | x | 0]", ("d", 3), lambda v: np.column_stack([np.abs(v["x"]), v["x"], 0 * v["x"]])),
    (r"\begin{bmatrix} A & x \\ y^\top & c \end{bmatrix}", ("d+1", "d+1"),
     lambda v: np.block([[v["A"], v["x"][:, None]], [row(v["y"]), np.array([[v["c"]]])]])),
    ("x_i^{-T}", ("d",), lambda v: 1 / v["x"]),
    ("q_i := Σ_j W1_{ij} x_j; q'q", (), lambda v: np.sum((v["W1"] @ v["x"]) ** 2)),
    ("Q_{ki} = x_i z_k; Q", ("h", "d"), lambda v: np.outer(v["z"], v["x"])),
    ("ℓ = Σ_i x_i²; ∂ℓ/∂x", (1, "d"), lambda v: 2 * row(v["x"])),
    ("dσ(z)/dz", ("h", "h"), lambda v: np.diag(sigma(v["z"]) * sigma(-v["z"]))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shape", "meaning"), MEANINGS, ids=[text for text, _, _ in MEANINGS])
def test_a_text_means_what_numpy_computes(text: str, shape: tuple[Any, ...], meaning: Callable[..., Any]) -> None:
    assert shape_of(text, **DECLARED) == shape == parse(text, **DECLARED).shape
    assert_close(value_of(text), meaning(values()))


SPELLED = [
    ("W1", ["W1", "W_1", "W₁", "W_{1}", "W^{(1)}", "W⁽¹⁾", r"\mathbf{W}_1", r"\mathbf{W}^{(1)}", r"\mathbf{W_1}",
            "W^(1)"]),
    ("x_tilde", ["x_tilde", "x̃", r"\tilde{x}", r"\tilde{\mathbf{x}}", r"\mathbf{\tilde x}", r"\widetilde{\mathbf{x}}"]),
    ("W1_tilde", ["W̃₁", "W_tilde_1", r"\widetilde{\mathbf{W}}^{(1)}", r"\tilde{W}_1"]),
    ("lam", ["lam", "λ", r"\lambda", "lambda", "𝜆"]),
    ("ell", ["ell", "ℓ", r"\ell"]),
    ("y_hat", ["ŷ", r"\hat{y}", r"\hat y", "y_hat"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "spellings"), SPELLED, ids=[name for name, _ in SPELLED])
def test_spellings_of_one_name(name: str, spellings: list[str]) -> None:
    plain = parse(name, **{name: "d h"})
    for spelling in spellings:
        assert parse(spelling, **{name: "d h"}) is plain, spelling


def test_the_forms_of_a_size() -> None:
    for given in (("n", "h"), ["n", "h"], "n h", "n,h", "n, h", "n × h"):
        assert shape_of("W", W=given) == ("n", "h")
    assert shape_of("W", W="d+1 3") == ("d+1", 3)
    assert shape_of("W", W=(2, 3)) == (2, 3)
    assert shape_of("c", c="") == shape_of("c", c=()) == ()
    assert shape_of("x", x=4) == (4,)


def test_shapes_may_be_told_in_the_text() -> None:
    text = r"""
        \mathbf{x} \in \mathbb{R}^d; \mathbf{W}^{(1)} ∈ ℝ^{h×d}; \mathbf{b}_1 \in R^h; r ∈ R^n; W_2 \in \mathbb{R}^{n \times h}
        \mathbf{z} := \mathbf{W}^{(1)} \mathbf{x} + \mathbf{b}_1 \in \mathbb{R}^h
        \frac{\partial \mathbf{z}}{\partial \mathbf{W}^{(1)}} = \mathbf{I}_h \otimes \mathbf{x} \in \mathbb{R}^{h \times d \times h}
        r^\top W_2 ∈ R^{1×h}
        x r^\top W_2 \operatorname{diag}(\sigma'(z)) \in \mathbb{R}^{d \times h}
    """  # noqa: E501 - the notes' lines
    reading = read(text)
    assert [part.value.shape for part in reading.statements[-1][1]] == [("d", "h")]
    assert shape_of("x ∈ R^{d+1}; c ∈ ℝ; c x") == ("d+1",)
    with pytest.raises(ShapeError, match="W x is a column \\(h\\), and 1 × h is claimed"):
        read("W x ∈ R^{1×h}", {"W": "h d", "x": "d"})
    with pytest.raises(ParseError, match="expected ℝ"):
        read("x ∈ Q^2", {"x": "2"})


def test_definitions_make_a_chain() -> None:
    text = "z := W1 x + b1; s := σ(z); r := W2 s + b2; ℓ := 1/2‖r‖²; ∂ℓ/∂r ∂r/∂s ∂s/∂z ∂z/∂W1"
    sizes = {"x": "d", "W1": "h d", "b1": "h", "W2": "n h", "b2": "n"}
    product = parse(text, **sizes)
    rng = np.random.default_rng(1)
    v = {"x": rng.normal(size=5), "W1": rng.normal(size=(7, 5)), "b1": rng.normal(size=7)}
    v |= {"W2": rng.normal(size=(3, 7)), "b2": rng.normal(size=3)}
    z = v["W1"] @ v["x"] + v["b1"]
    r = v["W2"] @ sigma(z) + v["b2"]
    assert product.shape == ("d", "h")
    assert_close(evaluate(product, v), np.outer(v["x"], r @ v["W2"] * sigma(z) * sigma(-z)))


def test_proposition_2_in_the_augmented_form() -> None:
    text = r"""
        W_tilde := [W | b]; x_tilde := [x; 1]
        z := W_tilde x_tilde
        \begin{aligned}
            \ell &= \frac{1}{2} \|V \sigma(z)\|^2 \\
            \frac{\partial \ell}{\partial W_tilde}
        \end{aligned}
    """
    found = parse(text, W="h d", b="h", x="d", V="n h")
    rng = np.random.default_rng(3)
    v = {name: rng.normal(size=shape) for name, shape in (("W", (7, 5)), ("b", (7,)), ("x", (5,)), ("V", (3, 7)))}
    z = v["W"] @ v["x"] + v["b"]
    back = v["V"] @ sigma(z) @ v["V"] * sigma(z) * sigma(-z)
    assert_close(evaluate(found, v), np.outer(np.append(v["x"], 1.0), back))


def test_the_activation_is_sigma() -> None:
    assert str(read("σ'(z)", {"z": "h"}, "tanh").part.value.expression) == "σ′(z)"
    reading = read("σ(z)", {"z": "h"}, "tanh").part.value.whole
    assert_close(evaluate(reading, {"z": [0.5, -1.0]}), np.tanh([0.5, -1.0]))


def test_what_could_be_read_in_two_ways_is_said() -> None:
    notes = {
        "A(x + y)": "A(x + y) is a product, because A is declared",
        "xr'W2": "xr is read as x · r, which are declared",
        "x**2 + c": "c is a scalar, added to every entry",
        "c^2 x^2": "x^2 goes entry by entry: x is a column (d)",
        "tr A c": "tr A is of A alone; brackets would say otherwise",
        "1 / c x'y": "/ c x': the division is by c alone; brackets would say otherwise",
    }
    for text, note in notes.items():
        assert note in read(text, DECLARED).notes
    assert read("x r' W2", DECLARED).notes == ()
    declared = read("norm(x)", {"norm": "d,d", "x": "d"})
    assert declared.part.value.shape == ("d",)
    assert "norm is the declared name (d × d), not the function" in declared.notes


def test_errors_point_at_the_place() -> None:
    cases = {
        "x + ": (1, 4, "expected an operand"),
        "(x": (1, 1, "not closed"),
        "x)": (1, 2, "closes nothing"),
        "[x)": (1, 3, "expected ] to close ["),
        "a ? b": (1, 3, "QUESTION MARK"),
        "x * / y": (1, 5, "found /"),
        "": (1, 1, "found nothing"),
        "x3": (1, 1, "x3 is not declared"),
        "foo(x)": (1, 1, "neither a declared name nor a function"),
        "σ": (1, 1, "σ is a function"),
        "∂x": (1, 1, "∂ alone"),
        "x = y": (1, 5, "an equation"),
        "x; y": (1, 1, "several expressions"),
        "q_i := x_j; q": (1, 1, "the right side has j"),
        "δ_{ii}": (1, 1, "two different letters"),
        "I": (1, 1, "the size of I is not determined"),
        "1ᵀ": (1, 1, "the size of 1 is not determined here: write 1_n"),
        "Σ_k c": (1, 1, "no such index"),
        "1e999": (1, 1, "too large"),
        "z_9 := x\nz_9 + q": (2, 7, "q is not declared"),
    }
    for text, (line, column, words) in cases.items():
        with pytest.raises(ParseError) as caught:
            parse(text, **DECLARED)
        error = caught.value
        assert (error.line, error.column) == (line, column), text
        assert words in str(error)
        assert str(error).startswith(f"line {line}, column {column}: ")
        assert error.excerpt.splitlines()[1].index("^") >= 2


def test_shapes_that_do_not_fit_are_named_at_their_place() -> None:
    with pytest.raises(ShapeError) as caught:
        parse("x r' W1", **DECLARED)
    assert "the columns of x r' (n) meet the rows of W1 (h)" in str(caught.value)
    assert caught.value.excerpt == "  x r' W1\n       ^^"
    with pytest.raises(ShapeError, match="a column meets a row"):
        parse("x r W2", **DECLARED)
    for text, said in (
        ("[x | r]", "blocks side by side have as many rows"),
        ("[A; W2]", "lines of blocks have as many columns"),
        ("[x_i; 1]", "a block is a scalar, a vector or a matrix"),
        ("A_i", "an entry of it has 2 indices, got 1"),
        ("x_i + y", "y is a column (d) among entries"),
        ("x_i z_i", "the index i runs to d"),
        (r"\sum_{k=1}^{h} W_{jk}^{(1)} x_k", "a sum over k to h, and the index runs to d"),
        ("X_{jk}δ_{ij}^{-1}", "nothing tells how far the index i runs"),
        ("|δ_{ij}|", "nothing tells how far the index i runs"),
        ("√{δ_{ij}}", "nothing tells how far the index i runs"),
        ("δ_{ij}", "nothing tells how far the index i runs"),
        ("norm(x_i)", "norm is of whole arrays"),
        ("x_i'y_i + ‖x_i‖", "a norm is of a whole array"),
    ):
        with pytest.raises(ShapeError, match=re.escape(said)) as caught:
            parse(text, **DECLARED)
        assert caught.value.line == 1
    with pytest.raises(ShapeError, match="items 6 and 7"):
        parse("c ⊗ A", **DECLARED)
    assert any("Kronecker" in note for note in read("A ⊗ W2", DECLARED).notes)
    assert parse("A ⊗ W2", **DECLARED) is parse("kron(A, W2)", **DECLARED)


def test_deep_nesting_and_long_texts_are_refused() -> None:
    for text in (
        "\\hat" * 5000 + "x",
        "∂" * 900 + "x",
        "\\mathbf{\\tilde" * 40 + "x" + "}" * 40,
        "(" * 5000 + "x" + ")" * 5000,
        "\\sqrt{" * 500 + "x" + "}" * 500,
        "‖(" * 3000,
    ):
        with pytest.raises(ParseError, match="deep"):
            parse(text, x="d")
    doubling = "; ".join(f"f{k}(t) := f{k + 1}(t) + f{k + 1}(t)" for k in range(18))
    with pytest.raises(ParseError, match="calls of the functions"):
        parse(f"{doubling}; f18(t) := t; f0(x)", x="d")
    with pytest.raises(ParseError, match="characters"):
        parse("x + " * 100_000 + "x", x="d")


def test_declarations() -> None:
    assert read_declarations("x:d r:n W2:n,h c:") == {"x": ("d",), "r": ("n",), "W2": ("n", "h"), "c": ()}
    assert read_declarations(" x : d;  W : n , h ") == {"x": ("d",), "W": ("n", "h")}
    assert read_declarations("") == {}
    with pytest.raises(ShapeError, match="no declaration"):
        read_declarations("x")
    with pytest.raises(ValueError, match="twice"):
        read_declarations("x:d x:n")
    with pytest.raises(ValueError, match="spellings of one name"):
        parse("x", W1="d", W_1="n", x="d")


def test_without_any_declaration_the_error_says_how_to_declare() -> None:
    with pytest.raises(ParseError, match=r"x is not declared: no name is; give each its shape, such as x:d or W:h,d"):
        parse("W x")
