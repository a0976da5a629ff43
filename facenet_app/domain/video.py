"""Who is seen in a video, and when."""

from dataclasses import dataclass
from typing import Any

from facenet_app.domain.decisions import Decision
from facenet_app.domain.enrolled import Candidate
from facenet_app.domain.faces import DetectedFace, FaceCrop
from facenet_app.domain.searched import Searched

__all__ = ["Appearance", "Sighting", "VideoIdentification"]


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A face in one picture of a video; ``tick`` and ``time`` (seconds) are those of the picture."""

    tick: int
    time: float
    face: DetectedFace


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """One face from when it comes until it goes.

    Attributes:
        person: whose it is, at the least distance of all pictures; None: unknown.
        sightings: where it is in each picture, by time; at least one.
        crop: how it looks, aligned, in the picture where it was found best.
    """

    person: Candidate | None
    sightings: tuple[Sighting, ...]
    crop: FaceCrop

    @property
    def start(self) -> float:
        """Seconds; the first picture that shows the face."""
        return self.sightings[0].time

    @property
    def end(self) -> float:
        """Seconds; the last picture that shows it."""
        return self.sightings[-1].time

    def to_dict(self) -> dict[str, Any]:
        person = self.person
        return {
            "identity_id": person.identity_id if person else None,
            "name": person.name if person else None,
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "pictures": len(self.sightings),
            "distance": person.distance if person else None,
        }


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VideoIdentification(Searched):
    """Every face of a video against the gallery.

    Attributes:
        appearances: by their start.
        glimpses: unknown faces that too few pictures show to say anything.
        duration: seconds up to the last picture that was looked at.
        rate: pictures a second that were looked at, at most.
        pictures: how many that were.
    """

    appearances: tuple[Appearance, ...]
    glimpses: tuple[Appearance, ...]
    duration: float
    rate: float
    pictures: int

    @property
    def people(self) -> tuple[str, ...]:
        """The names of those recognized, in the order in which they appear."""
        return tuple(dict.fromkeys(each.person.name for each in self.appearances if each.person))

    @property
    def decision(self) -> Decision:
        """MATCH if somebody was recognized."""
        return Decision.MATCH if self.people else Decision.NON_MATCH

    def to_dict(self) -> dict[str, Any]:
        return {
            "decision": self.decision.value,
            "distance": min((each.person.distance for each in self.appearances if each.person), default=None),
            **self.rule_to_dict(),
            "duration": round(self.duration, 3),
            "rate": self.rate,
            "pictures": self.pictures,
            "appearances": [each.to_dict() for each in self.appearances],
            "glimpses": len(self.glimpses),
            "warnings": [str(each) for each in self.warnings],
        }
