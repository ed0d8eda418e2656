"""Printed forms are never wrong: of random expressions, each is read back by a reader that knows no calculus."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import assert_close, relevant
from printed import UnreadableError, read_components, read_matrix

from jacobians import Expression, derivative, evaluate, matrix, scalar, vector
from jacobians.notation.names import typeset
from jacobians.reading.entry import read as parsed
from jacobians.reading.syntax.source_positions import UndeterminedError

SIZES = {"n": 3, "m": 2}
SHAPES = {"X": "n n", "A": "n n", "B": "n n", "Y": "n m", "Z": "m n", "x": "n", "a": "n", "y": "m", "t": "", "c": ""}
VARIABLES = {name: (scalar, vector, matrix)[len(sizes.split())](name, *sizes.split()) for name, sizes in SHAPES.items()}


class Draw:
    """Random expressions of a wanted shape, of some depth."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def pick(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def leaf(self, shape: tuple[str, ...]) -> Expression:
        fitting = [one for one in VARIABLES.values() if one.shape == shape]
        return self.pick(*fitting) if fitting else VARIABLES["Z"] @ VARIABLES["Y"]

    def of(self, shape: tuple[str, ...], depth: int) -> Expression:
        if not depth:
            return self.leaf(shape)
        if self.rng.random() < 0.3:
            return self.pick(self.total, self.scaled)(shape, depth)
        return {0: self.number, 1: self.column, 2: self.table}[len(shape)](shape, depth)

    def total(self, shape, depth):
        first, second = self.of(shape, depth - 1), self.of(shape, depth - 1)
        return first + second if self.rng.random() < 0.5 else first - second

    def scaled(self, shape, depth):
        factor = self.pick(2.0, -1.0, 0.5, self.of((), depth - 1))
        body = self.of(shape, depth - 1)
        return body / self.positive(depth - 1) if self.rng.random() < 0.3 else factor * body

    def positive(self, depth):
        size = self.pick("n", "m")
        kind = self.rng.integers(3)
        if kind == 0:
            return np.linalg.norm(self.of((size,), depth))
        v = self.of((size,), depth)
        return v @ v + 1.0 if kind == 1 else 2.0 + VARIABLES["t"] * VARIABLES["t"]

    def number(self, shape, depth):
        size = self.pick("n", "m")
        square = self.of(("n", "n"), depth - 1)
        row, column = self.of((size,), depth - 1), self.of((size,), depth - 1)
        return self.pick(
            lambda: row @ column,
            lambda: row @ self.of((size, "n"), depth - 1) @ self.leaf(("n",)),
            lambda: np.trace(square @ self.of(("n", "n"), depth - 1)),
            lambda: np.linalg.det(square),
            lambda: np.sum(row),
            lambda: self.positive(depth - 1),
            lambda: np.sum(square * square),
        )()

    def column(self, shape, depth):
        (size,) = shape
        other = self.pick("n", "m")
        return self.pick(
            lambda: self.of((size, other), depth - 1) @ self.of((other,), depth - 1),
            lambda: self.of(shape, depth - 1) * self.of(shape, depth - 1),
            lambda: np.tanh(self.of(shape, depth - 1)),
            lambda: np.sum(self.of((size, other), depth - 1), axis=1),
            lambda: np.diagonal(self.of((size, size), depth - 1)),
        )()

    def table(self, shape, depth):
        rows, columns = shape
        if rows == columns == "m":
            return self.of(("m", "n"), depth - 1) @ self.of(("n", "m"), depth - 1)
        other = self.pick("n", "m")
        choices = [
            lambda: self.of((rows, other), depth - 1) @ self.of((other, columns), depth - 1),
            lambda: self.of((columns, rows), depth - 1).T,
            lambda: self.of(shape, depth - 1) * self.of(shape, depth - 1),
            lambda: np.outer(self.of((rows,), depth - 1), self.of((columns,), depth - 1)),
        ]
        if rows == columns:
            choices += [
                lambda: np.linalg.inv(self.of(shape, depth - 1)),
                lambda: np.diag(self.of((rows,), depth - 1)),
            ]
        return self.pick(*choices)()


def values(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=tuple(SIZES[size] for size in sizes.split())) for name, sizes in SHAPES.items()}


def read(text: str, expected: np.ndarray, given: dict[str, np.ndarray], by_entries: bool) -> bool:
    """Whether `text` can be read; then it must have the value `expected`."""
    unread = ("…", "∂", "(0)", "0_") if by_entries else ("…", "∂", "_i", "_{", "(0)")
    if any(mark in text for mark in unread):  # cut, shared adjoints, components, a zero whose shape no text tells
        return False
    if not np.isfinite(expected).all() or np.abs(expected).max(initial=0.0) > 1e8:
        return False
    named = {typeset(name): value for name, value in given.items()}
    try:
        found = (read_components if by_entries else read_matrix)(text, expected.shape, named, SIZES, "tanh")
    except UnreadableError:
        return False
    assert_close(found, expected, 1e-7)
    return True


def check(expression: Expression, seed: int) -> int:
    """Read the form of an expression and those of its first and second derivatives; how many could be read."""
    rng = np.random.default_rng(seed)
    names = sorted(relevant(dict.fromkeys(SHAPES), expression))
    given = values(seed)
    texts = [(str(expression), expression, False)]
    node = expression
    for _ in range(2):
        if not names or node.ndim > 2:
            break
        by = VARIABLES[names[rng.integers(len(names))]]
        jacobian = derivative(node, by)
        closed = jacobian.matrix_notation()
        texts.append((closed or jacobian.entry_notation(), jacobian.expression, closed is None))
        node = jacobian.expression
    count = 0
    for text, one, by_entries in texts:
        try:
            expected = evaluate(one, relevant(given, one), sizes=SIZES)
        except np.linalg.LinAlgError:
            continue
        try:
            count += read(text, expected, given, by_entries)
        except AssertionError as error:
            raise AssertionError(f"{text}, of {expression}: {str(error)[:200]}") from error
    return count


