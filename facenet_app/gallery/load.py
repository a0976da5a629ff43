"""The search index, read from the tables: all of it, or what has changed since.

It is read in two passes, because the people's samples are together in the index and anywhere in the
table: first who has which samples, in order of the people, then the samples in the order in which they
lie in the file, each to its place. So nothing large is sorted, or held twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final

import numpy as np
from sqlalchemy import ColumnElement, Connection, CursorResult, Row, select, true

from facenet_app.gallery.changelog import ChangeKind, changes_after
from facenet_app.gallery.cipher import PLAIN
from facenet_app.gallery.consent import expired_between, unexpired
from facenet_app.gallery.database import Database
from facenet_app.gallery.index import SearchIndex
from facenet_app.gallery.live_part import LARGEST
from facenet_app.gallery.part import Part
from facenet_app.gallery.part_filling import ID, Owner, PartFilling
from facenet_app.gallery.rows import unit_vectors
from facenet_app.gallery.schema import gallery, identities, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["LoadedIndex", "load_index", "refresh_index"]

_AT_A_TIME: Final = 5000
"""Rows that are read together, and people that are asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedIndex:
    """Everybody in the gallery at a revision whose consent held at a time."""

    index: SearchIndex
    revision: int
    at: datetime


def load_index(database: Database, now: datetime) -> LoadedIndex:
    """Everybody whose consent holds ``now``.

    Raises:
        GalleryError: an embedding has the wrong dimension or is not of length 1.
    """
    return database.read(lambda connection: _all(connection, connection.execute(select(gallery)).one(), now))


def refresh_index(database: Database, before: LoadedIndex, now: datetime) -> LoadedIndex:
    """The same as :func:`load_index`, from an index that was right before.

    Reads those people only whom the change log names, if it reaches back so far, and leaves out those
    whose consent has expired since.

    Raises:
        GalleryError: as :func:`load_index`.
    """
    return database.read(lambda connection: _refreshed(connection, before, now))


def _refreshed(connection: Connection, before: LoadedIndex, now: datetime) -> LoadedIndex:
    header = connection.execute(select(gallery)).one()
    expired = expired_between(connection, before.at, now)
    if header.revision == before.revision and not expired:
        return before
    cipher_of(connection)  # whoever has not the key of a gallery that was encrypted meanwhile is told
    changed = _changed(connection, before)
    if changed is None or header.fingerprint != before.index.fingerprint:
        return _all(connection, header, now)
    ids = sorted(changed.union(expired))
    fresh: list[Part] = []
    for first in range(0, len(ids), _AT_A_TIME):
        some = samples.c.identity_id.in_(ids[first : first + _AT_A_TIME])
        fresh += _parts(connection, header.fingerprint, now, some)
    return LoadedIndex(before.index.replaced(ids, fresh), header.revision, now)


def _all(connection: Connection, header: Row[Any], now: datetime) -> LoadedIndex:
    parts = _parts(connection, header.fingerprint, now, true())
    return LoadedIndex(SearchIndex(header.fingerprint, parts), header.revision, now)


def _changed(connection: Connection, before: LoadedIndex) -> set[str] | None:
    """Ids of all who are not as they were; None if the log does not say."""
    log = changes_after(connection, before.revision)
    if log is None:
        return None
    # The log names nobody who was removed, but the index knows whose the samples were.
    lost = {change.sample_number for change in log if change.kind is not ChangeKind.SAMPLE_ADDED}
    ids = {change.identity_id for change in log if change.identity_id is not None}
    return ids | before.index.owners([number for number in lost if number is not None])


def _parts(connection: Connection, fingerprint: str, now: datetime, some: ColumnElement[bool]) -> list[Part]:
    """The people of these samples, in parts of at most :data:`LARGEST` samples."""
    parts = [PartFilling(owners) for owners in _divided(_owners(connection, some & unexpired(now)))]
    cipher = cipher_of(connection)
    columns = select(samples.c.number, samples.c.id, samples.c.embedding)
    query = columns.where(samples.c.fingerprint == fingerprint, some).order_by(samples.c.number)
    for rows in _in_lots(connection.execute(query)):
        numbers, ids, embeddings = zip(*rows, strict=True)
        if cipher is not PLAIN:
            embeddings = tuple(map(cipher.vector, embeddings, ids))
        found = np.array(numbers), np.array(ids, ID), unit_vectors(embeddings)
        for part in parts:
            part.put(*found)
    filled = []
    while parts:
        filled.append(parts.pop(0).filled())
    return filled


def _owners(connection: Connection, some: ColumnElement[bool]) -> Iterator[Owner]:
    """Everybody with such samples, by id."""
    query = (
        select(samples.c.identity_id, identities.c.name, samples.c.number)
        .join(identities, identities.c.id == samples.c.identity_id)
        .where(some)
        .order_by(samples.c.identity_id, samples.c.number)
    )
    cipher = cipher_of(connection)
    rows = chain.from_iterable(_in_lots(connection.execute(query)))
    for identity_id, own in groupby(rows, key=itemgetter(0)):
        _, names, numbers = zip(*own, strict=True)
        opened = cipher.opened({"id": identity_id, "name": names[0]})["name"]
        yield Owner(identity_id, opened, numbers)


def _in_lots(result: CursorResult[Any]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Rows as the driver gives them, which these columns need nothing done to: twice as quick."""
    with closing(result):
        assert result.cursor is not None
        while rows := result.cursor.fetchmany(_AT_A_TIME):
            yield rows


def _divided(owners: Iterable[Owner]) -> Iterator[list[Owner]]:
    """People together until their samples make a part."""
    together: list[Owner] = []
    size = 0
    for owner in owners:
        if together and size + len(owner.numbers) > LARGEST:
            yield together
            together, size = [], 0
        together.append(owner)
        size += len(owner.numbers)
    if together:
        yield together
