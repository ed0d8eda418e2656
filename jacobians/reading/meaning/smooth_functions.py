"""Arbitrary smooth functions of a text, L = L(z), f : ℝ^n → ℝ.

An arbitrary function is a random smooth one: a linear part and a few hidden units, whose coefficients are variables
that are drawn with the others. What holds for it at random points holds for every smooth function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...errors import JacobiansError, ShapeError
from ...expressions.nodes import Expression, Variable, tensor
from ...functions import elementwise
from ...functions.operators import add, matmul, multiply, network, permute
from ...shapes.facts import FACTS
from ...shapes.sizes import Shape
from ..syntax import tree as t
from ..syntax.source_positions import Place, parse_error, shape_error
from ..syntax.spelling import identifier, key
from .entries import mapped
from .values import Value, as_entries, of_entries

#: Hidden units of a random smooth function.
UNITS = 4


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


def applied_to_each(function: NamedFunction, given: Value, order: int, text: str, place: Place) -> Value:
    """f, f′ or f″ of every entry, with f(t) = Σ a tanh(b t + c) + w t."""
    if order > 2:
        raise parse_error(text, place, "derivatives of an arbitrary function are read to the second")

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
        raise shape_error(text, place, str(error)) from None
