"""What a picture of a computation shows: quantities, derivatives, and the sizes that their axes have.

A `Scene` is computed once, and every way of drawing it (text, SVG, HTML) shows the same words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from ...notation.latex import LATEX
from ...notation.names import typeset
from ...shapes.sizes import Shape, Size, symbols_of

Role = Literal["input", "parameter", "constant", "value"]
Detail = Literal["full", "simple"]


@dataclass(frozen=True)
class Quantity:
    """A value of the forward pass: what it is called, what it is computed as, and its dimension."""

    key: str
    symbol: str
    definition: str
    shape: Shape
    role: Role
    latex: tuple[str, str] = ("", "")  # the symbol and the definition


@dataclass(frozen=True)
class Derivative:
    """∂`of`/∂`wrt`: its symbol, its closed form, its shape in numerator layout, and the item of the notes it cites."""

    of: str
    wrt: str
    symbol: str
    structure: str
    shape: Shape
    item: str | None
    latex: tuple[str, str] = ("", "")  # the symbol and the closed form


@dataclass(frozen=True)
class Scene:
    """A computation and its derivatives.

    `quantities` are in the order of the forward pass, the last one is what is differentiated. `local` has a
    derivative for every arrow of the forward pass that the backward pass returns on, `total` the derivative of the
    last quantity by every other one that is asked for; `itself` is that of the last quantity by itself, an identity.
    """

    title: str
    quantities: tuple[Quantity, ...]
    edges: tuple[tuple[str, str], ...]  # (used, user)
    local: tuple[Derivative, ...]
    total: tuple[Derivative, ...]
    notes: tuple[str, ...]
    roles: tuple[tuple[str, str], ...]  # (size, "input" | "hidden" | "output" | "batch")
    detail: Detail
    itself: Derivative
    hues: dict[str, int] = field(default_factory=dict)

    def quantity(self, key: str) -> Quantity:
        return next(one for one in self.quantities if one.key == key)

    @property
    def description(self) -> str:
        """The whole picture in sentences, for whoever cannot see it."""
        lines = [f"{self.title}."]
        for one in self.quantities:
            equals = f" = {one.definition}" if one.definition else ""
            lines.append(f"Forward: {one.symbol}{equals} {element_of(one.shape)}.")
        for derivative in self.local:
            lines.append(f"Local: {sentence(derivative)}.")
        for derivative in self.total:
            lines.append(f"Backward: {sentence(derivative)}.")
        return "\n".join([*lines, *(f"{note}." for note in self.notes)])

    @property
    def latex(self) -> str:
        """The equations of both passes, as an `aligned` environment of amsmath."""
        shown = [(*one.latex, one.shape, "") for one in self.quantities if one.definition]
        shown += [(*one.latex, one.shape, one.item or "") for one in (*self.local, *self.total)]
        rows = []
        for left, right, shape, item in dict.fromkeys(shown):
            space = LATEX.space(shape) if shape else r"\mathbb{R}"
            cites = rf" && \text{{item {item}}}" if item else ""
            rows.append(f"  {left} &= {right} && {LATEX.member(space).strip()}{cites}")
        body = " \\\\\n".join(rows)
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def sentence(derivative: Derivative) -> str:
    """A derivative in a line: `∂s/∂z = diag(σ′(z)) ∈ R^{h×h}, item 1`."""
    item = f", item {derivative.item}" if derivative.item else ""
    return f"{derivative.symbol} = {derivative.structure} {element_of(derivative.shape)}{item}"


def element_of(shape: Shape) -> str:
    """`∈ R^{d×h₁}`; `∈ R` for a scalar."""
    if not shape:
        return "∈ R"
    return f"∈ R^{{{'×'.join(size_text(size, len(shape) > 1) for size in shape)}}}"


def size_text(size: Size, in_product: bool = False) -> str:
    """A size as it prints: `h1` as h₁; a sum stands in parentheses beside others."""
    text = re.sub(r"[^\W\d]\w*", lambda match: typeset(match[0]), str(size))
    return f"({text})" if in_product and set("+-") & set(text) else text


def hue(size: Size) -> str:
    """What decides the colour of a size: its first symbol, or the number itself."""
    return (symbols_of(size) or (str(size),))[0]
