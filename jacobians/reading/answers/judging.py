"""A text judged in a layout, or in the first in which it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import ParseError, ShapeError
from ...shapes.layout import LAYOUTS
from ..entry import Reading, read
from .deciding import Verdict, decide
from .verdicts import verdict_lines

AUTO = "auto"


@dataclass(frozen=True)
class Judgement:
    """The verdicts on the equations of a text in one layout, and what is to be said of the others.

    `failed` is there where the shapes do not fit in the layout that was asked for, and the text holds in another.
    """

    reading: Reading
    verdicts: Sequence[Verdict]
    layout: str
    said: tuple[str, ...] = ()
    failed: ShapeError | None = None

    @property
    def status(self) -> int:
        """0 where all holds, 1 where something does not, 2 where something is undecided."""
        if self.failed is not None or any(one.false for one in self.verdicts):
            return 1
        return 2 if any(one.undecided for one in self.verdicts) else 0

    def lines(self) -> list[str]:
        """The report."""
        if self.failed is not None:
            message = str(self.failed).removesuffix(self.failed.excerpt).strip()
            first = f"false  in {self.layout} layout the shapes do not fit: {message}"
            return [first, self.failed.excerpt, *(f"       {one}" for one in self.said)]
        return [*verdict_lines(self.reading, self.verdicts), *(f"       {one}" for one in self.said)]


def judge(
    text: str, sizes: Mapping[str, object], activation: str = "sigmoid", seed: int = 0, layout: str = "numerator"
) -> Judgement:
    """Decide the equations of a text; `layout` may be "auto", the first of all layouts in which they hold.

    Where they do not hold, the other layouts are tried, and it is said in which they do, and under which undeclared
    fact. Raises `ParseError` and `ShapeError` as `read` does.
    """
    order = LAYOUTS if layout == AUTO else [layout, *(one for one in LAYOUTS if one != layout)]
    found: dict[str, Judgement] = {}
    errors: dict[str, ShapeError | ParseError] = {}
    for one in order:
        if found and one not in found and not _has_derivative(next(iter(found.values())).reading):
            break
        try:
            found[one] = _in_layout(text, sizes, activation, seed, one, repair=one == order[0])
        except (ShapeError, ParseError) as error:
            errors[one] = error
            continue
        if layout != AUTO and one == layout and found[one].status != 1:
            return found[one]
    holding = [one for one, judgement in found.items() if judgement.status == 0]
    if layout == AUTO:
        return _first(order, found, errors, holding)
    others = _elsewhere(found, holding, layout)
    if layout in found:
        own = found[layout]
        return Judgement(own.reading, own.verdicts, layout, tuple(others))
    if not isinstance(errors[layout], ShapeError) or not others:
        raise errors[layout]
    other = next(iter(found.values()))
    failed = errors[layout]
    assert isinstance(failed, ShapeError)
    return Judgement(other.reading, other.verdicts, layout, tuple(others), failed)


def _in_layout(
    text: str, sizes: Mapping[str, object], activation: str, seed: int, layout: str, repair: bool
) -> Judgement:
    reading = read(text, sizes, activation, layout=layout, hints=repair)
    verdicts = decide(
        reading, seed, lambda changed: read(changed, sizes, activation, layout=layout, hints=False), repair
    )
    if not verdicts:
        verdict_lines(reading, verdicts)
    return Judgement(reading, verdicts, layout)


def _has_derivative(reading: Reading) -> bool:
    """Whether the layout matters to a text."""
    return reading.elaborator.used_layout


def _first(
    order: Sequence[str], found: Mapping[str, Judgement], errors: Mapping[str, Exception], holding: Sequence[str]
) -> Judgement:
    """The first layout in which a text holds; else the one in which the least is wrong."""
    if not found:
        raise errors[order[0]]
    chosen = holding[0] if holding else min(found, key=lambda one: (*_wrongness(found[one]), order.index(one)))
    judgement = found[chosen]
    said = []
    if holding and judgement.reading.elaborator.used_layout:
        said = [f"in {chosen} layout" + (f"; it holds in {_listed(holding[1:])} layout, too" if holding[1:] else "")]
    elif not holding:
        said = _elsewhere(found, holding, chosen)
    return Judgement(judgement.reading, judgement.verdicts, chosen, tuple(said))


def _wrongness(judgement: Judgement) -> tuple[int, bool, bool]:
    """How far a text is from holding in a layout: a factor is nearer than other values, and these than other shapes."""
    wrong = [one for one in judgement.verdicts if one.false]
    return (
        judgement.status,
        any(one.shapes[0] != one.shapes[1] for one in wrong),
        any(not one.multiple and not one.where for one in wrong),
    )


def _elsewhere(found: Mapping[str, Judgement], holding: Sequence[str], layout: str) -> list[str]:
    """In which other layouts a text holds, outright or where a fact is declared."""
    others = [one for one in holding if one != layout]
    if others:
        return [f"true in {_listed(others)} layout: --layout {others[0]}"]
    for name, judgement in found.items():
        wrong = [one for one in judgement.verdicts if not one.true]
        shared = [fact for fact in wrong[0].where if all(fact in one.where for one in wrong)] if wrong else []
        if shared and name != layout:
            return [f"true in {name} layout where {' or '.join(shared)}"]
    for name, judgement in found.items():
        wrong = [one for one in judgement.verdicts if not one.true]
        if len(wrong) == 1 and wrong[0].multiple and name != layout:
            return [f"in {name} layout {wrong[0].multiple}"]
    return []


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
