"""The algebra of terms: gluing two networks along indices, merging like terms, freezing, flattening.

A Kronecker delta is never a tensor: gluing makes two indices one (union-find), and a repeated index of an output is a
delta. Every function here is exact on structure and touches no number but the coefficients.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .expression import Adjoint, Constant, Expression, Network, Selector, Slice, Term
from .sizes import Size


def glue(parts: Sequence[Term], equal: Iterable[tuple[int, int]], output: Sequence[int]) -> Term:
    """One term from several, with indices made equal.

    Indices count through: those of `parts[1]` follow those of `parts[0]`, and so on. `equal` are the pairs that
    become one index, `output` the output of the result. An index that is left out of it is summed.
    """
    coefficient = 1.0
    operands: list[Expression] = []
    indices: list[tuple[int, ...]] = []
    sizes: list[Size] = []
    for part in parts:
        offset = len(sizes)
        coefficient *= part.coefficient
        operands += part.operands
        indices += [tuple(index + offset for index in group) for group in part.indices]
        sizes += part.sizes
    root = list(range(len(sizes)))

    def find(index: int) -> int:
        while root[index] != index:
            root[index] = root[root[index]]
            index = root[index]
        return index

    for a, b in equal:
        first, second = find(a), find(b)
        if first != second:
            root[max(first, second)] = min(first, second)
    return tidy(
        coefficient,
        operands,
        [tuple(find(index) for index in group) for group in indices],
        [find(index) for index in output],
        {index: sizes[index] for index in range(len(sizes)) if root[index] == index},
    )


def tidy(
    coefficient: float,
    operands: Sequence[Expression],
    indices: Sequence[tuple[int, ...]],
    output: Sequence[int],
    sizes: dict[int, Size],
) -> Term:
    """A term in normal form: scalar constants in the coefficient, selectors applied, views inlined, renumbered.

    `sizes` has every index that counts: one that is in no operand and not in the output is a factor of its size.
    """
    operands, indices, output, sizes = list(operands), list(indices), list(output), dict(sizes)
    position = 0
    while position < len(operands):
        operand = operands[position]
        if isinstance(operand, Constant) and operand.name is None and not operand.shape:
            coefficient *= float(operand.value)
            del operands[position], indices[position]
        elif isinstance(operand, Network) and is_view(operand):
            (inner,) = operand.terms
            coefficient *= inner.coefficient
            output = _inline(operands, indices, output, sizes, position, inner)
        else:
            position += 1
    position = 0
    while position < len(operands):
        applied = None
        if isinstance(operands[position], Selector):
            applied = _select(operands, indices, output, sizes, position)
        if applied is None:
            position += 1
        else:
            output, position = applied, 0
    return _renumber(coefficient, operands, indices, output, sizes)


def is_view(network: Network) -> bool:
    """Whether a network is one operand seen otherwise (transposed, scaled, as a diagonal, broadcast), or none."""
    if isinstance(network, Adjoint) or len(network.terms) != 1:
        return False
    (term,) = network.terms
    return len(term.operands) == 0 or (
        len(term.operands) == 1
        and set(term.indices[0]) <= set(term.output)
        and len(term.sizes) == len(set(term.output))
    )


def _inline(
    operands: list[Expression],
    indices: list[tuple[int, ...]],
    output: Sequence[int],
    sizes: dict[int, Size],
    position: int,
    inner: Term,
) -> list[int]:
    """Replace the operand at `position` by what it is made of; returns the new output."""
    outer = indices[position]
    fresh = max(sizes, default=-1) + 1
    renaming: dict[int, int] = {}  # inner index -> outer index
    merged: dict[int, int] = {}  # outer index -> the outer index it became

    def root(index: int) -> int:
        while index in merged:
            index = merged[index]
        return index

    for own, index in zip(inner.output, outer, strict=True):
        index = root(index)
        if own in renaming:
            kept = root(renaming[own])
            if kept != index:  # the inner output repeats an index: a delta between two outer indices
                merged[max(kept, index)] = min(kept, index)
        else:
            renaming[own] = index
    for own, size in enumerate(inner.sizes):
        if own not in renaming:
            renaming[own] = fresh
            sizes[fresh] = size
            fresh += 1
    operands[position : position + 1] = inner.operands
    indices[position : position + 1] = [tuple(renaming[own] for own in group) for group in inner.indices]
    for gone in merged:
        sizes.pop(gone, None)
    indices[:] = [tuple(root(index) for index in group) for group in indices]
    return [root(index) for index in output]


def _select(
    operands: list[Expression],
    indices: list[tuple[int, ...]],
    output: Sequence[int],
    sizes: dict[int, Size],
    position: int,
) -> list[int] | None:
    """Apply the selector E at `position` to the operands that share its long index; None if nothing changes.

    E[i, j] is 1 where i = start + j, so `i` may be replaced by `j` in every other operand, restricted to the entries
    that E selects. E itself stays only where `i` is an axis of the output.
    """
    selector = operands[position]
    assert isinstance(selector, Selector)
    big, small = indices[position]
    others = [k for k, group in enumerate(indices) if k != position and big in group]
    if any(isinstance(operands[k], Selector) and indices[k][1] == big for k in others):
        return None  # a selection of a selection: rare, left to the dense form
    twins = [k for k in others if isinstance(operands[k], Selector)]
    if any(operands[k] is not selector for k in twins):
        return None
    if not others and big in output:
        return None
    result = list(output)
    for k in others:
        if k in twins:  # the same selection twice: their short indices are equal
            other = indices[k][1]
            if other != small:
                for m, group in enumerate(indices):
                    indices[m] = tuple(small if index == other else index for index in group)
                result = [small if index == other else index for index in result]
                sizes.pop(other, None)
            continue
        operand = operands[k]
        for axis, index in enumerate(indices[k]):
            if index == big:
                operand = Slice.of(operand, axis, selector.start, selector.shape[1])
        operands[k] = operand
        indices[k] = tuple(small if index == big else index for index in indices[k])
    for k in sorted(twins, reverse=True):
        del operands[k], indices[k]
        position -= k < position
    if big not in result:
        del operands[position], indices[position]
        sizes.pop(big, None)
    return result


def _renumber(
    coefficient: float,
    operands: Sequence[Expression],
    indices: Sequence[tuple[int, ...]],
    output: Sequence[int],
    sizes: dict[int, Size],
) -> Term:
    numbers: dict[int, int] = {}
    for index in output:
        numbers.setdefault(index, len(numbers))
    for group in indices:
        for index in group:
            numbers.setdefault(index, len(numbers))
    for index, size in sizes.items():
        if size != 1:
            numbers.setdefault(index, len(numbers))
    return Term(
        coefficient,
        tuple(operands),
        tuple(tuple(numbers[index] for index in group) for group in indices),
        tuple(numbers[index] for index in output),
        tuple(sizes[index] for index in numbers),
    )


def canonical(term: Term) -> tuple[object, ...]:
    """A key that two terms share exactly when they are the same network up to order and names of summed indices.

    Operands are ordered by identity; where one occurs more than once, colour refinement tells its places apart.
    """
    if not term.operands:
        return ((), term.output, tuple(sorted(map(str, term.sizes))))
    serials = [operand.serial for operand in term.operands]
    colours: list[object] = [(-1,)] * len(term.sizes)
    for place, index in enumerate(term.output):
        colours[index] = (*colours[index], place)  # type: ignore[misc]
    order = sorted(range(len(serials)), key=serials.__getitem__)
    if len(set(serials)) < len(serials):
        ranks = _ranks(colours)
        for _ in range(len(term.sizes) + 1):
            groups = [(serials[k], tuple(ranks[i] for i in term.indices[k])) for k in range(len(serials))]
            touched: list[list[object]] = [[] for _ in ranks]
            for k, group in enumerate(term.indices):
                for axis, index in enumerate(group):
                    touched[index].append((groups[k], axis))
            refined = _ranks([(ranks[i], tuple(sorted(touched[i], key=repr))) for i in range(len(ranks))])
            if refined == ranks:
                break
            ranks = refined
        order = sorted(
            range(len(serials)), key=lambda k: (serials[k], tuple(ranks[index] for index in term.indices[k]))
        )
    numbers = {index: place for place, index in enumerate(dict.fromkeys(term.output))}
    for k in order:
        for index in term.indices[k]:
            numbers.setdefault(index, len(numbers))
    loose = tuple(sorted(str(term.sizes[index]) for index in range(len(term.sizes)) if index not in numbers))
    return (
        tuple((serials[k], tuple(numbers[index] for index in term.indices[k])) for k in order),
        tuple(numbers[index] for index in term.output),
        loose,
    )


def _ranks(colours: Sequence[object]) -> list[int]:
    distinct = {colour: rank for rank, colour in enumerate(sorted(set(colours), key=repr))}
    return [distinct[colour] for colour in colours]


def merge_like(terms: Iterable[Term]) -> list[Term]:
    """The sum with like terms added up, in order of first appearance; what cancels is gone."""
    kept: dict[tuple[object, ...], Term] = {}
    for term in terms:
        key = canonical(term)
        before = kept.get(key)
        coefficient = term.coefficient + (before.coefficient if before else 0.0)
        first = before or term
        kept[key] = Term(coefficient, first.operands, first.indices, first.output, first.sizes)
    return [term for term in kept.values() if term.coefficient != 0.0]


# --- freezing: structure outside, one dense node inside ------------------------------------------------------------


def pattern(term: Term) -> tuple[object, ...]:
    """The structure of a term's output: which axes are equal, which no operand has, which a selector writes."""
    held = {
        index
        for operand, group in zip(term.operands, term.indices, strict=True)
        if not isinstance(operand, Selector)
        for index in group
    }
    selectors = tuple(
        sorted(
            (operand.serial, group)
            for operand, group in zip(term.operands, term.indices, strict=True)
            if is_output_selector(term, operand, group)
        )
    )
    firsts = tuple(term.output.index(index) for index in term.output)
    return (firsts, tuple(index in held for index in term.output), selectors and (selectors, term.output))


