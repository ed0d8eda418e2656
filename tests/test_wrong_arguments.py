"""Every public function with every wrong kind of argument in every place: an answer, or an error of our own."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobians
from jacobians import JacobiansError, networks, testing

x, A, c = jacobians.vector("x", "d"), jacobians.matrix("A", "d", "d"), jacobians.scalar("c")
z = (A @ x).named("z")
y = (z @ z).named("y")
J, K = jacobians.derivative(y, z), jacobians.derivative(z, x)
NETWORK = networks.shallow(3, 2, 2)
VALUES = {"x": np.array([1.0, 2.0]), "A": np.array([[1.0, 2.0], [3.0, 5.0]])}
RNG = np.random.default_rng(0)
POINT = {**NETWORK.parameters(RNG), **NETWORK.sample(RNG)}
V, M, T = np.array([0.5, 1.0]), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.ones((2, 3, 5))
COMPILED = jacobians.compile([y, K])


def total(u: Any) -> Any:
    return np.sum(u * u)


def _generator() -> Iterator[int]:
    yield 1


#: Made anew for each call: some are used up.
WRONG: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "0": lambda: 0,
    "-1": lambda: -1,
    "7": lambda: 7,
    "a huge integer": lambda: 10**400,
    "1.5": lambda: 1.5,
    "nan": lambda: float("nan"),
    "1j": lambda: 1j,
    "np.int64": lambda: np.int64(1),
    "np.float32": lambda: np.float32(1.5),
    "an empty text": lambda: "",
    "a text": lambda: "no such thing",
    "bytes": lambda: b"bytes",
    "an empty list": list,
    "a list": lambda: [1.0, "a", None],
    "a ragged list": lambda: [[1.0], [1.0, 2.0]],
    "an empty tuple": tuple,
    "a tuple": lambda: (1, 2),
    "a tuple of texts": lambda: ("a", "b"),
    "an empty dictionary": dict,
    "a dictionary": lambda: {"x": 1.0},
    "a dictionary with other keys": lambda: {3: "a"},
    "a dictionary of None": lambda: {"x": None, "A": None, "d": None},
    "a set": lambda: {1, 2},
    "a generator": _generator,
    "a range": lambda: range(2),
    "a slice": lambda: slice("a"),
    "an ellipsis": lambda: ...,
    "a class": lambda: int,
    "a function": lambda: lambda *arguments, **named: None,
    "a function that fails": lambda: "".join,
    "an object": object,
    "an empty array": lambda: np.zeros(0),
    "an array without axes": lambda: np.array(2.0),
    "a vector of another size": lambda: np.ones(7),
    "integers": lambda: np.arange(2),
    "truth values": lambda: np.array([True, False]),
    "complex numbers": lambda: np.array([1j, 2.0]),
    "texts": lambda: np.array(["a", "b"]),
    "objects": lambda: np.array([None, object()]),
    "dates": lambda: np.array(["2020-01-01"], dtype="datetime64[D]"),
    "a structured array": lambda: np.zeros(2, dtype=[("a", float)]),
    "a masked array": lambda: np.ma.array([1.0, 2.0], mask=[True, False]),
    "np.matrix": lambda: np.asmatrix(M),
    "many axes": lambda: np.ones((1,) * 30),
    "a variable": lambda: x,
    "an expression": lambda: A @ x,
    "a Jacobian": lambda: J,
    "a view of a Jacobian": lambda: J.T,
    "a network": lambda: NETWORK,
    "a list of variables": lambda: [x, A],
    "a compiled function": lambda: COMPILED,
    "a module": lambda: np,
}

#: Every public function, and the methods of what it gives, with arguments that are right.
CALLS: dict[str, tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = {
    "scalar": (jacobians.scalar, ("a",), {}),
    "vector": (jacobians.vector, ("a", "n"), {}),
    "matrix": (jacobians.matrix, ("a", "n", 3), {}),
    "tensor": (jacobians.tensor, ("a", "n", 3, 5), {}),
    "constant": (jacobians.constant, (V,), {"name": "k"}),
    "named": (y.named, ("w",), {}),
    "outer": (jacobians.outer, (V, V), {}),
    "tensor_product": (jacobians.tensor_product, (V, M), {}),
    "diag": (jacobians.diag, (V,), {}),
    "append_one": (jacobians.append_one, (V,), {}),
    "vector_tensor": (jacobians.vector_tensor, (V, T), {}),
    "vector_tensor of an expression": (jacobians.vector_tensor, (x, T), {}),
    "sigmoid": (jacobians.sigmoid, (V,), {}),
    "relu": (jacobians.relu, (V,), {}),
    "tanh": (jacobians.tanh, (V,), {}),
    "softplus": (jacobians.softplus, (V,), {}),
    "softmax": (jacobians.softmax, (V,), {"axis": 0}),
    "softmax of an expression": (jacobians.softmax, (A,), {"axis": 0}),
    "log_softmax": (jacobians.log_softmax, (V,), {"axis": 0}),
    "logsumexp": (jacobians.logsumexp, (V,), {"axis": 0}),
    "logsumexp of an expression": (jacobians.logsumexp, (A,), {"axis": 0}),
    "layer_norm": (jacobians.layer_norm, (M,), {"gain": 1.0, "shift": 0.0, "epsilon": 1e-5}),
    "layer_norm of an expression": (jacobians.layer_norm, (A,), {"gain": 1.0, "shift": 0.0, "epsilon": 1e-5}),
    "attention": (jacobians.attention, (M, M, M), {}),
    "half_squared_norm": (jacobians.half_squared_norm, (V,), {}),
    "cross_entropy": (jacobians.cross_entropy, (V, V), {}),
    "derivative_shape": (jacobians.derivative_shape, ((2,), ("n", "m")), {}),
    "derivative_item": (jacobians.derivative_item, ((2,), ("n", "m")), {}),
    "convert_layout": (jacobians.convert_layout, (np.ones((2, 5, 3)), (2,), (3, 5), "numerator", "ad"), {}),
    "collapse": (jacobians.collapse, (np.ones((1, 2, 3)),), {}),
    "derivative": (jacobians.derivative, (y, x), {}),
    "derivative by a list": (jacobians.derivative, (y, [x, A]), {}),
    "evaluate": (jacobians.evaluate, (y, VALUES), {"sizes": {"d": 2}}),
    "evaluate a value": (lambda value: jacobians.evaluate(y, {**VALUES, "x": value}), (V,), {}),
    "evaluate a size": (lambda value: jacobians.evaluate(y, VALUES, {"d": value}), (2,), {}),
    "cost": (jacobians.cost, ([J],), {"sizes": {"d": 2}, "order": "reverse"}),
    "cost of one in a list": (lambda value: jacobians.cost([J, value]), (K,), {}),
    "compile": (jacobians.compile, ([y, K],), {"variables": ["x", "A"], "order": "optimal", "sizes": {}, "name": "f"}),
    "compile with one more": (lambda value: jacobians.compile([y, value], ["x", "A"]), (K,), {}),
    "compile by one variable": (lambda value: jacobians.compile(x @ x, [value]), (x,), {}),
    "a compiled function": (COMPILED, (VALUES["A"], VALUES["x"]), {}),
    "a compiled function by name": (COMPILED, (), dict(VALUES)),
    "jit": (jacobians.jit, (total,), {}),
    "jit called": (jacobians.jit(total), (V,), {}),
    "jacobian": (jacobians.jacobian, (total,), {"argnums": 0, "layout": "ad"}),
    "grad": (jacobians.grad, (total,), {"argnums": 0}),
    "hessian": (jacobians.hessian, (total,), {"argnums": 0, "layout": "ad"}),
    "jacobian called": (jacobians.jacobian(total), (V,), {}),
    "grad called": (jacobians.grad(total), (V,), {}),
    "grad by argnums": (lambda argnums: jacobians.grad(total, argnums)(V), (0,), {}),
    "jacobian by argnums": (lambda argnums: jacobians.jacobian(total, argnums)(V), ((0,),), {}),
    "hessian by argnums": (lambda argnums: jacobians.hessian(total, argnums)(V), (0,), {}),
    "hessian called": (jacobians.hessian(total), (V,), {}),
    "grad of two": (jacobians.grad(lambda a, b: np.sum(a * b), (0, 1)), (V, V), {}),
    "vjp": (jacobians.vjp, (total, V), {}),
    "vjp called": (jacobians.vjp(lambda a: (a, 2 * a), V)[1], ((V, V),), {}),
    "jvp": (jacobians.jvp, (total, (V,), (V,)), {}),
    "check_derivative": (jacobians.check_derivative, (total, V, 2 * V), {"layout": "ad", "argnums": None}),
    "check_derivative of an expression": (jacobians.check_derivative, (J, VALUES, lambda **v: 2 * v["A"] @ v["x"]), {}),
    "assert_derivative": (testing.assert_derivative, (total, V, 2 * V), {"layout": "ad", "argnums": None}),
    "points": (testing.points, (3,), {"low": -2.0, "high": 2.0, "away_from": [0.0], "distance": 0.1, "smooth": None}),
    "parse": (jacobians.parse, ("x' A x",), {"x": "d", "A": ("d", "d")}),
    "shape_of": (jacobians.shape_of, ("x' A x",), {"x": "d", "A": ("d", "d")}),
    "draw": (jacobians.draw, (y,), {"path": None, "detail": "simple", "values": None}),
    "draw values": (jacobians.draw, (K,), {"values": VALUES}),
    "explain": (jacobians.explain, (J,), {}),
    "from_jax": (jacobians.from_jax, (total,), {}),
    "from_torch": (jacobians.from_torch, (total,), {}),
    "shallow": (networks.shallow, (3, 2, 2), {"activation": "tanh", "loss": "squared", "augmented": True, "batch": 5}),
    "two_hidden": (networks.two_hidden, (3, 2, 5, 2), {"regularization": 0.5}),
    "mlp": (networks.mlp, ((3, 2, 2),), {"activation": "tanh", "loss": "squared", "batch": None}),
    "parameters": (NETWORK.parameters, (RNG,), {"sizes": {}}),
    "sample": (NETWORK.sample, (RNG,), {"sizes": {}}),
    "implicit.backprop": (jacobians.implicit.backprop, (NETWORK, POINT), {}),
    "implicit.backprop a value": (
        lambda value: jacobians.implicit.backprop(NETWORK, {**POINT, "W1": value}),
        (M.T,),
        {},
    ),
    "J.evaluate": (J.evaluate, (VALUES,), {"layout": "ad", "order": "reverse", "sizes": {}}),
    "J.materialize": (J.materialize, (VALUES,), {"sizes": {}}),
    "J.to_layout": (J.to_layout, ("vec",), {}),
    "J.cost": (J.cost, ({"d": 2},), {"order": "forward"}),
    "J.costs": (J.costs, ({"d": 2},), {}),
    "J.compile": (J.compile, (), {"order": "forward"}),
    "J @ K": (lambda other: J @ other, (K,), {}),
    "v @ K": (lambda other: other @ K, (x,), {}),
    "J + J": (lambda other: J + other, (J,), {}),
    "J * c": (lambda other: J * other, (2.0,), {}),
    "J[i]": (lambda key: K[key], (0,), {}),
    "J.T.evaluate": (J.T.evaluate, (VALUES,), {"order": "reverse", "sizes": {}}),
    "J.to_sparse": (K.to_sparse, (VALUES,), {"layout": "vec", "sizes": {}, "format": None}),
    "J.as_linear_operator": (K.as_linear_operator, (VALUES,), {}),
    "x + a": (lambda other: x + other, (x,), {}),
    "a - x": (lambda other: other - x, (x,), {}),
    "x * a": (lambda other: x * other, (2.0,), {}),
    "x / a": (lambda other: x / other, (2.0,), {}),
    "x ** a": (lambda other: x**other, (2.0,), {}),
    "x @ a": (lambda other: x @ other, (x,), {}),
    "a @ A": (lambda other: other @ A, (x,), {}),
    "x[i]": (lambda key: x[key], (0,), {}),
    "A[i, j]": (lambda i, j: A[i, j], (0, 1), {}),
    "x == a": (lambda other: np.where(x == other, 1.0, 0.0), (0.0,), {}),
    "A.sum": (A.sum, (0,), {}),
    "A.reshape": (A.reshape, (-1,), {}),
    "A.transpose": (A.transpose, (1, 0), {}),
    "format": (lambda form: f"{x:{form}}", ("",), {}),
    "round": (lambda digits: round(c, digits), (2,), {}),
}

q, Q = jacobians.vector("q", 4), jacobians.matrix("Q", 4, 4)
u, v = jacobians.vector("u", 3), jacobians.vector("v", 3)

#: NumPy's functions of expressions.
NUMPY: dict[str, tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = {
    "sum": (np.sum, (Q,), {"axis": 0, "keepdims": False}),
    "mean": (np.mean, (Q,), {"axis": 0}),
    "var": (np.var, (Q,), {"axis": 0, "ddof": 0}),
    "max": (np.max, (Q,), {"axis": 0}),
    "prod": (np.prod, (Q,), {"axis": 0}),
    "cumsum": (np.cumsum, (Q,), {"axis": 0}),
    "average": (np.average, (q,), {"weights": np.ones(4)}),
    "reshape": (np.reshape, (Q, (2, 8)), {}),
    "transpose": (np.transpose, (Q, (1, 0)), {}),
    "swapaxes": (np.swapaxes, (Q, 0, 1), {}),
    "moveaxis": (np.moveaxis, (Q, 0, 1), {}),
    "rollaxis": (np.rollaxis, (Q, 1), {"start": 0}),
    "expand_dims": (np.expand_dims, (Q, 0), {}),
    "squeeze": (np.squeeze, (Q,), {"axis": None}),
    "broadcast_to": (np.broadcast_to, (q, (3, 4)), {}),
    "concatenate": (np.concatenate, ([Q, Q],), {"axis": 0}),
    "stack": (np.stack, ([Q, Q],), {"axis": 0}),
    "vstack": (np.vstack, ([Q, Q],), {}),
    "append": (np.append, (q, 1.0), {}),
    "split": (np.split, (Q, 2), {"axis": 0}),
    "array_split": (np.array_split, (Q, 2), {"axis": 0}),
    "delete": (np.delete, (q, 1), {}),
    "pad": (np.pad, (q, 1), {"mode": "edge"}),
    "repeat": (np.repeat, (Q, 2), {"axis": 0}),
    "tile": (np.tile, (Q, 2), {}),
    "roll": (np.roll, (Q, 1), {"axis": 0}),
    "flip": (np.flip, (Q,), {"axis": 0}),
    "rot90": (np.rot90, (Q,), {"k": 1}),
    "take": (np.take, (Q, [0, 1]), {"axis": 0}),
    "diag": (np.diag, (Q,), {"k": 0}),
    "diagonal": (np.diagonal, (Q,), {"offset": 0}),
    "trace": (np.trace, (Q,), {"offset": 0}),
    "tril": (np.tril, (Q,), {"k": 0}),
    "where": (np.where, (Q > 0, Q, 0.0), {}),
    "select": (np.select, ([q > 0], [q]), {"default": 0.0}),
    "clip": (np.clip, (Q, 0.0, 1.0), {}),
    "round": (np.round, (q,), {"decimals": 1}),
    "diff": (np.diff, (q,), {"n": 1, "axis": 0}),
    "full_like": (np.full_like, (q, 2.0), {}),
    "einsum": (np.einsum, ("ij,j->i", Q, q), {}),
    "tensordot": (np.tensordot, (Q, Q), {"axes": 1}),
    "matmul": (np.matmul, (Q, q), {}),
    "dot": (np.dot, (Q, q), {}),
    "inner": (np.inner, (Q, q), {}),
    "outer": (np.outer, (q, q), {}),
    "kron": (np.kron, (Q, Q), {}),
    "cross": (np.cross, (u, v), {}),
    "convolve": (np.convolve, (q, np.ones(2)), {"mode": "full"}),
    "norm": (np.linalg.norm, (Q,), {"ord": None, "axis": None}),
    "inv": (np.linalg.inv, (Q,), {}),
    "solve": (np.linalg.solve, (Q, q), {}),
    "matrix_power": (np.linalg.matrix_power, (Q, 2), {}),
    "maximum": (np.maximum, (q, 0.0), {}),
    "power": (np.power, (q, 2.0), {}),
    "reduce": (np.add.reduce, (Q,), {"axis": 0}),
}

#: Errors that are Python's own and in their place: a test's assertion; an operand that does not support an operation.
ALLOWED: dict[str, tuple[type[BaseException], ...]] = {"assert_derivative": (AssertionError,)}


#: What is called with our arguments and may fail by itself.
FUNCTIONS = ("a class", "a function that fails", "a compiled function")


def is_of_the_users(name: str, what: str, error: BaseException) -> bool:
    """Whether an error is raised by a function of the user, who wants to see it as it is."""
    files = [frame.filename == __file__ for frame in traceback.extract_tb(error.__traceback__)]
    called_back = any(here and not before for before, here in pairwise(files))
    takes_functions = name.startswith(("check_derivative", "assert_derivative", "from_", "vjp", "jvp", "jit"))
    return called_back or (takes_functions and what.startswith(FUNCTIONS))


def tried(
    function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]
) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each wrong value in each place."""

    def call(make: Callable[[], Any], place: int | str) -> Callable[[], Any]:
        if isinstance(place, str):
            return lambda: function(*arguments, **{**options, place: make()})
        return lambda: function(*arguments[:place], make(), *arguments[place + 1 :], **options)

    for kind, make in WRONG.items():
        for place in (*range(len(arguments)), *options):
            yield f"{kind} for argument {place}", call(make, place)


