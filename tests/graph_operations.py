"""The operations that random graphs are made of: how each is drawn, and what it does, written once against a module.

An `Operation` has a `draw`, which looks at the arrays that there are and gives the places of its operands and its
options (or None where it does not fit), and a `run`, which does the work with the functions of `xp`: NumPy's own and
ours on arrays and on expressions, or those of another library. `covers` are the functions whose handling it tests.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, Any]
Drawn = tuple[list[int], dict[str, Any]] | None

#: Arguments keep this distance from where a derivative does not exist.
CLEAR = 1e-2
LARGEST, HIGHEST_RANK = 64, 4


class Drawing(Protocol):
    """What an operation is drawn from; see `random_graphs`."""

    arrays: list[Array]
    plain: bool  # no stretched axes and no stacks: the notes' calculus

    def integer(self, low: int, high: int) -> int: ...
    def flag(self) -> bool: ...
    def choice(self, options: Any) -> Any: ...
    def node(self, fits: Callable[[Array], bool] = ...) -> int | None: ...
    def partner(self, shape: tuple[int, ...]) -> int: ...
    def leaf(self, shape: tuple[int, ...]) -> int: ...


@dataclass(frozen=True)
class Operation:
    """One kind of step. `smooth`: its derivatives exist everywhere; `matrix`: the notes' calculus has it."""

    name: str
    draw: Callable[[Drawing], Drawn]
    run: Callable[..., Any]
    covers: tuple[Any, ...] = ()
    smooth: bool = True
    matrix: bool = False


OPERATIONS: dict[str, Operation] = {}


def add(name: str, draw: Any, run: Any, *covers: Any, smooth: bool = True, matrix: bool = False) -> None:
    assert name not in OPERATIONS
    OPERATIONS[name] = Operation(name, draw, run, covers, smooth, matrix)


def clear(distance: Any) -> bool:
    """Whether every entry is far enough from zero."""
    return bool(np.all(np.abs(distance) > CLEAR))


# --- element-wise, one argument ---------------------------------------------------------------------------------------

#: Where an argument may lie, and what brings any argument there.
DOMAINS: dict[str, tuple[Callable[[Array], bool], Callable[[Any, Any], Any]]] = {
    "any": (lambda x: True, lambda xp, x: x),
    "bounded": (lambda x: bool(np.all(np.abs(x) < 1.2)), lambda xp, x: xp.tanh(x)),
    "unit": (lambda x: bool(np.all(np.abs(x) < 0.8)), lambda xp, x: 0.8 * xp.sin(x)),
    "positive": (lambda x: bool(np.all(x > 0.3)), lambda xp, x: 0.5 + xp.square(x)),
    "above one": (lambda x: bool(np.all(x > 1.3)), lambda xp, x: 1.5 + x * x),
    "not zero": (lambda x: bool(np.all(np.abs(x) > 0.3)), lambda xp, x: 0.5 + x * x),
    "no kink at zero": (clear, lambda xp, x: 0.1 + x * x),
    "not whole": (lambda x: clear(x - np.rint(x)), lambda xp, x: 0.25 + 0.2 * xp.tanh(x)),
    "not half": (lambda x: clear(x - np.floor(x) - 0.5), lambda xp, x: 0.4 * xp.tanh(x)),
}


def unary(name: str, domain: str, *covers: Any, run: Any = None, smooth: bool = True, matrix: bool = False) -> None:
    inside, _ = DOMAINS[domain]
    body = run or (lambda xp, x: getattr(xp, name)(x))

    def draw(d: Drawing) -> Drawn:
        place = d.node()
        assert place is not None
        return [place], ({} if inside(d.arrays[place]) else {"moved": domain})

    def whole(xp: Any, x: Any, moved: str | None = None) -> Any:
        return body(xp, x if moved is None else DOMAINS[moved][1](xp, x))

    add(name, draw, whole, *(covers or (getattr(np, name),)), smooth=smooth, matrix=matrix)


