"""``gallery import``: reading an archive, all of which is checked before any of it is used."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from facenet_app.domain import OperatingPoint
from facenet_app.errors import ArchiveRefused
from facenet_app.gallery.archive_format import (
    EMBEDDINGS,
    FORMAT,
    LISTED,
    MANIFEST,
    PEOPLE,
    POINTS,
    SAMPLES,
    TENSOR,
    VERSION,
    CropEntry,
    Manifest,
    PersonLine,
    PointLine,
    SampleLine,
    crop_member,
    refused,
)
from facenet_app.gallery.archive_zip import StoredZip
from facenet_app.gallery.incoming import Incoming, IncomingCrop, IncomingPerson, IncomingSample
from facenet_app.gallery.names import name_key
from facenet_app.gallery.rows import crop_from_png, is_unit

__all__ = ["read_archive"]

_LONGEST_MANIFEST: Final = 64 * 2**10
_LONGEST_LINE: Final = 64 * 2**10
_TENSOR_HEADER: Final = 4 * 2**10
"""Bytes that the header of the safetensors member may take."""
_LARGEST_CROP: Final = 16 * 2**20

Line = TypeVar("Line", bound=BaseModel)


def read_archive(archive: StoredZip, progress: Callable[[int, int], None] | None = None) -> Incoming:
    """Everybody in an archive: every member, digest, line, vector and crop was checked.

    Args:
        archive: stays open as long as crops are read from the result.
        progress: called with the number of samples checked, and their number in all.

    Raises:
        ArchiveRefused: anything is missing, too much, damaged or contradictory, or the format is newer.
    """
    manifest = _manifest(archive)
    _refuse_other_members(archive, manifest)
    people = list(_lines(archive, PEOPLE, PersonLine, manifest.people))
    lines = list(_lines(archive, SAMPLES, SampleLine, manifest.samples))
    points = [OperatingPoint.from_dict(each.measured) for each in _points(archive, manifest)]
    _refuse_contradictions(people, lines, manifest, archive)
    vectors = _vectors(archive, manifest)
    for number, line in enumerate(lines):
        if line.crop is not None:
            _check_crop(archive, line.id, line.crop)
        if progress is not None:
            progress(number + 1, len(lines))
    everybody = _together(archive, people, lines)
    return Incoming(
        manifest.model, manifest.fingerprint, everybody, vectors, tuple(points), archive.file_sha256()
    )


def _manifest(archive: StoredZip) -> Manifest:
    data = archive.read(MANIFEST, _LONGEST_MANIFEST)
    try:
        stated = _Stated.model_validate_json(data)
    except (ValidationError, RecursionError) as error:
        raise refused(f"{MANIFEST} makes no sense") from error
    if stated.format != FORMAT:
        raise refused("it is something else than the archive of a gallery")
    if stated.version > VERSION:
        raise ArchiveRefused(
            f"the archive is of format {stated.version}, and this program knows up to {VERSION}",
            "update the program",
        )
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        raise refused(f"{MANIFEST} makes no sense", error) from error


class _Stated(BaseModel):
    """What every version of the format says in the same place."""

    format: str
    version: int


def _refuse_other_members(archive: StoredZip, manifest: Manifest) -> None:
    if set(manifest.members) != set(LISTED):
        raise refused(f"{MANIFEST} lists other members than it should")
    for name in LISTED:
        if name not in archive.names:
            raise refused(f"{name} is missing")
        entry = manifest.members[name]
        if archive.size(name) != entry.bytes or archive.sha256(name) != entry.sha256:
            raise refused(f"{name} is not what {MANIFEST} says (SHA-256)")
    if len(archive.names) != 1 + len(LISTED) + manifest.crops:
        raise refused("it has more or fewer members than it says")


def _lines(archive: StoredZip, name: str, kind: type[Line], count: int) -> Iterator[Line]:
    number = 0
    for line in archive.lines(name, _LONGEST_LINE):
        number += 1
        if number > count:
            break
        try:
            yield kind.model_validate_json(line)
        except (ValidationError, RecursionError) as error:
            raise refused(f"line {number} of {name} makes no sense", error) from error
    if number != count:
        raise refused(f"{name} does not have the {count:,} lines that {MANIFEST} says")


def _points(archive: StoredZip, manifest: Manifest) -> Iterator[PointLine]:
    seen = set()
    for point in _lines(archive, POINTS, PointLine, manifest.points):
        key = (point.fingerprint, point.target_fmr)
        if key in seen or key != (point.measured["fingerprint"], point.measured["target_fmr"]):
            raise refused(f"{POINTS} contradicts itself")
        seen.add(key)
        yield point


def _refuse_contradictions(
    people: list[PersonLine], lines: list[SampleLine], manifest: Manifest, archive: StoredZip
) -> None:
    """Ids, names and pictures are there once; samples have owners, and crops have samples."""
    ids = {person.id for person in people}
    once = (
        [person.id for person in people],
        [name_key(person.name) for person in people],
        [line.id for line in lines],
        [line.content_sha256 for line in lines],
    )
    if any(count > 1 for values in once for count in Counter(values).values()):
        raise refused("two people or two samples in it are the same")
    if any(line.identity_id not in ids for line in lines):
        raise refused("a sample in it belongs to nobody")
    crops = {crop_member(line.id) for line in lines if line.crop is not None}
    if len(crops) != manifest.crops or archive.names != {MANIFEST, *LISTED, *crops}:
        raise refused("it has other crops than its samples")


def _vectors(archive: StoredZip, manifest: Manifest) -> NDArray[np.float32]:
    """The embeddings, float32 (samples, dimension), each of length 1."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    shape = (manifest.samples, manifest.dimension)
    data = archive.read(EMBEDDINGS, 4 * shape[0] * shape[1] + _TENSOR_HEADER)
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise refused(f"{EMBEDDINGS} cannot be read") from error
    vectors = tensors.get(TENSOR)
    if vectors is None or len(tensors) != 1 or vectors.dtype != np.float32 or vectors.shape != shape:
        raise refused(f"{EMBEDDINGS} does not hold {shape[0]:,} embeddings of dimension {shape[1]}")
    if not is_unit(vectors).all():
        raise refused("an embedding in it is not a vector of length 1")
    return vectors


