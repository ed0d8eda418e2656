"""For pages that show a command with what it prints."""

from __future__ import annotations

import shlex
import subprocess
import sys


def run(line: str, code: int = 0) -> None:
    """Run a line of the shell that begins with `jacobians`, and show it with what it prints; `code` is how it ends."""
    program, *arguments = shlex.split(line)
    assert program == "jacobians"
    done = subprocess.run([sys.executable, "-m", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code, (done.returncode, done.stderr)
    print(f"$ {line}\n{done.stdout}{done.stderr}".rstrip())
