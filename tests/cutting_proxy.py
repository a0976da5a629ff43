"""A proxy before a server, such as PostgreSQL, that cuts connections at a chosen word of the client's."""

import select
import socket
import threading
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from pathlib import Path

from facenet_app.domain import ServerUrl


class Cut(Enum):
    """What becomes of a connection on which the word comes."""

    BEFORE = "the word never reaches the server, which sees the connection end"
    AFTER = "the server does as it was told, but its answer never comes"
    SILENT = "the word never reaches the server, which thinks that the client is still there"


class CuttingProxy:
    """Cuts the next connections on which ``word`` comes, in the ways of ``plan``, one each.

    ``accepts``: False closes new connections at once, as if the server were away.
    """

    def __init__(self, server: Path | tuple[str, int]) -> None:
        self.word = b"COMMIT"
        self.plan: list[Cut] = []
        self.accepts = True
        self._server = server
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens, on the loopback address."""
        return int(self._listener.getsockname()[1])

    def address(self, of: ServerUrl) -> ServerUrl:
        """The same database through the proxy."""
        return replace(of, host="127.0.0.1", port=self.port, query=(("sslmode", "disable"),))

    def cut_all(self) -> None:
        """Cut every connection there is."""
        with self._lock:
            for each in self._open:
                _end(each)
            self._open.clear()

    def close(self) -> None:
        _end(self._listener)
        self.cut_all()

    def _listen(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                if not self.accepts:
                    client.close()
                    continue
                server = self._connected()
                with self._lock:
                    self._open |= {client, server}
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _connected(self) -> socket.socket:
        if not isinstance(self._server, Path):
            return socket.create_connection(self._server)
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self._server))
        return server

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        other = {client: server, server: client}
        with suppress(OSError, ValueError):  # closed meanwhile; select says ValueError to that
            while True:
                for each in select.select([client, server], [], [])[0]:
                    data = each.recv(65536)
                    cut = self._next() if each is client and self.word in data else None
                    if cut is Cut.AFTER:
                        server.sendall(data)
                        server.recv(1)  # it has done it
                    if cut is Cut.SILENT:
                        _end(client)
                        return
                    if cut is not None or not data:
                        raise ConnectionAbortedError
                    other[each].sendall(data)
        _end(client)
        _end(server)

    def _next(self) -> Cut | None:
        with self._lock:
            return self.plan.pop(0) if self.plan else None


def _end(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
