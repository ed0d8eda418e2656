"""The printer for PyTorch: no tensor is written to, so that it traces under `torch.compile` and `torch.func`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import UnsupportedError
from ...shapes.letters import lettered
from .. import operations as op
from ..passes.inlining import inline
from ..program import Program, Statement
from .jax import JaxCode
from .numpy_products import Level, Operand, Text, aligned
from .numpy_statements import literal, mentions, span, weight
from .torch_functions import CALLS, function_text


class TorchCode(JaxCode):
    """A program in PyTorch."""

    @staticmethod
    def prepared(program: Program) -> Program:
        return inline(program, mentions, weight)

    def text(self, one: Statement | op.Stored) -> Text:
        if (
            isinstance(one, Statement)
            and one not in self._texts
            and not isinstance(one.operation, (op.Stored, op.Scatter))
        ):
            self._texts[one] = self._expression(one, one.operation)
        return super().text(one)

    def _expression(self, one: Statement, operation: op.Operation) -> Text:
        parts = [self.text(operand) for operand in one.operands]
        match operation:
            case op.Number(value):
                return Text(_literal(value), Level.SUM if value < 0 else Level.ATOM)
            case op.Apply(function):
                numbers = [operand.dtype is None for operand in one.operands]
                return function_text(function, [part.atom for part in parts], numbers, self._dtype(one))
            case op.Cast():
                return Text(f"{parts[0].atom}.to({self._dtype(one)})")
            case op.Call(rule):
                if rule.name not in CALLS:
                    raise UnsupportedError(f"{rule.name} has no text in PyTorch yet; target='numpy' and 'jax' have it")
                return Text(CALLS[rule.name].format(*(part.text for part in parts)))
            case op.Product():
                return self._product(one, operation, parts)
            case op.Reduce(indices, kept):
                axes = tuple(place for place, index in enumerate(indices) if index not in kept)
                if len(set(indices)) == len(indices) and kept == tuple(index for index in indices if index in kept):
                    return Text(f"{parts[0].atom}.sum({'' if len(axes) == len(indices) else f'dim={axes}'})")
                return self._einsum_of_one(indices, kept, parts[0])
            case op.Diagonal(indices, kept):
                return self._einsum_of_one(indices, kept, parts[0])
            case op.Fill(value):
                return Text(f"torch.full({one.shape}, {_literal(value)}, dtype={self._dtype(one)})")
            case op.Eye():
                return Text(f"torch.eye({one.shape[0]}, dtype={self._dtype(one)})")
            case op.Spread():
                if one.operands[0].dtype is None:
                    return Text(f"torch.full({one.shape}, {parts[0].text}, dtype={self._dtype(one)})")
                return Text(f"{parts[0].atom}.expand({one.shape}).clone()")
            case op.Copy():
                if one.operands[0].dtype is None:
                    return Text(f"torch.tensor({parts[0].text}, dtype={self._dtype(one)})")
                return Text(f"{parts[0].atom}.clone()")
            case op.Concatenate(axis):
                return Text(f"torch.cat(({', '.join(part.text for part in parts)}), dim={axis})")
            case op.Cumulate(axis, backward):
                if backward:
                    return Text(f"{parts[0].atom}.flip({axis}).cumsum({axis}).flip({axis})")
                return Text(f"torch.cumsum({parts[0].text}, dim={axis})")
            case op.Triangle():
                return Text(f"torch.ones({one.shape}, dtype={self._dtype(one)}).tril()")
            case op.SlidingWindows(axis, width):
                return Text(f"{parts[0].atom}.unfold({axis}, {width}, 1).movedim(-1, {axis + 1})")
            case op.Roll(shift, axis):
                return Text(f"torch.roll({parts[0].text}, {shift}, dims={axis})")
            case op.Transpose(axes):
                return turned(parts[0], axes)
            case op.Reshape():
                return Text(f"{parts[0].atom}.reshape({one.shape})")
            case op.Slice():
                return self._sliced(parts[0], operation, one.operands[0].shape)
            case op.Gather(axis, places):
                return Text(f"{parts[0].atom}.index_select({axis}, {self.text(places).text})")
        from .numpy_statements import expression

        return expression(operation, one, self.text)  # sums, scalings and new axes are written alike

    @staticmethod
    def _sliced(body: Text, cut: op.Slice, shape: tuple[int, ...]) -> Text:
        if cut.step < 0:  # PyTorch has no negative steps
            forward = op.Slice(cut.axis, cut.start + cut.step * (cut.length - 1), cut.length, -cut.step)
            return Text(f"{TorchCode._sliced(body, forward, shape).atom}.flip({cut.axis})")
        where = [":"] * cut.axis + [span(cut.start, cut.length, shape[cut.axis], cut.step)]
        return Text(f"{body.atom}[{', '.join(where)}]")

    def _dtype(self, one: Statement) -> str:
        return f"torch.{one.dtype or np.dtype(np.float64)}"

    def _product(self, one: Statement, operation: op.Product, parts: list[Text]) -> Text:
        left, right, result = operation.left, operation.right, operation.result
        summed = {index for index in (*left, *right) if index not in result}
        if not summed:
            a, b = (
                aligned_in_torch(Operand(part, own), result) for part, own in zip(parts, (left, right), strict=True)
            )
            return Text(f"{a.within(Level.PRODUCT)} * {b.within(Level.UNARY)}", Level.PRODUCT)
        if len(summed) == 1 and len(left) <= 2 and len(right) <= 2 and not (set(left) & set(right)) - summed:
            matrices = self._matrix_product(parts, operation, *summed)
            if matrices is not None:
                return matrices
        before_left, before_right, after = lettered([left, right, result])
        return Text(f"torch.einsum('{before_left},{before_right}->{after}', {parts[0].text}, {parts[1].text})")

    @staticmethod
    def _matrix_product(parts: list[Text], operation: op.Product, summed: int) -> Text | None:
        """A product of matrices and vectors as `@`."""
        left, right, result = operation.left, operation.right, operation.result
        free = tuple(index for index in left if index != summed) + tuple(index for index in right if index != summed)
        a, b = Operand(parts[0], left), Operand(parts[1], right)
        if free != result:
            a, b = b, a
        if tuple(i for i in a.indices if i != summed) + tuple(i for i in b.indices if i != summed) != result:
            return None
        first = a.text if a.indices[-1] == summed else turned(a.text, (1, 0))
        second = b.text if b.indices[0] == summed else turned(b.text, (1, 0))
        return Text(f"{first.atom} @ {second.atom}", Level.PRODUCT)

    @staticmethod
    def _einsum_of_one(own: op.Indices, kept: op.Indices, body: Text) -> Text:
        before, after = lettered([own, kept])
        return Text(f"torch.einsum('{before}->{after}', {body.text})")

    def _steps(self, one: Statement) -> Any:
        return _Steps(self, self._dtype(one))

    # --- the function -----------------------------------------------------------------------------------------

    @property
    def _header(self) -> str:
        return ""

    @cached_property
    def source(self) -> str:
        body = self._source
        constants = "".join(
            f"{name} = torch.tensor({literal(array.tolist()).replace('np.', 'torch.')}, "
            f"dtype={_kind(array.dtype)}).reshape({array.shape})\n"
            for name, array in self.constants.items()
        )
        return "\n\n".join(part for part in ("import torch\n", constants, body) if part)

    @cached_property
    def function(self) -> Any:
        source = self._source  # which finds the constants
        import torch

        held = {name: torch.as_tensor(np.array(array)) for name, array in self.constants.items()}
        namespace: dict[str, Any] = {"torch": torch, **held}
        exec(compile(source, "<jacobians program>", "exec"), namespace)  # noqa: S102 - our own text
        return namespace[self._program.signature.name]


def _literal(value: float) -> str:
    return literal(value).replace("np.", "torch.")


def _kind(dtype: Any) -> str:
    return "torch.int64" if np.dtype(dtype).kind in "iu" else f"torch.{dtype}"


def turned(text: Text, axes: tuple[int, ...]) -> Text:
    """A tensor with its axes in another order."""
    if axes == tuple(range(len(axes))):
        return text
    return Text(f"{text.atom}.T") if axes == (1, 0) else Text(f"{text.atom}.permute({axes})")


def aligned_in_torch(operand: Operand, order: op.Indices) -> Text:
    """An operand seen along `order`: transposed, with new axes where it has none."""
    own = operand.indices
    axes = tuple(own.index(index) for index in order if index in own)
    sorted_operand = Operand(turned(operand.text, axes), tuple(index for index in order if index in own))
    return aligned(sorted_operand, order)


class _Steps:
    """How PyTorch puts a tensor into a larger one."""

    def __init__(self, code: TorchCode, dtype: str) -> None:
        self._code, self._dtype = code, dtype

    def reshaped(self, text: Text, shape: tuple[int, ...]) -> Text:
        return Text(f"{text.atom}.reshape({shape})")

    def turned(self, text: Text, axes: tuple[int, ...]) -> Text:
        return turned(text, axes)

    def stretched(self, text: Text, shape: tuple[int, ...]) -> Text:
        if _is_number(text.text):
            return Text(f"torch.full({shape}, {text.text}, dtype={self._dtype})")
        return Text(f"{text.atom}.expand({shape})")

    def on_diagonal(self, text: Text, masks: Sequence[tuple[int, tuple[bool, ...]]], shape: tuple[int, ...]) -> Text:
        tests = []
        for size, axes in masks:
            cut = ", ".join(":" if here else "None" for here in axes)
            tests.append(f"torch.eye({size}, dtype=torch.bool)" + ("" if all(axes) else f"[{cut}]"))
        value = f"torch.tensor({text.text}, dtype={self._dtype})" if _is_number(text.text) else text.text
        return Text(f"torch.where({' & '.join(tests)}, {value}, 0.0).expand({shape})")

    def in_slice(self, text: Text, cut: op.Slice, shape: tuple[int, ...], whole: tuple[int, ...]) -> Text:
        if cut.step < 0:
            text = Text(f"{text.atom}.flip({cut.axis})")
            cut = op.Slice(cut.axis, cut.start + cut.step * (cut.length - 1), cut.length, -cut.step)
        end = min(cut.start + cut.step * cut.length, whole[cut.axis])
        zeros = f"torch.zeros({whole}, dtype={self._dtype})"
        return Text(f"torch.slice_scatter({zeros}, {text.text}, {cut.axis}, {cut.start}, {end}, {cut.step})")

    def at_places(self, text: Text, gather: op.Gather, shape: tuple[int, ...], whole: tuple[int, ...]) -> Text:
        places = self._code.text(gather.places).text
        zeros = f"torch.zeros({whole}, dtype={self._dtype})"
        return Text(f"torch.index_add({zeros}, {gather.axis}, {places}, {text.text})")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
