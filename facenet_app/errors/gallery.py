"""The gallery, and archives of it."""

from facenet_app.errors.base import FacenetAppError

__all__ = [
    "ArchiveRefused",
    "BelongsToOther",
    "ConsentExpired",
    "DecisionOutdated",
    "DuplicateSample",
    "GalleryError",
    "IdentityExists",
    "IdentityNotFound",
    "ModelMismatch",
    "ReadOnlyGallery",
    "UnlikeOwnSamples",
    "WrongKey",
]


class ArchiveRefused(FacenetAppError):
    """An archive, or a file of embeddings, that is damaged, hostile or of a newer format."""

    code = "archive_refused"
    exit_code = 4


class GalleryError(FacenetAppError):
    """The gallery cannot be opened, read or written as asked."""

    code = "gallery"


class IdentityNotFound(GalleryError):
    """Nobody of this name is enrolled."""

    code = "unknown_identity"


class IdentityExists(GalleryError):
    """The name is taken by somebody else in the gallery."""

    code = "identity_exists"


class DuplicateSample(GalleryError):
    """The very same picture of a face is enrolled already."""

    code = "duplicate_sample"


class BelongsToOther(GalleryError):
    """The face to enroll is that of somebody who is enrolled under another name."""

    code = "belongs_to_other"


class UnlikeOwnSamples(GalleryError):
    """The face to enroll does not look like the other pictures of the same person."""

    code = "unlike_own_samples"


class ConsentExpired(GalleryError):
    """Nothing more is stored of somebody whose consent has expired."""

    code = "consent_expired"


class DecisionOutdated(GalleryError):
    """While it was decided about faces, others enrolled somebody who is like them, time and again."""

    code = "decision_outdated"


class WrongKey(GalleryError):
    """The gallery is encrypted, and the key or passphrase is missing or another one."""

    code = "wrong_key"


class ReadOnlyGallery(GalleryError):
    """The setting ``read_only`` forbids every change."""

    code = "read_only"


class ModelMismatch(GalleryError):
    """Embeddings of different models were about to be compared: their distance means nothing."""

    code = "model_mismatch"
