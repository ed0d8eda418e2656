"""How much memory is free, and refusing a dense array that would not fit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import prod
from pathlib import Path

from ..errors import MaterializationError
from .formatting import show_bytes
from .sizes import show_shape

#: The share of free memory that one dense array may take.
SHARE = 0.5
#: Up to so many bytes nobody asks how much is free.
SMALL = 1 << 26


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


def refuse_if_too_large(shapes: Sequence[tuple[int, ...]], what: str, advice: str, itemsize: int = 8) -> None:
    """Raise `MaterializationError` if an array of one of `shapes` is over the limit, or if all do not fit together.

    Nothing is allocated. Up to 64 MB nobody asks how much is free.
    """
    sizes = [itemsize * prod(shape) for shape in shapes]
    if sum(sizes) <= SMALL:
        return
    free = available()
    if free is None:
        return
    size, shape = max(zip(sizes, shapes, strict=True), key=lambda pair: pair[0])
    if size > free * SHARE:
        raise MaterializationError(
            f"{what}: a dense array of shape {show_shape(shape)} takes {show_bytes(size)}, and the limit is "
            f"{show_bytes(free * SHARE)} (half of the free memory). {advice}"
        )
    if sum(sizes) > free:
        raise MaterializationError(
            f"{what}: {len(sizes)} arrays take {show_bytes(sum(sizes))} together, the largest "
            f"{show_bytes(size)} (shape {show_shape(shape)}), and {show_bytes(free)} are free. {advice}"
        )
