"""Functions in PyTorch's words: NumPy's templates, translated call by call."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

from ...errors import UnsupportedError
from ...expressions.nodes import Function
from .numpy_products import Level, Text

#: Functions that PyTorch has itself, by their names here.
OWN = {"sigmoid": "torch.sigmoid({0})", "relu": "torch.relu({0})", "tanh": "torch.tanh({0})"}
#: NumPy's names that PyTorch spells otherwise.
_RENAMED = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "arctan2": "atan2", "rint": "round",
}  # fmt: skip
_SAME = frozenset(
    {
        "exp",
        "exp2",
        "expm1",
        "log",
        "log2",
        "log10",
        "log1p",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "sqrt",
        "abs",
    }
    | {"sign", "floor", "ceil", "trunc", "square", "hypot", "copysign", "fmod", "remainder", "nextafter"}
    | {"reciprocal", "negative", "logaddexp", "logaddexp2"}
)
_OPERATORS = {
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
}  # fmt: skip
_LOGICAL = {"logical_and": "&", "logical_or": "|", "logical_xor": "^"}
_TESTS = {"isnan": "torch.isnan", "isinf": "torch.isinf", "isfinite": "torch.isfinite", "signbit": "torch.signbit"}

#: Functions of whole arrays.
CALLS = {
    "softmax": "torch.softmax({0}, -1)",
    "logsumexp": "torch.logsumexp({0}, -1)",
    "cross_entropy": "-({1} * torch.log_softmax({0}, -1)).sum()",
    "log_softmax": "torch.log_softmax({0}, -1)",
    "norm": "torch.linalg.vector_norm({0})",
    "row_norm": "torch.linalg.vector_norm({0}, dim=-1)",
    "inv": "torch.linalg.inv({0})",
    "adjugate": "(lambda u, s, v: (v.mT * (torch.det(u) * torch.det(v))[..., None, None] * torch.where(torch.eye("
    "s.shape[-1], dtype=torch.bool), 1.0, s[..., None, :]).prod(-1)[..., None, :]) @ u.mT)(*torch.linalg.svd({0}))",
    "left_vectors": "torch.linalg.svd({0})[0]",
    "right_vectors": "torch.linalg.svd({0})[2].mT",
    "products_of_others": "(lambda u, s, v, i: (torch.det(u) * torch.det(v))[..., None, None] * ~i * torch.where("
    "i[:, None] | i[None], 1.0, s[..., None, None, :]).prod(-1))(*torch.linalg.svd({0}), "
    "torch.eye({0}.shape[-1], dtype=torch.bool))",
    "det": "torch.linalg.det({0})",
    "logdet": "torch.linalg.slogdet({0})[1]",
    "signdet": "torch.linalg.slogdet({0})[0]",
    "solve": "torch.linalg.solve({0}, {1})",
    "max": "torch.amax({0}, -1)",
    "min": "torch.amin({0}, -1)",
}


def function_text(function: Function, parts: Sequence[str], numbers: Sequence[bool], dtype: str) -> Text:
    """The source of an element-wise function; `numbers` tells which operands are numbers and not tensors."""
    if all(numbers):
        parts = [f"torch.tensor({part}, dtype={dtype})" for part in parts]
        numbers = [False] * len(parts)
    template = OWN.get(function.name) or _translated(function.name, function.template, tuple(numbers), dtype)
    tree = ast.parse(template.format(*"abcdefgh"), mode="eval").body
    atom = isinstance(tree, (ast.Call, ast.Name, ast.Subscript))
    level = Level.ATOM if atom else Level.SUM
    if isinstance(tree, ast.BinOp) and not isinstance(tree.op, (ast.Add, ast.Sub)):
        level = Level.PRODUCT
    return Text(template.format(*parts), level)


@lru_cache(maxsize=1024)
def _translated(name: str, template: str, numbers: tuple[bool, ...], dtype: str) -> str:
    names = [f"x{place}_" for place in range(len(numbers))]
    tree = ast.parse(template.format(*names), mode="eval").body
    is_number = dict(zip(names, numbers, strict=True))
    text = ast.unparse(_Translation(name, is_number, dtype).visit(tree))
    for place, one in enumerate(names):
        text = text.replace(one, f"{{{place}}}")
    return text


class _Translation(ast.NodeTransformer):
    """NumPy's calls as PyTorch's."""

    def __init__(self, function: str, is_number: dict[str, bool], dtype: str) -> None:
        self._function, self._is_number, self._dtype = function, is_number, dtype

    def _plain(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and self._is_number.get(node.id, False))

    def _tensor(self, number: str) -> str:
        return f"torch.tensor({number}, dtype={self._dtype})"

    def _condition(self, call: ast.Call) -> str | None:
        name = _name(call)
        args = [ast.unparse(self.visit(arg)) for arg in call.args]
        if name in _OPERATORS:
            return f"({args[0]}) {_OPERATORS[name]} ({args[1]})"
        if name in _LOGICAL:
            return f"(({args[0]}) != 0) {_LOGICAL[name]} (({args[1]}) != 0)"
        if name == "logical_not":
            return f"({args[0]}) == 0"
        return f"{_TESTS[name]}({args[0]})" if name in _TESTS else None

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = _name(node)
        plain = [self._plain(arg) for arg in node.args]
        args = [ast.unparse(self.visit(arg)) for arg in node.args]
        if name in ("minimum", "maximum"):
            bound = "max" if name == "minimum" else "min"
            if any(plain):
                number, tensor = (args[0], args[1]) if plain[0] else (args[1], args[0])
                return _parsed(f"torch.clamp({tensor}, {bound}={number})")
            return _parsed(f"torch.{name}({', '.join(args)})")
        if name == "heaviside":
            step = f"(({args[0]}) > 0).to({self._dtype})"
            return _parsed(step if args[1] == "0.0" else f"{step} + {args[1]} * (({args[0]}) == 0).to({self._dtype})")
        if name == "where":
            cases = [self._tensor(case) if bare else case for case, bare in zip(args[1:], plain[1:], strict=True)]
            return _parsed(f"torch.where(({args[0]}) != 0, {cases[0]}, {cases[1]})")
        if name == "cbrt":
            return _parsed(f"torch.sign({args[0]}) * torch.abs({args[0]}) ** (1.0 / 3.0)")
        if name == "positive":
            return _parsed(f"({args[0]}).detach()" if self._function == "stop_gradient" else args[0])
        args = [
            f"torch.tensor({arg}, dtype={self._dtype})" if bare else arg for arg, bare in zip(args, plain, strict=True)
        ]
        if name in ("logaddexp", "logaddexp2") or name in _SAME:
            return _parsed(f"torch.{name}({', '.join(args)})")
        if name in _RENAMED:
            return _parsed(f"torch.{_RENAMED[name]}({', '.join(args)})")
        condition = self._condition(node)
        if condition is not None:
            return _parsed(condition)
        raise UnsupportedError(f"np.{name} has no text in PyTorch yet; target='numpy' and 'jax' have it")


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
