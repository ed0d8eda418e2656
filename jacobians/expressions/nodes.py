"""What an expression is.

An expression is a node of an immutable graph, made once: two expressions of the same structure are one object
(hash-consing), so that sharing in the mathematics is sharing in the graph. The kinds of node:

`Variable`, `Constant`
    the leaves.
`Named`
    another expression under a name that the chain shows.
`EinsumSum`
    a sum of `EinsumTerm`s. A term is an einsum whose output may repeat an index: a coefficient, operands with their
    indices, and an output. Products, sums, transposes, traces, diagonals and Jacobians are all networks.
`Elementwise`
    a function applied entry by entry, its arguments broadcast as in NumPy.
`Primitive`
    a nonlinear function of whole arrays, with a rule for its local Jacobian.
`Concatenate`, `Take`, `Merge`, `Split` (of `index_maps`)
    linear, but no einsum. Their local Jacobian holds an `IndexMap`, a tensor of zeros and ones, which
    is never multiplied: it restricts the operands it meets, or becomes a view of the result.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, TypeVar, final
from weakref import WeakValueDictionary

import numpy as np

from ..errors import DataError, ShapeError, UnsupportedError
from ..shapes.broadcasting import broadcast_shape
from ..shapes.memory import refuse_if_too_large
from ..shapes.names import check_name, normalise
from ..shapes.sizes import Shape, Size, check_size, multiply_sizes
from .array_protocol import FUNCTIONS, TRACER, ArrayProtocol, Writable
from .display import Displayed
from .pickling import Rebuilt

Array = np.ndarray[Any, Any]

#: What stands in the place of a child.
Change = Callable[["Expression"], "Expression"]


@dataclass(frozen=True, slots=True)
class EinsumTerm:
    """`coefficient` times an einsum of `operands` whose `output` may repeat an index.

    Indices are small integers, numbered by first appearance in the output and then in the operands. An index of the
    output that no operand has is a broadcast (or, repeated, a Kronecker delta); one that only `sizes` knows is
    summed over nothing and counts its size once.
    """

    coefficient: float
    operands: tuple[Expression, ...]
    indices: tuple[tuple[int, ...], ...]
    output: tuple[int, ...]
    sizes: tuple[Size, ...]

    @property
    def parts(self) -> tuple[Any, ...]:
        """The arguments that it is made of."""
        return self.coefficient, self.operands, self.indices, self.output, self.sizes

    @property
    def shape(self) -> Shape:
        return tuple(self.sizes[index] for index in self.output)

    @property
    def held(self) -> frozenset[int]:
        """The indices that some operand has."""
        return frozenset(itertools.chain.from_iterable(self.indices))


class Expression(Displayed, Rebuilt, ArrayProtocol):
    """A node of the graph. `shape` is a tuple of integers and symbols; a scalar has shape `()`, a vector `(n,)`.

    Made by `vector`, `matrix`, …, by Python's operators and by NumPy's functions, which raise `ShapeError` where shapes
    do not meet, and `UnsupportedError` for what has no derivative here.

    >>> W, x = matrix("W", "h", "d"), vector("x", "d")
    >>> W @ x, (W @ x).shape
    (W x, ('h',))
    """

    __slots__ = ("__weakref__", "serial", "shape")
    shape: Shape
    serial: int

    @property
    def name(self) -> str | None:
        """The name of a variable, a named constant or a `.named` expression; None for anything else."""
        return None

    @property
    def children(self) -> tuple[Expression, ...]:
        """The expressions that this one is computed from."""
        return ()

    def with_children(self, new: Change) -> Expression:
        """The same operation on `new(child)` for every child, of the same shape; a leaf stays itself."""
        return type(self).rebuild(*(_exchanged(part, new) for part in self.made_of())) if self.children else self

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> Size:
        return multiply_sizes(self.shape)

    @property
    def T(self) -> Expression:
        """All axes reversed, as NumPy's `.T`; a vector is its own."""
        reversed_axes: Any = np.transpose(self)  # through the table: algebra stands above
        return reversed_axes  # type: ignore[no-any-return]

    def named(self, name: str) -> Named:
        """The same expression under a name that the chain shows: `(W @ x + b).named("z")`."""
        return Named.of(name, self)

    #: How an expression prints, as text and in LaTeX; set by `notation`, which stands above.
    printer: ClassVar[Callable[[Any], str]] = object.__repr__
    latex_printer: ClassVar[Callable[[Any], str]] = object.__repr__

    def latex(self) -> str:
        r"""The formula in LaTeX's math mode, in the typography of the notes; of a named expression what it stands for.

        It needs the package amsmath. Vectors and higher are bold: `\mathbf{W}^{(1)} \mathbf{x} + \mathbf{b}_1`.
        """
        return Expression.latex_printer(self)

    def __repr__(self) -> str:
        return Expression.printer(self)

    __str__ = __repr__


