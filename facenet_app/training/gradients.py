"""The gradient of a loss over a whole batch, however few images fit into memory at once.

Triplets are mined among all embeddings of a batch, so a batch cannot simply be cut into pieces whose
gradients are added. But the loss needs only the embeddings, and the network only the gradient at them.
So the pieces are embedded without a graph, the loss of all embeddings gives the gradient at each of
them, and each piece is embedded once more, now with a graph, to go back through it: the gradient of
the whole batch at the price of a second forward pass (Gao et al., "Scaling Deep Contrastive Learning
Batch Size under Memory Limited Setup", RepL4NLP 2021). Both passes see the same pixels, the same
dropout, and the same BatchNorm statistics, which in training mode are those of each piece.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Final, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

from facenet_app.training.distributed import ALONE, World
from facenet_app.training.losses import LossResult

__all__ = ["Embed", "Outcome", "batch_gradients", "spread_of"]

SAMPLE: Final = 256
"""Embeddings among which distances are looked at; enough to see a collapse."""


class Embed(Protocol):
    """Faces to raw vectors: ``(faces, piece)``; ``piece`` numbers the piece, for its random numbers."""

    def __call__(self, faces: Tensor, piece: int, /) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch gave: the loss, and the raw vectors' norms and the unit vectors of all processes."""

    loss: LossResult
    norms: Tensor
    embeddings: Tensor


def batch_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], LossResult],
    embed: Embed,
    batch: tuple[Tensor, Tensor],
    *,
    chunk: int = 0,
    world: World = ALONE,
) -> Outcome:
    """Add the gradient of the loss over the global batch to the model's parameters.

    Args:
        model: the network, or its DistributedDataParallel.
        loss: of unit vectors (N, D) and labels (N,).
        embed: runs the model; called as often as there are pieces, twice if there are several.
        batch: this process's faces (n, …) and the labels of the global batch, int64 (N,), on any device.
        chunk: faces in memory at once; 0 for all.
        world: the processes; each gives as many faces.
    """
    faces, labels = batch
    # Of like size: a last piece of one face would have no variance for BatchNorm.
    count = -(-len(faces) // chunk) if chunk else 1
    pieces = torch.tensor_split(faces, count)
    single = embed(pieces[0], 0) if len(pieces) == 1 else None
    if single is not None:
        raw = single.detach()
    else:
        with torch.no_grad(), _statistics_left_alone(model):
            raw = torch.cat([embed(piece, number) for number, piece in enumerate(pieces)])
    own, norms = _normalized(raw)
    everybody = world.gathered(own).requires_grad_()
    result = loss(everybody, labels)
    (gradient,) = torch.autograd.grad(result.value, everybody)
    # DistributedDataParallel divides by the number of processes.
    wanted = torch.tensor_split(world.share(gradient) * world.size, count)
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        with nullcontext() if last else _unsynchronized(model):
            again = single if single is not None else embed(piece, number)
            _normalized(again)[0].backward(wanted[number])  # type: ignore[no-untyped-call]  # PyTorch has no types here
    return Outcome(result, world.gathered(norms), everybody.detach())


def spread_of(embeddings: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the distances among some of the embeddings (N, D), N ≥ 2."""
    step = -(-len(embeddings) // SAMPLE)
    distances = functional.pdist(embeddings[::step].float())
    return distances.mean(), distances.std(correction=0)


def _normalized(raw: Tensor) -> tuple[Tensor, Tensor]:
    """Unit vectors and the norms before, in float32 at least: squares overflow half precision."""
    precise = raw if raw.dtype == torch.float64 else raw.float()
    return functional.normalize(precise), precise.detach().norm(dim=1)


def _unsynchronized(model: nn.Module) -> AbstractContextManager[None]:
    """Gradients are exchanged once a batch, with those of the last piece."""
    return model.no_sync() if isinstance(model, DistributedDataParallel) else nullcontext()


@contextmanager
def _statistics_left_alone(model: nn.Module) -> Iterator[None]:
    """BatchNorm normalizes as it would, but its running statistics do not see the batch."""
    tracking = [each for each in model.modules() if isinstance(each, _BatchNorm) and each.track_running_stats]
    learning = [each for each in tracking if each.training]
    for norm in learning:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in learning:
            norm.track_running_stats = True
