"""Functions that a text names: f(x) := …, and arbitrary smooth ones, L = L(z), f : ℝ^n → ℝ.

An arbitrary function is a random smooth one: a linear part and a few hidden units, whose coefficients are variables
that are drawn with the others. What holds for it at random points holds for every smooth function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...errors import JacobiansError, ShapeError
from ...expressions.nodes import Expression, Named, Variable, tensor
from ...expressions.walks import walk
from ...functions import elementwise
from ...functions.operators import add, matmul, multiply, network, permute
from ...shapes.facts import FACTS
from ...shapes.sizes import Shape, show_shape
from ..syntax import tree as t
from ..syntax.source_positions import Place, parse_error, shape_error, undetermined
from ..syntax.spelling import identifier, key
from .context import Context
from .elaborated import Part
from .entries import mapped
from .naming_parts import opened, spellings
from .values import Value, as_entries, describe, of_entries

#: Hidden units of a random smooth function.
UNITS = 4
#: Calls within calls of functions that a text defines.
DEEPEST_CALL = 20
#: Calls of functions that a text defines: f(t) := g(t) + g(t), g(t) := h(t) + h(t), … doubles with every line.
MOST_CALLS = 500


@dataclass
class NamedFunction:
    """A function of a text. Without `body` it is arbitrary: `shape` is that of its value, where it is known.

    An `entrywise` one is a function of numbers, applied to each entry; `source` is the shape of its argument, where it
    is declared.
    """

    name: str
    parameters: tuple[str, ...] = ()
    body: t.Node | None = None
    shape: Shape | None = None
    entrywise: bool = False
    source: Shape | None = None
    coefficients: dict[tuple[object, ...], Variable] = field(default_factory=dict)

    def coefficient(self, *sizes: object) -> Variable:
        """A random coefficient; the same for the same call."""
        role = sizes[0]
        if sizes not in self.coefficients:
            name = f"{identifier(key(self.name))}_coefficient_{role}_{len(self.coefficients)}"
            self.coefficients[sizes] = tensor(name, *sizes[1:])  # type: ignore[arg-type]
        return self.coefficients[sizes]


def name_and_arguments(node: t.Node) -> tuple[str, t.Group] | None:
    """The f and the (x) of f(x); None for what is not a name and a bracket after it."""
    if not isinstance(node, t.Product) or len(node.factors) != 2 or node.operators[1] != "":
        return None
    (atom, postfixes), group = opened(node.factors[0]), node.factors[1]
    options = spellings(atom, postfixes)
    if not isinstance(group, t.Group) or group.bracket != "(" or not options or options[0][1] < len(postfixes):
        return None
    return options[0][0], group


def bare_names(group: t.Group) -> list[str] | None:
    """The names in brackets, where nothing else is."""
    found: list[str] = []
    for part in group.parts:
        atom, postfixes = opened(part)
        options = spellings(atom, postfixes)
        if not options or options[0][1] < len(postfixes):
            return None
        found.append(options[0][0])
    return found


def depends(value: Value, on: Expression) -> bool:
    """Whether a value is computed from an expression."""
    return on in walk([value.expression])


def called(
    context: Context,
    function: NamedFunction,
    arguments: Sequence[Part],
    place: Place,
    expected: Shape | None,
    order: int,
) -> Part:
    """f(x), f′(z): the value of a function of the text."""
    given = [one.value for one in arguments]
    given = [under_a_name(one) for one in given]
    expressions = tuple(one.expression for one in given)
    if any(one.entries is not None for one in given) and not function.entrywise:
        raise shape_error(
            context.text, place, f"{function.name} is given an entry: ({function.name}(x))_i is an entry of it"
        )
    for one in arguments:
        if one.value.row and not function.entrywise:
            shown = f"{context.source(one.place)} is {describe(one.value)}"
            raise shape_error(context.text, one.place, f"{shown}: {function.name} is given columns and matrices")
    if function.entrywise:
        if len(given) != 1:
            raise shape_error(context.text, place, f"{function.name} takes 1 argument, got {len(given)}")
        value = _applied_to_each(context, function, given[0], order, place)
        return Part(place, value, tuple(arguments), arguments=expressions)
    if order:
        raise parse_error(
            context.text, place, f"{function.name}′ is read for functions of a number: write ∂{function.name}(x)/∂x"
        )
    if function.source is not None and [one.shape for one in given] != [function.source]:
        said = f"{function.name} is declared of {show_shape(function.source)}, and given {describe(given[0])}"
        raise shape_error(context.text, place, said)
    shape = function.shape if function.shape is not None else expected
    if shape is None:
        raise undetermined(
            context.text,
            place,
            f"{function.name} is neither a declared name nor a function whose shape is known here: declare its value, "
            f"{function.name}: for a number or {function.name}:n for a column, or define {function.name}(…) := …",
        )
    function.shape = shape
    row = len(shape) == 2 and shape[0] == 1
    value = Value(arbitrary(function, expressions, shape[1:] if row else shape), row=row)
    return Part(place, value, tuple(arguments), arguments=expressions)


def under_a_name(argument: Value) -> Value:
    """An argument with a name, so that a gradient may be with respect to it: ∇f(A x)."""
    if argument.entries is not None or isinstance(argument.expression, (Variable, Named)):
        return argument
    return replace(argument, expression=argument.expression.named(f"argument_{argument.expression.serial}"))


def arbitrary(function: NamedFunction, arguments: Sequence[Expression], shape: Shape) -> Expression:
    """A random smooth function of arrays: C tanh(B x + c) + A x, with A, B, C of as many axes as it takes."""
    hidden: list[Expression] = [function.coefficient("c", UNITS)]
    linear: list[Expression] = []
    out = tuple(range(len(shape)))
    for place, argument in enumerate(arguments):
        axes = tuple(range(100, 100 + argument.ndim))
        inner = function.coefficient(f"b{place}", UNITS, *argument.shape)
        hidden.append(network([inner, argument], [(99, *axes), axes], (99,)))
        outer = function.coefficient(f"a{place}", *shape, *argument.shape)
        linear.append(network([outer, argument], [(*out, *axes), axes], out))
    units = elementwise.TANH(add(*hidden))
    weights = function.coefficient("w", *shape, UNITS)
    return add(network([weights, units], [(*out, 99), (99,)], out), *linear)


def with_facts(value: Expression, facts: Sequence[str]) -> Expression:
    """A random smooth function whose values have the facts of the name that it stands for.

    Raises `ShapeError` for a fact that smooth functions are not made with here.
    """
    for name in facts:
        turned = permute(value, list(reversed(range(value.ndim))))
        if name == "positive_definite":
            value = add(matmul(value, turned), network([], [], (0, 0), {0: value.shape[0]}))
        elif name in ("symmetric", "skew"):
            value = add(value, turned if name == "symmetric" else multiply(-1.0, turned))
        elif name == "positive":
            value = elementwise.EXP(value)
        elif name != "constant":
            raise ShapeError(f"an arbitrary function whose values are {FACTS[name].words} is not read: define it")
    return value


def _applied_to_each(context: Context, function: NamedFunction, given: Value, order: int, place: Place) -> Value:
    """f, f′ or f″ of every entry, with f(t) = Σ a tanh(b t + c) + w t."""
    if order > 2:
        raise parse_error(context.text, place, "derivatives of an arbitrary function are read to the second")

    def of(z: Expression) -> Expression:
        out = tuple(range(z.ndim))
        a, b, c, w = (function.coefficient(letter, UNITS) for letter in "abcw")
        bent = network([b, z], [(99,), out], (99, *out))
        units = elementwise.TANH(add(bent, network([c], [(99,)], (99, *out), dict(zip(out, z.shape, strict=True)))))
        slope = network([w, z], [(99,), out], out)
        if order == 0:
            return add(network([a, units], [(99,), (99, *out)], out), slope)
        bend = add(1.0, multiply(-1.0, elementwise.power(units, 2.0)))
        if order == 1:
            flat = network([w], [(99,)], out, dict(zip(out, z.shape, strict=True)))
            return add(network([a, b, bend], [(99,), (99,), (99, *out)], out), flat)
        twice = multiply(-2.0, multiply(units, bend))
        return network([a, b, b, twice], [(99,), (99,), (99,), (99, *out)], out)

    if given.entries is not None:
        return of_entries(mapped(of, as_entries(given)))
    try:
        return Value(of(given.expression), given.row)
    except JacobiansError as error:
        raise shape_error(context.text, place, str(error)) from None


def defined_of(context: Context, value: Value, raw: str, group: t.Group) -> bool:
    """Whether J(w) is J, which is defined in the text and depends on w."""
    if not isinstance(value.expression, Named):
        return False
    names = bare_names(group)
    if names is None:
        return False
    found = [context.lookup(one) for one in names]
    return all(one is not None and one.expression.name and depends(value, one.expression) for one in found)
