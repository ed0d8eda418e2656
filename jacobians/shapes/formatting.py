"""Numbers with units, as they print: bytes, counts, seconds."""

from __future__ import annotations


def shortened(text: str, most: int = 60) -> str:
    """`text`, or its beginning where it is long, with how long it is.

    >>> shortened("9" * 5000, 10)
    '9999999999… (5000 characters)'
    """
    return text if len(text) <= 2 * most else f"{text[:most]}… ({len(text)} characters)"


def shown_value(value: object) -> str:
    """A value of any type as errors quote it: what Python writes for it, shortened; else its type."""
    try:
        return shortened(" ".join(repr(value).split()))
    except Exception:
        return f"a {type(value).__name__}"


def _finite(value: float) -> float:
    """A number that can be printed: an integer may be larger than any floating-point number."""
    return min(value, 1e300)


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def _scaled(value: float, units: tuple[str, ...]) -> str:
    for unit in units[:-1]:
        if value < 999.5:
            return f"{_three_digits(value)} {unit}"
        value /= 1000
    return f"{value:,.0f} {units[-1]}" if value < 1e15 else f"{value:.2e} {units[-1]}"


def show_bytes(size: float) -> str:
    """Bytes in decimal units.

    >>> show_bytes(512), show_bytes(1500), show_bytes(549755813888)
    ('512 B', '1.50 kB', '550 GB')
    """
    size = _finite(size)
    return f"{size:.0f} B" if size < 999.5 else _scaled(size / 1000, ("kB", "MB", "GB", "TB", "PB"))


def show_seconds(seconds: float) -> str:
    """A duration with three digits.

    >>> show_seconds(0.00000123), show_seconds(0.0456), show_seconds(1.5)
    ('1.23 µs', '45.6 ms', '1.50 s')
    """
    return f"{_three_digits(seconds)} s" if seconds >= 0.9995 else _scaled(seconds * 1e6, ("µs", "ms", "s"))


def show_count(count: int) -> str:
    """A whole number with separators, or from ten million on with three digits.

    >>> show_count(1038), show_count(68719476736)
    ('1,038', '6.87e+10')
    """
    return f"{count:,}" if count < 10_000_000 else f"{_finite(count):.2e}"


def show_ratio(value: float) -> str:
    """A ratio with two decimals, fewer where it is large.

    >>> show_ratio(0.571), show_ratio(41.73), show_ratio(10944.3)
    ('0.57', '41.7', '10,944')
    """
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"
