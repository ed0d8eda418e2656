"""Names in docstrings: `derivative` is a link where it is a public name, and code where it is not.

Docstrings are written to be read in a terminal: what stands between single backticks is a name or a piece of code, a
bar, as in |z|, a bar, a backslash a backslash, and an indented paragraph is code. A name is looked up; a parameter of
the function that is described, and what is not a name at all, stays as it is.
"""

from __future__ import annotations

import inspect
import re
from contextlib import suppress
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import jacobians

QUOTED = re.compile(r"(?<!`)`(?!`)([^`]+)`(?!`)")
NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def as_code(quoted: str, parameters: set[str]) -> str:
    """A name for the default role to look up, anything else as it stands."""
    return f"`{quoted}`" if NAME.fullmatch(quoted) and quoted not in parameters else f"``{quoted}``"


def as_prose(line: str, parameters: set[str]) -> str:
    """A line of words: names and code between backticks, and bars that are bars."""
    pieces = QUOTED.split(line)  # words, what is quoted, words, …
    words = [piece.replace("|", r"\|") for piece in pieces[::2]]
    codes = [as_code(piece, parameters) for piece in pieces[1::2]]
    return "".join(word + code for word, code in zip(words, [*codes, ""], strict=True))


def as_markup(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Write a docstring's lines so that Sphinx reads them as they are meant."""
    parameters: set[str] = set()
    with suppress(TypeError, ValueError):
        parameters = set(inspect.signature(obj).parameters)

    written: list[str] = []
    in_code = False
    for line in lines:
        indented = line.startswith("    ")
        example = line.lstrip().startswith((">>>", "..."))
        if indented and not example and written and not written[-1] and not in_code:
            written += ["::", ""]
            in_code = True
        in_code = in_code and (indented or not line)
        written.append(line if in_code or example else as_prose(line, parameters))
    lines[:] = written


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
    app.connect("autodoc-process-docstring", as_markup)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