def _exchanged(part: Any, new: Change) -> Any:
    if isinstance(part, tuple):
        return tuple(_exchanged(one, new) for one in part)
    return new(part) if isinstance(part, Expression) else part


_serials = itertools.count()
_nodes: WeakValueDictionary[Hashable, Expression] = WeakValueDictionary()
_E = TypeVar("_E", bound=Expression)
#: Held while a node is made, so that two threads do not make the same node twice.
_making = threading.RLock()


def _renew_lock() -> None:
    global _making  # noqa: PLW0603 - a thread that held it does not live on in a forked process
    _making = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def intern(cls: type[_E], key: Hashable, fill: Callable[[_E], None]) -> _E:
    """The one node of class `cls` with `key`, made with `fill` if it is not there yet; safe under threads."""
    known = _nodes.get((cls, key))
    if known is not None:
        return known  # type: ignore[return-value]
    with _making:
        known = _nodes.get((cls, key))
        if known is not None:
            return known  # type: ignore[return-value]
        node = cls.__new__(cls)
        node.serial = next(_serials)
        fill(node)
        _nodes[(cls, key)] = node
        return node


@final
class Variable(Expression):
    """A leaf that is given a value later. Made by `scalar`, `vector`, `matrix`, `tensor`."""

    __slots__ = ("_name", "owner")
    _name: str
    owner: Hashable

    @classmethod
    def of(cls, name: str, shape: Shape) -> Variable:
        check_name(name, "a variable")
        return cls.private(name, shape, None)

    @classmethod
    def private(cls, name: str, shape: Shape, owner: Hashable) -> Variable:
        """A variable that belongs to its `owner`: it is no other one's of that name and shape."""

        def fill(node: Variable) -> None:
            node._name, node.shape, node.owner = name, shape, owner

        return intern(cls, (name, shape, owner), fill)

    def made_of(self) -> tuple[Any, ...]:
        return self._name, self.shape, self.owner

    rebuild = private

    @property
    def name(self) -> str:
        return self._name


@final
class Constant(Expression):
    """A leaf with a value of its own. The array is copied and cannot be written to."""

    __slots__ = ("_name", "value")
    _name: str | None
    value: Array

    @classmethod
    def of(cls, array: Any, name: str | None = None) -> Constant:
        if isinstance(array, np.matrix):
            raise DataError("a constant: an np.matrix, whose * is not that of arrays; np.asarray(M) is an array")
        if name is not None:
            check_name(name, "a constant")
        value = as_real_array(array, f"the constant {name}" if name else "a constant")
        if 0 in value.shape:
            raise ShapeError(f"a constant has axes of size 1 or more, got shape {value.shape}")
        refuse_if_too_large(
            [value.shape], "a constant, which is a copy of the array", "Make it a variable.", value.itemsize
        )

        def fill(node: Constant) -> None:
            node._name, node.shape = name, value.shape
            node.value = value.copy()
            node.value.flags.writeable = False

        return intern(cls, (name, value.shape, value.dtype.str, _content(value)), fill)

    def made_of(self) -> tuple[Any, ...]:
        return self.value, self._name

    rebuild = of

    @property
    def name(self) -> str | None:
        return self._name


