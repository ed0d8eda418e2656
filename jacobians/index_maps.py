"""Index maps: linear, but no einsum. What they do to an expression is a concatenation, a slice, an embedding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from .errors import ShapeError
from .expression import Expression, intern
from .sizes import Size, add_sizes


@final
class Concatenate(Expression):
    """`parts` one after the other along `axis`."""

    __slots__ = ("axis", "parts")
    parts: tuple[Expression, ...]
    axis: int

    @classmethod
    def of(cls, parts: Sequence[Expression], axis: int) -> Concatenate:
        parts = tuple(parts)
        rests = {part.shape[:axis] + part.shape[axis + 1 :] for part in parts}
        if len(rests) != 1:
            raise ShapeError(
                f"concatenating along axis {axis}: the other axes differ, shapes {[part.shape for part in parts]}"
            )
        length = add_sizes(*(part.shape[axis] for part in parts))
        shape = parts[0].shape

        def fill(node: Concatenate) -> None:
            node.parts, node.axis = parts, axis
            node.shape = (*shape[:axis], length, *shape[axis + 1 :])

        return intern(cls, (axis, tuple(part.serial for part in parts)), fill)

    @property
    def children(self) -> tuple[Expression, ...]:
        return tuple(dict.fromkeys(self.parts))

    def starts(self) -> tuple[Size, ...]:
        """Where each part begins."""
        starts: list[Size] = [0]
        for part in self.parts[:-1]:
            starts.append(add_sizes(starts[-1], part.shape[self.axis]))
        return tuple(starts)


@final
class Slice(Expression):
    """`length` entries of `body` from `start` on, along `axis`."""

    __slots__ = ("axis", "body", "length", "start")
    body: Expression
    axis: int
    start: Size
    length: Size

    @classmethod
    def of(cls, body: Expression, axis: int, start: Size, length: Size) -> Expression:
        if start == 0 and length == body.shape[axis]:
            return body
        if isinstance(body, Slice) and body.axis == axis:
            return cls.of(body.body, axis, add_sizes(body.start, start), length)
        if isinstance(body, Concatenate) and body.axis == axis:
            for part, begin in zip(body.parts, body.starts(), strict=True):
                if begin == start and part.shape[axis] == length:
                    return part

        def fill(node: Slice) -> None:
            node.body, node.axis, node.start, node.length = body, axis, start, length
            node.shape = (*body.shape[:axis], length, *body.shape[axis + 1 :])

        return intern(cls, (body.serial, axis, start, length), fill)

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.body,)


@final
class Selector(Expression):
    """The 0/1 matrix E with E[start + j, j] = 1: the embedding of `small` entries in `big`, from `start` on."""

    __slots__ = ("start",)
    start: Size

    @classmethod
    def of(cls, big: Size, small: Size, start: Size) -> Selector:
        def fill(node: Selector) -> None:
            node.shape, node.start = (big, small), start

        return intern(cls, (big, small, start), fill)
