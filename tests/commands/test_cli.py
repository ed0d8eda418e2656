"""The command line: what it prints on real data, that it fits 80 columns, and its errors of one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len

import jacobians
from jacobians.cli import main
from jacobians.experiments import comparison, measure


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are measured, if not well."""
    monkeypatch.setattr(comparison, "paired_times", lambda jobs, budget: measure.paired_times(jobs, 0.0))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_backprop_without_options(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "backprop")
    lines = [line.split() for line in out.splitlines()]
    assert "Fisher's iris data, 150 rows × 4 columns" in out
    assert "4 → 8 → 3, σ = sigmoid, W̃ = [W | b]" in out
    assert "∂ℓ/∂W̃₁ = ∂ℓ/∂r · ∂r/∂s̃ · ∂s̃/∂s · ∂s/∂z · ∂z/∂W̃₁" in out
    for row in (
        "∂ℓ/∂r 1 × 3 1a rᵀ",
        "∂r/∂s̃ 3 × 9 1 W̃₂",
        "∂s̃/∂s 9 × 8 1 [I₈; 0]",
        "∂s/∂z 8 × 8 1 diag(σ′(z))",
        "∂z/∂W̃₁ 8 × 5 × 8 4 I₈ ⊗ x̃",
        "product 5 × 8 3 x̃ rᵀ W₂ diag(σ′(z))",
        "product 9 × 3 3 s̃ rᵀ",
        "einsum a,aj,j,i->ij over r, W₂, σ′(z), x̃",
    ):
        assert row.split() in lines
    for order in ("reverse", "forward", "minimal-fill", "optimal", "dense", "hand-written"):
        assert any(line[:1] == [order] for line in lines)
    assert "Training" not in out


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--train", "--epochs", "3"),
        ("--hidden", "16", "--hidden", "8", "--activation", "tanh", "--loss", "cross-entropy", "--batch", "32"),
        ("--hidden", "5", "--hidden", "4", "--hidden", "3", "--hidden", "6", "--hidden", "2", "--no-augmented"),
        ("--row", "150", "--seed", "12", "--order", "dense"),
    ],
)
def test_every_line_fits_80_columns(capsys: pytest.CaptureFixture[str], options: tuple[str, ...]) -> None:
    out = run(capsys, "backprop", *options)
    assert max(cell_len(line) for line in out.splitlines()) <= 80
    assert "…\n" not in out.replace(" …", "")  # numbers may go on; no word is cut


def document(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(capsys, "backprop", "--json", *options))
    return found


@pytest.mark.parametrize("order", ["reverse", "forward", "optimal", "dense"])
def test_the_product_equals_both_witnesses(capsys: pytest.CaptureFixture[str], order: str) -> None:
    for options in ((), ("--loss", "cross-entropy", "--activation", "softplus", "--no-augmented", "--hidden", "5")):
        found = document(capsys, "--order", order, *options)
        for gradient in found["gradients"]:
            assert gradient["to_hand_written"] < 1e-14
            assert gradient["to_central"] < 1e-11
            assert gradient["differences"] == gradient["entries"] == np.prod(gradient["shape"])


def test_json_has_what_the_text_shows(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "--batch", "7")
    assert found["data"]["rows"] == 150
    assert [one["name"] for one in found["forward"]] == ["x_tilde", "z", "s", "s_tilde", "y_hat", "r", "ell"]
    values = {one["name"]: np.array(one["value"]) for one in found["forward"]}
    assert values["ell"] == pytest.approx(0.5 * values["r"] @ values["r"])
    np.testing.assert_allclose(values["s"], 1 / (1 + np.exp(-values["z"])))
    reverse, *_, by_hand = found["orders"]
    assert (reverse["order"], by_hand["order"]) == ("reverse", "hand-written")
    assert reverse["multiplications"] == by_hand["multiplications"] == 9 * 3 + 8 * 3 + 8 + 5 * 8
    assert found["batch_orders"][0]["multiplications"] == 7 * reverse["multiplications"]
    assert found["training"] == []


def test_training_follows_the_hand_written_curve(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "--train")
    assert [epoch["epoch"] for epoch in found["training"]] == list(range(101))
    for epoch in found["training"]:
        assert epoch["literal"]["loss"] == pytest.approx(epoch["hand_written"]["loss"], rel=1e-9)
        assert epoch["literal"]["accuracy"] == epoch["hand_written"]["accuracy"]
    assert found["training"][-1]["literal"]["accuracy"] >= 0.9
    assert found["training"][-1]["literal"]["loss"] < 0.2 * found["training"][0]["literal"]["loss"]


def test_a_seed_repeats_and_another_differs(capsys: pytest.CaptureFixture[str]) -> None:
    first, again, other = (document(capsys, "--seed", seed)["forward"] for seed in ("1", "1", "2"))
    assert first == again
    assert first != other