def _content(value: Array) -> bytes:
    """What tells arrays apart: their bytes, or of a large one, which is not kept twice, a digest of 32 bytes."""
    if value.nbytes <= 4096:
        return value.tobytes()
    from hashlib import blake2b

    return blake2b(np.ascontiguousarray(value).data, digest_size=32).digest()


@final
class Named(Expression):
    """`body` under a name."""

    __slots__ = ("_name", "body")
    _name: str
    body: Expression

    @classmethod
    def of(cls, name: str, body: Expression) -> Named:
        check_name(name, "an expression")
        body = unnamed(body)

        def fill(node: Named) -> None:
            node._name, node.body, node.shape = name, body, body.shape

        return intern(cls, (name, body.serial), fill)

    def made_of(self) -> tuple[Any, ...]:
        return self._name, self.body

    rebuild = of

    @property
    def name(self) -> str:
        return self._name

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.body,)


class EinsumSum(Expression):
    """A sum of terms of one shape; no term at all is zero."""

    __slots__ = ("terms",)
    terms: tuple[EinsumTerm, ...]

    @classmethod
    def of(cls, terms: Iterable[EinsumTerm], shape: Shape) -> EinsumSum:
        terms = tuple(terms)

        def fill(node: EinsumSum) -> None:
            node.terms, node.shape = terms, shape

        return intern(cls, (terms, shape), fill)

    def made_of(self) -> tuple[Any, ...]:
        return tuple(term.parts for term in self.terms), self.shape

    @classmethod
    def rebuild(cls, terms: Iterable[tuple[Any, ...]], shape: Shape) -> EinsumSum:
        return cls.of((EinsumTerm(*parts) for parts in terms), shape)

    @property
    def children(self) -> tuple[Expression, ...]:
        return tuple(dict.fromkeys(operand for term in self.terms for operand in term.operands))

    #: The normal form of a sum whose operands have been exchanged; set by `terms`, which stands above.
    rebuilt: ClassVar[Callable[[EinsumSum, Change], Expression]]

    def with_children(self, new: Change) -> Expression:
        return EinsumSum.rebuilt(self, new)


@final
class Adjoint(EinsumSum):
    """A shared intermediate of the chain rule: part of ∂`numerator`/∂`denominator`, with no delta in its output."""

    __slots__ = ("denominator", "numerator")
    numerator: Expression
    denominator: Expression

    @classmethod
    def between(cls, numerator: Expression, denominator: Expression, terms: Sequence[EinsumTerm]) -> Adjoint:
        def fill(node: Adjoint) -> None:
            node.terms, node.shape = tuple(terms), terms[0].shape
            node.numerator, node.denominator = numerator, denominator

        return intern(cls, (tuple(terms), numerator.serial, denominator.serial), fill)

    def made_of(self) -> tuple[Any, ...]:
        return self.numerator, self.denominator, tuple(term.parts for term in self.terms)

    @classmethod
    def rebuild(cls, numerator: Any, denominator: Any, terms: Any) -> Adjoint:  # type: ignore[override]
        return cls.between(numerator, denominator, [EinsumTerm(*parts) for parts in terms])


#: Functions and rules by kind, name and source: how another process finds its own.
_by_source: dict[tuple[Hashable, ...], Any] = {}


def _home(one: Any) -> str:
    """The module that a function or a rule is defined in; an empty text where no module has it under a name."""
    for name, module in list(sys.modules.items()):
        if name != "__main__" and any(value is one for value in list(getattr(module, "__dict__", {}).values())):
            return name
    return ""


def _defined(home: str, kind: str, name: str, *source: Hashable) -> Any:
    """The function or the rule of that name and source in this process; its module is imported if it is not there."""
    if home and (kind, name, *source) not in _by_source:
        with suppress(ImportError):
            import_module(home)
    known = _by_source.get((kind, name, *source))
    if known is None:
        raise UnsupportedError(
            f"the {kind} {name!r} is not defined in this process: import the module that defines it before unpickling"
        )
    return known


