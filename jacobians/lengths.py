"""The size of an axis as a number in an expression: what a mean divides by when the size is symbolic."""

from __future__ import annotations

from typing import final

from .expression import Expression, intern
from .sizes import Size


@final
class Length(Expression):
    """A scalar: the value of a symbolic size, known when sizes are bound."""

    __slots__ = ("length",)
    length: Size

    @classmethod
    def of(cls, length: Size) -> Length:
        def fill(node: Length) -> None:
            node.length, node.shape = length, ()

        return intern(cls, (length,), fill)


def length_of(size: Size) -> Length:
    """The number that `size` stands for, as a scalar."""
    return Length.of(size)
