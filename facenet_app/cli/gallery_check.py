"""``facenet-app gallery check``: what is wrong with a gallery, and what somebody should look at."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.run import emit
from facenet_app.errors import GalleryError, ModelError, ModelMismatch

if TYPE_CHECKING:  # the command line's help does without all of these
    from facenet_app.domain import Finding
    from facenet_app.gallery.store import GalleryStore
    from facenet_app.settings import Settings

__all__ = ["CHECK_EXAMPLES", "check", "unfit"]

CHECK_EXAMPLES: Final = examples("gallery check", "gallery check --json")

_SHOWN: Final = 10
"""Lines of one code on a terminal."""


@takes("model", "gallery")
def check(given: Given) -> int:
    """Look for anything wrong in the gallery.

    Also whether it fits the model in use, and, as advice, who may be there twice, which samples may be
    somebody else's, and which are of little use. Exit code 5 if something is wrong; advice is not.
    """
    settings = given.settings()
    with given.store(any_model=True) as store:
        findings = [*store.check(), *unfit(store, settings)]
        advice = list(_advice(store, settings))
        held = store.model
    document = {
        "model": held,
        "findings": [finding.to_dict() for finding in findings],
        "advice": [finding.to_dict() for finding in advice],
    }
    lines = list(_lines(findings)) or [f"the gallery is in order (model {held})"]
    if advice:
        lines += ["to look at:", *(f"  {line}" for line in _lines(advice))]
    emit(document, lines, as_json=given.json)
    return 5 if findings else 0


def unfit(store: "GalleryStore", settings: "Settings") -> "Iterator[Finding]":
    """What keeps the model of the settings from working with this gallery: at most one finding."""
    from facenet_app.domain import Finding
    from facenet_app.embedding.embedder import embedding_fingerprint
    from facenet_app.weights.manifest import load_manifest

    try:
        manifest = load_manifest(settings.model, settings.models)
        store.refuse_other_model(manifest.id, embedding_fingerprint(manifest, settings))
    except (ModelError, ModelMismatch) as error:
        yield Finding(error.code, f"{error.message}.", error.hint)


def _advice(store: "GalleryStore", settings: "Settings") -> "Iterator[Finding]":
    """By the thresholds measured for the gallery's own model, whatever model the settings name."""
    from facenet_app.bootstrap import measured_points
    from facenet_app.comparison.decide import merged

    try:
        points = measured_points(settings.model_copy(update={"model": store.model}), store.fingerprint)
    except ModelError:
        points = ()
    try:
        yield from store.check_people(merged(store.operating_points(), points))
    except GalleryError:  # damage, which is among the findings
        return


def _sentence(finding: "Finding") -> str:
    """What it is and what to do, as errors say it."""
    said = finding.message.rstrip(".")
    return f"{said}; {finding.suggestion}." if finding.suggestion else f"{said}."


def _lines(findings: "Sequence[Finding]") -> Iterator[str]:
    """A line each, of hundreds of one kind the first few."""
    for code, same in groupby(findings, key=lambda each: each.code):
        each = list(same)
        yield from (f"{code}: {_sentence(one)}" for one in each[:_SHOWN])
        if len(each) > _SHOWN:
            yield f"{code}: {len(each) - _SHOWN:,} more; see all of them with --json"
