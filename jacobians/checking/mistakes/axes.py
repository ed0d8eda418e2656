"""Mistakes that move axes: layouts, vec, reshaping, tensor products and Kronecker products."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np

from ...expressions.nodes import Array
from .case import Candidate, Case, Mistake, show

#: Permutations of more axes than this are not tried.
MOST_AXES = 4


Stacking = Literal["C", "F"]
#: C is what NumPy does, rows stacked; F is vec, columns stacked.
STACKED: tuple[tuple[Stacking, str], ...] = (("C", "rows"), ("F", "columns"))


def _moving(
    axes: Sequence[int], shape: tuple[int, ...] | None = None, order: Stacking = "C"
) -> Callable[[Array], Array]:
    """The map that brings axes into an order, and then merges or splits them."""

    def move(ad: Array) -> Array:
        moved: Array = ad.transpose(axes)
        return moved if shape is None else np.reshape(moved, shape, order=order)

    return move


def _in_layout(case: Case, layout: str, evidence: str) -> Iterator[Candidate]:
    if case.layout == layout:
        return
    fix = case.into("claimed", "vec") if layout == "vec" else case.restoring(case.order(layout))
    yield case.made(lambda ad: case.laid(ad, layout), evidence, fix)


def _transposed(case: Case) -> Iterator[Candidate]:
    evidence = "the axes of the claim are those of the right derivative, reversed: x first, then y reversed"
    if case.layout == "numerator" and case.right.ndim == 1:
        column = case.wrt != ()
        yield case.made(lambda ad: ad[:, None] if column else ad[None], evidence, "claimed.T", oriented=True)
        return
    yield from _in_layout(case, "denominator", evidence)
    if case.layout == "denominator":
        yield from _in_layout(case, "numerator", evidence.replace("x first, then y reversed", "y first, then x"))


def _ad(case: Case) -> Iterator[Candidate]:
    yield from _in_layout(
        case, "ad", "the axes of the claim are those of y and then those of x as they are, not reversed"
    )


def _numerator(case: Case) -> Iterator[Candidate]:
    yield from _in_layout(case, "numerator", "the claim is right in numerator layout: y, then x reversed")


def _gradient(case: Case) -> Iterator[Candidate]:
    if case.of or not case.wrt or case.layout not in ("numerator", "vec"):
        return
    if len(case.wrt) == 1:
        make = lambda ad: ad[:, None]  # noqa: E731
        text = "a column; the derivative of a scalar with respect to a vector is the row (∇f)ᵀ (item 1a)"
        yield case.made(make, f"the claim is the gradient, {text}", "claimed.T", oriented=True)
    else:
        text = "which has the shape of x; the derivative of a scalar with respect to a matrix is its transpose (item 3)"
        yield case.made(lambda ad: ad, f"the claim is the gradient, {text}", case.restoring(tuple(range(case.ad.ndim))))


def _row_for_column(case: Case) -> Iterator[Candidate]:
    wanted = {
        "numerator": (len(case.of), len(case.wrt)) == (1, 0),
        "denominator": (len(case.of), len(case.wrt)) == (0, 1),
    }
    if wanted.get(case.layout, False):
        what = "the derivative of a vector with respect to a scalar" if case.of else "in denominator layout a gradient"
        yield case.made(lambda ad: ad[None], f"the claim is a row, and {what} is a column", "claimed.T", oriented=True)


def _vec_columns(case: Case) -> Iterator[Candidate]:
    evidence = "the claim is the matrix ∂vec(y)/∂vec(x)ᵀ, columns stacked (Magnus and Neudecker)"
    yield from _in_layout(case, "vec", evidence)


def _matrix_shape(case: Case) -> tuple[int, int]:
    return (int(np.prod(case.of, dtype=int)), int(np.prod(case.wrt, dtype=int)))


def _vec_rows(case: Case) -> Iterator[Candidate]:
    if max(len(case.of), len(case.wrt)) < 2:
        return
    code = case.restoring(tuple(range(case.ad.ndim)), f"claimed.reshape{case.ad.shape}")
    evidence = (
        "the claim is a matrix with a row for each entry of y and a column for each of x, rows stacked (NumPy's ravel)"
    )
    yield case.made(_moving(range(case.ad.ndim), _matrix_shape(case)), evidence, code)


def _vec_transposed(case: Case) -> Iterator[Candidate]:
    if max(len(case.of), len(case.wrt)) < 2:
        return
    axes = tuple(range(case.ad.ndim))
    for order, stacked in STACKED:
        evidence = f"the claim is the transpose of ∂vec(y)/∂vec(x)ᵀ, {stacked} stacked"
        text = case.restoring(axes, f"claimed.T.reshape({case.ad.shape}, order={order!r})")
        stack = _moving(axes, _matrix_shape(case), order)
        yield Candidate(stack(case.ad).T, stack(case.tolerance).T, evidence, text)


def _flattened(case: Case) -> Iterator[Candidate]:
    if case.ad.ndim < 2:
        return
    for layout, (order, stacked) in itertools.product(("ad", "numerator"), STACKED):
        axes = case.order(layout)
        shape = tuple(case.ad.shape[axis] for axis in axes)
        code = case.restoring(axes, f"claimed.reshape({shape}, order={order!r})")
        evidence = f"the claim is one long vector: the {layout} layout with its {stacked} stacked"
        yield case.made(_moving(axes, (case.ad.size,), order), evidence, code)


def _reshaped(case: Case) -> Iterator[Candidate]:
    target = case.right.shape
    for layout in ("ad", "denominator", "numerator"):
        axes = case.order(layout)
        shape = tuple(case.ad.shape[axis] for axis in axes)
        if shape == target or layout == case.layout:
            continue
        evidence = (
            f"the claim has the shape that is right, and its entries are those of the {layout} layout "
            f"({show(shape)}) poured into it: a reshape renames places, a transpose moves entries"
        )
        for order, _ in STACKED:
            code = case.restoring(axes, f"claimed.reshape({shape}, order={order!r})")
            yield case.made(_moving(axes, target, order), evidence, code)


def _permutations(case: Case) -> Iterator[tuple[int, ...]]:
    if case.ad.ndim <= MOST_AXES and case.layout != "vec":
        known = {case.order(layout) for layout in ("numerator", "ad", "denominator")}
        yield from (axes for axes in itertools.permutations(range(case.ad.ndim)) if axes not in known)


def _products_exchanged(case: Case) -> Iterator[Candidate]:
    """Y ⊗ x has the axes of x ⊗ Y, the first two exchanged (items 6 and 7)."""
    if case.ad.ndim != 3 or case.layout != "numerator":
        return
    axes = case.order("numerator")
    for place, (found, other) in enumerate(
        (("x ⊗ Y (item 6)", "Y ⊗ x (item 7)"), ("Y ⊗ x (item 7)", "x ⊗ Y (item 6)"))
    ):
        if any(one == (axes[place],) for one, _ in case.separable):
            exchanged = (axes[1], axes[0], axes[2])
            evidence = f"the right derivative is a product {found}, a vector and a matrix, and the claim is {other}"
            yield case.made(_moving(exchanged), evidence, case.restoring(exchanged))


def _reversed(case: Case) -> Iterator[Candidate]:
    """Every axis from its end to its start: what a flipped kernel makes of a convolution, and of its own gradient."""
    if 1 <= case.ad.ndim <= 2:
        evidence = "the claim is the right derivative with its axes from end to start: that of a kernel that is flipped"
        yield case.made(np.flip, evidence, "np.flip(claimed)")


def _permuted(case: Case) -> Iterator[Candidate]:
    right = case.order(case.layout) if case.layout != "vec" else ()
    for axes in _permutations(case):
        places = tuple(right.index(axis) for axis in axes)
        evidence = f"the axes of the claim are those of the right derivative in the order {places}"
        yield case.made(_moving(axes), evidence, case.restoring(axes))


def _kronecker(case: Case) -> Iterator[Candidate]:
    """Every way to merge neighbouring axes into the rows and the columns of a matrix."""
    if not 3 <= case.ad.ndim <= MOST_AXES or not case.separable:
        return
    for axes in itertools.permutations(range(case.ad.ndim)):
        shape = tuple(case.ad.shape[axis] for axis in axes)
        for split in range(1, case.ad.ndim):
            matrix = (int(np.prod(shape[:split], dtype=int)), int(np.prod(shape[split:], dtype=int)))
            evidence = (
                "the right derivative is a tensor product, and the claim has its entries as a matrix, as the Kronecker "
                "product np.kron has them: axes are merged"
            )
            yield case.made(_moving(axes, matrix), evidence, case.restoring(axes, f"claimed.reshape{shape}"))


def _single(case: Case) -> Iterator[Candidate]:
    """Right but for axes of size 1."""
    squeezed, right = ([size for size in shape if size != 1] for shape in (case.claimed.shape, case.right.shape))
    if squeezed == right and case.claimed.shape != case.right.shape:
        evidence = f"the entries are right, and axes of size 1 are added or dropped: {show(case.right.shape)} is right"
        value, tolerance = (one.reshape(case.claimed.shape) for one in (case.right, case.right_tolerance))
        yield Candidate(value, tolerance, evidence, f"claimed.reshape{case.right.shape}", oriented=True)


LAYOUT_MISTAKES = (
    Mistake("column given for row: the gradient for the derivative", _gradient),
    Mistake("row given for column", _row_for_column),
    Mistake("transposed: denominator layout", _transposed),
    Mistake('axis order of "ad" (JAX, PyTorch)', _ad),
    Mistake("numerator layout", _numerator),
    Mistake("vec with columns stacked", _vec_columns),
    Mistake("vec with rows stacked", _vec_rows),
    Mistake("vec, transposed", _vec_transposed),
)
AXIS_MISTAKES = (
    Mistake("reshaped instead of transposed", _reshaped),
    Mistake("Y ⊗ x for x ⊗ Y: the factors of a tensor product exchanged", _products_exchanged),
    Mistake("Kronecker product for tensor product", _kronecker),
    Mistake("flattened", _flattened),
    Mistake("axes reversed: kernel flipped", _reversed),
)
#: Tried where nothing above explains a claim.
GENERAL_AXIS_MISTAKES = (
    Mistake("axes of size 1 added or dropped", _single),
    Mistake("axes exchanged", _permuted),
)
