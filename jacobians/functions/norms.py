"""The Euclidean norm of all entries, and of each row: stable at every scale, and derived through x/‖x‖.

∂‖x‖/∂x = uᵀ with u = x/‖x‖, and ∂u/∂x = (I − u uᵀ)/‖x‖: no power of ‖x‖ is formed that could leave the range of
floating point, as r³ does in the form I/r − x xᵀ/r³.
"""

from __future__ import annotations

from typing import Any

from ..expressions.nodes import EinsumTerm, Elementwise, Expression, Primitive, Rule
from ..expressions.terms import tidy
from .elementwise import DIVIDE, SQRT
from .indexing import expand_axes
from .operators import square, sum_axes


def _local(node: Any) -> tuple[list[EinsumTerm], ...]:
    (x,) = node.args
    axes = tuple(range(x.ndim))
    unit = DIVIDE(x, expand_axes(node, [node.ndim]) if node.ndim else node)
    return ([tidy(1.0, [unit], [axes], axes[: node.ndim] + axes[::-1], dict(enumerate(x.shape)))],)


def _shown(node: Primitive) -> Expression:
    """√(Σ x²)."""
    (x,) = node.args
    return Elementwise.of(SQRT, (sum_axes(square(x), range(node.ndim, x.ndim)),))


NORM: Rule = Rule(
    "norm",
    "norm({0})",
    lambda args: (),
    _local,
    "def norm(x):\n"
    "    x = x.ravel()\n"
    "    with np.errstate(over='ignore'):\n"
    "        total = x.dot(x)\n"
    "    if np.finfo(x.dtype).tiny * 2.0**60 < total < np.inf:\n"
    "        return np.sqrt(total)\n"
    "    top = np.abs(x).max()  # the squares leave the range of floating point, or x is 0, inf or nan\n"
    "    return top * np.linalg.norm(x / top) if 0.0 < top < np.inf else top\n",
    _shown,
    traced_helper="def norm(x):\n"
    "    top = np.abs(x).max()\n"
    "    top = np.where((0.0 < top) & (top < np.inf), top, 1.0)\n"
    "    return top * np.sqrt(((x / top) ** 2).sum())\n",
)
ROW_NORM: Rule = Rule(
    "row_norm",
    "row_norm({0})",
    lambda args: args[0].shape[:-1],
    _local,
    "def row_norm(x):\n"
    "    with np.errstate(over='ignore'):\n"
    "        total = np.einsum('...i,...i->...', x, x)\n"
    "    if np.all((np.finfo(x.dtype).tiny * 2.0**60 < total) & (total < np.inf)):\n"
    "        return np.sqrt(total)\n"
    "    top = np.abs(x).max(axis=-1, keepdims=True)\n"
    "    scaled = x / np.where((0.0 < top) & (top < np.inf), top, 1.0)\n"
    "    return top[..., 0] * np.sqrt(np.einsum('...i,...i->...', scaled, scaled))\n",
    _shown,
    traced_helper="def row_norm(x):\n"
    "    top = np.abs(x).max(axis=-1, keepdims=True)\n"
    "    top = np.where((0.0 < top) & (top < np.inf), top, 1.0)\n"
    "    return top[..., 0] * np.sqrt(((x / top) ** 2).sum(axis=-1))\n",
)
