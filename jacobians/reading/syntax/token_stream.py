"""The tokens of a text, taken in order, and the error that says what was expected at a place."""

from __future__ import annotations

from typing import NoReturn

from .source_positions import Place, parse_error
from .tokens import Token


class TokenStream:
    """Tokens, and the place of the next."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text, self.tokens, self.next = text, tokens, 0

    def kind(self, ahead: int = 0) -> str:
        """The kind of the next token; "" at the end."""
        place = self.next + ahead
        return self.tokens[place].kind if place < len(self.tokens) else ""

    def take(self) -> Token:
        self.next += 1
        return self.tokens[self.next - 1]

    def required(self, kind: str, expected: str) -> Token:
        if self.kind() != kind:
            self.refuse(expected)
        return self.take()

    def refuse(self, expected: str) -> NoReturn:
        """Raise the error that says what was expected here and what was found."""
        before = self.tokens[self.next - 1] if self.next else None
        after = f" after {self.text[before.place.start : before.place.end].strip()}" if before else ""
        if self.next < len(self.tokens):
            place = self.tokens[self.next].place
            shown = self.text[place.start : place.end].strip() or "the end of the line"
        else:
            last = self.tokens[-1].place
            place = Place(last.end, last.end + 1, last.line, last.column + last.end - last.start)
            shown = "the end"
        raise parse_error(self.text, place, f"expected {expected}{after.rstrip()}, found {shown}")

    def since(self, first: Place) -> Place:
        """From `first` to the token before the next."""
        return first.to(self.tokens[self.next - 1].place)
