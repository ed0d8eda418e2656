"""Tokens told apart by what stands around them, which a grammar cannot see.

Which of two bars opens and which closes, that T after ^ is a transposition, that `d(…)/dx` is a derivative, and where a
line break ends a statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .source_positions import Place, parse_error
from .tokens import Token, tokens_of

#: Brackets within brackets, no deeper: what people write has ten at most.
DEEPEST = 60
#: A text is no longer than this many characters.
LONGEST_TEXT = 100_000


def scan(text: str, is_known: Callable[[str], bool]) -> list[Token]:
    """The tokens of `text`. `is_known` tells whether a word is a declared name: such a word is never taken apart.

    Raises `ParseError` for a character that has no meaning here, for brackets that do not match, and for nesting
    deeper than `DEEPEST`. The time is linear in the length of the text.
    """
    if len(text) > LONGEST_TEXT:
        raise parse_error(
            text[:80], Place(0, 1, 1, 1), f"a text of {len(text):,} characters; at most {LONGEST_TEXT:,} are read"
        )
    tokens = tokens_of(text)
    tokens = _matched(text, _statements(tokens))
    defined = {
        one.text
        for before, one, following in zip([None, *tokens], tokens, tokens[1:], strict=False)
        if following.kind in ("DEFINED", "EQUALS", "ELEMENT") and (before is None or before.kind == "SEPARATOR")
    }
    return _differentials(_transpositions(tokens, is_known), lambda word: is_known(word) or word in defined)


#: A line that ends, or begins, with one of these goes on.
_BINARY = {"EQUALS", "ELEMENT", "DEFINED", "SIGN", "BOX", "TIMES", "DIVIDE", "COMMA", "POWER", "SUBSCRIPT"}


def _statements(tokens: list[Token]) -> list[Token]:
    """Line breaks within brackets or formulas dropped, and separators at the ends or in a row."""
    kept: list[Token] = []
    depth = 0
    square: list[bool] = []  # for each open bracket, whether blocks may stand in it
    for place, token in enumerate(tokens):
        depth += token.kind in _OPENING
        depth -= token.kind == "CLOSE"
        if token.kind in _OPENING:
            square.append(token.kind == "OPEN_SQUARE")
        elif token.kind == "CLOSE" and square:
            square.pop()
        within = bool(square) and square[-1]
        if token.kind == "BESIDE" and not within:  # the & of an alignment
            continue
        if token.kind == "SEPARATOR" and within and token.text != "\n":
            token = replace(token, kind="ABOVE")
        if token.kind == "SEPARATOR":
            following = next((one.kind for one in tokens[place + 1 : place + 64] if one.kind != "SEPARATOR"), "")
            soft = token.text != ";"
            goes_on = soft and (
                depth > 0 or (bool(kept) and kept[-1].kind in _BINARY) or (following in _BINARY - {"SIGN"})
            )
            if goes_on or not kept or kept[-1].kind == "SEPARATOR":
                continue
        kept.append(token)
    while kept and kept[-1].kind == "SEPARATOR":
        kept.pop()
    return kept


_OPENING = ("OPEN", "OPEN_BRACE", "OPEN_SQUARE")
_PARTNERS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "\\{": "\\}", "lbrace": "rbrace", "lbrack": "rbrack"}


def _matched(text: str, tokens: list[Token]) -> list[Token]:
    """Brackets checked, and bars told apart: one closes where an operand has ended and its like is open."""
    result: list[Token] = []
    open_: list[Token] = []
    depths: list[int] = []  # how deep it is at each open bracket
    prefixes = 0  # accents, fonts and ∂ one before the other: each holds the next
    for token in tokens:
        kind = token.kind
        if kind in _PREFIXES:
            prefixes += 1
        elif kind in (*_OPENING, "‖", "|"):
            depths.append((depths[-1] if depths else 0) + prefixes + 1)
            prefixes = 0
        else:
            prefixes = 0
        depth = (depths[-1] if depths else 0) + prefixes
        if depth > DEEPEST:
            raise parse_error(text, token.place, f"brackets within brackets, more than {DEEPEST} deep")
        if kind in _OPENING:
            open_.append(token)
        elif kind == "CLOSE":
            if open_ and open_[-1].kind in ("‖", "|"):
                raise parse_error(text, open_[-1].place, f"this {open_[-1].text} is not closed before {token.text}")
            if not open_:
                raise parse_error(text, token.place, f"this {token.text} closes nothing")
            opened = open_.pop()
            depths.pop()
            partner = _PARTNERS.get(opened.text) or opened.text.replace("begin", "end")
            if partner != token.text:
                raise parse_error(text, token.place, f"expected {partner} to close {opened.text}, found {token.text}")
        elif kind in ("‖", "|"):
            name = "NORM" if kind == "‖" else "ABS"
            ended = bool(result) and result[-1].kind in _ENDS
            if open_ and open_[-1].kind == kind and ended:
                open_.pop()
                del depths[-2:]  # its own, and that of the bar that it closes
                token = replace(token, kind=f"{name}_CLOSE")
            elif ended and kind == "|" and open_ and open_[-1].kind == "OPEN_SQUARE":  # [W | b]
                token = replace(token, kind="BESIDE")
                depths.pop()
            else:
                open_.append(token)
                token = replace(token, kind=f"{name}_OPEN")
        elif kind == "SEPARATOR" and open_:
            raise parse_error(text, open_[-1].place, f"this {open_[-1].text} is not closed")
        result.append(token)
    if open_:
        raise parse_error(text, open_[-1].place, f"this {open_[-1].text} is not closed")
    return result


_PREFIXES = {"ACCENT", "FONT", "PARTIAL", "ROOT", "NABLA"}
#: An operand may end with one of these.
_ENDS = {
    *("NUMBER", "WORD", "CLOSE", "NORM_CLOSE", "ABS_CLOSE", "PRIME", "TRANSPOSED", "SUPERSCRIPT", "LABEL", "LOWERED"),
}


def _word(token: Token, start: int, stop: int | None = None) -> Token:
    """A part of a word, as a word with a place of its own."""
    stop = len(token.text) if stop is None else stop
    place = token.place
    return Token(
        token.kind,
        token.text[start:stop],
        Place(place.start + start, place.start + stop, place.line, place.column + start),
    )


def _plain(token: Token) -> bool:
    """Whether a word stands in the source as it is, so that it may be taken apart."""
    return token.kind == "WORD" and token.place.end - token.place.start == len(token.text)


def _transpositions(tokens: list[Token], is_known: Callable[[str], bool]) -> list[Token]:
    """T after ^ is a transposition, alone, in braces, with a minus, or before other letters (x^TAx)."""
    result: list[Token] = []
    raised = False  # within an exponent: after ^, and after the brace or the sign that follows it
    for token in tokens:
        if raised and token.kind == "WORD" and token.text[:1] == "T":
            if token.text == "T":
                token = replace(token, kind="TRANSPOSED")
            elif result[-1].kind == "POWER" and _plain(token) and not is_known(token.text) and token.text[1] != "_":
                result.append(replace(_word(token, 0, 1), kind="TRANSPOSED"))
                token = _word(token, 1)
        raised = token.kind == "POWER" or (raised and token.kind in ("OPEN_BRACE", "SIGN"))
        result.append(token)
    return result


def _differentials(tokens: list[Token], is_known: Callable[[str], bool]) -> list[Token]:
    """`d(…)/dx`, `dy/dx`, `d/dx` and the same within \\frac: the d becomes ∂, where no declared name begins so."""
    opened: dict[int, int] = {}  # place of a closing bracket -> place of its opening one
    stack: list[int] = []
    for place, token in enumerate(tokens):
        if token.kind in _OPENING:
            stack.append(place)
        elif token.kind == "CLOSE":
            opened[place] = stack.pop()
    closed = {first: last for last, first in opened.items()}
    found: set[int] = set()

    def is_d(place: int) -> bool:
        if not 0 <= place < len(tokens):
            return False
        token = tokens[place]
        return _plain(token) and token.text[0] == "d" and not is_known(token.text)

    def is_by(place: int) -> bool:
        """A d and what the derivative is by: dx, or d before a font, an accent or a name."""
        if not is_d(place):
            return False
        rest = tokens[place].text[1:]
        if rest:
            return is_known(rest)
        return place + 1 < len(tokens) and tokens[place + 1].kind in ("FONT", "ACCENT", "WORD")

    for place, token in enumerate(tokens):
        if token.kind == "DIVIDE" and is_by(place + 1):
            before = place - 1
            while before > 0 and tokens[before].kind in ("LABEL", "PRIME"):
                before -= 1
            if before in opened and is_d(opened[before] - 1):
                before = opened[before] - 1
            elif is_d(before - 1) and tokens[before - 1].text == "d":  # d y / d x
                before -= 1
            if is_d(before):
                found |= {before, place + 1}
        elif token.kind == "FRACTION" and place + 1 in closed and is_d(place + 2) and is_by(closed[place + 1] + 2):
            found |= {place + 2, closed[place + 1] + 2}
    result: list[Token] = []
    for place, token in enumerate(tokens):
        if place in found:
            result.append(replace(_word(token, 0, 1), kind="PARTIAL"))
            if len(token.text) > 1:
                result.append(_word(token, 1))
        else:
            result.append(token)
    return result
