# ruff: noqa: E501 - the formulas are whole lines
"""The formulas of the notes, in LaTeX as they stand there, are read and decided; the slips among them are found out."""

from __future__ import annotations

import pytest

from jacobians import ShapeError
from jacobians.reading.answers.deciding import decide
from jacobians.reading.entry import read

PLAIN = r"""\mathbf{x} \in \mathbb{R}^d; \mathbf{W}^{(1)} \in \mathbb{R}^{h \times d}; \mathbf{b}_1 \in \mathbb{R}^h
\mathbf{W}^{(2)} \in \mathbb{R}^{n \times h}; \mathbf{b}_2 \in \mathbb{R}^n
\mathbf{z} := \mathbf{W}^{(1)}\mathbf{x} + \mathbf{b}_1 \in \mathbb{R}^h; \mathbf{s} := \sigma(\mathbf{z}) \in \mathbb{R}^h
\mathbf{r} := \mathbf{W}^{(2)}\mathbf{s} + \mathbf{b}_2 \in \mathbb{R}^n; \ell := \frac{1}{2}\|\mathbf{r}\|_2^2
"""
AUGMENTED = r"""\mathbf{x} \in \mathbb{R}^d; \tilde{\mathbf{x}} := [\mathbf{x}; 1]
\widetilde{\mathbf{W}}^{(1)} \in \mathbb{R}^{h \times (d+1)}; \widetilde{\mathbf{W}}^{(2)} \in \mathbb{R}^{n \times (h+1)}
\mathbf{z} := \widetilde{\mathbf{W}}^{(1)}\tilde{\mathbf{x}}; \mathbf{s} := \sigma(\mathbf{z}); \tilde{\mathbf{s}} := [\mathbf{s}; 1]
\mathbf{r} := \widetilde{\mathbf{W}}^{(2)}\tilde{\mathbf{s}}; \ell := \frac{1}{2}\|\mathbf{r}\|_2^2
"""

