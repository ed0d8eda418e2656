"""Arguments by kind, and the small guards of shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jacobians import DataError, LayoutError, OptionError, ShapeError, collapse, convert_layout, matrix
from jacobians.shapes import memory
from jacobians.shapes.arguments import argument_numbers, as_whole, choice, listed, plain_array, real_number
from jacobians.shapes.facts import check_facts
from jacobians.shapes.formatting import show_bytes, show_count, shown_value
from jacobians.shapes.layout import collapsed_shape
from jacobians.shapes.sizes import LARGEST, check_size


@pytest.mark.parametrize(("value", "whole"), [(3, 3), (np.int8(-2), -2), (True, None), (np.True_, None), (2.0, None)])
def test_whole_numbers(value: Any, whole: int | None) -> None:
    assert as_whole(value) == whole
    assert as_whole(int) is None
    assert as_whole(np.arange(2)) is None


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.array(2.0), np.int64(2)])
def test_real_numbers(value: Any) -> None:
    assert real_number(value, "a rate") == 2.0
    with pytest.raises(OptionError, match="a rate: expected a number of at least 3, got "):
        real_number(value, "a rate", 3.0)


@pytest.mark.parametrize("value", [None, True, np.False_, "2", 2j, [2.0], np.ones(1), float("nan"), 10**400, matrix])
def test_what_is_no_real_number(value: Any) -> None:
    with pytest.raises(OptionError, match="a rate: expected a number, got "):
        real_number(value, "a rate")


def test_choices_and_lists() -> None:
    assert choice("vec", ("ad", "vec"), "layout") == "vec"
    for wrong in ("vek", None, ["vec"], np.zeros(0)):
        with pytest.raises(LayoutError, match=r"unknown layout .*: choose one of 'ad', 'vec'"):
            choice(wrong, ("ad", "vec"), "layout", LayoutError)
    assert listed((1, "a"), "a list") == [1, "a"]
    for single in ("text", b"bytes", 3, int, np.array(1.0)):
        with pytest.raises(OptionError, match="a list, got "):
            listed(single, "a list")
    assert argument_numbers(np.int64(1), "grad") == [1]
    assert argument_numbers((0, -1), "grad") == [0, -1]
    for wrong in ((), 1.0, None, (0, 1.0), "0", {0}):
        with pytest.raises(OptionError, match="grad: argnums is a number, or several"):
            argument_numbers(wrong, "grad")


def test_arrays() -> None:
    assert plain_array([1, 2], "x").tolist() == [1, 2]
    for wrong in ("text", [1, None], [[1], [1, 2]], np.array(["2020-01-01"], dtype="datetime64[D]")):
        with pytest.raises(DataError, match=r"x: .*array of numbers"):
            plain_array(wrong, "x")
    with pytest.raises(DataError, match="collapse"):
        collapse(np.array([[["a"]]]))
    with pytest.raises(LayoutError, match="unknown layout None"):
        convert_layout(np.ones(2), (2,), (), "ad", None)  # type: ignore[arg-type]


def test_collapsing_drops_the_first_axis_of_size_1() -> None:
    assert collapsed_shape((1, "m", "n")) == ("m", "n")
    assert collapsed_shape(("m", 1, "n")) == ("m", "n")
    assert collapsed_shape((1, 1, "n")) == (1, "n")
    array = np.arange(6.0).reshape(1, 2, 3)
    assert np.array_equal(collapse(array), array[0])
    with pytest.raises(ShapeError, match="first axis 2, second axis 3"):
        collapse(np.ones((2, 3, 1)))


def test_facts_suit_the_shape() -> None:
    assert check_facts(["symmetric"], ("d", "d"), "A") == ("symmetric",)
    with pytest.raises(ShapeError, match="x is declared symmetric, which a matrix can be, and has the shape d"):
        check_facts(["symmetric"], ("d",), "x")
    with pytest.raises(ShapeError, match="a square matrix can be"):
        check_facts(["symmetric"], ("d", "h"), "A")
    with pytest.raises(OptionError, match="did you mean symmetric"):
        check_facts(["symetric"], ("d", "d"), "A")


def test_sizes_have_a_largest() -> None:
    assert check_size(LARGEST, "d") == LARGEST
    assert check_size(str(LARGEST), "d") == LARGEST
    for wrong in (LARGEST + 1, 10**5000, "9" * 5000, f"d+{'9' * 5000}"):
        with pytest.raises(ShapeError, match="a size is at most 9,223,372,036,854,775,807") as refused:
            check_size(wrong, "d")
        assert len(str(refused.value)) < 200
    for wrong in (0, -3, -(10**5000), True, 2.0):
        with pytest.raises(ShapeError):
            check_size(wrong, "d")


def test_what_is_printed_is_short_whatever_it_is() -> None:
    assert show_bytes(10**400) == "1.00e+285 PB"
    assert show_count(10**400) == "1.00e+300"
    assert shown_value("a" * 500).endswith("… (502 characters)")

    class Silent:
        def __repr__(self) -> str:
            raise RuntimeError

    assert shown_value(Silent()) == "a Silent"


def test_nobody_asks_how_much_is_free_for_little(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> int:
        raise AssertionError("asked")

    monkeypatch.setattr(memory, "available", asked)
    memory.refuse_if_too_large([(1000, 1000)], "a matrix", "")
    with pytest.raises(AssertionError, match="asked"):
        memory.refuse_if_too_large([(10_000, 1000)], "a matrix", "")
    monkeypatch.setattr(memory, "available", lambda: None)
    memory.refuse_if_too_large([(10**6, 10**6)], "a matrix", "")
