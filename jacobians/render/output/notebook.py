"""Registers how objects show themselves in a notebook; what writes them is loaded when it is first asked for."""

from __future__ import annotations

from typing import Any

from ...expressions.display import WRITERS


def _html(thing: Any) -> str:
    from .page import as_html

    return as_html(thing)


def _latex(thing: Any) -> str | None:
    """The formula of what has one, in display mode."""
    latex = getattr(thing, "latex", None)
    return None if latex is None else f"$\\displaystyle {latex()}$"


WRITERS["text/html"] = _html
WRITERS["text/latex"] = _latex
