"""Expressions as text: `W₁ x + b₁`, `σ(z)`, `softmax(y)`."""

from __future__ import annotations

from collections.abc import Iterable

from ..expression import (
    Adjoint,
    Constant,
    Elementwise,
    Expression,
    Function,
    Named,
    Network,
    Prime,
    Primitive,
    topological,
)
from ..flattening import flatten
from ..index_maps import Concatenate, IndexMap, Merge, Pick, Selector, Split, Take
from ..lengths import Length
from ..sizes import add_sizes, multiply_sizes, show_shape
from .closed_form import Writer, network_text
from .index import term_components
from .names import number, subscripted, typeset

#: Longer descriptions of unnamed expressions are cut here.
LONGEST = 60
#: A part whose text is longer than this is written as …
UNREADABLE = 400


def activations_in(roots: Iterable[Expression]) -> list[Function]:
    """The activations that occur below `roots`, as functions or as their derivatives."""
    found: dict[str, Function] = {}
    for node in topological(roots):
        if isinstance(node, Elementwise):
            base = node.function.base if isinstance(node.function, Prime) else node.function
            if base.activation:
                found.setdefault(base.name, base)
    return [found[name] for name in sorted(found)]


class TextWriter(Writer):
    """Texts of operands. Where one activation occurs it is σ; where two differ each has its own name."""

    def __init__(self, roots: Iterable[Expression]) -> None:
        self._texts: dict[int, tuple[str, bool]] = {}
        roots = list(roots)
        nodes = topological(roots)
        self._names = {node.name for node in nodes}
        #: What has a name somewhere is written by it, also where it is met without.
        self._called = {node.body.serial: node.name for node in nodes if isinstance(node, Named)}
        names = [function.name for function in activations_in(roots)]
        self.sigma = names[0] if len(names) == 1 else None

    def function_name(self, function: Function | Prime) -> str:
        base = function.base if isinstance(function, Prime) else function
        name = "σ" if base.activation and base.name == self.sigma else base.name
        order = function.order if isinstance(function, Prime) else 0
        return name + (
            "" if order == 0 else "′" if order == 1 else "″" if order == 2 else "‴" if order == 3 else f"⁽{order}⁾"
        )

    def atom(self, node: Expression) -> tuple[str, bool]:
        """The text of an operand, and whether it stands without parentheses.

        Parts are written before the whole, each once: a deep graph takes no deep recursion, and one with many paths
        no long time. A text of more than `UNREADABLE` characters is only …
        """
        stack = [node]
        while stack:
            top = stack[-1]
            waiting = [] if top.name is not None else [one for one in top.children if one.serial not in self._texts]
            if waiting and top.serial not in self._texts:
                stack.extend(waiting)
                continue
            stack.pop()
            if top.serial not in self._texts:
                text, atomic = self._written(top)
                self._texts[top.serial] = (text, atomic) if len(text) <= UNREADABLE else ("…", True)
        return self._texts[node.serial]

    def _written(self, node: Expression) -> tuple[str, bool]:
        name = node.name or self._called.get(node.serial)
        if name is not None:
            return typeset(name), True
        if isinstance(node, Constant):
            return (number(float(node.value)), True) if not node.shape else (f"c[{show_shape(node.shape)}]", True)
        if isinstance(node, Elementwise):
            return self._elementwise(node)
        if isinstance(node, Primitive):
            return f"{node.rule.name}({', '.join(self.atom(arg)[0] for arg in node.args)})", True
        if isinstance(node, Adjoint):
            return f"∂{self.atom(node.numerator)[0]}/∂{self._grouped(node.denominator)}", False
        if isinstance(node, Take):
            return self._take(node), True
        if isinstance(node, (Merge, Split)):
            return f"reshape({self._texts[node.body.serial][0]}, {show_shape(node.shape)})", True
        if isinstance(node, Concatenate):
            return f"[{' | '.join(self.atom(part)[0] for part in node.parts)}]", True
        if isinstance(node, Length):
            return show_shape([node.length]), True
        if isinstance(node, IndexMap):
            return self._index_map(node), True
        assert isinstance(node, Network)
        return self._network(node)

    def _network(self, node: Network) -> tuple[str, bool]:
        terms = flatten(node.terms, len(node.terms))
        text = network_text(terms, node.shape, self, row=False)
        if text is None:
            text = term_components(terms, self)
        return text, not any(mark in text for mark in " ⊗+-−")

    def _grouped(self, node: Expression) -> str:
        text, atomic = self.atom(node)
        return text if atomic else f"({text})"

    def _elementwise(self, node: Elementwise) -> tuple[str, bool]:
        name = self.function_name(node.function)
        if name == "divide":
            return f"{self._grouped(node.args[0])} / {self._grouped(node.args[1])}", False
        if name == "power":
            return f"{self._grouped(node.args[0])} ** {self._grouped(node.args[1])}", False
        if name == "reciprocal":
            return f"1 / {self._grouped(node.args[0])}", False
        if name == "abs":
            return f"|{self.atom(node.args[0])[0]}|", True
        return f"{name}({', '.join(self.atom(arg)[0] for arg in node.args)})", True

    def _index_map(self, node: IndexMap) -> str:
        """[I_h; 0]: the identity above zeros; in general between zeros. Other maps by their size."""
        big, *smalls = node.shape
        if not isinstance(node, Selector) or node.pick.indices is not None or node.pick.step != 1:
            return f"E[{show_shape([big])} ← {show_shape(smalls)}]"
        identity = subscripted("I", node.pick.length)
        above = "" if node.pick.start == 0 else "0; "
        below = "" if add_sizes(node.pick.start, node.pick.length) == big else "; 0"
        return f"[{above}{identity}{below}]"

    def _take(self, node: Take) -> str:
        name, pick = node.body.name, node.pick
        whole = node.body.shape[node.axis]
        without_last = (
            pick == Pick(0, pick.length) and node.axis == node.ndim - 1 and add_sizes(pick.length, 1) == whole
        )
        plain = (name or "").removesuffix("_tilde")
        if without_last and plain != (name or "") and plain not in self._names:  # W̃ = [W | b]: this is W
            return typeset(plain)
        if pick.indices is not None:
            cut = short(f"[{', '.join(map(str, pick.indices))}]", 20)
        elif pick.length == 1:
            cut = str(pick.start)
        else:
            stop = add_sizes(pick.start, multiply_sizes([pick.step, pick.length]))
            cut = f"{'' if pick.start == 0 else pick.start}:{'' if stop == whole else stop}"
            cut += "" if pick.step == 1 else f":{pick.step}"
        return f"{self._grouped(node.body)}[{', '.join([':'] * node.axis + [cut])}]"


def describe(node: Expression) -> str:
    """An expression in matrix notation, cut where it is long; a named one with what it stands for."""
    body = node.body if isinstance(node, Named) else node
    text = short(TextWriter([body]).atom(body)[0])
    return f"{typeset(node.name)} := {text}" if isinstance(node, Named) else text


def short(text: str, longest: int = LONGEST) -> str:
    """`text`, cut with … where it is longer than `longest` characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def label(node: Expression) -> str:
    """How an expression stands in a symbol such as ∂s/∂z: by its name, or in parentheses."""
    if node.name is not None:
        return typeset(node.name)
    text, atomic = TextWriter([node]).atom(node)
    return short(text) if atomic else f"({short(text)})"


Expression.printer = describe
