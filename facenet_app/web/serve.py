"""Starting the page: model and page loaded side by side, a free port, and nothing left behind."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from facenet_app.bootstrap import open_service
from facenet_app.errors import UsageError
from facenet_app.service import FaceService
from facenet_app.settings import Settings
from facenet_app.web import text
from facenet_app.web.examples import make_examples
from facenet_app.web.guard import is_loopback
from facenet_app.web.run_folder import run_folder

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["serve"]

PORTS_TRIED = 20


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve the page until the process is interrupted or terminated.

    Args:
        settings: model, gallery, host, port and limits.
        say: is given one line at a time for people: what is being done, and the address.

    Raises:
        UsageError: no port is free, or the host is no address of this machine.
        ModelError: the model cannot be had. One without a measured threshold is served: the page says so.
    """
    if threading.current_thread() is threading.main_thread():
        # The default would end the process at once and leave the uploads on the disk.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        suppress(KeyboardInterrupt),
        run_folder() as folder,
        _listen(settings.host, settings.port) as listener,
    ):
        say(text.loading(settings.model))
        app = _load(settings, folder)
        host, port = listener.getsockname()[:2]
        if settings.port not in (0, port):
            say(text.port_taken(settings.port, port))
        say(text.ready(f"http://{f'[{host}]' if ':' in host else host}:{port}"))
        _run(app, listener)


def _load(settings: Settings, folder: Path) -> "FastAPI":
    """The application; ``folder`` is for uploads and examples. Gradio reads these variables at import."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(folder / "uploads")
    examples = folder / "examples"
    examples.mkdir()
    with ThreadPoolExecutor(1) as pool:
        service = pool.submit(open_service, settings, FaceService)
        from facenet_app.web.page import build_app  # importing Gradio takes as long as loading the model

        pictures = make_examples(examples)
        return build_app(service.result(), pictures, loopback=is_loopback(settings.host))


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket at the port, or at one of the next ones if it is taken.

    Connections made before the page is there wait for it.
    """
    try:
        family, _, _, _, _ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise UsageError(f"the host {host!r} is not known", "use 127.0.0.1, or 0.0.0.0 for all") from error
    for candidate in range(port, min(port + PORTS_TRIED, 65536)) if port else [0]:
        with suppress(OSError):
            return socket.create_server((host, candidate), family=family)
    raise UsageError(
        f"no port from {port} on can be used at {host}", "choose another one with FACENET_APP_PORT"
    )


def _run(app: "FastAPI", listener: socket.socket) -> None:
    import uvicorn

    # Open pages hold a connection for ever; they get a second to end.
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listener])
