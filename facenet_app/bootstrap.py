"""From settings to a service: the only place that names concrete classes."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from facenet_app.comparison.decide import merged
from facenet_app.detection.base import DetectorSettings, FaceDetector, ScaledDetector
from facenet_app.domain import OperatingPoint, Selection
from facenet_app.embedding.embedder import embedding_fingerprint, open_embedder
from facenet_app.enrollment.examine import Examiner
from facenet_app.errors import GalleryError
from facenet_app.extraction import FaceExtractor
from facenet_app.imaging.align import crop_side
from facenet_app.imaging.decode import ImageLimits
from facenet_app.imaging.quality import QualityLimits
from facenet_app.service import FaceService
from facenet_app.settings import Settings, load_settings
from facenet_app.weights.manifest import Manifest, load_manifest
from facenet_app.weights.own_points import read_own_points, write_own_points

if TYPE_CHECKING:
    from facenet_app.gallery.keys import GalleryKeys
    from facenet_app.gallery.store import GalleryStore

__all__ = [
    "keep_points",
    "measured_points",
    "open_detector",
    "open_examiner",
    "open_extractor",
    "open_gallery",
    "open_service",
]

Service = TypeVar("Service", bound=FaceService)


def open_service(settings: Settings, kind: type[Service]) -> Service:
    """A service of class ``kind`` under these settings. The gallery is opened when first used.

    Raises:
        ModelError: the model is not known, or its weights or device cannot be had.
    """
    extractor = open_extractor(settings)
    points = measured_points(settings, extractor.fingerprint)
    return kind(extractor, points, partial(open_gallery, settings), settings)


def measured_points(settings: Settings, fingerprint: str) -> tuple[OperatingPoint, ...]:
    """The operating points of the settings' model: those measured on this machine lead, see
    :func:`facenet_app.comparison.decide.merged`.

    Raises:
        ModelError: the model is not known, or a file of points cannot be read.
    """
    manifest = load_manifest(settings.model, settings.models)
    own = read_own_points(settings.calibration, manifest.id)
    return merged(
        *(
            [point for point in source if point.fingerprint == fingerprint]
            for source in (own, manifest.operating_points)
        )
    )


def keep_points(settings: Settings, points: Sequence[OperatingPoint]) -> Path:
    """Keep points measured on this machine for the settings' model, before those that are there.

    Args:
        settings: name the model and the folder of such points.
        points: of one fingerprint; at least one.

    Returns:
        The file that they are in now.

    Raises:
        ModelError: the model is not known, or the folder cannot be written.
    """
    model = load_manifest(settings.model, settings.models).id
    own = read_own_points(settings.calibration, model)
    before = [point for point in own if point.fingerprint == points[0].fingerprint]
    return write_own_points(settings.calibration, model, merged(points, before))


def open_extractor(settings: Settings) -> FaceExtractor:
    """Detector and embedder under these settings. Raises as :func:`open_service`."""
    manifest = load_manifest(settings.model, settings.models)
    # The embedder first: missing weights are said at once, before a detector is loaded in vain.
    embedder = open_embedder(manifest, settings, crop_side(manifest.preprocessing.alignment))
    return FaceExtractor(
        model=manifest.id,
        detector=open_detector(manifest, settings),
        embedder=embedder,
        image_limits=ImageLimits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels),
        quality_limits=QualityLimits(settings.min_eye_distance, settings.min_sharpness, settings.min_quality),
    )


def open_examiner(settings: Mapping[str, object], selection: Selection) -> Examiner:
    """What examines pictures in a process that shares the cores with others.

    ``settings`` are those of :meth:`facenet_app.settings.Settings.of_extraction`. Raises as
    :func:`open_service`.
    """
    return Examiner(open_extractor(load_settings(**settings, threads=1)), selection)


def open_detector(manifest: Manifest, settings: Settings) -> FaceDetector:
    """The detector of the settings, or the one that the model names."""
    limits = DetectorSettings(settings.detector_score, settings.smallest_face, settings.detection_side)
    name = manifest.detector if settings.detector == "auto" else settings.detector
    if name == "mtcnn":
        from facenet_app.detection.mtcnn import MtcnnNetwork

        return ScaledDetector(MtcnnNetwork(), limits)
    from facenet_app.detection.yunet import YuNet

    return ScaledDetector(YuNet(settings.detector_score), limits)


def open_gallery(settings: Settings, *, any_model: bool = False) -> "GalleryStore":
    """The gallery of the settings, created if missing.

    ``any_model`` opens one that is there, although its embeddings are another model's, to re-embed
    or inspect it; then none is created.

    Raises:
        ModelMismatch: it holds embeddings of another model.
        WrongKey: it is encrypted, and the settings have not its key.
        GalleryError: it cannot be opened.
    """
    from facenet_app.gallery.store import GalleryStore

    keys = gallery_keys(settings)
    if any_model:
        # Some of what is done with any gallery needs no key, such as looking at its audit trail.
        return GalleryStore.open(
            settings.gallery, model=settings.model, fingerprint=None, use=settings.server_use
        ).with_keys(keys)
    manifest = load_manifest(settings.model, settings.models)
    fingerprint = embedding_fingerprint(manifest, settings)
    store = GalleryStore.open(
        settings.gallery, model=manifest.id, fingerprint=fingerprint, use=settings.server_use
    )
    try:
        return store.unlock(keys)
    except GalleryError:
        store.close()
        raise


def gallery_keys(settings: Settings) -> "GalleryKeys":
    """What the settings have to open an encrypted gallery."""
    from facenet_app.gallery.keys import GalleryKeys

    secret = settings.gallery_passphrase
    return GalleryKeys(settings.gallery_key_file, None if secret is None else secret.get_secret_value())
