"""NumPy's names of parameters: `np.repeat(x, repeats=2)` reaches a handler that has another name for `repeats`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from ..errors import UnsupportedError
from ..expressions.unsupported import full_name

Handler = Callable[..., Any]
_NAMED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def with_numpy_names(function: Any, handler: Handler) -> Handler:
    """`handler` under the names that NumPy gives the parameters of `function`, by their places.

    A parameter that the handler does not have is refused with an `UnsupportedError`, unless its value is NumPy's
    default.
    """
    try:
        theirs = inspect.signature(function).parameters
        ours = inspect.signature(handler).parameters
    except (TypeError, ValueError):
        return handler
    names = list(theirs)
    variadic = any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in ours.values())
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in ours.values())
    own = [name for name, one in ours.items() if one.kind in _NAMED]
    renamed = {
        name: own[place]
        for place, name in enumerate(names)
        if name not in ours and place < len(own) and own[place] not in theirs
    }
    if set(theirs) <= set(ours):
        return handler

    @wraps(handler)
    def under_numpy_names(*args: Any, **options: Any) -> Any:
        if options:
            while variadic and len(args) < len(names) and names[len(args)] in options:
                args = (*args, options.pop(names[len(args)]))
            options = {renamed.get(name, name): value for name, value in options.items()}
            for name in [name for name in options if name not in ours]:
                default = theirs[name].default if name in theirs else inspect.Parameter.empty
                if options[name] is default:
                    del options[name]
                elif not takes_any:
                    raise UnsupportedError(
                        f"{full_name(function)} of an expression takes no option {name!r}; its options here are "
                        f"{', '.join(own[1:]) or 'none'}"
                    )
        return handler(*args, **options)

    return under_numpy_names
