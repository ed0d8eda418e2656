"""Claims about shapes: x ∈ ℝ^d, W x + b \\in \\mathbb{R}^{h}, ∂z/∂W ∈ R^{h×d×h}."""

from __future__ import annotations

from ...errors import JacobiansError
from ...shapes.sizes import Shape, show_shape
from ..syntax import tree as t
from ..syntax.source_positions import parse_error, shape_error
from ..syntax.spelling import key
from .context import Context
from .declarations import read_sizes
from .elaborated import Part
from .named_functions import NamedFunction
from .naming_parts import opened, spellings, stem
from .values import describe


def shape_in(context: Context, space: t.Node) -> Shape:
    """The shape that ℝ^{h×d} tells; ℝ alone is that of a scalar."""
    atom, postfixes = opened(space)
    base = stem(atom)
    powers = [one for one in postfixes if one.kind == "power" and one.body is not None]
    if base is None or key(base) != "R" or len(powers) < len(postfixes) or len(powers) > 1:
        shown = context.source(space.place)
        raise parse_error(context.text, space.place, f"expected ℝ^{{…}} after ∈, as in ℝ^{{h×d}}, found {shown}")
    if not powers or powers[0].body is None:
        return ()
    place = powers[0].body.place
    written = context.text[place.start : place.end].replace("\\times", "×").replace("*", "×")
    sizes = "".join(" " if mark in "{}()" else mark for mark in written)
    try:
        return read_sizes(context.source(space.place), sizes)
    except JacobiansError as error:
        raise parse_error(context.text, place, str(error)) from None


def compare(context: Context, claim: t.Claim, part: Part, shape: Shape) -> None:
    """Raise `ShapeError` where a part has not the shape that is claimed."""
    if part.value.shape != shape:
        shown = context.source(part.place)
        raise shape_error(
            context.text,
            claim.space.place,
            f"{shown} is {describe(part.value)}, and {show_shape(shape)} is claimed",
        )


def mapping(context: Context, node: t.Mapping) -> NamedFunction:
    """f : ℝ^n → ℝ^m declares an arbitrary smooth function; ℝ → ℝ is one of numbers, which goes entry by entry."""
    atom, postfixes = opened(node.name)
    options = spellings(atom, postfixes)
    if not options or options[0][1] < len(postfixes):
        raise parse_error(context.text, node.name.place, "expected the name of a function before :")
    source, target = shape_in(context, node.source), shape_in(context, node.target)
    return NamedFunction(options[0][0], shape=target, entrywise=source == target == (), source=source)
