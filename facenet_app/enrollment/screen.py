"""An index for faces that are looked for one by one, most of which are near nobody: they are new."""

from collections.abc import Sequence

import numpy as np

from facenet_app.domain import Candidate, Embedding, Template
from facenet_app.gallery.searchable import Searchable

__all__ = ["Screen"]


class Screen:
    """What an index says of people within ``reach``; whether there are any is asked for all faces at once.

    Args:
        index: of the gallery.
        faces: those that will be looked for, of the index's model.
        reach: a distance, 0 … 2.
        template: of the searches.
    """

    def __init__(
        self, index: Searchable, faces: Sequence[Embedding], reach: float, template: Template
    ) -> None:
        self._index = index
        self._template = template
        self.samples = index.samples
        vectors = [face.vector for face in faces if face.fingerprint == index.fingerprint]
        near = index.near(np.stack(vectors), reach, template) if vectors else ()
        self._alone = {vector.tobytes() for vector, found in zip(vectors, near, strict=True) if not found}

    def search_each(
        self, embeddings: Sequence[Embedding], k: int, template: Template
    ) -> list[list[Candidate]]:
        """As that of the index; nobody for a face that has nobody within reach."""
        alone = self._alone if template is self._template else frozenset[bytes]()
        looked_for = [each for each in embeddings if each.vector.tobytes() not in alone]
        found = iter(self._index.search_each(looked_for, k, template))
        return [[] if each.vector.tobytes() in alone else next(found) for each in embeddings]
