"""Deciding about pictures of one person and storing them, as if nobody else did the same meanwhile."""

from collections.abc import Sequence

from facenet_app.domain import Enrollment
from facenet_app.enrollment.admit import Admission, Rules, admit
from facenet_app.enrollment.examine import Outcome
from facenet_app.errors import ConsentExpired, DecisionOutdated, DuplicateSample
from facenet_app.gallery.store import GalleryStore

__all__ = ["settle"]

ATTEMPTS = 10
"""How often to decide anew when others were faster with a picture, or with a face like it."""


def settle(
    gallery: GalleryStore, name: str, outcomes: Sequence[Outcome], rules: Rules
) -> tuple[Admission, Enrollment]:
    """What was decided about pictures of the person called ``name``, a checked name, and what came of it.

    Raises:
        NoOperatingPoint: the gate is strict, and nothing was measured for the model.
        GalleryError: the gallery cannot be read or written, or others were faster time and again.
    """
    for attempt in range(ATTEMPTS):
        admission = admit(gallery, name, outcomes, rules)
        if not admission.drafts:
            break
        try:
            stored = gallery.add(name, admission.drafts, rules.consent, admission.basis)
            return admission, admission.stored(*stored)
        except ConsentExpired as error:
            admission = admission.refusing(error)
            break
        except (DuplicateSample, DecisionOutdated):
            if attempt == ATTEMPTS - 1:
                raise
    return admission, admission.stored(gallery.find(name), ())
