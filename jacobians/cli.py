"""The command line: `jacobians backprop`. An error is one line on standard error, and exit code 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from . import __version__
from .contraction import ORDERS
from .elementwise import ACTIVATIONS
from .errors import JacobiansError
from .networks import LOSSES

if TYPE_CHECKING:
    from .training import Epoch


class _Parser(argparse.ArgumentParser):
    """One line for an error, without the usage in front of it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (--help lists the options)\n")


def _size(text: str) -> int:
    return _whole(text, 1, "a size")


def _count(text: str) -> int:
    return _whole(text, 1, "a count")


def _seed(text: str) -> int:
    return _whole(text, 0, "a seed")


def _whole(text: str, least: int, what: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{what} is a whole number, got {text!r}") from None
    if value < least:
        raise argparse.ArgumentTypeError(f"{what} is at least {least}, got {value}")
    return value


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a rate is a number, got {text!r}") from None
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"a rate is a positive number, got {text}")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="jacobians", description="An explicit Jacobian-tensor calculus.")
    parser.add_argument("--version", action="version", version=f"jacobians {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    _add_backprop(commands)
    return parser


def _add_backprop(commands: Any) -> None:
    backprop = commands.add_parser(
        "backprop",
        help="backpropagation on real data, written out as a product of Jacobian tensors",
        description=(
            "Takes a row of real data through a network, writes the derivative of the loss by every parameter as a "
            "product of Jacobian tensors, contracts it, and compares it with hand-written backpropagation. Without "
            "options: Fisher's iris data and a shallow network."
        ),
    )
    backprop.add_argument("--data", metavar="FILE.csv", help="a CSV file with a header (default: Fisher's iris data)")
    backprop.add_argument("--target", metavar="COLUMN", help="the column to predict; all others are numbers")
    backprop.add_argument(
        "--hidden", metavar="SIZE", type=_size, action="append", help="a hidden layer; repeat for more (default: 8)"
    )
    backprop.add_argument("--activation", choices=tuple(ACTIVATIONS), default="sigmoid", help="default: sigmoid")
    backprop.add_argument("--loss", choices=LOSSES, default="squared", help="default: squared, ½‖ŷ − t‖²")
    backprop.add_argument(
        "--augmented",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="W̃ = [W | b] as one parameter (default), or W and b apart",
    )
    backprop.add_argument(
        "--row", metavar="K", type=_count, default=1, help="the row whose chain is shown (default: 1)"
    )
    backprop.add_argument("--seed", metavar="SEED", type=_seed, default=0, help="for parameters and order (default: 0)")
    backprop.add_argument("--order", choices=ORDERS, default="reverse", help="the order that runs (default: reverse)")
    backprop.add_argument(
        "--batch", metavar="N", type=_count, help="compare a batch of N rows too, and train on such (default: 32)"
    )
    backprop.add_argument("--train", action="store_true", help="train with the literal product")
    backprop.add_argument("--epochs", metavar="E", type=_count, default=100, help="for --train (default: 100)")
    backprop.add_argument("--rate", metavar="R", type=_rate, default=0.3, help="step size for --train (default: 0.3)")
    backprop.add_argument("--json", action="store_true", help="one JSON document instead of text")
    backprop.set_defaults(run=_backprop)


def _backprop(arguments: argparse.Namespace) -> None:
    from .commands import report, study

    given = vars(arguments)
    options = {name: given[name] for name in study.Options.__dataclass_fields__ if given.get(name) is not None}
    if "hidden" in options:
        options["hidden"] = tuple(options["hidden"])
    found = study.run(study.Options(**options), list_quietly if arguments.json else list_with_progress)
    if arguments.json:
        print(report.as_json(found))
    else:
        report.write(found, report.console())
    sys.stdout.flush()


def list_quietly(total: int, epochs: Iterable[Epoch]) -> list[Epoch]:
    """The epochs, without a sign of progress."""
    return list(epochs)


def list_with_progress(total: int, epochs: Iterable[Epoch]) -> list[Epoch]:
    """The epochs, with a progress bar on standard error."""
    from rich.console import Console
    from rich.progress import track

    return list(track(epochs, "Training", total=total, console=Console(stderr=True, width=80)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except JacobiansError as error:
        message = " ".join(str(error).split())
        print(f"jacobians {parsed.command}: error: {message}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 0
