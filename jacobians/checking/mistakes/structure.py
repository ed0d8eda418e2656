"""Mistakes about structure: a δ that is lost, a diagonal given as a vector, an identity forgotten, a batch axis."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from ...expressions.nodes import Array
from ...shapes.layout import LAYOUTS
from ...shapes.letters import LETTERS
from .case import Candidate, Case, Mistake


def _matchings(case: Case) -> Iterator[tuple[tuple[int, int], ...]]:
    """Sets of δ's that use no axis twice."""
    for count in range(1, len(case.deltas) + 1):
        for pairs in itertools.combinations(case.deltas, count):
            axes = [axis for pair in pairs for axis in pair]
            if len(set(axes)) == len(axes):
                yield pairs


def _kept_once(case: Case, pairs: tuple[tuple[int, int], ...], removed: frozenset[int]) -> Iterator[tuple[str, str]]:
    """The einsum letters of `ad`, and of an array that has each δ's index once, or (`removed`) not at all."""
    rank = len(case.of)
    letters = list(LETTERS[: case.ad.ndim])
    for a, b in pairs:
        letters[b] = letters[a]
    gone = {letters[a] for a in removed}
    of, wrt = letters[:rank], letters[rank:]
    merged = [letters[a] for a, _ in pairs]
    bare_of, bare_wrt = ([one for one in part if one not in merged] for part in (of, wrt))
    for first, second in ((of, bare_wrt), (bare_of, wrt), (merged, bare_wrt + bare_of)):
        for head, tail in itertools.product((first, first[::-1]), (second, second[::-1])):
            yield "".join(letters), "".join(one for one in (*head, *tail) if one not in gone)


def _constant_along(case: Case, pairs: tuple[tuple[int, int], ...], a: int, b: int) -> bool:
    diagonal, known = (np.diagonal(one, axis1=a, axis2=b) for one in (case.ad, case.tolerance))
    return case.zero(diagonal - diagonal[..., :1], known + known[..., :1])


def _rebuilding(case: Case, letters: str, kept: str) -> str:
    """The code that puts the δ's back."""
    fresh = LETTERS[: case.ad.ndim]
    deltas = [
        (fresh[place], letters[place], case.ad.shape[place])
        for place in range(len(letters))
        if fresh[place] != letters[place]
    ]
    operands = ["claimed", *(f"np.eye({size})" for _, _, size in deltas)]
    target = "".join(fresh[axis] for axis in (range(case.ad.ndim) if case.layout == "vec" else case.order(case.layout)))
    spec = ",".join([kept, *(old + new for new, old, _ in deltas)]) + "->" + target
    code = f"np.einsum({spec!r}, {', '.join(operands)})"
    return case.into(code, "ad") if case.layout == "vec" else code


def _lost(case: Case) -> Iterator[tuple[tuple[tuple[int, int], ...], frozenset[int], Candidate]]:
    """Every way in which δ's can be lost: the pairs of axes, those removed altogether, and what is left."""
    seen: set[str] = set()
    for pairs in _matchings(case):
        constant = [a for a, b in pairs if _constant_along(case, pairs, a, b)]
        for count in range(len(constant) + 1):
            for chosen in itertools.combinations(constant, count):
                removed = frozenset(chosen)
                for letters, kept in _kept_once(case, pairs, removed):
                    key = f"{letters}->{kept}"
                    if key in seen:
                        continue
                    seen.add(key)
                    if _size(case, letters, kept) != case.claimed.size:
                        continue  # it would not fit the claim
                    yield pairs, removed, _once(case, letters, kept, removed)


def _size(case: Case, letters: str, kept: str) -> int:
    return int(np.prod([case.ad.shape[letters.index(one)] for one in kept], dtype=int))


def _once(case: Case, letters: str, kept: str, removed: frozenset[int]) -> Candidate:
    gone = {letters[a] for a in removed}
    rest = "".join(dict.fromkeys(kept + "".join(sorted(gone))))

    def make(ad: Array) -> Array:
        once: Array = np.einsum(f"{letters}->{rest}", ad)
        first: Array = once.reshape((*once.shape[: once.ndim - len(gone)], -1))[..., 0] if gone else once
        return first

    what = "an axis of y and an axis of x go together: off their diagonal the right derivative is zero"
    return case.made(
        make, f"{what}, and the claim has {'neither' if gone else 'one of the two'}", _rebuilding(case, letters, kept)
    )


def _is_batch(case: Case, pairs: tuple[tuple[int, int], ...]) -> bool:
    """Whether the δ is between the first axes of y and x, each with more axes: a batch."""
    return pairs == ((0, len(case.of)),) and len(case.wrt) > 1


