"""The exponential moving average of a model's weights: steadier than the weights of any one step.

Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["Ema"]


class Ema:
    """Follows a model, statistics of BatchNorm included; whole numbers are copied.

    Args:
        model: whose present weights are the first average.
        decay: 0 … 1. Early on less is used, so that random first weights are soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._model, self._decay = model, decay
        self.updates = 0
        self.average: dict[str, Tensor] = {
            name: each.detach().clone() for name, each in model.state_dict().items()
        }

    @torch.no_grad()
    def update(self) -> None:
        """To be called after each step."""
        self.updates += 1
        decay = min(self._decay, (1 + self.updates) / (10 + self.updates))
        now = self._model.state_dict()
        floats = [name for name, each in self.average.items() if each.is_floating_point()]
        torch._foreach_lerp_(
            [self.average[name] for name in floats], [now[name] for name in floats], 1 - decay
        )
        for name in now.keys() - set(floats):
            self.average[name].copy_(now[name])

    def restore(self, average: Mapping[str, Tensor], updates: int) -> None:
        """Go on from an average of a checkpoint. Raises KeyError or RuntimeError if it is another model's."""
        for name, each in self.average.items():
            each.copy_(average[name])  # in place: the memory layout stays
        self.updates = updates

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The model has the average as its weights while this lasts."""
        kept = {name: each.detach().clone() for name, each in self._model.state_dict().items()}
        self._model.load_state_dict(self.average)
        try:
            yield
        finally:
            self._model.load_state_dict(kept)
