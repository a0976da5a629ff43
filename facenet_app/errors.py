"""Every error the product raises on purpose, in one tree.

::

    FacenetAppError                 code              exit
    ├── UsageError                  usage             2
    │   ├── InvalidName             invalid_name      2
    │   └── InvalidThreshold        invalid_threshold 2
    ├── FaceError                                     3
    │   ├── NoFaceFound             no_face           3
    │   └── PoorQuality             poor_quality      3
    ├── ImageError                                    4
    │   ├── ImageNotFound           image_not_found   4
    │   ├── EmptyImage              empty_image       4
    │   ├── NotAnImage              not_an_image      4
    │   ├── UnsupportedImage        unsupported_image 4
    │   ├── TruncatedImage          truncated_image   4
    │   └── ImageTooLarge           image_too_large   4
    ├── PackDamaged                 pack_damaged      4
    ├── RequestError                invalid_request   2
    │   ├── Unauthorized            unauthorized      2
    │   ├── Forbidden               forbidden         2
    │   ├── TooManyRequests         too_many_requests 2
    │   ├── RequestTooLarge         request_too_large 2
    │   └── UnsupportedMedia        unsupported_media 2
    ├── ServerError                 internal          5
    │   ├── Overloaded              overloaded        5
    │   ├── TimedOut                timed_out         5
    │   └── AccessFileDamaged       access_file       5
    ├── ArchiveRefused              archive_refused   4
    ├── GalleryError                gallery           5
    │   ├── IdentityNotFound        unknown_identity  5
    │   ├── IdentityExists          identity_exists   5
    │   ├── DuplicateSample         duplicate_sample  5
    │   ├── BelongsToOther          belongs_to_other  5
    │   ├── UnlikeOwnSamples        unlike_own_samples 5
    │   ├── ConsentExpired          consent_expired   5
    │   ├── WrongKey                wrong_key         5
    │   ├── ReadOnlyGallery         read_only         5
    │   └── ModelMismatch           model_mismatch    5
    └── ModelError                  model             5
        ├── UnknownModel            unknown_model     5
        ├── WeightsMissing          weights_missing   5
        ├── WeightsDamaged          weights_damaged   5
        ├── DownloadFailed          download_failed   5
        ├── DeviceUnavailable       no_device         5
        ├── NoOperatingPoint        no_operating_point 5
        └── TrainingFailed          training_failed   5

``code`` is stable and meant for programs; the message is one sentence for people that says what is
wrong, and ``hint`` what to do next. Errors of other libraries are turned into these where they
enter, with the original as ``__cause__``. Messages never hold an embedding or the name of a person
who was not named by the caller.
"""

from typing import ClassVar

__all__ = [
    "AccessFileDamaged",
    "ArchiveRefused",
    "BelongsToOther",
    "ConsentExpired",
    "DeviceUnavailable",
    "DownloadFailed",
    "DuplicateSample",
    "EmptyImage",
    "FaceError",
    "FacenetAppError",
    "Forbidden",
    "GalleryError",
    "IdentityExists",
    "IdentityNotFound",
    "ImageError",
    "ImageNotFound",
    "ImageTooLarge",
    "InvalidName",
    "InvalidThreshold",
    "ModelError",
    "ModelMismatch",
    "NoFaceFound",
    "NoOperatingPoint",
    "NotAnImage",
    "Overloaded",
    "PackDamaged",
    "PoorQuality",
    "ReadOnlyGallery",
    "RequestError",
    "RequestTooLarge",
    "ServerError",
    "TimedOut",
    "TooManyRequests",
    "TrainingFailed",
    "TruncatedImage",
    "Unauthorized",
    "UnknownModel",
    "UnlikeOwnSamples",
    "UnsupportedImage",
    "UnsupportedMedia",
    "UsageError",
    "WeightsDamaged",
    "WeightsMissing",
    "WrongKey",
]


class FacenetAppError(Exception):
    """Base of all errors below.

    Args:
        message: what is wrong, without a full stop at the end.
        hint: what to do next, an imperative, without a full stop; may be empty.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 5

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}." if self.hint else f"{self.message}."

    def to_dict(self) -> dict[str, str]:
        """The error as the CLI's ``--json`` and the API show it: ``code``, ``message``, ``hint``."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class UsageError(FacenetAppError):
    """The caller asked for something that does not make sense."""

    code = "usage"
    exit_code = 2


class InvalidName(UsageError):
    """A person's name is empty, too long, or looks like a path."""

    code = "invalid_name"


