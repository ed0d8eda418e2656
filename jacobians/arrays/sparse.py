"""A Jacobian as a sparse array, made from its deltas and index maps: no zero is computed or stored on the way.

Every term of a Jacobian is a *core* (an array without deltas) and a *structure* that says where its entries go: equal
output axes are a delta, an index map is a slice or a merging of axes. So the places of the non-zeros are known before
their values are, as sums of ranges; only the cores are evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..chain_rule.chains import Chain
from ..compiler.evaluation import evaluate_all
from ..errors import UnsupportedError
from ..expressions.delta_patterns import split, viewed_axes
from ..expressions.index_maps import Merger, Selector
from ..expressions.linear_maps import WindowMap
from ..expressions.nodes import Array, EinsumSum, EinsumTerm, Expression
from ..shapes.arguments import choice
from ..shapes.layout import axes_in_layout, layout_shape
from ..shapes.memory import refuse_if_too_large
from ..shapes.sizes import Shape, bind_size

#: Formats of SciPy's matrices that can be asked for.
FORMATS = ("coo", "csr", "csc", "dia", "bsr")


class Entries(NamedTuple):
    """The entries of one term: `places` along each axis of the numerator layout, all broadcasting against `values`.

    The axes of `values` are the distinct indices of the term; `shape` are their lengths.
    """

    values: Array
    places: list[Array]
    shape: tuple[int, ...]

    @property
    def stored(self) -> int:
        """Number of entries, each of them stored."""
        return prod(self.shape)

    def flat(self, axes: Sequence[int], lengths: Sequence[int]) -> Array:
        """The places along `axes` merged into one, the first of them fastest, in the order of the values."""
        total: Any = np.zeros((1,) * len(self.shape), dtype=np.intp)
        stride = 1
        for axis in axes:
            total = total + stride * self.places[axis]
            stride *= lengths[axis]
        return np.broadcast_to(total, self.shape).reshape(-1)


def entries_of(terms: Sequence[EinsumTerm], cores: Sequence[Array], sizes: Mapping[str, int]) -> list[Entries]:
    """Where the entries of each term's core stand in the dense array, and what they are."""
    return [_entries(term, core, sizes) for term, core in zip(terms, cores, strict=True)]


def _entries(term: EinsumTerm, core: Array, sizes: Mapping[str, int]) -> Entries:
    structure, _ = split(term)
    lengths = [bind_size(size, sizes) for size in structure.sizes]
    maps = list(range(1, len(structure.operands)))
    walked = list(dict.fromkeys(viewed_axes(structure, maps)))
    shape = tuple(lengths[index] for index in walked)

    def along(index: int) -> Array:
        """The place along one index, as an array over the indices that are walked."""
        if index in walked:
            axis = walked.index(index)
            return np.arange(shape[axis], dtype=np.intp).reshape([-1 if k == axis else 1 for k in range(len(shape))])
        k = next(k for k in maps if structure.indices[k][0] == index)
        index_map, shorts = structure.operands[k], [along(short) for short in structure.indices[k][1:]]
        if isinstance(index_map, Selector):
            pick = index_map.pick
            if not pick.is_slice:
                return np.asarray(pick.places())[shorts[0]]
            return bind_size(pick.start, sizes) + pick.step * shorts[0]
        if isinstance(index_map, WindowMap):
            return shorts[0] + shorts[1]
        assert isinstance(index_map, Merger)
        total: Any = 0
        for short, length in zip(shorts, structure.indices[k][1:], strict=True):
            total = total * lengths[length] + short
        return total  # type: ignore[no-any-return]

    at = [index in structure.indices[0] for index in walked]
    order = [structure.indices[0].index(index) for index in walked if index in structure.indices[0]]
    view = np.transpose(core, order).reshape([n if here else 1 for n, here in zip(shape, at, strict=True)])
    values = np.broadcast_to(term.coefficient * view, shape)
    return Entries(values, [along(index) for index in structure.output], shape)


def to_sparse(
    chain: Chain,
    values: Mapping[str, Any],
    layout: str,
    sizes: Mapping[str, int],
    ranks: tuple[Shape, list[Shape]],
    within: Sequence[Expression],
    format: str | None = None,  # noqa: A002 - SciPy's name
) -> Any:
    """The non-zeros of a Jacobian in `layout`, where `sizes` are bound: see `Jacobian.to_sparse`."""
    if format is not None:
        choice(format, FORMATS, "format")
    of, wrts = ranks
    terms = list(chain.reverse)
    stored = [tuple(bind_size(term.sizes[index], sizes) for index in _walked(term)) for term in terms]
    advice = "J.as_linear_operator(values) multiplies without storing it"
    refuse_if_too_large([(3, prod(shape)) for shape in stored], f"{chain.symbol} as a sparse array", advice)
    cores = evaluate_all([_core(term) for term in terms], values, sizes, within) if terms else []
    found = entries_of(terms, cores, sizes)
    lengths = [bind_size(size, sizes) for size in chain.shape]
    rows, columns = axes_in_layout(len(of), [len(wrt) for wrt in wrts], layout)
    shape = tuple(bind_size(size, sizes) for size in layout_shape(of, wrts, layout))
    if layout == "vec":
        return _matrix(found, rows, columns, lengths, shape, format)
    if len(shape) == 2:
        return _matrix(found, rows[:1], rows[1:], lengths, shape, format)
    return _tensor(found, rows, shape)


