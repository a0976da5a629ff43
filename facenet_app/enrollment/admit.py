"""Which pictures of a person get in: not those enrolled already, and none that the gate refuses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from facenet_app.domain import (
    Consent,
    Enrollment,
    Identity,
    Notice,
    RefusedImage,
    Sample,
    SampleDraft,
    Selection,
)
from facenet_app.enrollment.examine import Examined, Known, Outcome
from facenet_app.enrollment.refusal import refusal
from facenet_app.errors import ConsentExpired, DuplicateSample, FacenetAppError, PoorQuality
from facenet_app.gallery.basis import UNGATED, WHOEVER, Basis
from facenet_app.gallery.changes import NO_NEWS
from facenet_app.gallery.names import name_key
from facenet_app.gate import Enrolled, Gate

__all__ = ["Admission", "Lookups", "Rules", "admit", "refuse_others"]


class Lookups(Enrolled, Protocol):
    """What admission asks of a gallery; see :class:`facenet_app.gallery.store.GalleryStore`."""

    def revision(self) -> int: ...
    def owners_of(self, digests: Sequence[str]) -> dict[str, str]: ...
    def refuse_expired(self, name: str, consent: Consent) -> None: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """How pictures become samples.

    Attributes:
        selection: which face of several is the person's.
        gate: what is refused.
        keep_crops: whether the aligned faces are stored, too.
        consent: what the person agreed to, if it is new.
    """

    selection: Selection
    gate: Gate
    keep_crops: bool = True
    consent: Consent = NO_NEWS

    def for_many(self, pictures: int) -> "Rules":
        """The same for a run of so many pictures, which may be stopped and started again: each is judged
        as in a gallery that holds them all.
        """
        return replace(self, gate=replace(self.gate, expected=pictures))


@dataclass(frozen=True, slots=True, eq=False)
class Admission:
    """What is to become of one person's pictures.

    Attributes:
        name: of the person, checked.
        admitted: to be stored.
        refused: not to be stored, and why, in order of the pictures.
        known: pictures that are enrolled for this person already.
        warnings: what should be known of those to be stored.
        alike: of pictures that look like somebody else's, the id of the sample that they are like.
        basis: what the gate's judgment rests on.
    """

    name: str
    admitted: tuple[Examined, ...]
    refused: tuple[RefusedImage, ...]
    known: tuple[str, ...]
    warnings: tuple[Notice, ...]
    alike: Mapping[str, str] = field(default_factory=dict)
    basis: Basis = WHOEVER

    @property
    def drafts(self) -> tuple[SampleDraft, ...]:
        """Those of the pictures to be stored."""
        return tuple(each.draft for each in self.admitted)

    def refusing(self, error: FacenetAppError) -> "Admission":
        """The same with nothing to be stored, for this reason."""
        refused = tuple(refusal(each.source, error) for each in self.admitted)
        return replace(self, admitted=(), refused=(*self.refused, *refused), warnings=())

    def stored(self, identity: Identity | None, samples: tuple[Sample, ...]) -> Enrollment:
        """The result, once the drafts have become samples."""
        name = identity.name if identity and samples else self.name
        return Enrollment(identity, name, samples, self.refused, self.warnings, known=len(self.known))


def admit(gallery: Lookups, name: str, outcomes: Sequence[Outcome], rules: Rules) -> Admission:
    """Decide about pictures of the person called ``name``, a checked name, who may be new.

    Raises:
        NoOperatingPoint: the gate is strict, and nothing was measured for the model.
    """
    basis = _basis(gallery, name, rules.gate)
    refused = {row: each for row, each in enumerate(outcomes) if isinstance(each, RefusedImage)}
    pictures = {row: each for row, each in enumerate(outcomes) if isinstance(each, Examined)}
    try:
        gallery.refuse_expired(name, rules.consent)
    except ConsentExpired as error:
        refused |= {row: refusal(picture.source, error) for row, picture in pictures.items()}
        pictures = {}
    known = [each.source for each in outcomes if isinstance(each, Known)]
    fresh = list[int]()
    for row, status in _sorted(gallery, name, pictures, rules.gate):
        if isinstance(status, FacenetAppError):
            refused[row] = refusal(pictures[row].source, status)
        elif status:
            fresh.append(row)
        else:
            known.append(pictures[row].source)
    warnings, admitted, alike = list[Notice](), list[Examined](), dict[str, str]()
    verdicts = rules.gate.judge(gallery, name, [pictures[row].draft for row in fresh])
    for row, verdict in zip(fresh, verdicts, strict=True):
        picture = pictures[row]
        if verdict.like is not None:
            alike[picture.source] = verdict.like
        if verdict.error is not None:
            refused[row] = refusal(picture.source, verdict.error)
            continue
        warnings += picture.warnings
        if verdict.warning is not None:
            warnings.append(replace(verdict.warning, picture=picture.source))
        bare = picture if rules.keep_crops else replace(picture, draft=replace(picture.draft, crop=None))
        admitted.append(bare)
    in_order = tuple(refused[row] for row in sorted(refused))
    return Admission(name, tuple(admitted), in_order, tuple(known), tuple(warnings), alike, basis)


def _basis(gallery: Lookups, name: str, gate: Gate) -> Basis:
    """What the gate is about to look at: asked before it does, so that no change slips in between."""
    if gate.reach is None:
        return UNGATED if gate.is_off else WHOEVER
    revision, person = gallery.revision(), gallery.find(name)
    return Basis(revision, {} if person is None else {name_key(name): person.id}, gate.reach)


def _sorted(
    gallery: Lookups, name: str, pictures: Mapping[int, Examined], gate: Gate
) -> Iterator[tuple[int, bool | FacenetAppError]]:
    """Of each picture whether it is new for this person, or why it cannot be stored whoever it shows."""
    owners = gallery.owners_of([each.draft.content_sha256 for each in pictures.values()])
    seen = set(owners)
    for row, picture in pictures.items():
        digest = picture.draft.content_sha256
        try:
            gate.refuse_poor(picture.draft.quality)
            refuse_others(owners.get(digest, name), name)
        except (PoorQuality, DuplicateSample) as error:
            yield row, error
            continue
        yield row, digest not in seen
        seen.add(digest)


def refuse_others(owner: str, name: str) -> None:
    """Do nothing if a picture that is enrolled as ``owner`` is to be enrolled for the same person.

    Raises:
        DuplicateSample: they are two.
    """
    if name_key(owner) != name_key(name):
        raise DuplicateSample(
            f"this very picture is enrolled as {owner!r}", "remove it there first, or use another picture"
        )
