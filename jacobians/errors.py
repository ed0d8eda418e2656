"""The errors of the library: each is its own type and a subclass of the built-in error a user would expect."""

from __future__ import annotations

import numpy as np


class JacobiansError(Exception):
    """The root of every error that this library raises on purpose.

    One about a text has its `line` and `column`, counted from 1, and the `excerpt` with a caret, which the message ends
    with.
    """

    line: int | None = None
    column: int | None = None
    excerpt: str = ""


class ShapeError(JacobiansError, ValueError):
    """Sizes or ranks that do not fit: the message names the operand, the axis by its role, and both sizes."""


class LayoutError(JacobiansError, ValueError):
    """An unknown layout, or an array that does not have the shape its layout asks for."""


class ParseError(JacobiansError, ValueError):
    """Text that is not in the grammar: the message has line, column and what was expected."""


class NamingError(JacobiansError, ValueError):
    """A name that is not an identifier, is a keyword, is unknown, or stands for two different things."""


class DataError(JacobiansError, ValueError):
    """Values that are not real numbers, are missing, or cannot be read."""


class SingularMatrixError(JacobiansError, np.linalg.LinAlgError):
    """A matrix that has no inverse where one is needed: the message names the matrix and its rank."""


class OptionError(JacobiansError, ValueError):
    """An option (an order, an activation, a loss, …) that is not one of the choices."""


class UnsupportedError(JacobiansError, TypeError):
    """A function or operation that has no derivative rule here: the message names the nearest supported way."""


class MaterializationError(JacobiansError, MemoryError):
    """A dense array that would not fit in memory: refused before it is allocated."""
