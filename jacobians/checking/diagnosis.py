"""Which mistakes reproduce a claim: the catalogue, tried by value, likeliest first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..shapes.layout import LAYOUTS, layout_shape
from .mistakes.axes import AXIS_MISTAKES, GENERAL_AXIS_MISTAKES, LAYOUT_MISTAKES
from .mistakes.case import Candidate, Case, Mistake, show
from .mistakes.chain import Chain, chain_mistakes
from .mistakes.structure import STRUCTURE_MISTAKES
from .mistakes.values import GENERAL_VALUE_MISTAKES, LAST_MISTAKES, VALUE_MISTAKES, factor_of, factor_stories, few_wrong

#: The catalogue, likeliest first.
CATALOGUE: tuple[Mistake, ...] = (*LAYOUT_MISTAKES, *STRUCTURE_MISTAKES, *AXIS_MISTAKES, *VALUE_MISTAKES)
#: Tried where nothing of the catalogue explains a claim, before two mistakes at once.
GENERAL: tuple[Mistake, ...] = (*GENERAL_AXIS_MISTAKES, *GENERAL_VALUE_MISTAKES)
#: Of these the shape of a claim may tell nothing.
OF_SHAPE = frozenset(
    one.name for one in (*LAYOUT_MISTAKES, *STRUCTURE_MISTAKES, *AXIS_MISTAKES, *GENERAL_AXIS_MISTAKES)
)
#: Names of all mistakes that a report can give.
NAMES = tuple(dict.fromkeys(one.name for one in (*CATALOGUE, *GENERAL, *LAST_MISTAKES)))


@dataclass(frozen=True)
class Explanation:
    """A mistake that reproduces a claim: its name, the evidence, and the fix as code (`claimed` is the claim)."""

    name: str
    evidence: str
    fix: str


def accepted(
    shape: tuple[int, ...], of: tuple[int, ...], wrt: tuple[int, ...], layout: str
) -> tuple[tuple[int, ...], str] | None:
    """The right shape, and a remark where the claim's `shape` is another way to write it; None if it is another shape.

    A scalar with respect to a vector is the row 1×n and (n,) alike (item 1a), a vector with respect to a scalar the
    column m×1 and (m,); axes of size 1 that the 3D→2D rule of item 4 drops are not a mistake.
    """
    right = tuple(int(size) for size in layout_shape(list(of), [list(wrt)], layout))
    if shape == right:
        return right, ""
    ranks = (len(of), len(wrt))
    allowed: dict[tuple[int, ...], str] = {}
    if layout == "numerator":
        if ranks == (0, 1):
            allowed[(1, *right)] = "given as the row of item 1a"
        if ranks == (1, 0):
            allowed[(*right, 1)] = "given as the column of item 1b"
        if ranks == (0, 2):
            allowed[(1, *right)] = "given with the axis of size 1 that the 3D→2D rule drops (item 4)"
        if of == (1,):
            allowed[right[1:]] = "given without the axis of size 1 of f, by the 3D→2D rule (item 4)"
        if ranks == (1, 2) and wrt[1] == 1:
            allowed[(right[0], right[2])] = "given by the 3D→2D rule (item 4)"
    elif layout == "denominator":
        if ranks == (0, 1):
            allowed[(*right, 1)] = "given as a column"
        if ranks == (1, 0):
            allowed[(1, *right)] = "given as a row"
    elif layout == "vec" and 1 in right:
        allowed[(int(np.prod(right, dtype=int)),)] = "given as a vector"
    if ranks == (0, 0):
        allowed[(1, 1)] = allowed[(1,)] = "given as an array of one entry"
    remark = allowed.get(shape)
    return None if remark is None else (right, remark)


def explain_claim(case: Case, chain: Chain | None = None) -> list[Explanation]:
    """Every mistake that reproduces the claim by value, likeliest first; two at once where no one alone does.

    With `chain`, the derivative as a chain, mistakes in the chain rule are among them.
    """
    own = chain_mistakes(chain, case.layout) if chain else ()
    return (
        list(_alone(case, (*CATALOGUE, *own)))
        or list(_alone(case, GENERAL))
        or [*_with_factor(case, (*CATALOGUE, *own, *GENERAL)), *_in_another_layout(case, chain)]
        or next(filter(None, (list(_alone(case, [last])) for last in LAST_MISTAKES)), [])
        or list(_with_wrong_entries(case))
    )


def _alone(case: Case, catalogue: Sequence[Mistake]) -> Iterator[Explanation]:
    for mistake in catalogue:
        matching = (candidate for candidate in mistake.candidates(case) if _matches(case, candidate))
        candidate = next(matching, None)
        if candidate is not None:
            yield Explanation(mistake.name, _told(case, mistake, candidate), _fix(case, candidate))


def _matches(case: Case, candidate: Candidate) -> bool:
    value, claimed = candidate.value, case.claimed
    if value is claimed:
        return True
    if value.shape != claimed.shape:
        if candidate.oriented or not _alike(value.shape, claimed.shape) or _alike(claimed.shape, case.right.shape):
            return False
        claimed = claimed.reshape(value.shape)
    return bool(np.all(np.abs(claimed - value) <= candidate.tolerance))


def _alike(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Equal but for axes of size 1."""
    return [size for size in one if size != 1] == [size for size in other if size != 1]


