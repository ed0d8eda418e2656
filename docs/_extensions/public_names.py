"""Names in docstrings: `derivative` is a link where it is a public name, and code where it is not.

Docstrings are written to be read in a terminal. What stands between single backticks is looked up; an argument or a
piece of code, which is no name, stays as it is. A bar, as in |z|, is a bar.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import jacobians


def escape_bars(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Sphinx would read |z| as a substitution."""
    for place, line in enumerate(lines):
        if "|" in line and not line.lstrip().startswith(">>>"):
            lines[place] = line.replace("|", r"\|")


def resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """A name of the package by its last part; `content` itself for what the default role cannot find."""
    if node.get("refdomain") != "py":
        return None
    last = node["reftarget"].rpartition(".")[2]
    if node["reftarget"].startswith("jacobians.") or last in jacobians.__all__:
        found = env.get_domain("py").resolve_any_xref(
            env, node["refdoc"], app.builder, f"jacobians.{last}", node, content
        )
        if found:
            return found[0][1]
    return content if node.get("reftype") in ("obj", "class") and not node.get("refexplicit") else None


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("autodoc-process-docstring", escape_bars)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
