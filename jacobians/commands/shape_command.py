"""`jacobians shape`: the shape of an expression, and of every part of it."""

from __future__ import annotations

import argparse
from typing import Any

from . import arguments


def add(commands: Any) -> None:
    """Add the command to the parser."""
    shape = commands.add_parser(
        "shape",
        help="the shape of an expression and of its parts",
        description=(
            "Reads an expression in the notation people write, in Unicode, ASCII or LaTeX, and prints its tree with "
            "the shape of every part. Where shapes do not fit it points at the place."
        ),
    )
    arguments.add_text(shape)
    arguments.add_layout(shape)
    shape.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the tree with its shapes."""
    from ..reading.answers.shape_report import shape_lines

    print("\n".join(shape_lines(arguments.reading(options))))
