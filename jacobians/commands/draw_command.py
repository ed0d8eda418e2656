"""`jacobians draw`: the notes' diagrams, of a network or of any expression."""

from __future__ import annotations

import argparse
from typing import Any

from ..differentiation.jacobian_tensor import Jacobian, derivative
from ..errors import OptionError
from ..networks import Network
from ..render.drawing import draw, target_format
from . import arguments, subject


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
    subject.add(parser)
    parser.add_argument("--detail", choices=("full", "simple"), default="full", help="default: full")
    parser.add_argument(
        "--wrt", metavar="NAME", help="draw the tensor network of the derivative with respect to NAME instead"
    )
    parser.add_argument("--of", metavar="NAME", help="for --wrt: what is differentiated (default: the whole)")
    parser.add_argument("--output", metavar="FILE", help="FILE.svg or FILE.png")
    parser.add_argument("--force", action="store_true", help="write over a file that exists")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Draw it, into a file or as text."""
    from ..render.files import check_output
    from . import report

    if options.output is not None:
        target_format(options.output)
        check_output(options.output, options.force)
    what: Any = subject.network(options) or arguments.reading(options).part.value.whole
    if options.wrt is not None or options.of is not None:
        what = _derivative(what, options)
    drawing = draw(what, None, options.detail)
    if options.output is None:
        report.console().print(drawing)
    else:
        drawing.save(options.output, options.force)


def _derivative(what: Any, options: argparse.Namespace) -> Jacobian:
    """∂of/∂wrt, both by name."""
    if options.wrt is None:
        raise OptionError("--of says what is differentiated, and needs --wrt, by what")
    whole = what.loss if isinstance(what, Network) else what
    of = whole if options.of is None else subject.find(whole, options.of)
    return derivative(of, subject.find(whole, options.wrt))
