"""`jacobians draw`: the notes' diagrams, of a network or of any expression."""

from __future__ import annotations

import argparse
from typing import Any

from .. import networks
from ..elementwise import ACTIVATIONS
from ..errors import OptionError
from ..render.drawing import draw
from . import arguments

NETWORKS = ("shallow", "two-hidden", "mlp")


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "draw",
        help="the forward and the backward pass as a picture",
        description=(
            "Draws the forward pass and below it the backward pass, with dimensions, closed forms, and the items of "
            "the notes that the derivatives cite. Without --output the chain is printed as text."
        ),
    )
    parser.add_argument("what", metavar="NETWORK", choices=NETWORKS, help=", ".join(NETWORKS))
    parser.add_argument("--detail", choices=("full", "simple"), default="full", help="default: full")
    parser.add_argument("--output", metavar="FILE", help="FILE.svg or FILE.png")
    parser.add_argument("--layers", metavar="L", type=arguments.count, help="hidden layers of mlp (default: 3)")
    parser.add_argument("--activation", choices=tuple(ACTIVATIONS), default="sigmoid", help="default: sigmoid")
    parser.add_argument("--loss", choices=networks.LOSSES, default="squared", help="default: squared, ½‖ŷ − t‖²")
    parser.add_argument("--augmented", action="store_true", help="W̃ = [W | b] as one parameter")
    parser.add_argument("--batch", action="store_true", help="a batch of N rows")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Draw it, into a file or as text."""
    from . import report

    drawing = draw(_network(options), options.output, options.detail)
    if options.output is None:
        report.console().print(drawing)


def _network(options: argparse.Namespace) -> networks.Network:
    hidden = {"shallow": 1, "two-hidden": 2, "mlp": options.layers or 3}[options.what]
    if options.layers and options.what != "mlp":
        raise OptionError(f"--layers is for mlp; {options.what} has {hidden}")
    sizes = ["d", *(["h"] if hidden == 1 else [f"h{k}" for k in range(1, hidden + 1)]), "n"]
    return networks.mlp(
        sizes,
        activation=options.activation,
        loss=options.loss,
        augmented=options.augmented,
        batch="N" if options.batch else None,
    )
