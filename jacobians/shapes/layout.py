"""Shapes of derivatives, and the four layouts (items 1 to 4 of the notes, and their closure).

The derivative of `Y` (axes a₁…a_k) by `X` (axes b₁…b_l) has the axes a₁…a_k, b_l…b₁: `Y` as it is, `X` reversed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import LayoutError, ShapeError
from .arguments import choice, plain_array
from .formatting import shown_value
from .sizes import Shape, Size, check_size, multiply_sizes, show_shape

LAYOUTS = ("numerator", "denominator", "ad", "vec")


def check_layout(layout: str) -> str:
    """`layout` itself, or a `LayoutError` that lists the four."""
    return choice(layout, LAYOUTS, "layout", LayoutError)


def _check_shape(shape: Sequence[Size], what: str) -> Shape:
    if isinstance(shape, str) or not isinstance(shape, Sequence):
        raise ShapeError(f"{what}: a shape is a tuple of sizes, () for a scalar; got {shown_value(shape)}")
    return tuple(check_size(size, f"{what}, axis {axis}") for axis, size in enumerate(shape))


def derivative_shape(of: Sequence[Size], wrt: Sequence[Size]) -> Shape:
    """The shape of ∂Y/∂X in numerator layout, for `of` the shape of Y and `wrt` the shape of X (items 1 to 4).

    Sizes are integers or symbols. Raises `ShapeError` for a size below 1.

    >>> derivative_shape(("p",), ("n", "m"))
    ('p', 'm', 'n')
    """
    return _check_shape(of, "shape of Y") + _check_shape(wrt, "shape of X")[::-1]


def derivative_item(of: Sequence[Size], wrt: Sequence[Size]) -> str | None:
    """The item of the notes under which ∂Y/∂X falls: "1", "1a", "1b", "2", "3", "4", or None.

    None is for what the notes do not list (scalar by scalar, matrix by vector, matrix by matrix, …); the rule of
    `derivative_shape` holds there too.

    >>> derivative_item(("p",), ("n", "m"))
    '4'
    """
    ranks = (len(_check_shape(of, "shape of Y")), len(_check_shape(wrt, "shape of X")))
    return {(1, 1): "1", (0, 1): "1a", (1, 0): "1b", (2, 0): "2", (0, 2): "3", (1, 2): "4"}.get(ranks)


def layout_shape(of: Sequence[Size], wrts: Sequence[Sequence[Size]], layout: str) -> Shape:
    """The shape in `layout` of the derivative of Y (shape `of`) by X₁, and that by X₂, … (shapes `wrts`).

    See `from_numerator` for what a layout means where a derivative is differentiated again.
    """
    match check_layout(layout):
        case "numerator":
            return tuple(of) + tuple(size for wrt in wrts for size in tuple(wrt)[::-1])
        case "denominator":
            return layout_shape(of, wrts, "numerator")[::-1]
        case "ad":
            return tuple(of) + tuple(size for wrt in wrts for size in wrt)
        case _:
            return (multiply_sizes(size for part in (of, *wrts[:-1]) for size in part), multiply_sizes(wrts[-1]))


def convert_layout(array: Any, of: Sequence[int], wrt: Sequence[int], source: str, target: str) -> np.ndarray[Any, Any]:
    """∂Y/∂X in layout `target`, from the array of it in layout `source`; `of`, `wrt`: the shapes of Y and X.

    Exact both ways: axes are permuted, and for "vec" merged with columns stacked (Magnus and Neudecker, *Matrix
    Differential Calculus*). Raises `LayoutError` for an unknown layout or an array whose shape is not that of
    `source`.

    >>> convert_layout(np.arange(6.0).reshape(1, 3, 2), (1,), (2, 3), "numerator", "ad").shape
    (1, 2, 3)
    """
    check_layout(source)
    check_layout(target)
    of_ints = _integers(of, "shape of Y")
    wrt_ints = _integers(wrt, "shape of X")
    array = plain_array(array, "convert_layout")
    expected = layout_shape(of_ints, [wrt_ints], source)
    if array.shape != expected:
        matches = [name for name in LAYOUTS if array.shape == layout_shape(of_ints, [wrt_ints], name)]
        hint = f"; it has the shape of the {' and the '.join(map(repr, matches))} layout" if matches else ""
        raise LayoutError(
            f"∂Y/∂X with Y {show_shape(of_ints)} and X {show_shape(wrt_ints)} in {source!r} layout has shape "
            f"{expected}, got an array of shape {array.shape}{hint}"
        )
    reversing = [*range(len(of_ints)), *range(len(of_ints) + len(wrt_ints) - 1, len(of_ints) - 1, -1)]
    match source:
        case "numerator":
            numerator = array
        case "denominator":
            numerator = array.transpose()
        case "vec":
            numerator = array.reshape(of_ints + wrt_ints, order="F").transpose(reversing)
        case _:
            numerator = array.transpose(reversing)
    return from_numerator(numerator, len(of_ints), [len(wrt_ints)], target)


def from_numerator(
    numerator: np.ndarray[Any, Any], rank_of: int, ranks: Sequence[int], target: str
) -> np.ndarray[Any, Any]:
    """A derivative in layout `target`, from its numerator layout: Y, X₁ reversed, X₂ reversed, …

    `rank_of` and `ranks` are the ranks of Y and of X₁, X₂, …. The layout applies to every differentiation: "ad" is
    Y, X₁, X₂, …; "denominator" the full reversal; "vec" has a row for each entry of the derivative before, transposed
    (∂vec(∇f)/∂vec(X)ᵀ for the second derivative of a scalar), and a column for each entry of the last X.
    """
    rows, columns = axes_in_layout(rank_of, ranks, target)
    permuted = numerator.transpose([*rows, *columns])
    if target != "vec":
        return permuted
    width = int(np.prod([numerator.shape[axis] for axis in columns], dtype=int))
    return permuted.reshape((numerator.size // width, width), order="F")


def axes_in_layout(rank_of: int, ranks: Sequence[int], target: str) -> tuple[list[int], list[int]]:
    """The axes of the numerator layout in the order in which `target` has them.

    For "vec" those that are merged into the rows and those that are merged into the columns, the first fastest; for
    the others all are in the first list.
    """
    groups, place = [list(range(rank_of))], rank_of
    for rank in ranks:
        groups.append(list(range(place, place + rank))[::-1])
        place += rank
    match target:
        case "numerator":
            return list(range(place)), []
        case "denominator":
            return list(range(place))[::-1], []
        case "ad":
            return [axis for group in groups for axis in group], []
        case _:
            return [axis for group in reversed(groups[:-1]) for axis in group], groups[-1]


def collapse(array: Any) -> np.ndarray[Any, Any]:
    """The notes' 3D→2D rule (item 4): 1×m×n becomes m×n, and m×1×n becomes m×n.

    Raises `ShapeError` for an array that is not of rank 3, or whose first two axes are both longer than 1.

    >>> collapse(np.zeros((1, 3, 2))).shape, collapse(np.zeros((3, 1, 2))).shape
    ((3, 2), (3, 2))
    """
    array = plain_array(array, "collapse")
    shape = tuple(int(size) for size in collapsed_shape(array.shape))
    collapsed: np.ndarray[Any, Any] = array.reshape(shape)
    return collapsed


def collapsed_shape(shape: Sequence[Size]) -> Shape:
    """What the 3D→2D rule makes of a shape; the errors are those of `collapse`."""
    if len(shape) != 3:
        raise ShapeError(f"the 3D→2D rule takes a tensor of three axes, got shape {tuple(shape)}")
    first, second, third = shape
    if first == 1:
        return (second, third)
    if second == 1:
        return (first, third)
    raise ShapeError(
        f"the 3D→2D rule of item 4 applies when the first or the second axis is 1; got {show_shape(shape)} "
        f"(first axis {first}, second axis {second})"
    )


def _integers(shape: Sequence[int], what: str) -> tuple[int, ...]:
    checked = _check_shape(shape, what)
    if not all(isinstance(size, int) for size in checked):
        raise ShapeError(f"{what}: an array has integer sizes, got {tuple(shape)}")
    return tuple(int(size) for size in checked)
