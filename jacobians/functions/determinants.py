"""Determinants, and their derivatives of every order at matrices of any rank.

det X is a polynomial in the entries of X, so that its derivatives exist where X⁻¹ does not. The first one is the
adjugate, ∂ det X/∂X_kl = adj(X)_lk; it prints as det(X) X⁻¹ (Petersen and Pedersen, *The Matrix Cookbook*, section
2.1). With X = U diag(s) Vᵀ it is ± V diag(p) Uᵀ, where p_a is the product of all s_b but s_a, and the second derivative
has the products of all but two of them: Stewart, "On the adjugate matrix", *Linear Algebra and its Applications* 283
(1998).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from ..errors import ShapeError, UnsupportedError
from ..expressions.nodes import EinsumTerm, Expansion, Expression, Primitive, Rule, as_expression
from ..expressions.terms import of_terms, tidy
from ..shapes.sizes import Shape, Size
from .einsum_terms import einsum_term
from .operators import network


def square_matrix(what: str, a: Any) -> Expression:
    """`a` as an expression; anything but a square matrix or a stack of them is a `ShapeError`."""
    matrix: Expression = as_expression(a)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise ShapeError(f"{what}: expected a square matrix, got shape {matrix.shape}")
    return matrix


def _matrix_shape(args: tuple[Expression, ...]) -> Shape:
    return args[0].shape


def _stack(matrix: Expression) -> tuple[int, ...]:
    """The indices of the leading axes of a stack of matrices."""
    return tuple(range(matrix.ndim - 2))


def stack_and_side(matrix: Expression, *free: int) -> dict[int, Size]:
    """The sizes of the stack's indices, and of `free` ones that run along a side of the matrices."""
    return {**dict(enumerate(matrix.shape[:-2])), **dict.fromkeys(free, matrix.shape[-1])}


def _transposed_entry(node: Any, of: Rule) -> tuple[list[EinsumTerm], ...]:
    """∂y/∂X_kl = M_lk, for a scalar y of each matrix of the stack and M = `of`(X)."""
    return ([einsum_term("...lk->...lk...", Primitive.of(of, *node.args))],)


def _adjugate_local(node: Any) -> tuple[list[EinsumTerm], ...]:
    return ([einsum_term("...ijkl->...ijlk...", Expansion.of(_SECOND, *node.args))],)


def _second_derivative(x: Expression) -> list[EinsumTerm]:
    """∂adj(X)_ij/∂X_kl = Σ_{a≠b} p_ab (V_ia U_ja U_kb V_lb − V_ib U_ja U_kb V_la), at (i, j, k, l)."""
    rows = _stack(x)
    i, j, k, m, a, b = range(x.ndim - 2, x.ndim + 4)
    left, right, products = (Primitive.of(rule, x) for rule in (_LEFT, _RIGHT, _PRODUCTS))
    terms = []
    for sign, first, second in ((1.0, a, b), (-1.0, b, a)):
        groups = [(i, first), (j, a), (k, b), (m, second), (a, b)]
        terms.append(
            tidy(
                sign,
                [right, left, left, right, products],
                [(*rows, *group) for group in groups],
                (*rows, i, j, k, m),
                stack_and_side(x, i, j, k, m, a, b),
            )
        )
    return terms


def _second_local(node: Any) -> tuple[list[EinsumTerm], ...]:
    (x,) = node.args
    rows = _stack(x)
    i, j, k, m, p, q = range(x.ndim - 2, x.ndim + 4)
    third = Primitive.of(higher_derivative(3), x)
    group, output = (*rows, j, i, k, m, p, q), (*rows, i, j, k, m, q, p, *rows[::-1])
    return ([tidy(1.0, [third], [group], output, stack_and_side(x, i, j, k, m, p, q))],)


@lru_cache(maxsize=16)
def higher_derivative(order: int) -> Rule:
    """The derivative of det X of some order, all its entries: at (k₁, l₁, k₂, l₂, …) that by X_k₁l₁, X_k₂l₂, …"""

    def local(node: Any) -> tuple[list[EinsumTerm], ...]:
        (x,) = node.args
        rows = _stack(x)
        axes = tuple(range(len(rows), len(rows) + 2 * order + 2))
        *own, k, m = axes
        following = Primitive.of(higher_derivative(order + 1), x)
        output = (*rows, *own, m, k, *rows[::-1])
        return ([tidy(1.0, [following], [(*rows, *axes)], output, stack_and_side(x, *axes))],)

    return Rule(
        "det_derivative",
        f"det_derivative({{0}}, {order})",
        lambda args: (*args[0].shape[:-2], *(args[0].shape[-1],) * (2 * order)),
        local,
        _HIGHER_SOURCE,
    )


def _shown_adjugate(node: Any) -> Expression:
    """det(X) X⁻¹."""
    (x,) = node.args
    rows, i, j = _stack(x), x.ndim - 2, x.ndim - 1
    return network([Primitive.of(DETERMINANT, x), Primitive.of(INVERSE, x)], [rows, (*rows, i, j)], (*rows, i, j), {})


