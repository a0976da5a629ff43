"""Groups, freezing, the pull to the start, and the average: against arithmetic written out."""

import pytest
import torch
from small import network
from torch import nn

from facenet_app.errors import UsageError
from facenet_app.training.config import GroupConfig, OptimizerConfig
from facenet_app.training.ema import Ema
from facenet_app.training.optimizer import PullToStart, freeze, make_optimizer, set_rate


def named_rates(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, tuple[float, float]]:
    """Rate and weight decay of each parameter that learns."""
    names = {id(each): name for name, each in model.named_parameters()}
    return {
        names[id(each)]: (group["lr"], group["weight_decay"])
        for group in optimizer.param_groups
        for each in group["params"]
    }


def test_groups_have_their_own_rates_and_only_matrices_decay() -> None:
    model = network()
    config = OptimizerConfig(
        rate=0.1,
        weight_decay=0.01,
        groups=(GroupConfig(prefix="0", factor=0.5), GroupConfig(prefix="0.b", factor=2)),
    )
    optimizer = make_optimizer(model, config)
    set_rate(optimizer, 1.0)
    assert named_rates(model, optimizer) == {
        "0.weight": (0.5, 0.01),
        "0.bias": (2.0, 0.0),  # the longest prefix counts
        "1.weight": (1.0, 0.0),
        "1.bias": (1.0, 0.0),
        "2.weight": (1.0, 0.0),
        "5.weight": (1.0, 0.01),
        "5.bias": (1.0, 0.0),
    }


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_frozen_parameters_stay(name: str) -> None:
    model = network(dropout=0)
    before = {key: each.clone() for key, each in model.named_parameters()}
    freeze(model, ("0", "5.bias"))
    optimizer = make_optimizer(model, OptimizerConfig.model_validate({"name": name, "rate": 0.1}))
    model(torch.randn(4, 3, 8, 8)).square().sum().backward()
    optimizer.step()
    changed = {key for key, each in model.named_parameters() if not torch.equal(each, before[key])}
    assert changed == {"1.weight", "1.bias", "2.weight", "5.weight"}


def test_prefixes_that_fit_nothing_are_refused() -> None:
    with pytest.raises(UsageError, match="begins with 'backbone'; they begin with 0, 1, 2, 5"):
        freeze(network(), ("backbone",))
    with pytest.raises(UsageError, match="begins with 'head'"):
        make_optimizer(network(), OptimizerConfig(groups=(GroupConfig(prefix="head", factor=1),)))
    with pytest.raises(UsageError, match="every parameter is frozen"):
        freeze(network(), ("",))


def test_the_pull_leads_back_to_the_start() -> None:
    model = network()
    optimizer = make_optimizer(model, OptimizerConfig(groups=(GroupConfig(prefix="5", factor=0.5),)))
    pull = PullToStart(optimizer, 0.2)
    start = [each.detach().clone() for each in model.parameters()]
    with torch.no_grad():
        for each in model.parameters():
            each.add_(1)
    set_rate(optimizer, 0.1)
    pull.apply()
    for (name, now), first in zip(model.named_parameters(), start, strict=True):
        factor = 0.5 if name.startswith("5") else 1.0
        torch.testing.assert_close(now.detach(), first + 1 - 0.1 * factor * 0.2)


def test_the_average_follows_the_weights_and_their_statistics() -> None:
    model = network()
    ema = Ema(model, decay=0.8)
    expected = {name: each.double().clone() for name, each in model.state_dict().items()}
    for update in range(1, 40):
        model(torch.randn(4, 3, 8, 8))
        with torch.no_grad():
            for each in model.parameters():
                each.add_(torch.randn_like(each))
        ema.update()
        decay = min(0.8, (1 + update) / (10 + update))
        for name, each in model.state_dict().items():
            mixed = decay * expected[name] + (1 - decay) * each.double()
            expected[name] = mixed if each.is_floating_point() else each.double()
    for name, each in ema.average.items():
        torch.testing.assert_close(each.double(), expected[name], rtol=1e-4, atol=1e-5)


def test_the_average_is_applied_for_a_while() -> None:
    model = network()
    ema = Ema(model, decay=0.5)
    with torch.no_grad():
        model[5].bias.fill_(7)
    now = {name: each.clone() for name, each in model.state_dict().items()}
    with ema.applied():
        assert not torch.equal(model[5].bias, now["5.bias"])
        assert all(torch.equal(each, ema.average[name]) for name, each in model.state_dict().items())
    assert all(torch.equal(each, now[name]) for name, each in model.state_dict().items())
