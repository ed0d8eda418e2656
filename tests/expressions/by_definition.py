"""Terms and index maps by their definition: every index runs, in NumPy, with nothing of the calculus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from jacobians.expressions.index_maps import Concatenate, Merge, Merger, Selector, Split, Take
from jacobians.expressions.nodes import Constant, EinsumSum, EinsumTerm, Expression, Named, Variable, tensor

Array = np.ndarray[Any, Any]


def value(term: EinsumTerm, arrays: Mapping[str, Array]) -> Array:
    """The array of a term: a product at every place of all its indices, added up where the output has that place."""
    sizes = [int(size) for size in term.sizes]
    places = np.indices(sizes) if sizes else np.zeros((0,))
    product = np.full(sizes, term.coefficient)
    for operand, group in zip(term.operands, term.indices, strict=True):
        product = product * np.asarray(array(operand, arrays))[tuple(places[index] for index in group)]
    if not term.output:
        return np.sum(product)
    result = np.zeros([sizes[index] for index in term.output])
    np.add.at(result, tuple(places[index] for index in term.output), product)
    return result


def total(terms: Sequence[EinsumTerm], arrays: Mapping[str, Array]) -> Any:
    return sum(value(term, arrays) for term in terms)


def array(node: Expression, arrays: Mapping[str, Array]) -> Array:
    """The array of an expression that is linear in its parts."""
    match node:
        case Variable():
            return arrays[node.name]
        case Constant():
            return node.value
        case Named():
            return array(node.body, arrays)
        case EinsumSum():
            return np.zeros(node.shape) + total(node.terms, arrays)  # type: ignore[arg-type]
        case Concatenate():
            return np.concatenate([array(part, arrays) for part in node.parts], axis=node.axis)
        case Take():
            return np.take(array(node.body, arrays), node.pick.places(), axis=node.axis)
        case Merge() | Split():
            return array(node.body, arrays).reshape([int(size) for size in node.shape])
        case Selector():
            return np.eye(int(node.shape[0]))[:, node.pick.places()]
        case Merger():
            return np.eye(int(node.shape[0])).reshape([int(size) for size in node.shape])
    raise AssertionError(type(node))


@st.composite
def terms(draw: Any, sizes: Sequence[int] | None = None, rank: int | None = None, most: int = 3) -> EinsumTerm:
    """A term over few variables, so that some occur twice; its indices are not yet numbered as in normal form."""
    sizes = draw(st.lists(st.sampled_from((2, 3)), min_size=1, max_size=4)) if sizes is None else sizes
    index = st.integers(0, len(sizes) - 1)
    groups = draw(st.lists(st.lists(index, max_size=3).map(tuple), max_size=most))
    length = draw(st.integers(0, 3)) if rank is None else rank
    output = tuple(draw(index) for _ in range(length))
    operands = tuple(_variable([sizes[one] for one in group], draw(st.sampled_from("ab"))) for group in groups)
    return EinsumTerm(draw(st.sampled_from((1.0, -2.0, 0.5))), operands, tuple(groups), output, tuple(sizes))


def _variable(shape: Sequence[int], stem: str) -> Variable:
    return tensor(stem + "".join(map(str, shape)), *shape)


def drawn_arrays(parts: Sequence[EinsumTerm]) -> dict[str, Array]:
    """An array for every variable, the same for the same name."""
    found: dict[str, Array] = {}
    waiting: list[Expression] = [operand for term in parts for operand in term.operands]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if isinstance(node, Variable):
            seed = sum(map(ord, node.name))
            found[node.name] = np.random.default_rng(seed).normal(size=[int(size) for size in node.shape])
    return found


def numbered(term: EinsumTerm) -> bool:
    """Whether indices are numbered by first appearance in the output and then in the operands."""
    order = list(dict.fromkeys([*term.output, *(index for group in term.indices for index in group)]))
    return order == list(range(len(order)))
