"""Values for names: what binds sizes, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jacobians import NamingError, ShapeError, evaluate, matrix, vector

x = vector("x", "d")
V = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ({3: 2}, NamingError, "a symbol is a string such as 'd', got 3"),
        ({"d": "e"}, ShapeError, r"sizes\['d'\]: expected an integer, got 'e'"),
        ({"d": 2.0}, ShapeError, r"sizes\['d'\].*got 2.0"),
        ([("d", 2)], ShapeError, "sizes are a dictionary {symbol: integer}, got list"),
    ],
)
def test_sizes_are_whole_numbers_by_symbol(sizes: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        evaluate(2 * x, {"x": V}, sizes)


def test_two_spellings_of_one_name_are_two_values() -> None:
    with pytest.raises(NamingError, match="two values for 'l'"):
        evaluate(2 * vector("l", 2), {"l": V, "ℓ": V})


def test_a_sum_of_sizes_is_solved_for_the_symbol_that_is_left() -> None:
    a, b = vector("a", "d+h"), vector("b", "2*d")
    assert evaluate(np.sum(a) + np.sum(b), {"a": np.ones(5), "b": np.ones(4)}) == 9.0
    with pytest.raises(ShapeError, match=r"the length of b is 5, and '2\*d' cannot be that"):
        evaluate(np.sum(b), {"b": np.ones(5)})
    with pytest.raises(ShapeError, match=r"the length of a is 5, and .d\+h. cannot be that"):
        evaluate(np.sum(a), {"a": np.ones(5)})
    with pytest.raises(ShapeError, match=r"the length of e is 9, and 'd\*d' cannot be that"):  # no size is guessed
        evaluate(np.sum(vector("e", "d*d")), {"e": np.ones(9)})
    with pytest.raises(ShapeError, match=r"the length of c is 3.*'d\+5' cannot be that"):
        evaluate(np.sum(vector("c", "d+5")), {"c": np.ones(3)})


def test_a_size_that_two_values_tell_otherwise_names_both() -> None:
    A = matrix("A", "h", "d")
    with pytest.raises(ShapeError, match=r"should be 3 \(d = 3 from the columns of A\), got 2"):
        evaluate(A @ x, {"A": np.ones((5, 3)), "x": V})
