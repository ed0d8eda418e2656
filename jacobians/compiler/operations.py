"""The operations of a program: what a statement does, as data that no target language has a say in.

Indices of a product or a reduction are small integers, numbered by first appearance in the operands.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..expressions.nodes import Array, Function, Primitive, Rule

Indices = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """What is done to the operands of a statement."""


# --- values that are there ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Argument(Operation):
    """An array that the caller passes under a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Number(Operation):
    """A number of the source: it takes the dtype of what it meets."""

    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Stored(Operation):
    """A constant array; `stem` is what its name begins with."""

    array: Array
    stem: str


# --- views: other ways to see the memory of the operand -------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class View(Operation):
    """An operation whose result shows the memory of its operand."""


@dataclass(frozen=True, slots=True)
class Transpose(View):
    """The axes of the operand in the order `axes`."""

    axes: tuple[int, ...]

    @property
    def reverses(self) -> bool:
        """Whether all axes are reversed, as by `.T`."""
        return self.axes == tuple(range(len(self.axes)))[::-1]


@dataclass(frozen=True, slots=True)
class Reshape(View):
    """The entries in C order in the shape of the statement."""


@dataclass(frozen=True, slots=True)
class Expand(View):
    """Axes of length 1 where `present` is false; axes that are missing in front are left to broadcasting."""

    present: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Slice(View):
    """`length` entries of one axis, from `start` on, every `step`-th."""

    axis: int
    start: int
    length: int
    step: int


@dataclass(frozen=True, slots=True)
class SlidingWindows(View):
    """An axis as its windows of `width` entries: two axes, entry (i, j) is entry i + j."""

    axis: int
    width: int


@dataclass(frozen=True, slots=True)
class Diagonal(View):
    """The entries at which axes with the same index are equal: axes `indices` become `kept`."""

    indices: Indices
    kept: Indices


# --- new arrays ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Apply(Operation):
    """An element-wise function of its operands, which broadcast."""

    function: Function


@dataclass(frozen=True, slots=True)
class Cast(Operation):
    """Truth values as the numbers 1 and 0."""


@dataclass(frozen=True, slots=True)
class Call(Operation):
    """A function of whole arrays."""

    rule: Rule
    node: Primitive | None = field(default=None, compare=False)  # what an error names


@dataclass(frozen=True, slots=True)
class Sum(Operation):
    """The operands added up, or subtracted where the sign is −1; they broadcast."""

    signs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scale(Operation):
    """The operand times a number; −1 is a change of sign."""

    factor: float


@dataclass(frozen=True, slots=True)
class Product(Operation):
    """The einsum of two operands: element-wise, outer, or contracted over the indices that `result` leaves out."""

    left: Indices
    right: Indices
    result: Indices

    @property
    def mirrored(self) -> Product:
        """The same with the operands exchanged, its indices numbered by first appearance again."""
        numbers = {index: place for place, index in enumerate(dict.fromkeys(self.right + self.left))}
        return Product(*(tuple(numbers[index] for index in one) for one in (self.right, self.left, self.result)))


@dataclass(frozen=True, slots=True)
class Reduce(Operation):
    """The sum over the indices that `kept` leaves out."""

    indices: Indices
    kept: Indices


@dataclass(frozen=True, slots=True)
class Fill(Operation):
    """The same number everywhere."""

    value: float


@dataclass(frozen=True, slots=True)
class Eye(Operation):
    """The identity matrix."""


@dataclass(frozen=True, slots=True)
class Spread(Operation):
    """The operand broadcast to the shape of the statement, as an array of its own."""


@dataclass(frozen=True, slots=True)
class Copy(Operation):
    """A copy, for somebody to keep."""


@dataclass(frozen=True, slots=True)
class Concatenate(Operation):
    """The operands one after the other."""

    axis: int


@dataclass(frozen=True, slots=True)
class Gather(Operation):
    """The listed entries of one axis. In the path of a `Placement` it says where values are put."""

    axis: int
    places: Stored


@dataclass(frozen=True, slots=True)
class Cumulate(Operation):
    """The running sum along an axis; `backward` from its end."""

    axis: int
    backward: bool


@dataclass(frozen=True, slots=True)
class Triangle(Operation):
    """A matrix with ones on and below the diagonal, zeros above."""


@dataclass(frozen=True, slots=True)
class Roll(Operation):
    """The entries of one axis moved on by `shift`, the last to the front."""

    shift: int
    axis: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where in a larger array values are put: through a `path` of views, each with the shape that it gives.

    The values have axes of these `lengths`, those of the last view; `present` tells which of them they really have,
    along the others they are the same. The last step may be a `Gather`. Where it is one of a `flat` array there is a
    place for each entry of the values, flattened, and a place may occur twice unless the placement is `injective`.
    """

    path: tuple[tuple[Operation, tuple[int, ...]], ...]
    present: tuple[bool, ...]
    lengths: tuple[int, ...]
    sign: int
    flat: bool = False
    injective: bool = True

    @property
    def listed(self) -> bool:
        """Whether the path ends in listed places."""
        return bool(self.path) and isinstance(self.path[-1][0], Gather)

    @property
    def reshapes(self) -> bool:
        """Whether a view of the path needs an array that is stored in C order."""
        return any(isinstance(operation, Reshape) for operation, _ in self.path)


@dataclass(frozen=True, slots=True)
class Scatter(Operation):
    """Values added to an array through views of it: the first operand if it is `based`, else zeros.

    A pure operation: whether it writes over its base, which nobody may read any more then, is decided by a pass.
    """

    placements: tuple[Placement, ...]
    based: bool
