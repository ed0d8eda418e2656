"""What an operand is as a closed form: a product, a sum, an inverse, a determinant; or just its text."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from ..expressions.flattening import flatten
from ..expressions.index_maps import Merge
from ..expressions.nodes import Constant, EinsumSum, Elementwise, Expression, Prime, Primitive
from ..functions.determinants import DETERMINANT, INVERSE, LOG_DETERMINANT
from ..functions.linear_algebra import SOLVE
from .closed_form import Writer, closed_form
from .forms import Call, Monomial, Sum, Symbol, Value
from .kronecker import merged_terms
from .rewriting import as_monomial, inverse, root, simplified


def opaque(node: Expression, text: str, plain: bool, name: str | None) -> Sum:
    """An operand by its text alone; two of one name are the same."""
    key = node.serial if name is None else name
    if not node.ndim:
        return (Monomial(scalars=((Value(text, plain, key), 1),)),)
    columns = node.shape[1] if node.ndim > 1 else 1
    return (Monomial(body=(Symbol(text, plain, key, node.shape[0], columns),)),)


def form_of(node: Expression, writer: Writer) -> Sum | None:
    """The closed form of a node of at most two axes that is made of others; None where it has none but its text."""
    if node.ndim > 2:
        return None
    if isinstance(node, Constant):
        value = float(node.value) if not node.shape else float("nan")
        return (Monomial(value),) if isfinite(value) else None
    if isinstance(node, Elementwise) and not isinstance(node.function, Prime):
        rule = _ENTRYWISE.get(node.function.name)
        return rule(node, writer) if rule else None
    if isinstance(node, Primitive):
        return _primitive(node, writer)
    if isinstance(node, Merge):
        terms = merged_terms(node)
        return None if terms is None else closed_form(terms, writer)
    if isinstance(node, EinsumSum):  # a shared adjoint, too: it is written out
        terms = flatten(node.terms, len(node.terms), writer.unreadable, writer.flattened)
        writer.flattened[node.serial] = terms
        return closed_form(terms, writer)
    return None


def _primitive(node: Primitive, writer: Writer) -> Sum | None:
    if node.rule not in (DETERMINANT, LOG_DETERMINANT, INVERSE, SOLVE) or not writer.form(node.args[0]):
        return None
    if node.rule in (DETERMINANT, LOG_DETERMINANT) and not node.shape:
        return (Monomial(scalars=((Call(node.rule.name, writer.form(node.args[0])), 1),)),)
    if node.rule is INVERSE:
        return (_inverse(node.args[0], writer),)
    if node.rule is SOLVE:
        left, right = _inverse(node.args[0], writer), as_monomial(writer.form(node.args[1]))
        product = left.times(right)
        return (Monomial(product.coefficient, product.scalars, simplified(product.body)),)
    return None


def _inverse(matrix: Expression, writer: Writer) -> Monomial:
    one = as_monomial(writer.form(matrix))
    scalars = Monomial(one.coefficient, one.scalars).to_the(-1)
    return Monomial(scalars.coefficient, scalars.scalars, simplified(inverse(one.body)) if one.body else ())


def _is_number(node: Expression, writer: Writer) -> bool:
    """Whether an operand is a scalar, or one number along axes of size 1."""
    single = all(size == 1 for size in node.shape) and node.ndim <= 2
    return single and not any(one.body for one in writer.form(node))


def _root(node: Elementwise, writer: Writer) -> Sum | None:
    return (root(writer.form(node.args[0])),) if _is_number(node.args[0], writer) else None


def _reciprocal(node: Elementwise, writer: Writer) -> Sum | None:
    return _divided((Monomial(),), writer.form(node.args[0])) if _is_number(node.args[0], writer) else None


def _quotient(node: Elementwise, writer: Writer) -> Sum | None:
    """What is divided by a scalar; a quotient of entries has no other form."""
    top, bottom = node.args
    if not _is_number(bottom, writer) or top.shape != node.shape:
        return None
    return _divided(writer.form(top), writer.form(bottom))


def _divided(top: Sum, bottom: Sum) -> Sum | None:
    if not top:
        return ()
    divisor = as_monomial(bottom)
    return (as_monomial(top).times(divisor.to_the(-1)),) if divisor.coefficient else None


def _power(node: Elementwise, writer: Writer) -> Sum | None:
    """A whole power of a scalar."""
    base, exponent = node.args
    if node.shape or not isinstance(exponent, Constant) or exponent.name is not None:
        return None
    value = float(exponent.value)
    if value != int(value):
        return None
    one = as_monomial(writer.form(base))
    if not one.coefficient or len(one.scalars) > 1:
        return None
    return (one.to_the(int(value)),)


_ENTRYWISE: dict[str, Callable[[Elementwise, Writer], Sum | None]] = {
    "sqrt": _root,
    "reciprocal": _reciprocal,
    "divide": _quotient,
    "power": _power,
}
