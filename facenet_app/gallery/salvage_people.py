"""The people of a damaged gallery who can be believed, and what is known to be lost of the others."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from facenet_app.domain import OperatingPoint
from facenet_app.gallery.archive_format import PersonLine
from facenet_app.gallery.cipher import Cipher
from facenet_app.gallery.damaged_file import UNREADABLE, DamagedFile, FoundRow
from facenet_app.gallery.incoming import Incoming, IncomingCrop, IncomingPerson, IncomingSample
from facenet_app.gallery.salvage_header import SalvageHeader
from facenet_app.gallery.salvage_rows import (
    BelievedSample,
    believed_crop,
    believed_person,
    believed_point,
    believed_sample,
)
from facenet_app.gallery.schema import identities, operating_points, samples

__all__ = ["Loss", "SalvagePeople"]


@dataclass(frozen=True, slots=True)
class Loss:
    """People or samples that are known to be lost, and whose, where that is known.

    ``code`` is ``person``, ``sample``, ``sample_of_nobody`` (whose owner cannot be read),
    ``crop`` (the sample is saved without its picture) or ``operating_point``.
    """

    code: str
    count: int
    name: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"code": self.code, "count": self.count, "name": self.name}


@dataclass(slots=True)
class SalvagePeople:
    """Collects people and samples of one file, and counts what is lost."""

    file: DamagedFile
    header: SalvageHeader
    cipher: Cipher
    lost: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    def losses(self) -> tuple[Loss, ...]:
        """By name, those of nobody in particular last."""
        order = sorted(self.lost.items(), key=lambda each: (each[0][1] is None, each[0][1] or "", each[0][0]))
        return tuple(Loss(code, count, name) for (code, name), count in order)

    def incoming(self) -> Incoming:
        """Everybody who can be believed."""
        people = {person.id: person for person in self._people()}
        taken: dict[str, list[IncomingSample]] = {each: [] for each in people}
        vectors: list[Any] = []
        for owner, sample, vector in self._samples(people):
            taken[owner].append(replace(sample, row=len(vectors)))
            vectors.append(vector)
        everybody = tuple(
            IncomingPerson(
                who.id, who.name, who.enrolled_at, tuple(taken[who.id]), who.consent, who.expires_at
            )
            for who in people.values()
        )
        together = np.stack(vectors) if vectors else np.empty((0, 0), np.float32)
        points = tuple(self._points())
        return Incoming(self.header.model, self.header.fingerprint, everybody, together, points)

    def _people(self) -> Iterator[PersonLine]:
        ids: set[str] = set()
        keys: set[str] = set()
        for row in self.file.rows("identities", [column.name for column in identities.c]):
            try:
                if row.values is None:
                    raise ValueError("a row that cannot be read")
                person = believed_person(row.values, self.cipher)
                if person.id in ids or row.values["name_key"] in keys:
                    raise ValueError("somebody who is there already")
            except ValueError:
                key = row.told.get("name_key") if self.header.encryption is None else None
                self.lost["person", key if isinstance(key, str) else None] += 1
                continue
            ids.add(person.id)
            keys.add(row.values["name_key"])
            yield person

    def _samples(self, people: dict[str, PersonLine]) -> Iterator[tuple[str, IncomingSample, Any]]:
        """Owner, sample and vector; of one dimension, each id and each picture once."""
        columns = [column.name for column in samples.c if column.name != "number"]
        seen: set[str] = set()
        dimension: int | None = None
        for row in self.file.rows("samples", columns):
            owner = people.get(_owner(row))
            if owner is None:
                self.lost["sample_of_nobody", None] += 1
                continue
            try:
                if row.values is None:
                    raise ValueError("a row that cannot be read")
                sample = believed_sample(row.values, self.header.fingerprint, self.cipher)
                once = {sample.line.id, sample.line.content_sha256}
                if not seen.isdisjoint(once) or len(sample.vector) != (dimension or len(sample.vector)):
                    raise ValueError("a sample that does not fit the others")
            except ValueError:
                self.lost["sample", owner.name] += 1
                continue
            seen |= once
            dimension = len(sample.vector)
            yield owner.id, self._sample(row.number, sample, owner.name), sample.vector

    def _sample(self, number: int, sample: BelievedSample, name: str) -> IncomingSample:
        line = sample.line
        return IncomingSample(
            id=line.id,
            row=0,
            content_sha256=line.content_sha256,
            enrolled_at=line.enrolled_at,
            quality=line.quality.to_domain(),
            crop=self._crop(number, sample, name),
            file_sha256=line.file_sha256,
        )

    def _crop(self, number: int, sample: BelievedSample, name: str) -> IncomingCrop | None:
        """Where the crop can be read again when it is stored: those of all samples would be too many."""
        if sample.alignment is None and self._crop_as_stored(number) in (None, UNREADABLE):
            return None
        try:
            self._stored_crop(number, sample)
        except ValueError:
            self.lost["crop", name] += 1
            return None
        assert sample.alignment is not None
        return IncomingCrop(sample.alignment, partial(self._stored_crop, number, sample))

    def _stored_crop(self, number: int, sample: BelievedSample) -> bytes:
        return believed_crop(self._crop_as_stored(number), sample, self.cipher)

    def _crop_as_stored(self, number: int) -> Any:
        older = "crop" in self.file.columns("samples")  # than version 0007 of the tables
        return self.file.value("samples" if older else "crops", number, "crop")

    def _points(self) -> Iterator[OperatingPoint]:
        seen = set()
        for row in self.file.rows("operating_points", [column.name for column in operating_points.c]):
            try:
                if row.values is None:
                    raise ValueError("a row that cannot be read")
                line = believed_point(row.values)
                if (line.fingerprint, line.target_fmr) in seen:
                    raise ValueError("a point that is there already")
            except ValueError:
                self.lost["operating_point", None] += 1
                continue
            seen.add((line.fingerprint, line.target_fmr))
            yield OperatingPoint.from_dict(line.measured)


def _owner(row: FoundRow) -> str:
    """The id of a sample's owner, as the row or an index of it says."""
    values = row.values or row.told
    owner = values.get("identity_id")
    return owner if isinstance(owner, str) else ""
