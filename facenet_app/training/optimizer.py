"""Optimizers over groups of parameters: frozen ones, ones with their own rate, ones without decay."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from facenet_app.errors import UsageError
from facenet_app.training.config import OptimizerConfig

__all__ = ["PullToStart", "freeze", "make_optimizer", "set_rate"]


def freeze(model: nn.Module, prefixes: Sequence[str]) -> None:
    """Parameters whose names begin so no longer learn.

    Raises:
        UsageError: a prefix fits no parameter, or nothing would be left to learn.
    """
    for prefix in prefixes:
        _refuse_unknown(model, prefix)
        for name, parameter in model.named_parameters():
            if name.startswith(prefix):
                parameter.requires_grad = False
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise UsageError("every parameter is frozen", "freeze fewer of them")


def make_optimizer(model: nn.Module, config: OptimizerConfig) -> Optimizer:
    """The optimizer of all parameters that learn, in groups with ``factor`` (of the rate) set.

    Weight decay is for matrices and kernels alone: shrinking biases, norms and PReLU slopes towards 0
    changes what a layer does, not how much it is used.

    Raises:
        UsageError: the prefix of a group fits no parameter.
    """
    factors = {group.prefix: group.factor for group in config.groups}
    for prefix in factors:
        _refuse_unknown(model, prefix)
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            longest = max((each for each in factors if name.startswith(each)), key=len, default="")
            key = (factors.get(longest, 1.0), parameter.ndim >= 2)
            groups.setdefault(key, []).append(parameter)
    each = [
        {
            "params": parameters,
            "factor": factor,
            "lr": config.rate * factor,
            "weight_decay": config.weight_decay if decays else 0.0,
        }
        for (factor, decays), parameters in groups.items()
    ]
    if config.name == "adamw":
        return torch.optim.AdamW(each, betas=config.betas)
    return torch.optim.SGD(each, momentum=config.momentum, nesterov=config.momentum > 0)


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Give every group this rate times its own factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["factor"]


class PullToStart:
    """L2-SP: weights decay towards where fine-tuning began instead of towards 0.

    Li, Grandvalet and Davoine, "Explicit Inductive Bias for Transfer Learning with Convolutional
    Networks", ICML 2018; here decoupled from the gradient, as AdamW decouples weight decay.

    Args:
        optimizer: made by :func:`make_optimizer`, with the weights at the start.
        strength: of the pull; a step moves a weight by rate · strength · (start - weight).

    Attributes:
        start: the first weights of each parameter, in the optimizer's order.
    """

    def __init__(self, optimizer: Optimizer, strength: float) -> None:
        self._optimizer, self._strength = optimizer, strength
        now = [each for group in optimizer.param_groups for each in group["params"]]
        self.start: list[Tensor] = [each.detach().clone() for each in now]

    def restore(self, start: Mapping[str, Tensor]) -> None:
        """First weights from a checkpoint, by number. Raises KeyError or RuntimeError if they do not fit."""
        for number, each in enumerate(self.start):
            each.copy_(start[str(number)])

    @torch.no_grad()
    def apply(self) -> None:
        """To be called after each step of the optimizer."""
        at = 0
        for group in self._optimizer.param_groups:
            weights: list[Any] = group["params"]
            start = self.start[at : at + len(weights)]
            torch._foreach_lerp_(weights, start, group["lr"] * self._strength)
            at += len(weights)


def _refuse_unknown(model: nn.Module, prefix: str) -> None:
    names = [name for name, _ in model.named_parameters()]
    if not any(name.startswith(prefix) for name in names):
        known = ", ".join(dict.fromkeys(name.partition(".")[0] for name in names))
        raise UsageError(f"no parameter's name begins with {prefix!r}", f"they begin with {known}")
