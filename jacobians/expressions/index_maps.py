"""Index maps: linear, but no einsum.

`Concatenate`, `Take` (a slice, or listed entries, along one axis), `Merge` and `Split` (of axes, in C order) are what
they do to an expression. The Jacobian of one holds an `IndexMap` E, a tensor of zeros and ones: E[i, j…] is 1 where
entry i of one long axis is entry j… of the short ones. It is never multiplied: an operand that has the long axis is
restricted to what E selects, and where the long axis is one of the output, the result is written through a view.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from ..errors import ShapeError
from ..shapes.sizes import Shape, Size, add_sizes, multiply_sizes
from .nodes import EinsumSum, Expression, intern
from .picks import Pick


def is_zero(expression: Expression) -> bool:
    """Whether an expression is the sum of no terms."""
    return isinstance(expression, EinsumSum) and not expression.terms


class Rearranged(Expression):
    """A node that holds entries of its children in another arrangement."""

    __slots__ = ()

    def taken(self, axis: int, pick: Pick) -> Expression | None:
        """What `pick` takes of this node along `axis`, where that is something simpler than an entry of the node."""
        return None


@final
class Concatenate(Rearranged):
    """`parts` one after the other along `axis`."""

    __slots__ = ("_places", "axis", "parts")
    parts: tuple[Expression, ...]
    axis: int
    _places: dict[Pick, int] | None  # where each part is, once somebody asked

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
            node.parts, node.axis, node._places = parts, axis, None
            node.shape = (*shape[:axis], length, *shape[axis + 1 :])

        return intern(cls, (axis, tuple(part.serial for part in parts)), fill)

    def made_of(self) -> tuple[Any, ...]:
        return self.parts, self.axis

    rebuild = of

    @property
    def children(self) -> tuple[Expression, ...]:
        return tuple(dict.fromkeys(self.parts))

    def starts(self) -> tuple[Size, ...]:
        """Where each part begins."""
        starts: list[Size] = [0]
        for part in self.parts[:-1]:
            starts.append(add_sizes(starts[-1], part.shape[self.axis]))
        return tuple(starts)

    def taken(self, axis: int, pick: Pick) -> Expression | None:
        """A part, if it is picked as it is."""
        if axis != self.axis:
            return None
        if self._places is None:
            runs = zip(self.starts(), self.parts, strict=True)
            self._places = {Pick(start, part.shape[self.axis]): k for k, (start, part) in enumerate(runs)}
        place = self._places.get(pick)
        return None if place is None else self.parts[place]


def _room(whole: Size, pick: Pick) -> tuple[Size, Size]:
    """How many entries of an axis of size `whole` lie before, and how many behind, the run that is picked."""
    run = multiply_sizes([add_sizes(pick.length, -1), pick.step])
    first, last = (pick.start, add_sizes(pick.start, run))[:: 1 if pick.step > 0 else -1]
    return first, add_sizes(whole, -1, multiply_sizes([-1, last]))


def _tells_of(both: Pick, inner: tuple[Size, Pick], outer: tuple[Size, Pick]) -> bool:
    """Whether a pick that exists tells that the two that it is made of exist.

    x[1:-1][1] is x[2], and of an x of three entries only x[2] exists. Where the sizes are symbols the places are
    compared when they are bound; a slice with known ends may be cut off by its axis, as in NumPy.
    """
    whole, first = inner
    if isinstance(whole, int) or both.indices is not None:
        return True
    known = _room(whole, both)
    needed = [] if isinstance(first.length, int) and isinstance(first.start, int) else [*_room(*inner)]
    if not isinstance(first.length, int):
        needed += _room(*outer)
    gaps = [[one, *(add_sizes(one, multiply_sizes([-1, other])) for other in known)] for one in needed]
    return all(any(isinstance(size, int) and size >= 0 for size in gap) for gap in gaps)


@final
class Take(Rearranged):
    """The entries of `body` that `pick` picks along `axis`."""

    __slots__ = ("axis", "body", "pick")
    body: Expression
    axis: int
    pick: Pick

    @classmethod
    def of(cls, body: Expression, axis: int, pick: Pick) -> Expression:
        whole = body.shape[axis]
        if pick.is_whole(whole):
            return body
        if isinstance(body, Rearranged) and (inner := body.taken(axis, pick)) is not None:
            return inner

        shape = (*body.shape[:axis], pick.length, *body.shape[axis + 1 :])
        if is_zero(body):
            return EinsumSum.of((), shape)

        def fill(node: Take) -> None:
            node.body, node.axis, node.pick, node.shape = body, axis, pick, shape

        return intern(cls, (body.serial, axis, pick), fill)

    def taken(self, axis: int, pick: Pick) -> Expression | None:
        """Two picks along one axis, as one."""
        both = self.pick.then(pick) if axis == self.axis else None
        if both is None or not _tells_of(both, (self.body.shape[axis], self.pick), (self.shape[axis], pick)):
            return None
        return Take.of(self.body, axis, both)

    def made_of(self) -> tuple[Any, ...]:
        return self.body, self.axis, self.pick

    rebuild = of  # type: ignore[assignment]

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.body,)


@final
class Merge(Expression):
    """`count` axes of `body`, from `axis` on, as one, in C order."""

    __slots__ = ("axis", "body", "count")
    body: Expression
    axis: int
    count: int

    @classmethod
    def of(cls, body: Expression, axis: int, count: int) -> Expression:
        sizes = body.shape[axis : axis + count]
        if isinstance(body, Split) and body.axis == axis and body.shape[axis : axis + len(body.sizes)] == sizes:
            return body.body

        shape = (*body.shape[:axis], multiply_sizes(sizes), *body.shape[axis + count :])
        if is_zero(body):
            return EinsumSum.of((), shape)

        def fill(node: Merge) -> None:
            node.body, node.axis, node.count, node.shape = body, axis, count, shape

        return intern(cls, (body.serial, axis, count), fill)

    def made_of(self) -> tuple[Any, ...]:
        return self.body, self.axis, self.count

    rebuild = of  # type: ignore[assignment]

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.body,)


@final
class Split(Expression):
    """One axis of `body` as several, in C order; their sizes multiply to its size."""

    __slots__ = ("axis", "body", "sizes")
    body: Expression
    axis: int
    sizes: Shape

    @classmethod
    def of(cls, body: Expression, axis: int, sizes: Shape) -> Expression:
        if isinstance(body, Merge) and body.axis == axis and body.body.shape[axis : axis + body.count] == sizes:
            return body.body

        shape = (*body.shape[:axis], *sizes, *body.shape[axis + 1 :])
        if is_zero(body):
            return EinsumSum.of((), shape)

        def fill(node: Split) -> None:
            node.body, node.axis, node.sizes, node.shape = body, axis, sizes, shape

        return intern(cls, (body.serial, axis, sizes), fill)

    def made_of(self) -> tuple[Any, ...]:
        return self.body, self.axis, self.sizes

    rebuild = of  # type: ignore[assignment]

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.body,)


class IndexMap(Expression):
    """A tensor E of zeros and ones, its long axis first: E[i, j…] = 1 where entry i is entry j…."""

    __slots__ = ()

    def restrict(self, operand: Expression, axis: int) -> Expression:
        """`operand` with its long axis `axis` replaced by the short ones, restricted to what E selects."""
        raise NotImplementedError


@final
class Selector(IndexMap):
    """E[i, j] = 1 where i is the j-th entry that `pick` picks: the embedding of the picked entries."""

    __slots__ = ("pick",)
    pick: Pick

    @classmethod
    def of(cls, big: Size, pick: Pick) -> Selector:
        def fill(node: Selector) -> None:
            node.shape, node.pick = (big, pick.length), pick

        return intern(cls, (big, pick), fill)

    def made_of(self) -> tuple[Any, ...]:
        return self.shape[0], self.pick

    rebuild = of

    def restrict(self, operand: Expression, axis: int) -> Expression:
        return Take.of(operand, axis, self.pick)


@final
class Merger(IndexMap):
    """E[i, j, k, …] = 1 where i is the place of (j, k, …) in C order."""

    __slots__ = ()

    @classmethod
    def of(cls, sizes: Shape) -> Merger:
        def fill(node: Merger) -> None:
            node.shape = (multiply_sizes(sizes), *sizes)

        return intern(cls, sizes, fill)

    def made_of(self) -> tuple[Any, ...]:
        return (self.shape[1:],)

    rebuild = of

    def restrict(self, operand: Expression, axis: int) -> Expression:
        return Split.of(operand, axis, self.shape[1:])
