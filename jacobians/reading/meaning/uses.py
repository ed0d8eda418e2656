"""How the names of a page are used: which are called as functions, and with what in their brackets."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from ...shapes.sizes import Shape
from ..syntax import tree as t
from ..syntax.spelling import key
from .naming_parts import bare_names, name_and_arguments, opened, spellings


class Uses:
    """What a page does with its names.

    `functions` has the names that are functions of the names in their brackets: those that a statement L = L(z) makes
    so, and declared ones that are differentiated and have no other use than as L(z) and ∂L/∂z. A matrix before a vector
    that it could be multiplied with is no function, unless a statement makes it one.
    """

    def __init__(self, page: t.Page, shape_of: Callable[[str], Shape | None]) -> None:
        self.functions: dict[str, t.Group] = {}
        self.moved: set[str] = set()  # the X of every dX
        self._called: set[str] = set()
        self._primed: set[str] = set()
        self._heads: set[int] = set()  # the nodes that stand before brackets, right behind a ∂, or before =
        calls: dict[str, t.Group] = {}
        differentiated: set[int] = set()
        for node in t.below(page):
            match node:
                case t.Product():
                    self._product(node, calls, differentiated)
                    for one, following in pairwise(node.factors):
                        if isinstance(one, t.Total):
                            self.moved.update(key(raw) for raw, _ in spellings(*opened(following)))
                case t.Name() if node.text[0] == "d":
                    self.moved.add(key(node.text[1:]))
                case t.Fraction():
                    differentiated.update(id(one) for one in t.below(node.top))
                case t.Differential() if node.body is not None:
                    self._heads.update(id(one) for one in t.below(node.body))
                    differentiated.update(id(one) for one in t.below(node.body))
                case t.Equation() if len(node.sides) == 2:
                    self._heads.update(id(one) for one in t.below(node.sides[0]))
        alone: set[str] = set()
        wanted: set[str] = set()
        for node in t.below(page):
            if isinstance(node, (t.Name, t.Accent)):
                names = {key(raw) for raw, _ in spellings(node, ())}
                alone |= names if id(node) not in self._heads else set()
                wanted |= names if id(node) in differentiated else set()
        for name, group in calls.items():
            shapes = [shape_of(one) for one in bare_names(group) or ("",)]
            own = shape_of(name)
            if own is None or any(one is None for one in shapes) or name in alone or name not in wanted:
                continue
            if not (len(own) > 1 and len(shapes) == 1 and shapes[0] and own[-1] == shapes[0][0]):
                self.functions[name] = group
        for statement in page.statements:
            if isinstance(statement, t.Equation) and len(statement.sides) == 2:
                applied = name_and_arguments(statement.sides[1])
                options = spellings(*opened(statement.sides[0]))
                if applied is not None and options and options[0][0] == applied[0] and bare_names(applied[1]):
                    self.functions[key(applied[0])] = applied[1]

    def _product(self, node: t.Product, calls: dict[str, t.Group], differentiated: set[int]) -> None:
        acted_on = False  # whether ∂/∂x or ∇ stands before
        for place, head in enumerate(node.factors):
            if acted_on or (place + 1 < len(node.factors) and isinstance(opened(head)[0], t.Differential)):
                differentiated.update(id(one) for one in t.below(head))
            acted_on = acted_on or isinstance(head, t.Operator)
            group = opened(node.factors[place + 1])[0] if place + 1 < len(node.factors) else None
            if isinstance(group, t.Group) and group.bracket == "(" and node.operators[place + 1] == "":
                self._met(head, group, calls)

    def _met(self, head: t.Node, group: t.Group, calls: dict[str, t.Group]) -> None:
        atom, postfixes = opened(head)
        if isinstance(atom, t.Differential) and atom.body is not None:  # the ∂f(x) above a bar
            atom = atom.body
        options = spellings(atom, postfixes)
        primes = sum(one.kind == "prime" for one in postfixes)
        if not options or options[0][1] + primes < len(postfixes):
            return
        name = key(options[0][0])
        self._heads.update(id(one) for one in t.below(atom))
        self._called.add(name)
        if primes:
            self._primed.add(name)
        elif bare_names(group) is not None:
            calls.setdefault(name, group)

    def is_called(self, name: str) -> bool:
        """Whether a name stands before brackets somewhere."""
        return name in self._called

    def is_primed(self, name: str) -> bool:
        """Whether a name has a prime before its brackets: f′(z), entry by entry."""
        return name in self._primed
