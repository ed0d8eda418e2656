"""Tokens told apart by what stands around them, which a grammar cannot see.

Which of two bars opens and which closes, that T after ^ is a transposition, that `d(…)/dx` is a derivative, and where a
line break ends a statement.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from unicodedata import combining

from .source_positions import Place, parse_error
from .spelling import accent_name
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
    tokens = _arguments(_matched(text, _statements(tokens)), is_known)
    defined = {
        one.text
        for before, one, following in zip([None, *tokens], tokens, tokens[1:], strict=False)
        if following.kind in ("DEFINED", "EQUALS", "ELEMENT") and (before is None or before.kind == "SEPARATOR")
    }
    return _differentials(_transpositions(tokens, is_known), lambda word: is_known(word) or word in defined)


#: A line that ends, or begins, with one of these goes on.
_BINARY = {
    "EQUALS",
    "RELATION",
    "ARROW",
    "COLON",
    "ELEMENT",
    "DEFINED",
    "SIGN",
    "BOX",
    "TIMES",
    "DIVIDE",
    "COMMA",
    "POWER",
    "SUBSCRIPT",
}


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
        if token.text in ("quad", "qquad") and token.kind == "SEPARATOR" and depth > 0:
            continue
        if token.kind == "SEPARATOR" and within and token.text != "\n":
            token = replace(token, kind="ABOVE")
        if token.kind == "COMMA" and depth == 0:
            token = replace(token, kind="SEPARATOR")
        if token.kind == "SEPARATOR":
            following = next((one.kind for one in tokens[place + 1 : place + 64] if one.kind != "SEPARATOR"), "")
            soft = token.text not in (";", ",")
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
_PARTNERS = {
    "(": ")",
    "[": "]",
    "{": "}",
    "⟨": "⟩",
    "\\{": "\\}",
    "lbrace": "rbrace",
    "lbrack": "rbrack",
    "langle": "rangle",
}


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
        elif token.text == "||" and open_ and open_[-1].kind == "|" and result and result[-1].kind in _ENDS:
            middle = token.place.start + 1  # |A||B|: one closes and one opens
            place = token.place
            result.append(Token("ABS_CLOSE", "|", Place(place.start, middle, place.line, place.column)))
            token = Token("ABS_OPEN", "|", Place(middle, place.end, place.line, place.column + 1))
            open_[-1] = replace(token, kind="|")
            depths.pop()
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
    "PSEUDOINVERSE",
    "STAR",
}


def _arguments(tokens: list[Token], is_known: Callable[[str], bool]) -> list[Token]:
    """The arguments of LaTeX commands without braces are single characters: \\frac12 is ½, \\hat xy is x̂ y."""
    closed = _closing(tokens)
    wanted: dict[int, int] = {}  # place of a token -> how many of its characters are arguments
    for place, token in enumerate(tokens[:-1]):
        if token.kind == "FRACTION":
            first = tokens[place + 1]
            if first.kind == "OPEN_BRACE":
                wanted[closed.get(place + 1, place) + 1] = 1
            elif first.kind in ("NUMBER", "WORD"):
                long = _plain(first, ("NUMBER", "WORD")) and len(first.text) > 1
                wanted[place + 1] = 2 if long else 1
                if not long:
                    wanted[place + 2] = 1
        elif token.kind == "ROOT" and token.text == "sqrt":
            wanted[place + 1] = 1
        elif token.kind == "ACCENT":
            following = tokens[place + 1]
            if following.kind == "WORD" and not is_known(f"{following.text}_{accent_name(token.text)}"):
                wanted[place + 1] = 1
    result: list[Token] = []
    for place, token in enumerate(tokens):
        count = wanted.get(place, 0)
        if not count or not _plain(token, ("NUMBER", "WORD")) or len(token.text) == 1:
            result.append(token)
            continue
        start = 0
        while count and start < len(token.text) and token.text[start] not in "_.":
            end = start + 1
            while end < len(token.text) and (combining(token.text[end]) or token.text[end] in "₀₁₂₃₄₅₆₇₈₉"):
                end += 1
            result.append(_of_its_kind(_word(token, start, end)))
            start, count = end, count - 1
        if token.text[start : start + 1] == "_":
            result.append(replace(_word(token, start, start + 1), kind="SUBSCRIPT"))
            start += 1
        digits = start
        while digits < len(token.text) and (token.text[digits].isdecimal() or token.text[digits] == "."):
            digits += 1
        if digits > start:
            result.append(_of_its_kind(_word(token, start, digits)))
        if digits < len(token.text):
            result.append(_of_its_kind(_word(token, digits)))
    return result


def _of_its_kind(token: Token) -> Token:
    """A part of a number or a word, as what it is by itself: of 1e3 the 1 is a number and the e a word."""
    number = token.text[0].isdecimal() or token.text[0] == "."
    return replace(token, kind="NUMBER" if number else "WORD")


def _closing(tokens: list[Token]) -> dict[int, int]:
    """For the place of every opening bracket that of its closing one."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for place, token in enumerate(tokens):
        if token.kind in _OPENING:
            stack.append(place)
        elif token.kind == "CLOSE":
            found[stack.pop()] = place
    return found


