"""Applying index maps: a product that holds tensors of zeros and ones, without any product with them.

E[i, j…] is 1 where entry i of a long axis is entry j… of the short ones. Inside a contraction

- an operand that has the long axis is restricted to the entries that E selects;
- two maps of one long axis are composed: where both pick entries, what is left is a pick of each short axis (their
  common entries), and where one merges axes, the other picks from each of them;
- a map whose long axis is a short axis of another is one map with it;
- a map that only rolls an axis is undone on the operands behind it.

A map stays where its long axis is one of the output: there it is written through. Where two maps meet that have no
such form, what stands behind one of them is written first, as a node of its own: never E.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import prod
from operator import mul

import numpy as np

from ..shapes.sizes import Size, add_sizes, multiply_sizes
from .index_maps import Concatenate, IndexMap, Merge, Merger, Selector, Split, Take
from .linear_maps import Accumulate, RunningSum, WindowMap, Windows
from .nodes import EinsumSum, Expression
from .numbering import renumber
from .picks import Pick, common

#: Rules that are applied to one product, at most. Each is an equality, so that it may stop anywhere: maps in a circle,
#: where each is behind the other, would go on for ever.
MOST_STEPS = 256


class Contraction:
    """Operands with their indices, and an output: a term while its index maps are applied.

    The lists that it is made of are changed in place, and `output` is a new one.
    """

    def __init__(
        self,
        operands: list[Expression],
        indices: list[tuple[int, ...]],
        output: Sequence[int],
        sizes: dict[int, Size],
    ) -> None:
        self.operands, self.indices, self.output, self.sizes = operands, indices, list(output), sizes
        self._zero = False
        self._became: dict[int, int] = {}

    def apply_maps(self) -> bool:
        """Apply every map that can be; False where the product is zero."""
        place, steps = 0, 0
        while place < len(self.operands) and not self._zero and steps < MOST_STEPS:
            operand = self.operands[place]
            changed = (
                (isinstance(operand, IndexMap) and self._apply(place))
                or (isinstance(operand, WindowMap) and self._convolve(place))
                or (isinstance(operand, RunningSum) and self._accumulate(place))
            )
            place = 0 if changed else place + 1
            steps += changed
        return not self._zero

    # --- one map --------------------------------------------------------------------------------------------------

    def _apply(self, place: int) -> bool:
        """Apply the map at `place`; whether anything changed."""
        long, *short = self.indices[place]
        if long in short:
            return self._fix(place)
        if self._is_circular(long, short):
            return False
        if self._restrict(place):
            return True
        others = [k for k in self._holders(long) if k != place]
        if any(self.indices[k].count(long) > 1 for k in others):  # its own turn comes first
            return False
        if not others and long not in self.output:  # every entry is picked from ones
            self._remove(place)
            return True
        return self._undo_roll(place) or any(
            self._write(place)
            if isinstance(self.operands[other], RunningSum)
            else self._compose(place, other)
            if long in self.indices[other][1:]
            else self._meet(place, other)
            for other in others
        )

    def _restrict(self, place: int) -> bool:
        """Restrict the operands that have the long axis of the map at `place`."""
        index_map = self.operands[place]
        assert isinstance(index_map, IndexMap)
        long, *short = self.indices[place]
        plain = [k for k in self._holders(long) if not isinstance(self.operands[k], (IndexMap, RunningSum))]
        for k in plain:
            while long in self.indices[k]:
                axis = self.indices[k].index(long)
                self.operands[k] = index_map.restrict(self.operands[k], axis)
                self.indices[k] = (*self.indices[k][:axis], *short, *self.indices[k][axis + 1 :])
        return bool(plain)

    def _fix(self, place: int) -> bool:
        """The diagonal of a pick, E[i, i]: the entries that it leaves in their place."""
        index_map, long = self.operands[place], self.indices[place][0]
        places = index_map.pick.places() if isinstance(index_map, Selector) else None
        if places is None:
            return False
        fixed = np.flatnonzero(places == np.arange(len(places)))
        if not len(fixed):
            self._zero = True
        elif len(fixed) == len(places):
            self._remove_operand(place)
        else:
            fresh = max(self.sizes) + 1
            self.sizes[fresh] = len(fixed)
            self.operands[place] = Selector.of(len(places), Pick.listed(fixed))
            self.indices[place] = (long, fresh)
        return True

    def _is_circular(self, long: int, short: Sequence[int]) -> bool:
        """Whether the way from an axis through short axes leads back to it: then nothing is behind anything."""
        waiting, seen = list(short), {*short}
        while waiting:
            index = waiting.pop()
            for operand, group in zip(self.operands, self.indices, strict=True):
                if group and group[0] == index and isinstance(operand, IndexMap):
                    waiting += [one for one in group[1:] if one not in seen]
                    seen.update(group[1:])
        return long in seen

    def _undo_roll(self, place: int) -> bool:
        """A roll of what stands behind its short axis, turned round and taken of these operands themselves."""
        roll = self.operands[place]
        long, *short = self.indices[place]
        back = roll.pick.turned_round() if isinstance(roll, Selector) else None
        if back is None or not self._is_summed(short, place):
            return False
        for k in self._holders(short[0]):
            while k != place and short[0] in self.indices[k]:
                axis = self.indices[k].index(short[0])
                self.operands[k] = Take.of(self.operands[k], axis, back)
                self.indices[k] = (*self.indices[k][:axis], long, *self.indices[k][axis + 1 :])
        self.sizes.pop(short[0])
        self._remove_operand(place)
        return True

    # --- two maps -------------------------------------------------------------------------------------------------

    def _compose(self, inner: int, outer: int) -> bool:
        """Two picks in a row, E[i, j] F[j, k], as one."""
        first, second = self.operands[outer], self.operands[inner]
        middle, last = self.indices[inner][0], self.indices[inner][1:]
        if not isinstance(first, Selector) or not isinstance(second, Selector) or middle in self.output:
            return False
        both = first.pick.then(second.pick) if len(self._holders(middle)) == 2 else None
        if both is None:
            return False
        self.operands[outer] = Selector.of(first.shape[0], both)
        self.indices[outer] = (self.indices[outer][0], *last)
        self.sizes.pop(middle)
        self._remove_operand(inner)
        return True

    def _meet(self, one: int, other: int) -> bool:
        """Two maps of one long axis, E[i, j…] F[i, k…]."""
        a, b = self.operands[one], self.operands[other]
        if isinstance(a, Merger) and a is b:
            pairs = list(zip(self.indices[one][1:], self.indices[other][1:], strict=True))
            for j, k in pairs:
                self._make_one(j, k)
            self._remove_operand(other)
            return True
        if isinstance(a, Selector) and isinstance(b, Selector):
            return self._meet_picks(one, other) or self._write(one, other)
        if isinstance(a, WindowMap) or isinstance(b, WindowMap):
            windows = [k for k in (one, other) if isinstance(self.operands[k], WindowMap)]
            return any(self._convolve(k) for k in windows) or self._write(*({one, other} - {*windows}))
        if isinstance(a, Merger) and isinstance(b, Merger):
            return self._write(one, other) or self._refine(one, other)
        merger, selector = (one, other) if isinstance(a, Merger) else (other, one)
        return self._write(merger) or self._pick_each(merger, selector) or self._write(selector)

    def _meet_picks(self, one: int, other: int) -> bool:
        """Two picks: of each short axis those entries that the other picks, too."""
        a, b = self.operands[one], self.operands[other]
        assert isinstance(a, Selector)
        assert isinstance(b, Selector)
        found = common(a.pick, b.pick)
        if found is None:
            return False
        mine, its = found
        if mine.length == 0:
            self._zero = True
            return True
        (_, j), (_, k) = self.indices[one], self.indices[other]
        if j == k:
            return False
        if its.is_whole(b.shape[1]) and not mine.is_whole(a.shape[1]):
            one, other, j, k, mine, its, a, b = other, one, k, j, its, mine, b, a
        self._remove_operand(other)
        if mine.is_whole(a.shape[1]):
            self._pick(k, b.shape[1], its, j)
            return True
        shared = max(self.sizes) + 1
        self.sizes[shared] = mine.length
        self._pick(j, a.shape[1], mine, shared)
        self._pick(k, b.shape[1], its, shared)
        return True

    def _pick_each(self, merger: int, selector: int) -> bool:
        """A pick from merged axes, as a pick from each of them: E[(j k), l] is E′[j, l] E″[k, l]."""
        lengths, pick = self.operands[merger].shape[1:], self.operands[selector]
        assert isinstance(pick, Selector)
        places = pick.pick.places()
        if places is None or not all(isinstance(length, int) for length in lengths):
            return False
        short, (_, picked) = self.indices[merger][1:], self.indices[selector]
        each = np.unravel_index(places, [int(length) for length in lengths])
        self._remove_operand(merger)
        for index, length, entries in zip(short, lengths, each, strict=True):
            self._pick(index, length, Pick.listed(entries), picked)
        return True

    def _pick(self, index: int, length: Size, pick: Pick, picked: int) -> None:
        """Multiply with the map that picks entries of the axis `index` along the axis `picked`."""
        index, picked = self._now(index), self._now(picked)
        if pick.is_whole(length):
            self._make_one(picked, index)
        else:
            self.operands.append(Selector.of(length, pick))
            self.indices.append((index, picked))

    def _refine(self, one: int, other: int) -> bool:
        """Two ways of splitting one axis, through the finer split that both are made of, if there is one."""
        a, b = (self.operands[k].shape[1:] for k in (one, other))
        if not all(isinstance(size, int) and size > 1 for size in (*a, *b)):
            return False
        places = sorted({*accumulate(reversed(a), mul), *accumulate(reversed(b), mul)})
        if any(larger % smaller for smaller, larger in pairwise(places)):
            return False
        pieces = [larger // smaller for smaller, larger in zip([1, *places], places, strict=False)][::-1]
        fresh = max(self.sizes) + 1
        finer = range(fresh, fresh + len(pieces))
        self.sizes.update(zip(finer, pieces, strict=True))
        groups = [(self.indices[k][1:], self.operands[k].shape[1:]) for k in (one, other)]
        long = self.indices[one][0]
        for k in sorted((one, other), reverse=True):
            self._remove_operand(k)
        if long in self.output or self._holders(long):
            self.operands.append(Merger.of(tuple(pieces)))
            self.indices.append((long, *finer))
        else:
            self.sizes.pop(long)
        for indices, lengths in groups:
            start = 0
            for index, length in zip(indices, lengths, strict=True):
                stop = start + 1
                while prod(pieces[start:stop]) < int(length):
                    stop += 1
                if stop == start + 1:
                    self._make_one(finer[start], index)
                else:
                    self.operands.append(Merger.of(tuple(pieces[start:stop])))
                    self.indices.append((self._now(index), *map(self._now, finer[start:stop])))
                start = stop
        return True

    def _write(self, *places: int) -> bool:
        """What stands behind one of these maps as an array of the long axis; False where nothing stands behind any."""
        for place in places:
            short = self.indices[place][1:]
            if self._is_summed(short, place):
                behind = [k for k in range(len(self.operands)) if k != place and set(short) & set(self.indices[k])]
                written, group = self._written(place, behind)
                inside = set(short).union(*(self.indices[k] for k in behind))
                for k in sorted((place, *behind), reverse=True):
                    self._remove_operand(k)
                for index in inside - set(self.output).union(group, *self.indices):
                    self.sizes.pop(index)
                self.operands.append(written)
                self.indices.append(group)
                return True
        return False

    def _written(self, place: int, behind: Sequence[int]) -> tuple[Expression, tuple[int, ...]]:
        """The product of the map at `place` with the operands `behind` it, and its indices, the long axis first."""
        index_map = self.operands[place]
        long, *short = self.indices[place]
        rest = [k for k in range(len(self.operands)) if k != place and k not in behind]
        outside = set(self.output).union(*(self.indices[k] for k in rest))
        held = dict.fromkeys(index for k in behind for index in self.indices[k])
        kept = [index for index in held if index in outside and index not in short]
        merged = isinstance(index_map, Merger)
        group = [*(short if merged else [long]), *kept]
        inner = [*behind] if merged else [*behind, place]
        node: Expression
        if len(inner) == 1 and self.indices[inner[0]] == tuple(group):
            node = self.operands[inner[0]]
        else:
            term = renumber(
                1.0,
                [self.operands[k] for k in inner],
                [self.indices[k] for k in inner],
                group,
                {index: self.sizes[index] for k in inner for index in self.indices[k]},
            )
            node = EinsumSum.of([term], term.shape)
        return (Merge.of(node, 0, len(short)) if merged else node), (long, *kept)

    # --- running sums and convolutions ----------------------------------------------------------------------------

    def _accumulate(self, place: int) -> bool:
        """A product with the triangle of ones along an axis that is summed: a running sum of what has that axis."""
        i, j = self.indices[place]
        if i == j:  # the diagonal: ones
            self._remove_operand(place)
            return True
        for summed, other, backward in ((j, i, False), (i, j, True)):
            behind = [k for k in self._holders(summed) if k != place]
            if summed in self.output or any(isinstance(self.operands[k], IndexMap) for k in behind):
                continue
            body, rest = self._product(behind, [summed], other)
            self._remove_operands([place, *behind])
            self.operands.append(Accumulate.of(body, 0, backward))
            self.indices.append((other, *rest))
            return True
        return False

    def _convolve(self, place: int) -> bool:
        """Σ E[k, i, j] u_i v_j: u between zeros, its windows contracted with v in reversed order."""
        k, i, j = self.indices[place]
        if i == j or {i, j} & set(self.output) or k in (i, j):
            return False
        behind_i, behind_j = ([m for m in self._holders(index) if m != place] for index in (i, j))
        behind = dict.fromkeys([*behind_i, *behind_j])
        if any(isinstance(self.operands[m], (IndexMap, RunningSum)) for m in behind):
            return False
        _, n, m = self.operands[place].shape
        if set(behind_i) & set(behind_j):
            body, rest = self._product(list(behind), [i, j], k)
            self._remove_operands([place, *behind])
            self.operands.append(_antidiagonal_sums(body, n, m))
            fresh = max(self.sizes) + 1
            self.sizes[fresh] = n
            self.indices.append((fresh, k, *rest))
            return True
        if isinstance(n, int) and isinstance(m, int) and n < m:
            i, j, n, m, behind_i, behind_j = j, i, m, n, behind_j, behind_i
        long, rest_of_long = self._product(behind_i, [i], k, keep=[j])
        short, rest_of_short = self._product(behind_j, [j], k)
        side = EinsumSum.of((), (add_sizes(m, -1), *long.shape[1:]))
        padded = long if m == 1 else Concatenate.of([side, long, side], 0)
        kernel = Take.of(short, 0, Pick(add_sizes(m, -1), m, -1)) if m != 1 else short
        self._remove_operands([place, *behind])
        fresh = max(self.sizes) + 1
        self.sizes[fresh] = m
        self.operands += [Windows.of(padded, 0, m), kernel]
        self.indices += [(k, fresh, *rest_of_long), (fresh, *rest_of_short)]
        return True

    def _product(
        self, places: Sequence[int], first: Sequence[int], replaced: int, keep: Sequence[int] = ()
    ) -> tuple[Expression, tuple[int, ...]]:
        """The product of the operands at `places` (ones if there are none): its axes `first`, and then the others.

        What nothing else has is summed, and removed. `replaced` is the axis that takes the place of the first.
        """
        rest = [k for k in range(len(self.operands)) if k not in places]
        held = dict.fromkeys([*first, *(index for k in places for index in self.indices[k])])
        outside = set(self.output).union({replaced}, keep, *(self.indices[k] for k in rest))
        kept = [index for index in held if index in outside and index not in first]
        group = [*first, *kept]
        sizes = {index: self.sizes[index] for index in held}
        for index in held:
            if index not in kept:
                self.sizes.pop(index)
        if len(places) == 1 and self.indices[places[0]] == tuple(group):
            return self.operands[places[0]], tuple(kept)
        term = renumber(1.0, [self.operands[k] for k in places], [self.indices[k] for k in places], group, sizes)
        return EinsumSum.of([term], term.shape), tuple(kept)

    # --- bookkeeping ----------------------------------------------------------------------------------------------

    def _holders(self, index: int) -> list[int]:
        return [k for k, group in enumerate(self.indices) if index in group]

    def _is_summed(self, short: Sequence[int], place: int) -> bool:
        """Whether the short axes of the map at `place` are summed, and no other map has one."""
        return all(
            index not in self.output
            and (holders := [k for k in self._holders(index) if k != place])
            and not any(isinstance(self.operands[k], IndexMap) for k in holders)
            for index in short
        )

    def _make_one(self, kept: int, gone: int) -> None:
        """Two indices are equal."""
        kept, gone = self._now(kept), self._now(gone)
        if kept != gone:
            self._became[gone] = kept
            self.indices[:] = [tuple(kept if index == gone else index for index in group) for group in self.indices]
            self.output = [kept if index == gone else index for index in self.output]
            self.sizes.pop(gone)

    def _now(self, index: int) -> int:
        """What an index has become."""
        while index in self._became:
            index = self._became[index]
        return index

    def _remove_operand(self, place: int) -> None:
        del self.operands[place], self.indices[place]

    def _remove_operands(self, places: Sequence[int]) -> None:
        for place in sorted(set(places), reverse=True):
            self._remove_operand(place)

    def _remove(self, place: int) -> None:
        """Remove a map whose long axis nothing else has."""
        self.sizes.pop(self.indices[place][0])
        self._remove_operand(place)


def _antidiagonal_sums(body: Expression, n: Size, m: Size) -> Expression:
    """M[i, j], written so that what has one i + j stands below each other: [i, i + j], the rest zeros."""
    wide = Concatenate.of([body, EinsumSum.of((), (n, n, *body.shape[2:]))], 1)
    width = add_sizes(n, m, -1)
    flat = Take.of(Merge.of(wide, 0, 2), 0, Pick(0, multiply_sizes([n, width])))
    return Split.of(flat, 0, (n, width))
