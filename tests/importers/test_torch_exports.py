"""Modules of PyTorch as expressions: values and Jacobians against PyTorch's own, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers import assert_close

from jacobians import UnsupportedError, derivative, evaluate
from jacobians.compiler.binding import name_table

pytestmark = pytest.mark.peer
torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from jacobians import from_torch  # noqa: E402
from jacobians.importers.torch_exports import values_of  # noqa: E402

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)


def draw(*shape: int) -> Any:
    return torch.randn(*shape)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.norm = nn.Linear(3, 5), nn.Linear(5, 3), nn.LayerNorm(3)

    def forward(self, x: Any) -> Any:
        return self.norm(x + self.second(torch.tanh(self.first(x))))


class Recurrent(nn.Module):
    def __init__(self, kind: Callable[..., nn.Module]) -> None:
        super().__init__()
        self.cell = kind(2, 3, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.cell(x)[0]


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.heads(x, x, x, need_weights=False)[0]


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)
        self.second.weight = self.first.weight

    def forward(self, x: Any) -> Any:
        return self.second(torch.tanh(self.first(x)))


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def forward(self, x: Any, labels: Any) -> Any:
        return functional.cross_entropy(self.layer(x), labels)


def image(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(*layers)


MODELS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "linear": (nn.Linear(3, 2), (draw(3),)),
    "mlp": (nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)), (draw(4, 3),)),
    "activations": (
        nn.Sequential(nn.Linear(3, 5), nn.SiLU(), nn.Softplus(), nn.Sigmoid(), nn.ELU(), nn.LeakyReLU(), nn.ReLU6()),
        (draw(2, 3),),
    ),
    "gelu by tanh": (nn.GELU(approximate="tanh"), (draw(5),)),
    "residual": (Residual(), (draw(2, 3),)),
    "group norm": (nn.GroupNorm(2, 4), (draw(2, 4, 3),)),
    "batch norm, evaluating": (nn.Sequential(nn.BatchNorm1d(3)).eval(), (draw(5, 3),)),
    "convolution": (nn.Conv2d(2, 4, (3, 2), stride=(1, 2), padding=1, groups=2), (draw(2, 2, 5, 4),)),
    "convolutions and pools": (
        image(nn.Conv2d(1, 2, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3)),
        (draw(2, 1, 4, 4),),
    ),
    "one dimension": (image(nn.Conv1d(2, 3, 3, dilation=2), nn.AvgPool1d(2)), (draw(1, 2, 9),)),
    "three dimensions": (nn.Conv3d(1, 2, 2), (draw(1, 1, 3, 3, 3),)),
    "global average": (image(nn.AdaptiveAvgPool2d(1), nn.Flatten()), (draw(2, 3, 4, 5),)),
    "gru": (Recurrent(nn.GRU), (draw(1, 3, 2),)),
    "lstm": (Recurrent(nn.LSTM), (draw(1, 3, 2),)),
    "attention": (Attention(), (draw(1, 3, 4),)),
    "encoder layer": (
        nn.TransformerEncoderLayer(4, 2, 5, dropout=0.0, batch_first=True, activation="relu"),
        (draw(1, 3, 4),),
    ),
    "tied weights": (Tied(), (draw(3),)),
    "cross-entropy": (Classifier(), (draw(5, 3), torch.tensor([0, 3, 1, 1, 2]))),
    "embedding": (nn.Embedding(5, 3), (torch.tensor([[0, 3], [3, 1]]),)),
    "function": (lambda x, y: torch.einsum("ij,j->i", x, torch.sin(y)).softmax(0), (draw(3, 2), draw(2))),
    "losses": (lambda x, t: functional.mse_loss(x, t) + functional.softplus(x).sum(), (draw(3), draw(3))),
    "indexing": (lambda x: x[1:, ::2].cumsum(0) * x[[0, 0], 1:3] + x.T[:2].roll(1, 0)[:, :2], (draw(3, 4),)),
    "statistics": (lambda x: (x - x.mean(0)) / x.std(0) + x.var(0, unbiased=False), (draw(5, 3),)),
    "in place": (lambda x: torch.zeros(3).add_(x).mul_(x), (draw(3),)),
    "where": (lambda x: torch.where(x > 0, x**2, x.exp()).clamp(max=2.0), (draw(7),)),
}


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("model", MODELS)
def test_value_and_jacobians_are_those_of_torch(model: str) -> None:
    f, examples = MODELS[model]
    y = from_torch(f, *examples)
    named = dict(f.named_parameters()) if isinstance(f, nn.Module) else {}
    table = name_table([y])
    given = {name: one for name, one in zip(_arguments(f), examples, strict=False) if one.is_floating_point()}
    module = f if isinstance(f, nn.Module) else nn.Module()
    values = {name: value for name, value in values_of(module, given).items() if name in table}
    assert_close(evaluate(y, values), f(*examples).detach().numpy(), 1e-12)

    def of(parameters: dict[str, Any], arguments: dict[str, Any]) -> Any:
        filled = [arguments.get(name, one) for name, one in zip(_arguments(f), examples, strict=False)]
        return torch.func.functional_call(f, parameters, tuple(filled)) if named else f(*filled)

    by_parameter, by_argument = torch.func.jacrev(of, argnums=(0, 1))(named, given)
    flat = {**{name.replace(".", "_"): one for name, one in by_parameter.items()}, **by_argument}
    for name, theirs in flat.items():
        key = name if name in table else f"p_{name}"
        if key not in table:
            assert not torch.any(theirs)
            continue
        J = derivative(y, table[key])
        ours = J.evaluate({one: values[one] for one in J._names if one in values}, layout="ad")
        assert_close(ours, theirs.detach().numpy(), 1e-10)


def _arguments(f: Any) -> list[str]:
    import inspect

    return list(inspect.signature(getattr(f, "forward", f)).parameters)


def test_the_chain_of_a_module_goes_through_its_submodules() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    y = from_torch(module, draw(3))
    J = derivative(y, name_table([y])["p_0_weight"])
    assert len(J.factors) == 3
    assert J.shape == (2, 3, 4)


@pytest.mark.parametrize(
    ("f", "examples", "message"),
    [
        (nn.Dropout(0.5), (draw(3),), r"training mode: .eval\(\)"),
        (lambda x: x.sort().values, (draw(3),), "'sort'.*has no rule"),
        (lambda x: x.sin() if x.sum() > 0 else x.cos(), (draw(3),), "branches on values"),
        (nn.GELU(), (draw(3),), "needs erf"),
    ],
)
def test_what_has_no_rule_says_so(f: Any, examples: Any, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        from_torch(f, *examples)


def test_float32_models_are_read() -> None:
    module = nn.Linear(3, 2).float()
    y = from_torch(module, torch.randn(3, dtype=torch.float32))
    assert y.shape == (2,)
    assert np.dtype(y.dtype) == np.float64