def _check_crop(archive: StoredZip, sample_id: str, entry: CropEntry) -> None:
    try:
        crop_from_png(_png(archive, sample_id, entry), entry.alignment)
    except ValueError as error:
        raise refused(f"{crop_member(sample_id)} is no picture of a face as galleries keep it") from error


def _png(archive: StoredZip, sample_id: str, entry: CropEntry) -> bytes:
    """The bytes of a crop, which are those that the entry vouches for: what was checked is what is stored,
    also if somebody writes into the archive meanwhile.
    """
    name = crop_member(sample_id)
    png = archive.read(name, min(entry.bytes, _LARGEST_CROP))
    if len(png) != entry.bytes or hashlib.sha256(png).hexdigest() != entry.sha256:
        raise refused(f"{name} is not what its sample says (SHA-256)")
    return png


def _together(
    archive: StoredZip, people: list[PersonLine], lines: list[SampleLine]
) -> tuple[IncomingPerson, ...]:
    owned: dict[str, list[IncomingSample]] = defaultdict(list)
    for row, line in enumerate(lines):
        entry = line.crop
        crop = IncomingCrop(entry.alignment, partial(_png, archive, line.id, entry)) if entry else None
        owned[line.identity_id].append(
            IncomingSample(
                id=line.id,
                row=row,
                content_sha256=line.content_sha256,
                enrolled_at=line.enrolled_at,
                quality=line.quality.to_domain(),
                crop=crop,
                file_sha256=line.file_sha256,
            )
        )
    return tuple(
        IncomingPerson(
            person.id,
            person.name,
            person.enrolled_at,
            tuple(owned[person.id]),
            person.consent,
            person.expires_at,
        )
        for person in people
    )
