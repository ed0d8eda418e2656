"""Ctrl-C while the command line is being loaded: the program ends without a word, as it does later.

Loading takes longer than many commands. Until `cli.main` runs there is nobody to catch the interrupt, and Python would
print a traceback of half an import.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import Any

#: The exit status of a program that Ctrl-C ended.
INTERRUPTED = 130


def is_the_program() -> bool:
    """Whether this process runs the command line, and does not only import the library."""
    if "-m" in sys.orig_argv[:-1] and sys.argv[:1] == ["-m"]:
        return sys.orig_argv[sys.orig_argv.index("-m") + 1] == "jacobians"
    return os.path.basename(sys.argv[0] if sys.argv else "").split(".")[0].removesuffix("-script") == "jacobians"


def _leave(number: int, frame: object) -> None:
    os._exit(INTERRUPTED)


def end_quietly_when_interrupted() -> None:
    """Leave at Ctrl-C without a traceback, if this is the program."""
    if is_the_program() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        _handle(_leave)


def signal_as_python_does() -> None:
    """From here on Ctrl-C is a `KeyboardInterrupt`, so that files are put in order."""
    if signal.getsignal(signal.SIGINT) is _leave:
        _handle(signal.default_int_handler)


def _handle(handler: Any) -> None:
    with suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGINT, handler)


end_quietly_when_interrupted()
