"""The witness on its bank: no right claim is refused, and no claim with a wrong entry is accepted."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from checking.witness_bank import FAMILIES, is_false, is_right, survey

#: Families whose right claims must be told, not left open: f is smooth and computed well.
TOLD = {"smooth", "outer", "product", "units", "sparse", "Hessian", "300 outputs", "saturated", "Gaussian process"}


def check(name: str, draws: range) -> None:
    with np.errstate(all="ignore"):
        counts, _ = survey(draws, [name])[name]
    false = {key: count for key, count in counts.items() if is_false(*key)}
    assert not false
    told: Counter[str] = Counter()
    for (kind, verdict), count in counts.items():
        if is_right(kind):
            told[verdict] += count
    assert told.total() >= len(draws)
    if name in TOLD:
        assert told["right"] == told.total()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_few_draws(name: str) -> None:
    check(name, range(3))


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_many_draws(name: str) -> None:
    check(name, range(100, 140))