#: Groups of arguments; a function is never negative where all arguments of one group never are.
Sign = tuple[tuple[int, ...], ...]
#: The sign of what is never negative, whatever its arguments are.
ALWAYS: Sign = ((),)


@dataclass(frozen=True, eq=False)
class Function:
    """An element-wise function.

    `template` is its NumPy source with `{0}`, `{1}` for the arguments; `partials` gives the derivatives with respect to
    each argument as expressions of the arguments and of the value. An `activation` prints its derivative as σ′(z), and
    is differentiated through `Prime`. `truth` is what an `if` makes of it, where it means something before there are
    numbers. A function that is computed with care at singular points prints as what it is `shown` as.
    The source of a `condition` gives truth values, which count as 1 and 0.

    What is known of its values, for rewrites that depend on it: `sign` lists groups of arguments, and it is never
    negative where all arguments of one group never are (`ALWAYS`: whatever they are); `monotone` is 1 where it
    increases in each argument, −1 where it decreases, and 0 where it does neither or that is not known.
    """

    name: str
    template: str
    partials: Callable[[tuple[Expression, ...], Expression], tuple[Any, ...]]
    activation: bool = False
    truth: Callable[..., bool] | None = None
    shown: Callable[[tuple[Expression, ...]], Any] | None = None
    condition: bool = False
    sign: Sign = ()
    monotone: int = 0

    def __post_init__(self) -> None:
        _by_source[self._source] = self

    @property
    def _source(self) -> tuple[Hashable, ...]:
        return "function", self.name, self.template, self.truth is not None

    def __reduce__(self) -> tuple[Any, ...]:
        return _defined, (_home(self), *self._source)

    def __call__(self, *args: Expression) -> Expression:
        recognise = RECOGNISED.get(self)
        known = None if recognise is None else recognise(*args)
        return Elementwise.of(self, args) if known is None else known


#: Stable forms: what a function of given arguments is better computed as, or None; filled by `functions.stable_forms`.
RECOGNISED: dict[Function, Callable[..., Expression | None]] = {}


@dataclass(frozen=True)
class Prime:
    """The `order`-th derivative of an activation, as a function of its own: σ′, σ″, …"""

    base: Function
    order: int


@final
class Elementwise(Expression):
    """`function` of `args`, entry by entry; the arguments broadcast as in NumPy (literal 1s only)."""

    __slots__ = ("args", "function")
    args: tuple[Expression, ...]
    function: Function | Prime

    @classmethod
    def of(cls, function: Function | Prime, args: tuple[Expression, ...]) -> Elementwise:
        what = function.name if isinstance(function, Function) else function.base.name + "′" * function.order
        shape = broadcast_shape(what, [arg.shape for arg in args], lambda k: role(args[k], k))

        def fill(node: Elementwise) -> None:
            node.function, node.args, node.shape = function, args, shape

        return intern(cls, (function, tuple(arg.serial for arg in args)), fill)

    def made_of(self) -> tuple[Any, ...]:
        return self.function, self.args

    rebuild = of

    @property
    def children(self) -> tuple[Expression, ...]:
        return tuple(dict.fromkeys(self.args))

    def truth(self) -> bool | None:
        decide = self.function.truth if isinstance(self.function, Function) else None
        return None if decide is None else decide(*self.args)


@dataclass(frozen=True, eq=False)
class Rule:
    """What a primitive is: its NumPy source, its shape, and its local Jacobians.

    `local(node)` gives one list of terms for each argument: ∂node/∂argument, output axes and then the argument's
    axes reversed. `helper` is the source of a function of that name, where the template calls one, and `vector_helper`
    a shorter one for vectors. `shown(node)` is the
    expression that it prints as, where that is another; `terms(*args)` are the networks of an `Expansion`.
    `sign` is that of its entries, as for a `Function`. `traced_helper` is `helper`
    without branches, for libraries that trace.
    """

    name: str
    template: str
    shape: Callable[[tuple[Expression, ...]], Shape]
    local: Callable[[Any], tuple[list[EinsumTerm], ...]]
    helper: str = ""
    shown: Callable[[Any], Expression] | None = None
    terms: Callable[..., Sequence[EinsumTerm]] | None = None
    sign: Sign = ()
    vector_helper: str = ""
    traced_helper: str = ""

    def __post_init__(self) -> None:
        _by_source[self._source] = self

    @property
    def _source(self) -> tuple[Hashable, ...]:
        return "rule", self.name, self.template, self.helper

    def __reduce__(self) -> tuple[Any, ...]:
        return _defined, (_home(self), *self._source)


