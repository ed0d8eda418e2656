"""Compiled functions for the arrays of other libraries: JAX and PyTorch.

They take and give that library's arrays, and trace: the shapes of the arguments decide which program runs, and nothing
looks at their values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..chain_rule.contraction_orders import Order
from ..errors import DataError, OptionError, ShapeError, UnsupportedError
from ..expressions.nodes import Expression
from .compiled import Compiled
from .planning import HasChain
from .printers.jax import JaxCode
from .printers.torch import TorchCode
from .program import Program, Signature

#: The printer of each target.
PRINTERS = {"jax": JaxCode, "torch": TorchCode}


class CompiledFor(Compiled):
    """A function of the arrays of another library, made once for each set of shapes and dtypes that it meets."""

    def __init__(
        self,
        items: Sequence[HasChain | Expression],
        order: Order,
        sizes: Mapping[str, int],
        signature: Signature,
        arguments: Sequence[Expression] = (),
        target: str = "jax",
    ) -> None:
        super().__init__(items, order, sizes, signature, arguments)
        if target not in PRINTERS:
            raise OptionError(f"compile: target {target!r} is not one of numpy, {', '.join(PRINTERS)}")
        self.target = target
        self._library = _library(target)

    def made_of(self) -> tuple[Any, ...]:
        return (*super().made_of(), self.target)

    def __call__(self, *arrays: Any, **named: Any) -> Any:
        """The values, as arrays of the library. Errors are those of `evaluate`; other arrays are a `DataError`."""
        if named:
            arrays = self._ordered(arrays, named)
        if len(arrays) != len(self.variables):
            names = ", ".join(self.variables)
            raise ShapeError(f"{self._signature.name} takes {len(self.variables)} arrays ({names}), got {len(arrays)}")
        made = [self._library.array(array, name) for array, name in zip(arrays, self.variables, strict=True)]
        key = tuple((tuple(one.shape), one.dtype) for one in made)
        program = self._programs.get(key)
        if program is None:
            program = self._for(made)
            self._programs[key] = program
        return program.function(*made)

    def _for(self, arrays: Sequence[Any]) -> Program:
        """The program for arrays of these shapes and dtypes."""
        from .binding import bind_values

        stand_ins = {
            name: np.broadcast_to(np.zeros((), np.float32), tuple(array.shape))
            for name, array in zip(self.variables, arrays, strict=True)
        }
        binding = bind_values(stand_ins, self._table, self._sizes)
        dtypes = {name: self._library.dtype(one) for name, one in zip(self.variables, arrays, strict=True)}
        return self.program(binding.sizes, dtypes)

    def program(self, sizes: Mapping[str, int] | None = None, dtypes: Mapping[str, Any] | None = None) -> Program:
        made = super().program(sizes, dtypes)
        self._last = replace(made, printer=PRINTERS[self.target])
        return self._last


class _Jax:
    """JAX's arrays: tracers are among them, and NumPy's are taken."""

    def __init__(self) -> None:
        import jax
        import jax.numpy as jnp

        self._jax, self._jnp = jax, jnp

    def array(self, value: Any, name: str) -> Any:
        if not isinstance(value, (self._jax.Array, np.ndarray, np.generic, float, int)):
            raise DataError(f"the value of {name}: expected an array of JAX, got {_called(value)}")
        array = self._jnp.asarray(value)
        if self._jnp.issubdtype(array.dtype, self._jnp.complexfloating):
            raise DataError(f"the value of {name}: complex values ({array.dtype}); derivatives here are real")
        return array if self._jnp.issubdtype(array.dtype, self._jnp.floating) else array.astype(float)

    def dtype(self, array: Any) -> np.dtype[Any]:
        found: np.dtype[Any] = np.dtype(array.dtype)
        return found


class _Torch:
    """PyTorch's tensors."""

    def __init__(self) -> None:
        import torch

        self._torch = torch

    def array(self, value: Any, name: str) -> Any:
        if not isinstance(value, self._torch.Tensor):
            raise DataError(f"the value of {name}: expected a tensor of PyTorch, got {_called(value)}")
        if value.is_complex():
            raise DataError(f"the value of {name}: complex values ({value.dtype}); derivatives here are real")
        return value if value.is_floating_point() else value.to(self._torch.get_default_dtype())

    def dtype(self, array: Any) -> np.dtype[Any]:
        name = str(array.dtype).removeprefix("torch.")
        if name == "bfloat16":
            raise UnsupportedError("bfloat16 tensors: .float() them first")
        return np.dtype(name)


def _called(value: Any) -> str:
    kind = type(value)
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


def _library(target: str) -> Any:
    try:
        return _Jax() if target == "jax" else _Torch()
    except ImportError:
        hint = "pip install 'jacobians[jax]'" if target == "jax" else "pip install torch"
        raise UnsupportedError(f"compile for {target!r} needs that library: {hint}") from None
