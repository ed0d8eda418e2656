"""The operations of random graphs that reduce: sums and their kin, norms, softmax and the layers made of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from graph_operations import CLEAR, Array, Drawing, Drawn, add, axis_of, clear, perhaps_no_axis


def _axes(d: Drawing, rank: int) -> Any:
    """None, an axis counted from either end, or several."""
    kind = d.integer(0, 3)
    if rank == 0 or kind == 0:
        return None
    if kind < 3 or rank == 1:
        return d.integer(-rank, rank - 1)
    first = d.integer(0, rank - 1)
    return (first, (first + d.integer(1, rank - 1)) % rank)


def reduction(
    name: str, *covers: Any, run: Any = None, fits: Any = None, options: Any = None, smooth: bool = True, **rest: Any
) -> None:
    body = run or (lambda xp, x, **given: getattr(xp, name)(x, **given))

    def draw(d: Drawing) -> Drawn:
        place = d.node()
        assert place is not None
        drawn: dict[str, Any] = {"axis": _axes(d, d.arrays[place].ndim), "keepdims": d.flag()}
        if fits is not None and not fits(d.arrays[place], drawn["axis"]):
            return None
        return [place], drawn | (options(d, d.arrays[place], drawn["axis"]) or {} if options else {})

    add(name, draw, body, *(covers or (getattr(np, name),)), smooth=smooth, **rest)


def spread(x: Array, axis: Any) -> bool:
    return bool(np.all(np.var(x, axis=axis) > 0.05))


def one_extreme(x: Array, axis: Any) -> bool:
    """Whether no line along `axis` has two entries of nearly the same size; then no extreme is a tie."""
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    moved = np.moveaxis(x, axes, range(-len(axes), 0)).reshape(-1, int(np.prod([x.shape[k] for k in axes])))
    return bool(np.all(np.diff(np.sort(moved, axis=-1), axis=-1) > CLEAR))


reduction("sum", np.sum, "sum")
reduction("method sum", "sum", run=lambda xp, x, **given: x.sum(**given))
reduction("mean", np.mean, "mean")
reduction("prod", np.prod, "prod")
reduction("var", np.var, "var", options=lambda d, x, axis: {})
reduction("std", np.std, "std", fits=spread)
reduction(
    "var with ddof",
    np.var,
    fits=lambda x, axis: np.size(x) > np.size(np.sum(x, axis=axis)),
    run=lambda xp, x, **given: xp.var(x, ddof=0.5, **given),
)
for _name in ("max", "min"):
    reduction(_name, getattr(np, _name), _name, fits=one_extreme, smooth=False)
add(
    "average",
    lambda d: ([p], {"axis": _axes(d, d.arrays[p].ndim)}) if (p := d.node()) is not None else None,
    lambda xp, x, axis: xp.average(x, axis=axis),
    np.average,
)


add("cumsum", perhaps_no_axis, lambda xp, x, axis: xp.cumsum(x, axis=axis), np.cumsum, "cumsum")


def _diff(d: Drawing) -> Drawn:
    drawn = axis_of(d)
    if drawn is None:
        return None
    ([place], options) = drawn
    size = d.arrays[place].shape[options["axis"]]
    return None if size < 2 else ([place], {**options, "n": d.integer(1, min(2, size - 1))})


add("diff", _diff, lambda xp, x, n, axis: xp.diff(x, n, axis=axis), np.diff)


def _norm(d: Drawing) -> Drawn:
    place = d.node(clear)
    if place is None:
        return None
    x = d.arrays[place]
    order = d.choice((None, 1, 2, np.inf, "fro", "all"))
    if order == "all" or x.ndim == 0:
        return [place], {"order": None, "axis": None, "keepdims": d.flag()}
    axis: Any = d.integer(-x.ndim, x.ndim - 1)
    if order == "fro":
        if x.ndim < 2:
            return None
        axis = ((first := d.integer(0, x.ndim - 1)), (first + d.integer(1, x.ndim - 1)) % x.ndim)
    if order == np.inf and not one_extreme(np.abs(x), axis):
        return None
    return [place], {"order": order, "axis": axis, "keepdims": d.flag()}


add(
    "norm",
    _norm,
    lambda xp, x, order, axis, keepdims: xp.linalg.norm(x, order, axis=axis, keepdims=keepdims),
    np.linalg.norm,
    smooth=False,
)
for _name in ("softmax", "log_softmax", "logsumexp"):
    add(
        _name,
        lambda d: ([p], {}) if (p := d.node(lambda a: a.ndim > 0)) is not None else None,
        lambda xp, x, name=_name: getattr(xp, name)(x),
        _name,
        matrix=_name != "log_softmax",
    )
add(
    "half_squared_norm",
    lambda d: ([d.node()], {}),
    lambda xp, x: xp.half_squared_norm(x),
    "half_squared_norm",
    matrix=True,
)
add(
    "cross_entropy",
    lambda d: ([p, d.partner(d.arrays[p].shape)], {}) if (p := d.node(lambda a: a.ndim > 0)) is not None else None,
    lambda xp, x, t: xp.cross_entropy(x, t * t),
    "cross_entropy",
    matrix=True,
)


def _layer_norm(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim > 0 and spread(a, -1))
    if place is None:
        return None
    size = d.arrays[place].shape[-1]
    return [place, d.partner((size,)), d.partner((size,))], {}


add("layer_norm", _layer_norm, lambda xp, x, gain, shift: xp.layer_norm(x, gain, shift), "layer_norm")


def _attention(d: Drawing) -> Drawn:
    place = d.node(lambda a: a.ndim in (2, 3))
    if place is None:
        return None
    *stack, _, width = d.arrays[place].shape
    tokens, other = d.integer(1, 3), d.integer(1, 3)
    return [place, d.partner((*stack, tokens, width)), d.partner((*stack, tokens, other))], {}


add("attention", _attention, lambda xp, q, k, v: xp.attention(q, k, v), "attention")