@final
class Primitive(Expression):
    """A nonlinear function of whole arrays."""

    __slots__ = ("args", "rule")
    args: tuple[Expression, ...]
    rule: Rule

    @classmethod
    def of(cls, rule: Rule, *args: Expression) -> Primitive:
        shape = rule.shape(args)

        def fill(node: Primitive) -> None:
            node.rule, node.args, node.shape = rule, args, shape

        return intern(cls, (rule, tuple(arg.serial for arg in args)), fill)

    def made_of(self) -> tuple[Any, ...]:
        return (self.rule, *self.args)

    rebuild = of

    @property
    def children(self) -> tuple[Expression, ...]:
        return tuple(dict.fromkeys(self.args))


@final
class Expansion(EinsumSum):
    """A function of `args` with a `rule`, computed as a sum of networks whose operands have no derivative."""

    __slots__ = ("args", "rule")
    args: tuple[Expression, ...]
    rule: Rule

    @classmethod
    def of(cls, rule: Rule, *args: Expression) -> Expansion:  # type: ignore[override]
        assert rule.terms is not None
        shape, terms = rule.shape(args), tuple(rule.terms(*args))

        def fill(node: Expansion) -> None:
            node.rule, node.args, node.shape, node.terms = rule, args, shape, terms

        return intern(cls, (rule, tuple(arg.serial for arg in args)), fill)

    def made_of(self) -> tuple[Any, ...]:
        return (self.rule, *self.args)

    rebuild = of  # type: ignore[assignment]

    def with_children(self, new: Change) -> Expression:
        return Expansion.of(self.rule, *map(new, self.args))


def shown(node: Expression) -> Expression:
    """What a node prints as: itself, but for those that are computed with care at singular points."""
    if isinstance(node, Elementwise):
        form = node.function.shown if isinstance(node.function, Function) else None
        return node if form is None else as_expression(form(node.args))
    if isinstance(node, (Primitive, Expansion)):
        return node if node.rule.shown is None else node.rule.shown(node)
    return node


@final
class SizeValue(Expression):
    """A scalar: the value of a symbolic size, known when sizes are bound; what a mean divides by."""

    __slots__ = ("length",)
    length: Size

    @classmethod
    def of(cls, length: Size) -> SizeValue:
        def fill(node: SizeValue) -> None:
            node.length, node.shape = length, ()

        return intern(cls, (length,), fill)

    def made_of(self) -> tuple[Any, ...]:
        return (self.length,)

    rebuild = of


# --- making leaves ------------------------------------------------------------------------------------------------


def scalar(name: str) -> Variable:
    """A scalar variable, shape `()`. Raises `NamingError` for a name that is not an identifier, or is a keyword.

    >>> scalar("c").shape
    ()
    """
    return Variable.of(name, ())


def vector(name: str, n: Size) -> Variable:
    """A variable that is a column vector, shape `(n,)`; `n` is an integer of at least 1 or a symbol such as `"d"`.

    Raises `NamingError` for a bad name, `ShapeError` for a bad size.

    >>> vector("x", "d").shape
    ('d',)
    """
    return tensor(name, n)


def matrix(name: str, n: Size, m: Size) -> Variable:
    """A variable that is a matrix with n rows and m columns, shape `(n, m)`; errors as for `vector`.

    >>> matrix("W", "h", 5).shape
    ('h', 5)
    """
    return tensor(name, n, m)


