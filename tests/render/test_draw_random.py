"""Everything that can be derived can be drawn: random expressions over the whole table of functions."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations

import numpy as np
import pytest
from random_graphs import random_expression
from rich.cells import cell_len

from jacobians import derivative, draw
from jacobians.render.drawing import Drawing
from jacobians.render.scenes.slices import SliceScene

pytest.importorskip("pygraphviz")


def check(drawing: Drawing) -> None:
    """Well formed, within 80 columns, and no box on another."""
    root = ET.fromstring(drawing.svg())
    assert root.tag.endswith("svg")
    assert max(map(cell_len, drawing.text().splitlines())) <= 80
    boxes = [box for box in drawing.picture.boxes if box.style != "frame"]
    assert not [
        (a.key, b.key)
        for a, b in combinations(boxes, 2)
        if a.left < b.right - 0.01 and b.left < a.right - 0.01 and a.top < b.bottom - 0.01 and b.top < a.bottom - 0.01
    ]


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(k, marks=pytest.mark.slow) for k in range(8, 48))])
def test_everything_can_be_drawn(seed: int) -> None:
    found = random_expression(seed, longest=10)
    for detail in ("full", "simple"):
        check(draw(found.expression, detail=detail))
    for variable in list(found.variables.values())[:2]:
        J = derivative(found.expression, variable)
        assert J._repr_html_()
        check(draw(J))
        slices = draw(J, values=found.values)
        check(slices)
        assert isinstance(slices.scene, SliceScene)
        whole = J.evaluate(found.values)
        shown = whole[np.ix_(*slices.scene.places)] if whole.ndim else whole
        np.testing.assert_allclose(slices.scene.values, shown, rtol=1e-8, atol=1e-10)
        assert np.all((slices.scene.values != 0) <= slices.scene.support)
