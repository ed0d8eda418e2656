"""Closed forms by hand: for every task the NumPy code that an expert would write, in the variants worth trying.

Which of `@`, `.dot`, broadcasting, `einsum` and `out=` is fastest depends on the size, so the fastest variant counts.
Results are in numerator layout. All forms of a task take all of its arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: What arrays are here: `dot` and `einsum` have no useful types.
Array = Any


def _outer(a: Array, b: Array) -> Array:
    """The faster way to an outer product at each size."""
    return a[:, None].dot(b[None]) if a.size * b.size < 16_384 else np.einsum("i,j->ij", a, b)


# --- gradients of ½‖r‖² of a shallow tanh network ---------------------------------------------------------------------


def gradient(W1: Array, b1: Array, W2: Array, b2: Array, x: Array, t: Array) -> tuple[Array, ...]:
    s = np.tanh(W1.dot(x) + b1)
    r = W2.dot(s) + b2 - t
    delta = r.dot(W2) * (1.0 - s * s)
    return _outer(x, delta), delta, _outer(s, r), r


def gradient_broadcast(W1: Array, b1: Array, W2: Array, b2: Array, x: Array, t: Array) -> tuple[Array, ...]:
    s = np.tanh(W1 @ x + b1)
    r = W2 @ s + b2 - t
    delta = (r @ W2) * (1.0 - s * s)
    return x[:, None] * delta, delta, s[:, None] * r, r


def gradient_of_batch(W1: Array, b1: Array, W2: Array, b2: Array, X: Array, T: Array) -> tuple[Array, ...]:
    S = np.tanh(X.dot(W1.T) + b1)
    R = S.dot(W2.T) + b2 - T
    D = R.dot(W2) * (1.0 - S * S)
    return X.T.dot(D), D.sum(0), S.T.dot(R), R.sum(0)


def gradient_of_batch_in_place(W1: Array, b1: Array, W2: Array, b2: Array, X: Array, T: Array) -> tuple[Array, ...]:
    S = X @ W1.T
    S += b1
    np.tanh(S, out=S)
    R = S @ W2.T
    R += b2
    R -= T
    D = R @ W2
    by_W2 = S.T @ R
    np.multiply(S, S, out=S)
    np.subtract(1.0, S, out=S)
    D *= S
    return X.T @ D, np.add.reduce(D), by_W2, np.add.reduce(R)


GRADIENTS = (gradient, gradient_broadcast)
GRADIENTS_OF_BATCH = (gradient_of_batch, gradient_of_batch_in_place)


# --- first derivatives ------------------------------------------------------------------------------------------------


def _slopes(W1: Array, b1: Array, x: Array) -> Array:
    s = np.tanh(W1.dot(x) + b1)
    return 1.0 - s * s


def by_weights(W1: Array, b1: Array, W2: Array, x: Array, t: Array) -> Array:
    return np.einsum("nh,d->ndh", W2 * _slopes(W1, b1, x), x)


def by_weights_broadcast(W1: Array, b1: Array, W2: Array, x: Array, t: Array) -> Array:
    return (W2 * _slopes(W1, b1, x))[:, None] * x[:, None]


def by_input(W1: Array, b1: Array, W2: Array, x: Array, t: Array) -> Array:
    return (W2 * _slopes(W1, b1, x)).dot(W1)


BY_WEIGHTS = (by_weights, by_weights_broadcast)
BY_INPUT = (by_input,)


def per_sample(W1: Array, W2: Array, X: Array) -> Array:
    S = np.tanh(X.dot(W1.T))
    D = S.dot(W2.T).dot(W2) * (1.0 - S * S)
    return X[:, :, None] * D[:, None]


def per_sample_gram(W1: Array, W2: Array, X: Array) -> Array:
    S = np.tanh(X.dot(W1.T))
    D = S.dot(W2.T.dot(W2)) * (1.0 - S * S)
    return np.einsum("bd,bh->bdh", X, D)


def per_sample_einsum(W1: Array, W2: Array, X: Array) -> Array:
    S = np.tanh(X.dot(W1.T))
    D = S.dot(W2.T).dot(W2)
    D *= 1.0 - S * S
    return np.einsum("bd,bh->bdh", X, D)


def per_sample_matmul(W1: Array, W2: Array, X: Array) -> Array:
    S = np.tanh(X.dot(W1.T))
    D = S.dot(W2.T.dot(W2)) * (1.0 - S * S)
    return X[:, :, None] @ D[:, None]


PER_SAMPLE = (per_sample, per_sample_gram, per_sample_einsum, per_sample_matmul)


def softmax_layer(W: Array, b: Array, x: Array) -> Array:
    z = W.dot(x) + b
    e = np.exp(z - z.max())
    p = e / e.sum()
    return p[:, None] * (W - p.dot(W))


def softmax_layer_in_place(W: Array, b: Array, x: Array) -> Array:
    z = W.dot(x) + b
    e = np.exp(z - z.max())
    p = e / e.sum()
    result = W - p.dot(W)
    result *= p[:, None]
    return result


SOFTMAX_LAYER = (softmax_layer, softmax_layer_in_place)


def attention(Q: Array, K: Array, V: Array) -> Array:
    """∂O_iv/∂Q_jd = δ_ij (V_sv P_is K_sd − O_iv (P K)_id) / √d, at (i, v, d, j)."""
    n, d = Q.shape
    scale = d**-0.5
    Z = Q.dot(K.T) * scale
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    G = (P[:, None] * V.T) @ (K * scale)
    G -= P.dot(V)[:, :, None] * P.dot(K * scale)[:, None]
    result = np.zeros((n, V.shape[1], d, n))
    np.einsum("ivdi->ivd", result)[...] = G
    return result


def attention_by_products(Q: Array, K: Array, V: Array) -> Array:
    """The same, of the products V_sv K_sd: one matrix product for all tokens."""
    n, d = Q.shape
    K = K * d**-0.5
    Z = Q.dot(K.T)
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    G = P.dot((V[:, :, None] * K[:, None]).reshape(n, -1)).reshape(n, V.shape[1], d)
    G -= P.dot(V)[:, :, None] * P.dot(K)[:, None]
    result = np.zeros((n, V.shape[1], d, n))
    np.einsum("ivdi->ivd", result)[...] = G
    return result


ATTENTION = (attention, attention_by_products)


def kernel(W1: Array, W2: Array, W3: Array, X: Array) -> Array:
    """(S₂S₂ᵀ) ⊗ I + (S₁S₁ᵀ) ⊙ (D₂D₂ᵀ) + (X Xᵀ) ⊙ (D₁D₁ᵀ), at (a, i, j, b)."""
    rows, n = len(X), len(W3)
    S1 = np.tanh(X.dot(W1.T))
    S2 = np.tanh(S1.dot(W2.T))
    D2 = W3 * (1.0 - S2 * S2)[:, None]
    flat2 = D2.reshape(rows * n, -1)
    flat1 = (flat2.dot(W2).reshape(rows, n, -1) * (1.0 - S1 * S1)[:, None]).reshape(rows * n, -1)
    result = flat2.dot(flat2.T).reshape(rows, n, rows, n)
    result *= S1.dot(S1.T)[:, None, :, None]
    first = flat1.dot(flat1.T).reshape(rows, n, rows, n)
    first *= X.dot(X.T)[:, None, :, None]
    result += first
    np.einsum("aibi->abi", result)[...] += S2.dot(S2.T)[:, :, None]
    return result.swapaxes(2, 3)


KERNEL = (kernel,)


# --- second derivatives -----------------------------------------------------------------------------------------------


def quadratic(A: Array, x: Array) -> Array:
    return A + A.T


QUADRATIC = (quadratic,)


def logistic(X: Array, w: Array) -> Array:
    s = 1.0 / (1.0 + np.exp(-X.dot(w)))
    result: Array = (X.T * (s * (1.0 - s) / len(X))).dot(X)
    return result


def logistic_symmetric(X: Array, w: Array) -> Array:
    """NumPy gives a product with its own transpose to a routine that computes half of it."""
    s = 1.0 / (1.0 + np.exp(-X.dot(w)))
    Y = X * np.sqrt(s * (1.0 - s) / len(X))[:, None]
    return Y.T.dot(Y)


LOGISTIC = (logistic, logistic_symmetric)


def logsumexp(x: Array) -> Array:
    e = np.exp(x)
    p = e / e.sum()
    result = _outer(-p, p)
    result.reshape(-1)[:: len(p) + 1] += p
    return result


def logsumexp_diagonal(x: Array) -> Array:
    e = np.exp(x)
    p = e / e.sum()
    result = np.multiply.outer(-p, p)
    np.einsum("ii->i", result)[...] += p
    return result


LOGSUMEXP = (logsumexp, logsumexp_diagonal)


def input_hessian(W1: Array, W2: Array, w3: Array, x: Array) -> Array:
    """Aᵀ diag(w₃ ⊙ σ″(z₂)) A + W₁ᵀ diag(…) W₁ with A = W₂ diag(σ′(z₁)) W₁."""
    s1 = np.tanh(W1.dot(x))
    s2 = np.tanh(W2.dot(s1))
    p1, p2 = 1.0 - s1 * s1, 1.0 - s2 * s2
    A = (W2 * p1).dot(W1)
    g = (w3 * p2).dot(W2)
    return (A.T * (-2.0 * w3 * s2 * p2)).dot(A) + (W1.T * (-2.0 * g * s1 * p1)).dot(W1)


def input_hessian_inside(W1: Array, W2: Array, w3: Array, x: Array) -> Array:
    """W₁ᵀ M W₁: the two parts are added before W₁ is multiplied."""
    s1 = np.tanh(W1.dot(x))
    s2 = np.tanh(W2.dot(s1))
    p1, p2 = 1.0 - s1 * s1, 1.0 - s2 * s2
    A = W2 * p1
    M = (A.T * (-2.0 * w3 * s2 * p2)).dot(A)
    M.reshape(-1)[:: len(M) + 1] -= 2.0 * (w3 * p2).dot(W2) * s1 * p1
    return W1.T.dot(M.dot(W1))


INPUT_HESSIAN = (input_hessian, input_hessian_inside)


def factorisation(T: Array, U: Array, V: Array) -> Array:
    m, k = V.shape
    result = np.zeros((k, m, k, m))
    np.einsum("ajcj->ajc", result)[...] = (2.0 * V.T.dot(V))[:, None]
    return result


FACTORISATION = (factorisation,)


def factorisation_stored(T: Array, U: Array, V: Array) -> Array:
    return 2.0 * V.T.dot(V)


FACTORISATION_STORED = (factorisation_stored,)


def norm(B: Array, X: Array, A: Array) -> Any:
    return np.linalg.norm(B.T.dot(B)) * np.linalg.norm(A.T.dot(A))


def norm_by_dots(B: Array, X: Array, A: Array) -> Any:
    P, Q = B.T.dot(B).ravel(), A.T.dot(A).ravel()
    return np.sqrt(P.dot(P) * Q.dot(Q))


NORM = (norm, norm_by_dots)
