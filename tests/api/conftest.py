"""The API in this process, behind a real socket, one for all tests that need no other settings."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from facenet_app.access.access_file import AccessFile
from facenet_app.bootstrap import open_gallery
from facenet_app.embedding.embedder import FaceEmbedder
from facenet_app.extraction import FaceExtractor
from facenet_app.imaging.limits import ImageLimits
from facenet_app.server.application import Application, build_application
from facenet_app.server.serve import Interrupts, Server, configured
from facenet_app.service import FaceService
from facenet_app.settings import Settings, load_settings

THRESHOLD = 1.131
"""Given by hand, so that these tests do not depend on what was measured for the model."""


@dataclass
class RunningApi:
    """A server in a thread of this process; ``ask`` sends a request to it."""

    address: str
    application: Application
    access: AccessFile
    server: Server
    thread: threading.Thread
    session: requests.Session

    def ask(self, method: str, path: str, key: str | None = None, **more: Any) -> requests.Response:
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **more.pop("headers", {})}
        return self.session.request(
            method, f"{self.address}/api/v1{path}", headers=headers, timeout=30, **more
        )

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        self.session.close()
        assert not self.thread.is_alive()


def service_like(other: FaceService, settings: Settings) -> FaceService:
    """A service with the loaded networks of another one: loading them takes a second."""
    base = other.extractor
    extractor = FaceExtractor(
        base.model,
        base.detector,
        FaceEmbedder(base.embedder.engine, base.fingerprint, base.embedder.alignment),
        ImageLimits(settings.max_bytes, settings.max_pixels),
        base.finder.quality_limits,
    )
    return FaceService(extractor, other.measured.points, partial(open_gallery, settings), settings)


StartApi = Callable[..., RunningApi]


@pytest.fixture(scope="session")
def start_api(tmp_path_factory: pytest.TempPathFactory, verifier: FaceService) -> Iterator[StartApi]:
    """Starts the API, without the page, with settings by name."""
    started: list[RunningApi] = []

    def start(**settings: object) -> RunningApi:
        folder = tmp_path_factory.mktemp("api")
        given = {"gallery": folder / "gallery.db", "access": folder / "access.json", "threshold": THRESHOLD}
        service = service_like(verifier, load_settings(**(given | settings)))
        access = AccessFile(service.settings.access)
        application = build_application(service, access, None)
        server = Server(configured(application, service.settings), application, Interrupts())
        listener = socket.create_server(("127.0.0.1", 0))
        ready = threading.Event()

        def run() -> None:
            with listener:
                ready.set()
                server.run(sockets=[listener])

        thread = threading.Thread(target=run)
        thread.start()
        ready.wait()
        session = requests.Session()
        session.trust_env = False
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        api = RunningApi(address, application, access, server, thread, session)
        started.append(api)
        return api

    yield start
    for api in started:
        if api.thread.is_alive():
            api.stop()
        api.session.close()
        api.application.close()


@pytest.fixture(scope="session")
def api(start_api: StartApi) -> RunningApi:
    """The one that most tests share: open, because it listens on the loopback address and has no keys."""
    return start_api()


@pytest.fixture(scope="session")
def pictures(astronaut: Path, hopper: Path) -> dict[str, bytes]:
    return {"collins": astronaut.read_bytes(), "hopper": hopper.read_bytes()}


@pytest.fixture(scope="session")
def blank_picture() -> bytes:
    """A sound picture without a face."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (200, 200), "gray").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def page_of_another_kind(tmp_path: Path) -> Iterator[str]:
    """The address of a server that is not ours."""
    handler = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    """Files of a folder, without a word on stderr."""

    def log_message(self, *_: object) -> None:
        pass
