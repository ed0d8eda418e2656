"""Bad inputs: each gets an error of our own that names the operand, the axis by its role, and both sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jacobians import (
    DataError,
    JacobiansError,
    LayoutError,
    NamingError,
    OptionError,
    ShapeError,
    UnsupportedError,
    append_one,
    collapse,
    constant,
    convert_layout,
    cross_entropy,
    derivative,
    derivative_shape,
    diag,
    evaluate,
    half_squared_norm,
    implicit,
    matrix,
    networks,
    outer,
    scalar,
    sigmoid,
    softmax,
    tensor,
    tensor_product,
    vector,
    vector_tensor,
)

x, y, b = vector("x", "d"), vector("y", "h"), vector("b", "h")
W, V = matrix("W", "h", "d"), matrix("V", "n", "h")
T = tensor("T", "h", "p", "q")
a = scalar("a")
z = (W @ x + b).named("z")
s = sigmoid(z).named("s")
r = (V @ s).named("r")
ell = half_squared_norm(r).named("ell")
J = derivative(ell, W)
VALUES = {"x": np.ones(5), "W": np.ones((3, 5)), "b": np.ones(3), "V": np.ones((2, 3))}
NETWORK = networks.shallow(5, 3, 2)
RNG = np.random.default_rng(0)
NETWORK_VALUES: dict[str, Any] = {**NETWORK.parameters(RNG), **NETWORK.sample(RNG)}


def given(**changed: Any) -> dict[str, Any]:
    return {**VALUES, **changed}


def without(name: str, values: dict[str, Any] = VALUES) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


#: What is done, the error, and parts of its text.
BAD: list[tuple[str, Callable[[], Any], type[JacobiansError], list[str]]] = [
    # wrong sizes in products and sums
    ("matrix before the wrong vector", lambda: W @ y, ShapeError,
     ["W @ y", "the columns of W (size d)", "the length of y (size h)", "try W.T @ y"]),
    ("vector before the wrong matrix", lambda: x @ W, ShapeError,
     ["x @ W", "the length of x (size d)", "the rows of W (size h)", "W @ x"]),
    ("two matrices in the wrong order", lambda: W @ V, ShapeError,
     ["the columns of W (size d)", "the rows of V (size n)", "try V @ W"]),
    ("a transposed matrix", lambda: W.T @ x, ShapeError,
     ["Wᵀ @ x", "the columns of Wᵀ (size h)", "the length of x (size d)", "try W @ x"]),
    ("two vectors", lambda: x @ y, ShapeError, ["the length of x (size d)", "the length of y (size h)"]),
    ("a vector without its one", lambda: matrix("A", "h", "d+1") @ x, ShapeError,
     ["the columns of A (size d+1)", "the length of x (size d)", "A @ append_one(x)"]),
    ("integers too", lambda: matrix("A", 3, 5) @ vector("u", 7), ShapeError,
     ["the columns of A (size 5)", "the length of u (size 7)"]),
    ("a product with a scalar", lambda: W @ a, ShapeError, ["a is a scalar", "use *"]),
    ("a scalar in front", lambda: a @ W, ShapeError, ["a is a scalar", "use *"]),
    ("a vector before a tensor", lambda: y @ T, ShapeError, ["y @ T", "item 7", "vector_tensor(y, T)"]),
    ("a sum of two sizes", lambda: x + y, ShapeError,
     ["a sum", "the length of x (size d)", "the length of y (size h)", "must be equal"]),
    ("a bias across the columns", lambda: W + b, ShapeError,
     ["the columns of W (size d)", "the length of b (size h)", "only a literal 1 broadcasts"]),
    ("a difference", lambda: W - V, ShapeError, ["a difference", "the rows of W (size h)", "the rows of V (size n)"]),
    ("a product entry by entry", lambda: W * V, ShapeError, ["a product", "the rows of W (size h)"]),
    ("a quotient", lambda: x / y, ShapeError, ["divide", "the length of x (size d)", "the length of y (size h)"]),
    ("a constant of the wrong length", lambda: vector("u", 3) + np.ones(4), ShapeError,
     ["the length of u (size 3)", "the length of operand 2 (size 4)"]),
    ("an einsum with one index of two sizes", lambda: np.einsum("ij,i->j", W, x), ShapeError,
     ["index 'i'", "size h in W (axis 0)", "size d on axis 0 of x"]),
    ("an einsum with too many indices", lambda: np.einsum("ij,jk->ik", W, x), ShapeError,
     ["x has shape ('d',)", "its indices are 'jk'"]),
    # the products of the notes
    ("outer of a matrix", lambda: outer(np.ones((2, 2)), np.ones(2)), ShapeError,
     ["outer(x, y)", "x is a vector", "a matrix of shape (2, 2)"]),
    ("two matrices", lambda: tensor_product(W, V), ShapeError,
     ["a ⊗ b", "('h', 'd')", "('n', 'h')", "items 6 and 7", "np.kron"]),
    ("⊗ with a scalar", lambda: tensor_product(x, a), ShapeError, ["a ⊗ b: b is a vector or a matrix", "a scalar"]),
    ("diag of a matrix", lambda: diag(W), ShapeError, ["diag(x)", "x is a vector", "a matrix"]),
    ("yᵀT with the wrong first axis", lambda: vector_tensor(x, T), ShapeError,
     ["y has size d", "the first axis of T has size h", "contracts the first axis"]),
    ("a one after a scalar", lambda: append_one(a), ShapeError, ["append_one", "a scalar"]),
    ("softmax of a scalar", lambda: softmax(a), ShapeError, ["softmax", "a scalar"]),
    ("logits and target of two sizes", lambda: cross_entropy(x, y), ShapeError,
     ["the logits have shape ('d',)", "the target ('h',)"]),
    ("class numbers for rows", lambda: cross_entropy(np.ones((4, 3)), np.ones(4)), ShapeError,
     ["(4, 3)", "(4,)", "one-hot rows with np.eye(n)[labels]"]),
    # names
    ("a name with a space", lambda: vector("x y", 3), NamingError, ["the name of a variable", "'x y'", "identifier"]),
    ("a keyword", lambda: vector("class", 3), NamingError, ["keyword of Python: 'class'", "try 'class_'"]),
    ("a name that starts with a digit", lambda: matrix("2W", 3, 3), NamingError, ["'2W'", "not starting with a digit"]),
    ("an empty name", lambda: scalar(""), NamingError, ["not an identifier: ''"]),
    ("a number for a name", lambda: vector(3, "d"), NamingError, ["a string, got 3"]),  # type: ignore[arg-type]
    ("a name of an expression with a dash", lambda: (W @ x).named("z-1"), NamingError, ["an expression", "'z-1'"]),
    ("one name, two shapes", lambda: derivative(x @ x + vector("x", 3) @ vector("x", 3), x), ShapeError,
     ["two variables are called 'x'", "('d',)", "(3,)"]),
    ("one name for a variable and an expression", lambda: derivative((x @ x).named("x"), x), NamingError,
     ["'x' names", "the variable of shape ('d',)", "an expression of shape ()"]),
    ("two spellings of one name", lambda: derivative(vector("ℓ", 3) @ vector("l", 3), x), NamingError,
     ["'ℓ'", "'l'", "NFKC"]),
    # sizes
    ("a size of zero", lambda: vector("x", 0), ShapeError, ["x, axis 0", "at least 1, got 0"]),
    ("a negative size", lambda: matrix("W", 3, -2), ShapeError, ["W, axis 1", "at least 1, got -2"]),
    ("a size that is no integer", lambda: vector("x", 2.5), ShapeError, ["x, axis 0", "2.5"]),  # type: ignore[arg-type]
    ("a size that is a truth value", lambda: vector("x", True), ShapeError, ["got True"]),
    ("a size with a space", lambda: vector("x", "d e"), NamingError, ["'d e'"]),
    ("a shape that is a text", lambda: derivative_shape("p", ("n",)), ShapeError, ["shape of Y", "'p'"]),
    ("a shape with a zero", lambda: derivative_shape((2,), (3, 0)), ShapeError, ["shape of X, axis 1", "got 0"]),
    # derivatives and chains
    ("by a name", lambda: derivative(ell, "W"), NamingError, ["∂ℓ/∂W", "not its name 'W'"]),
    ("by something unnamed", lambda: derivative(ell, W @ x), NamingError, ["(W x) is neither", "named('z')"]),
    ("by a number", lambda: derivative(ell, 3.0), UnsupportedError, ["a variable or a named expression, got float"]),
    ("factors in the wrong order", lambda: derivative(z, W) @ derivative(s, z), ShapeError,
     ["(∂z/∂W) @ (∂s/∂z)", "by W (shape ('h', 'd'))", "of s (shape ('h',))", "The other order fits"]),
    ("a chain whose symbols do not meet", lambda: derivative(r, s) @ derivative(z, W), ShapeError,
     ["by s (shape ('h',))", "of z (shape ('h',))", "Put ∂s/∂z between them"]),
    ("a Jacobian times an array", lambda: derivative(r, s) @ np.ones(3), ShapeError,
     ["∂r/∂s @ v", "(3,)", "s has shape ('h',)"]),
    ("a Jacobian times a number", lambda: derivative(r, s) @ 2.0, UnsupportedError, ["∂r/∂s @ float"]),
    ("a sum of two derivatives", lambda: derivative(ell, r) + derivative(ell, s), ShapeError,
     ["the denominators differ", "r (shape ('n',))", "s (shape ('h',))"]),
    ("collapse of what has two axes", J.collapse, ShapeError, ["three axes", "('d', 'h')"]),
    ("collapse where no axis is 1", lambda: derivative(z, W).collapse(), ShapeError,
     ["item 4", "first axis h, second axis d"]),
    ("collapse of an array", lambda: collapse(np.ones((2, 3, 1))), ShapeError, ["2 × 3 × 1"]),
    # values
    ("transposed weights", lambda: J.evaluate(given(W=np.ones((5, 3)))), ShapeError,
     ["the value of W", "the columns of W should be 5", "d = 5 from the length of x", "got 3", "pass W.T"]),
    ("a vector of another length", lambda: J.evaluate(given(b=np.ones(4))), ShapeError,
     ["the value of b", "the length of b should be 3", "h = 3 from the rows of W", "got 4"]),
    ("a size of 1 in an array", lambda: J.evaluate(given(b=np.ones(1))), ShapeError,
     ["should be 3", "got 1", "does not broadcast"]),
    ("a column for a vector", lambda: J.evaluate(given(x=np.ones((5, 1)))), ShapeError,
     ["the value of x", "(5, 1)", ".ravel()"]),
    ("a scalar for a vector", lambda: J.evaluate(given(b=1.0)), ShapeError, ["a vector with one axis", "shape ()"]),
    ("a vector for a matrix", lambda: J.evaluate(given(W=np.ones(15))), ShapeError, ["two axes", "(15,)"]),
    ("an array of one for a scalar", lambda: evaluate(a * x, {"a": [1.0], "x": [1.0]}), ShapeError,
     ["a scalar, shape ()", "(1,)", ".item()"]),
    ("sizes that contradict", lambda: J.evaluate(VALUES, sizes={"d": 7}), ShapeError,
     ["should be 7", "d = 7 from sizes['d']", "got 5"]),
    ("a size that cannot be d+1", lambda: evaluate(append_one(x), {"x": [1.0]}, sizes={"d": 0}), ShapeError,
     ["sizes['d']", "at least 1, got 0"]),
    ("a missing value", lambda: J.evaluate(without("b")), NamingError, ["evaluating ∂ℓ/∂W", "b (shape ('h',))"]),
    ("two missing values", lambda: J.evaluate({"W": VALUES["W"], "V": VALUES["V"]}), NamingError,
     ["values for", "x (shape ('d',))", "b (shape ('h',))"]),
    ("no value at all", lambda: J.evaluate({}), NamingError,
     ["evaluating ∂ℓ/∂W needs values for", "W (shape ('h', 'd'))"]),
    ("sizes that are a number", lambda: J.evaluate(VALUES, sizes=3), ShapeError, ["{symbol: integer}", "int"]),  # type: ignore[arg-type]
    ("a size below zero", lambda: vector("x", "-d"), ShapeError, ["x, axis 0", "'-d'"]),
    ("an unknown name", lambda: J.evaluate(given(w=1.0)), NamingError, ["a value for 'w'", "did you mean 'W'?"]),
    ("values that are no dictionary", lambda: J.evaluate([VALUES]), DataError, ["{name: array}", "list"]),  # type: ignore[arg-type]
    ("complex values", lambda: J.evaluate(given(x=np.ones(5) * 1j)), DataError, ["the value of x", "complex128"]),
    ("text for numbers", lambda: J.evaluate(given(x=list("abcde"))), DataError, ["the value of x", "real numbers"]),
    ("objects for numbers", lambda: J.evaluate(given(x=[None] * 5)), DataError, ["the value of x", "mixed"]),
    ("rows of two lengths", lambda: J.evaluate(given(W=[[1.0], [1.0, 2.0]])), DataError, ["the value of W"]),
    ("a complex constant", lambda: constant(1j), DataError, ["a constant", "complex"]),
    ("a text for a constant", lambda: constant("1.0"), DataError, ["the text '1.0'"]),
    ("an empty constant", lambda: constant(np.ones((0, 2))), ShapeError, ["(0, 2)"]),
    # layouts, orders, costs
    ("an unknown layout", lambda: J.evaluate(VALUES, layout="jax"), LayoutError, ["'jax'", "'ad'"]),
    ("an unknown order", lambda: J.evaluate(VALUES, order="best"), OptionError, ["'best'", "'optimal'"]),
    ("an array in another layout", lambda: convert_layout(np.ones((3, 2)), (2,), (3,), "numerator", "ad"), LayoutError,
     ["has shape (2, 3)", "got an array of shape (3, 2)", "the 'denominator' layout"]),
    ("a cost without sizes", J.cost, ShapeError, ["the cost of ∂ℓ/∂W", "sizes={'d': …}"]),
    ("a cost without an inner size", lambda: J.cost({"d": 3, "h": 2}), ShapeError, ["size 'n' has no value"]),
    # what has no rule
    ("a ufunc without a rule", lambda: np.spacing(x), UnsupportedError, ["np.spacing has no rule", "tanh"]),
    ("a function without a rule", lambda: np.median(x), UnsupportedError, ["np.median has no rule"]),
    ("a ufunc with a mask", lambda: np.sin(x, where=[True]), UnsupportedError, ["np.sin with where"]),
    ("a truth value", lambda: bool(x), UnsupportedError, ["no truth value"]),
    ("a number", lambda: float(a), UnsupportedError, ["evaluate(expr, {name: array})"]),
    ("an entry out of range", lambda: vector("u", 3)[5], ShapeError, ["5 is out of range on axis 0 of size 3"]),
    ("an array of it", lambda: np.asarray(x), UnsupportedError, ["cannot become an array", "('d',)"]),
    # networks, and the hand-written path
    ("a layer of size 0", lambda: networks.shallow(4, 0, 3), ShapeError, ["hidden size h1", "got 0"]),
    ("a network of one size", lambda: networks.mlp([3]), ShapeError, ["an input and an output size", "[3]"]),
    ("an activation", lambda: networks.shallow(4, 3, 2, activation="gelu"), OptionError, ["'gelu'", "softplus"]),
    ("a loss", lambda: networks.shallow(4, 3, 2, loss="hinge"), OptionError, ["'hinge'", "cross-entropy"]),
    ("a regulariser", lambda: networks.shallow(4, 3, 2, regularization=-1), OptionError, ["at least 0, got -1"]),
    ("parameters of a symbol", lambda: networks.shallow("d", 3, 2).parameters(RNG), ShapeError, ["size 'd'"]),
    ("transposed weights by hand", lambda: implicit.backprop(NETWORK, {**NETWORK_VALUES, "W1": np.ones((5, 3))}),
     ShapeError, ["W1 should have 5 columns, one for each entry of x", "(5, 3)", "pass W1.T"]),
    ("weights that do not follow", lambda: implicit.backprop(NETWORK, {**NETWORK_VALUES, "W2": np.ones((2, 4))}),
     ShapeError, ["W2 should have 3 columns", "the output of layer 1", "(2, 4)"]),
    ("a bias by hand", lambda: implicit.backprop(NETWORK, {**NETWORK_VALUES, "b1": np.ones((3, 1))}), ShapeError,
     ["b1 should have shape (3,)", "each row of W1", "(3, 1)"]),
    ("a target by hand", lambda: implicit.backprop(NETWORK, {**NETWORK_VALUES, "t": np.ones(3)}), ShapeError,
     ["t should have the shape of ŷ, (2,)", "(3,)"]),
    ("rows for one sample", lambda: implicit.backprop(NETWORK, {**NETWORK_VALUES, "x": np.ones((7, 5))}), ShapeError,
     ["x is a vector, shape (d,)", "(7, 5)"]),
    ("nothing by hand", lambda: implicit.backprop(NETWORK, without("b2", NETWORK_VALUES)), NamingError, ["'b2'"]),
    ("complex by hand", lambda: implicit.backprop(NETWORK, {**NETWORK_VALUES, "x": np.ones(5) * 1j}), DataError,
     ["x has values of type complex128"]),
]  # fmt: skip


@pytest.mark.parametrize(("action", "error", "parts"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_input(action: Callable[[], Any], error: type[JacobiansError], parts: list[str]) -> None:
    with pytest.raises(JacobiansError) as caught:
        action()
    text = str(caught.value)
    assert type(caught.value) is error, text
    assert caught.value.__cause__ is None  # one clear error, not a chain of two
    for part in parts:
        assert part in text
    assert "\n" not in text


def test_the_table_is_long_enough() -> None:
    assert len(BAD) >= 40
    assert len({case[0] for case in BAD}) == len(BAD)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [(ShapeError, ValueError), (LayoutError, ValueError), (NamingError, ValueError), (UnsupportedError, TypeError)],
)
def test_errors_are_those_a_user_would_catch(error: type[Exception], builtin: type[Exception]) -> None:
    assert issubclass(error, builtin)
    assert issubclass(error, JacobiansError)


def test_a_failed_evaluation_leaves_nothing_behind() -> None:
    """The same Jacobian evaluates after an error as before."""
    fresh = derivative(ell, W)
    with pytest.raises(ShapeError):
        fresh.evaluate(given(W=np.ones((5, 3))))
    before = {name: np.array(value) for name, value in VALUES.items()}
    assert fresh.evaluate(VALUES).shape == (5, 3)
    for name, value in VALUES.items():
        np.testing.assert_array_equal(value, before[name])