for _name in ("sin", "cos", "tanh", "arctan", "arcsinh", "square", "negative", "positive"):
    unary(_name, "any", matrix=_name in ("sin", "cos", "tanh", "square", "negative"))
for _name in ("deg2rad", "radians"):
    unary(_name, "any")
for _name in ("rad2deg", "degrees"):
    unary(_name, "bounded", getattr(np, _name), run=lambda xp, x, name=_name: 0.02 * getattr(xp, name)(x))
for _name in ("exp", "exp2", "expm1", "sinh", "cosh", "tan"):
    unary(_name, "bounded", matrix=_name == "exp")
for _name in ("arcsin", "arccos", "arctanh"):
    unary(_name, "unit")
for _name in ("log", "log2", "log10", "log1p", "sqrt", "cbrt"):
    unary(_name, "positive", matrix=_name in ("log", "sqrt"))
unary("arccosh", "above one")
unary("reciprocal", "not zero")
for _name in ("absolute", "fabs", "sign"):
    unary(_name, "no kink at zero", smooth=False)
for _name in ("floor", "ceil", "trunc"):
    unary(_name, "not whole", smooth=False)
unary("rint", "not half", smooth=False)
for _name in ("sigmoid", "softplus"):
    unary(_name, "any", _name, matrix=True)
unary("relu", "no kink at zero", "relu", smooth=False, matrix=True)
unary("our tanh", "any", "tanh", run=lambda xp, x: xp.tanh(x))
for _name, _power in (("cubed", 3), ("to the fourth", 4), ("to the half", 0.5), ("to minus one", -1), ("to 1.7", 1.7)):
    unary(_name, "positive", np.power, run=lambda xp, x, p=_power: x**p)
unary("number to a power", "bounded", np.power, run=lambda xp, x: 1.5**x)
unary("zeros_like", "any", run=lambda xp, x: x + xp.zeros_like(x))
unary("ones_like", "any", run=lambda xp, x: x - 0.5 * xp.ones_like(x))
unary("full_like", "any", run=lambda xp, x: x * xp.full_like(x, 0.7))
unary("copy", "any", np.copy, "copy", run=lambda xp, x: xp.copy(x))
unary("by its size", "any", np.size, run=lambda xp, x: x / xp.size(x))
unary("by its rank", "any", np.shape, np.ndim, run=lambda xp, x: x * (1.0 + len(xp.shape(x)) + xp.ndim(x)) * 0.2)


# --- element-wise, two and three arguments ----------------------------------------------------------------------------


def broadcast_partner(d: Drawing, place: int) -> int | None:
    """A node that broadcasts with the one at `place`, or a new leaf that does."""
    shape = d.arrays[place].shape
    if d.plain:
        return d.partner(shape if d.integer(0, 3) else ())

    def fits(other: Array) -> bool:
        try:
            joint = np.broadcast_shapes(shape, other.shape)
        except ValueError:
            return False
        return len(joint) <= HIGHEST_RANK and int(np.prod(joint)) <= LARGEST

    if d.integer(0, 3):
        found = d.node(fits)
        if found is not None and found != place:
            return found
    kind = d.integer(0, 3)
    if kind == 0 and len(shape) < HIGHEST_RANK and 2 * np.prod(shape) <= LARGEST:
        return d.leaf((2, *(1 if d.flag() else size for size in shape)))
    return d.leaf(
        tuple(1 if d.integer(0, 2) == 0 else size for size in shape[d.integer(0, len(shape)) * (kind == 1) :])
    )


