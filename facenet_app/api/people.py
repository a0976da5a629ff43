"""Routes that look after the gallery: people by their id, which a rename does not change."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse

from facenet_app.access.scope import Scope
from facenet_app.api.backend import Shared
from facenet_app.api.body import Fields
from facenet_app.api.describe import answers
from facenet_app.api.fields import (
    MOST_IMAGES,
    EnrollFields,
    RenameFields,
    SampleFields,
    body_of,
    read_fields,
)
from facenet_app.api.people_documents import (
    EnrollmentDocument,
    IdentityDocument,
    IdentityListDocument,
    SampleListDocument,
)
from facenet_app.errors import IdentityExists

__all__ = ["router"]

router = APIRouter(prefix="/identities", tags=["people"])

Id = Annotated[str, Path(description="Of the person, as the list gives it.", pattern="^[0-9a-f]{32}$")]


@router.get("", responses=answers(IdentityListDocument, 422))
async def list_identities(
    request: Request,
    backend: Shared,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> JSONResponse:
    """Who is enrolled, by name, a page at a time. Needs `enroll`."""

    def job(_: Fields) -> dict[str, Any]:
        return backend.service.people(offset=offset, limit=limit).to_dict()

    return JSONResponse(await backend.answer(request, Scope.ENROLL, job))


@router.post(
    "",
    responses=answers(EnrollmentDocument, 409, body=True, created=True),
    openapi_extra=body_of(EnrollFields, {"name": "Ada Lovelace", "images": ["iVBORw0KGgo…"]}),
)
async def create(request: Request, backend: Shared) -> JSONResponse:
    """Enroll a new person. Pictures that cannot be used are listed in `refused`. Needs `enroll`.

    201 if something was stored, 200 if every picture was refused.
    """

    def job(fields: Fields) -> dict[str, Any]:
        given = read_fields(EnrollFields, fields)
        if backend.service.gallery.find(given.name) is not None:
            raise IdentityExists(
                "somebody of this name is enrolled already", "add pictures with POST identities/{id}/samples"
            )
        return backend.service.enroll(
            given.name, given.images, gate=given.overruled(), consent=given.agreed()
        ).to_dict()

    return _stored(await backend.answer(request, Scope.ENROLL, job, pictures=MOST_IMAGES))


@router.patch(
    "/{identity_id}",
    responses=answers(IdentityDocument, 404, 409, body=True),
    openapi_extra=body_of(RenameFields, {"name": "Ada King", "merge": False}),
)
async def rename(identity_id: Id, request: Request, backend: Shared) -> JSONResponse:
    """Give a person another name; 409 if it is taken, unless they shall be merged. Needs `admin`."""

    def job(fields: Fields) -> dict[str, Any]:
        given = read_fields(RenameFields, fields)
        person = backend.service.gallery.with_id(identity_id)
        return backend.service.rename(person.name, given.name, merge=given.merge).to_dict()

    return JSONResponse(await backend.answer(request, Scope.ADMIN, job, pictures=0))


@router.delete("/{identity_id}", responses=answers(IdentityDocument, 404, 422))
async def remove(identity_id: Id, request: Request, backend: Shared) -> JSONResponse:
    """Remove a person for good, with every sample. Needs `admin`."""

    def job(_: Fields) -> dict[str, Any]:
        return backend.service.remove(backend.service.gallery.with_id(identity_id).name).to_dict()

    return JSONResponse(await backend.answer(request, Scope.ADMIN, job))


@router.get("/{identity_id}/samples", responses=answers(SampleListDocument, 404, 422))
async def list_samples(identity_id: Id, request: Request, backend: Shared) -> JSONResponse:
    """The samples of one person, without embeddings and pictures. Needs `enroll`."""

    def job(_: Fields) -> dict[str, Any]:
        gallery = backend.service.gallery
        person, samples = gallery.with_id(identity_id), gallery.samples(identity_id)
        return {"identity": person.to_dict(), "samples": [sample.to_dict() for sample in samples]}

    return JSONResponse(await backend.answer(request, Scope.ENROLL, job))


@router.post(
    "/{identity_id}/samples",
    responses=answers(EnrollmentDocument, 404, 409, body=True, created=True),
    openapi_extra=body_of(SampleFields, {"images": ["iVBORw0KGgo…"]}),
)
async def add_samples(identity_id: Id, request: Request, backend: Shared) -> JSONResponse:
    """Add pictures of a person. 201 if something was stored, else 200. Needs `enroll`."""

    def job(fields: Fields) -> dict[str, Any]:
        given = read_fields(SampleFields, fields)
        person = backend.service.gallery.with_id(identity_id)
        return backend.service.enroll(
            person.name, given.images, gate=given.overruled(), consent=given.agreed()
        ).to_dict()

    return _stored(await backend.answer(request, Scope.ENROLL, job, pictures=MOST_IMAGES))


def _stored(enrollment: dict[str, Any]) -> JSONResponse:
    return JSONResponse(enrollment, status_code=201 if enrollment["samples"] else 200)
