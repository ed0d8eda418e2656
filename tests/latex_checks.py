"""A strict reading of LaTeX mathematics: what is not surely right is an error."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import latex2mathml.converter

#: Commands that take groups.
TAKES = re.compile(
    r"\\(mathbf|boldsymbol|mathit|mathrm|mathbb|sqrt|boxed|frac|tilde|widetilde|hat|widehat|bar|dot|grave|acute|ddot"
    r"|breve|check|mathring)"
)
#: Commands that stand alone. What is in neither list is a mistake.
ALONE = re.compile(
    r"\\(partial|delta|sum|top|otimes|odot|times|cdot|infty|ldots|leftarrow|in|quad|qquad|Rightarrow|mid|ell|varsigma"
    r"|backslash|exp|log|sin|cos|tan|sinh|cosh|tanh|arctan|arcsin|arccos|det|alpha|beta|gamma|delta|epsilon|zeta|eta"
    r"|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma"
    r"|Upsilon|Phi|Psi|Omega|[|_,{}])"
)
_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\S|\s+", re.DOTALL)


class Reader:
    """Reads tokens as TeX's math mode does: groups, commands with their groups, one script of a kind an atom."""

    def __init__(self, latex: str) -> None:
        self.tokens = [token for token in _TOKEN.findall(latex) if not token.isspace()]
        self.raw = latex
        self.place = 0

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.peek()
        assert token, f"ends too early: {self.raw}"
        assert not expected or token in expected, f"{token} where {expected} is expected: {self.raw}"
        self.place += 1
        return token

    def formula(self, *ends: str) -> None:
        """Atoms with scripts, up to one of `ends`."""
        while self.peek() not in ends:
            self.atom()
            seen: set[str] = set()
            while self.peek() in ("'", "^", "_"):
                mark = self.take()
                assert mark not in seen, f"double {mark}: {self.raw}"
                assert not (mark == "'" and "^" in seen), f"a prime after ^: {self.raw}"
                if mark != "'":
                    seen.add(mark)
                    self.atom()

    def group(self) -> None:
        self.take("{")
        self.formula("}")
        self.take("}")

    def words(self) -> str:
        """A group that is text."""
        self.take("{")
        found = ""
        while self.peek() != "}":
            token = self.take()
            assert token not in ("{", "$", "%", "#", "&", "^", "_", "~"), f"{token} in text: {self.raw}"
            assert not re.fullmatch(r"\\[a-zA-Z]+", token), f"{token} in text: {self.raw}"
            found += token
        self.take("}")
        return found

    def atom(self) -> None:
        token = self.peek()
        if token == "{":
            self.group()
            return
        self.take()
        if token in (r"\text", r"\operatorname"):
            self.words()
        elif token == r"\left":
            self.take("(", "[", "|", ".")
            self.formula(r"\right")
            self.take()
            self.take(")", "]", "|", ".")
        elif token == r"\begin":
            name = self.words()
            assert name == "bmatrix", self.raw
            while True:
                self.formula("&", r"\\", r"\end")
                if self.take() == r"\end":
                    break
            assert self.words() == name, self.raw
        elif TAKES.fullmatch(token):
            for _ in range(2 if token == r"\frac" else 1):
                self.group()
        elif token[0] == "\\":
            assert ALONE.fullmatch(token), f"command {token}: {self.raw}"
        else:
            assert token not in "}$%#&~^_", f"a stray {token}: {self.raw}"
            assert token.isascii(), f"{token!r} outside of \\text: {self.raw}"


def assert_strict(latex: str) -> None:
    """Groups closed, commands known, no double script, no stray character; and latex2mathml converts it."""
    Reader(latex).formula("")
    mathml = latex2mathml.converter.convert(latex)
    text = "".join(ElementTree.fromstring(mathml).itertext())
    assert "\\" not in text, f"{latex} leaves {text}"
