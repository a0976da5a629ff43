"""What a search of the gallery offers, wherever it is done."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import Candidate, Embedding, Template

__all__ = ["Searchable"]


class Searchable(Protocol):
    """Everybody enrolled at one revision, ready to be compared with a face."""

    @property
    def fingerprint(self) -> str:
        """Of the model that made the embeddings."""
        ...

    @property
    def people(self) -> int:
        """How many people have a sample."""
        ...

    @property
    def samples(self) -> int:
        """How many samples they have."""
        ...

    def search(self, embedding: Embedding, k: int, template: Template = Template.CENTROID) -> list[Candidate]:
        """The ``k`` people nearest to ``embedding``, by ascending distance of their template.

        Raises:
            ModelMismatch: the embedding was made by another model than the gallery's.
        """
        ...

    def search_each(
        self, embeddings: Sequence[Embedding], k: int, template: Template = Template.CENTROID
    ) -> list[list[Candidate]]:
        """What :meth:`search` gives for each of several faces, as those of one picture."""
        ...

    def near(
        self, faces: NDArray[np.float32], reach: float, template: Template = Template.CENTROID
    ) -> NDArray[np.bool_]:
        """Which of many faces, float32 (N, dimension), unit vectors of this model, to search for:
        those that may be within ``reach`` of somebody, and perhaps others.
        """
        ...