def _shown_second(node: Any) -> Expression:
    """det(X) (X⁻¹_ij X⁻¹_lk − X⁻¹_ik X⁻¹_lj)."""
    (x,) = node.args
    rows = _stack(x)
    i, j, k, m = range(x.ndim - 2, x.ndim + 2)
    factors = [Primitive.of(DETERMINANT, x), *[Primitive.of(INVERSE, x)] * 2]
    terms = [
        tidy(sign, factors, [rows, (*rows, *one), (*rows, *other)], (*rows, i, j, k, m), stack_and_side(x, i, j, k, m))
        for sign, one, other in ((1.0, (i, j), (m, k)), (-1.0, (i, k), (m, j)))
    ]
    return of_terms(terms, node.shape)


def _inverse_local(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    """∂Y_ij/∂X_kl of Y = X⁻¹ is −Y_ik Y_lj."""
    return ([einsum_term("-...ik,...lj->...ijlk...", node, node)],)


def _not_derived(node: Primitive) -> tuple[list[EinsumTerm], ...]:
    raise UnsupportedError(f"the singular vectors of {node.args[0]} by themselves have no rule for derivatives")


_ADJUGATE_SOURCE = """\
def adjugate(x):
    u, s, v = np.linalg.svd(x)
    n = s.shape[-1]
    others = np.prod(np.where(np.eye(n, dtype=bool), 1.0, s[..., None, :]), axis=-1)
    sign = np.sign(np.linalg.det(u) * np.linalg.det(v))
    return np.swapaxes(u @ (others[..., None] * sign[..., None, None] * v), -1, -2)
"""
_PRODUCTS_SOURCE = """\
def products_of_others(x):
    u, s, v = np.linalg.svd(x)
    n = s.shape[-1]
    rest = np.where(np.eye(n, dtype=bool), 1.0, s[..., None, :])
    end = np.ones_like(rest[..., :1])
    before = np.cumprod(np.concatenate((end, rest[..., :-1]), axis=-1), axis=-1)
    after = np.cumprod(np.concatenate((end, rest[..., :0:-1]), axis=-1), axis=-1)[..., ::-1]
    sign = np.sign(np.linalg.det(u) * np.linalg.det(v))
    return np.where(np.eye(n, dtype=bool), 0.0, before * after * sign[..., None, None])
"""
_HIGHER_SOURCE = """\
def det_derivative(x, order):
    from itertools import permutations
    n = x.shape[-1]
    result = np.zeros(x.shape[:-2] + (n, n) * order, dtype=x.dtype)
    for place in np.ndindex(x.shape[:-2]):
        u, s, v = np.linalg.svd(x[place])
        sign = np.sign(np.linalg.det(u) * np.linalg.det(v))
        for rows in permutations(range(n), order):
            rest = sign * np.prod(np.delete(s, rows))
            for turn in permutations(range(order)):
                parity = np.linalg.det(np.eye(order)[list(turn)])
                term = rest * parity
                for m in range(order):
                    term = np.multiply.outer(term, np.outer(u[:, rows[m]], v[rows[turn[m]]]))
                result[place] += term
    return result
"""

ADJUGATE: Rule = Rule("adjugate", "adjugate({0})", _matrix_shape, _adjugate_local, _ADJUGATE_SOURCE, _shown_adjugate)
INVERSE: Rule = Rule("inv", "np.linalg.inv({0})", _matrix_shape, _inverse_local)
DETERMINANT: Rule = Rule(
    "det", "np.linalg.det({0})", lambda args: args[0].shape[:-2], lambda node: _transposed_entry(node, ADJUGATE)
)
LOG_DETERMINANT: Rule = Rule(
    "logdet",
    "np.linalg.slogdet({0})[1]",
    lambda args: args[0].shape[:-2],
    lambda node: _transposed_entry(node, INVERSE),
)
SIGN_DETERMINANT: Rule = Rule(
    "signdet", "np.linalg.slogdet({0})[0]", lambda args: args[0].shape[:-2], lambda node: ([],)
)
_SECOND: Rule = Rule(
    "second_derivative_of_det",
    "",
    lambda args: (*args[0].shape, *args[0].shape[-2:]),
    _second_local,
    shown=_shown_second,
    terms=_second_derivative,
)
_LEFT: Rule = Rule("left_vectors", "np.linalg.svd({0})[0]", _matrix_shape, _not_derived)
_RIGHT: Rule = Rule("right_vectors", "np.swapaxes(np.linalg.svd({0})[2], -1, -2)", _matrix_shape, _not_derived)
_PRODUCTS: Rule = Rule("products_of_others", "products_of_others({0})", _matrix_shape, _not_derived, _PRODUCTS_SOURCE)


for _order in range(3, 6):
    higher_derivative(_order)  # known by its source where it is unpickled


def determinant(a: Any) -> Expression:
    """det X, of a square matrix or a stack of them; it can be derived at singular matrices too."""
    return Primitive.of(DETERMINANT, square_matrix("np.linalg.det", a))


class SignAndLog(NamedTuple):
    """What `np.linalg.slogdet` gives, by NumPy's names."""

    sign: Expression
    logabsdet: Expression


def sign_and_log_determinant(a: Any) -> SignAndLog:
    """The sign of det X, whose derivative is zero, and log |det X|."""
    a = square_matrix("np.linalg.slogdet", a)
    return SignAndLog(Primitive.of(SIGN_DETERMINANT, a), Primitive.of(LOG_DETERMINANT, a))
