"""What a program says where NumPy finds a matrix singular: our own error, which names the matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import numpy as np

from ..errors import SingularMatrixError
from ..expressions.nodes import Rule
from ..notation.text import label
from .operations import Call
from .program import Program, Statement, reachable


def naming_the_matrix(function: Callable[..., Any], program: Program) -> Callable[..., Any]:
    """`function` of a program, which says which matrix is singular where NumPy says that some matrix is.

    Programs without linear algebra are left as they are; for the others a call takes a tenth of a microsecond more.
    """
    suspects = [one for one in program.statements if "np.linalg." in getattr(_rule(one), "template", "")]
    if not suspects:
        return function

    @wraps(function)
    def called(*arrays: Any) -> Any:
        try:
            return function(*arrays)
        except np.linalg.LinAlgError as error:
            if isinstance(error, SingularMatrixError):
                raise
            raise _named(dict(zip(program.parameters, arrays, strict=False)), suspects, program, error) from None

    return called


def _rule(statement: Statement) -> Rule | None:
    return statement.operation.rule if isinstance(statement.operation, Call) else None


def _named(
    values: Mapping[str, Any], suspects: Sequence[Statement], program: Program, error: np.linalg.LinAlgError
) -> SingularMatrixError:
    for suspect in suspects:
        try:
            _value(suspect, values, program)
        except np.linalg.LinAlgError:
            node = suspect.operation.node if isinstance(suspect.operation, Call) else None
            if node is not None:
                told = _told(_value(suspect.operands[0], values, program), error)
                return SingularMatrixError(f"{node.rule.name} of {label(node.args[0])}: {told}")
    return SingularMatrixError(f"a matrix in this computation has no value: {error}")


def _value(statement: Statement, values: Mapping[str, Any], program: Program) -> Any:
    alone = Program(reachable([statement]), [statement], program.printer, names=program.names)
    code = program.printer(program.printer.prepared(alone))
    scope: dict[str, Any] = {}
    exec(compile(code.source, "<jacobians program>", "exec"), scope)  # noqa: S102 - the text of a program, as above
    return scope["program"](*(values[key] for key in alone.arguments))[0]


def _told(matrix: Any, error: np.linalg.LinAlgError) -> str:
    if not np.isfinite(matrix).all():
        return f"the matrix (shape {matrix.shape}) has entries that are inf or nan ({error})"
    sizes = np.linalg.svd(matrix, compute_uv=False).reshape(-1, matrix.shape[-1])
    row = sizes[int(np.argmin(sizes[:, -1]))]
    rank = int(np.sum(row > row[0] * matrix.shape[-1] * np.finfo(matrix.dtype).eps))
    stack = f", matrix {int(np.argmin(sizes[:, -1]))} of the stack" if len(sizes) > 1 else ""
    return (
        f"the matrix (shape {matrix.shape}{stack}) is singular, of rank {rank}, and has no inverse; "
        "np.linalg.det and its derivatives have values there"
    )
