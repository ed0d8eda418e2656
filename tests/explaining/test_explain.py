"""Derivations: every line is evaluated and equals the one before it; the proofs of the notes are in them."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import assert_close, central_differences, numerator, relevant, search
from latex_checks import assert_strict
from random_graphs import random_expression
from test_random_networks import build, descriptions, values_of

import jacobians
from jacobians import (
    append_one,
    attention,
    cross_entropy,
    derivative,
    evaluate,
    explain,
    half_squared_norm,
    matrix,
    networks,
    sigmoid,
    softmax,
    vector,
)
from jacobians.cli import main
from jacobians.shapes.columns import width


def assert_true_line_by_line(J: Any, values: dict[str, Any], tolerance: float = 1e-9) -> Any:
    """Consecutive lines of every equation are equal arrays, of the derivative where the equation is of it."""
    derivation = explain(J)
    for equation, arrays in zip(derivation.equations, derivation.evaluate(values), strict=True):
        for (before, after), line in zip(pairwise(arrays), equation.lines[1:], strict=True):
            assert before.shape == after.shape, line.text
            assert_close(after, before, tolerance)
    return derivation


def drawn(J: Any, seed: int = 0, **sizes: int) -> dict[str, np.ndarray]:
    """Random values for the variables of a derivative, for sizes by symbol."""
    rng = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    waiting = list(J.points)
    while waiting:
        node = waiting.pop()
        if isinstance(node, jacobians.expressions.nodes.Variable):
            found[node.name] = node.shape
        waiting += node.children
    shapes = {
        name: tuple(jacobians.shapes.sizes.bind_size(one, sizes) for one in shape) for name, shape in found.items()
    }
    return {name: rng.normal(size=shape) for name, shape in sorted(shapes.items())}


# --- the proofs of the notes ------------------------------------------------------------------------------------------


def texts(derivation: Any) -> list[str]:
    return [" = ".join(line.text for line in equation.lines) for equation in derivation.equations]


def latex(derivation: Any) -> list[str]:
    return [" = ".join(line.latex() for line in equation.lines) for equation in derivation.equations]


def contains(equations: list[str], *lines: str) -> None:
    """Each of `lines` is an equation, or the beginning or the end of one."""
    for line in lines:
        assert any(one == line or one.startswith(f"{line} = ") or one.endswith(f" = {line}") for one in equations), (
            line,
            equations,
        )


def test_proposition_1_has_every_line_of_the_proof() -> None:
    W, x, b = matrix("W", "h", "d"), vector("x", "d"), vector("b", "h")
    z = (W @ x + b).named("z")
    contains(
        latex(explain(derivative(z, W))),
        r"z_i = (\mathbf{W} \mathbf{x} + \mathbf{b})_i = (\mathbf{W} \mathbf{x})_i + b_i = \mathbf{w}_i^\top \mathbf{x}"
        r" + b_i",
        # the proof has j and k the other way round: here they are the axes of the result, as in Proposition 2
        r"\left(\frac{\partial \mathbf{z}}{\partial \mathbf{W}}\right)_{ijk} = \frac{\partial z_i}{\partial W_{kj}}"
        r" = \frac{\partial (\mathbf{w}_i^\top \mathbf{x} + b_i)}{\partial W_{kj}}"
        r" = \frac{\partial \left(\sum_l W_{il} x_l\right)}{\partial W_{kj}}"
        r" = \sum_l \frac{\partial W_{il}}{\partial W_{kj}} x_l = \sum_l \delta_{ik} \delta_{lj} x_l"
        r" = \delta_{ik} x_j",
        r"\frac{\partial \mathbf{z}}{\partial \mathbf{W}} = \mathbf{I}_h \otimes \mathbf{x}",
        r"\frac{\partial z_i}{\partial W_{jk}} = \delta_{ij} x_k",  # and there, in the layout of JAX, as it stands
    )
    contains(
        latex(explain(derivative(z, b))),
        r"\left(\frac{\partial \mathbf{z}}{\partial \mathbf{b}}\right)_{ij} = \frac{\partial z_i}{\partial b_j}"
        r" = \frac{\partial (\mathbf{w}_i^\top \mathbf{x} + b_i)}{\partial b_j} = \frac{\partial b_i}{\partial b_j}"
        r" = \delta_{ij}",
        r"\frac{\partial \mathbf{z}}{\partial \mathbf{b}} = \mathbf{I}_h",
    )


def the_notes_network() -> dict[str, Any]:
    """As the proof of Proposition 2 has it: the inner layer augmented, r = W₂ s + b₂ without a target (slip 6)."""
    x = vector("x", "d")
    W1, W2, b2 = matrix("W1_tilde", "h", "d+1"), matrix("W2", "n", "h"), vector("b2", "n")
    z = (W1 @ append_one(x).named("x_tilde")).named("z")
    s = sigmoid(z).named("s")
    r = (W2 @ s + b2).named("r")
    return {"x": x, "W1": W1, "W2": W2, "b2": b2, "z": z, "s": s, "r": r, "ell": half_squared_norm(r).named("ell")}


def test_proposition_2_has_every_line_of_the_proof() -> None:
    q = the_notes_network()
    contains(
        latex(explain(derivative(q["ell"], q["W1"]))),
        r"\ell = \frac{1}{2} \|\mathbf{r}\|_2^2 = \frac{1}{2} \sum_i r_i^2",
        r"\frac{\partial \ell}{\partial r_i} = \frac{\partial \left(\frac{1}{2} \sum_j r_j^2\right)}{\partial r_i}"
        r" = \frac{1}{2} \sum_j \frac{\partial (r_j^2)}{\partial r_i}"
        r" = \frac{1}{2} \sum_j 2 r_j \frac{\partial r_j}{\partial r_i} = \sum_j r_j \delta_{ij} = r_i",
        r"\frac{\partial \ell}{\partial \mathbf{r}} = \mathbf{r}^\top",
        r"\frac{\partial \mathbf{r}}{\partial \mathbf{s}} = \mathbf{W}^{(2)}",
        r"\left(\frac{\partial \mathbf{s}}{\partial \mathbf{z}}\right)_{ij} = \frac{\partial s_i}{\partial z_j}"
        r" = \frac{\partial (\sigma(\mathbf{z}))_i}{\partial z_j} = \frac{\partial \sigma(z_i)}{\partial z_j}"
        r" = \sigma'(z_i) \frac{\partial z_i}{\partial z_j} = \sigma'(z_i) \delta_{ij}",
        r"\left(\frac{\partial \mathbf{z}}{\partial \widetilde{\mathbf{W}}^{(1)}}\right)_{ijk}"
        r" = \frac{\partial z_i}{\partial \widetilde{W}_{kj}^{(1)}}"
        r" = \frac{\partial (\tilde{\mathbf{w}}_i^\top \tilde{\mathbf{x}})}{\partial \widetilde{W}_{kj}^{(1)}}"
        r" = \frac{\partial \left(\sum_l \widetilde{W}_{il}^{(1)} \tilde{x}_l\right)}"
        r"{\partial \widetilde{W}_{kj}^{(1)}}"
        r" = \sum_l \frac{\partial \widetilde{W}_{il}^{(1)}}{\partial \widetilde{W}_{kj}^{(1)}} \tilde{x}_l"
        r" = \sum_l \delta_{ik} \delta_{lj} \tilde{x}_l = \delta_{ik} \tilde{x}_j",
        r"\frac{\partial \ell}{\partial \widetilde{\mathbf{W}}^{(1)}} = \frac{\partial \ell}{\partial \mathbf{r}}"
        r" \frac{\partial \mathbf{r}}{\partial \mathbf{s}} \frac{\partial \mathbf{s}}{\partial \mathbf{z}}"
        r" \frac{\partial \mathbf{z}}{\partial \widetilde{\mathbf{W}}^{(1)}}"
        r" = \mathbf{r}^\top \mathbf{W}^{(2)} \operatorname{diag}(\sigma'(\mathbf{z}))"
        r" (\mathbf{I}_h \otimes \tilde{\mathbf{x}})"
        r" = \tilde{\mathbf{x}} \mathbf{r}^\top \mathbf{W}^{(2)} \operatorname{diag}(\sigma'(\mathbf{z}))",
    )


def test_proposition_2_the_outer_layer() -> None:
    q = the_notes_network()
    contains(
        latex(explain(derivative(q["ell"], q["W2"]))),
        r"\left(\frac{\partial \ell}{\partial \mathbf{W}^{(2)}}\right)_{ij}"
        r" = \sum_{k=1}^n \frac{\partial \ell}{\partial r_k} \frac{\partial r_k}{\partial W_{ji}^{(2)}}"
        r" = \sum_{k=1}^n r_k \delta_{kj} s_i = r_j s_i",
        r"\frac{\partial \mathbf{r}}{\partial \mathbf{W}^{(2)}} = \mathbf{I}_n \otimes \mathbf{s}",
    )
    contains(
        latex(explain(derivative(q["ell"], q["b2"]))),
        r"\frac{\partial \mathbf{r}}{\partial \mathbf{b}_2} = \mathbf{I}_n",
        r"\left(\frac{\partial \ell}{\partial \mathbf{b}_2}\right)_i"
        r" = \sum_{j=1}^n \frac{\partial \ell}{\partial r_j} \frac{\partial r_j}{\partial b_i^{(2)}}"
        r" = \sum_{j=1}^n r_j \delta_{ji} = r_i",
    )
    augmented = networks.shallow("d", "h", "n", augmented=True)
    contains(
        latex(explain(derivative(augmented.loss, augmented.variables["W2_tilde"]))),
        r"\frac{\partial \ell}{\partial \widetilde{\mathbf{W}}^{(2)}} = \frac{\partial \ell}{\partial \mathbf{r}}"
        r" \frac{\partial \mathbf{r}}{\partial \widetilde{\mathbf{W}}^{(2)}}"
        r" = \mathbf{r}^\top (\mathbf{I}_n \otimes \tilde{\mathbf{s}}) = \tilde{\mathbf{s}} \mathbf{r}^\top",
    )


def test_diagram_3() -> None:
    network = networks.two_hidden("d", "h1", "h2", "n")
    J = derivative(network.loss, network.variables["W1"])
    derivation = assert_true_line_by_line(J, drawn(J, d=5, h1=7, h2=2, n=3))
    contains(
        texts(derivation),
        "∂ℓ/∂W₁ = ∂ℓ/∂r · ∂r/∂s₂ · ∂s₂/∂z₂ · ∂z₂/∂s₁ · ∂s₁/∂z₁ · ∂z₁/∂W₁"
        " = rᵀ W₃ diag(σ′(z₂)) W₂ diag(σ′(z₁)) (I_{h1} ⊗ x) = x rᵀ W₃ diag(σ′(z₂)) W₂ diag(σ′(z₁))",
    )
    assert "x rᵀ W₃ diag(σ′(z₂)) W₂ diag(σ′(z₁)) ∈ R^{d×h₁}" in derivation.text


# --- true line by line ------------------------------------------------------------------------------------------------

x, W, V, A = vector("x", "d"), matrix("W", "h", "d"), matrix("V", "n", "h"), matrix("A", "d", "d")
shallow = networks.shallow("d", "h", "n", regularization=0.3)
deep = networks.mlp(("d", "a", "b", "n"), activation="tanh", loss="cross-entropy")


def blocks(count: int) -> Any:
    """Residual blocks: 2^count paths."""
    y: Any = x
    for k in range(1, count + 1):
        y = (y + np.tanh(A @ y)).named(f"y{k}")
    return y


CASES = {
    "proposition 1": derivative((W @ x).named("z"), W),
    "regularised": derivative(shallow.loss, shallow.variables["W1"]),
    "augmented": derivative(the_notes_network()["ell"], the_notes_network()["W1"]),
    "cross-entropy": derivative(deep.loss, deep.variables["W1"]),
    "batch": derivative(networks.shallow("d", "h", "n", batch="N").loss, shallow.variables["W1"]),
    "softmax": derivative(softmax(W @ x), x),
    "softmax cross-entropy": derivative(cross_entropy((W @ x).named("y"), vector("t", "h")).named("ell"), W),
    "softmax by its argument": derivative(softmax(x).named("p"), x),
    "logsumexp": derivative(jacobians.logsumexp(x).named("m"), x),
    "cross-entropy by the logits": derivative(cross_entropy(x, vector("t", "d")).named("ell"), x),
    "cross-entropy by the target": derivative(cross_entropy(x, vector("t", "d")).named("ell"), vector("t", "d")),
    "cross-entropy with itself": derivative(cross_entropy(x, x).named("ell"), x),
    "softmax of rows": derivative(softmax(W).named("P"), W),
    "residual": derivative((x + np.tanh((A @ x).named("z"))).named("y"), x),
    "three residual blocks": derivative(blocks(3), x),
    "Hessian": derivative(derivative(shallow.loss, shallow.variables["x"]), shallow.variables["x"]),
    "Hessian of a quadratic form": derivative(derivative(x @ A @ x, x), x),
    "Hessian by a matrix": derivative(derivative(half_squared_norm(W @ x), W), W),
    "nothing named": derivative(np.sum(np.tanh(V @ np.tanh(W @ x)) ** 2), W),
    "quotient": derivative((W @ x) / np.sum(np.exp(x)), x),
    "cube": derivative(np.sum((x * x) * (x * x)), x),
    "trace": derivative(np.trace(A @ A), A),
    "inverse": derivative(np.linalg.inv(A), A),
    "slice": derivative(np.sum(np.exp(A[:, 0]) ** 2), A),
    "itself": derivative(x, x),
    "zero": derivative(half_squared_norm(x), W),
    "zero by rule": derivative(np.exp(np.sign(W @ x)), x),
    "attention": derivative(attention(matrix("Q", 3, 4), matrix("K", 5, 4), matrix("U", 5, 2)), matrix("K", 5, 4)),
    "through the middle": derivative(shallow.loss, shallow.intermediates["r"])
    @ derivative(shallow.intermediates["r"], shallow.variables["W1"]),
}


def test_softmax_is_derived_not_quoted() -> None:
    contains(
        texts(explain(CASES["softmax by its argument"])),
        "∂(exp(x_i) / (1ᵀ exp(x)))/∂x_j"
        " = δ_{ij} (exp(x_i) / (1ᵀ exp(x))) − (exp(x_i) / (1ᵀ exp(x))) (exp(x_j) / (1ᵀ exp(x)))"
        " = δ_{ij} p_i − p_i p_j",
    )
    contains(
        texts(explain(CASES["cross-entropy by the logits"])),
        "−Σ_j t_j ∂x_j/∂x_i + Σ_j t_j ∂logsumexp(x)/∂x_i = −Σ_j t_j δ_{ji} + Σ_j t_j (softmax(x))_i"
        " = −t_i + Σ_j t_j (softmax(x))_i = ((1ᵀ t) softmax(x) − t)_i",
    )


CASES |= {
    "a sum of products": CASES["through the middle"] + CASES["through the middle"],
    "a slice by output": derivative(shallow.intermediates["r"], shallow.variables["W1"])[0],
    "third derivatives": derivative(derivative(derivative(np.sum(np.exp(x)), x), x), x),
}


def test_no_step_leads_back() -> None:
    u = vector("u", "n")
    total = np.sum(u)
    for f in (
        np.mean(u**2),
        np.sqrt(np.mean(u**2)),
        1 / total,
        np.exp(total),
        np.mean(np.exp(u)),
        u / total,
        np.var(u),
    ):
        for step in explain(derivative(f.named("f"), u)).steps:
            for equation in step.equations:
                texts = [line.text for line in equation.lines]
                assert len(set(texts)) == len(texts), texts
    text = explain(derivative(np.mean(u**2).named("f"), u)).text
    assert "∂(v / n)/∂v" in text


def test_a_view_is_explained_as_its_jacobian() -> None:
    J = CASES["regularised"]
    assert explain(J.T).text == explain(J).text


@pytest.mark.parametrize("name", CASES)
def test_true_line_by_line(name: str) -> None:
    J = CASES[name]
    values = drawn(J, d=5, h=7, n=3, a=2, b=4, N=6)
    derivation = assert_true_line_by_line(J, values)
    last = derivation[-2].equations[-1].lines[-1]
    assert_close(last.evaluate(values), J.evaluate(values, order="forward"), 1e-10)
    check_renderings(derivation)


def check_renderings(derivation: Any) -> None:
    assert max(map(width, derivation.text.splitlines())) <= 80
    assert "\\" not in derivation.text
    for line in derivation.lines:
        assert_strict(line.latex())


@pytest.mark.parametrize("first", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in range(8, 104, 8))])
def test_graphs_over_all_functions(first: int) -> None:
    """Of every rank, with constants, broadcasting and index maps; every second time a second derivative."""
    for seed in range(first, first + 8):
        drawn_graph = random_expression(seed, longest=4 if seed % 2 else 7)
        by = next(iter(drawn_graph.variables.values()))
        J = derivative(drawn_graph.expression, by)
        J = derivative(J, by) if seed % 2 else J
        with np.errstate(all="ignore"):
            derivation = assert_true_line_by_line(J, relevant(drawn_graph.values, drawn_graph.expression, by), 1e-8)
        if seed % 4 == 0:
            check_renderings(derivation)


@search(descriptions(), few=15, many=200)
def test_random_expressions_and_how_they_read(description: Any) -> None:
    values = values_of(description)
    y, variables = build(description)
    by = variables[description.by]
    with np.errstate(all="ignore"):
        check_renderings(assert_true_line_by_line(derivative(y, by), relevant(values, y, by)))


def test_a_local_jacobian_is_what_differences_find() -> None:
    """What it is computed from is held fixed: a named expression that is given a value does not move."""
    J = CASES["regularised"]
    values = drawn(J, d=5, h=7, n=3)
    q, W1 = shallow.intermediates, shallow.variables["W1"]
    given_too = {name: evaluate(q[name], relevant(values, q[name])) for name in ("z", "s", "r")}
    derivation = explain(J)
    pairs = [("∂ℓ/∂r", q["ell"], q["r"]), ("∂r/∂s", q["r"], q["s"]), ("∂s/∂z", q["s"], q["z"])]
    for symbol, of, by in [*pairs, ("∂z/∂W₁", q["z"], W1), ("∂ℓ/∂W₁|r", q["ell"], W1)]:
        free = relevant({**values, **given_too}, of.body)
        fixed = {name: value for name, value in free.items() if name != of.name}
        expected = central_differences(
            lambda value, of=of, by=by, fixed=fixed: evaluate(of, {**fixed, by.name: value}), fixed[by.name]
        )
        (local,) = [one for one in derivation[1].equations if one.lines[0].text == symbol]
        assert_close(local.lines[-1].evaluate(values), numerator(expected, of.ndim), 1e-8)


def test_many_paths_are_taken_together() -> None:
    J = derivative(blocks(12), x)
    derivation = explain(J)
    assert "with 4096 paths, taken together from above" in derivation.text
    assert [step.title[1] for step in derivation] == [
        "The chain",
        "The local Jacobians",
        "Backwards, station by station",
        "The closed form",
        "In the other layouts",
    ]
    assert len(explain(derivative(blocks(24), x)).lines) < 2.1 * len(derivation.lines)
    assert_true_line_by_line(J, drawn(J, d=3))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no TeX here")
def test_tex_compiles_every_derivation(tmp_path: Path) -> None:
    """Of the cases above, of names that try to break out, and of the Markdown's formulas."""
    name = vector("é_1_ß", "d")
    strange = derivative(np.exp(matrix("_x_tilde_y_", "h", "d") @ name).named("Ж"), name)
    derivations = [explain(J) for name, J in CASES.items() if name != "three residual blocks"]
    pages = [one.latex() for one in derivations]
    pages += [re.sub(r"^###.*$", "", one.markdown(), flags=re.M) for one in derivations]
    pages.append(explain(strange).latex().replace(r"\text{Ж}", r"\text{Zh}"))  # Cyrillic is not in a small TeX
    body = "\n\\clearpage\n".join(pages)
    head = r"\documentclass{article}\usepackage{amsmath, amssymb}\begin{document}"
    (tmp_path / "all.tex").write_text(f"{head}\n{body}\n\\end{{document}}\n", encoding="utf-8")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    log = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, [line for line in log.splitlines() if line.startswith(("!", "l."))]


