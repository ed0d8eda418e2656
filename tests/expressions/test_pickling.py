"""Copies, pickles, processes and threads: an expression meets its equal wherever it comes from."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jacobians import (
    UnsupportedError,
    check_derivative,
    constant,
    derivative,
    evaluate,
    explain,
    grad,
    hessian,
    matrix,
    networks,
    parse,
    scalar,
    sigmoid,
    softmax,
    tensor,
    vector,
)
from jacobians import compile as compile_together
from jacobians.expressions.nodes import Elementwise, Function

x, A = vector("x", "d"), matrix("A", "d", "d")
NETWORK = networks.two_hidden(5, 3, 7, 2)
LOSS_BY_W1 = derivative(NETWORK.loss, NETWORK.variables["W1"])

#: One expression of every kind of node.
EXPRESSIONS: dict[str, Any] = {
    "variable": x,
    "tensor": tensor("T", "n", 3, "d+1"),
    "constant": constant([1.0, 2.0]),
    "named constant": constant(np.float32([[1.0], [2.0]]), "c"),
    "named": (A @ x).named("z"),
    "product": x @ A @ x,
    "zero": x - x,
    "sum": 2.0 * x @ x + np.trace(A) - 3.0,
    "element-wise": np.where(x > 0, np.exp(x), np.maximum(x, 0.5)),
    "comparison": x == 0.0,
    "activation's derivative": derivative(derivative(np.sum(sigmoid(x)), x), x).expression,
    "primitive": np.linalg.inv(A) + softmax(A),
    "size": np.mean(x),
    "joined": np.concatenate([x, 2 * x]),
    "slice": x[1:],
    "listed": vector("u", 7)[[0, 3, 3]],
    "merged": A.reshape(-1),
    "split": vector("u", 6).reshape(2, 3),
    "index maps": derivative(np.concatenate([x[1:], A.reshape(-1)]), A).expression,
    "adjoints": LOSS_BY_W1.expression,
    "text": parse("x' A x + log det(A)", x="d", A="d d"),
    "network": NETWORK.loss,
}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_an_expression_is_pickled_and_copied_to_itself(expression: Any) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(expression, protocol)) is expression
    assert copy.copy(expression) is expression
    assert copy.deepcopy(expression) is expression
    assert copy.deepcopy({"nested": [expression]})["nested"][0] is expression


def test_a_jacobian_is_pickled_with_what_it_is_a_derivative_of() -> None:
    again = pickle.loads(pickle.dumps(LOSS_BY_W1))
    assert again.numerator is NETWORK.loss
    assert again.denominator is NETWORK.variables["W1"]
    assert again.chain.reverse == LOSS_BY_W1.chain.reverse
    assert (repr(again), again.einsum, again.cost()) == (repr(LOSS_BY_W1), LOSS_BY_W1.einsum, LOSS_BY_W1.cost())
    assert copy.deepcopy(LOSS_BY_W1) is LOSS_BY_W1
    second = derivative(derivative(np.sum(softmax(x) ** 2), x), x)
    point = {"x": np.linspace(-1, 1, 5)}
    for layout in ("numerator", "vec"):
        view = pickle.loads(pickle.dumps(second.to_layout(layout)))
        assert view.shape == second.to_layout(layout).shape
        assert np.array_equal(view.evaluate(point), second.to_layout(layout).evaluate(point))
    product = derivative(NETWORK.loss, NETWORK.intermediates["s1"]) @ derivative(
        NETWORK.intermediates["s1"], NETWORK.variables["W1"]
    )
    assert pickle.loads(pickle.dumps(product)).symbol == product.symbol


def test_a_compiled_function_a_report_a_network_and_a_derivation_are_pickled() -> None:
    rng = np.random.default_rng(0)
    values = {**NETWORK.parameters(rng), **NETWORK.sample(rng)}
    f = compile_together([derivative(NETWORK.loss, v) for v in NETWORK.variables.values()])
    expected = f(**values)
    again = pickle.loads(pickle.dumps(f))
    assert again.variables == f.variables
    assert all(np.array_equal(one, other) for one, other in zip(again(**values), expected, strict=True))
    assert again.source == f.source
    assert copy.deepcopy(f) is f
    report = check_derivative(lambda u: np.sum(u**3), np.array([1.0, 2.0]), np.array([3.0, 12.0]))
    assert str(pickle.loads(pickle.dumps(report))) == str(report)
    assert pickle.loads(pickle.dumps(NETWORK)) == NETWORK
    derivation = explain(LOSS_BY_W1)
    assert repr(pickle.loads(pickle.dumps(derivation))) == repr(derivation)


def test_a_deep_graph_needs_no_recursion() -> None:
    value: Any = x
    for _ in range(3000):
        value = np.tanh(value) + x
    assert pickle.loads(pickle.dumps(value)) is value


def test_many_jacobians_of_one_graph_share_a_table() -> None:
    deep = networks.mlp([3] * 41)
    one = len(pickle.dumps(deep.loss))
    f = compile_together(derivative(deep.loss, list(deep.variables.values())))
    assert len(pickle.dumps(f)) < 10 * one


def test_a_function_that_another_process_does_not_know_is_named() -> None:
    silu = Function("silu_of_a_test", "{0} / (1.0 + np.exp(-{0}))", lambda args, value: (args[0],))
    text = pickle.dumps(silu(x))
    assert pickle.loads(text) is silu(x)
    with pytest.raises(UnsupportedError, match="'silu_of_nobody' is not defined in this process: import"):
        pickle.loads(text.replace(b"silu_of_a_test", b"silu_of_nobody"))
    assert isinstance(pickle.loads(text), Elementwise)


def test_a_function_of_a_module_that_is_not_loaded_is_found(tmp_path: Path) -> None:
    module = tmp_path / "own_functions.py"
    module.write_text(
        "from jacobians.expressions.nodes import Function\n"
        "HALF = Function('half', '0.5 * {0}', lambda args, value: (0.5,))\n"
    )
    make = "import pickle, sys, own_functions, jacobians as j; x = j.vector('x', 2)\n"
    make += "sys.stdout.buffer.write(pickle.dumps(own_functions.HALF(x)))"
    read = "import pickle, sys, jacobians as j; y = pickle.load(sys.stdin.buffer)\n"
    read += "print(j.evaluate(y, {'x': [2.0, 4.0]}).tolist())"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])}
    made = subprocess.run([sys.executable, "-c", make], capture_output=True, check=True, env=env)
    found = subprocess.run([sys.executable, "-c", read], input=made.stdout, capture_output=True, check=True, env=env)
    assert found.stdout == b"[1.0, 2.0]\n"


# --- other processes --------------------------------------------------------------------------------------------------

ELSEWHERE = """
import pickle, sys
import numpy as np
from jacobians import vector
for k in range({skipped}):
    kept = vector(f"v{{k}}", "d"), np.sin(vector("w", "d"))  # serial numbers differ from one process to the next
