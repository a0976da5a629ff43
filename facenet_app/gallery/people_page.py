"""One page of the people by name, found by the database, inside a transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select, true

from facenet_app.domain import Identity, PeoplePage
from facenet_app.gallery.cipher import PLAIN, Cipher
from facenet_app.gallery.names import name_key
from facenet_app.gallery.rows import identity_from, select_identities
from facenet_app.gallery.schema import identities
from facenet_app.gallery.sealing import cipher_of

__all__ = ["people_page"]


def people_page(connection: Connection, wanted: str, offset: int, limit: int) -> PeoplePage:
    """See :meth:`facenet_app.gallery.browsing.Browsing.people_page`; ``wanted`` is a part of a name's key."""
    cipher = cipher_of(connection)
    if cipher is not PLAIN:
        return _of_sealed(connection, cipher, wanted, slice(offset, offset + limit))
    found = identities.c.name_key.contains(wanted, autoescape=True) if wanted else true()
    total = connection.execute(select(func.count()).select_from(identities).where(found)).scalar_one()
    ids = select(identities.c.id).where(found).order_by(identities.c.name_key).offset(offset).limit(limit)
    people = _people(connection, cipher, connection.execute(ids).scalars().all())
    return PeoplePage(people, offset, total)


def _of_sealed(connection: Connection, cipher: Cipher, wanted: str, page: slice) -> PeoplePage:
    """Of an encrypted gallery: sealed names can be neither searched nor ordered where they lie."""
    rows = connection.execute(select(identities.c.id, identities.c.name)).mappings()
    keys = {row["id"]: name_key(cipher.opened(row)["name"]) for row in rows}
    found = sorted((each for each, key in keys.items() if wanted in key), key=keys.__getitem__)
    return PeoplePage(_people(connection, cipher, found[page]), page.start, len(found))


def _people(connection: Connection, cipher: Cipher, ids: Sequence[str]) -> tuple[Identity, ...]:
    """These people, in this order."""
    rows = connection.execute(select_identities().where(identities.c.id.in_(ids)))
    people = {row.id: identity_from(row, cipher) for row in rows}
    return tuple(people[each] for each in ids)
