# ruff: noqa: E501 - a statement a line
"""Statements in the notation of books, papers and threads, each with what is true of it.

Layouts: N, D, A, V are the layouts in which it is true, the first that `auto` finds; F is false in all of them, U is
undecided. A fact after it is the one under which the line would be true.
"""

from __future__ import annotations

import pytest

from jacobians.reading.answers.judging import judge
from jacobians.reading.meaning.declarations import read_declarations

NAMES = {"N": "numerator", "D": "denominator", "A": "ad", "V": "vec"}
VECTORS = "x:n y:n a:n b:n A:n,n B:n,n M:m,n z:m c: t:"
DATA = "X:N,d w:d y:N b: lam: theta:d V:d,k T:N,k"

STATEMENTS: list[tuple[str, str, str]] = [
    # derivatives, in every layout of the books
    (r"\frac{\partial a^\top x}{\partial x} = a^\top", VECTORS, "N"),
    (r"\frac{\partial a^\top x}{\partial x} = a", VECTORS, "D"),
    (r"\frac{\partial \mathbf{x}^{\mathsf T}\mathbf{A}\mathbf{x}}{\partial \mathbf{x}} = (\mathbf{A}+\mathbf{A}^{\mathsf T})\mathbf{x}", VECTORS, "D"),
    (r"\frac{\partial \bm{x}^{\rm T}\bm{A}\bm{x}}{\partial \bm{x}} = 2\bm{A}\bm{x}", VECTORS, "F A is symmetric"),
    (r"\frac{\partial}{\partial x}\, x^\prime A x = x'(A + A')", VECTORS, "N"),
    (r"\frac{\mathrm{d}}{\mathrm{d}t}\left(3t^2\right) = 6t", VECTORS, "N"),
    (r"\frac{\mathrm d}{\mathrm d t} \sin(2t) = 2\cos 2t", VECTORS, "N"),
    (r"\frac{d}{dt}\log t = \frac1t", VECTORS, "N"),
    (r"\frac d{dt} t^3 = 3t^2", VECTORS, "N"),
    (r"\partial x^\top A x/\partial x = x^\top(A + A^\top)", VECTORS, "N"),
    (r"\partial\log\det X/\partial X = X^{-1}", "X:n,n", "N"),
    (r"\partial \log |\det X| / \partial X = X^{-\top}", "X:n,n", "D"),
    (r"\frac{\partial |X|}{\partial X} = |X| X^{-\mathrm{T}}", "X:n,n", "D"),
    (r"\frac{\partial |X|}{\partial X} = |X| X^{-1}", "X:n,n", "N"),
    (r"\frac{\partial \mathrm{Tr}(AX)}{\partial X} = A", "A:n,m X:m,n", "N"),
    (r"\frac{\partial\,\operatorname{trace}(AXB)}{\partial X} = BA", "A:k,n X:n,m B:m,k", "N"),
    (r"\frac{\partial \mathbf{A}\mathbf{x}}{\partial \mathbf{x}^\top} = \mathbf{A}", "A:m,n x:n", "N"),
    (r"\frac{\partial A x}{\partial x} = A^\top", "A:m,n x:n", "D"),
    (r"\frac{\partial^2 x^\top A x}{\partial x\,\partial x^\top} = A + A^\top", VECTORS, "N"),
    (r"\frac{\partial^2}{\partial x^2} x^\top A x = A + A^\top", VECTORS, "N"),
    (r"\frac{\partial^2 x^\top A x}{\partial x_i \partial x_j} = A_{ij} + A_{ji}", VECTORS, "N"),
    (r"\frac{\partial^2 x^\top A x}{\partial x_i \partial x_j} = 2 A_{ij}", VECTORS, "F A is symmetric"),
    (r"\nabla_x\, a^T x = a", VECTORS, "N"),
    (r"\nabla_{x} \|x - a\|_2^2 = 2(x - a)", VECTORS, "N"),
    (r"\nabla^2_x \tfrac12 x^\top A x = \tfrac12(A + A^\top)", VECTORS, "N"),
    (r"f := \tfrac12\|M x - z\|^2; \nabla f(x) = M^\top(Mx - z)", VECTORS, "N"),
    (r"f := \tfrac12\|M x - z\|^2; \nabla^2 f(x) = M^\top M", VECTORS, "N"),
    (r"f(x) := \tfrac12\|M x - z\|^2; \nabla f(x) = M^\top(Mx - z)", VECTORS, "N"),
    (r"f(x) := x^\top x; \nabla f(a) = 2a", VECTORS, "N"),
    (r"f(x) := x^\top x; f(a + b) = f(a) + 2a^\top b + f(b)", VECTORS, "N"),
    (r"f(x) := x^\top x; f(a + b) = f(a) + f(b)", VECTORS, "F"),
    (r"D_x(M x) = M", VECTORS, "N"),
    (r"f(x) := M x; J_f(x) = M", VECTORS, "N"),
    (r"\operatorname{Hess}_x(x^\top A x) = A + A^\top", VECTORS, "N"),
    (r"\frac{\partial \|x\|}{\partial x} = \frac{x^\top}{\|x\|}", VECTORS, "N"),
    (r"\frac{\partial \operatorname{vec}(AXB)}{\partial X} = B^\top \otimes A", "A:k,n X:n,m B:m,p", "V"),
    (r"\frac{\partial AXB}{\partial X} = B^\top \otimes A", "A:k,n X:n,m B:m,p", "V"),
    (r"\frac{\partial \sigma(z)}{\partial z} = \operatorname{Diag}(\sigma(z)\odot(1-\sigma(z)))", VECTORS, "N"),
    (r"\frac{\partial \operatorname{ReLU}(z)}{\partial z} = \operatorname{diag}(\operatorname{ReLU}'(z))", VECTORS, "N"),
    (r"\frac{\partial\operatorname{LSE}(z)}{\partial z} = \operatorname{softmax}(z)^\top", VECTORS, "N"),
    # differentials
    (r"\mathrm{d}(AX) = A\,\mathrm{d}X", "A:n,m X:m,k", "N"),
    (r"d(x^\top A x) = x^\top(A + A^\top)dx", VECTORS, "N"),
    (r"\mathrm{d}\log|X| = \operatorname{tr}(X^{-1}\mathrm{d}X)", "X:n,n", "N"),
    (r"\mathrm{d}X^{-1} = X^{-1}(\mathrm{d}X)X^{-1}", "X:n,n", "F"),
    (r"\mathrm{d}\,\mathrm{tr}(X^\top X) = 2\,\mathrm{tr}(X^\top \mathrm{d}X)", "X:n,m", "N"),
    (r"f(X) := X^{-1}; f'(X)[H] = -X^{-1}HX^{-1}", "X:n,n H:n,n", "N"),
    # sums and indices
    (r"\sum_{i=1}^n x_i y_i = x^\top y", VECTORS, "N"),
    (r"\sum_{i=1}^{n} 1 = n", VECTORS, "N"),
    (r"\sum_{i=1}^{n}(x_i - c) = 1^\top x - n c", VECTORS, "N"),
    (r"\sum_{i=1}^{n}(x_i - c) = 1^\top x - c", VECTORS, "F"),
    (r"(A B)_{ij} = \sum_k A_{ik}B_{kj}", VECTORS, "N"),
    (r"(A B)_{ij} = \sum_k A_{ki}B_{kj}", VECTORS, "F A is symmetric"),
    (r"\operatorname{tr}(A^\top B) = \sum_{ij} A_{ij}B_{ij}", VECTORS, "N"),
    (r"\operatorname{tr}(A^\top B) = A : B = \langle A, B\rangle", VECTORS, "N"),
    (r"\frac{\partial x_i}{\partial x_j} = \delta_{ij}", VECTORS, "N"),
    (r"s := \operatorname{softmax}(z); \frac{\partial s_i}{\partial z_j} = s_i(\delta_{ij} - s_j)", VECTORS, "N"),
    (r"s := \operatorname{softmax}(z); \frac{\partial s_i}{\partial z_j} = s_i(1 - s_j)", VECTORS, "F"),
    (r"s_i := \frac{e^{z_i}}{\sum_j e^{z_j}}; s = \operatorname{softmax}(z)", VECTORS, "N"),
    (r"\max_i x_i = \max(x)", VECTORS, "N"),
    # samples as rows
    (r"\sum_{i=1}^N (y_i - w^\top x_i)^2 = \|y - Xw\|^2", DATA, "N"),
    (r"J := \frac{1}{2N}\sum_{i=1}^{N} (w^T x^{(i)} - y^{(i)})^2; \nabla_w J = \frac1N X^T(Xw - y)", DATA, "N"),
    (r"J := \frac{1}{2}\sum_{i=1}^{N} (w^T x^{(i)} - y^{(i)})^2; \frac{\partial J}{\partial w_j} = \sum_{i=1}^{N} (w^T x^{(i)} - y^{(i)}) x_j^{(i)}", DATA, "N"),
    (r"J := \frac{1}{2}\sum_{i=1}^{N} (w^T x^{(i)} - y^{(i)})^2; \frac{\partial J}{\partial w_j} = \sum_{i=1}^{N} (y^{(i)} - w^T x^{(i)}) x_j^{(i)}", DATA, "F"),
    (r"L := \sum_i \log(1 + e^{-y_i w^\top x_i}); \nabla_w L = -\sum_i \sigma(-y_i w^\top x_i)\, y_i x_i", DATA, "N"),
    (r"\sum_{i=1}^N x_i x_i^\top = X^\top X", DATA, "N"),
    (r"\sum_{i=1}^N x_i x_i^\top = X X^\top", "X:N,N", "F X is symmetric"),
    # batches, and samples as rows
    (r"Z := X V + 1 b^\top; L := \frac12\|Z - T\|_F^2; \frac{\partial L}{\partial V} = X^\top(Z - T)", "X:N,d V:d,k b:k T:N,k", "D"),
    (r"Z := X V + 1 b^\top; L := \frac12\|Z - T\|_F^2; \frac{\partial L}{\partial b} = 1^\top(Z - T)", "X:N,d V:d,k b:k T:N,k", "N"),
    # matrices: determinants, blocks, pseudo-inverses, products
    (r"|AB| = |A||B|", VECTORS, "N"),
    (r"|A + B| = |A| + |B|", VECTORS, "F"),
    (r"\begin{vmatrix} A & a \\ b^\top & c\end{vmatrix} = |A|(c - b^\top A^{-1} a)", VECTORS, "N"),
    (r"[A B; B A] [x; y] = [A x + B y; B x + A y]", VECTORS, "N"),
    (r"(A \otimes B)^\top = A^\top \otimes B^\top", VECTORS, "N"),
    (r"(A \otimes B)^{-1} = B^{-1} \otimes A^{-1}", VECTORS, "F"),
    (r"X^+ X = I", "X:n,m", "N"),
    (r"X^{\dagger} = (X^\top X)^{-1}X^\top", "X:n,m", "N"),
    (r"(A B)^{-1} = A^{-1}B^{-1}", VECTORS, "F"),
    (r"(A + a b^\top)^{-1} = A^{-1} - \frac{A^{-1}a b^\top A^{-1}}{1 + b^\top A^{-1} a}", VECTORS, "N"),
    (r"(A + a b^\top)^{-1} = A^{-1} + \frac{A^{-1}a b^\top A^{-1}}{1 + b^\top A^{-1} a}", VECTORS, "F"),
    (r"|I + a b^\top| = 1 + b^\top a", VECTORS, "N"),
    # names and marks
    (r"\hat{u} := M x; \frac{\partial \hat u}{\partial x} = M", VECTORS, "N"),
    (r"w^\star := X^+ y; X^\top X w^\star = X^\top y", DATA, "N"),
    (r"W^{[1]}x = W_1 x = W^{(1)} x", "W1:m,n x:n", "N"),
    (r"\boldsymbol{\theta}^{\intercal}\boldsymbol\theta = \|\boldsymbol\theta\|^2", DATA, "N"),
    (r"\vec{1}^T x = \mathbf 1^\top x = \mathbb{1}^\top x = \sum_i x_i", VECTORS, "N"),
    (r"x .* y = x \circ y = x \odot y", VECTORS, "N"),
    # statements with declarations in the text
    (r"A \in \mathbb{S}^n; \nabla_x x^\top A x = 2Ax", "x:n", "N"),
    (r"A \in \mathbb{S}^n_{++}; x^\top A x > 0", "x:n", "N"),
    (r"\nabla_x x^\top A x = 2Ax, \quad \text{where } A \text{ is symmetric}", VECTORS, "N"),
    (r"\nabla_A \log\det A = A^{-1}; \text{for symmetric } A", "A:n,n", "N"),
    (r"p \in \Delta^n; 1^\top p = 1", "x:n", "N"),
    (r"\frac{\partial u}{\partial x} = M, \quad u := Mx", VECTORS, "N"),
    (r"\begin{aligned} u &:= Mx + z \\ \frac{\partial u}{\partial x} &= M \end{aligned}", VECTORS, "N"),
    (r"x^\top x = \|x\|_2^2 \tag{3.1} \label{eq:norm}", VECTORS, "N"),
    (r"x^\top x = \|x\|_2^2.", VECTORS, "N"),
    # comparisons
    (r"|a^\top b| \le \|a\|\|b\|", VECTORS, "N"),
    (r"\|x\|_1 \leq \|x\|_2", VECTORS, "F"),
    (r"\|x\|_\infty \leq \|x\|_2 \leq \|x\|_1", VECTORS, "N"),
    # chain rules of arbitrary functions
    (r"z := Mx; L = L(z); \frac{\partial L}{\partial x} = \frac{\partial L}{\partial z}M", "M:m,n x:n L:", "N"),
    (r"z := Mx; L = L(z); \frac{\partial L}{\partial x} = M^\top\frac{\partial L}{\partial z}", "M:m,n x:n L:", "D"),
    (r"z := Mx; L = L(z); \frac{\partial L}{\partial M} = \frac{\partial L}{\partial z} x^\top", "M:m,n x:n L:", "D"),
    (r"Y := XV; L = L(Y); \frac{\partial L}{\partial V} = X^\top\frac{\partial L}{\partial Y}", "X:N,d V:d,k L:", "D"),
    (r"Y := XV; L = L(Y); \frac{\partial L}{\partial X} = V^\top\frac{\partial L}{\partial Y}", "X:d,d V:d,d L:", "F"),
    (r"\langle \nabla f(x), v\rangle = v^\top \nabla f(x)", "f: x:n v:n", "N"),
    (r"f : \mathbb{R}^n \to \mathbb{R}; \nabla^2 f(x) = (\nabla^2 f(x))^\top", "x:n", "N"),
    (r"f : \mathbb{R} \to \mathbb{R}; g := f(a^\top x); \nabla_x g = f'(a^\top x)\, a", VECTORS, "N"),
    (r"f : \mathbb{R} \to \mathbb{R}; g := f(a^\top x); \nabla^2_x g = f''(a^\top x)\, a a^\top", VECTORS, "N"),
    (r"f : \mathbb{R} \to \mathbb{R}; g := f(a^\top x); \nabla_x g = f'(a^\top x)\, x", VECTORS, "F"),
    # what the line does not say
    (r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial z} x^\top", "L: W:h,d z:h x:d", "U"),
    (r"\nabla_\theta J(\theta) = X^\top(X\theta - y)", "J: X:N,d theta:d y:N", "U"),
    (r"\frac{\partial^2 \log\sum_k e^{x_k}}{\partial x_i\partial x_j} = p_i\delta_{ij} - p_ip_j", "x:n p:n", "U"),
    (r"\frac{\partial h}{\partial z} = \operatorname{diag}(f'(z))", "h:n z:n", "U"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "where", "truth"), STATEMENTS, ids=[text for text, *_ in STATEMENTS])