@pytest.mark.parametrize("block", range(10))
def test_the_printed_form_of_a_random_expression_is_its_value(block: int) -> None:
    count = 0
    for seed in range(12 * block, 12 * block + 12):
        draw = Draw(seed)
        rank = int(draw.rng.integers(3))
        expression = draw.of(("n", "m")[:rank] if rank < 2 else ("n", "n"), 1 + seed % 3)
        try:
            count += check(expression, seed)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {expression!r}") from error
    assert count > 12


def test_kronecker_products() -> None:
    X, A, Y, t = VARIABLES["X"], VARIABLES["A"], VARIABLES["Y"], VARIABLES["t"]
    texts = {
        "kron(X, A)": np.kron(X, A),
        "kron(X + A, Y)": np.kron(X + A, Y),
        "2 t kron(X², Y)": derivative(np.kron(t * X @ X, t * Y), t).expression,
        "t kron(Yᵀ, A Aᵀ)": t * np.kron(Y, A @ A.T).T,
        "kron(diag(x), X)": np.kron(np.diag(VARIABLES["x"]), X),
    }
    given = values(0)
    for text, expression in texts.items():
        assert str(expression) == text
        expected = evaluate(expression, relevant(given, expression), sizes=SIZES)
        assert read(text, expected, given, by_entries=False)


def test_what_reads_two_ways_is_not_printed() -> None:
    X, A, x = VARIABLES["X"], VARIABLES["A"], VARIABLES["x"]
    assert (
        derivative(np.tanh(X @ X), X)
        .index_notation()
        .endswith("δ_{il} σ′((X²)_{ij}) X_{kj} + δ_{jk} σ′((X²)_{ij}) X_{il}")
    )
    assert str(X * A * X.T) == "X ⊙ A ⊙ Xᵀ"
    assert str(x * x * (A @ x)) == "diag(x ⊙ x) A x"
    assert str(np.var(x)) == "‖x − (1ᵀ x) 1 / n‖² / n"
    assert str(2 * (X + A)) == "2 (X + A)"
    assert str(1 / (2 * (x @ x) + 1)) == "1 / (2 ‖x‖² + 1)"
    assert derivative(np.sum(X @ A), X).matrix_notation() == "A 1 1ᵀ"
    assert derivative(np.sum(A @ X, axis=1) @ x, A).matrix_notation() == "X 1 xᵀ"
    assert derivative(np.sum(X @ x), X).matrix_notation() == "x 1ᵀ"
    assert derivative(np.sum(x @ X), X).matrix_notation() == "1_n xᵀ"
    t = VARIABLES["t"]
    quotient = derivative(-t / np.linalg.norm(x) / (2 + t * t), t)
    assert quotient.matrix_notation() == "(−1 / (2 + t²) + 2 t² / (2 + t²)²) / ‖x‖"
    x5 = vector("x", 5)
    centred = "(x − 0.2 (1ᵀ x) 1)"
    assert str((x5 - x5.mean(keepdims=True)) / np.sqrt(x5.var(keepdims=True) + 1)) == (
        f"{centred} / sqrt(0.2 ‖{centred[1:-1]}‖² + 1)"
    )
    assert str(-(x + 1) @ x) == "−(x + 1)ᵀ x"


@pytest.mark.parametrize("block", range(4))
def test_forms_and_their_latex_are_read_back_by_parse(block: int) -> None:
    """The library's own reader, of both alphabets: what it reads has the value of what was printed."""
    count = 0
    for seed in range(2000 + 12 * block, 2012 + 12 * block):
        expression = Draw(seed).of(("n",), 1 + seed % 3)
        names = sorted(relevant(dict.fromkeys(SHAPES), expression))
        if not names:
            continue
        jacobian = derivative(expression, VARIABLES[names[seed % len(names)]])
        if jacobian.matrix_notation() is None or jacobian.is_zero:
            continue
        given = values(seed)
        try:
            expected = evaluate(jacobian.expression, relevant(given, jacobian.expression), sizes=SIZES)
        except np.linalg.LinAlgError:
            continue
        for text in (jacobian.matrix_notation(), jacobian.latex(symbol=False)):
            if text is None or any(mark in text for mark in ("…", r"\ldots", "∂", r"\partial")):
                continue
            try:
                found = parsed(text, SHAPES, "tanh", expected=jacobian.shape).part.value.whole
            except UndeterminedError:
                continue
            value = evaluate(found, relevant(given, found), sizes=SIZES)
            assert_close(np.reshape(value, expected.shape), expected, 1e-8)
            count += 1
    assert count > 8


def test_the_inverse_of_a_number_as_a_matrix() -> None:
    c = scalar("c")
    y = np.linalg.matrix_power(np.reshape(c * c, (1, 1)), -2)
    assert str(y) == "1 / c⁴"
    assert derivative(y, c).matrix_notation() == "−4 / c⁵"


def test_a_number_beside_a_matrix_of_one_entry() -> None:
    c, A = scalar("c"), matrix("A", 1, 1)
    assert str(c * c * np.reshape(c, (1, 1)) + c * A.T) == "c (c² + Aᵀ)"
