"""The notes' three diagrams, by what stands in them and by the boxes of their labels."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from jacobians import OptionError, UnsupportedError, draw, matrix, networks, sigmoid, vector
from jacobians.cli import main
from jacobians.render.drawing import Drawing

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
    draw(networks.shallow("d", "h", "n"), target)
    assert target.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
