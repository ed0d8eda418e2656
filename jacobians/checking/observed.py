"""A function under observation: its values as flat arrays, the calls counted, a failure beside the point as NaN."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DataError, ShapeError, UnsupportedError
from ..expressions.nodes import Array, as_real_array

#: Seconds without an answer after which a terminal is shown how many calls have been made.
PATIENCE = 2.0
#: Machine precisions of number formats that NumPy does not know.
FOREIGN_EPS = {"bfloat16": 2.0**-7, "torch.bfloat16": 2.0**-7}


class Observed:
    """`f` near the point `x`: f(x) is `centre`, of shape `of`, computed to the relative precision `eps`.

    `at(x')` is f(x') as a flat array of floats; NaN where f fails or gives no finite number beside x, as beyond the
    edge of its domain. Raises `DataError` where f(x) itself is not finite, `UnsupportedError` where f gives something
    other than one array of real numbers, `ShapeError` where the shape of f(x') is not that of f(x).
    """

    def __init__(self, f: Callable[[Array], Any], x: Array) -> None:
        self.x: Array = np.array(x, dtype=float)
        self.calls = 0
        self._f = f
        self._began = self._shown = time.monotonic()
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            value, self.eps = as_observed(f(self.x.copy()))
        self.of: tuple[int, ...] = value.shape
        self.centre: Array = value.ravel().astype(float)
        if not np.all(np.isfinite(self.centre)):
            place = tuple(int(k) for k in np.argwhere(~np.isfinite(value))[0])
            raise DataError(f"f at this point is {value[place]} at entry {list(place)}: it has no derivative there")
        if not value.size * self.x.size:
            raise ShapeError(
                f"f gives shape {value.shape} at an x of shape {self.x.shape}: there is no entry to differentiate"
            )

    def at(self, x: Array) -> Array:
        """f at a point beside x."""
        self.calls += 1
        self._show()
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                given = self._f(x.copy())
            except Exception:  # whatever f makes of a point beyond the edge of its domain
                return np.full(self.centre.shape, np.nan)
            value = as_observed(given)[0]
        if value.shape != self.of:
            raise ShapeError(f"f gives shape {self.of} at x and {value.shape} at a point beside it")
        flat = value.ravel().astype(float)
        return flat if np.all(np.isfinite(flat)) else np.where(np.isfinite(flat), flat, np.nan)

    def along(self, entry: tuple[int, ...]) -> Callable[[float], tuple[Array, float]]:
        """The line through x along one entry: t gives f there, and t as it is after rounding."""

        def line(t: float) -> tuple[Array, float]:
            moved = self.x.copy()
            moved[entry] += t
            return self.at(moved), float(moved[entry] - self.x[entry])

        return line

    def towards(self, direction: Array) -> Callable[[float], tuple[Array, float]]:
        """The line through x along a direction."""
        return lambda t: (self.at(self.x + t * direction), t)

    def _show(self) -> None:
        now = time.monotonic()
        if now - self._shown > PATIENCE:
            if now - self._began > PATIENCE and sys.stderr.isatty():
                print(f"\rcheck_derivative: {self.calls} calls of f", end="", file=sys.stderr, flush=True)
            self._shown = now

    @property
    def seconds(self) -> float:
        """The mean time of a call."""
        return (time.monotonic() - self._began) / max(self.calls, 1)

    def done(self) -> None:
        """Nothing more will be called: the line of progress, if one was shown, is cleared."""
        if self._shown != self._began and sys.stderr.isatty():
            print("\r" + " " * 60 + "\r", end="", file=sys.stderr, flush=True)


def as_observed(value: Any, what: str = "the value of f") -> tuple[Array, float]:
    """What f gives, an array of NumPy, JAX or PyTorch or a number, as an array and the precision of its format."""
    if isinstance(value, (tuple, list, dict)) and not _is_array_like(value):
        raise UnsupportedError(f"{what} is a {type(value).__name__}; check the derivative of one array at a time")
    array = as_real_array(from_library(value), what)
    return array, FOREIGN_EPS.get(str(getattr(value, "dtype", ""))) or float(np.finfo(array.dtype).eps)


def from_library(value: Any) -> Any:
    """An array of JAX or PyTorch, which may want its gradient or live elsewhere, as one of NumPy."""
    narrow = str(getattr(value, "dtype", "")) in FOREIGN_EPS
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
        return (value.float() if narrow else value).numpy()
    return np.asarray(value).astype(np.float32) if narrow else value


def to_library(value: Any) -> Callable[[Array], Any] | None:
    """What makes of a NumPy array one like `value`, an array of JAX or PyTorch; None for anything else."""
    module = type(value).__module__.partition(".")[0]
    if module == "torch":
        import torch

        return lambda array: torch.as_tensor(np.asarray(array), dtype=value.dtype, device=value.device)
    if module in ("jax", "jaxlib"):
        import jax.numpy as jnp

        return lambda array: jnp.asarray(array, dtype=value.dtype)
    return None


def _is_array_like(value: Any) -> bool:
    return (
        isinstance(value, list)
        and np.asarray(value, dtype=object).dtype == object
        and not any(isinstance(one, (np.ndarray, dict, tuple)) for one in value)
    )
