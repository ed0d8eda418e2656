"""Shallow, two-hidden-layer and deep networks and their losses, as expressions (Propositions 1 and 2, Diagram 3).

Layer k is z_k = W_k s_{k−1} + b_k, s_k = σ(z_k), with s_0 = x; the last layer gives ŷ without σ. With W̃ = [W | b] as
one parameter (`augmented`), z_k = W̃_k s̃_{k−1} with s̃ = (s, 1). A batch is one more index, the first: x has shape
N × d, a row a sample, and the loss is the sum over the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from .compiler.binding import bind_sizes
from .errors import OptionError, ShapeError
from .expressions.nodes import Array, Expression, Variable, matrix, tensor, vector
from .functions.activations import append_one, cross_entropy, half_squared_norm
from .functions.elementwise import ACTIVATIONS
from .shapes.arguments import choice, random_generator, real_number
from .shapes.formatting import shown_value
from .shapes.memory import refuse_if_too_large
from .shapes.sizes import Size, add_sizes, bind_size, check_size

LOSSES = ("squared", "cross-entropy")


@dataclass(frozen=True)
class Network:
    """A network and its loss. Made by `shallow`, `two_hidden`, `mlp`.

    `sizes` are (d, h₁, …, n). `variables` has every variable by name: the parameters W1, b1, W2, b2, … (or W1_tilde,
    W2_tilde, …) in order, then the input x and the target t. `output` is ŷ, `loss` is ℓ = ½‖ŷ − t‖² or the softmax
    cross-entropy, plus `regularization` times ‖W₁‖².
    """

    sizes: tuple[Size, ...]
    activation: str = "sigmoid"
    loss_name: str = "squared"
    augmented: bool = False
    batch: Size | None = None
    regularization: float = 0.0

    @property
    def depth(self) -> int:
        """The number of layers of parameters."""
        return len(self.sizes) - 1

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """Every variable by name: the parameters in order, then x and t."""
        made: list[Variable] = []
        for k, (columns, rows) in enumerate(pairwise(self.sizes), start=1):
            if self.augmented:
                made.append(matrix(f"W{k}_tilde", rows, add_sizes(columns, 1)))
            else:
                made += [matrix(f"W{k}", rows, columns), vector(f"b{k}", rows)]
        rows_first = () if self.batch is None else (self.batch,)
        made += [tensor("x", *rows_first, self.sizes[0]), tensor("t", *rows_first, self.sizes[-1])]
        return {variable.name: variable for variable in made}

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The names of the parameters, layer by layer."""
        return tuple(self.variables)[:-2]

    @cached_property
    def intermediates(self) -> dict[str, Expression]:
        """The named expressions from the input to the loss, in the order of the forward pass."""
        hidden = self.depth - 1
        named: dict[str, Expression] = {}

        def note(name: str, expression: Expression) -> Expression:
            named[name] = expression.named(name)
            return named[name]

        s: Expression = self.variables["x"]
        if self.augmented:
            s = note("x_tilde", append_one(s))
        for k in range(1, hidden + 1):
            suffix = str(k) if hidden > 1 else ""
            z = note(f"z{suffix}", self._affine(k, s))
            s = note(f"s{suffix}", ACTIVATIONS[self.activation](z))
            if self.augmented:
                s = note(f"s{suffix}_tilde", append_one(s))
        output = self._affine(self.depth, s)
        target = self.variables["t"]
        if self.loss_name == "squared":
            # r = ŷ − t is one step of the chain; ŷ has a name for whoever asks for the output
            named["y_hat"] = output.named("y_hat")
            loss = half_squared_norm(note("r", output - target))
        else:
            loss = cross_entropy(note("y_hat", output), target)
        if self.regularization:
            weights = self.variables["W1_tilde" if self.augmented else "W1"]
            loss = loss + self.regularization * np.sum(weights * weights)
        note("ell", loss)
        return named

    def _affine(self, k: int, s: Expression) -> Any:
        if self.augmented:
            weights: Expression = self.variables[f"W{k}_tilde"]
            return weights @ s if self.batch is None else s @ weights.T
        weights, bias = self.variables[f"W{k}"], self.variables[f"b{k}"]
        return (weights @ s if self.batch is None else s @ weights.T) + bias

    @property
    def output(self) -> Expression:
        """ŷ, without an activation; for cross-entropy these are the logits."""
        return self.intermediates["y_hat"]

    @property
    def loss(self) -> Expression:
        """ℓ, a scalar; summed over the batch."""
        return self.intermediates["ell"]

    def parameters(self, rng: np.random.Generator, sizes: Mapping[str, int] | None = None) -> dict[str, Array]:
        """Random parameters by name: normal, with variance one over the number of inputs of the layer."""
        shapes = self._shapes(self.parameter_names, sizes)
        refuse_if_too_large(list(shapes.values()), "parameters of the network", "Choose smaller layers")
        rng = random_generator(rng, "parameters")
        return {
            name: rng.normal(size=shape) / np.sqrt(shape[-1] if len(shape) == 2 else 1.0 + shape[0])
            for name, shape in shapes.items()
        }

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int] | None = None) -> dict[str, Array]:
        """A random input and target, `{"x": …, "t": …}`: normal; the target of a cross-entropy is one-hot."""
        shapes = self._shapes(("x", "t"), sizes)
        refuse_if_too_large(list(shapes.values()), "a sample of the network", "Choose a smaller batch or layers")
        x = random_generator(rng, "sample").normal(size=shapes["x"])
        if self.loss_name == "squared":
            return {"x": x, "t": rng.normal(size=shapes["t"])}
        target = np.zeros(shapes["t"])
        drawn = rng.integers(shapes["t"][-1], size=shapes["t"][:-1])
        np.put_along_axis(target, drawn[..., None], 1.0, axis=-1)
        return {"x": x, "t": target}

    def _shapes(self, names: Sequence[str], sizes: Mapping[str, int] | None) -> dict[str, tuple[int, ...]]:
        bound = bind_sizes(sizes)
        return {name: tuple(bind_size(size, bound) for size in self.variables[name].shape) for name in names}


