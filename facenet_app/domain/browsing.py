"""What a list of people shows: a page of them, and their faces."""

from dataclasses import dataclass
from typing import Any

from facenet_app.domain.enrolled import Identity
from facenet_app.domain.faces import FaceCrop

__all__ = ["PeoplePage", "StoredFace"]


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """People by name, from number ``offset`` (the first is 0) of ``total`` who were looked for."""

    people: tuple[Identity, ...]
    offset: int
    total: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "identities": [person.to_dict() for person in self.people],
            "total": self.total,
            "offset": self.offset,
        }


@dataclass(frozen=True, slots=True, eq=False)
class StoredFace:
    """A sample to look at. ``crop`` is None where none is kept, or where it cannot be read."""

    sample_id: str
    name: str
    """Of the person."""
    crop: FaceCrop | None
