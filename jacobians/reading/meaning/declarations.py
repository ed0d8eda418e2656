"""What names stand for: sizes as a tuple or as text, and the line `x:d r:n W2:n,h`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...errors import JacobiansError, NamingError, ShapeError
from ...expressions.nodes import Expression, Variable, tensor
from ...shapes.facts import check_facts
from ...shapes.formatting import shortened
from ...shapes.names import normalise
from ...shapes.sizes import Shape, Size, check_size
from ..syntax.spelling import identifier, key, keys


class Declared(tuple[Size, ...]):
    """A shape that was declared with facts about its variable, such as `symmetric`."""

    facts: tuple[str, ...]

    def __new__(cls, shape: Shape, facts: tuple[str, ...]) -> Declared:
        made = super().__new__(cls, shape)
        made.facts = facts
        return made


_AROUND = re.compile(r"\s*([+*-])\s*")


def read_sizes(name: str, given: object) -> Shape:
    """A shape: a tuple of sizes, one size, or text such as "n h", "n,h" or "n × h"; "" is a scalar.

    >>> read_sizes("W", "n,h"), read_sizes("x", "d + 1"), read_sizes("c", "")
    (('n', 'h'), ('d+1',), ())
    """
    if isinstance(given, str):
        parts: list[object] = [part for part in re.split(r"[\s,×]+", _AROUND.sub(r"\1", given)) if part]
    elif isinstance(given, (tuple, list)):
        parts = list(given)
    else:
        parts = [given]
    try:
        return tuple(check_size(part, f"the size of {name}, axis {axis}") for axis, part in enumerate(parts))
    except NamingError as error:
        raise NamingError(f"the shape of {name}: {error}") from None


class Declarations:
    """The declared names, looked up under any spelling."""

    def __init__(self, sizes: Mapping[str, object] | None = None) -> None:
        self._variables: dict[str, Variable] = {}
        self._spelled: dict[str, str] = {}
        self._python: dict[str, str] = {}
        self.facts: dict[str, tuple[str, ...]] = {}
        for name, given in (sizes or {}).items():
            self.declare(name, read_sizes(name, given), given.facts if isinstance(given, Declared) else ())

    def declare(self, name: str, shape: Shape, facts: tuple[str, ...] = ()) -> None:
        """A variable of `shape`. Raises `NamingError` for a name that is none, or that another spelling has taken."""
        lookup = key(name)
        if lookup in self._variables:
            raise NamingError(f"{name!r} and {self._spelled[lookup]!r} are spellings of one name; declare it once")
        variable = tensor(identifier(name), *shape)
        python = normalise(variable.name)
        if python in self._python:
            raise NamingError(f"{name!r} and {self._python[python]!r} are one name in Python; rename one of them")
        self._variables[lookup], self._spelled[lookup], self._python[python] = variable, name, name
        if facts:
            self.facts[variable.name] = facts

    def assume(self, expression: Expression, facts: tuple[str, ...], what: str) -> None:
        """Facts that a text says of a declared name. Raises `ShapeError` for a formula: that would be a claim."""
        if not isinstance(expression, Variable):
            raise ShapeError(f"{what} is of a formula; a fact is declared of a name")
        name = expression.name
        self.facts[name] = check_facts([*self.facts.get(name, ()), *facts], expression.shape, name)

    def find(self, raw: str) -> Variable | None:
        """The variable that is declared under a spelling of `raw`."""
        return next((self._variables[one] for one in keys(raw) if one in self._variables), None)

    @property
    def names(self) -> list[str]:
        """The names as they were declared."""
        return list(self._spelled.values())

    @property
    def variables(self) -> list[Variable]:
        """The variables, in the order in which they were declared."""
        return list(self._variables.values())


def read_declarations(line: str) -> dict[str, Shape]:
    """The shapes by name of a line such as `x:d r:n W2:n,h c:`; a name without sizes is a scalar.

    Sizes stand after a colon, with commas between them; names are parted by spaces or semicolons. Facts stand after a
    second colon, joined by +: `A:n,n:symmetric+positive_definite c::positive`. Raises `ShapeError`,
    naming the part, for one that is not of this form.

    >>> read_declarations("x:d W2:n,h; c:")
    {'x': ('d',), 'W2': ('n', 'h'), 'c': ()}
    >>> read_declarations("A:n,n:symmetric+positive_definite")["A"].facts
    ('symmetric', 'positive_definite')
    """
    text = re.sub(r"\s*([:,×])[ \t]*(?=[^\s:]+(?:[\s,;×]|$)(?!\s*:))", r"\1", line)  # `W : n, h` is `W:n,h`
    found: dict[str, Shape] = {}
    for part in re.split(r"[\s;]+", text):
        if not part:
            continue
        name, colon, rest = part.partition(":")
        sizes, _, facts = rest.partition(":")
        if not colon or not name:
            raise ShapeError(f"{part!r} is no declaration: write NAME:SIZES, such as x:d or W:n,h, and c: for a scalar")
        if name in found:
            raise NamingError(f"{name} is declared twice in {line!r}")
        try:
            found[name] = read_sizes(name, sizes)
            if facts:
                found[name] = Declared(found[name], check_facts(facts.split("+"), found[name], name))
        except JacobiansError as error:
            raise type(error)(f"{shortened(repr(part))}: {error}") from None
    return found
