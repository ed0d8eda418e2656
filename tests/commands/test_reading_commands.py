"""`jacobians shape`, `derive` and `check` as they are called."""

from __future__ import annotations

import re

import numpy as np
import pytest
from helpers import assert_close

from jacobians import ShapeError, parse
from jacobians.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    assert max((len(line) for line in (out + err).splitlines()), default=0) <= 200
    return code, out, err


def test_shape_prints_the_tree(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "shape", "x r' W2 diag(σ'(z))", "--where", "x:d r:n W2:n,h z:h")
    assert (code, err) == (0, "")
    assert out == (
        "x   r'      W2      diag(σ'(z))\n"
        "d   1 × n   n × h   h × h\n"
        "\n"
        "x r' W2 diag(σ'(z))  d × h\n"
        "├─ x                 d\n"
        "├─ r'                1 × n\n"
        "├─ W2                n × h\n"
        "└─ diag(σ'(z))       h × h\n"
        "   └─ σ'(z)          h\n"
        "      └─ z           h\n"
        "\n"
        "result  d × h\n"
    )


def test_shape_of_definitions_fractions_and_equations(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "shape", r"q := A x; -q + \frac{x}{2} = q'", "--where", "x:d A:d,d")
    assert code == 0
    assert out == (
        "q := A x  d\n"
        "└─ A x    d\n"
        "   ├─ A   d × d\n"
        "   └─ x   d\n"
        "\n"
        "-   q   +   \\frac{x}{2}\n"
        "    d       d\n"
        "\n"
        "-q + \\frac{x}{2}  d\n"
        "├─ q              d\n"
        "└─ \\frac{x}{2}    d\n"
        "   ├─ x           d\n"
        "   └─ 2           scalar\n"
        "q'  1 × d\n"
        "\n"
        "result  d ≠ 1 × d: the sides have different shapes\n"
    )


def test_shape_points_at_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "shape", "x r' W2", "--where", "x:d r:n W2:h,n")
    assert (code, out) == (2, "")
    first, *rest = err.splitlines()
    assert first.startswith("jacobians shape: error: line 1, column 6: x r' is a matrix (d × n) and W2")
    assert rest[:2] == ["  x r' W2", "       ^^"]
    assert err.splitlines()[0].endswith("; this fits: x r' W2'")


def test_derive_prints_chain_closed_form_components_latex_and_code(capsys: pytest.CaptureFixture[str]) -> None:
    formula = "1/2*norm(W2*sigma(W1*x+b1)+b2)^2"
    shapes = {"x": (3,), "W1": (5, 3), "b1": (5,), "W2": (7, 5), "b2": (7,)}
    where = "x:d W1:h,d b1:h W2:n,h b2:n"
    code, out, err = run(capsys, "derive", formula, "--wrt", "W1", "--where", where)
    assert (code, err) == (0, "")
    for line in (
        "ℓ = ½ ‖r‖²     scalar",
        "z = W₁ x + b₁  h",
        "∂ℓ/∂W₁ = ∂ℓ/∂r · ∂r/∂s · ∂s/∂z · ∂z/∂W₁",
        "  ∂z/∂W₁   h × d × h  4     I_h ⊗ x",
        "  closed form  x rᵀ W₂ diag(σ′(z))",
        "  components   (∂ℓ/∂W₁)_{ij} = Σ_k r_k (W₂)_{kj} σ′(z_j) x_i",
        "  NumPy, for n = 5, h = 3, d = 7",
    ):
        assert line in out.splitlines()
    assert r"\frac{\partial \ell}{\partial \mathbf{W}^{(1)}}" in out
    assert max(len(line) for line in out.splitlines() if "# " not in line and "np." not in line) <= 80
    source = "\n".join(line[4:] for line in out.partition("  NumPy, for")[2].splitlines()[1:])
    namespace: dict[str, object] = {}
    exec(source, namespace)
    rng = np.random.default_rng(0)
    v = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    s = 1 / (1 + np.exp(-(v["W1"] @ v["x"] + v["b1"])))
    expected = np.outer(v["x"], (v["W2"] @ s + v["b2"]) @ v["W2"] * s * (1 - s))
    program = namespace["program"]
    assert callable(program)
    assert_close(program(**v), expected)


