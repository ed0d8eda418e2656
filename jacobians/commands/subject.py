"""What a command is about: one of the networks, with its options, or an expression."""

from __future__ import annotations

import argparse

from .. import networks
from ..compiler.binding import name_table
from ..errors import OptionError
from ..expressions.nodes import Expression
from ..shapes.names import normalise
from . import arguments

NETWORKS = ("shallow", "two-hidden", "mlp")


def add(parser: argparse.ArgumentParser) -> None:
    """The network or the expression, and the options of either."""
    parser.add_argument(
        "text",
        metavar="NETWORK|EXPRESSION",
        help=f'{", ".join(NETWORKS)}, or an expression such as "z := W x + b; ½‖σ(z)‖²" (with --where)',
    )
    arguments.add_shapes(parser)
    parser.add_argument("--layers", metavar="L", type=arguments.count, help="hidden layers of mlp (default: 3)")
    parser.add_argument("--loss", choices=networks.LOSSES, help="default: squared, ½‖ŷ − t‖²")
    parser.add_argument("--augmented", action="store_true", help="W̃ = [W | b] as one parameter")
    parser.add_argument("--batch", action="store_true", help="a batch of N rows")


def network(options: argparse.Namespace) -> networks.Network | None:
    """The network that is named; None for an expression. Raises `OptionError` for an option of the other."""
    if options.text not in NETWORKS:
        _check_expression(options)
        return None
    hidden = {"shallow": 1, "two-hidden": 2, "mlp": options.layers or 3}[options.text]
    if options.layers and options.text != "mlp":
        raise OptionError(f"--layers is for mlp; {options.text} has {hidden}")
    if options.where:
        raise OptionError(f"--where has the shapes of an expression's names; {options.text} has its own")
    sizes = ["d", *(["h"] if hidden == 1 else [f"h{k}" for k in range(1, hidden + 1)]), "n"]
    return networks.mlp(
        sizes,
        activation=options.activation,
        loss=options.loss or "squared",
        augmented=options.augmented,
        batch="N" if options.batch else None,
    )


def find(whole: Expression, name: str) -> Expression:
    """What a name below an expression stands for; an `OptionError` lists the names."""
    named = name_table([whole])
    if normalise(name) not in named:
        raise OptionError(f"{name!r} is not a name here; the names are {', '.join(named)}")
    return named[normalise(name)]


def _check_expression(options: argparse.Namespace) -> None:
    for name in ("layers", "loss", "augmented", "batch"):
        if getattr(options, name):
            raise OptionError(f"--{name} is for a network ({', '.join(NETWORKS)}), and {options.text!r} is none")
    if not options.where and options.text.replace("-", "").isidentifier():
        raise OptionError(f"{options.text!r} is not a network ({', '.join(NETWORKS)}); an expression needs --where")
