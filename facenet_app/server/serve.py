"""Starting the server: model and page loaded side by side, a free port, and nothing left behind."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from PIL import Image

from facenet_app.access.access_file import AccessFile
from facenet_app.access.exposure import is_exposed
from facenet_app.bootstrap import open_service
from facenet_app.errors import FacenetAppError, UsageError
from facenet_app.server.application import Application, build_application
from facenet_app.server.json_log import log_as_json
from facenet_app.service import FaceService
from facenet_app.settings import Settings
from facenet_app.web import text
from facenet_app.web.examples import Examples, make_examples
from facenet_app.web.results import verification
from facenet_app.web.run_folder import UPLOADS, run_folder

__all__ = ["Interrupts", "Server", "configured", "serve"]

PORTS_TRIED = 20
LARGE: Final = (3024, 4032)
"""Pixels of a telephone's photo."""
NOT_ENCRYPTED = (
    "Keys and pictures cross the network in the clear: give --tls-cert and --tls-key, or put an HTTPS proxy "
    "before it."
)


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve page and API until the process is interrupted or terminated; requests taken are finished.

    Args:
        settings: model, gallery, host, port, limits and who is let in.
        say: is given one line at a time for people: what is being done, and the address.

    Raises:
        UsageError: no port is free, the host is no address of this machine, half of a certificate was
            given, others could reach the server and nobody has a key or a password, or the page does not
            speak the language of the settings.
        AccessFileDamaged: the file of keys and users cannot be read.
        ModelError: the model cannot be had. One without a measured threshold is served: the page says so.
    """
    access = AccessFile(settings.access)
    interrupts = Interrupts()
    if threading.current_thread() is threading.main_thread():
        # SIGTERM's default would end the process at once and leave the uploads on the disk.
        signal.signal(signal.SIGTERM, interrupts)
        signal.signal(signal.SIGINT, interrupts)
    with (
        suppress(KeyboardInterrupt),
        run_folder() as folder,
        _listen(settings.host, settings.port) as listener,
    ):
        _check(settings, access)
        say(
            f"Loading the model {settings.model} … "
            "(the first start also converts it, which takes some seconds more)"
        )
        application = _load(settings, access, folder)
        application.warm_up()
        host, port = listener.getsockname()[:2]
        if settings.port not in (0, port):
            say(f"Port {settings.port} is taken; using {port} instead.")
        scheme = "https" if settings.tls_cert else "http"
        if is_exposed(settings) and not settings.tls_cert and not settings.public_hosts:
            say(NOT_ENCRYPTED)
        address = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
        page = f"The page is at {address}, the API" if settings.page else "The API is"
        say(f"{page} at {address}/api/v1  (Ctrl+C stops it)")
        try:
            log_as_json()
            Server(configured(application, settings), application, interrupts).run(sockets=[listener])
        finally:
            application.close()


def _check(settings: Settings, access: AccessFile) -> None:
    """Raises as :func:`serve`."""
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise UsageError("a certificate and its key belong together", "give both --tls-cert and --tls-key")
    for file in (settings.tls_cert, settings.tls_key):
        if file is not None and not file.is_file():
            raise UsageError(f"{file} is not a file", "give a certificate and its key in PEM form")
    known = access.load()
    now = datetime.now(UTC)
    if is_exposed(settings) and not known.users and all(key.state(now) != "active" for key in known.keys):
        raise UsageError(
            "others could reach this server, and nobody has a key or a password yet",
            "make one with `facenet-app keys create NAME --scope verify` or "
            "`facenet-app keys add-user NAME --role admin`",
        )


def _load(settings: Settings, access: AccessFile, folder: Path) -> Application:
    """The application; ``folder`` is for uploads and examples. Libraries read the variables at import."""
    if not settings.page:
        return build_application(open_service(settings, FaceService), access, None)
    text.speak(settings.language)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(folder / UPLOADS)
    # Gradio asks for Matplotlib's backend before every event; the first click would wait for the search.
    os.environ["MPLBACKEND"] = "agg"
    examples = folder / "examples"
    examples.mkdir()
    with ThreadPoolExecutor(1) as pool:
        opened = pool.submit(_open, settings, examples)
        from facenet_app.web import page  # noqa: F401 - importing Gradio takes as long as loading the model

        service, pictures = opened.result()
        return build_application(service, access, pictures)


def _open(settings: Settings, examples: Path) -> tuple[FaceService, Examples]:
    service = open_service(settings, FaceService)
    pictures = make_examples(examples)
    _rehearse(service, pictures.different[1])
    return service, pictures


def _rehearse(service: FaceService, picture: Path) -> None:
    """Compare two large photos once: the first visitor need not wait for what is done once.

    That is memory which the system has to find, and what libraries prepare at their first call.
    """
    photo = BytesIO()
    with Image.open(picture) as image:
        image.convert("RGB").resize(LARGE).save(photo, "JPEG")
    with suppress(FacenetAppError):
        verification(service.verify(photo.getvalue(), photo.getvalue()), ([], []))


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


class Interrupts:
    """What signals call until uvicorn listens to them: KeyboardInterrupt, and remembers.

    Python drops what is raised inside of a finalizer (``__del__``), so the exception alone can be lost.
    """

    def __init__(self) -> None:
        self.came = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt


class Server(uvicorn.Server):
    """Finishes the API's requests that were taken before it stops.

    Args:
        config: how it serves.
        application: what it serves.
        interrupts: if a signal came before this server listens to signals, it stops as soon as it started.
    """

    def __init__(self, config: uvicorn.Config, application: Application, interrupts: Interrupts) -> None:
        super().__init__(config)
        self._application = application
        self._interrupts = interrupts

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._interrupts.came:
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._application.backend.work.drain()
        await super().shutdown(sockets)


def configured(application: Application, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves the application."""
    return uvicorn.Config(
        application.app,
        log_config=None,
        access_log=False,
        # Open pages hold a connection for ever; they get a second to end.
        timeout_graceful_shutdown=1,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )
