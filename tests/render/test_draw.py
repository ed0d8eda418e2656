"""The notes' three diagrams, by what stands in them and by the boxes of their labels."""

from __future__ import annotations

import io
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from jacobians import (
    Expression,
    OptionError,
    UnsupportedError,
    draw,
    half_squared_norm,
    matrix,
    networks,
    sigmoid,
    vector,
)
from jacobians.cli import main
from jacobians.render.drawing import Drawing
from jacobians.render.placement.metrics import text_width
from jacobians.render.placement.picture import wrapped
from jacobians.render.scenes.palette import HUES

SVG = "{http://www.w3.org/2000/svg}"


def words(drawing: Drawing) -> list[str]:
    """The text of a picture, box by box."""
    return [" ".join(line.text.strip() for line in box.lines) for box in drawing.picture.boxes]


def box_of(drawing: Drawing, key: str) -> str:
    (found,) = [box for box in drawing.picture.boxes if box.key == key]
    return " ".join(line.text.strip() for line in found.lines)


def overlaps(drawing: Drawing) -> list[tuple[str, str]]:
    return [
        (a.key, b.key)
        for a, b in combinations(drawing.picture.boxes, 2)
        if a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom
    ]


def test_diagram_1_has_everything() -> None:
    drawing = draw(networks.shallow("d", "h", "n"))
    assert box_of(drawing, "z") == "z = W₁ x + b₁ h"
    assert box_of(drawing, "W1") == "W₁ h × d"
    assert box_of(drawing, "r") == "r = W₂ s + b₂ − t n"
    assert box_of(drawing, "local s z") == "∂s/∂z = diag(σ′(z)) h × h   item 1"
    assert box_of(drawing, "local r s") == "∂r/∂s = W₂ n × h   item 1"
    assert box_of(drawing, "local ell r") == "∂ℓ/∂r = rᵀ 1 × n   item 1a"
    assert box_of(drawing, "local z W1") == "∂z/∂W₁ = Ih ⊗ x h × d × h   item 4"
    assert box_of(drawing, "local z b1") == "∂z/∂b₁ = Ih h × h   item 1"
    assert box_of(drawing, "adjoint z") == "∂ℓ/∂z = rᵀ W₂ diag(σ′(z)) 1 × h   item 1a"
    assert box_of(drawing, "gradient W1") == "∂ℓ/∂W₁ = x rᵀ W₂ diag(σ′(z)) d × h   item 3"
    assert box_of(drawing, "gradient b1") == "∂ℓ/∂b₁ = rᵀ W₂ diag(σ′(z)) 1 × h   item 1a"
    assert box_of(drawing, "gradient W2") == "∂ℓ/∂W₂ = s rᵀ h × n   item 3"
    assert box_of(drawing, "gradient b2") == "∂ℓ/∂b₂ = rᵀ 1 × n   item 1a"


def test_the_forward_pass_stands_above_the_backward_pass() -> None:
    boxes = {box.key: box for box in draw(networks.shallow("d", "h", "n")).picture.boxes}
    assert boxes["W1"].bottom < boxes["z"].top
    for key in ("z", "s", "r"):
        assert boxes[key].bottom < boxes[f"adjoint {key}"].top
        assert boxes[key].x == pytest.approx(boxes[f"adjoint {key}"].x)
    assert boxes["x"].right < boxes["z"].left < boxes["s"].left < boxes["r"].left < boxes["ell"].left
    assert boxes["adjoint z"].bottom < boxes["gradient W1"].top


def test_diagram_2_has_symbols_alone() -> None:
    drawing = draw(networks.shallow("d", "h", "n"), detail="simple")
    assert box_of(drawing, "z") == "z"
    assert box_of(drawing, "adjoint z") == "∂ℓ/∂z"
    assert box_of(drawing, "local s z") == "diag(σ′(z))"
    assert not any("item" in text or "×" in text for text in words(drawing))


def test_diagram_3_goes_down_to_the_first_layer() -> None:
    drawing = draw(networks.two_hidden("d", "h1", "h2", "n"))
    text = box_of(drawing, "gradient W1")
    assert text == "∂ℓ/∂W₁ = x rᵀ W₃ diag(σ′(z₂)) W₂ diag(σ′(z₁)) d × h₁   item 3"
    assert "∂ℓ/∂W₁ = x rᵀ W₃ diag(σ′(z₂)) W₂ diag(σ′(z₁)) ∈ R^{d×h₁}, item 3" in drawing.svg()


@pytest.mark.parametrize("detail", ["full", "simple"])
@pytest.mark.parametrize("augmented", [False, True])
@pytest.mark.parametrize("hidden", [1, 2, 3])
def test_no_box_covers_another(hidden: int, augmented: bool, detail: str) -> None:
    sizes = ["d", *(f"h{k}" for k in range(hidden)), "n"]
    for batch in (None, "N"):
        assert overlaps(draw(networks.mlp(sizes, augmented=augmented, batch=batch), detail=detail)) == []


def test_the_svg_is_well_formed_and_says_what_it_shows() -> None:
    root = ET.fromstring(draw(networks.shallow("d", "h", "n")).svg())
    assert root.find(f"{SVG}title") is not None
    description = root.findtext(f"{SVG}desc") or ""
    assert "∂z/∂W₁ = I_h ⊗ x ∈ R^{h×d×h}, item 4" in description
    shown = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert "∂ℓ/∂W₁" in shown
    assert "= x rᵀ W₂ diag(σ′(z))" in shown