def _diagonal_as_vector(case: Case) -> Iterator[Candidate]:
    if len(case.of) == len(case.wrt):
        for pairs, removed, candidate in _lost(case):
            if len(pairs) == len(case.of) and not removed:
                yield candidate


def _diagonal_broadcast(case: Case) -> Iterator[Candidate]:
    if case.ad.ndim != 2 or case.deltas != [(0, 1)]:
        return
    evidence = "every row of the claim is v, and the right derivative is diag(v): v on the diagonal, zeros elsewhere"
    yield case.made(lambda ad: np.broadcast_to(np.diagonal(ad), ad.shape), evidence, "np.diag(claimed[0])")
    evidence = evidence.replace("row", "column")
    yield case.made(lambda ad: np.broadcast_to(np.diagonal(ad)[:, None], ad.shape), evidence, "np.diag(claimed[:, 0])")


def _diagonal_dropped(case: Case) -> Iterator[Candidate]:
    if case.ad.ndim == 2 and case.deltas == [(0, 1)] and not _constant_along(case, ((0, 1),), 0, 1):
        evidence = "the claim is the identity, and the right derivative is diag(v): v is missing"
        size = case.of[0]
        yield case.exact(np.eye(size), evidence, "claimed * v  # diag(v), v the derivative entry by entry")


def _off_diagonal(case: Case) -> Iterator[Candidate]:
    if len(case.of) != 1 or case.of != case.wrt or case.deltas:
        return
    evidence = "the claim has only the diagonal, and y_i depends on other x_j too: f is not element-wise"
    fix = "jacobian(f)(x)  # the entries off the diagonal are not in the claim"
    yield case.made(lambda ad: np.diag(np.diagonal(ad)), evidence, fix)
    yield case.made(np.diagonal, evidence, fix)


def _third_axis(case: Case) -> Iterator[Candidate]:
    for pairs, removed, candidate in _lost(case):
        constant = removed or all(_constant_along(case, pairs, a, b) for a, b in pairs)
        if constant or not (_is_batch(case, pairs) or len(pairs) == len(case.of) == len(case.wrt)):
            yield candidate


def _batch_once(case: Case) -> Iterator[Candidate]:
    for pairs, removed, candidate in _lost(case):
        if _is_batch(case, pairs) and not removed:
            yield candidate


def _batch_twice(case: Case) -> Iterator[Candidate]:
    """Seen on the claim: it is zero off the diagonal of two axes, and summed over one of them it is right."""
    claimed = case.claimed
    if claimed.ndim not in (case.right.ndim + 1, case.ad.ndim + 1):
        return
    for a, b in itertools.combinations(range(claimed.ndim), 2):
        if claimed.shape[a] != claimed.shape[b] or claimed.shape[a] == 1:
            continue
        off = np.moveaxis(claimed, (a, b), (0, 1))[~np.eye(claimed.shape[a], dtype=bool)]
        if np.any(off):
            continue
        for axis in (a, b):
            evidence = (
                f"off the diagonal of axes {a} and {b} the claim is zero, and summed over axis {axis} it is right"
            )
            yield from _as_claimed(case, claimed.sum(axis), evidence, f"claimed.sum(axis={axis})")


def _as_claimed(case: Case, made: Array, evidence: str, fix: str) -> Iterator[Candidate]:
    """The claim itself, where what was made of it is right, in the layout asked for or in another."""
    for layout in (case.layout, *(one for one in LAYOUTS if one not in (case.layout, "vec"))):
        right, tolerance = (case.laid(one, layout) for one in (case.ad, case.tolerance))
        if made.shape == right.shape and bool(np.all(np.abs(made - right) <= tolerance)):
            own = layout == case.layout
            code = fix if own else case.restoring(case.order(layout), fix)
            text = evidence if own else f"{evidence} in {layout} layout"
            yield Candidate(case.claimed, np.zeros(case.claimed.shape), text, code, oriented=True)
            return


def _not_summed(case: Case) -> Iterator[Candidate]:
    claimed = case.claimed
    if claimed.ndim not in (case.right.ndim + 1, case.ad.ndim + 1):
        return
    for axis, size in enumerate(claimed.shape):
        if size > 1:
            what = f"the claim has one axis more, of size {size}{_sized(case, size)}"
            yield from _as_claimed(
                case, claimed.sum(axis), f"{what}, and summed over it it is right", f"claimed.sum(axis={axis})"
            )
            yield from _as_claimed(
                case, claimed.mean(axis), f"{what}, and its mean is right", f"claimed.mean(axis={axis})"
            )


def _sized(case: Case, size: int) -> str:
    return f" ({case.sizes[size]})" if size in case.sizes else ""


