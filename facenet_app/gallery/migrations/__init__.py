"""Bringing the tables of a gallery up to date.

Importing this package is cheap; Alembic, which takes most of a second, is loaded by
:func:`upgrade` only, that is for a new gallery or one that an older program made.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

__all__ = ["current", "upgrade"]

SCRIPTS = Path(__file__).parent


def current(connection: Connection) -> str | None:
    """The number of the last migration that was run, or None for an empty database.

    Raises:
        LookupError: the database has tables, but not those of a gallery.
    """
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    if not {"alembic_version", "gallery"} <= tables:
        raise LookupError("no table of a gallery")
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def upgrade(connection: Connection, target: str = "head") -> None:
    """Run the migrations that are missing, inside the transaction that ``connection`` is in.

    Args:
        connection: with its transaction open.
        target: number of the last migration to run.

    Raises:
        ValueError: the database says that it was made by a migration that never was.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, target)
    except CommandError as error:
        raise ValueError("unknown migration") from error
