"""Places for any graph: boxes and lines by Graphviz's dot, the forward pass above, the backward pass below it.

Both passes stand at the same places, so that an adjoint is found where its value is. A local derivative is a node on
the arrow that it belongs to; so no label can cover another. A graph runs from left to right, or downward where that is
narrower: a page can be scrolled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from ...errors import UnsupportedError
from ..files import EXTRA
from ..scenes.scene import Scene
from .boxes import beginning_box, derivative_box, footer, local_box, quantity_box
from .picture import Picture, Place, Stroke, TextBox, line

MARGIN = 26.0
GAP = 40.0  # between the passes
_POINTS = 72.0  # Graphviz has sizes in inches and places in points


def place_graph(scene: Scene) -> Picture:
    """The picture of any scene. Raises `UnsupportedError` where Graphviz is not installed."""
    return _LayeredGraph(scene).picture


@dataclass
class Layout:
    """Middles of nodes, and the control points of edges, y downward."""

    places: dict[str, Place]
    edges: dict[tuple[str, str], tuple[Place, ...]]
    frames: dict[str, tuple[float, float, float, float]]  # left, top, right, bottom
    width: float
    height: float
    downward: bool


#: A picture that would be wider than this runs downward, if that makes it narrower.
COMFORTABLE = 1000.0


Size = tuple[float, float]
#: Groups of nodes to be framed; the first two of each stand side by side.
Clusters = Mapping[str, Sequence[str]]


def layout(
    nodes: Mapping[str, Size],
    edges: Sequence[tuple[str, str]],
    downward: bool | None = None,
    clusters: Clusters = MappingProxyType({}),
    ports: bool = True,
) -> Layout:
    """Places for `nodes` of given widths and heights, along `edges` from left to right or downward.

    With `ports` an edge leaves a node at the end that lies in its direction, without it wherever is nearest. Raises
    `UnsupportedError` where Graphviz is not installed.
    """
    if downward is not None:
        return _laid_out(nodes, edges, downward, clusters, ports)
    across = _laid_out(nodes, edges, False, clusters, ports)
    if across.width <= COMFORTABLE:
        return across
    return min(across, _laid_out(nodes, edges, True, clusters, ports), key=lambda one: one.width)


def _laid_out(
    nodes: Mapping[str, Size], edges: Sequence[tuple[str, str]], downward: bool, clusters: Clusters, ports: bool
) -> Layout:
    try:
        import pygraphviz
    except ImportError:
        raise UnsupportedError(
            f"a picture of a graph in which paths fork or meet needs pygraphviz: {EXTRA}; chains, and text, do without"
        ) from None
    rankdir, (tail, head) = ("TB", "sn") if downward else ("LR", "ew")
    graph = pygraphviz.AGraph(directed=True, rankdir=rankdir, nodesep="0.22", ranksep="0.34", splines="spline")
    number = {key: f"n{place}" for place, key in enumerate(nodes)}  # what a user calls it never reaches Graphviz
    for key, (width, height) in nodes.items():
        graph.add_node(
            number[key], shape="box", fixedsize="true", label="", width=width / _POINTS, height=height / _POINTS
        )
    for source, target in edges:
        ends = {"tailport": tail, "headport": head} if ports else {}
        graph.add_edge(number[source], number[target], arrowhead="none", **ends)
    for place, members in enumerate(clusters.values()):
        cluster = graph.add_subgraph([number[key] for key in members], name=f"cluster{place}", margin="9")
        cluster.add_subgraph([number[key] for key in members[:2]], rank="same")
    graph.layout(prog="dot")
    *_, width, height = map(float, str(graph.graph_attr["bb"]).split(","))
    frames = {}
    for place, key in enumerate(clusters):
        x1, y1, x2, y2 = map(float, str(graph.get_subgraph(f"cluster{place}").graph_attr["bb"]).split(","))
        frames[key] = (x1, height - y2, x2, height - y1)
    return Layout(
        {key: _place(graph.get_node(number[key]).attr["pos"], height) for key in nodes},
        {
            (source, target): tuple(
                _place(pair, height) for pair in graph.get_edge(number[source], number[target]).attr["pos"].split()
            )
            for source, target in edges
        },
        frames,
        width,
        height,
        downward,
    )


def _place(text: Any, height: float) -> Place:
    x, y = map(float, str(text).split(","))
    return (x, height - y)


class _LayeredGraph:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        full = scene.detail == "full"
        self.values = {one.key: quantity_box(one, full) for one in scene.quantities}
        self.adjoints = {one.wrt: derivative_box(one, _style(scene, one.wrt), full, "adjoint") for one in scene.total}
        last = scene.quantities[-1]
        if last.key not in self.adjoints:
            self.adjoints[last.key] = beginning_box(scene.itself, full)
        self.labels = {(one.wrt, one.of): local_box(one, full) for one in scene.local}
        sizes = {key: self._room(box, self.adjoints.get(key)) for key, box in self.values.items()}
        edges: list[tuple[str, str]] = []
        for used, user in scene.edges:
            label = self.labels.get((used, user))
            if label is None:
                edges.append((used, user))
                continue
            sizes[label.key] = (label.width, label.height)
            edges += [(used, label.key), (label.key, user)]
        self.layout = layout(sizes, edges)
        self.boxes: list[TextBox] = []
        self.strokes: list[Stroke] = []
        captions = [TextBox((line(text, "small", muted=True),), "note") for text in ("forward pass", "backward pass")]
        top = self._caption(captions[0], MARGIN)
        self._forward(top)
        top = self._caption(captions[1], top + self.layout.height + GAP)
        self._backward(top)
        bottom = top + self.layout.height
        right = self.layout.width + MARGIN
        for lines in [footer(scene)] if footer(scene) else []:
            box = TextBox(lines, "note", "footer")
            box.x, box.y = MARGIN + box.width / 2, bottom + 16 + box.height / 2
            self.boxes.append(box)
            bottom, right = box.bottom, max(right, box.right)
        self.picture = Picture(
            scene.title,
            scene.description,
            right + MARGIN,
            bottom + MARGIN,
            self.boxes,
            self.strokes,
            scene.hues,
        )

    @staticmethod
    def _room(value: TextBox, adjoint: TextBox | None) -> tuple[float, float]:
        boxes = [value] if adjoint is None else [value, adjoint]
        return max(box.width for box in boxes), max(box.height for box in boxes)

    def _caption(self, box: TextBox, top: float) -> float:
        box.x, box.y = MARGIN + box.width / 2, top + box.height / 2
        self.boxes.append(box)
        return box.bottom + 4

    def _forward(self, top: float) -> None:
        for key, box in self.values.items():
            self._put(box, key, top)
        for used, user in self.scene.edges:
            label = self.labels.get((used, user))
            path = self._path((used, user) if label is None else (used, label.key, user), top)
            start, end = self.values[used], self.values[user]
            self.strokes.append(_bent(self._exit(start), path, self._entry(end), "forward", True))

    def _backward(self, top: float) -> None:
        for key, box in self.adjoints.items():
            self._put(box, key, top)
        for (used, user), label in self.labels.items():
            self._put(label, label.key, top)
            start, end = self.adjoints[user], self.adjoints[used]
            into = self._path((label.key, user), top)[::-1]
            out = self._path((used, label.key), top)[::-1]
            self.strokes.append(_bent(self._entry(start), into, self._exit(label), "backward", False))
            self.strokes.append(_bent(self._entry(label), out, self._exit(end), "backward", True))

    def _exit(self, box: TextBox) -> Place:
        """Where a forward arrow leaves a box."""
        return (box.x, box.bottom) if self.layout.downward else (box.right, box.y)

    def _entry(self, box: TextBox) -> Place:
        """Where a forward arrow meets a box."""
        return (box.x, box.top) if self.layout.downward else (box.left, box.y)

    def _put(self, box: TextBox, key: str, top: float) -> None:
        x, y = self.layout.places[key]
        box.x, box.y = x + MARGIN, y + top
        self.boxes.append(box)

    def _path(self, keys: tuple[str, ...], top: float) -> tuple[Place, ...]:
        """The control points through `keys`; across a label the line is straight."""
        points: list[Place] = []
        for source, target in pairwise(keys):
            piece = self.layout.edges[source, target]
            if points:
                points += [points[-1], piece[0], piece[0]]
            points += piece[1:] if points else piece
        return tuple((x + MARGIN, y + top) for x, y in points)


def _style(scene: Scene, key: str) -> str:
    return "backward" if scene.quantity(key).role == "value" else "gradient"


def _bent(start: Place, path: tuple[Place, ...], end: Place, style: str, arrow: bool) -> Stroke:
    """Graphviz's curve, with straight pieces to boxes that are smaller than the room they were given."""
    points = (start, start, path[0], *path, path[-1], end, end)
    return Stroke(points, style, arrow, "curve")
