"""LaTeX of expressions and Jacobians, in the typography of the notes."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest
from helpers import SETTINGS, assert_close, below, relevant, search
from hypothesis import assume, example, given
from hypothesis import strategies as st
from latex_checks import assert_strict
from test_random_networks import build, descriptions, values_of

import jacobians
from jacobians import derivative, evaluate, matrix, networks, scalar, softmax, tensor, vector
from jacobians.notation.writer import activations_in
from jacobians.reading.entry import read


def test_proposition_1() -> None:
    W, x, b = matrix("W", "h", "d"), vector("x", "d"), vector("b", "h")
    z = (W @ x + b).named("z")
    assert z.latex() == r"\mathbf{W} \mathbf{x} + \mathbf{b}"
    assert derivative(z, W).latex() == (
        r"\frac{\partial \mathbf{z}}{\partial \mathbf{W}} = \mathbf{I}_h \otimes \mathbf{x}"
    )
    assert derivative(z, b).latex() == r"\frac{\partial \mathbf{z}}{\partial \mathbf{b}} = \mathbf{I}_h"


def test_proposition_2() -> None:
    network = networks.shallow("d", "h", "n", augmented=True)
    inner, outer = derivative(network.loss, [network.variables["W1_tilde"], network.variables["W2_tilde"]])
    assert inner.latex() == (
        r"\frac{\partial \ell}{\partial \widetilde{\mathbf{W}}^{(1)}} = \tilde{\mathbf{x}} \mathbf{r}^\top "
        r"\mathbf{W}^{(2)} \operatorname{diag}(\sigma'(\mathbf{z}))"
    )
    assert outer.latex(symbol=False) == r"\tilde{\mathbf{s}} \mathbf{r}^\top"
    assert network.loss.latex() == r"\frac{1}{2} \|\mathbf{r}\|_2^2"
    assert network.intermediates["x_tilde"].latex() == r"\begin{bmatrix} \mathbf{x} \\ 1 \end{bmatrix}"
    two = networks.two_hidden("d", "h1", "h2", "n")
    assert derivative(two.loss, two.variables["W1"]).latex(symbol=False) == (
        r"\mathbf{x} \mathbf{r}^\top \mathbf{W}^{(3)} \operatorname{diag}(\sigma'(\mathbf{z}_2)) \mathbf{W}^{(2)} "
        r"\operatorname{diag}(\sigma'(\mathbf{z}_1))"
    )


@pytest.mark.parametrize(
    ("expression", "latex"),
    [
        (scalar("ell"), r"\ell"),
        (scalar("lam"), r"\lambda"),
        (vector("theta", 3), r"\boldsymbol{\theta}"),
        (matrix("Sigma2", 3, 2), r"\boldsymbol{\Sigma}^{(2)}"),
        (vector("b1", 3), r"\mathbf{b}_1"),
        (vector("y_hat", 3), r"\hat{\mathbf{y}}"),
        (matrix("W12_tilde", 3, 2), r"\widetilde{\mathbf{W}}^{(12)}"),
        (scalar("loss"), r"\mathit{loss}"),
        (vector("a_train_2", 3), r"\mathbf{a}_{\mathrm{train},2}"),
        (vector("_x", 3), r"\mathbf{\_x}"),
        (vector("é", 3), r"\acute{\mathbf{e}}"),
        (vector("σ", 3), r"\boldsymbol{\sigma}"),
        (vector("数", 3), r"\mathbf{\text{数}}"),
        (matrix("W1", 3, 2).T, r"{\mathbf{W}^{(1)}}^\top"),
        (0.5 * vector("x", 3), r"\frac{1}{2} \mathbf{x}"),
        (1e-05 * vector("x", 3), r"10^{-5} \mathbf{x}"),
        (-2.5e20 * vector("x", 3), r"-2.5 \cdot 10^{20} \mathbf{x}"),
        (np.sqrt(vector("x", 3)), r"\sqrt{\mathbf{x}}"),
        (vector("x", 3) / vector("y", 3), r"\frac{\mathbf{x}}{\mathbf{y}}"),
        (np.sum(vector("x", "d")), r"\mathbf{1}^\top \mathbf{x}"),
        (softmax(vector("x", "d")), r"\operatorname{softmax}(\mathbf{x})"),
        (np.tanh(vector("x", "d")), r"\sigma(\mathbf{x})"),
    ],
)
def test_typography(expression: Any, latex: str) -> None:
    assert expression.latex() == latex
    assert_strict(latex)


def test_entries_have_the_number_above_to_make_room_for_the_index() -> None:
    network = networks.shallow("d", "h", "n")
    W2, b2, r = network.variables["W2"], network.variables["b2"], network.intermediates["r"]
    T, x = tensor("T1", "p", "q", "d", "d"), vector("x1", "d")
    J = derivative(np.einsum("pqij,i,j->pq", T, x, x).named("Y"), x)
    assert J.latex() == (
        r"\left(\frac{\partial \mathbf{Y}}{\partial \mathbf{x}_1}\right)_{ijk} = \sum_l T_{ijkl}^{(1)} x_l^{(1)}"
        r" + \sum_l T_{ijlk}^{(1)} x_l^{(1)}"
    )
    assert derivative(r, b2).latex() == r"\frac{\partial \mathbf{r}}{\partial \mathbf{b}_2} = \mathbf{I}_n"
    assert derivative(r, W2).latex(symbol=False) == r"\mathbf{I}_n \otimes \mathbf{s}"


@given(st.text(st.characters(categories=["L", "Nd", "Mn"], include_characters="_"), min_size=1), st.integers(0, 3))
@example("_", 0)
@SETTINGS
def test_no_name_breaks_out(name: str, rank: int) -> None:
    """Every identifier is a name, and what it holds of LaTeX or of strange letters ends no group."""
    if not name.isidentifier() or jacobians.shapes.names.keyword.iskeyword(jacobians.shapes.names.normalise(name)):
        return
    variable = tensor(name, *itertools.islice("abc", rank))
    assert_strict(variable.latex())
    assert_strict((variable + variable * variable).latex())
    if rank:
        assert_strict(derivative(np.sum(np.exp(variable), axis=0), variable).latex())


def test_what_is_no_identifier_is_no_name() -> None:
    for name in (r"\input{x}", "a}b", "a$b", "<b>", "a&b", "x^2", "x%"):
        with pytest.raises(jacobians.NamingError):
            vector(name, 3)


def test_a_long_name_is_written_out() -> None:
    name = "a" * 3000
    assert vector(name, 3).latex() == rf"\mathbf{{{name}}}"
    assert_strict((2 * vector(name, 3)).latex())


@search(descriptions(), few=40, many=150)
def test_random_expressions_convert(description: Any) -> None:
    y, variables = build(description)
    assert_strict(y.latex())
    J = derivative(y, variables[description.by])
    assert_strict(J.latex())
    for factor in J.factors:
        assert_strict(factor.latex())


def reads_back(latex: str, expression: Any, shapes: dict[str, Any], values: dict[str, Any], row: bool = False) -> None:
    """LaTeX read by `parse`'s reader, which shares no text with the writer, has the value of what was written."""
    found = activations_in([expression])
    activation = found[0].name if len(found) == 1 else "sigmoid"
    shape = (1, *expression.shape) if row else expression.shape
    read_again = read(latex, shapes, activation, expected=shape).part.value.whole
    expected = evaluate(expression, relevant(values, expression))
    assert_close(np.reshape(evaluate(read_again, relevant(values, read_again)), expected.shape), expected, 1e-8)


def is_read(latex: str) -> bool:
    """Whether it is in the language that is read: slices, [I; 0] and texts that were too long are not."""
    return not re.search(r"\[|\\mathbf\{0\}|\\ldots|\\partial", latex)


@search(descriptions(), few=20, many=200)
def test_random_expressions_and_their_derivatives_are_read_back(description: Any) -> None:
    y, variables = build(description)
    assume(is_read(y.latex()))
    values = values_of(description)
    named = {node.name: node for node in below(y) if node.name}
    shapes = {name: node.shape for name, node in named.items()}
    with np.errstate(all="ignore"):
        values |= {name: evaluate(node, relevant(values, node)) for name, node in named.items()}
        reads_back(y.latex(), y, shapes, {name: one for name, one in values.items() if name != y.name})
        J = derivative(y, variables[description.by])
        closed = J.latex(symbol=False)
        if is_read(closed):
            row = J.numerator.ndim == 0 and J.denominator.ndim == 1
            reads_back(closed, J.expression, {**shapes, description.by: variables[description.by].shape}, values, row)
