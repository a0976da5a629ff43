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
    ├── VideoError                  video             4
    │   ├── NotAVideo               not_a_video       4
    │   ├── VideoDamaged            video_damaged     4
    │   └── VideoTooLarge           video_too_large   4
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
    │   ├── DecisionOutdated        decision_outdated 5
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

from facenet_app.errors.base import (
    FacenetAppError,
)
from facenet_app.errors.gallery import (
    ArchiveRefused,
    BelongsToOther,
    ConsentExpired,
    DecisionOutdated,
    DuplicateSample,
    GalleryError,
    IdentityExists,
    IdentityNotFound,
    ModelMismatch,
    ReadOnlyGallery,
    UnlikeOwnSamples,
    WrongKey,
)
from facenet_app.errors.models import (
    DeviceUnavailable,
    DownloadFailed,
    ModelError,
    NoOperatingPoint,
    TrainingFailed,
    UnknownModel,
    WeightsDamaged,
    WeightsMissing,
)
from facenet_app.errors.pictures import (
    EmptyImage,
    FaceError,
    ImageError,
    ImageNotFound,
    ImageTooLarge,
    NoFaceFound,
    NotAnImage,
    PackDamaged,
    PoorQuality,
    TruncatedImage,
    UnsupportedImage,
)
from facenet_app.errors.requests import (
    AccessFileDamaged,
    Forbidden,
    Overloaded,
    RequestError,
    RequestTooLarge,
    ServerError,
    TimedOut,
    TooManyRequests,
    Unauthorized,
    UnsupportedMedia,
)
from facenet_app.errors.usage import (
    InvalidName,
    InvalidThreshold,
    UsageError,
)
from facenet_app.errors.videos import (
    NotAVideo,
    VideoDamaged,
    VideoError,
    VideoTooLarge,
)

__all__ = [
    "AccessFileDamaged",
    "ArchiveRefused",
    "BelongsToOther",
    "ConsentExpired",
    "DecisionOutdated",
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
    "NotAVideo",
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
    "VideoDamaged",
    "VideoError",
    "VideoTooLarge",
    "WeightsDamaged",
    "WeightsMissing",
    "WrongKey",
]