def test_derive_by_several_names_and_with_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    text = "z := A x; y := tanh(z); y'y"
    arguments = ("--where", "x:d A:h,d", "--sizes", "d=4 h=6")
    code, out, _ = run(capsys, "derive", text, "--wrt", "x,A", "--wrt", "z", *arguments)
    assert code == 0
    assert [line for line in out.splitlines() if line.startswith("∂")] == [
        "∂ℓ/∂x = ∂ℓ/∂y · ∂y/∂z · ∂z/∂x",
        "∂ℓ/∂A = ∂ℓ/∂y · ∂y/∂z · ∂z/∂A",
        "∂ℓ/∂z = ∂ℓ/∂y · ∂y/∂z",
    ]
    assert "  NumPy, for h = 6, d = 4" in out
    code, out, _ = run(capsys, "derive", "x", "--wrt", "x", "--where", "x:d")
    assert code == 0
    assert "  closed form  I_d" in out
    code, _, err = run(capsys, "derive", text, "--wrt", "q", *arguments)
    assert code == 2
    assert "--wrt q: no such name" in err
    code, _, err = run(capsys, "derive", text, "--wrt", "x", "--where", "x:d A:h,d", "--sizes", "d=0")
    assert code == 2
    assert "d=0" in err


CHECKED = [
    ("x r' W2 = (W2' r x')'", 0, "true   d × h"),
    ("A(x+y) = A x + A y", 0, "true   d;"),
    ("d(x'A x)/dx = x'(A + A')", 0, "true   1 × d"),
    ("d(x'A x)/dx = 2 x' A", 1, "true where A is symmetric"),
    ("d(x'A x)/dx = (A + A') x", 1, "true with one side transposed"),
    ("∂(A x)/∂x = A'", 1, "true with the left side in denominator layout"),
    ("A' = ∂(A x)/∂x", 1, "true with the right side in denominator layout"),
    ("∂(W1 x)/∂W1 = I_h ⊗ x", 0, "true   h × d × h"),
    ("∂(W1 x)/∂W1 = x ⊗ I_h", 1, "by shape: the left side is h × d × h, the right side d × h × h"),
    ("∂(A x)/∂A = x ⊗ I_d", 1, "by value: both sides are d × d × d"),
    ("∂‖x‖²/∂x = x'", 1, "the left side is 2 times the right side"),
    ("∂(½‖x - y‖²)/∂y = (x - y)'", 1, "the left side is minus the right side"),
    ("∂(y'A x)/∂A = y x'", 1, "true with the left side in denominator or ad layout"),
    ("∂(A B x)/∂x = B A", 1, "true with a change: ∂(A B x)/∂x = A B"),
    ("A B = B A", 1, "by value"),
    ("x - x = 0", 0, "true   d;"),
    ("tr(A B) = tr(B A) = tr(A' B')", 0, "tr(B A) = tr(A' B')"),
    ("det(A B) = det(A) det(B)", 0, "true   scalar"),
    ("∂log(det(A))/∂A = A^-1", 0, "true   d × d"),
    (r"\frac{\partial \det(\mathbf{A})}{\partial \mathbf{A}} = \det(\mathbf{A})\,\mathbf{A}^{-1}", 0, "true   d × d"),
    ("(∂(W1 x)/∂W1)_{ijk} = δ_{ik} x_j", 0, "true   h × d × h"),
    ("∂(A x)_i/∂A_{jk} = δ_{ik} x_j", 1, "by value"),
    ("∂(x'A)/∂x = A'", 1, "true where the left side is brought from 3D to 2D (item 4)"),
    ("∇_x ½ x'x = x", 0, "true   d;"),
    ("2 ∂‖x‖²/∂x = x'", 1, "the left side is 4 times the right side"),
    ("∂x_i/∂x_j = δ_{ij}", 0, "true   d × d"),
    ("∂A_{ij}/∂A_{kl} = δ_{ik} δ_{jl}", 0, "true   d × d × d × d"),
    (r"\frac{\partial A_{ij}}{\partial A_{kl}} = \delta_{il} \delta_{jk}", 1, "by value"),
    ("A - I = A - I_d", 0, "true   d × d"),
    ("∂(1ᵀ x)/∂x = 1ᵀ", 0, "true   1 × d"),
    ("q = W1 x; p := σ(q); ℓ := ½‖W2 p‖²; ∂ℓ/∂W1 = x (W2 p)' W2 diag(σ'(q))", 0, "true   d × h"),
    ("q = W1 x; p := σ(q); ℓ := ½‖W2 p‖²; ∂ℓ/∂W1 = x (W2 p)' W2", 1, "the left side is x pᵀ W₂ᵀ W₂ diag(σ′(q))"),
]


