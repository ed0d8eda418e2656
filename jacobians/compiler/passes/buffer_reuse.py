"""Writing results into arrays that nobody reads any more: `np.multiply(t6, t8, out=t6)`.

A fresh large array costs as much as the product that fills it. What is overwritten was computed by an earlier
statement, has the dtype and the shape of the result, is read here for the last time, and is neither returned nor seen
through a view that is read later: never an argument or a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..operations import Apply, Product, Scale, Scatter, Sum, Transpose
from ..program import Program, Statement

#: Number of elements below which a new array costs nothing.
LEAST = 32_768


def reuse_buffers(
    program: Program, is_written_by_entry: Callable[[Apply], bool], is_in_c_order: Callable[[Statement], bool]
) -> Program:
    """The same program, large element-wise results written into what is read for the last time.

    What the target can do is told by two questions: whether a function writes its result entry by entry into a given
    array, and whether a reshape of a statement's result is surely a view.
    """
    last = last_readers(program)
    overwritten: dict[Statement, Statement] = {}
    for number, statement in enumerate(program.statements):

        def free(operand: Statement, statement: Statement = statement, number: int = number) -> bool:
            base = operand.base
            return (
                base.owns
                and last[base] == number
                and base.dtype == statement.dtype
                and sum(other.base is base for other in statement.operands) == 1
            )

        if isinstance(statement.operation, Scatter):
            base = statement.operands[0]
            ordered = not any(place.reshapes for place in statement.operation.placements) or is_in_c_order(base)
            if statement.operation.based and not base.is_view and free(base) and ordered:
                overwritten[statement] = base
        elif statement.elements >= LEAST:
            place = next((one for one in _places(statement, is_written_by_entry) if free(one)), None)
            if place is not None:
                overwritten[statement] = place
    return replace(program, overwritten=overwritten)


def last_readers(program: Program) -> Mapping[Statement, int]:
    """The number of the last statement that reads the memory of each statement, itself or through a view of it."""
    last: dict[Statement, int] = {}
    for number, statement in enumerate(program.statements):
        last.setdefault(statement.base, number)
        if not statement.is_view:
            for operand in statement.operands:
                last[operand.base] = number
    last.update((result.base, len(program.statements)) for result in program.results)
    return last


def _places(statement: Statement, is_written_by_entry: Callable[[Apply], bool]) -> list[Statement]:
    """The operands into which an element-wise statement could write its result: those with the same entries."""
    operation, operands = statement.operation, statement.operands
    if isinstance(operation, Product):
        groups = (operation.left, operation.right)
        if set(operation.left) | set(operation.right) != set(operation.result):
            return []
        found = [one for one, group in zip(operands, groups, strict=True) if len(group) == len(operation.result)]
        return [one for one in found if _is_all(one)]
    if isinstance(operation, Sum):  # what comes later would be overwritten before it is read
        candidates = operands[: 2 if operation.signs[0] == 1 else 1][:2]
    elif isinstance(operation, Scale) or (isinstance(operation, Apply) and is_written_by_entry(operation)):
        candidates = operands
    else:
        return []
    return [one for one in candidates if one.shape == statement.shape and _is_all(one)]


def _is_all(operand: Statement) -> bool:
    """Whether an operand is a whole array, or one transposed."""
    while isinstance(operand.operation, Transpose):
        (operand,) = operand.operands
    return not operand.is_view
