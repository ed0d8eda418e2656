"""Letting go of large arrays after they are read for the last time, where another one is made later."""

from __future__ import annotations

from dataclasses import replace

from ..program import Program, Statement

#: Number of elements from which an array is worth a statement that lets go of it.
LEAST = 4_096


def release(program: Program) -> Program:
    """The same program with the large arrays that each line is the last to read."""
    memory: dict[Statement, Statement] = {}  # whose memory a statement's result is in
    for one in program.statements:
        place = program.overwritten.get(one)
        memory[one] = one if place is None and not one.is_view else memory[(place or one).base]
    last: dict[Statement, int] = {}
    lines = [one for one in program.computed if one not in program.inlined]
    for number, line in enumerate(lines):
        for read in _read(line, program):
            last[memory[read]] = number
    kept = {memory[result] for result in program.results}
    allocations = [
        number for number, line in enumerate(lines) if line.elements >= LEAST and line not in program.overwritten
    ]
    latest = max(allocations, default=-1)
    members: dict[Statement, list[Statement]] = {}
    for line in lines:
        members.setdefault(memory[line], []).append(line)
    released: dict[Statement, tuple[Statement, ...]] = {}
    for owner, names in members.items():
        number = last.get(owner, latest)
        if number < latest and owner.elements >= LEAST and owner not in kept:
            released[lines[number]] = released.get(lines[number], ()) + tuple(names)
    return replace(program, released=released)


def _read(line: Statement, program: Program) -> list[Statement]:
    """The statements that a line reads, in what is written into it too."""
    found: list[Statement] = []
    stack = list(line.operands)
    while stack:
        one = stack.pop()
        if one.is_view or one in program.inlined:
            stack += one.operands
        elif not one.is_given:
            found.append(one)
    return found
