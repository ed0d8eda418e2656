"""`check_derivative`: is a claimed derivative right, and if not, what was done?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..differentiation.jacobian_tensor import Jacobian
from ..errors import JacobiansError, ShapeError
from ..expressions.nodes import Array, Expression
from ..expressions.walks import walk
from ..shapes.layout import LAYOUTS, check_layout, convert_layout, derivative_item, layout_shape
from .claims import Claim, claims_about_expression, claims_about_function
from .diagnosis import Explanation, accepted, explain_claim
from .differences import Witness, witness
from .large import ENTRIES, MOST, compared, right_derivative
from .mistakes.case import Case
from .mistakes.chain import Chain
from .observed import Observed
from .reports import Report, combined
from .verdicts import TOLD, Verdicts, judge, tells

#: Bounds that are larger than this, relative to the largest entry, are worth a remark.
ROUGH = 1e-5
#: As many entries are listed.
LISTED = 4


def check_derivative(
    f: Callable[..., Any] | Expression | Jacobian,
    x: Any,
    claimed: Any,
    layout: str | None = None,
    argnums: Any = None,
) -> Report:
    """Whether `claimed` is ∂f/∂x at x, in `layout` (numerator unless said): a report that names the mistake if not.

    `f` is any function of NumPy arrays, and may give an array of JAX or PyTorch; a tuple x is its several arguments.
    `claimed` is an array or a function of the same arguments that gives one; for several arguments a tuple of them, or
    what belongs to `argnums`. The witness are differences of f, each with a bound on its error, which the noise of f
    enters: `verdict` is "right", "wrong", or "undecided" where f is too rough to tell. In numerator layout the shape is
    that of f(x) and then that of x reversed (items 1 to 4); (1, n) and (n,) are both item 1a's row. Raises
    `LayoutError` for an unknown layout, `ShapeError` for claims that do not fit the arguments, `DataError` where f or a
    claim gives no real numbers.


    >>> A = np.arange(6.0).reshape(2, 3)
    >>> report = check_derivative(lambda x: A @ x, np.ones(3), A.T)
    >>> report.verdict, report.diagnosis
    ('wrong', 'transposed: denominator layout')
    """
    layout = check_layout("numerator" if layout is None else layout)
    if isinstance(f, (Expression, Jacobian)):
        claims = claims_about_expression(f, x, claimed, argnums)
    else:
        claims = claims_about_function(f, x, claimed, argnums)
    if not claims:
        raise ShapeError("check_derivative: nothing is claimed")
    examined = [_examined(claim, layout) for claim in claims]
    derivatives = {claim.x: one.right for claim, one in zip(claims, examined, strict=True) if isinstance(one, Case)}
    reports = []
    for claim, one in zip(claims, examined, strict=True):
        others = {x: right for x, right in derivatives.items() if x != claim.x}
        reports.append(one if isinstance(one, Report) else _report(replace(one, others=others), claim))
    return combined(reports)


def _examined(claim: Claim, layout: str) -> Case | Report:
    """The claim beside the right derivative; of a claim with many entries the report, if that is not needed."""
    seen = Observed(claim.f, claim.point)
    of, wrt = seen.of, claim.point.shape
    fitting = accepted(claim.claimed.shape, of, wrt, layout)
    as_ad = None if fitting is None else convert_layout(claim.claimed.reshape(fitting[0]), of, wrt, layout, "ad")
    if claim.point.size <= ENTRIES:
        return _case(claim, witness(seen, claim.point, as_ad), layout)
    right_shape = tuple(int(size) for size in layout_shape(list(of), [list(wrt)], layout))
    symbol, item = f"∂{claim.y}/∂{claim.x}", derivative_item(of, wrt)
    report = Report("wrong", symbol, claim.claimed.shape, right_shape, layout, item, np.inf, None)
    if fitting is not None and as_ad is not None:
        found, report = compared(seen, claim, as_ad, replace(report, remarks=tuple(filter(None, fitting[1:]))))
        if found.verdict != "wrong" or not np.all(np.isfinite(as_ad)):
            return report
    if fitting is None and claim.point.size > MOST:
        told = "no difference of f was taken: the shape decides"
        return replace(report, claimed_text=_fitting_layouts(report, of, wrt), remarks=(told,))
    right = right_derivative(seen, claim, as_ad)
    if right is not None:
        return _case(claim, right, layout)
    return report if fitting is not None else replace(report, claimed_text=_fitting_layouts(report, of, wrt))


def _case(claim: Claim, found: Witness, layout: str) -> Case:
    sizes = dict(claim.sizes)
    for axis, size in enumerate(found.of):
        sizes.setdefault(size, f"axis {axis} of {claim.y}")
    return Case(found, claim.claimed, layout, claim.x, claim.y, sizes)


def _fitting_layouts(report: Report, of: tuple[int, ...], wrt: tuple[int, ...]) -> str:
    """The layouts that have the shape of the claim."""
    fits = [f'"{name}"' for name in LAYOUTS if accepted(report.claimed_shape, of, wrt, name) is not None]
    return f"the shape of {' and '.join(fits)} layout" if fits else ""


def _report(case: Case, claim: Claim) -> Report:
    fitting = accepted(case.claimed.shape, case.of, case.wrt, case.layout)
    item = derivative_item(case.of, case.wrt)
    report = Report("wrong", case.symbol, case.claimed.shape, case.right.shape, case.layout, item, np.inf, None)
    report = replace(report, remarks=_remarks(case, fitting))
    if fitting is None:
        report = replace(report, claimed_text=_fitting_layouts(report, case.of, case.wrt))
        return _explained(case, report, claim, _kinks(case, None))
    shaped = case.claimed.reshape(fitting[0])
    as_ad = convert_layout(shaped, case.of, case.wrt, case.layout, "ad")
    verdicts = judge(case.found, as_ad, case.eps)
    wrong, open_ = (case.laid(one, case.layout) for one in (verdicts.wrong, verdicts.open))
    report = replace(_measured(case, shaped, report, wrong, open_), verdict=verdicts.verdict)
    if report.ok:
        return report
    if case.found.noise.random and report.verdict == "undecided":
        return replace(report, explanations=(_random(case),))
    doubts = _kinks(case, shaped)
    if report.verdict == "undecided":
        return replace(report, explanations=doubts or (_too_rough(case, as_ad, verdicts),))
    return _explained(case, report, claim, doubts)


def _remarks(case: Case, fitting: tuple[tuple[int, ...], str] | None) -> tuple[str, ...]:
    remarks: tuple[str, ...] = (fitting[1],) if fitting and fitting[1] else ()
    found = case.found
    known = np.where(np.isfinite(found.bounds), found.bounds, 0.0)
    if float(np.max(known, initial=0.0)) > ROUGH * found.scale > 0.0:
        remarks += ("f is noisy or rough here: differences are good to the error that is given, and no better",)
    if found.one_sided:
        remarks += ("f has values on one side of the point only: the derivative is that from this side",)
    return remarks


def _explained(case: Case, report: Report, claim: Claim, doubts: tuple[Explanation, ...]) -> Report:
    """The report with the mistakes that reproduce the claim, and the right derivative as a formula."""
    chain, remarks = claim.chain(), report.remarks
    if chain is not None:
        trusted, doubt = _agrees(case, chain)
        chain, remarks = (chain if trusted else None), (*remarks, *doubt)
    if chain is not None:
        case = replace(case, sizes={**_sizes_within(chain.jacobian.numerator), **case.sizes})
    explanations = (*explain_claim(case, chain), *doubts)
    right_text = chain.closed_form if chain else ""
    return replace(report, explanations=explanations, remarks=remarks, right_text=right_text)


def _sizes_within(y: Expression) -> dict[int, str]:
    """The sizes of all that y is computed from: a batch may be among what f has of its own."""
    return {
        int(size): "an axis of what f is computed from"
        for node in walk([y])
        for size in node.shape
        if isinstance(size, int)
    }


def _agrees(case: Case, chain: Chain) -> tuple[bool, tuple[str, ...]]:
    """Whether differences confirm the derivative that tracing f gave; a remark if they do not."""
    try:
        with np.errstate(all="ignore"):
            value = chain.value
    except JacobiansError:
        return False, ()
    numerator, allowed = case.laid(case.ad, "numerator"), case.laid(case.tolerance, "numerator")
    if value.shape == numerator.shape and bool(np.all(np.abs(value - numerator) <= allowed)):
        return True, ()
    return False, (
        "called with expressions, f has another derivative than differences find: it does not do the same with arrays. "
        "The differences are taken",
    )


def _measured(case: Case, claimed: Array, report: Report, wrong: Array, open_: Array) -> Report:
    """The worst entry: the largest error where the claim is wrong, or else cannot be told, or else is right."""
    right = case.right
    with np.errstate(invalid="ignore"):
        off = np.abs(claimed - right)
    off = np.where(np.isnan(off), np.inf, off)
    among = wrong if np.any(wrong) else open_ if np.any(open_) else np.ones(right.shape, dtype=bool)
    at = np.unravel_index(int(np.argmax(np.where(among, off, -1.0))), right.shape)
    index = np.unravel_index(int(np.ravel_multi_index(at, right.shape)) if right.ndim else 0, case.claimed.shape)
    return replace(
        report,
        max_error=float(off[at]),
        worst_index=tuple(int(k) for k in index),
        worst_claimed=float(claimed[at]),
        worst_right=float(right[at]),
        estimate=float(case.laid(case.found.bounds, case.layout)[at]),
        tolerance=float(case.right_tolerance[at]),
    )


def _kinks(case: Case, claimed: Array | None) -> tuple[Explanation, ...]:
    """At a kink there is no derivative: what there is on both sides."""
    kinks = case.laid(case.found.jumps, case.layout)
    sharp = kinks != 0.0
    if not np.any(sharp):
        return ()
    at = tuple(int(k) for k in np.argwhere(sharp)[0])
    value = None if claimed is None else float(claimed[at])
    told = f"{_told_of_kink(float(case.right[at]), float(kinks[at]), value)} (at {list(at)}"
    told += f", the first of {int(np.sum(sharp))} such entries)" if np.sum(sharp) > 1 else ")"
    return (Explanation("the point is a kink", told, "check at another point: x + 0.01 * rng.normal(size=x.shape)"),)


def _told_of_kink(middle: float, jump: float, claimed: float | None) -> str:
    """The derivatives from both sides, and where the claim lies."""
    if not np.isfinite(jump):
        return "f jumps at this point or has no finite slope: there is no derivative"
    left, right = middle - jump / 2, middle + jump / 2
    told = f"f has a kink at this point or beside it, {left:.6g} from the left and {right:.6g} from the right"
    if claimed is None:
        return told
    inside = min(left, right) - 1e-6 * abs(jump) <= claimed <= max(left, right) + 1e-6 * abs(jump)
    return f"{told}; the claimed {claimed:.6g} is {'between them, a subgradient' if inside else 'not between them'}"


def _random(case: Case) -> Explanation:
    spread = case.found.noise.spread
    return Explanation(
        "f is random",
        f"called again with the same x, f gives other values (they differ by {spread:.1e} of themselves): it has no "
        "derivative that differences of it can show",
        "draw the random numbers (a dropout mask, a sample) once, outside f, or seed the generator inside f",
    )


def _too_rough(case: Case, claimed: Array, verdicts: Verdicts) -> Explanation:
    """Which entries cannot be told, and how far they are known."""
    found = case.found
    bounds = case.laid(found.bounds, case.layout)
    places = np.argwhere(case.laid(verdicts.open, case.layout))
    right = case.right
    shown = [tuple(int(k) for k in place) for place in places[:LISTED]]
    listed = "; ".join(f"{list(place)}: {right[place]:.6g} ± {bounds[place]:.1e}" for place in shown)
    more = f"; and {len(places) - LISTED} more" if len(places) > LISTED else ""
    magnitude = np.max(np.abs(found.noise.sigma / np.where(found.noise.size > 0.0, found.noise.size, np.inf)))
    known = np.all(tells(found, claimed, case.eps) | ~verdicts.open)
    why = (
        "the claim differs from the differences by no more than its own rounding may explain"
        if known
        else f"entries are told where they are known to {TOLD:g} of themselves; the noise of f is {magnitude:.1e} of "
        "its value"
    )
    return Explanation(
        "f is too rough to tell",
        f"{len(places)} of {right.size} entries cannot be told: {listed}{more}. In short: {why}",
        "compute f in double precision, or check at a point where it is better conditioned",
    )
