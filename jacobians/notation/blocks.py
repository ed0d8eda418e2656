"""Entries with their sums as products of matrices: 2 δ_{jl} (Vᵀ V)_{ik}, for what has no closed form as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..expressions.flattening import opened_as_shown
from ..expressions.index_maps import IndexMap
from ..expressions.nodes import EinsumTerm, Expression
from ..shapes.letters import letter
from .closed_form import Writer, closed_form
from .factoring import collected
from .forms import Count, Monomial, Product, Scalar, Symbol, Total, Value, is_turned, multiplied, turn
from .spelling import Spelled, Speller


class EntryWriter(Writer, Protocol):
    """Gives the closed form of an operand and the text of its entries, in an alphabet."""

    def entry(self, node: Expression, letters: Sequence[str]) -> Spelled: ...


def blocks(terms: Sequence[EinsumTerm], writer: EntryWriter) -> Spelled:
    """The sum of the terms at the axes i, j, k, …, and whether it stands without parentheses.

    What is summed within a term and leaves at most two axes is the entry of a product of matrices; another sum is
    written out.
    """
    return Speller(writer.alphabet).sum(collected(_block(term, writer) for term in opened_as_shown(terms)))


def _block(term: EinsumTerm, writer: EntryWriter) -> Monomial:
    alphabet = writer.alphabet
    letters: dict[int, str] = {}
    deltas = []
    for place, index in enumerate(term.output):
        if index in letters:
            deltas.append(alphabet.delta([letters[index], letter(place)]))
        else:
            letters[index] = letter(place)
    loose = [index for index in range(len(term.sizes)) if index not in letters and index not in term.held]
    counts = [(Count(term.sizes[index]), 1) for index in loose]
    found = Monomial(term.coefficient, multiplied([*counts, *(_valued(text) for text in sorted(deltas))]))
    written_out: list[int] = []
    for places in _groups(term, set(letters)):
        entry = _entry(term, places, letters, writer)
        if entry is None:
            written_out += places
        else:
            found = found.times(entry)
    if not written_out:
        return found
    summed = dict.fromkeys(index for place in written_out for index in term.indices[place] if index not in letters)
    letters |= {index: letter(len(term.output) + count) for count, index in enumerate(summed)}
    sign = alphabet.sum([letters[index] for index in summed])
    entries = [alphabet.grouped(*_single(term, place, letters, writer)) for place in sorted(written_out)]
    return found.times(Monomial(scalars=((Total(alphabet.product([sign, *entries])), 1),)))


def _valued(text: str, plain: bool = True) -> tuple[Scalar, int]:
    """A text as a factor."""
    return Value(text, plain, text), 1


def _single(term: EinsumTerm, place: int, letters: dict[int, str], writer: EntryWriter) -> Spelled:
    return writer.entry(term.operands[place], [letters[index] for index in term.indices[place]])


def _groups(term: EinsumTerm, free: set[int]) -> list[list[int]]:
    """The places of the operands, those together that share an index which is summed."""
    groups: list[tuple[list[int], set[int]]] = []
    for place, group in enumerate(term.indices):
        summed = set(group) - free
        joined = [known for known in groups if known[1] & summed]
        places = sorted([place, *(one for known in joined for one in known[0])])
        groups = [known for known in groups if known not in joined]
        groups.append((places, summed.union(*(known[1] for known in joined))))
    return sorted(places for places, _ in groups)


def _entry(term: EinsumTerm, places: Sequence[int], letters: dict[int, str], writer: EntryWriter) -> Monomial | None:
    """The entry of what operands that share sums leave, if that is a matrix or less."""
    operands = [term.operands[place] for place in places]
    groups = [term.indices[place] for place in places]
    held = sorted({index for group in groups for index in group})
    output = [index for index in held if index in letters]
    if len(places) == 1 and len(output) == len(held):
        return _entry_of_one(term, places[0], letters, writer)
    if len(output) > 2 or any(isinstance(operand, IndexMap) for operand in operands):
        return None
    numbers = {index: place for place, index in enumerate([*output, *(i for i in held if i not in letters)])}
    part = EinsumTerm(
        1.0,
        tuple(operands),
        tuple(tuple(numbers[index] for index in group) for group in groups),
        tuple(range(len(output))),
        tuple(term.sizes[index] for index in numbers),
    )
    form = closed_form([part], writer)
    if form is None or len(form) != 1:
        return None
    return _at(form[0], [letters[index] for index in output], writer)


def _entry_of_one(term: EinsumTerm, place: int, letters: dict[int, str], writer: EntryWriter) -> Monomial:
    """The entry of one operand; of a product or a quotient by its parts."""
    operand = term.operands[place]
    if operand.ndim <= 2 and not isinstance(operand, IndexMap):
        form = writer.form(operand)
        if len(form) == 1 and (form[0].scalars or form[0].coefficient != 1.0 or len(form[0].body) > 1):
            return _at(form[0], [letters[index] for index in term.indices[place]], writer)
    return Monomial(scalars=(_valued(*_single(term, place, letters, writer)),))


def _at(one: Monomial, letters: Sequence[str], writer: EntryWriter) -> Monomial:
    """The entry of a monomial: its scalars, and its product at `letters`."""
    scalars = Monomial(one.coefficient, one.scalars)
    product = one.body
    if not product:
        return scalars
    if len(letters) == 2 and _transposes(turn(product)) < _transposes(product):
        product, letters = turn(product), letters[::-1]
    text, plain = Speller(writer.alphabet).product(product)
    simple = isinstance(product[0], Symbol) and not is_turned(product[0]) and len(product) == 1
    return scalars.times(Monomial(scalars=(_valued(writer.alphabet.subscript(text, plain and simple, letters)),)))


def _transposes(product: Product) -> int:
    return sum(is_turned(factor) for factor in product)
