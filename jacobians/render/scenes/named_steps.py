"""The graph that a picture shows: the named expressions, and how each is computed from the ones before.

Unnamed expressions between two names are folded into one step, as in `Jacobian.factors`. An expression without any
names gets some: v₁, v₂, … for every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...expressions.index_maps import Concatenate, Merge, Split, Take
from ...expressions.nodes import (
    Constant,
    EinsumSum,
    Elementwise,
    Expression,
    Named,
    Primitive,
    Variable,
    topological,
)
from ...expressions.terms import merge_like, tidy
from ...functions.operators import of_terms


@dataclass(frozen=True)
class Point:
    """A named expression. `step` is what it is computed as, over `uses`: variables that stand for points and leaves."""

    node: Named
    step: Expression
    uses: tuple[Expression, ...]


def with_children(node: Expression, children: dict[int, Expression]) -> Expression:
    """The same operation on other operands; `children` has the new operand for the serial number of the old one."""

    def new(child: Expression) -> Expression:
        return children.get(child.serial, child)

    if isinstance(node, Named):
        return Named.of(node.name, new(node.body))
    if isinstance(node, Elementwise):
        return Elementwise.of(node.function, tuple(new(arg) for arg in node.args))
    if isinstance(node, Primitive):
        return Primitive.of(node.rule, *(new(arg) for arg in node.args))
    if isinstance(node, Concatenate):
        return Concatenate.of([new(part) for part in node.parts], node.axis)
    if isinstance(node, Take):
        return Take.of(new(node.body), node.axis, node.pick)
    if isinstance(node, Merge):
        return Merge.of(new(node.body), node.axis, node.count)
    if isinstance(node, Split):
        return Split.of(new(node.body), node.axis, node.sizes)
    if isinstance(node, EinsumSum):
        terms = [
            tidy(
                term.coefficient,
                [new(operand) for operand in term.operands],
                term.indices,
                term.output,
                dict(enumerate(term.sizes)),
            )
            for term in node.terms
        ]
        return of_terms(merge_like(terms), node.shape)
    return node


def is_leaf(node: Expression) -> bool:
    """Whether a node is a box of its own without being computed: a variable or a named constant."""
    return isinstance(node, Variable) or (isinstance(node, Constant) and node.name is not None)


def name_steps(root: Expression) -> Named:
    """The expression with a name at its top, and with names v1, v2, … for its steps if none of them has one."""
    nodes = topological([root])
    taken = {node.name for node in nodes}
    inner = [node for node in nodes if node.children and node is not root]
    if isinstance(root, Named):
        inner = [node for node in inner if node is not root.body]
    if isinstance(root, Named):
        top = root.name
    else:
        top = next(name for name in ("y", "out", *(f"y{k}" for k in range(len(nodes)))) if name not in taken)
    if any(isinstance(node, Named) for node in inner):
        return Named.of(top, root)
    steps = {node.serial for node in inner}
    stem = next(stem for stem in ("v", "u", "step") if not any(f"{stem}{k}" in taken for k in range(len(nodes) + 1)))
    made: dict[int, Expression] = {}
    count = 0
    for node in nodes:
        made[node.serial] = with_children(node, made)
        if node.serial in steps:
            count += 1
            made[node.serial] = made[node.serial].named(f"{stem}{count}")
    return Named.of(top, made[root.serial])


def points_of(root: Named) -> list[Point]:
    """The named expressions below `root` and itself, in the order of computation."""
    stands_for: dict[int, Expression] = {}
    points: list[Point] = []
    for node in topological([root]):
        if isinstance(node, Named):
            step = stands_for[node.body.serial]
            variable = Variable.of(node.name, node.shape)
            points.append(Point(node, step, _uses(step)))
            stands_for[node.serial] = variable
        else:
            stands_for[node.serial] = with_children(node, stands_for)
    return points


def _uses(step: Expression) -> tuple[Expression, ...]:
    """The variables and named constants that a step reads, in the order in which it is written."""
    found: dict[int, Expression] = {}
    stack: list[Expression] = [step]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if node.serial in seen:
            continue
        seen.add(node.serial)
        if is_leaf(node):
            found[node.serial] = node
        stack.extend(reversed(node.children))
    return tuple(found.values())


def leaves_of(points: Sequence[Point]) -> list[Expression]:
    """The variables and named constants that stand for no point, in order of use."""
    names = {point.node.name for point in points}
    found = {use.serial: use for point in points for use in point.uses if use.name not in names}
    return list(found.values())
