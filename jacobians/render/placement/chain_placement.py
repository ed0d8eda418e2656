"""Places for a chain: the forward pass in a row, the backward pass below it, and between them the local derivatives.

The parameters stand above the step that reads them, their gradients below the adjoint that they are made from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..scenes.scene import Quantity, Scene
from .boxes import quantity_box
from .chain_parts import MARGIN, ChainParts
from .picture import Picture, Stroke, TextBox, spread

GAP = 30.0  # between the boxes of a row


def place_chain(scene: Scene, row: Sequence[Quantity]) -> Picture:
    """The picture of a scene whose values are a chain."""
    return _Chain(scene, row).picture


class _Chain(ChainParts):
    def __init__(self, scene: Scene, row: Sequence[Quantity]) -> None:
        super().__init__(scene, row, ("forward pass", "backward pass"))
        self._columns()
        top = MARGIN
        top = self._parameters(top)
        top = self._forward_row(top)
        top = self._backward_row(top)
        top = self._gradients(top)
        top = self.add_footer(top)
        self.picture = Picture(scene.title, scene.description, *self._fitted(top), self.boxes, self.strokes, scene.hues)

    def _columns(self) -> None:
        """The middle of every column: wide enough for what stands in it, and for the local derivative between two."""
        halves = [
            max(self.forward[place].width, self.adjoints[one.key].width if one.key in self.adjoints else 0.0) / 2
            for place, one in enumerate(self.row)
        ]
        middles = [0.0]
        captioned = self.captions[1].width - halves[0]
        labelled = captioned if self.between and self.between[0] else -math.inf  # how far the labels reach
        for place, label in enumerate(self.between):
            left, right = middles[-1] + halves[place], halves[place + 1]
            x = left + GAP + right
            if place == 0 and label is None:  # the caption stands in front of the first adjoint
                x = max(x, captioned + 8 + right)
            if label is not None:  # labels stand side by side, and clear of the turn from the last value to its adjoint
                room = labelled + 8 + label.width / 2
                x = max(x, 2 * room - left + right)
                if place == len(self.between) - 1:
                    x = max(x, left - right + label.width + 28)
                labelled = (left + x - right) / 2 + label.width / 2
            middles.append(x)
        for place, quantity in enumerate(self.row):
            self.forward[place].x = middles[place]
            if quantity.key in self.adjoints:
                self.adjoints[quantity.key].x = middles[place]

    def _parameters(self, top: float) -> float:
        made: list[tuple[TextBox, TextBox]] = []
        for place, quantity in enumerate(self.row):
            for key in self.beside[quantity.key]:
                box = quantity_box(self.scene.quantity(key), self.full)
                box.x = self.forward[place].x
                made.append((box, self.forward[place]))
        spread([box for box, _ in made], 10.0)
        height = max((box.height for box, _ in made), default=self.captions[0].height)
        for box, _ in made:
            box.y = top + height / 2
            self.boxes.append(box)
        self.parameter_boxes = made
        self._caption(0, top + height / 2, min((box.left for box, _ in made), default=0.0))
        return top + height + 30.0

    def _caption(self, number: int, y: float, end: float) -> None:
        """What a row is, at its beginning and left of `end`."""
        box = self.captions[number]
        box.x, box.y = min(self.forward[0].left + box.width / 2, end - box.width / 2 - 8), y
        self.boxes.append(box)

    def _forward_row(self, top: float) -> float:
        height = max(box.height for box in self.forward)
        for box in self.forward:
            box.y = top + height / 2
        self.boxes += self.forward
        for before, after in zip(self.forward, self.forward[1:], strict=False):
            self.strokes.append(Stroke(((before.right, before.y), (after.left, after.y)), "forward"))
        for box, user in self.parameter_boxes:
            aim = max(user.left + 12, min(user.right - 12, box.x))
            self.strokes.append(Stroke(((box.x, box.bottom), (aim, user.top)), "forward", along="y"))
        return top + height

    def _backward_row(self, top: float) -> float:
        locals_ = [box for box in self.between if box is not None]
        height = max((box.height for box in locals_), default=0.0)
        middle = top + 24 + height / 2
        adjoint_height = max(box.height for box in self.adjoints.values())
        y = middle + height / 2 + 24 + adjoint_height / 2
        for box in self.adjoints.values():
            box.y = y
            self.boxes.append(box)
        for place, label in enumerate(self.between):
            if label is None:
                continue
            before, after = self.forward[place], self.forward[place + 1]
            left, right = self.adjoints[self.row[place].key], self.adjoints[self.row[place + 1].key]
            low, high = max(before.right, left.right), min(after.left, right.left)
            label.x, label.y = (low + high) / 2, middle
            self.boxes.append(label)
            self.strokes.append(Stroke(((right.left, y), (left.right, y)), "backward"))
            self.strokes.append(Stroke(((label.x, before.y), (label.x, label.top)), "local", arrow=False))
            self.strokes.append(Stroke(((label.x, label.bottom), (label.x, y)), "local", arrow=False))
        if self.between and self.between[0]:
            self._caption(1, middle, self.between[0].left)
        else:
            self._caption(1, y, min(box.left for box in self.adjoints.values()))
        last = self.adjoints[self.last.key]
        turn = self.forward[-1]
        self.strokes.append(Stroke(((turn.x, turn.bottom), (last.x, last.top)), "backward"))
        return y + adjoint_height / 2

    def _gradients(self, top: float) -> float:
        made: list[tuple[TextBox | None, TextBox, TextBox]] = []
        for quantity in self.row:
            for label, gradient in self.gradients_at(quantity):
                source = self.adjoints[quantity.key]
                gradient.least = label.width if label else 0.0
                gradient.x = source.x
                made.append((label, gradient, source))
        if not made:
            return top
        spread([gradient for _, gradient, _ in made], 14.0)
        label_height = max((label.height for label, _, _ in made if label), default=0.0)
        height = max(gradient.height for _, gradient, _ in made)
        for label, gradient, source in made:
            gradient.y = top + 34 + (label_height + 22 if label_height else 0.0) + height / 2
            aim = max(source.left + 12, min(source.right - 12, gradient.x))
            self.boxes.append(gradient)
            if label is None:
                self.strokes.append(Stroke(((aim, source.bottom), (gradient.x, gradient.top)), "backward", along="y"))
                continue
            label.x, label.y = gradient.x, top + 34 + label_height / 2
            self.boxes.append(label)
            self.strokes.append(
                Stroke(((aim, source.bottom), (label.x, label.top)), "backward", arrow=False, along="y")
            )
            self.strokes.append(Stroke(((label.x, label.bottom), (gradient.x, gradient.top)), "backward"))
        return top + 34 + (label_height + 22 if label_height else 0.0) + height

    def _fitted(self, bottom: float) -> tuple[float, float]:
        """Move everything right of the margin; the width and the height."""
        left = min(box.left for box in self.boxes)
        for caption in self.captions:
            caption.x = min(one.left for one in self.captions) + caption.width / 2
        shift = MARGIN - left
        for box in self.boxes:
            box.x += shift
        self.strokes = [
            Stroke(tuple((x + shift, y) for x, y in one.places), one.style, one.arrow, one.along)
            for one in self.strokes
        ]
        return max(box.right for box in self.boxes) + MARGIN, bottom + MARGIN
