"""Expressions written out: `W₁ x + b₁`, `σ(z)`, `softmax(y)`, in any alphabet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..expressions.flattening import flatten
from ..expressions.index_maps import Concatenate, IndexMap, Merge, Selector, Split, Take
from ..expressions.linear_maps import Accumulate, RunningSum, WindowMap, Windows
from ..expressions.nodes import (
    Constant,
    EinsumSum,
    EinsumTerm,
    Elementwise,
    Expression,
    Function,
    Named,
    Prime,
    Primitive,
    SizeValue,
    Variable,
    shown,
    unnamed,
)
from ..expressions.picks import Pick
from ..expressions.walks import walk
from ..shapes.sizes import Size, add_sizes, multiply_sizes
from .alphabet import TEXT, Alphabet
from .blocks import blocks
from .forms import Sum
from .names import take_apart
from .operands import form_of, opaque
from .spelling import Speller


def activations_in(roots: Iterable[Expression]) -> list[Function]:
    """The activations that occur below `roots`, as functions or as their derivatives."""
    found: dict[str, Function] = {}
    for node in walk(roots):
        if isinstance(node, Elementwise):
            base = node.function.base if isinstance(node.function, Prime) else node.function
            if base.activation:
                found.setdefault(base.name, base)
    return [found[name] for name in sorted(found)]


class ExpressionWriter:
    """Texts of operands. Where one activation occurs it is σ; where two differ each has its own name."""

    def __init__(self, roots: Iterable[Expression], alphabet: Alphabet = TEXT) -> None:
        self.alphabet = alphabet
        self._texts: dict[int, tuple[str, bool]] = {}
        self.unreadable: set[int] = set()  # serials of what is only … in print
        self.flattened: dict[int, list[EinsumTerm]] = {}
        self._forms: dict[int, Sum] = {}
        self._shown: dict[int, Expression] = {}  # held, so that what is written of them stays theirs
        roots = list(roots)
        nodes = walk(roots)
        self._names = {node.name for node in nodes}
        self._letters = {parts.letter for name in self._names if name and (parts := take_apart(name))}
        #: What has a name somewhere is written by it, also where it is met without.
        self._called = {node.body.serial: node.name for node in nodes if isinstance(node, Named)}
        names = [function.name for function in activations_in(roots)]
        self.sigma = names[0] if len(names) == 1 else None

    def function_name(self, function: Function | Prime) -> str:
        """σ, or the function's own name, with a prime for each derivative."""
        base = function.base if isinstance(function, Prime) else function
        order = function.order if isinstance(function, Prime) else 0
        name = self.alphabet.sigma if base.activation and base.name == self.sigma else base.name
        return self.alphabet.function(name, order)

    def atom(self, node: Expression) -> tuple[str, bool]:
        """The text of an operand, and whether it stands without parentheses.

        Parts are written before the whole, each once: a deep graph takes no deep recursion, and one with many paths
        no long time. A text that is too long to read is only …
        """
        if node.serial not in self._texts:
            for part in walk([node], self._unwritten):
                if part.serial not in self._texts:
                    self._write(part)
        return self._texts[node.serial]

    def _unwritten(self, node: Expression) -> tuple[Expression, ...]:
        return () if node.name is not None or node.serial in self._texts else self._as_shown(node).children

    def form(self, node: Expression) -> Sum:
        """An operand of at most two axes as a closed form, to be part of another."""
        self.atom(node)
        return self._forms[node.serial]

    def _write(self, node: Expression) -> None:
        """The text and the form of a node whose parts are written."""
        form = None if self._name(node) is not None else form_of(self._as_shown(node), self)
        text, plain = self._written(node) if form is None else Speller(self.alphabet).sum(form)
        if node.name is None and len(text) > self.alphabet.unreadable:
            form, text, plain = None, self.alphabet.ellipsis, True
            self.unreadable.add(node.serial)
        self._texts[node.serial] = text, plain
        self._forms[node.serial] = opaque(node, text, plain, self._name(node)) if form is None else form

    def entry(self, node: Expression, letters: Sequence[str]) -> tuple[str, bool]:
        """The text of an entry, and whether it stands without parentheses: x_i, σ(z_i), (W x)_i."""
        name = self._name(node)
        if name is not None:
            return self.alphabet.entry(name, letters), True
        if isinstance(node, IndexMap):
            return self._place(node, letters), True
        if self.atom(node)[0] == self.alphabet.ellipsis:
            return self.alphabet.subscript(self.alphabet.ellipsis, True, letters), True
        return self.inner_entry(node, letters)

    def inner_entry(self, node: Expression, letters: Sequence[str]) -> tuple[str, bool]:
        """The text of an entry, written into an element-wise function: σ(z_i), also where that has a name."""
        node = self._as_shown(unnamed(node))
        if isinstance(node, Elementwise) and letters and all(arg.shape in ((), node.shape) for arg in node.args):
            return self._elementwise(node, [self.entry(arg, letters if arg.shape else ()) for arg in node.args])
        return self.alphabet.subscript(*self.atom(node), letters), True

    def row(self, matrix: Expression, index: str) -> str:
        """The row of a matrix with a name of one letter, which then is small: w_i of W. See `has_rows`."""
        parts = take_apart(self._name(matrix) or "")
        assert parts is not None
        return self.alphabet.row(parts.letter.lower(), parts.accents, index)

    def has_rows(self, matrix: Expression) -> bool:
        """Whether the rows of a matrix can be called w_i: its name is one capital letter, and nothing is called w."""
        name = self._name(matrix)
        parts = take_apart(name) if name else None
        return (
            parts is not None
            and len(parts.letter) == 1
            and parts.letter != parts.letter.lower()
            and not parts.rest
            and len(parts.letter.lower()) == 1
            and parts.letter.lower() not in self._letters
        )

    def _as_shown(self, node: Expression) -> Expression:
        if node.serial not in self._shown:
            self._shown[node.serial] = shown(node)
        return self._shown[node.serial]

    def _name(self, node: Expression) -> str | None:
        return node.name or self._called.get(node.serial)

    def _written(self, node: Expression) -> tuple[str, bool]:
        name = self._name(node)
        if name is not None:
            return self.alphabet.name(name, node.ndim), True
        return self._formula(self._as_shown(node))

    def formula(self, node: Expression) -> tuple[str, bool]:
        """The formula of an expression, also where it has a name; its parts by their names."""
        node = self._as_shown(unnamed(node))
        if isinstance(node, Variable):
            return self.atom(node)
        for part in node.children:
            self.atom(part)
        form = form_of(node, self)
        return self._formula(node) if form is None else Speller(self.alphabet).sum(form)

    def _formula(self, node: Expression) -> tuple[str, bool]:
        alphabet = self.alphabet
        if isinstance(node, Constant):
            if node.shape:
                return alphabet.unnamed_constant(node.shape), True
            value = float(node.value)
            return alphabet.number(value), not value < 0
        if isinstance(node, Elementwise):
            return self._elementwise(node, [self.atom(arg) for arg in node.args])
        if isinstance(node, Primitive):
            function = alphabet.function(node.rule.name)
            return alphabet.call(function, [self.atom(arg)[0] for arg in node.args]), True
        if isinstance(node, Take):
            return self._take(node), True
        if isinstance(node, Accumulate):
            name = alphabet.function("cumsum_back" if node.backward else "cumsum")
            axis = [str(node.axis)] if node.ndim > 1 else []
            return alphabet.call(name, [self.atom(node.body)[0], *axis]), True
        if isinstance(node, Windows):
            windows = alphabet.function("windows")
            return alphabet.call(windows, [self.atom(node.body)[0], alphabet.size(node.width)]), True
        if isinstance(node, RunningSum):
            return alphabet.call(alphabet.function("tri"), [alphabet.size(node.shape[0])]), True
        if isinstance(node, (Merge, Split)):
            reshape = alphabet.function("reshape")
            return alphabet.call(reshape, [self.atom(node.body)[0], alphabet.shape(node.shape)]), True
        if isinstance(node, Concatenate):
            parts = [self.atom(part)[0] for part in node.parts]
            return alphabet.joined(parts) if node.axis else alphabet.stacked(parts), True
        if isinstance(node, SizeValue):
            return alphabet.count(node.length)
        if isinstance(node, IndexMap):
            return self._index_map(node), True
        if isinstance(node, EinsumSum):
            return self._network(node)
        function = alphabet.function(type(node).__name__.lower())  # a kind of node that has no notation of its own
        return alphabet.call(function, [self.atom(part)[0] for part in node.children]), True

    def _network(self, node: EinsumSum) -> tuple[str, bool]:
        """A network that has no closed form, by its entries."""
        return blocks(flatten(node.terms, len(node.terms), self.unreadable), self)

    def _elementwise(self, node: Elementwise, args: list[tuple[str, bool]]) -> tuple[str, bool]:
        """An element-wise function of arguments that are written already: whole arrays, or their entries."""
        alphabet = self.alphabet
        name = node.function.base.name if isinstance(node.function, Prime) else node.function.name
        if name == "divide":
            return alphabet.quotient(*args), False
        if name == "power":
            return alphabet.power(*args), False
        if name == "reciprocal":
            return alphabet.quotient((alphabet.number(1.0), True), *args), False
        if name == "abs":
            return alphabet.absolute(args[0][0]), True
        return alphabet.call(self.function_name(node.function), [text for text, _ in args]), True

    def _index_map(self, node: IndexMap) -> str:
        """[I_h; 0], the identity above or below one line of zeros; else I₉[:, 1:4]. Other maps by their size."""
        big, *smalls = node.shape
        if not isinstance(node, Selector):
            return self.alphabet.index_map(big, tuple(smalls))
        pick, whole = node.pick, self.alphabet.identity(big)
        if pick.modulus is not None:
            return self.alphabet.joined([self.alphabet.part(whole, [":", cut]) for cut in _rolled(pick)])
        if pick.step == 1 and pick.length != 1 and add_sizes(pick.length, 1) == big:
            identity = self.alphabet.identity(pick.length)
            return self.alphabet.stacked([identity, "0"] if pick.start == 0 else ["0", identity])
        return self.alphabet.part(whole, [":", _cut(pick, big)])

    def _place(self, index_map: IndexMap, letters: Sequence[str]) -> str:
        """E_{ij…} = 1 where entry i is entry j…: δ_{i,j+3}, δ_{i,2j}, δ_{i,(jk)}."""
        long, *short = letters
        if isinstance(index_map, WindowMap):
            return self.alphabet.place(long, "+".join(short))
        if not isinstance(index_map, Selector):
            return self.alphabet.place(long, f"({''.join(short)})")
        pick = index_map.pick
        if pick.indices is not None:
            return self.alphabet.place(long, f"p({short[0]})")
        if pick.modulus is not None:
            return self.alphabet.place(long, f"({short[0]}+{pick.start}) mod {pick.modulus}")
        inner = short[0] if pick.step == 1 else f"−{short[0]}" if pick.step == -1 else f"{pick.step}{short[0]}"
        if pick.start == 0:
            return self.alphabet.delta([long, inner]) if pick.step == 1 else self.alphabet.place(long, inner)
        return self.alphabet.place(long, f"{inner}+{pick.start}")

    def _take(self, node: Take) -> str:
        name, pick = node.body.name, node.pick
        whole = node.body.shape[node.axis]
        without_last = (
            pick == Pick(0, pick.length) and node.axis == node.ndim - 1 and add_sizes(pick.length, 1) == whole
        )
        plain = (name or "").removesuffix("_tilde")
        if without_last and plain != (name or "") and plain not in self._names:  # W̃ = [W | b]: this is W
            return self.alphabet.name(plain, node.ndim)
        if pick.modulus is not None and node.axis == node.ndim - 1 < 2:
            text = self.alphabet.grouped(*self.atom(node.body))
            ends = [self.alphabet.part(text, [":"] * node.axis + [cut]) for cut in _rolled(pick)]
            return self.alphabet.joined(ends) if node.axis else self.alphabet.stacked(ends)
        body, cuts = node.body, {node.axis: _cut(pick, whole)}
        while body.name is None and isinstance(body, Take) and body.axis not in cuts and body.pick.is_slice:
            cuts[body.axis] = _cut(body.pick, body.body.shape[body.axis])
            body = body.body
        if node.ndim > 2:  # an axis of size 1 stays: T[0:1]
            cuts = {axis: f"{cut}:{int(cut) + 1}" if cut.isdecimal() else cut for axis, cut in cuts.items()}
        texts = [cuts.get(axis, ":") for axis in range(max(cuts) + 1)]
        return self.alphabet.part(self.alphabet.grouped(*self.atom(body)), texts)


def _rolled(pick: Pick) -> list[str]:
    """The two ends of an axis that is rolled, the last first."""
    return [
        _cut(Pick(pick.start, add_sizes(pick.length, multiply_sizes([-1, pick.start]))), pick.length),
        f":{pick.start}",
    ]


def _cut(pick: Pick, whole: Size) -> str:
    """The entries of an axis of size `whole` that are picked, as Python writes them: 0, 1:4, ::2, [3, 0]."""
    if pick.indices is not None:
        return TEXT.cut(f"[{', '.join(map(str, pick.indices[:20]))}]", 20)
    if pick.length == 1:
        return str(pick.start)
    stop = add_sizes(pick.start, multiply_sizes([pick.step, pick.length]))
    first = "" if pick.start == (0 if pick.step > 0 else add_sizes(whole, -1)) else pick.start
    if isinstance(stop, int) and (stop < 0 or (isinstance(whole, int) and stop >= whole)):  # as far as there is
        stop = whole if pick.step > 0 else -1
    cut = f"{first}:{'' if stop == (whole if pick.step > 0 else -1) else stop}"
    return cut if pick.step == 1 else f"{cut}:{pick.step}"
