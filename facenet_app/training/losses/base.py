"""What all losses of a batch have in common: checks, precision, and the order of the labels."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from facenet_app.training.distance import Distance, exact_products, prepared
from facenet_app.training.losses.result import LossResult
from facenet_app.training.miners.groups import check_batch

__all__ = ["BatchLoss"]


class BatchLoss(nn.Module, ABC):
    """A loss of labeled embeddings: ``loss(embeddings, labels)`` gives a :class:`LossResult`.

    Embeddings are used as they come, normally unit vectors; only ``cosine`` ignores their lengths. Any
    floating type will do: float16 and bfloat16 are widened first, also under autocast.
    """

    def __init__(self, distance: Distance) -> None:
        super().__init__()
        self.distance = distance

    def forward(self, embeddings: Tensor, labels: Tensor) -> LossResult:
        """The loss of embeddings (N, D) of the people int64 (N,).

        Labels may lie on the CPU while the embeddings are on a GPU; then nothing waits for the GPU. A
        batch without a valid triplet gives 0, with a gradient of 0.

        Raises:
            ValueError: the shapes do not fit, or the embeddings are not floating.
        """
        check_batch(embeddings, labels)
        with exact_products(embeddings.device):
            return self._loss(prepared(embeddings, self.distance), labels)

    @abstractmethod
    def _loss(self, points: Tensor, labels: Tensor) -> LossResult:
        """The loss of prepared points (N, D), float32 or float64."""
