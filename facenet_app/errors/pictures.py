"""Pictures that cannot be read, and faces that cannot be used."""

from facenet_app.errors.base import FacenetAppError

__all__ = [
    "EmptyImage",
    "FaceError",
    "ImageError",
    "ImageNotFound",
    "ImageTooLarge",
    "NoFaceFound",
    "NotAnImage",
    "PackDamaged",
    "PoorQuality",
    "TruncatedImage",
    "UnsupportedImage",
]


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