def test_the_progress_bar_is_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backprop", "--train", "--epochs", "2"]) == 0
    captured = capsys.readouterr()
    assert "Training: 2 epochs" in captured.out
    assert "100%" in captured.err
    assert "100%" not in captured.out


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Fifty rows of a noisy line, with a column of words."""
    rng = np.random.default_rng(0)
    rows = ["height,age,weight,kind"]
    for _ in range(50):
        height, age = rng.normal(170, 10), rng.integers(18, 80)
        rows.append(f"{height:.1f},{age},{0.5 * height + 0.1 * age:.2f},{'tall' if height > 170 else 'short'}")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_users_own_data(capsys: pytest.CaptureFixture[str], table: Path) -> None:
    numbers = table.with_name("numbers.csv")
    lines = [line.rsplit(",", 1)[0] for line in table.read_text(encoding="utf-8").splitlines()]
    numbers.write_text("\n".join(lines), encoding="utf-8")
    options = ("--data", str(numbers), "--target", "weight", "--hidden", "5", "--activation", "tanh", "--rate", "0.05")
    found = document(capsys, *options, "--train")
    assert found["network"]["sizes"] == [2, 5, 1]
    assert found["training"][-1]["literal"]["accuracy"] is None
    assert found["training"][-1]["literal"]["loss"] < 0.1 * found["training"][0]["literal"]["loss"]
    assert "predicts weight" in run(capsys, "backprop", *options, "--train", "--epochs", "2")
    classes = table.with_name("classes.csv")
    lines = [",".join(line.split(",")[::3]) for line in table.read_text(encoding="utf-8").splitlines()]
    classes.write_text("\n".join(lines), encoding="utf-8")
    found = document(capsys, "--data", str(classes), "--target", "kind", "--loss", "cross-entropy", "--hidden", "3")
    assert found["data"]["classes"] in (["tall", "short"], ["short", "tall"])


BAD: list[tuple[list[str], list[str]]] = [
    (["backprop", "--data", "{missing}", "--target", "y"], ["missing.csv", "no such file"]),
    (["backprop", "--data", "{table}", "--target", "y"], ["people.csv", "no column 'y'", "height, age, weight, kind"]),
    (["backprop", "--data", "{table}", "--target", "weight"], ["line 2", "column 'kind'", "is not a number"]),
    (["backprop", "--data", "{table}"], ["--target COLUMN"]),
    (["backprop", "--data", "{empty}", "--target", "y"], ["empty.csv", "the file is empty"]),
    (["backprop", "--data", "{nan}", "--target", "y"], ["nan.csv", "line 3", "column 'x'", "nan"]),
    (["backprop", "--data", "{folder}", "--target", "y"], ["is a directory"]),
    (["backprop", "--target", "petal_width"], ["--target petal_width", "species", "--data"]),
    (["backprop", "--activation", "gelu"], ["--activation", "'gelu'", "softplus"]),
    (["backprop", "--loss", "hinge"], ["--loss", "'hinge'", "cross-entropy"]),
    (["backprop", "--order", "best"], ["--order", "'best'"]),
    (["backprop", "--hidden", "0"], ["--hidden", "at least 1, got 0"]),
    (["backprop", "--hidden", "-3"], ["--hidden", "at least 1, got -3"]),
    (["backprop", "--hidden", "eight"], ["--hidden", "whole number", "'eight'"]),
    (["backprop", "--hidden", "3000000000000"], ["parameters of the network", "smaller layers"]),
    (["backprop", "--row", "151"], ["--row 151", "rows 1 to 150"]),
    (["backprop", "--row", "0"], ["--row", "at least 1, got 0"]),
    (["backprop", "--batch", "0"], ["--batch", "at least 1, got 0"]),
    (["backprop", "--seed", "-1"], ["--seed", "at least 0, got -1"]),
    (["backprop", "--rate", "fast"], ["--rate", "'fast'"]),
    (["backprop", "--rate", "nan"], ["--rate", "positive number"]),
    (["backprop", "--train", "--rate", "1e6", "--activation", "relu"], ["no longer finite", "smaller --rate"]),
    (["backprop", "--unknown"], ["--unknown"]),
    (["forwardprop"], ["forwardprop", "backprop"]),
    ([], ["COMMAND"]),
]


@pytest.mark.parametrize(("arguments", "parts"), BAD, ids=[" ".join(case[0]) or "nothing" for case in BAD])
def test_an_error_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: Path, arguments: list[str], parts: list[str]
) -> None:
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    (tmp_path / "nan.csv").write_text("x,y\n1,2\nnan,3\n", encoding="utf-8")
    places = {
        "missing": tmp_path / "missing.csv",
        "table": table,
        "empty": tmp_path / "empty.csv",
        "nan": tmp_path / "nan.csv",
        "folder": tmp_path,
    }
    try:
        code = main([argument.format(**places) for argument in arguments])
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if "error:" in line]
    assert code == 2
    assert captured.out == ""
    assert len(errors) == 1
    assert "Traceback" not in captured.err
    for part in parts:
        assert part in errors[0]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.strip() == f"jacobians {jacobians.__version__}"


def test_the_module_runs_and_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m jacobians backprop | head -n 1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Backpropagation as the literal product")
    assert done.stderr == ""
