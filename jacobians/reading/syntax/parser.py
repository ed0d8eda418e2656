"""The grammar at work: tokens become the tree. `lark` is imported here, when a text is first read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import tree as t
from .disambiguation import scan
from .source_positions import Place, parse_error, place_at
from .spelling import accent_name
from .tokens import IN_WORDS, Token

if TYPE_CHECKING:
    import lark


@lru_cache(maxsize=1)
def _parser() -> lark.Lark:
    import lark
    from lark.lexer import Lexer

    class Given(Lexer):
        """Tokens that are made already."""

        def __init__(self, conf: Any) -> None:
            pass

        def lex(self, tokens: Any) -> Iterator[lark.Token]:  # type: ignore[override]  # it is called with what is parsed
            for token in tokens:
                yield _wrapped(token)

    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return lark.Lark(grammar, parser="lalr", lexer=Given, start="start")


def _wrapped(token: Token) -> lark.Token:
    """A token as the parser takes it, with our own as its value."""
    import lark

    wrapped = lark.Token(token.kind, token.text)
    wrapped.value = token
    return wrapped


def read_tree(text: str, is_known: Callable[[str], bool] = lambda word: False) -> t.Page:
    """The tree of a text; `is_known` tells which words are declared names.

    Raises `ParseError`, with the place and what was expected there, for a text that is not in the grammar.
    """
    from lark import UnexpectedInput

    tokens = scan(text, is_known)
    if not tokens:
        end = place_at(text, max(0, len(text.rstrip())), len(text))
        raise parse_error(text, end, "expected an expression, found nothing")
    try:
        found: Any = _parser().parse(tokens)  # the lexer takes tokens
    except UnexpectedInput as error:
        raise _unexpected(text, tokens, error) from None
    page = Builder(text).build(found)
    assert isinstance(page, t.Page)
    return page


_OPERAND = {
    "NUMBER",
    "WORD",
    "OPEN",
    "OPEN_BRACE",
    "OPEN_SQUARE",
    "NORM_OPEN",
    "ABS_OPEN",
    "ACCENT",
    "FONT",
    "FRACTION",
    "ROOT",
    "NABLA",
}
_AFTER = {"PRIME", "TRANSPOSED", "SUPERSCRIPT", "LABEL", "LOWERED", "POWER", "ENTRYWISE_POWER", "SUBSCRIPT"}
_OPERATORS = {"SIGN", "BOX", "TIMES", "DIVIDE"}


def _unexpected(text: str, tokens: list[Token], error: Any) -> Exception:
    """What was expected, in words, and what was found."""
    found = getattr(getattr(error, "token", None), "value", None)
    last = tokens[-1].place
    if isinstance(found, Token):
        place, shown = (
            found.place,
            f"found {text[found.place.start : found.place.end].strip() or 'the end of the line'}",
        )
        before = tokens[tokens.index(found) - 1] if found is not tokens[0] else None
    else:
        place, shown = Place(last.end, last.end + 1, last.line, last.column + last.end - last.start), "found the end"
        before = tokens[-1]
    parser = _parser().parse_interactive()
    for token in tokens:
        if token is found:
            break
        parser.feed_token(_wrapped(token))
    expected: set[str] = parser.accepts()  # type: ignore[no-untyped-call]
    after = f" after {text[before.place.start : before.place.end].strip()}" if before is not None else ""
    return parse_error(text, place, f"expected {in_words(expected)}{after.rstrip()}, {shown}")


def in_words(kinds: Iterable[str]) -> str:
    """Kinds of tokens as a reader would call them, the many kinds of operand and operator as one."""
    rest = set(kinds)
    operand, operator = {"NUMBER", "WORD", "OPEN"} <= rest, {"SIGN", "TIMES"} <= rest
    words: list[str] = []
    if operator:  # an operand has ended
        words = ["an operator", "another operand"]
        rest -= _OPERAND | _OPERATORS | _AFTER | {"PARTIAL", "SIGN", "EQUALS", "DEFINED", "SEPARATOR", "ELEMENT"}
    elif operand:
        words = ["an operand (a name, a number, a bracket)"]
        rest -= _OPERAND | {"PARTIAL", "SIGN"}
    words += sorted(IN_WORDS.get(kind, kind.lower()) for kind in rest)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}" if words else "something else"


class Builder:
    """Makes the nodes of the tree from those of the parser, whose children are tokens and nodes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def build(self, found: Any) -> t.Node:
        """The node for what the parser found. Its depth is that of the brackets, which is limited."""
        children = [child.value if hasattr(child, "type") else self.build(child) for child in found.children]
        place = _span(children)
        node: t.Node = getattr(self, f"_{found.data}")(place, children)
        return node

    def _start(self, place: Place, children: list[Any]) -> t.Node:
        return t.Page(place, tuple(child for child in children if isinstance(child, t.Node)))

    def _equation(self, place: Place, children: list[Any]) -> t.Node:
        return t.Equation(place, tuple(children[::2]))

    def _claim(self, place: Place, children: list[Any]) -> t.Node:
        return t.Claim(place, children[0], children[2])

    def _definition(self, place: Place, children: list[Any]) -> t.Node:
        return t.Definition(place, children[0], children[2])

    def _signs(self, place: Place, children: list[Any]) -> t.Node:
        for token in children:
            if token.text == "±":
                raise parse_error(self.text, token.place, "± is two expressions: write one of them")
        minus = sum(token.text in "-−–" for token in children)
        return t.Signed(place, -1 if minus % 2 else 1, t.Number(place, "1"))

    def _sum(self, place: Place, children: list[Any]) -> t.Node:
        signs, parts, sign = [], [], 1
        for child in children:
            if isinstance(child, t.Signed) and isinstance(child.body, t.Number) and child.place == child.body.place:
                sign = child.sign
            else:
                signs.append(sign)
                parts.append(child)
                sign = 1
        return t.Sum(place, tuple(parts), tuple(signs))

    def _signed(self, place: Place, children: list[Any]) -> t.Node:
        signs, body = children
        if isinstance(body, Token):
            return t.Mark(place, body.kind.lower(), inverse=signs.sign < 0)
        return t.Signed(place, signs.sign, body)

    def _box(self, place: Place, children: list[Any]) -> t.Node:
        names = {"⊗": "⊗", "otimes": "⊗"}
        return t.Box(place, tuple(children[::2]), tuple(names.get(token.text, "⊙") for token in children[1::2]))

    def _product(self, place: Place, children: list[Any]) -> t.Node:
        factors: list[t.Node] = []
        operators: list[str] = []
        operator = ""
        for child in children:
            if isinstance(child, Token):
                operator = "/" if child.kind == "DIVIDE" else "*"
            else:
                factors.append(child)
                operators.append(operator)
                operator = ""
        return t.Product(place, tuple(factors), tuple(operators))

    def _factor(self, place: Place, children: list[Any]) -> t.Node:
        postfixes = list(children[1:])
        for first in range(len(postfixes) - 1):  # x^2_i is x_i^2, as in LaTeX
            power, subscript = postfixes[first : first + 2]
            plain = power.kind == "power" and isinstance(power.body, (t.Number, t.Name, t.Signed))
            if subscript.kind == "subscript" and (plain or _is_braced_number(power)):
                postfixes[first : first + 2] = [subscript, power]
        return t.Factor(place, children[0], tuple(postfixes))

    def _postfix(self, place: Place, children: list[Any]) -> t.Node:
        token = children[0]
        if len(children) > 2 and token.kind == "SUBSCRIPT":  # _{k=1}
            return t.Postfix(place, "subscript", t.Equation(_span(children[2:5]), (children[2], children[4])))
        body: t.Node | None = children[1] if len(children) > 1 and isinstance(children[1], t.Node) else None
        kinds = {"POWER": "power", "ENTRYWISE_POWER": "entrywise", "SUBSCRIPT": "subscript"}
        match token.kind:
            case "PRIME" | "TRANSPOSED":
                return t.Postfix(place, token.kind.lower(), None)
            case "LABEL":
                return t.Postfix(place, "label", t.Number(place, token.text.translate(_DIGITS)[1:-1]))
            case "LOWERED":
                return t.Postfix(place, "subscript", t.Number(place, token.text.translate(_DIGITS)))
            case "SUPERSCRIPT":
                if token.text == "⁻ᵀ":
                    return t.Postfix(place, "power", t.Mark(place, "transposed", inverse=True))
                number: t.Node = t.Number(place, token.text.translate(_DIGITS).lstrip("+-"))
                return t.Postfix(place, "power", t.Signed(place, -1, number) if token.text[0] == "⁻" else number)
        if len(children) > 1 and isinstance(children[1], Token):  # ^⊤, ^′
            return t.Postfix(place, children[1].kind.lower(), None)
        return self._raised(place, kinds[token.kind], body)

    @staticmethod
    def _raised(place: Place, kind: str, body: t.Node | None) -> t.Node:
        if isinstance(body, t.Mark) and not body.inverse:
            return t.Postfix(place, body.kind, None)
        if isinstance(body, t.Sum) and len(body.parts) == 1 and body.signs == (1,):  # x^{+2}
            body = body.parts[0]
        if kind == "power" and isinstance(body, t.Factor) and body.place == place:  # the entrywise exponent {∘2}
            return t.Postfix(place, "entrywise", body.atom)
        return t.Postfix(place, kind, body)

    def _braced_mark(self, place: Place, children: list[Any]) -> t.Node:
        inner = children[1:-1]
        inverse = isinstance(inner[0], t.Signed) and inner[0].sign < 0
        mark = next(child for child in inner if isinstance(child, Token))
        return t.Mark(place, mark.kind.lower(), inverse)

    def _entrywise_exponent(self, place: Place, children: list[Any]) -> t.Node:
        return t.Group(place, (children[2],), "∘")

    def _number(self, place: Place, children: list[Any]) -> t.Node:
        text = children[0].text
        if not float(text) < float("inf"):
            raise parse_error(self.text, place, "this number is too large for floating point")
        return t.Number(place, text)

    def _name(self, place: Place, children: list[Any]) -> t.Node:
        return t.Name(place, children[0].text)

    def _norm(self, place: Place, children: list[Any]) -> t.Node:
        return t.Bars(place, children[1], "norm")

    def _absolute(self, place: Place, children: list[Any]) -> t.Node:
        return t.Bars(place, children[1], "absolute")

    def _accent(self, place: Place, children: list[Any]) -> t.Node:
        return t.Accent(place, accent_name(children[0].text), children[1])

    def _font(self, place: Place, children: list[Any]) -> t.Node:
        return t.Font(place, children[1])

    def _fraction(self, place: Place, children: list[Any]) -> t.Node:
        return t.Fraction(place, children[1], children[2])

    def _root(self, place: Place, children: list[Any]) -> t.Node:
        return t.Root(place, children[1])

    def _differential(self, place: Place, children: list[Any]) -> t.Node:
        return t.Differential(place, children[1])

    def _operator(self, place: Place, children: list[Any]) -> t.Node:
        return t.Operator(place, next(child for child in children if isinstance(child, t.Node)))

    def _gradient(self, place: Place, children: list[Any]) -> t.Node:
        return t.Operator(place, children[2], gradient=True)

    def _line(self, place: Place, children: list[Any]) -> t.Node:
        return t.Block(place, (tuple(children[::2]),))

    def _block(self, place: Place, children: list[Any]) -> t.Node:
        """Blocks; brackets around a single one are only brackets."""
        lines = tuple(line.lines[0] for line in children[1:-1:2])
        if len(lines) == len(lines[0]) == 1:
            return t.Group(place, lines[0], "[")
        return t.Block(place, lines)

    def _group(self, place: Place, children: list[Any]) -> t.Node:
        parts = tuple(child for child in children if isinstance(child, t.Node))
        return t.Group(place, parts, {"\\{": "{{", "lbrace": "{{"}.get(children[0].text, children[0].text))


_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾₀₁₂₃₄₅₆₇₈₉", "0123456789+-()0123456789")


def _is_braced_number(postfix: t.Postfix) -> bool:
    body = postfix.body
    return (
        postfix.kind == "power"
        and isinstance(body, t.Group)
        and body.bracket == "{"
        and isinstance(body.parts[0], (t.Number, t.Name))
    )


def _span(children: list[Any]) -> Place:
    first: Place = children[0].place
    return first.to(children[-1].place)
