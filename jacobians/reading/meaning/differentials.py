"""Derivatives in a text: ∂y/∂x, ∂(…)/∂x, \\frac{\\partial y}{\\partial x}, and ∂/∂x before what it is of."""

from __future__ import annotations

from collections.abc import Sequence

from ...differentiation.jacobian_tensor import derivative
from ...errors import JacobiansError, ShapeError
from ...expressions.nodes import Named, Variable
from ...expressions.walks import walk
from ...functions import elementwise
from ...shapes.sizes import Shape
from ..syntax import tree as t
from ..syntax.source_positions import Place, parse_error, shape_error
from . import entries, subscripts, values
from .context import Context
from .elaborated import Item, Part
from .naming_parts import opened, spellings, unbraced
from .values import MOST_AXES, Value, as_entries, has_entries, of_entries


def differentiated(context: Context, place: Place, numerator: Part, denominator: t.Node) -> Part:
    """∂numerator/∂denominator in numerator layout; of a scalar by a vector it is a row."""
    found = subscripts.denominator(context, denominator)
    if found is None:
        atom, postfixes = opened(unbraced(denominator))
        options = spellings(atom, postfixes)
        if options:
            raise context.unknown(options[0][0], denominator.place)
    by, letters = found or (None, "")
    if by is None or not isinstance(by.expression, (Variable, Named)):
        shown = context.source(denominator.place)
        raise parse_error(context.text, denominator.place, f"a derivative is by a name, and {shown} is none")
    if has_entries(numerator.value) or letters:
        return _of_entries(context, place, numerator, by, letters)
    # the derivative of a derivative has its axes, as in the Hessian; any other row has two
    whole = numerator.value.expression if numerator.value.chain is not None else numerator.value.whole
    if whole.ndim + by.rank > MOST_AXES:
        raise shape_error(context.text, place, f"a derivative with more than {MOST_AXES} axes")
    if by.expression not in walk([whole]):
        above, below = context.source(numerator.place), context.source(denominator.place)
        how = f"; define it, {above} := …" if isinstance(whole, Variable) else ""
        context.note(f"{above} does not depend on {below}, so its derivative is 0{how}")
    try:
        result = derivative(whole, by.expression).expression
    except JacobiansError as error:
        raise shape_error(context.text, place, str(error)) from None
    row = whole.ndim == 0 and by.rank == 1
    return Part(place, Value(result, row, chain=(whole, by.expression)), (numerator,))


def operated(context: Context, place: Place, operator: t.Operator, argument: Part) -> Part:
    """∂/∂x of what follows, or ∇_x of it: the transpose, in the shape of x for a scalar (item 1a)."""
    part = differentiated(context, place, argument, operator.denominator)
    return Part(place, values.transposed(part.value), part.children) if operator.gradient else part


def _of_entries(context: Context, place: Place, numerator: Part, by: Value, letters: str) -> Part:
    """∂z_i/∂W_{jk}, the entry ikj of ∂z/∂W."""
    if by.rank and not letters:
        shown = context.source(numerator.place)
        raise parse_error(context.text, place, f"{shown} is an entry, and what it is derived by has no index")
    try:
        of = as_entries(numerator.value, context.source(numerator.place))
        axes = entries.free_letters(of)
        if len(of) == 1 and of[0].operands and of[0] == entries.entry(of[0].operands[0], of[0].letters[0])[0]:
            whole, axes = of[0].operands[0], of[0].letters[0]
        else:
            whole = entries.expression(of, axes, {})
        if set(axes) & set(letters):
            raise ShapeError(f"∂ by an entry with the index {min(set(axes) & set(letters))}, which the numerator has")
        if whole.ndim + by.rank > MOST_AXES:
            raise ShapeError(f"a derivative with more than {MOST_AXES} axes")
        found = derivative(whole, by.expression).expression
    except JacobiansError as error:
        raise shape_error(context.text, place, str(error)) from None
    return Part(place, of_entries(entries.entry(found, (*axes, *reversed(letters)))), (numerator,))


