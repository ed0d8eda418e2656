"""The pictures of the documentation are what `python -m docs.pictures` draws: the same shapes, the same words."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

pytest.importorskip("pygraphviz")
from docs import pictures

FOLDER = Path(pictures.__file__).parent
SVG = "{http://www.w3.org/2000/svg}"


def outline(document: str) -> list[tuple[str, str, str]]:
    """The elements of an SVG document in order: tag, class and text. Places and sizes are left out."""
    return [
        (element.tag.removeprefix(SVG), element.get("class", ""), (element.text or "").strip())
        for element in ET.fromstring(document).iter()
        if element.tag != f"{SVG}style"
    ]


@pytest.mark.parametrize("name", list(pictures.PICTURES))
def test_the_picture_is_up_to_date(name: str) -> None:
    kept = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert outline(kept) == outline(pictures.PICTURES[name]().svg()), "run python -m docs.pictures"


@pytest.mark.parametrize("name", list(pictures.PICTURES))
def test_the_picture_can_be_heard_and_selected(name: str) -> None:
    elements = outline((FOLDER / f"{name}.svg").read_text(encoding="utf-8"))
    assert elements[1][0] == "title"
    assert elements[1][2]
    assert elements[2][0] == "desc"
    assert elements[2][2].count("\n") >= 3
    assert sum(tag == "text" for tag, _, _ in elements) >= 10
    assert not {"image", "foreignObject", "script"} & {tag for tag, _, _ in elements}


def test_there_is_no_other_picture() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(pictures.PICTURES)
