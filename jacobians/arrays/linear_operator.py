"""A Jacobian as a linear operator of SciPy: its products with vectors and matrices, never the Jacobian itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from ..chain_rule.chains import Chain
from ..compiler.binding import Binding, name_table
from ..compiler.compiling import compile as compiled
from ..compiler.evaluation import evaluate_all
from ..errors import UnsupportedError
from ..expressions.nodes import Array, Expression, tensor
from ..shapes.sizes import bind_size
from . import structured


def as_linear_operator(
    chain: Chain,
    binding: Binding,
    within: Sequence[Expression],
) -> Any:
    """∂vec(Y)/∂vec(X)ᵀ as an operator: see `Jacobian.as_linear_operator`. `binding` has its values, checked."""
    try:
        from scipy.sparse.linalg import LinearOperator
    except ImportError:
        raise UnsupportedError("a linear operator needs SciPy: pip install 'jacobians[scipy]'") from None
    sizes, arrays = binding.sizes, binding.arrays
    of = tuple(bind_size(size, sizes) for size in chain.numerator.shape)
    wrt = tuple(bind_size(size, sizes) for size in chain.denominator.shape)
    taken = name_table(within)

    def product(multiplied: Callable[[Expression], Expression], shape: tuple[int, ...]) -> Callable[[Array], Array]:
        """The function of a matrix whose columns are vec(V) for arrays V of `shape`."""
        known: dict[int, Callable[[Array], Array]] = {}
        name = "V"
        while name in taken:
            name += "_"

        def function(columns: int) -> Callable[[Array], Array]:
            v = tensor(name, *shape, columns)
            result = multiplied(v)
            if binding.given:
                return lambda block: evaluate_all([result], {**arrays, name: block}, sizes, [*within, v])[0]
            program = compiled(result, sizes=sizes)
            held = [arrays[one] if one != name else None for one in program.variables]
            return lambda block: program(*(block if one is None else one for one in held))

        def apply(matrix: Array) -> Array:
            columns = matrix.shape[1]
            if columns not in known:
                known[columns] = function(columns)
            block = np.ascontiguousarray(matrix).reshape((*shape, columns), order="F")
            return np.asarray(known[columns](block))

        return apply

    pushed = product(lambda v: structured.from_right(chain, v, 1), wrt)
    pulled = product(lambda v: structured.from_left(v, chain, 1), of)

    def forward(matrix: Array) -> Array:
        return pushed(matrix).reshape((-1, matrix.shape[1]), order="F")

    def backward(matrix: Array) -> Array:  # the axes of X are reversed, so that C order is that of vec(X)
        return pulled(matrix).reshape((matrix.shape[1], -1)).T

    class JacobianOperator(LinearOperator):  # type: ignore[misc]
        """SciPy's operator; `_matmat` and `_rmatmat` are what it asks for."""

        def _matmat(self, matrix: Array) -> Array:
            return forward(matrix)

        def _matvec(self, vector: Array) -> Array:
            return forward(vector.reshape(-1, 1))

        def _rmatmat(self, matrix: Array) -> Array:
            return backward(matrix)

        def _rmatvec(self, vector: Array) -> Array:
            return backward(vector.reshape(-1, 1))

    return JacobianOperator(dtype=np.dtype(float), shape=(prod(of), prod(wrt)))