def binary(
    name: str,
    domains: tuple[str, str],
    *covers: Any,
    run: Any = None,
    apart: bool = False,
    smooth: bool = True,
    matrix: bool = False,
) -> None:
    """`apart` asks for arguments that are nowhere equal."""
    body = run or (lambda xp, a, b: getattr(xp, name)(a, b))

    def draw(d: Drawing) -> Drawn:
        first = d.node()
        assert first is not None
        second = broadcast_partner(d, first)
        if second is None:
            return None
        places = [first, second] if d.flag() else [second, first]
        a, b = (d.arrays[place] for place in places)
        if apart and not clear(a - b):
            return None
        moved = tuple(None if DOMAINS[one][0](d.arrays[at]) else one for one, at in zip(domains, places, strict=True))
        return places, ({"moved": moved} if any(moved) else {})

    def whole(xp: Any, a: Any, b: Any, moved: tuple[str | None, str | None] = (None, None)) -> Any:
        a, b = (x if m is None else DOMAINS[m][1](xp, x) for x, m in zip((a, b), moved, strict=True))
        return body(xp, a, b)

    add(name, draw, whole, *(covers or (getattr(np, name),)), smooth=smooth, matrix=matrix)


ANY = ("any", "any")
for _name, _operator in (("add", operator.add), ("subtract", operator.sub), ("multiply", operator.mul)):
    binary(_name, ANY)
    binary(_name + " sign", ANY, getattr(np, _name), run=lambda xp, a, b, op=_operator: op(a, b), matrix=True)
binary("divide", ("any", "not zero"))
binary("division sign", ("any", "not zero"), np.divide, run=lambda xp, a, b: a / b)
binary("power", ("positive", "bounded"))
binary("float_power", ("positive", "bounded"))
binary("logaddexp", ANY)
binary("arctan2", ("not zero", "not zero"))
binary("hypot", ("not zero", "not zero"))
for _name in ("maximum", "minimum", "fmax", "fmin"):
    binary(_name, ANY, apart=True, smooth=False)
for _name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"):
    binary(
        _name,
        ANY,
        getattr(np, _name),
        np.where,
        run=lambda xp, a, b, name=_name: xp.where(getattr(xp, name)(a, b), a * b, a + 2.0 * b),
        apart=True,
        smooth=False,
    )


def _remainder(d: Drawing) -> Drawn:
    first = d.node()
    assert first is not None
    second = broadcast_partner(d, first)
    if second is None:
        return None
    quotient = d.arrays[first] / (0.5 + d.arrays[second] ** 2)
    return ([first, second], {}) if clear(quotient - np.rint(quotient)) else None


for _name in ("remainder", "mod"):
    add(
        _name,
        _remainder,
        lambda xp, a, b, name=_name: getattr(xp, name)(a, 0.5 + b * b),
        getattr(np, _name),
        smooth=False,
    )


def _where(d: Drawing) -> Drawn:
    condition = d.node(clear)
    if condition is None:
        return None
    first = broadcast_partner(d, condition)
    if first is None:
        return None
    try:
        shape = np.broadcast_shapes(*(d.arrays[k].shape for k in (condition, first)))
    except ValueError:
        return None
    return [condition, first, d.partner(tuple(shape))], {}


add("where", _where, lambda xp, c, a, b: xp.where(c > 0, a, b), np.where, smooth=False)


def _clip(d: Drawing) -> Drawn:
    place = d.node(lambda a: clear(a - 0.5) and clear(a + 0.4))
    return None if place is None else ([place], {"low": -0.4, "high": d.choice((None, 0.5))})


add("clip", _clip, lambda xp, x, low, high: xp.clip(x, low, high), np.clip, "clip", smooth=False)


def small_pair(d: Drawing) -> Drawn:
    first, second = d.node(lambda a: a.size <= 8), d.node(lambda a: a.size <= 8)
    return None if first is None or second is None else ([first, second], {})


def axis_of(d: Drawing, fits: Callable[[Array], bool] = lambda a: a.ndim > 0) -> Drawn:
    place = d.node(fits)
    if place is None:
        return None
    rank = d.arrays[place].ndim
    return [place], {"axis": d.integer(-rank, rank - 1)}


def perhaps_no_axis(d: Drawing) -> Drawn:
    drawn = axis_of(d)
    if drawn is not None and d.integer(0, 3) == 0:
        drawn[1]["axis"] = None
    return drawn
