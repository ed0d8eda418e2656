"""Nothing that a name or a text holds gets into a picture or a page as markup, and nothing long breaks one."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len

from jacobians import (
    Expression,
    check_derivative,
    constant,
    derivative,
    draw,
    half_squared_norm,
    matrix,
    parse,
    sigmoid,
    vector,
)
from jacobians.expressions.display import Displayed
from jacobians.render.dispatch_drawing import place
from jacobians.render.drawing import Drawing
from jacobians.render.output.page import as_html, mathematics
from jacobians.render.output.svg import as_svg, clean
from jacobians.render.output.terminal import as_text, passes
from jacobians.render.placement.chain_placement import place_chain
from jacobians.render.scenes.scene import Derivative, Quantity, Scene

SVG = "{http://www.w3.org/2000/svg}"
LONG = "q" * 300
HOSTILE = [
    "</text><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]></style><svg onload=alert(1)>",
    "&lt;b&gt; &amp; &#x3c;",
    "\x00\x08\ufffe\ud800 control",
    "\\input{/etc/passwd} $x$ %",
    "[red]markup[/red] :smile:",
]
NAMES = [LONG, "名前", "שלום", "z̈̈̈̈", "script_alert", "ﬁ", "x__y__", "_", "Ω" * 40]


def hostile(text: str) -> Scene:
    """A scene made by hand, with `text` wherever there is text."""
    values = (
        Quantity("x", text, "", ("d",), "input"),
        Quantity("W", text, "", (text, "d") if text.isidentifier() else ("h", "d"), "parameter"),
        Quantity("z", text, text, ("h",), "value"),
    )
    shown = Derivative("z", "W", text, text, ("h", "d", "h"), text)
    return Scene(
        text, values, (("x", "z"), ("W", "z")), (shown,), (shown,), (text,), (), "full", replace(shown, wrt="z")
    )


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_text_in_a_picture_stays_text(text: str, theme: str) -> None:
    scene = hostile(text)
    document = as_svg(place(scene), theme)
    root = ET.fromstring(document)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "path", "polygon", "text", "tspan", "line"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]
    kept = re.sub("[^\t\n\x20-\ud7ff\ue000-\ufffd]", "\N{REPLACEMENT CHARACTER}", text)
    assert root.findtext(f"{SVG}title") == kept
    assert kept in (root.findtext(f"{SVG}desc") or "")


@pytest.mark.parametrize("text", HOSTILE[:4] + HOSTILE[5:])
def test_text_in_a_terminal_stays_text(text: str) -> None:
    shown = as_text(passes(hostile(text)))
    assert max(map(cell_len, shown.splitlines())) <= 80
    assert text[:12] in shown  # neither markup nor emoji are read


@pytest.mark.parametrize("text", HOSTILE[:4])
def test_text_in_a_page_stays_text(text: str) -> None:
    class Loud:
        def __str__(self) -> str:
            return f"{text}\n{text}"

    html = as_html(Loud())
    assert "<script" not in html
    assert "<img" not in html
    assert "<svg" not in html
    assert clean(text) in html
    assert "<script" not in mathematics(text, text)
    assert "<img" not in mathematics(text, text)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_drawn(name: str) -> None:
    x, W = vector(name, "d"), matrix("W", "h", "d")
    y = half_squared_norm(sigmoid(W @ x).named("s"))
    for detail in ("full", "simple"):
        drawing = draw(y, detail=detail)
        ET.fromstring(drawing.svg())
        assert drawing.picture.width < 2500
        assert max(map(cell_len, drawing.text().splitlines())) <= 80
    for thing in (y, derivative(y, W), derivative(y, x)):
        assert isinstance(thing, Displayed)
        assert thing._repr_html_()


def chain(length: int, name: str) -> Expression:
    made: Any = vector(name, name)
    for k in range(length):
        made = np.tanh(matrix(f"{name}{k}", name, name) @ made).named(f"{name}_{k}_")
    return half_squared_norm(made)


def test_long_names_cover_nothing() -> None:
    for scene_name in (LONG, "n" * 12):
        boxes = draw(chain(4, scene_name)).picture.boxes
        assert [
            (a.key, b.key)
            for a, b in combinations(boxes, 2)
            if a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom
        ] == []


def test_what_is_cut_stands_in_the_description() -> None:
    drawing = draw(chain(1, LONG))
    assert all(len(text) < 200 for text in drawing.picture.texts)
    assert any(text.endswith("…") for text in drawing.picture.texts)
    assert LONG in drawing.svg()


def test_long_formulas_take_a_few_lines() -> None:
    x = vector("x", "d")
    total: Any = x
    for k in range(60):
        total = total + np.sin(matrix(f"A{k}", "d", "d") @ x)
    drawing = draw(np.sum(total).named("y"))
    assert max(len(box.lines) for box in drawing.picture.boxes) <= 9
    assert max(map(cell_len, drawing.text().splitlines())) <= 80


def test_a_parsed_name_is_a_name() -> None:
    drawing = draw(parse("z := W x; ‖z‖²", W="script alert", x="alert"))
    assert isinstance(drawing, Drawing)
    assert "<script" not in drawing.svg()


def test_a_report_shows_itself() -> None:
    A = np.arange(6.0).reshape(2, 3)
    wrong = check_derivative(lambda x: A @ x, np.ones(3), A.T)
    html = wrong._repr_html_() or ""
    assert html.count("<details") == html.count("</details>") == 1
    assert "denominator layout" in html
    assert wrong._repr_mimebundle_()["text/plain"] == repr(wrong)


def test_a_chain_of_nothing_but_a_variable_has_a_picture() -> None:
    scene = draw(vector("x", "d")).scene
    assert isinstance(scene, Scene)
    assert [one.symbol for one in scene.quantities] == ["x", "y"]
    assert place_chain(scene, scene.quantities).boxes


def test_a_constant_has_a_picture() -> None:
    for detail in ("full", "simple"):
        drawing = draw(constant(3.0), detail=detail)
        ET.fromstring(drawing.svg())
        assert "y = 3" in drawing.scene.description