def gathered(context: Context, items: Sequence[Item]) -> list[Item]:
    """The factors of a product with ∂y / ∂x, two differentials one over the other, as one factor."""
    result: list[Item] = []
    for item in items:
        if not (isinstance(item.atom, t.Differential) and item.operator == "/"):
            result.append(item)
            continue
        call = (
            len(result) > 1
            and isinstance(result[-1].atom, t.Group)
            and result[-1].operator == ""
            and isinstance(result[-2].atom, t.Differential)
        )
        above = result[-2:] if call else result[-1:]
        if not above or not isinstance(above[0].atom, t.Differential):
            raise parse_error(
                context.text,
                item.place,
                "∂ below and no ∂ right above: write ∂y/∂x with one name, or ∂(…)/∂x with brackets",
            )
        del result[len(result) - len(above) :]
        first = above[0]
        parts = [_with(above[0].atom.body, first.postfixes), *(_with(one.atom, one.postfixes) for one in above[1:])]
        result.append(_derivative_item(context, first, _side_by_side(parts), item.atom, item.postfixes))
    return result


def _derivative_item(
    context: Context, first: Item, numerator: t.Node, below: t.Differential, postfixes: tuple[t.Postfix, ...]
) -> Item:
    """∂y/∂x as a factor: of what stands after x, its name takes what belongs to it, the derivative the rest."""
    options = spellings(below.body, postfixes)
    count = next((count for raw, count in options if context.is_known(raw)), options[0][1] if options else 0)
    while count < len(postfixes) and subscripts.letters_of(context, postfixes[count].body):  # ∂z_i/∂W_{jk}
        count += 1
    denominator = _with(below.body, postfixes[:count])
    place = first.place.to(below.place).to(denominator.place)
    whole = place.to(postfixes[-1].place) if postfixes else place
    return Item(first.operator, t.Derivative(place, numerator, denominator), postfixes[count:], whole)


def fraction(context: Context, node: t.Fraction, expected: Shape | None = None) -> Part:
    """\\frac{…}{…}: a quotient, or a derivative."""
    top, bottom = unbraced(node.top), unbraced(node.bottom)
    above = _differential_product(top)
    below, postfixes = opened(bottom)
    if above is not None and isinstance(below, t.Differential):
        options = spellings(below.body, postfixes)
        if not options or options[0][1] < len(postfixes):
            raise parse_error(context.text, bottom.place, "below stands ∂ and one name: ∂y/∂x")
        return differentiated(context, node.place, context.part(above), _with(below.body, postfixes))
    if above is not None or isinstance(below, t.Differential):
        raise parse_error(
            context.text, node.place, "∂ on one side of the bar alone: a derivative has it above and below"
        )
    made = context.combined([context.part(_within(node.top), expected), context.part(_within(node.bottom))], [quotient])
    return Part(node.place, made.value, made.children)


def _within(node: t.Node) -> t.Node:
    """What the braces of a fraction hold."""
    return node.parts[0] if isinstance(node, t.Group) and node.bracket == "{" else node


def quotient(a: Value, b: Value) -> Value:
    """a / b."""
    return values.quotient(a, b, elementwise.divide)


def _with(node: t.Node, postfixes: tuple[t.Postfix, ...]) -> t.Node:
    return t.Factor(node.place.to(postfixes[-1].place), node, postfixes) if postfixes else node


def _side_by_side(nodes: Sequence[t.Node]) -> t.Node:
    if len(nodes) == 1:
        return nodes[0]
    return t.Product(nodes[0].place.to(nodes[-1].place), tuple(nodes), ("",) * len(nodes))


def _differential_product(node: t.Node) -> t.Node | None:
    """What a numerator such as ∂ℓ or ∂ xᵀ A x is of; None without ∂ in front."""
    factors, operators = (node.factors, node.operators) if isinstance(node, t.Product) else ((node,), ("",))
    atom, postfixes = opened(factors[0])
    if not isinstance(atom, t.Differential):
        return None
    first = _with(atom.body, postfixes)
    if len(factors) == 1:
        return first
    return t.Product(first.place.to(factors[-1].place), (first, *factors[1:]), operators)
