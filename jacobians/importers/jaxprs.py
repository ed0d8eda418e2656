"""Functions of JAX as expressions: the jaxpr that JAX traces, read equation by equation.

An equation whose inputs are known (masks, iotas, indices, constants) is run by JAX itself; any other builds an
expression by the primitive's name (`primitives.HANDLERS`). What JAX keeps to itself is touched in this module alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import DataError, ShapeError, UnsupportedError
from ..expressions.nodes import Expression, as_expression, tensor
from ..shapes.names import check_name
from .primitives import HANDLERS, INLINED, is_known

#: A loop of more turns than that is refused: each turn is written out.
LONGEST_LOOP = 5000


def from_jax(f: Callable[..., Any], *examples: Any) -> Any:
    """The result of a JAX function as an expression, or a tree of them, in variables named by argument.

    `examples` are arrays, or anything with `.shape` and `.dtype`, in the containers that f takes; integers and truth
    values among them are taken by value. A leaf of a container is named by its path: `params["w"]` is `params_w`. What
    `jax.ad_checkpoint.checkpoint_name` names is a named expression, so that it shows in `.factors`.

    Raises `DataError` for an example that is not real, and `UnsupportedError` for a primitive without a rule, with the
    line of f where JAX knows it, and where a custom derivative differs from that of the function as it is computed.
    Needs the extra `jax`.

    >>> import jax.numpy as jnp
    >>> from jacobians import derivative
    >>> y = from_jax(lambda W, x: jnp.tanh(W @ x), np.ones((3, 2)), np.ones(2))
    >>> y
    σ(W x)
    >>> y.shape
    (3,)
    """
    if not callable(f):
        raise UnsupportedError(f"from_jax reads a function of JAX arrays, got {type(f).__name__}")
    jax = _jax()
    leaves, form = jax.tree_util.tree_flatten(examples)
    for leaf in leaves:
        if not hasattr(leaf, "dtype") and not isinstance(leaf, (bool, int, float)):
            raise DataError(f"from_jax: an example is an array or a number, got {type(leaf).__name__}")
        if np.dtype(getattr(leaf, "dtype", float)).kind == "c":
            raise DataError("from_jax: an example is complex; derivatives here are real. Take .real and .imag apart")
    with jax.enable_x64(True):
        places = [k for k, leaf in enumerate(leaves) if _is_float(leaf)]

        def of_floats(*floats: Any) -> Any:
            filled = list(leaves)
            for place, value in zip(places, floats, strict=True):
                filled[place] = value
            return f(*jax.tree_util.tree_unflatten(form, filled))

        shapes = [jax.ShapeDtypeStruct(np.shape(leaves[place]), np.float64) for place in places]
        closed, out = jax.make_jaxpr(of_floats, return_shape=True)(*shapes)
        names = _names(f, examples)
        variables = [_variable(names[place], np.shape(leaves[place])) for place in places]
        results = _Reader(jax).read(closed.jaxpr, closed.consts, variables)
    made = [as_expression(one) for one in results]
    return jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(out), made)


def _jax() -> Any:
    try:
        import jax
    except ImportError:
        raise UnsupportedError("reading a function of JAX needs JAX: pip install 'jacobians[jax]'") from None
    return jax


def _is_float(leaf: Any) -> bool:
    return isinstance(leaf, float) or (hasattr(leaf, "dtype") and np.issubdtype(_kind(leaf.dtype), np.floating))


def _kind(dtype: Any) -> Any:
    """bfloat16 and the like are floating-point types that NumPy does not know."""
    return np.floating if "float" in str(dtype) else dtype


def _names(f: Callable[..., Any], examples: Sequence[Any]) -> list[str]:
    """A name for every leaf: its argument's, and its path in that."""
    import inspect

    from jax.tree_util import keystr, tree_flatten_with_path

    try:
        parameters = [
            one.name
            for one in inspect.signature(f).parameters.values()
            if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        parameters = []
    names: list[str] = []
    for number, example in enumerate(examples):
        stem = parameters[number] if number < len(parameters) else f"x{number}"
        paths, _ = tree_flatten_with_path(example)
        for path, _ in paths:
            parts = re.findall(r"\w+", keystr(path))
            name = "_".join([stem, *parts])
            while name in names:
                name += "_"
            names.append(name)
    return names


def _variable(name: str, shape: tuple[int, ...]) -> Expression:
    if 0 in shape:
        raise ShapeError(f"from_jax: {name} has shape {shape}, and an axis of size 0 has nothing to differentiate")
    check_name(name, "an argument of from_jax")
    return tensor(name, *shape)


class _Reader:
    """Reads jaxprs. Values are arrays where they are known, expressions elsewhere."""

    def __init__(self, jax: Any) -> None:
        self._jax = jax
        self._calls: list[Any] = []  # the equations whose jaxprs are being read, outermost first
        from jax.extend import core

        self._literal = core.Literal

    def read(self, jaxpr: Any, constants: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
        """The outputs of a jaxpr for values of its inputs. Equations that no output needs are not read."""
        values: dict[Any, Any] = dict(zip(jaxpr.constvars, constants, strict=True))
        values.update(zip(jaxpr.invars, arguments, strict=True))
        for equation in self._needed(jaxpr):
            inputs = [self._value(values, one) for one in equation.invars]
            values.update(zip(equation.outvars, self._equation(equation, inputs), strict=True))
        return [self._value(values, one) for one in jaxpr.outvars]

    def _needed(self, jaxpr: Any) -> list[Any]:
        wanted = {one for one in jaxpr.outvars if not isinstance(one, self._literal)}
        kept = []
        for equation in reversed(jaxpr.eqns):
            if any(one in wanted for one in equation.outvars):
                kept.append(equation)
                wanted |= {one for one in equation.invars if not isinstance(one, self._literal)}
        return kept[::-1]

    def _value(self, values: Mapping[Any, Any], one: Any) -> Any:
        return one.val if isinstance(one, self._literal) else values[one]

    def _equation(self, equation: Any, inputs: list[Any]) -> list[Any]:
        name, parameters = equation.primitive.name, equation.params
        if all(map(is_known, inputs)):
            return self._run(equation, inputs)
        if name in INLINED:
            inner = parameters[INLINED[name]]
            jaxpr, constants = (inner.jaxpr, inner.consts) if hasattr(inner, "consts") else (inner, ())
            self._calls.append(equation)
            results = self.read(jaxpr, constants, inputs)
            self._calls.pop()
            return results
        if name in ("custom_jvp_call", "custom_vjp_call"):
            return self._custom(equation, inputs)
        if name == "cond":
            return self._branch(equation, inputs)
        if name == "while":
            return self._while(equation, inputs)
        if name == "scan":
            return self._scan(equation, inputs)
        if name not in HANDLERS:
            raise self._refused(equation, "has no rule here", "write it with functions that have one")
        try:
            result = HANDLERS[name](equation, *inputs)
        except UnsupportedError as error:
            raise self._refused(equation, "is not read", str(error)) from None
        return result if isinstance(result, list) else [result]

    def _refused(self, equation: Any, why: str, then: str) -> UnsupportedError:
        frame = next((frame for one in (equation, *self._calls[::-1]) for frame in self._frames(one)), None)
        where = "" if frame is None else f" (line {frame[1]} of {frame[0]})"
        return UnsupportedError(f"from_jax: the primitive {equation.primitive.name!r}{where} {why}; {then}")

    def _frames(self, equation: Any) -> list[tuple[str, int]]:
        """The lines of the user's code that an equation comes from, innermost first."""
        traceback = getattr(equation.source_info, "traceback", None)
        if traceback is None:
            return []
        own = (__file__.rpartition("/")[0], self._jax.__file__.rpartition("/")[0])
        frames = [(frame.file_name, frame.line_num) for frame in traceback.frames]
        return [(name.rpartition("/")[2], line) for name, line in frames if not name.startswith(own)]

    # --- custom derivatives ---------------------------------------------------------------------------------------

    def _custom(self, equation: Any, inputs: list[Any]) -> list[Any]:
        """The function as it is computed, where its own derivative is the custom one; any other is refused.

        Reading the computation alone would be silently wrong for a straight-through estimator. The two derivatives are
        compared at random points of the shapes of the inputs, which for an element-wise rule includes negative ones.
        """
        closed = equation.params["call_jaxpr" if "call_jaxpr" in equation.params else "fun_jaxpr"]
        closed_call = self._jax.extend.core.jaxpr_as_fun(closed)
        jax = self._jax
        random = np.random.default_rng(0)
        floats = [k for k, one in enumerate(inputs) if isinstance(one, Expression)]

        def at(call: Callable[..., Any]) -> Callable[..., Any]:
            def function(*given: Any) -> Any:
                filled = list(inputs)
                for place, value in zip(floats, given, strict=True):
                    filled[place] = value
                return list(call(*filled))

            return function

        custom, plain = at(lambda *xs: self._run(equation, xs)), at(closed_call)
        for scale in (0.3, 1.0, 4.0):
            points = [np.asarray(scale * random.normal(size=inputs[k].shape)) for k in floats]
            ours, pull = jax.vjp(plain, *points)
            theirs, custom_pull = jax.vjp(custom, *points)
            seeds = [np.asarray(random.normal(size=np.shape(one))) for one in ours]
            same = all(
                np.allclose(a, b, rtol=1e-8, atol=1e-10, equal_nan=True)
                for a, b in zip([*ours, *pull(seeds)], [*theirs, *custom_pull(seeds)], strict=True)
            )
            if not same:
                called = equation.params.get("name", "")
                raise self._refused(
                    equation,
                    f"of {called!r} has a derivative of its own that is not the derivative of what it computes",
                    "such as a straight-through estimator; write the function that is to be differentiated",
                )
        return self.read(closed.jaxpr, closed.consts, inputs)

    def _run(self, equation: Any, inputs: Sequence[Any]) -> list[Any]:
        """JAX's own results for arrays."""
        bound = equation.primitive.get_bind_params(equation.params)
        functions, parameters = bound if isinstance(bound, tuple) else ((), bound)  # as in releases before 0.10
        results = equation.primitive.bind(*functions, *inputs, **parameters)
        return list(results) if equation.primitive.multiple_results else [results]

    # --- control flow ---------------------------------------------------------------------------------------------

    def _branch(self, equation: Any, inputs: list[Any]) -> list[Any]:
        index, *arguments = inputs
        branches = equation.params["branches"]
        if is_known(index):
            chosen = branches[int(np.clip(int(index), 0, len(branches) - 1))]
            return self.read(chosen.jaxpr, chosen.consts, arguments)
        raise self._refused(equation, "chooses by a value that is not known yet", "jnp.where chooses entry by entry")

    def _while(self, equation: Any, inputs: list[Any]) -> list[Any]:
        p = equation.params
        first, second = p["cond_nconsts"], p["cond_nconsts"] + p["body_nconsts"]
        tests, bodies, state = inputs[:first], inputs[first:second], inputs[second:]
        for _ in range(LONGEST_LOOP):
            (goes_on,) = self.read(p["cond_jaxpr"].jaxpr, p["cond_jaxpr"].consts, [*tests, *state])
            if not is_known(goes_on):
                raise self._refused(
                    equation, "ends by a value that is not known yet", "a fixed number of turns can be read"
                )
            if not bool(goes_on):
                return state
            state = self.read(p["body_jaxpr"].jaxpr, p["body_jaxpr"].consts, [*bodies, *state])
        raise self._refused(equation, f"takes more than {LONGEST_LOOP} turns", "each turn would be written out")

    def _scan(self, equation: Any, inputs: list[Any]) -> list[Any]:
        p = equation.params
        if p["length"] > LONGEST_LOOP:
            raise self._refused(equation, f"takes more than {LONGEST_LOOP} turns", "each turn would be written out")
        fixed, carried = p["num_consts"], p["num_carry"]
        constants, state, rows = inputs[:fixed], inputs[fixed : fixed + carried], inputs[fixed + carried :]
        turns = range(p["length"])
        stacked: list[list[Any]] = []
        for turn in reversed(turns) if p["reverse"] else turns:
            found = self.read(p["jaxpr"].jaxpr, p["jaxpr"].consts, [*constants, *state, *(one[turn] for one in rows)])
            state = found[:carried]
            stacked.append(found[carried:])
        if p["reverse"]:
            stacked.reverse()
        return [*state, *(_stack(list(column)) for column in zip(*stacked, strict=True))]


def _stack(parts: list[Any]) -> Any:
    if all(map(is_known, parts)):
        return np.stack([np.asarray(one) for one in parts])
    return np.stack([as_expression(np.asarray(one)) if is_known(one) else one for one in parts])
