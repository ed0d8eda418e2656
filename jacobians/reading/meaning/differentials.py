"""Derivatives in a text: ∂y/∂x, ∂(…)/∂x, ∂²f/∂x∂xᵀ, and ∂/∂x, ∇_x and d before what they are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...differentiation.jacobian_tensor import derivative
from ...errors import JacobiansError, ShapeError
from ...expressions.nodes import Constant, Expression, Named, Variable
from ...expressions.walks import walk
from ...functions import elementwise
from ...functions.indexing import reshape
from ...functions.operators import add, multiply, network, ones, permute
from ...shapes.sizes import Shape, multiply_sizes
from ..syntax import tree as t
from ..syntax.source_positions import Place, parse_error, shape_error
from . import entries, subscripts, values
from .context import Context
from .elaborated import Item, Part
from .naming_parts import opened, spellings, unbraced
from .values import MOST_AXES, Chain, Value, as_entries, has_entries, of_entries


def differentiated(
    context: Context, place: Place, numerator: Part, denominators: Sequence[t.Node], order: int = 1
) -> Part:
    """∂numerator/∂denominator in the layout of the text; of order 2, the derivative of the derivative.

    The axes of a second derivative of a scalar are those of its denominators, as they are written.
    """
    names = _each_once(context, place, denominators, order)
    part = numerator = _whole(numerator)
    origin = _origin(numerator.value)
    for name, turned in names:
        by, letters = _denominator(context, name)
        if has_entries(part.value) or letters:
            part = _of_entries(context, place, part, by, letters, origin)
            continue
        # the derivative of a derivative has its axes, as in the Hessian; any other row has two
        second = part.value.chain is not None or part is not numerator
        whole = part.value.expression if second else part.value.whole
        result = _derived(context, place, numerator, whole, by.expression, name, origin)
        context.used_layout = True
        chain = Chain(whole, by.expression, "numerator" if turned or order > 1 else context.layout)
        part = Part(place, in_layout(result, chain), (numerator,))
    return part


def _whole(part: Part) -> Part:
    """A part; a sum over all the indices of its entries as the number that it is."""
    given = part.value.entries
    if given is None or entries.free_letters(given):
        return part
    return replace(part, value=Value(entries.expression(given, (), {})))


def _origin(value: Value) -> Expression | None:
    """What a derivative is of in the end; None for entries."""
    if value.chain is not None:
        return value.chain.numerator
    return None if value.entries is not None else value.expression


def _derived(
    context: Context,
    place: Place,
    numerator: Part,
    whole: Expression,
    by: Expression,
    name: t.Node,
    origin: Expression | None,
) -> Expression:
    """The derivative of `whole` with respect to `by`, numerator layout.

    Where its `origin` does not depend on `by`, that is noted, and where it has no definition, doubted: it is no zero.
    """
    if whole.ndim + by.ndim > MOST_AXES:
        raise shape_error(context.text, place, f"a derivative with more than {MOST_AXES} axes")
    below = walk([whole if origin is None else origin])
    if by not in below:
        above, under = context.source(numerator.place), context.source(name.place)
        how = f"; define it, {above} := …" if isinstance(whole, Variable) else ""
        context.note(f"{above} does not depend on {under}, so its derivative is 0{how}")
        loose = [node for node in below if isinstance(node, Variable)]
        if loose and not any(isinstance(node, Named) for node in below):
            missing = loose[0].name if len(loose) == 1 else above
            context.doubt(
                place,
                f"nothing says how {above} depends on {under}: define {missing} := … or say of what it is a function, "
                f"{missing} = {missing}({under})",
                formula=not isinstance(whole, Variable),
            )
        elif not all(isinstance(node, Constant) for node in below):
            context.doubt(place, f"{above} does not depend on {under}, as it is defined here", vanishing=True)
    try:
        return derivative(whole, by).expression
    except JacobiansError as error:
        raise shape_error(context.text, place, str(error)) from None


def in_layout(result: Expression, chain: Chain) -> Value:
    """A derivative in numerator layout as a value in the layout of its chain."""
    of, by = chain.numerator.ndim, chain.denominator.ndim
    axes = list(range(of + by))
    if chain.layout == "denominator":
        result = permute(result, axes[::-1])
    elif chain.layout == "ad":
        result = permute(result, [*axes[:of], *axes[: of - 1 if of else None : -1]])
    elif chain.layout == "vec" and of + by > 1:
        stacked = permute(result, [*axes[:of][::-1], *axes[of:]])
        sizes = [multiply_sizes(shape) for shape in (chain.numerator.shape, chain.denominator.shape)]
        result = reshape(stacked, [size for size, rank in zip(sizes, (of, by), strict=True) if rank])
        return Value(result, row=of == 0, chain=chain)
    return Value(result, row=chain.is_row, chain=chain)


def with_respect_to(context: Context, place: Place, value: Part, by: Expression) -> Part:
    """The derivative of a value with respect to an expression with a name, in the layout of the text."""
    context.used_layout = True
    chain = Chain(value.value.whole, by, context.layout)
    try:
        result = derivative(chain.numerator, by).expression
    except JacobiansError as error:
        raise shape_error(context.text, place, str(error)) from None
    return Part(place, in_layout(result, chain), (value,))


def in_direction(context: Context, slope: Part, direction: Part) -> Part:
    """A derivative applied to a direction of the shape of its denominator."""
    chain = slope.value.chain
    assert chain is not None
    place = slope.place.to(direction.place)
    if direction.value.shape != chain.denominator.shape:
        shown = f"{context.source(direction.place)} is {values.describe(direction.value)}"
        raise shape_error(context.text, direction.place, f"{shown}: a direction has the shape of the argument")
    result = _along(derivative(chain.numerator, chain.denominator).expression, direction.value.expression)
    return Part(place, Value(result), (slope, direction))


def _along(jacobian: Expression, direction: Expression) -> Expression:
    """A derivative in numerator layout applied to a direction."""
    axes = tuple(range(jacobian.ndim))
    of = jacobian.ndim - direction.ndim
    return network([jacobian, direction], [axes, tuple(reversed(axes[of:]))], axes[:of])


def _each_once(context: Context, place: Place, denominators: Sequence[t.Node], order: int) -> list[tuple[t.Node, bool]]:
    """The names below, one for each differentiation, and whether each is transposed: ∂x² is twice, ∂x∂xᵀ too."""
    found: list[tuple[t.Node, bool]] = []
    for node in denominators:
        atom, postfixes = opened(unbraced(node))
        turned = bool(postfixes) and postfixes[-1].kind in ("transposed", "prime")
        if turned:
            postfixes = postfixes[:-1]
        times = 1
        if order > 1 and postfixes and postfixes[-1].kind == "power":
            exponent = unbraced(postfixes[-1].body or atom)
            times = int(exponent.text) if isinstance(exponent, t.Number) and exponent.text == "2" else 0
            postfixes = postfixes[:-1]
        found += [(t.with_postfixes(atom, postfixes), turned)] * times
    if len(found) != order:
        shown = context.source(place)
        raise parse_error(
            context.text, place, f"{shown} is of order {order} above the bar and {len(found)} below: ∂²f/∂x², ∂²f/∂x∂y"
        )
    return found


def _denominator(context: Context, node: t.Node) -> tuple[Value, str]:
    """The variable that a derivative is with respect to, and the letters of its entry."""
    found = subscripts.denominator(context, node)
    if found is None:
        atom, postfixes = opened(unbraced(node))
        options = spellings(atom, postfixes)
        if options and not any(context.is_known(raw) for raw, _ in options):
            raise context.unknown(options[0][0], node.place)
    by, letters = found or (None, "")
    if by is None or not isinstance(by.expression, (Variable, Named)):
        shown = context.source(node.place)
        raise parse_error(
            context.text, node.place, f"a derivative is with respect to a name, and {shown} is not a name"
        )
    return by, letters


def operated(context: Context, place: Place, operator: t.Operator, argument: Part) -> Part:
    """∂/∂x of what follows, or ∇_x of it: the transpose, in the shape of x for a scalar (item 1a), in every layout."""
    argument = _whole(argument)
    if not operator.gradient:
        return differentiated(context, place, argument, operator.denominators, operator.order)
    if operator.denominators:
        by, letters = _denominator(context, operator.denominators[0])
        if letters or has_entries(argument.value):
            raise parse_error(context.text, place, "∇ is with respect to a whole name: an entry has ∂/∂x_i")
        name = operator.denominators[0]
    else:
        by, name = _only_variable(context, operator, argument), t.Name(operator.place, "")
    whole = argument.value.expression if argument.value.chain is not None else argument.value.whole
    origin = _origin(argument.value)
    result = _derived(context, place, argument, whole, by.expression, name, origin)
    if operator.order == 1:
        return Part(place, values.transposed(in_layout(result, Chain(whole, by.expression))), (argument,))
    if whole.ndim:
        raise shape_error(context.text, place, "∇² is of a scalar")
    second = _derived(context, place, argument, result, by.expression, name, origin)
    return Part(place, Value(second), (argument,))


def _only_variable(context: Context, operator: t.Operator, argument: Part) -> Value:
    """What ∇ without a subscript is with respect to: the one variable that a function is given, or that is there."""
    options = argument.arguments or tuple(
        node for node in walk([argument.value.expression]) if isinstance(node, Variable)
    )
    if len(options) != 1:
        names = ", ".join(one.name or "…" for one in options) or "none"
        raise parse_error(
            context.text, operator.place, f"∇ with respect to what? Write ∇_x; the variables here are {names}"
        )
    return Value(options[0])


def total(context: Context, place: Place, argument: Part) -> Part:
    """d of what follows: the sum over the variables X of the derivative with respect to X in the direction dX."""
    argument = _whole(argument)
    value = argument.value
    if has_entries(value):
        raise parse_error(context.text, place, "d is of a whole formula, and this is an entry")
    variables = [node for node in walk([value.expression]) if isinstance(node, Variable)]
    variables = [one for one in variables if not context.is_held(one)]
    moved = [one for one in variables if context.is_moved(one)] or variables
    for one in variables:
        if one not in moved:
            context.note(f"{one.name} is constant here: no d{one.name} stands in the text")
    terms: list[Expression] = []
    for one in moved:
        direction = context.direction(one)
        terms.append(_along(derivative(value.expression, one).expression, direction))
    if not terms:
        terms = [multiply(0.0, ones(value.expression.shape))]
    return Part(place, Value(add(*terms), value.row), (argument,))


def _of_entries(
    context: Context, place: Place, numerator: Part, by: Value, letters: str, origin: Expression | None
) -> Part:
    """∂z_i/∂W_{jk}, the entry ikj of ∂z/∂W."""
    if by.rank and not letters:
        shown = context.source(numerator.place)
        raise parse_error(
            context.text, place, f"{shown} is an entry, and what it is differentiated with respect to has no index"
        )
    try:
        of = as_entries(numerator.value, context.source(numerator.place))
        axes = entries.free_letters(of)
        if len(of) == 1 and of[0].operands and of[0] == entries.entry(of[0].operands[0], of[0].letters[0])[0]:
            whole, axes = of[0].operands[0], of[0].letters[0]
        else:
            whole = entries.expression(of, axes, {})
        if set(axes) & set(letters):
            raise ShapeError(f"∂ by an entry with the index {min(set(axes) & set(letters))}, which the numerator has")
        name = t.Name(place, by.expression.name or "")
        found = _derived(context, place, numerator, whole, by.expression, name, origin)
    except JacobiansError as error:
        if error.excerpt:
            raise
        raise shape_error(context.text, place, str(error)) from None
    return Part(place, of_entries(entries.entry(found, (*axes, *reversed(letters)))), (numerator,))


def gathered(context: Context, items: Sequence[Item]) -> list[Item]:
    """The factors of a product with ∂y / ∂x, differentials one over the other, as one factor."""
    result: list[Item] = []
    waiting = list(reversed(items))
    while waiting:
        item = waiting.pop()
        if not (isinstance(item.atom, t.Differential) and item.operator == "/"):
            result.append(item)
            continue
        start = len(result) - 1  # ∂y, and ∂log det(X) or ∂xᵀAx with all that follows
        while start > 0 and result[start].operator == "" and not isinstance(result[start].atom, t.Differential):
            start -= 1
        above = result[start:]
        if not above or not isinstance(above[0].atom, t.Differential):
            raise parse_error(
                context.text,
                item.place,
                "∂ below and no ∂ right above: write ∂y/∂x with one name, or ∂(…)/∂x with brackets",
            )
        del result[len(result) - len(above) :]
        below = [item]
        order = above[0].atom.order
        while order > 1 and waiting and isinstance(waiting[-1].atom, t.Differential) and waiting[-1].operator == "":
            below.append(waiting.pop())
        result.append(_derivative_item(context, above, below, order))
    return result


def _derivative_item(context: Context, above: Sequence[Item], below: Sequence[Item], order: int) -> Item:
    """∂y/∂x as a factor: of what stands after x, its name takes what belongs to it, the derivative the rest."""
    numerator = _side_by_side([t.with_postfixes(_body(one.atom), one.postfixes) for one in above])
    names = [t.with_postfixes(_body(one.atom), one.postfixes) for one in below[:-1]]
    last = below[-1]
    body, postfixes = _body(last.atom), last.postfixes
    options = spellings(body, postfixes)
    count = next((count for raw, count in options if context.is_known(raw)), options[0][1] if options else 0)
    while count < len(postfixes) and subscripts.letters_of(context, postfixes[count].body):  # ∂z_i/∂W_{jk}
        count += 1
    if count < len(postfixes) and postfixes[count].kind in ("transposed", "prime"):  # ∂y/∂xᵀ
        count += 1
    if order > 1:
        count = len(postfixes)
    names.append(t.with_postfixes(body, postfixes[:count]))
    place = above[0].place.to(names[-1].place)
    whole = place.to(postfixes[-1].place) if postfixes else place
    return Item(above[0].operator, t.Derivative(place, numerator, tuple(names), order), postfixes[count:], whole)


def _body(node: t.Node) -> t.Node:
    """What a ∂ stands before; anything else as it is."""
    return node.body if isinstance(node, t.Differential) and node.body is not None else node


def fraction(context: Context, node: t.Fraction, expected: Shape | None = None) -> Part:
    """\\frac{…}{…}: a quotient, or a derivative."""
    top, bottom = unbraced(node.top), unbraced(node.bottom)
    above, order = _differential_product(top)
    below = t.differentials_of(bottom)
    if above is not None and below is not None:
        return differentiated(context, node.place, context.part(above), below, order)
    if above is not None or below is not None:
        raise parse_error(
            context.text, node.place, "∂ on one side of the bar alone: a derivative has it above and below, ∂y/∂x"
        )
    made = context.combined([context.part(_within(node.top), expected), context.part(_within(node.bottom))], [quotient])
    return Part(node.place, made.value, made.children)


def _within(node: t.Node) -> t.Node:
    """What the braces of a fraction hold."""
    return node.parts[0] if isinstance(node, t.Group) and node.bracket == "{" else node


def quotient(a: Value, b: Value) -> Value:
    """a / b."""
    return values.quotient(a, b, elementwise.divide)


def _side_by_side(nodes: Sequence[t.Node]) -> t.Node:
    if len(nodes) == 1:
        return nodes[0]
    return t.Product(nodes[0].place.to(nodes[-1].place), tuple(nodes), ("",) * len(nodes))


def _differential_product(node: t.Node) -> tuple[t.Node | None, int]:
    """What a numerator such as ∂ℓ, ∂²ℓ or ∂ xᵀ A x is of, and the order; None without ∂ in front."""
    factors, operators = (node.factors, node.operators) if isinstance(node, t.Product) else ((node,), ("",))
    atom, postfixes = opened(factors[0])
    if not isinstance(atom, t.Differential) or atom.body is None:
        return None, 1
    first = t.with_postfixes(atom.body, postfixes)
    if len(factors) == 1:
        return first, atom.order
    return t.Product(first.place.to(factors[-1].place), (first, *factors[1:]), operators), atom.order
