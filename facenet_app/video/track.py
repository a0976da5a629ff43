"""One face followed through a video."""

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import Appearance, Candidate, CandidateList, FaceCrop, Sighting
from facenet_app.video.agreement import Seen

__all__ = ["Track"]


class Track:
    """A face from its first picture on; grows with every picture that shows it."""

    def __init__(self, sighting: Sighting, found: CandidateList) -> None:
        self.sightings: list[Sighting] = []
        self.vector: NDArray[np.float32] | None = None
        """The newest embedding, float32 (D,), of a picture good enough to compare; None before the first."""
        self.person: str | None = None
        """The id on which enough pictures agreed; it stays."""
        self._seen = Seen()
        self._nearest: dict[str, Candidate] = {}
        self._crop: tuple[float, FaceCrop] | None = None
        self.add(sighting, found)

    def add(self, sighting: Sighting, found: CandidateList) -> None:
        """One more picture: where the face is, and whom it is like."""
        self.sightings.append(sighting)
        if found.face.quality.usable:
            self.vector = found.face.embedding.vector
        if self._crop is None or sighting.face.score > self._crop[0]:
            self._crop = sighting.face.score, found.face.crop
        match = found.match
        self._seen = self._seen.after(() if match is None else (match.identity_id,))
        if match is not None:
            before = self._nearest.get(match.identity_id)
            if before is None or match.distance < before.distance:
                self._nearest[match.identity_id] = match
        if self.person is None:
            # One match a picture: no two people can have the majority.
            self.person = next(iter(self._seen.agreed), None)

    def refuses(self, found: CandidateList) -> bool:
        """Whether the face is that of somebody else, although the place or the looks might fit."""
        match = found.match
        return self.person is not None and match is not None and match.identity_id != self.person

    @property
    def appearance(self) -> Appearance:
        """What became of it."""
        assert self._crop is not None
        person = None if self.person is None else self._nearest[self.person]
        return Appearance(person, tuple(self.sightings), self._crop[1])
