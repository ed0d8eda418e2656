"""What is said of NumPy's functions that have no rule: the name, and the nearest way that is supported."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from ..errors import UnsupportedError

_SPECTRUM = (
    "det, slogdet, inv, solve, trace and the Frobenius norm of np.linalg have derivatives here, a spectrum has none"
)
_ORDER = "np.max and np.min have derivatives; for a known order, index with a constant: x[np.argsort(values)]"
_MISSING = "np.where(np.isnan(x), 0.0, x) leaves out what is not a number"
_DECIDE = (
    "whether something holds is not known before there are values: np.where(condition, a, b) chooses entry by entry"
)
_PLACES = "places are found in constants only: index with an array of integers, or use np.where(condition, x, 0.0)"
_WRITE = "an expression is not written to: np.where, np.concatenate or np.stack make a new one"

#: The nearest supported way, by the name of the function.
NEAREST = {
    **dict.fromkeys(
        ("eig", "eigh", "eigvals", "eigvalsh", "svd", "svdvals", "cond", "matrix_rank", "qr", "cholesky"), _SPECTRUM
    ),
    "pinv": "np.linalg.solve(A.T @ A, A.T) is the pseudo-inverse of a matrix of full column rank",
    "lstsq": "np.linalg.solve(A.T @ A, A.T @ b) is the solution for a matrix of full column rank",
    "tensorsolve": "np.linalg.solve of reshaped operands",
    "tensorinv": "np.linalg.inv of a reshaped operand",
    **dict.fromkeys(
        ("sort", "argsort", "partition", "argpartition", "median", "percentile", "quantile", "lexsort", "unique"),
        _ORDER,
    ),
    **dict.fromkeys(("argmax", "argmin"), _ORDER),
    **dict.fromkeys(
        ("nansum", "nanmean", "nanvar", "nanstd", "nanprod", "nanmax", "nanmin", "nancumsum", "nan_to_num"), _MISSING
    ),
    **dict.fromkeys(("allclose", "array_equal", "array_equiv", "isclose"), _DECIDE),
    **dict.fromkeys(
        ("nonzero", "flatnonzero", "argwhere", "count_nonzero", "searchsorted", "digitize", "histogram", "bincount"),
        _PLACES,
    ),
    **dict.fromkeys(("put", "place", "putmask", "copyto", "fill_diagonal", "put_along_axis"), _WRITE),
    "insert": "np.concatenate of the parts before and after",
    "piecewise": "np.where or np.select",
    "choose": "np.select, or indexing of np.stack(choices)",
    "apply_along_axis": "a function with an axis argument, or np.stack of one result a row",
    "apply_over_axes": "a function that takes several axes",
    "sliding_window_view": "indexing with an array of places: x[np.arange(n)[:, None] + np.arange(width)]",
    "empty_like": "np.zeros_like",
    "interp": "weights made of constants: (1 - t) * y[k] + t * y[k + 1]",
    "gradient": "np.diff, divided by the distances",
    "vander": "np.stack([x**k for k in range(n)], axis=-1)",
    "sinc": "np.sin(np.pi * x) / (np.pi * x), where x is not 0",
    "einsum_path": "np.einsum itself: the order of evaluation is found by this library",
    "fft": "a product with the real and the imaginary part of the constant matrix np.fft.fft(np.eye(n))",
}


def full_name(function: Any, method: str = "__call__") -> str:
    """`np.linalg.eig`, `np.add.reduce`.

    >>> import numpy as np
    >>> full_name(np.linalg.eig), full_name(np.add, "reduce")
    ('np.linalg.eig', 'np.add.reduce')
    """
    module = getattr(function, "__module__", None) or "numpy"
    name = f"{module.replace('numpy', 'np', 1)}.{function.__name__}"
    return name if method == "__call__" else f"{name}.{method}"


def no_rule(name: str, known: Iterable[str]) -> UnsupportedError:
    """The error for a function without a rule: the nearest way, by hand or by likeness of names, or all there is."""
    short = name.rsplit(".", 1)[-1]
    hint = NEAREST.get(short) or (NEAREST["fft"] if ".fft." in name else None)
    if hint is None:
        names = sorted(known)
        close = difflib.get_close_matches(short.removeprefix("nan"), names, n=3, cutoff=0.75) or names
        hint = f"{', '.join(f'np.{one}' for one in close)} {'has' if len(close) == 1 else 'have'} one"
    return UnsupportedError(f"{name} has no rule for expressions; {hint}")
