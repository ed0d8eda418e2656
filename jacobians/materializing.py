"""What becomes an array when it is asked to, and not before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from .errors import UnsupportedError
from .expression import Array


class Materializable:
    """A Jacobian or a view of one: `.materialize(values)` writes it out, and nothing does so behind one's back."""

    __array_ufunc__ = None  # an array on the left of @ or + leaves the operation to us
    evaluate: Callable[..., Array]

    @property
    def symbol(self) -> str:
        """The derivative as it is written."""
        raise NotImplementedError

    def materialize(self, values: Mapping[str, Any] | None = None, sizes: Mapping[str, int] | None = None) -> Array:
        """The dense array in the layout of this view, in the cheapest order; errors are those of `evaluate`.

        >>> from jacobians import derivative, vector
        >>> x = vector("x", 2)
        >>> derivative(x * x, x).materialize({"x": [1.0, 2.0]}).tolist()
        [[2.0, 0.0], [0.0, 4.0]]
        """
        return self.evaluate({} if values is None else values, order="optimal", sizes=sizes)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        raise UnsupportedError(
            f"{self.symbol} is no array: .materialize({{name: array}}) writes it out, and .expression is for NumPy's "
            "functions"
        )

    def _no_arithmetic(self, *_: object) -> NoReturn:
        raise UnsupportedError(
            f"{self.symbol} is multiplied with @ and added with +; for other arithmetic take .expression, or the "
            "derivative of the whole: derivative(2 * y, x)"
        )

    __mul__ = __rmul__ = __sub__ = __rsub__ = __truediv__ = __pow__ = __neg__ = _no_arithmetic
