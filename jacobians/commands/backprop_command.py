"""`jacobians backprop`: its options, and the run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..chain_rule.contraction_orders import ORDERS
from ..functions.elementwise import ACTIVATIONS
from ..networks import LOSSES
from . import arguments

if TYPE_CHECKING:
    from ..experiments.training import Epoch


def add(commands: Any) -> None:
    """Add the command to the parser."""
    backprop = commands.add_parser(
        "backprop",
        help="backpropagation on real data, written out as a product of Jacobian tensors",
        description=(
            "Takes a row of real data through a network, writes the derivative of the loss with respect to "
            "every parameter as a "
            "product of Jacobian tensors, contracts it, and compares it with hand-written backpropagation. Without "
            "options: Fisher's iris data and a shallow network."
        ),
    )
    backprop.add_argument("--data", metavar="FILE.csv", help="a CSV file with a header (default: Fisher's iris data)")
    backprop.add_argument("--target", metavar="COLUMN", help="the column to predict; all others are numbers")
    backprop.add_argument(
        "--hidden",
        metavar="SIZE",
        type=arguments.size,
        action="append",
        help="a hidden layer; repeat for more (default: 8)",
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
        "--row", metavar="K", type=arguments.count, default=1, help="the row whose chain is shown (default: 1)"
    )
    backprop.add_argument(
        "--seed", metavar="SEED", type=arguments.seed, default=0, help="for parameters and order (default: 0)"
    )
    backprop.add_argument("--order", choices=ORDERS, default="reverse", help="the order that runs (default: reverse)")
    backprop.add_argument(
        "--batch",
        metavar="N",
        type=arguments.count,
        help="compare a batch of N rows too, and train on such (default: 32)",
    )
    backprop.add_argument("--train", action="store_true", help="train with the literal product")
    backprop.add_argument("--epochs", metavar="E", type=arguments.count, default=100, help="for --train (default: 100)")
    backprop.add_argument(
        "--rate", metavar="R", type=arguments.rate, default=0.3, help="step size for --train (default: 0.3)"
    )
    backprop.add_argument("--json", action="store_true", help="one JSON document instead of text")
    backprop.set_defaults(run=run)


def run(options_given: argparse.Namespace) -> None:
    """Run it and print what was found."""
    from . import report, study

    given = vars(options_given)
    options = {name: given[name] for name in study.Options.__dataclass_fields__ if given.get(name) is not None}
    if "hidden" in options:
        options["hidden"] = tuple(options["hidden"])
    found = study.run(study.Options(**options), list_quietly if options_given.json else list_with_progress)
    if options_given.json:
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

    from .streams import underneath

    return list(track(epochs, "Training", total=total, console=Console(file=underneath(sys.stderr), width=80)))
