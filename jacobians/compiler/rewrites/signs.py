"""Signs by structure: what is never negative, whatever the values are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ...expressions.nodes import (
    Constant,
    EinsumSum,
    EinsumTerm,
    Elementwise,
    Expression,
    Named,
    Prime,
    Primitive,
    Sign,
    SizeValue,
)
from ...functions.elementwise import definition


def nonnegative(node: Expression, depth: int = 8) -> bool:
    """Whether every entry is at least zero, as far as `depth` levels of structure tell.

    What a function says of itself where it is defined is believed: its `sign`, and that it is `monotone`.
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
        return _follows(node.rule.sign, node.args, depth)
    if isinstance(node, Elementwise):
        function = node.function
        if not isinstance(function, Prime):
            return _follows(function.sign, node.args, depth)
        return (function.order == 1 and function.base.monotone == 1) or nonnegative(definition(node), depth - 1)
    return isinstance(node, EinsumSum) and all(_term_is_nonnegative(term, depth) for term in node.terms)


def _follows(sign: Sign, args: Sequence[Expression], depth: int) -> bool:
    """Whether the arguments of one of the groups of `sign` are never negative."""
    return any(all(nonnegative(args[place], depth - 1) for place in group) for group in sign)


def _term_is_nonnegative(term: EinsumTerm, depth: int) -> bool:
    """Whether each operand is, or occurs twice at the same indices: a square."""
    places = Counter((one.serial, group) for one, group in zip(term.operands, term.indices, strict=True))
    odd = {serial for (serial, _), count in places.items() if count % 2}
    return term.coefficient >= 0.0 and all(nonnegative(one, depth - 1) for one in term.operands if one.serial in odd)
