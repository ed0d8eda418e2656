"""The study behind `jacobians backprop`: one row of the data through a network, and back as a product of tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import implicit
from ..compiler.evaluation import evaluate_all, evaluate_together
from ..differentiation.jacobian_tensor import Jacobian
from ..errors import OptionError
from ..experiments import datasets
from ..experiments.comparison import Measurement, central_differences, gradients, measure_orders
from ..experiments.datasets import Scale, Table
from ..experiments.training import Epoch, hand_written_gradient, literal_gradient, train
from ..networks import Network, mlp
from ..notation.names import typeset
from ..notation.text import describe, label

Array = np.ndarray[Any, Any]

#: Central differences are taken for at most so many entries of a parameter.
MOST_DIFFERENCES = 200

#: An order that forms a larger array is counted and not run.
MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class Options:
    """The options of the command; the defaults are those of `jacobians backprop` alone."""

    data: str | None = None
    target: str | None = None
    hidden: tuple[int, ...] = (8,)
    activation: str = "sigmoid"
    loss: str = "squared"
    augmented: bool = True
    batch: int | None = None
    seed: int = 0
    row: int = 1
    order: str = "reverse"
    train: bool = False
    epochs: int = 100
    rate: float = 0.3


@dataclass(frozen=True)
class Forward:
    """A named value of the forward pass: its symbol, what it is, and the array."""

    name: str
    symbol: str
    definition: str
    value: Array


@dataclass(frozen=True)
class FactorRow:
    """One factor of a chain."""

    symbol: str
    shape: tuple[int, ...]
    item: str | None
    structure: str


@dataclass(frozen=True)
class Gradient:
    """∂ℓ/∂parameter: the chain, what it contracts to, and how far it is from its two witnesses.

    `differences` is how many entries were compared with central differences, of `entries`.
    """

    name: str
    symbol: str
    factors: tuple[FactorRow, ...]
    closed_form: str
    einsum: str
    operands: tuple[str, ...]
    shape: tuple[int, ...]
    item: str | None
    to_hand_written: float
    to_central: float
    differences: int
    entries: int


@dataclass(frozen=True)
class Study:
    """Everything that the command found. `batch_orders` are None without --batch, `epochs` without --train."""

    options: Options
    table: Table
    network: Network
    forward: tuple[Forward, ...]
    gradients: tuple[Gradient, ...]
    orders: tuple[Measurement, ...]
    batch: int
    batch_orders: tuple[Measurement, ...] | None
    held_out: int
    epochs: tuple[Epoch, ...]


#: Shows that the epochs go by: takes their number and the epochs, gives them back.
Progress = Callable[[int, Iterable[Epoch]], Iterable[Epoch]]


def load(options: Options) -> Table:
    """The table that the options name."""
    if options.data is None:
        if options.target not in (None, "species"):
            raise OptionError(
                f"--target {options.target}: the iris data's target is species; --data names your own file"
            )
        return datasets.load_iris()
    if options.target is None:
        raise OptionError("--data needs --target COLUMN: the column to predict")
    return datasets.read_csv(options.data, options.target, classification=options.loss == "cross-entropy")


def run(options: Options, progress: Progress) -> Study:
    """Carry out the study. Raises errors of this library only, before anything is printed."""
    table = load(options)
    if not 1 <= options.row <= table.rows:
        raise OptionError(f"--row {options.row}: {table.name} has rows 1 to {table.rows}")
    sizes = (table.features.shape[1], *options.hidden, table.target.shape[1])

    def network(batch: int | str | None) -> Network:
        return mlp(sizes, activation=options.activation, loss=options.loss, augmented=options.augmented, batch=batch)

    rng = np.random.default_rng(options.seed)
    single = network(None)
    parameters = single.parameters(rng)
    training, held_out = datasets.split(table.rows, rng) if table.rows > 1 else (np.arange(1), np.arange(0))
    x = Scale.of(table.features[training]).apply(table.features)
    t = table.target if table.classes else Scale.of(table.target[training]).apply(table.target)
    row = options.row - 1
    values = {**parameters, "x": x[row], "t": t[row]}
    batch = min(options.batch or 32, len(training))
    orders = measure_orders(single, values, limit=MOST_BYTES)
    batch_orders = None
    if options.batch:
        rows = training[:batch]
        batch_values = {**parameters, "x": x[rows], "t": t[rows]}
        batch_orders = tuple(measure_orders(network(batch), batch_values, limit=MOST_BYTES))
    epochs: tuple[Epoch, ...] = ()
    if options.train:
        datasets.split(table.rows, rng)  # refuses a table that is too short
        symbolic = network("N")
        runs = [literal_gradient(symbolic, options.order), hand_written_gradient(symbolic)]
        sets = ((x[training], t[training]), (x[held_out], t[held_out]))
        course = train(symbolic, parameters, runs, *sets, rng, batch, options.epochs, options.rate)
        epochs = tuple(progress(options.epochs + 1, course))
    return Study(
        options,
        table,
        single,
        _forward(single, values),
        _gradients(single, values, options.order),
        tuple(orders),
        batch,
        batch_orders,
        len(held_out),
        epochs,
    )


def _forward(network: Network, values: dict[str, Array]) -> tuple[Forward, ...]:
    named = network.intermediates
    arrays = evaluate_all(list(named.values()), values)
    return tuple(
        Forward(name, typeset(name), describe(expression).partition(" := ")[2], array)
        for (name, expression), array in zip(named.items(), arrays, strict=True)
    )


def _gradients(network: Network, values: dict[str, Array], order: str) -> tuple[Gradient, ...]:
    jacobians = gradients(network)
    arrays = evaluate_together(jacobians, values, order)
    witness = implicit.backprop(network, values)
    found: list[Gradient] = []
    for name, jacobian, array in zip(network.parameter_names, jacobians, arrays, strict=True):
        places, differences = central_differences(network, values, name, MOST_DIFFERENCES)
        entries = array.T.reshape(-1)  # ∂ℓ/∂W has the axes of W reversed
        found.append(
            Gradient(
                name,
                jacobian.symbol,
                tuple(_factor(factor) for factor in jacobian.factors),
                _structure(jacobian),
                jacobian.einsum,
                tuple(dict.fromkeys(label(operand) for term in jacobian.operands for operand in term)),
                _shape(jacobian),
                jacobian.item,
                float(np.max(np.abs(array - witness[name]))),
                float(np.max(np.abs(entries[places] - differences), initial=0.0)),
                len(places),
                entries.size,
            )
        )
    return tuple(found)


def _factor(jacobian: Jacobian) -> FactorRow:
    return FactorRow(jacobian.symbol, _shape(jacobian), jacobian.item, _structure(jacobian))


def _structure(jacobian: Jacobian) -> str:
    return jacobian.matrix_notation() or jacobian.index_notation().partition(" = ")[2]


def _shape(jacobian: Jacobian) -> tuple[int, ...]:
    """The shape as the notes show it: with respect to a vector a scalar is a row, with respect to a scalar a column."""
    shape = jacobian.as_matrix().shape if jacobian.ndim == 1 else jacobian.shape
    return tuple(int(size) for size in shape)
