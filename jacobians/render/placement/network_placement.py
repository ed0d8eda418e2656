"""Places for tensor networks: nodes and wires by Graphviz, before and after elimination side by side."""

from __future__ import annotations

from ..scenes.scene import hue, size_text
from ..scenes.tensor_network import Net, NetworkScene, spelled
from .graph_placement import Layout, layout
from .picture import Picture, Run, Stroke, TextBox, TextLine, line

MARGIN = 26.0
GAP = 54.0
WIDTH = 940.0  # of a heading


def place_network(scene: NetworkScene, full: bool) -> Picture:
    """The picture: with `full` the literal product beside what is left of it."""
    boxes: list[TextBox] = []
    strokes: list[Stroke] = []
    heading = TextBox((line(f"{scene.symbol} = {scene.structure}", "symbol", room=WIDTH),), "note", "heading")
    heading.x, heading.y = MARGIN + heading.width / 2, MARGIN + heading.height / 2
    boxes.append(heading)
    top, left, bottom = heading.bottom + 10, MARGIN, heading.bottom
    panels = []
    if full and scene.before is not None:
        panels.append(("the product, with its deltas", scene.before, scene.factors))
    many = len(scene.after) > 1
    for number, net in enumerate(scene.after):
        name = f"term {number + 1} of {len(scene.after) + scene.more}" if many else "the deltas eliminated"
        if net.coefficient != 1.0:
            name += f", times {spelled(net.coefficient)}"
        panels.append((name, net, ()))
    for name, net, factors in panels:
        panel = _Panel(scene, net, factors, left, top)
        caption = TextBox((line(name, "small", muted=True),), "note", f"caption {name}")
        caption.x, caption.y = left + caption.width / 2, top + caption.height / 2
        boxes += [caption, *panel.boxes]
        strokes += panel.strokes
        left = max(panel.right, caption.right) + GAP
        bottom = max(bottom, panel.bottom)
    if not scene.after:
        left = heading.right
    return Picture(
        scene.title,
        scene.description,
        max(left - GAP, heading.right) + MARGIN,
        bottom + MARGIN,
        boxes,
        strokes,
        scene.hues,
    )


class _Panel:
    """One network at its place."""

    def __init__(self, scene: NetworkScene, net: Net, factors: tuple[str, ...], left: float, top: float) -> None:
        self.net = net
        numerators = sum(axis.of_numerator for axis in scene.axes)
        nodes: dict[str, TextBox] = {}
        for place, axis in enumerate(scene.axes):
            text = TextLine((Run(f"{axis.role}  ", muted=True), Run(size_text(axis.size), hue(axis.size))), "small")
            nodes[f"axis {place}"] = TextBox((text,), "axis", f"axis {place}")
        for wire in net.sizes:
            text = TextLine(
                (Run(f"{net.letters[wire]} ", muted=False), Run(size_text(net.sizes[wire]), self._hue(wire)))
            )
            nodes[f"wire {wire}"] = TextBox((text,), "joint" if self._ends(wire) > 2 else "wire", f"wire {wire}")
            if self._ends(wire) <= 2:
                nodes[f"wire {wire}"].fixed = (text.width + 8, text.height)
        for place, node in enumerate(net.nodes):
            style = "delta" if node.delta else "operand"
            nodes[f"node {place}"] = TextBox((line(node.text, "symbol"),), style, f"node {place}")
            nodes[f"node {place}"].least = nodes[f"node {place}"].height
        edges: list[tuple[str, str]] = []
        for place, wire in enumerate(net.output):
            ends = (f"axis {place}", f"wire {wire}")
            edges.append(ends if place < numerators else ends[::-1])
        for place, node in enumerate(net.nodes):
            into = node.wires[0] if len(node.wires) > 1 else None
            for wire in dict.fromkeys(node.wires):
                ends = (f"wire {wire}", f"node {place}")
                edges.append(ends if wire == into else ends[::-1])
        clusters = {
            symbol: [f"node {place}" for place, node in enumerate(net.nodes) if node.factor == number]
            for number, symbol in enumerate(factors)
        }
        clusters = {symbol: members for symbol, members in clusters.items() if members}
        for symbol in clusters:
            nodes[f"factor {symbol}"] = TextBox((line(symbol, "small"),), "note", f"factor {symbol}")
        found = layout(
            {key: (box.width, box.height) for key, box in nodes.items()},
            edges,
            downward=True,
            clusters={symbol: [f"factor {symbol}", *members] for symbol, members in clusters.items()},
            ports=False,
        )
        self.boxes: list[TextBox] = []
        down = top + 38
        for symbol, (x1, y1, x2, y2) in found.frames.items():
            frame = TextBox((), "frame", f"frame {symbol}", left + (x1 + x2) / 2, down + (y1 + y2) / 2)
            frame.fixed = (x2 - x1, y2 - y1)
            self.boxes.append(frame)
        for key, box in nodes.items():
            x, y = found.places[key]
            box.x, box.y = left + x, down + y
            self.boxes.append(box)
        self.strokes = [self._stroke(found, edge, left, down) for edge in edges]
        self.right, self.bottom = left + found.width, down + found.height
        if net.steps:
            rows = [f"({place})  {step.text}" for place, step in enumerate(net.steps, 1)]
            note = TextBox(tuple(line(row, "small") for row in ("contracted in this order", *rows)), "note", "order")
            note.x, note.y = left + note.width / 2, self.bottom + 16 + note.height / 2
            self.boxes.append(note)
            self.right, self.bottom = max(self.right, note.right), note.bottom

    def _hue(self, wire: int) -> str:
        return hue(self.net.sizes[wire])

    def _ends(self, wire: int) -> int:
        return self.net.output.count(wire) + sum(node.wires.count(wire) for node in self.net.nodes)

    @staticmethod
    def _stroke(found: Layout, edge: tuple[str, str], left: float, down: float) -> Stroke:
        return Stroke(tuple((left + x, down + y) for x, y in found.edges[edge]), "wire", False, "curve")
