"""Jacobians in other layouts, and what a Jacobian and its views share: nothing becomes an array behind one's back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, Protocol

from ..arrays import structured
from ..chain_rule.chains import Chain
from ..errors import ShapeError, UnsupportedError
from ..expressions.display import Displayed
from ..expressions.nodes import Array, Expression
from ..expressions.pickling import Rebuilt
from ..shapes.layout import check_layout, collapsed_shape, layout_shape
from ..shapes.sizes import Shape, show_shape
from .jacobian_notation import JacobianNotation


class Source(Protocol):
    """What a view needs of its Jacobian."""

    chain: Chain
    denominator: Expression

    @property
    def symbol(self) -> str: ...

    @property
    def shape(self) -> Shape: ...

    @property
    def differentiated(self) -> tuple[Shape, list[Shape]]: ...

    def evaluate(self, *args: Any, **options: Any) -> Array: ...


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
            f"{self.symbol} is not an array: .materialize({{name: array}}) writes it out, and .expression is for "
            "NumPy's functions"
        )

    def _no_arithmetic(self, *_: object) -> NoReturn:
        raise UnsupportedError(
            f"{self.symbol} is multiplied with @ and added with +; for other arithmetic take .expression, or the "
            "derivative of the whole: derivative(2 * y, x)"
        )

    __mul__ = __rmul__ = __sub__ = __rsub__ = __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __neg__ = _no_arithmetic
    __add__: Any = _no_arithmetic
    __radd__: Any = _no_arithmetic
    __matmul__: Any = _no_arithmetic
    __rmatmul__: Any = _no_arithmetic


class JacobianView(Displayed, Materializable, Rebuilt):
    """A Jacobian in another layout: `.shape` and `.evaluate` follow it, `.T` reverses it, `.jacobian` is the source."""

    def __init__(self, jacobian: Source, layout: str) -> None:
        self._source = jacobian
        self.layout = layout

    @property
    def jacobian(self) -> Any:
        """The `Jacobian` itself, in numerator layout."""
        return self._source

    def made_of(self) -> tuple[Any, ...]:
        return self._source, self.layout

    @classmethod
    def rebuild(cls, jacobian: Source, layout: str) -> JacobianView:
        return cls(jacobian, layout)

    @property
    def symbol(self) -> str:
        return self._source.symbol

    @property
    def shape(self) -> Shape:
        """The shape in this layout; merged axes of symbolic sizes are products such as "d*h"."""
        source = self._source
        match self.layout:
            case "collapsed":
                return collapsed_shape(source.shape)
            case "matrix":
                return self._as_matrix(source.shape)
        return layout_shape(*source.differentiated, self.layout)

    @property
    def T(self) -> Any:
        """Back to the numerator layout from the denominator layout; for the others a `ShapeError`."""
        if self.layout == "denominator":
            return self._source
        if self.layout == "numerator":
            return JacobianView(self._source, "denominator")
        raise ShapeError(
            f"the {self.layout!r} view of {self.symbol} has no .T here; evaluate it and transpose the array"
        )

    def __matmul__(self, other: Any) -> Any:
        """J.T @ K for two Jacobians of one y, as an expression: for J = K the Gauss–Newton matrix."""
        if self.layout != "denominator" or not isinstance(other, JacobianNotation):
            raise UnsupportedError(f"{self!r} @ {type(other).__name__}: what is formed is J.T @ K of two Jacobians")
        return structured.transposed_times(self._source.chain, other.chain)

    def to_layout(self, layout: str) -> JacobianView:
        """The same Jacobian in yet another layout."""
        return JacobianView(self._source, check_layout(layout))

    def evaluate(
        self, values: Mapping[str, Any], order: str | Sequence[str] = "reverse", sizes: Mapping[str, int] | None = None
    ) -> Array:
        """The dense array in this layout; arguments and errors as for `Jacobian.evaluate`."""
        if self.layout in ("collapsed", "matrix"):
            dense = self._source.evaluate(values, order=order, sizes=sizes)
            shape = collapsed_shape(dense.shape) if self.layout == "collapsed" else self._as_matrix(dense.shape)
            return dense.reshape(tuple(int(size) for size in shape))
        return self._source.evaluate(values, layout=self.layout, order=order, sizes=sizes)

    def _as_matrix(self, shape: Shape) -> Shape:
        """A row for a derivative with respect to a vector, a column for one of a vector with respect to a scalar."""
        row = self._source.denominator.ndim == 1
        return {0: (1, 1), 1: (1, *shape) if row else (*shape, 1)}.get(len(shape), shape)

    def __repr__(self) -> str:
        return f"{self.symbol} in {self.layout} layout  ({show_shape(self.shape)})"