def wrong_answers(
    call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]], accepted: Callable[[str, BaseException], bool]
) -> list[str]:
    """What does not raise an error of ours, of the wrong calls."""
    wrong: list[str] = []
    for what, attempt in tried(*call):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                attempt()
            except JacobiansError as error:
                if not 0 < len(str(error)) <= 4000:
                    wrong.append(f"{what}: says {str(error)[:200]!r}")
            except Exception as error:
                if not accepted(what, error):
                    wrong.append(f"{what}: {type(error).__name__}: {str(error)[:100]}")
    return wrong


@pytest.mark.parametrize("name", CALLS)
def test_only_our_own_errors(name: str) -> None:
    def accepted(what: str, error: BaseException) -> bool:
        return isinstance(error, ALLOWED.get(name, ())) or is_of_the_users(name, what, error)

    assert wrong_answers(CALLS[name], accepted) == []


@pytest.mark.parametrize("name", NUMPY)
def test_only_our_own_errors_from_numpys_functions_of_expressions(name: str) -> None:
    library = str(Path(jacobians.__file__).parent)

    def accepted(what: str, error: BaseException) -> bool:  # where no expression is left NumPy answers
        return not any(frame.filename.startswith(library) for frame in traceback.extract_tb(error.__traceback__))

    assert wrong_answers(NUMPY[name], accepted) == []


def test_every_public_function_is_tried() -> None:
    tested = {name.split()[0].removeprefix("a ") for name in CALLS}
    made_by_us = {"Compiled", "Cost", "Drawing", "Expression", "Jacobian", "Report"}
    modules = {"implicit", "networks", "testing"}
    public = {name for name in jacobians.__all__ if callable(getattr(jacobians, name))}
    public -= {name for name in public if name.endswith("Error")} | made_by_us | modules
    assert public <= tested
