"""Samples: x^{(i)} and x_i, row i of X, and Σ_i over them.

A sample is a variable of its own while the formula around it is read; the sum puts the rows of X in its place, with an
axis in front that goes over the samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...errors import ShapeError
from ...expressions.nodes import EinsumSum, Elementwise, Expression, Named, Primitive, Variable, tensor
from ...expressions.walks import walk
from ...functions.indexing import expand_axes
from ...functions.operators import add, network
from ...shapes.sizes import Size
from .entries import Monomial
from .values import Value


class Samples:
    """The samples that a text speaks of: for each its array and the letter that it goes over."""

    def __init__(self) -> None:
        self.arrays: dict[Variable, tuple[Expression, str]] = {}

    def of(self, array: Expression, letter: str) -> Variable:
        """Row `letter` of an array, as a variable."""
        for known, (other, own) in self.arrays.items():
            if other is array and own == letter:
                return known
        name = f"{array.name}_sample_{letter}"
        self.arrays[tensor(name, *array.shape[1:])] = array, letter
        return self.of(array, letter)

    def rows(self, expression: Expression, letter: str) -> dict[Variable, Expression]:
        """The arrays whose samples an expression has, under `letter`."""
        return {
            node: self.arrays[node][0]
            for node in walk([expression])
            if isinstance(node, Variable) and node in self.arrays and self.arrays[node][1] == letter
        }


def over_samples(samples: Samples, value: Value, letter: str) -> Value | None:
    """A value with an axis in front for the samples of `letter`; among entries that axis bears the letter.

    None where it has no such samples.
    """
    if value.entries is not None:
        changed = tuple(_over(samples, one, letter) for one in value.entries)
        return None if changed == value.entries else replace(value, entries=changed)
    rows = samples.rows(value.expression, letter)
    return replace(value, expression=batched(value.expression, rows), chain=None) if rows else None


def _over(samples: Samples, one: Monomial, letter: str) -> Monomial:
    operands, letters = list(one.operands), list(one.letters)
    for place, operand in enumerate(operands):
        rows = samples.rows(operand, letter)
        if rows:
            operands[place] = batched(operand, rows)
            letters[place] = (letter, *letters[place])
    return replace(one, operands=tuple(operands), letters=tuple(letters))


def batched(root: Expression, rows: Mapping[Variable, Expression]) -> Expression:
    """`root` for every sample: the arrays of `rows` in the place of their samples, with the axis of samples in front.

    Raises `ShapeError` for what is not read of many samples at once.
    """
    sizes = {array.shape[0] for array in rows.values()}
    if len(sizes) > 1:
        raise ShapeError(f"samples of one letter, of which there are {' and '.join(map(str, sorted(sizes, key=str)))}")
    size: Size = sizes.pop()
    made: dict[int, Expression] = {}
    lifted: set[int] = set()
    for node in walk([root]):
        if isinstance(node, Variable) and node in rows:
            made[node.serial] = rows[node]
            lifted.add(node.serial)
        elif not any(one.serial in lifted for one in node.children):
            made[node.serial] = node
        else:
            made[node.serial] = _lifted(node, made, lifted, size)
            lifted.add(node.serial)
    return made[root.serial]


def _lifted(node: Expression, made: Mapping[int, Expression], lifted: set[int], size: Size) -> Expression:
    if isinstance(node, Named):
        return made[node.body.serial]
    if isinstance(node, EinsumSum):
        terms: list[Expression] = []
        for term in node.terms:
            new = len(term.sizes)
            operands = [made[one.serial] for one in term.operands]
            groups = [
                (new, *group) if one.serial in lifted else group
                for one, group in zip(term.operands, term.indices, strict=True)
            ]
            lengths: dict[int, Size] = {**dict(enumerate(term.sizes)), new: size}
            terms.append(network(operands, groups, (new, *term.output), lengths, term.coefficient))
        return add(*terms)
    if isinstance(node, Elementwise):
        arguments: list[Expression] = []
        for one in node.args:
            argument = made[one.serial]
            missing = node.ndim - one.ndim
            if one.serial in lifted and missing:
                argument = expand_axes(argument, list(range(1, 1 + missing)))
            arguments.append(argument)
        return Elementwise.of(node.function, tuple(arguments))
    if isinstance(node, Primitive) and len(node.args) == 1:
        result = Primitive.of(node.rule, made[node.args[0].serial])
        if result.shape == (size, *node.shape):
            return result
    raise ShapeError("a formula of samples holds a function that is not read of many samples at once")
