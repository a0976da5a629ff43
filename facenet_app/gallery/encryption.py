"""Encrypting a gallery, changing its key, and decrypting it: every value anew, in one transaction."""

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Column, Connection, RowMapping, Select, bindparam, select, update

from facenet_app.domain import AuditAction
from facenet_app.errors import GalleryError, UsageError
from facenet_app.gallery.audit import record
from facenet_app.gallery.cipher import DATA_KEY_BYTES, PLAIN, AesCipher, Cipher
from facenet_app.gallery.fresh import drop_fresh
from facenet_app.gallery.keys import GalleryKeys, ScryptCost, wrap
from facenet_app.gallery.names import name_key
from facenet_app.gallery.schema import crops, gallery, identities, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["decrypt", "encrypt", "is_encrypted", "rotate_key"]

_AT_A_TIME: Final = 500
"""Rows that are read together."""

_SEALED: Final[Sequence[tuple[Column[Any], Select[Any]]]] = (
    (identities.c.id, select(identities.c.id, identities.c.name, identities.c.consent)),
    (
        samples.c.number,
        select(
            samples.c.number,
            samples.c.id,
            samples.c.embedding,
            samples.c.content_sha256,
            samples.c.file_sha256,
        ),
    ),
    (crops.c.sample_number, select(crops.c.sample_number, samples.c.id, crops.c.crop).join(samples)),
)
"""The key of each table with values that are sealed, and its rows, with the ``id`` that they are bound to."""


def encrypt(connection: Connection, keys: GalleryKeys, cost: ScryptCost | None = None) -> None:
    """Seal everything with a new data key; see :meth:`facenet_app.gallery.upkeep.Upkeep.encrypt`."""
    _refuse_server(connection)
    if is_encrypted(connection):
        raise UsageError(
            "the gallery is encrypted already", "change its key with `facenet-app gallery rotate-key`"
        )
    _renew(connection, PLAIN, keys, cost)
    record(connection, AuditAction.ENCRYPT)


def rotate_key(connection: Connection, keys: GalleryKeys, cost: ScryptCost | None = None) -> None:
    """Seal everything anew with another data key; see the same in ``Upkeep``."""
    _refuse_plain(connection)
    _renew(connection, cipher_of(connection), keys, cost)
    record(connection, AuditAction.ROTATE_KEY)


def decrypt(connection: Connection) -> None:
    """Store everything as it is; see the same in ``Upkeep``."""
    _refuse_plain(connection)
    _reseal(connection, cipher_of(connection), PLAIN)
    _set_header(connection, None)
    record(connection, AuditAction.DECRYPT)


def _renew(connection: Connection, old: Cipher, keys: GalleryKeys, cost: ScryptCost | None) -> None:
    data_key = os.urandom(DATA_KEY_BYTES)
    wrapping = wrap(data_key, keys, cost)  # first: it says what is wrong with the keys
    _reseal(connection, old, AesCipher(data_key))
    _set_header(connection, wrapping)


def _reseal(connection: Connection, old: Cipher, new: Cipher) -> None:
    """Every value as ``new`` stores it.

    Raises:
        ValueError: one does not open.
    """
    drop_fresh(connection)  # a re-embedding under way makes them anew
    for key, query in _SEALED:
        for rows in _batches(connection, key, query):
            opened = [old.opened(row) for row in rows]
            if key.table is identities:
                opened = [{**row, "name_key": name_key(row["name"])} for row in opened]
            _put(connection, key, [new.sealed(row) for row in opened])


def _batches(connection: Connection, key: Column[Any], query: Select[Any]) -> Iterator[Sequence[RowMapping]]:
    """All rows, some at a time; by their key, because they are written while this goes on."""
    some = query.order_by(key).limit(_AT_A_TIME)
    rows = connection.execute(some).mappings().all()
    while rows:
        yield rows
        rows = connection.execute(some.where(key > rows[-1][key.name])).mappings().all()


def _put(connection: Connection, key: Column[Any], rows: Sequence[dict[str, Any]]) -> None:
    names = [name for name in rows[0] if name not in ("id", key.name)]
    one = update(key.table).where(key == bindparam("which"))
    connection.execute(
        one.values({name: bindparam(f"new_{name}") for name in names}),
        [{"which": row[key.name], **{f"new_{name}": row[name] for name in names}} for row in rows],
    )


def _set_header(connection: Connection, wrapping: dict[str, Any] | None) -> None:
    unwiped = {"unwiped_revision": gallery.c.revision}  # what stood there before is still in the file
    connection.execute(update(gallery).values(encryption=wrapping, **unwiped))


def is_encrypted(connection: Connection) -> bool:
    """Whether the gallery is."""
    return connection.execute(select(gallery.c.encryption)).scalar_one() is not None


def _refuse_plain(connection: Connection) -> None:
    if not is_encrypted(connection):
        raise UsageError("the gallery is not encrypted", "run `facenet-app gallery encrypt` first")


def _refuse_server(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        raise GalleryError(
            "a gallery on a server is not encrypted by this program, because the server's searches have to "
            "read the embeddings",
            "encrypt the disk of the server",
        )
