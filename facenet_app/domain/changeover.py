"""What another model would change for those who are enrolled."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Changeover", "ModelOutcomes", "PersonChange"]


@dataclass(frozen=True, slots=True)
class ModelOutcomes:
    """What came of presenting every sample to a gallery of all the others, with one model.

    A sample is ``recognized`` if the nearest person is its own and within the threshold, ``confused`` if
    it is somebody else within the threshold, else ``missed``; it is ``unknown`` if its person has no other
    sample and nobody else is within the threshold, which is right.
    """

    model: str
    threshold: float
    target_fmr: float | None
    recognized: int
    missed: int
    confused: int
    unknown: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "threshold": self.threshold,
            "target_fmr": self.target_fmr,
            "recognized": self.recognized,
            "missed": self.missed,
            "confused": self.confused,
            "unknown": self.unknown,
        }


@dataclass(frozen=True, slots=True)
class PersonChange:
    """A person for whom decisions change: ids of the samples, by what becomes of them.

    ``confused_with`` names those whom the newly confused samples are taken for.
    """

    name: str
    newly_recognized: tuple[str, ...] = ()
    newly_missed: tuple[str, ...] = ()
    newly_confused: tuple[str, ...] = ()
    no_longer_confused: tuple[str, ...] = ()
    confused_with: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "newly_recognized": list(self.newly_recognized),
            "newly_missed": list(self.newly_missed),
            "newly_confused": list(self.newly_confused),
            "no_longer_confused": list(self.no_longer_confused),
            "confused_with": list(self.confused_with),
        }


@dataclass(frozen=True, slots=True)
class Changeover:
    """How decisions would change with another model, each at its own measured threshold."""

    samples: int
    before: ModelOutcomes
    after: ModelOutcomes
    people: tuple[PersonChange, ...]
    """Those for whom something changes, by name."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "samples": self.samples,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "people": [person.to_dict() for person in self.people],
        }
