"""Results of the service as HTML. Every name and message is escaped by Markup.format()."""

import json
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from facenet_app.domain import (
    CandidateList,
    Decision,
    DetectedFace,
    Enrollment,
    Extraction,
    Identification,
    Notice,
    Sample,
    Verification,
)
from facenet_app.web import text
from facenet_app.web.answer import message
from facenet_app.web.candidates import References, candidate_row
from facenet_app.web.evidence import (
    AMBER,
    BLUE,
    GRAY,
    GREEN,
    crop_image,
    distance_scale,
    photo_image,
)
from facenet_app.web.meaning import meaning_of_pair, meaning_of_search
from facenet_app.web.said import said_notice, said_refusal

__all__ = ["enrollment", "identification", "verification"]

STYLES = {Decision.MATCH: "match", Decision.NON_MATCH: "non-match", Decision.REVIEW: "review"}
SIGNS = {Decision.MATCH: "✓", Decision.NON_MATCH: "≠", Decision.REVIEW: "?"}
FACE_COLORS = {Decision.MATCH: GREEN, Decision.NON_MATCH: GRAY, Decision.REVIEW: AMBER}

ITEM = Markup("<li>{}</li>")
EMPTY = Markup("")


def verification(
    result: Verification, others: tuple[Sequence[DetectedFace], Sequence[DetectedFace]]
) -> Markup:
    """A comparison: the decision in words, the numbers behind it, and both faces.

    ``others`` are the faces of probe and reference that were found but not used.
    """
    review = result.review_point
    return Markup(
        '<section class="fa-answer fa-{style}"><div role="status"><h2><span class="fa-sign" '
        'aria-hidden="true">{sign}</span>{words}</h2></div><p class="fa-numbers">{numbers}</p>{scale}'
        '<p class="fa-means">{means}</p>'
        '{warnings}<div class="fa-pair">{probe}{reference}</div>'
        '<figure class="fa-crops">{crops}<figcaption>{compared}</figcaption></figure>{details}</section>'
    ).format(
        style=STYLES[result.decision],
        sign=SIGNS[result.decision],
        words=text.DECISIONS[result.decision],
        numbers=text.headline(result.decision, result.distance, result.threshold, usable=result.usable),
        scale=distance_scale(result.distance, result.threshold, review.threshold if review else None),
        means=meaning_of_pair(result.operating_point, review),
        warnings=_warnings(result.warnings),
        probe=_used_face(result.probe, others[0], text.PROBE_SIDE),
        reference=_used_face(result.reference, others[1], text.REFERENCE_SIDE),
        crops=crop_image(result.probe.face.crop, text.PROBE_ALIGNED)
        + crop_image(result.reference.face.crop, text.REFERENCE_ALIGNED),
        compared=text.AS_COMPARED,
        details=_details(result.to_dict()),
    )


def _used_face(extraction: Extraction, others: Sequence[DetectedFace], which: str) -> Markup:
    used = extraction.face.face
    from_left = sorted([*others, used], key=lambda face: face.box.left)
    labels = [
        (face, str(number) if others else "", BLUE if face is used else GRAY)
        for number, face in enumerate(from_left, 1)
    ]
    image = photo_image(extraction.pixels, labels, text.used_face(side=which))
    return Markup('<figure class="fa-panel">{}<figcaption>{}</figcaption></figure>').format(image, which)


def _warnings(warnings: Sequence[Notice], uploads: Sequence[Path] = ()) -> Markup:
    items = EMPTY.join(ITEM.format(said_notice(warning, uploads)) for warning in warnings)
    return Markup('<ul class="fa-message fa-warning">{}</ul>').format(items) if items else EMPTY


def _details(document: object) -> Markup:
    data = json.dumps(document, indent=2, ensure_ascii=False)
    return Markup(
        '<details class="fa-details"><summary>{}</summary><pre tabindex="0">{}</pre></details>'
    ).format(text.DETAILS, data)


def identification(result: Identification, known: References) -> Markup:
    """Every face of a photo with its name, boxed in the photo and listed in a table with its candidates."""
    names = [_name(face) for face in result.faces]
    labels = [
        (found.face.face, f"{number} {name}", FACE_COLORS[found.decision])
        for number, (found, name) in enumerate(zip(result.faces, names, strict=True), 1)
    ]
    recognized = sum(found.match is not None for found in result.faces)
    header = EMPTY.join(Markup('<th scope="col">{}</th>').format(column) for column in text.FACE_COLUMNS)
    rows = EMPTY.join(
        _face_row(number, found, name) + candidate_row(found, known)
        for number, (found, name) in enumerate(zip(result.faces, names, strict=True), 1)
    )
    return Markup(
        '<section class="fa-answer"><div role="status"><h2>{headline}</h2></div>{empty}'
        '<figure class="fa-panel">{photo}</figure><table class="fa-faces fa-found">'
        "<thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table>"
        '<p class="fa-means">{means}</p>{warnings}{details}</section>'
    ).format(
        headline=text.faces_found(count=len(result.faces), recognized=recognized),
        empty=EMPTY if result.gallery_size else message(text.EMPTY_GALLERY),
        photo=photo_image(result.pixels, labels, text.photo_with_faces(names=", ".join(names))),
        header=header,
        rows=rows,
        means=meaning_of_search(result.operating_point, result.risk),
        warnings=_warnings(result.warnings if result.gallery_size else ()),
        details=_details(result.to_dict()),
    )


def _name(found: CandidateList) -> str:
    if found.match is not None:
        return found.match.name
    if found.decision is Decision.REVIEW:
        return f"{found.candidates[0].name}?"
    return str(text.UNKNOWN)


def _face_row(number: int, found: CandidateList, name: str) -> Markup:
    distance = text.number(found.candidates[0].distance, ".3f") if found.candidates else "–"
    return Markup(
        '<tr><td>{} {}</td><td class="fa-name">{}</td><td>{}</td><td><span class="fa-badge fa-{}">{}</span>'
        "</td></tr>"
    ).format(
        number,
        crop_image(found.face.crop, text.face_aligned(number=number)),
        name,
        distance,
        STYLES[found.decision],
        text.FACE_DECISIONS[found.decision],
    )


def enrollment(result: Enrollment, uploads: Sequence[Path]) -> Markup:
    """What was stored, and what was refused and why."""
    refused = EMPTY.join(
        ITEM.format(said_refusal(each, Path(each.source).name, named=True)) for each in result.refused
    )
    return Markup(
        '<section class="fa-answer fa-{style}"><div role="status"><h2>{headline}</h2></div>{now}{crops}'
        "{warnings}{refused}</section>"
    ).format(
        style="match" if result.samples else "review",
        headline=text.stored(count=len(result.samples), name=result.name)
        if result.samples
        else text.NOTHING_STORED,
        now=Markup("<p>{}</p>").format(text.samples_now(count=result.identity.samples))
        if result.identity
        else EMPTY,
        crops=_crops(result.samples, result.name),
        warnings=_warnings(result.warnings, uploads),
        refused=Markup('<h3>{}</h3><ul class="fa-message fa-problem">{}</ul>').format(text.REFUSED, refused)
        if refused
        else EMPTY,
    )


def _crops(samples: Sequence[Sample], name: str) -> Markup:
    images = EMPTY.join(
        crop_image(sample.crop, text.picture_of(name=name, number=number))
        for number, sample in enumerate(samples, 1)
    )
    return Markup('<div class="fa-crops">{}</div>').format(images) if images else EMPTY
