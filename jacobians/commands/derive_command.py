"""`jacobians derive`: the derivative of a formula, as a chain, in closed form, by components, in LaTeX, as NumPy."""

from __future__ import annotations

import argparse
from typing import Any

from . import arguments


def add(commands: Any) -> None:
    """Add the command to the parser."""
    derive = commands.add_parser(
        "derive",
        help="the derivative of a formula, as a chain, in closed form, in LaTeX, as NumPy",
        description=(
            "Reads a formula and differentiates it: the chain with the shape and the item of the notes of every "
            "factor, the closed form, index notation, the einsum, LaTeX, and NumPy code. In another layout than "
            "numerator the shape, the closed form and the code are those of that layout."
        ),
    )
    arguments.add_text(derive)
    arguments.add_layout(derive)
    derive.add_argument(
        "--wrt", metavar="NAME", action="append", required=True, help="by what: a declared or defined name; repeatable"
    )
    derive.add_argument(
        "--sizes", metavar="SIZES", default="", help='sizes for the code, such as "d=64 h=128" (default: small primes)'
    )
    derive.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the derivatives."""
    from ..reading.answers.derivation import derivations, forward_lines
    from ..reading.entry import read_in_steps

    reading = read_in_steps(options.text, arguments.shapes(options), options.activation, options.layout)
    names = arguments.names(options.wrt)
    sizes = arguments.size_values(options.sizes)
    print("\n".join([*forward_lines(reading), *derivations(reading, names, sizes, options.layout)]))
