"""Letters for indices, in one order everywhere: i, j, k, …, z, a, …, h, and then the capitals likewise."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, count

LETTERS = "ijklmnopqrstuvwxyzabcdefghIJKLMNOPQRSTUVWXYZABCDEFGH"
SMALL = LETTERS[:26]


def letter(position: int) -> str:
    """The letter of an index by its position; past the small letters with a number.

    >>> letter(0), letter(17), letter(18), letter(26)
    ('i', 'z', 'a', 'i1')
    """
    cycle, place = divmod(position, len(SMALL))
    return SMALL[place] + (str(cycle) if cycle else "")


def fresh_letters(taken: Collection[str] = (), first: str = "i") -> Iterator[str]:
    """The letters from `first` on, all the way round, without those that are `taken`: as many as an einsum string has.

    >>> letters = fresh_letters("ik", first="h")
    >>> next(letters), next(letters), next(letters)
    ('h', 'I', 'J')
    """
    start = LETTERS.index(first)
    return (one for one in LETTERS[start:] + LETTERS[:start] if one not in taken)


def lettered(groups: Sequence[Sequence[int]], first: str = "i") -> list[str]:
    """Groups of indices as an einsum string has them; an index gets the next letter where it first appears.

    NumPy reads the first 52; what comes after them tells indices apart in print.

    >>> lettered([(0, 5), (5, 2), (0, 2)])
    ['ij', 'jk', 'ik']
    """
    distinct = dict.fromkeys(index for group in groups for index in group)
    names = dict(zip(distinct, chain(fresh_letters(first=first), map(chr, count(ord("À")))), strict=False))
    return ["".join(names[index] for index in group) for group in groups]