def test_a_statement_is_decided_as_it_is(text: str, where: str, truth: str) -> None:
    verdict, _, fact = truth.partition(" ")
    judgement = judge(text, read_declarations(where), layout="auto")
    report = "\n".join(judgement.lines())
    assert judgement.status == {"F": 1, "U": 2}.get(verdict, 0), report
    if verdict in NAMES and judgement.reading.elaborator.used_layout:
        assert judgement.layout == NAMES[verdict], report
    assert fact in report


TRUE_EQUATIONS = [
    (text, where)
    for text, where, truth in STATEMENTS
    if truth[0] in NAMES
    and " = " in text.rpartition(";")[2]
    and not any(one in text for one in ("tag", "where", "aligned", "quad", "symmetric", "\\vec"))
]


@pytest.mark.slow
@pytest.mark.parametrize(("text", "where"), TRUE_EQUATIONS, ids=[text for text, _ in TRUE_EQUATIONS])
def test_a_flipped_sign_and_a_lost_factor_are_found_and_repaired(text: str, where: str) -> None:
    left, _, right = text.rstrip(". ").rpartition(" = ")
    for factor in ("-", "2"):
        judgement = judge(f"{left} = {factor}\\left({right}\\right)", read_declarations(where), layout="auto")
        assert judgement.status == 1
        report = "\n".join(judgement.lines())
        assert "times the right side" in report or "minus the right side" in report, report