def is_output_selector(term: Term, operand: Expression, group: tuple[int, ...]) -> bool:
    """Whether an operand is a selector that only writes: its long index is in the output and nowhere else."""
    return (
        isinstance(operand, Selector)
        and group[0] in term.output
        and sum(group[0] in other for other in term.indices) == 1
    )


def split(term: Term) -> tuple[Term, Term]:
    """A term as (structure, core): the core has distinct output indices and no writing selector.

    The structure is the same term with one placeholder operand less: its only operand stands for the core, and is
    the core's first operand here merely to carry indices. `structure.indices[0]` are the core's axes within it.
    """
    selectors = [k for k in range(len(term.operands)) if is_output_selector(term, term.operands[k], term.indices[k])]
    inner = [k for k in range(len(term.operands)) if k not in selectors]
    held = {index for k in inner for index in term.indices[k]}
    written = {term.indices[k][0]: term.indices[k][1] for k in selectors}  # the axes of the view that is written
    axes = [index for index in dict.fromkeys(written.get(index, index) for index in term.output) if index in held]
    outside = set(term.output) | {index for k in selectors for index in term.indices[k]}
    core = _renumber(
        1.0,
        [term.operands[k] for k in inner],
        [term.indices[k] for k in inner],
        axes,
        {index: size for index, size in enumerate(term.sizes) if index in held or index not in outside},
    )
    structure = Term(
        term.coefficient,
        (Selector.of(1, 1, 0), *(term.operands[k] for k in selectors)),
        (tuple(axes), *(term.indices[k] for k in selectors)),
        term.output,
        term.sizes,
    )
    return structure, core


