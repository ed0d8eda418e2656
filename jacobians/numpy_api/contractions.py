"""NumPy's products that are one einsum: dot, tensordot, inner, outer, kron, and einsum itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..errors import ShapeError
from ..expressions.nodes import Expression, as_expression
from ..functions import indexing
from ..functions import operators as algebra
from ..functions.products import outer
from ..shapes.letters import fresh_letters
from ..shapes.sizes import multiply_sizes
from .shaping_and_reductions import np_axes, np_only, np_ravel


def np_dot(a: Any, b: Any, out: Any = None) -> Expression:
    np_only("np.dot", {"out": out})
    a, b = as_expression(a), as_expression(b)
    if not a.ndim or not b.ndim:
        return algebra.multiply(a, b)
    return (
        algebra.matmul(a, b) if b.ndim <= 2 and a.ndim <= 2 else np_tensordot(a, b, ([-1], [-2 if b.ndim > 1 else 0]))
    )


def np_tensordot(a: Any, b: Any, axes: Any = 2) -> Expression:
    a, b = as_expression(a), as_expression(b)
    if isinstance(axes, int):
        axes = (list(range(a.ndim - axes, a.ndim)), list(range(axes)))
    left, right = (np_axes("np.tensordot", one, part.ndim) for one, part in zip(axes, (a, b), strict=True))
    if len(left) != len(right):
        raise ShapeError(f"np.tensordot: {len(left)} axes of the first operand meet {len(right)} of the second")
    for first, second in zip(left, right, strict=True):
        if a.shape[first] != b.shape[second]:
            raise ShapeError(
                f"np.tensordot: axis {first} of the first operand has size {a.shape[first]} and axis {second} of the "
                f"second {b.shape[second]} (shapes {a.shape} and {b.shape}); the sizes must be equal"
            )
    groups = [list(range(a.ndim)), list(range(a.ndim, a.ndim + b.ndim))]
    for first, second in zip(left, right, strict=True):
        groups[1][second] = first
    output = [index for k, index in enumerate(groups[0]) if k not in left]
    output += [index for k, index in enumerate(groups[1]) if k not in right]
    return algebra.network([a, b], [tuple(group) for group in groups], output)


def np_inner(a: Any, b: Any) -> Expression:
    a, b = as_expression(a), as_expression(b)
    return algebra.multiply(a, b) if not a.ndim or not b.ndim else np_tensordot(a, b, ([-1], [-1]))


def np_kron(a: Any, b: Any) -> Expression:
    a, b = as_expression(a), as_expression(b)
    rank = max(a.ndim, b.ndim)
    a, b = (indexing.expand_axes(part, range(rank - part.ndim)) if part.ndim < rank else part for part in (a, b))
    groups = [tuple(range(0, 2 * rank, 2)), tuple(range(1, 2 * rank, 2))]
    product = algebra.network([a, b], groups, range(2 * rank))
    return indexing.reshape(product, [multiply_sizes(pair) for pair in zip(a.shape, b.shape, strict=True)])


def np_outer(a: Any, b: Any, out: Any = None) -> Any:
    np_only("np.outer", {"out": out})
    return outer(np_ravel(a), np_ravel(b))


def np_einsum(*args: Any, **options: Any) -> Expression:
    np_only("np.einsum", {name: value for name, value in options.items() if name != "optimize"})
    if args and not isinstance(args[0], str):
        args = _interleaved(args)
    subscripts, *operands = args
    operands = [as_expression(operand) for operand in operands]
    return algebra.einsum(_without_ellipsis(subscripts, [one.ndim for one in operands]), *operands)


def _interleaved(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Operands and lists of numbers in turn, as a string of indices and the operands."""
    groups = [list(group) for group in args[1::2]]
    if len(args) % 2:
        output = list(args[-1])
    else:  # as NumPy has it: what stands once, in order
        counts = Counter(one for group in groups for one in group if one is not Ellipsis)
        output = [Ellipsis] * any(Ellipsis in group for group in groups)
        output += sorted(one for one, count in counts.items() if count == 1)
    letters = dict(
        zip(dict.fromkeys(one for group in [*groups, output] for one in group), fresh_letters(), strict=False)
    )
    letters[Ellipsis] = "..."
    *inputs, result = ("".join(letters[one] for one in group) for group in [*groups, output])
    return (f"{','.join(inputs)}->{result}", *args[0 : 2 * len(groups) : 2])


def _without_ellipsis(subscripts: str, ranks: list[int]) -> str:
    """The string with letters of its own for the axes that `...` stands for, aligned at their ends."""
    if "..." not in subscripts:
        return subscripts
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    groups = left.split(",")
    spare = list(fresh_letters(subscripts))
    counts = [rank - len(group.replace("...", "")) for group, rank in zip(groups, ranks, strict=False)]
    longest = max((count for group, count in zip(groups, counts, strict=False) if "..." in group), default=0)
    if longest > len(spare) or any(count < 0 for count in counts):
        raise ShapeError(f"einsum {subscripts!r}: more indices than axes, for operands with {ranks} axes")
    stack = "".join(spare[:longest])
    if not arrow:
        free = sorted(one for one in set(left) - set(",.") if left.count(one) == 1)
        right = "..." + "".join(free)
    whole = ",".join(
        group.replace("...", stack[longest - count :]) for group, count in zip(groups, counts, strict=False)
    )
    return f"{whole}->{right.replace('...', stack)}"
