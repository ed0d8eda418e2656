"""How much memory is free, and refusing a dense array that would not fit."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import prod
from pathlib import Path

from ..errors import MaterializationError
from .formatting import show_bytes
from .sizes import show_shape

#: The share of free memory that one dense array may take.
SHARE = 0.5
#: Number of bytes up to which nobody asks how much is free.
SMALL = 1 << 26
#: Where the kernel tells of this process and of its control groups.
_PROC, _GROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def available() -> int | None:
    """Bytes of memory that this process can take now without swapping; None where the system does not tell.

    The least of what the machine has free, what its control groups (containers, batch systems) leave it, and its own
    resource limits (`ulimit -v`, `ulimit -d`).
    """
    return min((max(0, free) for free in (*_of_machine(), *_of_groups(), *_of_limits())), default=None)


def _of_machine() -> Iterator[int]:
    found = _numbers(_PROC / "meminfo").get("MemAvailable:")
    if found is not None:
        yield found * 1024
        return
    with suppress(AttributeError, ValueError, OSError):
        yield os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_groups() -> Iterator[int]:
    """What is left below the limit of every control group that this process is in, of either version."""
    for line in _text(_PROC / "self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        second = not controllers
        if not second and "memory" not in controllers.split(","):
            continue
        root = _GROUPS if second else _GROUPS / "memory"
        limit_name, use_name = (
            ("memory.max", "memory.current") if second else ("memory.limit_in_bytes", "memory.usage_in_bytes")
        )
        folder = root / path.lstrip("/")
        for group in (folder, *folder.parents):
            if root in (group, *group.parents):  # in a container the path may lead nowhere, and the root holds
                limit, use = _number(group / limit_name), _number(group / use_name)
                if limit is not None and use is not None:
                    statistics = _numbers(group / "memory.stat")
                    given_back = statistics.get("inactive_file" if second else "total_inactive_file", 0)
                    yield limit - max(0, use - given_back)


def _of_limits() -> Iterator[int]:
    """What the process's own limits leave it."""
    try:
        import resource
    except ImportError:  # Windows
        return
    page = resource.getpagesize()
    pages = [int(one) for one in _text(_PROC / "self/statm").split()]
    for name, place in (("RLIMIT_AS", 0), ("RLIMIT_DATA", 5)):
        limit = resource.getrlimit(getattr(resource, name))[0] if hasattr(resource, name) else resource.RLIM_INFINITY
        if limit != resource.RLIM_INFINITY:
            yield limit - (pages[place] * page if len(pages) > place else 0)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None  # version 2 says "max" for no limit


def _numbers(path: Path) -> dict[str, int]:
    """The lines of a file that are a word and a number."""
    rows = [line.split() for line in _text(path).splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdecimal()}


def refuse_if_too_large(
    shapes: Sequence[tuple[int, ...]], what: str, advice: str, itemsize: int = 8, besides: int = 0
) -> None:
    """Raise `MaterializationError` if an array of one of `shapes` is over the limit, or if all do not fit together.

    `besides` is what is needed next to them, in bytes: the temporary arrays of a formula. Nothing is allocated. Up to
    64 MB nobody asks how much is free.
    """
    sizes = [itemsize * prod(shape) for shape in shapes]
    together = sum(sizes) + besides
    if together <= SMALL:
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
    if together > free:
        raise MaterializationError(
            f"{what}: {len(sizes)} {'array takes' if len(sizes) == 1 else 'arrays take'} {show_bytes(together)} "
            f"{'together' if len(sizes) > 1 else 'with what is computed on the way'}, the largest {show_bytes(size)} "
            f"(shape {show_shape(shape)}), and {show_bytes(free)} are free. {advice}"
        )
