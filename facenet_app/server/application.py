"""Page and API as one web application over one service."""

import os
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from facenet_app.access.access_file import AccessFile
from facenet_app.access.exposure import is_exposed, is_loopback
from facenet_app.access.rate import request_limit
from facenet_app.access.sessions import Sessions
from facenet_app.access.users import Lockout
from facenet_app.api.application import PREFIX, build_api
from facenet_app.api.backend import Backend
from facenet_app.api.gatekeeper import Gatekeeper
from facenet_app.api.metrics import Metrics
from facenet_app.api.work import Work
from facenet_app.embedding.batching import BatchingEngine, BatchSettings
from facenet_app.imaging.align import crop_side
from facenet_app.server.guard import Guard
from facenet_app.server.page_body import FILES_AT_ONCE, FORM_BYTES
from facenet_app.server.page_door import PageDoor
from facenet_app.server.page_gate import PageGate
from facenet_app.server.uploads import Uploads
from facenet_app.service import FaceService
from facenet_app.web.examples import Examples

__all__ = ["Application", "build_application"]


@dataclass(frozen=True, slots=True)
class Application:
    """The web application, and what has to be ended with it."""

    app: FastAPI
    backend: Backend
    engine: BatchingEngine

    def warm_up(self) -> None:
        """Take at once the memory that the largest batch needs."""
        self.engine.warm_up(crop_side(self.backend.service.extractor.embedder.alignment))

    def close(self) -> None:
        """End the threads, after what they are at, and let go of the gallery."""
        self.backend.work.close()
        self.engine.close()
        self.backend.service.close(wait=False)


def build_application(service: FaceService, access: AccessFile, examples: Examples | None) -> Application:
    """The application; from now on all callers of the service are embedded in batches.

    Args:
        service: answers; its settings decide about host, limits and queue.
        access: keys and users.
        examples: photos for the page to try; None leaves the page out.

    Raises:
        InvalidThreshold: the rates or thresholds of the settings contradict each other.
        AccessFileDamaged: the file of keys and users cannot be read.
    """
    settings, metrics = service.settings, Metrics()
    embedder = service.extractor.embedder
    engine = BatchingEngine(
        embedder.engine, BatchSettings(settings.batch, settings.batch_wait, metrics.batch)
    )
    embedder.engine = engine
    workers = settings.workers or 2 * (os.cpu_count() or 1)
    work = Work(workers, settings.queue, settings.request_seconds)
    backend = Backend(service, Gatekeeper(settings, access), work, metrics)
    api = build_api(backend)
    if settings.cors_origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
        )
    app = FastAPI(openapi_url=None)
    if examples is not None:
        asked = is_exposed(settings) or bool(access.load().users)
        door = PageDoor(access, Sessions(access), Lockout()) if asked else None
        # Many pictures at once, or a video with the form around it.
        upload = max(FILES_AT_ONCE * settings.max_bytes, settings.max_video_bytes + FORM_BYTES)
        app.add_middleware(
            PageGate,
            door=door,
            upload_bytes=upload,
            uploads=Uploads({*examples.same, *examples.different}),
            limit=request_limit(settings),
        )
    app.add_middleware(
        Guard,
        loopback=is_loopback(settings.host),
        names=settings.public_hosts,
        origins=settings.cors_origins,
        tls=settings.tls_cert is not None,
    )
    app.router.routes.append(Route("/metrics", _Metrics(api)))
    app.mount(PREFIX, api)
    if examples is not None:
        from facenet_app.web.page import mount_page  # imports Gradio, which takes seconds

        mount_page(app, service, examples, users=asked)
    return Application(app, backend, engine)


class _Metrics:
    """``/metrics`` is where Prometheus looks first."""

    def __init__(self, api: FastAPI) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = f"{PREFIX}/metrics"
        there = {**scope, "path": path, "raw_path": path.encode(), "root_path": PREFIX}
        await self._api(there, receive, send)