def _walked(term: EinsumTerm) -> list[int]:
    structure, _ = split(term)
    return list(dict.fromkeys(viewed_axes(structure, list(range(1, len(structure.operands))))))


def _core(term: EinsumTerm) -> Expression:
    _, core = split(term)
    return EinsumSum.of([core], core.shape)


def _matrix(
    found: Sequence[Entries],
    rows: Sequence[int],
    columns: Sequence[int],
    lengths: Sequence[int],
    shape: tuple[int, ...],
    format: str | None,  # noqa: A002
) -> Any:
    sparse = _scipy_sparse()
    if not found:
        return sparse.csr_array(shape).asformat(format or "csr")
    kind = np.int32 if max(shape) < 2**31 else np.int64
    at = [(one.flat(rows, lengths), one.flat(columns, lengths)) for one in found]
    if format in (None, "dia"):
        diagonals = _diagonals(found, at, shape)
        if diagonals is not None:
            data, offsets = diagonals
            return sparse.dia_array((data, offsets), shape=shape)
    row = np.concatenate([one.astype(kind, copy=False) for one, _ in at])
    column = np.concatenate([one.astype(kind, copy=False) for _, one in at])
    numbers = np.concatenate([np.ravel(one.values) for one in found])
    matrix = sparse.coo_array((numbers, (row, column)), shape=shape)
    block = _block(found, at, shape)
    if format == "bsr" or (format is None and block is not None):
        return matrix.tobsr(blocksize=block)
    return matrix.asformat(format or "csr")


def _diagonals(
    found: Sequence[Entries], at: Sequence[tuple[Array, Array]], shape: tuple[int, ...]
) -> tuple[Array, Array] | None:
    """Data and offsets where every term runs along one diagonal; None where one does not."""
    offsets: dict[int, Array] = {}
    width = min(shape[1], shape[0] + shape[1])
    for one, (row, column) in zip(found, at, strict=True):
        if not one.stored:
            continue
        offset = int(column[0] - row[0])
        if not np.array_equal(column - row, np.broadcast_to(offset, row.shape)):
            return None
        data = offsets.setdefault(offset, np.zeros(width, dtype=np.result_type(*(entry.values for entry in found))))
        np.add.at(data, column, np.ravel(one.values))
    if len(offsets) > 2 * max(1, len(found)):
        return None
    return np.stack(list(offsets.values())), np.array(list(offsets))


def _block(
    found: Sequence[Entries], at: Sequence[tuple[Array, Array]], shape: tuple[int, ...]
) -> tuple[int, int] | None:
    """The size of the blocks where a single term is one dense block after the other on the diagonal."""
    if len(found) != 1 or found[0].stored < 2:
        return None
    row, column = at[0]
    count = next((n for n in _common_divisors(*shape) if n * (shape[0] // n) * (shape[1] // n) == len(row)), None)
    if count is None or count < 2:
        return None
    height, breadth = shape[0] // count, shape[1] // count
    if height * breadth < 2 or not np.array_equal(row // height, column // breadth):
        return None
    return height, breadth


def _common_divisors(a: int, b: int) -> list[int]:
    both = int(np.gcd(a, b))
    small = [n for n in range(1, int(both**0.5) + 1) if both % n == 0]
    return sorted({*small, *(both // n for n in small)})


def _tensor(found: Sequence[Entries], axes: Sequence[int], shape: tuple[int, ...]) -> Any:
    try:
        import sparse
    except ImportError:
        raise UnsupportedError(
            f"a sparse array with {len(shape)} axes needs the package sparse: pip install 'jacobians[scipy]'; "
            'layout="vec" is a matrix of SciPy'
        ) from None
    if not found:
        return sparse.COO(np.zeros((len(shape), 0), dtype=np.intp), np.zeros(0), shape=shape)
    at = [np.stack([np.broadcast_to(one.places[axis], one.shape).reshape(-1) for axis in axes]) for one in found]
    numbers = np.concatenate([np.ravel(one.values) for one in found])
    return sparse.COO(np.concatenate(at, axis=1), numbers, shape=shape)


def _scipy_sparse() -> Any:
    try:
        from scipy import sparse
    except ImportError:
        raise UnsupportedError("a sparse matrix needs SciPy: pip install 'jacobians[scipy]'") from None
    return sparse
