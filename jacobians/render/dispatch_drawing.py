"""What is drawn: for everything that `draw` takes its scene, its picture and its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..differentiation.jacobian_tensor import Jacobian
from ..errors import OptionError
from .output.terminal import in_words, passes, slices_in_text
from .placement.chain_parts import chain_of
from .placement.chain_placement import place_chain
from .placement.column_placement import place_column
from .placement.graph_placement import place_graph
from .placement.network_placement import place_network
from .placement.picture import Picture, Shown
from .placement.slice_placement import place_slices
from .scenes.backpropagation import backpropagation
from .scenes.scene import Detail, Scene
from .scenes.slices import slice_scene
from .scenes.tensor_network import network_scene

if TYPE_CHECKING:
    from rich.console import RenderableType

#: A chain that is wider runs downward.
WIDEST = 1400.0


def drawn(
    what: Any, detail: Detail, values: Mapping[str, Any] | None
) -> tuple[Shown, Callable[[], Picture], Callable[[], RenderableType]]:
    """The scene of `what`, how it is placed, and how it is written as text."""
    if isinstance(what, Jacobian):
        if values is not None:
            slices = slice_scene(what, values)
            return slices, lambda: place_slices(slices), lambda: slices_in_text(slices)
        network = network_scene(what)
        return network, lambda: place_network(network, detail == "full"), lambda: in_words(network)
    if values is not None:
        raise OptionError(
            "draw takes values for a Jacobian, whose entries they give; this is an expression or a network"
        )
    scene = backpropagation(what, detail)
    return scene, lambda: place(scene), lambda: passes(scene)


def place(scene: Scene) -> Picture:
    """The picture of two passes: a chain across or, where that is too wide, downward; any other graph by Graphviz."""
    row = chain_of(scene)
    if row is None:
        return place_graph(scene)
    across = place_chain(scene, row)
    return across if across.width <= WIDEST else place_column(scene, row)
