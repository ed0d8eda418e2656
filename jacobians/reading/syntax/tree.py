"""The tree of a text as it is written: every node knows its place, and no name has a meaning yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from .source_positions import Place


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a text."""

    place: Place


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A word; what it names, and whether it is one name or several side by side, is not decided here."""

    text: str


@dataclass(frozen=True, slots=True)
class Group(Node):
    """Parts in brackets; `bracket` is the opening one. More than one part are the arguments of a call."""

    parts: tuple[Node, ...]
    bracket: str


@dataclass(frozen=True, slots=True)
class Bars(Node):
    """A norm ‖x‖ or an absolute value |x|."""

    body: Node
    kind: str  # "norm" or "absolute"


@dataclass(frozen=True, slots=True)
class Accent(Node):
    """An accent over its body, by its name: tilde, hat, bar, dot."""

    mark: str
    body: Node


@dataclass(frozen=True, slots=True)
class Font(Node):
    """Its body in another font, which means nothing here."""

    body: Node


@dataclass(frozen=True, slots=True)
class Fraction(Node):
    """A fraction with a bar."""

    top: Node
    bottom: Node


@dataclass(frozen=True, slots=True)
class Root(Node):
    """A square root."""

    body: Node


@dataclass(frozen=True, slots=True)
class Differential(Node):
    """∂ or ∂² before what is differentiated, or before what the derivative is with respect to; alone in ∂/∂x."""

    body: Node | None
    order: int = 1


@dataclass(frozen=True, slots=True)
class Operator(Node):
    """∂/∂x, ∂²/∂x∂y, which act on what follows; `gradient` for ∇_x, its transpose, and ∇, which names no variable.

    A `named` one is written as a function is, grad(f), and is of what stands in the brackets.
    """

    denominators: tuple[Node, ...]
    order: int = 1
    gradient: bool = False
    named: bool = False


@dataclass(frozen=True, slots=True)
class Total(Node):
    """d, the differential of what follows: d(X Y), dX."""


@dataclass(frozen=True, slots=True)
class Sample(Node):
    """x^{(i)}, row i of X, under the name of the variable that stands for it."""

    name: str


@dataclass(frozen=True, slots=True)
class Mapping(Node):
    """f : ℝ^n → ℝ, the declaration of a function."""

    name: Node
    source: Node
    target: Node


@dataclass(frozen=True, slots=True)
class Postfix(Node):
    """What stands after an operand.

    `kind` is "prime", "transposed", "pseudoinverse", "power", "entrywise", "subscript", "label" or "places".
    """

    kind: str
    body: Node | None


@dataclass(frozen=True, slots=True)
class Mark(Node):
    """A transposition or a prime in an exponent; `inverse` for −ᵀ."""

    kind: str
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Factor(Node):
    """An operand and what stands after it."""

    atom: Node
    postfixes: tuple[Postfix, ...]


@dataclass(frozen=True, slots=True)
class Signed(Node):
    """A sign before an operand: +1 or −1."""

    sign: int
    body: Node


@dataclass(frozen=True, slots=True)
class Product(Node):
    """Factors side by side; `operators[k]` stands before factor k: "", "*", "·" or "/" ("" for the first)."""

    factors: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Box(Node):
    """Products joined by ⊙, ⊗ or : (the inner product); `operators[k]` stands before part k + 1."""

    parts: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sum(Node):
    """Summands with their signs."""

    parts: tuple[Node, ...]
    signs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Equation(Node):
    """Two sides or more; `relations[k]` stands before side k + 1."""

    sides: tuple[Node, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Definition(Node):
    """name := body."""

    name: Node
    body: Node


@dataclass(frozen=True, slots=True)
class Page(Node):
    """Statements, one after the other."""

    statements: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Derivative(Node):
    """∂numerator/∂denominator; made of two differentials, one over the other. Of order 2 with ∂² above."""

    numerator: Node
    denominators: tuple[Node, ...]
    order: int = 1


@dataclass(frozen=True, slots=True)
class Summation(Node):
    """Σ over letters, of what follows, or another function of many: `upper` is the limit, where one is written."""

    letters: str
    upper: str
    kind: str = "sum"


@dataclass(frozen=True, slots=True)
class Block(Node):
    """Blocks side by side and one above the other: [W | b], [x; 1]."""

    lines: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Claim(Node):
    """x ∈ ℝ^d: the shape of a new name, or what the shape of anything else should be."""

    body: Node
    space: Node


def with_postfixes(node: Node, postfixes: tuple[Postfix, ...]) -> Node:
    """An operand and what stands after it, as one node."""
    return Factor(node.place.to(postfixes[-1].place), node, postfixes) if postfixes else node


def below(node: Node) -> Iterator[Node]:
    """A node and all that it is made of."""
    waiting: list[object] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting += reversed(one)
        elif isinstance(one, Node):
            yield one
            waiting += [getattr(one, field.name) for field in reversed(fields(one))]


def differentials_of(node: Node | None) -> tuple[Node, ...] | None:
    """What stands behind each ∂ of ∂x ∂yᵀ; None for what is not made of them."""
    factors = node.factors if isinstance(node, Product) and not any(node.operators) else (node,)
    found: list[Node] = []
    for factor in factors:
        atom, postfixes = (factor.atom, factor.postfixes) if isinstance(factor, Factor) else (factor, ())
        if not isinstance(atom, Differential) or atom.body is None or atom.order != 1:
            return None
        found.append(with_postfixes(atom.body, postfixes))
    return tuple(found)
