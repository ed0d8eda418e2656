"""What objects show in a notebook: what stands in it, that it is well formed, and that nothing gets into it."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from jacobians import constant, derivative, matrix, networks, softmax, vector
from jacobians.expressions.display import Displayed
from jacobians.render.scenes.support import count, support
from jacobians.shapes.sizes import bind_size

VOID = {"br", "hr", "img", "meta", "input"}


class Balanced(HTMLParser):
    """Reads HTML and keeps what is open; `seen` are all tags, `text` all text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def read(thing: Displayed) -> Balanced:
    found = Balanced()
    found.feed(thing._repr_html_() or "")
    found.close()
    assert found.open == []
    return found


def shown() -> dict[str, Any]:
    network = networks.two_hidden("d", "h1", "h2", "n")
    J = derivative(network.loss, network.variables["W1"])
    v, x = vector("v", "k"), vector("x", "d")
    sizes = {"d": 7, "h1": 5, "h2": 3, "n": 2}
    return {
        "jacobian": J,
        "sum": derivative(softmax(v), v),
        "zero": derivative(v, x),
        "view": J.T,
        "vec": J.to_layout("vec"),
        "expression": network.loss,
        "variable": x,
        "cost": J.cost(sizes),
        "costs": J.costs(sizes),
    }


@pytest.mark.parametrize("kind", list(shown()))
def test_everything_shows_itself(kind: str) -> None:
    thing = shown()[kind]
    found = read(thing)
    assert not {"script", "link", "img", "iframe"} & set(found.seen)
    assert "http" not in found.text
    bundle = thing._repr_mimebundle_()
    assert bundle["text/plain"] == repr(thing)
    assert bundle["text/html"] == thing._repr_html_()
    assert ("text/latex" in bundle) == hasattr(thing, "latex")
    assert set(thing._repr_mimebundle_(include=["text/html"])) == {"text/html"}
    assert "text/html" not in thing._repr_mimebundle_(exclude=["text/html"])


def test_a_jacobian_tells_what_it_is() -> None:
    network = networks.shallow("d", "h", "n", augmented=True)
    J = derivative(network.intermediates["z"], network.variables["W1_tilde"])
    found = read(J)
    assert "details" in found.seen
    for words in (
        "h × (d+1) × h",
        "item 4",
        "entries of z",
        "columns of W̃₁",
        "rows of W̃₁",
        "j->iji",
        "d·h + h of d·h·h + h·h entries can be other than zero, 1 in h",
        "8 (d·h·h + h·h) bytes written out, 8 (d + 1) bytes stored",
    ):
        assert words in found.text, words


def test_the_chain_of_a_jacobian_has_every_factor() -> None:
    found = read(shown()["jacobian"])
    for words in ("∂ℓ/∂r", "∂r/∂s₂", "∂s₂/∂z₂", "diag(σ′(z₂))", "∂z₂/∂s₁", "∂s₁/∂z₁", "∂z₁/∂W₁"):
        assert words in found.text


def test_a_jacobian_with_values_shows_them_and_tells_zeros_apart() -> None:
    W, b = matrix("W", 3, 4), vector("b", 3)
    z = (W @ constant(np.array([0.5, 0.0, -1.25, 2.0]), "x") + b).named("z")
    text = read(derivative(z, W)).text
    assert "12 of 36 entries can be other than zero, 33.3 %" in text
    assert "−1.25" in text
    assert "0.5··0··−1.25··2··" in text  # the second entry of x is zero by value, the dots by structure
    assert "288 B written out, 32 B stored" in text


def test_mathematics_is_mathml(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("latex2mathml")
    assert "math" in read(shown()["jacobian"]).seen
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    found = read(shown()["jacobian"])
    assert "math" not in found.seen
    assert "∂ℓ/∂W₁ = x rᵀ W₃ diag(σ′(z₂)) W₂ diag(σ′(z₁))" in found.text


def test_mathml_is_well_formed() -> None:
    pytest.importorskip("latex2mathml")
    html = shown()["jacobian"]._repr_html_()
    start, end = html.index("<math"), html.index("</math>") + len("</math>")
    ET.fromstring(html[start:end])


def test_what_writes_is_loaded_when_it_is_asked_for() -> None:
    code = (
        "import sys, jacobians; early = 'jacobians.render.output.page' in sys.modules;"
        "jacobians.vector('x', 'd')._repr_html_(); print(early, 'jacobians.render.output.page' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def structures() -> list[tuple[Any, Any]]:
    network = networks.shallow("d", "h", "n", augmented=True)
    inner = network.intermediates
    A, P, x, v = matrix("A", "h", "h"), matrix("P", "h", "d"), vector("x", "d"), vector("v", "h")
    W = network.variables["W1_tilde"]
    return [
        (inner["z"], W),
        (inner["s_tilde"], inner["s"]),
        (inner["s_tilde"], W),
        (network.loss, W),
        (softmax(v), v),
        (v + np.tanh(P @ x), x),
        (P * 2, P),
        (A @ A, A),
        (A + A.T, A),
        (A @ v, v),
        (v, x),
    ]


@pytest.mark.parametrize("case", range(len(structures())))
def test_the_zeros_of_a_structure_are_counted_exactly(case: int) -> None:
    """Against an evaluation with random values, in which nothing is zero by chance."""
    y, x = structures()[case]
    J = derivative(y, x)
    sizes = {"d": 3, "h": 5, "n": 2}
    rng = np.random.default_rng(case)
    names = {node.name: node for term in J.chain.flat for operand in term.operands for node in _variables(operand)}
    values = {name: rng.normal(size=[bind_size(size, sizes) for size in node.shape]) for name, node in names.items()}
    dense = J.evaluate(values, sizes=sizes)
    can = support(J.chain.flat, J.shape, sizes)
    assert can.shape == dense.shape
    np.testing.assert_array_equal(can, dense != 0)
    found = count(J.chain.flat, J.shape)
    assert found is not None
    assert bind_size(found, sizes) == np.count_nonzero(dense)


def _variables(node: Any) -> list[Any]:
    from jacobians.expressions.nodes import Variable
    from jacobians.expressions.walks import walk

    return [one for one in walk([node]) if isinstance(one, Variable)]


def test_a_product_of_sizes_is_divided_by_as_a_whole() -> None:
    X = matrix("X", "N", "d")
    assert derivative(np.mean(X**2), X).matrix_notation() == "2 Xᵀ / (N d)"
    assert derivative(np.mean(X**2), X).index_notation().endswith("= 2 (1 / (N d)) X_{ji}")
    assert r"(N \, d)^2" in derivative(np.var(X), X).latex()


def test_two_different_blocks_have_two_prints() -> None:
    y = vector("y", 9)
    form = derivative(y[1:4] * y[4:7], y).matrix_notation()
    assert form == "diag(y[4:7]) I₉[:, 1:4]ᵀ + diag(y[1:4]) I₉[:, 4:7]ᵀ"
