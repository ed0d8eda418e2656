"""`jacobians check`: whether an equation holds, by shape and by value; exit status 0 if so, 1 if not."""

from __future__ import annotations

import argparse
from typing import Any

from . import arguments


def add(commands: Any) -> None:
    """Add the command to the parser."""
    check = commands.add_parser(
        "check",
        help="whether an equation holds, derivatives included",
        description=(
            "Reads LEFT = RIGHT and decides it, by shape and then by value at random points; definitions z := … may "
            "stand before it, with ; between them. The exit status is 0 if it holds, 1 if not, 2 if it cannot be read."
        ),
    )
    arguments.add_text(check)
    check.add_argument(
        "--seed", metavar="SEED", type=arguments.seed, default=0, help="of the random points (default: 0)"
    )
    check.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the verdicts; 1 if one of them is that an equation does not hold."""
    from ..reading.answers.deciding import decide
    from ..reading.answers.verdicts import verdict_lines
    from ..reading.entry import read

    shapes = arguments.shapes(options)
    reading = arguments.reading(options)
    verdicts = decide(reading, options.seed, lambda text: read(text, shapes, options.activation))
    print("\n".join(verdict_lines(reading, verdicts)))
    return 0 if all(one.true for one in verdicts) else 1