def freeze(terms: Sequence[Term], numerator: Expression, denominator: Expression) -> list[Term]:
    """The same sum with as few terms as it has patterns: each pattern's dense part becomes one shared node.

    A sum is so never longer than its patterns, and a product distributes across patterns only. A part that is a
    single operand already stays as it is.
    """
    groups: dict[tuple[object, ...], list[Term]] = {}
    for term in merge_like(terms):
        groups.setdefault(pattern(term), []).append(term)
    frozen: list[Term] = []
    for group in groups.values():
        parts = [split(term) for term in group]
        structure, core = parts[0]
        if len(group) == 1 and is_single(core):
            frozen.append(group[0])
            continue
        coefficient = 1.0
        if len(group) == 1:
            coefficient = structure.coefficient
        else:
            parts = [(outer, _scaled(inner, outer.coefficient)) for outer, inner in parts]
        node = Adjoint.between(numerator, denominator, [inner for _, inner in parts])
        axes = structure.indices[0]
        frozen.append(
            _renumber(
                coefficient,
                (node, *structure.operands[1:]),
                (axes, *structure.indices[1:]),
                structure.output,
                {
                    i: size
                    for i, size in enumerate(structure.sizes)
                    if i in structure.output or i in axes or any(i in g for g in structure.indices[1:])
                },
            )
        )
    return frozen


