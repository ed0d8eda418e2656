"""Sizes of axes: positive integers, symbols such as "d", and sums or products of them such as "d+1".

A symbolic size is a polynomial with integer coefficients, written as a string in one canonical form, so that two
sizes are equal exactly when their strings are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from ..errors import NamingError, ShapeError
from .arguments import as_whole
from .formatting import shortened, show_count, shown_value

#: The largest size: no array has more entries along an axis.
LARGEST = 2**63 - 1
#: More digits than `LARGEST` has are not read: Python refuses to, from some thousands on.
_MOST_DIGITS = 19

Size = int | str
Shape = tuple[Size, ...]
_Polynomial = dict[tuple[str, ...], int]


@lru_cache(maxsize=4096)
def _parse(size: Size) -> tuple[tuple[tuple[str, ...], int], ...]:
    if isinstance(size, int):
        return (((), size),)
    result: _Polynomial = {}
    for part in size.replace("-", "+-").removeprefix("+").split("+"):
        coefficient, symbols = 1, []
        for factor in part.split("*"):
            text = factor.strip()
            if text.startswith("-"):
                coefficient, text = -coefficient, text[1:].strip()
            if text.isdecimal() and len(text) <= _MOST_DIGITS:
                coefficient *= int(text)
            elif text.isdecimal():
                raise ShapeError(f"a size is at most {LARGEST:,}, got {shortened(text, 20)}")
            elif text.isidentifier():
                symbols.append(unicodedata.normalize("NFKC", text))
            else:
                raise NamingError(
                    "a size is a positive integer, a symbol such as 'd', or a sum such as 'd+1'; got "
                    f"{shortened(repr(size))}"
                )
        key = tuple(sorted(symbols))
        result[key] = result.get(key, 0) + coefficient
    return tuple(result.items())


def _write(polynomial: _Polynomial) -> Size:
    terms = {key: value for key, value in polynomial.items() if value}
    if not any(terms):  # no symbol in any monomial
        return terms.get((), 0)
    text = ""
    for key in sorted(terms, key=lambda monomial: (-len(monomial), monomial)):
        value = terms[key]
        factors = ([str(abs(value))] if abs(value) != 1 or not key else []) + list(key)
        text += ("-" if value < 0 else "+" if text else "") + "*".join(factors)
    return text


def check_size(size: object, what: str) -> Size:
    """`size` in canonical form; an integer below 1, a float or another type is an error that names `what`."""
    if isinstance(size, bool) or not isinstance(size, (int, str)):
        number = as_whole(size)
        if number is None:
            raise ShapeError(f"{what}: a size is a positive integer or a symbol such as 'd', got {shown_value(size)}")
        size = number
    if isinstance(size, int):
        if size < 1:
            raise ShapeError(f"{what}: a size is at least 1, got {max(size, -LARGEST)}")
        if size > LARGEST:
            raise ShapeError(f"{what}: a size is at most {LARGEST:,}, got {show_count(size)}")
        return size
    canonical = _write(dict(_parse(size)))
    if (isinstance(canonical, int) and canonical < 1) or str(canonical).startswith("-"):
        raise ShapeError(f"{what}: a size is at least 1, got {size!r}")
    return canonical


def add_sizes(*sizes: Size) -> Size:
    """The sum, in canonical form: `add_sizes("d", 1)` is `"d+1"`."""
    if all(isinstance(size, int) for size in sizes):
        return sum(size for size in sizes if isinstance(size, int))
    total: _Polynomial = {}
    for size in sizes:
        for key, value in _parse(size):
            total[key] = total.get(key, 0) + value
    return _write(total)


def multiply_sizes(sizes: Iterable[Size]) -> Size:
    """The product, in canonical form: `multiply_sizes(["h", "d"])` is `"d*h"`."""
    total: _Polynomial = {(): 1}
    for size in sizes:
        product: _Polynomial = {}
        for left, a in total.items():
            for right, b in _parse(size):
                key = tuple(sorted(left + right))
                product[key] = product.get(key, 0) + a * b
        total = product
    return _write(total)


def symbols_of(size: Size) -> tuple[str, ...]:
    """The symbols that `size` is made of."""
    return tuple(dict.fromkeys(symbol for key, _ in _parse(size) for symbol in key))


def bind_size(size: Size, sizes: Mapping[str, int]) -> int:
    """The integer that `size` stands for; a symbol without a value is an error."""
    if isinstance(size, int):
        return size
    total = 0
    for key, value in _parse(size):
        for symbol in key:
            if symbol not in sizes:
                raise ShapeError(f"size {symbol!r} has no value: pass sizes={{{symbol!r}: …}}")
            value *= sizes[symbol]
        total += value
    return total


def solve_size(size: Size, value: int, sizes: Mapping[str, int]) -> tuple[str, int] | None:
    """The one unbound symbol of `size` and what it must be for `size` to equal `value`, if that is determined."""
    unbound = [symbol for symbol in symbols_of(size) if symbol not in sizes]
    if len(unbound) != 1:
        return None
    (symbol,) = unbound
    low = bind_size(size, {**sizes, symbol: 0})
    slope = bind_size(size, {**sizes, symbol: 1}) - low
    if slope <= 0 or bind_size(size, {**sizes, symbol: 2}) - low != 2 * slope:
        return None
    quotient, rest = divmod(value - low, slope)
    return (symbol, quotient) if rest == 0 and quotient >= 1 else None


def show_shape(shape: Iterable[Size]) -> str:
    """A shape as it prints; a scalar is `scalar`, and a sum stands in parentheses.

    >>> show_shape(("h", "d+1", 3)), show_shape(())
    ('h × (d+1) × 3', 'scalar')
    """
    sizes = list(shape)
    texts = [f"({size})" if len(sizes) > 1 and set("+-") & set(str(size)) else str(size) for size in sizes]
    return " × ".join(texts) or "scalar"
