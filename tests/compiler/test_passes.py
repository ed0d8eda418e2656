"""Passes one by one: statements in, what is found beside them out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import assert_close

from jacobians import (
    compile,  # noqa: A004
    derivative,
    matrix,
    networks,
    softmax,
    vector,
)
from jacobians.chain_rule import contraction_orders
from jacobians.compiler import operations as op
from jacobians.compiler.builder import Builder
from jacobians.compiler.passes.inlining import MOST, inline
from jacobians.compiler.passes.release import LEAST, release
from jacobians.compiler.printers.numpy import NumpyCode
from jacobians.compiler.program import Program, Signature, Statement, reachable
from jacobians.compiler.rewrites.common_factors import common_factor
from jacobians.compiler.rewrites.effort import HALVED, effort, nodes_made
from jacobians.compiler.rewrites.rewriting import REWRITES, rewritten
from jacobians.compiler.rewrites.weighted_squares import weighted_square
from jacobians.expressions.nodes import EinsumSum, EinsumTerm, Expression
from jacobians.functions.elementwise import EXP


def program(*results: Statement, names: dict[Statement, str] | None = None) -> Program:
    return Program(reachable(results), results, NumpyCode, Signature(single=len(results) == 1), names or {})


def chain(builder: Builder, x: Statement, length: int) -> list[Statement]:
    """exp(exp(… x)), all of it."""
    found = [x]
    for _ in range(length):
        found.append(builder.emit(op.Apply(EXP), (found[-1],), x.symbols))
    return found[1:]


def inlined(given: Program) -> frozenset[Statement]:
    return inline(given, lambda statement, place: 1, lambda statement: 1).inlined


# --- inlining ---------------------------------------------------------------------------------------------------------


def test_a_line_takes_so_many_operations() -> None:
    builder = Builder({})
    steps = chain(builder, builder.emit(op.Argument("x"), (), (3,)), MOST + 2)
    found = inlined(program(steps[-1]))
    assert found == set(steps[-MOST:-1]) | {steps[0]}  # the last line takes three more; the next one the rest


def test_what_has_a_name_or_two_readers_keeps_its_line() -> None:
    builder = Builder({})
    x = builder.emit(op.Argument("x"), (), (3,))
    a, b, c = chain(builder, x, 3)
    assert inlined(program(c, names={b: "b"})) == {a}
    total = builder.emit(op.Sum((1, 1)), (a, b), (3,))
    assert inlined(program(total)) == {b}
    assert inlined(program(b, c)) == {a}  # b is returned
    twice = inline(program(c), lambda statement, place: 1 + (statement is c), lambda statement: 1).inlined
    assert twice == {a}  # c mentions b twice


def test_products_of_matrices_take_names() -> None:
    builder = Builder({})
    A = builder.emit(op.Argument("A"), (), (3, 3))
    e = builder.emit(op.Apply(EXP), (A,), (3, 3))
    product = builder.product(op.Product((0, 1), (1, 2), (0, 2)), e, A, (3, 3), 27, False)
    assert inlined(program(product)) == set()
    plus = builder.emit(op.Sum((1, 1)), (product, A), (3, 3))
    assert inlined(program(plus)) == {product}


def test_what_is_overwritten_stays_in_its_place() -> None:
    """What reads an array that a later line writes over is computed before."""
    X = matrix("X", 300, 300)
    Z = X @ X
    f = compile([np.exp(Z), np.sum(Z * X)], variables=[X])
    value = np.random.default_rng(0).normal(size=(300, 300)) / 300
    assert_close(f(value)[0], np.exp(value @ value), 1e-13)
    assert_close(f(value)[1], np.sum(value @ value * value), 1e-12)


# --- release ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [LEAST - 1, LEAST])
def test_large_arrays_are_released_where_another_one_follows(size: int) -> None:
    builder = Builder({})
    a, b, c = chain(builder, builder.emit(op.Argument("x"), (), (size,)), 3)
    found = release(program(c)).released
    assert found == ({b: (a,)} if size == LEAST else {})  # b is read by the last line: nothing is made after it
    assert release(program(a, c)).released == {}  # a is returned
    assert program(c).code.source  # type: ignore[attr-defined]


# --- rewrites ---------------------------------------------------------------------------------------------------------


def terms_of(expression: Expression) -> tuple[EinsumTerm, ...]:
    assert isinstance(expression, EinsumSum)
    return expression.terms


def test_a_rewrite_gives_other_terms_for_the_same_sum() -> None:
    W, p, q = matrix("W", 5, 3), vector("p", 5), vector("q", 3)
    X, c = matrix("X", 128, 64), vector("c", 128)
    shared = [
        EinsumTerm(1.0, (p, W), ((0,), (0, 1)), (0, 1), (5, 3)),
        EinsumTerm(2.0, (p, q), ((0,), (1,)), (0, 1), (5, 3)),
    ]
    square = np.einsum("ai,a,aj->ij", X, abs(c), X)
    sums = [(common_factor, EinsumSum.of(shared, (5, 3))), (weighted_square, square)]
    rng = np.random.default_rng(0)
    values = {one.name: rng.normal(size=one.shape) for one in (W, p, q, X, c)}
    for rewrite, expression in sums:
        other = rewrite(terms_of(expression))
        assert other is not None
        again = EinsumSum.of(other, expression.shape)
        for order in ("reverse", "optimal"):
            found = [
                compile(one, variables=[W, p, q, X, c], order=order)(*values.values()) for one in (expression, again)
            ]
            assert_close(*found, 1e-12)
        assert rewrite(terms_of(p + 2 * p)) is None


def test_a_rewrite_is_taken_where_it_takes_less_effort() -> None:
    large, small = ((matrix("X", n, 64), vector("c", n)) for n in (128, 2))
    for (X, c), pays in ((large, True), (small, False)):
        terms = terms_of(np.einsum("ai,a,aj->ij", X, abs(c), X))
        other = weighted_square(terms)
        assert other is not None
        before, after = effort(terms, (), {}), effort(other, nodes_made(other, terms), {})
        assert (after < before) is pays
        assert (rewritten(terms, {}) is not terms) is pays
    assert 128 * 64 * 64 >= HALVED > 2 * 64 * 64
    assert {rewrite.__name__ for rewrite in REWRITES} == {"common_factor", "weighted_square"}


# --- printing ---------------------------------------------------------------------------------------------------------


def test_parentheses_stand_where_they_are_needed() -> None:
    W, x, y = matrix("W", 3, 2), vector("x", 2), vector("y", 2)

    def returned(expression: Expression) -> str:
        return compile(expression, variables=[W, x, y]).source.splitlines()[-1].strip().partition("  #")[0]

    assert returned(softmax(x + y)) == "return softmax(x + y)"
    assert returned(np.exp(x + y)) == "return np.exp(x + y)"
    assert returned((x + y) / (x - y)) == "return (x + y) / (x - y)"
    assert returned(-(x + y)) in ("return -(x + y)", "return -x - y")
    assert returned(2.0 * np.exp(x) * y) == "return 2.0 * np.exp(x) * y"
    assert returned(np.exp(W @ x) + 1.0) in ("return np.exp(W.dot(x)) + 1.0", "return 1.0 + np.exp(W.dot(x))")
    assert returned((W @ (x + y)) ** 3.5) == "return W.dot(t1) ** 3.5"


# --- how long it takes ------------------------------------------------------------------------------------------------


def calls(work: Any) -> int:
    """Calls of Python's functions: unlike seconds, the same on every machine."""
    import sys

    count = 0

    def counted(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_deriving_and_compiling_the_shallow_network_takes_few_calls() -> None:
    """Where each order was written out as a program of its own, it took 39,000."""

    def work() -> None:
        network = networks.shallow(5, 7, 3, activation="tanh")
        jacobians = derivative(network.loss, [network.variables[name] for name in network.parameter_names])
        compile([network.loss, *jacobians]).source  # noqa: B018

    work()
    contraction_orders._cheapest.cache_clear()
    assert calls(work) < 15_000


def test_the_source_is_the_same_every_time() -> None:
    def source() -> str:
        W, x = matrix("W", 5, 3), vector("x", 3)
        return compile([softmax(W @ x), derivative(softmax(W @ x), x)]).source

    assert source() == source()
