"""Mistakes in values alone: factors, signs, single entries, another argument's derivative."""

from __future__ import annotations

from collections.abc import Iterator
from math import log, pi

import numpy as np

from ...expressions.nodes import Array
from .case import Candidate, Case, Mistake

#: Factors that have a story.
TOLD = {
    log(10.0): "ln 10: log10 for log",
    1.0 / log(10.0): "1/ln 10: log for log10",
    log(2.0): "ln 2: log2 for log",
    1.0 / log(2.0): "1/ln 2: log for log2",
    pi / 180.0: "π/180: degrees for radians",
    180.0 / pi: "180/π: radians for degrees",
}
#: Factors that are looked for first: the fit gives them with an error.
NICE = (-1.0, 2.0, 0.5, -2.0, -0.5, *(1.0 / n for n in range(3, 9)))
#: A factor as large as this is none.
HUGE = 1e9
#: A factor differs from 1 by so many times what is not known of the largest entry.
DISTINCT = 100.0
#: Of a single entry any number is a factor; a whole one up to this tells something.
TELLING = 1000
#: A claim with a larger share of wrong entries is not "correct except at".
FEW = 0.25
#: A claim with no larger error, relative to the largest entry, is right to some digits.
CLOSE = 1e-3
#: As many wrong entries are listed.
LISTED = 6


def factor_of(claimed: Array, right: Array, tolerance: Array) -> float | None:
    """The c with claimed = c · right, if there is one."""
    scale = float(np.max(np.abs(right), initial=0.0))
    if claimed.shape != right.shape or scale == 0.0 or not np.all(np.isfinite(claimed)):
        return None
    with np.errstate(over="ignore"):
        c = float(np.sum((claimed / scale) * (right / scale)) / np.sum((right / scale) ** 2))
    if not abs(c) < HUGE:
        return None
    for nice in (*NICE, float(round(c)), *TOLD):
        if abs(c - nice) <= 1e-3 * abs(nice):
            c = nice if np.all(np.abs(claimed - nice * right) <= max(1.0, abs(nice)) * tolerance) else c
    if abs(c - 1.0) * scale < DISTINCT * float(np.max(tolerance, initial=0.0)):
        return None  # it would be told by rounding and noise alone
    fits = np.all(np.abs(claimed - c * right) <= 2.0 * max(1.0, abs(c)) * tolerance)
    return c if fits and c != 0.0 else None


def _matching(case: Case) -> tuple[Array, Array, Array] | None:
    """The claim, the right derivative and its tolerance in the shape of the claim, overlooking axes of size 1."""
    squeezed = [size for size in case.claimed.shape if size != 1]
    if squeezed != [size for size in case.right.shape if size != 1]:
        return None
    shape = case.claimed.shape
    return case.claimed, case.right.reshape(shape), case.right_tolerance.reshape(shape)


def _scaled(case: Case, wanted: str) -> Iterator[Candidate]:
    arrays = _matching(case)
    c = None if arrays is None else factor_of(*arrays)
    if arrays is None or c is None or c == 1.0:
        return
    for kind, evidence, fix in factor_stories(case, c):
        if kind == wanted:
            yield Candidate(c * arrays[1], 2.0 * max(1.0, abs(c)) * arrays[2], evidence, fix)


def factor_stories(case: Case, c: float) -> Iterator[tuple[str, str, str]]:
    """What a factor tells: the name of the mistake, the evidence, the fix."""
    evidence = f"every entry of the claim is {c:.6g} times the right one"
    if c == -1.0:
        yield "sign", "every entry of the claim has the other sign", "-claimed"
    if c == 2.0:
        yield "factor 2", f"{evidence}: a ½ forgotten, or a term counted twice", "claimed / 2"
    if c == 0.5:
        yield "factor ½", f"{evidence}: the 2 of a square forgotten, or one of two equal terms", "2 * claimed"
    for size, what in _batch_sizes(case, c):
        if size > 1 and _near(c * size, 1.0):
            yield (
                "mean for sum",
                f"{evidence}, 1/N with N = {size} ({what}): f sums, the claim is of the mean",
                f"{size} * claimed",
            )
        if size > 1 and _near(c, size):
            yield (
                "sum for mean",
                f"{evidence}, N = {size} ({what}): f is a mean, the claim is of the sum",
                f"claimed / {size}",
            )
    story = next((text for value, text in TOLD.items() if _near(c, value)), "")
    if story:
        yield "constant factor", f"{evidence}, {story}", f"claimed / {c!r}"
    elif c not in (-1.0, 2.0, 0.5) and (np.count_nonzero(case.right) > 1 or _is_telling(c)):
        yield "constant factor", evidence, f"claimed / {c!r}"