y = np.sin(vector("y", "d"))
sys.stdout.buffer.write(pickle.dumps([y, y * y, vector("y", "d")]))
"""


@pytest.mark.parametrize("skipped", [0, 1, 5, 40])
def test_an_expression_of_another_process_is_no_expression_of_this_one(skipped: int) -> None:
    others = [np.cos(vector(f"a{k}", "d")) for k in range(50)]
    run = subprocess.run([sys.executable, "-c", ELSEWHERE.format(skipped=skipped)], capture_output=True, check=True)
    y, squared, leaf = pickle.loads(run.stdout)
    assert leaf is vector("y", "d")
    assert y is np.sin(leaf)
    for other in others:
        assert derivative(squared, other.children[0]).is_zero
    point = np.array([0.5, 1.0, 2.0])
    assert np.allclose(np.diag(derivative(squared, leaf).evaluate({"y": point})), np.sin(2 * point))


WORKERS = """
import multiprocessing, sys
import numpy as np
from jacobians import compile, derivative, networks, vector
x = vector("x", "d")
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    J = derivative(np.sum(np.sin(x) ** 3), x)
    points = [np.arange(3.0), np.arange(5.0)]
    with context.Pool(2) as pool:
        found = pool.map(compile(J), points)
        mapped = pool.map(J.evaluate, [{"x": one} for one in points])
        back, = pool.map(np.exp, [J.numerator])
    for one, array, other in zip(points, found, mapped):
        by_hand = 3 * np.sin(one) ** 2 * np.cos(one)
        assert np.allclose(array, by_hand) and np.allclose(other, by_hand)
    assert back is np.exp(J.numerator)
    print("done")
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_work_is_shared_out_to_processes(method: str, tmp_path: Any) -> None:
    script = tmp_path / "workers.py"
    script.write_text(WORKERS)
    run = subprocess.run(
        [sys.executable, "-W", "ignore", script, method], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.stdout == "done\n", run.stderr


JOBLIB = """
import numpy as np
from joblib import Parallel, delayed
from jacobians import compile, derivative, grad, vector
x = vector("x", "d")
if __name__ == "__main__":
    J = derivative(np.sum(np.sin(x) ** 3), x)
    f, g = compile(J), grad(lambda u: np.sum(np.sin(u) ** 3))
    points = [np.arange(3.0) + k for k in range(4)]
    g(points[0])
    for work in (f, g, lambda u: J.evaluate({"x": u}), lambda u: grad(lambda v: np.sum(np.sin(v) ** 3))(u)):
        for one, array in zip(points, Parallel(n_jobs=2)(delayed(work)(one) for one in points)):
            assert np.allclose(array, 3 * np.sin(one) ** 2 * np.cos(one))
    (back,) = Parallel(n_jobs=2)([delayed(np.exp)(J.numerator)])
    assert back is np.exp(J.numerator)
    print("done")
"""


def test_joblib(tmp_path: Any) -> None:
    pytest.importorskip("joblib")
    script = tmp_path / "workers.py"
    script.write_text(JOBLIB)
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=240, check=False)
    assert run.stdout == "done\n", run.stderr


