"""Pictures that were not enrolled."""

from facenet_app.domain import RefusedImage, source_name
from facenet_app.errors import FacenetAppError, PoorQuality
from facenet_app.imaging.decode import ImageSource

__all__ = ["refusal"]


def refusal(source: ImageSource, error: FacenetAppError) -> RefusedImage:
    """A picture, or a folder, that was not enrolled, and why."""
    reasons = error.reasons if isinstance(error, PoorQuality) else ()
    return RefusedImage(source_name(source), error.code, str(error), reasons)
