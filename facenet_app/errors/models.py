"""Models: finding, verifying, running and training them."""

from facenet_app.errors.base import FacenetAppError

__all__ = [
    "DeviceUnavailable",
    "DownloadFailed",
    "ModelError",
    "NoOperatingPoint",
    "TrainingFailed",
    "UnknownModel",
    "WeightsDamaged",
    "WeightsMissing",
]


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
