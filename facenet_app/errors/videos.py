"""Video files that cannot be read."""

from facenet_app.errors.base import FacenetAppError

__all__ = ["NotAVideo", "VideoDamaged", "VideoError", "VideoTooLarge"]


class VideoError(FacenetAppError):
    """The video cannot be read or written, or is refused before it is."""

    code = "video"
    exit_code = 4


class NotAVideo(VideoError):
    """No readable file, or not one of the formats that are accepted."""

    code = "not_a_video"


class VideoDamaged(VideoError):
    """The file starts as a video and then ends early or cannot be decoded."""

    code = "video_damaged"


class VideoTooLarge(VideoError):
    """More bytes, seconds or pixels than the limits allow."""

    code = "video_too_large"
