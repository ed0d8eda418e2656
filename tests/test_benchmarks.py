"""The benchmark suite: what it measures, and that it refuses to time what differs."""

from __future__ import annotations

import gc
import json
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmarks.__main__ as command
from benchmarks import making, scoreboard
from benchmarks.gradients import SIZES, Case, cases, measure
from benchmarks.making import made, residual_blocks
from benchmarks.peers import PEERS, Peer
from benchmarks.tasks import Task, tasks
from jacobians import networks
from jacobians.experiments import comparison
from jacobians.experiments import measure as measuring

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


def test_every_ratio_is_time_over_hand_written_time(monkeypatch: pytest.MonkeyPatch) -> None:
    network = networks.shallow(5, 7, 3)
    rng = np.random.default_rng(0)
    values = {**network.parameters(rng), **network.sample(rng)}
    beside: list[int] = []
    paired = measuring.paired_times

    def counted(jobs: Any, budget: float) -> Any:
        beside.append(len(jobs))
        return paired(jobs, budget)

    monkeypatch.setattr(comparison, "paired_times", counted)
    *orders, by_hand = comparison.measure_orders(network, values, 0.01)
    assert set(beside) == {1}  # nothing slow runs beside the hand-written path
    assert by_hand.order == "hand-written"
    assert by_hand.seconds is not None
    for one in (*orders, by_hand):
        assert one.seconds is not None
        assert one.ratio == one.seconds / by_hand.seconds


def test_a_gradient_that_vanishes_in_the_last_place_of_one_is_no_disagreement() -> None:
    network = networks.mlp((1, 2, 1), augmented=True)
    values = {
        "W1_tilde": np.array([[-1.0, 0.0], [-1.0, 0.0]]),
        "W2_tilde": np.array([[0.5, -0.3, 0.1]]),
        "x": np.array([416.0]),  # σ(−416) is 2e-181, and 0 where it is computed as ½ + ½ tanh(−208)
        "t": np.array([1.0]),
    }
    measured = comparison.measure_orders(network, values, 0.01)
    assert all(one.seconds is not None for one in measured)


@pytest.mark.parametrize("seed", range(12))
def test_differences_do_not_step_across_kinks(seed: int) -> None:
    network = networks.mlp((4, 16, 8, 3), activation="relu")
    rng = np.random.default_rng(seed)
    values = {**network.parameters(rng), **network.sample(rng)}
    expected = comparison.implicit.backprop(network, values)
    for name in network.parameter_names:
        places, found = comparison.central_differences(network, values, name, 200)
        np.testing.assert_allclose(found, expected[name].T.ravel()[places], rtol=0, atol=1e-8)
        assert places.size == expected[name].size


