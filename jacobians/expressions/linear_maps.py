"""Structured linear maps: running sums and windows, as operators with their transposes.

`Accumulate` is the running sum of `np.cumsum`, from either end. Its Jacobian holds a `RunningSum` L, the triangle of
ones L[i, j] = 1 for i ≥ j; a product with L along one axis is a running sum, with its transpose one from the other end,
so that L is written out only where it is a result.

`Windows` shows an axis as all its windows, W[i, j] = x[i + j]: a view. Contracted with a kernel over j it is a
correlation. Its Jacobian holds a `WindowMap` E[k, i, j] = 1 where k = i + j, an index map; a product with E over i and
j is a convolution, which is a product with windows again.
"""

from __future__ import annotations

from typing import Any, final

from ..shapes.sizes import Size, add_sizes, multiply_sizes
from .index_maps import IndexMap, Rearranged, Take, is_zero
from .nodes import Change, EinsumSum, Expression, intern
from .picks import Pick


@final
class Accumulate(Expression):
    """The running sum of `body` along `axis`; `backward` from its end."""

    __slots__ = ("axis", "backward", "body")
    body: Expression
    axis: int
    backward: bool

    @classmethod
    def of(cls, body: Expression, axis: int, backward: bool = False) -> Expression:
        if is_zero(body) or body.shape[axis] == 1:
            return body

        def fill(node: Accumulate) -> None:
            node.body, node.axis, node.backward, node.shape = body, axis, backward, body.shape

        return intern(cls, (body.serial, axis, backward), fill)

    def made_of(self) -> tuple[Any, ...]:
        return self.body, self.axis, self.backward

    rebuild = of  # type: ignore[assignment]

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.body,)

    def with_children(self, new: Change) -> Expression:
        return Accumulate.of(new(self.body), self.axis, self.backward)


@final
class RunningSum(Expression):
    """The triangle of ones, L[i, j] = 1 where i ≥ j."""

    __slots__ = ()

    @classmethod
    def of(cls, size: Size) -> RunningSum:
        def fill(node: RunningSum) -> None:
            node.shape = (size, size)

        return intern(cls, size, fill)

    def made_of(self) -> tuple[Any, ...]:
        return (self.shape[0],)

    rebuild = of


@final
class Windows(Rearranged):
    """The axis `axis` of `body` as its windows of `width` entries: two axes, entry (i, j) is entry i + j."""

    __slots__ = ("axis", "body", "width")
    body: Expression
    axis: int
    width: Size

    @classmethod
    def of(cls, body: Expression, axis: int, width: Size) -> Expression:
        count = add_sizes(body.shape[axis], 1, multiply_sizes([-1, width]))
        shape = (*body.shape[:axis], count, width, *body.shape[axis + 1 :])
        if is_zero(body):
            return EinsumSum.of((), shape)

        def fill(node: Windows) -> None:
            node.body, node.axis, node.width, node.shape = body, axis, width, shape

        return intern(cls, (body.serial, axis, width), fill)

    def made_of(self) -> tuple[Any, ...]:
        return self.body, self.axis, self.width

    rebuild = of  # type: ignore[assignment]

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.body,)

    def with_children(self, new: Change) -> Expression:
        return Windows.of(new(self.body), self.axis, self.width)

    def taken(self, axis: int, pick: Pick) -> Expression | None:
        """A run of the windows is all windows of a run."""
        if axis != self.axis or not pick.is_slice or pick.step != 1:
            return None
        run = Pick(pick.start, add_sizes(pick.length, self.width, -1))
        return Windows.of(Take.of(self.body, axis, run), axis, self.width)


@final
class WindowMap(IndexMap):
    """E[k, i, j] = 1 where k = i + j."""

    __slots__ = ()

    @classmethod
    def of(cls, count: Size, width: Size) -> WindowMap:
        def fill(node: WindowMap) -> None:
            node.shape = (add_sizes(count, width, -1), count, width)

        return intern(cls, (count, width), fill)

    def made_of(self) -> tuple[Any, ...]:
        return self.shape[1:]

    rebuild = of

    def restrict(self, operand: Expression, axis: int) -> Expression:
        return Windows.of(operand, axis, self.shape[2])
