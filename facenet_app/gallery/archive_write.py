"""``gallery export``: everything of a gallery in one archive."""

import hashlib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from sqlalchemy import Connection, func, select

from facenet_app.errors import GalleryError
from facenet_app.gallery.archive_format import (
    EMBEDDINGS,
    MANIFEST,
    PEOPLE,
    POINTS,
    SAMPLES,
    TENSOR,
    CropEntry,
    Manifest,
    MemberEntry,
    PersonLine,
    PointLine,
    QualityLine,
    SampleLine,
    crop_member,
)
from facenet_app.gallery.aside import written_aside
from facenet_app.gallery.cipher import PLAIN
from facenet_app.gallery.database import Database
from facenet_app.gallery.faults import damaged
from facenet_app.gallery.rows import quality_from, sample_from, unit_vector
from facenet_app.gallery.sample_rows import select_samples
from facenet_app.gallery.schema import gallery, identities, operating_points, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["Exported", "export_gallery"]

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every member: the same gallery gives the same bytes."""

_AT_A_TIME: Final = 100


@dataclass(frozen=True, slots=True)
class Exported:
    """What an archive holds."""

    manifest: Manifest
    bytes: int

    def to_dict(self) -> dict[str, Any]:
        counts = {name: getattr(self.manifest, name) for name in ("people", "samples", "crops")}
        return {
            "model": self.manifest.model,
            "fingerprint": self.manifest.fingerprint,
            **counts,
            "bytes": self.bytes,
        }


def export_gallery(
    database: Database,
    target: Path,
    *,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write everybody, as of one moment, into an archive; see :mod:`facenet_app.gallery.archive_format`.

    Crops go through memory a few at a time; embeddings and what is said of each sample are held, 2.6 KB
    a sample of 128 dimensions (benchmarks/gallery_archive.py, 25,000 samples against 5,000).

    Args:
        database: of the gallery; others may go on using it.
        target: the file, for its owner only.
        overwrite: replace a file that is there.
        progress: called with the number of samples written, and their number in all.

    Raises:
        UsageError: the file is there already.
        GalleryError: a sample is damaged or of another model, or the file cannot be written.
    """
    with written_aside(target, overwrite=overwrite) as aside:

        def write(connection: Connection) -> Manifest:
            with zipfile.ZipFile(aside, "w", zipfile.ZIP_STORED) as archive:
                return _Writer(archive, connection).write(progress)

        try:
            manifest = database.read(write)
        except KeyError as error:
            raise damaged(database.place) from error
    return Exported(manifest, target.stat().st_size)


class _Writer:
    """Writes the members in an order in which each needs only what came before."""

    def __init__(self, archive: zipfile.ZipFile, connection: Connection) -> None:
        self._archive = archive
        self._connection = connection
        self._cipher = cipher_of(connection)
        self._members: dict[str, MemberEntry] = {}
        self._crops = 0

    def write(self, progress: Callable[[int, int], None] | None) -> Manifest:
        header = self._connection.execute(select(gallery)).one()
        people = self._lines(PEOPLE, self._people())
        count = self._connection.execute(select(func.count()).select_from(samples)).scalar_one()
        lines, vectors = self._samples(header.fingerprint, count, progress)
        self._add(SAMPLES, b"".join(lines))
        self._add(EMBEDDINGS, _tensor(vectors))
        points = self._lines(POINTS, self._points())
        manifest = Manifest(
            model=header.model,
            fingerprint=header.fingerprint,
            dimension=vectors.shape[1],
            people=people,
            samples=len(lines),
            crops=self._crops,
            points=points,
            members=self._members,
        )
        self._put(MANIFEST, _line(manifest))
        return manifest

    def _people(self) -> Iterator[PersonLine]:
        for row in self._connection.execute(select(identities).order_by(identities.c.id)).mappings():
            opened = self._cipher.opened(row)
            yield PersonLine(**{name: opened[name] for name in PersonLine.model_fields})

    def _points(self) -> Iterator[PointLine]:
        order = (operating_points.c.fingerprint, operating_points.c.target_fmr)
        for row in self._connection.execute(select(operating_points).order_by(*order)).mappings():
            yield PointLine(**row)

    def _samples(
        self, fingerprint: str, count: int, progress: Callable[[int, int], None] | None
    ) -> tuple[list[bytes], NDArray[np.float32]]:
        """Write the crops; the lines and the embeddings, float32 (samples, dimension)."""
        lines: list[bytes] = []
        vectors = np.empty((count, 0), np.float32)
        # By person, because an import stores one after the other: exported again, it is the same file.
        query = select_samples().order_by(samples.c.identity_id, samples.c.number)
        query = query.execution_options(yield_per=_AT_A_TIME)
        for number, stored in enumerate(self._connection.execute(query).mappings()):
            row = self._cipher.opened(stored)
            sample = sample_from(row, PLAIN)
            if sample.embedding.fingerprint != fingerprint:
                raise GalleryError(
                    "a sample is of another model than the gallery, and an archive has one",
                    "run `facenet-app gallery reembed` first",
                )
            vector = unit_vector(sample.embedding.vector)
            if number == 0:
                vectors = np.empty((count, len(vector)), np.float32)
            vectors[number] = vector
            lines.append(_line(_sample_line(row, self._crop(row))))
            if progress is not None:
                progress(number + 1, count)
        return lines, vectors

    def _crop(self, row: Mapping[Any, Any]) -> CropEntry | None:
        """Write a sample's crop, as it is stored."""
        png = row["crop"]
        if png is None:
            return None
        self._crops += 1
        self._put(crop_member(row["id"]), png)
        digest = hashlib.sha256(png).hexdigest()
        return CropEntry(bytes=len(png), sha256=digest, alignment=row["alignment"])

    def _lines(self, name: str, entries: Iterator[BaseModel]) -> int:
        lines = [_line(entry) for entry in entries]
        self._add(name, b"".join(lines))
        return len(lines)

    def _add(self, name: str, data: bytes) -> None:
        """Write a member that the manifest vouches for."""
        self._members[name] = MemberEntry(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        self._put(name, data)

    def _put(self, name: str, data: bytes) -> None:
        info = zipfile.ZipInfo(name, _EPOCH)
        info.create_system = 3  # the same on every system
        info.external_attr = 0o600 << 16
        self._archive.writestr(info, data)


def _sample_line(row: Mapping[Any, Any], crop: CropEntry | None) -> SampleLine:
    return SampleLine(
        id=row["id"],
        identity_id=row["identity_id"],
        content_sha256=row["content_sha256"],
        file_sha256=row["file_sha256"],
        enrolled_at=row["enrolled_at"],
        quality=QualityLine.of(quality_from(row)),
        crop=crop,
    )


def _line(entry: BaseModel) -> bytes:
    return entry.model_dump_json().encode() + b"\n"


def _tensor(vectors: NDArray[np.float32]) -> bytes:
    from safetensors.numpy import save

    return save({TENSOR: vectors})
