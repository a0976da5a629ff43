"""What an archive of a gallery is made of, and the checks that any line of one must pass.

An archive is a zip file whose members are stored, not compressed::

    manifest.json             format, version, model, counts; size and SHA-256 of the next four
    people.jsonl              one person a line, by id
    samples.jsonl             one sample a line, by person, the oldest first; size and SHA-256 of its crop
    embeddings.safetensors    one tensor, float32 (samples, dimension), a row for each line of samples
    points.jsonl              one operating point a line
    crops/<sample id>.png     RGB

Nothing in it can be run, nothing is a path to write to, and no member can be larger than the file.
The same gallery gives the same bytes.
"""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from facenet_app.domain import OperatingPoint, Quality
from facenet_app.errors import ArchiveRefused, InvalidName
from facenet_app.gallery.names import checked_name

__all__ = [
    "EMBEDDINGS",
    "FORMAT",
    "LISTED",
    "MANIFEST",
    "PEOPLE",
    "POINTS",
    "SAMPLES",
    "TENSOR",
    "VERSION",
    "CropEntry",
    "Manifest",
    "MemberEntry",
    "PersonLine",
    "PointLine",
    "QualityLine",
    "SampleLine",
    "crop_member",
    "refused",
]

FORMAT: Final = "facenet-app gallery archive"
VERSION: Final = 1

MANIFEST: Final = "manifest.json"
PEOPLE: Final = "people.jsonl"
SAMPLES: Final = "samples.jsonl"
EMBEDDINGS: Final = "embeddings.safetensors"
POINTS: Final = "points.jsonl"
LISTED: Final = (PEOPLE, SAMPLES, EMBEDDINGS, POINTS)
"""The members that the manifest vouches for; the crops are vouched for by their samples."""

TENSOR: Final = "embeddings"

MOST_DIMENSIONS: Final = 8192
LONGEST_TEXT: Final = 2_000
"""Characters of a text that has no closer limit."""

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
Count = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class MemberEntry(_Strict):
    """Size and digest of a member."""

    bytes: Count
    sha256: Digest


class Manifest(_Strict):
    """``manifest.json``."""

    format: Literal["facenet-app gallery archive"] = FORMAT
    version: Literal[1] = VERSION
    model: Text
    fingerprint: Text
    dimension: Annotated[int, Field(ge=0, le=MOST_DIMENSIONS)]
    people: Count
    samples: Count
    crops: Count
    points: Count
    members: dict[str, MemberEntry]


class PersonLine(_Strict):
    """A line of ``people.jsonl``."""

    id: Id
    name: str
    enrolled_at: AwareDatetime
    consent: Text | None = None
    expires_at: AwareDatetime | None = None

    @field_validator("name")
    @classmethod
    def _storable(cls, name: str) -> str:
        try:
            stored = checked_name(name)
        except InvalidName as error:
            raise ValueError(error.message) from error
        if stored != name:
            raise ValueError("a name that would be stored in another form")
        return name


class QualityLine(_Strict):
    """A sample's quality; see :class:`facenet_app.domain.Quality`."""

    eye_distance: float | None
    sharpness: float | None
    exposure: float | None
    pose: float | None
    score: float | None
    reasons: Annotated[list[Text], Field(max_length=50)]

    @classmethod
    def of(cls, quality: Quality) -> Self:
        values = {name: getattr(quality, name) for name in cls.model_fields}
        return cls(**{**values, "reasons": list(quality.reasons)})

    def to_domain(self) -> Quality:
        return Quality(
            eye_distance=self.eye_distance,
            sharpness=self.sharpness,
            reasons=tuple(self.reasons),
            exposure=self.exposure,
            pose=self.pose,
            score=self.score,
        )


class CropEntry(MemberEntry):
    """A sample's crop: its PNG, and the alignment that made it."""

    alignment: Text


class SampleLine(_Strict):
    """A line of ``samples.jsonl``."""

    id: Id
    identity_id: Id
    content_sha256: Digest
    file_sha256: Digest | None
    enrolled_at: AwareDatetime
    quality: QualityLine
    crop: CropEntry | None


class PointLine(_Strict):
    """A line of ``points.jsonl``: an operating point as :meth:`OperatingPoint.to_dict` gives it."""

    fingerprint: Text
    target_fmr: Annotated[float, Field(gt=0, lt=1)]
    measured: dict[str, Any]

    @field_validator("measured")
    @classmethod
    def _readable(cls, measured: dict[str, Any]) -> dict[str, Any]:
        try:
            point = OperatingPoint.from_dict(measured)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("no operating point") from error
        if not 0 <= point.threshold <= 2 or point.to_dict() != measured:
            raise ValueError("no operating point that this program would write")
        return measured


def crop_member(sample_id: str) -> str:
    """The name of the member with a sample's crop."""
    return f"crops/{sample_id}.png"


def refused(why: str, error: Exception | None = None) -> ArchiveRefused:
    """What to raise about an archive that is not as it has to be. The content is never quoted."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        why = f"{why} ({f'{where}: ' if where else ''}{first['msg'].lower()})"
    refusal = ArchiveRefused(
        f"the archive was refused, because {why}", "nothing was changed; ask for another copy of the file"
    )
    refusal.__cause__ = error
    return refusal
