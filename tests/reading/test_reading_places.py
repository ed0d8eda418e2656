"""What is printed with places in brackets, blocks and reshapes is read back, as text and in LaTeX, by value."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from helpers import assert_close, relevant
from test_reading_round_trip import read_back

from jacobians import ParseError, ShapeError, derivative, evaluate, matrix, parse, vector
from jacobians.notation.latex import LATEX
from jacobians.notation.writer import ExpressionWriter

x, y, X = vector("x", 9), vector("y", 9), matrix("X", 5, 7)
SHAPES: dict[str, Any] = {"x": (9,), "y": (9,), "X": (5, 7)}
RNG = np.random.default_rng(0)
GIVEN = {name: RNG.normal(size=shape) for name, shape in SHAPES.items()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y[4:7]", lambda v: v["y"][4:7]),
        ("x[0]", lambda v: v["x"][0]),
        ("x[-1]", lambda v: v["x"][-1]),
        ("y[::2]", lambda v: v["y"][::2]),
        ("y[::-1]", lambda v: v["y"][::-1]),
        ("y[7:2:-2]", lambda v: v["y"][7:2:-2]),
        ("X[:, 1]", lambda v: v["X"][:, 1]),
        ("X[0]", lambda v: v["X"][:1]),
        ("X[2, 3]", lambda v: v["X"][2, 3]),
        ("X[1:3, ::2]", lambda v: v["X"][1:3, ::2]),
        ("X[1:3]ᵀ", lambda v: v["X"][1:3].T),
        ("I₉[:, 1:4]", lambda v: np.eye(9)[:, 1:4]),
        (r"\mathbf{I}_9[:, 1:4]^\top \mathbf{y}", lambda v: v["y"][1:4]),
        ("(x + y)[2:4]", lambda v: (v["x"] + v["y"])[2:4]),
        ("softmax(x)[1]", lambda v: np.exp(v["x"])[1] / np.exp(v["x"]).sum()),
        ("[x; y][8:10]", lambda v: np.array([v["x"][8], v["y"][0]])),
        ("reshape(x, 3 × 3)", lambda v: v["x"].reshape(3, 3)),
        (r"\operatorname{reshape}(\mathbf{X}, 7 \times 5) X", lambda v: v["X"].reshape(7, 5) @ v["X"]),
        ("reshape(X, 35)", lambda v: v["X"].reshape(35)),
        ("x[[3, 0, 3]]", lambda v: v["x"][[3, 0, 3]]),
        ("X[:, [3, 0]]", lambda v: v["X"][:, [3, 0]]),
        ("[I₂; 0] y[:2]", lambda v: np.append(v["y"][:2], 0.0)),
        ("z := x + y; z[3]", lambda v: (v["x"] + v["y"])[3]),
        ("x_1 + x[0]", lambda v: 2 * v["x"][0]),  # subscripts count from 1, as on paper
    ],
)
def test_places_and_reshapes(text: str, value: Any) -> None:
    found = parse(text, **SHAPES)
    assert_close(evaluate(found, relevant(GIVEN, found)), value(GIVEN), 1e-14)


def test_bounds_that_are_sizes() -> None:
    found = parse("x[:n-1] + x[1:n]", x="n")
    assert_close(evaluate(found, {"x": GIVEN["x"]}), GIVEN["x"][:-1] + GIVEN["x"][1:], 1e-14)


def test_brackets_that_are_factors_stay() -> None:
    v = GIVEN | {"t": np.array(3.0)}
    for text, expected in (
        ("x [2]", 2 * v["x"]),
        ("x[y' x]", v["x"] * (v["x"] @ v["y"])),
        ("t[2]", 6.0),
        ("2[3]", 6.0),
        ("sin[2]", np.sin(2.0)),
    ):
        found = parse(text, **SHAPES, t=())
        assert_close(evaluate(found, relevant(v, found)), expected, 1e-14)


@pytest.mark.parametrize("text", ["x[9]", "x[-10]", "x[1, 2]", "x[5:2]", "X[5]", "t[0:1]", "reshape(x, 2 × 3)"])
def test_places_beyond_an_axis_are_errors(text: str) -> None:
    with pytest.raises(ShapeError):
        parse(text, **SHAPES, t=())


class Draw:
    """A random expression of slices, entries, blocks and reshapes."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def vector(self, size: int, depth: int) -> Any:
        choice = self.rng.randrange(8 if depth else 4)
        place = self.rng.randrange(0, 10 - size)
        if choice in (4, 5):
            a, b = self.vector(size, depth - 1), self.vector(size, depth - 1)
            return a * b if choice == 4 else a + 2 * b
        if choice == 6:
            return np.sin(self.vector(size, depth - 1))
        if choice == 7:
            return self.vector(9, depth - 1)[place : place + size] if size < 9 else x[2] * y
        if choice == 3 and size == 5:
            return X[:, self.rng.randrange(7)]
        if choice == 2 and size == 5:
            return self.rng.choice((x, y))[:: self.rng.choice((2, -2))]
        if choice == 1 and size == 3:
            return np.concatenate([x[place : place + 2], y[:1]])
        if choice == 1 and size == 9:
            return self.rng.choice(
                (
                    y[::-1],
                    np.roll(x, 2),
                    x[[3, 0, 3, 1, 2, 8, 5, 6, 7]],
                    np.concatenate([x[3:], y[:3]]),
                    np.concatenate([x[:8], X[1, 2:3]]),
                )
            )
        if choice == 2 and size == 9:
            return np.reshape(np.reshape(x, (3, 3)) @ np.reshape(y, (3, 3)), -1)
        return self.rng.choice((x, y))[place : place + size]

    def any(self) -> Any:
        size = self.rng.choice((3, 5, 9))
        one = self.vector(size, 2)
        kind = self.rng.randrange(5)
        if kind == 0:
            return one @ self.vector(size, 1)
        if kind == 1 and size == 5:
            return X[1:4].T @ one[:3] if self.rng.random() < 0.5 else one @ X[:, 2:5]
        if kind == 2 and size == 9:
            return np.reshape(one, (3, 3)) @ y[1:4]
        if kind == 3:
            return one[1] * self.vector(size, 1)
        return one


@pytest.mark.parametrize("block", range(4))
def test_random_graphs(block: int) -> None:
    count = derivatives = 0
    for seed in range(60 * block, 60 * (block + 1)):
        expression = Draw(seed).any()
        expected = evaluate(expression, relevant(GIVEN, expression))
        for text in (str(expression), ExpressionWriter([expression], LATEX).atom(expression)[0]):
            if "…" in text or r"\ldots" in text:
                continue
            try:
                found = parse(text, **SHAPES)
                assert_close(evaluate(found, relevant(GIVEN, found)).reshape(expected.shape), expected, 1e-10)
            except (ParseError, AssertionError, ValueError) as error:
                raise AssertionError(f"seed {seed}: {text}") from error
            count += 1
        for variable in (x, y, X):
            try:
                derivatives += read_back(derivative(expression, variable), SHAPES, GIVEN, {})
            except (ParseError, AssertionError) as error:
                raise AssertionError(f"seed {seed}, by {variable}: {expression}") from error
    assert count > 100
    assert derivatives > 100
