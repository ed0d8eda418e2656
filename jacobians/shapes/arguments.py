"""Arguments of public functions, checked by kind: a choice, a whole number, a real number, a list."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable
from math import isnan
from typing import Any

import numpy as np

from ..errors import DataError, OptionError, UnsupportedError
from .formatting import shown_value


def choice(value: object, choices: Collection[str], what: str, error: type[Exception] = OptionError) -> str:
    """`value` if it is one of `choices`; otherwise an `error` that lists them.

    >>> choice("ad", ("ad", "vec"), "layout")
    'ad'
    """
    if not isinstance(value, str) or value not in choices:
        raise error(f"unknown {what} {shown_value(value)}: choose one of {', '.join(map(repr, choices))}")
    return value


def as_whole(value: Any) -> int | None:
    """`value` as an integer; None for what is not one: a float, a truth value, a class, an array of several."""
    if isinstance(value, (bool, np.bool_, type)):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def real_number(value: Any, what: str, least: float = float("-inf")) -> float:
    """A number of at least `least`; an `OptionError` that says what it is for anything else."""
    if hasattr(type(value), "__float__") and not isinstance(value, (bool, np.bool_)) and np.shape(value) == ():
        try:
            number = float(value)
        except (OverflowError, TypeError, ValueError, UnsupportedError):
            number = float("nan")
        if not isnan(number) and number >= least:
            return number
    bound = "" if least == float("-inf") else f" of at least {least:g}"
    raise OptionError(f"{what}: expected a number{bound}, got {shown_value(value)}")


def listed(value: Any, what: str) -> list[Any]:
    """The members of a list, a tuple or another collection; a text or anything else is an `OptionError`."""
    if isinstance(value, (str, bytes, type)) or not isinstance(value, Iterable):
        raise OptionError(f"{what}, got {shown_value(value)}")
    try:
        return list(value)
    except TypeError:  # an array without axes
        raise OptionError(f"{what}, got {shown_value(value)}") from None


def random_generator(value: Any, what: str) -> np.random.Generator:
    """A generator of random numbers; a `DataError` that says how to make one for anything else."""
    if not isinstance(value, np.random.Generator):
        raise DataError(
            f"{what}: expected a generator of random numbers, got {shown_value(value)}; np.random.default_rng(0) is one"
        )
    return value


def plain_array(value: Any, what: str) -> np.ndarray[Any, Any]:
    """`value` as an array of numbers of any kind; a `DataError` for what makes none."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise DataError(f"{what}: not an array of numbers: {error}") from None
    if array.dtype.kind not in "biufc":
        raise DataError(f"{what}: expected an array of numbers, got {shown_value(value)}")
    return array


def argument_numbers(argnums: Any, what: str, least: int = 1) -> list[int]:
    """The numbers of arguments that `argnums` names, `least` or more: an integer of any kind, or a list of them."""
    single = as_whole(argnums)
    given = argnums if single is None else [argnums]
    numbers = [as_whole(one) for one in given] if isinstance(given, (list, tuple, range)) else [None]
    found = [number for number in numbers if number is not None]
    if len(found) < max(len(numbers), least):
        raise OptionError(
            f"{what}: argnums is a number, or several, of arguments by their place, got {shown_value(argnums)}"
        )
    return found
