"""What OpenAPI says of a route beside its body: answers, errors, and the key."""

from typing import Any, Final

from pydantic import BaseModel

from facenet_app.api.documents import ErrorDocument
from facenet_app.api.error_map import ERROR_EXAMPLE

__all__ = ["MEANING", "SECURITY", "answers"]

MEANING: Final = {
    401: "No key, or one that is unknown, revoked or expired",
    403: "The key has not the scope, or the gallery is read-only",
    404: "Nobody has this id",
    409: "The name or the picture belongs to somebody else",
    413: "The body or a picture is too large",
    415: "No picture of a kind that is accepted, or another kind of body",
    422: "No usable face, a damaged picture, or a field that is wrong",
    429: "Too many requests",
    503: "Too busy, or the model or the gallery cannot be used",
    504: "Took too long",
}
"""Of each status that is an error."""
_ALWAYS: Final = (401, 403, 429, 503, 504)
_WITH_BODY: Final = (413, 415, 422)

SECURITY: Final = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key of `facenet-app keys create`."}
}


def answers(
    document: type[BaseModel], *more: int, body: bool = False, created: bool = False
) -> dict[Any, Any]:
    """The responses of a route: its document, and the errors it can end with."""
    statuses = sorted({*_ALWAYS, *more, *(_WITH_BODY if body else ())})
    errors: dict[Any, Any] = {
        status: {
            "model": ErrorDocument,
            "description": MEANING[status],
            "content": {"application/json": {"example": ERROR_EXAMPLE}},
        }
        for status in statuses
    }
    good: dict[Any, Any] = {200: {"model": document, "description": (document.__doc__ or "").strip()}}
    if created:
        good[201] = {"model": document, "description": "Something was stored."}
    return good | errors
