"""`jacobians shape`, `derive` and `check` as they are called."""

from __future__ import annotations

import pytest

from jacobians.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    assert max((len(line) for line in (out + err).splitlines()), default=0) <= 200
    return code, out, err


def test_shape_prints_the_tree(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "shape", "x r' W2 diag(σ'(z))", "--where", "x:d r:n W2:n,h z:h")
    assert (code, err) == (0, "")
    assert out == (
        "x   r'      W2      diag(σ'(z))\n"
        "d   1 × n   n × h   h × h\n"
        "\n"
        "x r' W2 diag(σ'(z))  d × h\n"
        "├─ x                 d\n"
        "├─ r'                1 × n\n"
        "├─ W2                n × h\n"
        "└─ diag(σ'(z))       h × h\n"
        "   └─ σ'(z)          h\n"
        "      └─ z           h\n"
        "\n"
        "result  d × h\n"
    )


def test_shape_points_at_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "shape", "x r' W2", "--where", "x:d r:n W2:h,n")
    assert (code, out) == (2, "")
    first, *rest = err.splitlines()
    assert first.startswith("jacobians shape: error: line 1, column 6: x r' is a matrix (d × n) and W2")
    assert rest[:2] == ["  x r' W2", "       ^^"]
