"""Index notation: `(∂z/∂W)_{ijk} = δ_{ik} x_j`."""

from __future__ import annotations

from collections.abc import Sequence

from ..expression import Elementwise, Expression, Prime, Term
from ..index_maps import IndexMap, Selector
from ..sizes import show_shape
from .closed_form import Writer
from .names import number

_LETTERS = "ijklmnopqrstuvwxyzabcdefgh"


def letter(position: int) -> str:
    """i, j, k, …; past the alphabet with a number."""
    cycle, place = divmod(position, len(_LETTERS))
    return _LETTERS[place] + (str(cycle) if cycle else "")


def braces(letters: Sequence[str]) -> str:
    """A subscript: `_i`, `_{ij}`; nothing for none."""
    if not letters:
        return ""
    return f"_{letters[0]}" if len(letters) == 1 and len(letters[0]) == 1 else f"_{{{''.join(letters)}}}"


def term_components(terms: Sequence[Term], writer: Writer) -> str:
    """The entry of a sum of networks at the output's axes i, j, k, …"""
    if not terms:
        return "0"
    text = ""
    for term in terms:
        body = _term(term, writer)
        negative = term.coefficient < 0
        text += (" − " if negative else " + ") + body if text else ("−" if negative else "") + body
    return text


def _term(term: Term, writer: Writer) -> str:
    letters: dict[int, str] = {}
    deltas: list[str] = []
    for place, index in enumerate(term.output):
        if index in letters:
            deltas.append(f"δ{braces([letters[index], letter(place)])}")
        else:
            letters[index] = letter(place)
    free = [index for index in range(len(term.sizes)) if index not in letters]
    summed = [index for index in free if index in term.held]
    for count, index in enumerate(summed):
        letters[index] = letter(len(term.output) + count)
    parts = []
    if abs(term.coefficient) != 1.0:
        parts.append(number(abs(term.coefficient)))
    parts += [show_shape([term.sizes[index]]) for index in free if index not in term.held]  # summed over nothing
    parts += sorted(deltas)
    if summed:
        parts.append(f"Σ{braces([letters[index] for index in summed])}")
    parts += [
        _entry(operand, [letters[index] for index in group], writer)
        for operand, group in zip(term.operands, term.indices, strict=True)
    ]
    return " ".join(parts) or "1"


def _entry(operand: Expression, letters: list[str], writer: Writer) -> str:
    if isinstance(operand, Elementwise) and isinstance(operand.function, Prime) and letters:
        (z,) = operand.args  # σ′(z)_i is σ′(z_i)
        text, plain = writer.atom(operand)
        inner, inner_plain = writer.atom(z)
        if plain and text.endswith(f"({inner})"):
            return f"{text[: -len(inner) - 2]}({_subscripted(inner, inner_plain, letters)})"
    if isinstance(operand, IndexMap):  # E_{ij…} = 1 where entry i is entry j…
        return _place(operand, letters)
    text, plain = writer.atom(operand)
    return _subscripted(text, plain, letters)


def _subscripted(text: str, plain: bool, letters: list[str]) -> str:
    simple = plain and (len(text) == 1 or (not any(mark in text for mark in "₀₁₂₃₄₅₆₇₈₉_[]()") and len(text) <= 2))
    if not letters:
        return text if plain else f"({text})"
    return f"{text if simple else f'({text})'}{braces(letters)}"


def _place(index_map: IndexMap, letters: list[str]) -> str:
    """A delta between a long axis and the entry of the short ones: δ_{i,j+3}, δ_{i,2j}, δ_{i,(jk)}."""
    long, *short = letters
    if not isinstance(index_map, Selector):
        return f"δ_{{{long},({''.join(short)})}}"
    pick = index_map.pick
    if pick.indices is not None:
        return f"δ_{{{long},p({short[0]})}}"
    inner = short[0] if pick.step == 1 else f"−{short[0]}" if pick.step == -1 else f"{pick.step}{short[0]}"
    shift = "" if pick.start == 0 else f"+{pick.start}"
    return f"δ_{{{long},{inner}{shift}}}"