def test_every_size_has_a_colour_and_a_pattern_of_its_own() -> None:
    drawing = draw(networks.two_hidden("d", "h1", "h2", "n", batch="N"))
    hues = drawing.picture.hues
    assert set(hues) == {"d", "h1", "h2", "n", "N"}
    assert len(set(hues.values())) == 5


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "d.svg"
    draw(networks.shallow("d", "h", "n"), target)
    assert target.read_text(encoding="utf-8").rstrip().endswith("</svg>")
    before = target.read_bytes()
    with pytest.raises(UnsupportedError):
        draw(3.0, target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["d.svg"]
    with pytest.raises(OptionError, match=r"\.svg or \.png"):
        draw(networks.shallow("d", "h", "n"), tmp_path / "d.pdf")
    with pytest.raises(OptionError, match="cannot write"):
        draw(networks.shallow("d", "h", "n"), tmp_path / "missing" / "d.svg")


def test_an_unknown_detail_is_refused() -> None:
    with pytest.raises(OptionError, match="'full', 'simple'"):
        draw(networks.shallow("d", "h", "n"), detail="rich")


def test_an_expression_without_names_gets_some() -> None:
    x, W = vector("x", "d"), matrix("W", "h", "d")
    scene = draw(np.sum(sigmoid(W @ x))).scene
    assert [one.symbol for one in scene.quantities] == ["W", "x", "v₁", "v₂", "y"]
    assert "∂y/∂W = x σ′(v₁)ᵀ" in scene.description


def test_the_command_writes_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "two.svg"
    assert main(["draw", "two-hidden", "--output", str(target)]) == 0
    assert ET.parse(target).getroot().tag == f"{SVG}svg"
    assert main(["draw", "shallow", "--output", str(tmp_path / "no" / "x.svg")]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_png_by_a_converter(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    target = tmp_path / "d.png"
    try:
        draw(networks.shallow("d", "h", "n"), target)
    except UnsupportedError as error:
        pytest.skip(str(error))  # no font is installed
    assert target.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("command", ["shallow", "two-hidden", "mlp", "shallow --batch --augmented", "mlp --layers 5"])
@pytest.mark.parametrize("detail", ["full", "simple"])
def test_the_text_has_80_columns(command: str, detail: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", *command.split(), "--detail", detail]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert sum(line.startswith("r ") for line in lines) == 1


def test_the_text_says_what_the_picture_says() -> None:
    text = str(draw(networks.shallow("d", "h", "n")))
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert "z = W₁ x + b₁ h ∂ℓ/∂z = rᵀ W₂ diag(σ′(z)) 1 × h 1a" in rows
    assert "│ ↑ ∂s/∂z = diag(σ′(z)) h × h 1" in rows
    assert "W₁ h × d ∂ℓ/∂W₁ = x rᵀ W₂ diag(σ′(z)) d × h 3" in rows
    assert "↑ ∂z/∂W₁ = I_h ⊗ x h × d × h 4" in rows
    assert rows.index("x d") < rows.index("s = σ(z) h ∂ℓ/∂s = rᵀ W₂ 1 × h 1a") < rows.index("ℓ = ½ ‖r‖² ∂ℓ/∂ℓ = 1")


def test_the_derivative_of_the_last_quantity_by_itself_is_an_identity() -> None:
    x, W, V, X = vector("x", "d"), matrix("W", "n", "d"), matrix("V", "n", "d"), matrix("X", "d", "k")
    chain = np.tanh(W @ x).named("y")
    forks = (np.tanh(W @ x).named("z") * np.tanh(V @ x).named("w")).named("y")
    for y in (chain, forks):
        text = " ".join(str(draw(y)).split())
        assert "∂y/∂y = I_n n × n 1" in text
        assert str(draw(y, detail="simple")).count("I_n") >= 1
    assert "∂y/∂y = δ_{il} δ_{jk} n × k × k × n" in " ".join(str(draw(np.tanh(W @ X).named("y"))).split())
    assert "∂y/∂y = 1" in str(draw(half_squared_norm(chain.named("s")).named("y")))
    assert box_of(draw(chain), "adjoint y") == "∂y/∂y = In n × n   item 1"
    assert box_of(draw(chain, detail="simple"), "adjoint y") == "In"
    pytest.importorskip("pygraphviz")
    assert box_of(draw(forks), "adjoint y") == "∂y/∂y = In n × n   item 1"


def gated() -> Expression:
    """A graph in which paths fork and meet."""
    x, W, V, b = vector("x", "d"), matrix("W", "h", "d"), matrix("V", "h", "d"), vector("b", "h")
    z = (W @ x + b).named("z")
    g = sigmoid(V @ x).named("g")
    s = np.tanh(z).named("s")
    return half_squared_norm(s * g + z).named("y")


def test_a_graph_with_forks_has_an_arrow_for_every_use() -> None:
    pytest.importorskip("pygraphviz")
    drawing = draw(gated())
    assert overlaps(drawing) == []
    assert box_of(drawing, "local y z").startswith("∂y/∂z|s,g = (s ⊙ g + z)ᵀ")
    assert box_of(drawing, "local s z") == "∂s/∂z = diag(tanh′(z)) h × h   item 1"
    assert sum(stroke.style == "forward" for stroke in drawing.picture.strokes) == 9
    assert {"gradient x", "gradient W", "gradient V", "gradient b"} <= {
        box.key.replace("adjoint", "gradient") for box in drawing.picture.boxes
    }


def test_a_weight_that_is_read_twice_stands_once() -> None:
    pytest.importorskip("pygraphviz")
    drawing = draw(networks.shallow("d", "h", "n", regularization=0.1))
    assert [box.key for box in drawing.picture.boxes].count("W1") == 1
    assert box_of(drawing, "local ell W1") == "∂ℓ/∂W₁|r = 0.2 W₁ᵀ d × h   item 3"
    assert box_of(drawing, "adjoint W1") == "∂ℓ/∂W₁ = x rᵀ W₂ diag(σ′(z)) + 0.2 W₁ᵀ d × h   item 3"


def random_graph(rng: np.random.Generator, count: int) -> Expression:
    """`count` named steps of 12 characters each over earlier ones."""
    made: list[Any] = [vector("x" * 12, "d")]
    for k in range(count):
        a, b = (made[int(rng.integers(max(0, len(made) - 6), len(made)))] for _ in range(2))
        step = [a + np.tanh(b), a * b, np.sin(a) - b, 2 * a + b][int(rng.integers(4))]
        made.append(step.named(f"quantity_{k:03d}"))
    return half_squared_norm(sum(made[-3:], start=made[-4])).named("objective_12")


@pytest.mark.parametrize("count", [5, 12, 20, 38])
@pytest.mark.parametrize("detail", ["full", "simple"])
def test_no_label_covers_another_in_large_graphs(count: int, detail: str) -> None:
    pytest.importorskip("pygraphviz")
    drawing = draw(random_graph(np.random.default_rng(count), count), detail=detail)
    assert len(drawing.scene.quantities) <= 40
    assert overlaps(drawing) == []
    picture = drawing.picture
    assert all(box.left >= 0 and box.right <= picture.width for box in picture.boxes)
    assert all(box.top >= 0 and box.bottom <= picture.height for box in picture.boxes)


@pytest.mark.parametrize(("file", "bold"), [("DejaVuSans.ttf", False), ("DejaVuSans-Bold.ttf", True)])
def test_no_text_is_wider_than_estimated(file: str, bold: bool) -> None:
    """The boxes are measured with widths that real fonts stay within."""
    image_font = pytest.importorskip("PIL.ImageFont")
    path = Path("/usr/share/fonts/truetype/dejavu", file)
    if not path.exists():
        pytest.skip("the font is not installed")
    font = image_font.truetype(str(path), 1000)
    drawings = [
        draw(networks.two_hidden("d", "h1", "h2", "n", augmented=True)),
        draw(networks.shallow("d", "h", "n", batch="N")),
    ]
    texts = [line.text for drawing in drawings for box in drawing.picture.boxes for line in box.lines]
    letters = [chr(code) for code in range(32, 127)] + list("αβγδσθλμπωΣΔΩ∂ℓ⊗⊙×·′″ᵀ₀₁₂₉½‖²∈…")
    for text in [*texts, *(letter * 5 for letter in letters)]:
        assert font.getlength(text) <= text_width(text, 1000, bold) + 1, text


def test_without_graphviz_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(UnsupportedError, match=r"pygraphviz: pip install 'jacobians\[draw\]'"):
        draw(gated(), tmp_path / "y.svg")
    with pytest.raises(UnsupportedError, match=r"resvg-py: pip install 'jacobians\[draw\]'"):
        draw(networks.shallow("d", "h", "n"), tmp_path / "y.png")
    assert list(tmp_path.iterdir()) == []
    assert "∂y/∂z" in str(draw(gated()))


def test_the_command_draws_an_expression(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ["draw", "z := W x + b; ½‖σ(z)‖²", "--where", "W:h,d x:d b:h"]
    assert main(text) == 0
    out = capsys.readouterr().out
    assert out.endswith("\n")
    rows = [" ".join(line.split()) for line in out.splitlines()]
    assert "z = W x + b h ∂y/∂z = (σ(z) ⊙ σ′(z))ᵀ 1 × h 1a" in rows
    assert "W h × d ∂y/∂W = x (σ(z) ⊙ σ′(z))ᵀ d × h 3" in rows
    assert main([*text, "--output", str(tmp_path / "z.svg")]) == 0
    assert "∂z/∂W" in (tmp_path / "z.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["shalow"], "is not a network (shallow, two-hidden, mlp)"),
        (["shallow", "--where", "x:d"], "--where has the shapes"),
        (["shallow", "--layers", "2"], "--layers is for mlp"),
        (["W x", "--where", "W:h,d x:d", "--batch"], "--batch is for a network"),
        (["W x", "--where", "W:h,d x:d", "--loss", "squared"], "--loss is for a network"),
        (["W x", "--where", "W:h,d x:h"], "line 1, column"),
        (["shallow", "--output", "picture.pdf"], ".svg or .png"),
    ],
)
def test_the_command_refuses_in_a_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", *arguments]) == 2
    assert words in " ".join(capsys.readouterr().err.split())


def test_in_a_notebook_the_text_is_given_and_not_shown_besides(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = repr(draw(networks.shallow("d", "h", "n")))
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert repr(draw(networks.shallow("d", "h", "n"))) == expected


def test_without_a_font_there_is_no_png(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    resvg = pytest.importorskip("resvg_py")
    without = partial(resvg.svg_to_bytes, skip_system_fonts=True)
    monkeypatch.setattr(resvg, "svg_to_bytes", without)
    with pytest.raises(UnsupportedError, match="needs a font"):
        draw(networks.shallow("d", "h", "n"), tmp_path / "y.png")
    assert list(tmp_path.iterdir()) == []


def text_frames(document: str, font: Any) -> list[tuple[str, float, float, float, float]]:
    """Where every piece of text of an SVG document is, measured with a real font and not with our estimate."""
    found = []
    for text in ET.fromstring(document).iter(f"{SVG}text"):
        size, y = float(text.get("font-size", "0")), float(text.get("y", "0"))
        spans = [span for span in text if span.get("x")]
        pieces = [("".join(span.itertext()), float(span.get("x", "0"))) for span in spans]
        for words, x in pieces or [("".join(text.itertext()), float(text.get("x", "0")))]:
            width = font.getlength(words) * size / 1000 * (1.13 if text.get("class") == "symbol" else 1.0)
            left = x if text.get("text-anchor") == "start" else x - width / 2
            found.append((words.strip(), left, left + width, y - 0.76 * size, y + 0.2 * size))
    return [frame for frame in found if frame[0]]


def test_no_text_covers_another_by_a_real_font() -> None:
    image_font = pytest.importorskip("PIL.ImageFont")
    pytest.importorskip("pygraphviz")
    path = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not path.exists():
        pytest.skip("the font is not installed")
    font = image_font.truetype(str(path), 1000)
    drawings = [
        draw(networks.shallow("d", "h", "n")),
        draw(networks.two_hidden("d", "h1", "h2", "n")),
        draw(networks.shallow("d", "h", "n", augmented=True, batch="N")),
        draw(gated()),
        draw(random_graph(np.random.default_rng(7), 30)),
    ]
    for drawing in drawings:
        frames = text_frames(drawing.svg(), font)
        assert len(frames) > 20
        assert [
            (a[0], b[0])
            for a, b in combinations(frames, 2)
            if a[1] < b[2] - 1 and b[1] < a[2] - 1 and a[3] < b[4] - 1 and b[3] < a[4] - 1
        ] == []


def test_the_command_draws_a_jacobian(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "shallow", "--wrt", "W1"]) == 0
    out = capsys.readouterr().out
    assert "Tensor network of ∂ℓ/∂W₁" in out
    assert "Step 1: r, W₂ → j." in out
    assert main(["draw", "shallow", "--of", "z", "--wrt", "W1"]) == 0
    assert "After: x_{j} at [i, j, i]." in capsys.readouterr().out
    pytest.importorskip("pygraphviz")
    target = tmp_path / "n.svg"
    assert main(["draw", "z := W x; ‖z‖²", "--where", "W:h,d x:d", "--wrt", "W", "--output", str(target)]) == 0
    assert "the deltas eliminated" in target.read_text(encoding="utf-8")
    for wrong in (["--wrt", "W9"], ["--of", "q", "--wrt", "W1"], ["--of", "z"]):
        assert main(["draw", "shallow", *wrong]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_passes_in_latex_are_the_same_equations() -> None:
    latex = draw(networks.shallow("d", "h", "n")).latex()
    rows = [" ".join(row.split()) for row in latex.splitlines()]
    z, s, W = r"\mathbf{z}", r"\mathbf{s}", r"\mathbf{W}^{(1)}"
    assert rf"{z} &= {W} \mathbf{{x}} + \mathbf{{b}}_1 && \in \mathbb{{R}}^h \\" in rows
    left = rf"\frac{{\partial {s}}}{{\partial {z}}} &= \operatorname{{diag}}(\sigma'({z}))"
    assert rf"{left} && \in \mathbb{{R}}^{{h \times h}} && \text{{item 1}} \\" in rows
    convert = pytest.importorskip("latex2mathml.converter").convert
    for drawing in (draw(networks.two_hidden("d", "h1", "h2", "n", augmented=True, batch="N")), draw(gated())):
        ET.fromstring(convert(drawing.latex().replace("aligned", "align")))  # the converter knows align alone


@pytest.mark.parametrize("augmented", [False, True])
def test_a_long_chain_runs_downward(augmented: bool) -> None:
    sizes = ["d", *(f"h{k}" for k in range(1, 13)), "n"]
    drawing = draw(networks.mlp(sizes, augmented=augmented))
    boxes = {box.key: box for box in drawing.picture.boxes}
    assert overlaps(drawing) == []
    assert drawing.picture.width < 1400
    assert boxes["x"].bottom < boxes["z1"].top
    for k in range(1, 13):
        assert boxes[f"z{k}"].bottom < boxes[f"s{k}"].top
        assert boxes[f"z{k}"].right < boxes[f"adjoint z{k}"].left
        assert boxes[f"z{k}"].y == boxes[f"adjoint z{k}"].y
        weights = f"W{k}_tilde" if augmented else f"W{k}"
        assert boxes[weights].right < boxes[f"z{k}"].left < boxes[f"gradient {weights}"].left
    assert all(box.left >= 0 and box.right <= drawing.picture.width for box in drawing.picture.boxes)


def test_a_deep_gradient_is_cut_in_the_picture_alone() -> None:
    drawing = draw(networks.mlp(["d", *(f"h{k}" for k in range(1, 13)), "n"]))
    assert "…" in box_of(drawing, "gradient W1")
    whole = "∂ℓ/∂W₁ = x rᵀ W₁₃ diag(σ′(z₁₂)) " + " ".join(
        f"W{str(k).translate(LOW)} diag(σ′(z{str(k - 1).translate(LOW)}))" for k in range(12, 1, -1)
    )
    assert whole in drawing.scene.description


LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def test_long_formulas_are_broken_where_factors_meet() -> None:
    rows = [line.text.strip() for line in wrapped("= x rᵀ W₃ diag(σ′(z₂)) W₂ diag(σ′(z₁))", 215)]
    assert rows == ["= x rᵀ W₃ diag(σ′(z₂))", "W₂ diag(σ′(z₁))"]
    long = " + ".join(f"A_{{{k}}} x" for k in range(200))
    lines = wrapped(long, 215)
    assert 3 <= len(lines) <= 6
    assert lines[-1].text.endswith(" …")
    assert max(line.width for line in lines) < 300


def test_what_draws_is_loaded_when_there_is_something_to_draw() -> None:
    code = "import sys, jacobians; print(*(name for name in sys.modules if name.startswith('jacobians.render.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {
        "jacobians.render.drawing",
        "jacobians.render.output",
        "jacobians.render.output.notebook",
    }


def test_the_terminal_has_the_colours_of_the_picture() -> None:
    network = networks.shallow("d", "h", "n")
    drawing = draw(network)
    out = io.StringIO()
    Console(file=out, width=80, force_terminal=True, color_system="standard", no_color=False).print(drawing)
    codes = {"bright_blue": 94, "bright_red": 91, "bright_green": 92}
    for size, number in drawing.picture.hues.items():
        assert f"\x1b[1;{codes[HUES[number].terminal]}m{size}\x1b[0m" in out.getvalue()
    plain = io.StringIO()
    Console(file=plain, width=80, color_system=None).print(drawing)
    assert "\x1b" not in plain.getvalue()
