"""Deciding an equation: by shape, then by value at random points. There are three answers: true, false, undecided.

Nothing is true that was not evaluated, both sides, where every part has a value; and nothing because both sides vanish
for want of a definition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np

from ...errors import ShapeError
from ...expressions.nodes import Expression, Variable
from ...expressions.walks import walk
from ...notation.names import typeset
from ...shapes.sizes import show_shape
from ..entry import Reading
from ..meaning.elaborated import Part
from ..syntax import tree as t
from ..syntax.source_positions import Place
from . import remedies
from .random_points import KINDS, bound_sizes, several_sizes
from .trials import Tried, as_side, tried

#: Times that a comparison is tried, each with other random numbers.
ROUNDS = 24


@dataclass(frozen=True)
class Verdict:
    """Whether two sides are equal, how that was decided, and, where they are not, what was found.

    `undecided` is the reason where neither is known; `true` is False then. `difference` is the largest, relative to the
    sides; `worst` its entry and `values` what both sides have there. `remedies` say what would make the equation true;
    `where` has the facts of which each would, and `multiple` says which multiple of one side is the other.
    """

    true: bool
    left: str
    right: str
    shapes: tuple[str, str]
    sizes: dict[str, int]
    points: int
    difference: float = 0.0
    worst: tuple[int, ...] | None = None
    values: tuple[float, float] | None = None
    remedies: tuple[str, ...] = ()
    undecided: str = ""
    relation: str = "="
    where: tuple[str, ...] = ()
    multiple: str = ""

    @property
    def false(self) -> bool:
        """Whether the sides are known to differ."""
        return not self.true and not self.undecided


def decide(reading: Reading, seed: int, again: Callable[[str], Reading], repair: bool = True) -> list[Verdict]:
    """A verdict for every two neighbouring sides of the equations of a text; `again` reads a changed text.

    Raises `ShapeError` where no random point gives both sides a value.
    """
    verdicts: list[Verdict] = []
    for node, parts in reading.statements:
        if isinstance(node, t.Equation) and len(parts) > 1:
            verdicts += [
                _decided(reading, node, place, *pair, seed, again, repair) for place, pair in enumerate(pairwise(parts))
            ]
    return verdicts


def _decided(
    reading: Reading,
    node: t.Equation,
    index: int,
    left: Part,
    right: Part,
    seed: int,
    again: Callable[[str], Reading],
    repair: bool,
) -> Verdict:
    relation = node.relations[index]
    sides = (as_side(left.value, right.value), as_side(right.value, left.value))
    texts = (reading.source(left.place), reading.source(right.place))
    shapes = (show_shape(sides[0].shape), show_shape(sides[1].shape))
    sizes = bound_sizes(walk([*sides, *_all_parts(left, right)]))

    def undecided(reason: str, points: int = 0) -> Verdict:
        return Verdict(False, *texts, shapes, sizes, points, undecided=reason, relation=relation)

    zero = any(isinstance(one, t.Number) and float(one.text) == 0.0 for one in node.sides)
    doubts = [
        one
        for one in reading.elaborator.doubts
        if _concerns(reading, one.place, node) and not (zero and (one.formula or one.vanishing))
    ]
    for one in doubts:
        if not one.vanishing:
            return undecided(one.reason)
    if relation not in ("=", "≈"):
        return _compared(reading, relation, left, right, seed, texts, shapes)
    found, sizes, missed = _tried_at_sizes(reading, sides, left, right, list(sizes), seed)
    if not found.lefts:
        if missed:
            return undecided(missed)
        raise ShapeError(
            "no random point was found at which both sides have a value; a logarithm, a root or an inverse in them may "
            "have none"
        )
    difference, worst, values = found.worst() or (0.0, None, None)
    if sides[0].shape == sides[1].shape and found.equal:
        if found.vanishes and doubts:
            return undecided(f"both sides are 0: {doubts[0].reason}", len(found.lefts))
        return Verdict(True, *texts, shapes, sizes, len(found.lefts), difference, relation=relation)
    reason = _on_one_side(reading, sides) or _without_definition(reading, node.sides[index : index + 2], left, right)
    if reason:
        return undecided(reason, len(found.lefts))
    if relation == "≈":
        return undecided(
            f"≈ says how close of no two sides: here they differ by {difference:.1e}, relative", len(found.lefts)
        )
    said = remedies.remedies(reading, left, right, found, again) if repair else []
    where = remedies.facts(reading, left, right)
    return Verdict(
        False,
        *texts,
        shapes,
        sizes,
        len(found.lefts),
        difference,
        worst,
        values,
        tuple(said),
        where=tuple(where),
        multiple=next(iter(remedies.multiple(found)), ""),
    )


def _concerns(reading: Reading, place: Place, node: t.Node) -> bool:
    """Whether a place is within an equation, or in a definition that it may use."""
    if node.place.start <= place.start < node.place.end:
        return True
    return any(
        isinstance(one, t.Definition) and one.place.start <= place.start < one.place.end
        for one, _ in reading.statements
    )


def _tried_at_sizes(
    reading: Reading, sides: tuple[Expression, Expression], left: Part, right: Part, symbols: list[str], seed: int
) -> tuple[Tried, dict[str, int], str]:
    """The sides at two assignments of sizes at which every inverse exists, or at the first at which they differ.

    With it the sizes, and, where there are no such sizes, the reason.
    """
    facts = reading.elaborator.declarations.facts
    parts = _all_parts(left, right)
    first: tuple[Tried, dict[str, int]] | None = None
    misses: list[str] = []
    for sizes in several_sizes(symbols):
        found = tried(sides, parts, sizes, seed, facts)
        misses += [f"{reason}{_at(sizes)}" for reason in found.misses]
        if not found.lefts:
            continue
        if sides[0].shape != sides[1].shape or not found.equal or not symbols:
            return found, sizes, ""
        if first is not None:
            return first[0], first[1], ""
        first = found, sizes
    if first is not None:
        return *first, ""
    return Tried([], [], []), {}, f"{misses[0]}" if misses else ""


def _at(sizes: dict[str, int]) -> str:
    return f" at {', '.join(f'{name} = {size}' for name, size in sizes.items())}" if sizes else ""


def _on_one_side(reading: Reading, sides: Iterable[Expression]) -> str:
    """Why an equation with an arbitrary function on one side alone is no claim that could be false."""
    held = [
        {node for node in walk([side]) if isinstance(node, Variable) and reading.elaborator.is_held(node)}
        for side in sides
    ]
    for function in reading.elaborator.arbitrary:
        own = set(function.coefficients.values())
        if bool(own & held[0]) != bool(own & held[1]):
            name = typeset(function.name)
            return f"it holds for no arbitrary {name}, and nothing defines {name}: write {name} := … before it"
    return ""


def _without_definition(reading: Reading, trees: Sequence[t.Node], left: Part, right: Part) -> str:
    """Why a derivative that is claimed to be what no definition connects with it is not false: p in ∂f/∂x = p."""
    derived = [any(isinstance(one, (t.Differential, t.Operator, t.Total)) for one in t.below(tree)) for tree in trees]
    if derived[0] == derived[1]:
        return ""
    derivative, other = (left, right) if derived[0] else (right, left)
    strange = [one for one in _variables(reading, other) if one not in _variables(reading, derivative)]
    if not strange:
        return ""
    names = " and ".join(typeset(one.name) for one in strange)
    verb = "has" if len(strange) == 1 else "have"
    return f"nothing says what {names} {verb} to do with the other side: define {names}"


def _variables(reading: Reading, part: Part) -> dict[Variable, None]:
    """The variables of a side and of all that it is made of, what is differentiated included; no samples of them."""
    samples = reading.elaborator.samples.arrays
    found: dict[Variable, None] = {}
    waiting = [part]
    while waiting:
        one = waiting.pop()
        waiting += one.children
        chain = one.value.chain
        roots = [one.value.expression, *(chain[:2] if chain is not None else ())]
        roots += [operand for monomial in one.value.entries or () for operand in monomial.operands]
        variables = [node for node in walk(roots) if isinstance(node, Variable)]
        whole = [samples[node][0] if node in samples else node for node in variables]
        found.update((node, None) for node in walk(whole) if isinstance(node, Variable))
    return found


def _compared(
    reading: Reading,
    relation: str,
    left: Part,
    right: Part,
    seed: int,
    texts: tuple[str, str],
    shapes: tuple[str, str],
) -> Verdict:
    """≤, ≥, <, >, ≠ at many random points."""
    sides = (as_side(left.value, right.value), as_side(right.value, left.value))
    symbols = list(bound_sizes(walk(sides)))
    verdict = Verdict(
        False, *texts, shapes, {}, 0, relation=relation, undecided="the sides of a comparison have one shape"
    )
    if shapes[0] != shapes[1]:
        return verdict
    count = 0
    for round_ in range(ROUNDS):
        for sizes in islice(several_sizes(symbols), 2):
            facts = reading.elaborator.declarations.facts
            found = tried(sides, _all_parts(left, right), sizes, seed + round_, facts, ("wide", *KINDS)[round_ % 2 :])
            for one, other, tolerance in zip(found.lefts, found.rights, found.tolerances, strict=True):
                count += 1
                gap = {"≤": one - other, "<": one - other, "≥": other - one, ">": other - one}.get(relation)
                bad = (
                    np.all(np.abs(one - other) <= tolerance)
                    if gap is None
                    else np.any(gap > np.maximum(tolerance, 1e-12))
                )
                if bad:
                    place = tuple(
                        int(i) for i in np.unravel_index(0 if gap is None else int(np.argmax(gap)), one.shape)
                    )
                    both = (float(one[place]), float(other[place]))
                    return Verdict(False, *texts, shapes, sizes, count, worst=place, values=both, relation=relation)
    reason = "" if count else "no random point was found at which both sides have a value"
    return Verdict(bool(count), *texts, shapes, {}, count, undecided=reason, relation=relation)


def _all_parts(*parts: Part) -> list[Expression]:
    """The parts of both sides: their values tell what rounding can do."""
    found: list[Expression] = []
    waiting = list(parts)
    while waiting and len(found) < 64:
        part = waiting.pop()
        found.append(part.value.expression)
        waiting += part.children
    return found
