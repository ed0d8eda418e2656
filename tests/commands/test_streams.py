"""The edges of the command line: encodings, full disks, closed pipes, endless files, control characters, Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from jacobians import parse
from jacobians.cli import main
from jacobians.commands.streams import Output
from jacobians.notation.ascii import ascii_form, visible

#: Every command with what it prints most of.
COMMANDS: dict[str, list[str]] = {
    "explain": ["explain", "shallow"],
    "explain markdown": ["explain", "two-hidden", "--format", "markdown"],
    "explain latex": ["explain", "½‖σ(W x) − λ y‖²", "--where", "W:h,d x:d y:h λ:", "--wrt", "λ", "--format", "latex"],
    "draw": ["draw", "shallow", "--augmented"],
    "draw tensor": ["draw", "mlp", "--wrt", "W1"],
    "derive": ["derive", "½‖σ(W x)‖² + tr(Σ⁻¹ (A ⊙ A))", "--where", "W:h,d x:d A:d,d Σ:d,d", "--wrt", "W,A,Σ"],
    "shape": ["shape", "x r' W2 diag(σ'(z))", "--where", "x:d r:n W2:n,h z:h"],
    "check": ["check", "∂(x'x)/∂x = 2 xᵀ", "--where", "x:d"],
    "check, wrong": ["check", "∇(θ'θ) = θ", "--where", "θ:d"],
    "backprop": ["backprop"],
    "backprop json": ["backprop", "--json"],
    "help": ["--help"],
    "help of a command": ["backprop", "--help"],
    "error in a text": ["check", "∂(x'x)/∂x = ½ ỹ'", "--where", "x:d"],
    "error": ["derive", "θ'θ", "--where", "θ:d", "--wrt", "∂ж"],
}


def said(arguments: list[str], encoding: str, errors: str = "strict") -> tuple[int, str, str]:
    """The exit status, and what reaches standard output and error, decoded."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors, newline="\n") for _ in range(2)]
    with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
        try:
            status = main(arguments)
        except SystemExit as stopped:
            status = int(stopped.code or 0)
    texts = []
    for stream in streams:
        stream.flush()
        raw = stream.buffer
        assert isinstance(raw, io.BytesIO)
        texts.append(raw.getvalue().decode(encoding))
    return status, texts[0], texts[1]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "cp932", "koi8-r"])
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_every_command_prints_ascii_where_the_encoding_has_no_more(command: list[str], encoding: str) -> None:
    if encoding != "cp1252" and command[0] == "backprop":
        pytest.skip("once is enough for what takes long")
    status, out, err = said(command, encoding)
    assert status == said(command, "utf-8")[0]
    assert (out + err).isascii()
    assert out or err
    if "--json" not in command:  # the Cyrillic letter alone has no spelling
        assert set(re.findall(r"\\u[0-9a-f]{4}", out + err)) <= {"\\u0436"}
    assert len(err.splitlines()) in (0, 1, 3)
    if "--json" in command:
        assert json.loads(out)["network"]["sizes"] == [4, 8, 3]


def test_the_ascii_form_says_the_same_and_can_be_read() -> None:
    _, out, _ = said(COMMANDS["explain"], "ascii")
    assert "d ell/dW1 = d ell/dr * dr/ds * ds/dz * dz/dW1" in out
    assert "x r^T W2 diag(sigma'(z)) in R^{d x h}" in out
    _, out, _ = said(["derive", "½‖σ(W x)‖²", "--where", "W:h,d x:d", "--wrt", "W"], "cp1252")
    form = re.search(r"closed form  (.*)", out)
    assert form is not None
    assert parse(form[1], x="d", s="h", z="h").shape == ("d", "h")
    _, _, err = said(COMMANDS["error in a text"], "ascii")
    lines = err.splitlines()
    assert lines[1][lines[2].index("^") :].startswith("y_tilde")


def test_columns_stay_where_there_is_room() -> None:
    rows = ["z = W₁ x + b₁      h      1a", "ℓ = ½ ‖r‖²         h      1a", "plain              h      1a"]
    assert len({ascii_form(row).index("1a") for row in rows}) == 1


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("W̃₁₂ᵀ ŷ x̄₃ ỹ", "W12_tilde^T y_hat x3_bar y_tilde"),
        ("A⁻¹ σ″(z) f⁽³⁾ x²ⁿ", "A^-1 sigma''(z) f^(3) x^2n"),
        ("∂θ/∂ℓ ∂W ≠ √x ∈ ℝ", "d theta/d ell dW != sqrtx in R"),
        ("Σ_i δ_{ij} Σ⁻¹", "sum_i delta_{ij} Sigma^-1"),
        ("é 名 – “q” …", 'e \\u540d - "q" ...'),
        ("h×d h × d", "h x d h x d"),
    ],
)
def test_spellings(text: str, form: str) -> None:
    assert ascii_form(text) == form


