"""Mistakes in the chain rule, where the derivative is known as a chain: factors dropped, transposed or exchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain as chain_of
from math import prod
from typing import Any

import numpy as np

from ...compiler.binding import Binding
from ...compiler.planning import plan
from ...differentiation.jacobian_tensor import Jacobian, derivative
from ...expressions.index_maps import IndexMap
from ...expressions.nodes import (
    Adjoint,
    Array,
    Constant,
    EinsumSum,
    EinsumTerm,
    Elementwise,
    Expression,
    Prime,
    Variable,
    as_expression,
)
from ...expressions.terms import tidy
from ...notation.alphabet import TEXT
from ...notation.writer import ExpressionWriter
from ...shapes.layout import from_numerator
from ...shapes.sizes import bind_size
from .case import Candidate, Case, Mistake
from .stretches import product, stretch_diagonal, stretch_dropped, stretch_value

#: A longer formula is not proposed as a repair.
LONGEST = 2000
#: Factors with more entries are not written out.
LARGEST = 1 << 20
#: Sums of more terms are not taken apart.
MOST_TERMS = 8


@dataclass(frozen=True)
class Chain:
    """∂y/∂x as a `Jacobian`, and the values at the point."""

    jacobian: Jacobian
    binding: Binding

    def evaluated(self, items: Sequence[Jacobian | Expression]) -> list[Array]:
        """Jacobians and expressions at the point."""
        if not items:
            return []
        return list(plan(items, "reverse", self.binding.sizes, self.binding.given).run(self.binding.arrays))

    @cached_property
    def value(self) -> Array:
        """The derivative, in numerator layout."""
        return self.evaluated([self.jacobian])[0]

    def is_value(self, array: Array) -> bool:
        """Whether an array is the derivative after all: a diagonal is its own transpose."""
        if array.shape != self.value.shape:
            return False
        scale = float(np.max(np.abs(self.value), initial=0.0, where=np.isfinite(self.value)))
        return bool(np.allclose(array, self.value, rtol=1e-9, atol=1e-9 * scale))

    @cached_property
    def made(self) -> dict[str, list[tuple[Array, Callable[[], str]]]]:
        """What each mistake makes of the derivative; what it does not change is left out."""
        listed = [(name, *variant) for name, variants in _CATALOGUE.items() for variant in variants(self)]
        arrays = iter(self.evaluated([one for _, one, _ in listed if isinstance(one, Expression)]))
        found: dict[str, list[tuple[Array, Callable[[], str]]]] = {name: [] for name in _CATALOGUE}
        for name, one, evidence in listed:
            array = next(arrays) if isinstance(one, Expression) else one
            if not self.is_value(array):
                found[name].append((array, evidence))
        return found

    @cached_property
    def factors(self) -> list[Array]:
        """The literal factors, in numerator layout."""
        return self.evaluated(self.jacobian.factors)

    @cached_property
    def written_out(self) -> bool:
        """Whether the factors are small enough to write out with their zeros."""
        shapes = (factor.shape for factor in self.jacobian.factors)
        sizes = self.binding.sizes
        return all(prod(bind_size(size, sizes) for size in shape) <= LARGEST for shape in shapes)

    @cached_property
    def terms(self) -> tuple[EinsumTerm, ...]:
        """The flat terms."""
        return self.jacobian.chain.flat

    @cached_property
    def closed_form(self) -> str:
        """What is right, as a formula."""
        return TEXT.cut(self.formula)

    @cached_property
    def formula(self) -> str:
        """What is right, as a formula that is not cut."""
        return self.jacobian.matrix_notation() or self.jacobian.index_notation().partition(" = ")[2]

    def repair(self, case: Case) -> str:
        """What to write instead: the formula, where a person would read it."""
        if len(self.formula) > LONGEST:
            return f"jacobian(f)(x)  # as a formula it has {len(self.formula)} characters"
        return f"{case.symbol} = {self.formula}"

    @cached_property
    def _writer(self) -> ExpressionWriter:
        return ExpressionWriter(
            [self.jacobian.numerator, *(operand for term in self.terms for operand in term.operands)]
        )

    def text(self, node: Expression) -> str:
        """An operand as it prints."""
        return self._writer.atom(node)[0]

    def term_text(self, term: EinsumTerm) -> str:
        """One term of the derivative as it prints."""
        return repr(EinsumSum.of([replace(term, coefficient=abs(term.coefficient))], self.jacobian.shape))


#: A wrong derivative as an expression or an array in numerator layout, and what was done.
Variant = tuple[Expression | Array, Callable[[], str]]


def _told(template: str, text: Callable[[Any], str], *parts: Any) -> Callable[[], str]:
    """The evidence, written when it is asked for: most mistakes are tried and not made."""
    return lambda: template.format(*(text(part) for part in parts))


def chain_mistakes(chain: Chain, layout: str) -> tuple[Mistake, ...]:
    """The catalogue of a chain, likeliest first, for claims in a layout."""
    return (*(_mistake(chain, name, layout) for name in _CATALOGUE), _second(chain))


def _mistake(chain: Chain, name: str, layout: str) -> Mistake:
    def candidates(case: Case) -> Iterator[Candidate]:
        for array, evidence in chain.made[name]:
            if array.ndim != case.ad.ndim:
                continue
            laid = from_numerator(array, len(case.of), [len(case.wrt)], layout)
            yield case.exact(laid, evidence, chain.repair(case))

    return Mistake(name, candidates)


def _as_network(chain: Chain, terms: Sequence[EinsumTerm]) -> Expression:
    return EinsumSum.of(terms, chain.jacobian.shape)


def _operands(chain: Chain) -> list[Expression]:
    """The operands of all terms, each once."""
    return list(dict.fromkeys(operand for term in chain.terms for operand in term.operands))


def _dropped(term: EinsumTerm, operand: Expression) -> EinsumTerm | None:
    """A term without an operand, where an array of ones can stand in its place; None where it holds others together."""
    output = list(term.output)
    for place in [place for place, one in enumerate(term.operands) if one is operand]:
        own = set(term.indices[place])
        rest = [set(group) for k, group in enumerate(term.indices) if k != place]
        twice = {index for index in own if output.count(index) > 1}
        if not (own <= twice or any(own <= group for group in rest)):
            return None
    kept = [place for place, one in enumerate(term.operands) if one is not operand]
    sizes = dict(enumerate(term.sizes))
    return tidy(term.coefficient, [term.operands[k] for k in kept], [term.indices[k] for k in kept], output, sizes)


def _is_prime(operand: Expression) -> bool:
    return isinstance(operand, Elementwise) and isinstance(operand.function, Prime)


def _without_operand(chain: Chain, prime: bool = True) -> Iterator[Variant]:
    """An element-wise factor dropped from every term that has it."""
    for operand in _operands(chain):
        if _is_prime(operand) != prime or isinstance(operand, (Adjoint, IndexMap)):
            continue
        terms = [_dropped(term, operand) if operand in term.operands else term for term in chain.terms]
        if all(term is not None for term in terms):
            evidence = _told("the claim is the right derivative without the factor {}", chain.text, operand)
            yield _as_network(chain, [term for term in terms if term is not None]), evidence


def _without_factor(chain: Chain) -> Iterator[Variant]:
    """A factor between two expressions of one shape left out of the product."""
    yield from _without_operand(chain, prime=False)
    factors = chain.jacobian.factors if chain.written_out else []
    for place, factor in enumerate(factors):
        if factor.numerator.shape == factor.denominator.shape and len(factors) > 1:
            arrays = [
                (array, f.numerator.ndim) for array, f in zip(chain.factors, factors, strict=True) if f is not factor
            ]
            evidence = _told(
                f"the claim is the product of the chain without its factor {place + 1}: {{}}", repr, factor
            )
            yield product(arrays), evidence


def _transposed(chain: Chain) -> Iterator[Variant]:
    """A square factor of the chain, or a square matrix of a term, transposed."""
    factors = chain.jacobian.factors if chain.written_out else []
    for place, factor in enumerate(factors):
        if factor.numerator.shape == factor.denominator.shape and factor.numerator.shape and len(factors) > 1:
            arrays = [
                (array.T if k == place else array, f.numerator.ndim)
                for k, (array, f) in enumerate(zip(chain.factors, factors, strict=True))
            ]
            yield (
                product(arrays),
                _told(f"the claim has factor {place + 1} of the chain transposed: {{}}", repr, factor),
            )
    if all(len(term.operands) == 1 for term in chain.terms):
        return  # no product: that is the whole derivative transposed
    for operand in _operands(chain):
        square = operand.ndim == 2 and operand.shape[0] == operand.shape[1]
        if square and not isinstance(operand, IndexMap):
            terms = [_exchanged(term, operand) for term in chain.terms]
            yield _as_network(chain, terms), _told("the claim has {} transposed", chain.text, operand)


def _exchanged(term: EinsumTerm, operand: Expression) -> EinsumTerm:
    groups = [group[::-1] if one is operand else group for one, group in zip(term.operands, term.indices, strict=True)]
    return tidy(term.coefficient, term.operands, groups, term.output, dict(enumerate(term.sizes)))


def _replaced(chain: Chain, old: Expression, new: Expression) -> Expression:
    terms = [
        tidy(
            term.coefficient,
            [new if one is old else one for one in term.operands],
            term.indices,
            term.output,
            dict(enumerate(term.sizes)),
        )
        for term in chain.terms
    ]
    return _as_network(chain, terms)


def _primes(chain: Chain) -> Iterator[tuple[Elementwise, Prime]]:
    for operand in _operands(chain):
        if isinstance(operand, Elementwise) and isinstance(operand.function, Prime) and operand.function.order == 1:
            yield operand, operand.function


def _activation_for_derivative(chain: Chain) -> Iterator[Variant]:
    for operand, prime in _primes(chain):
        value = Elementwise.of(prime.base, operand.args)
        evidence = _told("the claim has {} where {} belongs", chain.text, value, operand)
        yield _replaced(chain, operand, value), evidence


def _at_the_wrong_place(chain: Chain) -> Iterator[Variant]:
    for operand, prime in _primes(chain):
        value = Elementwise.of(prime, (as_expression(Elementwise.of(prime.base, operand.args)),))
        text = "the claim has the derivative of the activation at its value, {} is at its argument"
        evidence = _told(text, chain.text, operand)
        yield _replaced(chain, operand, value), evidence


def _without_term(chain: Chain) -> Iterator[Variant]:
    """One term left out of a sum, or all but one."""
    if 2 <= len(chain.terms) <= MOST_TERMS:
        count = len(chain.terms)
        for term in chain.terms:
            evidence = _told(f"the claim is a sum without one of its {count} terms, {{}}", chain.term_text, term)
            yield _as_network(chain, [one for one in chain.terms if one is not term]), evidence
        for term in chain.terms if count > 2 else ():
            evidence = _told(f"the claim is one term of {count}, {{}}", chain.term_text, term)
            yield _as_network(chain, [term]), evidence


def _term_negated(chain: Chain) -> Iterator[Variant]:
    if 2 <= len(chain.terms) <= MOST_TERMS:
        for term in chain.terms:
            terms = [replace(one, coefficient=-one.coefficient) if one is term else one for one in chain.terms]
            yield (
                _as_network(chain, terms),
                _told("the claim has the term {} with the other sign", chain.term_text, term),
            )


def _term_scaled(chain: Chain) -> Iterator[Variant]:
    """One term of a sum with twice its factor, or half of it: 2 λ w for λ w."""
    if 2 <= len(chain.terms) <= MOST_TERMS:
        for term in chain.terms:
            for factor, text in ((2.0, "twice"), (0.5, "half")):
                scaled = replace(term, coefficient=factor * term.coefficient)
                terms = [scaled if one is term else one for one in chain.terms]
                yield _as_network(chain, terms), _told(f"the claim has {text} the term {{}}", chain.term_text, term)


def _reversed(chain: Chain) -> Iterator[Variant]:
    """A vector of constants or of variables in a product, from its end to its start: a kernel flipped."""
    for operand in _operands(chain):
        if operand.ndim == 1 and isinstance(operand, (Constant, Variable)):
            text = "the claim has {} from its end to its start: a convolution for a correlation, or the other way round"
            yield _replaced(chain, operand, operand[::-1]), _told(text, chain.text, operand)


def _summed_over_another_axis(chain: Chain) -> Iterator[Variant]:
    """In every term an axis of the result exchanged with one that is summed over."""
    ends = [chain.jacobian.shape.index(size) for size in chain.jacobian.shape]
    for place in dict.fromkeys(ends):
        exchanges = [_exchanging(term, place) for term in chain.terms]
        for k in range(max(map(len, exchanges), default=0)):
            terms = [options[min(k, len(options) - 1)] for options in exchanges if options]
            shapes = {tuple(term.sizes[index] for index in term.output) for term in terms}
            if len(terms) == len(exchanges) and len(shapes) == 1:
                evidence = _told(
                    "the claim keeps an axis that is to be summed over, and is summed over axis {}", str, place
                )
                yield EinsumSum.of(terms, shapes.pop()), evidence


def _exchanging(term: EinsumTerm, place: int) -> list[EinsumTerm]:
    """The term with each index that is summed over in the place of one of the output."""
    if term.output.count(term.output[place]) > 1:
        return []
    summed = dict.fromkeys(index for group in term.indices for index in group if index not in term.output)
    outputs = [[new if k == place else old for k, old in enumerate(term.output)] for new in summed]
    sizes = dict(enumerate(term.sizes))
    return [tidy(term.coefficient, term.operands, term.indices, output, sizes) for output in outputs]


def _without_gather(chain: Chain) -> Iterator[Variant]:
    """The term of a gather, whose derivative is ones at the places that were taken, left out."""
    if 2 <= len(chain.terms) <= MOST_TERMS:
        for term in chain.terms:
            if all(isinstance(one, (IndexMap, Constant)) for one in term.operands) and any(
                isinstance(one, IndexMap) for one in term.operands
            ):
                text = "the claim lacks {}, which is one at the entries that are taken (the label) and zero elsewhere"
                yield (
                    _as_network(chain, [one for one in chain.terms if one is not term]),
                    _told(text, chain.term_text, term),
                )


def _second(chain: Chain) -> Mistake:
    """The Hessian of a scalar, where its gradient is asked for."""

    def candidates(case: Case) -> Iterator[Candidate]:
        if case.of or case.claimed.shape != (*case.wrt, *case.wrt) or not case.wrt:
            return
        array = chain.evaluated([derivative(chain.jacobian, chain.jacobian.denominator)])[0]
        rank = len(case.wrt)
        ways = (array, array.transpose([*range(rank), *range(2 * rank - 1, rank - 1, -1)]), array.T)
        told = f"the claim is the Hessian, the second derivative; ∂{case.y}/∂{case.x} has the shape of {case.x}"
        for one in ways:
            if one.shape == case.claimed.shape:
                yield case.exact(one, told, chain.repair(case))

    return Mistake(HESSIAN, candidates)


HESSIAN = "Hessian given for gradient"
_CATALOGUE: dict[str, Callable[[Chain], Iterator[Variant]]] = {
    "missing σ′": lambda chain: chain_of(_without_operand(chain), stretch_dropped(chain)),
    "missing factor of the chain": _without_factor,
    "J given for Jᵀ in a product": _transposed,
    "σ given for σ′": lambda chain: chain_of(_activation_for_derivative(chain), stretch_value(chain)),
    "σ′ at the wrong place": _at_the_wrong_place,
    "one-hot term dropped: the derivative of a gather": _without_gather,
    "missing term: the product rule, or a path": _without_term,
    "wrong sign of a term": _term_negated,
    "wrong factor of a term": _term_scaled,
    "a vector reversed: kernel flipped": _reversed,
    "summed over the wrong axis": _summed_over_another_axis,
    "only the diagonal of a factor": stretch_diagonal,
}
CHAIN_NAMES = (*_CATALOGUE, HESSIAN)