# --- threads ----------------------------------------------------------------------------------------------------------


def _work(seed: int) -> list[Any]:
    """Derives, compiles, evaluates and calls transforms; graphs are made anew, so that all make the same nodes."""
    rng = np.random.default_rng(3)
    results: list[Any] = []
    for k in range(3):
        network = networks.two_hidden(5, 3, 7, 2, activation=("sigmoid", "tanh", "relu")[k])
        values = {**network.parameters(rng), **network.sample(rng)}
        jacobians = derivative(network.loss, [network.variables[name] for name in network.parameter_names])
        f = compile_together(jacobians)
        results += [array.tolist() for array in (*f(**values), *f(**values))]
        results += [f.source, repr(jacobians), evaluate(network.loss, values).tolist()]
        u, B, c = vector("u", "d"), matrix("B", "n", "d"), scalar("c")
        y = np.sum(np.sin(c * B @ u) ** 2) / np.mean(np.exp(u[1:]))
        J = derivative(y, B)
        point = {"u": np.linspace(0.5, 1.5, 4 + k), "B": rng.normal(size=(3, 4 + k)), "c": 0.7}
        results += [J.evaluate(point, order=order).tolist() for order in ("reverse", "forward", "optimal")]
        results += [repr(J), J.T.evaluate(point).tolist(), derivative(J, u).evaluate(point).tolist()]
        results.append(grad(lambda v: np.sum(np.log(1 + v**2)))(point["u"]).tolist())
        results.append(hessian(lambda v: np.prod(np.cos(v)))(point["u"]).tolist())
    return results


def test_threads_agree_with_one() -> None:
    expected = _work(0)
    found: dict[int, Any] = {}
    barrier = threading.Barrier(8)

    def run(number: int) -> None:
        barrier.wait()
        try:
            found[number] = _work(number)
        except BaseException as error:
            found[number] = error

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert [number for number, result in sorted(found.items()) if result != expected] == []


def test_threads_make_one_node_of_one_structure() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for repeat in range(20):
            made: list[Any] = []
            barrier = threading.Barrier(8)

            def make(repeat: int = repeat, barrier: Any = barrier, made: list[Any] = made) -> None:
                barrier.wait()
                made.append([np.sin(vector(f"v{repeat}_{k}", "d")) for k in range(20)])

            threads = [threading.Thread(target=make) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert all(one is other for row in made for one, other in zip(row, made[0], strict=True))
    finally:
        sys.setswitchinterval(before)
