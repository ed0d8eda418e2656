"""The operations of random graphs that multiply: matrix products, einsum and its kin, diagonals, linear algebra."""

from __future__ import annotations

from typing import Any

import numpy as np
from graph_axes import order_of
from graph_operations import HIGHEST_RANK, Drawing, Drawn, add, small_pair

# --- products ---------------------------------------------------------------------------------------------------------


def _matmul(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim > 0)
    if place is None:
        return None
    shape = d.arrays[place].shape
    other = d.integer(1, 3)
    if len(shape) == 1:
        found = d.partner(shape) if d.flag() else d.partner((shape[0], other) if d.flag() else (other, shape[0]))
        return ([found, place] if d.arrays[found].shape[-1] == shape[0] and d.flag() else [place, found]), {}
    stack = shape[:-2]
    kind = d.integer(0, 3)
    if kind == 0:
        return [place, d.partner((shape[-1],))], {}
    if kind == 1 and len(shape) == 2:
        return [d.partner((shape[-2],)), place], {}
    if kind == 2:
        return [d.partner((*(1 if d.flag() else size for size in stack), other, shape[-2])), place], {}
    return [place, d.partner((*stack[d.integer(0, len(stack)) :], shape[-1], other))], {}


def fits_matmul(a: Any, b: Any) -> bool:
    return bool(a.shape[-1] == b.shape[-2 if b.ndim > 1 else 0])


def _checked_matmul(d: Drawing) -> Drawn:
    drawn = _matmul(d)
    return drawn if drawn and fits_matmul(*(d.arrays[k] for k in drawn[0])) else None


add("matmul", _checked_matmul, lambda xp, a, b: xp.matmul(a, b), np.matmul)
add("matmul sign", _checked_matmul, lambda xp, a, b: a @ b, np.matmul, matrix=True)


def _dot(d: Drawing) -> Drawn:
    place = d.node()
    assert place is not None
    shape = d.arrays[place].shape
    if not shape:
        return [place, d.partner((2,))], {}
    kind = d.integer(0, 2)
    return [place, d.partner(((shape[-1],), (shape[-1], 2), (2, shape[-1], 3))[kind])], {}


add("dot", _dot, lambda xp, a, b: xp.dot(a, b), np.dot)
add("method dot", _dot, lambda xp, a, b: xp.method_dot(a, b), "dot")


def _inner(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim > 0)
    if place is None:
        return None
    size = d.arrays[place].shape[-1]
    return [place, d.partner((2, size) if d.flag() else (size,))], {}


add("inner", _inner, lambda xp, a, b: xp.inner(a, b), np.inner)
add(
    "vdot",
    lambda d: (
        ([p, d.partner((d.arrays[p].size,) if d.flag() else d.arrays[p].shape)], {})
        if (p := d.node()) is not None
        else None
    ),
    lambda xp, a, b: xp.vdot(a, b),
    np.vdot,
)


def _vectors(d: Drawing) -> Drawn:
    first, second = (d.node(lambda a: a.ndim == 1 and a.size <= 8) for _ in range(2))
    return None if first is None or second is None else ([first, second], {})


add("np.outer", small_pair, lambda xp, a, b: xp.outer(a, b), np.outer)
add("outer", _vectors, lambda xp, a, b: xp.our_outer(a, b), "outer", matrix=True)
add("kron", small_pair, lambda xp, a, b: xp.kron(a, b), np.kron)


def _tensordot(d: Drawing) -> Drawn:
    place = d.node(lambda a: 1 <= a.ndim <= 3)
    if place is None:
        return None
    a = d.arrays[place]
    count = d.integer(0, a.ndim)
    if d.flag():
        rest = tuple(d.integer(1, 2) for _ in range(d.integer(0, 1)))
        return [place, d.partner((*a.shape[a.ndim - count :], *rest))], {"axes": count}
    chosen = order_of(d, a.ndim)[:count]
    other = d.partner((d.integer(1, 2), *(a.shape[k] for k in chosen)))
    return [place, other], {"axes": (tuple(k - a.ndim if d.flag() else k for k in chosen), tuple(range(1, count + 1)))}


add("tensordot", _tensordot, lambda xp, a, b, axes: xp.tensordot(a, b, axes), np.tensordot)


def _einsum(d: Drawing) -> Drawn:
    """One to three operands; axes of one size may share a letter, within an operand too."""
    places: list[int] = []
    groups: list[str] = []
    sizes: dict[str, int] = {}
    for _ in range(d.integer(1, 3)):
        place = d.node(lambda a: a.ndim <= 3)
        if place is None:
            return None
        group = ""
        for size in d.arrays[place].shape:
            known = [letter for letter, one in sizes.items() if one == size]
            letter = d.choice(known) if known and d.integer(0, 2) else "abcdefghijkl"[len(sizes)]
            sizes[letter] = size
            group += letter
        places.append(place)
        groups.append(group)
    left = ",".join(groups)
    if d.integer(0, 3) == 0:
        free = [letter for letter in sizes if left.count(letter) == 1]
        return (places, {"subscripts": left}) if len(free) <= HIGHEST_RANK else None
    letters = list(sizes)
    output = ""
    while letters and len(output) < HIGHEST_RANK and d.integer(0, 2):
        output += letters.pop(d.integer(0, len(letters) - 1))
    return places, {"subscripts": f"{left}->{output}"}


