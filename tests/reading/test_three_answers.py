# ruff: noqa: E501 - a line a case
"""`check` has three answers, and none of them is given for want of a definition, of an inverse, or of digits."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from jacobians.reading.answers.judging import judge
from jacobians.reading.meaning.declarations import read_declarations
from jacobians.shapes.facts import FACTS, made_true, unmet

TRUE, FALSE, UNDECIDED = 0, 1, 2

DECIDED = [
    # sizes at which every inverse exists
    ("X (X' X)^-1 X' = 2 I", "X:3,7", UNDECIDED, "singular"),
    ("X (X' X)^-1 X' = 100 I", "X:3,7", UNDECIDED, "singular"),
    ("w' (X' X)^-1 X' X w = 3 w' w", "w:d X:n,d", FALSE, "1/3 times"),
    ("w' (X' X)^-1 X' X w = w' w", "w:d X:n,d", TRUE, "true"),
    ("(X X')^-1 X X' = I", "X:n,d", TRUE, "true"),
    ("log det(X X') = log det(X' X)", "X:n,d", TRUE, "n = 4, d = 4"),
    ("tr(I_n) = 5", "x:n", FALSE, "by value"),
    ("tr(I_n) = n", "x:n", TRUE, "true"),
    # digits
    ("1e-13 x = 2e-13 x", "x:n", FALSE, "½ times"),
    ("1e-200 c = 2e-200 c", "c:", FALSE, "½ times"),
    ("x = 1.0000001 x", "x:n", FALSE, "by value"),
    ("(x + y) - x - y = 0", "x:n y:n", TRUE, "true"),
    ("1e8 + c - 1e8 = c", "c:", TRUE, "true"),
    ("x + 1e-12 y = x", "x:n y:n", FALSE, "by value"),
    ("[x; 1e-13 c] = [x; 2e-13 c]", "x:n c:", FALSE, "by value"),
    # names without a definition
    (r"\frac{\partial L}{\partial W} = 7 x \frac{\partial L}{\partial z}", "L: W:h,d x:d z:h", UNDECIDED, "nothing says"),
    (r"\frac{\partial K^{-1}}{\partial\theta} = K^{-1}\frac{\partial K}{\partial\theta}K^{-1}", "K:n,n theta:", UNDECIDED,
     "how K^{-1} depends on \\theta"),
    ("∂L/∂W = 0", "L: W:h,d", UNDECIDED, "define L"),
    ("∂(∂L/∂z)/∂z = 3 ∂(∂L/∂z)/∂z", "L: z:h", UNDECIDED, "define L"),
    ("f := x'x; ∂f/∂y = 7 ∂f/∂y", "x:n y:n", UNDECIDED, "both sides are 0"),
    ("f := x'x; ∂f/∂y = 0", "x:n y:n", TRUE, "true"),
    ("∂²(y'x)/∂x² = 0", "x:n y:n", TRUE, "true"),
    ("dL/dW = X^T dL/dY", "L: W:n,n X:n,n Y:n,n", UNDECIDED, "define L"),
    ("df = tr((∂f/∂X)ᵀ dX)", "f: X:n,n", UNDECIDED, "define f"),
    # arbitrary smooth functions: the chain rule itself
    ("z := W x; L = L(z); ∂L/∂W = x ∂L/∂z", "L: W:h,d x:d", TRUE, "arbitrary smooth function of z"),
    ("z := W x; L = L(z); ∂L/∂W = 7 x ∂L/∂z", "L: W:h,d x:d", FALSE, "1/7 times"),
    (r"z := Wx + b; \frac{\partial L(z)}{\partial b} = \frac{\partial L(z)}{\partial z}", "L: W:h,d x:d b:h", TRUE, "true"),
    (r"\frac{\partial K(\theta)^{-1}}{\partial\theta} = -K(\theta)^{-1}\frac{\partial K(\theta)}{\partial\theta}K(\theta)^{-1}",
     "K:n,n theta:", TRUE, "arbitrary smooth"),
    ("K = K(θ); ∂K⁻¹/∂θ = K⁻¹ ∂K/∂θ K⁻¹", "K:n,n theta:", FALSE, "minus"),
    ("K = K(θ); ∂log det(K)/∂θ = tr(K⁻¹ ∂K/∂θ)", "K:n,n theta:", TRUE, "true"),
    ("K = K(θ); ∂K/∂θ = (∂K/∂θ)ᵀ", "K:n,n theta:", FALSE, "by value"),
    ("K = K(θ); ∂K/∂θ = (∂K/∂θ)ᵀ", "K:n,n:symmetric theta:", TRUE, "true"),
    ("K = K(θ); x'K x ≥ 0", "K:n,n:positive_definite theta: x:n", TRUE, "true"),
    ("f: R^n → R; g := f(A x); ∂g/∂x = (∇f(A x))ᵀ A", "A:n,m x:m", TRUE, "true"),
    ("f: R^n → R; g := f(A x); ∂g/∂x = (∇f(A x))ᵀ A'", "A:n,n x:n", FALSE, "by value"),
    ("f(x) := x'x; f(y) = y'y", "x:n y:n", TRUE, "true"),
    ("f(x) := x'x; f(y') = y y'", "x:n y:n", TRUE, "n × n"),
    ("f: R → R; ∂f(z)/∂z = diag(f′(z))", "z:n", TRUE, "true"),
    ("f: R → R; ∂f(z)/∂z = diag(f″(z))", "z:n", FALSE, "by value"),
    ("h := f(z); ∂h/∂z = diag(f′(z))", "z:n", TRUE, "true"),
    ("y := F(x) + x; ∂y/∂x = ∂F(x)/∂x + I", "x:n", TRUE, "true"),
    ("y := F(x) + x; ∂y/∂x = ∂F(x)/∂x", "x:n", FALSE, "by value"),
    ("∇J(w) = X'(X w - y)", "J: w:d X:n,d y:n", UNDECIDED, "nothing defines J"),
    # comparisons
    ("x'x ≥ 0", "x:n", TRUE, "not proved"),
    ("x'x >= 1", "x:n", FALSE, "by value"),
    ("x'x ≠ x'x", "x:n", FALSE, "by value"),
    ("c ≤ 1000", "c:", FALSE, "by value"),
    ("exp(c) ≈ 1 + c", "c:", UNDECIDED, "differ by"),
    # differentials
    ("d tr(A X) = tr(A dX)", "A:n,m X:m,n", TRUE, "A is constant here"),
    ("d tr(A X) = tr(A dX) + tr(X dA)", "A:n,m X:m,n", TRUE, "true"),
    ("d tr(A X) = tr(dX A) + tr(dA)", "A:n,n X:n,n", FALSE, "by value"),
    ("d(A X) = dA X + A dX", "A:n,m X:m,n", TRUE, "true"),
    (r"\mathrm{d}X^{-1} = -X^{-1}(\mathrm{d}X)X^{-1}", "X:n,n", TRUE, "true"),
    ("d log det X = tr(X⁻¹ dX)", "X:n,n", TRUE, "true"),
    ("d log det X = tr(dX)", "X:n,n", FALSE, "by value"),
    # facts
    ("√(c²) = c", "c:", FALSE, "true where c is positive"),
    ("√(c²) = c", "c::positive", TRUE, "true"),
    ("A = A'", "A:n,n:symmetric", TRUE, "true"),
    ("A A' = I", "A:n,n", FALSE, "true where A is orthogonal"),
    ("A A' = I", "A:n,n:orthogonal", TRUE, "true"),
    ("P P = P", "P:n,n:idempotent+symmetric", TRUE, "true"),
    ("tr(S) = 0", "S:n,n:skew", TRUE, "true"),
    ("1't = 1", "t:n:probability", TRUE, "true"),
    ("‖u‖ = 1", "u:n:unit_norm", TRUE, "true"),
    ("t ⊙ t = t", "t:n:one_hot", TRUE, "true"),
    ("det(U) = 1", "U:n,n:upper", FALSE, "by value"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "where", "status", "said"), DECIDED, ids=[f"{text} | {where}" for text, where, *_ in DECIDED]
)
def test_each_is_decided_as_it_is(text: str, where: str, status: int, said: str) -> None:
    judgement = judge(text, read_declarations(where))
    report = "\n".join(judgement.lines())
    assert judgement.status == status, report
    assert " ".join(said.split()) in " ".join(report.split()), report


#: Formulas of one shape each: no formula is two different multiples of another.
POOL = {
    "": "w'w; w'(X'X)^-1 X'X w; tr(A B); tr(B A); log det(A'A); ‖X w‖²; ½ w'(A + A')w; w'A w; det(A); 1'σ(w); c; exp(c)/exp(-c)",
    "row": "∂(w'w)/∂w; w'; ∂(w'A w)/∂w; w'(A + A'); ∂(½‖X w‖²)/∂w; w'X'X; ∂log(w'w)/∂w; (A w)'; ∂(1'σ(w))/∂w; σ'(w)'; ∂L/∂w",
    "matrix": "A; A'; A B; ∂(B w)/∂w; B; ∂tr(A B)/∂B; ∂log det(A)/∂A; A⁻¹; (A + A')/2; w w'; diag(w); ∂σ(w)/∂w; X⁺ X; I_d; "
    "∂K⁻¹/∂c; K⁻¹ ∂K/∂c K⁻¹",
}  # fmt: skip
PAIRS = [
    pair for texts in POOL.values() for pair in combinations([one.strip() for one in texts.split(";")], 2)
]  # of which no more than one in a row of multiples may hold
FACTORS = ("", "2 ", "-", "100 ", "1.0001 ", "½ ")


@pytest.mark.parametrize(
    "pairs", [PAIRS[::27], *(pytest.param(PAIRS[start::9], marks=pytest.mark.slow) for start in range(9))]
)
def test_of_contradicting_equations_at_most_one_is_true(pairs: list[tuple[str, str]]) -> None:
    where = read_declarations("w:d X:n,d A:d,d B:d,d K:d,d c: L:")
    for left, right in pairs:
        held = [factor for factor in FACTORS if judge(f"{left} = {factor}({right})", where).status == TRUE]
        assert len(held) < 2, f"{left} = {held} ({right})"


def test_there_are_contradicting_equations_enough() -> None:
    assert len(PAIRS) * len(FACTORS) > 300


@pytest.mark.parametrize("name", FACTS)
def test_what_is_drawn_with_a_fact_has_it(name: str) -> None:
    rng = np.random.default_rng(0)
    for rank in FACTS[name].ranks[:3]:
        drawn = rng.normal(size=(5,) * rank)
        made = made_true(drawn, [name])
        assert unmet(made, [name]) == []
        np.testing.assert_allclose(made_true(made, [name]), made, atol=1e-12)
        if name != "constant":
            assert unmet(-np.abs(drawn) - np.eye(5)[:, ::-1][(0,) * (2 - rank)] - 3.0, [name]) == [name]


LAYOUTS = [
    ("∂(A x)/∂x = A'", "A:n,m x:m", "denominator"),
    ("∂(x'A x)/∂x = (A + A')x", "A:n,n x:n", "denominator and ad"),
    ("∂(A x)/∂x = A", "A:n,m x:m", "numerator"),
    ("∂tr(A X)/∂X = A'", "A:n,m X:m,n", "denominator and ad"),
    ("z := A x; s := σ(z); ∂s/∂x = ∂z/∂x ∂s/∂z", "A:n,m x:m", "denominator"),
    ("Y := A X; S := σ(Y); ∂S/∂X = ∂S/∂Y ∂Y/∂X", "A:n,m X:m,k", "numerator"),
    ("∂(A X B)/∂X = kron(B', A)", "A:n,m X:m,k B:k,p", "vec"),
    ("∂(W x)/∂W = kron(x', I_h)", "W:h,d x:d", "vec"),
    ("(∂(A x)/∂A)_{ijk} = δ_{ij} x_k", "A:h,d x:d", "ad"),
    ("∇_x x'A x = (A + A')x", "A:n,n x:n", "numerator"),
]


@pytest.mark.parametrize(("text", "where", "layouts"), LAYOUTS, ids=[text for text, *_ in LAYOUTS])
def test_the_layout_of_a_line_is_found(text: str, where: str, layouts: str) -> None:
    declared = read_declarations(where)
    first = layouts.partition(" ")[0]
    judgement = judge(text, declared, layout="auto")
    assert (judgement.status, judgement.layout) == (TRUE, first)
    assert judge(text, declared, layout=first).status == TRUE
    if first != "numerator":
        plain = judge(text, declared)
        assert plain.status == FALSE
        assert f"true in {layouts} layout: --layout {first}" in "\n".join(plain.lines())


def test_a_fact_and_a_layout_together_make_a_line_true() -> None:
    declared = read_declarations("W:n,n x:n")
    text = "∂(x'W x)/∂x = 2 W x"
    assert "true in denominator layout where W is symmetric" in "\n".join(judge(text, declared).lines())
    assert judge(text, declared, layout="auto").status == FALSE
    assert judge(text, read_declarations("W:n,n:symmetric x:n"), layout="auto").status == TRUE
