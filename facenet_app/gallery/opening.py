"""Which database a gallery is in: the only place that names both."""

from pathlib import Path

from facenet_app.domain import Place, ServerUse
from facenet_app.errors import GalleryError
from facenet_app.gallery.database import Database

__all__ = ["gallery_file", "is_gallery", "open_database"]


def open_database(place: Place, *, model: str, fingerprint: str | None, use: ServerUse) -> Database:
    """The gallery's database, brought up to date. The other kind's library is not even loaded.

    ``use`` is for a server alone.

    Raises:
        GalleryError: see :meth:`facenet_app.gallery.store.GalleryStore.open`.
    """
    if isinstance(place, Path):
        from facenet_app.gallery.sqlite_database import SqliteDatabase

        return SqliteDatabase.open(place, model=model, fingerprint=fingerprint)
    from facenet_app.gallery.postgres_database import PostgresDatabase

    return PostgresDatabase(place, use).start(model, fingerprint)


def gallery_file(place: Place) -> Path:
    """The file, for what is done with files alone.

    Raises:
        GalleryError: the gallery is on a server.
    """
    if isinstance(place, Path):
        return place
    raise GalleryError(
        f"the gallery {place} is no file",
        "use the tools of its server, such as pg_dump",
    )


def is_gallery(place: Place) -> bool:
    """Whether there is something to open already: a file, or tables in the database.

    Raises:
        GalleryError: the server cannot be reached.
    """
    if isinstance(place, Path):
        return place.exists()
    from facenet_app.gallery.postgres_database import PostgresDatabase

    return PostgresDatabase.has_tables(place)