def test_a_plain_locale_and_arguments_in_utf8() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    environment.pop("PYTHONIOENCODING", None)
    command = [sys.executable, "-m", "jacobians", "check", "∂(x'x)/∂x = 2 xᵀ", "--where", "x:d"]
    run = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.splitlines()[0] == b"d(x'x)/dx = 2 x^T"


# --- output that cannot be written ------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["check x=x --where x:d", "--help", "draw shallow", "backprop --json"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_one_line(command: str, unbuffered: str) -> None:
    with open("/dev/full", "w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "jacobians", *command.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert (run.returncode, run.stderr) == (2, "jacobians: error: cannot write the output: No space left on device\n")


def test_closed_streams_and_a_reader_that_leaves() -> None:
    python = f"{sys.executable} -m jacobians"
    shell = (
        f"{python} explain shallow | head -1; {python} check x=x --where x:d >&-; {python} check x=y --where x:d 2>&-"
    )
    run = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    assert len(run.stdout.splitlines()) == 1
    assert run.returncode == 2


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


INTERRUPTING = """
import os, signal, sys, time
sys.path.remove({folder!r})
os.kill(os.getpid(), signal.SIGINT)
time.sleep(5)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise on Windows")
@pytest.mark.parametrize("module", ["numpy", "rich"])
@pytest.mark.parametrize("program", ["-m jacobians", "{script}"])
def test_ctrl_c_ends_without_a_word(module: str, program: str, tmp_path: Path) -> None:
    """It comes while a module is loaded: numpy before the command line is there, rich in a command."""
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    (stubs / f"{module}.py").write_text(INTERRUPTING.format(folder=str(stubs)))
    script = tmp_path / "jacobians"
    script.write_text("import sys\nfrom jacobians.cli import main\nsys.exit(main())\n")
    path = os.pathsep.join([str(stubs), str(Path(__file__).parents[2])])
    run = subprocess.run(
        [sys.executable, *program.format(script=script).split(), "backprop", "--train"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")


def test_the_library_leaves_the_signals_of_others_alone() -> None:
    code = "import jacobians, signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


# --- input without end, sizes without sense ---------------------------------------------------------------------------

DIGITS = "9" * 5000


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero")
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom"])
def test_a_device_is_no_table(device: str) -> None:
    status, out, err = said(["backprop", "--data", device, "--target", "y"], "utf-8")
    assert (status, out) == (2, "")
    assert "not UTF-8 text" in err


def test_a_file_without_end_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jacobians.experiments import datasets

    monkeypatch.setattr(datasets, "available", lambda: 1 << 26)
    endless = tmp_path / "long.csv"
    endless.write_text("x,y\n" + "1,2\n" * (1 << 21))
    status, out, err = said(["backprop", "--data", str(endless), "--target", "y"], "utf-8")
    assert (status, out) == (2, "")
    assert "more than 4.19 MB of text" in err


@pytest.mark.parametrize(
    "command",
    [
        ["backprop", "--hidden", DIGITS],
        ["backprop", "--seed", DIGITS],
        ["backprop", "--row", DIGITS],
        ["backprop", "--rate", DIGITS],
        ["explain", "mlp", "--layers", DIGITS],
        ["derive", "x'x", "--where", "x:d", "--wrt", "x", "--sizes", f"d={DIGITS}"],
        ["derive", "x'x", "--where", f"x:{DIGITS}", "--wrt", "x"],
        ["derive", "x'x", "--where", f"x:d+{DIGITS}", "--wrt", "x"],
        ["check", f"I_{DIGITS} x = x", "--where", "x:d"],
        ["check", f"x_{{{DIGITS}}} = 1", "--where", "x:d"],
        ["check", f"sum_{{i=1}}^{{{DIGITS}}} x_i = 1", "--where", "x:d"],
        ["shape", f"x^{DIGITS}", "--where", "x:"],
        ["shape", f"{DIGITS} x", "--where", "x:"],
    ],
    ids=lambda command: " ".join(command).replace(DIGITS, "9…9"),
)
def test_a_number_of_5000_digits_is_refused_in_short(command: list[str]) -> None:
    status, out, err = said(command, "utf-8")
    assert (status, out) == (2, "")
    assert len(err.splitlines()[0]) < 300
    assert "at most 9,223,372,036,854,775,807" in err or "positive number" in err or "too large for floating" in err


def test_entries_count_from_1() -> None:
    for text in ("x_{0} = 1", "A_{0,1} = 1", "A_{1,0} = 1"):
        status, _, err = said(["check", text, "--where", "x:3 A:3,3"], "utf-8")
        assert status == 2
        assert "Traceback" not in err


# --- characters that steer a terminal ---------------------------------------------------------------------------------

STEERING = ("\x1b[31mred", "\x1b]0;title\x07", "a\rb", "\x9b2J", "a\u202eb", "a\x00b"[:1] + "\x08")


@pytest.mark.parametrize("mark", STEERING, ids=repr)
def test_nothing_a_user_gives_steers_the_terminal(mark: str, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    quoted = f'"{mark}"'
    table.write_text(f"{quoted},y\n1,{quoted}\n2,b\n3,{quoted}\n4,b\n5,b\n", encoding="utf-8", newline="")
    commands = [
        ["backprop", "--data", str(table), "--target", "y", "--hidden", "2"],
        ["backprop", "--data", str(table), "--target", "z"],
        ["backprop", "--data", str(table), "--target", mark],
        ["backprop", "--data", str(tmp_path / mark.replace("\x00", "")), "--target", "y"],
        ["backprop", "--order", mark],
        ["derive", "x'x", "--where", "x:d", "--wrt", mark],
        ["derive", "x'x", "--where", f"x:d {mark}:h", "--wrt", "x"],
        ["shape", f"x' {mark}", "--where", "x:d"],
        ["draw", "shallow", "--wrt", mark],
        [mark],
    ]
    for command in commands:
        _, out, err = said(command, "utf-8")
        assert visible(out + err) == out + err, command


def test_colours_of_our_own_reach_a_terminal_and_others_do_not() -> None:
    raw = io.StringIO()
    output = Output(raw)
    output.write_styled("\x1b[1mbold\x1b[0m \x1b[2J\x1b]0;t\x07")
    output.write("\x1b[1m")
    assert raw.getvalue() == "\x1b[1mbold\x1b[0m \\x1b[2J\\x1b]0;t\\x07\\x1b[1m"


# --- files ------------------------------------------------------------------------------------------------------------


def drawn(target: Path, *options: str) -> tuple[int, str]:
    status, out, err = said(["draw", "shallow", "--output", str(target), *options], "utf-8")
    assert out == ""
    assert len(err.splitlines()) <= 1
    return status, err


def test_a_file_that_exists_is_kept_without_force(tmp_path: Path) -> None:
    target = tmp_path / "a.svg"
    target.write_text("kept")
    target.chmod(0o640)
    status, err = drawn(target)
    assert status == 2
    assert err == f"jacobians draw: error: {target} exists: --force writes over it\n"
    assert target.read_text() == "kept"
    assert drawn(target, "--force") == (0, "")
    assert target.read_text().startswith("<svg")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["a.svg"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link, target = tmp_path / "link.svg", tmp_path / "folder" / "target.svg"
    link.symlink_to(target)
    assert drawn(link) == (0, "")  # to a file that is not there yet
    assert link.is_symlink()
    assert target.read_text().startswith("<svg")
    target.write_text("old")
    assert drawn(link)[0] == 2
    assert target.read_text() == "old"
    assert drawn(link, "--force") == (0, "")
    assert link.is_symlink()
    assert target.read_text().startswith("<svg")
    circle = tmp_path / "circle.svg"
    circle.symlink_to(circle)
    assert drawn(circle)[0] == 2


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="there is no /dev/null")
def test_a_device_stays_a_device(tmp_path: Path) -> None:
    link = tmp_path / "null.svg"
    link.symlink_to("/dev/null")
    assert drawn(link, "--force") == (0, "")
    assert not Path("/dev/null").is_file()


def test_where_nothing_can_be_written_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "folder.svg").mkdir()
    for target, reason in (
        (tmp_path / "missing" / "a.svg", "there is no folder"),
        (tmp_path / "folder.svg", "it is a folder"),
        (tmp_path / ("x" * 300 + ".svg"), "File name too long"),
        (tmp_path / "a.txt", ".svg or .png"),
        (tmp_path / "a\x00.svg", "null byte"),
    ):
        status, err = drawn(target)
        assert status == 2
        assert reason in err
    assert [one.name for one in tmp_path.iterdir()] == ["folder.svg"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        status, err = drawn(tmp_path / "a.svg")
    finally:
        tmp_path.chmod(0o755)
    assert status == 2
    assert "may not be written to" in err


def test_nothing_is_left_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.svg"
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):

        def fail(*arguments: object, error: BaseException = error) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", fail)
            patch.setattr(os, "link", fail)
            status, _ = drawn(target)
        assert status in (2, 130)
        assert list(tmp_path.iterdir()) == []
