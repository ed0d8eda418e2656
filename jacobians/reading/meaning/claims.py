"""Claims about shapes: x ∈ ℝ^d, W x + b \\in \\mathbb{R}^{h}, ∂z/∂W ∈ R^{h×d×h}."""

from __future__ import annotations

from ...errors import JacobiansError
from ...shapes.facts import FACTS
from ...shapes.sizes import Shape, show_shape
from ..syntax import tree as t
from ..syntax.source_positions import parse_error, shape_error
from ..syntax.spelling import key
from .context import Context
from .declarations import read_sizes
from .elaborated import Part
from .naming_parts import opened, spellings, stem
from .smooth_functions import NamedFunction
from .values import describe


def shape_in(context: Context, space: t.Node) -> Shape:
    """The shape that ℝ^{h×d} tells; ℝ alone is that of a scalar."""
    atom, postfixes = opened(space)
    base = stem(atom)
    if base is not None and key(base).partition("_")[0] in ("S", "Delta"):
        return _of_facts(context, space, key(base).partition("_")[0], postfixes)[0]
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


def facts_in(context: Context, space: t.Node) -> tuple[str, ...]:
    """What 𝕊^n, 𝕊^n_{++} and Δ^n say of their elements besides the shape."""
    atom, postfixes = opened(space)
    base = key(stem(atom) or "").partition("_")[0]
    return _of_facts(context, space, base, postfixes)[1] if base in ("S", "Delta") else ()


def _of_facts(
    context: Context, space: t.Node, base: str, postfixes: tuple[t.Postfix, ...]
) -> tuple[Shape, tuple[str, ...]]:
    powers = [one.body for one in postfixes if one.kind == "power" and one.body is not None]
    marks = [context.text[one.place.start : one.place.end] for one in postfixes if one.kind == "subscript"]
    if len(powers) != 1 or len(marks) > 1 or len(powers) + len(marks) < len(postfixes):
        raise parse_error(context.text, space.place, "expected 𝕊^n, 𝕊^n_{++} or Δ^n after ∈")
    written = "".join(mark for mark in context.text[powers[0].place.start : powers[0].place.end] if mark not in "{} ")
    try:
        (size,) = read_sizes(context.source(space.place), written)
    except (JacobiansError, ValueError):
        raise parse_error(context.text, powers[0].place, "expected the size of a square matrix or a vector") from None
    if base != "S":
        return (size,), ("probability",)
    definite = bool(marks) and marks[0].count("+") == 2
    return (size, size), ("symmetric", "positive_definite") if definite else ("symmetric",)


#: Words that stand around a fact and say nothing of their own.
_FILLERS = {
    "for",
    "if",
    "where",
    "when",
    "with",
    "is",
    "are",
    "be",
    "a",
    "an",
    "all",
    "any",
    "and",
    "let",
    "matrix",
    "vector",
}


def said_facts(context: Context, statement: t.Node) -> list[tuple[str, tuple[str, ...]]]:
    """`for symmetric A`, `where A is positive definite`: the names and their facts; nothing for another statement."""
    nodes = list(t.below(statement))
    if not all(isinstance(one, (t.Product, t.Name, t.Font, t.Group)) for one in nodes):
        return []
    words = [one.text for one in nodes if isinstance(one, t.Name)]
    words = [word for word in words if word.lower() not in _FILLERS or context.is_known(word)]
    written = " ".join(words).replace("positive definite", "positive_definite").replace("one hot", "one_hot").split(" ")
    said = tuple(word for word in written if word in FACTS and not context.is_known(word))
    names = [word for word in written if word not in said]
    return [(name, said) for name in names] if said and names and all(map(context.is_known, names)) else []


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
