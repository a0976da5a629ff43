"""Routes that look at the pictures of a request: verify, identify, detect, embed."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from facenet_app.access.scope import Scope
from facenet_app.api.backend import Shared
from facenet_app.api.body import Fields
from facenet_app.api.describe import answers
from facenet_app.api.documents import (
    DetectedDocument,
    EmbeddedDocument,
    IdentificationDocument,
    VerificationDocument,
)
from facenet_app.api.fields import (
    EmbedFields,
    IdentifyFields,
    ImageFields,
    VerifyFields,
    body_of,
    read_fields,
)
from facenet_app.domain import Selection

__all__ = ["router"]

router = APIRouter(tags=["pictures"])

_PICTURE: Final = "iVBORw0KGgo…"


@router.post(
    "/verify",
    responses=answers(VerificationDocument, body=True),
    openapi_extra=body_of(VerifyFields, {"probe": _PICTURE, "reference": _PICTURE, "fmr": 1e-3}),
)
async def verify(request: Request, backend: Shared) -> JSONResponse:
    """Are these two pictures of the same person? Needs the scope `verify`."""

    def job(fields: Fields) -> dict[str, Any]:
        given = read_fields(VerifyFields, fields)
        asked = {"fmr": given.fmr, "threshold": given.threshold, "review": given.review}
        return backend.service.verify(given.probe, given.reference, **asked).to_dict()

    return JSONResponse(await backend.answer(request, Scope.VERIFY, job, pictures=2))


@router.post(
    "/identify",
    responses=answers(IdentificationDocument, body=True),
    openapi_extra=body_of(IdentifyFields, {"image": _PICTURE, "candidates": 3}),
)
async def identify(request: Request, backend: Shared) -> JSONResponse:
    """Who is in this picture? Every face is compared with everybody enrolled. Needs `identify`."""

    def job(fields: Fields) -> dict[str, Any]:
        given = read_fields(IdentifyFields, fields)
        asked = {"fmr": given.fmr, "threshold": given.threshold, "review": given.review}
        return backend.service.identify(given.image, candidates=given.candidates, **asked).to_dict()

    return JSONResponse(await backend.answer(request, Scope.IDENTIFY, job, pictures=1))


@router.post(
    "/detect",
    responses=answers(DetectedDocument, body=True),
    openapi_extra=body_of(ImageFields, {"image": _PICTURE}),
)
async def detect(request: Request, backend: Shared) -> JSONResponse:
    """Where are the faces, and how good are they? Needs `verify`."""

    def job(fields: Fields) -> dict[str, Any]:
        extractor = backend.service.extractor
        found = extractor.finder.find(read_fields(ImageFields, fields).image, Selection.ALL)
        height, width = found.pixels.shape[:2]
        return {
            "image": {"width": width, "height": height},
            "detector": extractor.detector.name,
            "faces": [{**face.to_dict(), "quality": quality.to_dict()} for face, _, quality in found.faces],
        }

    return JSONResponse(await backend.answer(request, Scope.VERIFY, job, pictures=1))


@router.post(
    "/embed",
    responses=answers(EmbeddedDocument, body=True),
    openapi_extra=body_of(EmbedFields, {"image": _PICTURE, "selection": "largest"}),
)
async def embed(request: Request, backend: Shared) -> JSONResponse:
    """The embeddings of the faces: biometric data, so keep them as such. Needs `verify`."""

    def job(fields: Fields) -> dict[str, Any]:
        given = read_fields(EmbedFields, fields)
        extractor, settings = backend.service.extractor, backend.service.settings
        extraction = extractor.extract(given.image, Selection(given.selection or settings.selection))
        height, width = extraction.pixels.shape[:2]
        return {
            "image": {"width": width, "height": height},
            "model": extractor.model,
            "fingerprint": extractor.fingerprint,
            "faces_found": extraction.found,
            "selection": extraction.selection.value,
            "used_because": extraction.used_because,
            "faces": [
                {**face.to_dict(), "embedding": face.embedding.vector.tolist()} for face in extraction.faces
            ],
        }

    return JSONResponse(await backend.answer(request, Scope.VERIFY, job, pictures=1))