add("einsum", _einsum, lambda xp, *arrays, subscripts: xp.einsum(subscripts, *arrays), np.einsum)


def _chain(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim == 2)
    if place is None:
        return None
    second = d.partner((d.arrays[place].shape[1], 2))
    return [place, second, d.partner((2, 3))], {}


add("multi_dot", _chain, lambda xp, *arrays: xp.linalg.multi_dot(arrays), np.linalg.multi_dot)


# --- diagonals --------------------------------------------------------------------------------------------------------


def _square(d: Drawing) -> int | None:
    """A square matrix; where there is none, the Gram matrix of what is at hand is for `squared` to make."""
    return d.node(lambda a: a.ndim == 2 and a.shape[0] == a.shape[1])


def _square_or_leaf(d: Drawing) -> Drawn:
    place = _square(d)
    size = d.integer(2, 3)
    return [d.leaf((size, size)) if place is None else place], {}


add("trace", _square_or_leaf, lambda xp, x: xp.trace(x), np.trace, "trace", matrix=True)
add("diagonal", _square_or_leaf, lambda xp, x: xp.diagonal(x), np.diagonal, "diagonal")
add("diag of a matrix", _square_or_leaf, lambda xp, x: xp.diag(x), np.diag)


def matrix_or_more(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim >= 2)
    return None if place is None else ([place], {})


def _vector(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim == 1 and a.size <= 7)
    return None if place is None else ([place], {})


add("np.diag", _vector, lambda xp, x: xp.diag(x), np.diag)
add("diag", _vector, lambda xp, x: xp.our_diag(x), "diag", matrix=True)
add("append_one", _vector, lambda xp, x: xp.append_one(x), "append_one", matrix=True)
for _name in ("tril", "triu"):
    add(
        _name,
        lambda d: ([p], {"k": d.integer(-1, 1)}) if (p := d.node(lambda a: a.ndim >= 2)) is not None else None,
        lambda xp, x, k, name=_name: getattr(xp, name)(x, k),
        getattr(np, _name),
    )


def _tensor_product(d: Drawing) -> Drawn:
    vector, matrix = d.node(lambda a: a.ndim == 1 and a.size <= 5), d.node(lambda a: a.ndim == 2 and a.size <= 12)
    if vector is None or matrix is None:
        return None
    return ([vector, matrix] if d.flag() else [matrix, vector]), {}


add("tensor_product", _tensor_product, lambda xp, a, b: xp.tensor_product(a, b), "tensor_product", matrix=True)


def _vector_tensor(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim >= 1)
    return None if place is None else ([d.partner((d.arrays[place].shape[0],)), place], {})


add("vector_tensor", _vector_tensor, lambda xp, y, T: xp.vector_tensor(y, T), "vector_tensor", matrix=True)


# --- linear algebra ---------------------------------------------------------------------------------------------------


def _regular(d: Drawing) -> int:
    """A square matrix, or a stack of them, that is far from singular: at hand, or a new leaf."""

    def regular(a: Any) -> bool:
        return bool(
            a.ndim in ((2,) if d.plain else (2, 3)) and a.shape[-1] == a.shape[-2] and np.all(np.linalg.cond(a) < 30.0)
        )

    found = d.node(regular)
    if found is not None and d.integer(0, 2):
        return found
    size = d.integer(2 if d.plain else 1, 3)
    return d.leaf((2, size, size) if d.integer(0, 3) == 0 and not d.plain else (size, size))


def _linear(d: Drawing) -> Drawn:
    place = _regular(d)
    return [place], {} if np.all(np.linalg.cond(d.arrays[place]) < 30.0) else {"shift": 3.0}


def shifted(xp: Any, x: Any, shift: float) -> Any:
    """x, with a multiple of the identity added."""
    return x + shift * np.eye(x.shape[-1]) if shift else x


for _name in ("inv", "det"):
    add(
        _name,
        _linear,
        lambda xp, x, shift=0.0, name=_name: getattr(xp.linalg, name)(shifted(xp, x, shift)),
        getattr(np.linalg, _name),
        matrix=True,
    )
add(
    "slogdet",
    _linear,
    lambda xp, x, shift=0.0: xp.linalg.slogdet(shifted(xp, x, shift))[1],
    np.linalg.slogdet,
    matrix=True,
)
add(
    "sign of slogdet",
    _linear,
    lambda xp, x, shift=0.0: xp.linalg.slogdet(shifted(xp, x, shift))[0] * xp.linalg.slogdet(shifted(xp, x, shift))[1],
    np.linalg.slogdet,
)


def _solve(d: Drawing) -> Drawn:
    drawn = _linear(d)
    assert drawn is not None
    ([place], options) = drawn
    shape = d.arrays[place].shape
    vector = len(shape) == 2 and d.flag()
    return [place, d.partner(shape[:-1] if vector else (*shape[:-1], d.integer(1, 2)))], options


add(
    "solve",
    _solve,
    lambda xp, a, b, shift=0.0: xp.linalg.solve(shifted(xp, a, shift), b),
    np.linalg.solve,
    matrix=True,
)


def _power(d: Drawing) -> Drawn:
    drawn = _linear(d)
    assert drawn is not None
    return drawn[0], {**drawn[1], "n": d.integer(-2, 3)}


add(
    "matrix_power",
    _power,
    lambda xp, x, n, shift=0.0: xp.linalg.matrix_power(shifted(xp, x, shift), n) * 0.25,
    np.linalg.matrix_power,
)
