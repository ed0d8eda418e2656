"""Statements written where they are read: `r = W2.dot(s) + b2 - t` rather than a name for the product.

A line gets the few operations that a reader takes in at once. What has a name of the user's keeps its line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from ..operations import (
    Apply,
    Call,
    Concatenate,
    Copy,
    Cumulate,
    Eye,
    Fill,
    Gather,
    Product,
    Roll,
    Scale,
    Scatter,
    Sum,
    Triangle,
)
from ..program import Program, Statement

#: Operations in one line.
MOST = 4


def inline(program: Program, mentions: Callable[[Statement, int], int], weight: Callable[[Statement], int]) -> Program:
    """The same program with what is read once, in a short line, written there.

    `mentions` is how often a statement's text mentions its k-th operand, `weight` how many operations it shows.
    """
    overwritten = {one.base for one in program.overwritten.values()}
    count: Counter[Statement] = Counter()
    reader: dict[Statement, Statement] = {}
    line: dict[Statement, Statement] = {}
    room: dict[Statement, int] = {}
    inlined: set[Statement] = set()
    returned = set(program.results)
    for statement in reversed(program.statements):
        if statement.is_given:
            continue
        if statement.is_view:
            times = count[statement]
        elif _may_move(statement, program, overwritten, returned) and count[statement] == 1:
            into = reader[statement]
            root = line.get(into)
            if root is not None and _takes(into) and room[root] >= weight(statement):
                inlined.add(statement)
                line[statement] = root
                room[root] -= weight(statement)
            times = 1
        else:
            times = 1
        if not statement.is_view and statement not in inlined:
            line[statement] = statement
            room[statement] = MOST - weight(statement)
        for k, operand in enumerate(statement.operands):
            count[operand] += times * mentions(statement, k)
            reader[operand] = reader.get(statement, statement) if statement.is_view else statement
    return replace(program, inlined=frozenset(inlined))


def _may_move(statement: Statement, program: Program, overwritten: set[Statement], returned: set[Statement]) -> bool:
    """Whether a statement may be computed later, where it is read, and has no name."""
    return (
        not isinstance(statement.operation, (Scatter, Fill, Eye, Copy, Concatenate, Gather, Roll, Cumulate, Triangle))
        and statement not in program.names
        and statement not in returned
        and statement not in program.overwritten
        and statement not in overwritten
        and not any(operand.base in overwritten for operand in statement.operands)
    )


def _takes(reader: Statement) -> bool:
    """Whether an expression reads well as an operand."""
    operation = reader.operation
    if isinstance(operation, Product):
        whole = set(operation.left) | set(operation.right)
        return whole == set(operation.result) and len(whole) == max(len(operation.left), len(operation.right))
    return isinstance(operation, (Sum, Scale, Apply, Call))