def _batch_sizes(case: Case, c: float) -> Iterator[tuple[int, str]]:
    """Sizes that a mean may be over: those of the arguments, and a whole number that is the factor or one over it."""
    yield from case.sizes.items()
    whole = round(max(abs(c), 1.0 / abs(c)))
    if 2 < whole < 1e9 and whole not in case.sizes:
        yield whole, "perhaps the number of samples"


def _is_telling(c: float) -> bool:
    return 1 <= abs(round(c)) <= TELLING and _near(c, round(c))


def _near(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-6 * abs(b)


def _zero(case: Case) -> Iterator[Candidate]:
    if not np.any(case.claimed) and _matching(case) is not None:
        fix = "jacobian(f)(x)  # nothing is in the claim"
        yield Candidate(case.claimed, np.zeros(case.claimed.shape), "the claim is zero, and f does depend on x", fix)


def _wrong_entries(case: Case) -> tuple[Array, Array, Array] | None:
    """The claim, the right derivative, and where the claim is wrong."""
    arrays = _matching(case)
    if arrays is None:
        return None
    claimed, right, tolerance = arrays
    return claimed, right, ~(np.abs(claimed - right) <= tolerance)


def _listed(claimed: Array, right: Array, wrong: Array) -> str:
    places = [tuple(int(k) for k in place) for place in np.argwhere(wrong)]
    shown = "; ".join(f"{list(place)}: {claimed[place]:.10g} for {right[place]:.10g}" for place in places[:LISTED])
    return shown + (f"; and {len(places) - LISTED} more" if len(places) > LISTED else "")


def few_wrong(claimed: Array, right: Array, tolerance: Array) -> tuple[str, str] | None:
    """The evidence and the fix, where few entries are wrong, and at most half of those that are not zero."""
    wrong = ~(np.abs(claimed - right) <= tolerance)
    count = int(np.sum(wrong))
    filled = int(np.sum((np.abs(right) > tolerance) | (np.abs(claimed) > tolerance)))
    if count > max(1.0, min(FEW * wrong.size, 0.5 * filled)) or count in (0, wrong.size):
        return None
    evidence = f"{wrong.size - count} of {wrong.size} entries are right; wrong at {_listed(claimed, right, wrong)}"
    places = [tuple(int(k) for k in place) for place in np.argwhere(wrong)]
    if len(places) > LISTED:
        return evidence, f"jacobian(f)(x)  # {count} entries are wrong"
    return evidence, "; ".join(f"claimed[{', '.join(map(str, place))}] = {float(right[place])!r}" for place in places)


def _entries(case: Case) -> Iterator[Candidate]:
    arrays = _matching(case)
    found = None if arrays is None else few_wrong(*arrays)
    if found is not None:
        yield Candidate(case.claimed, np.zeros(case.claimed.shape), *found)


def _digits(case: Case) -> Iterator[Candidate]:
    """Right to some digits: rounded, or in single precision, or a difference quotient."""
    arrays = _matching(case)
    if arrays is None or not np.all(np.isfinite(case.claimed)):
        return
    claimed, right, _ = arrays
    off, scale = float(np.max(np.abs(claimed - right))), float(np.max(np.abs(right)))
    if 0.0 < off <= CLOSE * scale:
        kind = "it is rounded"
        if np.all(claimed == claimed.astype(np.float32)):
            kind = "it is in single precision"
        elif not any(np.allclose(claimed, np.round(claimed, digits), 0, 1e-14 * scale) for digits in range(1, 12)):
            kind = "a difference quotient is as good as that"
        digits = int(-np.log10(off / scale))
        evidence = f"the largest error is {off / scale:.1e} of the largest entry; {digits} digits are right: {kind}"
        yield Candidate(claimed, np.zeros(claimed.shape), evidence, "jacobian(f)(x)  # in double precision")


def _signs(case: Case) -> Iterator[Candidate]:
    found = _wrong_entries(case)
    arrays = _matching(case)
    if found is None or arrays is None:
        return
    claimed, right, wrong = found
    if np.all(wrong) or not np.any(wrong) or not np.all(np.abs(np.abs(claimed) - np.abs(right)) <= arrays[2]):
        return
    count = f"{int(np.sum(wrong))} of {wrong.size}"
    evidence = f"the sizes of all entries are right, and {count} have the other sign: {_listed(claimed, right, wrong)}"
    yield Candidate(claimed, np.zeros(claimed.shape), evidence, "-claimed at these entries")


def _inverse(case: Case) -> Iterator[Candidate]:
    right = case.right
    if right.ndim == 2 and right.shape[0] == right.shape[1] and right.shape[0] > 1:
        try:
            value = np.linalg.inv(right)
        except np.linalg.LinAlgError:
            return
        if np.linalg.cond(right) < 1e8:
            evidence = "the claim is the inverse of the right derivative: that of the inverse function"
            scale = float(np.max(np.abs(value)))
            tolerance = np.full(value.shape, scale**2 * float(np.sum(case.right_tolerance)) + 1e4 * case.eps * scale)
            yield Candidate(value, tolerance, evidence, "np.linalg.inv(claimed)")
    elif right.ndim == 0 and right != 0.0:
        evidence = "the claim is one over the right derivative: that of the inverse function"
        yield Candidate(
            1.0 / right, case.right_tolerance / right**2 + 4.0 * case.eps / abs(right), evidence, "1 / claimed"
        )


def _other_argument(case: Case) -> Iterator[Candidate]:
    for name, value in case.others.items():
        if value.shape == case.claimed.shape:
            evidence = f"the claim is right for ∂{case.y}/∂{name}, another argument"
            scale = float(np.max(np.abs(value), initial=0.0))
            tolerance = np.full(value.shape, float(np.max(case.tolerance)) + 1024.0 * case.eps * scale)
            yield Candidate(value, tolerance, evidence, f"give it for {name}, and ∂{case.y}/∂{case.x} here")


def _not_finite(case: Case) -> Iterator[Candidate]:
    bad = ~np.isfinite(case.claimed)
    if np.any(bad):
        places = [list(map(int, place)) for place in np.argwhere(bad)[:LISTED]]
        listed = ", ".join(map(str, places))
        evidence = f"{int(np.sum(bad))} of {bad.size} entries of the claim are not finite numbers: {listed}"
        yield Candidate(
            case.claimed, np.zeros(case.claimed.shape), evidence, "look for 0/0, log(0) or an overflow in the claim"
        )


VALUE_MISTAKES = (
    Mistake("not finite", _not_finite),
    Mistake("zero", _zero),
    *(
        Mistake(name, lambda case, name=name: _scaled(case, name))  # type: ignore[misc]
        for name in ("sign", "factor 2", "factor ½", "mean for sum", "sum for mean")
    ),
    Mistake("derivative with respect to another argument", _other_argument),
    Mistake("signs at some entries", _signs),
    Mistake("inverse", _inverse),
)
#: Tried where nothing above explains a claim.
GENERAL_VALUE_MISTAKES = (Mistake("constant factor", lambda case: _scaled(case, "constant factor")),)
#: Tried last, one after the other.
LAST_MISTAKES = (
    Mistake("correct except at listed entries", _entries),
    Mistake("right to some digits", _digits),
)
