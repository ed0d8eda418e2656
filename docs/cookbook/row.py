"""What a row of the table is: an identity of the Matrix Cookbook as data, for the page and for the tests alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jacobians import Jacobian, derivative, tensor
from jacobians.expressions.nodes import Expression, Named


@dataclass(frozen=True)
class Row:
    """One identity: `left` differentiated by `by` is `right`, and `form` is how this library prints it.

    `of` is the left side as ordinary NumPy code: of arrays it is a value, of variables an expression. `right` is the
    Cookbook's own right side over arrays, in the Cookbook's layout: the axes of what is differentiated, then those of
    `by` as they stand ("ad" here; a scalar with respect to a matrix has the matrix's shape). `shapes` has each
    variable's sizes.
    `symmetric` names the matrices that the Cookbook assumes to be so: their values are, the calculus is not told.
    `left` and `form` can be read by `parse`, with the definitions of `where` before them.
    `order` 2 is a second derivative, and `sigma` what σ is. Where `by` is "dX" or "dX dY" the row is a differential,
    linear in these. `then` is what is made of the derivative J, in numerator layout, and the variables, where the
    identity is about a product.
    """

    number: str
    left: str
    by: str
    shapes: Mapping[str, str]
    of: Callable[..., Any]
    right: Callable[..., Any]
    form: str
    symmetric: tuple[str, ...] = ()
    order: int = 1
    then: Callable[..., Any] | None = None
    where: str = ""
    sigma: str = "tanh"
    note: str = ""

    @property
    def variables(self) -> dict[str, Expression]:
        return {name: tensor(name, *map(_size, sizes.split())) for name, sizes in self.shapes.items()}

    @property
    def moving(self) -> list[str]:
        """The variables of a differential; none where the row is a derivative."""
        return [name.removeprefix("d") for name in self.by.split()] if self.by.startswith("d") else []

    @property
    def names(self) -> list[str]:
        """The arguments of `of`."""
        return [name for name in self.shapes if name.removeprefix("d") not in self.moving or name in self.moving]

    def value(self, values: Mapping[str, Any]) -> Any:
        """The left side, of arrays or of variables."""
        return self.of(*(values[name] for name in self.names))

    def expected(self, values: Mapping[str, Any]) -> np.ndarray:
        """The Cookbook's right side, in the Cookbook's layout."""
        return np.asarray(self.right(*(values[name] for name in self.shapes)))

    def derivative(self) -> Jacobian:
        """∂left/∂by, as often as `order` says."""
        variables = self.variables
        result = self.value(variables)
        for _ in range(self.order):
            result = derivative(result, variables[self.by])
        assert isinstance(result, Jacobian)
        return result

    def expression(self) -> Expression:
        """What the row is about where that is not a plain derivative: a differential, or a product with a derivative.

        The differential is Σ ∂left/∂X · dX over the variables that move.
        """
        variables = self.variables
        if self.then is not None:
            return self.then(self.derivative().expression, *(variables[name] for name in self.shapes))
        value = self.value(variables)
        parts = [derivative(value, variables[name]) @ variables[f"d{name}"] for name in self.moving]
        return sum(parts[1:], parts[0])

    def closed_form(self) -> str | None:
        """The closed form as the library prints it, if there is one."""
        if self.moving or self.then is not None:
            return str(self.expression())
        return self.derivative().matrix_notation()

    def printed(self) -> str:
        """The closed form; where there is none, the entries."""
        return self.closed_form() or self.derivative().entry_notation()

    def values(self, sizes: Mapping[str, int], seed: int = 0) -> dict[str, np.ndarray]:
        """Random values: square matrices well away from singular ones, symmetric where the row assumes it."""
        rng = np.random.default_rng(seed)
        found = {}
        for name, text in self.shapes.items():
            shape = tuple(sizes.get(size) or int(size) for size in text.split())
            value = rng.normal(size=shape)
            if len(shape) == 2 and shape[0] == shape[1]:
                value += 3.0 * np.eye(shape[0])
                value = value + value.T if name in self.symmetric else value
            found[name] = value
        return found


@dataclass(frozen=True)
class Omitted:
    """An identity that cannot be expressed, and why."""

    number: str
    left: str
    reason: str


def called(value: Any, name: str) -> Any:
    """`value` under a name where it is an expression; arrays as they are."""
    return Named.of(name, value) if isinstance(value, Expression) else value


def _size(size: str) -> str | int:
    return int(size) if size.isdecimal() else size
