"""Index maps within contractions: whatever meets, the value is that of the maps written out."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest

from jacobians import evaluate
from jacobians.expressions.index_maps import IndexMap, Merger, Selector
from jacobians.expressions.linear_maps import RunningSum, WindowMap
from jacobians.expressions.nodes import Constant, EinsumSum, Expression
from jacobians.expressions.picks import Pick, common
from jacobians.expressions.terms import tidy


def dense(index_map: Expression) -> Any:
    """A map as an array of zeros and ones."""
    if isinstance(index_map, RunningSum):
        return np.tri(int(index_map.shape[0]))
    if isinstance(index_map, WindowMap):
        count, width = (int(size) for size in index_map.shape[1:])
        return np.sum(
            [[[np.arange(count + width - 1) == i + j for j in range(width)] for i in range(count)]], axis=0
        ).transpose(2, 0, 1)
    if isinstance(index_map, Selector):
        return np.eye(int(index_map.shape[0]))[:, index_map.pick.places()]
    return np.eye(int(index_map.shape[0])).reshape([int(size) for size in index_map.shape])


def random_pick(rng: np.random.Generator, size: int) -> Pick:
    kind = rng.integers(5)
    if kind == 0:
        return Pick.rolled(size, int(rng.integers(1, size + 1)))
    if kind == 1:
        return Pick.listed(rng.integers(0, size, size=rng.integers(1, 2 * size)))
    if kind == 2:
        return Pick.listed(rng.permutation(size)[: rng.integers(1, size + 1)])
    if kind == 3:
        return Pick(size - 1, int(rng.integers(1, size + 1)), -1)
    start = int(rng.integers(0, size))
    step = int(rng.integers(1, 3))
    return Pick(start, int(rng.integers(1, (size - 1 - start) // step + 2)), step)


def random_term(rng: np.random.Generator) -> tuple[list[Expression], list[tuple[int, ...]], list[int], dict[int, Any]]:
    """Maps between random axes, arrays along some of them, and an output."""
    sizes: dict[int, Any] = {0: int(rng.choice([12, 24, 6]))}
    operands: list[Expression] = []
    indices: list[tuple[int, ...]] = []
    for _ in range(rng.integers(1, 5)):
        long = int(rng.choice(list(sizes)))
        fresh = len(sizes)
        splits = [(a, sizes[long] // a) for a in range(2, sizes[long]) if sizes[long] % a == 0]
        kind = rng.random()
        if kind < 0.2:
            sizes[fresh] = sizes[long]
            operands.append(RunningSum.of(sizes[long]))
            indices.append((long, fresh) if rng.random() < 0.5 else (fresh, long))
        elif kind < 0.4:
            sizes[fresh + 1] = int(rng.integers(1, sizes[long] + 1))
            sizes[fresh] = sizes[long] + 1 - sizes[fresh + 1]
            operands.append(WindowMap.of(sizes[fresh], sizes[fresh + 1]))
            indices.append((long, fresh, fresh + 1))
        elif splits and kind < 0.6:
            a, b = splits[rng.integers(len(splits))]
            sizes[fresh], sizes[fresh + 1] = a, b
            operands.append(Merger.of((a, b)))
            indices.append((long, fresh, fresh + 1))
        else:
            pick = random_pick(rng, sizes[long])
            sizes[fresh] = pick.length
            operands.append(Selector.of(sizes[long], pick))
            indices.append((long, fresh))
    for _ in range(rng.integers(0, 4)):
        group = tuple(int(one) for one in rng.choice(list(sizes), size=min(len(sizes), int(rng.integers(1, 3)))))
        operands.append(Constant.of(rng.normal(size=[sizes[index] for index in group])))
        indices.append(group)
    pairs = [(a, b) for a in sizes for b in sizes if a < b and sizes[a] == sizes[b]]
    if pairs and rng.random() < 0.3:  # two axes are one
        kept, gone = pairs[rng.integers(len(pairs))]
        indices = [tuple(kept if index == gone else index for index in group) for group in indices]
        del sizes[gone]
    order = rng.permutation(len(operands))
    operands, indices = [operands[k] for k in order], [indices[k] for k in order]
    output = [index for index in sizes if rng.random() < 0.35]
    output += [output[0]] if output and rng.random() < 0.2 else []
    return operands, indices, output, sizes


@pytest.mark.parametrize("seed", range(500))
def test_maps_that_meet(seed: int) -> None:
    rng = np.random.default_rng(seed)
    operands, indices, output, sizes = random_term(rng)
    if prod(sizes[index] for index in output) > 100_000 or prod(sizes.values()) > 10_000_000:
        pytest.skip("too large to be written out")
    arrays = [dense(one) if isinstance(one, (IndexMap, RunningSum)) else np.asarray(one.value) for one in operands]  # type: ignore[attr-defined]
    flat: list[Any] = [part for pair in zip(arrays, map(list, indices), strict=True) for part in pair]
    distinct = list(dict.fromkeys(output))
    expected = np.einsum(*flat, [index for index in distinct if any(index in group for group in indices)])
    written = np.zeros([sizes[index] for index in output])
    places = np.indices(written.shape)
    equal = np.ones(written.shape, dtype=bool)
    for axis, index in enumerate(output):
        equal &= places[axis] == places[output.index(index)]
    spread = [sizes[i] if any(i in group for group in indices) else 1 for i in distinct]
    whole = np.broadcast_to(expected.reshape(spread), [sizes[i] for i in distinct])
    written[equal] = whole[tuple(places[output.index(i)][equal] for i in distinct)] if output else whole
    written *= prod(sizes[i] for i in sizes if i not in output and not any(i in group for group in indices))
    term = tidy(1.0, operands, indices, output, sizes)
    found = evaluate(EinsumSum.of([term] if term.coefficient else [], written.shape), {})
    np.testing.assert_allclose(found, written, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", range(200))
def test_common_entries(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = random_pick(rng, 12), random_pick(rng, 12)
    found = common(one, other)
    mine, its = one.places(), other.places()
    assert mine is not None
    assert its is not None
    pairs = sorted((j, k) for j in range(len(mine)) for k in range(len(its)) if mine[j] == its[k])
    if found is None:
        assert len(pairs) > len(mine) + len(its)
    elif found[0].length == 0:
        assert not pairs
    else:
        own, others = found[0].places(), found[1].places()
        assert own is not None
        assert others is not None
        assert sorted(zip(own.tolist(), others.tolist(), strict=True)) == pairs


@pytest.mark.parametrize("seed", range(100))
def test_picks_in_a_row(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = random_pick(rng, 12)
    second = random_pick(rng, int(first.length)) if int(first.length) > 1 else Pick(0, 1)
    both = first.then(second)
    mine, its = first.places(), second.places()
    assert mine is not None
    if both is not None:
        np.testing.assert_array_equal(both.places(), mine[its])
