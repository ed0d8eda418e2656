"""What does not fit in memory is refused before the first byte: by the machine, a control group or a limit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jacobians import (
    MaterializationError,
    constant,
    derivative,
    diag,
    evaluate,
    networks,
    outer,
    tensor_product,
    vector,
)
from jacobians import compile as compile_expression
from jacobians.shapes import memory

GIB = 1 << 30


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], int | None]:
    """A system that tells what the files say, without limits of its own."""

    def told(files: dict[str, str]) -> int | None:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.setattr(memory, "_PROC", tmp_path / "proc")
        monkeypatch.setattr(memory, "_GROUPS", tmp_path / "cgroup")
        monkeypatch.setattr(memory, "_of_limits", lambda: iter(()))
        return memory.available()

    return told


MACHINE = {"proc/meminfo": f"MemTotal: {64 * GIB // 1024} kB\nMemAvailable: {16 * GIB // 1024} kB\n"}


def test_the_machine(system: Any) -> None:
    assert system(MACHINE) == 16 * GIB


def test_a_control_group_of_version_2_and_those_above_it(system: Any) -> None:
    group = "cgroup/user/job"
    files = {
        **MACHINE,
        "proc/self/cgroup": "0::/user/job\n",
        f"{group}/memory.max": f"{8 * GIB}\n",
        f"{group}/memory.current": f"{3 * GIB}\n",
        f"{group}/memory.stat": f"anon 5\ninactive_file {GIB}\n",
    }
    assert system(files) == 6 * GIB  # 8 less the 3 that are used, of which 1 is given back
    files |= {"cgroup/user/memory.max": f"{4 * GIB}\n", "cgroup/user/memory.current": f"{3 * GIB}\n"}
    assert system(files) == GIB
    files |= {"cgroup/user/memory.max": "max\n", f"{group}/memory.max": "max\n"}
    assert system(files) == 16 * GIB


def test_in_a_container_the_root_holds(system: Any) -> None:
    files = {**MACHINE, "proc/self/cgroup": "0::/somewhere/outside\n"}
    files |= {"cgroup/memory.max": f"{2 * GIB}", "cgroup/memory.current": f"{GIB}"}
    assert system(files) == GIB


def test_a_control_group_of_version_1(system: Any) -> None:
    files = {
        **MACHINE,
        "proc/self/cgroup": "5:cpu:/\n4:memory,hugetlb:/batch\n",
        "cgroup/memory/batch/memory.limit_in_bytes": f"{5 * GIB}",
        "cgroup/memory/batch/memory.usage_in_bytes": f"{2 * GIB}",
        "cgroup/memory/batch/memory.stat": f"total_inactive_file {GIB}\n",
    }
    assert system(files) == 4 * GIB
    assert system({**files, "cgroup/memory/batch/memory.usage_in_bytes": f"{9 * GIB}"}) == 0


LIMITED = """
import resource, sys
import numpy as np
import jacobians
from jacobians.shapes.memory import available
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (600 << 20), -1))
print(available() <= 600 << 20)
try:
    jacobians.outer(np.ones(8000), np.ones(8000))
except jacobians.MaterializationError as error:
    print(error)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux tells the size of a process")
def test_a_resource_limit() -> None:
    run = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True)
    first, second = run.stdout.splitlines()
    assert first == "True"
    assert "a dense array of shape 8000 × 8000 takes 512 MB, and the limit is" in second


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 100 MB."""
    monkeypatch.setattr(memory, "available", lambda: 100_000_000)


def _long(count: int) -> Any:
    return np.broadcast_to(np.float64(1.0), count)


x = vector("x", "d")
TOO_LARGE: list[tuple[str, Callable[[], Any], str]] = [
    ("outer", lambda: outer(_long(10**5), _long(10**5)), "100000 × 100000 takes 80.0 GB"),
    ("outer of float32", lambda: outer(np.float32(_long(4500)), np.float32(_long(4500))), "4500 × 4500 takes 81.0 MB"),
    ("diag", lambda: diag(_long(10**5)), "80.0 GB"),
    ("a tensor product", lambda: tensor_product(_long(10**3), np.ones((100, 300))), "1000 × 300 × 100"),
    ("a product of two vectors", lambda: tensor_product(_long(10**5), _long(10**5)), "80.0 GB"),
    ("a sample", lambda: networks.shallow(5, 3, 2, batch=10**8).sample(np.random.default_rng(0)), "a sample of the"),
    ("classes", lambda: networks.shallow(5, 3, 10**7, loss="cross-entropy").sample(np.random.default_rng(0)), "sample"),
    ("parameters", lambda: networks.shallow(10**5, 10**5, 2).parameters(np.random.default_rng(0)), "parameters"),
    ("a constant", lambda: constant(np.broadcast_to(1.0, (10**4, 10**4))), "a constant, which is a copy"),
    ("a constant in a formula", lambda: x[:1] * np.broadcast_to(1.0, (10**4, 10**4)), "a constant"),
    ("a triangle", lambda: np.tril(np.outer(vector("u", 10**5), vector("v", 10**5))), "the mask of tril"),
    ("a value", lambda: evaluate(np.outer(x, x), {"x": np.ones(9000)}), "9000 × 9000"),
    ("a derivative", lambda: derivative(x * x, x).evaluate({"x": np.ones(9000)}), "9000 × 9000"),
    ("compiled", lambda: compile_expression(derivative(x * x, x))(np.ones(9000)), "9000 × 9000"),
    ("steps together", lambda: evaluate(np.sin(np.exp(np.cos(x))), {"x": np.ones(5 * 10**6)}), "are free"),
    ("temporaries", lambda: evaluate(np.tanh(x), {"x": np.ones(5 * 10**6)}), "computed on the way"),
]


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(("form", "message"), [case[1:] for case in TOO_LARGE], ids=[case[0] for case in TOO_LARGE])
def test_what_is_too_large_is_refused(form: Callable[[], Any], message: str) -> None:
    with pytest.raises(MaterializationError, match=message):
        form()


def test_a_sample_of_classes_is_one_hot() -> None:
    sample = networks.shallow(5, 3, 7, loss="cross-entropy", batch=11).sample(np.random.default_rng(0))
    assert sample["t"].shape == (11, 7)
    assert sample["t"].sum(axis=1).tolist() == [1.0] * 11
    alone = networks.shallow(5, 3, 7, loss="cross-entropy").sample(np.random.default_rng(0))
    assert alone["t"].sum() == 1.0


def test_large_constants_are_told_apart() -> None:
    array = np.zeros(10**4)
    first = constant(array)
    assert constant(array.copy()) is first
    array[-1] = 1e-300
    assert constant(array) is not first
    assert constant(np.zeros((100, 100))) is not first
    assert constant(np.zeros(10**4, np.float32)) is not first
    square = np.arange(1e4).reshape(100, 100)
    assert constant(np.asfortranarray(square)) is constant(square)
    assert constant(square.T) is not constant(square)
