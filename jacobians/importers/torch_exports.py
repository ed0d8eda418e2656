"""Modules and functions of PyTorch as expressions: the graph that `torch.export` gives, read node by node.

Operations that `operations.HANDLERS` knows are kept high (a linear layer, a softmax, an attention); the others PyTorch
takes apart. Calls whose arguments are known are run by PyTorch. What PyTorch keeps to itself is touched here alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import DataError, UnsupportedError
from ..expressions.nodes import Expression, as_expression, tensor
from ..shapes.names import check_name
from .operations import HANDLERS


def from_torch(f: Any, *examples: Any) -> Any:
    """The result of a PyTorch module or function as an expression, or a tree of them.

    `examples` are tensors (an integer or truth-value tensor is taken by value). Variables are the floating-point
    arguments, by name, and the parameters of a module by their qualified names with `_` for `.`: `layers.0.weight` is
    `layers_0_weight` (`p_0_weight` where the name would begin with a digit). Buffers and what f closes over are
    constants. What leaves a submodule is a named expression, so that the chain is that of the model.

    Raises `UnsupportedError` for a module in training mode with dropout, an operation without a rule (with the line of
    the model where PyTorch knows it), and a branch on values. Needs PyTorch.

    >>> import torch
    >>> layer = torch.nn.Linear(2, 3)
    >>> y = from_torch(layer, torch.zeros(2))
    >>> y.shape
    (3,)
    """
    torch = _torch()
    module = f if isinstance(f, torch.nn.Module) else _wrapped(torch, f)
    _check(torch, module, examples)
    program = _exported(torch, module, examples)
    return _Reader(torch, program, _argument_names(f, len(examples))).read()


def parameter_name(qualified: str) -> str:
    """The variable that a parameter becomes.

    >>> parameter_name("layers.0.weight"), parameter_name("0.bias")
    ('layers_0_weight', 'p_0_bias')
    """
    name = re.sub(r"\W", "_", qualified)
    return f"p_{name}" if name[:1].isdigit() else name


def _torch() -> Any:
    try:
        import torch
        import torch.export
    except ImportError:
        raise UnsupportedError("reading a model of PyTorch needs it: pip install 'jacobians[torch]'") from None
    return torch


def _wrapped(torch: Any, f: Callable[..., Any]) -> Any:
    class Function(torch.nn.Module):  # type: ignore[misc]
        def forward(self, *args: Any) -> Any:
            return f(*args)

    return Function().eval()


def _argument_names(f: Any, count: int) -> list[str]:
    import inspect

    try:
        parameters = list(inspect.signature(getattr(f, "forward", f)).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [one.name for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    return [names[k] if k < len(names) else f"x{k}" for k in range(count)]


def _check(torch: Any, module: Any, examples: tuple[Any, ...]) -> None:
    for name, part in module.named_modules():
        if part.training and getattr(part, "p", 0.0) and "dropout" in type(part).__name__.lower():
            raise UnsupportedError(
                f"from_torch: {name or 'the module'} drops entries at random in training mode: .eval()"
            )
    for tree in examples:
        for leaf in torch.utils._pytree.tree_leaves(tree):
            if not isinstance(leaf, (torch.Tensor, int, float, bool, type(None))):
                raise DataError(f"from_torch: an example is a tensor or a number, got {type(leaf).__name__}")
            if isinstance(leaf, torch.Tensor) and leaf.is_complex():
                raise DataError("from_torch: an example is complex; derivatives here are real")


def _exported(torch: Any, module: Any, examples: tuple[Any, ...]) -> Any:
    import logging
    import warnings

    table = torch.export.default_decompositions()
    for name in HANDLERS:
        packet = getattr(torch.ops.aten, name.partition(".")[0], None)
        for overload in () if packet is None else packet.overloads():
            table.pop(getattr(packet, overload), None)
    logger = logging.getLogger("torch.export")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            logger.disabled = True
            return torch.export.export(module, examples).run_decompositions(table)
    except Exception as error:  # PyTorch raises many types here
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        why = "it branches on values: write torch.where" if "GuardOnDataDependent" in type(error).__name__ else first
        raise UnsupportedError(f"from_torch: PyTorch does not export this: {why[:300]}") from error
    finally:
        logger.disabled = False


class _Reader:
    """Reads an exported program. Values are tensors where they are known, expressions elsewhere."""

    def __init__(self, torch: Any, program: Any, names: list[str]) -> None:
        self._torch = torch
        self._program = program
        self._names = names
        self._values: dict[Any, Any] = {}
        self._taken: set[str] = set()
        self._tied: list[tuple[Any, Expression]] = []  # parameters met, by their storage: tied weights are one variable

    def read(self) -> Any:
        graph, signature = self._program.graph, self._program.graph_signature
        specs = {spec.arg.name: spec for spec in signature.input_specs if hasattr(spec.arg, "name")}
        inputs = iter(self._input_names())
        ends = self._ends()
        for node in graph.nodes:
            if node.op == "placeholder":
                spec = specs[node.name]
                name = next(inputs) if spec.kind.name == "USER_INPUT" else ""
                self._values[node] = self._placeholder(node, spec, name)
            elif node.op == "call_function":
                value = self._call(node)
                if node in ends and isinstance(value, Expression) and value.name is None:
                    value = value.named(self._fresh(ends[node]))
                self._values[node] = value
            elif node.op == "output":
                return self._output(node.args[0], signature)
        raise AssertionError("a graph has an output")

    def _input_names(self) -> list[str]:
        """A name for every leaf of the arguments, in order."""
        tree = self._torch.utils._pytree
        arguments, _ = self._program.example_inputs
        found = []
        for stem, example in zip(self._names, arguments, strict=False):
            paths, _ = tree.tree_flatten_with_path(example)
            found += ["_".join([stem, *re.findall(r"\w+", tree.keystr(path))]) for path, _ in paths]
        return found

    def _fresh(self, name: str) -> str:
        unique = name
        count = 1
        while unique in self._taken:
            count += 1
            unique = f"{name}_{count}"
        self._taken.add(unique)
        return unique

    def _placeholder(self, node: Any, spec: Any, name: str) -> Any:
        kind = spec.kind.name
        if kind in ("PARAMETER", "BUFFER", "CONSTANT_TENSOR"):
            held = self._program.state_dict.get(spec.target, self._program.constants.get(spec.target))
            if kind != "PARAMETER":
                return held
            for known, expression in self._tied:
                if known is held or (known.data_ptr() == held.data_ptr() and known.shape == held.shape):
                    return expression
            expression = self._variable(parameter_name(spec.target), held)
            self._tied.append((held, expression))
            return expression
        if kind != "USER_INPUT":
            raise UnsupportedError(f"from_torch: an input of kind {kind} is not read")
        example = node.meta.get("val")
        if isinstance(example, self._torch.Tensor) and example.is_floating_point():
            return self._variable(name, example)
        return self._given(name)

    def _given(self, name: str) -> Any:
        arguments, _ = self._program.example_inputs
        leaves = self._torch.utils._pytree.tree_leaves(arguments)
        return dict(zip(self._input_names(), leaves, strict=False))[name]

    def _variable(self, name: str, held: Any) -> Expression:
        check_name(name, "an argument of from_torch")
        return tensor(self._fresh(name), *(int(size) for size in held.shape))

    def _ends(self) -> dict[Any, str]:
        """The last node of every submodule, and the name of what leaves it."""
        last: dict[str, Any] = {}
        for node in self._program.graph.nodes:
            if node.op == "call_function":
                for path, _ in (node.meta.get("nn_module_stack") or {}).values():
                    if path:
                        last[path] = node
        return {node: f"{parameter_name(path)}_out" for path, node in sorted(last.items(), key=lambda kv: -len(kv[0]))}

    def _value(self, argument: Any) -> Any:
        if isinstance(argument, (tuple, list)):
            return type(argument)(self._value(one) for one in argument)
        if isinstance(argument, self._torch.fx.Node):
            return self._values[argument]
        return argument

    def _call(self, node: Any) -> Any:
        args = [self._value(one) for one in node.args]
        kwargs = {key: self._value(one) for key, one in node.kwargs.items()}
        if getattr(node.target, "__name__", "") == "getitem":
            return args[0][args[1]]
        if not any(isinstance(one, Expression) for one in _flat([args, list(kwargs.values())])):
            return node.target(*args, **kwargs)
        name = node.target._schema.name.removeprefix("aten::") if hasattr(node.target, "_schema") else str(node.target)
        if name not in HANDLERS:
            raise self._refused(node, name, "has no rule here; write it with operations that have one")
        try:
            return HANDLERS[name](*map(self._plain, args), **{key: self._plain(one) for key, one in kwargs.items()})
        except UnsupportedError as error:
            raise self._refused(node, name, f"is not read: {error}") from None

    def _plain(self, value: Any) -> Any:
        """Tensors as arrays."""
        if isinstance(value, self._torch.Tensor):
            return value.detach().cpu().to(self._torch.float64 if value.is_floating_point() else value.dtype).numpy()
        if isinstance(value, (tuple, list)):
            return type(value)(self._plain(one) for one in value)
        return value

    def _refused(self, node: Any, name: str, why: str) -> UnsupportedError:
        trace = [line.strip() for line in (node.meta.get("stack_trace") or "").splitlines() if "File" in line]
        found = re.search(r'File "(?:.*/)?([^/"]+)", line (\d+)', trace[-1]) if trace else None
        where = f" (line {found[2]} of {found[1]})" if found else ""
        return UnsupportedError(f"from_torch: the operation {name!r}{where} {why}")

    def _output(self, nodes: Any, signature: Any) -> Any:
        values = self._value(nodes)
        kept = [
            self._expression(value)
            for value, spec in zip(values, signature.output_specs, strict=True)
            if spec.kind.name == "USER_OUTPUT"
        ]
        return self._torch.utils._pytree.tree_unflatten(kept, self._program.call_spec.out_spec)

    def _expression(self, value: Any) -> Any:
        return value if value is None else as_expression(self._plain(value))


def _flat(values: Any) -> list[Any]:
    if isinstance(values, (tuple, list)):
        return [one for value in values for one in _flat(value)]
    return [values]


def values_of(module: Any, arguments: Mapping[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """Arrays by the names that `from_torch` gives: the parameters of a module, and the `arguments` by name.

    >>> import torch
    >>> sorted(values_of(torch.nn.Linear(2, 3), {"x": torch.zeros(2)}))
    ['bias', 'weight', 'x']
    """
    tensors = {parameter_name(name): one for name, one in module.named_parameters()}
    return {name: np.asarray(one.detach().cpu().numpy()) for name, one in {**tensors, **arguments}.items()}