@pytest.mark.parametrize(("text", "status", "said"), CHECKED, ids=[text for text, _, _ in CHECKED])
def test_check_decides_and_says_why(text: str, status: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    where = "x:d y:d r:n W1:h,d W2:n,h A:d,d B:d,d"
    code, out, err = run(capsys, "check", text, "--where", where)
    assert (code, err) == (status, "")
    assert said in out
    if status:
        assert "\nfalse  by " in out


def test_check_names_the_worst_entry(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", "x + 2 r = x", "--where", "x:3 r:3")
    assert code == 1
    entry = next(line for line in out.splitlines() if "entry" in line)
    place, left, right = re.fullmatch(r" +entry \((\d),\): left (\S+), right (\S+)", entry).groups()  # type: ignore[union-attr]
    assert 0 <= int(place) < 3
    assert left != right


def test_check_refuses_what_is_no_equation_or_has_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    sized = ("(∂(A x)/∂A)_{ijk} = δ_{ik} x_k", "the index k runs to h and to d")
    code, out, err = run(capsys, "check", sized[0], "--where", "x:d A:h,d")
    assert (code, out) == (2, "")
    assert sized[1] in err or "the index i" in err
    code, out, err = run(capsys, "check", "(∂(A x)/∂A)_{ijk} = δ_{ij} x_k", "--where", "x:d A:h,d")
    assert (code, err) == (1, "")
    assert "true in ad layout: --layout ad" in out
    for text, said in (("x", "no equation"), ("log(-x'x) = 1", "no random point"), ("x = ", "expected an operand")):
        code, out, err = run(capsys, "check", text, "--where", "x:d")
        assert (code, out) == (2, "")
        assert said in err
    code, _, err = run(capsys, "check", "A x = x", "--where", "A:300000,300000 x:300000")
    assert code == 2
    assert "memory" in err
    code, _, err = run(capsys, "check", "I_{1000000000} x = x", "--where", "x:1000000000")
    assert code == 2
    assert "memory" in err


#: A text that does not fit, and the repairs that are proposed.
REPAIRED = [
    ("x r W2", "x r' W2"),
    ("x r' W2' diag(σ'(z))", "x r' W2 diag(σ'(z))"),
    ("x rᵀ W₂ᵀ", "x rᵀ W₂"),
    (r"\mathbf{x}\mathbf{r} W_2", r"\mathbf{x}\mathbf{r}^\top W_2"),
    (r"x r^\top W_2^\top", r"x r^\top W_2"),
    ("r' x W2", "x r' W2"),
    ("x W1 + z", "W1 x + z"),
    ("W2 (W1 x)' + r", "W2 (W1 x) + r"),
    ("W2 W1 ⊙ X'", "W2 W1 ⊙ X or (W2 W1)' ⊙ X'"),
    ("x ⊗ r'", "x ⊗ r"),
    ("W1 W2", "W2 W1"),
]


@pytest.mark.parametrize(("text", "repaired"), REPAIRED, ids=[text for text, _ in REPAIRED])
def test_a_mismatch_proposes_the_nearest_repair(text: str, repaired: str) -> None:
    sizes = {"x": "d", "r": "n", "z": "h", "W1": "h d", "W2": "n h", "X": "n d"}
    with pytest.raises(ShapeError) as caught:
        parse(text, **sizes)
    message = str(caught.value).removesuffix(caught.value.excerpt).rstrip()
    assert message.endswith(f"this fits: {repaired}")
    for one in repaired.split(" or "):
        parse(one, **sizes)


def test_where_nothing_fits_that_is_said() -> None:
    with pytest.raises(ShapeError, match="no transposition and no exchange of its parts fits"):
        parse("x r' A", x="d", r="n", A="k k")
