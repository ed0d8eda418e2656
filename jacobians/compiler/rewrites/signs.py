"""Signs by structure: what is never negative, whatever the values are."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ...expressions.nodes import Constant, EinsumSum, Elementwise, Expression, Named, Prime, Primitive, SizeValue
from ...functions.activations import SOFTMAX
from ...functions.elementwise import (
    ABS,
    COMPARISONS,
    COSH,
    DIVIDE,
    EXP,
    EXP2,
    HALF_STEP,
    HYPOT,
    MAXIMUM,
    POWER,
    RECIPROCAL,
    RELU,
    SIGMOID,
    SOFTPLUS,
    SQRT,
    STEP,
    WHERE,
)

_NEVER = frozenset({ABS, COSH, EXP, EXP2, HALF_STEP, HYPOT, RELU, SIGMOID, SOFTPLUS, SQRT, STEP, *COMPARISONS.values()})
#: Never negative where these arguments are not.
_IF = {DIVIDE: (0, 1), POWER: (0,), RECIPROCAL: (0,), WHERE: (1, 2)}


def nonnegative(node: Expression, depth: int = 8) -> bool:
    """Whether every entry is at least zero, as far as `depth` levels of structure tell.

    Every activation increases, so σ′ is one of these.
    """
    if depth == 0:
        return False
    if isinstance(node, Named):
        return nonnegative(node.body, depth)
    if isinstance(node, SizeValue):
        return True
    if isinstance(node, Constant):
        return bool(np.all(node.value >= 0.0))
    if isinstance(node, Primitive):
        return node.rule is SOFTMAX
    if isinstance(node, Elementwise):
        function = node.function
        if isinstance(function, Prime):
            return function.order == 1
        if function is MAXIMUM:
            return any(nonnegative(arg, depth - 1) for arg in node.args)
        needed = _IF.get(function)
        return function in _NEVER or (needed is not None and all(nonnegative(node.args[k], depth - 1) for k in needed))
    if isinstance(node, EinsumSum):
        for term in node.terms:
            places = Counter((one.serial, group) for one, group in zip(term.operands, term.indices, strict=True))
            odd = {serial for (serial, _), count in places.items() if count % 2}
            if term.coefficient < 0.0:
                return False
            if not all(nonnegative(one, depth - 1) for one in term.operands if one.serial in odd):
                return False
        return True
    return False
