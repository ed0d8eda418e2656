"""The printer for NumPy: a program as the text of a function, and as the function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ...shapes.letters import lettered
from .. import operations as op
from ..passes.buffer_reuse import reuse_buffers
from ..passes.inlining import inline
from ..passes.release import release
from ..program import Program, Statement, Step
from ..singular import naming_the_matrix
from .guards import guarded
from .numpy_products import Text, expanded
from .numpy_statements import (
    expression,
    is_in_c_order,
    literal,
    mentions,
    viewed,
    weight,
    writes_by_entry,
    written_over,
)

#: Names that generated code uses itself, besides those of helpers.
_RESERVED = frozenset({"np", "program"})


class NumpyCode:
    """A program in NumPy."""

    #: Whether the library traces its functions, so that no branch may look at a value.
    traced = False

    def __init__(self, program: Program) -> None:
        self._program = program
        calls = [(one.operation.rule, one.operands) for one in program.statements if isinstance(one.operation, op.Call)]
        rules = {rule for rule, _ in calls}
        stacked = {rule for rule, operands in calls if any(len(one.shape) > 1 for one in operands)}
        helpers = {rule: "" if rule in stacked else rule.vector_helper for rule in rules}
        self._helpers = {rule.name: helpers[rule] or rule.helper for rule in rules if rule.helper}
        if self.traced:
            self._helpers = {rule.name: rule.traced_helper or rule.helper for rule in rules if rule.helper}
        reserved = _RESERVED | {program.signature.name} | {rule.name for rule in rules}
        names = {*program.names.values(), *program.parameters}
        self._taken = set(reserved | names)
        # a name of the user that the code needs itself is spelled otherwise there
        self._spelled = {key: self._fresh(f"{key}_") for key in sorted(names & reserved)}
        self._texts: dict[Statement | op.Stored, Text] = {}
        self._count = 0
        self.constants: dict[str, Any] = {}
        for one in program.statements:
            if isinstance(one.operation, op.Argument):
                self._texts[one] = Text(self._spelling(one.operation.name))

    @staticmethod
    def prepared(program: Program) -> Program:
        """The program after the passes of this target."""
        program = reuse_buffers(program, writes_by_entry, is_in_c_order)
        return release(inline(program, mentions, weight))

    # --- names ------------------------------------------------------------------------------------------------

    def _fresh(self, stem: str) -> str:
        """`stem`, or the first name like it that is not taken."""
        name, number = stem, 0
        while name in self._taken:
            number += 1
            name = f"{stem}{number}" if stem[-1:].isalpha() else f"{stem}_{number}"
        self._taken.add(name)
        return name

    def _spelling(self, key: str) -> str:
        return self._spelled.get(key, key)

    def _name(self, statement: Statement) -> str:
        known = self._program.names.get(statement)
        if known is not None:
            return self._spelling(known)
        self._count += 1
        return self._fresh(f"t{self._count}")

    def _constant(self, stored: op.Stored) -> Text:
        if stored not in self._texts:
            name = self._fresh(stored.stem)
            self.constants[name] = stored.array
            self._texts[stored] = Text(name)
        return self._texts[stored]

    # --- statements -------------------------------------------------------------------------------------------

    def text(self, one: Statement | op.Stored) -> Text:
        """What stands for a value where it is read: its name, or its source where it has none."""
        if isinstance(one, op.Stored):
            return self._constant(one)
        found = self._texts.get(one)
        if found is None:
            if isinstance(one.operation, op.Stored):
                return self._constant(one.operation)
            found = self._texts[one] = expression(one.operation, one, self.text)
        return found

    @cached_property
    def lines(self) -> list[str]:
        """The body of the function."""
        program, lines = self._program, []
        single = program.signature.single and len(program.results) == 1
        for one in program.computed:
            if one in program.inlined:
                continue
            if single and self._is_returned(one):
                continue
            lines += self._written(one)
            if one in program.released:
                names = dict.fromkeys(self._texts[gone].text for gone in program.released[one])
                lines.append(f"del {', '.join(names)}")
        texts = [self.text(result).text for result in program.results]
        lines.append(f"return {', '.join(texts)}{',' if len(texts) == 1 and not program.signature.single else ''}")
        return lines

    def _is_returned(self, one: Statement) -> bool:
        """Whether the only result is this statement, a single expression without a name of the user's."""
        (result,) = self._program.results
        return (
            result is one
            and one not in self._program.overwritten
            and one not in self._program.names
            and not isinstance(one.operation, op.Scatter)
        )

    def _written(self, one: Statement) -> list[str]:
        """The lines that compute a statement and give it a name."""
        place = self._program.overwritten.get(one)
        if isinstance(one.operation, op.Scatter):
            return self._scattered(one, one.operation, place)
        text = self.text(one).text if place is None else written_over(one, place, self.text)
        name = self._name(one)
        self._texts[one] = Text(name)
        return [f"{name} = {text}{self._comment(one, text)}"]

    def _comment(self, one: Statement, text: str) -> str:
        """What the line does not say: the shape, and the indices of a product that is reshaped."""
        shape = f"({', '.join(map(str, one.symbols))}{',' if len(one.symbols) == 1 else ''})"
        einsum = ""
        if isinstance(one.operation, op.Product) and "reshape" in text:
            einsum = f"{_letters(one)} "
        return "" if shape in text and not einsum else f"  # {einsum}{shape}"

    def _scattered(self, one: Statement, operation: op.Scatter, place: Statement | None) -> list[str]:
        """An array of zeros, or the base, and the values put into it: no zero is touched."""
        lines: list[str] = []
        values = one.operands
        ordered = True
        if not operation.based:
            name = self._name(one)
            option = "" if one.dtype == np.float64 else f", dtype=np.{one.dtype}"
            lines.append(f"{name} = np.zeros({one.shape}{option})")
        else:
            base, *values = values  # type: ignore[assignment]
            text = self.text(base)
            if place is not None:
                name = text.text
                ordered = is_in_c_order(base)
                if one in self._program.names:
                    name = self._name(one)
                    lines.append(f"{name} = {text.text}")
            else:
                name = self._name(one)
                option = "" if base.dtype == one.dtype else f", dtype=np.{one.dtype}"
                lines.append(f"{name} = np.array({text.text}, order='C'{option}){self._comment(one, '')}")
        self._texts[one] = Text(name)
        how = "=" if not operation.based else "+="
        for placement, value in zip(operation.placements, values, strict=True):
            lines.append(self._placed(name, one.shape, placement, value, how, ordered))
            how = "+="
        return lines

    def _placed(
        self, name: str, shape: tuple[int, ...], placement: op.Placement, value: Statement, how: str, ordered: bool
    ) -> str:
        """A statement that puts a value through the views of a placement."""
        view, before = name, shape
        for operation, after in placement.path:
            view = viewed(operation, view, before, after, self.text)
            before = after
        text = expanded(self.text(value), placement.present)
        if placement.flat:
            text = self._flattened(text, placement)
        if not placement.injective:  # added one by one
            operation = placement.path[-1][0]
            assert isinstance(operation, op.Gather)
            source = text.text if placement.sign > 0 else f"-{text.atom}"
            return f"np.add.at({name}.reshape(-1), {self.text(operation.places).text}, {source})"
        source = text.text
        if placement.sign < 0:
            how, source = ("-=", source) if how == "+=" else (how, f"-{text.atom}")
        diagonal = len(shape) == 2 and len(placement.path) == 1 and isinstance(placement.path[0][0], op.Diagonal)
        if diagonal and ordered:
            return f"{name}.reshape(-1)[::{shape[0] + 1}] {how} {source}"
        return f"{view} {how} {source}" if placement.listed else f"{view}[...] {how} {source}"

    @staticmethod
    def _flattened(text: Text, placement: op.Placement) -> Text:
        """Values for places in a flat array; one number for all of them stays one."""
        if not any(placement.present):
            return text
        if not all(placement.present):
            text = Text(f"np.broadcast_to({text.text}, {placement.lengths})")
        return text if len(placement.lengths) == 1 else Text(f"{text.atom}.reshape(-1)")

    def steps(self) -> list[Step]:
        """Every statement that computes something, each by itself."""
        program = self._program
        plain = NumpyCode(Program(program.statements, program.results, NumpyCode, names=program.names))
        found: list[Step] = []
        for one in program.computed:
            if isinstance(one.operation, op.Scatter):
                text = plain._scattered(one, one.operation, None)[0].partition(" = ")[2].partition("  #")[0]
                name = plain._texts[one].text
            else:
                text, name = plain.text(one).text, plain._name(one)
                plain._texts[one] = Text(name)
            einsum = _letters(one) if isinstance(one.operation, op.Product) else ""
            found.append(Step(name, text, one.shape, one.multiplications, one.derivative, einsum))
        return found

    # --- the function -----------------------------------------------------------------------------------------

    @property
    def _header(self) -> str:
        return "".join(self._helpers[name] + "\n\n" for name in sorted(self._helpers))

    @cached_property
    def _body(self) -> str:
        return "\n".join(f"    {line}" for line in self.lines)

    @property
    def _parameters(self) -> list[str]:
        return [self._spelling(key) for key in self._program.parameters]

    @cached_property
    def _source(self) -> str:
        return f"{self._header}def {self._program.signature.name}({', '.join(self._parameters)}):\n{self._body}\n"

    @cached_property
    def source(self) -> str:
        """The source with what it needs: it runs on its own. Constants are written out."""
        body = self._source
        constants = "".join(
            f"{name} = np.array({literal(array.tolist())}, dtype=np.{array.dtype}).reshape({array.shape})\n"
            for name, array in self.constants.items()
        )
        return "\n\n".join(part for part in ("import numpy as np\n", constants, body) if part)

    @cached_property
    def function(self) -> Callable[..., Any]:
        source = self._source
        namespace: dict[str, Any] = {"np": np, **self.constants}
        # The text is made of templates of this library and of identifiers that were checked: nothing a user typed.
        exec(compile(source, "<jacobians program>", "exec"), namespace)  # noqa: S102
        return naming_the_matrix(namespace[self._program.signature.name], self._program)

    def guarded(self, arrays: Sequence[Any], otherwise: Callable[..., Any]) -> Callable[..., Any]:
        """The function for plain arrays of the shapes and types of `arrays`; anything else goes to `otherwise`."""
        body = self._body
        namespace: dict[str, Any] = {"np": np, **self.constants}
        function = guarded(self._header, self._parameters, body, namespace, self._fresh, arrays, otherwise)
        return naming_the_matrix(function, self._program)


def _letters(product: Statement) -> str:
    """The einsum of a product."""
    operation = product.operation
    assert isinstance(operation, op.Product)
    left, right, result = lettered([operation.left, operation.right, operation.result], "a")
    return f"{left},{right}->{result}"
