"""The grammar: tokens become the tree, by recursive descent.

    page       statement (SEPARATOR statement)*
    statement  sum ((= | ≈ | ≤ | …) sum)* [∈ factor]   |   sum := sum [∈ factor]
    sum        [sign] box (sign box)*
    box        product ((⊙ | ⊗ | :) [sign] product)*          W x ⊙ y is (W x) ⊙ y
    product    factor (factor | * [sign] factor | / [sign] factor)*   one level, left to right: 1/2 x is half of x
    factor     atom postfix*                             a postfix may be places in brackets, y[4:7]

What is a call and what a product is decided later, by the names that are declared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from . import tree as t
from .disambiguation import scan
from .source_positions import parse_error, place_at
from .spelling import accent_name
from .token_stream import TokenStream
from .tokens import Token


def read_tree(text: str, is_known: Callable[[str], bool] = lambda word: False) -> t.Page:
    """The tree of a text; `is_known` tells which words are declared names.

    Raises `ParseError`, with the place and what was expected there, for a text that is not in the grammar.
    """
    tokens = scan(text, is_known)
    if not tokens:
        end = place_at(text, max(0, len(text.rstrip())), len(text))
        raise parse_error(text, end, "expected an expression, found nothing")
    return _Parser(text, tokens, is_known).page()


_OPERANDS = {
    *("NUMBER", "WORD", "OPEN", "OPEN_BRACE", "OPEN_SQUARE", "NORM_OPEN", "ABS_OPEN"),
    *("ACCENT", "FONT", "FRACTION", "ROOT", "NABLA", "PARTIAL", "TOTAL"),
}
_POSTFIXES = {
    *("PRIME", "TRANSPOSED", "SUPERSCRIPT", "LABEL", "LOWERED", "POWER", "ENTRYWISE_POWER"),
    *("SUBSCRIPT", "PSEUDOINVERSE", "STAR", "SIGNS"),
}
_OPERAND = "an operand (a name, a number, a bracket)"
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾₀₁₂₃₄₅₆₇₈₉", "0123456789+-()0123456789")
_TENSOR = ("⊗", "otimes")
#: What brackets hold that name places of an array: x[0], y[4:7], X[:, 1]; a bound may be a size, as in x[:n-1].
_PLACES = re.compile(r"(?:[-\w\s:,+*{}]|\\,|\[[-\d\s,]+\])+")


class _Parser(TokenStream):
    """One pass over the tokens. The depth of the recursion is that of the brackets, which `scan` limits."""

    def __init__(self, text: str, tokens: list[Token], is_known: Callable[[str], bool]) -> None:
        super().__init__(text, tokens)
        self.is_known = is_known
        self.defined = {one.text for one, following in pairwise(tokens) if following.kind == "DEFINED"}

    # --- statements ---------------------------------------------------------------------------------------------

    def page(self) -> t.Page:
        statements = [self.statement()]
        while self.kind() == "SEPARATOR":
            self.take()
            statements.append(self.statement())
        if self.kind():
            self.refuse("an operator, another operand or the end")
        return t.Page(statements[0].place.to(statements[-1].place), tuple(statements))

    def statement(self) -> t.Node:
        first = self.sum()
        node: t.Node = first
        if self.kind() == "DEFINED":
            self.take()
            body = self.sum()
            node = t.Definition(first.place.to(body.place), first, body)
        elif self.kind() in ("EQUALS", "RELATION"):
            sides, relations = [first], []
            while self.kind() in ("EQUALS", "RELATION"):
                token = self.take()
                relations.append("=" if token.kind == "EQUALS" else token.text)
                sides.append(self.sum())
            node = t.Equation(first.place.to(sides[-1].place), tuple(sides), tuple(relations))
        elif (
            self.kind() == "ARROW" and isinstance(first, t.Box) and first.operators[0] == ":" and len(first.parts) == 2
        ):
            self.take()
            target = self.factor()
            node = t.Mapping(first.place.to(target.place), first.parts[0], first.parts[1], target)
        if self.kind() == "ELEMENT":
            self.take()
            space = self.factor()
            node = t.Claim(node.place.to(space.place), node, space)
        return node

    def sum(self) -> t.Node:
        first = self.tokens[self.next].place if self.kind() else None
        parts: list[t.Node] = []
        signs: list[int] = []
        signed = self.kind() == "SIGN"
        while not parts or self.kind() == "SIGN":
            signs.append(self.sign())
            parts.append(self.box())
        if len(parts) == 1 and not signed:
            return parts[0]
        assert first is not None
        return t.Sum(self.since(first), tuple(parts), tuple(signs))

    def sign(self) -> int:
        """A run of signs, as one."""
        result = 1
        while self.kind() == "SIGN":
            token = self.take()
            if token.text in ("±", "∓"):
                raise parse_error(self.text, token.place, f"{token.text} is two expressions: write one of them")
            result = -result if token.text in "-−–" else result
        return result

    def signed(self, inner: Callable[[], t.Node]) -> t.Node:
        """What `inner` reads, perhaps with signs before it."""
        if self.kind() != "SIGN":
            return inner()
        first = self.tokens[self.next].place
        sign = self.sign()
        body = inner()
        return t.Signed(self.since(first), sign, body)

    def box(self) -> t.Node:
        parts, operators = [self.product()], []
        while self.kind() in ("BOX", "COLON"):
            token = self.take()
            operators.append("⊗" if token.text in _TENSOR else token.text if token.text == ":" else "⊙")
            parts.append(self.signed(self.product))
        if not operators:
            return parts[0]
        return t.Box(parts[0].place.to(parts[-1].place), tuple(parts), tuple(operators))

    def product(self) -> t.Node:
        factors, operators = [self.factor()], [""]
        while True:
            kind = self.kind()
            if kind in ("TIMES", "DIVIDE"):
                token = self.take()
                operators.append("/" if kind == "DIVIDE" else "·" if token.text in ("·", "⋅", "cdot") else "*")
                factors.append(self.signed(self.factor))
            elif kind in _OPERANDS:
                operators.append("")
                factors.append(self.factor())
            else:
                break
        if len(factors) == 1:
            return factors[0]
        return t.Product(factors[0].place.to(factors[-1].place), tuple(factors), tuple(operators))

    # --- operands -----------------------------------------------------------------------------------------------

    def factor(self) -> t.Node:
        atom = self.atom()
        postfixes: list[t.Postfix] = []
        while True:
            if self.kind() in _POSTFIXES:
                postfixes.append(self.postfix())
            elif (places := self.places(atom, postfixes)) is not None:
                postfixes.append(places)
            else:
                break
        if not postfixes:
            return atom
        for place in range(len(postfixes) - 1):  # x^2_i is x_i^2, as in LaTeX
            power, subscript = postfixes[place : place + 2]
            plain = power.kind == "power" and isinstance(power.body, (t.Number, t.Name, t.Signed))
            if subscript.kind == "subscript" and (plain or _is_braced_number(power)):
                postfixes[place : place + 2] = [subscript, power]
        return t.Factor(self.since(atom.place), atom, tuple(postfixes))

    def atom(self) -> t.Node:
        if self.kind() not in _OPERANDS:
            self.refuse(_OPERAND if self.next == 0 or self.kind(-1) != "OPEN_SQUARE" else "a block")
        token = self.take()
        match token.kind:
            case "NUMBER":
                if not float(token.text) < float("inf"):
                    raise parse_error(self.text, token.place, "this number is too large for floating point")
                return t.Number(token.place, token.text)
            case "WORD":
                return t.Name(token.place, token.text)
            case "OPEN" | "OPEN_BRACE":
                return self.group(token)
            case "OPEN_SQUARE":
                return self.block(token)
            case "NORM_OPEN" | "ABS_OPEN":
                body = self.sum()
                kind = token.kind.removesuffix("OPEN")
                self.required(
                    f"{kind}CLOSE", f"an operator, another operand or a closing {'‖' if kind == 'NORM_' else '|'}"
                )
                return t.Bars(self.since(token.place), body, "norm" if kind == "NORM_" else "absolute")
            case "ACCENT":
                body = self.atom()
                return t.Accent(self.since(token.place), accent_name(token.text), body)
            case "FONT":
                body = self.atom()
                return t.Font(self.since(token.place), body)
            case "FRACTION":
                return self.fraction(token)
            case "ROOT":
                body = self.part("OPEN", "NORM_OPEN", "ABS_OPEN")
                return t.Root(self.since(token.place), body)
            case "NABLA":
                return self.gradient(token)
            case "TOTAL":
                return t.Total(token.place)
        return self.differential(token)

    def group(self, token: Token, first: t.Node | None = None) -> t.Node:
        """What stands in brackets; `token` opened them, and `first` is what was read of them already."""
        parts = [first or self.sum()]
        while self.kind() == "COMMA":
            self.take()
            parts.append(self.sum())
        self.required("CLOSE", "an operator, another operand, a comma or a closing bracket")
        bracket = {"\\{": "{{", "lbrace": "{{"}.get(token.text, token.text)
        return t.Group(self.since(token.place), tuple(parts), bracket)

    def block(self, token: Token) -> t.Node:
        """Blocks; brackets around a single one are only brackets."""
        lines: list[tuple[t.Node, ...]] = []
        while not lines or self.kind() == "ABOVE":
            if lines:
                self.take()
            line = [self.sum()]
            while self.kind() in ("BESIDE", "COMMA"):
                self.take()
                line.append(self.sum())
            lines.append(tuple(line))
        self.required("CLOSE", "an operator, another operand, ; or | between blocks, or a closing bracket")
        place = self.since(token.place)
        if len(lines) == len(lines[0]) == 1:
            return t.Group(place, lines[0], "[")
        return t.Block(place, tuple(lines))

    def part(self, *others: str) -> t.Node:
        """What a fraction or a root takes: a number, a name, braces around a sum, or tokens of `others`."""
        taken = ("NUMBER", "WORD", "OPEN_BRACE", "PARTIAL", "FONT", "ACCENT", *others)
        if self.kind() not in taken:
            self.refuse("a name, a number or {")
        return self.atom()

    def fraction(self, token: Token) -> t.Node:
        if self.kind() == "PARTIAL" and self.kind(1) != "WORD":  # \\frac d{dt}
            alone = self.take()
            top: t.Node = t.Differential(alone.place, None, self.order(alone))
        else:
            top = self.part()
        bottom = self.part()
        place = self.since(token.place)
        above = _in_braces(top)
        if isinstance(above, t.Differential) and above.body is None:  # \frac{\partial}{\partial x}
            below = t.differentials_of(_in_braces(bottom))
            if below is None:
                raise parse_error(self.text, bottom.place, "below ∂ stands ∂ and a name: ∂/∂x")
            return t.Operator(place, below, above.order)
        return t.Fraction(place, top, bottom)

    def differential(self, token: Token) -> t.Node:
        """∂y, ∂²y, ∂ alone within \\frac, and ∂/∂x, which acts on what follows."""
        order = self.order(token)
        if self.kind() == "CLOSE":
            return t.Differential(self.since(token.place), None, order)
        if self.kind() == "DIVIDE" and self.kind(1) == "PARTIAL":
            self.take()
            below: list[t.Node] = []
            while self.kind() == "PARTIAL":
                self.take()
                below.append(self.factor())
                if order == 1:
                    break
            return t.Operator(self.since(token.place), tuple(below), order)
        body = self.atom()
        return t.Differential(self.since(token.place), body, order)

    def gradient(self, token: Token) -> t.Node:
        """∇, ∇_x, ∇², ∇_x², ∇²_x."""
        order = self.order(token)
        below: tuple[t.Node, ...] = ()
        if self.kind() in ("SUBSCRIPT", "LOWERED"):
            self.required("SUBSCRIPT", "_ and a name")
            below = (self.atom(),)
            order = self.order(token) if order == 1 else order
        if self.kind() not in _OPERANDS:
            self.refuse(f"{_OPERAND}, of which this is the gradient,")
        return t.Operator(self.since(token.place), below, order, gradient=True)

    def order(self, token: Token) -> int:
        """The order that a power after ∂ or ∇ tells; 1 without one."""
        if self.kind() not in ("POWER", "SUPERSCRIPT"):
            return 1
        power = self.postfix()
        inner = _in_braces(power.body)
        if isinstance(inner, t.Number) and inner.text in ("1", "2"):
            return int(inner.text)
        raise parse_error(self.text, power.place, "derivatives of order 1 and 2 are read")

    # --- postfixes ----------------------------------------------------------------------------------------------

    def postfix(self) -> t.Postfix:
        token = self.take()
        place = token.place
        match token.kind:
            case "PRIME" | "TRANSPOSED" | "PSEUDOINVERSE":
                return t.Postfix(place, token.kind.lower(), None)
            case "SIGNS":
                return t.Postfix(place, "subscript", t.Name(place, token.text.strip("_{} \t")))
            case "STAR":
                return t.Postfix(place, "label", t.Name(place, "star"))
            case "LABEL":
                return t.Postfix(place, "label", t.Number(place, token.text.translate(_DIGITS)[1:-1]))
            case "LOWERED":
                return t.Postfix(place, "subscript", t.Number(place, token.text.translate(_DIGITS)))
            case "SUPERSCRIPT":
                if token.text == "⁻ᵀ":
                    return t.Postfix(place, "power", t.Mark(place, "transposed", inverse=True))
                number: t.Node = t.Number(place, token.text.translate(_DIGITS).lstrip("+-"))
                return t.Postfix(place, "power", t.Signed(place, -1, number) if token.text[0] == "⁻" else number)
            case "SUBSCRIPT":
                body = self.subscript()
                return t.Postfix(self.since(place), "subscript", body)
        kind = {"POWER": "power", "ENTRYWISE_POWER": "entrywise"}[token.kind]
        kind, exponent = self.exponent(kind)
        return t.Postfix(self.since(place), kind, exponent)

    def places(self, atom: t.Node, postfixes: list[t.Postfix]) -> t.Postfix | None:
        """Places in brackets right behind an operand, as Python has them: x[0], y[4:7], X[:, 1]; None for a factor.

        One number behind what may be a function, f[2], stays its argument.
        """
        if self.kind() != "OPEN_SQUARE" or (isinstance(atom, t.Number) and not postfixes):
            return None
        place = self.tokens[self.next].place
        if self.text[place.start : place.end] != "[" or place.start != self.tokens[self.next - 1].place.end:
            return None
        found = _PLACES.match(self.text, place.end)
        end = found.end() if found else place.end
        held = self.text[place.end : end]
        if not held or self.text[end : end + 1] != "]" or any(map(self.is_known, re.findall(r"[^\W\d]\w*", held))):
            return None
        if not held.strip().isdecimal():
            if ":" not in held and not re.fullmatch(r"[-\d\s,\[\]]+", held):
                return None
        elif isinstance(atom, t.Name) and not postfixes and not (self.is_known(atom.text) or atom.text in self.defined):
            return None
        first = self.take()
        while self.kind() != "CLOSE" or self.tokens[self.next].place.start < end:
            self.take()
        self.take()
        whole = self.since(first.place)
        return t.Postfix(whole, "places", t.Name(whole, held))

    def subscript(self) -> t.Node:
        """A subscript: an operand, or the limits of a sum, {i = 1}, {i ≠ j}, {i, j}."""
        if self.kind() != "OPEN_BRACE":
            return self.atom()
        token = self.take()
        first = self.sum()
        if self.kind() not in ("EQUALS", "RELATION"):
            return self.group(token, first)
        relation = self.take()
        second = self.sum()
        self.required("CLOSE", "a closing bracket")
        sign = "=" if relation.kind == "EQUALS" else relation.text
        return t.Equation(first.place.to(second.place), (first, second), (sign,))

    def exponent(self, kind: str) -> tuple[str, t.Node | None]:
        """What stands after ^, and what kind of postfix it makes."""
        ahead = 0
        braced = self.kind() == "OPEN_BRACE"
        ahead += braced
        sign = self.kind(ahead) == "SIGN"
        ahead += sign
        mark = self.kind(ahead)
        if mark in ("TRANSPOSED", "PRIME") and kind == "power":
            last = ahead
            while braced and mark == "PRIME" and self.kind(last + 1) == "PRIME":
                last += 1
            if not braced or self.kind(last + 1) == "CLOSE":
                first = self.tokens[self.next].place
                if braced:
                    self.take()
                inverse = self.sign() < 0
                while self.kind() == mark:
                    self.take()
                    if not braced:
                        break
                if braced:
                    self.take()
                return ("power", t.Mark(self.since(first), mark.lower(), True)) if inverse else (mark.lower(), None)
        if braced and self.kind(1) == "BOX":
            self.take()
            self.take()
            inner = self.sum()
            self.required("CLOSE", "a closing bracket")
            return "entrywise", inner
        if self.kind() not in _OPERANDS and self.kind() != "SIGN":
            self.refuse(f"{_OPERAND}, ᵀ or ′")
        body = self.signed(self.atom)
        return kind, body


def _in_braces(node: t.Node | None) -> t.Node | None:
    """What braces hold."""
    while isinstance(node, t.Group) and node.bracket == "{" and len(node.parts) == 1:
        node = node.parts[0]
    return node


def _is_braced_number(postfix: t.Postfix) -> bool:
    body = postfix.body
    return (
        postfix.kind == "power"
        and isinstance(body, t.Group)
        and body.bracket == "{"
        and isinstance(body.parts[0], (t.Number, t.Name))
    )
