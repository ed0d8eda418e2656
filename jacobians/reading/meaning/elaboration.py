"""From the tree of a text to expressions: names get their meaning, and every part its value and shape."""

from __future__ import annotations

from ...shapes.sizes import Shape
from ..syntax import tree as t
from ..syntax.spelling import keys
from . import named_functions, products, statements, sums, values
from .context import Context
from .elaborated import Part
from .values import Value


class Elaborator(Context):
    """Gives the names and the parts of a tree their values."""

    def lookup(self, raw: str) -> Value | None:
        """What a name stands for: an argument, a definition of the text, or a declared variable."""
        for scope in reversed(self.scopes):
            for one in keys(raw):
                if one in scope:
                    return scope[one]
        for one in keys(raw):
            if one in self.defined:
                return self.defined[one]
            if one in self.later and one not in self.defining:
                self.early[one] = statements.define(self, self.later[one])
                return self.defined.get(one)
            if self.uses is not None and one in self.uses.functions:
                return named_functions.dependent(self, one)
        variable = self.declarations.find(raw)
        return None if variable is None else Value(variable)

    def part(self, node: t.Node, expected: Shape | None = None) -> Part:
        """The part that a node of the tree is; `expected` is the shape that it should have, where that is known."""
        match node:
            case t.Sum():
                return sums.sum_of(self, node, expected)
            case t.Box():
                return sums.box_of(self, node, expected)
            case t.Signed():
                body = self.part(node.body, expected)
                return Part(node.place, values.total([body.value], [node.sign]), (body,))
            case _:
                return products.product(self, node, expected)
