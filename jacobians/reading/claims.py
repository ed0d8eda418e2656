"""Claims about shapes: x ∈ ℝ^d, W x + b \\in \\mathbb{R}^{h}, ∂z/∂W ∈ R^{h×d×h}."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import JacobiansError
from ..sizes import Shape, show_shape
from . import tree as t
from .declarations import read_sizes
from .naming_parts import opened, stem
from .parts import Part
from .places import parse_error, shape_error
from .spelling import key
from .values import describe

if TYPE_CHECKING:
    from .elaboration import Elaborator


def shape_in(elaborator: Elaborator, space: t.Node) -> Shape:
    """The shape that ℝ^{h×d} tells; ℝ alone is that of a scalar."""
    atom, postfixes = opened(space)
    base = stem(atom)
    powers = [one for one in postfixes if one.kind == "power" and one.body is not None]
    if base is None or key(base) != "R" or len(powers) < len(postfixes) or len(powers) > 1:
        shown = elaborator.source(space.place)
        raise parse_error(elaborator.text, space.place, f"expected ℝ^{{…}} after ∈, as in ℝ^{{h×d}}, found {shown}")
    if not powers or powers[0].body is None:
        return ()
    place = powers[0].body.place
    written = elaborator.text[place.start : place.end].replace("\\times", "×").replace("*", "×")
    sizes = "".join(" " if mark in "{}()" else mark for mark in written)
    try:
        return read_sizes(elaborator.source(space.place), sizes)
    except JacobiansError as error:
        raise parse_error(elaborator.text, place, str(error)) from None


def compare(elaborator: Elaborator, claim: t.Claim, part: Part, shape: Shape) -> None:
    """Raise `ShapeError` where a part has not the shape that is claimed."""
    if part.value.shape != shape:
        shown = elaborator.source(part.place)
        raise shape_error(
            elaborator.text,
            claim.space.place,
            f"{shown} is {describe(part.value)}, and {show_shape(shape)} is claimed",
        )
