"""How an expression prints on one line, and how a derivative calls it."""

from __future__ import annotations

from ..expressions.nodes import Expression, Named
from .alphabet import TEXT, Alphabet
from .latex import LATEX
from .names import typeset
from .writer import ExpressionWriter


def describe(node: Expression) -> str:
    """An expression in matrix notation, cut where it is long; a named one with what it stands for."""
    body = node.body if isinstance(node, Named) else node
    text = TEXT.cut(ExpressionWriter([body]).atom(body)[0])
    return f"{typeset(node.name)} := {text}" if isinstance(node, Named) else text


def describe_in_latex(node: Expression) -> str:
    """An expression in LaTeX; of a named one what it stands for."""
    body = node.body if isinstance(node, Named) else node
    return ExpressionWriter([body], LATEX).atom(body)[0]


def label(node: Expression, alphabet: Alphabet = TEXT) -> str:
    """How an expression stands in a symbol such as ∂s/∂z: by its name, or in parentheses."""
    if node.name is not None:
        return alphabet.name(node.name, node.ndim)
    text, atomic = ExpressionWriter([node], alphabet).atom(node)
    return alphabet.grouped(alphabet.cut(text), atomic)


Expression.printer = describe
Expression.latex_printer = describe_in_latex
