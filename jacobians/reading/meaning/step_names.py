"""Names for the steps of a text that has none: z for what an activation is of, s for its value, r in a norm.

With them the chain rule is written as in the notes, ∂ℓ/∂r · ∂r/∂s · ∂s/∂z · ∂z/∂W₁, and not over unnamed formulas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ...expressions.nodes import Constant, Expression, Named, Variable
from ..syntax.spelling import key

#: The letters of each kind of step, in the order in which they are tried.
LETTERS = {
    "argument": "zuvq",
    "value": "sagm",
    "norm": "rew",
    "scalar": ("ell", "f", "J"),
    "top": "yfg",
}


class StepNames:
    """Gives names to expressions; the same expression gets the same name. `taken` are the names that are in use.

    Made twice: `counts`, of the first, tells the second how many steps of each kind there are, so that a single one
    needs no number.
    """

    def __init__(self, taken: Callable[[str], bool], counts: Counter[str] | None = None) -> None:
        self._taken, self._total = taken, counts
        self.counts: Counter[str] = Counter()
        self._known: dict[int, Named] = {}
        self.steps: list[Named] = []

    def named(self, expression: Expression, kind: str) -> Expression:
        """The expression under a name, unless it is a name, a number, or named already."""
        if isinstance(expression, (Variable, Constant, Named)):
            return expression
        if expression.serial not in self._known:
            self.counts[kind] += 1
            step = expression.named(self._free(kind))
            self._known[expression.serial] = step
            self.steps.append(step)
        return self._known[expression.serial]

    def _free(self, kind: str) -> str:
        number = self.counts[kind]
        alone = (self._total or Counter())[kind] <= 1
        for letter in LETTERS[kind]:
            name = letter if alone else f"{letter}{number}"
            used = {key(step.name) for step in self.steps}
            if not self._taken(name) and key(name) not in used:
                return name
        number = 1
        while self._taken(f"{LETTERS[kind][0]}_{kind}{number}"):
            number += 1
        return f"{LETTERS[kind][0]}_{kind}{number}"
