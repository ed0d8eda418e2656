"""Every lesson and guide with code ends with itself as a notebook, to open in front of a class."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def add_link(app: Sphinx, name: str, source: list[str]) -> None:
    """The link goes to the notebook that was run for this build, with its outputs."""
    if name != "index" and source[0].startswith("---\nfile_format: mystnb\n"):
        file = name.rpartition("/")[2]
        source[0] += f"\n\n---\n\nThis page as a notebook, with its outputs: {{nb-download}}`{file}.ipynb`\n"


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", add_link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