def _summed(case: Case) -> Iterator[Candidate]:
    """An axis of y summed away: what a product with ones from the left gives (`backward` of a sum)."""
    order = case.order("numerator" if case.layout == "vec" else case.layout)
    fix = "jacobian(f)(x)  # what was summed is not in the claim"
    for axis, size in enumerate(case.of):
        rest = [place - (place > axis) for place in order if place != axis]
        value, tolerance = (one.sum(axis).transpose(rest) for one in (case.ad, case.tolerance))
        for count, how, what in ((1, "summed", "a sum"), (size, "averaged", "a mean")) if size > 1 else ():
            evidence = f"the claim is the right derivative {how} over axis {axis} of y ({size} entries): that of {what}"
            yield Candidate(value / count, tolerance / count, evidence, fix)


def _identity(case: Case) -> Iterator[Candidate]:
    if len(case.of) != 1 or case.of != case.wrt:
        return
    identity = np.eye(case.of[0])
    lacks, has = "lacks an identity: y has x itself as a term (a residual)", "has an identity too much"
    for sign, what in ((-1.0, lacks), (1.0, has)):
        fix = f"claimed {'+' if sign < 0 else '-'} np.eye({case.of[0]})"
        yield Candidate(case.right + sign * identity, case.right_tolerance, f"the claim {what}", fix)


def _symmetric(case: Case) -> Iterator[Candidate]:
    if case.of or len(case.wrt) != 2 or case.wrt[0] != case.wrt[1]:
        return
    evidence = (
        "the claim is G + Gᵀ − diag(G): the derivative with respect to a symmetric matrix, whose entries ij "
        "and ji move together; "
        "here all entries are independent"
    )
    fix = "jacobian(f)(x)  # G and its transpose cannot be told apart in the claim"
    value = case.ad + case.ad.T - np.diag(np.diagonal(case.ad))
    yield Candidate(value, case.tolerance + case.tolerance.T, evidence, fix)


def _symmetric_part(case: Case) -> Iterator[Candidate]:
    """(G + Gᵀ) / 2 of a G that is not symmetric: with respect to a square matrix, or of a vector."""
    if case.ad.ndim == 2 and case.ad.shape[0] == case.ad.shape[1] and len(case.of) in (0, 1):
        evidence = "the claim is (G + Gᵀ) / 2, the symmetric part of the right derivative G, which is not symmetric"
        fix = "jacobian(f)(x)  # G is not in its symmetric part"
        yield Candidate(0.5 * (case.ad + case.ad.T), 0.5 * (case.tolerance + case.tolerance.T), evidence, fix)


def _inverse_square(case: Case) -> Iterator[Candidate]:
    """−X⁻² for ∂X⁻¹/∂X, seen on the value of f: it is the inverse of x."""
    value, x = case.found.value, case.found.point
    if x.ndim != 2 or value.shape != x.shape or x.shape[0] != x.shape[1] or len(x) < 2:
        return
    rest = np.linalg.norm(value @ x - np.eye(len(x)))
    if rest > 1e-6 * np.linalg.norm(value) * np.linalg.norm(x):
        return
    evidence = (
        "the claim is −X⁻² = −X⁻¹ X⁻¹, the rule of numbers; for matrices ∂(X⁻¹)_ij/∂X_kl = −(X⁻¹)_ik (X⁻¹)_lj has four "
        "axes: in −X⁻¹ dX X⁻¹ the change of X stands between the two"
    )
    spec = {"numerator": "ijlk", "denominator": "klji", "ad": "ijkl"}.get(case.layout, "ijkl")
    fix = f"-np.einsum('ik,lj->{spec}', np.linalg.inv(x), np.linalg.inv(x))"
    for made in (-value @ value, -(value @ value).T):
        yield case.exact(made, evidence, case.into(fix, "ad") if case.layout == "vec" else fix)


STRUCTURE_MISTAKES = (
    Mistake("−X⁻² for the derivative of X⁻¹", _inverse_square),
    Mistake("diag(v) given as v", _diagonal_as_vector),
    Mistake("diag(v) given as v, broadcast", _diagonal_broadcast),
    Mistake("third axis lost: x given for I ⊗ x", _third_axis),
    Mistake("batch axis kept once", _batch_once),
    Mistake("diag(v) dropped", _diagonal_dropped),
    Mistake("only the diagonal: f treated as element-wise", _off_diagonal),
    Mistake("batch axis kept twice", _batch_twice),
    Mistake("batch axis not summed", _not_summed),
    Mistake("summed over an axis of y", _summed),
    Mistake("identity forgotten or added", _identity),
    Mistake("derivative with respect to a symmetric matrix", _symmetric),
    Mistake("symmetric part only", _symmetric_part),
)
