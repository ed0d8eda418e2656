"""What a notebook asks objects for. How each is written is registered by `render`, which stands above."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

#: Writers by media type, each a function of the object; None means that the object has no such form.
WRITERS: dict[str, Callable[[Any], str | None]] = {}


class Displayed:
    """The base of what shows itself in a notebook: as HTML that folds, as LaTeX, and as text."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        return WRITERS["text/html"](self)

    def _repr_latex_(self) -> str | None:
        return WRITERS["text/latex"](self)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """Every form, or those of `include` without those of `exclude`, by media type."""
        bundle: dict[str, str] = {}
        for kind, write in {"text/plain": repr, **WRITERS}.items():
            if (include is None or kind in include) and (exclude is None or kind not in exclude):
                written = write(self)
                if written is not None:
                    bundle[kind] = written
        return bundle
