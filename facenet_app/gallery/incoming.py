"""People on their way into a gallery: read, checked and complete, but not stored yet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain import OperatingPoint, Quality

__all__ = ["Incoming", "IncomingCrop", "IncomingPerson", "IncomingSample"]


@dataclass(frozen=True, slots=True)
class IncomingCrop:
    """Where a crop comes from: ``read`` gives the PNG that was checked, or raises ArchiveRefused."""

    alignment: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class IncomingSample:
    """A sample with the id and the time that it had; ``row`` is that of its embedding."""

    id: str
    row: int
    content_sha256: str
    enrolled_at: datetime
    quality: Quality
    crop: IncomingCrop | None
    file_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class IncomingPerson:
    """A person with the id, the name and the times that they had, and their samples, oldest first."""

    id: str
    name: str
    enrolled_at: datetime
    samples: tuple[IncomingSample, ...]
    consent: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Incoming:
    """Everybody. ``vectors`` is float32 (samples, dimension), finite, rows of length 1.

    ``source_sha256`` is the digest, in hex, of the file that they come from.
    """

    model: str
    fingerprint: str
    people: tuple[IncomingPerson, ...]
    vectors: NDArray[np.float32]
    points: tuple[OperatingPoint, ...] = ()
    source_sha256: str | None = None

    @property
    def samples(self) -> list[IncomingSample]:
        """Of all people, in the order of their rows."""
        return sorted((each for person in self.people for each in person.samples), key=lambda each: each.row)
