"""Programs: expressions as straight-line NumPy code, with the exact cost of each line.

A program is made for given sizes and runs on arrays of those sizes. Each line is what a person would write for that
step: `@` for a matrix product, `*` for an element-wise one, a view where nothing is computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from .contraction import Pair, needed, schedule
from .elementwise import definition
from .emission import LETTERS, insert_axes, join_sum, pair_source, span, turned
from .expression import (
    Adjoint,
    Array,
    Constant,
    Elementwise,
    Expression,
    Named,
    Network,
    Prime,
    Primitive,
    Term,
    Variable,
    name_key,
    topological,
)
from .freezing import split
from .index_maps import Concatenate, IndexMap, Merge, Merger, Pick, Selector, Split, Take
from .lengths import Length
from .memory import refuse_if_too_large
from .sizes import bind_size

#: Names that generated code uses itself, besides those of helpers.
_RESERVED = frozenset({"np", "program"})


@dataclass(frozen=True)
class Step:
    """One line of a program: `target = text`, the shape of the result, and its multiplications.

    `derivative` tells the steps of the chain rule from those that compute forward values.
    """

    target: str
    text: str
    shape: tuple[int, ...]
    multiplications: int
    derivative: bool
    einsum: str = ""


@dataclass(frozen=True)
class Signature:
    """How the function of a program looks from outside: its name, its parameters where they are to be these, and
    whether it returns one value instead of a tuple."""

    name: str = "program"
    parameters: tuple[str, ...] | None = None
    single: bool = False


@dataclass(frozen=True)
class _Value:
    text: str
    shape: tuple[int, ...]
    fresh: bool  # computed here, and so nobody else's array


def _distinct(indices: Sequence[int]) -> bool:
    return len(set(indices)) == len(indices)


@dataclass
class Program:
    """Straight-line code for `roots`. `order` is the order in which each network's operands are contracted."""

    roots: Sequence[Expression]
    sizes: Mapping[str, int]
    order: str = "reverse"
    given: frozenset[str] = frozenset()  # named expressions that are given a value instead of being computed
    counted: frozenset[int] = frozenset()  # serials of roots that are derivatives
    what: str = "evaluating"  # what is formed, for errors
    advice: str = ""
    order_name: str = ""  # what the order is called
    signature: Signature = Signature()
    steps: list[Step] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    helpers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._values: dict[int, _Value] = {}
        nodes = topological(self.roots)
        self._reserved = (
            _RESERVED | {self.signature.name} | {node.rule.name for node in nodes if isinstance(node, Primitive)}
        )
        self._taken = set(self._reserved)
        self._temporaries: set[str] = set()
        self._known: dict[str, _Value] = {}  # what was computed before, by its text
        self._shared: set[str] = set()  # values with several readers: never written into
        self._own: set[str] = set()  # arrays that are computed here
        self._renamed: dict[str, str] = {}
        self._count = 0
        names = {key for node in nodes if (key := name_key(node)) is not None}
        self._taken |= names
        # a name of the user that the code needs itself is spelled otherwise there
        self._spelled = {key: self._fresh(f"{key}_") for key in sorted(names & self._reserved)}
        for root in self.roots:
            for node in self._needed(root):
                if node.serial not in self._values:
                    self._values[node.serial] = self._lower(node)
        self.results = [self._values[root.serial] for root in self.roots]
        texts = [self._handed_out(value.text) for value in self.results]
        self.lines.append(f"return {', '.join(texts)}{',' if len(texts) == 1 and not self.signature.single else ''}")
        self._rename()

    def _handed_out(self, text: str) -> str:
        """A result: what was computed here and is in no other result as it is, anything else copied.

        So nobody gets an array of somebody else's.
        """
        base = text.removesuffix(".T")
        places = sum(len(re.findall(rf"\b{re.escape(base)}\b", value.text)) for value in self.results)
        return text if base in self._own and places == 1 else f"np.array({text})"

    def _rename(self) -> None:
        """Give the lines that compute named expressions their names."""
        if not self._renamed:
            return
        pattern = re.compile(r"\bt\d+(?:_\d+)?\b")

        def renamed(text: str) -> str:
            return pattern.sub(lambda match: self._renamed.get(match[0], match[0]), text)

        self.lines = [renamed(line) for line in self.lines]
        self.steps = [replace(step, target=renamed(step.target), text=renamed(step.text)) for step in self.steps]
        self.results = [replace(value, text=renamed(value.text)) for value in self.results]

    # --- what it costs ----------------------------------------------------------------------------------------

    @property
    def multiplications(self) -> int:
        return sum(step.multiplications for step in self.steps if step.derivative)

    @property
    def all_multiplications(self) -> int:
        """Those of forward values too, which two ways to one result may share differently."""
        return sum(step.multiplications for step in self.steps)

    @property
    def peak_elements(self) -> int:
        derivative = [prod(step.shape) for step in self.steps if step.derivative]
        return max(derivative + [prod(value.shape) for value in self.results], default=0)

    # --- running it -------------------------------------------------------------------------------------------

    @cached_property
    def source(self) -> str:
        helpers = "".join(self.helpers[name] + "\n\n" for name in sorted(self.helpers))
        body = "\n".join(f"    {line}" for line in self.lines)
        keys = self.arguments if self.signature.parameters is None else self.signature.parameters
        return f"{helpers}def {self.signature.name}({', '.join(self._parameter(key) for key in keys)}):\n{body}\n"

    def _parameter(self, key: str) -> str:
        """How a name of the user stands in the code."""
        return self._spelled.get(key, key)

    @property
    def standalone(self) -> str:
        """The source with what it needs: it runs on its own. Constants are written out."""
        constants = "".join(
            f"{name} = np.array({array.tolist()!r}).reshape({array.shape})\n" for name, array in self.constants.items()
        )
        return "\n\n".join(part for part in ("import numpy as np\n", constants, self.source) if part)

    @cached_property
    def function(self) -> Callable[..., tuple[Any, ...]]:
        namespace: dict[str, Any] = {"np": np, **self.constants}
        # The text is made of templates of this library and of identifiers that were checked: nothing a user typed.
        exec(compile(self.source, "<jacobians program>", "exec"), namespace)  # noqa: S102
        return namespace[self.signature.name]  # type: ignore[no-any-return]

    def run(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of the roots, as arrays. Too large an array is refused before anything is computed."""
        self.check_memory()
        return tuple(np.asarray(value) for value in self.function(*(values[key] for key in self.arguments)))

    def check_memory(self) -> None:
        """Refuse if one step's result is over the limit, or all of them together are more than is free."""
        shapes = [step.shape for step in self.steps] + [value.shape for value in self.results]
        refuse_if_too_large(shapes, self.what, self.advice)

    # --- lowering ---------------------------------------------------------------------------------------------

    def _needed(self, root: Expression) -> list[Expression]:
        """What is below `root`, children first; a given expression and σ′ hide what is below them."""
        order: list[Expression] = []
        stack: list[tuple[Expression, bool]] = [(root, False)]
        seen = set(self._values)
        while stack:
            node, expanded = stack.pop()
            if expanded:
                order.append(node)
            elif node.serial not in seen:
                seen.add(node.serial)
                stack.append((node, True))
                stack += [(child, False) for child in reversed(self._inputs(node)) if child.serial not in seen]
        return order

    def _inputs(self, node: Expression) -> tuple[Expression, ...]:
        if isinstance(node, Named) and name_key(node) in self.given:
            return ()
        if isinstance(node, Elementwise) and isinstance(node.function, Prime):
            return (definition(node),)
        return tuple(child for child in node.children if not isinstance(child, IndexMap))

    def _shape(self, node: Expression) -> tuple[int, ...]:
        return tuple(bind_size(size, self.sizes) for size in node.shape)

    def _lower(self, node: Expression) -> _Value:
        shape = self._shape(node)
        if isinstance(node, Variable) or (isinstance(node, Named) and name_key(node) in self.given):
            key = name_key(node)
            assert key is not None
            self.arguments.append(key)
            return _Value(self._parameter(key), shape, False)
        if isinstance(node, Constant):
            if not shape and node.name is None:
                number = float(node.value)
                return _Value(repr(number) if number >= 0 else f"({number!r})", shape, True)
            return _Value(self._array(node.value, f"{name_key(node) or 'c'}_value"), shape, False)
        if isinstance(node, Length):
            return _Value(repr(float(bind_size(node.length, self.sizes))), (), True)
        if isinstance(node, Named):
            value = self._values[node.body.serial]
            if value.text in self._temporaries:  # the line that computes it gets the name
                self._temporaries.remove(value.text)
                key = name_key(node) or ""
                self._renamed[value.text] = self._parameter(key)
            return value
        if isinstance(node, Elementwise):
            if isinstance(node.function, Prime):
                return self._values[definition(node).serial]
            args = [self._values[arg.serial].text for arg in node.args]
            return self._emit(node.function.template.format(*args), shape)
        if isinstance(node, Primitive):
            if node.rule.helper:
                self.helpers[node.rule.name] = node.rule.helper
            args = [self._values[arg.serial].text for arg in node.args]
            return self._emit(node.rule.template.format(*args), shape)
        if isinstance(node, Concatenate):
            parts = ", ".join(self._values[part.serial].text for part in node.parts)
            return self._emit(f"np.concatenate(({parts}), axis={node.axis})", shape)
        if isinstance(node, Take):
            body = self._values[node.body.serial]
            cut = self._cut(node.pick, node.axis, body.shape[node.axis])
            # a slice is a view, listed entries are an array of their own
            view = _Value(f"{body.text}{cut}", shape, False)
            return view if node.pick.indices is None else self._emit(view.text, shape)
        if isinstance(node, (Merge, Split)):
            return _Value(f"{self._values[node.body.serial].text}.reshape({shape})", shape, False)
        assert isinstance(node, Network)
        derivative = isinstance(node, Adjoint) or node.serial in self.counted
        return self._network(node, shape, derivative)

    def _fresh(self, stem: str) -> str:
        name = stem
        while name in self._taken:
            self._count += 1
            name = f"{stem}{self._count}" if stem[-1:].isalpha() else f"{stem}_{self._count}"
        self._taken.add(name)
        return name

    def _emit(
        self,
        text: str,
        shape: tuple[int, ...],
        multiplications: int = 0,
        derivative: bool = False,
        einsum: str = "",
        fresh: bool = True,
    ) -> _Value:
        known = self._known.get(text)
        if known is not None and known.shape == shape:
            self._shared.add(known.text)
            return replace(known, fresh=False)
        self._count += 1
        name = self._fresh(f"t{self._count}")
        self._temporaries.add(name)
        self.steps.append(Step(name, text, shape, multiplications, derivative, einsum))
        self.lines.append(f"{name} = {text}  # {einsum or 'shape'} {shape}")
        value = _Value(name, shape, fresh)
        if fresh:
            self._own.add(name)
        if not text.startswith("np.zeros("):  # these are there to be written into
            self._known[text] = value
        return value

    # --- networks ---------------------------------------------------------------------------------------------

    def _network(self, node: Network, shape: tuple[int, ...], derivative: bool) -> _Value:
        if not node.terms:
            return self._emit(f"np.zeros({shape})", shape, derivative=derivative)
        dense: list[_Value] = []
        scattered: list[tuple[Term, _Value]] = []
        parts = [split(term) for term in node.terms]
        plain = [len(structure.operands) == 1 and _distinct(structure.output) for structure, _ in parts]
        for term, (structure, core), is_plain in zip(node.terms, parts, plain, strict=True):
            signed = is_plain and sum(plain) > 1  # a difference of arrays takes no product with −1
            value = self._core(core, term.coefficient, derivative, isinstance(node, Adjoint), signed)
            axes = structure.indices[0]
            if is_plain:
                aligned = value.text + insert_axes([index in axes for index in term.output])
                dense.append(_Value(aligned, value.shape, value.fresh and aligned == value.text))
            else:
                scattered.append((structure, value))
        if len(dense) == 1 and not scattered and len(dense[0].shape) == len(shape):
            (only,) = dense
            return self._emit(only.text, shape, derivative=derivative) if only.text.startswith("-") else only
        if len(dense) == 1 and not scattered and not node.terms[0].operands:  # the same number everywhere
            return self._emit(f"np.full({shape}, {dense[0].text})", shape, derivative=derivative)
        total = join_sum([value.text for value in dense])
        full = any(len(value.shape) == len(shape) for value in dense)
        if not scattered:
            if full:
                return self._emit(total, shape, derivative=derivative)
            return self._emit(f"np.broadcast_to({total}, {shape}).copy()", shape, derivative=derivative)
        if dense:  # a reshape of the result must be a view of it, so it is stored in C order
            text = f"np.array({total}, order='C')" if full else f"np.broadcast_to({total}, {shape}).copy(order='C')"
            reshaped = any(isinstance(one, (Merger, Selector)) for term, _ in scattered for one in term.operands)
            own = len(dense) == 1 and dense[0].fresh and dense[0].text not in self._shared
            if full and not reshaped and (own or len(dense) > 1 or total.startswith("-")):
                text = total
            fresh = text == total and own
            out = dense[0] if fresh else self._emit(text, shape, derivative=derivative)
        else:
            out = self._emit(f"np.zeros({shape})", shape, derivative=derivative)
        if out.text in self._shared:  # it is read elsewhere as it is
            out = self._emit(f"{out.text}.copy()", shape, derivative=derivative)
        self._known = {key: value for key, value in self._known.items() if value.text != out.text}
        empty = not dense
        for structure, value in scattered:
            self._scatter(out, structure, value, "=" if empty else "+=")
            empty = False
        return out

    def _scatter(self, out: _Value, structure: Term, value: _Value, how: str) -> None:
        """Write a compressed array through a view of `out` that walks the deltas and index maps: no zero is touched.

        Listed entries are no view. They are written by their places, added one by one where some occur twice.
        """
        picks = [one.pick for one in structure.operands[1:] if isinstance(one, Selector) and one.pick.indices]
        source = f"np.arange({prod(out.shape)}).reshape({out.shape})" if picks else out.text
        view, distinct = self._view(source, out.shape, structure)
        core_axes = structure.indices[0]
        text = value.text + insert_axes([index in core_axes for index in distinct])
        if not picks:
            self.lines.append(f"{view}[...] {how} {text}")
            return
        flat = f"{out.text}.reshape(-1)"
        if all(pick.injective for pick in picks):
            self.lines.append(f"{flat}[{view}] {how} {text}")
        else:
            self.lines.append(f"np.add.at({flat}, {view}, {text})")

    def _view(self, text: str, shape: tuple[int, ...], structure: Term) -> tuple[str, list[int]]:
        """Source for the entries that a structure writes, and their axes."""
        axes, sizes = list(structure.output), list(shape)
        for index_map, (big, *smalls) in zip(structure.operands[1:], structure.indices[1:], strict=True):
            lengths = [bind_size(size, self.sizes) for size in index_map.shape[1:]]
            for place in [place for place, index in enumerate(axes) if index == big][::-1]:
                if isinstance(index_map, Selector):
                    text += self._cut(index_map.pick, place, sizes[place])
                axes[place : place + 1] = smalls
                sizes[place : place + 1] = lengths
                if isinstance(index_map, Merger):
                    text += f".reshape({tuple(sizes)})"
        distinct = list(dict.fromkeys(axes))
        if len(distinct) < len(axes):
            letters = dict(zip(distinct, LETTERS, strict=False))
            whole = "".join(letters[index] for index in axes)
            text = f"np.einsum('{whole}->{''.join(letters[index] for index in distinct)}', {text})"
        return text, distinct

    def _cut(self, pick: Pick, axis: int, whole: int) -> str:
        """`[:, 2:5]`, or `[:, places]` for listed entries."""
        if pick.indices is not None:
            cut = self._array(np.array(pick.indices), "places")
        else:
            cut = span(bind_size(pick.start, self.sizes), bind_size(pick.length, self.sizes), whole, pick.step)
        return f"[{', '.join([':'] * axis + [cut])}]"

    def _array(self, array: Array, stem: str) -> str:
        """The name of a constant array."""
        for name, known in self.constants.items():
            if known.dtype == array.dtype and np.array_equal(known, array):
                return name
        name = self._fresh(stem)
        self.constants[name] = array
        return name

    def _core(self, core: Term, coefficient: float, derivative: bool, free: bool, signed: bool) -> _Value:
        """A term without structure in its output, contracted pair by pair.

        `free`: how it is stored is up to us. `signed`: a coefficient of −1 may be left in front.
        """
        sizes = [bind_size(size, self.sizes) for size in core.sizes]
        loose = [index for index in range(len(sizes)) if index not in core.held]
        coefficient *= core.coefficient * prod(sizes[index] for index in loose)
        output = core.output
        values = [self._operand(operand) for operand in core.operands]
        if not values:
            return _Value(repr(coefficient) if coefficient >= 0 else f"({coefficient!r})", (), True)
        groups = list(core.indices)
        live = [needed(groups, k, output) for k in range(len(groups))]
        for k, value in enumerate(values):
            values[k] = self._reduced(value, groups[k], live[k], derivative)
        inner = "optimal" if self.order == "optimal" or len(values) < 4 else self.order
        steps = schedule(groups, output, sizes, inner, [operand.serial for operand in core.operands])
        if coefficient != 1.0 and not (signed and coefficient == -1.0):
            coefficient = self._scale_smallest(values, prod(sizes[i] for i in output), coefficient, derivative)
        numbered: dict[int, tuple[_Value, tuple[int, ...]]] = dict(enumerate(zip(values, live, strict=True)))
        for number, step in enumerate(steps, start=len(values)):
            last = number == len(values) + len(steps) - 1 and not free
            numbered[number] = self._pair(
                numbered.pop(step.left), numbered.pop(step.right), step, output if last else None, sizes, derivative
            )
        ((value, order),) = numbered.values()
        if order != output:
            axes = [order.index(index) for index in output]
            whole = axes == list(range(len(axes)))[::-1]
            text = turned(value.text) if whole else f"{value.text}.transpose({tuple(axes)})"
            value = _Value(text, tuple(sizes[index] for index in output), value.fresh)
        if coefficient == -1.0:
            return _Value(f"-{value.text}", value.shape, False)
        if coefficient != 1.0:
            return self._emit(f"{coefficient!r} * {value.text}", value.shape, prod(value.shape), derivative)
        return value

    def _operand(self, operand: Expression) -> _Value:
        if isinstance(operand, IndexMap):  # one that could not be applied: written out
            shape = self._shape(operand)
            text = f"np.eye({shape[0]})"
            if isinstance(operand, Selector):
                text += self._cut(operand.pick, 1, shape[0])
            return self._emit(text if isinstance(operand, Selector) else f"{text}.reshape({shape})", shape)
        value = self._values[operand.serial]
        return _Value(value.text, value.shape, False)

    def _reduced(self, value: _Value, group: tuple[int, ...], live: tuple[int, ...], derivative: bool) -> _Value:
        """The diagonal of an operand that repeats an index, and the sum over indices that nobody else needs."""
        if group == live:
            return value
        letters = dict(zip(dict.fromkeys(group), LETTERS, strict=False))
        shapes = dict(zip(group, value.shape, strict=True))
        if len(set(group)) == len(group):
            axes = tuple(place for place, index in enumerate(group) if index not in live)
            axis = f"axis={axes[0] if len(axes) == 1 else axes}" if len(axes) < len(group) else ""
            text = f"{value.text}.sum({axis})"
        else:
            text = (
                f"np.einsum('{''.join(letters[i] for i in group)}->{''.join(letters[i] for i in live)}', {value.text})"
            )
        fresh = set(live) != set(group)
        return self._emit(text, tuple(shapes[index] for index in live), 0, derivative, fresh=fresh)

    def _scale_smallest(self, values: list[_Value], result: int, coefficient: float, derivative: bool) -> float:
        """Multiply the smallest operand by the coefficient, if none is larger than the result; returns what is left."""
        smallest = min(range(len(values)), key=lambda k: prod(values[k].shape))
        value = values[smallest]
        if prod(value.shape) > result or len(values) == 1:
            return coefficient
        if coefficient == -1.0:
            values[smallest] = self._emit(f"-{value.text}", value.shape, 0, derivative)
        else:
            values[smallest] = self._emit(f"{coefficient!r} * {value.text}", value.shape, prod(value.shape), derivative)
        return 1.0

    def _pair(
        self,
        left: tuple[_Value, tuple[int, ...]],
        right: tuple[_Value, tuple[int, ...]],
        step: Pair,
        wanted: tuple[int, ...] | None,
        sizes: Sequence[int],
        derivative: bool,
    ) -> tuple[_Value, tuple[int, ...]]:
        text, order = pair_source((left[0].text, left[1]), (right[0].text, right[1]), step.result, wanted, sizes)
        shape = tuple(sizes[index] for index in order)
        letters = dict(zip(dict.fromkeys(left[1] + right[1]), "abcdefghijklmnopqrstuvwxyz", strict=False))
        write = ["".join(letters[index] for index in group) for group in (left[1], right[1], order)]
        einsum = f"{write[0]},{write[1]}->{write[2]}"
        return self._emit(text, shape, step.multiplications, derivative, einsum), order
