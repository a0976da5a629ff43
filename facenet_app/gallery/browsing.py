"""Looking at a large gallery a page at a time: a part of the store."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, select

from facenet_app.domain import FaceCrop, PeoplePage, StoredFace
from facenet_app.gallery.cipher import Cipher
from facenet_app.gallery.names import part_key
from facenet_app.gallery.people_page import people_page
from facenet_app.gallery.rows import crop_from_png
from facenet_app.gallery.schema import crops, identities, samples
from facenet_app.gallery.sealing import cipher_of
from facenet_app.gallery.upkeep import Upkeep

__all__ = ["Browsing"]

_FACES: Final = (
    select(samples.c.id, samples.c.alignment, crops.c.crop, identities.c.id.label("owner"), identities.c.name)
    .join_from(samples, identities, identities.c.id == samples.c.identity_id)
    .outerjoin(crops, crops.c.sample_number == samples.c.number)
)


class Browsing(Upkeep):
    """Base of :class:`facenet_app.gallery.store.GalleryStore`; its promises hold here, too."""

    def people_page(self, find: str = "", *, offset: int = 0, limit: int = 100) -> PeoplePage:
        """Some of the people whose name holds ``find`` in any case, by name.

        The database looks for them; of an encrypted gallery every name is opened for that.

        Args:
            find: a part of the name, "" for everybody.
            offset: how many of them to pass over.
            limit: how many to give at most.
        """
        wanted = part_key(find)
        if wanted is None:
            return PeoplePage((), offset, 0)
        return self._database.read(lambda connection: people_page(connection, wanted, offset, limit))

    def faces_page(self, identity_id: str, *, offset: int = 0, limit: int = 100) -> list[StoredFace]:
        """Some of one person's samples, oldest first, to look at."""
        query = _FACES.where(identities.c.id == identity_id).order_by(samples.c.number)
        return self._faces(query.offset(offset).limit(limit))

    def faces_with_ids(self, sample_ids: Sequence[str]) -> list[StoredFace]:
        """Those of these samples that are there, in this order, to look at."""
        places = {each: number for number, each in enumerate(sample_ids)}
        found = self._faces(_FACES.where(samples.c.id.in_(sample_ids)))
        return sorted(found, key=lambda face: places[face.sample_id])

    def _faces(self, query: Select[Any]) -> list[StoredFace]:
        def look(connection: Connection) -> list[StoredFace]:
            cipher = cipher_of(connection)
            return [_face(row, cipher) for row in connection.execute(query).mappings()]

        return self._database.read(look)


def _face(row: RowMapping, cipher: Cipher) -> StoredFace:
    name = cipher.opened({"id": row["owner"], "name": row["name"]})["name"]
    return StoredFace(row["id"], name, _crop(row, cipher))


def _crop(row: RowMapping, cipher: Cipher) -> FaceCrop | None:
    """None also for a crop that is damaged: ``check`` says so, and the others can be looked at."""
    if row["crop"] is None:
        return None
    try:
        return crop_from_png(cipher.opened({"id": row["id"], "crop": row["crop"]})["crop"], row["alignment"])
    except ValueError:
        return None
