"""The lines of a program while it is written: names, what is computed already, what may be written into."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ..expressions.nodes import Array


@dataclass(frozen=True)
class Step:
    """One line of a program: `target = text`, the shape of the result, and its multiplications.

    `derivative` tells the steps of the chain rule from those that compute forward values.
    """

    target: str
    text: str
    shape: tuple[int, ...]
    multiplications: int
    derivative: bool
    einsum: str = ""
    view: bool = False  # of an array that another line computed

    def __str__(self) -> str:
        return f"{self.target} = {self.text}  # {self.einsum or 'shape'} {self.shape}"


@dataclass(frozen=True)
class Value:
    """What stands for a node in the code: a name, a view or a number. A `fresh` one is nobody else's array."""

    text: str
    shape: tuple[int, ...]
    fresh: bool


class Lines:
    """Statements in order. A text that was computed before is not computed again."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.entries: list[Step | str] = []
        self.constants: dict[str, Array] = {}
        self._taken = set(taken)
        self._temporaries: set[str] = set()
        self._known: dict[str, Value] = {}  # what was computed before, by its text
        self._texts: dict[str, str] = {}  # the texts by what was computed
        self._shared: set[str] = set()  # values with several readers: never written into
        self._own: set[str] = set()  # arrays that are computed here
        self._renamed: dict[str, str] = {}
        self._count = 0

    @property
    def steps(self) -> list[Step]:
        return [entry for entry in self.entries if isinstance(entry, Step)]

    # --- names ------------------------------------------------------------------------------------------------

    def fresh(self, stem: str) -> str:
        """`stem`, or the first name like it that is not taken."""
        name = stem
        while name in self._taken:
            self._count += 1
            name = f"{stem}{self._count}" if stem[-1:].isalpha() else f"{stem}_{self._count}"
        self._taken.add(name)
        return name

    def constant(self, array: Array, stem: str) -> str:
        """The name of a constant array."""
        for name, known in self.constants.items():
            if known.dtype == array.dtype and np.array_equal(known, array):
                return name
        name = self.fresh(stem)
        self.constants[name] = array
        return name

    def call(self, value: Value, name: str) -> None:
        """The line that computes `value` gets this name, if it has none yet."""
        if value.text in self._temporaries:
            self._temporaries.remove(value.text)
            self._renamed[value.text] = name

    def renamed(self, text: str) -> str:
        """`text` with the names that lines were given."""
        if not self._renamed:
            return text
        return re.sub(r"\bt\d+(?:_\d+)?\b", lambda match: self._renamed.get(match[0], match[0]), text)

    # --- statements -------------------------------------------------------------------------------------------

    def emit(
        self,
        text: str,
        shape: tuple[int, ...],
        multiplications: int = 0,
        derivative: bool = False,
        einsum: str = "",
        fresh: bool = True,
    ) -> Value:
        """A line that computes `text`, or what an earlier line computed from the same text."""
        known = self._known.get(text)
        if known is not None and known.shape == shape:
            self._shared.add(known.text)
            return replace(known, fresh=False)
        self._count += 1
        name = self.fresh(f"t{self._count}")
        self._temporaries.add(name)
        self.entries.append(Step(name, text, shape, multiplications, derivative, einsum, not fresh))
        value = Value(name, shape, fresh)
        if fresh:
            self._own.add(name)
        if not text.startswith("np.zeros("):  # these are there to be written into
            self._known[text] = value
        self._texts[name] = text
        return value

    def write(self, statement: str) -> None:
        """A statement that is no assignment to a name."""
        self.entries.append(statement)

    def is_shared(self, value: Value) -> bool:
        """Whether several lines read it as it is."""
        return value.text in self._shared

    def is_in_c_order(self, value: Value) -> bool:
        """Whether a reshape of it is surely a view: the zeros, and the product of one column and one row."""
        text = self._texts.get(value.text, "")
        return text.startswith("np.zeros(") or re.fullmatch(r"\w+\[:, None\]\.dot\(\w+\[None\]\)", text) is not None

    def is_written_into(self, value: Value) -> None:
        """From here on the array holds something else than what its line computed."""
        self._known.pop(self._texts.get(value.text, ""), None)

    def handed_out(self, results: list[Value]) -> list[str]:
        """The results: what was computed here and is in no other result as it is, anything else copied.

        So nobody gets an array of somebody else's.
        """
        places = Counter(name for value in results for name in re.findall(r"\w+", value.text))
        bases = [value.text.removesuffix(".T") for value in results]
        return [
            value.text if base in self._own and places[base] == 1 else f"np.array({value.text})"
            for base, value in zip(bases, results, strict=True)
        ]

    @property
    def own(self) -> frozenset[str]:
        """The names of the arrays that are computed here."""
        return frozenset(self._own)

    def finish(self) -> None:
        """Give the lines that compute named expressions their names."""
        self.entries = [
            self.renamed(entry)
            if isinstance(entry, str)
            else replace(entry, target=self.renamed(entry.target), text=self.renamed(entry.text))
            for entry in self.entries
        ]