def mlp(
    sizes: Sequence[Size],
    activation: str = "sigmoid",
    loss: str = "squared",
    augmented: bool = False,
    batch: Size | None = None,
    regularization: float = 0.0,
) -> Network:
    """A network of any depth; `sizes` are (d, h₁, …, n), integers or symbols.

    Raises `OptionError` for an unknown activation or loss, `ShapeError` for a size below 1 or fewer than two sizes.
    """
    if isinstance(sizes, str) or not isinstance(sizes, Sequence) or len(sizes) < 2:
        raise ShapeError(f"a network has at least an input and an output size, got {shown_value(sizes)}")
    roles = ["the input size d", *(f"hidden size h{k}" for k in range(1, len(sizes) - 1)), "the output size n"]
    checked = tuple(check_size(size, role) for size, role in zip(sizes, roles, strict=True))
    activation, loss = choice(activation, ACTIVATIONS, "activation"), choice(loss, LOSSES, "loss")
    regularization = real_number(regularization, "regularization", 0.0)
    if regularization == np.inf:
        raise OptionError("regularization: expected a finite number, got inf")
    if not isinstance(augmented, (bool, np.bool_)):
        raise OptionError(f"augmented is True or False, got {shown_value(augmented)}")
    rows = None if batch is None else check_size(batch, "the batch size")
    return Network(checked, activation, loss, bool(augmented), rows, float(regularization))


def shallow(d: Size, h: Size, n: Size, **options: Any) -> Network:
    """The shallow network of Proposition 2: ŷ = W₂ σ(W₁ x + b₁) + b₂. Options as for `mlp`.

    >>> from jacobians import derivative
    >>> network = shallow("d", "h", "n", augmented=True)
    >>> derivative(network.loss, network.variables["W1_tilde"]).matrix_notation()
    'x̃ rᵀ W₂ diag(σ′(z))'
    """
    return mlp((d, h, n), **options)


def two_hidden(d: Size, h1: Size, h2: Size, n: Size, **options: Any) -> Network:
    """The network with two hidden layers of Diagram 3. Options as for `mlp`.

    >>> from jacobians import derivative
    >>> network = two_hidden("d", "h1", "h2", "n")
    >>> derivative(network.loss, network.variables["W1"]).matrix_notation()
    'x rᵀ W₃ diag(σ′(z₂)) W₂ diag(σ′(z₁))'
    """
    return mlp((d, h1, h2, n), **options)
