"""The values the whole product speaks in: frozen, made of NumPy arrays and plain Python.

Terms follow ISO/IEC 2382-37 and NIST FRTE. Geometry is in pixels of the decoded picture (EXIF
orientation applied): x grows to the right, y downwards, (0, 0) is the middle of the upper left
pixel. Results have ``to_dict()``; the page, ``--json`` and the API all show that document.
Embeddings and pixels never enter it.
"""

from facenet_app.domain.audit import AuditAction, AuditEntry, AuditTrail
from facenet_app.domain.browsing import PeoplePage, StoredFace
from facenet_app.domain.changeover import Changeover, ModelOutcomes, PersonChange
from facenet_app.domain.consent import Consent, expiry_time
from facenet_app.domain.decisions import Decision, OperatingPoint, Rate, SearchRisk, Verification
from facenet_app.domain.enrolled import (
    Candidate,
    CandidateList,
    Enrollment,
    Finding,
    GateMode,
    Identification,
    Identity,
    RefusedImage,
    Sample,
    SampleDraft,
    Template,
)
from facenet_app.domain.faces import (
    HALF_MARK,
    MIRROR_MARK,
    BoundingBox,
    DetectedFace,
    Embedding,
    ExtractedFace,
    Extraction,
    FaceCrop,
    FaceNumber,
    Landmarks,
    Quality,
    Selection,
    source_name,
)
from facenet_app.domain.notice import Notice, NoticeCode
from facenet_app.domain.searched import Searched
from facenet_app.domain.server import Place, ServerUrl, ServerUse, place_of
from facenet_app.domain.video import Appearance, Sighting, VideoIdentification

__all__ = [
    "HALF_MARK",
    "MIRROR_MARK",
    "Appearance",
    "AuditAction",
    "AuditEntry",
    "AuditTrail",
    "BoundingBox",
    "Candidate",
    "CandidateList",
    "Changeover",
    "Consent",
    "Decision",
    "DetectedFace",
    "Embedding",
    "Enrollment",
    "ExtractedFace",
    "Extraction",
    "FaceCrop",
    "FaceNumber",
    "Finding",
    "GateMode",
    "Identification",
    "Identity",
    "Landmarks",
    "ModelOutcomes",
    "Notice",
    "NoticeCode",
    "OperatingPoint",
    "PeoplePage",
    "PersonChange",
    "Place",
    "Quality",
    "Rate",
    "RefusedImage",
    "Sample",
    "SampleDraft",
    "SearchRisk",
    "Searched",
    "Selection",
    "ServerUrl",
    "ServerUse",
    "Sighting",
    "StoredFace",
    "Template",
    "Verification",
    "VideoIdentification",
    "expiry_time",
    "place_of",
    "source_name",
]
