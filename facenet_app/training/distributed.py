"""Several processes that learn together: who is who, and embeddings gathered from all of them.

Each process embeds its share of the batch. The embeddings are gathered, so every process mines the
global batch and finds the same loss; the gradient of that loss at its own embeddings is what it needs to
go back through its copy of the network. DistributedDataParallel then averages over the processes
what has to be summed, so those gradients are multiplied by their number.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, distributed

__all__ = ["ALONE", "World", "joined"]


@dataclass(frozen=True, slots=True)
class World:
    """``rank`` of ``size`` processes; ``local`` is the rank on this machine."""

    rank: int = 0
    size: int = 1
    local: int = 0

    @property
    def leads(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def gathered(self, own: Tensor) -> Tensor:
        """(n, …) of each process as (n · size, …), in order of their ranks; without gradients."""
        if self.size == 1:
            return own
        parts = [torch.empty_like(own) for _ in range(self.size)]
        distributed.all_gather(parts, own.contiguous())
        return torch.cat(parts)

    def share(self, whole: Tensor) -> Tensor:
        """The rows of this process in what was gathered."""
        return whole.chunk(self.size)[self.rank]

    def agreed(self, value: float | None, device: torch.device) -> float | None:
        """What the leader says. Processes that decided for themselves could part ways over a rounding."""
        if self.size == 1:
            return value
        number = torch.tensor(float("nan") if value is None else value, dtype=torch.float64, device=device)
        distributed.broadcast(number, 0)
        return None if number.isnan() else float(number)

    def agreed_path(self, path: Path) -> Path:
        """The leader's. The name of a run has the time in it, and no two clocks are alike."""
        if self.size == 1:
            return path
        given = [str(path)]
        distributed.broadcast_object_list(given, src=0)
        return Path(given[0])

    def wait(self) -> None:
        """Until all processes are here."""
        if self.size > 1:
            distributed.barrier()


ALONE = World()


@contextmanager
def joined(*, cuda: bool) -> Iterator[World]:
    """The processes that torchrun started, connected by NCCL on CUDA, else by gloo; or this one alone."""
    if not distributed.is_torchelastic_launched():
        yield ALONE
        return
    local = distributed.get_node_local_rank()
    if cuda:
        torch.cuda.set_device(local)
        distributed.init_process_group("nccl", device_id=torch.device("cuda", local))
    else:
        distributed.init_process_group("gloo")
    try:
        yield World(distributed.get_rank(), distributed.get_world_size(), local)
    finally:
        distributed.destroy_process_group()
