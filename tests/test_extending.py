"""What CONTRIBUTING.md says of adding a function, a rule, a kind of node: each done from outside the package."""

from __future__ import annotations

from typing import Any, final

import numpy as np
import pytest
from helpers import assert_close, central_differences, numerator

from jacobians import ShapeError, constant, derivative, evaluate, matrix, tensor, vector
from jacobians import compile as compiled
from jacobians.chain_rule.local_rules import Edges, local_jacobians
from jacobians.compiler.lowering import Lowering, lower
from jacobians.compiler.operations import Call
from jacobians.compiler.program import Statement
from jacobians.expressions.nodes import EinsumTerm, Expression, Function, Primitive, Rule, intern
from jacobians.functions.einsum_terms import einsum_term

rng = np.random.default_rng(0)


def assert_derivatives(build: Any, shape: tuple[int, ...], value: Any, f: Any) -> None:
    """First and second derivatives of `build` at `value` against differences of `f`, and compiled against evaluated."""
    X = tensor("X", *shape)
    Y = build(X)
    assert_close(evaluate(Y, {"X": value}), f(value))
    J = derivative(Y, X)
    assert_close(J.evaluate({"X": value}), numerator(central_differences(f, value, 1e-2), Y.ndim), 1e-6)
    assert_close(compiled(J)(value), J.evaluate({"X": value}))
    second = derivative(J, X)

    def first(at: Any) -> Any:
        return J.evaluate({"X": at}, layout="ad")

    expected = central_differences(first, value, 1e-2)
    assert_close(second.evaluate({"X": value}, layout="ad"), expected, 1e-5)


# --- an element-wise function -----------------------------------------------------------------------------------------

#: z / √(1 + z²), which grows, and (1 + z²)^−½, which is never negative.
ROOT = Function("inverse_root", "(1.0 + {0} ** 2) ** -0.5", lambda args, value: (-args[0] * value**3,), sign=((),))
ISRU = Function("isru", "{0} / (1.0 + {0} ** 2) ** 0.5", lambda args, value: (ROOT(args[0]) ** 3,), monotone=1)


def test_an_element_wise_function() -> None:
    x = rng.normal(size=5)
    assert_derivatives(ISRU, (5,), x, lambda at: at / np.sqrt(1 + at**2))
    v = vector("v", "n")
    assert str(ISRU(v)) == "isru(v)"
    assert derivative(ISRU(v), v).matrix_notation() == "diag(inverse_root(v) ⊙ inverse_root(v) ⊙ inverse_root(v))"
    with pytest.raises(ShapeError):
        Function("pair", "{0} + {1}", lambda args, value: (1.0, 1.0))(vector("a", 2), vector("b", 3))


# --- a function of whole arrays ---------------------------------------------------------------------------------------


def _same(args: tuple[Expression, ...]) -> Any:
    return args[0].shape


def _cayley_local(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    """Y = (I + X)⁻¹ (I − X), so that ∂Y = −½ (I + Y) ∂X (I + Y): four products, of which two have deltas."""
    Y, n = node, node.shape[-1]
    return (
        [
            einsum_term("-0.5 ->ijji", i=n, j=n),
            einsum_term("-0.5 ik->ijjk", Y, j=n),
            einsum_term("-0.5 lj->ijli", Y, i=n),
            einsum_term("-0.5 ik,lj->ijlk", Y, Y),
        ],
    )


_CAYLEY_SOURCE = """\
def cayley(x):
    i = np.eye(len(x))
    return np.linalg.solve(i + x, i - x)
"""
CAYLEY = Rule("cayley", "cayley({0})", _same, _cayley_local, _CAYLEY_SOURCE)
UNIT = Rule(
    "unit",
    "{0} / np.sqrt(np.sum({0} ** 2, axis=-1, keepdims=True))",
    _same,
    lambda node: (
        [
            einsum_term("...->...ii...", _inverse_norm(node), i=node.shape[-1]),
            einsum_term("-...i,...j,...->...ij...", node, node, _inverse_norm(node)),
        ],
    ),
)


def _inverse_norm(node: Primitive) -> Expression:
    (x,) = node.args
    return np.sum(x * x, axis=-1) ** -0.5  # type: ignore[no-any-return]


def test_a_function_of_whole_arrays() -> None:
    eye = np.eye(3)
    assert_derivatives(
        lambda X: Primitive.of(CAYLEY, X),
        (3, 3),
        0.3 * rng.normal(size=(3, 3)),
        lambda at: np.linalg.solve(eye + at, eye - at),
    )
    X = matrix("X", 3, 3)
    assert str(Primitive.of(CAYLEY, X)) == "cayley(X)"
    assert derivative(Primitive.of(CAYLEY, X), X).index_notation().count("δ") >= 2


def test_a_function_of_stacks() -> None:
    assert_derivatives(
        lambda X: Primitive.of(UNIT, X),
        (2, 3),
        rng.normal(size=(2, 3)),
        lambda at: at / np.linalg.norm(at, axis=-1, keepdims=True),
    )


@pytest.mark.parametrize(
    ("subscripts", "message"),
    [
        ("ik,lj>ijlk", "expected a sign, indices and an output"),
        ("ik->ik", "1 groups of indices for 2 operands"),
        ("ikm,lj->ijlk", r"the indices 'ikm' for an operand of shape \(3, 5\)"),
        ("i,lj->ijl", r"the indices 'i' for an operand of shape \(3, 5\)"),
        ("ik,ij->ijk", "the index 'i' has the sizes 3, 5"),
        ("ik,lj->ijq", "no operand has the index 'q'; give its size"),
    ],
)
def test_an_einsum_string_that_does_not_fit(subscripts: str, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        einsum_term(subscripts, matrix("A", 3, 5), matrix("B", 5, 3))


# --- a kind of node ---------------------------------------------------------------------------------------------------

_CUMULATED = Rule("cumulated", "np.cumsum({0})", _same, lambda node: ([],))


@final
class Cumulated(Expression):
    """The sums of the first entries of a vector: x_1, x_1 + x_2, …"""

    __slots__ = ("body",)
    body: Expression

    @classmethod
    def of(cls, body: Expression) -> Cumulated:
        def fill(node: Cumulated) -> None:
            node.body, node.shape = body, body.shape

        return intern(cls, (body.serial,), fill)

    def made_of(self) -> tuple[Any, ...]:
        return (self.body,)

    rebuild = of

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.body,)


@local_jacobians.register
def _cumulated(node: Cumulated) -> Edges:
    (n,) = node.shape
    return [(node.body, einsum_term("ij->ij", constant(np.tri(n), "L")))]


@lower.register
def _lowered(node: Cumulated, to: Lowering) -> Statement:
    return to.emit(Call(_CUMULATED, Primitive.of(_CUMULATED, node.body)), (node.body,), node.shape)


def test_a_kind_of_node() -> None:
    assert_derivatives(lambda x: Cumulated.of(np.sin(x)), (5,), rng.normal(size=5), lambda at: np.cumsum(np.sin(at)))
    x = vector("x", 5)
    assert str(Cumulated.of(x)) == "cumulated(x)"
    assert derivative(Cumulated.of(x), x).matrix_notation() == "L"
    assert Cumulated.of(x) is Cumulated.of(x).with_children(lambda child: child)
    assert "np.cumsum(x)" in compiled(Cumulated.of(x)).source
