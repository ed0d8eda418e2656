"""The Matrix Cookbook's section 2: every row by the Cookbook's right side, by differences, and by its printed form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers import assert_close, below, central_differences, numerator, relevant
from latex_checks import assert_strict
from printed import read_components, read_matrix

from docs.cookbook import OMITTED, ROWS, Row
from docs.cookbook.__main__ import main
from jacobians import evaluate, parse
from jacobians.expressions.nodes import Named
from jacobians.notation.names import typeset
from jacobians.reading.answers.deciding import decide
from jacobians.reading.entry import Reading, read

DISTINCT = {"n": 3, "m": 2, "p": 7, "q": 5, "k": 3}  # no row has both n and k
INDEX_MAPS = {"143", "144"}  # merged axes and listed entries, which no arithmetic spells
EQUAL = {"n": 3, "m": 3, "p": 3, "q": 3, "k": 3}


def name(row: Row) -> str:
    return f"({row.number}) {row.left}"


rows = pytest.mark.parametrize("row", ROWS, ids=name)


def differences(row: Row, values: dict[str, np.ndarray]) -> np.ndarray:
    """The row's left side differentiated numerically: numerator layout, or the directional derivative."""
    if row.moving:
        directions = {name: values[f"d{name}"] for name in row.moving}
        along = central_differences(
            lambda t: row.value({**values, **{name: values[name] + t * d for name, d in directions.items()}}),
            np.array(0.0),
        )
        return np.asarray(along)

    x, step = values[row.by], 2e-2 if row.order == 1 else 0.05

    def derived(order: int) -> Callable[[np.ndarray], np.ndarray]:
        if not order:
            return lambda x: np.asarray(row.value({**values, row.by: x}))
        below = derived(order - 1)
        return lambda x: numerator(central_differences(below, x, step), np.ndim(below(x)))

    return derived(row.order)(x)


def calculated(row: Row, values: dict[str, np.ndarray], sizes: dict[str, int]) -> np.ndarray:
    if row.moving or row.then is not None:
        expression = row.expression()
        return evaluate(expression, relevant(values, expression), sizes=sizes)
    return row.derivative().evaluate(values)


def with_named(row: Row, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The values, and those of what is named on the left side."""
    named = [node for node in below(row.value(row.variables)) if isinstance(node, Named)]
    return values | {node.name: evaluate(node.body, relevant(values, node)) for node in named}


def from_cookbook(row: Row, expected: np.ndarray) -> np.ndarray:
    """From the Cookbook's layout: the axes of each variable reversed, unless the row is no plain derivative."""
    if row.moving or row.then is not None:
        return expected
    rank = len(row.shapes[row.by].split())
    for start in range(expected.ndim - rank * row.order, expected.ndim, max(rank, 1)):
        before, after = range(start), range(start + rank, expected.ndim)
        expected = expected.transpose([*before, *reversed(range(start, start + rank)), *after])
    return expected


@rows
@pytest.mark.parametrize("sizes", [DISTINCT, EQUAL], ids=["distinct", "equal"])
def test_the_value_is_the_cookbooks_and_that_of_differences(row: Row, sizes: dict[str, int]) -> None:
    values = row.values(sizes)
    actual = calculated(row, values, sizes)
    assert_close(actual, from_cookbook(row, row.expected(values)), 1e-10)
    measured = differences(row, values)
    if row.then is not None:
        measured = row.then(measured, *values.values())
    assert_close(actual, measured, (1e-8, 1e-7, 1e-5)[row.order - 1])


@rows
@pytest.mark.parametrize("sizes", [DISTINCT, EQUAL], ids=["distinct", "equal"])
def test_the_printed_form_means_what_it_says(row: Row, sizes: dict[str, int]) -> None:
    values = row.values(sizes)
    expected = calculated(row, values, sizes)
    reader = read_components if row.closed_form() is None else read_matrix
    if row.number in INDEX_MAPS:
        pytest.skip("an index map, such as the merging of two axes, has no arithmetic to read")
    given = {typeset(name): value for name, value in with_named(row, values).items()}
    assert_close(reader(row.form, expected.shape, given, sizes, row.sigma), expected)


@rows
def test_the_printed_form(row: Row) -> None:
    assert row.printed() == row.form


def test_every_number_of_section_2_is_there_or_is_said_to_be_left_out() -> None:
    found = set()
    for entry in [*ROWS, *OMITTED]:
        for part in entry.number.split(", ") if entry.number[0].isdecimal() else ():
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


UNREADABLE = {"143", "144"}  # entries of a Toeplitz matrix by their places have no notation


def equation(row: Row) -> str:
    """The row as a text that `jacobians check` decides: definitions, the derivative, and the form."""
    of, by = row.left, row.by
    if row.then is None:
        left = f"∂({of})/∂{by}"
        for order in range(1, row.order):  # of the gradient: the derivative of a scalar by a vector is a row
            row_by_vector = order == 1 and len(row.shapes[by].split()) == 1
            left = f"∂(({left})ᵀ)/∂{by}" if row_by_vector else f"∂({left})/∂{by}"
        of = left if row.closed_form() is not None else f"({left})_{{{'ijkl'[: row.derivative().ndim]}}}"
    return "; ".join([*([row.where] if row.where else []), f"{of} = {row.form}"])


def shapes_of(row: Row) -> dict[str, str]:
    """Sizes by name; as numbers where the text does not name them, so that XᵀX of a tall X is invertible."""
    if "I_" in row.form + row.where:
        return dict(row.shapes)
    return {
        name: " ".join(str(DISTINCT.get(size, size)) for size in sizes.split()) for name, sizes in row.shapes.items()
    }


@pytest.mark.parametrize("row", [row for row in ROWS if not row.moving and row.number not in UNREADABLE], ids=name)
def test_the_row_is_read_back_as_an_equation_and_decided_true(row: Row) -> None:
    def again(text: str) -> Reading:
        return read(text, shapes_of(row), row.sigma)

    verdicts = decide(again(equation(row)), 0, again)
    assert [one.true for one in verdicts] == [True], verdicts


@pytest.mark.parametrize("row", [row for row in ROWS if row.moving], ids=name)
def test_the_differential_is_read_back(row: Row) -> None:
    values = row.values(DISTINCT)
    read_back = parse(row.form, **row.shapes)
    found = evaluate(read_back, relevant(values, read_back), sizes=DISTINCT)
    assert_close(np.broadcast_to(found, row.expected(values).shape), row.expected(values), 1e-10)


@pytest.mark.parametrize("row", [row for row in ROWS if not row.moving and row.then is None], ids=name)
def test_the_form_in_latex_is_read_back(row: Row) -> None:
    jacobian = row.derivative()
    if jacobian.matrix_notation() is None:
        pytest.skip("by components")
    latex = jacobian.latex(symbol=False)
    assert_strict(latex)
    values = row.values(DISTINCT)
    given = with_named(row, values)
    named = {node.name: " ".join(map(str, node.shape)) for node in below(row.value(row.variables)) if node.name}
    read_back = read(latex, {**row.shapes, **named}, row.sigma, expected=jacobian.shape).part.value.whole
    expected = jacobian.evaluate(values)
    found = evaluate(read_back, relevant(given, read_back), sizes=DISTINCT)
    assert_close(np.reshape(found, expected.shape), expected)
