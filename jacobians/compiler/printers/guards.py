"""Functions that tell by themselves whether their arguments have the shapes and types that they were made for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

#: Stands for an argument that was not given.
MISSING = object()


def guarded(
    header: str,
    parameters: Sequence[str],
    body: str,
    namespace: dict[str, Any],
    fresh: Callable[[str], str],
    arrays: Sequence[np.ndarray[Any, Any]],
    otherwise: Callable[..., Any],
) -> Callable[..., Any]:
    """The function of `body` for plain arrays of the shapes and types of `arrays`, `otherwise` for anything else.

    The comparisons stand in the function itself: they take a third of the time of a dictionary of signatures, and a
    call less than a wrapper. `fresh` gives names that the body does not use.
    """
    names = {what: fresh(f"_{what}") for what in ("name", "rest", "missing", "plain", "otherwise")}
    types = {dtype: fresh("_type") for dtype in dict.fromkeys(array.dtype for array in arrays)}
    checks = [
        check
        for name, array in zip(parameters, arrays, strict=True)
        for check in (
            f"type({name}) is not {names['plain']}",
            f"{name}.shape != {array.shape}",
            f"{name}.dtype is not {types[array.dtype]}",
        )
    ]
    defaults = [f"{name}={names['missing']}" for name in parameters]
    text = (
        f"{header}def {names['name']}({', '.join([*defaults, '*' + names['rest']])}):\n"
        f"    if {' or '.join([names['rest'], *checks])}:\n"
        f"        return {names['otherwise']}({', '.join([*parameters, '*' + names['rest']])})\n"
        f"{body}\n"
    )
    known = {names["missing"]: MISSING, names["plain"]: np.ndarray, names["otherwise"]: otherwise}
    scope = {**namespace, **known, **{name: dtype for dtype, name in types.items()}}
    # The text is made of templates of this library and of identifiers that were checked: nothing a user typed.
    exec(compile(text, "<jacobians program>", "exec"), scope)  # noqa: S102
    return scope[names["name"]]  # type: ignore[no-any-return]
