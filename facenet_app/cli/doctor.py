"""``facenet-app doctor``: is everything there and in order, and what to do if not."""

import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from facenet_app.cli.gallery_check import unfit
from facenet_app.cli.models import checked_weights
from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.run import counted, emit
from facenet_app.errors import FacenetAppError, ModelMismatch

if TYPE_CHECKING:
    from facenet_app.settings import Settings

EXAMPLES = examples("doctor", "doctor --gallery staff.db --json")

PACKAGES = {
    "facenet-app": "facenet-app",
    "torch": "torch",
    "numpy": "numpy",
    "opencv": "opencv-python-headless",
    "openvino": "openvino",
    "gradio": "gradio",
}
"""What the report calls a library, and the package whose version that is."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    advice: str = ""


@takes("model", "gallery", "device")
def doctor(given: Given) -> int:
    """Check that everything is in order.

    Looks at the installation, the model, the gallery and the folders. Exit code 5 if any check fails.
    """
    checks = list(_checks(given))
    healthy = all(check.status != "fail" for check in checks)
    lines = [
        f"{check.status:4}  {check.name}: {check.detail}" + (f"; {check.advice}" if check.advice else "")
        for check in checks
    ]
    emit({"ok": healthy, "checks": [asdict(check) for check in checks]}, lines, as_json=given.json)
    return 0 if healthy else 5


def _checks(given: Given) -> Iterator[Check]:
    yield from _versions()
    try:
        settings = given.settings()
    except FacenetAppError as error:
        yield Check("settings", "fail", error.message, error.hint)
        return
    parts: dict[str, Callable[[Settings], Iterator[Check]]] = {
        "device": _device,
        "model": _model,
        "detector": _detector,
        "operating points": _operating_points,
        "gallery": _gallery,
        "keys": _keys,
    }
    for name, part in parts.items():
        try:
            yield from part(settings)
        except FacenetAppError as error:
            yield Check(name, "fail", error.message, error.hint)
    yield _writable("cache folder", settings.cache, "CACHE")
    if isinstance(settings.gallery, Path):
        yield _writable("gallery's folder", settings.gallery.absolute().parent, "GALLERY")


def _versions() -> Iterator[Check]:
    yield Check("python", "ok", platform.python_version())
    for name, package in PACKAGES.items():
        try:
            yield Check(name, "ok", version(package))
        except PackageNotFoundError:
            yield Check(name, "fail", f"{package} is not installed", "install facenet-app again")


def _device(settings: "Settings") -> Iterator[Check]:
    from facenet_app.embedding.device import choose_engine, has_nvidia_driver, resolved_device

    driver = "an" if has_nvidia_driver() else "no"
    why = f"device {settings.device}, engine {settings.engine}, {driver} NVIDIA driver found"
    yield Check("device", "ok", f"{choose_engine(settings)} on {resolved_device(settings)} ({why})")


def _model(settings: "Settings") -> Iterator[Check]:
    from facenet_app.weights.manifest import load_manifest

    manifest = load_manifest(settings.model, settings.models)
    digest = checked_weights(manifest, settings.cache)
    yield Check("model", "ok", f"{manifest.id} ({manifest.title}), weights intact (SHA-256 {digest[:16]}…)")


def _detector(settings: "Settings") -> Iterator[Check]:
    from facenet_app.bootstrap import open_detector
    from facenet_app.weights.manifest import load_manifest

    detector = open_detector(load_manifest(settings.model, settings.models), settings)
    yield Check("detector", "ok", f"{detector.name} can be opened")


def _operating_points(settings: "Settings") -> Iterator[Check]:
    from facenet_app.bootstrap import measured_points
    from facenet_app.embedding.embedder import embedding_fingerprint
    from facenet_app.weights.manifest import load_manifest

    manifest = load_manifest(settings.model, settings.models)
    points = measured_points(settings, embedding_fingerprint(manifest, settings))
    rates = ", ".join(f"{point.target_fmr:g}" for point in points if point.target_fmr is not None)
    in_use = settings.verification_fmr
    if settings.threshold is not None:
        yield Check("operating points", "ok", f"the threshold {settings.threshold:g} was set by hand")
    elif any(point.target_fmr == in_use for point in points):
        yield Check("operating points", "ok", f"measured at false match rates {rates}; {in_use:g} in use")
    else:
        detail = f"nothing was measured at a false match rate of {in_use:g}"
        advice = f"choose one of {rates} with --fmr, or " if rates else ""
        advice += "measure it on your own pictures with `facenet-app calibrate`"
        yield Check("operating points", "warn", detail, advice)


def _gallery(settings: "Settings") -> Iterator[Check]:
    if isinstance(settings.gallery, Path) and not settings.gallery.exists():
        yield Check("gallery", "ok", f"none at {settings.gallery} yet; enrolling somebody makes it")
        return
    from facenet_app.bootstrap import open_gallery

    with open_gallery(settings, any_model=True) as store:
        people = store.identities()
        samples = sum(person.samples for person in people)
        held = f"{counted(len(people), 'person', 'people')}, {counted(samples, 'sample', 'samples')}"
        yield Check("gallery", "ok", f"{settings.gallery}, {held}")
        for finding in store.check():
            yield Check("gallery", "warn", finding.message, finding.suggestion)
        for finding in unfit(store, settings):
            if finding.code == ModelMismatch.code:  # the model's own troubles are said above
                yield Check("gallery", "fail", finding.message.rstrip("."), finding.suggestion)


def _keys(settings: "Settings") -> Iterator[Check]:
    from datetime import UTC, datetime

    from facenet_app.access.access_file import AccessFile
    from facenet_app.access.exposure import is_exposed

    access = AccessFile(settings.access).load()
    active = sum(key.state(datetime.now(UTC)) == "active" for key in access.keys)
    held = f"{counted(active, 'active key', 'active keys')}, {counted(len(access.users), 'user', 'users')}"
    if is_exposed(settings) and not active and not access.users:
        yield Check(
            "keys", "fail", f"{held}, and others could reach the server", "see `facenet-app keys --help`"
        )
    else:
        yield Check("keys", "ok", held)


def _writable(name: str, folder: Path, variable: str) -> Check:
    nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK):
        return Check(name, "ok", f"{folder} can be written")
    return Check(
        name,
        "fail",
        f"{folder} cannot be written",
        f"set FACENET_APP_{variable} to a place that you can write to",
    )
