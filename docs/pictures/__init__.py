"""The pictures of the documentation, each a function that draws it: the notes' three diagrams, a graph with a fork,
a tensor network, and the slices of a tensor of rank 3."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jacobians import derivative, draw, half_squared_norm, matrix, networks, sigmoid, vector
from jacobians.render.drawing import Drawing


def diagram_1() -> Drawing:
    """Diagram 1: the shallow network with squared error, in full."""
    return draw(networks.shallow("d", "h", "n"))


def diagram_2() -> Drawing:
    """Diagram 2: the same, forward and backward alone."""
    return draw(networks.shallow("d", "h", "n"), detail="simple")


def diagram_3() -> Drawing:
    """Diagram 3: two hidden layers."""
    return draw(networks.two_hidden("d", "h1", "h2", "n"))


def batch() -> Drawing:
    """The shallow network on a batch of N rows."""
    return draw(networks.shallow("d", "h", "n", batch="N", augmented=True))


def fan_out() -> Drawing:
    """A residual step behind a gate: x and z are used twice."""
    x, W, V = vector("x", "d"), matrix("W", "d", "d"), matrix("V", "d", "d")
    z = (W @ x).named("z")
    g = sigmoid(V @ x).named("g")
    y = (z * g + z).named("y")
    return draw(half_squared_norm(y).named("ell"))


def tensor_network() -> Drawing:
    """∂ℓ/∂W₁ of the shallow network, before and after its deltas are eliminated."""
    network = networks.shallow("d", "h", "n")
    return draw(derivative(network.loss, network.variables["W1"]))


def slices() -> Drawing:
    """Proposition 1 in numbers: ∂z/∂W = I ⊗ x, where one entry of x happens to be zero."""
    W = matrix("W", 3, 4)
    z = (W @ vector("x", 4) + vector("b", 3)).named("z")
    return draw(derivative(z, W), values={"x": np.array([0.5, 0.0, -1.25, 2.0])})


#: What draws each file, by its name without the ending.
PICTURES: dict[str, Callable[[], Drawing]] = {
    "diagram-1": diagram_1,
    "diagram-2": diagram_2,
    "diagram-3": diagram_3,
    "batch": batch,
    "fan-out": fan_out,
    "tensor-network": tensor_network,
    "slices": slices,
}
