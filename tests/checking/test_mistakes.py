"""The table of mistakes: each is made by hand on functions of every kind, square and not, and must be told by name.

The right derivatives are autograd's and the mistakes are written here again, entry by entry or with NumPy. A mistake
that does not change the value is none. Its name must be among the explanations; and it must be the first where no other
mistake of the table makes the same claim of the same function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from checking.test_common_mistakes import TABLE as COMMON
from helpers import in_layout, numerator

import jacobians
from jacobians import check_derivative
from jacobians.checking.diagnosis import NAMES
from jacobians.checking.mistakes.chain import CHAIN_NAMES

Array = np.ndarray

# --- functions ----------------------------------------------------------------------------------------------------


@dataclass
class Subject:
    """A function of one array, written for NumPy or autograd; the point, and what mistakes need to know."""

    f: Callable[[Any, Any], Any]  # (namespace, x)
    x: Any
    known: dict[str, Any] = field(default_factory=dict)

    def value(self, x: Any) -> Any:
        return self.f(np, x)

    @property
    def of(self) -> tuple[int, ...]:
        return np.shape(self.value(self.x))

    @property
    def wrt(self) -> tuple[int, ...]:
        return np.shape(self.x)

    @property
    def ad(self) -> Array:
        return np.asarray(autograd.jacobian(lambda x: self.f(anp, x))(self.x))

    @property
    def right(self) -> Array:
        return numerator(self.ad, len(self.of))


def _softmax(lib: Any, z: Any) -> Any:
    if isinstance(z, jacobians.Expression):
        return jacobians.softmax(z)
    e = lib.exp(z - lib.max(z))
    return e / lib.sum(e)


def subjects(m: int, n: int, k: int, seed: int) -> dict[str, Subject]:
    """Functions of every kind, from sizes m, n, k."""
    rng = np.random.default_rng(seed)
    A, W, S = rng.normal(size=(m, n)), rng.normal(size=(m, n)), rng.normal(size=(n, n))
    x, u, t = rng.normal(size=n), rng.normal(size=m), rng.normal(size=k)
    B, X, T = rng.normal(size=(k, m)), rng.normal(size=(k, n)), rng.normal(size=(k, m))
    Q = rng.normal(size=(m, m))
    z = W @ x
    s, prime = np.tanh(z), 1 - np.tanh(z) ** 2
    r = B @ s - t
    batch = X @ W.T - T
    return {
        "A x by x": Subject(lambda lib, x: A @ x, x),
        "W x by W": Subject(lambda lib, W: W @ x, W, {"x": x}),
        "B W x by W": Subject(lambda lib, W: B @ (W @ x), W, {"Y": B.T, "v": x}),
        "W Wᵀ u by W": Subject(lambda lib, W: W @ (W.T @ u), W),
        "tanh(x)": Subject(lambda lib, x: lib.tanh(x), x, {"element-wise": True}),
        "softmax(x)": Subject(_softmax, x, {"terms": [np.diag(np.exp(x) / np.exp(x).sum())]}),
        "xᵀ S x": Subject(lambda lib, x: x @ S @ x, x, {"terms": [S @ x, S.T @ x]}),
        "‖W x − u‖² by W": Subject(lambda lib, W: lib.sum((W @ x - u) ** 2), W),
        "u sin(t)": Subject(lambda lib, t: u * lib.sin(t), 0.7),
        "sin(t)": Subject(lambda lib, t: lib.sin(t) / t, 0.7, {"terms": [np.cos(0.7) / 0.7]}),
        "tanh(X Wᵀ) by X": Subject(
            lambda lib, X: lib.tanh(X @ W.T),
            X,
            {"per sample": np.einsum("nm,md->nmd", 1 - np.tanh(X @ W.T) ** 2, W)},
        ),
        "½‖X Wᵀ − T‖² by W": Subject(
            lambda lib, W: 0.5 * lib.sum((X @ W.T - T) ** 2),
            W,
            {"not summed": np.einsum("nm,nd->ndm", batch, X), "N": k},
        ),
        "½‖X Wᵀ + b − T‖² by b": Subject(
            lambda lib, b: 0.5 * lib.sum((X @ W.T + b - T) ** 2), u, {"not summed": batch + u, "N": k}
        ),
        "losses of a batch by X": Subject(
            lambda lib, X: lib.sum(lib.tanh(X @ W.T) ** 2),
            X,
            {"per loss": 2 * np.einsum("nm,nm,md->nd", np.tanh(X @ W.T), 1 - np.tanh(X @ W.T) ** 2, W), "N": k},
        ),
        "A X by X": Subject(lambda lib, X: A @ X, X.T, {"δ lost": A}),
        "u tr(YᵀX)": Subject(lambda lib, X: u * lib.sum(X * T), T + 0.5, {"⊗": (u, T)}),
        "x + tanh(S x)": Subject(lambda lib, x: x + lib.tanh(S @ x), x, {"residual": True}),
        "Q W by W": Subject(lambda lib, W: Q @ W, W, {"δ lost": Q}),
        "loss of a shallow network by W": Subject(
            lambda lib, W: 0.5 * lib.sum((B @ lib.tanh(W @ x) - t) ** 2),
            W,
            {
                "no σ′": np.outer(x, r @ B),
                "σ": np.outer(x, (r @ B) * s),
                "σ′ at s": np.outer(x, (r @ B) * (1 - np.tanh(s) ** 2)),
                **({"Bᵀ": np.outer(x, (r @ B.T) * prime), "no B": np.outer(x, r * prime)} if m == k else {}),
            },
        ),
        "deep: tanh(Q tanh(W x)) by x": Subject(
            lambda lib, x: lib.tanh(Q @ lib.tanh(W @ x)),
            x,
            {
                "no σ′": Q @ np.diag(prime) @ W,
                "Bᵀ": np.diag(1 - np.tanh(Q @ s) ** 2) @ Q.T @ np.diag(prime) @ W,
                "no B": np.diag(1 - np.tanh(Q @ s) ** 2) @ np.diag(prime) @ W,
            },
        ),
        "x₀ sin(x₁) / cosh(x₁)": Subject(
            lambda lib, t: lib.sin(t) / lib.cosh(t),
            0.3,
            {
                "terms": [np.cos(0.3) / np.cosh(0.3)],
                "sign of a term": np.cos(0.3) / np.cosh(0.3) + np.sin(0.3) * np.sinh(0.3) / np.cosh(0.3) ** 2,
            },
        ),
    }


SUBJECTS = {
    **{f"{name}, {m}·{n}·{k}": one for m, n, k in [(3, 5, 7)] for name, one in subjects(m, n, k, 1).items()},
    **{f"{name}, all 3": one for name, one in subjects(3, 3, 3, 2).items()},
}

# --- mistakes -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """A mistake: the name it must be told by, and the claims it makes of a subject (none where it has no sense)."""

    label: str
    name: str
    claims: Callable[[Subject], Iterator[Any]]


def _layout(layout: str) -> Callable[[Subject], Iterator[Any]]:
    def claims(one: Subject) -> Iterator[Any]:
        yield in_layout(one.ad, one.of, one.wrt, layout)

    return claims


def _matrix(one: Subject) -> tuple[int, int]:
    return int(np.prod(one.of, dtype=int)), int(np.prod(one.wrt, dtype=int))


def _has_matrix(one: Subject) -> bool:
    return max(len(one.of), len(one.wrt)) > 1


def vec(one: Subject) -> Iterator[Any]:
    if _has_matrix(one):
        yield in_layout(one.ad, one.of, one.wrt, "vec")


def vec_rows(one: Subject) -> Iterator[Any]:
    if _has_matrix(one):
        yield one.ad.reshape(_matrix(one))


def vec_transposed(one: Subject) -> Iterator[Any]:
    if _has_matrix(one):
        yield in_layout(one.ad, one.of, one.wrt, "vec").T
        yield one.ad.reshape(_matrix(one)).T


def flattened(one: Subject) -> Iterator[Any]:
    if one.ad.ndim > 1:
        for array in (one.ad, one.right):
            yield array.ravel()
            yield array.ravel("F")


def gradient(one: Subject) -> Iterator[Any]:
    if one.of == () and len(one.wrt) == 1:
        yield one.ad[:, None]
    elif one.of == () and len(one.wrt) == 2:
        yield one.ad


def row(one: Subject) -> Iterator[Any]:
    if len(one.of) == 1 and one.wrt == ():
        yield one.ad[None]


def reshaped(one: Subject) -> Iterator[Any]:
    for other in (one.ad, one.right.T):
        if other.shape != one.right.shape:
            yield other.reshape(one.right.shape)
            yield other.reshape(one.right.shape, order="F")


def _diagonal(one: Subject) -> Array | None:
    return np.diagonal(one.ad) if one.known.get("element-wise") else None


def diag_as_v(one: Subject) -> Iterator[Any]:
    if (v := _diagonal(one)) is not None:
        yield v
        yield v[None]
        yield v[:, None]


def diag_broadcast(one: Subject) -> Iterator[Any]:
    if (v := _diagonal(one)) is not None:
        yield np.tile(v, (v.size, 1))
        yield np.tile(v[:, None], (1, v.size))


def diag_dropped(one: Subject) -> Iterator[Any]:
    if (v := _diagonal(one)) is not None:
        yield np.eye(v.size)


def off_diagonal(one: Subject) -> Iterator[Any]:
    if len(one.of) == 1 and one.of == one.wrt and not one.known.get("element-wise"):
        yield np.diag(np.diagonal(one.right))
        yield np.diagonal(one.right)


def third_axis_lost(one: Subject) -> Iterator[Any]:
    if "x" in one.known:
        x = one.known["x"]
        yield x
        yield x[None]
        yield np.tile(x, (one.of[0], 1))
        yield np.tile(x[:, None], (1, one.of[0]))
    if "δ lost" in one.known:
        yield one.known["δ lost"]
        yield one.right.sum(1)  # the δ between the last axis of y and that of x summed away is the δ lost


def batch_once(one: Subject) -> Iterator[Any]:
    if "per sample" in one.known:
        yield one.known["per sample"]
        yield one.known["per sample"].transpose(0, 2, 1)
        yield one.right.sum(0)


def batch_twice(one: Subject) -> Iterator[Any]:
    if "per loss" in one.known:
        per = one.known["per loss"]
        yield np.einsum("nd,nm->nmd", per, np.eye(per.shape[0]))  # the same as JAX has it
        yield np.einsum("nd,nm->mdn", per, np.eye(per.shape[0]))  # ∂ of each sample's loss, numerator layout


def not_summed(one: Subject) -> Iterator[Any]:
    if "not summed" in one.known:
        yield one.known["not summed"]


def not_summed_as_torch(one: Subject) -> Iterator[Any]:
    """Per sample, and each in the shape of the argument."""
    if "not summed" in one.known and one.known["not summed"].ndim == 3:
        yield one.known["not summed"].transpose(0, 2, 1)


def not_averaged(one: Subject) -> Iterator[Any]:
    if "not summed" in one.known:
        yield one.known["not summed"] * one.known["N"]


def summed(one: Subject) -> Iterator[Any]:
    for axis, size in enumerate(one.of):
        if size > 1:
            yield one.right.sum(axis)
            yield one.right.mean(axis)


def times(c: float) -> Callable[[Subject], Iterator[Any]]:
    def claims(one: Subject) -> Iterator[Any]:
        yield c * one.right

    return claims


def mean_for_sum(one: Subject) -> Iterator[Any]:
    if "N" in one.known:
        yield one.right / one.known["N"]


def sum_for_mean(one: Subject) -> Iterator[Any]:
    if "N" in one.known:
        yield one.right * one.known["N"]


def identity(one: Subject) -> Iterator[Any]:
    if one.known.get("residual"):
        yield one.right - np.eye(one.of[0])
        yield one.right + np.eye(one.of[0])


def symmetric(one: Subject) -> Iterator[Any]:
    if one.of == () and len(one.wrt) == 2 and one.wrt[0] == one.wrt[1]:
        G = one.ad
        yield G + G.T - np.diag(np.diagonal(G))


def entry(one: Subject) -> Iterator[Any]:
    if one.right.size > 1:
        for place, off in ((0, 1e-7), (-1, 1.0)):
            claim = one.right.copy()
            claim.reshape(-1)[place] += off
            yield claim


def two_entries(one: Subject) -> Iterator[Any]:
    if one.right.size >= 8:
        claim = one.right.copy()
        claim.reshape(-1)[[1, -2]] += [0.5, -0.3]
        yield claim


def ad_and_an_entry(one: Subject) -> Iterator[Any]:
    if len(one.wrt) > 1:
        claim = one.ad.copy()
        claim[(0,) * claim.ndim] += 0.5
        yield claim


def signs(one: Subject) -> Iterator[Any]:
    if np.count_nonzero(one.right) > 3:
        claim = one.right.copy().reshape(-1)
        places = np.flatnonzero(claim)[::2]
        claim[places] *= -1
        yield claim.reshape(one.right.shape)


def rounded(one: Subject) -> Iterator[Any]:
    if np.count_nonzero(one.right) > 3:
        scale = 10.0 ** np.ceil(np.log10(np.abs(one.right).max()))
        yield np.round(one.right / scale, 5) * scale
        yield one.right.astype(np.float32).astype(float)
        yield one.right * (1.0 + 1e-7 * np.sin(np.arange(one.right.size)).reshape(one.right.shape))


def zero(one: Subject) -> Iterator[Any]:
    yield np.zeros(one.right.shape)


def not_finite(one: Subject) -> Iterator[Any]:
    claim = np.array(one.right, dtype=float)
    claim.reshape(-1)[0] = np.nan
    yield claim


def inverse(one: Subject) -> Iterator[Any]:
    if one.right.ndim == 2 and len(set(one.right.shape)) == 1 and one.right.shape[0] > 1 and len(one.of) == 1:
        if np.linalg.cond(one.right) < 1e6:
            yield np.linalg.inv(one.right)
    elif one.right.shape == ():
        yield 1 / one.right


def exchanged_factors(one: Subject) -> Iterator[Any]:
    if "⊗" in one.known:
        u, Y = one.known["⊗"]
        yield jacobians.tensor_product(Y, u)
    if "x" in one.known:
        yield jacobians.tensor_product(one.known["x"], np.eye(one.of[0]))
    if "Y" in one.known:
        np.testing.assert_allclose(one.right, jacobians.tensor_product(one.known["Y"], one.known["v"]))
        yield jacobians.tensor_product(one.known["v"], one.known["Y"])


def kronecker(one: Subject) -> Iterator[Any]:
    if "⊗" in one.known:
        u, Y = one.known["⊗"]
        for a, b in ((u[:, None], Y), (Y, u[:, None]), (u[None], Y), (Y, u[None]), (u[:, None], Y.T), (Y.T, u[None])):
            yield np.kron(a, b)
    if "x" in one.known:
        x, unit = one.known["x"], np.eye(one.of[0])
        for a, b in ((unit, x[None]), (x[None], unit), (unit, x[:, None]), (x[:, None], unit)):
            yield np.kron(a, b)


def without_transposing_Y(one: Subject) -> Iterator[Any]:
    """x ⊗ Y has Yᵀ in it (item 6); here it has not."""
    if "⊗" in one.known:
        u, Y = one.known["⊗"]
        yield np.multiply.outer(u, Y)


def exchanged_axes(one: Subject) -> Iterator[Any]:
    if one.right.ndim == 3 and not {"⊗", "x", "Y"} & set(one.known):
        yield one.right.transpose(1, 0, 2)
        yield one.right.transpose(1, 2, 0)


def one_more_axis(one: Subject) -> Iterator[Any]:
    if one.right.ndim == 2 and len(one.of) == 1:
        yield one.right[None]
        yield one.right[:, None]


def known(key: str) -> Callable[[Subject], Iterator[Any]]:
    def claims(one: Subject) -> Iterator[Any]:
        found = one.known.get(key, ())
        yield from found if isinstance(found, list) else [found] if key in one.known else []

    return claims


def transposed_and_twice(one: Subject) -> Iterator[Any]:
    if one.right.ndim > 1:
        yield 2.0 * one.right.T


def ad_and_sign(one: Subject) -> Iterator[Any]:
    if len(one.wrt) > 1:
        yield -one.ad


GRADIENT = "column given for row: the gradient for the derivative"
TRANSPOSED = "transposed: denominator layout"
ENTRIES = "correct except at listed entries"
AD = 'axis order of "ad" (JAX, PyTorch)'
MISTAKES = [
    Made("transposed", TRANSPOSED, _layout("denominator")),
    Made("ad", AD, _layout("ad")),
    Made("vec, columns", "vec with columns stacked", vec),
    Made("vec, rows", "vec with rows stacked", vec_rows),
    Made("vec, transposed", "vec, transposed", vec_transposed),
    Made("flattened", "flattened", flattened),
    Made("gradient", GRADIENT, gradient),
    Made("row", "row given for column", row),
    Made("reshaped", "reshaped instead of transposed", reshaped),
    Made("v for diag(v)", "diag(v) given as v", diag_as_v),
    Made("v broadcast", "diag(v) given as v, broadcast", diag_broadcast),
    Made("diag dropped", "diag(v) dropped", diag_dropped),
    Made("only the diagonal", "only the diagonal: f treated as element-wise", off_diagonal),
    Made("third axis lost", "third axis lost: x given for I ⊗ x", third_axis_lost),
    Made("batch once", "batch axis kept once", batch_once),
    Made("batch twice", "batch axis kept twice", batch_twice),
    Made("not summed", "batch axis not summed", not_summed),
    Made("not summed, ad", "batch axis not summed", not_summed_as_torch),
    Made("not averaged", "batch axis not summed", not_averaged),
    Made("summed", "summed over an axis of y", summed),
    Made("twice", "factor 2", times(2.0)),
    Made("half", "factor ½", times(0.5)),
    Made("sign", "sign", times(-1.0)),
    Made("mean for sum", "mean for sum", mean_for_sum),
    Made("sum for mean", "sum for mean", sum_for_mean),
    Made("degrees", "constant factor", times(np.pi / 180)),
    Made("log10", "constant factor", times(np.log(10.0))),
    Made("1.7 times", "constant factor", lambda one: times(1.7)(one) if one.right.size > 1 else iter(())),
    Made("identity", "identity forgotten or added", identity),
    Made("symmetric", "derivative with respect to a symmetric matrix", symmetric),
    Made("one entry", "correct except at listed entries", entry),
    Made("two entries", "correct except at listed entries", two_entries),
    Made("signs of some", "signs at some entries", signs),
    Made("rounded", "right to some digits", rounded),
    Made("zero", "zero", zero),
    Made("not finite", "not finite", not_finite),
    Made("inverse", "inverse", inverse),
    Made("Y ⊗ x", "Y ⊗ x for x ⊗ Y: the factors of a tensor product exchanged", exchanged_factors),
    Made("Kronecker", "Kronecker product for tensor product", kronecker),
    Made("Y not transposed", AD, without_transposing_Y),
    Made("axes exchanged", "axes exchanged", exchanged_axes),
    Made("an axis of size 1", "axes of size 1 added or dropped", one_more_axis),
    Made("no σ′", "missing σ′", known("no σ′")),
    Made("σ for σ′", "σ given for σ′", known("σ")),
    Made("σ′(σ(z))", "σ′ at the wrong place", known("σ′ at s")),
    Made("Bᵀ for B", "J given for Jᵀ in a product", known("Bᵀ")),
    Made("no B", "missing factor of the chain", known("no B")),
    Made("a term", "missing term: the product rule, or a path", known("terms")),
    Made("a term's sign", "wrong sign of a term", known("sign of a term")),
    Made("transposed, twice", f"{TRANSPOSED}; and factor 2", transposed_and_twice),
    Made("ad, sign", f"{AD}; and sign", ad_and_sign),
    Made("ad, an entry", f"{AD}; and {ENTRIES}", ad_and_an_entry),
]
#: Explanations of last resort: given only where nothing more particular explains a claim.
GENERAL = {"constant factor", "correct except at listed entries", "axes exchanged", "axes of size 1 added or dropped"}
GENERAL |= {f"{TRANSPOSED}; and factor 2", f"{AD}; and sign", f"{AD}; and {ENTRIES}"}


def is_none(claim: Any, one: Subject) -> bool:
    """Whether a mistake changed nothing: the claim is right as it stands."""
    claim = np.asarray(claim)
    rows = {one.right.shape}
    if one.of == ():
        rows.add((1, *one.right.shape))
    if one.wrt == ():
        rows.add((*one.right.shape, 1))
    return claim.shape in rows and np.allclose(claim.reshape(one.right.shape), one.right, rtol=1e-9, atol=1e-11)


@cache
def table(name: str) -> list[tuple[Made, Array]]:
    """Every mistake and claim that changes the value, of one subject."""
    one = SUBJECTS[name]
    claims = [(made, np.asarray(claim)) for made in MISTAKES for claim in made.claims(one)]
    return [(made, claim) for made, claim in claims if not is_none(claim, one)]


def same(one: Array, other: Array) -> bool:
    shapes = [[size for size in array.shape if size != 1] for array in (one, other)]
    return shapes[0] == shapes[1] and np.allclose(one.ravel(), other.ravel(), rtol=1e-9, atol=1e-11, equal_nan=True)


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_right_claim_is_right(name: str) -> None:
    one = SUBJECTS[name]
    report = check_derivative(one.value, one.x, one.right)
    assert report.ok, str(report)
    assert report.diagnosis is None


@pytest.mark.parametrize(
    ("name", "label"), [(name, label) for name in SUBJECTS for label in dict.fromkeys(m.label for m, _ in table(name))]
)
def test_a_mistake_is_told_by_name(name: str, label: str) -> None:
    one = SUBJECTS[name]
    for made, claim in table(name):
        if made.label != label:
            continue
        report = check_derivative(one.value, one.x, claim)
        names = [explanation.name for explanation in report.explanations]
        rivals = {other.name for other, its in table(name) if same(claim, its)} - {made.name}
        assert not report.ok
        if made.name in GENERAL and rivals:
            assert set(names) & rivals, str(report)
            continue
        assert made.name in names, f"{claim.shape}\n{report}"
        if not rivals and "; and" not in made.name:
            assert names[0] == made.name, f"{claim.shape}\n{report}"
        assert max(len(line) for line in str(report).splitlines()) <= 80


@pytest.mark.parametrize("name", [name for name in SUBJECTS if name.endswith("3·5·7")])
def test_an_opaque_function_has_the_same_mistakes_but_those_of_the_chain(name: str) -> None:
    one = SUBJECTS[name]

    def opaque(x: Any) -> Any:
        if isinstance(x, jacobians.Expression):
            raise TypeError("only arrays")
        return one.value(x)

    told = 0
    for made, claim in table(name):
        if made.name in CHAIN_NAMES or made.name in GENERAL:
            continue
        report = check_derivative(opaque, one.x, claim)
        assert made.name in [explanation.name for explanation in report.explanations], str(report)
        assert not any(explanation.name in CHAIN_NAMES for explanation in report.explanations)
        told += 1
    assert told > 3


def test_the_table_is_long_and_every_row_is_used() -> None:
    used = {made.label for name in SUBJECTS for made, _ in table(name)}
    assert used == {made.label for made in MISTAKES}
    assert len({made.name for made in MISTAKES}) >= 30
    told = {made.name for made in MISTAKES} | {"derivative with respect to another argument", "numerator layout"}
    told |= {row[-1] for row in COMMON}
    assert set(NAMES) | set(CHAIN_NAMES) <= told


def test_the_documentation_lists_every_mistake() -> None:
    text = (Path(__file__).parents[2] / "docs" / "validating.md").read_text(encoding="utf-8")
    listed = {
        name.strip() for row in text.splitlines() if row.startswith("| ") for name in row.split("|")[2].split("·")
    }
    assert listed == {
        *NAMES,
        *CHAIN_NAMES,
        *("the point is a kink", "f is too rough to tell", "f is random"),
        *("the report says", "---"),
    }


FIXABLE = ("claimed", "np.", "convert_layout", "-claimed", "2 *", "3 *", "5 *", "1 /")


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_fix_is_code_that_gives_the_right_derivative(name: str) -> None:
    one = SUBJECTS[name]
    tried = 0
    for made, claim in table(name):
        report = check_derivative(one.value, one.x, claim)
        for explanation in report.explanations:
            code, _, comment = explanation.fix.partition("  #")
            if comment or "; then" in code or not code.startswith(FIXABLE) or code.endswith("entries"):
                continue
            scope: dict[str, Any] = {"claimed": claim.copy(), "np": np, "convert_layout": jacobians.convert_layout}
            if " = " in code:
                exec(code, scope)
                found = scope["claimed"]
            else:
                found = eval(code, scope)
            message = f"{made.label}: {explanation.fix}"
            assert np.size(found) == one.right.size, message
            np.testing.assert_allclose(np.reshape(found, one.right.shape), one.right, 1e-9, 1e-9, err_msg=message)
            tried += 1
    assert tried > 1


def test_another_argument() -> None:
    rng = np.random.default_rng(5)
    A, x, y = rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=3)
    right = (A @ y, A.T @ x)
    f: Any = lambda x, y: x @ A @ y  # noqa: E731
    assert check_derivative(f, (x, y), right).ok
    report = check_derivative(f, (x, y), right[::-1])
    assert report.diagnosis == "derivative with respect to another argument"
    report = check_derivative(f, (x, y), (right[0], right[0]))
    assert report.symbol == "∂f/∂y"
    assert report.diagnosis == "derivative with respect to another argument"


@pytest.mark.parametrize("layout", ["denominator", "ad", "vec"])
@pytest.mark.parametrize("name", ["B W x by W, 3·5·7", "u tr(YᵀX), all 3", "Q W by W, 3·5·7", "A x by x, 3·5·7"])
def test_other_layouts_than_the_one_asked_for(name: str, layout: str) -> None:
    one = SUBJECTS[name]
    names = {"numerator": "numerator layout", "denominator": TRANSPOSED, "ad": AD, "vec": "vec with columns stacked"}
    right = in_layout(one.ad, one.of, one.wrt, layout)
    assert check_derivative(one.value, one.x, right, layout=layout).ok
    for other, told in names.items():
        claim = in_layout(one.ad, one.of, one.wrt, other)
        if claim.shape == right.shape and np.allclose(claim, right):
            continue
        report = check_derivative(one.value, one.x, claim, layout=layout)
        assert told in [explanation.name for explanation in report.explanations]
        fixes = [explanation.fix for explanation in report.explanations if explanation.name == told]
        scope = {"claimed": claim, "np": np, "convert_layout": jacobians.convert_layout}
        np.testing.assert_allclose(eval(fixes[0], scope), right)
