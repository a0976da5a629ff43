"""Finding people inside a transaction."""

import difflib
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from facenet_app.domain import Identity
from facenet_app.errors import IdentityNotFound, InvalidName
from facenet_app.gallery.names import checked_name, name_key
from facenet_app.gallery.rows import identity_from, select_identities
from facenet_app.gallery.schema import identities, samples
from facenet_app.gallery.sealing import cipher_of

__all__ = ["find_people", "find_person", "get_person", "one_person", "owners_of"]

_ALIKE: Final = 0.7
"""Least similarity, by difflib's ratio, of a name worth suggesting."""


def one_person(connection: Connection, condition: ColumnElement[bool]) -> Identity | None:
    """The only person that fulfills the condition, or None."""
    row = connection.execute(select_identities().where(condition)).one_or_none()
    return None if row is None else identity_from(row, cipher_of(connection))


def find_person(connection: Connection, name: str) -> Identity | None:
    """The person called ``name``, or None; nobody bears a name that cannot be one."""
    try:
        key = name_key(checked_name(name))
    except InvalidName:
        return None
    return one_person(connection, identities.c.name_key == cipher_of(connection).lookup(key))


def find_people(connection: Connection, names: Sequence[str]) -> dict[str, Identity]:
    """Those of the people with these names who are enrolled, by the key of the name."""
    cipher = cipher_of(connection)
    stored = [cipher.lookup(name_key(name)) for name in names if _can_be(name)]
    query = select_identities().where(identities.c.name_key.in_(stored))
    found = [identity_from(row, cipher) for row in connection.execute(query)]
    return {name_key(person.name): person for person in found}


def _can_be(name: str) -> bool:
    try:
        checked_name(name)
    except InvalidName:
        return False
    return True


def get_person(connection: Connection, name: str) -> Identity:
    """The person called ``name``.

    Raises:
        IdentityNotFound: nobody is; the hint has names that are spelled alike.
    """
    found = find_person(connection, name)
    if found is not None:
        return found
    cipher = cipher_of(connection)
    rows = connection.execute(select(identities.c.id, identities.c.name)).mappings()
    names = {name_key(other): other for other in (cipher.opened(row)["name"] for row in rows)}
    alike = [repr(names[key]) for key in difflib.get_close_matches(name_key(name), names, 3, _ALIKE)]
    hint = f"try {' or '.join(alike)}" if alike else "run `facenet-app gallery list` to see who is"
    raise IdentityNotFound(f"nobody called {name!r} is enrolled", hint)


def owners_of(connection: Connection, digests: Sequence[str]) -> dict[str, str]:
    """Names by digest; see :meth:`facenet_app.gallery.store.GalleryStore.owners_of`."""
    cipher = cipher_of(connection)
    stored = {cipher.lookup_digest(digest): digest for digest in digests}
    owner = identities.c.id == samples.c.identity_id
    columns = select(identities.c.id, identities.c.name, samples.c.content_sha256, samples.c.file_sha256)
    # Two queries and not one with OR: each is a look into an index.
    either = (samples.c.content_sha256.in_(stored), samples.c.file_sha256.in_(stored))
    queries = [columns.join_from(samples, identities, owner).where(each) for each in either]
    rows = [row for query in queries for row in connection.execute(query)]
    names = {row.id: row.name for row in rows}
    names = {key: cipher.opened({"id": key, "name": name})["name"] for key, name in names.items()}
    return {
        stored[digest]: names[row.id]
        for row in rows
        for digest in (row.content_sha256, row.file_sha256)
        if digest in stored
    }