TRUE = [
    (PLAIN, r"\frac{\partial \mathbf{z}}{\partial \mathbf{W}^{(1)}} = \mathbf{I}_h \otimes \mathbf{x} \in \mathbb{R}^{h \times d \times h}"),
    (PLAIN, r"\frac{\partial \mathbf{z}}{\partial \mathbf{b}_1} = \mathbf{I}_h"),
    (PLAIN, r"\frac{\partial \ell}{\partial \mathbf{W}^{(1)}} = \mathbf{x}\mathbf{r}^\top \mathbf{W}^{(2)} \operatorname{diag}(\sigma'(\mathbf{z})) \in \mathbb{R}^{d \times h}"),
    (PLAIN, r"\frac{\partial \ell}{\partial \mathbf{b}_1} = \mathbf{r}^\top \mathbf{W}^{(2)} \operatorname{diag}(\sigma'(\mathbf{z})) \in \mathbb{R}^{1 \times h}"),
    (PLAIN, r"\frac{\partial \ell}{\partial \mathbf{W}^{(2)}} = \mathbf{s}\mathbf{r}^\top \in \mathbb{R}^{h \times n}"),
    (PLAIN, r"\frac{\partial \ell}{\partial \mathbf{b}_2} = \mathbf{r}^T \in \mathbb{R}^{1 \times n}"),
    (PLAIN, r"\frac{\partial \ell}{\partial \mathbf{r}} = (\nabla_r \ell)^\top = \mathbf{r}^T"),
    (PLAIN, r"\left(\frac{\partial \mathbf{s}}{\partial \mathbf{z}}\right)_{ij} = \frac{\partial s_i}{\partial z_j} = \frac{\partial (\sigma(\mathbf{z}))_i}{\partial z_j} = \sigma'(z_i) \delta_{ij}"),
    (PLAIN, r"\frac{\partial z_i}{\partial w_{jk}^{(1)}} = \delta_{ij} x_k"),
    (PLAIN, r"\frac{\partial \ell}{\partial r_i} = \sum_j r_j \frac{\partial r_j}{\partial r_i} = \sum_j r_j \delta_{ij} = r_i"),
    (PLAIN, r"\frac{\partial \ell}{\partial W_{jk}^{(2)}} = \sum_{i=1}^n \frac{\partial \ell}{\partial r_i} \frac{\partial r_i}{\partial W_{jk}^{(2)}} = \sum_{i=1}^n r_i \delta_{ij} s_k = r_j s_k"),
    (PLAIN, r"\frac{\partial \ell}{\partial b_j^{(2)}} = \sum_{i=1}^n \frac{\partial \ell}{\partial r_i} \frac{\partial r_i}{\partial b_j^{(2)}} = \sum_{i=1}^n r_i \delta_{ij} = r_j"),
    (AUGMENTED, r"\frac{\partial \ell}{\partial \widetilde{\mathbf{W}}^{(1)}} = \frac{\partial \ell}{\partial \mathbf{r}} \frac{\partial \mathbf{r}}{\partial \mathbf{s}} \frac{\partial \mathbf{s}}{\partial \mathbf{z}} \frac{\partial \mathbf{z}}{\partial \widetilde{\mathbf{W}}^{(1)}} = \mathbf{r}^\top \mathbf{W}^{(2)} \text{diag}(\sigma'(\mathbf{z})) (\mathbf{I}_h \otimes \tilde{\mathbf{x}}) = \tilde{\mathbf{x}} \mathbf{r}^\top \mathbf{W}^{(2)} \text{diag}(\sigma'(\mathbf{z}))"),
    (AUGMENTED, r"\frac{\partial \ell}{\partial \widetilde{\mathbf{W}}^{(2)}} = \frac{\partial \ell}{\partial \mathbf{r}} \frac{\partial \mathbf{r}}{\partial \widetilde{\mathbf{W}}^{(2)}} = \mathbf{r}^\top (\mathbf{I}_n \otimes \tilde{\mathbf{s}}) = \tilde{\mathbf{s}}\mathbf{r}^\top \in \mathbb{R}^{(h+1) \times n}"),
    (AUGMENTED, r"\left(\frac{\partial \mathbf{z}}{\partial \widetilde{\mathbf{W}}^{(1)}}\right)_{ijk} = \frac{\partial z_i}{\partial \widetilde{W}_{kj}^{(1)}} = \frac{\partial(\sum_l \widetilde{W}_{il}^{(1)} \tilde{x}_l)}{\partial \widetilde{W}_{kj}^{(1)}} = \sum_l \delta_{ik} \delta_{lj} \tilde{x}_l = \delta_{ik} \tilde{x}_j"),
    ("x ∈ R^n; y ∈ R^m;", r"(\mathbf{x}\mathbf{y}^\top)_{ij} = x_i y_j = (\mathbf{x} \otimes \mathbf{y})_{ij}"),
    ("x ∈ R^p; Y ∈ R^{n×m};", r"(\mathbf{x} \otimes \mathbf{Y})_{ijk} = x_i y_{kj}"),
    ("x ∈ R^p; Y ∈ R^{n×m};", r"(\mathbf{Y} \otimes \mathbf{x})_{ijk} = x_j y_{ki}"),
    ("y ∈ R^m; x ∈ R^p;", r"\mathbf{y}^\top (\mathbf{I}_m \otimes \mathbf{x}) = \mathbf{x}\mathbf{y}^\top"),
    ("x ∈ R^n; y ∈ R^n;", r"\mathbf{x} \odot \mathbf{y} = \text{diag}(\mathbf{x})\mathbf{y}"),
    ("x ∈ R^n; A ∈ R^{m×n}; y := A x;", r"\frac{\partial \mathbf{y}}{\partial \mathbf{x}} = \mathbf{A}"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "formula"), TRUE, ids=[formula for _, formula in TRUE])
def test_a_formula_of_the_notes_holds(before: str, formula: str) -> None:
    verdicts = decide(read(before + formula), 0, read)
    assert verdicts
    assert all(one.true for one in verdicts)


def test_the_slip_of_the_diagrams_page_is_found() -> None:
    """rᵀ (I_m ⊗ x) is x rᵀ and not xᵀ r: by shape where m and p differ, by value where they are equal."""
    with pytest.raises(ShapeError, match=r"this fits: r\^T \(I_m \\otimes x\) = x r\^T\n") as caught:
        read(r"r ∈ R^m; x ∈ R^p; r^T (I_m \otimes x) = x^T r")
    assert caught.value.column == 45
    (verdict,) = decide(read(r"r ∈ R^m; x ∈ R^m; r^T (I_m \otimes x) = x r^T"), 0, read)
    assert verdict.true
    (verdict,) = decide(read(r"r ∈ R^m; x ∈ R^m; r^T (I_m \otimes x) = x^T r"), 0, read)
    assert not verdict.true
    assert r"true with a change: r^T (I_m \otimes x) = x r^T" in verdict.remedies


def test_item_7_is_not_the_transpose_of_item_6() -> None:
    (verdict,) = decide(read("x ∈ R^p; Y ∈ R^{p×p}; Y ⊗ x = (x ⊗ Y)^T"), 0, read)
    assert not verdict.true
    assert "true with the left side with its axes in the order (2, 0, 1)" in verdict.remedies