def is_single(core: Term) -> bool:
    """Whether a core is at most one operand with nothing to sum: there is nothing to compute."""
    if not core.operands:
        return True
    return (
        len(core.operands) == 1
        and len(set(core.indices[0])) == len(core.indices[0])
        and len(core.sizes) == len(core.output)
    )


def _scaled(term: Term, factor: float) -> Term:
    return Term(term.coefficient * factor, term.operands, term.indices, term.output, term.sizes)


# --- flattening: all operands down to values ------------------------------------------------------------------------


def flatten(terms: Sequence[Term], most: int) -> list[Term]:
    """The sum with shared adjoints and unnamed products multiplied out.

    While that stays within `most` terms; past that, adjoints that are sums themselves stay nodes.
    """
    counts: dict[int, int] = {}

    def count(node: Adjoint) -> int:
        stack = [node]
        while stack:
            top = stack[-1]
            waiting = [
                operand
                for term in top.terms
                for operand in term.operands
                if isinstance(operand, Adjoint) and operand.serial not in counts
            ]
            if waiting:
                stack.extend(waiting)
            else:
                counts[stack.pop().serial] = sum(expanded(term) for term in top.terms)
        return counts[node.serial]

    def expanded(term: Term) -> int:
        total = 1
        for operand in term.operands:
            if isinstance(operand, Adjoint):
                total *= counts[operand.serial] if operand.serial in counts else count(operand)
        return total

    keep_sums = sum(expanded(term) for term in terms) > most

    def place_to_open(term: Term) -> int | None:
        for place, operand in enumerate(term.operands):
            node = operand.body if isinstance(operand, Slice) else operand
            if isinstance(node, Adjoint) and not (keep_sums and len(node.terms) > 1):
                return place
            if isinstance(operand, Network) and len(operand.terms) == 1:  # an unnamed product
                return place
        return None

    waiting, done = list(terms)[::-1], []
    while waiting:
        term = waiting.pop()
        place = place_to_open(term)
        if place is None:
            done.append(term)
            continue
        node = term.operands[place]
        if isinstance(node, Slice):
            waiting.append(_unslice(term, place, node))
        elif isinstance(node, Network):
            waiting += [substitute(term, place, inner) for inner in reversed(node.terms)]
    return merge_like(done)


def _unslice(term: Term, place: int, node: Slice) -> Term:
    """`term` with a slice at `place` written as its body and a selector, to be applied to what is in the body."""
    assert isinstance(node.body, Adjoint)
    selector = Selector.of(node.body.shape[node.axis], node.length, node.start)
    fresh = len(term.sizes)
    group = term.indices[place]
    body_group = (*group[: node.axis], fresh, *group[node.axis + 1 :])
    operands = (*term.operands[:place], node.body, *term.operands[place + 1 :], selector)
    indices = (*term.indices[:place], body_group, *term.indices[place + 1 :], (fresh, group[node.axis]))
    return Term(term.coefficient, operands, indices, term.output, (*term.sizes, node.body.shape[node.axis]))


def substitute(term: Term, place: int, inner: Term) -> Term:
    """`term` with its operand at `place` replaced by the network `inner`, whose output are that operand's axes.

    The operands of `inner` stand where the operand stood, so that a chain keeps its order.
    """
    offset = len(term.sizes)
    operands = list(term.operands)
    indices = list(term.indices)
    axes = indices[place]
    operands[place : place + 1] = inner.operands
    indices[place : place + 1] = [tuple(index + offset for index in group) for group in inner.indices]
    outer = Term(
        term.coefficient * inner.coefficient, tuple(operands), tuple(indices), term.output, term.sizes + inner.sizes
    )
    return glue([outer], [(a, b + offset) for a, b in zip(axes, inner.output, strict=True)], term.output)
