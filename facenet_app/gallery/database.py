"""The database below a gallery: transactions, tables up to date, and wiping what was removed.

Writers wait for each other; readers see the state at the start of their transaction and wait for
nobody. There are two: a SQLite file (:mod:`facenet_app.gallery.sqlite_database`) and a PostgreSQL
server (:mod:`facenet_app.gallery.postgres_database`); :mod:`facenet_app.gallery.opening` chooses.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self, TypeVar
from weakref import finalize

from sqlalchemy import Connection, Engine, Row, insert, select, update

from facenet_app.domain import Finding, Place
from facenet_app.errors import GalleryError
from facenet_app.gallery.changelog import prune
from facenet_app.gallery.faults import gallery_errors, not_a_gallery
from facenet_app.gallery.keys import GalleryKeys
from facenet_app.gallery.migrations import current, upgrade
from facenet_app.gallery.schema import LATEST, gallery
from facenet_app.gallery.sealing import KEY_RING, KeyRing
from facenet_app.gallery.searchable import Searchable

__all__ = ["Database"]

Result = TypeVar("Result")

_UNWIPED: Final = select(gallery.c.unwiped_revision)


class Database(ABC):
    """Transactions on one gallery, from any number of threads.

    Args:
        place: where it is, for messages.
        engine: for transactions that read.
        writer: the same engine with the options of transactions that write.
    """

    traces: ClassVar[str]
    """Where bytes of somebody who was removed may be left until :meth:`wipe` is done."""

    def __init__(self, place: Place, engine: Engine, writer: Engine) -> None:
        self.place = place
        self._closed = False
        self._engine = engine
        self._writer = writer
        # Whoever forgets to close it leaves no file open, of which Python 3.13 and later warn.
        finalize(self, engine.dispose).atexit = False

    def start(self, model: str, fingerprint: str | None) -> Self:
        """Bring the tables up to date, and finish wiping if a removal could not.

        Args:
            model: id of the model that a new gallery is for.
            fingerprint: that of the model; None for a gallery that must exist already.

        Raises:
            GalleryError: see :meth:`facenet_app.gallery.store.GalleryStore.open`. The database is closed.
        """
        try:
            with gallery_errors(self.place, opening=True):
                self._bring_up_to_date(model, fingerprint)
            if self.read(lambda connection: connection.execute(_UNWIPED).scalar_one()) is not None:
                with suppress(GalleryError):  # not what the caller came for; check() reports it
                    self.wipe()
        except GalleryError:
            self.close()
            raise
        return self

    def read(self, look: Callable[[Connection], Result]) -> Result:
        """What ``look`` finds in a transaction that sees one state of the gallery throughout.

        ``look`` is called again if the connection was lost.
        """
        with gallery_errors(self.place), self._open().begin() as connection:
            return look(connection)

    def write(self, change: Callable[[Connection], Result]) -> Result:
        """Make a change in a transaction that nobody else can write beside: wholly and once, or not at all.

        The transaction raises the revision by one. ``change`` is called again if the database undid it for
        no fault of its own.
        """
        self._open()
        with gallery_errors(self.place), self._write_transaction() as connection:
            return change(connection)

    @contextmanager
    def _write_transaction(self) -> Iterator[Connection]:
        with self._writer.begin() as connection:
            self._begin_write(connection)
            yield connection
            self._end_write(connection)

    def _begin_write(self, connection: Connection) -> Row[Any]:
        """Raise the revision; on a server, this is also where writers wait for each other."""
        raised = update(gallery).values(revision=gallery.c.revision + 1)
        return connection.execute(raised.returning(gallery.c.revision, gallery.c.fingerprint)).one()

    def _end_write(self, connection: Connection) -> None:
        """What is left to do when the change is made."""
        prune(connection)

    @abstractmethod
    def wipe(self) -> None:
        """Free the room of what was removed, so that no byte of it is left in the tables.

        Raises:
            GalleryError: other programs prevent it, or the disk is full.
        """

    @abstractmethod
    def index(self, now: datetime) -> Searchable | None:
        """The database's own search of all whose consent holds ``now``; None if whoever searches loads
        them into memory.
        """

    @abstractmethod
    def damages(self, connection: Connection) -> Iterator[Finding]:
        """What :meth:`facenet_app.gallery.store.GalleryStore.check` says of the database itself."""

    @abstractmethod
    def exposures(self) -> Iterator[Finding]:
        """Who can get at the gallery and should not, for the same."""

    @abstractmethod
    def _no_gallery(self) -> GalleryError:
        """What to raise where there must be a gallery and is none."""

    def use_keys(self, keys: GalleryKeys) -> None:
        """Use these keys from the next transaction on, where something is encrypted."""
        ring = {KEY_RING: KeyRing(keys)}
        self._engine = self._engine.execution_options(**ring)
        self._writer = self._writer.execution_options(**ring)

    def close(self, *, wait: bool = True) -> None:  # noqa: ARG002 (for those that have something to wait for)
        """Close every connection; using the database afterwards is a GalleryError.

        With ``wait``, what goes on in the background is finished first.
        """
        self._closed = True
        self._engine.dispose()

    def _open(self) -> Engine:
        if self._closed:
            raise GalleryError(f"the gallery {self.place} was closed", "open it again")
        return self._engine

    def _bring_up_to_date(self, model: str, fingerprint: str | None) -> None:
        with self._engine.begin() as connection:
            found = self._version(connection, may_be_new=fingerprint is not None)
        self._prepare()
        if found == LATEST:
            return
        with self._writer.begin() as connection:
            self._keep_others_out(connection)
            # Another process may have been faster: look again, now that nobody else can write.
            if self._version(connection, may_be_new=True) != LATEST:
                upgrade(connection)
            if connection.execute(select(gallery.c.id)).one_or_none() is None:
                values = {"id": 1, "created_at": datetime.now(UTC), "model": model, "revision": 0}
                connection.execute(insert(gallery).values(**values, fingerprint=fingerprint))

    def _prepare(self) -> None:  # noqa: B027 (not every database needs it)
        """Set what is set once; it is a gallery, or empty."""

    def _keep_others_out(self, connection: Connection) -> None:  # noqa: B027 (not every database needs it)
        """Be the only one to make or change tables until the transaction ends."""

    def _version(self, connection: Connection, *, may_be_new: bool) -> str | None:
        try:
            found = current(connection)
        except LookupError as error:
            raise not_a_gallery(self.place) from error
        if found is None and not may_be_new:
            raise self._no_gallery()
        if found is not None and found > LATEST:
            raise GalleryError(
                f"the gallery {self.place} was written by a newer version of the program "
                f"(format {found}, this one knows {LATEST})",
                "update the program",
            )
        return found
