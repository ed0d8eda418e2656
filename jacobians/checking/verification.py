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
from ..shapes.layout import LAYOUTS, check_layout, derivative_item, layout_shape
from .claims import Claim, subjects_of_expression, subjects_of_function
from .diagnosis import Explanation, accepted, explain_claim
from .differences import Witness, witness
from .mistakes.case import Case
from .mistakes.chain import Chain
from .reports import Report, combined

#: Allowed errors that are larger than this, relative to the largest entry, are worth a remark.
ROUGH = 1e-4


def check_derivative(
    f: Callable[..., Any] | Expression | Jacobian,
    x: Any,
    claimed: Any,
    layout: str | None = None,
    argnums: Any = None,
) -> Report:
    """Whether `claimed` is ∂f/∂x at x, in `layout` (numerator unless said): a report that names the mistake if not.

    `f` is any function of NumPy arrays; a tuple x is its several arguments. `claimed` is an array or a function of the
    same arguments that gives one; for several arguments a tuple of them, or what belongs to `argnums`. The witness
    are extrapolated differences of f (and the complex step, where both agree), and their error estimate decides. In
    numerator layout the shape is that of f(x) and then that of x reversed (items 1 to 4); (1, n) and (n,) are both
    item 1a's row. Raises `LayoutError` for an unknown layout, `ShapeError` for claims that do not fit the arguments,
    `DataError` where f or a claim gives no real numbers.

    >>> A = np.arange(6.0).reshape(2, 3)
    >>> report = check_derivative(lambda x: A @ x, np.ones(3), A.T)
    >>> report.ok, report.diagnosis
    (False, 'transposed: denominator layout')
    """
    layout = check_layout("numerator" if layout is None else layout)
    if isinstance(f, (Expression, Jacobian)):
        subjects = subjects_of_expression(f, x, claimed, argnums)
    else:
        subjects = subjects_of_function(f, x, claimed, argnums)
    if not subjects:
        raise ShapeError("check_derivative: nothing is claimed")
    cases = [_case(subject, layout) for subject in subjects]
    for place, case in enumerate(cases):
        others = {other.x: other.right for k, other in enumerate(cases) if k != place}
        cases[place] = replace(case, others=others)
    return combined([_report(case, subject) for case, subject in zip(cases, subjects, strict=True)])


def _case(subject: Claim, layout: str) -> Case:
    found: Witness = witness(subject.f, subject.point)
    sizes = dict(subject.sizes)
    for axis, size in enumerate(found.of):
        sizes.setdefault(size, f"axis {axis} of {subject.y}")
    return Case(found, subject.claimed, layout, subject.x, subject.y, sizes)


def _report(case: Case, subject: Claim) -> Report:
    fitting = accepted(case)
    item = derivative_item(case.of, case.wrt)
    report = Report(False, case.symbol, case.claimed.shape, case.right.shape, case.layout, item, np.inf, None)
    remarks: tuple[str, ...] = (fitting[1],) if fitting and fitting[1] else ()
    if float(np.max(case.tolerance)) > ROUGH * case.found.scale:
        remarks += ("f is noisy or rough here: a claim is taken for right if it is off by less than what is allowed",)
    if fitting is None:
        of, wrt = list(case.of), [list(case.wrt)]
        fits = [f'"{name}"' for name in LAYOUTS if layout_shape(of, wrt, name) == case.claimed.shape]
        report = replace(report, claimed_text=f"the shape of {' and '.join(fits)} layout" if fits else "")
    kinks = case.laid(case.found.jumps, case.layout)
    wrong = np.ones(case.right.shape, dtype=bool)
    if fitting is not None:
        report, wrong = _measured(case, fitting[0], report)
    if not np.any(wrong) and not np.any(kinks):
        return replace(report, ok=True, remarks=remarks)
    if np.any(kinks):
        return _at_a_kink(case, replace(report, remarks=remarks), fitting, kinks, wrong)
    chain = subject.chain()
    if chain is not None:
        trusted, doubt = _agrees(case, chain)
        chain, remarks = (chain if trusted else None), (*remarks, *doubt)
    if chain is not None:
        case = replace(case, sizes={**_sizes_within(chain.jacobian.numerator), **case.sizes})
    explanations = explain_claim(case, chain)
    right_text = chain.closed_form if chain else ""
    return replace(report, explanations=tuple(explanations), remarks=remarks, right_text=right_text)


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


def _measured(case: Case, claimed: Array, report: Report) -> tuple[Report, Array]:
    """The worst entry, and where the claim is wrong."""
    right, allowed = case.right, case.right_tolerance
    off = np.abs(claimed - right)
    wrong = ~(off <= allowed)
    worst = np.where(np.isnan(off), np.inf, off)
    worst = np.where(wrong, worst, -1.0) if np.any(wrong) else worst
    at = np.unravel_index(int(np.argmax(worst)), right.shape)
    index = np.unravel_index(int(np.argmax(worst)), case.claimed.shape)
    report = replace(
        report,
        max_error=float(worst[at]),
        worst_index=tuple(int(k) for k in index),
        worst_claimed=float(claimed[at]),
        worst_right=float(right[at]),
        estimate=float(case.laid(case.found.errors, case.layout)[at]),
        tolerance=float(allowed[at]),
    )
    return report, wrong


def _at_a_kink(case: Case, report: Report, fitting: tuple[Array, str] | None, kinks: Array, wrong: Array) -> Report:
    """At a kink there is no derivative. The claim may still be wrong elsewhere, and that comes first then."""
    sharp = kinks != 0.0
    at = tuple(int(k) for k in np.argwhere(sharp)[0])
    value = None if fitting is None else float(fitting[0][at])
    told = f"{_told_of_kink(float(case.right[at]), float(kinks[at]), value)} (at {list(at)}"
    told += f", the first of {int(np.sum(sharp))} such entries)" if np.sum(sharp) > 1 else ")"
    kink = Explanation("the point is a kink", told, "check at another point: x + 0.01 * rng.normal(size=x.shape)")
    if value is None or np.any(wrong & ~sharp):
        return replace(report, explanations=(*explain_claim(case), kink))
    place = np.unravel_index(np.ravel_multi_index(at, case.right.shape), case.claimed.shape) if at else ()
    return replace(
        report,
        explanations=(kink,),
        worst_index=tuple(int(k) for k in place),
        worst_claimed=value,
        worst_right=float(case.right[at]),
        max_error=abs(value - float(case.right[at])),
    )


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
