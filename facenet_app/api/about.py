"""Routes about the server itself: models, operating points, health, readiness, metrics."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from facenet_app.api.backend import Shared, leaving
from facenet_app.api.body import Fields
from facenet_app.api.describe import MEANING, answers
from facenet_app.api.documents import ErrorDocument, ModelListDocument, PointListDocument, StateDocument
from facenet_app.weights.manifest import manifests

__all__ = ["router"]

router = APIRouter(tags=["server"])


@router.get("/models", responses=answers(ModelListDocument))
async def models(request: Request, backend: Shared) -> JSONResponse:
    """The models that this server knows, and the one in use. Any key does."""

    def job(_: Fields) -> dict[str, Any]:
        extractor = backend.service.extractor
        return {
            "models": [
                {
                    "id": manifest.id,
                    "title": manifest.title,
                    "dimension": manifest.dimension,
                    "license": manifest.license,
                    "in_use": manifest.id == extractor.model,
                    "fingerprint": extractor.fingerprint if manifest.id == extractor.model else None,
                }
                for manifest in manifests(backend.service.settings.models)
            ]
        }

    return JSONResponse(await backend.answer(request, None, job))


@router.get("/operating-points", responses=answers(PointListDocument))
async def operating_points(request: Request, backend: Shared) -> JSONResponse:
    """The thresholds measured for the model in use, and their error rates. Any key does."""

    def job(_: Fields) -> dict[str, Any]:
        measured = backend.service.measured
        return {
            "model": measured.model,
            "fingerprint": measured.fingerprint,
            "operating_points": [point.to_dict() for point in measured.points],
        }

    return JSONResponse(await backend.answer(request, None, job))


@router.get("/health", responses={200: {"model": StateDocument}})
async def health() -> JSONResponse:
    """The process is alive. Needs no key."""
    return JSONResponse({"status": "ok"})


_NOT_READY: Final[dict[int | str, Any]] = {
    status: {"model": ErrorDocument, "description": MEANING[status]} for status in (429, 503, 504)
}


@router.get("/ready", responses={200: {"model": StateDocument}, **_NOT_READY})
async def ready(request: Request, backend: Shared) -> JSONResponse:
    """The model is loaded, the gallery opens, and there is room for another request. Needs no key."""

    def job() -> None:
        backend.service.gallery.revision()

    backend.gatekeeper.count_stranger(request)
    async with backend.work.take():
        with leaving(request) as gone:
            await backend.work.run(job, gone)
    return JSONResponse({"status": "ok"})


@router.get(
    "/metrics",
    response_class=Response,
    responses={**answers(StateDocument), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request, backend: Shared) -> Response:
    """Counts and times for Prometheus; also at `/metrics`. Any key does."""
    request.state.actor = backend.gatekeeper.admit(request, None)
    return Response(backend.metrics.text(), media_type="text/plain; version=0.0.4")