def test_at_a_kink_nothing_is_compared() -> None:
    network = networks.mlp((1, 2, 1), activation="relu", augmented=False)
    values = {
        "W1": np.array([[1.0], [1.0]]),
        "b1": np.array([-2.0, 1.0]),  # z = (0, 3)
        "W2": np.array([[0.5, -0.3]]),
        "b2": np.array([0.1]),
        "x": np.array([2.0]),
        "t": np.array([1.0]),
    }
    places, found = comparison.central_differences(network, values, "b1", 200)
    assert places.tolist() == [1]
    np.testing.assert_allclose(found, comparison.implicit.backprop(network, values)["b1"][1:], rtol=1e-9)


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


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Three tasks, one case of the orders, and no long graph."""
    wanted = ("∂r/∂x, MLP (4, 8, 3)", "Hessian of xᵀAx, n = 8", "its k² numbers")
    chosen = [task for task in tasks(quick=True) if any(text in task.name for text in wanted)]
    assert len(chosen) == 3
    monkeypatch.setattr(command, "tasks", lambda quick: chosen)
    monkeypatch.setattr(command, "cases", lambda quick: [Case(2, 3, 5, None), Case(2, 3, 5, 7)])
    monkeypatch.setattr(making, "residual_blocks", lambda count: residual_blocks(3))
    for timed in (scoreboard, making, comparison):  # what is measured, not how well
        monkeypatch.setattr(timed, "paired_times", lambda jobs, budget, *_, **__: measuring.paired_times(jobs, 0.0))
    return chosen


def _run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--quick", *options])
    command.main()
    return capsys.readouterr().out


@pytest.mark.usefixtures("few")
def test_the_command_prints_tables(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    out = _run(monkeypatch, capsys, "--orders")
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "(d, h, n) = (2, 3, 5), a batch of 7" in out
    assert "geometric mean against closed forms" in out
    assert "extra cost of a call of grad(f)" in out
    assert "derive and compile, network of 20 layers" in out


@pytest.mark.usefixtures("few")
def test_the_command_prints_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(_run(monkeypatch, capsys, "--json"))
    assert found["gradients"] == []
    assert [one["name"] for one in found["making"]][-1] == "200 residual blocks"
    assert [one["apart"] for one in found["scores"]] == [False, False, True]
    assert {goal["holds"] for goal in found["goals"]} <= {True, False}


@pytest.mark.usefixtures("few")
def test_the_page_has_every_task_and_no_path(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    _run(monkeypatch, capsys, "--write", str(page), "--only", "MLP")
    text = page.read_text(encoding="utf-8")
    assert "| ∂r/∂x, MLP (4, 8, 3) |" in text
    assert str(Path.cwd()) not in text
    assert np.__version__ in text


def test_the_command_says_where_no_task_is_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="no task has 'kernels' in its name"):
        _run(monkeypatch, capsys, "--only", "kernels")


def test_every_closed_form_is_equal_to_the_compiled_derivative() -> None:
    for task in tasks(quick=True):
        found = task.compiled(*task.values)
        for form in task.forms:
            scoreboard._agree(task, form.__name__, found, form(*task.values), 1e-9)


def test_a_task_that_differs_is_not_timed(few: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    task = few[0]

    def wrong(*arguments: Any) -> Any:
        return task.forms[0](*arguments) + 1e-6

    monkeypatch.setattr(scoreboard, "paired_times", lambda *_, **__: pytest.fail("timed"))
    with pytest.raises(comparison.DisagreementError, match="differs from the closed form wrong"):
        scoreboard.measure(replace(task, forms=(*task.forms, wrong)), 0.0)


@pytest.mark.peer
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers_are_compared_in_our_layout(peer: Peer) -> None:
    pytest.importorskip(peer.package)
    kinds = set()
    for task in tasks(quick=True):
        if task.small and (task.kind, task.apart) not in kinds:
            kinds.add((task.kind, task.apart))
            found = scoreboard.against(task, peer, 0.01)
            assert found.ratio is not None, found.skipped
    assert len(kinds) == 4
    assert peer.version is not None


def test_a_peer_that_is_not_installed_has_no_version() -> None:
    assert Peer("none", "a-package-that-does-not-exist", lambda task: {}).version is None


def test_goals_hold_or_do_not() -> None:
    score = scoreboard.measure(next(tasks(quick=True)), 0.0)
    slow = replace(score, ratio=1.5, peers={"a": scoreboard.Against(4.0), "b": scoreboard.Against(None, "", "no")})
    fast = replace(score, ratio=0.5, peers={"a": scoreboard.Against(9.0), "b": scoreboard.Against(16.0)})
    found = {goal.text: goal for goal in scoreboard.goals([slow, fast])}
    assert found["geometric mean against closed forms"].holds
    assert not found["largest ratio to a closed form"].holds
    assert found["geometric mean of a over ours, 2 tasks"].value == pytest.approx(6.0)
    assert found["geometric mean of b over ours, 1 tasks"].value == pytest.approx(16.0)
    assert found["geometric mean of the fastest peer of each task"].value == pytest.approx(6.0)
    apart = replace(fast, apart=True, peers={"a": scoreboard.Against(1e6)})
    assert scoreboard.goals([slow, fast, apart])[2].value == pytest.approx(6.0)


def test_deriving_and_compiling_is_linear_in_depth() -> None:
    """By the calls of Python functions that it takes, which no other program disturbs."""

    def calls(build: Any) -> int:
        gc.collect()
        count = 0

        def seen(frame: Any, event: str, argument: Any) -> None:
            nonlocal count
            count += event == "call"

        sys.setprofile(seen)
        try:
            made(build)
        finally:
            sys.setprofile(None)
        return count

    for build in (making._deep, residual_blocks):
        small, large = (calls(partial(build, depth)) for depth in (12, 48))
        assert large < 4.6 * small
    assert calls(making._shallow) < 60_000


@pytest.mark.slow
def test_two_hundred_residual_blocks_are_compiled_in_seconds() -> None:
    start = time.process_time()
    assert made(partial(residual_blocks, 200)) == 2000
    assert time.process_time() - start < 6.0
