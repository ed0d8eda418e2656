"""`Jacobian`: a derivative as a sum of networks, to look at, multiply, count and evaluate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np

from ..arrays import linear_operator, sparse, structured
from ..chain_rule.accumulation import accumulate_reverse
from ..chain_rule.chains import Chain
from ..chain_rule.contraction_orders import Order, check_order
from ..chain_rule.views import variable_behind
from ..compiler import compiling
from ..compiler.binding import Binding, bind_values, name_table, needed_names, require
from ..compiler.compiled import Compiled
from ..compiler.costs import Cost, Costs, cost, costs
from ..compiler.planning import plan
from ..compiler.program import Program
from ..errors import NamingError, ShapeError, UnsupportedError
from ..expressions.display import Displayed
from ..expressions.nodes import Array, EinsumSum, Expression, Named, Variable, as_expression, unnamed
from ..expressions.pickling import Rebuilt
from ..notation.text import label
from ..shapes.layout import check_layout, collapsed_shape, derivative_item, from_numerator
from ..shapes.sizes import Shape, show_shape
from .jacobian_notation import JacobianNotation
from .jacobian_views import JacobianView, Materializable


class Jacobian(JacobianNotation, Materializable, Displayed, Rebuilt):
    """∂y/∂x for y its `numerator` and x its `denominator`: a sum of networks whose output may repeat an index.

    Made by `derivative`. Nothing dense is formed until `evaluate`. `shape` has the numerator's axes and then the
    denominator's, reversed (items 1 to 4 of the notes); entries are symbols or integers.

    >>> from jacobians import derivative, matrix, vector
    >>> W, x = matrix("W", "h", "d"), vector("x", "d")
    >>> J = derivative((W @ x).named("z"), W)
    >>> J.shape, J.einsum, J.matrix_notation()
    (('h', 'd', 'h'), 'j->iji', 'I_h ⊗ x')
    """

    def __init__(self, chain: Chain, inner: Jacobian | None = None) -> None:
        self.chain = chain
        self.numerator: Expression = chain.numerator
        self.denominator: Expression = chain.denominator
        self._inner = inner  # the Jacobian whose derivative this is, if it is one's
        self._programs: dict[tuple[object, ...], Program] = {}

    def made_of(self) -> tuple[Any, ...]:
        return self.chain, self._inner

    @classmethod
    def rebuild(cls, chain: Chain, inner: Jacobian | None) -> Jacobian:
        return cls(chain, inner)

    # --- what it is -------------------------------------------------------------------------------------------

    @property
    def symbol(self) -> str:
        """`∂s/∂z`. A product that leaves paths out, and a sum, are written as such.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.symbol
        '∂z/∂x'
        """
        return self.chain.symbol

    @property
    def shape(self) -> Shape:
        """The shape in numerator layout.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.shape
        (2, 3)
        """
        return self.chain.shape

    @property
    def ndim(self) -> int:
        """The number of axes.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.ndim
        2
        """
        return len(self.shape)

    @property
    def item(self) -> str | None:
        """The item of the notes that gives the layout: "1", "1a", "1b", "2", "3", "4", or None.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.item
        '1'
        """
        return derivative_item(self.numerator.shape, self.denominator.shape)

    @property
    def is_zero(self) -> bool:
        """Whether it is zero by structure: no path leads from the numerator to the denominator, or all cancel.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.is_zero, derivative(W @ x, vector("u", 5)).is_zero
        (False, True)
        """
        return not self.chain.flat

    @property
    def expression(self) -> Expression:
        """The derivative as an expression, to build further expressions with.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.expression
        W
        """
        return EinsumSum.of(self.chain.reverse, self.shape)

    # --- the chain --------------------------------------------------------------------------------------------

    @cached_property
    def factors(self) -> list[Jacobian]:
        """The literal chain: from one named expression to the next that every path crosses.

        Unnamed expressions between two names are folded into one factor; where nothing is named there is a factor
        for every node that all paths cross. Their product, left to right, is this Jacobian.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.factors
        [∂z/∂x = W  (2 × 3, item 1)]
        """
        factors = self.chain.factors
        if factors == [self.chain]:
            return [self]
        return [Jacobian(factor, self._inner if place == 0 else None) for place, factor in enumerate(factors)]

    def __matmul__(self, other: Any) -> Any:
        """The chain rule through the shared middle: ∂y/∂z @ ∂z/∂x is the sum over the paths that pass z.

        With an array or an expression in the shape of x it is the directional derivative, and with the `.T` of a
        Jacobian with respect to the same x the product J Kᵀ; both are expressions, and nothing is materialised.
        """
        if isinstance(other, JacobianView) and other.layout == "denominator":
            return structured.times_transposed(self.chain, other.jacobian.chain)
        if isinstance(other, (Expression, np.ndarray)):
            return structured.from_right(self.chain, other)
        if not isinstance(other, Jacobian):
            raise UnsupportedError(
                f"{self.symbol} @ {type(other).__name__}: the chain rule multiplies Jacobians; a product is with an "
                "array or an expression"
            )
        if unnamed(self.denominator) is not unnamed(other.numerator):
            raise ShapeError(self._chain_message(other))
        return Jacobian(self.chain.then(other.chain), self._inner)

    def __rmatmul__(self, other: Any) -> Expression:
        """v @ J for an array or an expression in the shape of y: an expression with the axes of x, reversed.

        It costs what backpropagation costs. Raises `ShapeError` for a v of another shape.
        """
        return structured.from_left(other, self.chain)

    def __getitem__(self, key: Any) -> Jacobian:
        """The Jacobian of `y[key]`, of shape `y[key].shape` and then that of x reversed: a slice by output."""
        part = self.numerator[key]  # need not be computed from y: an entry of a product is a product of entries
        return Jacobian(Chain([(part, *path[1:]) for path in self.chain.paths]))

    def norm(self) -> Expression:
        """The Frobenius norm, √Σ of all squared entries, as a scalar expression.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.norm()
        ‖W‖
        """
        return structured.norm(self.chain)

    def trace(self) -> Expression:
        """Σ ∂y_k/∂x_k, the divergence, as a scalar expression. Raises `ShapeError` unless y and x have one shape.

        >>> from jacobians import derivative, vector
        >>> x = vector("x", 3)
        >>> derivative(x * x, x).trace()
        2 · 1ᵀ x
        """
        return structured.trace(self.chain)

    def diagonal(self) -> Expression:
        """∂y_k/∂x_k as an expression in the shape of y. Raises `ShapeError` unless y and x have one shape.

        >>> from jacobians import derivative, vector
        >>> x = vector("x", 3)
        >>> derivative(x * x, x).diagonal()
        2 x
        """
        return structured.diagonal(self.chain)

    def block_diagonal(self) -> Expression:
        """∂y_k/∂x_k for the samples k of the first axis of y and of x: an expression with the axes of the samples, of
        the rest of y, and of the rest of x reversed. Raises `ShapeError` unless the first axes have one size.

        >>> from jacobians import derivative, matrix
        >>> X, W = matrix("X", "n", 3), matrix("W", 3, 2)
        >>> derivative(X @ W, X).block_diagonal().shape
        ('n', 2, 3)
        """
        return structured.block_diagonal(self.chain)

    def to_sparse(
        self,
        values: Mapping[str, Any],
        layout: str = "vec",
        sizes: Mapping[str, int] | None = None,
        format: str | None = None,  # noqa: A002 - SciPy's name
    ) -> Any:
        """The non-zeros by structure, as a matrix of `scipy.sparse` or, for more than two axes, a `sparse.COO`.

        They are made from the deltas and index maps: no zero is computed. In the "vec" layout (the default) the matrix
        is ∂vec(Y)/∂vec(X)ᵀ. `format` is one of SciPy's ("coo", "csr", "csc", "dia", "bsr"); without it the structure
        decides: diagonals are DIA, one block after the other BSR, anything else CSR. Entries that the structure
        reaches twice are added. `values` and errors are those of `evaluate`; needs the extra `scipy`.

        >>> from jacobians import derivative, vector
        >>> x = vector("x", 3)
        >>> J = derivative(x[1:] * x[:-1], x).to_sparse({"x": [1.0, 2.0, 3.0]})
        >>> J.format, J.toarray().tolist()
        ('dia', [[2.0, 1.0, 0.0], [0.0, 3.0, 2.0]])
        """
        check_layout(layout)
        binding = self._bound(values, sizes)
        return sparse.to_sparse(self.chain, values, layout, binding.sizes, self.differentiated, self.points, format)

    def as_linear_operator(self, values: Mapping[str, Any], sizes: Mapping[str, int] | None = None) -> Any:
        """∂vec(Y)/∂vec(X)ᵀ as a `scipy.sparse.linalg.LinearOperator`, which never forms it.

        `matvec` costs what forward mode costs, `rmatvec` what backpropagation costs; `matmat` takes all columns at
        once. `values` and errors are those of `evaluate`; needs the extra `scipy`.

        >>> import numpy as np
        >>> from jacobians import derivative, vector
        >>> x = vector("x", 2)
        >>> derivative(x * x, x).as_linear_operator({"x": [1.0, 2.0]}).matvec(np.array([1.0, 1.0])).tolist()
        [2.0, 4.0]
        """
        binding = self._bound(values, sizes)
        return linear_operator.as_linear_operator(self.chain, binding, self.points)

    def nbytes(self, sizes: Mapping[str, int] | None = None) -> structured.Bytes:
        """Bytes of the dense array, and of what is stored instead: operands, or their product without its zeros.

        `sizes` bind the symbols; raises `ShapeError` for a symbol without a size.

        >>> from jacobians import derivative, vector
        >>> x = vector("x", 1000)
        >>> derivative(x * x, x).nbytes()
        Bytes(dense=8000000, stored=8000)
        """
        return structured.nbytes(self.chain, sizes)

    def compile(
        self, variables: Sequence[Any] | None = None, order: str | Sequence[str] = "optimal", **options: Any
    ) -> Compiled:
        """This Jacobian as a function of arrays; see `jacobians.compile`.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.compile()([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]).shape
        (2, 3)
        """
        return compiling.compile(self, variables, order, **options)

    def _chain_message(self, other: Jacobian) -> str:
        middle, top = label(self.denominator), label(other.numerator)
        message = (
            f"({self.symbol}) @ ({other.symbol}): the left factor is by {middle} (shape {self.denominator.shape}) and "
            f"the right factor is of {top} (shape {other.numerator.shape}); a chain needs one middle"
        )
        if unnamed(other.denominator) is unnamed(self.numerator):
            return f"{message}. The other order fits: ({other.symbol}) @ ({self.symbol})"
        return f"{message}. Put ∂{middle}/∂{top} between them if there is one"

    def __add__(self, other: object) -> Jacobian:
        """The sum of two Jacobians of the same numerator and denominator, as over two sets of paths."""
        if not isinstance(other, Jacobian):
            raise UnsupportedError(f"{self.symbol} + {type(other).__name__}: only Jacobians are added to a Jacobian")
        for role, mine, its in (
            ("numerator", self.numerator, other.numerator),
            ("denominator", self.denominator, other.denominator),
        ):
            if unnamed(mine) is not unnamed(its):
                raise ShapeError(
                    f"({self.symbol}) + ({other.symbol}): the {role}s differ, {label(mine)} (shape {mine.shape}) and "
                    f"{label(its)} (shape {its.shape}); add the expressions and take one derivative instead"
                )
        return Jacobian(self.chain.plus(other.chain), self._inner)

    # --- layouts ----------------------------------------------------------------------------------------------

    @property
    def T(self) -> JacobianView:
        """The full reversal of the axes, which is the denominator layout.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.T.shape
        (3, 2)
        """
        return self.to_layout("denominator")

    def to_layout(self, layout: str) -> JacobianView:
        """A view whose `.shape` and `.evaluate` are in `layout` ("numerator", "denominator", "ad", "vec").

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.to_layout("vec").shape
        (2, 3)
        """
        return JacobianView(self, check_layout(layout))

    def collapse(self) -> JacobianView:
        """The notes' 3D→2D rule (item 4) as a view: 1×m×n and m×1×n become m×n. Refuses any other tensor.

        >>> from jacobians import derivative, matrix, vector
        >>> Y, u = matrix("Y", 1, 3), vector("u", 2)
        >>> derivative(Y * (u @ u), u).collapse().shape
        (3, 2)
        """
        collapsed_shape(self.shape)
        return JacobianView(self, "collapsed")

    def as_matrix(self) -> JacobianView:
        """A view with two axes: item 1a as the row 1×n, item 1b as the column m×1, a scalar as 1×1, and three axes by
        the 3D→2D rule where it applies.

        >>> from jacobians import derivative, vector
        >>> x = vector("x", 3)
        >>> derivative(x @ x, x).as_matrix().shape
        (1, 3)
        """
        if self.ndim > 2:
            return self.collapse()
        return JacobianView(self, "matrix")

    def __repr__(self) -> str:
        item = f", item {self.item}" if self.item else ""
        shape = show_shape(self.as_matrix().shape if self.ndim == 1 else self.shape)
        structure = self.matrix_notation() or self.entry_notation()
        return f"{self.symbol} = {structure}  ({shape}{item})"

    # --- values -----------------------------------------------------------------------------------------------

    @cached_property
    def _names(self) -> dict[str, Expression]:
        return name_table(self.points)

    @property
    def points(self) -> list[Expression]:
        """What values may be given for: all that the paths run along, and what was differentiated before.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.points
        [z := W x, x]
        """
        return [*(point for path in self.chain.paths for point in path), *(self._inner.points if self._inner else [])]

    def evaluate(
        self,
        values: Mapping[str, Any],
        layout: str = "numerator",
        order: str | Sequence[str] = "reverse",
        sizes: Mapping[str, int] | None = None,
    ) -> Array:
        """The dense array, in `layout`, contracted in `order`.

        `order` is "reverse", "forward", "minimal-fill", "optimal" or "dense"; or a list of names: those expressions are
        then eliminated in that order, after the unnamed ones.

        `values` has arrays by name: for the variables, and, if you like, for named expressions, which then are not
        computed. Symbolic sizes are read off the arrays; `sizes` gives those that no array tells. Raises `ShapeError`
        where sizes disagree, `NamingError` for an unknown name or a missing value, `DataError` for values that are
        no real numbers, and `MaterializationError` if an array would not fit in memory, before it is allocated.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.evaluate({"W": [[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]}, layout="ad").tolist()
        [[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]
        """
        check_layout(layout)
        order = check_order(order)
        binding = self._bound(values, sizes, order)
        program = self._program(order, binding.sizes, binding.given)
        (result,) = program.run(binding.arrays)
        of, wrts = self.differentiated
        return from_numerator(result, len(of), [len(wrt) for wrt in wrts], layout)

    def _bound(self, values: Mapping[str, Any], sizes: Mapping[str, int] | None, order: Order = "reverse") -> Binding:
        """The checked values of everything that this order needs."""
        binding = bind_values(values, self._names, sizes)
        needed = needed_names([self.chain.needed(order)], binding.given)
        require(needed, binding, self._names, f"evaluating {self.symbol}")
        return binding

    @property
    def inner(self) -> Jacobian | None:
        """The Jacobian whose derivative this is, if it is one's.

        >>> from jacobians import derivative, vector
        >>> x = vector("x", 3)
        >>> derivative(derivative(x @ x, x), x).inner
        ∂‖x‖²/∂x = 2 xᵀ  (1 × 3, item 1a)
        """
        return self._inner

    @property
    def differentiated(self) -> tuple[Shape, list[Shape]]:
        """The shapes of Y and of X₁, X₂, …: one X, or several for a derivative of a derivative.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> J.differentiated
        ((2,), [(3,)])
        """
        if self._inner is None:
            return self.numerator.shape, [self.denominator.shape]
        of, wrts = self._inner.differentiated
        return of, [*wrts, self.denominator.shape]

    def cost(self, sizes: Mapping[str, int] | None = None, order: str | Sequence[str] = "reverse") -> Cost:
        """Multiplications, largest array and steps of an evaluation in `order`, for symbols bound by `sizes`.

        Nothing is evaluated, and it is instant for any size.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> derivative(x * (W.T @ (W @ x)), x).cost().multiplications > 0
        True
        """
        return cost([self], sizes, order)

    def costs(self, sizes: Mapping[str, int] | None = None) -> Costs:
        """The cost of every order by its name, cheapest first; prints as a table. Nothing is evaluated.

        >>> from jacobians import derivative, matrix, vector
        >>> W, x = matrix("W", 2, 3), vector("x", 3)
        >>> J = derivative((W @ x).named("z"), x)
        >>> sorted(J.costs())
        ['dense', 'forward', 'minimal-fill', 'optimal', 'reverse']
        """
        return costs([self], sizes)

    def _program(self, order: Order, sizes: Mapping[str, int], given: frozenset[str] = frozenset()) -> Program:
        key = (order, tuple(sorted(sizes.items())), given)
        program = self._programs.get(key)
        if program is None:
            program = plan([self], order, sizes, given)
            if len(self._programs) >= 32:
                self._programs.clear()
            self._programs[key] = program
        return program


# --- making Jacobians ---------------------------------------------------------------------------------------------


@overload
def derivative(y: Any, x: Expression) -> Jacobian: ...
@overload
def derivative(y: Any, x: Sequence[Any]) -> list[Jacobian]: ...
def derivative(y: Any, x: Any) -> Any:
    """∂y/∂x as a `Jacobian`; for a list of denominators a list, whose intermediates are shared.

    `y` is an expression, `x` a variable or any named expression, which is then taken as independent; or a view of a
    variable (an entry, a slice, a transpose), which stands for those entries. The shape is that of `y` and then that
    of `x`, reversed (items 1 to 4). A derivative with respect to something that `y` does not depend on is a zero
    Jacobian of the right shape. `y` may itself be a Jacobian: layouts then apply to every differentiation. Raises
    `NamingError` if `x` is none of these, or if a name stands for two things, and `UnsupportedError` if it is not an
    expression.

    >>> from jacobians import matrix, vector
    >>> W, x = matrix("W", "h", "d"), vector("x", "d")
    >>> derivative(W @ x, W)
    ∂(W x)/∂W = I_h ⊗ x  (h × d × h, item 4)
    >>> derivative(W @ x, [W, x])[1].shape
    ('h', 'd')
    """
    inner = y if isinstance(y, Jacobian) else None
    y = y.expression if isinstance(y, Jacobian) else as_expression(y)
    several = isinstance(x, (list, tuple))
    wrt = list(x) if several else [x]
    for one in wrt:
        if isinstance(one, str):
            raise NamingError(f"∂{label(y)}/∂{one}: give the variable itself, not its name {one!r}")
        if not isinstance(one, Expression):
            raise UnsupportedError(
                f"a derivative is with respect to a variable or a named expression, got {type(one).__name__}"
            )
        if not isinstance(one, (Variable, Named)) and variable_behind(one) is None:
            raise NamingError(
                f"a derivative is with respect to a variable or a named expression, and {label(one)} is neither; name "
                "it: expr.named('z')"
            )
    name_table([y, *wrt])
    reverse = accumulate_reverse(y, wrt)
    jacobians = [Jacobian(Chain([(y, one)], terms), inner) for one, terms in zip(wrt, reverse, strict=True)]
    return jacobians if several else jacobians[0]
