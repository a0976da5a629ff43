"""The answers about people, as OpenAPI describes them; see :mod:`facenet_app.api.documents`."""

from pydantic import BaseModel

from facenet_app.api.documents import Quality

__all__ = ["EnrollmentDocument", "IdentityDocument", "IdentityListDocument", "SampleListDocument"]


class IdentityDocument(BaseModel):
    """An enrolled person; the id never changes."""

    id: str
    name: str
    samples: int
    enrolled_at: str
    consent: str | None
    expires_at: str | None


class IdentityListDocument(BaseModel):
    """One page of the people, by name; ``total`` counts all of them."""

    identities: list[IdentityDocument]
    total: int
    offset: int


class _Sample(BaseModel):
    id: str
    identity_id: str
    quality: Quality
    content_sha256: str
    fingerprint: str
    enrolled_at: str


class SampleListDocument(BaseModel):
    """The samples of one person, oldest first."""

    identity: IdentityDocument
    samples: list[_Sample]


class _Refused(BaseModel):
    source: str
    code: str
    message: str
    reasons: list[str]


class EnrollmentDocument(BaseModel):
    """What was stored and what was refused, as ``facenet-app enroll --json``."""

    name: str
    identity: IdentityDocument | None
    samples: list[_Sample]
    known: int
    refused: list[_Refused]
    warnings: list[str]
