"""Types of command-line arguments: what does not fit is refused with what was expected."""

from __future__ import annotations

import argparse


def size(text: str) -> int:
    """A size: a whole number of at least 1."""
    return whole(text, 1, "a size")


def count(text: str) -> int:
    """A count: a whole number of at least 1."""
    return whole(text, 1, "a count")


def seed(text: str) -> int:
    """A seed: a whole number of at least 0."""
    return whole(text, 0, "a seed")


def whole(text: str, least: int, what: str) -> int:
    """A whole number of at least `least`; `what` names it in the error."""
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{what} is a whole number, got {text!r}") from None
    if value < least:
        raise argparse.ArgumentTypeError(f"{what} is at least {least}, got {value}")
    return value


def rate(text: str) -> float:
    """A positive, finite number."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a rate is a number, got {text!r}") from None
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"a rate is a positive number, got {text}")
    return value
