"""Broadcasting as in NumPy, where only a literal 1 stretches: symbols are equal or an error."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..errors import ShapeError
from .sizes import Shape, Size


def axis_of(label: str, rank: int, axis: int) -> str:
    """An axis by its role: the length of a vector, the rows or the columns of a matrix, or axis k.

    >>> axis_of("W", 2, 1), axis_of("T", 3, 0)
    ('the columns of W', 'axis 0 of T')
    """
    if rank == 1:
        return f"the length of {label}"
    return f"the {('rows', 'columns')[axis]} of {label}" if rank == 2 else f"axis {axis} of {label}"


def broadcast_shape(what: str, shapes: Sequence[Shape], label: Callable[[int], str]) -> Shape:
    """The shape that `shapes` broadcast to, aligned at their last axes; `label` names the k-th operand in errors."""
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[Size] = []
    for axis in range(rank):
        size: Size = 1
        holder = 0
        for k, shape in enumerate(shapes):
            own = axis - (rank - len(shape))
            if own < 0 or shape[own] == 1:
                continue
            if size == 1:
                size, holder = shape[own], k
            elif shape[own] != size:
                other = shapes[holder]
                first = axis_of(label(holder), len(other), axis - (rank - len(other)))
                raise ShapeError(
                    f"{what}: {first} (size {size}) meets {axis_of(label(k), len(shape), own)} (size {shape[own]}), "
                    f"shapes {other} and {shape}; the sizes must be equal, and only a literal 1 broadcasts"
                )
        result.append(size)
    return tuple(result)


def broadcast_indices(own: Shape, shape: Shape, fresh: Callable[[], int]) -> tuple[int, ...]:
    """The indices of an operand of shape `own` within an output 0, 1, … of `shape`; a stretched 1 gets a fresh one."""
    offset = len(shape) - len(own)
    return tuple(offset + axis if size == shape[offset + axis] else fresh() for axis, size in enumerate(own))
