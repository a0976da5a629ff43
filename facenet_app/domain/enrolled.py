"""People and samples of a gallery, and what comparing a face with them gave."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facenet_app.domain.decisions import Decision
from facenet_app.domain.faces import Embedding, ExtractedFace, FaceCrop, Quality
from facenet_app.domain.notice import Notice
from facenet_app.domain.searched import Searched

__all__ = [
    "Candidate",
    "CandidateList",
    "Enrollment",
    "Finding",
    "GateMode",
    "Identification",
    "Identity",
    "RefusedImage",
    "Sample",
    "SampleDraft",
    "Template",
]


class Template(StrEnum):
    """What stands for a person of several samples when a face is compared with them."""

    CENTROID = "centroid"
    """The normalized mean of their embeddings."""
    NEAREST = "nearest"
    """Whichever sample is nearest to the face."""


class GateMode(StrEnum):
    """How strict enrollment is about whose face it is; see :mod:`facenet_app.gate`."""

    OFF = "off"
    STANDARD = "standard"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An enrolled person, how far away they are, and which of their samples is nearest.

    ``distance`` is that of the person's :class:`Template`.
    """

    identity_id: str
    name: str
    sample_id: str
    distance: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "identity_id": self.identity_id,
            "name": self.name,
            "sample_id": self.sample_id,
            "distance": self.distance,
        }


@dataclass(frozen=True, slots=True, eq=False)
class CandidateList:
    """One face of a picture against the gallery: candidates by ascending distance.

    ``decision`` is MATCH if the first candidate is within the threshold (the face bears its
    name), REVIEW if it is but the picture is too poor to say, or if it is between the threshold and
    the larger one of a review point, else NON_MATCH ("unknown").
    """

    face: ExtractedFace
    decision: Decision
    candidates: tuple[Candidate, ...]

    @property
    def match(self) -> Candidate | None:
        """The candidate whose name the face gets, or None for "unknown"."""
        return self.candidates[0] if self.decision is Decision.MATCH else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "decision": self.decision.value,
            "name": self.match.name if self.match else None,
            "distance": self.candidates[0].distance if self.candidates else None,
            "face": self.face.to_dict(),
            "candidates": [candidate.to_dict() for candidate in self.candidates],
        }


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Identification(Searched):
    """Every face of one picture against the gallery (1:N)."""

    pixels: NDArray[np.uint8]
    faces: tuple[CandidateList, ...]
    template: Template = Template.CENTROID

    @property
    def decision(self) -> Decision:
        """MATCH if somebody was recognised, else REVIEW if any face asks for it, else NON_MATCH."""
        found = {face.decision for face in self.faces}
        for decision in (Decision.MATCH, Decision.REVIEW):
            if decision in found:
                return decision
        return Decision.NON_MATCH

    def to_dict(self) -> dict[str, Any]:
        return {
            "decision": self.decision.value,
            "distance": min((f.candidates[0].distance for f in self.faces if f.candidates), default=None),
            **self.rule_to_dict(),
            "template": self.template.value,
            "required_fmr": self.risk.required_fmr if self.risk else None,
            "fpir_bound": self.risk.fpir_bound if self.risk else None,
            "faces": [face.to_dict() for face in self.faces],
            "warnings": [str(each) for each in self.warnings],
        }


@dataclass(frozen=True, slots=True)
class Identity:
    """An enrolled person. ``id`` never changes; ``name`` may."""

    id: str
    name: str
    samples: int
    enrolled_at: datetime
    consent: str | None = None
    """A note of what the person agreed to."""
    expires_at: datetime | None = None
    """From then on the person is never found; None: never."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "samples": self.samples,
            "enrolled_at": self.enrolled_at.isoformat(),
            "consent": self.consent,
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One face image of an identity. ``crop`` may be None where crops are not kept."""

    id: str
    identity_id: str
    embedding: Embedding
    crop: FaceCrop | None
    quality: Quality
    content_sha256: str
    enrolled_at: datetime

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "identity_id": self.identity_id,
            "quality": self.quality.to_dict(),
            "content_sha256": self.content_sha256,
            "fingerprint": self.embedding.fingerprint,
            "enrolled_at": self.enrolled_at.isoformat(),
        }


@dataclass(frozen=True, slots=True, eq=False)
class SampleDraft:
    """A sample before the gallery has given it an id."""

    embedding: Embedding
    crop: FaceCrop | None
    quality: Quality
    content_sha256: str
    file_sha256: str | None = None
    """Of the bytes of the picture file, by which it is known again without decoding it; None: not kept."""


@dataclass(frozen=True, slots=True)
class RefusedImage:
    """A picture that was not enrolled (a failure to enroll, FTE), and why."""

    source: str
    code: str
    message: str
    reasons: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "code": self.code,
            "message": self.message,
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Enrollment:
    """What ``enroll()`` did for one person: samples stored, pictures refused."""

    identity: Identity | None
    """None if every picture was refused and the person was not known before."""
    name: str
    samples: tuple[Sample, ...]
    refused: tuple[RefusedImage, ...]
    warnings: tuple[Notice, ...] = field(default=())
    known: int = 0
    """Pictures that were enrolled for this person before, and are not stored twice."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "identity": self.identity.to_dict() if self.identity else None,
            "samples": [sample.to_dict() for sample in self.samples],
            "known": self.known,
            "refused": [refused.to_dict() for refused in self.refused],
            "warnings": [str(each) for each in self.warnings],
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """Something ``gallery check`` found: a stable code, a sentence, and the command that helps.

    ``people`` are the names of those it is about, where it is about one or two.
    """

    code: str
    message: str
    suggestion: str = ""
    sample_ids: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.message,
            "suggestion": self.suggestion,
            "sample_ids": list(self.sample_ids),
            "people": list(self.people),
        }
