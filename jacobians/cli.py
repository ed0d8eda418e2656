"""The command line. Each command is a module of `commands`; an error is one line on standard error, and exit code 2.

An error in a text that was given is followed by its line and a caret."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from . import __version__
from ._starting import INTERRUPTED, signal_as_python_does
from .commands import backprop_command, check_command, derive_command, draw_command, explain_command, shape_command
from .commands.streams import abandon, guarded_streams, is_plain
from .errors import JacobiansError
from .notation.ascii import ascii_excerpt
from .shapes.formatting import shortened

#: Modules with `add(subparsers)`, in the order of the help; each sets `run`, a function of the parsed options
#: that may return an exit code.
COMMANDS = (backprop_command, check_command, derive_command, draw_command, explain_command, shape_command)


class _Parser(argparse.ArgumentParser):
    """One line for an error, without the usage in front of it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (--help lists the options)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="jacobians", description="An explicit Jacobian-tensor calculus.")
    parser.add_argument("--version", action="version", version=f"jacobians {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    for command in COMMANDS:
        command.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    signal_as_python_does()
    with guarded_streams():
        try:
            status = _run([_decoded(one) for one in (sys.argv[1:] if arguments is None else arguments)])
            sys.stdout.flush()
        except KeyboardInterrupt:
            return INTERRUPTED
        except BrokenPipeError:  # whoever reads our output has seen enough
            abandon(sys.stdout)
            return 0
        except OSError as error:  # files are the commands' own affair: what is left is the output
            abandon(sys.stdout)
            return _fail("jacobians", f"cannot write the output: {error.strerror or error}")
        finally:
            _flush_errors()
    return status


def _run(arguments: Sequence[str]) -> int:
    try:
        parsed = _parser().parse_args(arguments)
    except SystemExit:
        sys.stdout.flush()  # the help
        raise
    try:
        status: int | None = parsed.run(parsed)
    except JacobiansError as error:
        return _fail(f"jacobians {parsed.command}", str(error).removesuffix(error.excerpt), error.excerpt)
    except MemoryError:
        return _fail(f"jacobians {parsed.command}", "there is not enough memory for this; try smaller sizes")
    except RecursionError:
        return _fail(f"jacobians {parsed.command}", "this is nested too deeply; name its parts with :=")
    return status or 0


def _fail(who: str, message: str, excerpt: str = "") -> int:
    """One line on standard error; under it the line of a text, and a caret under the place."""
    with suppress(OSError):
        print(f"{who}: error: {shortened(' '.join(message.split()), 2000)}", file=sys.stderr)
        if excerpt:
            print(ascii_excerpt(excerpt) if is_plain(sys.stderr) else excerpt, file=sys.stderr)
    return 2


def _flush_errors() -> None:
    try:
        sys.stderr.flush()
    except OSError:
        abandon(sys.stderr)


def _decoded(argument: str) -> str:
    """An argument in UTF-8, where Python was told of an encoding that does not have it."""
    try:
        return os.fsencode(argument).decode("utf-8") if not argument.isascii() else argument
    except UnicodeError:
        return argument
