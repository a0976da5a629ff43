"""Finding people inside a transaction."""

import difflib
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from facenet_app.domain import Identity
from facenet_app.errors import IdentityNotFound, InvalidName
from facenet_app.gallery.names import checked_name, name_key
from facenet_app.gallery.rows import identity_from, select_identities
from facenet_app.gallery.schema import identities

__all__ = ["find_person", "get_person", "one_person"]

_ALIKE: Final = 0.7
"""Least similarity, by difflib's ratio, of a name worth suggesting."""


def one_person(connection: Connection, condition: ColumnElement[bool]) -> Identity | None:
    """The only person that fulfills the condition, or None."""
    row = connection.execute(select_identities().where(condition)).one_or_none()
    return None if row is None else identity_from(row)


def find_person(connection: Connection, name: str) -> Identity | None:
    """The person called ``name``, or None; nobody bears a name that cannot be one."""
    try:
        key = name_key(checked_name(name))
    except InvalidName:
        return None
    return one_person(connection, identities.c.name_key == key)


def get_person(connection: Connection, name: str) -> Identity:
    """The person called ``name``.

    Raises:
        IdentityNotFound: nobody is; the hint has names that are spelled alike.
    """
    found = find_person(connection, name)
    if found is not None:
        return found
    names = {name_key(other): other for other in connection.execute(select(identities.c.name)).scalars()}
    alike = [repr(names[key]) for key in difflib.get_close_matches(name_key(name), names, 3, _ALIKE)]
    hint = f"try {' or '.join(alike)}" if alike else "run `facenet-app gallery list` to see who is"
    raise IdentityNotFound(f"nobody called {name!r} is enrolled", hint)
