"""The graph that a picture shows: the named expressions, and how each is computed from the ones before.

Unnamed expressions between two names are folded into one step, as in `Jacobian.factors`. An expression without any
names gets some: v₁, v₂, … for every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...expressions.nodes import Constant, Expression, Named, Variable
from ...expressions.walks import walk


@dataclass(frozen=True)
class Point:
    """A named expression. `step` is what it is computed as, over `uses`: variables that stand for points and leaves."""

    node: Named
    step: Expression
    uses: tuple[Expression, ...]


def is_leaf(node: Expression) -> bool:
    """Whether a node is a box of its own without being computed: a variable or a named constant."""
    return isinstance(node, Variable) or (isinstance(node, Constant) and node.name is not None)


def name_steps(root: Expression) -> Named:
    """The expression with a name at its top, and with names v1, v2, … for its steps if none of them has one."""
    nodes = walk([root])
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
        made[node.serial] = node.with_children(lambda child: made[child.serial])
        if node.serial in steps:
            count += 1
            made[node.serial] = made[node.serial].named(f"{stem}{count}")
    return Named.of(top, made[root.serial])


def points_of(root: Named) -> list[Point]:
    """The named expressions below `root` and itself, in the order of computation."""
    stands_for: dict[int, Expression] = {}
    points: list[Point] = []
    for node in walk([root]):
        if isinstance(node, Named):
            step = stands_for[node.body.serial]
            variable = Variable.of(node.name, node.shape)
            points.append(Point(node, step, _uses(step)))
            stands_for[node.serial] = variable
        else:
            stands_for[node.serial] = node.with_children(lambda child: stands_for[child.serial])
    return points


def _uses(step: Expression) -> tuple[Expression, ...]:
    """The variables and named constants that a step reads, in the order in which it is written."""
    return tuple(node for node in walk([step]) if is_leaf(node))


def leaves_of(points: Sequence[Point]) -> list[Expression]:
    """The variables and named constants that stand for no point, in order of use."""
    names = {point.node.name for point in points}
    found = {use.serial: use for point in points for use in point.uses if use.name not in names}
    return list(found.values())
