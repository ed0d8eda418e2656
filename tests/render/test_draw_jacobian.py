"""Pictures of Jacobians: tensor networks before and after elimination, and slices with their values."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from jacobians import (
    Jacobian,
    NamingError,
    OptionError,
    UnsupportedError,
    derivative,
    draw,
    matrix,
    networks,
    scalar,
    softmax,
    vector,
)
from jacobians.render.scenes.slices import SliceScene, sample, slice_scene
from jacobians.render.scenes.tensor_network import network_scene


def layer(h: int | str = "h", d: int | str = "d") -> Jacobian:
    W = matrix("W", h, d)
    return derivative((W @ vector("x", d) + vector("b", h)).named("z"), W)


def loss() -> Jacobian:
    network = networks.shallow("d", "h", "n")
    return derivative(network.loss, network.variables["W1"])


# --- tensor networks ----------------------------------------------------------------------------------------------


def test_before_elimination_the_deltas_are_nodes() -> None:
    before = network_scene(loss()).before
    assert before is not None
    assert before.text == "r_{a} W₂_{ab} δ_{bc} σ′(z)_{b} δ_{cj} x_{i}"
    assert [node.factor for node in before.nodes] == [0, 1, 2, 2, 3, 3]


def test_after_elimination_they_are_wires() -> None:
    (after,) = network_scene(loss()).after
    assert after.text == "r_{a} W₂_{aj} σ′(z)_{j} x_{i}"
    assert not any(node.delta for node in after.nodes)


def test_before_and_after_are_the_same_tensor() -> None:
    """Evaluated by NumPy, with every delta as an identity matrix."""
    rng = np.random.default_rng(0)
    sizes = {"d": 5, "h": 3, "n": 2}
    network = networks.shallow(**sizes, augmented=True)
    for J in (
        derivative(network.loss, network.variables["W1_tilde"]),
        derivative(network.intermediates["r"], network.variables["W1_tilde"]),
        derivative(network.loss, network.intermediates["z"]),
    ):
        scene = network_scene(J)
        assert scene.before is not None
        arrays: dict[str, np.ndarray] = {}
        results = []
        for net in (scene.before, *scene.after):
            for node in net.nodes:
                shape = [int(net.sizes[wire]) for wire in node.wires]
                if node.delta or node.text.startswith("[I"):
                    arrays[node.text + str(shape)] = np.eye(*shape)
                elif node.text not in arrays:
                    arrays[node.text] = rng.normal(size=shape)
            if "W̃₂" in arrays:  # W₂ is W̃₂ without its last column
                arrays["W₂"] = arrays["W̃₂"][:, :-1]
            operands = [
                arrays[node.text if node.text in arrays else node.text + _shape(net, node)] for node in net.nodes
            ]
            axes = list(dict.fromkeys(net.output))
            flat = [part for pair in zip(operands, [list(n.wires) for n in net.nodes], strict=True) for part in pair]
            compact = np.einsum(*flat, axes)
            full = np.zeros([int(net.sizes[wire]) for wire in net.output])
            for place in np.ndindex(*compact.shape):
                at = dict(zip(axes, place, strict=True))
                full[tuple(at[wire] for wire in net.output)] = compact[place]
            results.append(full)
        np.testing.assert_allclose(results[0], results[1], rtol=1e-12)
        assert np.any(results[0])


def _shape(net: object, node: object) -> str:
    return str([int(net.sizes[wire]) for wire in node.wires])  # type: ignore[attr-defined]


def test_a_delta_of_the_result_is_a_bare_wire() -> None:
    pytest.importorskip("pygraphviz")
    scene = network_scene(layer())
    (net,) = scene.after
    assert net.output[0] == net.output[2] != net.output[1]
    bare = net.output[0]
    assert not any(bare in node.wires for node in net.nodes)
    drawing = draw(layer(), detail="simple")
    keys = [box.key for box in drawing.picture.boxes]
    assert {"axis 0", "axis 1", "axis 2"} <= set(keys)
    assert [box.lines[0].text.split() for box in drawing.picture.boxes if box.key.startswith("axis")] == [
        ["entries", "of", "z", "h"],
        ["columns", "of", "W", "d"],
        ["rows", "of", "W", "h"],
    ]
    assert sum(key.startswith("node") for key in keys) == 1
    assert len(drawing.picture.strokes) == 4  # x to j, j to its axis, and the two halves of the bare wire


def test_both_stand_side_by_side_and_nothing_covers_anything() -> None:
    pytest.importorskip("pygraphviz")
    network = networks.two_hidden("d", "h1", "h2", "n", augmented=True)
    v = vector("v", "k")
    for J in (loss(), layer(), derivative(network.loss, network.variables["W1_tilde"]), derivative(softmax(v), v)):
        picture = draw(J).picture
        boxes = [box for box in picture.boxes if box.style != "frame"]
        covered = [
            (a.key, b.key)
            for a, b in combinations(boxes, 2)
            if a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom
        ]
        assert covered == []
    captions = {box.key: box for box in draw(loss()).picture.boxes if box.key.startswith("caption")}
    before, after = captions["caption the product, with its deltas"], captions["caption the deltas eliminated"]
    assert before.y == after.y
    assert before.right < after.left


def test_a_sum_has_a_picture_for_every_term() -> None:
    pytest.importorskip("pygraphviz")
    v = vector("v", "k")
    drawing = draw(derivative(softmax(v), v))
    texts = [text for text in drawing.picture.texts if text.startswith("term")]
    assert texts == ["term 1 of 2", "term 2 of 2, times −1"]


# --- slices -------------------------------------------------------------------------------------------------------


def test_slices_tell_zeros_by_structure_from_zeros_by_value() -> None:
    drawing = draw(layer(3, 4), values={"x": [0.5, 0.0, -1.25, 2.0]})
    cells = [box for box in drawing.picture.boxes if box.style in ("cell", "zero")]
    assert len(cells) == 36
    assert sum(box.style == "zero" for box in cells) == 24
    assert sorted({box.lines[0].text for box in cells}) == ["0", "0.5", "2", "·", "−1.25"]
    assert {box.lines[0].text for box in cells if box.style == "zero"} == {"·"}
    assert "24 are zero by structure, and 3 happen to be zero" in drawing.scene.description


def test_item_1a_is_drawn_as_a_row_and_item_1b_as_a_column() -> None:
    a, x, c = scalar("a"), vector("x", 3), vector("c", 3)
    values = {"c": [2.0, 3.0, 5.0]}
    for J, across in ((derivative(c @ x, x), True), (derivative(a * c, a), False)):
        drawing = draw(J, values=values)
        cells = {box.lines[0].text: box for box in drawing.picture.boxes if box.style == "cell"}
        assert (cells["2"].y == cells["5"].y) is across
        assert (cells["2"].x == cells["5"].x) is not across
        assert len([line for line in repr(drawing).splitlines() if line in ("2  3  5", "3")]) == 1


def test_the_slices_are_the_values() -> None:
    J = layer(3, 4)
    values = {"x": np.random.default_rng(1).normal(size=4)}
    scene = slice_scene(J, values)
    np.testing.assert_array_equal(scene.values, J.evaluate(values))
    assert scene.sampled == ""


@pytest.mark.parametrize("kind", ["layer", "loss", "softmax", "augmented", "pairs"])
def test_a_sample_is_the_same_entries_of_the_whole(kind: str) -> None:
    network = networks.shallow("d", "h", "n", augmented=True)
    v, A = vector("v", "h"), matrix("A", "h", "h")
    J = {
        "layer": layer(),
        "loss": loss(),
        "softmax": derivative(softmax(v), v),
        "augmented": derivative(network.intermediates["s_tilde"], network.variables["W1_tilde"]),
        "pairs": derivative(A @ A, A),
    }[kind]
    sizes = {"d": 17, "h": 13, "n": 11}
    rng = np.random.default_rng(2)
    values = {node.name: rng.normal(size=[eval_size(size, sizes) for size in node.shape]) for node in _variables(J)}
    scene = slice_scene(J, values, sizes)
    assert scene.sampled
    whole = J.evaluate(values, sizes=sizes)
    np.testing.assert_allclose(scene.values, whole[np.ix_(*scene.places)], rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(scene.support, (whole != 0)[np.ix_(*scene.places)])


def eval_size(size: int | str, sizes: dict[str, int]) -> int:
    from jacobians.shapes.sizes import bind_size

    return bind_size(size, sizes)


def _variables(J: Jacobian) -> list[object]:
    from jacobians.expressions.nodes import Variable
    from jacobians.expressions.walks import walk

    operands = [operand for term in J.chain.flat for operand in term.operands]
    return [one for one in walk(operands) if isinstance(one, Variable)]


def test_a_large_tensor_is_sampled_without_being_formed() -> None:
    """Dense it would take 8 · 10^15 bytes."""
    size = 100_000
    scene = slice_scene(layer("h", "d"), {"x": np.ones(size)}, {"h": size})
    assert scene.lengths == (size, size, size)
    assert scene.sampled.startswith("a sample: i of 100000: 0, 20000, ")
    assert np.count_nonzero(scene.support) == 6 * 6


def test_equal_lengths_are_sampled_alike() -> None:
    first, second, third = sample((64, 40, 64))
    assert first == third
    assert len(first) == len(second) == 6
    assert first[0] == 0
    assert first[-1] == 63


def test_what_is_sampled_is_said_in_the_picture() -> None:
    drawing = draw(layer("h", "d"), values={"x": np.ones(40), "W": np.ones((64, 40)), "b": np.ones(64)})
    assert any(text.startswith("a sample: i of 64: 0, 13, ") for text in drawing.picture.texts)
    assert "a sample" in str(drawing)


def test_bad_values_are_refused(tmp_path: Path) -> None:
    target = tmp_path / "s.svg"
    with pytest.raises(NamingError, match="needs a value for x"):
        draw(layer(3, 4), target, values={})
    with pytest.raises(OptionError, match="values for a Jacobian"):
        draw(vector("x", 3), target, values={})
    with pytest.raises(UnsupportedError, match="got JacobianView"):
        draw(layer().T, target)
    assert list(tmp_path.iterdir()) == []


def test_every_rank_has_a_picture() -> None:
    x, A = vector("x", 2), matrix("A", 2, 3)
    for J, values in (
        (derivative(A @ A.T, A), {"A": np.ones((2, 3))}),
        (derivative(np.sum(x * x), x), {"x": np.ones(2)}),
        (derivative(np.sum(np.tanh(x)).named("y") * 2, np.sum(np.tanh(x)).named("y")), {}),
    ):
        drawing = draw(J, values=values)
        assert isinstance(drawing.scene, SliceScene)
        ET.fromstring(drawing.svg())
        assert str(drawing)


@pytest.mark.parametrize("sizes", [("d", "h", "n"), ("p", "q", "r"), (5, 3, 2), (7, 7, 2)])
def test_a_size_has_one_colour_in_every_picture_and_page(sizes: tuple[int | str, ...]) -> None:
    network = networks.mlp(sizes)
    whole = draw(network).picture.hues
    J = derivative(network.loss, network.variables["W1"])
    z = derivative(network.intermediates["z"], network.variables["W1"])
    assert len(set(whole.values())) == len(whole) == len(set(sizes))
    assert whole[str(sizes[0])] == 0  # the input
    if sizes[-1] != sizes[0]:
        assert whole[str(sizes[-1])] == 1  # the output
    for one in (J, z):
        hues = network_scene(one).hues
        assert {size: hues[size] for size in hues} == {size: whole[size] for size in hues}
        page = one._repr_html_() or ""
        for size in map(str, one.shape):
            assert f'<span class="jx-hue{whole[size]}">{size}</span>' in page


def test_a_batch_has_a_colour_of_its_own() -> None:
    hues = draw(networks.shallow("a", "b", "c", batch="m")).picture.hues
    assert (hues["a"], hues["c"], hues["m"]) == (0, 1, 2)
    assert hues["b"] not in (0, 1, 2)
