"""What every random graph goes through: value, first and second derivatives, in an order and a layout of its seed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from graph_libraries import OURS, autograd_library, jax_library
from graph_operations import Array
from helpers import ORDERS, assert_close, central_differences, in_layout, literal_product, numerator, relevant
from random_graphs import Graph, Seeded, draw_graph

import jacobians
from jacobians import Expression, derivative, evaluate, tensor
from jacobians.expressions.flattening import flatten

FIRST, SECOND = 1e-9, 1e-8


class Oracle(NamedTuple):
    """Another library: its array module and its derivatives, with the axes of the result and then the argument's."""

    library: Any
    jacobian: Callable[..., Any]
    grad: Callable[..., Any]


def autograd_oracle() -> Oracle:
    import autograd

    return Oracle(autograd_library(), autograd.jacobian, autograd.grad)


def jax_oracle() -> Oracle:
    library = jax_library()
    import jax

    return Oracle(library, jax.jacrev, jax.grad)


@dataclass
class Check:
    """A graph, and what it is compared with."""

    graph: Graph
    oracle: Oracle
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.values = self.graph.variables
        self.names = list(self.values)
        self.variables = {name: tensor(name, *value.shape) for name, value in self.values.items()}
        self.y = self.graph.run(OURS, self.variables)
        self.y = self.y if isinstance(self.y, Expression) else jacobians.constant(self.y)

    def function(self, xp: Any) -> Callable[..., Any]:
        """The graph as a function of arrays, one for each variable."""
        return lambda *arrays: self.graph.run(xp, dict(zip(self.names, arrays, strict=True)))

    def arrays(self) -> list[Array]:
        return list(self.values.values())

    def expected(self, f: Callable[..., Any], number: int) -> Array:
        result = np.asarray(self.oracle.jacobian(f, number)(*self.arrays()))
        return result.reshape(np.shape(f(*self.arrays())) + self.arrays()[number].shape)

    def run(self) -> None:
        """Everything, in one order and layout each."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Output seems independent of input")
            self.compare()

    def compare(self) -> None:
        value = np.asarray(self.graph.run(OURS, self.values))
        assert_close(evaluate(self.y, self.used(self.y)), value, 1e-12)
        self.first()
        self.second()
        more = (self.algebra, self.passes, self.symbolic, self.second_of_a_tensor, self.third, self.product)
        more[self.rng.integers(0, len(more))]()

    def used(self, *of: Any) -> dict[str, Array]:
        """The values that are needed: those that are not are refused."""
        return relevant(self.values, *of)

    def first(self) -> None:
        """Every first derivative, in one order and one layout; or all of them compiled together."""
        found = derivative(self.y, list(self.variables.values()))
        how = self.rng.integers(0, len(ORDERS) + 2)
        expected = [self.expected(self.function(self.oracle.library), k) for k in range(len(self.names))]
        of = self.y.shape
        if how == len(ORDERS):
            compiled = jacobians.compile([self.y, *found], list(self.variables.values()))
            _, *results = compiled(*self.arrays())
            for J, result, right in zip(found, results, expected, strict=True):
                assert_close(result, in_layout(right, of, J.denominator.shape, "numerator"), FIRST)
            return
        if how == len(ORDERS) + 1:
            results = jacobians.jacobian(self.function(OURS), range(len(self.names)), layout="ad")(*self.arrays())
            for result, right in zip(results, expected, strict=True):
                assert_close(result, right, FIRST)
            return
        layout = ("numerator", "ad", "denominator", "vec")[self.rng.integers(0, 4)]
        for J, right in zip(found, expected, strict=True):
            result = J.evaluate(self.used(J.numerator, J.denominator), layout=layout, order=ORDERS[how])
            assert_close(result, in_layout(right, of, J.denominator.shape, layout), FIRST)

    def total(self, xp: Any) -> Callable[..., Any]:
        """A scalar of the result in which every entry has another weight."""
        weights = np.cos(np.arange(1.0, 1.0 + np.prod(self.y.shape, dtype=int))).reshape(self.y.shape)
        return lambda *arrays: xp.sum(weights * self.function(xp)(*arrays))

    def second(self) -> None:
        """A Hessian and a mixed second derivative, in one order, compiled, or by `hessian` of the function."""
        x, z = (int(self.rng.integers(0, len(self.names))) for _ in range(2))
        scalar = self.total(self.oracle.library)
        arrays, names = self.arrays(), self.names
        total = self.total(OURS)(*self.variables.values())
        if not isinstance(total, Expression):
            return
        how = self.rng.integers(0, len(ORDERS) + 2)
        if how == len(ORDERS) + 1:
            found = jacobians.hessian(self.total(OURS), (x, z) if x != z else (x,), layout="ad")(*arrays)
            pairs = [(0, x, 0, x), (0, x, len(found) - 1, z)]
        else:
            first = derivative(total, self.variables[names[x]])
            pairs = [(0, x, 0, x), (0, x, 1, z)] if x != z else [(0, x, 0, x)]
        for row, by, column, again in pairs:
            gradient = self.oracle.grad(scalar, by)
            right = np.asarray(self.oracle.jacobian(gradient, again)(*arrays))
            right = right.reshape(arrays[by].shape + arrays[again].shape)
            if how == len(ORDERS) + 1:
                result = found[row][column]
            else:
                H = derivative(first, self.variables[names[again]])
                if how == len(ORDERS):
                    (result,) = jacobians.compile([H], list(self.variables.values()))(*arrays)
                    right = right.transpose(
                        [*range(arrays[by].ndim)][::-1] + [*range(arrays[by].ndim, right.ndim)][::-1]
                    )
                else:
                    values = self.used(total, self.variables[names[by]], self.variables[names[again]])
                    result = H.evaluate(values, layout="ad", order=ORDERS[how])
            assert_close(result, right, SECOND)

    # --- one of these for each graph ---

    def some(self, largest: int = 1000) -> str | None:
        """A variable of at most so many entries."""
        names = [name for name in self.names if self.values[name].size <= largest]
        return names[self.rng.integers(0, len(names))] if names else None

    def algebra(self) -> None:
        """v @ J, J @ w, J @ J.T, J.T @ J, norm, trace, diagonal and J[i] are those of the dense Jacobian."""
        name = self.some()
        assert name is not None
        x = self.variables[name]
        of, wrt = self.y.ndim, x.ndim
        ad = self.expected(self.function(self.oracle.library), self.names.index(name))
        v, w = self.rng.normal(size=self.y.shape), self.rng.normal(size=x.shape)
        J = derivative(self.y, x)
        rows, columns = list(range(of)), list(range(of, of + wrt))
        pairs = [
            (v @ J, np.tensordot(v, ad, of).transpose()),
            (J @ w, np.tensordot(ad, w, wrt)),
        ]
        if len(flatten(J.chain.reverse, 6)) <= 6:  # there are as many products as pairs of terms
            pairs += [
                (J.norm() ** 2, np.sum(ad * ad)),  # where terms cancel, the norm itself has half of the digits
                (J @ J.T, numerator(np.tensordot(ad, ad, (columns, columns)), of)),
                (J.T @ J, numerator(np.tensordot(ad, ad, (rows, rows)), wrt)),
            ]
        if self.y.shape == x.shape:
            square = ad.reshape(x.size, x.size)
            pairs += [(J.trace(), np.trace(square)), (J.diagonal(), np.diagonal(square).reshape(x.shape))]
        for mine, right in pairs:
            assert_close(evaluate(mine, self.used(mine)), right, FIRST)
        if of:
            place = int(self.rng.integers(0, ad.shape[0]))
            row = J[place]
            assert_close(row.evaluate(self.used(row.numerator, x)), numerator(ad[place], of - 1), FIRST)

    def passes(self) -> None:
        """`vjp` and `jvp` of the function, for all its arguments together."""
        f, arrays = self.function(OURS), self.arrays()
        expected = [self.expected(self.function(self.oracle.library), k) for k in range(len(arrays))]
        value, pull = jacobians.vjp(f, *arrays)
        v = self.rng.normal(size=np.shape(value))
        for mine, right in zip(pull(v), expected, strict=True):
            assert_close(mine, np.tensordot(v, right, v.ndim), FIRST)
        tangents = [self.rng.normal(size=array.shape) for array in arrays]
        again, pushed = jacobians.jvp(f, arrays, tangents)
        assert_close(again, value, 1e-12)
        right = sum(np.tensordot(ad, w, w.ndim) for ad, w in zip(expected, tangents, strict=True))
        assert_close(pushed, right, FIRST)

    def symbolic(self) -> None:
        """The same graph over symbols for sizes, where its operations take them."""
        if any("shift" in step.options for step in self.graph.steps):
            return
        variables = {
            name: tensor(name, *(f"n{size}" if size > 1 else 1 for size in value.shape))
            for name, value in self.values.items()
        }
        try:
            y = self.graph.run(OURS, variables)
        except jacobians.JacobiansError:
            return
        if not isinstance(y, Expression):
            return
        name = self.some()
        assert name is not None
        expected = self.expected(self.function(self.oracle.library), self.names.index(name))
        J = derivative(y, variables[name])
        sizes = {f"n{size}": size for value in self.values.values() for size in value.shape if size > 1}
        values = self.used(y, variables[name])
        assert_close(evaluate(y, self.used(y), sizes=sizes), self.graph.run(OURS, self.values), 1e-12)
        order = ORDERS[self.rng.integers(0, len(ORDERS))]
        assert_close(J.evaluate(values, layout="ad", order=order, sizes=sizes), expected, FIRST)

    def second_of_a_tensor(self) -> None:
        """The derivative of a Jacobian of more axes, by another variable."""
        name, again = self.some(6), self.some(6)
        if name is None or again is None or np.prod(self.y.shape, dtype=int) > 12:
            return
        f, places = self.function(self.oracle.library), [self.names.index(name), self.names.index(again)]
        first = self.oracle.jacobian(f, places[0])
        right = np.asarray(self.oracle.jacobian(first, places[1])(*self.arrays()))
        H = derivative(derivative(self.y, self.variables[name]), self.variables[again])
        right = right.reshape(np.shape(f(*self.arrays())) + self.values[name].shape + self.values[again].shape)
        values = self.used(self.y, self.variables[name], self.variables[again])
        found = H.evaluate(values, layout="ad", order=ORDERS[self.rng.integers(0, len(ORDERS))])
        assert_close(found, right, SECOND)

    def third(self) -> None:
        """The third derivative of a scalar, where there are few entries."""
        name = self.some(3)
        if name is not None and not self.values[name].shape:
            return  # autograd adds up no third derivatives by a scalar that is indexed
        total = self.total(OURS)(*self.variables.values())
        if name is None or not isinstance(total, Expression):
            return
        place, x = self.names.index(name), self.variables[name]
        twice = self.oracle.jacobian(self.oracle.grad(self.total(self.oracle.library), place), place)
        right = np.asarray(self.oracle.jacobian(twice, place)(*self.arrays())).reshape(3 * x.shape)
        T = derivative(derivative(derivative(total, x), x), x)
        assert_close(T.evaluate(self.used(total, x), layout="ad"), right, 1e-7)

    def product(self) -> None:
        """The literal product of the factors, each written out."""
        name = self.some()
        assert name is not None
        J = derivative(self.y, self.variables[name])
        if J.is_zero or len(J.chain.paths) != 1:
            return
        expected = self.expected(self.function(self.oracle.library), self.names.index(name))
        found = literal_product(J.factors, self.values)
        assert_close(found, in_layout(expected, self.y.shape, J.denominator.shape, "numerator"), FIRST)


def check_seed(seed: int, oracle: Oracle) -> Graph:
    """Draw the graph of a seed, and compare it with another library."""
    graph = draw_graph(Seeded(seed))
    Check(graph, oracle, np.random.default_rng(seed + 1)).run()
    return graph


#: NumPy computes these for real numbers only, or not analytically.
NOT_ANALYTIC = ("arctan2", "logaddexp", "slogdet", "sign of slogdet", "float_power", "deg2rad", "radians")
NOT_ANALYTIC += ("rad2deg", "degrees", "cbrt", "our tanh")


def analytic(graph: Graph) -> bool:
    """Whether the complex step is right for a graph."""
    return all(step.operation.smooth and step.operation.name not in NOT_ANALYTIC for step in graph.steps)


def complex_step(f: Callable[[Array], Any], x: Array) -> Array:
    """∂f/∂x of an analytic f with the axes of f(x) and then those of x: Im f(x + i h)/h, exact but for rounding."""
    columns = []
    for place in np.ndindex(*x.shape):
        moved = np.array(x, dtype=complex)
        moved[place] += 1e-30j
        columns.append(np.imag(np.asarray(f(moved))) / 1e-30)
    return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)


def check_by_differences(seed: int) -> bool:
    """The derivatives by the first small variable against the complex step, or central differences where that is wrong.

    The second derivative is compared with differences of the first one's witness. False where no variable is small.
    """
    graph = draw_graph(Seeded(seed))
    check = Check(graph, autograd_oracle(), np.random.default_rng(seed))
    name = next((name for name, value in check.values.items() if value.size <= 6), None)
    if name is None:
        return False
    xp, x = check.oracle.library, check.values[name]

    def f(at: Array) -> Any:
        return graph.run(xp, {**check.values, name: at})

    def first(at: Array) -> Array:
        return complex_step(f, at) if analytic(graph) else central_differences(f, at, 1e-4)

    variable = check.variables[name]
    J = derivative(check.y, variable)
    assert_close(J.evaluate(check.used(check.y, variable), layout="ad"), first(x), FIRST if analytic(graph) else 1e-6)
    if analytic(graph) and np.size(check.graph.arrays[-1]) <= 12:
        H = derivative(J, variable)
        found = H.evaluate(check.used(check.y, variable), layout="ad")
        assert_close(found, central_differences(first, x, 4e-3), 1e-7)
    return True
