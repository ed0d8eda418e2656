"""The tensor network of a Jacobian: operands as nodes, indices as wires, before and after deltas are eliminated.

Before: the literal product, each factor with its operands and its deltas, indices that are contracted shared between
neighbours. After: every delta is gone, because the two indices that it made equal are one wire. A wire that runs from
an axis to an axis past no operand is a delta of the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...chain_rule.contraction_orders import schedule
from ...differentiation.jacobian_tensor import Jacobian
from ...expressions.nodes import EinsumTerm
from ...notation.names import number
from ...notation.text import label
from ...shapes.letters import fresh_letters, letter
from ...shapes.sizes import Size
from .hues import hues_of
from .scene import element_of, size_text
from .summary import Axis, axes, structure

#: Sums of more terms are shown by their first terms.
MOST_TERMS = 4


def spelled(coefficient: float) -> str:
    """A coefficient with a real minus."""
    return ("−" if coefficient < 0 else "") + number(abs(coefficient))


@dataclass(frozen=True)
class Node:
    """An operand, or a delta, on the indices `wires`; `factor` is the number of the factor of the chain it is from."""

    text: str
    wires: tuple[int, ...]
    factor: int
    delta: bool = False


@dataclass(frozen=True)
class EliminationStep:
    """One contraction of an order: two operands, or results of earlier steps, and the wires that are left."""

    left: str
    right: str
    left_over: str

    @property
    def text(self) -> str:
        return f"{self.left}, {self.right} → {self.left_over or 'a number'}"


@dataclass(frozen=True)
class Net:
    """One term: nodes on wires. `output` are the wires of the axes, `sizes` and `letters` those of every wire.

    `steps` are its contractions in the order that runs unless another is asked for: left to right, as backpropagation.
    """

    coefficient: float
    nodes: tuple[Node, ...]
    output: tuple[int, ...]
    sizes: dict[int, Size]
    letters: dict[int, str]
    steps: tuple[EliminationStep, ...] = ()

    @property
    def text(self) -> str:
        """By components: `δ_{ik} x_j`."""
        written = [f"{one.text}_{{{''.join(self.letters[wire] for wire in one.wires)}}}" for one in self.nodes]
        coefficient = [] if self.coefficient == 1.0 else [spelled(self.coefficient)]
        return " ".join([*coefficient, *written]) or "1"


@dataclass(frozen=True)
class NetworkScene:
    """The networks of a Jacobian. `before` is None where a factor of the chain is a sum, or zero."""

    symbol: str
    structure: str
    axes: tuple[Axis, ...]
    factors: tuple[str, ...]
    before: Net | None
    after: tuple[Net, ...]
    more: int  # terms that are not shown
    latex: str
    hues: dict[str, int]

    @property
    def title(self) -> str:
        return f"Tensor network of {self.symbol}"

    @property
    def description(self) -> str:
        shape = element_of(tuple(axis.size for axis in self.axes))
        lines = [f"{self.title}: {self.symbol} = {self.structure} {shape}."]
        lines += [f"Axis {letter(place)}: {axis.role}, {size_text(axis.size)}." for place, axis in enumerate(self.axes)]
        if self.before is not None:
            lines.append(f"Before the deltas are eliminated: {self.before.text}.")
        lines += [f"{'After' if self.before else 'Network'}: {written(net)}." for net in self.after]
        lines += [f"Step {place}: {step.text}." for net in self.after for place, step in enumerate(net.steps, 1)]
        if self.more:
            lines.append(f"{self.more} more terms are not shown.")
        return "\n".join(lines)


def written(net: Net) -> str:
    """A term after elimination: operands with their indices, and the indices of the axes."""
    return f"{net.text} at [{', '.join(net.letters[wire] for wire in net.output)}]"


def network_scene(jacobian: Jacobian) -> NetworkScene:
    """The scene of `jacobian`."""
    terms = jacobian.chain.flat
    factors = jacobian.factors
    literal = all(len(factor.chain.flat) == 1 for factor in factors)
    return NetworkScene(
        jacobian.symbol,
        structure(jacobian),
        axes(jacobian),
        tuple(factor.symbol for factor in factors),
        _literal(factors) if literal and terms else None,
        tuple(_net(term) for term in terms[:MOST_TERMS]),
        max(0, len(terms) - MOST_TERMS),
        jacobian.latex(),
        hues_of([jacobian.numerator]),
    )


def _net(term: EinsumTerm) -> Net:
    nodes = tuple(Node(label(operand), group, 0) for operand, group in zip(term.operands, term.indices, strict=True))
    sizes = dict(enumerate(term.sizes))
    letters = _letters(term.output, sizes)
    return Net(term.coefficient, nodes, term.output, sizes, letters, _steps(term, letters))


def _steps(term: EinsumTerm, letters: dict[int, str]) -> tuple[EliminationStep, ...]:
    """The contractions from left to right; which they are does not depend on the sizes."""
    names = [label(operand) for operand in term.operands]
    found = []
    for place, pair in enumerate(schedule(term.indices, term.output, [2] * len(term.sizes), "reverse"), 1):
        found.append(
            EliminationStep(names[pair.left], names[pair.right], "".join(letters[index] for index in pair.result))
        )
        names.append(f"({place})")
    return tuple(found)


def _literal(factors: Sequence[Jacobian]) -> Net:
    """The product of the factors with a delta for every repeated index, contracted axes shared."""
    sizes: dict[int, Size] = {}
    nodes: list[Node] = []
    coefficient = 1.0
    carried: list[int] = []  # wires of the axes that the next factor contracts, in its order
    output: list[int] = []
    for place, factor in enumerate(factors):
        (term,) = factor.chain.flat
        coefficient *= term.coefficient
        rank = factor.numerator.ndim
        wires: dict[int, int] = {}
        deltas: list[Node] = []
        outer: list[int] = []
        for axis, index in enumerate(term.output):
            if place and axis < rank:
                wire = carried[axis]
            else:
                wire = len(sizes)
                sizes[wire] = term.sizes[index]
            if index in wires:
                deltas.append(Node("δ", (wires[index], wire), place, True))
            else:
                wires[index] = wire
            outer.append(wire)
        for index, size in enumerate(term.sizes):
            if index not in wires:
                wires[index] = len(sizes)
                sizes[wires[index]] = size
        nodes += deltas
        nodes += [
            Node(label(operand), tuple(wires[index] for index in group), place)
            for operand, group in zip(term.operands, term.indices, strict=True)
        ]
        if place == 0:
            output = outer[:rank]
        carried = outer[rank:][::-1]
    output += carried[::-1]
    return Net(coefficient, tuple(nodes), tuple(output), sizes, _letters(output, sizes))


def _letters(output: Sequence[int], sizes: dict[int, Size]) -> dict[int, str]:
    """i, j, k for the axes, and a, b, c for what is summed."""
    letters: dict[int, str] = {}
    for place, wire in enumerate(output):
        letters.setdefault(wire, letter(place))
    inner = fresh_letters(tuple(letters.values()), first="a")
    summed = (wire for wire in sizes if wire not in letters)
    letters |= {wire: next(inner, "…") for wire in summed}
    return letters
