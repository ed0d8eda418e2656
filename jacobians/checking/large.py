"""Claims with many entries: compared along directions; mistakes are named and entries listed where that is worth it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import JacobiansError, MaterializationError
from ..expressions.nodes import Array
from ..shapes.layout import from_numerator
from .claims import Claim
from .diagnosis import Explanation
from .differences import Witness, as_witness, witness
from .directions import Comparison, compare_along_directions
from .mistakes.values import factor_of
from .observed import Observed
from .reports import Report

#: Up to as many entries of x are checked one by one.
ENTRIES = 64
#: Seconds that the naming of a mistake may take, and calls of f for an entry.
PATIENCE, CALLS = 10.0, 14
#: With more entries, a claim of another shape is refused as it is.
MOST = 2000
#: Factors that have a name.
NAMES = {-1.0: "sign", 2.0: "factor 2", 0.5: "factor ½"}
#: As many groups are listed.
LISTED = 4


def compared(seen: Observed, claim: Claim, as_ad: Array, report: Report) -> tuple[Comparison, Report]:
    """The comparison along directions, and a report that tells of it."""
    eps = float(np.finfo(claim.claimed.dtype).eps)
    found = compare_along_directions(seen, as_ad, eps)
    off = np.abs(found.claimed - found.found)
    at = np.unravel_index(int(np.argmax(off - found.bounds)), off.shape)
    report = replace(
        report,
        verdict=found.verdict,
        max_error=float(off[at]),
        estimate=float(found.bounds[at]),
        tolerance=float(found.bounds[at]),
        directions=len(found.claimed),
        remarks=(*report.remarks, _resolutions(found)),
    )
    if found.verdict == "wrong":
        return found, _with_entries(found, seen, claim, as_ad, report)
    if found.verdict == "undecided":
        report = replace(report, explanations=(_undecided(found),))
    return found, report


def right_derivative(seen: Observed, claim: Claim, as_ad: Array | None) -> Witness | None:
    """The right derivative, entry by entry, where differences give it soon, or the calculus, and differences agree."""
    if seen.seconds * CALLS * seen.x.size < PATIENCE:
        try:
            return witness(seen, seen.x, as_ad)
        except MaterializationError:
            return None
    chain = claim.chain()
    if chain is None:
        return None
    try:
        with np.errstate(all="ignore"):
            numerator = chain.value
    except JacobiansError:
        return None
    values = from_numerator(numerator, len(seen.of), [seen.x.ndim], "ad")
    if values.shape != (*seen.of, *seen.x.shape):
        return None
    confirmed = compare_along_directions(seen, values, float(np.finfo(float).eps))
    return as_witness(values, confirmed.noise, seen) if confirmed.verdict == "right" else None


def _resolutions(found: Comparison) -> str:
    """What each group of entries would not show."""
    told = []
    for group in found.groups[:LISTED]:
        what = "claims of zero: an entry below" if group.zero else "entries: an error below"
        of = "of the largest" if group.zero else "of a typical one"
        told.append(f"{group.places.size} {what} {group.resolution:.1e} {of} would not be seen")
    more = f"; and {len(found.groups) - LISTED} more groups" if len(found.groups) > LISTED else ""
    return f"checked along {len(found.claimed)} random directions in groups of {'; of '.join(told)}{more}"


def _with_entries(found: Comparison, seen: Observed, claim: Claim, as_ad: Array, report: Report) -> Report:
    """The entries that were located, and a factor if all directions have it."""
    shape = (*seen.of, *seen.x.shape)
    claims = as_ad.reshape(seen.centre.size, seen.x.size)
    located = []
    for column, slopes in sorted(found.wrong.items()):
        row = int(np.argmax(np.abs(claims[:, column] - slopes)))
        place = tuple(int(k) for k in np.unravel_index(row * seen.x.size + column, shape))
        located.append((place, float(claims[row, column]), float(slopes[row])))
    explanations = []
    c = factor_of(found.claimed, found.found, found.bounds)
    if c is not None and c != 1.0:
        told = f"along every direction the claim is {c:.6g} times the slope of f"
        explanations.append(Explanation(NAMES.get(c, "constant factor"), told, f"claimed / {c!r}"))
    elif located:
        listed = "; ".join(f"{list(place)}: {value:.6g} for {right:.6g}" for place, value, right in located)
        many = ", and there are more" if found.many else ""
        name = "many entries are wrong" if found.many else "correct except at listed entries"
        what = "axes of f, then of x" if seen.of else "axes of x"
        told = f"wrong at ({what}) {listed}{many}"
        explanations.append(Explanation(name, told, "jacobian(f)(x)  # or compare the entries that are listed"))
    report = replace(report, explanations=tuple(explanations))
    if not located:
        return report
    place, value, right = max(located, key=lambda one: abs(one[1] - one[2]))
    return replace(report, worst_index=place, worst_claimed=value, worst_right=right, max_error=abs(value - right))


def _undecided(found: Comparison) -> Explanation:
    if found.noise.random:
        return Explanation("f is random", *_OF_RANDOM)
    if found.kink:
        told = "along a direction the slopes of f on both sides of the point are different"
        return Explanation("the point is a kink", told, "check at another point: x + 0.01 * rng.normal(size=x.shape)")
    told = "no disagreement was seen, but an error of one entry would not show above the noise of f"
    return Explanation("f is too rough to tell", told, "compute f in double precision, or check a part of x")


_OF_RANDOM = (
    "called again with the same x, f gives other values: it has no derivative that differences of it can show",
    "draw the random numbers (a dropout mask, a sample) once, outside f, or seed the generator inside f",
)
