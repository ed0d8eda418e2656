"""The boxes of a chain, before they have a place: what both ways to place one begin with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ..scenes.scene import Quantity, Scene
from .boxes import beginning_box, derivative_box, footer, local_box, quantity_box
from .picture import Stroke, TextBox, line

MARGIN = 26.0


def chain_of(scene: Scene) -> list[Quantity] | None:
    """The quantities in a row, if each step is made from the one before: first the input, if there is one."""
    values = [one for one in scene.quantities if one.role == "value"]
    keys = {one.key for one in values}
    for place, one in enumerate(values):
        before = {used for used, user in scene.edges if user == one.key and used in keys}
        if before != ({values[place - 1].key} if place else set()):
            return None
    uses = [used for used, _ in scene.edges if used not in keys]
    if len(set(uses)) < len(uses):  # one that is read twice is no matter of one step
        return None
    leaves = [scene.quantity(used) for used, user in scene.edges if user == values[0].key]
    inputs = [one for one in leaves if one.role == "input"] or leaves
    main = min(inputs, key=lambda one: (not one.shape, len(one.shape)), default=None)  # a vector before a matrix
    return values if main is None else [main, *values]


class ChainParts:
    """Boxes by what they show. `row` are the quantities of the chain in order, `beside` what else each step reads."""

    def __init__(self, scene: Scene, row: Sequence[Quantity], captions: tuple[str, str]) -> None:
        self.scene, self.row = scene, list(row)
        self.full = scene.detail == "full"
        self.boxes: list[TextBox] = []
        self.strokes: list[Stroke] = []
        self.total = {one.wrt: one for one in scene.total}
        self.local = {(one.of, one.wrt): one for one in scene.local}
        self.last = self.row[-1]
        self.forward = [quantity_box(one, self.full) for one in self.row]
        keys = {one.key for one in self.row}
        self.beside = {
            user: [used for used, of in scene.edges if of == user and used not in keys]
            for user in (one.key for one in self.row)
        }
        self.adjoints = {one.key: self._adjoint(one) for one in self.row if one.key in self.total or one is self.last}
        self.between = [
            local_box(self.local[after.key, before.key], self.full) if (after.key, before.key) in self.local else None
            for before, after in pairwise(self.row)
        ]
        self.captions = [TextBox((line(text, "small", muted=True),), "note") for text in captions]

    def _adjoint(self, quantity: Quantity) -> TextBox:
        if quantity.key in self.total:
            return derivative_box(self.total[quantity.key], "backward", self.full, "adjoint")
        return beginning_box(self.scene.itself, self.full)

    def gradients_at(self, quantity: Quantity) -> list[tuple[TextBox | None, TextBox]]:
        """For every parameter that a step reads the local derivative (in full detail), and the gradient."""
        made = []
        for key in self.beside[quantity.key]:
            if key in self.total:
                gradient = derivative_box(self.total[key], "gradient", self.full, "gradient")
                made.append((local_box(self.local[quantity.key, key], self.full) if self.full else None, gradient))
        return made

    def add_footer(self, top: float) -> float:
        """The line at the foot, if there is anything to say; where it ends."""
        lines = footer(self.scene)
        if not lines:
            return top
        box = TextBox(lines, "note", "footer")
        box.x = box.width / 2 + min(one.left for one in self.boxes)
        box.y = top + 16 + box.height / 2
        self.boxes.append(box)
        return box.bottom
