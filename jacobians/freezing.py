"""Freezing: the structure of a sum of terms outside, what is dense inside shared nodes."""

from __future__ import annotations

from collections.abc import Sequence

from .expression import Adjoint, Expression, Term
from .index_maps import Selector
from .terms import merge_like, renumber


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
    core = renumber(
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
            renumber(
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
