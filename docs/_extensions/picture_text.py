"""A picture that a cell made is described, by what its SVG says of itself, and is a link to its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx

SVG = "{http://www.w3.org/2000/svg}"


def describe(app: Sphinx, doctree: nodes.document) -> None:
    """Set the text and the width of every SVG picture that has no text of its own."""
    for image in doctree.findall(nodes.image):
        path = Path(app.srcdir, image["uri"])
        if path.suffix == ".svg" and path.is_file() and not image.get("alt"):
            root = ElementTree.parse(path).getroot()
            image["alt"] = (root.findtext(f"{SVG}desc") or root.findtext(f"{SVG}title") or "").strip()
            if width := root.get("width", "").removesuffix("px"):
                image["width"] = f"{round(float(width))}px"  # Sphinx links an image with a width to its file


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
