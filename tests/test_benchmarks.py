"""The benchmark suite: what it measures, and that it refuses to time what differs."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmarks.__main__ as command
from benchmarks import closed_forms
from benchmarks.gradients import SIZES, Case, cases, measure
from jacobians import comparison, networks
from jacobians import measure as measuring

sys.path.insert(0, str(Path(__file__).parent.parent))


def test_the_cases_are_single_samples_and_batches_from_small_to_large() -> None:
    found = list(cases(quick=False))
    assert {case.batch for case in found} == {None, 128}
    assert (found[0].d, found[0].h, found[0].n) == (4, 8, 3)
    assert (found[-1].d, found[-1].h, found[-1].n) == (2048, 2048, 512)
    assert len(found) == 2 * len(SIZES)


def test_a_case_measures_every_order() -> None:
    measured = {one.order: one for one in measure(Case(5, 7, 3, None), quick=True)}
    assert list(measured) == ["reverse", "forward", "minimal-fill", "optimal", "dense", "hand-written"]
    assert measured["reverse"].multiplications == measured["hand-written"].multiplications == 3 * 7 + 21 + 7 + 35
    assert measured["dense"].multiplications > measured["forward"].multiplications > 84
    for one in measured.values():
        assert one.ratio is not None
        assert one.peak is not None
        assert one.peak > 8 * one.largest


def test_what_is_too_large_is_counted_and_not_run() -> None:
    network = networks.shallow(64, 64, 64)
    rng = np.random.default_rng(0)
    values = {**network.parameters(rng), **network.sample(rng)}
    measured = {one.order: one for one in comparison.measure_orders(network, values, 0.01, limit=100_000)}
    assert measured["dense"].skipped == "not run"
    assert measured["dense"].seconds is None
    assert measured["dense"].largest == 64**3
    assert measured["reverse"].seconds is not None


def test_nothing_is_timed_before_the_gradients_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    network = networks.shallow(5, 7, 3)
    rng = np.random.default_rng(0)
    values = {**network.parameters(rng), **network.sample(rng)}
    right = comparison.implicit.backprop

    def wrong(*arguments: Any) -> dict[str, Any]:
        found = right(*arguments)
        return {**found, "b1": found["b1"] + 1e-6}

    timed: list[Any] = []
    monkeypatch.setattr(comparison.implicit, "backprop", wrong)
    monkeypatch.setattr(comparison, "paired_times", lambda jobs, budget: timed.append(jobs))
    with pytest.raises(comparison.DisagreementError, match="∂ℓ/∂b1 in order 'reverse'"):
        comparison.measure_orders(network, values)
    assert timed == []


def test_paired_times_interleave() -> None:
    calls: list[str] = []
    samples = measuring.paired_times([lambda: calls.append("a"), lambda: calls.append("b")], 0.0, 0.0, rounds=4)
    assert [len(one) for one in samples] == [4, 4]
    assert calls[4:] == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert measuring.ratio([2.0, 9.0, 4.0], [1.0, 3.0, 4.0]) == 2.0


def test_peak_memory_sees_numpy() -> None:
    assert measuring.peak_memory(lambda: np.ones(100_000)) == pytest.approx(800_000, rel=0.01)


def test_the_command_prints_tables_and_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "cases", lambda quick: [Case(2, 3, 5, None), Case(2, 3, 5, 7)])
    monkeypatch.setattr(command, "tasks", lambda quick: list(closed_forms.tasks(quick))[-1:])
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--quick"])
    command.main()
    out = capsys.readouterr().out
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "(d, h, n) = (2, 3, 5), a batch of 7" in out
    assert "by geometric mean" in out
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--quick", "--json"])
    command.main()
    found = json.loads(capsys.readouterr().out)
    assert [case["batch"] for case in found["gradients"]] == [None, 7]
    assert len(found["gradients"][0]["orders"]) == 6
    assert len(found["closed_forms"]) == 1


def test_closed_forms_are_equal_before_they_are_timed() -> None:
    for task in closed_forms.tasks(quick=True):
        found, expected = task.compiled(*task.arguments), task.by_hand(*task.arguments)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11, err_msg=task.name)
    wrong = replace(task, by_hand=lambda *arguments: expected + 1.0)
    with pytest.raises(AssertionError, match="differs from the closed form"):
        closed_forms.measure_task(wrong, 0.0)