def _told(case: Case, mistake: Mistake, candidate: Candidate) -> str:
    """The evidence; where the shape of the claim is the right one, that it was the values that told."""
    evidence = candidate.evidence if isinstance(candidate.evidence, str) else candidate.evidence()
    if mistake.name in OF_SHAPE and case.claimed.shape == case.right.shape and case.right.ndim > 1:
        return f"{evidence} (the shapes cannot tell, both are {show(case.right.shape)}; the values did)"
    return evidence


def _fix(case: Case, candidate: Candidate) -> str:
    """The fix, for the claim as it is: with axes of size 1, if it has them, taken away first."""
    if candidate.value.shape == case.claimed.shape:
        return candidate.fix
    return re.sub(r"\bclaimed\b", f"claimed.reshape({candidate.value.shape})", candidate.fix)


def _with_factor(case: Case, catalogue: Sequence[Mistake]) -> Iterator[Explanation]:
    """One mistake of the catalogue, and a factor that has a name."""
    for mistake in catalogue:
        for candidate in mistake.candidates(case):
            shape = candidate.value.shape
            if candidate.value is case.claimed or candidate.oriented or not _alike(shape, case.claimed.shape):
                continue
            c = factor_of(case.claimed.reshape(shape), candidate.value, candidate.tolerance)
            stories = factor_stories(case, c) if c is not None and c != 1.0 else iter(())
            name, evidence, fix = next(stories, ("constant factor", "", ""))
            if name != "constant factor":
                told = f"{_told(case, mistake, candidate)}; and beside that {evidence}"
                own = _fix(case, candidate)  # code for the claim, or the right derivative as a formula
                fixes = own if own.startswith(case.symbol) else f"claimed = {fix}; claimed = {own}"
                yield Explanation(f"{mistake.name}; and {name}", told, fixes)
                break


def _with_wrong_entries(case: Case) -> Iterator[Explanation]:
    """A layout that was not asked for, and in that few entries that are wrong."""
    for mistake in LAYOUT_MISTAKES:
        for candidate in mistake.candidates(case):
            if candidate.value.shape == case.claimed.shape:
                found = few_wrong(case.claimed, candidate.value, candidate.tolerance)
                if found is not None:
                    last = LAST_MISTAKES[0]
                    told = f"{_told(case, mistake, candidate)}; in that layout {found[0]}"
                    yield Explanation(
                        f"{mistake.name}; and {last.name}", told, f"{found[1]}; claimed = {candidate.fix}"
                    )
                    break


def _in_another_layout(case: Case, chain: Chain | None) -> Iterator[Explanation]:
    """A mistake in the chain rule, and a layout that was not asked for."""
    for layout in LAYOUTS if chain is not None else ():
        if chain is not None and layout != case.layout:
            found = list(_alone(case, chain_mistakes(chain, layout)))
            if found:
                yield from (replace(one, name=f"{one.name}; and {layout} layout") for one in found)
                return  # another layout would have the same entries
