"""Names: identifiers, compared after NFKC normalisation as Python compares them in source code."""

from __future__ import annotations

import keyword
import unicodedata

from ..errors import NamingError
from .formatting import shown_value


def normalise(name: str) -> str:
    """The form under which names are compared: `ℓ` and `l` are one name, as they are in Python."""
    return unicodedata.normalize("NFKC", name)


def check_name(name: object, what: str) -> str:
    """`name` if it can be a name; otherwise a `NamingError` that says why and, where there is one, a way out."""
    if not isinstance(name, str):
        raise NamingError(f"the name of {what} is a string, got {shown_value(name)} of type {type(name).__name__}")
    if not name.isidentifier():
        ascii_digits = normalise(name)
        hint = (
            f"; try {ascii_digits!r}, which prints with a subscript"
            if ascii_digits.isidentifier()
            else ("; letters, digits and _ only, not starting with a digit (W1 prints as W₁, W1_tilde as W̃₁)")
        )
        raise NamingError(f"the name of {what} is not an identifier: {name!r}{hint}")
    if keyword.iskeyword(normalise(name)):
        raise NamingError(f"the name of {what} is a keyword of Python: {name!r}; try {name + '_'!r}")
    return name
