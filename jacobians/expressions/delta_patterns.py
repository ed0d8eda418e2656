"""Delta patterns: the structure of a sum of terms outside, what is dense in it inside shared nodes.

A term of an adjoint is a core (an array without zeros of structure) and a structure: which axes of the output are
equal, and which index maps write the core into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ..shapes.sizes import Shape, bind_size, symbols_of
from .index_maps import IndexMap
from .nodes import Adjoint, Constant, EinsumTerm, Expression
from .numbering import renumber
from .terms import MAY_CANCEL, merge_like

#: Stands for the core of a term in its structure.
PLACEHOLDER = Constant.of(1.0)


def writing_maps(term: EinsumTerm) -> list[int]:
    """The places of the index maps that only write: their long axis is of the output, or short in another of them.

    In the order in which a view of the output takes them.
    """
    found: list[int] = []
    visible = set(term.output)
    while True:
        for k, (operand, group) in enumerate(zip(term.operands, term.indices, strict=True)):
            if k in found or not isinstance(operand, IndexMap) or group[0] not in visible or group[0] in group[1:]:
                continue
            holders = [m for m, other in enumerate(term.indices) if m != k and group[0] in other]
            if all(m in found and group[0] in term.indices[m][1:] for m in holders):
                found.append(k)
                visible |= set(group[1:])
                break
        else:
            return found


def viewed_axes(term: EinsumTerm, maps: Sequence[int]) -> list[int]:
    """The indices of the view of the output that the writing maps leave, in order, repeats included."""
    axes = list(term.output)
    for k in maps:
        big, *smalls = term.indices[k]
        axes = [new for index in axes for new in (smalls if index == big else [index])]
    return axes


def pattern(term: EinsumTerm, maps: Sequence[int] | None = None) -> tuple[object, ...]:
    """The structure of a term's output: which axes are equal, which no operand has, which an index map writes.

    `maps` are the places of the maps that count as structure, all that write if they are not given; with none of
    them it is the outline that terms share which differ in their maps alone.
    """
    maps = writing_maps(term) if maps is None else maps
    held = {index for k, group in enumerate(term.indices) if k not in maps for index in group}
    numbers: dict[int, int] = {}
    for index in [*term.output, *(index for k in maps for index in term.indices[k])]:
        numbers.setdefault(index, len(numbers))
    return (
        tuple(numbers[index] for index in term.output),
        tuple((term.operands[k].serial, tuple(numbers[index] for index in term.indices[k])) for k in maps),
        tuple(index in held for index in numbers),
    )


def core_shape(term: EinsumTerm, maps: Sequence[int] | None = None) -> Shape:
    """The shape of the core of a term: what is kept of it, without its zeros."""
    maps = writing_maps(term) if maps is None else maps
    held = {index for k, group in enumerate(term.indices) if k not in maps for index in group}
    return tuple(term.sizes[index] for index in dict.fromkeys(viewed_axes(term, maps)) if index in held)


def split(term: EinsumTerm, maps: Sequence[int] | None = None) -> tuple[EinsumTerm, EinsumTerm]:
    """A term as (structure, core): the core has distinct output indices, and no writing map (none of `maps`, if given).

    The structure is the same term with its operands replaced by a placeholder for the core, in front of the maps that
    write it. `structure.indices[0]` are the core's axes within it.
    """
    maps = writing_maps(term) if maps is None else maps
    inner = [k for k in range(len(term.operands)) if k not in maps]
    held = {index for k in inner for index in term.indices[k]}
    axes = [index for index in dict.fromkeys(viewed_axes(term, maps)) if index in held]
    outside = set(term.output) | {index for k in maps for index in term.indices[k]}
    core = renumber(
        1.0,
        [term.operands[k] for k in inner],
        [term.indices[k] for k in inner],
        axes,
        {index: size for index, size in enumerate(term.sizes) if index in held or index not in outside},
    )
    structure = EinsumTerm(
        term.coefficient,
        (PLACEHOLDER, *(term.operands[k] for k in maps)),
        (tuple(axes), *(term.indices[k] for k in maps)),
        term.output,
        term.sizes,
    )
    return structure, core


#: Terms of one outline that differ in their index maps, at most: more of them are added into one array.
MOST_PATTERNS = 16
#: The length that stands for every symbol where sizes are compared before they are known.
TYPICAL_SIZE = 64


def share_by_delta_pattern(
    terms: Sequence[EinsumTerm], numerator: Expression, denominator: Expression
) -> list[EinsumTerm]:
    """The same sum with as few terms as it has patterns: each pattern's dense part becomes one shared node.

    A sum is so never longer than its patterns, and a product distributes across patterns only. A part that is a
    single operand already stays as it is. Patterns that differ in their index maps alone stay apart while that saves
    zeros and they are few; otherwise the maps are written: the parts are added into one array, which is the node.
    """
    outlines: dict[tuple[object, ...], dict[tuple[object, ...], list[EinsumTerm]]] = {}
    for term in merge_like(terms):
        outlines.setdefault(pattern(term, ()), {}).setdefault(pattern(term), []).append(term)
    shared: list[EinsumTerm] = []
    for groups in outlines.values():
        if _worth_writing(list(groups.values())):
            everything = [term for group in groups.values() for term in group]
            shared.append(_one_node([split(term, ()) for term in everything], numerator, denominator))
        else:
            for group in groups.values():
                shared += _shared(group, numerator, denominator)
    return shared


def _shared(group: Sequence[EinsumTerm], numerator: Expression, denominator: Expression) -> Sequence[EinsumTerm]:
    """Terms of one pattern as one term; one or two that may cancel against what they meet stay as they are."""
    parts = [split(term) for term in group]
    single = len(group) == 1 and is_single(parts[0][1])
    if single or (len(group) <= 2 and all(_may_cancel(core) for _, core in parts)):
        return group
    return [_one_node(parts, numerator, denominator)]


def _worth_writing(groups: Sequence[Sequence[EinsumTerm]]) -> bool:
    """Whether terms of one outline, grouped by their index maps, are better added into one array."""
    if len(groups) == 1:
        return False
    whole = _entries(core_shape(groups[0][0], ()))
    parts = sum(_entries(core_shape(group[0])) for group in groups)
    return parts >= whole or len(groups) > MOST_PATTERNS


def _entries(shape: Shape) -> int:
    return prod(bind_size(size, dict.fromkeys(symbols_of(size), TYPICAL_SIZE)) for size in shape)


def _one_node(
    parts: Sequence[tuple[EinsumTerm, EinsumTerm]], numerator: Expression, denominator: Expression
) -> EinsumTerm:
    """The sum of parts of one structure as a term with one shared node for the sum of their cores."""
    structure, core = parts[0]
    coefficient = 1.0
    if len(parts) == 1:
        coefficient, cores = structure.coefficient, [core]
    else:
        cores = [_scaled(inner, outer.coefficient) for outer, inner in parts]
    node = Adjoint.between(numerator, denominator, cores)
    axes = structure.indices[0]
    return renumber(
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


def _may_cancel(core: EinsumTerm) -> bool:
    """Whether a core is a product of a few factors, entry by entry, that may cancel against what it meets."""
    few = len(core.operands) <= 4 and len(core.output) == len(core.sizes)
    return few and any(may_cancel(operand) for operand in core.operands for may_cancel in MAY_CANCEL)


def is_single(core: EinsumTerm) -> bool:
    """Whether a core is at most one operand with nothing to sum: there is nothing to compute."""
    if not core.operands:
        return True
    return (
        len(core.operands) == 1
        and len(set(core.indices[0])) == len(core.indices[0])
        and len(core.sizes) == len(core.output)
    )


def _scaled(term: EinsumTerm, factor: float) -> EinsumTerm:
    return EinsumTerm(term.coefficient * factor, term.operands, term.indices, term.output, term.sizes)
