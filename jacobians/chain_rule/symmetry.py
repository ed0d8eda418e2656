"""Contractions that are their own mirror image, as Hessians are: Aᵀ diag(w) A is contracted from A, computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Groups = Sequence[tuple[int, ...]]


@dataclass(frozen=True)
class Mirror:
    """Operands of one half, each with its image, and what an index becomes."""

    half: tuple[int, ...]
    image: tuple[int, ...]


def mirror(groups: Groups, output: Sequence[int], ids: Sequence[int]) -> Mirror | None:
    """The reflection that exchanges the two axes of the output and maps every operand to one of the same array.

    None where there is no such reflection, or where a half is a single operand and so nothing is contracted twice.
    """
    if len(output) != 2 or output[0] == output[1]:
        return None
    indices = {output[0]: output[1], output[1]: output[0]}
    operands: dict[int, int] = {}
    while len(operands) < len(groups):
        place = next(
            (k for k, group in enumerate(groups) if k not in operands and any(index in indices for index in group)),
            None,
        )
        if place is None:
            return None
        image = _image(place, groups, ids, indices, operands)
        if image is None:
            return None
        operands[place], operands[image] = image, place
        for a, b in zip(groups[place], groups[image], strict=True):
            indices[a], indices[b] = b, a
    half = _side(output[0], groups, indices, operands)
    image_of_half = tuple(operands[place] for place in half)
    fixed = [place for place, other in operands.items() if place == other]
    if len(half) < 2 or set(half) & set(image_of_half) or len(half) * 2 + len(fixed) < len(groups):
        return None
    return Mirror(half, image_of_half)


def _image(
    place: int, groups: Groups, ids: Sequence[int], indices: dict[int, int], operands: dict[int, int]
) -> int | None:
    """An operand of the same array whose indices are the images of those at `place`, as far as these are known."""
    for other in range(len(groups)):
        if ids[other] != ids[place] or other in operands:
            continue
        pairs = list(zip(groups[place], groups[other], strict=True))
        if all(indices.get(a, b) == b and indices.get(b, a) == a for a, b in pairs):
            return other
    return None


def _side(first: int, groups: Groups, indices: dict[int, int], operands: dict[int, int]) -> tuple[int, ...]:
    """The operands that hang together with index `first`, not crossing what is its own image."""
    reached: set[int] = {first}
    found: set[int] = set()
    while True:
        new = {
            place
            for place, group in enumerate(groups)
            if place not in found and operands[place] != place and reached & set(group)
        }
        if not new:
            return tuple(sorted(found))
        found |= new
        reached |= {index for place in new for index in groups[place] if indices[index] != index}
