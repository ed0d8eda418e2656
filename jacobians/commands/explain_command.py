"""`jacobians explain`: the derivation of a derivative, of a network or of any expression."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ..differentiation.jacobian_tensor import Jacobian, derivative
from ..errors import OptionError
from ..expressions.nodes import Expression
from . import arguments, subject

FORMATS = ("text", "latex", "markdown")


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "explain",
        help="the derivation of a derivative, line by line",
        description=(
            "Writes what a careful teacher writes on the board: the chain, each local Jacobian with its shape and the "
            "item of the notes that it cites, the product by components, the deltas eliminated one a line, the closed "
            "form, and how it reads in the other layouts."
        ),
    )
    subject.add(parser)
    parser.add_argument(
        "--wrt",
        metavar="NAME",
        action="append",
        help="by what; repeatable (a network's default: its first weights; an expression needs one)",
    )
    parser.add_argument("--of", metavar="NAME", help="what is differentiated (default: the whole)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text, in 80 columns")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the derivations."""
    from ..explaining.derivation import Derivation
    from ..explaining.derivation_builder import explain

    write: Callable[[Derivation], str] = {"text": repr, "latex": Derivation.latex, "markdown": Derivation.markdown}[
        options.format
    ]
    print("\n\n".join(write(explain(jacobian)).rstrip("\n") for jacobian in _jacobians(options)))


def _jacobians(options: argparse.Namespace) -> list[Jacobian]:
    network = subject.network(options)
    if network is not None:
        by = options.wrt or [network.parameter_names[0]]
        return _derivatives(
            network.loss, options.of, [subject.find(network.loss, name) for name in arguments.names(by)]
        )
    from ..reading.answers.derivation import denominator, top
    from ..reading.entry import read_in_steps

    if not options.wrt:
        raise OptionError("an expression needs --wrt NAME: by what the derivative is")
    reading = read_in_steps(options.text, arguments.shapes(options), options.activation)
    return _derivatives(top(reading), options.of, [denominator(reading, name) for name in arguments.names(options.wrt)])


def _derivatives(whole: Expression, of: str | None, by: list[Expression]) -> list[Jacobian]:
    return derivative(whole if of is None else subject.find(whole, of), by)