def tensor(name: str, *sizes: Size) -> Variable:
    """A variable with any number of axes, shape `sizes`; errors as for `vector`.

    >>> tensor("T", "n", 3, 2).shape
    ('n', 3, 2)
    """
    check_name(name, "a variable")
    return Variable.of(name, tuple(check_size(size, f"{name}, axis {axis}") for axis, size in enumerate(sizes)))


def constant(array: Any, name: str | None = None) -> Constant:
    """A constant in the shape of `array`, whose values are copied; `name` is what it prints as.

    Raises `DataError` for values that are not real numbers, `ShapeError` for an axis of size 0.

    >>> constant([[1.0, 2.0]], "A").shape
    (1, 2)
    """
    return Constant.of(array, name)


def as_expression(value: Any) -> Expression:
    """An expression as it is; numbers and arrays as constants; a list or an array of expressions as their stack.

    While a function is traced, an array is what the tracer makes of it.
    """
    if isinstance(value, Expression):
        return value
    if isinstance(value, Writable):
        return as_expression(value.settled())
    made: Expression
    if holds_expressions(value):
        if not isinstance(value, np.ndarray):
            return FUNCTIONS[np.stack](value)  # type: ignore[no-any-return]
        if not value.ndim:
            return as_expression(value.item())
        made = FUNCTIONS[np.reshape](FUNCTIONS[np.stack](list(value.flat)), value.shape)
        return made
    if isinstance(value, np.ndarray) and value.ndim and (tracer := TRACER.get()) is not None:
        made = tracer.lift(value)
        return made
    return Constant.of(value)


def holds_expressions(value: object) -> bool:
    """Whether a nested list or tuple, or an array of objects, has an expression in it."""
    if isinstance(value, np.ndarray):
        return value.dtype == object and any(isinstance(one, Expression) for one in value.flat)
    return isinstance(value, (list, tuple)) and any(
        isinstance(one, (Expression, Writable)) or holds_expressions(one) for one in value
    )


def unnamed(expression: Expression) -> Expression:
    """What a named expression is a name of."""
    return expression.body if isinstance(expression, Named) else expression


def as_real_array(array: Any, what: str) -> Array:
    """`array` as floating-point NumPy array; anything that is not real numbers is a `DataError` naming `what`."""
    if isinstance(array, Expression):
        raise DataError(f"{what}: expected numbers, got an expression of shape {array.shape}")
    if isinstance(array, str):
        raise DataError(f"{what}: expected numbers, got the text {array!r}")
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        raise DataError(f"{what}: an array with masked entries; fill them (.filled(0.0)), or index what is not masked")
    try:
        result = np.asarray(array)
    except (ValueError, TypeError) as error:
        raise DataError(f"{what}: not an array of numbers: {error}") from None
    if result.dtype.kind in "biu":
        result = result.astype(np.float64)
    if result.dtype.kind == "c":
        raise DataError(
            f"{what}: complex values ({result.dtype}); derivatives here are real. Take .real or .imag, or split the "
            "variable in two"
        )
    if result.dtype.kind != "f":
        kind = "values of mixed lengths or types" if result.dtype.kind == "O" else f"values of type {result.dtype}"
        raise DataError(f"{what}: expected real numbers, got {kind}")
    return result


def variables_called(name: str) -> list[Variable]:
    """The variables of that (normalised) name that are alive, in any expression or by themselves."""
    nodes = (reference() for reference in _nodes.valuerefs())  # a list of its own: threads go on making nodes
    return [node for node in nodes if isinstance(node, Variable) and node.owner is None and name_key(node) == name]


# --- names --------------------------------------------------------------------------------------------------------


def role(expression: Expression, position: int) -> str:
    """How an error names an operand: its name, how it prints where that is short, or its place."""
    if expression.name is not None:
        return expression.name
    text = "" if isinstance(expression, Constant) else str(expression)
    return f"operand {position + 1}" if not 0 < len(text) <= 24 else f"({text})" if " " in text else text


def name_key(expression: Expression) -> str | None:
    """The normalised name under which values are looked up; None where there is no name."""
    return None if expression.name is None else normalise(expression.name)
