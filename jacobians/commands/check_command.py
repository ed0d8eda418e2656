"""`jacobians check`: whether an equation holds, by shape and by value.

Exit status 0 if it does, 1 if it does not, 2 if that is undecided or the text is not read.
"""

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
            "stand before it, with ; between them. The exit status is 0 if it holds, 1 if not, 2 if it is undecided or "
            "cannot be read."
        ),
    )
    arguments.add_text(check)
    arguments.add_layout(check, auto=True)
    check.add_argument(
        "--seed", metavar="SEED", type=arguments.seed, default=0, help="of the random points (default: 0)"
    )
    check.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the verdicts; 1 if one of them is that an equation does not hold, 2 if one is undecided."""
    from ..reading.answers.judging import judge

    judgement = judge(options.text, arguments.shapes(options), options.activation, options.seed, options.layout)
    print("\n".join(judgement.lines()))
    return judgement.status
