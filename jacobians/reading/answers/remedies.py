"""What would make a false equation true: another layout, a transposition, a factor, a symmetric matrix."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise, permutations

import numpy as np

from ...differentiation.jacobian_tensor import derivative
from ...errors import JacobiansError
from ...expressions.nodes import Array, Variable
from ...expressions.walks import walk
from ...notation.names import number, typeset
from ...shapes.facts import FACTS
from ...shapes.layout import LAYOUTS, collapse, from_numerator
from ..entry import Reading
from ..meaning import repairs
from ..meaning.elaborated import Part
from ..meaning.values import Value, describe
from ..syntax import tree as t
from .random_points import bound_sizes
from .trials import RELATIVE, Tried, equal_by_value, tried


def remedies(reading: Reading, left: Part, right: Part, found: Tried, again: Callable[[str], Reading]) -> list[str]:
    """All that was found, likeliest first; `again` reads a changed text."""
    said = [
        *_collapsed(left, right, found),
        *_layouts(left, right, found),
        *_orders(left, right, found),
        *multiple(found),
    ]
    changed = [] if said else _changed(reading, left, right, again)
    return [*said, *changed, *_derived(reading, left, "left"), *_derived(reading, right, "right")]


def _collapsed(left: Part, right: Part, found: Tried) -> list[str]:
    """One side is the other by the notes' 3D→2D rule."""
    for sides, one, other in ((found, "left", "right"), (found.flipped, "right", "left")):
        first = sides.lefts[0].shape
        if len(first) == 3 and 1 in first[:2] and sides.rights[0].ndim == 2 and sides.seen(collapse):
            return [f"true where the {one} side is brought from 3D to 2D (item 4), as the {other} side is"]
    return []


def _layouts(left: Part, right: Part, found: Tried) -> list[str]:
    """A layout in which a derivative on one side is the other side."""
    said: list[str] = []
    for part, sides, name in ((left, found, "left"), (right, found.flipped, "right")):
        chain = part.value.chain
        if chain is None or part.value.rank < 2 or chain.layout != "numerator":
            continue
        of, by = chain.numerator.ndim, chain.denominator.ndim
        layouts = [layout for layout in LAYOUTS[1:] if sides.seen(_in_layout(of, by, layout))]
        if layouts:
            said.append(
                f"true with the {name} side in {' or '.join(layouts)} layout; derivatives are read in numerator layout"
            )
    return said


def _in_layout(of: int, by: int, layout: str) -> Callable[[Array], Array]:
    return lambda array: from_numerator(array, of, [by], layout)


def _orders(left: Part, right: Part, found: Tried) -> list[str]:
    """Another order of axes of the left side; a row for a column."""
    kinds = {left.value.kind, right.value.kind}
    if kinds == {"a row", "a column"}:
        if found.seen(lambda one: one.reshape(found.rights[0].shape) if one.size == found.rights[0].size else one):
            return [
                f"true with one side transposed: the left side is {describe(left.value)}, the right side "
                f"{describe(right.value)}"
            ]
        return []
    rank = found.lefts[0].ndim
    if rank != found.rights[0].ndim or not 2 <= rank <= 4:
        return []
    for order in permutations(range(rank)):
        if order != tuple(range(rank)) and found.seen(_permuted(order)):
            whole = order == tuple(reversed(range(rank)))
            return [f"true with the left side {'transposed' if whole else f'with its axes in the order {order}'}"]
    return []


def _permuted(order: tuple[int, ...]) -> Callable[[Array], Array]:
    return lambda array: array.transpose(order)


def multiple(found: Tried) -> list[str]:
    """One side a constant multiple of the other: a factor ½ or 2, or a sign."""
    ratios: list[float] = []
    for left, right in zip(found.lefts, found.rights, strict=True):
        if left.shape != right.shape or not np.any(right) or not np.any(left):
            return []
        scale = float(np.max(np.abs(right)))
        ratio = float(np.sum(left * (right / scale)) / np.sum((right / scale) ** 2) / scale)
        if not np.allclose(left, ratio * right, rtol=RELATIVE, atol=RELATIVE * float(np.max(np.abs(left)))):
            return []
        ratios.append(ratio)
    fraction = Fraction(ratios[0]).limit_denominator(64)
    if not fraction or not np.allclose(ratios, float(fraction), rtol=RELATIVE, atol=0.0):
        return []
    size = number(abs(float(fraction)))
    sign = "minus " if fraction < 0 else ""
    return [f"the left side is {sign}{f'{size} times ' if abs(fraction) != 1 else ''}the right side"]


def _changed(reading: Reading, left: Part, right: Part, again: Callable[[str], Reading]) -> list[str]:
    """A transposition or an exchange of parts of one side that makes the equation true."""
    index = next(place for place, (_, parts) in enumerate(reading.statements) if any(one is left for one in parts))

    def holds(text: str) -> bool:
        try:
            changed = again(text)
            node, parts = changed.statements[index]
            if not isinstance(node, t.Equation) or len({changed.source(one.place) for one in parts}) < len(parts):
                return False  # one side is made a copy of the other: true, and nothing is learnt
            return all(equal_by_value(a.value, b.value) for a, b in pairwise(parts))
        except JacobiansError:
            return False

    node, _ = reading.statements[index]
    after = len(reading.text) - node.place.end
    for side in (right, left):
        found = repairs.nearest(reading.text, side.children if len(side.children) > 1 else [side], holds)
        if found:
            shown = [" ".join(text[node.place.start : len(text) - after].split()) for text in found]
            return [f"true with a change: {' or '.join(shown)}"]
    return []


def _derived(reading: Reading, part: Part, side: str) -> list[str]:
    """What a derivative on one side is."""
    chain = part.value.chain
    if chain is None or chain.denominator.name is None or chain.layout != "numerator":
        return []
    if any(isinstance(node, Variable) and reading.elaborator.is_held(node) for node in walk([chain.numerator])):
        return []  # the coefficients of a random function
    jacobian = derivative(chain.numerator, chain.denominator)
    row = part.value.row and jacobian.ndim == 1
    if not equal_by_value(Value(jacobian.expression, row), part.value):
        return []  # a multiple of a derivative, or a product that leaves paths out
    closed = jacobian.matrix_notation()
    return [f"the {side} side is {closed}"] if closed and len(closed) <= 200 else []


#: The facts that are proposed, by the number of axes: the weakest first.
PROPOSED = {0: ("positive",), 1: ("positive", "unit_norm", "probability"), 2: ("symmetric", "orthogonal")}


def facts(reading: Reading, left: Part, right: Part) -> list[str]:
    """The undeclared facts one of which would make the sides equal: `A is symmetric`, `y is a probability vector`."""
    if left.value.shape != right.value.shape:
        return []
    sides = (left.value.whole, right.value.whole)
    sizes = bound_sizes(walk(sides))
    declared = reading.elaborator.declarations.facts
    found: list[str] = []
    for node in walk(sides):
        if not isinstance(node, Variable) or reading.elaborator.is_held(node):
            continue
        for name in PROPOSED.get(node.ndim, ()):
            square = node.ndim < 2 or node.shape[0] == node.shape[1]
            if name in declared.get(node.name, ()) or not square or (node.ndim and 1 in node.shape):
                continue
            assumed = {**declared, node.name: (*declared.get(node.name, ()), name)}
            try:
                held = tried(sides, [], sizes, 0, assumed)
            except JacobiansError:  # two facts that exclude each other
                continue
            if held.lefts and held.equal and not held.vanishes:
                found.append(f"{typeset(node.name)} is {FACTS[name].words}")
                break
    return found
