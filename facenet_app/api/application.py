"""The API as one application, to be mounted at ``/api/v1``."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from facenet_app import __version__
from facenet_app.api import about, people, pictures
from facenet_app.api.backend import Backend
from facenet_app.api.describe import SECURITY
from facenet_app.api.error_map import handle_errors
from facenet_app.api.observe import Observe

__all__ = ["PREFIX", "build_api"]

PREFIX: Final = "/api/v1"

_OPEN: Final = ("/health", "/ready")
_ABOUT: Final = """Verify, identify and enroll faces with thresholds that were measured.

Pictures are JPEG, PNG, WebP, BMP or TIFF, as files of a form or as base64 in JSON. They are not stored,
but for the face crops of people who are enrolled. There is **no liveness detection**: a photograph of a
person passes as that person."""


def build_api(backend: Backend) -> FastAPI:
    """The routes over a backend, with their errors, ids, log lines and metrics."""
    api = FastAPI(title="facenet_app", version=__version__, description=_ABOUT, docs_url=None, redoc_url=None)
    api.state.backend = backend
    api.add_middleware(Observe, metrics=backend.metrics)
    handle_errors(api)
    for part in (pictures, people, about):
        api.include_router(part.router)
    api.openapi = lambda: _openapi(api)  # type: ignore[method-assign]  # FastAPI's documented way
    backend.metrics.watch_queue(lambda: backend.work.taken)
    return api


def _openapi(api: FastAPI) -> dict[str, Any]:
    if api.openapi_schema is None:
        document = get_openapi(
            title=api.title, version=api.version, description=api.description, routes=api.routes
        )
        document["servers"] = [{"url": PREFIX}]
        document["components"]["securitySchemes"] = SECURITY
        for path, operations in document["paths"].items():
            for operation in operations.values():
                operation["security"] = [] if path in _OPEN else [{}, {"key": []}]
        api.openapi_schema = document
    return api.openapi_schema