def _word(token: Token, start: int, stop: int | None = None) -> Token:
    """A part of a word, as a word with a place of its own."""
    stop = len(token.text) if stop is None else stop
    place = token.place
    return Token(
        token.kind,
        token.text[start:stop],
        Place(place.start + start, place.start + stop, place.line, place.column + start),
    )


def _plain(token: Token, kinds: Collection[str] = ("WORD",)) -> bool:
    """Whether a word stands in the source as it is, so that it may be taken apart."""
    return token.kind in kinds and token.place.end - token.place.start == len(token.text)


def _transpositions(tokens: list[Token], is_known: Callable[[str], bool]) -> list[Token]:
    """T after ^ is a transposition: alone, in braces or a font, with a minus, or before other letters (x^TAx)."""
    result: list[Token] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        result.append(token)
        place += 1
        if token.kind != "POWER":
            continue
        start = place
        start += _is(tokens, start, "OPEN_BRACE")
        start += _is(tokens, start, "SIGN")
        letter, braces = start, 0
        while _is(tokens, letter, "FONT"):
            letter += 1
            if _is(tokens, letter, "OPEN_BRACE"):
                letter, braces = letter + 1, braces + 1
        if not _is(tokens, letter, "WORD") or tokens[letter].text[:1] != "T":
            continue
        word = tokens[letter]
        if word.text == "T" and all(_is(tokens, letter + 1 + one, "CLOSE") for one in range(braces)):
            result += [*tokens[place:start], replace(word, kind="TRANSPOSED")]
            place = letter + 1 + braces
        elif letter == place and _plain(word) and not is_known(word.text) and word.text[1:2] not in ("", "_"):
            result += [replace(_word(word, 0, 1), kind="TRANSPOSED"), _word(word, 1)]
            place = letter + 1
    return result


def _is(tokens: list[Token], place: int, kind: str) -> bool:
    return place < len(tokens) and tokens[place].kind == kind


def _differentials(tokens: list[Token], is_known: Callable[[str], bool]) -> list[Token]:
    """`d(…)/dx`, `dy/dx`, `d/dx` and the same within \\frac: the d becomes ∂, where no declared name begins so."""
    tokens = _upright(tokens, is_known)
    closed = _closing(tokens)
    opened = {last: first for first, last in closed.items()}
    found: set[int] = set()

    def is_d(place: int) -> bool:
        if not 0 <= place < len(tokens):
            return False
        token = tokens[place]
        if token.kind == "TOTAL":
            return True
        return _plain(token) and token.text[0] == "d" and not is_known(token.text)

    def is_by(place: int) -> bool:
        """A d and what the derivative is by: dx, or d before a font, an accent or a name."""
        if not is_d(place):
            return False
        rest = tokens[place].text[1:] if tokens[place].kind == "WORD" else ""
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
        elif token.kind == "FRACTION":
            braced = place + 1 in closed
            above, below = (place + 2, closed[place + 1] + 2) if braced else (place + 1, place + 3)
            if is_d(above) and is_by(below):
                found |= {above, below}
    result: list[Token] = []
    for place, token in enumerate(tokens):
        if place in found:
            upright = token.kind == "TOTAL"
            result.append(replace(token if upright else _word(token, 0, 1), kind="PARTIAL"))
            if len(token.text) > 1 and not upright:
                result.append(_word(token, 1))
        else:
            result.append(token)
    return result


def _upright(tokens: list[Token], is_known: Callable[[str], bool]) -> list[Token]:
    """An upright d, \\mathrm{d} or \\mathrm d, as one token: it is the sign of a differential."""
    result: list[Token] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        braced = _is(tokens, place + 1, "OPEN_BRACE")
        letter = place + 1 + braced
        upright = token.kind == "FONT" and token.text in ("mathrm", "rm", "mathsf", "text", "operatorname")
        if upright and _is(tokens, letter, "WORD") and tokens[letter].text == "d" and not is_known("d"):
            last = letter + braced
            if not braced or _is(tokens, last, "CLOSE"):
                result.append(Token("TOTAL", "d", token.place.to(tokens[last].place)))
                place = last + 1
                continue
        result.append(token)
        place += 1
    return result
