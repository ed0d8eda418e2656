"""From the tree of a text to expressions: names get their meaning, and every part its value and shape."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ...errors import JacobiansError, ParseError, ShapeError
from ...expressions.array_protocol import FUNCTIONS
from ...expressions.nodes import Expression, Named, Variable, constant, tensor
from ...expressions.walks import substituted
from ...functions.indexing import take_items
from ...notation.names import typeset
from ...shapes.layout import check_layout
from ...shapes.names import check_name
from ...shapes.sizes import Shape, symbols_of
from ..syntax import tree as t
from ..syntax.source_positions import Place, UndeterminedError, parse_error, shape_error, undetermined
from ..syntax.spelling import identifier, key, keys
from . import blocks, calls, claims, differentials, factors, named_functions, powers, subscripts, unsized, values
from .declarations import Declarations
from .elaborated import Item, Part
from .named_functions import NamedFunction
from .naming_parts import holds_factor, opened, spellings
from .samples import Samples
from .step_names import StepNames
from .uses import Uses
from .values import Value
from .vocabulary import find, words

_CONSTANTS = {"pi": math.pi, "e": math.e}


@dataclass(frozen=True)
class Doubt:
    """Why an equation around a place cannot be decided.

    `vanishing`: only where both its sides vanish. `formula`: unless it says that the derivative of a formula is 0,
    which it is where declared names do not depend on each other.
    """

    place: Place
    reason: str
    vanishing: bool = False
    formula: bool = False


class Elaborator:
    """Gives the parts of a tree their values. `notes` says how what could be read in two ways was read."""

    def __init__(
        self,
        text: str,
        declarations: Declarations,
        activation: str = "sigmoid",
        steps: StepNames | None = None,
        layout: str = "numerator",
    ) -> None:
        self.text = text
        self.declarations = declarations
        self.activation = activation
        self.steps = steps
        self.layout = check_layout(layout)
        self._notes: dict[str, None] = {}
        self.doubts: list[Doubt] = []
        self.defined: dict[str, Value] = {}
        self.functions: dict[str, NamedFunction] = {}
        self._calls = 0  # of functions that the text defines
        self._scopes: list[dict[str, Value]] = []  # the arguments of the calls that are being read
        self._uses: Uses | None = None
        self._later: dict[str, t.Definition] = {}  # definitions that were not reached yet
        self._early: dict[str, Part] = {}  # those of them that were used before
        self._defining: set[str] = set()
        self._directions: dict[Variable, Variable] = {}
        self.samples = Samples()
        self.sample_letters: list[str] = []  # of the sums over samples that are being read
        self.used_layout = False  # whether there is a derivative whose axes depend on the layout
        self.failed: tuple[Part, ...] = ()  # the parts that do not fit, where shapes are the reason

    # --- names --------------------------------------------------------------------------------------------------

    def lookup(self, raw: str) -> Value | None:
        """What a name stands for: an argument, a definition of the text, or a declared variable."""
        for scope in reversed(self._scopes):
            for one in keys(raw):
                if one in scope:
                    return scope[one]
        for one in keys(raw):
            if one in self.defined:
                return self.defined[one]
            if one in self._later and one not in self._defining:
                self._early[one] = self._define(self._later[one])
                return self.defined.get(one)
            if self._uses is not None and one in self._uses.functions:
                return self._dependent(one)
        variable = self.declarations.find(raw)
        return None if variable is None else Value(variable)

    def _dependent(self, name: str) -> Value | None:
        """L, where the text has L(z) and L is declared without a definition: an arbitrary function of z."""
        assert self._uses is not None
        group = self._uses.functions.pop(name)
        variable = self.declarations.find(name)
        if variable is None:
            return None
        function = self.functions.setdefault(name, NamedFunction(name, shape=variable.shape))
        arguments = [self.part(one) for one in group.parts]
        if function.entrywise:
            part = named_functions.called(self, function, arguments, group.place, None, 0)
        else:
            part = named_functions.called(self, function, arguments, group.place, variable.shape, 0)
        try:
            made = named_functions.with_facts(part.value.expression, self.declarations.facts.get(variable.name, ()))
        except ShapeError as error:
            raise self._error(group.place, f"{variable.name}: {error}") from None
        value = Value(made.named(variable.name), part.value.row)
        shown = ", ".join(self.source(one.place) for one in group.parts)
        self.note(f"{variable.name} is taken as an arbitrary smooth function of {shown}")
        self.defined[name] = value
        return value

    @property
    def longest_name(self) -> int:
        """So many characters has a spelling of a name, at most: W1 may be W_1, and x̃ may be x_tilde."""
        names = [*self.declarations.names, *self.defined, *self._later, *(name for one in self._scopes for name in one)]
        return max((len(name) for name in names), default=0) + len("_tilde")

    def is_known(self, raw: str) -> bool:
        return self.lookup(raw) is not None

    def source(self, place: Place, longest: int = 32) -> str:
        """The text of a place on one line, cut where it is long."""
        text = " ".join(self.text[place.start : place.end].split())
        return text if len(text) <= longest else text[: longest - 1] + "…"

    def step(self, value: Value, kind: str) -> Value:
        """The value of a step, under a name where steps are given names."""
        if self.steps is None or not kind or value.entries is not None:
            return value
        return Value(self.steps.named(value.expression, kind), value.row, value.literal, value.chain)

    def doubt(self, place: Place, reason: str, vanishing: bool = False, formula: bool = False) -> None:
        """Say why an equation around `place` cannot be decided."""
        self.doubts.append(Doubt(place, reason, vanishing, formula))

    def sample(self, array: Expression, letter: str) -> Variable:
        """Row `letter` of an array, as a variable."""
        self.note(f"the samples of {array.name} are its rows")
        return self.samples.of(array, letter)

    def is_size(self, raw: str) -> bool:
        """Whether a name is a symbol of a size."""
        shapes = [variable.shape for variable in self.declarations.variables]
        return raw in {symbol for shape in shapes for size in shape for symbol in symbols_of(size)}

    def direction(self, variable: Variable) -> Variable:
        """The dX of a variable X."""
        if variable not in self._directions:
            name = f"d{variable.name}"
            self._directions[variable] = tensor(
                name if not self.is_known(name) else f"{name}_direction", *variable.shape
            )
        return self._directions[variable]

    def is_moved(self, variable: Variable) -> bool:
        """Whether a d stands right before a variable somewhere in the text, dX: the others are constant then."""
        return self._uses is not None and key(variable.name) in self._uses.moved

    def is_held(self, variable: Variable) -> bool:
        """Whether a variable is no variable of the text: a direction dX, or a coefficient of an arbitrary function."""
        return variable in self._directions.values() or any(
            variable in one.coefficients.values() for one in self.functions.values()
        )

    @property
    def arbitrary(self) -> list[NamedFunction]:
        """The functions of the text that have no definition."""
        return [one for one in self.functions.values() if one.coefficients]

    def note(self, text: str) -> None:
        """Say something about the reading, once."""
        self._notes[text] = None

    @property
    def notes(self) -> list[str]:
        """What was said, in the order in which it was met."""
        return list(self._notes)

    def _error(self, place: Place, message: str) -> ParseError:
        return parse_error(self.text, place, message)

    def unknown(self, raw: str, place: Place, called: bool = False) -> ParseError:
        known = [*self.declarations.names, *(value.expression.name or "" for value in self.defined.values())]
        close = difflib.get_close_matches(raw, [*known, *(words() if called else ())], n=1, cutoff=0.7)
        hint = f"; did you mean {close[0]}?" if close else ""
        shown = self.source(place)
        listed = (
            f"the names are {', '.join(known)}" if known else "no name is; give each its shape, such as x:d or W:h,d"
        )
        kind = "is neither a declared name nor a function" if called else "is not declared"
        return (undetermined if called else parse_error)(self.text, place, f"{shown} {kind}: {listed}{hint}")

    # --- statements ---------------------------------------------------------------------------------------------

    def page(self, page: t.Page, expected: Shape | None = None) -> list[tuple[t.Node, tuple[Part, ...]]]:
        """Every statement with its parts: the two sides of an equation, the body of a definition, an expression."""
        self._uses = Uses(page, lambda raw: None if (one := self.declarations.find(raw)) is None else one.shape)
        self._later = {
            key(options[0][0]): one
            for one in page.statements
            if isinstance(one, t.Definition) and (options := spellings(*opened(one.name)))
        }
        last = page.statements[-1]
        found: list[tuple[t.Node, tuple[Part, ...]]] = []
        for one in page.statements:
            try:
                found.append(self._statement(one, one is last, expected if one is last else None))
            except JacobiansError as error:
                if error.excerpt:
                    raise
                raise shape_error(self.text, one.place, str(error)) from None
        return found

    def _statement(self, statement: t.Node, last: bool, expected: Shape | None) -> tuple[t.Node, tuple[Part, ...]]:
        match statement:
            case t.Claim():
                return self._claimed(statement, last)
            case t.Definition():
                options = spellings(*opened(statement.name))
                early = self._early.pop(key(options[0][0]), None) if options else None
                return statement, (early or self._define(statement),)
            case t.Mapping():
                function = claims.mapping(self, statement)
                self.functions[key(function.name)] = function
                return t.Definition(statement.place, statement.name, statement.target), (_nothing(statement.place),)
            case t.Equation() if self._says_arguments(statement):
                value = self.lookup(spellings(*opened(statement.sides[0]))[0][0])
                assert value is not None
                return t.Definition(statement.place, *statement.sides), (Part(statement.place, value),)
            case t.Equation() if not last and self._defines(statement):
                name, body = statement.sides
                return statement, (self._define(t.Definition(statement.place, name, body)),)
            case t.Equation():
                return statement, tuple(subscripts.settled(self, self.alike(statement.sides, expected), None))
            case _ if said := claims.said_facts(self, statement):
                for spelled, facts in said:
                    value = self.lookup(spelled)
                    assert value is not None
                    self.declarations.assume(value.expression, facts, self.source(statement.place))
                return t.Definition(statement.place, statement, statement), (_nothing(statement.place),)
            case _:
                return statement, tuple(subscripts.settled(self, [self.part(statement, expected)], expected))

    def _claimed(self, statement: t.Claim, last: bool) -> tuple[t.Node, tuple[Part, ...]]:
        """x ∈ ℝ^d declares a new name; of anything else it is compared with the shape that is found."""
        shape = claims.shape_in(self, statement.space)
        facts = claims.facts_in(self, statement.space)
        atom, postfixes = opened(statement.body)
        options = spellings(atom, postfixes)
        if options and options[0][1] == len(postfixes) and not any(self.is_known(raw) for raw, _ in options):
            try:
                self.declarations.declare(options[0][0], shape, facts)
            except JacobiansError as error:
                raise self._error(statement.body.place, str(error)) from None
            variable = self.lookup(options[0][0])
            assert variable is not None
            named = t.Definition(statement.place, statement.body, statement.space)
            return named, (Part(statement.body.place, variable),)
        node, parts = self._statement(statement.body, last, shape)
        for part in parts:
            claims.compare(self, statement, part, shape)
            if facts:
                self.declarations.assume(part.value.expression, facts, self.source(statement.place))
        return node, parts

    def _defines(self, statement: t.Equation) -> bool:
        """Whether an equation that is not the last statement defines its left side: one unknown name."""
        if len(statement.sides) != 2:
            return False
        atom, postfixes = opened(statement.sides[0])
        options = spellings(atom, postfixes)
        known = any(self.is_known(raw) or find(raw, self.activation) is not None for raw, _ in options)
        known = known or bool(subscripts.indexed_items(self, Item("", atom, postfixes, statement.place)))
        return bool(options) and options[0][1] == len(postfixes) and not known

    def _says_arguments(self, statement: t.Equation) -> bool:
        """L = L(z): of what a name is a function."""
        if len(statement.sides) != 2 or statement.relations != ("=",):
            return False
        applied = named_functions.name_and_arguments(statement.sides[1])
        options = spellings(*opened(statement.sides[0]))
        if applied is None or not options or options[0][0] != applied[0]:
            return False
        return key(applied[0]) not in self.functions and self.declarations.find(applied[0]) is not None

    def _define(self, statement: t.Definition) -> Part:
        node = statement.name
        applied = named_functions.name_and_arguments(node)
        if applied is not None:
            node = node.factors[0] if isinstance(node, t.Product) else node
        atom, postfixes = opened(node)
        raw, count = next(iter(spellings(atom, postfixes)), ("", 0))
        if not raw or count < len(postfixes):
            raise self._error(statement.name.place, "expected one name before :=")
        self._later.pop(key(raw), None)
        self._defining.add(key(raw))
        if self.is_known(raw) or key(raw) in self.functions:
            raise self._error(statement.name.place, f"{self.source(statement.name.place)} is defined already")
        if applied is not None:
            names = named_functions.bare_names(applied[1])
            if names is None:
                raise self._error(
                    applied[1].place, "the arguments of a function that is defined are names: f(x, y) := …"
                )
            self.functions[key(raw)] = NamedFunction(raw, tuple(map(key, names)), statement.body)
            if not all(self.is_known(one) for one in names):  # known when it is called
                return _nothing(statement.name.place)
        part = self.part(statement.body)
        value = part.value
        if value.entries is not None:  # z_i := Σ_j W_{ij} x_j
            raw, value = subscripts.defined(self, statement.name, raw, value.entries)
        name = identifier(raw) if raw.isidentifier() else identifier(key(raw))
        try:
            check_name(name, "a definition")
        except JacobiansError as error:
            raise self._error(statement.name.place, str(error)) from None
        value = Value(value.expression.named(name), value.row)
        self.defined[key(raw)] = value
        return Part(part.place, value, (part,))

    # --- parts --------------------------------------------------------------------------------------------------

    def part(self, node: t.Node, expected: Shape | None = None) -> Part:
        """The part that a node of the tree is; `expected` is the shape that it should have, where that is known."""
        match node:
            case t.Sum():
                return self._sum(node, expected)
            case t.Box():
                return self._box(node, expected)
            case t.Signed():
                body = self.part(node.body, expected)
                return Part(node.place, values.total([body.value], [node.sign]), (body,))
            case _:
                return self._product(node, expected)

    def alike(self, nodes: Sequence[t.Node], expected: Shape | None) -> list[Part]:
        """Parts of one shape: what one of them does not say of its size, another may."""
        found: list[Part | None] = []
        failed: UndeterminedError | None = None
        for node in nodes:
            try:
                found.append(self.part(node, expected))
            except UndeterminedError as error:
                found.append(None)
                failed = error
        shape = next((part.value.shape for part in found if part is not None and part.value.rank), None)
        table = next((part.value.shape for part in found if part is not None and part.value.rank == 2), None)
        for place, (node, part) in enumerate(zip(nodes, found, strict=True)):
            if table is not None and part is not None and part.value.rank == 1 and _starts_with_one(node):
                again = self.part(node, table)  # the 1 bᵀ of X W + 1 bᵀ
                found[place] = again if again.value.shape == table else part
        if failed is not None and (shape is None or shape == expected):
            raise failed
        return [self.part(node, shape) if part is None else part for node, part in zip(nodes, found, strict=True)]

    def _sum(self, node: t.Sum, expected: Shape | None) -> Part:
        parts = self.alike(node.parts, expected)
        shaped = [part for part in parts if part.value.rank]
        if values.has_entries(*(part.value for part in parts)) and shaped:
            shown = f"{self.source(shaped[0].place)} is {values.describe(shaped[0].value)}"
            raise shape_error(self.text, shaped[0].place, f"{shown} among entries: give it its indices")
        for part in shaped[1:]:
            first = shaped[0]
            if part.value.shape != first.value.shape:
                self.failed = tuple(parts)
                raise shape_error(
                    self.text,
                    part.place,
                    f"{self.source(first.place)} is {values.describe(first.value)} and {self.source(part.place)} is "
                    f"{values.describe(part.value)}: the parts of a sum have one shape",
                )
        for part in parts:
            if shaped and not part.value.rank:
                self.note(f"{self.source(part.place)} is a scalar, added to every entry")
        return Part(node.place, values.total([part.value for part in parts], node.signs), tuple(parts))

    def _box(self, node: t.Box, expected: Shape | None) -> Part:
        kinds = {"⊗": self._boxed, ":": values.inner}
        functions = [kinds.get(operator, values.entrywise) for operator in node.operators]
        if "⊗" not in node.operators:
            return self.combined(self.alike(node.parts, expected), functions)
        axes = expected if expected is not None and len(expected) == 3 and len(node.parts) == 2 else None
        parts = [unsized.beside_tensor(self, self.part(one, axes), axes, place) for place, one in enumerate(node.parts)]
        return self.combined(parts, functions)

    def _boxed(self, a: Value, b: Value) -> Value:
        """a ⊗ b; of two matrices, which have no tensor of rank 3 in the notes, the Kronecker product."""
        if a.rank == b.rank == 2 and not a.row and not b.row and not values.has_entries(a, b):
            self.note(
                "⊗ of two matrices is the Kronecker product; of a vector and a matrix it is that of items 6 and 7"
            )
            return Value(FUNCTIONS[np.kron](a.expression, b.expression))
        if a.rank == b.rank == 1 and a.shape == b.shape:
            self.note("⊗ of two vectors is the tensor product of item 6; the product entry by entry is ⊙")
        return values.boxed(a, b)

    def combined(self, parts: Sequence[Part], functions: Sequence[Callable[[Value, Value], Value]]) -> Part:
        """Parts joined from left to right; an error names them as the text does and points at the place."""
        value, done = parts[0].value, parts[0].place
        for function, part in zip(functions, parts[1:], strict=True):
            try:
                value = function(value, part.value)
            except ShapeError as error:
                self.failed = tuple(parts)
                message = str(error).replace("{0}", self.source(done)).replace("{1}", self.source(part.place))
                raise shape_error(self.text, part.place, message) from None
            if value.rank > values.MOST_AXES:
                raise shape_error(self.text, part.place, f"more than {values.MOST_AXES} axes")
            done = done.to(part.place)
        return Part(done, value, tuple(parts))

    # --- products -----------------------------------------------------------------------------------------------

    def _product(self, node: t.Node, expected: Shape | None = None) -> Part:
        items = differentials.gathered(self, factors.items_of(self, node))
        letters = factors.sample_letters(self, items)
        if letters:  # y_i beside x_i is a sample, too
            self.sample_letters += letters
            items = differentials.gathered(self, factors.items_of(self, node))
        numbers = next((place for place, one in enumerate(items) if not _is_number(one)), len(items))
        scalars = True  # whether all that was met so far is
        parts: list[tuple[str, Part]] = []  # from the right
        closed: set[int] = set()  # the places in `parts` of functions and of what stands in brackets
        while items:
            item = items.pop()
            called = isinstance(item.atom, t.Group) and item.operator == "" and bool(items)
            if called and isinstance(item.atom, t.Group) and item.atom.bracket == "[" and len(items) > 1:
                direction = self._direction_of(items, item.atom, expected)  # f′(X)[dX]
                if direction is not None:
                    parts.append((items.pop().operator, powers.after(self, direction, item.postfixes)))
                    continue
            if called and isinstance(item.atom, t.Group) and items[-1].word is not None:
                caller = items.pop()
                part = calls.after_name(self, caller, calls.call(self, caller, item.atom))
                parts.append((caller.operator, powers.after(self, part, item.postfixes)))
                closed.add(len(parts) - 1)
            elif called and isinstance(operator := items[-1].atom, t.Operator) and operator.named:
                caller = items.pop()
                argument = self.part(t.Group(item.atom.place, item.atom.parts, "("))  # type: ignore[attr-defined]
                part = differentials.operated(self, caller.place.to(item.place), operator, argument)
                parts.append((caller.operator, powers.after(self, part, item.postfixes)))
                closed.add(len(parts) - 1)
            elif called and (named := self._named_call(items[-1], item.atom, expected)) is not None:
                caller = items.pop()
                parts.append((caller.operator, powers.after(self, named, item.postfixes)))
                closed.add(len(parts) - 1)
            elif item.word is not None or isinstance(item.atom, (t.Operator, t.Summation, t.Total)):
                parts.append((item.operator, self._applied(item, parts, closed)))
                closed = {place for place in closed if place < len(parts)} | {len(parts) - 1}
            else:
                if called:
                    factors.say_product(self, items[-1], item)
                shape = expected if scalars and len(items) <= numbers and not item.postfixes else None
                parts.append((item.operator, powers.after(self, self._atom(item, shape), item.postfixes)))
                if isinstance(item.atom, (t.Group, t.Bars)):
                    closed.add(len(parts) - 1)
            scalars = scalars and bool(parts) and parts[-1][1].value.rank == 0
        return self._multiplied(parts[::-1], expected)

    def _multiplied(self, given: Sequence[tuple[str, Part]], expected: Shape | None = None) -> Part:
        """Parts side by side as their product, left to right."""
        parts = unsized.sized(self, list(given), expected)
        if len(parts) == 1:
            return parts[0][1]
        self._say_division(parts)
        kinds = {"/": differentials.quotient, "·": values.dotted}
        functions = [kinds.get(operator, values.product) for operator, _ in parts[1:]]
        return self.combined([part for _, part in parts], functions)

    def _say_division(self, parts: Sequence[tuple[str, Part]]) -> None:
        for (operator, part), (following, after) in pairwise(parts[1:]):
            if operator == "/" and following == "" and part.value.literal is None:
                self.note(
                    f"/ {self.source(part.place)} {self.source(after.place)}: the division is by "
                    f"{self.source(part.place)} alone; brackets would say otherwise"
                )

    def _direction_of(self, items: list[Item], group: t.Group, expected: Shape | None) -> Part | None:
        """f′(X)[H], the derivative in a direction; the last of `items` is then that of f."""
        bracket, caller = items[-1].atom, items[-2]
        if not isinstance(bracket, t.Group) or not any(one.kind == "prime" for one in caller.postfixes):
            return None
        part = self._named_call(caller, bracket, expected)
        if part is None or part.value.chain is None:
            return None
        items.pop()
        return differentials.in_direction(self, part, self.part(t.Group(group.place, group.parts, "(")))

    def _named_call(self, caller: Item, group: t.Node, expected: Shape | None) -> Part | None:
        """f(x) for a function of the text, and J(w) for a J that is defined and depends on w; None for a product."""
        if not isinstance(group, t.Group) or group.bracket not in ("(", "{{", "[") or caller.word is not None:
            return None
        place = caller.place.to(group.place)
        for raw, count in spellings(caller.atom, caller.postfixes):
            name = key(raw)
            order = sum(one.kind == "prime" for one in caller.postfixes[count:])
            if order < len(caller.postfixes) - count:
                continue
            jacobian = raw[:2] == "J_" and not order and not self.is_known(raw)
            if jacobian and (key(raw[2:]) in self.functions or self.is_known(raw[2:])):  # J_f(x)
                raw, name, order = raw[2:], key(raw[2:]), 1
            value = self.lookup(raw)
            given = value is not None and named_functions.defined_of(self, value, raw, group)
            if (
                value is not None
                and given
                and order == 1
                and (jacobian or not value.rank)
                and name not in self.functions
            ):
                return self._differentiated_call(Part(place, value), [self.part(one) for one in group.parts], place)
            if value is not None and given and not order:
                arguments = tuple(self.part(one).value.expression for one in group.parts)
                if isinstance(self.functions.get(name), NamedFunction) or len(arguments) == len(group.parts):
                    self.note(f"{self.source(place)} is {self.source(caller.place)}, which is defined")
                return Part(place, value, arguments=arguments)
            function = self.functions.get(name)
            if function is None and value is None and self._uses is not None and self._uses.is_called(name):
                if find(raw, self.activation) is not None or subscripts.indexed_items(self, caller):
                    return None
                close = difflib.get_close_matches(raw, words(), n=1, cutoff=0.8) if len(raw) > 2 else ()
                if close:
                    raise self._error(
                        caller.place, f"{raw} is neither a declared name nor a function; did you mean {close[0]}?"
                    )
                function = NamedFunction(raw, entrywise=self._uses.is_primed(name))
            if function is None:
                continue
            arguments_ = [self.part(one) for one in group.parts]
            if function.body is not None or (order and not function.entrywise):
                if order > 1:
                    raise self._error(caller.place, f"{function.name}′ is read, and no higher derivative")
                arguments_ = [replace(one, value=named_functions.under_a_name(one.value)) for one in arguments_]
                if function.body is not None:
                    part = self._substituted(function, arguments_, place)
                else:
                    part = named_functions.called(self, function, arguments_, place, expected, 0)
                return self._differentiated_call(part, arguments_, place) if order else part
            part = named_functions.called(self, function, arguments_, place, expected, order)
            self.functions[name] = function
            self.note(f"{function.name} is taken as an arbitrary smooth function")
            return part
        return None

    def _differentiated_call(self, value: Part, arguments: Sequence[Part], place: Place) -> Part:
        """f′(x) and J_f(x): the derivative of what f(x) is, in the layout of the text."""
        if len(arguments) != 1:
            raise self._error(place, "the derivative of a function of several arguments: write ∂f(x, y)/∂x")
        return differentials.with_respect_to(self, place, value, arguments[0].value.expression)

    def _substituted(self, function: NamedFunction, arguments: Sequence[Part], place: Place) -> Part:
        """The body of a function of the text with its arguments for its parameters."""
        if len(arguments) != len(function.parameters):
            raise shape_error(
                self.text,
                place,
                f"{function.name} is defined of {len(function.parameters)} arguments, and given {len(arguments)}",
            )
        value = self.defined.get(key(function.name))
        if value is not None:
            known = [self.lookup(one) for one in function.parameters]
            pairs = {old.expression: new.value.expression for old, new in zip(known, arguments, strict=True) if old}
            rows = any(one.value.row for one in arguments)  # another shape than the column that it was defined of
            if not rows and all(old.shape == new.shape for old, new in pairs.items()):
                inner = value.expression.body if isinstance(value.expression, Named) else value.expression
                return Part(
                    place,
                    Value(substituted(inner, pairs), value.row),
                    tuple(arguments),
                    arguments=tuple(pairs.values()),
                )
        self._calls += 1
        if self._calls > named_functions.MOST_CALLS:
            raise self._error(place, f"more than {named_functions.MOST_CALLS} calls of the functions of the text")
        if len(self._scopes) >= named_functions.DEEPEST_CALL:
            raise self._error(place, f"{function.name} calls itself, or functions within functions are too deep")
        self._scopes.append({name: one.value for name, one in zip(function.parameters, arguments, strict=True)})
        try:
            assert function.body is not None
            part = self.part(function.body)
        finally:
            self._scopes.pop()
        return Part(place, part.value, tuple(arguments), arguments=tuple(one.value.expression for one in arguments))

    def _applied(self, item: Item, parts: list[tuple[str, Part]], closed: Set[int]) -> Part:
        """A function, or ∂/∂x, of what follows it without brackets."""
        if not parts or parts[-1][0] != "":
            what = self.source(item.place)
            raise self._error(item.place, f"{what} is a function: what is it of? Write {what}(…)")
        if isinstance(item.atom, t.Total):
            argument = parts.pop()[1]
            return differentials.total(self, item.place.to(argument.place), argument)
        if isinstance(item.atom, (t.Operator, t.Summation)):
            if item.postfixes:
                shown = self.source(item.postfixes[0].place)
                raise self._error(
                    item.postfixes[0].place, f"{shown} after an operator: put brackets around what it is of"
                )
            argument = self._multiplied(parts[::-1])
            parts.clear()
            if isinstance(item.atom, t.Summation):
                if item.atom.letters in self.sample_letters:
                    self.sample_letters.remove(item.atom.letters)
                return subscripts.summed(self, item.atom, argument)
            return differentials.operated(self, item.place.to(argument.place), item.atom, argument)
        argument = self._argument(item, parts, closed)
        place = item.place.to(argument.place)
        if parts and parts[-1][0] == "":
            self.note(f"{self.source(place)} is of {self.source(argument.place)} alone; brackets would say otherwise")
        return calls.after_name(self, item, calls.applied(self, item, place, [argument]))

    def _argument(self, item: Item, parts: list[tuple[str, Part]], closed: Set[int]) -> Part:
        """What a function without brackets is of: tr AB is tr(AB), sin 2x is sin(2x), log xᵀx is log(xᵀx).

        A function of whole arrays goes on to the next scalar, one of numbers to the next bracket or function.
        """
        assert item.word is not None
        count = 1
        if len(parts) - 1 not in closed or not item.word.entrywise:
            while count < len(parts) and parts[-count - 1][0] == "":
                place = len(parts) - count - 1
                follows = parts[place][1]
                if item.word.entrywise:
                    if place in closed:
                        break
                elif (follows.value.rank == 0 and not follows.value.row) or not parts[-1][1].value.rank:
                    break
                count += 1
        if count == 1:
            return parts.pop()[1]
        taken = parts[-count:]
        del parts[-count:]
        taken[-1] = ("", taken[-1][1])
        argument = self._multiplied(taken[::-1])
        shown = self.source(item.place)
        self.note(f"{shown} {self.source(argument.place)} is read as {shown}({self.source(argument.place)})")
        return argument

    # --- operands -----------------------------------------------------------------------------------------------

    def _atom(self, item: Item, expected: Shape | None = None) -> Part:
        """An operand; the postfixes that belong to its name are taken off `item`."""
        atom = item.atom
        match atom:
            case t.Number():
                if atom.text in ("𝟏", "𝟙"):
                    return Part(atom.place, unsized.waiting("ones"))
                return Part(atom.place, Value(constant(float(atom.text)), literal=float(atom.text)))
            case t.Group() if len(atom.parts) == 2 and atom.bracket in ("⟨", "langle"):
                made = self.combined([self.part(one) for one in atom.parts], [values.inner])
                return Part(atom.place, made.value, made.children)
            case t.Group() if len(atom.parts) > 1:
                raise self._error(atom.parts[1].place, "a comma, and no function before the bracket takes arguments")
            case t.Group() if atom.bracket != "{" or not self._is_one_name(atom):
                inner = self.part(atom.parts[0], expected)
                return Part(atom.place, inner.value, inner.children or (inner,), inner.squared)
            case t.Font() if not self._is_one_name(atom):
                inner = self.part(atom.body, expected)
                return replace(inner, value=unsized.waiting("ones")) if inner.value.literal == 1.0 else inner
            case t.Signed() | t.Sum() | t.Box() | t.Product():
                return self.part(atom, expected)
            case t.Block():
                return blocks.block(self, atom)
            case t.Bars():
                return calls.bars(self, atom)
            case t.Fraction():
                return differentials.fraction(self, atom, expected)
            case t.Root():
                return calls.root(self, atom)
            case t.Derivative():
                numerator = self.part(atom.numerator)
                return differentials.differentiated(self, atom.place, numerator, atom.denominators, atom.order)
            case t.Sample():
                variable = next(one for one in self.samples.arrays if one.name == atom.name)
                return Part(atom.place, Value(variable))
            case t.Differential():
                raise self._error(atom.place, "∂ alone: a derivative is written ∂y/∂x, or ∂(…)/∂x")
            case t.Accent() if not spellings(atom, ()):
                raise self._error(
                    atom.place, f"a {atom.mark} stands over a name, and {self.source(atom.body.place)} is none"
                )
        return self._name(item)

    def _without_bias(self, raw: str) -> Value | None:
        """W where W̃ = [W | b] is declared: all its columns but the last (Proposition 2)."""
        value = self.lookup(f"{raw}_tilde")
        if value is None or value.rank != 2:
            return None
        self.note(f"{typeset(key(raw))} is {typeset(f'{key(raw)}_tilde')} without its last column: it is not declared")
        return Value(take_items(value.expression, (slice(None), slice(None, -1))))

    def _is_one_name(self, atom: t.Node) -> bool:
        """Whether what braces or a font hold is a name, and no entry such as the A_{ij} of {A_{ij}}."""
        options = spellings(atom, ())
        return bool(options) and (not holds_factor(atom) or any(self.is_known(raw) for raw, _ in options))

    def _name(self, item: Item) -> Part:
        options = spellings(item.atom, item.postfixes)
        for find_value in (self.lookup, self._without_bias):
            for raw, count in options:
                value = find_value(raw)
                if value is not None:
                    used, item.postfixes = item.postfixes[:count], item.postfixes[count:]
                    return Part(item.atom.place.to(used[-1].place) if used else item.atom.place, value)
        special = unsized.identity(self, item) or subscripts.delta(self, item)
        if special is not None:
            return special
        raw, place = options[-1][0], item.atom.place
        number = _CONSTANTS.get(key(raw))
        if number is not None:
            self.note(f"{self.source(place)} is the number {number:.5g}, because it is not declared")
            return Part(place, Value(constant(number)))
        size = unsized.size_as_number(self, raw, place)
        if size is not None:
            return size
        raise self.unknown(raw, place, called=self.text[place.end : place.end + 1] == "(")


def _nothing(place: Place) -> Part:
    """The part of a statement that only declares."""
    return Part(place, Value(constant(0.0)), declares=True)


def _starts_with_one(node: t.Node) -> bool:
    first = node.factors[0] if isinstance(node, t.Product) else node
    return isinstance(first, t.Number) and first.text == "1"


def _is_number(item: Item) -> bool:
    return isinstance(item.atom, t.Number) and not item.postfixes
