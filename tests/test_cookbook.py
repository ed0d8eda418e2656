"""The Matrix Cookbook's section 2: every row by the Cookbook's right side, by differences, and by its printed form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import assert_close, below, central_differences, numerator, relevant
from printed import read_components, read_matrix

from docs.cookbook import OMITTED, ROWS, Row
from docs.cookbook.__main__ import main
from jacobians import evaluate
from jacobians.expression import Named
from jacobians.notation.names import typeset

DISTINCT = {"n": 3, "m": 2, "p": 5, "q": 2}
INDEX_MAPS = {"39", "143", "144"}  # merged axes and listed entries, which no arithmetic spells
EQUAL = {"n": 3, "m": 3, "p": 3, "q": 3}
rows = pytest.mark.parametrize("row", ROWS, ids=[f"({row.number}) {row.left}" for row in ROWS])


def differences(row: Row, values: dict[str, np.ndarray]) -> np.ndarray:
    """The row's left side differentiated numerically: numerator layout, or the directional derivative."""
    if row.moving:
        directions = {name: values[f"d{name}"] for name in row.moving}
        along = central_differences(
            lambda t: row.value({**values, **{name: values[name] + t * d for name, d in directions.items()}}),
            np.array(0.0),
        )
        return np.asarray(along)

    def once(x: np.ndarray) -> np.ndarray:
        return np.asarray(row.value({**values, row.by: x}))

    def twice(x: np.ndarray) -> np.ndarray:
        return numerator(central_differences(once, x, 0.05), np.ndim(once(x)))

    x = values[row.by]
    f = once if row.order == 1 else twice
    return numerator(central_differences(f, x, 2e-2 if row.order == 1 else 0.05), np.ndim(f(x)))


def calculated(row: Row, values: dict[str, np.ndarray], sizes: dict[str, int]) -> np.ndarray:
    if row.moving or row.then is not None:
        expression = row.expression()
        return evaluate(expression, relevant(values, expression), sizes=sizes)
    return row.derivative().evaluate(values)


def from_cookbook(row: Row, expected: np.ndarray) -> np.ndarray:
    """From the Cookbook's layout: the axes of the variable reversed, unless the row is no plain derivative."""
    plain = not row.moving and row.then is None
    return numerator(expected, expected.ndim - len(row.shapes[row.by].split())) if plain else expected


@rows
@pytest.mark.parametrize("sizes", [DISTINCT, EQUAL], ids=["distinct", "equal"])
def test_the_value_is_the_cookbooks_and_that_of_differences(row: Row, sizes: dict[str, int]) -> None:
    values = row.values(sizes)
    actual = calculated(row, values, sizes)
    assert_close(actual, from_cookbook(row, row.expected(values)), 1e-10)
    measured = differences(row, values)
    if row.then is not None:
        measured = row.then(measured, *values.values())
    assert_close(actual, measured, 1e-8 if row.order == 1 else 1e-7)


@rows
@pytest.mark.parametrize("sizes", [DISTINCT, EQUAL], ids=["distinct", "equal"])
def test_the_printed_form_means_what_it_says(row: Row, sizes: dict[str, int]) -> None:
    values = row.values(sizes)
    expected = calculated(row, values, sizes)
    expression = row.expression() if row.moving or row.then is not None else row.derivative().expression
    named = [node for node in below(expression, row.value(row.variables)) if isinstance(node, Named)]
    given = values | {node.name: evaluate(node.body, relevant(values, node), sizes) for node in named}
    read = read_components if row.closed_form() is None else read_matrix
    if row.number in INDEX_MAPS:
        pytest.skip("an index map, such as the merging of two axes, has no arithmetic to read")
    assert_close(read(row.form, expected.shape, {typeset(k): v for k, v in given.items()}, sizes, "tanh"), expected)


@rows
def test_the_printed_form(row: Row) -> None:
    assert row.printed() == row.form


def test_every_number_of_section_2_is_there_or_is_said_to_be_left_out() -> None:
    found = set()
    for entry in [*ROWS, *OMITTED]:
        for part in entry.number.split(", "):
            first, _, last = part.partition("–")
            found |= set(range(int(first), int(last or first) + 1))
    assert found == set(range(33, 145))


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, "python -m docs.cookbook writes it"
    assert len(ROWS) >= 60


def test_a_page_that_is_not_up_to_date_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("docs.cookbook.__main__.PAGE", tmp_path / "cookbook.md")
    assert main(["--check"]) == 1
    assert "python -m docs.cookbook" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0
