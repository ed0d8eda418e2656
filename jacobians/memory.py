"""How much memory is free, and refusing a dense array that would not fit."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import MaterializationError
from .sizes import show_shape

#: The share of free memory that one dense result may take. `limit()` multiplies it with what is free now.
SHARE = 0.5


def available() -> int | None:
    """Bytes of memory that a program can take now without swapping; None where the system does not tell."""
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def limit() -> int | None:
    """The largest dense array, in bytes, that is formed without being refused."""
    free = available()
    return None if free is None else int(free * SHARE)


def human(size: float) -> str:
    """Bytes in decimal units: `human(5.5e11)` is `550 GB`.

    >>> human(1500), human(549755813888)
    ('1.50 kB', '550 GB')
    """
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5:
            return (
                f"{size:.0f} {unit}" if unit == "B" else f"{size:.3g} {unit}" if size >= 100 else f"{size:.2f} {unit}"
            )
        size /= 1000
    return f"{size:,.0f} PB"


def refuse_if_too_large(shape: tuple[int, ...], what: str, advice: str, itemsize: int = 8) -> None:
    """Raise `MaterializationError` if an array of `shape` is larger than the limit; nothing is allocated."""
    size = itemsize
    for axis in shape:
        size *= axis
    most = limit()
    if most is not None and size > most:
        raise MaterializationError(
            f"{what}: a dense array of shape {show_shape(shape)} takes {human(size)}, and the limit is {human(most)} "
            f"(half of the free memory). {advice}"
        )
