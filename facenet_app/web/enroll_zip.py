"""Enrolling many people from a ZIP file with a folder of pictures for each of them."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from markupsafe import Markup

from facenet_app.access.scope import Scope
from facenet_app.domain import Enrollment, RefusedImage
from facenet_app.enrollment.refusal import refusal
from facenet_app.errors import UsageError
from facenet_app.service import FaceService, Progress
from facenet_app.web import text
from facenet_app.web.answer import Answer, answering, message
from facenet_app.web.own_errors import WrongInput
from facenet_app.web.said import said_refusal
from facenet_app.web.unzip import UnzipLimits, unpack_pictures

__all__ = ["LONGEST_LIST", "enroll_zip"]

LONGEST_LIST = 100
"""Refused pictures shown."""

EMPTY = Markup("")
Named = Mapping[str, PurePosixPath]
"""What the unpacked pictures are called in the ZIP file, by their paths."""


@answering(Scope.ENROLL)
def enroll_zip(service: FaceService, upload: Path | None, tell: Progress | None = None) -> Answer:
    """Enroll everybody; ``done`` if at least one picture was stored.

    The unpacked pictures are in a temporary folder, and gone when this returns.
    """
    if upload is None:
        raise WrongInput(*text.ZIP_NEEDED)
    with tempfile.TemporaryDirectory(dir=upload.parent) as folder:
        unpacked = unpack_pictures(upload, Path(folder), UnzipLimits(service.settings.max_bytes))
        people: dict[str, list[Path]] = {}
        for name, path in unpacked:
            people.setdefault(name.parent.name.replace("_", " "), []).append(path)
        results = list(_enrolled(service, people, tell))
    named = {str(path): name for name, path in unpacked}
    return Answer(_shown(results, named), done=any(each.samples for each in results))


def _enrolled(
    service: FaceService, people: Mapping[str, list[Path]], tell: Progress | None
) -> Iterator[Enrollment]:
    done, total = 0, sum(map(len, people.values()))
    for name, pictures in people.items():
        try:
            yield service.enroll(name, pictures)
        except UsageError as error:  # of a name that cannot be one; the others go on
            yield Enrollment(None, name, (), tuple(refusal(picture, error) for picture in pictures))
        done += len(pictures)
        if tell is not None:
            tell(done, total)


def _shown(results: list[Enrollment], named: Named) -> Markup:
    stored = [each for each in results if each.samples]
    refused = [image for each in results for image in each.refused]
    known = sum(each.known for each in results)
    return Markup('<section class="fa-answer"><div role="status"><h2>{}</h2></div>{}{}</section>').format(
        text.pictures_of("stored_of", sum(len(each.samples) for each in stored), len(stored))
        if stored
        else text.NOTHING_STORED,
        message(text.known_before(count=known)) if known else EMPTY,
        _refused(refused, named) if refused else EMPTY,
    )


def _refused(refused: list[RefusedImage], named: Named) -> Markup:
    items = EMPTY.join(
        Markup("<li>{}</li>").format(_sentence(image, named)) for image in refused[:LONGEST_LIST]
    )
    more = len(refused) - LONGEST_LIST
    return Markup('<h3>{}</h3><ul class="fa-message fa-problem">{}</ul>{}').format(
        f"{text.REFUSED}: {text.number(len(refused))}",
        items,
        message(text.and_more(number=more), "plain") if more > 0 else EMPTY,
    )


def _sentence(image: RefusedImage, named: Named) -> Markup:
    """Which picture, as it is called in the ZIP file, and why."""
    return said_refusal(image, str(named.get(image.source, image.source)), named=True)
