"""The answers as OpenAPI describes them. They are made by the ``to_dict()`` of the domain, not here.

A document may gain members; those named here stay.
"""

from typing import Literal

from pydantic import BaseModel

__all__ = [
    "DetectedDocument",
    "EmbeddedDocument",
    "ErrorDocument",
    "IdentificationDocument",
    "ModelListDocument",
    "PointListDocument",
    "Quality",
    "StateDocument",
    "VerificationDocument",
]

Decision = Literal["match", "non_match", "review"]


class _Error(BaseModel):
    code: str
    message: str
    hint: str


class ErrorDocument(BaseModel):
    """Every error."""

    error: _Error
    request_id: str


class _Box(BaseModel):
    left: float
    top: float
    width: float
    height: float


class Quality(BaseModel):
    """Of one face; the limits are in docs/quality.md. What was not measured is null."""

    eye_distance: float | None
    sharpness: float | None
    exposure: float | None
    pose: float | None
    score: float | None
    reasons: list[str]


class _Face(BaseModel):
    box: _Box
    landmarks: list[list[float]]
    score: float
    quality: Quality


class _Size(BaseModel):
    width: int
    height: int


class _UsedFace(_Face):
    image: _Size
    faces_found: int
    selection: str
    used_because: str


class _Rate(BaseModel):
    value: float
    errors: int
    trials: int
    low: float
    high: float
    confidence: float


class _Point(BaseModel):
    threshold: float
    fingerprint: str
    target_fmr: float | None
    fmr: _Rate | None
    fnmr: _Rate | None
    dataset: str
    protocol: str
    detector: str
    measured_on: str
    people: int | None
    pictures: int | None


class _Faces(BaseModel):
    probe: _UsedFace
    reference: _UsedFace


class VerificationDocument(BaseModel):
    """The same person? As ``facenet-app verify --json``."""

    decision: Decision
    distance: float
    threshold: float
    operating_point: _Point
    review_point: _Point | None
    model: str
    faces: _Faces
    warnings: list[str]


class _Candidate(BaseModel):
    identity_id: str
    name: str
    sample_id: str
    distance: float


class _Found(BaseModel):
    decision: Decision
    name: str | None
    distance: float | None
    face: _Face
    candidates: list[_Candidate]


class IdentificationDocument(BaseModel):
    """Who is it? As ``facenet-app identify --json``."""

    decision: Decision
    distance: float | None
    threshold: float
    operating_point: _Point
    review_point: _Point | None
    model: str
    gallery_size: int
    comparisons: int
    template: str
    target_fpir: float | None
    required_fmr: float | None
    fpir_bound: float | None
    faces: list[_Found]
    warnings: list[str]


class DetectedDocument(BaseModel):
    """The faces of a picture, from left to right."""

    image: _Size
    detector: str
    faces: list[_Face]


class _EmbeddedFace(_Face):
    embedding: list[float]


class EmbeddedDocument(BaseModel):
    """Faces with unit vectors. Only those of one fingerprint can be compared."""

    image: _Size
    model: str
    fingerprint: str
    faces_found: int
    selection: str
    used_because: str
    faces: list[_EmbeddedFace]


class _Model(BaseModel):
    id: str
    title: str
    dimension: int
    license: str
    in_use: bool
    fingerprint: str | None


class ModelListDocument(BaseModel):
    """The models this server knows, and which one it uses."""

    models: list[_Model]


class PointListDocument(BaseModel):
    """The operating points measured for the model in use, the strictest first."""

    model: str
    fingerprint: str
    operating_points: list[_Point]


class StateDocument(BaseModel):
    """``ok``, or ``stopping``."""

    status: str
