"""Places for a long chain: the forward pass downward on the left, the backward pass upward on the right.

It is the picture of `chain_placement` turned: parameters stand left of the step that reads them, their gradients right
of the adjoint that they are made from. A page can be scrolled, and a row of twenty boxes cannot be read on one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..scenes.scene import Quantity, Scene
from .boxes import quantity_box
from .chain_parts import MARGIN, ChainParts
from .picture import Picture, Stroke, TextBox

BETWEEN = 34.0  # columns
STACKED = 10.0  # boxes of one column that belong to one row
GAP = 30.0  # rows


def place_column(scene: Scene, row: Sequence[Quantity]) -> Picture:
    """The picture of a scene whose values are a chain."""
    return _Column(scene, row).picture


class _Column(ChainParts):
    def __init__(self, scene: Scene, row: Sequence[Quantity]) -> None:
        super().__init__(scene, row, ("forward pass", "backward pass"))
        self.parameters = [
            [quantity_box(scene.quantity(key), self.full) for key in self.beside[one.key]] for one in self.row
        ]
        self.gradients = [self.gradients_at(one) for one in self.row]
        bottom = self._rows()
        right = self._columns()
        self._join()
        bottom = self.add_footer(bottom)
        right = max(right, *(box.right for box in self.boxes))
        self.picture = Picture(
            scene.title, scene.description, right + MARGIN, bottom + MARGIN, self.boxes, self.strokes, scene.hues
        )

    def _rows(self) -> float:
        """The height of every box; where the last row ends."""
        top = MARGIN + max(box.height for box in self.captions) + 4
        for box in self.captions:
            box.y = MARGIN + box.height / 2
        for place, one in enumerate(self.row):
            pairs = self.gradients[place]
            heights = [max(box.height for box in pair if box is not None) for pair in pairs]
            main = [self.forward[place], *([self.adjoints[one.key]] if one.key in self.adjoints else [])]
            stacks = [[box.height for box in self.parameters[place]], heights, *([box.height] for box in main)]
            height = max(sum(stack) + STACKED * (len(stack) - 1) for stack in stacks if stack)
            y = top + height / 2
            for box in main:
                box.y = y
            self._stack([[box] for box in self.parameters[place]], y)
            self._stack([[box for box in pair if box is not None] for pair in pairs], y)
            label = self.between[place] if place < len(self.between) else None
            top += height
            if label is not None:
                label.y = top + GAP / 2 + label.height / 2
                top += label.height
            top += GAP
        return top - GAP

    @staticmethod
    def _stack(groups: Sequence[Sequence[TextBox]], y: float) -> None:
        """Groups of boxes below each other around `y`."""
        heights = [max(box.height for box in group) for group in groups]
        top = y - (sum(heights) + STACKED * (len(heights) - 1)) / 2
        for group, height in zip(groups, heights, strict=True):
            for box in group:
                box.y = top + height / 2
            top += height + STACKED

    def _columns(self) -> float:
        """Where every box is across; where the last column ends."""
        columns = [
            [box for boxes in self.parameters for box in boxes],
            [*self.forward, self.captions[0]],
            [box for box in self.between if box is not None],
            [*self.adjoints.values(), self.captions[1]],
            [label for pairs in self.gradients for label, _ in pairs if label is not None],
            [gradient for pairs in self.gradients for _, gradient in pairs],
        ]
        left = MARGIN
        for number, column in enumerate(columns):
            if not column:
                continue
            width = max(box.width for box in column)
            for box in column:
                # parameters end at one line, gradients begin at one
                box.x = {0: left + width - box.width / 2, 5: left + box.width / 2}.get(number, left + width / 2)
            self.boxes += column
            left += width + BETWEEN
        return left - BETWEEN

    def _join(self) -> None:
        """The arrows."""
        for place, one in enumerate(self.row):
            value = self.forward[place]
            for box in self.parameters[place]:
                self._across((box.right, box.y), (value.left, value.y), "forward")
            adjoint = self.adjoints.get(one.key)
            for label, gradient in self.gradients[place]:
                assert adjoint is not None
                if label is None:
                    self._across((adjoint.right, adjoint.y), (gradient.left, gradient.y), "backward")
                else:
                    self._across((adjoint.right, adjoint.y), (label.left, label.y), "backward", arrow=False)
                    self._across((label.right, label.y), (gradient.left, gradient.y), "backward")
            if place + 1 == len(self.row):
                continue
            after = self.forward[place + 1]
            self.strokes.append(Stroke(((value.x, value.bottom), (after.x, after.top)), "forward"))
            label = self.between[place]
            if label is not None and adjoint is not None:
                above = self.adjoints[self.row[place + 1].key]
                self.strokes.append(Stroke(((above.x, above.top), (adjoint.x, adjoint.bottom)), "backward"))
                self.strokes.append(Stroke(((value.x, label.y), (label.left, label.y)), "local", arrow=False))
                self.strokes.append(Stroke(((label.right, label.y), (adjoint.x, label.y)), "local", arrow=False))
        turn, last = self.forward[-1], self.adjoints[self.last.key]
        self._across((turn.right, turn.y), (last.left, last.y), "backward")

    def _across(self, start: tuple[float, float], end: tuple[float, float], style: str, arrow: bool = True) -> None:
        self.strokes.append(Stroke((start, end), style, arrow, along="x" if start[1] != end[1] else None))