class InvalidThreshold(UsageError):
    """A threshold outside 0 … 2, or a false match rate outside 0 … 1."""

    code = "invalid_threshold"


class FaceError(FacenetAppError):
    """The picture was read, but there is no face in it that can be used."""

    code = "face"
    exit_code = 3


class NoFaceFound(FaceError):
    """No face found: the whole picture is never embedded in its place."""

    code = "no_face"


class PoorQuality(FaceError):
    """The face is too poor to enroll.

    ``reasons`` holds the stable reason codes of :mod:`facenet_app.imaging.quality`.
    """

    code = "poor_quality"

    def __init__(self, message: str, hint: str = "", *, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.reasons = reasons


class ImageError(FacenetAppError):
    """The picture cannot be read, or is refused before it is."""

    code = "image"
    exit_code = 4


class ImageNotFound(ImageError):
    """No readable file at this path."""

    code = "image_not_found"


class EmptyImage(ImageError):
    """0 bytes, or an array without pixels."""

    code = "empty_image"


class NotAnImage(ImageError):
    """The bytes are no picture that we know."""

    code = "not_an_image"


class UnsupportedImage(ImageError):
    """A picture, but of a format, pixel type or array shape that is not accepted."""

    code = "unsupported_image"


class TruncatedImage(ImageError):
    """The file starts as a picture and then ends early or is damaged."""

    code = "truncated_image"


class ImageTooLarge(ImageError):
    """More bytes or pixels than the limits allow; found before decoding."""

    code = "image_too_large"


class PackDamaged(FacenetAppError):
    """A prepared pack of training pictures is not as its index says."""

    code = "pack_damaged"
    exit_code = 4


class RequestError(FacenetAppError):
    """A request to the API that cannot be answered as it is. ``retry_after`` is in seconds."""

    code = "invalid_request"
    exit_code = 2

    def __init__(self, message: str, hint: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class Unauthorized(RequestError):
    """No key, or one that is unknown, revoked or expired."""

    code = "unauthorized"


class Forbidden(RequestError):
    """The key is good, but not for this; or the request comes from another web site."""

    code = "forbidden"


class TooManyRequests(RequestError):
    """More requests than this key or address may send; try again later."""

    code = "too_many_requests"


class RequestTooLarge(RequestError):
    """The body has more bytes than are accepted; it was not read to its end."""

    code = "request_too_large"


class UnsupportedMedia(RequestError):
    """The body is neither multipart/form-data nor JSON."""

    code = "unsupported_media"


class ServerError(FacenetAppError):
    """The server failed at a request that may be sound. ``retry_after`` is in seconds."""

    code = "internal"

    def __init__(self, message: str, hint: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class Overloaded(ServerError):
    """So many requests are waiting that this one was not taken; nothing was done."""

    code = "overloaded"


class TimedOut(ServerError):
    """The request took longer than allowed."""

    code = "timed_out"


class AccessFileDamaged(ServerError):
    """The file of keys and users cannot be read or written: nobody is let in."""

    code = "access_file"


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


class WrongKey(GalleryError):
    """The gallery is encrypted, and the key or passphrase is missing or another one."""

    code = "wrong_key"


class ReadOnlyGallery(GalleryError):
    """The setting ``read_only`` forbids every change."""

    code = "read_only"


class ModelMismatch(GalleryError):
    """Embeddings of different models were about to be compared: their distance means nothing."""

    code = "model_mismatch"


class ModelError(FacenetAppError):
    """A model cannot be found, verified or run."""

    code = "model"


class UnknownModel(ModelError):
    """No manifest with this id."""

    code = "unknown_model"


class WeightsMissing(ModelError):
    """The weights are not on this machine."""

    code = "weights_missing"


class WeightsDamaged(ModelError):
    """The weights do not have the size, digest or tensors that the manifest promises."""

    code = "weights_damaged"


class DownloadFailed(ModelError):
    """The weights could not be downloaded."""

    code = "download_failed"


class DeviceUnavailable(ModelError):
    """The device asked for is not on this machine."""

    code = "no_device"


class NoOperatingPoint(ModelError):
    """No threshold was measured for this model at the false match rate asked for."""

    code = "no_operating_point"


class TrainingFailed(ModelError):
    """A training run leads nowhere and was stopped: a collapse, or numbers that are none.

    ``rows`` are the images of the batch in which it was seen, if it is the fault of one.
    """

    code = "training_failed"

    def __init__(self, message: str, hint: str = "", *, rows: tuple[int, ...] = ()) -> None:
        super().__init__(message, hint)
        self.rows = rows
