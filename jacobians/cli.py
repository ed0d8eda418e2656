"""The command line. Each command is a module of `commands`; an error is one line on standard error, and exit code 2.

An error in a text that was given is followed by its line and a caret."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from . import __version__
from .commands import backprop_command, check_command, derive_command, draw_command, explain_command, shape_command
from .errors import JacobiansError

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
    parsed = _parser().parse_args(arguments)
    try:
        status: int | None = parsed.run(parsed)
    except JacobiansError as error:
        message = " ".join(str(error).removesuffix(error.excerpt).split())
        print(f"jacobians {parsed.command}: error: {message}", file=sys.stderr)
        if error.excerpt:  # the line of a text, and a caret under the place
            print(error.excerpt, file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    else:
        return status or 0
    return 0
