"""Index notation: x_i, W_{jk}, δ_{ij} and Σ_k, as in `(∂z/∂W)_{ijk} = δ_{ik} x_j`.

A product of entries is a monomial of operands whose axes bear letters; its expression is made when it is known which
letters are axes and how long each is. Sums are written out: a letter that stands twice is summed only under a Σ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from ...errors import ShapeError
from ...expressions.array_protocol import FUNCTIONS
from ...expressions.nodes import Expression
from ...functions.operators import add, network, ones
from ...shapes.letters import SMALL
from ...shapes.sizes import Size
from ...shapes.union_find import UnionFind

#: A product of sums is multiplied out while it has at most so many terms.
LONGEST_SUM = 16
#: A product has no more entries and deltas than this.
MOST_FACTORS = 256
NO_SIZES: Mapping[str, Size] = MappingProxyType({})


@dataclass(frozen=True)
class Monomial:
    """A coefficient times operands, each with a letter for every axis, deltas between letters, and summed letters."""

    coefficient: float = 1.0
    operands: tuple[Expression, ...] = ()
    letters: tuple[tuple[str, ...], ...] = ()
    deltas: tuple[tuple[str, str], ...] = ()
    summed: frozenset[str] = frozenset()

    @property
    def free(self) -> frozenset[str]:
        """The letters that are not summed."""
        return self.every - self.summed

    def times(self, other: Monomial) -> Monomial:
        """The product. A letter that is summed in one of them is another one than that of the other."""
        taken = self.every | other.every
        other = other.renamed(other.summed & self.every, taken)
        mine = self.renamed(self.summed & other.every, taken)
        return Monomial(
            mine.coefficient * other.coefficient,
            mine.operands + other.operands,
            mine.letters + other.letters,
            mine.deltas + other.deltas,
            mine.summed | other.summed,
        )

    @property
    def every(self) -> frozenset[str]:
        """All letters, summed or not."""
        return self.summed.union(*self.letters, *self.deltas)

    def renamed(self, clashing: Iterable[str], taken: frozenset[str]) -> Monomial:
        """Summed letters that clash, under names that nothing has."""
        names: dict[str, str] = {}
        for letter in clashing:
            fresh = letter
            while fresh in taken or fresh in names.values():
                fresh += "′"
            names[letter] = fresh
        if not names:
            return self
        return replace(
            self,
            letters=tuple(tuple(names.get(one, one) for one in group) for group in self.letters),
            deltas=tuple((names.get(a, a), names.get(b, b)) for a, b in self.deltas),
            summed=frozenset(names.get(one, one) for one in self.summed),
        )


#: The sum of its monomials.
Entries = tuple[Monomial, ...]


def entry(operand: Expression, letters: Sequence[str]) -> Entries:
    """One entry of an operand."""
    return (Monomial(operands=(operand,), letters=(tuple(letters),)),)


def product(a: Entries, b: Entries) -> Entries:
    """All products of a monomial of one with one of the other; of long sums each is one operand."""
    size = max(len(one.operands) + len(one.deltas) for one in (*a, *b))
    if size > MOST_FACTORS:
        raise ShapeError(f"a product of more than {MOST_FACTORS} entries; name a part of it with :=")
    if len(a) * len(b) > LONGEST_SUM:
        a, b = (one if len(one) == 1 else mapped(lambda whole: whole, one) for one in (a, b))
    return tuple(one.times(other) for one in a for other in b)


def scaled(a: Entries, factor: float) -> Entries:
    """The entries times a number."""
    return tuple(replace(one, coefficient=factor * one.coefficient) for one in a)


def summed(a: Entries, letters: Iterable[str], sizes: Mapping[str, Size] = NO_SIZES) -> Entries:
    """The sum over letters; what does not change with one of them is added up as often as `sizes` says.

    Raises `ShapeError` for a letter that stands in no operand and is not in `sizes`: nothing tells how far it runs.
    """
    wanted = frozenset(letters)
    found: list[Monomial] = []
    for one in a:
        missing = wanted - {letter for group in (*one.letters, *one.deltas) for letter in group}
        for letter in sorted(missing):
            if letter not in sizes:
                raise ShapeError(f"a sum over {letter}, which no factor under it has")
            one = replace(one, operands=(*one.operands, ones((sizes[letter],))), letters=(*one.letters, (letter,)))
        found.append(replace(one, summed=one.summed | wanted))
    return tuple(found)


def reduced(a: Entries, letters: str, kind: str) -> Entries:
    """The largest, the smallest, or the product over a letter."""
    sizes = sizes_of(a)
    if len(letters) != 1 or letters not in sizes:
        raise ShapeError(f"{kind} over {letters}, which no factor under it has")
    rest = [letter for letter in free_letters(a) if letter != letters]
    function = {"max": np.max, "min": np.min, "prod": np.prod}[kind]
    return entry(FUNCTIONS[function](expression(a, (*rest, letters), sizes), axis=-1), rest)


def free_letters(a: Entries) -> tuple[str, ...]:
    """The letters that are axes, in their order."""
    return tuple(sorted({letter for one in a for letter in one.free}, key=_rank))


def _rank(letter: str) -> tuple[int, str]:
    return (SMALL.index(letter) if letter in SMALL else len(SMALL), letter)


def sizes_of(a: Entries) -> dict[str, Size]:
    """How long each letter is, by the operands. Raises `ShapeError` for a letter of two sizes.

    A letter that is summed is one of its own in every monomial: the size of the first is given.
    """
    found: dict[str, Size] = {}
    for one in a:
        for letter, size in _own_sizes(one).items():
            if found.setdefault(letter, size) != size and letter in one.free:
                raise ShapeError(f"the index {letter} runs to {found[letter]} and to {size}: an index has one size")
    return found


def _own_sizes(one: Monomial) -> dict[str, Size]:
    found: dict[str, tuple[Size, Expression]] = {}
    for operand, group in zip(one.operands, one.letters, strict=True):
        for letter, size in zip(group, operand.shape, strict=True):
            known, holder = found.setdefault(letter, (size, operand))
            if known != size:
                raise ShapeError(
                    f"the index {letter} runs to {known} in {holder} and to {size} in {operand}: an index has one size"
                )
    for first, second in one.deltas:
        for letter, other in ((first, second), (second, first)):
            if letter in found:
                found.setdefault(other, found[letter])
    return {letter: size for letter, (size, _) in found.items()}


def expression(a: Entries, letters: Sequence[str], sizes: Mapping[str, Size]) -> Expression:
    """The expression with an axis for each of `letters`; the entries do not change along a letter they do not have.

    `sizes` has the letters that no operand tells. Raises `ShapeError` for one that nothing tells.
    """
    known = {**sizes, **sizes_of(a)}
    missing = [letter for letter in letters if letter not in known]
    if missing:
        raise ShapeError(f"nothing tells how far the index {missing[0]} runs")
    return add(*(_expression(one, letters, {**known, **_own_sizes(one)}) for one in a))


def _expression(one: Monomial, letters: Sequence[str], sizes: Mapping[str, Size]) -> Expression:
    equal = UnionFind[str]()
    for first, second in one.deltas:
        if sizes.get(first) != sizes.get(second):
            raise ShapeError(
                f"δ between {first}, which runs to {sizes.get(first)}, and {second}, which runs to {sizes.get(second)}"
            )
        equal.join(first, second)
    every = [*letters, *(letter for group in (*one.letters, *one.deltas) for letter in group), *one.summed]
    numbers = {letter: place for place, letter in enumerate(dict.fromkeys(equal.find(letter) for letter in every))}
    groups = [tuple(numbers[equal.find(letter)] for letter in group) for group in one.letters]
    lengths: dict[int, Size] = {numbers[equal.find(letter)]: sizes[letter] for letter in every if letter in sizes}
    output = [numbers[equal.find(letter)] for letter in letters]
    return network(list(one.operands), groups, output, lengths, one.coefficient)


def mapped(function: Callable[..., Expression], *args: Entries) -> Entries:
    """A function of entries, entry by entry: its operand is that of whole arrays."""
    sizes: dict[str, Size] = {}
    for one in args:
        sizes.update(sizes_of(one))
    letters = free_letters(tuple(monomial for one in args for monomial in one))
    return entry(function(*(expression(one, letters, sizes) for one in args)), letters)
