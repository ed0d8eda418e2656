"""The printer for JAX: NumPy's text on `jax.numpy`, and no array is written to, so that it traces."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from .. import operations as op
from ..passes.inlining import inline
from ..program import Program, Statement
from .numpy import NumpyCode
from .numpy_products import Text, transposed
from .numpy_statements import mentions, span, weight
from .placed import embedded, total


class JaxCode(NumpyCode):
    """A program in JAX."""

    library = "import jax.numpy as np\n"
    traced = True

    @staticmethod
    def prepared(program: Program) -> Program:
        return inline(program, mentions, weight)

    def _is_returned(self, one: Statement) -> bool:
        (result,) = self._program.results
        return result is one and one not in self._program.names

    def _scattered(self, one: Statement, operation: op.Scatter, place: Statement | None) -> list[str]:
        text = self._embedded(one, operation)
        name = self._name(one)
        self._texts[one] = Text(name)
        return [f"{name} = {text.text}{self._comment(one, text.text)}"]

    def text(self, one: Statement | op.Stored) -> Text:
        if isinstance(one, Statement) and one not in self._texts and isinstance(one.operation, op.Scatter):
            self._texts[one] = self._embedded(one, one.operation)
        if isinstance(one, Statement) and one not in self._texts and isinstance(one.operation, op.SlidingWindows):
            self._texts[one] = self._windows(one, one.operation)
        return super().text(one)

    def _windows(self, one: Statement, operation: op.SlidingWindows) -> Text:
        count = one.shape[operation.axis]
        places = f"np.arange({count})[:, None] + np.arange({operation.width})"
        return Text(f"np.take({self.text(one.operands[0]).text}, {places}, axis={operation.axis})")

    def _embedded(self, one: Statement, operation: op.Scatter) -> Text:
        base, values = (one.operands[:1], one.operands[1:]) if operation.based else ((), one.operands)
        steps = self._steps(one)
        parts = [
            (placement.sign, embedded(self.text(value), placement, one.shape, steps))
            for placement, value in zip(operation.placements, values, strict=True)
        ]
        return total([*((1, self.text(start)) for start in base), *parts])

    def _steps(self, one: Statement) -> Any:
        return _Steps(self, "" if one.dtype is None else f", dtype=np.{one.dtype}")

    # --- the function -----------------------------------------------------------------------------------------

    @cached_property
    def source(self) -> str:
        body = super().source
        return body.replace("import numpy as np\n", self.library, 1)

    @cached_property
    def function(self) -> Any:
        source = self._source  # which finds the constants
        import jax.numpy as jnp

        # an array that f closes over keeps its dtype, and so promotes, as JAX's own constants do
        namespace = {"np": jnp, **{name: jnp.asarray(array) for name, array in self.constants.items()}}
        exec(compile(source, "<jacobians program>", "exec"), namespace)  # noqa: S102 - our own text
        return namespace[self._program.signature.name]


class _Steps:
    """How JAX puts an array into a larger one."""

    def __init__(self, code: JaxCode, dtype: str) -> None:
        self._code, self._dtype = code, dtype

    def reshaped(self, text: Text, shape: tuple[int, ...]) -> Text:
        return Text(f"{text.atom}.reshape({shape})")

    def turned(self, text: Text, axes: tuple[int, ...]) -> Text:
        return transposed(text, axes)

    def stretched(self, text: Text, shape: tuple[int, ...]) -> Text:
        return Text(f"np.broadcast_to({text.text}, {shape})")

    def on_diagonal(self, text: Text, masks: Sequence[tuple[int, tuple[bool, ...]]], shape: tuple[int, ...]) -> Text:
        tests = []
        for size, axes in masks:
            cut = ", ".join(":" if here else "None" for here in axes)
            tests.append(f"np.eye({size}, dtype=bool)" + ("" if all(axes) else f"[{cut}]"))
        return Text(f"np.broadcast_to(np.where({' & '.join(tests)}, {text.text}, 0.0), {shape})")

    def in_slice(self, text: Text, cut: op.Slice, shape: tuple[int, ...], whole: tuple[int, ...]) -> Text:
        where = ", ".join([":"] * cut.axis + [span(cut.start, cut.length, whole[cut.axis], cut.step)])
        return Text(f"np.zeros({whole}{self._dtype}).at[{where}].set({text.text})")

    def at_places(self, text: Text, gather: op.Gather, shape: tuple[int, ...], whole: tuple[int, ...]) -> Text:
        places = self._code.text(gather.places).text
        where = ", ".join([":"] * gather.axis + [places])
        return Text(f"np.zeros({whole}{self._dtype}).at[{where}].add({text.text})")