def run_command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["explain", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_steps_equations_and_lines_print() -> None:
    x, W = vector("x", "d"), matrix("W", "h", "d")
    derivation = explain(derivative((W @ x).named("z"), W))
    assert repr(derivation[1]) in repr(derivation)
    assert repr(derivation[-1].equations[0]).endswith("= I_h ⊗ x")
    assert repr(derivation.lines[0]) == "z"


@pytest.mark.parametrize("form", ["text", "latex", "markdown"])
def test_the_command(capsys: pytest.CaptureFixture[str], form: str) -> None:
    code, out, _ = run_command(capsys, "two-hidden", "--wrt", "W1", "--format", form)
    network = networks.two_hidden("d", "h1", "h2", "n")
    derivation = explain(derivative(network.loss, network.variables["W1"]))
    expected = {"text": derivation.text, "latex": derivation.latex(), "markdown": derivation.markdown()}[form]
    assert (code, out.strip()) == (0, expected.strip())


def test_the_command_reads_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run_command(capsys, "½‖W x − t‖²", "--where", "W:h,d x:d t:h", "--wrt", "W,x")
    assert code == 0
    assert "∂ℓ/∂W = ∂ℓ/∂r · ∂r/∂W = rᵀ (I_h ⊗ x) = x rᵀ ∈ R^{d×h}" in " ".join(out.split())
    assert "= rᵀ W ∈ R^{1×d}" in out
    code, out, _ = run_command(capsys, "mlp", "--layers", "4", "--loss", "cross-entropy", "--augmented", "--batch")
    assert (code, max(map(width, out.splitlines())) <= 80) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["shallow", "--wrt", "V"],
            "'V' is not a name here; the names are W2, W1, x, b1, z",
        ),
        (["W x", "--where", "W:h,d x:d"], "an expression needs --wrt NAME"),
        (["W x", "--where", "W:h,d x:d", "--wrt", "b"], "--wrt b: no such name is declared or defined"),
        (["W x", "--where", "W:h,d x:d", "--wrt", "x", "--layers", "2"], "--layers is for a network"),
        (["deep"], "'deep' is not a network"),
    ],
)
def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    code, out, err = run_command(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_a_long_chain_is_gone_step_by_step() -> None:
    y: Any = x
    for _ in range(40):
        y = np.sin(y)
    derivation = explain(derivative(y, x))
    assert "step by step from above," in derivation.text
    assert "Backwards, station by station" in derivation.text


def test_what_is_no_jacobian_is_refused() -> None:
    with pytest.raises(jacobians.UnsupportedError, match="explain takes a Jacobian"):
        explain(W @ x)


def test_names_are_given_that_are_free() -> None:
    u, f = vector("u", "d"), matrix("f", "h", "d")
    derivation = explain(derivative(np.sum(np.tanh(f @ np.exp(f.T @ np.tanh(f @ u)))), u))
    assert "v₁ = f u" in derivation.text
    assert "g = 1ᵀ v₅" in derivation.text


def test_long_and_strange_names_stay_in_their_columns() -> None:
    long = vector("a" * 300, "d")
    other = matrix("_x_tilde_y_" * 9, "h", "d")
    J = derivative(np.exp(other @ long).named("数"), long)
    check_renderings(assert_true_line_by_line(J, drawn(J, d=3, h=2)))


def test_a_derivation_shows_itself_in_a_plain_session() -> None:
    derivation = explain(derivative(matrix("W", "h", "d") @ vector("x", "d"), vector("x", "d")))
    assert repr(derivation) == str(derivation) == derivation.text
