"""`jacobians draw`: the notes' diagrams, of a network or of any expression."""

from __future__ import annotations

import argparse
from typing import Any

from .. import networks
from ..binding import name_table
from ..errors import OptionError
from ..expression import Expression
from ..jacobian_tensor import Jacobian, derivative
from ..naming import normalise
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
    parser.add_argument(
        "text",
        metavar="NETWORK|EXPRESSION",
        help=f'{", ".join(NETWORKS)}, or an expression such as "z := W x + b; ½‖σ(z)‖²" (with --where)',
    )
    arguments.add_shapes(parser)
    parser.add_argument("--detail", choices=("full", "simple"), default="full", help="default: full")
    parser.add_argument("--wrt", metavar="NAME", help="draw the tensor network of the derivative by NAME instead")
    parser.add_argument("--of", metavar="NAME", help="for --wrt: what is differentiated (default: the whole)")
    parser.add_argument("--output", metavar="FILE", help="FILE.svg or FILE.png")
    parser.add_argument("--layers", metavar="L", type=arguments.count, help="hidden layers of mlp (default: 3)")
    parser.add_argument("--loss", choices=networks.LOSSES, help="default: squared, ½‖ŷ − t‖²")
    parser.add_argument("--augmented", action="store_true", help="W̃ = [W | b] as one parameter")
    parser.add_argument("--batch", action="store_true", help="a batch of N rows")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Draw it, into a file or as text."""
    from . import report

    what: Any = _network(options) if options.text in NETWORKS else _expression(options)
    if options.wrt is not None or options.of is not None:
        what = _derivative(what, options)
    drawing = draw(what, options.output, options.detail)
    if options.output is None:
        report.console().print(drawing)


def _derivative(what: Any, options: argparse.Namespace) -> Jacobian:
    """∂of/∂wrt, both by name."""
    if options.wrt is None:
        raise OptionError("--of says what is differentiated, and needs --wrt, by what")
    whole = what.loss if isinstance(what, networks.Network) else what
    named = name_table([whole])

    def find(name: str) -> Expression:
        if normalise(name) not in named:
            raise OptionError(f"{name!r} is no name here; the names are {', '.join(named)}")
        return named[normalise(name)]

    jacobian: Jacobian = derivative(whole if options.of is None else find(options.of), find(options.wrt))
    return jacobian


def _network(options: argparse.Namespace) -> networks.Network:
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


def _expression(options: argparse.Namespace) -> Expression:
    for name in ("layers", "augmented", "batch"):
        if getattr(options, name):
            raise OptionError(f"--{name} is for a network ({', '.join(NETWORKS)}), and {options.text!r} is none")
    if options.loss is not None:
        raise OptionError(f"--loss is for a network ({', '.join(NETWORKS)}), and {options.text!r} is none")
    if not options.where and options.text.replace("-", "").isidentifier():
        raise OptionError(f"{options.text!r} is no network ({', '.join(NETWORKS)}); an expression needs --where")
    return arguments.reading(options).part.value.whole
