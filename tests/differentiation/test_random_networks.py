"""Random networks: the literal product in every order is what autograd finds.

A network is drawn as a description, a list of steps. One interpreter reads it, with the functions either of
`jacobians` on expressions or of autograd on arrays, so that both worlds see the same formula and share no code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from helpers import ORDERS, assert_close, in_layout, literal_product, numerator, relevant, search
from hypothesis import assume
from hypothesis import strategies as st

import jacobians
from jacobians import Expression, derivative, evaluate, implicit, matrix, networks, vector
from jacobians.compiler.evaluation import evaluate_together

PRIMES = (2, 3, 5, 7)
ACTIVATIONS = ("sigmoid", "tanh", "relu", "softplus", "exp", "sin", "square")
#: These grow; a network has at most so many of them.
GROWING = {"exp": 2, "square": 2, "own product": 2}


@dataclass
class Description:
    """What was drawn: the steps, and the shapes of the variables that they use."""

    start: int
    steps: list[tuple[Any, ...]] = field(default_factory=list)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    by: str = "x"
    seed: int = 0


OURS = SimpleNamespace(
    sigmoid=jacobians.sigmoid,
    tanh=np.tanh,
    relu=jacobians.relu,
    softplus=jacobians.softplus,
    exp=np.exp,
    sin=np.sin,
    square=np.square,
    softmax=jacobians.softmax,
    logsumexp=jacobians.logsumexp,
    cross_entropy=jacobians.cross_entropy,
    half_squared_norm=jacobians.half_squared_norm,
    outer=jacobians.outer,
    diag=jacobians.diag,
    append_one=jacobians.append_one,
    sum=np.sum,
    named=lambda value, name: value.named(name) if isinstance(value, Expression) else value,
)


def _log_softmax(z: Any) -> Any:
    shifted = z - anp.max(z)
    return shifted - anp.log(anp.sum(anp.exp(shifted)))


AUTOGRAD = SimpleNamespace(
    sigmoid=lambda z: 0.5 * (anp.tanh(0.5 * z) + 1.0),
    tanh=anp.tanh,
    relu=lambda z: anp.where(z > 0, z, 0.0),
    softplus=lambda z: anp.logaddexp(0.0, z),
    exp=anp.exp,
    sin=anp.sin,
    square=anp.square,
    softmax=lambda z: anp.exp(_log_softmax(z)),
    logsumexp=lambda z: anp.log(anp.sum(anp.exp(z))),
    cross_entropy=lambda z, t: -anp.sum(t * _log_softmax(z)),
    half_squared_norm=lambda r: 0.5 * anp.sum(r * r),
    outer=lambda a, b: anp.reshape(a, (-1, 1)) * anp.reshape(b, (1, -1)),
    diag=lambda a: anp.reshape(a, (-1, 1)) * np.eye(a.shape[0]),
    append_one=lambda a: anp.concatenate((a, np.ones(1))),
    sum=anp.sum,
    named=lambda value, name: value,
)


def interpret(description: Description, variables: dict[str, Any], lib: SimpleNamespace) -> Any:
    """The value of the described network: an expression or an array, as `variables` and `lib` are."""
    states = [variables["x"]]
    for number, (kind, *arguments) in enumerate(description.steps):
        s = states[-1]
        match kind, arguments:
            case "dense", [W, b]:
                s = variables[W] @ s if b is None else variables[W] @ s + variables[b]
            case "transposed", [W]:
                s = variables[W].T @ s
            case "row", [W]:
                s = s @ variables[W]
            case "activation", [name]:
                s = getattr(lib, name)(s)
            case "gate", [v]:
                s = variables[v] * s
            case "residual", [back]:
                s = s + states[back]
            case "difference", [back]:
                s = 2.0 * states[back] - s
            case "own product", [back]:
                s = s * states[back]
            case "softmax", []:
                s = lib.softmax(s)
            case "append one", []:
                s = lib.append_one(s)
            case "scale by own norm", []:
                s = lib.half_squared_norm(s) * s
            case "divide", [v]:
                s = s / (1.5 + variables[v] ** 2)
            case "name", []:
                s = lib.named(s, f"n{number}")
            case "half squared norm", []:
                return lib.half_squared_norm(s)
            case "logsumexp", []:
                return lib.logsumexp(s)
            case "weighted sum", [v]:
                return variables[v] @ s
            case "sum", []:
                return lib.sum(s)
            case "cross entropy", [v]:
                return lib.cross_entropy(s, variables[v])
            case "outer", [v]:
                return lib.outer(variables[v], s)
            case "outer with itself", []:
                return lib.outer(s, s)
            case "diag", []:
                return lib.diag(s)
            case _:
                raise AssertionError(kind)
        states.append(s)
    return states[-1]


@st.composite
def descriptions(draw: Any) -> Description:
    """A network of up to six steps, and perhaps an end that makes a scalar or a matrix of the last vector."""
    made = Description(draw(st.sampled_from(PRIMES)), seed=draw(st.integers(0, 2**32 - 1)))
    made.shapes["x"] = (made.start,)
    sizes = [made.start]
    grown = dict.fromkeys(GROWING, 0)

    def fresh(stem: str, *shape: int) -> str:
        name = f"{stem}{len(made.shapes)}"
        made.shapes[name] = shape
        return name

    def add(step: tuple[Any, ...], size: int) -> None:
        made.steps.append(step)
        sizes.append(size)
        if draw(st.booleans()):
            made.steps.append(("name",))
            sizes.append(size)

    for _ in range(draw(st.integers(1, 6))):
        size = sizes[-1]
        equal = [k for k, other in enumerate(sizes) if other == size]
        kinds = ["dense", "row", "activation", "activation", "gate", "softmax", "divide", "append one"]
        kinds += ["residual", "difference"] if len(equal) > 1 else []
        kinds += ["own product"] if grown["own product"] < GROWING["own product"] else []
        kinds += ["scale by own norm"] if grown["square"] < GROWING["square"] else []
        shared = [name for name, shape in made.shapes.items() if len(shape) == 2 and shape[1] == size]
        turned = [name for name, shape in made.shapes.items() if len(shape) == 2 and shape[0] == size]
        kinds += ["shared", "shared"] if shared else []
        kinds += ["transposed", "transposed"] if turned else []
        kind = draw(st.sampled_from(kinds))
        match kind:
            case "dense":
                rows = draw(st.sampled_from(PRIMES))
                bias = fresh("b", rows) if draw(st.booleans()) else None
                add((kind, fresh("W", rows, size), bias), rows)
            case "row":
                columns = draw(st.sampled_from(PRIMES))
                add((kind, fresh("V", size, columns)), columns)
            case "shared":
                name = draw(st.sampled_from(shared))
                add(("dense", name, None), made.shapes[name][0])
            case "transposed":
                name = draw(st.sampled_from(turned))
                add((kind, name), made.shapes[name][1])
            case "activation":
                allowed = [name for name in ACTIVATIONS if grown.get(name, 0) < GROWING.get(name, 1)]
                name = draw(st.sampled_from(allowed))
                if name in grown:
                    grown[name] += 1
                add((kind, name), size)
            case "gate" | "divide":
                add((kind, fresh("v", size)), size)
            case "residual" | "difference" | "own product":
                if kind in grown:
                    grown[kind] += 1
                add((kind, draw(st.sampled_from(equal))), size)
            case "scale by own norm":
                grown["square"] += 1
                add((kind,), size)
            case "append one":
                add((kind,), size + 1)
            case _:
                add((kind,), size)
    ends = ["none", "half squared norm", "logsumexp", "weighted sum", "sum", "cross entropy", "outer"]
    end = draw(st.sampled_from([*ends, "outer with itself", "diag"]))
    if end in ("weighted sum", "cross entropy"):
        made.steps.append((end, fresh("u", sizes[-1])))
    elif end == "outer":
        made.steps.append((end, fresh("u", draw(st.sampled_from(PRIMES)))))
    elif end != "none":
        made.steps.append((end,))
    made.by = draw(st.sampled_from(list(made.shapes)))
    return made


def values_of(description: Description) -> dict[str, np.ndarray]:
    """Normal values, of variance one over the number of inputs for a matrix."""
    rng = np.random.default_rng(description.seed)
    return {
        name: rng.normal(size=shape) / np.sqrt(shape[-1] if len(shape) == 2 else 1.0)
        for name, shape in description.shapes.items()
    }


def by_autograd(description: Description, values: dict[str, np.ndarray], by: str) -> tuple[Any, np.ndarray]:
    """The value, and the Jacobian in "ad" layout."""

    def f(value: Any) -> Any:
        return interpret(description, {**values, by: value}, AUTOGRAD)

    with np.errstate(all="ignore"):
        output = np.asarray(f(values[by]))
        ad = np.asarray(autograd.jacobian(f)(values[by])).reshape(output.shape + values[by].shape)
    assume(np.all(np.isfinite(ad)) and np.max(np.abs(ad), initial=0.0) < 1e6)
    return output, ad


def build(description: Description) -> tuple[Any, dict[str, Any]]:
    variables = {
        name: vector(name, *shape) if len(shape) == 1 else matrix(name, *shape)
        for name, shape in description.shapes.items()
    }
    return interpret(description, variables, OURS), variables


@search(descriptions(), few=30, many=300)
def test_every_order_equals_autograd(description: Description) -> None:
    values = values_of(description)
    output, expected = by_autograd(description, values, description.by)
    y, variables = build(description)
    assert_close(evaluate(y, relevant(values, y)), output)
    jacobian = derivative(y, variables[description.by])
    given_values = relevant(values, y, variables[description.by])
    for order in ORDERS:
        assert_close(jacobian.evaluate(given_values, layout="ad", order=order), expected)


@search(descriptions(), st.sampled_from(["numerator", "denominator", "vec"]), few=30, many=300)
def test_every_layout_of_all_variables_together(description: Description, layout: str) -> None:
    """`derivative(y, [..])` shares intermediates; each of its Jacobians is right by itself, in every layout."""
    values = values_of(description)
    y, variables = build(description)
    together = derivative(y, list(variables.values()))
    for (name, variable), jacobian in zip(variables.items(), together, strict=True):
        output, expected = by_autograd(description, values, name)
        actual = jacobian.evaluate(relevant(values, y, variable), layout=layout)
        assert_close(actual, in_layout(expected, output.shape, values[name].shape, layout))


@search(descriptions(), few=30, many=300)
def test_the_factors_multiply_to_the_derivative(description: Description) -> None:
    """Each factor evaluated alone, the arrays multiplied by NumPy; and the factors multiplied by `@`."""
    values = values_of(description)
    output, ad = by_autograd(description, values, description.by)
    expected = numerator(ad, output.ndim)
    y, variables = build(description)
    jacobian = derivative(y, variables[description.by])
    factors = jacobian.factors
    assert_close(literal_product(factors, values), expected)
    product = factors[0]
    for factor in factors[1:]:
        product = product @ factor
    assert product.shape == jacobian.shape
    for order in ORDERS:
        assert_close(product.evaluate(relevant(values, y, variables[description.by]), order=order), expected)


@st.composite
def chains(draw: Any) -> tuple[list[int], list[bool], int]:
    """Sizes along a chain of matrices, which of its vectors have names, and a seed."""
    sizes = draw(st.lists(st.sampled_from((2, 3, 5, 7, 11)), min_size=2, max_size=6))
    names = draw(st.lists(st.booleans(), min_size=len(sizes) - 1, max_size=len(sizes) - 1))
    return sizes, names, draw(st.integers(0, 2**32 - 1))


@search(chains(), few=30, many=300)
def test_a_chain_of_matrices_has_the_product_as_derivative(drawn: tuple[list[int], list[bool], int]) -> None:
    sizes, names, seed = drawn
    rng = np.random.default_rng(seed)
    x = y = vector("x", sizes[0])
    values = {"x": rng.normal(size=sizes[0])}
    expected = np.eye(sizes[0])
    for k, (columns, rows, named) in enumerate(zip(sizes, sizes[1:], names, strict=False)):
        values[f"A{k}"] = rng.normal(size=(rows, columns))
        y = matrix(f"A{k}", rows, columns) @ y
        y = y.named(f"y{k}") if named else y
        expected = values[f"A{k}"] @ expected
    jacobian = derivative(y, x)
    for order in ORDERS:
        assert_close(jacobian.evaluate(values, order=order), expected)
    assert jacobian.cost(order="optimal").multiplications == _cheapest(sizes)


def _cheapest(sizes: list[int]) -> int:
    """The textbook recursion for the order of a chain of matrices; sizes from x upwards."""
    best = {(k, k): 0 for k in range(1, len(sizes))}
    for span in range(1, len(sizes) - 1):
        for low in range(1, len(sizes) - span):
            high = low + span
            best[low, high] = min(
                best[low, cut] + best[cut + 1, high] + sizes[low - 1] * sizes[cut] * sizes[high]
                for cut in range(low, high)
            )
    return best[1, len(sizes) - 1]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_two_libraries_agree_on_values(name: str) -> None:
    """The two tables of functions that the interpreter reads from are about the same functions."""
    z = np.linspace(-3.1, 2.9, 13)
    assert_close(evaluate(getattr(OURS, name)(vector("z", 13)), {"z": z}), getattr(AUTOGRAD, name)(z), 1e-14)


@st.composite
def layer_stacks(draw: Any) -> tuple[networks.Network, int]:
    """A network of one to five layers with everything that `mlp` can be told."""
    sizes = draw(st.lists(st.sampled_from((2, 3, 5, 7)), min_size=2, max_size=6))
    network = networks.mlp(
        sizes,
        activation=draw(st.sampled_from(("sigmoid", "tanh", "relu", "softplus"))),
        loss=draw(st.sampled_from(("squared", "cross-entropy"))),
        augmented=draw(st.booleans()),
        batch=draw(st.sampled_from((None, 11))),
        regularization=draw(st.sampled_from((0.0, 0.25))),
    )
    return network, draw(st.integers(0, 2**32 - 1))


@search(layer_stacks(), few=30, many=300)
def test_the_literal_product_of_a_layer_stack_equals_the_vjp_path(drawn: tuple[networks.Network, int]) -> None:
    """All gradients together in every order, the factors as NumPy arrays, and the count of multiplications."""
    network, seed = drawn
    rng = np.random.default_rng(seed)
    values = {**network.parameters(rng), **network.sample(rng)}
    witness = implicit.backprop(network, values)
    names = network.parameter_names
    found = derivative(network.loss, [network.variables[name] for name in names])
    for order in ORDERS:
        for name, array in zip(names, evaluate_together(found, values, order), strict=True):
            assert_close(array, witness[name])
    for name, jacobian in zip(names, found, strict=True):
        assert_close(literal_product(jacobian.factors, values), witness[name])
    assert jacobians.cost(found).multiplications == implicit.cost(network)[0]
