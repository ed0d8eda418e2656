"""The bank on which the witness is calibrated: functions whose derivatives are known, and claims right or wrong.

    python -m tests.checking.witness_bank [--draws 0:8] [--family NAME …]

For every function the right derivative is claimed (in float64, in float32, and as plain NumPy code would compute it),
and it is claimed with one entry wrong: the largest, the smallest that is not zero, the median one and one at random,
times 1.001, 1.1, 2 and −1. Printed is how often each is found right, undecided or wrong, family by family.
Derivatives are closed forms; where those lose digits they are computed by mpmath.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import mpmath
import numpy as np

from jacobians.checking.differences import witness
from jacobians.checking.verdicts import judge

Array = np.ndarray
FACTORS = {"×1.001": 1.001, "×1.1": 1.1, "×2": 2.0, "−": -1.0}


@dataclass
class Known:
    """A function, a point, and its derivative there, with the axes of f(x) and then those of x."""

    f: Callable[[Array], Any]
    x: Any
    right: Any
    computed: list[Any] = field(default_factory=list)  # the derivative as plain float64 code has it


# --- one function of one number, to build from ------------------------------------------------------------------------

ELEMENTARY: list[tuple[Callable[[Any], Any], Callable[[Any], Any], tuple[float, float]]] = [
    (np.sin, np.cos, (-3, 3)),
    (np.exp, np.exp, (-4, 4)),
    (np.tanh, lambda t: 1 / np.cosh(t) ** 2, (-2, 2)),
    (np.log, lambda t: 1 / t, (1e-6, 5)),
    (np.sqrt, lambda t: 0.5 / np.sqrt(t), (1e-6, 5)),
    (lambda t: t**3, lambda t: 3 * t**2, (-3, 3)),
    (lambda t: 1 / (1 + t * t), lambda t: -2 * t / (1 + t * t) ** 2, (-3, 3)),
    (lambda t: np.logaddexp(0, t), lambda t: 1 / (1 + np.exp(-t)), (-6, 6)),
    (lambda t: t * np.log(t), lambda t: np.log(t) + 1, (1e-4, 3)),
    (lambda t: np.exp(-(t**2)), lambda t: -2 * t * np.exp(-(t**2)), (-2, 2)),
    (lambda t: np.sin(40 * t), lambda t: 40 * np.cos(40 * t), (-2, 2)),
    (lambda t: np.arctan(5 * t), lambda t: 5 / (1 + 25 * t * t), (-2, 2)),
    (lambda t: t**0.1, lambda t: 0.1 * t**-0.9, (1e-3, 3)),
    (lambda t: np.cosh(t) ** 2, lambda t: np.sinh(2 * t), (-2, 2)),
]


def _one(rng: np.random.Generator) -> tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[int], Array]]:
    g, prime, (low, high) = ELEMENTARY[rng.integers(len(ELEMENTARY))]
    positive = low > 0

    def points(size: int) -> Array:
        if positive:
            return np.exp(rng.uniform(np.log(low), np.log(high), size=size))
        return rng.uniform(low, high, size=size)

    return g, prime, points


def smooth(rng: np.random.Generator) -> Known:
    g, prime, points = _one(rng)
    x, A = points(5), rng.normal(size=(3, 5))
    return Known(lambda x: A @ g(x), x, A * prime(x))


def outer(rng: np.random.Generator) -> Known:
    """A scalar function of a sum: g(w'x)."""
    g, prime, points = _one(rng)
    x = np.abs(points(4))
    w = rng.dirichlet(np.ones(4))
    return Known(lambda x: g(w @ x), x, prime(w @ x) * w)


def product(rng: np.random.Generator) -> Known:
    g, prime, points = _one(rng)
    x = points(3)
    right = np.array([prime(x[k]) * np.prod(np.delete(g(x), k)) for k in range(3)])
    return Known(lambda x: np.prod(g(x)), x, right)


def scaled(rng: np.random.Generator) -> Known:
    """Arguments and values from 1e-150 to 1e150."""
    g, prime, points = _one(rng)
    t = points(3)
    s, c = 10.0 ** rng.uniform(-150, 150), 10.0 ** rng.uniform(-150, 150)
    if not 1e-300 < c / s < 1e300:
        s = 1 / s
    A = rng.normal(size=(2, 3))
    return Known(lambda x: c * (A @ g(x / s)), s * t, c / s * (A * prime(t)))


def _narrow(kind: Any) -> Callable[[np.random.Generator], Known]:
    def known(rng: np.random.Generator) -> Known:
        g, prime, points = _one(rng)
        x, a = points(3), np.abs(rng.normal(size=3)) + 0.1
        where = rng.integers(3)
        if where == 0:
            f = lambda x: np.sum(a * g(x.astype(kind)))  # noqa: E731
        elif where == 1:
            f = lambda x: kind(np.sum(a * g(x)))  # noqa: E731
        else:
            f = lambda x: float(np.sum(a.astype(kind) * g(x.astype(kind))))  # noqa: E731
            a = a.astype(kind).astype(float)
        return Known(f, x, a * prime(x))

    return known


def mixed(rng: np.random.Generator) -> Known:
    """A part in single precision, a part in double."""
    g, prime, points = _one(rng)
    x, a = points(3), rng.normal(size=3)
    return Known(lambda x: np.sum(a * x**2) + float(np.sum(np.float32(g(x)))), x, 2 * a * x + prime(x))


def _hash(x: Array) -> float:
    """A number from −1 to 1 that looks random and depends on x alone."""
    return zlib.crc32(np.ascontiguousarray(x).tobytes()) / 2.0**31 - 1.0


def noisy(rng: np.random.Generator) -> Known:
    g, prime, points = _one(rng)
    x, a, size = points(4), rng.normal(size=4), 10.0 ** rng.uniform(-12, -4)
    return Known(lambda x: np.sum(a * g(x)) * (1 + size * _hash(x)), x, a * prime(x))


def random_at_every_call(rng: np.random.Generator) -> Known:
    g, prime, points = _one(rng)
    x, a, size = points(3), rng.normal(size=3), 10.0 ** rng.uniform(-13, -2)
    return Known(lambda x: np.sum(a * g(x)) * (1 + size * rng.normal()), x, a * prime(x))


def decades(rng: np.random.Generator) -> Known:
    """The entries of one gradient over twelve orders of magnitude, apart or coupled."""
    c = 10.0 ** np.linspace(-12, 0, 7) * rng.choice([-1, 1], 7)
    x = rng.uniform(0.3, 2, size=7)
    if rng.integers(2):
        return Known(lambda x: np.sum(c * np.sin(x)), x, c * np.cos(x))
    total = np.exp(c @ x)
    return Known(lambda x: np.exp(c @ x), x, total * c)


def units(rng: np.random.Generator) -> Known:
    """Arguments of very different sizes."""
    s = 10.0 ** rng.uniform(-8, 8, size=4)
    t = rng.uniform(0.5, 2, size=4)
    return Known(lambda x: np.sum(np.tanh(x / s) * (1 + x[0] / s[0])), s * t, _units(s, t))


def _units(s: Array, t: Array) -> Array:
    right = (1 - np.tanh(t) ** 2) * (1 + t[0]) / s
    right[0] += np.sum(np.tanh(t)) / s[0]
    return right


def stairs(rng: np.random.Generator) -> Known:
    """Rounded to a number of digits, so that x stands on one of many stairs."""
    g, prime, points = _one(rng)
    x, a = points(3), rng.normal(size=3)
    q = 10.0 ** rng.uniform(-12, -3) * max(abs(np.sum(a * g(x))), 1e-3)
    return Known(lambda x: q * np.round(np.sum(a * g(x)) / q), x, a * prime(x))


def offset(rng: np.random.Generator) -> Known:
    g, prime, points = _one(rng)
    x, a, c = points(3), rng.normal(size=3), 10.0 ** rng.uniform(0, 14)
    return Known(lambda x: c + np.sum(a * g(x)), x, a * prime(x))


def _mp(A: Array) -> Any:
    return mpmath.matrix(A.tolist())


def _np(A: Any) -> Array:
    return np.array([[float(A[i, j]) for j in range(A.cols)] for i in range(A.rows)])


def _conditioned(rng: np.random.Generator, n: int, condition: float) -> Array:
    Q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    R, _ = np.linalg.qr(rng.normal(size=(n, n)))
    return (Q * np.geomspace(1, 1 / condition, n)) @ R


def solve(rng: np.random.Generator) -> Known:
    """A⁻¹ b with respect to b, at conditions up to 1e12."""
    A = _conditioned(rng, 5, 10.0 ** rng.uniform(0, 12))
    with mpmath.workdps(60):
        right = _np(_mp(A) ** -1)
    return Known(lambda b: np.linalg.solve(A, b), rng.normal(size=5), right, [np.linalg.inv(A)])


def inverse(rng: np.random.Generator, n: int = 4) -> Known:
    A = _conditioned(rng, n, 10.0 ** rng.uniform(0, 8))
    with mpmath.workdps(60):
        Y = _np(_mp(A) ** -1)
    Z = np.linalg.inv(A)
    return Known(np.linalg.inv, A, -np.einsum("ik,lj->ijkl", Y, Y), [-np.einsum("ik,lj->ijkl", Z, Z)])


def log_determinant(rng: np.random.Generator) -> Known:
    A = _conditioned(rng, 4, 10.0 ** rng.uniform(0, 10))
    with mpmath.workdps(60):
        Y = _np(_mp(A) ** -1)
    return Known(lambda A: np.linalg.slogdet(A)[1], A, Y.T, [np.linalg.inv(A).T])


def gaussian_process(rng: np.random.Generator, condition: float | None = None, n: int = 12) -> Known:
    """The negative log likelihood of a Gaussian process in log length and log noise."""
    t, y = np.sort(rng.uniform(0, 1, size=n)), rng.normal(size=n)
    D = (t[:, None] - t) ** 2
    condition = 10.0 ** rng.uniform(2, 10) if condition is None else condition
    theta = np.array([np.log(0.5), np.log(n / condition)])

    def f(theta: Array) -> float:
        K = np.exp(-0.5 * D / np.exp(2 * theta[0])) + np.exp(theta[1]) * np.eye(n)
        L = np.linalg.cholesky(K)
        alpha = np.linalg.solve(L, y)
        return float(0.5 * alpha @ alpha + np.sum(np.log(np.diag(L))))

    def parts(theta: Array) -> tuple[Array, Array, Array]:
        S = np.exp(-0.5 * D / np.exp(2 * theta[0]))
        return S + np.exp(theta[1]) * np.eye(n), S * D / np.exp(2 * theta[0]), np.exp(theta[1]) * np.eye(n)

    with mpmath.workdps(50):
        length, noise = mpmath.exp(2 * mpmath.mpf(theta[0])), mpmath.exp(mpmath.mpf(theta[1]))
        squares = [[(mpmath.mpf(a) - mpmath.mpf(b)) ** 2 / length for b in t] for a in t]
        S = mpmath.matrix([[mpmath.exp(-one / 2) for one in row] for row in squares])
        dK = mpmath.matrix([[S[i, j] * squares[i][j] for j in range(n)] for i in range(n)])
        inv = (S + noise * mpmath.eye(n)) ** -1
        alpha = inv * mpmath.matrix(y.tolist())
        right = []
        for one in (dK, noise * mpmath.eye(n)):
            trace = sum(inv[i, j] * one[j, i] for i in range(n) for j in range(n))
            right.append(float((trace - (alpha.T * one * alpha)[0]) / 2))
    K, *derivatives = parts(theta)
    inv64 = np.linalg.inv(K)
    a64 = inv64 @ y
    computed = [0.5 * (np.sum(inv64 * one) - a64 @ one @ a64) for one in derivatives]
    return Known(f, theta, np.array(right), [np.array(computed)])


def softmax(rng: np.random.Generator) -> Known:
    z = rng.normal(size=5) * rng.choice([1, 30, 100, 300, 700])

    def f(z: Array) -> Array:
        e = np.exp(z - z.max())
        return e / e.sum()

    with mpmath.workdps(400):
        e = [mpmath.exp(mpmath.mpf(one) - mpmath.mpf(z.max())) for one in z]
        p = [one / sum(e) for one in e]
        right = np.array([[float((p[i] if i == j else 0) - p[i] * p[j]) for j in range(5)] for i in range(5)])
    q = f(z)
    return Known(f, z, right, [np.diag(q) - np.outer(q, q)])


def log_sum_exp(rng: np.random.Generator) -> Known:
    z = rng.normal(size=5) * rng.choice([1, 10, 100])

    def f(z: Array) -> Array:
        return np.log(np.sum(np.exp(z - z.max()))) + z.max()

    with mpmath.workdps(200):
        e = [mpmath.exp(mpmath.mpf(one)) for one in z]
        right = np.array([float(one / sum(e)) for one in e])
    return Known(f, z, right)


def near_kink(rng: np.random.Generator) -> Known:
    """A kink at a distance from 1e-1 to 1e-9."""
    g, prime, points = _one(rng)
    x, a = points(3), rng.normal(size=3)
    near = rng.choice([-1, 1], size=3) * 10.0 ** rng.uniform(-9, -1, size=3)
    c, kind = x - near, rng.integers(3)
    weight = 10.0 ** rng.uniform(-4, 0)
    if kind == 0:
        return Known(lambda x: np.sum(a * g(x) + weight * np.abs(x - c)), x, a * prime(x) + weight * np.sign(near))
    if kind == 1:
        f = lambda x: np.maximum(x - c, 0.0) + weight * g(x)  # noqa: E731
        return Known(f, x, np.diag((near > 0) + weight * prime(x)))
    return Known(lambda x: np.sum(np.where(x > c, x * x, a * (x - c) + c * c)), x, np.where(near > 0, 2 * x, a))


def edge(rng: np.random.Generator) -> Known:
    """Close to the edge of the domain, and to a pole."""
    near = 10.0 ** rng.uniform(-9, -1, size=3)
    c = rng.uniform(0.5, 2, size=3)
    x = c + near
    kind = rng.integers(4)
    d = x - c
    if kind == 0:
        return Known(lambda x: np.sum(np.log(x - c)), x, 1 / d)
    if kind == 1:
        return Known(lambda x: np.sqrt(x - c), x, np.diag(0.5 / np.sqrt(d)))
    if kind == 2:
        return Known(lambda x: np.sum(1 / (x - c)), x, -1 / d**2)
    return Known(lambda x: np.sum(-np.log(1 - np.tanh(x) ** 2 * 0.5) + x * np.log(x - c)), x, _edge(x, d))


def _edge(x: Array, d: Array) -> Array:
    u = np.tanh(x)
    return u * (1 - u * u) / (1 - 0.5 * u * u) + np.log(d) + x / d


def zeros(rng: np.random.Generator) -> Known:
    """Sparse: most entries are exactly zero, and some of x."""
    x = rng.normal(size=6)
    x[rng.integers(6, size=2)] = 0.0
    d = np.roll(x, -1) - x
    right = np.zeros((6, 6))
    for i in range(6):
        right[i, i] -= np.cos(d[i]) * np.exp(x[i]) - np.sin(d[i]) * np.exp(x[i])
        right[i, (i + 1) % 6] += np.cos(d[i]) * np.exp(x[i])
    return Known(lambda x: np.sin(np.roll(x, -1) - x) * np.exp(x), x, right)


def least_squares(rng: np.random.Generator) -> Known:
    """At and near the minimum, where the gradient is the rounding of what it is a sum of, or little more."""
    A, b = rng.normal(size=(9, 4)), rng.normal(size=9)
    x = np.linalg.lstsq(A, b, rcond=None)[0] + 10.0 ** rng.uniform(-9, 0) * rng.normal(size=4)
    with mpmath.workdps(50):
        r = _mp(A) * mpmath.matrix(x.tolist()) - mpmath.matrix(b.tolist())
        right = np.array([float(one) for one in _mp(A).T * r])
    return Known(lambda x: 0.5 * np.sum((A @ x - b) ** 2), x, right, [A.T @ (A @ x - b), A.T @ A @ x - A.T @ b])


def hessian(rng: np.random.Generator) -> Known:
    """A gradient as the function, and the Hessian as its derivative."""
    X, y, w = rng.normal(size=(20, 4)), rng.choice([-1.0, 1.0], size=20), rng.normal(size=4)
    s = 1 / (1 + np.exp(-X @ w * y))

    def gradient(w: Array) -> Array:
        return -X.T @ (y / (1 + np.exp(y * (X @ w)))) + 0.1 * w

    return Known(gradient, w, X.T @ ((s * (1 - s))[:, None] * X) + 0.1 * np.eye(4))


def many_outputs(rng: np.random.Generator) -> Known:
    A, x = rng.normal(size=(300, 6)) * 10.0 ** rng.uniform(-6, 0, size=(300, 1)), rng.normal(size=6)
    t = np.tanh(A @ x)
    return Known(lambda x: np.tanh(A @ x), x, (1 - t * t)[:, None] * A)


def network(rng: np.random.Generator) -> Known:
    """A shallow network with ReLU or tanh, its loss by a weight matrix."""
    W, B, x, t = rng.normal(size=(5, 4)), rng.normal(size=(2, 5)), rng.normal(size=4), rng.normal(size=2)
    relu = bool(rng.integers(2))

    def f(W: Array) -> Array:
        z = W @ x
        return 0.5 * np.sum((B @ (np.maximum(z, 0) if relu else np.tanh(z)) - t) ** 2)

    z = W @ x
    s, prime = (np.maximum(z, 0), z > 0) if relu else (np.tanh(z), 1 - np.tanh(z) ** 2)
    return Known(f, W, np.outer(((B @ s - t) @ B) * prime, x))


def small_slope(rng: np.random.Generator) -> Known:
    """Saturated: large values, small slopes."""
    x = rng.uniform(2, 12, size=3) * rng.choice([-1, 1], size=3)
    with mpmath.workdps(50):
        right = np.diag([float(mpmath.sech(mpmath.mpf(one)) ** 2) for one in x])
    return Known(np.tanh, x, right, [np.diag(1 - np.tanh(x) ** 2)])


def log_one_plus_exp(rng: np.random.Generator) -> Known:
    x = rng.uniform(-34, 5, size=3)
    right = 1 / (1 + np.exp(-x))
    return Known(lambda x: np.sum(np.log(1 + np.exp(x))), x, right)


FAMILIES: dict[str, Callable[[np.random.Generator], Known]] = {
    "smooth": smooth,
    "outer": outer,
    "product": product,
    "scales 1e±150": scaled,
    "float32 inside": _narrow(np.float32),
    "float16 inside": _narrow(np.float16),
    "mixed": mixed,
    "noise": noisy,
    "random": random_at_every_call,
    "12 decades": decades,
    "units": units,
    "stairs": stairs,
    "offset": offset,
    "solve to 1e12": solve,
    "inverse": inverse,
    "log det": log_determinant,
    "Gaussian process": gaussian_process,
    "softmax": softmax,
    "log sum exp": log_sum_exp,
    "near a kink": near_kink,
    "near an edge": edge,
    "sparse": zeros,
    "least squares": least_squares,
    "Hessian": hessian,
    "300 outputs": many_outputs,
    "network": network,
    "saturated": small_slope,
    "log(1 + exp)": log_one_plus_exp,
}

# --- claims -----------------------------------------------------------------------------------------------------------


def wrong_claims(right: Array, rng: np.random.Generator) -> Iterator[tuple[str, Array]]:
    """One entry wrong, by each of the factors."""
    flat = right.ravel()
    filled = np.flatnonzero(flat)
    if not filled.size:
        return
    by_size = filled[np.argsort(np.abs(flat[filled]))]
    for place in dict.fromkeys((by_size[-1], by_size[0], by_size[by_size.size // 2], rng.choice(filled))):
        for name, factor in FACTORS.items():
            claim = right.copy()
            claim.reshape(-1)[place] *= factor
            yield name, claim


def tried(known: Known, rng: np.random.Generator) -> tuple[list[tuple[str, str]], float]:
    """(kind of claim, verdict) of each claim, and the largest error over its bound."""
    x, right = np.asarray(known.x, dtype=float), np.asarray(known.right, dtype=float)
    single = right.astype(np.float32)
    claims = [("right", right), *(("as computed", np.asarray(one)) for one in known.computed)]
    if np.all(np.isfinite(single)) and np.all((np.abs(right) > 1e-37) | (right == 0.0)):
        claims.append(("right, float32", single))
        claims += [(f"float32 {name}", claim) for name, claim in wrong_claims(single, rng)]
    claims += list(wrong_claims(right, rng))
    found = witness(known.f, x, right)
    results = []
    for name, claim in claims:
        eps = float(np.finfo(claim.dtype).eps)
        results.append((name, judge(found, claim.reshape(found.values.shape), eps).verdict))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.abs(found.values - right.reshape(found.values.shape)) / found.bounds
    return results, float(np.nanmax(np.where(found.jumps == 0.0, ratio, 0.0), initial=0.0))


#: By family: the counts of (kind of claim, verdict), and the ratios of error to bound.
Findings = dict[str, tuple[Counter[tuple[str, str]], list[float]]]


def survey(draws: range, families: list[str], show: bool = False) -> Findings:
    """The counts of (kind of claim, verdict), and the ratios of error to bound, of each family."""
    result: Findings = {}
    for name in families:
        counts: Counter[tuple[str, str]] = Counter()
        ratios = []
        for draw in draws:
            seed = [draw, zlib.crc32(name.encode())]
            known = FAMILIES[name](np.random.default_rng(seed))
            verdicts, ratio = tried(known, np.random.default_rng(seed))
            counts.update(verdicts)
            ratios.append(ratio)
            if show:
                for kind, verdict in verdicts:
                    if is_false(kind, verdict):
                        print(f"  {name}, draw {draw}: {kind} is {verdict}", file=sys.stderr)
        result[name] = (counts, ratios)
    return result


def is_right(kind: str) -> bool:
    return kind.startswith(("right", "as computed"))


def is_false(kind: str, verdict: str) -> bool:
    """A right claim refused, or a wrong one accepted."""
    return verdict == ("wrong" if is_right(kind) else "right")


def table(found: Findings) -> str:
    head = f"{'family':18s} {'right claims':>24s}   {'wrong claims':>24s}   error / bound"
    lines = [head, f"{'':18s} {'right  open  REFUSED':>24s}   {'ACCEPTED  open  wrong':>24s}   median  largest"]
    total: Counter[tuple[bool, str]] = Counter()
    for name, (counts, ratios) in found.items():
        own: Counter[tuple[bool, str]] = Counter()
        for (kind, verdict), count in counts.items():
            own[is_right(kind), verdict] += count
        total += own
        lines.append(f"{name:18s} {_row(own)}   {np.median(ratios):6.3f}  {max(ratios):6.3f}")
    return "\n".join([*lines, f"{'all':18s} {_row(total)}"])


def _row(own: Counter[tuple[bool, str]]) -> str:
    good = [own[True, verdict] for verdict in ("right", "undecided", "wrong")]
    bad = [own[False, verdict] for verdict in ("right", "undecided", "wrong")]
    return f"{good[0]:8d}{good[1]:7d}{good[2]:9d}   {bad[0]:9d}{bad[1]:7d}{bad[2]:8d}"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", default="0:8")
    parser.add_argument("--family", nargs="*", default=list(FAMILIES))
    options = parser.parse_args()
    first, last = map(int, options.draws.split(":"))
    with np.errstate(all="ignore"):
        print(table(survey(range(first, last), options.family, show=True)))


if __name__ == "__main__":
    main()
