"""What is printed is read back: closed forms as text and as LaTeX, of random expressions and of networks, by value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import assert_close, below, relevant
from test_cookbook import DISTINCT, INDEX_MAPS
from test_printed_forms import SHAPES, SIZES, VARIABLES, Draw

from docs.cookbook import ROWS
from jacobians import derivative, evaluate, networks
from jacobians.expressions.nodes import Named, Variable
from jacobians.notation.writer import activations_in
from jacobians.reading.answers.deciding import decide
from jacobians.reading.entry import read


def value(expression: Any, given: dict[str, Any], sizes: dict[str, int]) -> Any:
    with np.errstate(all="ignore"):
        try:
            return evaluate(expression, relevant(given, expression), sizes)
        except np.linalg.LinAlgError:
            return np.full([sizes[str(size)] for size in expression.shape], np.nan)


def read_back(jacobian: Any, shapes: dict[str, Any], given: dict[str, Any], sizes: dict[str, int]) -> int:
    """Read both spellings of a Jacobian's closed form and compare values; how many there were."""
    row = jacobian.numerator.ndim == 0 and jacobian.denominator.ndim == 1
    expected = value(jacobian.expression, given, sizes)
    if jacobian.matrix_notation() is None or not np.all(np.isfinite(expected)):
        return 0
    found = activations_in([jacobian.numerator])
    activation = found[0].name if len(found) == 1 else "sigmoid"
    count = 0
    for text in (jacobian.matrix_notation(), jacobian.latex(symbol=False)):
        if "…" in text or r"\ldots" in text:
            continue
        part = read(text, shapes, activation, expected=(1, *jacobian.shape) if row else jacobian.shape).part
        again = value(part.value.whole, given, sizes)
        wanted = expected[None, :] if row else expected
        again = np.broadcast_to(again, wanted.shape) if part.value.literal is not None else again
        assert_close(again, wanted, 1e-7)
        count += 1
    return count


@pytest.mark.parametrize("block", range(6))
def test_closed_forms_of_random_expressions(block: int) -> None:
    rng = np.random.default_rng(block)
    given = {name: rng.normal(size=[SIZES[one] for one in sizes.split()]) for name, sizes in SHAPES.items()}
    count = 0
    for seed in range(16 * block, 16 * (block + 1)):
        shape: tuple[str, ...] = ((), ("n",), ("n", "n"))[seed % 3]
        expression = Draw(seed).of(shape, 2 + seed % 2)
        for name in ("x", "X", "t"):
            try:
                count += read_back(derivative(expression, VARIABLES[name]), SHAPES, given, SIZES)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, by {name}: {expression!r}") from error
    assert count > 40


@pytest.mark.parametrize("block", range(6))
def test_printed_equations_are_true(block: int) -> None:
    """Both sides of what is printed, by components and in LaTeX, are read and decided: what is printed holds."""
    count = 0
    for seed in range(16 * block, 16 * (block + 1)):
        shape: tuple[str, ...] = ((), ("n",), ("n", "n"))[seed % 3]
        expression = Draw(seed).of(shape, 1 + seed % 3)
        found = activations_in([expression])
        activation = found[0].name if len(found) == 1 else "sigmoid"
        for name in ("x", "X", "t"):
            if isinstance(expression, Variable) and expression is not VARIABLES[name]:
                continue  # a name without a definition is no zero: that is undecided
            jacobian = derivative(expression, VARIABLES[name])
            for text in (jacobian.index_notation(), jacobian.latex()):
                if "…" in text or r"\ldots" in text or "∂0" in text or r"\partial 0" in text:
                    continue
                verdicts = decide(
                    read(text, SHAPES, activation), 0, lambda one, sigma=activation: read(one, SHAPES, sigma)
                )
                assert [one.true for one in verdicts] == [True], text
                count += 1
    assert count > 60


@pytest.mark.parametrize("augmented", [False, True])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_closed_forms_of_networks(activation: str, augmented: bool) -> None:
    """Every factor and every product of the chains, over the names that the network gives its steps."""
    net = networks.two_hidden(5, 3, 7, 2, activation=activation, augmented=augmented)
    rng = np.random.default_rng(0)
    given = {**net.parameters(rng), **net.sample(rng)}
    named = {node.name: node for node in below(net.loss) if node.name}
    point = {name: evaluate(node, relevant(given, node)) for name, node in named.items()}
    shapes = {name: node.shape for name, node in named.items()}
    count = 0
    for name in given:
        jacobian = derivative(net.loss, named[name])
        for one in (jacobian, *jacobian.factors):
            text = one.matrix_notation()
            if text is None or "[" in text:  # [I; 0] is no notation that is read
                continue
            values = relevant(given, one.numerator)
            expected = one.as_matrix().evaluate(values) if one.ndim < 3 else one.evaluate(values)
            for spelled in (text, one.latex(symbol=False)):
                whole = read(spelled, shapes, activation, expected=one.shape).part.value.whole
                again = evaluate(whole, relevant(point, whole))
                assert_close(again.reshape(expected.shape), expected, 1e-9)
                count += 1
    assert count >= 40


def test_forms_of_the_matrix_cookbook() -> None:
    """Every first derivative of the Cookbook's section 2: as text, in LaTeX and by components."""
    count = 0
    for row in ROWS:
        if row.moving or row.then is not None or row.number in INDEX_MAPS:
            continue
        jacobian, point = row.derivative(), row.values(DISTINCT)
        named = [node for node in below(jacobian.expression, row.value(row.variables)) if isinstance(node, Named)]
        given = point | {node.name: evaluate(node.body, relevant(point, node), DISTINCT) for node in named}
        shapes = {**row.shapes, **{node.name: node.shape for node in named}}
        found = activations_in([jacobian.numerator])
        closed = jacobian.matrix_notation()
        expected = jacobian.evaluate(point)
        for text, is_row in (
            (closed, jacobian.numerator.ndim == 0 and jacobian.denominator.ndim == 1),
            (jacobian.latex(symbol=False) if closed else None, jacobian.numerator.ndim == 0 and jacobian.ndim == 1),
            (jacobian.index_notation().partition(" = ")[2], False),
        ):
            if text is None:
                continue
            shape = (1, *jacobian.shape) if is_row else jacobian.shape
            whole = read(text, shapes, found[0].name if found else "sigmoid", expected=shape).part.value.whole
            again = np.broadcast_to(
                evaluate(whole, relevant(given, whole), DISTINCT), [*(1,) * is_row, *expected.shape]
            )
            assert_close(again.reshape(expected.shape), expected, 1e-8)
            count += 1
    assert count > 200
