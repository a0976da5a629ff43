"""Encrypting a gallery, changing its key, and decrypting it: every value anew, in one transaction."""

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, bindparam, select, update

from facenet_app.domain import AuditAction
from facenet_app.errors import GalleryError, UsageError
from facenet_app.gallery.audit import record
from facenet_app.gallery.cipher import DATA_KEY_BYTES, PLAIN, AesCipher, Cipher
from facenet_app.gallery.fresh import drop_fresh
from facenet_app.gallery.keys import GalleryKeys, ScryptCost, wrap
from facenet_app.gallery.names import name_key
from facenet_app.gallery.schema import gallery, identities, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["decrypt", "encrypt", "is_encrypted", "rotate_key"]

_AT_A_TIME: Final = 500
"""Rows that are read together."""


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
    for rows in _batches(connection, identities, identities.c.id, ("id", "name", "consent")):
        opened = [old.opened(row) for row in rows]
        _put(
            connection, identities, [new.sealed({**row, "name_key": name_key(row["name"])}) for row in opened]
        )
    columns = ("number", "id", "embedding", "crop", "content_sha256", "file_sha256")
    for rows in _batches(connection, samples, samples.c.number, columns):
        _put(connection, samples, [new.sealed(old.opened(row)) for row in rows])


def _batches(
    connection: Connection, table: Table, order: Column[Any], columns: Sequence[str]
) -> Iterator[list[dict[str, Any]]]:
    """All rows, some at a time; by their key, because they are written while this goes on."""
    query = select(*(table.c[name] for name in columns)).order_by(order).limit(_AT_A_TIME)
    rows = connection.execute(query).mappings().all()
    while rows:
        yield [dict(row) for row in rows]
        rows = connection.execute(query.where(order > rows[-1][order.name])).mappings().all()


def _put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    values: dict[str, Any] = {
        name: bindparam(f"new_{name}") for name in rows[0] if name not in ("id", "number")
    }
    one = update(table).where(table.c.id == bindparam("which")).values(values)
    connection.execute(one, [_named(row) for row in rows])


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "which" if name == "id" else f"new_{name}": value for name, value in row.items() if name != "number"
    }


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
