"""The operations of random graphs beside the common ones: splits, pads, turns, polynomials, conditions."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from graph_operations import (
    HIGHEST_RANK,
    LARGEST,
    Drawing,
    Drawn,
    add,
    axis_of,
    binary,
    clear,
    perhaps_no_axis,
    small_pair,
    unary,
)
from graph_products import matrix_or_more
from graph_reductions import one_extreme, reduction, spread

# --- element-wise -----------------------------------------------------------------------------------------------------

for _name in ("conjugate", "real"):
    unary(_name, "any")
unary("imag", "any", np.imag, run=lambda xp, x: x + xp.imag(x))
unary("method conj", "any", "conj", "conjugate", run=lambda xp, x: xp.real(x))
unary("astype", "any", "astype", run=lambda xp, x: x.astype(float) if hasattr(x, "astype") else x)
unary("fix", "not whole", np.fix, run=lambda xp, x: xp.trunc(x), smooth=False)
unary("round", "not half", np.round, np.around, "round", run=lambda xp, x: xp.round(x), smooth=False)
# of an irrational multiple: no value of three digits is at a jump, where rounding the multiple decides
unary("round tenths", "not half", np.round, run=lambda xp, x: xp.round(np.e * x, 1) * 0.1 + x, smooth=False)
unary("modf", "not whole", np.modf, run=lambda xp, x: xp.modf(x)[0] + 0.5 * xp.modf(x)[1], smooth=False)
unary("signbit", "no kink at zero", np.signbit, run=lambda xp, x: xp.where(xp.signbit(x), x, x * x), smooth=False)
for _name in ("isnan", "isinf", "isfinite"):
    unary(
        _name, "any", getattr(np, _name), run=lambda xp, x, n=_name: xp.where(getattr(xp, n)(x), x, x * x), smooth=False
    )
unary(
    "logical_not",
    "no kink at zero",
    np.logical_not,
    np.invert,
    run=lambda xp, x: xp.where(~(x > 0), x, -x) + xp.where(xp.logical_not(x > 0), x * x, x),
    smooth=False,
)
unary(
    "one equals the other",
    "no kink at zero",
    np.equal,
    run=lambda xp, x: xp.where(x == 0.0, x * x, x) + xp.where(x != 0.0, xp.sin(x), x),
    smooth=False,
)
for _name, _sign in (("logical_and", operator.and_), ("logical_or", operator.or_), ("logical_xor", operator.xor)):
    binary(
        _name,
        ("no kink at zero", "no kink at zero"),
        getattr(np, _name),
        getattr(np, _name.replace("logical", "bitwise")),
        run=lambda xp, a, b, name=_name, sign=_sign: (
            xp.where(getattr(xp, name)(a > 0, b > 0), a * b, a) + xp.where(sign(a > 0, b > 0), a, b)
        ),
        smooth=False,
    )
binary("logaddexp2", ("any", "any"))
binary("copysign", ("no kink at zero", "no kink at zero"), smooth=False)
binary("heaviside", ("no kink at zero", "any"), smooth=False)


def _quotient(d: Drawing) -> Drawn:
    drawn = small_pair(d)
    if drawn is None:
        return None
    first, second = drawn[0]
    a, b = d.arrays[first], d.arrays[second]
    if a.shape != b.shape and a.ndim and b.ndim:
        return None
    quotient = a / (0.5 + b**2)
    return (drawn[0], {}) if clear(quotient - np.rint(quotient)) else None


for _name in ("fmod", "floor_divide"):
    add(
        _name,
        _quotient,
        lambda xp, a, b, name=_name: getattr(xp, name)(a, 0.5 + b * b) + a,
        getattr(np, _name),
        smooth=False,
    )
add(
    "divmod",
    _quotient,
    lambda xp, a, b: xp.divmod(a, 0.5 + b * b)[0] + a * xp.divmod(a, 0.5 + b * b)[1],
    np.divmod,
    smooth=False,
)


def _select(d: Drawing) -> Drawn:
    place = d.node(lambda a: clear(a) and clear(a - 0.5))
    return None if place is None else ([place, d.partner(d.arrays[place].shape)], {})


add("select", _select, lambda xp, x, y: xp.select([x > 0.5, x > 0.0], [x, y], x * y), np.select, smooth=False)

# --- reductions -------------------------------------------------------------------------------------------------------

reduction("ptp", np.ptp, fits=one_extreme, smooth=False)
for _name in ("any", "all"):
    reduction(
        _name,
        getattr(np, _name),
        _name,
        run=lambda xp, x, name=_name, **given: (
            xp.where(getattr(xp, name)(x > 0, **given), 0.5, 0.25) + xp.sum(x, **given)
        ),
        fits=lambda x, axis: clear(x),
        smooth=False,
    )


def _weighted(d: Drawing) -> Drawn:
    drawn = perhaps_no_axis(d)
    if drawn is None:
        return None
    ([place], options) = drawn
    shape = d.arrays[place].shape
    along = options["axis"] is not None and d.flag()
    return [place, d.partner((shape[options["axis"]],) if along else shape)], options


add("average with weights", _weighted, lambda xp, x, w, axis: xp.average(x, axis=axis, weights=0.5 + w * w), np.average)
add("cumprod", perhaps_no_axis, lambda xp, x, axis: xp.cumprod(x, axis=axis), np.cumprod, "cumprod")
for _name, _ufunc in (("add", np.add), ("multiply", np.multiply)):
    add(_name + ".reduce", axis_of, lambda xp, x, axis, n=_name: xp.reduce(n, x, axis), "reduce")
    add(_name + ".accumulate", axis_of, lambda xp, x, axis, n=_name: xp.accumulate(n, x, axis), "accumulate")
add("subtract.outer", small_pair, lambda xp, a, b: xp.outer_of("subtract", a, b), "outer")


def _cov(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim == 2 and min(a.shape) > 1 and spread(a, 1) and spread(a, 0))
    return None if place is None else ([place], {"rowvar": d.flag(), "bias": d.flag()})


add("cov", _cov, lambda xp, x, rowvar, bias: xp.cov(x, rowvar=rowvar, bias=bias), np.cov)


def _trapezoid(d: Drawing) -> Drawn:
    drawn = axis_of(d, lambda a: a.ndim > 0 and min(a.shape) > 1)
    if drawn is None:
        return None
    ([place], options) = drawn
    other = [d.partner((d.arrays[place].shape[options["axis"]],))] if d.flag() else []
    return [place, *other], options


if hasattr(np, "trapezoid"):
    add("trapezoid", _trapezoid, lambda xp, y, x=None, axis=-1: xp.trapezoid(y, x, axis=axis), np.trapezoid)


def _order(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim in (1, 2) and clear(a) and a.size > 1)
    if place is None:
        return None
    x = d.arrays[place]
    order = d.choice((3, 1.5, -np.inf) if x.ndim == 1 else (1, -1, np.inf, -np.inf))
    sums = np.abs(x) if x.ndim == 1 else np.sum(np.abs(x), axis=0 if abs(order) == 1 else 1)
    return ([place], {"order": order, "keepdims": d.flag()}) if one_extreme(sums, None) else None


add(
    "norm of an order",
    _order,
    lambda xp, x, order, keepdims: xp.linalg.norm(x, order, keepdims=keepdims),
    np.linalg.norm,
    smooth=False,
)

# --- cuts and joins ---------------------------------------------------------------------------------------------------


def _split(d: Drawing) -> Drawn:
    drawn = axis_of(d, lambda a: a.ndim > 0 and min(a.shape) > 1)
    if drawn is None:
        return None
    ([place], options) = drawn
    size = d.arrays[place].shape[options["axis"]]
    at = d.integer(1, size - 1)
    return [place], {"at": [at], "part": d.integer(0, 1), **options}


def _cut(d: Drawing) -> Drawn:
    drawn = axis_of(d, lambda a: a.ndim > 0 and min(a.shape) > 1)
    return None if drawn is None else (drawn[0], {"sections": 2, "part": d.integer(0, 1), **drawn[1]})


add("split", _split, lambda xp, x, at, part, axis: xp.split(x, at, axis=axis)[part], np.split)
add(
    "array_split",
    _cut,
    lambda xp, x, sections, part, axis: xp.array_split(x, sections, axis=axis)[part],
    np.array_split,
)


def _even(rank: int, axis: int) -> Any:
    def draw(d: Drawing) -> Drawn:
        place = d.node(lambda a: a.ndim >= rank and a.shape[axis] % 2 == 0)
        return None if place is None else ([place], {"part": d.integer(0, 1)})

    return draw


for _name, _rank, _axis in (("vsplit", 2, 0), ("hsplit", 2, 1), ("dsplit", 3, 2)):
    add(
        _name,
        _even(_rank, _axis),
        lambda xp, x, part, name=_name: getattr(xp, name)(x, 2)[part],
        getattr(np, _name),
    )
if hasattr(np, "unstack"):
    add(
        "unstack",
        axis_of,
        lambda xp, x, axis: xp.unstack(x, axis=axis)[-1],
        np.unstack,
    )


def _deleted(d: Drawing) -> Drawn:
    drawn = axis_of(d, lambda a: a.ndim > 0 and min(a.shape) > 1)
    if drawn is None:
        return None
    ([place], options) = drawn
    size = d.arrays[place].shape[options["axis"]]
    return [place], {"at": d.integer(-size, size - 1), **options}


add("delete", _deleted, lambda xp, x, at, axis: xp.delete(x, at, axis=axis), np.delete)


def _masked(d: Drawing) -> Drawn:
    drawn = perhaps_no_axis(d)
    if drawn is None:
        return None
    ([place], options) = drawn
    x = d.arrays[place]
    mask = [d.flag() for _ in range(x.size if options["axis"] is None else x.shape[options["axis"]])]
    mask[0] = True
    return [place], {"mask": np.array(mask), **options}


def _extracted(d: Drawing) -> Drawn:
    place = d.node()
    assert place is not None
    mask = np.array([d.flag() for _ in range(d.arrays[place].size)])
    mask[-1] = True
    return [place], {"mask": mask.reshape(d.arrays[place].shape)}


def _along(d: Drawing) -> Drawn:
    drawn = axis_of(d)
    if drawn is None:
        return None
    ([place], options) = drawn
    x = d.arrays[place]
    size = x.shape[options["axis"]]
    places = np.array([d.integer(0, size - 1) for _ in range(x.size)]).reshape(x.shape)
    return [place], {"indices": places, **options}


add("compress", _masked, lambda xp, x, mask, axis: xp.compress(mask, x, axis=axis), np.compress, "compress")
add("extract", _extracted, lambda xp, x, mask: xp.extract(mask, x), np.extract)
add(
    "take_along_axis",
    _along,
    lambda xp, x, indices, axis: xp.take_along_axis(x, indices, axis),
    np.take_along_axis,
)


def _appended(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.size <= LARGEST // 2)
    return None if place is None else ([place, d.partner(d.arrays[place].shape)], {})


add("append", _appended, lambda xp, a, b: xp.append(a, b), np.append)
add("dstack", _appended, lambda xp, a, b: xp.dstack((a, b)), np.dstack)
add("block", _appended, lambda xp, a, b: xp.block([[a, b], [b, a]]), np.block)


def _pad(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim > 0 and a.size <= 12)
    if place is None:
        return None
    widths = [(d.integer(0, 1), d.integer(0, 1)) for _ in d.arrays[place].shape]
    mode = d.choice(("constant", "edge", "wrap", "symmetric"))
    return [place], {"widths": widths, "mode": mode, **({"constant_values": 0.5} if mode == "constant" else {})}


add("pad", _pad, lambda xp, x, widths, **options: xp.pad(x, widths, **options), np.pad)

# --- turns ------------------------------------------------------------------------------------------------------------

add(
    "rot90",
    lambda d: (drawn[0], {"k": d.integer(-1, 3)}) if (drawn := matrix_or_more(d)) else None,
    lambda xp, x, k: xp.rot90(x, k),
    np.rot90,
)
add("flipud", axis_of, lambda xp, x, axis: xp.flipud(x), np.flipud)
add("fliplr", matrix_or_more, lambda xp, x: xp.fliplr(x), np.fliplr)
add("rollaxis", axis_of, lambda xp, x, axis: xp.rollaxis(x, axis), np.rollaxis)
add(
    "roll two",
    matrix_or_more,
    lambda xp, x: xp.roll(x, (1, 2), axis=(0, 1)),
    np.roll,
)
add("mT", matrix_or_more, lambda xp, x: xp.swapaxes(x, -1, -2) if not hasattr(x, "mT") else x.mT, np.swapaxes)
for _home in (np, np.linalg):
    if hasattr(_home, "matrix_transpose"):
        add(
            f"{_home.__name__}.matrix_transpose",
            matrix_or_more,
            lambda xp, x, home=_home: (xp if home is np else xp.linalg).matrix_transpose(x),
            _home.matrix_transpose,
        )


def _resized(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.size <= 12)
    return None if place is None else ([place], {"shape": (d.integer(1, 3), d.integer(1, 4))})


add("resize", _resized, lambda xp, x, shape: xp.resize(x, shape), np.resize)


def _repeated(d: Drawing) -> Drawn:
    drawn = axis_of(d)
    if drawn is None:
        return None
    (place,), options = drawn
    return [place], {**options, "repeats": [*range(1, 1 + d.arrays[place].shape[options["axis"]])]}


add(
    "repeat each",
    lambda d: (
        (drawn[0], {"counts": np.arange(1, 1 + d.arrays[drawn[0][0]].shape[drawn[1]["axis"]]), **drawn[1]})
        if (drawn := axis_of(d))
        else None
    ),
    lambda xp, x, counts, axis: xp.repeat(x, counts, axis=axis),
    np.repeat,
)
add(
    "broadcast_arrays",
    small_pair,
    lambda xp, a, b: xp.broadcast_arrays(xp.expand_dims(xp.ravel(a), 1), xp.ravel(b))[1],
    np.broadcast_arrays,
)
add(
    "meshgrid",
    lambda d: (
        (drawn[0], {"indexing": d.choice(("xy", "ij")), "part": d.integer(0, 1)}) if (drawn := small_pair(d)) else None
    ),
    lambda xp, a, b, indexing, part: xp.meshgrid(a, b, indexing=indexing)[part],
    np.meshgrid,
)
add(
    "ediff1d",
    lambda d: ([p], {}) if (p := d.node(lambda a: a.size > 1)) is not None else None,
    lambda xp, x: xp.ediff1d(x),
    np.ediff1d,
)

# --- products ---------------------------------------------------------------------------------------------------------


def _threes(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim > 0 and a.shape[-1] == 3)
    if place is None:
        place = d.leaf((3,))
    return [place, d.partner(d.arrays[place].shape if d.flag() else (3,))], {}


for _home in (np, np.linalg):
    if hasattr(_home, "cross"):
        add(
            f"{_home.__name__}.cross",
            _threes,
            lambda xp, a, b, home=_home: (xp if home is np else xp.linalg).cross(a, b),
            _home.cross,
        )


def _alike(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim > 0)
    return None if place is None else ([place, d.partner(d.arrays[place].shape)], {})


def _matvec(d: Drawing) -> Drawn:
    drawn = matrix_or_more(d)
    if drawn is None:
        return None
    ([place], _) = drawn
    return [place, d.partner((d.arrays[place].shape[-1],)), d.partner((d.arrays[place].shape[-2],))], {}


for _home in (np, np.linalg):
    if hasattr(_home, "vecdot"):
        add(
            f"{_home.__name__}.vecdot",
            _alike,
            lambda xp, a, b, home=_home: (xp if home is np else xp.linalg).vecdot(a, b),
            _home.vecdot,
        )
if hasattr(np, "matvec"):
    add("matvec", _matvec, lambda xp, a, x, y: xp.sum(xp.matvec(a, x)) + xp.vecmat(y, a), np.matvec, np.vecmat)
if hasattr(np.linalg, "vector_norm"):
    add(
        "the array API",
        lambda d: drawn if (drawn := matrix_or_more(d)) and clear(d.arrays[drawn[0][0]]) else None,
        lambda xp, x: (
            xp.linalg.trace(x) * xp.linalg.vector_norm(x)
            + xp.linalg.matrix_norm(x)
            + xp.sum(xp.linalg.diagonal(x), axis=-1)
            + xp.sum(xp.linalg.outer(xp.ravel(x), xp.ravel(x)))
            + xp.linalg.tensordot(x, x, axes=x.ndim)
            + xp.sum(xp.linalg.matmul(x, xp.swapaxes(x, -1, -2)))
        ),
        *(getattr(np.linalg, name) for name in ("trace", "vector_norm", "matrix_norm", "diagonal", "outer")),
        np.linalg.tensordot,
        np.linalg.matmul,
        smooth=False,
    )


def _vectors(d: Drawing) -> Drawn:
    first, second = (d.node(lambda a: a.ndim == 1 and a.size <= 8) for _ in range(2))
    if first is None or second is None:
        return None
    return [first, second], {"mode": d.choice(("full", "same", "valid"))}


for _name in ("convolve", "correlate"):
    add(_name, _vectors, lambda xp, a, v, mode, name=_name: getattr(xp, name)(a, v, mode), getattr(np, _name))


def _polynomial(d: Drawing) -> Drawn:
    coefficients, place = d.node(lambda a: a.ndim == 1 and a.size <= 5), d.node()
    return None if coefficients is None else ([coefficients, place], {})  # type: ignore[list-item]


add("polyval", _polynomial, lambda xp, p, x: xp.polyval(p, x), np.polyval)


def _offset(d: Drawing) -> Drawn:
    drawn = matrix_or_more(d)
    if drawn is None:
        return None
    ([place], _) = drawn
    rank = d.arrays[place].ndim
    first = d.integer(0, rank - 1)
    second = (first + d.integer(1, rank - 1)) % rank
    rows, columns = d.arrays[place].shape[first], d.arrays[place].shape[second]
    return [place], {"offset": d.integer(1 - rows, columns - 1), "axis1": first, "axis2": second - rank}


add("trace at an offset", _offset, lambda xp, x, **options: xp.trace(x, **options), np.trace)
add("diagonal at an offset", _offset, lambda xp, x, **options: xp.diagonal(x, **options), np.diagonal)
add(
    "diag off the middle",
    lambda d: (
        ([p], {"k": d.integer(-2, 2)}) if (p := d.node(lambda a: a.ndim == 1 and a.size < 5)) is not None else None
    ),
    lambda xp, x, k: xp.diag(x, k),
    np.diag,
)


def _dots(d: Drawing) -> Drawn:
    place = d.node(lambda a: 1 <= a.ndim < HIGHEST_RANK)
    if place is None:
        return None
    shape = d.arrays[place].shape
    other = d.partner((shape[-1], 2))
    return [place, other], {"subscripts": d.choice(("...i,ij->...j", "...i,ij", "...i,ij->j..."))}


add("einsum with dots", _dots, lambda xp, a, b, subscripts: xp.dotted(subscripts, a, b), np.einsum)
